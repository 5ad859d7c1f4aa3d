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

ENDING_WORDS: Final = 5
"""Maximum number of words of a publisher after a separator at the end of a headline."""
KEPT_WORDS: Final = 3
"""Minimum number of words before it."""
DATELINE_CHUNKS: Final = 8
"""Maximum number of words in a dateline."""
SEPARATORS: Final = frozenset("-|–—·•")
"""Signs that separate a publisher from the headline before it."""
DASHES: Final = frozenset("- – — -- >>".split())
"""What a dateline may end with."""
_SENTENCE_END: Final = re.compile(r"[.!?:;…]['\"”’»)\]]*$")
_CAPITALS: Final = 0.6
"""Minimum share of capitalised words in a headline in title case."""

# Numbers up to twelve are usually spelled out, but editions differ.
NUMBER_WORDS: Final = {
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
        title: the first LEAD terms of the headline without the publisher's suffix.
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
    return wording_of_repaired(repaired(title), repaired(text), outlet, time)


def wording_of_repaired(title: str, text: str, outlet: str = "", time: float | None = None) -> Wording:
    """The same from texts that are `repaired`. To repair them again could change them again."""
    numbers: set[str] = set()
    names: set[str] = set()
    common: set[str] = set()
    headline = bare_title(title.split())
    title_terms = _read(headline, numbers, names, common)
    chunks = text.split()
    cut = bool(chunks) and is_cut(chunks[-1])
    chunks = chunks[dateline(chunks) : LEAD + LEAD // 4]
    text_terms = _read(chunks, numbers, names, common)
    if len(text_terms) >= len(title_terms) and text_terms[: len(title_terms)] == title_terms:
        # feeds repeat the headline if there is no excerpt
        text_terms = text_terms[len(title_terms) :]
    return Wording(
        outlet,
        time,
        tuple(title_terms[:LEAD]),
        tuple(text_terms[:LEAD]),
        frozenset(numbers),
        frozenset(names - common),
        frozenset(common),
        cut,
        _label(headline),
        _label(chunks),
        frozenset(title_terms[:LEAD]),
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


def bare_title(chunks: list[str]) -> list[str]:
    """The chunks of a headline without the publisher's suffix: " - Publisher", " | Publisher"."""
    for at in range(len(chunks) - 2, max(KEPT_WORDS - 1, len(chunks) - ENDING_WORDS - 2), -1):
        if chunks[at] in SEPARATORS:
            return chunks[:at]
    return chunks


LABEL_CHUNKS: Final = 4
"""Maximum number of chunks before the end of a label."""

MISREAD: Final = re.compile(r"[ÂÃâ][^\x00-\x7f]")
"""What only a text in UTF-8 that was decoded as Windows-1252 is likely to hold."""


def repaired(text: str) -> str:
    """Repair words in UTF-8 that were decoded as Windows-1252 ("cafÃ©")."""
    if text.isascii() or not MISREAD.search(text):
        return text
    return " ".join(_reread(chunk) for chunk in text.split())


def _reread(chunk: str) -> str:
    try:
        return chunk.encode("cp1252").decode()
    except UnicodeError:
        return chunk


def is_cut(chunk: str) -> bool:
    """Whether a text that ends with this chunk breaks off."""
    return chunk.endswith(("…", "...")) or chunk[-1].isalnum()


def _label(chunks: list[str]) -> int:
    """Number of terms before a colon or a bar near the start of chunks."""
    for at, chunk in enumerate(chunks[:LABEL_CHUNKS]):
        if chunk.endswith((":", "|")):
            return sum(len(chunk_terms(c)) for c in chunks[: at + 1])
    return 0


def dateline(chunks: list[str]) -> int:
    """Number of chunks at the start that form a dateline: "LONDON (Reuters) -", "New Delhi, April 18 (IANS):"."""
    for at, chunk in enumerate(chunks[:DATELINE_CHUNKS]):
        if chunk in DASHES or (chunk.endswith((":", "-")) and at and ")" in chunk):
            before = chunks[: at + 1]
            # a wire tag or a place in capitals; a sentence with a dash in it has neither
            return at + 1 if any("(" in c for c in before) or is_place(before[0]) else 0
    return 0


_UPPER: Final = re.compile("[A-Z]")
_LOWER: Final = re.compile("[a-z]")


def is_place(chunk: str) -> bool:
    """Whether a chunk is in capitals, as places in datelines are."""
    return bool(_UPPER.search(chunk)) and not _LOWER.search(chunk)


def _read(chunks: list[str], numbers: set[str], names: set[str], common: set[str]) -> list[str]:
    """The terms of chunks; numbers, names and common words among them are added to the sets."""
    found: list[str] = []
    words = [chunk for chunk in chunks if chunk[0].isalpha() or chunk[0] in "'\"“‘«("]
    capitals = sum(1 for word in words if is_capital(word))
    shouts = sum(1 for word in words if len(word) > 3 and word.isupper())
    tells_names = bool(words) and capitals < _CAPITALS * len(words) and shouts < 0.5 * len(words)
    begins = True
    for chunk in chunks:
        terms = chunk_terms(chunk)
        if terms:
            if begins_with_digit(chunk):
                numbers.update(term for term in terms if term[0].isdigit())
            elif terms[0] in NUMBER_WORDS and len(terms) == 1:
                numbers.add(terms[0])
            if not is_capital(chunk):
                common.update(terms)
            elif tells_names and not begins:
                names.update(terms)
            found.extend(terms)
            begins = False
        if _SENTENCE_END.search(chunk):
            begins = True
    return found


def begins_with_digit(chunk: str) -> bool:
    """Whether a chunk begins with a digit, after a sign or a bracket."""
    return chunk.lstrip("$£€¥'\"“‘«([#+-~")[:1].isdigit()


def is_capital(chunk: str) -> bool:
    """Whether the first letter of a chunk is a capital."""
    for character in chunk:
        if character.isalpha():
            return character.isupper()
    return False


TERM_WEIGHT: Final = 8
"""Letters of a term that count towards its weight."""


def weight(terms: Iterable[str]) -> int:
    """How informative terms are. Rarer words are longer in any language, so no collection statistics are needed."""
    return sum([min(len(term), TERM_WEIGHT) for term in terms])


def number_value(term: str) -> str:
    """A number in comparable form: three is 3, 2.50 is 2.5."""
    value = NUMBER_WORDS.get(term, term)
    return value.rstrip("0").rstrip(".") if "." in value and value.count(".") == 1 else value
