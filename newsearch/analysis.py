"""Text -> terms, by the same rules for articles and for queries.

Text is cut at white space into chunks, and each chunk becomes the terms that it says:

    Portland's  -> portland           COVID-19 -> covid 19         AT&T    -> at&t
    U.S.        -> us                 Biden-Xi -> biden xi         C++, C# -> c++, c#
    don't       -> dont               $24,000  -> 24000            3.5%    -> 3.5
    São         -> sao                ﬁre      -> fire             日本語   -> 日本 本語

Case and accents fold; no word is ever thrown away. A run of a script that is written without spaces
becomes overlapping pairs. Every term takes one position.

A term is an exact form. `stem` gives the stem that it shares with its other forms (ban, bans, banned), and a people
with its place (Italian, Italians, Italy).

VERSION is kept in every index: raise it when any text could give other terms than before.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from newsearch._english import DEMONYMS

if TYPE_CHECKING:
    import Stemmer

VERSION = 2

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

_TERM = rf"""
      (?P<paired>[{_PAIRED}]+)
    | (?P<acronym>(?<!\w)[^\W\d_ʼ](?:\.[^\W\d_ʼ])+(?!\w)\.?(?:['’ʼ]s(?!\w))?)
    | (?P<number>(?<!\w)\d+(?:[.,]\d+)+)
    | (?P<sharp>(?<!\w)[^\W\d_](?:\+\+|\#)(?![^\W\d]))
    | (?P<word>{_LETTER}+(?:[&'’ʼ]{_LETTER}+)*)
    | (?P<symbol>[\u2600-\u27bf\U0001f000-\U0001faff])
"""

_PUNCTUATION = ".,;:!?\"'()[]…“”‘’–—|"
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_APOSTROPHES = str.maketrans("", "", "'’ʼ")
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)


def terms(text: str) -> list[str]:
    """The terms of a text, in order: one position each."""
    return [term for chunk in text.split() for term in chunk_terms(chunk)]


def chunk_terms(chunk: str) -> tuple[str, ...]:
    """The terms of one chunk, a piece of text without white space."""
    # Nearly every chunk is an ASCII word, maybe with punctuation around it, and needs none of the rules below.
    bare = chunk.strip(_PUNCTUATION)
    if bare.isalnum() and bare.isascii():
        return (bare[:MAX_TERM_LENGTH].lower(),)
    found: list[str] = []
    for match in _term_pattern().finditer(fold(chunk)):
        kind, text = match.lastgroup, match.group()
        if kind == "paired":
            found.extend(text[i : i + 2] for i in range(len(text) - 1)) if len(text) > 1 else found.append(
                text
            )
            continue
        if kind in ("word", "acronym"):
            text = text[:-2] if text[-2:] in ("'s", "’s", "ʼs") else text
            text = text.translate(_APOSTROPHES) if kind == "word" else text.replace(".", "")
        elif kind == "number":
            # 24,000 is one number however it is written; 3.5 and 2020.09 keep their points.
            text = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text.replace(",", ".")
        found.append(text[:MAX_TERM_LENGTH])
    return tuple(found)


@lru_cache(maxsize=1)
def _term_pattern() -> re.Pattern[str]:
    # Compiled when a chunk first needs it: that takes longer than answering a query of plain words.
    return re.compile(_TERM, re.VERBOSE)


def fold(text: str) -> str:
    """Lower case, compatibility forms unified, accents of Latin, Greek and Cyrillic letters removed."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if text.isascii():
        return text
    # Only the generic combining marks go: the vowel signs of Indic scripts are letters to their readers.
    marked = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in marked if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", bare).translate(_UNDECOMPOSED)


def stem(term: str) -> str:
    """The stem that an exact form shares with the other forms of its word."""
    return _IRREGULAR.get(term) or _stemmer().stemWord(DEMONYMS.get(term, term))


def stems(exact: Iterable[str]) -> list[str]:
    """`stem` of many terms at once."""
    exact = [DEMONYMS.get(term, term) for term in exact]
    return [_IRREGULAR.get(term, stem) for term, stem in zip(exact, _stemmer().stemWords(exact), strict=True)]


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


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    import Stemmer

    # The stemmer's own cache slows it down on a vocabulary in which every word comes once.
    return Stemmer.Stemmer("english", 0)
