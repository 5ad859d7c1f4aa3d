"""Every article as a list of articles, which takes no memory until it is needed as one.

A page of every article, or of those that pass filters, is found where the boosts are highest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import CHUNK, Boost, Part, Passes, Row

Array: TypeAlias = NDArray[Any]

_FIRST = 16
"""The number of CHUNKs of articles that are looked at first; and then as many times more each time."""

_MOST = 1024


class Every(Part):
    """Every article of an index, each with a score of 1. `doc` and `value` have the right length and nothing else."""

    __slots__ = ()

    def look_up(self, docs: Array) -> Array:
        return np.ones(len(docs), np.uint8)

    def listed(self) -> Part:
        """The same as a list."""
        return _part_of(np.arange(len(self.doc), dtype=np.uint32))


def every(articles: int) -> Every:
    """Every article of an index of so many."""
    # No loop takes these for arrays: they are not contiguous.
    return Every(np.broadcast_to(np.uint32(0), articles), np.broadcast_to(np.uint8(1), articles), 1.0, 1.0)


def is_every(part: Part) -> bool:
    """Whether a part is `every`."""
    return isinstance(part, Every)


def listed(parts: Sequence[Part]) -> list[Part]:
    """The same parts, with all articles listed for the loops."""
    return [part.listed() if isinstance(part, Every) else part for part in parts]


def best_of_every(boost: Boost, visible: Array | None, passes: Passes | None, wanted: int) -> list[Row]:
    """What `kernel.best_complete` finds among all articles."""
    articles = boost.articles
    falling = np.argsort(-boost.ceiling, kind="stable")
    rows: list[Row] = []
    least = -np.inf
    start, count = 0, max(_FIRST, -(-wanted // CHUNK))
    while start < len(falling) and boost.ceiling[falling[start]] >= least:
        chunks = np.sort(falling[start : start + count])
        docs = (chunks[:, None] * CHUNK + np.arange(CHUNK)).ravel()
        docs, rest = docs[docs < articles].astype(np.uint32), passes
        if rest is not None and start and len(rows) < wanted:
            # The loop asks about few at a time, which takes longer where few pass.
            docs, rest = docs[np.frombuffer(rest(docs), bool)], None
        rows += kernel.best_complete([_part_of(docs)], boost, visible, rest, wanted)
        if len(rows) >= wanted:
            least = sorted((row[0] for row in rows), reverse=True)[wanted - 1]
            rows = [row for row in rows if row[0] >= least]
        start, count = start + count, min(4 * count, max(_MOST, count))
    return rows


def _part_of(docs: Array) -> Part:
    return Part(docs, np.ones(len(docs), np.uint8), 1.0, 1.0)
