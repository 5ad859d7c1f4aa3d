"""Set operations on sorted article numbers with scores."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel

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


def union(lists: list[Scored]) -> Scored:
    """Articles in any of the lists, with their scores summed in the order of the lists."""
    return lists[0] if len(lists) == 1 else _any_of(lists, highest=False)


def highest(lists: list[Scored]) -> Scored:
    """Articles in any of the lists, with the highest of their scores."""
    return _any_of(lists, highest=True)


def _any_of(lists: list[Scored], *, highest: bool) -> Scored:
    given = [(scored.doc.astype(np.uint32, copy=False), scored.score) for scored in lists]
    doc, score = kernel.any_of(given, highest)
    return Scored(np.frombuffer(doc, np.uint32), np.frombuffer(score))


def intersection(lists: list[Scored]) -> Scored:
    """Articles in every list, with their scores summed in the order of the lists."""
    doc = min(lists, key=lambda scored: len(scored.doc)).doc
    for other in lists:
        if other.doc is not doc:
            doc = doc[holds(doc, other.doc)]
    total = np.zeros(len(doc))
    for other in lists:
        total += other.score.take(other.doc.searchsorted(doc)) if len(doc) else 0
    return Scored(doc, total)
