"""Set operations on sorted article numbers with scores."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel, sieve
from newsearch.engine.arrays.loops.kernel import Part

Array: TypeAlias = NDArray[Any]


class Scored(NamedTuple):
    """Sorted articles with a score above 0 for each."""

    doc: Array
    score: NDArray[np.float64]


NONE = Scored(np.empty(0, np.int64), np.empty(0))


def holds(docs: Array, among: Array) -> NDArray[np.bool_]:
    """For each of `docs`, whether it is in the sorted list `among`."""
    if not len(among):
        return np.zeros(len(docs), bool)
    found: NDArray[np.bool_] = among.take(among.searchsorted(docs), mode="clip") == docs
    return found


def numbers(bits: Any) -> Array:
    """The articles whose bit is set (see sieve.union), sorted."""
    return np.frombuffer(sieve.numbers(bits), np.uint32)


def distinct(values: Array) -> Array:
    """The distinct values, sorted.

    numpy's `unique` does the same with a hash table, which takes ten times as long for a million different values.
    """
    found = np.sort(values)
    is_first: NDArray[np.bool_] = np.append(True, found[1:] != found[:-1])
    chosen: Array = found[is_first[: len(found)]]
    return chosen


def without(keys: Array | array[int], known: Sequence[int]) -> array[int]:
    """The 64-bit keys that are not among some others, sorted, each once."""
    found = distinct(np.asarray(keys, np.uint64))
    return array("Q", found[~holds(found, np.sort(np.asarray(known, np.uint64)))].tobytes())


def union(parts: list[Part]) -> Scored:
    """Articles in any of the lists, with their scores summed in the order of the lists."""
    return _any_of(parts, highest=False)


def highest(parts: list[Part]) -> Scored:
    """Articles in any of the lists, with the highest of their scores."""
    return _any_of(parts, highest=True)


def _any_of(parts: list[Part], *, highest: bool) -> Scored:
    doc, score = kernel.any_of([_to_merge(part) for part in parts], highest)
    return Scored(np.frombuffer(doc, np.uint32), np.frombuffer(score))


def _to_merge(part: Part) -> Part:
    """A part as `kernel.any_of` takes it."""
    doc = part.doc.astype(np.uint32, copy=False)
    value = part.value if part.value.dtype in _MERGED else part.value.astype(np.float64)
    return Part(doc, value, part.unit, part.best)


_MERGED = frozenset(map(np.dtype, (np.uint8, np.uint16, np.float64)))


def intersection(parts: list[Part]) -> Scored:
    """Articles in every list, with their scores summed in the order of the lists."""
    doc = min(parts, key=lambda part: len(part.doc)).doc
    for other in parts:
        if other.doc is not doc:
            doc = doc[holds(doc, other.doc)]
    total = np.zeros(len(doc))
    for other in parts:
        total += other.value.take(other.doc.searchsorted(doc)) * other.unit if len(doc) else 0
    return Scored(doc, total)
