"""The parts of an article that are compared: its words in order, and which are numbers, names and negations.

A name is recognised by its capital within a sentence. Where capitals carry no information (a headline In Title Case,
ALL CAPITALS, a script without case), a word may or may not be a name. It is neither counted as one nor excluded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from newsearch.articles.article import Article
from newsearch.text.analysis import chunk_terms

LEAD: Final = 160
"""Words of a text that are compared. Copies are shortened from the end, and the cost grows with the square of this."""

_ENDING_WORDS: Final = 5
_KEPT_WORDS: Final = 3
_SEPARATORS: Final = frozenset("-|–—·•")
_SENTENCE_END: Final = re.compile(r"[.!?:;…]['\"”’»)\]]*$")
_CAPITALS: Final = 0.6
"""Minimum share of capitalised words in a headline in title case."""

# Numbers up to twelve are usually spelled out, but editions differ.
_NUMBER_WORDS: Final = {
    word: str(value)
    for words in (
        "one two three four five six seven eight nine ten eleven twelve",
        "un deux trois quatre cinq six sept huit neuf dix onze douze",
        "ein zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
        "uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
        "uno due tre quattro cinque sei sette otto nove dieci undici dodici",
        "um dois tres quatro cinco seis sete oito nove dez onze doze",
    )
    for value, word in enumerate(words.split(), 1)
    if word not in {"un", "ein", "uno", "um", "once", "acht", "sei"}
}


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The words of an article, prepared for comparison.

    Attributes:
        outlet: who published it, folded; empty if unknown.
        time: publication time, in seconds since 1970; None if unknown.
        title: terms of the headline without the publisher's suffix.
        text: the first LEAD terms of excerpt and body, without dateline.
        numbers: terms that are separate numbers; the 19 of COVID-19 does not count.
        names: terms that are capitalised within a sentence, and never in lower case.
        common: terms that occur in lower case.
        cut: whether the text breaks off; its last word may then be incomplete.
        title_label, text_label: number of terms in a label before a colon or bar at the start ("EXCLUSIVE:").
        title_terms, text_terms: the same terms as sets.
    """

    outlet: str
    time: float | None
    title: tuple[str, ...]
    text: tuple[str, ...]
    numbers: frozenset[str]
    names: frozenset[str]
    common: frozenset[str]
    cut: bool
    title_label: int
    text_label: int
    title_terms: frozenset[str]
    text_terms: frozenset[str]


def wording(article: Article) -> Wording:
    """The words of an article, prepared for comparison."""
    outlet = outlet_of(article)
    time = None
    if article.date is not None:
        import datetime as dt

        day = article.date
        if not isinstance(day, dt.datetime):
            day = dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC)
        time = day.timestamp()
    text = f"{article.excerpt} {article.body}" if article.body else article.excerpt
    return wording_of(article.title, text, outlet, time)


def wording_of(title: str, text: str, outlet: str = "", time: float | None = None) -> Wording:
    """The same from the parts of an article, given as clean text."""
    numbers: set[str] = set()
    names: set[str] = set()
    common: set[str] = set()
    headline = bare_title(_repaired(title))
    title_terms = _read(headline, numbers, names, common)
    chunks = _repaired(text).split()
    cut = bool(chunks) and (chunks[-1].endswith(("…", "...")) or chunks[-1][-1].isalnum())
    chunks = chunks[_dateline(chunks) : LEAD + LEAD // 4]
    text_terms = _read(chunks, numbers, names, common)
    if len(text_terms) >= len(title_terms) and text_terms[: len(title_terms)] == title_terms:
        # feeds repeat the headline if there is no excerpt
        text_terms = text_terms[len(title_terms) :]
    return Wording(
        outlet,
        time,
        tuple(title_terms),
        tuple(text_terms[:LEAD]),
        frozenset(numbers),
        frozenset(names - common),
        frozenset(common),
        cut,
        _label(headline),
        _label(chunks),
        frozenset(title_terms),
        frozenset(text_terms[:LEAD]),
    )


def outlet_of(article: Article) -> str:
    """Who published an article, for comparing: the brand of the domain, or the name, folded; empty if unknown."""
    if article.provider is None:
        return ""
    return brand(article.provider.domain) or article.provider.name.casefold()


_SECOND_LEVEL: Final = frozenset("ac co com edu gov net ne or org".split())


def brand(domain: str) -> str:
    """The label of a domain that names its owner: bbc of bbc.com, www.bbc.co.uk and news.bbc.co.uk."""
    labels = domain.casefold().strip(".").split(".")
    if len(labels) > 1:
        labels.pop()
    if len(labels) > 1 and labels[-1] in _SECOND_LEVEL:
        labels.pop()
    return labels[-1]


def bare_title(title: str) -> list[str]:
    """The chunks of a headline without the publisher's suffix: " - Publisher", " | Publisher"."""
    chunks = title.split()
    for at in range(len(chunks) - 2, max(_KEPT_WORDS - 1, len(chunks) - _ENDING_WORDS - 2), -1):
        if chunks[at] in _SEPARATORS:
            return chunks[:at]
    return chunks


_LABEL: Final = 4
"""Maximum number of chunks before the end of a label."""

_MISREAD: Final = re.compile(r"[ÂÃâ][^\x00-\x7f]")


def _repaired(text: str) -> str:
    """Repair words in UTF-8 that were decoded as Windows-1252 ("cafÃ©")."""
    if text.isascii() or not _MISREAD.search(text):
        return text
    return " ".join(_reread(chunk) for chunk in text.split())


def _reread(chunk: str) -> str:
    try:
        return chunk.encode("cp1252").decode()
    except UnicodeError:
        return chunk


def _label(chunks: list[str]) -> int:
    """Number of terms before a colon or a bar near the start of chunks."""
    for at, chunk in enumerate(chunks[:_LABEL]):
        if chunk in ("|", ":") or chunk.endswith((":", "|")):
            return sum(len(chunk_terms(c)) for c in chunks[: at + 1])
    return 0


def _dateline(chunks: list[str]) -> int:
    """Number of chunks at the start that form a dateline: "LONDON (Reuters) -", "New Delhi, April 18 (IANS):"."""
    for at, chunk in enumerate(chunks[:8]):
        if chunk in ("-", "–", "—", "--", ">>") or (chunk.endswith((":", "-")) and at and ")" in chunk):
            before = chunks[: at + 1]
            # a wire tag or a place in capitals; a sentence with a dash in it has neither
            if any("(" in c for c in before) or before[0].strip(",").isupper():
                return at + 1
            return 0
    return 0


def _read(chunks: list[str], numbers: set[str], names: set[str], common: set[str]) -> list[str]:
    """The terms of chunks; numbers, names and common words among them are added to the sets."""
    found: list[str] = []
    words = [chunk for chunk in chunks if chunk[0].isalpha() or chunk[0] in "'\"“‘«("]
    capitals = sum(1 for word in words if _is_capital(word))
    shouts = sum(1 for word in words if len(word) > 3 and word.isupper())
    tells_names = bool(words) and capitals < _CAPITALS * len(words) and shouts < 0.5 * len(words)
    begins = True
    for chunk in chunks:
        terms = chunk_terms(chunk)
        if terms:
            bare = chunk.lstrip("$£€¥'\"“‘«([#+-~")
            if bare[:1].isdigit():
                numbers.update(term for term in terms if term[0].isdigit())
            elif terms[0] in _NUMBER_WORDS and len(terms) == 1:
                numbers.add(terms[0])
            if not _is_capital(chunk):
                common.update(terms)
            elif tells_names and not begins:
                names.update(terms)
            found.extend(terms)
            begins = False
        if _SENTENCE_END.search(chunk):
            begins = True
    return found


def _is_capital(chunk: str) -> bool:
    for character in chunk:
        if character.isalpha():
            return character.isupper()
    return False


def weight(terms: Iterable[str]) -> int:
    """How informative terms are. Rarer words are longer in any language, so no collection statistics are needed."""
    return sum([min(len(term), 8) for term in terms])


def number_value(term: str) -> str:
    """A number in comparable form: three is 3, 2.50 is 2.5."""
    value = _NUMBER_WORDS.get(term, term)
    return value.rstrip("0").rstrip(".") if "." in value and value.count(".") == 1 else value
