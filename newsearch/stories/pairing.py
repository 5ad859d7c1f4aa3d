"""Which pairs of articles may be copies? Those whose signatures share a shingle.

A shingle that few articles have pairs each of them with each other. A crowded shingle, which more than NEIGHBOURS + 1
articles have, says little: it pairs an article with the NEAREST ones that follow in time. Two crowded shingles together
say more: they pair an article with the next NEIGHBOURS that have both. The number of pairs therefore grows with the
number of articles, and not with its square.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.stories.signatures import BITS, SLOTS, TITLE_SLOTS, Signatures

Array: TypeAlias = NDArray[Any]

NEIGHBOURS: Final = 64
"""Number of later articles with the same shingle that each article is paired with, in order of time."""

NEAREST: Final = 4
"""The same if the shingle is crowded."""

_BLOCK: Final = 1 << 15
"""Articles whose pairs are found together, up to 1.5 KB each."""

_MANY: Final = 1 << 18
"""Shingles from which on they are counted in a table of all values. Fewer are sorted."""

_VALUES: Final = 2 << BITS
"""Shingles of headlines, and then those of texts."""


class Pairs(NamedTuple):
    """Some of the pairs.

    Attributes:
        both: m x 2 indices of articles, the smaller first, in ascending order.
        is_crowded: whether a pair was found by a crowded shingle. Other articles in between could part it.
    """

    both: Array
    is_crowded: NDArray[np.bool_]


class Pairing:
    """The pairs of articles with a common shingle, at most `window` seconds apart.

    Args:
        signatures: n x 2.
        times: publication time of each article, in seconds; NaN if unknown. Unknown times count as close to each other.
        window: in seconds.
        fresh: for each article, whether it has not been paired before. Only pairs with such an article are returned,
            and those that share a crowded shingle: whether these are paired depends on the other articles.
        once_crowded: the `crowded` shingles when the others were paired.

    Attributes:
        rank: the place of each article in the order of time.
        crowded: the crowded shingles, ascending; those of texts follow those of headlines.
    """

    def __init__(
        self,
        signatures: Signatures,
        times: Sequence[float] | Array,
        window: float,
        fresh: NDArray[np.bool_] | None = None,
        once_crowded: Array | None = None,
    ) -> None:
        when = np.nan_to_num(np.asarray(times, np.float64), nan=-1e18)
        self._by_time = np.argsort(when, kind="stable").astype(np.int32)
        self._when = when[self._by_time]
        self._window = window
        self._fresh = None if fresh is None else fresh[self._by_time]
        self.rank = np.empty(len(when), np.int32)
        self.rank[self._by_time] = np.arange(len(when), dtype=np.int32)
        self._signatures = signatures
        shingles = _shingles(signatures)
        self.crowded: Array = _crowded(shingles)
        self._is_crowded = _marked(self.crowded)
        # Which pairs the shingles that were crowded once should have made is not known.
        again = [self.crowded] if once_crowded is None else [self.crowded, once_crowded]
        self._is_paired_again = None if fresh is None else _marked(np.concatenate(again))
        self._lists = [self._of_shingles(shingles), self._of_two_crowded(shingles)]

    def blocks(self) -> Iterator[Pairs]:
        """All pairs, each once. Those of a block are close to each other in time. Called once: it leaves no lists."""
        lists, self._lists = self._lists, []
        for block in range(-(-len(self.rank) // _BLOCK)):
            yield self._block(block, lists)

    def are_certain(self, pairs: Array) -> NDArray[np.bool_]:
        """Whether pairs that were found once share a shingle that is not crowded, and so would be found again."""
        one, other = (_shingles(self._signatures[ends]) for ends in pairs.T)
        counts = ((one & (1 << BITS) - 1) > 0) & ~self._is_crowded[one]
        found = np.zeros(len(pairs), bool)
        for slot in range(SLOTS):
            found |= ((one == other[:, slot : slot + 1]) & counts).any(axis=1)
        return found

    def _of_shingles(self, shingles: Array) -> _Lists:
        values = shingles.ravel()
        articles = np.repeat(self.rank, SLOTS)
        kept = (values & (1 << BITS) - 1) > 0
        if self._is_paired_again is not None and self._fresh is not None:
            is_wanted = self._is_paired_again.copy()
            is_wanted[shingles[self._by_time[self._fresh]]] = True
            kept &= is_wanted[values]
        values, articles = _sorted(values[kept], articles[kept])
        steps = _following(values)
        is_crowded = self._is_crowded[values]
        steps[is_crowded] = np.minimum(steps[is_crowded], NEAREST)
        again = is_crowded if self._is_paired_again is None else self._is_paired_again[values]
        return _Lists.of(articles, steps, is_crowded, again)

    def _of_two_crowded(self, shingles: Array) -> _Lists:
        is_crowded = self._is_crowded[shingles]
        some = np.flatnonzero(is_crowded.sum(axis=1) > 1)
        rows = np.sort(np.where(is_crowded[some], shingles[some], 0), axis=1).astype(np.int64)
        values, articles = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
        for one, other in combinations(range(SLOTS), 2):
            has_both = rows[:, one] > 0
            values.append(rows[has_both, one] * _VALUES + rows[has_both, other])
            articles.append(self.rank[some[has_both]])
        numbers = np.unique(np.concatenate(values), return_inverse=True)[1]
        found, places = _sorted(numbers, np.concatenate(articles))
        all_crowded = np.ones(len(found), bool)
        return _Lists.of(places, _following(found), all_crowded, all_crowded)

    def _block(self, block: int, lists: Sequence[_Lists]) -> Pairs:
        count = len(self.rank)
        found = [self._paired(some, some.starts_in(block)) for some in lists]
        numbers = np.sort(np.concatenate(found))
        # Where a pair was found by several shingles, the last of the same numbers tells whether one was crowded.
        pairs = numbers >> 1
        is_last = np.append(pairs[1:] != pairs[:-1], True)[: len(pairs)]
        pairs = pairs[is_last]
        return Pairs(
            np.stack([pairs // max(1, count), pairs % max(1, count)], axis=1),
            (numbers[is_last] & 1).astype(bool),
        )

    def _paired(self, lists: _Lists, at: Array) -> Array:
        """The pairs of some places of a list with those that follow, as numbers: of the pair, and how it was found."""
        count = len(self.rank)
        found = [np.empty(0, np.int64)]
        for step in range(1, NEIGHBOURS + 1):
            at = at[lists.steps[at] >= step]
            if not len(at):
                break
            one, other = lists.articles[at], lists.articles[at + step]
            # Those that follow are still farther away.
            near = self._when[other] - self._when[one] <= self._window
            at, one, other = at[near], one[near], other[near]
            is_crowded = lists.is_crowded[at]
            if self._fresh is not None:
                wanted = self._fresh[one] | self._fresh[other] | lists.is_paired_again[at]
                one, other, is_crowded = one[wanted], other[wanted], is_crowded[wanted]
            ends = self._by_time[one].astype(np.int64), self._by_time[other].astype(np.int64)
            found.append((np.minimum(*ends) * count + np.maximum(*ends)) * 2 + is_crowded)
        return np.concatenate(found)


class _Lists(NamedTuple):
    """The articles of one shingle after those of another, by their rank.

    Attributes:
        articles: their ranks, ascending within a shingle.
        steps: how many of those that follow each is paired with, if they are near enough.
        is_crowded: whether the shingle is crowded.
        is_paired_again: whether articles are paired that are not fresh.
        by_block: the places in these arrays, block by block.
        ends: where each block ends in `by_block`.
    """

    articles: Array
    steps: Array
    is_crowded: NDArray[np.bool_]
    is_paired_again: NDArray[np.bool_]
    by_block: Array
    ends: Array

    @classmethod
    def of(cls, articles: Array, steps: Array, is_crowded: Array, is_paired_again: Array) -> _Lists:
        # Narrow integers are sorted by counting.
        block = (articles // _BLOCK).astype(np.uint16)
        has_others = np.flatnonzero(steps).astype(np.int32)
        by_block = has_others[np.argsort(block[has_others], kind="stable")]
        ends = np.cumsum(np.bincount(block[has_others]))
        return cls(articles, steps, is_crowded, is_paired_again, by_block, ends)

    def starts_in(self, block: int) -> Array:
        """The places of the articles of a block."""
        if block >= len(self.ends):
            return self.by_block[:0]
        return self.by_block[self.ends[block - 1] if block else 0 : self.ends[block]]


def candidates(signatures: Signatures, times: Sequence[float] | Array, window: float) -> Array:
    """All pairs of a `Pairing` at once: m x 2 indices of articles, the smaller first, in ascending order."""
    blocks = [pairs.both for pairs in Pairing(signatures, times, window).blocks()]
    found = np.concatenate([np.empty((0, 2), np.int64), *blocks])
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def _shingles(signatures: Signatures) -> Array:
    """The shingles of each article, n x SLOTS. Where one is missing, its lowest BITS bits are 0."""
    found = np.empty((len(signatures), SLOTS), np.int32)
    half = SLOTS // 2
    for slot in range(SLOTS):
        shift = np.uint64(BITS * (slot % half))
        found[:, slot] = (signatures[:, slot // half] >> shift) & np.uint64((1 << BITS) - 1)
    found[:, TITLE_SLOTS:] += 1 << BITS
    return found


def _crowded(shingles: Array) -> Array:
    """The shingles that more than NEIGHBOURS + 1 articles have, ascending."""
    if shingles.size < _MANY:
        values, counts = np.unique(shingles, return_counts=True)
    else:
        values, counts = np.arange(_VALUES), np.bincount(shingles.ravel(), minlength=_VALUES)
    found: Array = values[counts > NEIGHBOURS + 1].astype(np.int64)
    return found[(found & (1 << BITS) - 1) > 0]


def _marked(shingles: Array) -> NDArray[np.bool_]:
    """For each shingle, whether it is among these."""
    found = np.zeros(_VALUES, bool)
    found[shingles] = True
    return found


def _sorted(values: Array, articles: Array) -> tuple[Array, Array]:
    """Values and articles, sorted by both."""
    both = values.astype(np.int64) << 32
    both |= articles
    both.sort()
    return both >> 32, (both & 0xFFFFFFFF).astype(np.int32)


def _following(values: Array) -> Array:
    """How many of the same values follow each, at most NEIGHBOURS; uint8."""
    if not len(values):
        return np.empty(0, np.uint8)
    ends = np.append(np.flatnonzero(values[1:] != values[:-1]) + 1, len(values))
    lengths = np.diff(ends, prepend=0)
    left = np.repeat(ends, lengths) - np.arange(1, len(values) + 1)
    return np.minimum(left, NEIGHBOURS).astype(np.uint8)
