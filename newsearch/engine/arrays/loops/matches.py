"""Set operations on sorted article numbers with scores."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


class Scored(NamedTuple):
    """Sorted articles with a score above 0 for each."""

    doc: Array
    score: NDArray[np.float64]


_DENSE = 4
"""With more than one posting per 2 ** _DENSE articles, a table over all articles is faster than sorting."""

NONE = Scored(np.empty(0, np.int64), np.empty(0))


def holds(docs: Array, among: Array) -> NDArray[np.bool_]:
    """For each of `docs`, whether it is in the sorted list `among`."""
    if not len(among):
        return np.zeros(len(docs), bool)
    found: NDArray[np.bool_] = among.take(among.searchsorted(docs), mode="clip") == docs
    return found


def union(lists: list[Scored]) -> Scored:
    """Articles in any of the lists, with their scores summed."""
    if len(lists) == 1:
        return lists[0]
    highest = max((int(scored.doc[-1]) for scored in lists if len(scored.doc)), default=0)
    if sum(len(scored.doc) for scored in lists) > highest >> _DENSE:
        table = np.zeros(highest + 1)
        for scored in lists:
            table[scored.doc] += scored.score
        doc = table.nonzero()[0]
        return Scored(doc, table.take(doc))
    doc, inverse = np.unique(np.concatenate([scored.doc for scored in lists]), return_inverse=True)
    scores: Any = np.concatenate([scored.score for scored in lists])
    return Scored(doc, np.bincount(inverse, scores, len(doc)).astype(np.float64, copy=False))


def highest(lists: list[Scored]) -> Scored:
    """Articles in any of the lists, with the highest of their scores."""
    doc, inverse = np.unique(np.concatenate([scored.doc for scored in lists]), return_inverse=True)
    best = np.zeros(len(doc))
    np.maximum.at(best, inverse, np.concatenate([scored.score for scored in lists]))
    return Scored(doc, best)


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
