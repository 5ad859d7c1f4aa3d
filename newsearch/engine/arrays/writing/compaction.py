"""The merge policy: few enough segments for fast searches, without rewriting the whole index at every commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.files.layout import Spool
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.segment.structure import verify
from newsearch.engine.arrays.writing.builder import MAX_ARTICLES
from newsearch.engine.arrays.writing.merge import merge_segments
from newsearch.ranking import Pivots

Array: TypeAlias = NDArray[Any]

Write: TypeAlias = Callable[[dict[str, Array | Spool], int], Segment]
"""Writes the arrays of a segment with this number of articles to a file."""

_Part: TypeAlias = list[tuple[Segment, Array]]
"""The input of one merge: segments, each with the numbers of the articles to take from it."""

_MERGE_FACTOR = 8

_MAX_WORDS = 1 << 25
"""The most words in the articles of one compacted segment. A merge takes memory for each."""


def merged(segments: list[Segment], pivots: Pivots, write: Write) -> list[Segment]:
    """Merge small segments of similar size, and rewrite those that are mostly deleted. Changes the list in place.

    Raises:
        IndexCorrupt: one of them is damaged.
    """
    while True:
        chosen = _worth_merging(segments)
        if not chosen:
            return segments
        # A merge would give damaged arrays valid checksums, and turn a malformed foreign segment into one of ours.
        verify(chosen)
        articles, arrays = merge_segments(chosen, pivots)
        at = segments.index(chosen[0])
        # In place: no reference then keeps the merged segments, and the memory they use, alive.
        segments[:] = [s for s in segments if s not in chosen]
        segments.insert(at, write(arrays, articles))


def is_compact(segments: Sequence[Segment]) -> bool:
    """Whether there are as few segments as possible, with no deleted articles."""
    return all(_is_whole(part) for part in _packed(segments))


def compacted(segments: Sequence[Segment], pivots: Pivots, write: Write) -> list[Segment]:
    """Merge into as few segments as possible, with no deleted articles.

    Raises:
        IndexCorrupt: one of them is damaged.
    """
    few = []
    for part in _packed(segments):
        chosen, keep = zip(*part, strict=True)
        if _is_whole(part):
            few.append(chosen[0])
            continue
        verify(chosen)
        articles, arrays = merge_segments(chosen, pivots, keep)
        few.append(write(arrays, articles))
    return few


def _worth_merging(segments: Sequence[Segment]) -> list[Segment]:
    """Segments worth merging into one: _MERGE_FACTOR of similar size, or one that is mostly deleted."""
    sizes = {segment.name: segment.kept_articles for segment in segments}
    tiers: dict[int, list[Segment]] = {}
    for segment in segments:
        size = sizes[segment.name]
        if segment.articles - size > size:
            return [segment]
        if size * 2 <= MAX_ARTICLES:
            tiers.setdefault(size.bit_length() // 3, []).append(segment)
    for tier in tiers.values():
        if len(tier) >= _MERGE_FACTOR:
            chosen: list[Segment] = []
            for segment in tier:
                if sum(sizes[s.name] for s in chosen) + sizes[segment.name] <= MAX_ARTICLES:
                    chosen.append(segment)
            return chosen if len(chosen) > 1 else []
    return []


def _is_whole(part: _Part) -> bool:
    """Whether a part is one unchanged segment with no deleted articles."""
    return len(part) == 1 and len(part[0][1]) == part[0][0].articles


def _packed(segments: Sequence[Segment]) -> list[_Part]:
    """Group the kept articles into as few parts as the limits of a segment allow. Full segments stay unchanged."""
    parts: list[_Part] = [[]]
    articles = words = 0
    for segment in sorted(
        segments, key=lambda s: s.articles == s.kept_articles == MAX_ARTICLES, reverse=True
    ):
        docs = np.flatnonzero(segment.kept)
        sizes = segment.lengths.sum(axis=1, dtype=np.int64)[docs]
        while len(docs):
            room = int(np.searchsorted(np.cumsum(sizes), _MAX_WORDS - words, side="right"))
            fits = min(MAX_ARTICLES - articles, room)
            if not fits and parts[-1]:
                parts.append([])
                articles = words = 0
                continue
            fits = max(fits, 1)  # an article with more words than the limit gets its own segment
            parts[-1].append((segment, docs[:fits]))
            articles, words = articles + fits, words + int(sizes[:fits].sum())
            docs, sizes = docs[fits:], sizes[fits:]
    return [part for part in parts if part]
