"""Compares the words of many articles. This is the reference; where `_comparing.c` has been compiled, it replaces it.

The compiled Comparer takes a few microseconds for what `wording` and `relation` take a hundred for.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from math import nan
from typing import Any, Final, TypeAlias

import numpy as np

from newsearch._compiled import compiled
from newsearch.stories._senses import NEGATIONS, POLAR
from newsearch.stories.copies import GAP, RUN, WINDOW, opposed, relation, renamed
from newsearch.stories.wording import (
    DASHES,
    DATELINE_CHUNKS,
    ENDING_WORDS,
    KEPT_WORDS,
    LABEL_CHUNKS,
    LEAD,
    NUMBER_WORDS,
    SEPARATORS,
    TERM_WEIGHT,
    Wording,
    begins_with_digit,
    is_capital,
    is_cut,
    is_place,
    number_value,
    repaired,
    weight,
    wording_of_repaired,
)
from newsearch.text.analysis import MAX_TERM_LENGTH, chunk_terms

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

CAPITAL, DIGIT, LABEL, COLON, DASH, OPENS, CLOSES, PLACE, SEPARATOR, CUT = (1 << i for i in range(10))
"""What a chunk is: it begins with a capital or a digit, ends a label or a dateline, has a bracket, is a place in
capitals or a separator, or breaks off."""

TERM_DIGIT, TERM_NUMBER, TERM_NEGATION, TERM_POLAR = 1, 2, 4, 8
"""What a term is: it begins with a digit, is the word for a number, a negation, or may have an opposite."""


class Comparer:
    """Holds the words of articles, which are numbered in the order in which they were added.

    Args: those of the compiled class, which asks them what chunks and terms are.
    """

    def __init__(self, *_: object) -> None:
        self._wordings: list[Wording] = []

    def add(self, titles: list[str], texts: list[str], outlets: bytes, times: bytes) -> None:
        """Add articles.

        Args:
            titles, texts: as for `wording_of_repaired`.
            outlets: the number of the outlet of each, int32; 0 if unknown.
            times: publication times in seconds, float64; NaN if unknown.
        """
        numbers, seconds = array("i", outlets), array("d", times)
        for title, text, outlet, time in zip(titles, texts, numbers, seconds, strict=True):
            known = None if time != time else time
            self._wordings.append(wording_of_repaired(title, text, str(outlet) if outlet else "", known))

    def relations(self, pairs: Array) -> bytes:
        """The `relation` of each pair of articles, as bytes of float64.

        Args:
            pairs: the numbers of articles, m x 2, int64.
        """
        words = self._wordings
        return array("d", [relation(words[i], words[j]) for i, j in pairs.reshape(-1, 2).tolist()]).tobytes()

    def forget(self, count: int | None = None) -> None:
        """Forget the first `count` articles, or all. The next one that is left, or added, gets number 0."""
        if count is not None and not 0 <= count <= len(self._wordings):
            raise IndexError("there are not as many articles")
        del self._wordings[:count]

    def sizes(self, first: int = 0) -> bytes:
        """The number of terms in title and text of each article from this one on, as bytes of int32."""
        if not 0 <= first <= len(self._wordings):
            raise IndexError("no such article")
        return array("i", [len(w.title) + len(w.text) for w in self._wordings[first:]]).tobytes()


@lru_cache(maxsize=1 << 14)
def chunk_kind(chunk: str) -> tuple[int, tuple[str, ...]]:
    """What a chunk is, and its terms."""
    kind = (
        CAPITAL * is_capital(chunk)
        | DIGIT * begins_with_digit(chunk)
        | LABEL * chunk.endswith((":", "|"))
        | COLON * chunk.endswith((":", "-"))
        | DASH * (chunk in DASHES)
        | OPENS * ("(" in chunk)
        | CLOSES * (")" in chunk)
        | PLACE * is_place(chunk)
        | SEPARATOR * (chunk in SEPARATORS)
        | CUT * is_cut(chunk)
    )
    return kind, chunk_terms(chunk)


@lru_cache(maxsize=1 << 13)
def term_kind(term: str) -> tuple[int, int, str]:
    """The weight of a term, what it is, and its `number_value`."""
    kind = (
        TERM_DIGIT * term[0].isdigit()
        | TERM_NUMBER * (term in NUMBER_WORDS)
        | TERM_NEGATION * (term in NEGATIONS)
        | TERM_POLAR * (term in POLAR)
    )
    return weight((term,)), kind, number_value(term)


def comparer() -> Comparer:
    """A new Comparer."""
    return Comparer(chunk_kind, term_kind, opposed, renamed, (*NUMBER_WORDS, *NEGATIONS, *POLAR))


class Seen:
    """Articles that have been seen one after the other.

    Args:
        comparer: without articles.
    """

    def __init__(self, comparer: Comparer) -> None:
        self._comparer = comparer
        self._outlets = {"": 0}
        self._count = 0

    def had_copy(self, title: str, text: str, outlet: str, time: float | None) -> bool:
        """Whether this article is a copy of one that was seen before; it is seen from now on.

        Args: those of `wording_of`.
        """
        number = self._outlets.setdefault(outlet, len(self._outlets))
        seconds = array("d", [nan if time is None else time]).tobytes()
        self._comparer.add([repaired(title)], [repaired(text)], array("i", [number]).tobytes(), seconds)
        pairs = np.full((self._count, 2), self._count, np.int64)
        pairs[:, 0] = np.arange(self._count)
        self._count += 1
        return max(array("d", self._comparer.relations(pairs)), default=0.0) >= 1


_CONSTANTS: Final = {
    "MAX_TERM_LENGTH": MAX_TERM_LENGTH,
    "LEAD": LEAD,
    "TERM_WEIGHT": TERM_WEIGHT,
    "KEPT_WORDS": KEPT_WORDS,
    "ENDING_WORDS": ENDING_WORDS,
    "DATELINE_CHUNKS": DATELINE_CHUNKS,
    "LABEL_CHUNKS": LABEL_CHUNKS,
    "GAP": GAP,
    "RUN": RUN,
    "WINDOW": WINDOW,
    "CAPITAL": CAPITAL,
    "DIGIT": DIGIT,
    "LABEL": LABEL,
    "COLON": COLON,
    "DASH": DASH,
    "OPENS": OPENS,
    "CLOSES": CLOSES,
    "PLACE": PLACE,
    "SEPARATOR": SEPARATOR,
    "CUT": CUT,
    "TERM_DIGIT": TERM_DIGIT,
    "TERM_NUMBER": TERM_NUMBER,
    "TERM_NEGATION": TERM_NEGATION,
    "TERM_POLAR": TERM_POLAR,
}

if _twin := compiled(f"{__package__}._comparing", _CONSTANTS):
    globals()["Comparer"] = _twin.Comparer
