"""Filter articles and unite lists of articles, as pure functions over arrays.

The numpy versions here are the reference. If a compiler was available when newsearch was installed, the functions of
the same names in `_sieve.c` replace them and give the same results.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._compiled import compiled
from newsearch.engine.arrays.loops.spread import Spread

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]

CHOSEN, MARKED, WITHIN, LISTED = range(4)

_DAY = 86400


class Check(NamedTuple):
    """A test of an article, of one of four kinds.

    Attributes:
        kind: CHOSEN: chosen[column[article]] is true.
            MARKED: the article's bit is set in `column` (see union).
            WITHIN: the interval from column[article] to the same or, if its flag in `other` (a whole number) has the
                bit `day`, to the last second of the day overlaps [low, high]. Fails if the flag lacks the bit `known`,
                or has the bit `lacking`. With `ended`, the interval must end by `high`.
            LISTED: the article is in `column`, a sorted list.
        column, other: of CHOSEN and WITHIN, arrays or spread.
        chosen: for every number, whether it passes.
        low, high: the bounds of WITHIN, inclusive.
        negated: invert the result.
    """

    kind: int
    column: Array | Spread
    other: Array | Spread | None = None
    chosen: Mask | None = None
    low: float = -np.inf
    high: float = np.inf
    negated: bool = False
    known: int = 0
    lacking: int = 0
    day: int = 0
    ended: bool = False


def passing(groups: list[list[Check]], docs: Any) -> Any:
    """For each article, whether it passes at least one check of every group.

    Args:
        docs: a buffer of article numbers, uint32.

    Returns:
        A buffer of one byte for each article.
    """
    numbers = np.frombuffer(docs, np.uint32)
    passed = np.ones(len(numbers), bool)
    for group in groups:
        left = passed.nonzero()[0]
        passed[left] = np.logical_or.reduce([_holds(check, numbers.take(left)) for check in group])
    return passed


def passing_of_all(groups: list[list[Check]], articles: int) -> Any:
    """A bitmap of the articles that `passing` lets through, of all those of the index (see union)."""
    passed = np.zeros(-(-articles // 64) * 64, bool)
    passed[:articles] = passing(groups, np.arange(articles, dtype=np.uint32))
    return np.packbits(passed, bitorder="little")


def _holds(check: Check, docs: Array) -> Mask:
    kind, column, other, chosen, low, high, negated, known, lacking, day, ended = check
    found: Mask
    if kind == CHOSEN:
        assert chosen is not None
        found = chosen.take(column.take(docs))
    elif kind == WITHIN:
        assert other is not None
        flag, begins = other.take(docs), column.take(docs).astype(np.float64)
        ends = begins + ((flag & day) != 0) * (_DAY - 1)
        found = ((flag & known) != 0) & ((flag & lacking) == 0)
        found &= ((ends if ended else begins) <= high) & (ends >= low)
    elif kind == LISTED:
        assert isinstance(column, np.ndarray)
        at = column.searchsorted(docs)
        found = column.take(at, mode="clip") == docs if len(column) else np.zeros(len(docs), bool)
    else:
        found = (column.take(docs >> 6) >> (docs & 63).astype(np.uint64)) & np.uint64(1) != 0
    return ~found if negated else found


def union(lists: list[Array], articles: int) -> Any:
    """A bitmap of the articles in any of the lists: a buffer of 64-bit words, lowest bit first, over all articles."""
    held = np.zeros(-(-articles // 64) * 64, bool)
    for doc in lists:
        held[doc] = True
    return np.packbits(held, bitorder="little")


def ranked(doc: Array, articles: int) -> tuple[Any, Any]:
    """`union` of one list, and the number of its articles before each word of the bitmap: a buffer of uint32."""
    bits = union([doc], articles)
    counts = np.bitwise_count(np.frombuffer(bits, np.uint64)).astype(np.uint32)
    return bits, np.cumsum(counts, dtype=np.uint32) - counts


def count(bits: Array, among: Array | None = None) -> int:
    """How many bits of a bitmap (uint64) are set, and also set in another bitmap, if there is one."""
    return int(np.bitwise_count(bits if among is None else bits & among).sum())


def numbers(bits: Any) -> Any:
    """The numbers of the articles whose bit is set in a bitmap: a buffer of uint32."""
    return np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little").nonzero()[0].astype(np.uint32)


def with_part(
    text: Array,
    at: Array,
    post_at: Array,
    post_doc: Array,
    articles: int,
    wanted: bytes,
    begins: bool,
    ends: bool,
) -> Any:
    """A bitmap of the articles of a segment with any part that contains these bytes.

    Args:
        text, at: the concatenated parts, and the start of each and the end of the last.
        post_at, post_doc: where the articles of each part start, and these, uint16.
        articles: how many the segment has.
        begins, ends: whether the part must begin or end with the bytes.
    """
    whole, places = text.tobytes(), at.tolist()

    def fits(part: bytes) -> bool:
        if begins:
            return part == wanted if ends else part.startswith(wanted)
        return part.endswith(wanted) if ends else wanted in part

    parts = [i for i, (start, end) in enumerate(pairwise(places)) if fits(whole[start:end])]
    return union([post_doc[int(post_at[i]) : int(post_at[i + 1])] for i in parts], articles)


def beginning(
    text: Array, at: Array, post_at: Array, post_doc: Array, articles: int, wanted: list[bytes], ends: bool
) -> Any:
    """As `with_part`, of the articles with any part that begins with one of some texts, or is one of them.

    Args:
        wanted: at most 1,024 texts, each of two bytes or more.
        ends: whether the part must be one of them.
    """
    whole, places, begun = text.tobytes(), at.tolist(), tuple(wanted)

    def fits(part: bytes) -> bool:
        return part in begun if ends else part.startswith(begun)

    parts = [i for i, (start, end) in enumerate(pairwise(places)) if fits(whole[start:end])]
    return union([post_doc[int(post_at[i]) : int(post_at[i + 1])] for i in parts], articles)


def marked(segments: list[tuple[int, Array, Array | None, Array]], articles: int) -> Any:
    """A bitmap of the articles that have any of some names (see union).

    Args:
        segments: as for `tally`, but with, for each local number, whether it is one of these names.
        articles: how many the index has.
    """
    held = np.zeros(-(-articles // 64) * 64, bool)
    for start, column, at, chosen in segments:
        is_chosen = chosen.astype(bool, copy=False).take(column)
        if at is not None:
            before = np.append(0, np.cumsum(is_chosen))
            is_chosen = np.diff(before.take(at)) > 0
        held[start : start + len(is_chosen)] = is_chosen
    return np.packbits(held, bitorder="little")


def tally(docs: Array, segments: list[tuple[int, Array, Array | None, Array]], names: int) -> Any:
    """How many articles have each of some names.

    Args:
        docs: their numbers, sorted, uint32.
        segments: for each segment, by rising start, the number of its first article; the local number of the name of
            each of its articles; None, or the start of each article's names among these if it has several, followed by
            the end of the last; and for each local number the number of the name, uint32.
        names: how many there are.

    Returns:
        A buffer of int64, for each name.
    """
    counts = np.zeros(names, np.int64)
    starts = [start for start, *_ in segments]
    bounds = [*docs.searchsorted(starts).tolist(), len(docs)]
    for (start, column, at, numbers), (first, last) in zip(segments, pairwise(bounds), strict=True):
        local = docs[first:last].astype(np.int64) - start
        if at is None:
            values = column.take(local)
        else:
            values = np.concatenate([column[:0], *(column[at[doc] : at[doc + 1]] for doc in local.tolist())])
        np.add.at(counts, numbers.take(values), 1)
    return counts


_CONSTANTS = {
    "CHOSEN": CHOSEN,
    "MARKED": MARKED,
    "WITHIN": WITHIN,
    "LISTED": LISTED,
    "DAY": _DAY,
}

if _twin := compiled(f"{__package__}._sieve", _CONSTANTS):
    passing, passing_of_all, union, ranked = _twin.passing, _twin.passing_of_all, _twin.union, _twin.ranked
    count, numbers, with_part, beginning, tally, marked = (
        _twin.count,
        _twin.numbers,
        _twin.with_part,
        _twin.beginning,
        _twin.tally,
        _twin.marked,
    )
