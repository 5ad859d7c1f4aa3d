"""Text -> terms, by the same rules for articles and for queries.

Text is cut at white space into chunks, and each chunk becomes the terms that it says:

    Portland's  -> portland           COVID-19 -> covid 19         AT&T    -> at&t
    U.S.        -> us                 Biden-Xi -> biden xi         C++, C# -> c++, c#
    don't       -> dont               $24,000  -> 24000            3.5%    -> 3.5
    l'amour     -> l amour            qu'un    -> qu un            dell'arte -> dell arte
    São         -> sao                ﬁre      -> fire             日本語   -> 日本 本語

Case and accents fold; no word is ever thrown away. A run of a script that is written without spaces
becomes overlapping pairs. Every term takes one position.

A term is an exact form. `Stemming` gives the stem that it shares with its other forms in a language (ban, bans,
banned), and in English a people with its place (Italian, Italy), unless it is protected: then it has no other forms.

What is written with and without a break between letters and digits (covid19, COVID-19) has different terms, and
`other_spelling` leads queries from one to the other.

VERSION is kept in every index: raise it when any text could give other terms than before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from newsearch.text.english import DEMONYMS

if TYPE_CHECKING:
    import Stemmer

VERSION = 3

MAX_TERM_LENGTH = 64
"""Longer terms are cut to this many characters."""

# Scripts written without spaces: Thai to Khmer, kana, Han, Hangul, and the compatibility blocks.
_PAIRED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)

# Vowel signs and points of Hebrew, Arabic and the Indic scripts: part of a word, though not \\w to `re`. The dandas,
# which end a sentence in most of the Indic scripts, are no letters.
_MARKS = "\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
# One of the apostrophes counts as a letter to `re`, and must not make a word by itself.
_LETTER = rf"(?:[^\W_ʼ{_PAIRED}]|[{_MARKS}])"

# Most chunks are ASCII once they are folded, and a pattern of its letters alone is compiled in no time: {letter} and
# {initial} are what a word and an acronym are made of, {paired} and {symbol} what is not ASCII anyway.
_TERM = r"""
      {paired}
      (?P<acronym>(?<!\w){initial}(?:\.{initial})+(?!\w)\.?(?:['ʼ]s(?!\w))?)
    | (?P<number>(?<!\w)\d+(?:[.,]\d+)+)
    | (?P<sharp>(?<!\w)[^\W\d_](?:\+\+|\#)(?![^\W\d]))
    | (?P<elided>(?<!\w)(?:l|d|qu|all|dall|dell|nell|sull)(?=['ʼ]{letter}{{2}}))
    | (?P<word>{letter}+(?:[&'ʼ]{letter}+)*)
    {symbol}
"""
_ASCII_TERM = _TERM.replace("ʼ", "").format(letter=r"[^\W_]", initial=r"[^\W\d_]", paired="", symbol="")
_ANY_TERM = _TERM.format(
    letter=_LETTER,
    initial=rf"[^\W\d_ʼ{_PAIRED}]",
    paired=rf"(?P<paired>[{_PAIRED}]+) |",
    symbol=r"| (?P<symbol>[\u2600-\u27bf\U0001f000-\U0001faff])",
)

_PUNCTUATION = ".,;:!?\"'()[]…“”‘’–—|"
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_APOSTROPHES = str.maketrans("", "", "'ʼ")
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)


def terms(text: str) -> list[str]:
    """The terms of a text, in order: one position each."""
    if text.isalnum() and text.isascii():
        # A word of a query.
        return [text[:MAX_TERM_LENGTH].lower()]
    return [term for chunk in text.split() for term in chunk_terms(chunk)]


def chunk_terms(chunk: str) -> tuple[str, ...]:
    """The terms of one chunk, a piece of text without white space."""
    # Nearly every chunk is an ASCII word, maybe with punctuation around it, and needs none of the rules below.
    bare = chunk.strip(_PUNCTUATION)
    if bare.isalnum() and bare.isascii():
        return (bare[:MAX_TERM_LENGTH].lower(),)
    found: list[str] = []
    folded = fold(chunk).replace("’", "'")
    for match in _term_pattern(folded.isascii()).finditer(folded):
        kind, text = match.lastgroup, match.group()
        if kind == "paired":
            found.extend(text[i : i + 2] for i in range(len(text) - 1)) if len(text) > 1 else found.append(
                text
            )
            continue
        if kind in ("word", "acronym"):
            text = text[:-2] if text[-2:] in ("'s", "ʼs") else text
            text = text.translate(_APOSTROPHES) if kind == "word" else text.replace(".", "")
        elif kind == "number":
            # 24,000 is one number however it is written; 3.5 and 2020.09 keep their points.
            text = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text.replace(",", ".")
        found.append(text[:MAX_TERM_LENGTH])
    return tuple(found)


@lru_cache(maxsize=2)
def _term_pattern(is_ascii: bool) -> re.Pattern[str]:
    # Compiled when a chunk first needs it: that takes longer than answering a query of plain words.
    return re.compile(_ASCII_TERM, re.VERBOSE | re.ASCII) if is_ascii else re.compile(_ANY_TERM, re.VERBOSE)


def fold(text: str) -> str:
    """Lower case, compatibility forms unified, accents of Latin, Greek and Cyrillic letters removed."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return text
    # Only the generic combining marks go: the vowel signs of Indic scripts are letters to their readers.
    marked = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in marked if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", bare).translate(_UNDECOMPOSED)


def other_spelling(word: str) -> str | None:
    """A word with a break between letters and digits where it has none, or the other way round.

    `covid19` gives covid-19 and `COVID-19` covid19; so with 5G, G-20, F16. None where a word has no border between
    letters and digits, or several.
    """
    if word.isalpha():
        return None
    found = terms(word)
    border = _BORDER.fullmatch("".join(found))
    if border is None or len(found) > 2:
        return None
    parts = [part for part in border.groups() if part]
    joined, broken = "".join(parts), "-".join(parts)
    if terms(joined) != [joined] or terms(broken) != parts:
        return None
    return broken if len(found) == 1 else joined if found == parts else None


_BORDER = re.compile(r"([^\W\d_]+)(\d+)|(\d+)([^\W\d_]+)")


LANGUAGES = {
    "en": "english",
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
"""Languages that have a stemmer: their codes (ISO 639-1) and its name. An index keeps their places in this order."""


class Stemming(NamedTuple):
    """How the words of a language share stems.

    Attributes:
        language: one of LANGUAGES.
        protected: terms that keep to themselves: nothing else has the stem of one of them.
    """

    language: str = "en"
    protected: frozenset[str] = frozenset()

    def stem(self, term: str) -> str:
        """The stem that an exact form shares with the other forms of its word."""
        if term in self.protected:
            return f"={term}"
        stemmer = _stemmer(LANGUAGES[self.language])
        if self.language == "en":
            return _IRREGULAR.get(term) or stemmer.stemWord(DEMONYMS.get(term, term))
        stem = stemmer.stemWord(_accented([term], self.language)[0])
        return stem if stem.isascii() else fold(stem)

    def stems(self, terms: Iterable[str]) -> list[str]:
        """`stem` of many terms at once, in half the time."""
        exact = list(terms)
        stemmer = _stemmer(LANGUAGES[self.language])
        if self.language == "en":
            placed = [DEMONYMS.get(term, term) for term in exact]
            stems = stemmer.stemWords(placed)
            found = [_IRREGULAR.get(term, stem) for term, stem in zip(placed, stems, strict=True)]
        else:
            found = stemmer.stemWords(_accented(exact, self.language))
            # What still has an accent came from a form that had lost it.
            found = [stem if stem.isascii() else fold(stem) for stem in found]
        if self.protected and not self.protected.isdisjoint(exact):
            # No stem begins so.
            found = [
                f"={term}" if term in self.protected else stem
                for term, stem in zip(exact, found, strict=True)
            ]
        return found


def stemmings(protected: frozenset[str]) -> list[Stemming]:
    """How every one of LANGUAGES is stemmed, in their order."""
    return [Stemming(code, protected) for code in LANGUAGES]


# Terms have lost their accents, and some stemmers know endings by them: where a word can have but one, it gets it back.
# Other endings are plurals that the stemmer takes for something else (Spanish "-nos", us). By language.
_ENDINGS = {
    "ca": {"cio": "ció", "sio": "sió"},
    "cs": {"ach": "ách"},
    "es": {"cion": "ción", "sion": "sión", "anos": "ano", "inos": "ino", "ernos": "erno"},
    "fr": {"ee": "ée", "ees": "ées", "ite": "ité", "ites": "ités", "erent": "èrent"},
    "pl": {"ow": "ów"},
    "pt": {"cao": "ção", "coes": "ção", "sao": "são", "soes": "são", "veis": "vel"},
    "ru": {"ыи": "ый", "ои": "ой", "еи": "ей"},
}
_LONGEST_ENDING = 5


def _accented(terms: list[str], language: str) -> list[str]:
    endings = _ENDINGS.get(language)
    if not endings:
        return terms
    any_ending = tuple(endings)
    given = []
    for term in terms:
        if not term.endswith(any_ending):
            given.append(term)
            continue
        for length in range(min(_LONGEST_ENDING, len(term) - 2), 1, -1):
            if ending := endings.get(term[-length:]):
                term = term[:-length] + ending
                break
        given.append(term)
    return given


# What the stemmer gets wrong, where it matters to the news: words of other meaning that it takes for one (executives
# and executions, imports and what is important), and plurals that it does not know.
_IRREGULAR = {
    "authorities": "authority",
    "authority": "authority",
    "business": "business",
    "businesses": "business",
    "children": "child",
    "crises": "crisi",
    "executive": "executive",
    "executives": "executive",
    "experiment": "experiment",
    "experimental": "experiment",
    "experiments": "experiment",
    "hospitality": "hospitality",
    "importance": "important",
    "important": "important",
    "men": "man",
    "polite": "polite",
    "positive": "positive",
    "several": "several",
    "severe": "severe",
    "severely": "severe",
    "united": "united",
    "women": "woman",
}


@cache
def _stemmer(name: str) -> Stemmer.Stemmer:
    import Stemmer

    # The stemmer's own cache slows it down on a vocabulary in which every word comes once.
    return Stemmer.Stemmer(name, 0)
