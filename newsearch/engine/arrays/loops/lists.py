"""What the loops of a search read (lists of articles with scores, boosts, occurrences of words), and what they keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]

Row: TypeAlias = tuple[float, int, float]
"""A candidate: its sort key, its article number, its score."""

Passes: TypeAlias = Callable[[Any], Any] | Any
"""A filter: maps article numbers (a buffer of uint32, never empty) to one byte for each, whether it passes. Or a bitmap
of the articles that pass, as sieve.union returns it."""

CHUNK = 1024
"""The number of articles that share a boost ceiling: those whose numbers differ only in the last ten bits."""

BLOCK = 64
"""The number of values that share a highest value."""

COMPARED = frozenset(map(np.dtype, ("u1", "u2", "u4", "i4", "i8", "f8")))
"""The types of numbers that compiled loops read. Few files have others: small numbers below 0, or huge ones."""


def has_bit(bits: Array, docs: Array) -> Mask:
    """For each of some articles, whether its bit is set (see sieve.union)."""
    found: Mask = (bits.take(docs >> 6) >> (docs & 63).astype(np.uint64)) & np.uint64(1) != 0
    return found


def passed(passes: Passes, docs: Array) -> Mask:
    """For each of some articles (uint32), whether it passes a filter."""
    return np.frombuffer(passes(docs), bool) if callable(passes) else has_bit(passes, docs)


class Part(NamedTuple):
    """Sorted articles, each with a score of value * unit. Scores are above 0 and at most `best`.

    Long lists also have a bitmap. `bits` has one bit for each article of the index, set if it is in the list, in words
    of 64 bits, uint64 (see sieve.union). `ranks` is the number of listed articles before each word, uint32. `live` is
    the number of these articles that are live, if it is known. Long lists that are kept with scores, float64, also have
    the highest value of every BLOCK of them, `tops`: most need not be read then.
    """

    doc: Array
    value: Array
    unit: float
    best: float
    bits: Array | None = None
    ranks: Array | None = None
    live: int | None = None
    tops: Array | None = None

    def look_up(self, docs: Array) -> Array:
        """The values of these articles, 0 for those not in the list."""
        if not len(self.doc):
            return np.zeros(len(docs), np.uint8)
        found: Array
        if self.bits is not None and self.ranks is not None:
            below = (np.uint64(1) << (docs & 63).astype(np.uint64)) - np.uint64(1)
            at = self.ranks.take(docs >> 6) + np.bitwise_count(self.bits.take(docs >> 6) & below)
            found = self.value.take(at, mode="clip") * has_bit(self.bits, docs)
            return found
        at = self.doc.searchsorted(docs)
        found = self.value.take(at, mode="clip") * (self.doc.take(at, mode="clip") == docs)
        return found

    def at_least(self, score: float) -> tuple[Array, Array]:
        """All articles with at least this score, and their values. May include some with a marginally lower score."""
        if score <= 0:
            return self.doc, self.value
        least = score / self.unit * (1 - 1e-9)
        if score > self.best * (1 + 1e-9):
            return self.doc[:0], self.value[:0]
        # Comparing codes as small integers is many times faster than scoring them.
        kept = (
            self.value >= (self.value.dtype.type(ceil(least)) if self.value.dtype.kind == "u" else least)
        ).nonzero()[0]
        return self.doc.take(kept), self.value.take(kept)


def tops_of(values: Array) -> Array:
    """The highest of every BLOCK values; the last one is that of those left over. There must be any."""
    tops: Array = np.maximum.reduceat(values, np.arange(0, len(values), BLOCK))
    return tops


class Every(Part):
    """Every article of an index of so many, each with a score of 1. The compiled loops need no list of them."""

    __slots__ = ()

    def __new__(cls, articles: int) -> Every:
        # The range has the length of the list. It shows the compiled loops that there is none.
        return super().__new__(cls, range(articles), np.empty(0, np.uint8), 1.0, 1.0)  # type: ignore[arg-type]

    def look_up(self, docs: Array) -> Array:
        return np.ones(len(docs), np.uint8)


_LOOKED_UP_SHARE = 256
"""Looking articles up in words that are read in place takes less time than reading these words, if they are at most one
in this many of all."""


class InPlace(Part):
    """A word whose postings are read where they lie, in the mapped files.

    Only the compiled loops read it: `best_complete`, `best_partial`, `holds`, `scores`, `counted`, and `count` as
    `looked_up` orders the parts.
    Its `doc` is a range that has the length of the list, its `value` is the buffer that `WordLookup.in_place` returns,
    and its `bits` are what `kernel.postings` returns.
    """

    __slots__ = ()


def shortest_first(parts: Sequence[Part]) -> list[Part]:
    """The parts in the order of their lengths."""
    return sorted(parts, key=_length) if len(parts) > 1 else list(parts)


def looked_up(parts: Sequence[Part], articles: int) -> list[Part] | None:
    """The parts in the order in which `count` takes them: lists before the words that are read in place. None if there
    is no list, or if looking its articles up would take longer than to read these words.

    Args:
        articles: the number of all articles.
    """
    lists = shortest_first([part for part in parts if type(part) is not InPlace])
    if not lists or len(lists[0].doc) * _LOOKED_UP_SHARE > articles:
        return None
    return lists + shortest_first([part for part in parts if type(part) is InPlace])


def _length(part: Part) -> int:
    return len(part.doc)


def listed(parts: Sequence[Part]) -> list[Part]:
    """The same parts, all of them as lists."""
    return [_listed(part) if isinstance(part.doc, range) else part for part in parts]


def _listed(every: Part) -> Part:
    docs = np.arange(len(every.doc), dtype=np.uint32)
    return Part(docs, np.ones(len(docs), np.uint8), every.unit, every.best)


class Boost(NamedTuple):
    """The boost factor of every article (see ranking).

    Attributes:
        factors: of each article or, if they have codes, of each of 65,536 codes. float64.
        codes: the code of each article, uint16. They take a quarter of the memory.
        ceiling: the highest factor in each CHUNK of articles.
    """

    factors: ranking.Floats
    codes: Array | None
    ceiling: ranking.Floats

    @property
    def articles(self) -> int:
        """The number of articles."""
        return len(self.factors if self.codes is None else self.codes)

    def take(self, docs: Array) -> ranking.Floats:
        """The factors of some articles."""
        return self.factors.take(docs if self.codes is None else self.codes.take(docs))


class Slot(NamedTuple):
    """The occurrences of a word at one place of a phrase.

    Sorted articles, with the word's code and first position in each. Further positions follow, article by article.
    `unit` is the score of a code of 1.
    """

    doc: Array
    code: Array
    pos: Array
    more_doc: Array
    more_pos: Array
    unit: float

    def keys(self) -> Array:
        """Every occurrence as article << 16 | position, sorted."""
        first = (self.doc.astype(np.int64) << 16) | self.pos
        if not len(self.more_doc):
            return first
        keys = np.concatenate((first, (self.more_doc.astype(np.int64) << 16) | self.more_pos))
        keys.sort()
        return keys


class Codes(NamedTuple):
    """Postings of exact forms in one segment, whose articles are numbered from `start`. Codes are divided by `divisor`,
    but count for at least 1."""

    doc: Array
    code: Array
    start: int
    divisor: int


class Occurrences(NamedTuple):
    """The occurrences of exact forms in one segment, whose articles are numbered from `start`. See `Slot`.

    `several` is whether there may be more than one form. Their postings then follow each other form by form.
    """

    doc: Array
    code: Array
    pos: Array
    more_doc: Array
    more_pos: Array
    start: int
    several: bool


class Best:
    """The best candidates so far, by score, including all that tie with the last of them.

    Attributes:
        threshold: the lowest score with which a candidate is kept.
    """

    def __init__(self, boost: Boost, visible: Array | None, passes: Passes | None, wanted: int) -> None:
        self._boost, self._visible, self._passes, self._wanted = boost, visible, passes, wanted
        self._doc: Array = np.empty(0, np.uint32)
        self._score: ranking.Floats = np.empty(0)
        self.threshold = -np.inf

    def add(self, doc: Array, text: ranking.Floats) -> None:
        score = text * self._boost.take(doc)
        kept = score >= self.threshold
        if self._visible is not None:
            kept &= has_bit(self._visible, doc)
        doc, score = doc[kept].astype(np.uint32, copy=False), score[kept]
        if self._passes is not None and len(doc):
            is_passing = passed(self._passes, doc)
            doc, score = doc[is_passing], score[is_passing]
        if len(self._doc):
            doc, score = np.concatenate((self._doc, doc)), np.concatenate((self._score, score))
        if len(doc) > self._wanted:
            best = ranking.top(score, self._wanted)
            doc, score = doc.take(best), score.take(best)
        if len(doc) >= self._wanted:
            self.threshold = float(score.min())
        self._doc, self._score = doc, score

    def rows(self, first: int) -> tuple[list[Row], int]:
        """The candidates but for those before place `first` that do not tie with the one there, and their number."""
        kept = from_place(self._score, first)
        scores = self._score.take(kept).tolist()
        return list(zip(scores, self._doc.take(kept).tolist(), scores, strict=True)), len(self._doc) - len(
            kept
        )


def from_place(keys: ranking.Floats, first: int) -> Array:
    """The positions of keys, but for those that come before place `first` (highest first) without a tie."""
    if first >= len(keys):
        return np.empty(0, np.intp)
    found: Array = (keys <= np.sort(keys)[::-1][max(first, 0)]).nonzero()[0]
    return found
