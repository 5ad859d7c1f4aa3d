"""The words of all segments together: how common they are, which begin alike, and which look alike."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.searching.clauses import Compiler
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.base import LikeForm
from newsearch.query.tree import Node

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]

_MAX_TOGETHER = 1 << 17
"""Beyond so many postings of the forms that begin alike, it is not looked at what they stand together with."""


class FormCounts:
    """The exact forms of an index with the number of articles that a search could find by each."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._counts: dict[int, Array] = {}

    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        """The commonest forms that begin so, and their articles; fulfils `Reader.begun`."""
        ranges = [segment.dictionary.prefix_range(prefix) for segment in self._view.segments]
        counts: list[Array] | None = None
        if among is not None:
            counts = self._together(ranges, among)
        if counts is None:
            counts = [self._segment_counts(i)[first:last] for i, (first, last) in enumerate(ranges)]
        return self._commonest([first for first, _ in ranges], counts, limit)

    def articles_with(self, form: str) -> int:
        """The articles that hold an exact form; fulfils `Reader.articles_with`."""
        # Of one form alone: to count all of them takes longer than most searches.
        view, total = self._view, 0
        for start, segment in zip(view.starts, view.segments, strict=False):
            number = segment.dictionary.number(form)
            if number >= 0:
                doc = segment.postings(number, number + 1)[0]
                total += len(doc) if view.all_visible else int(view.visible[start:].take(doc).sum())
        return total

    def like(self, term: str, edits: int) -> list[LikeForm]:
        """Other forms within so many edits; fulfils `Reader.like`."""
        articles: Counter[str] = Counter()
        distances: dict[str, int] = {}
        for i, segment in enumerate(self._view.segments):
            counts = self._segment_counts(i)
            for distance, form, number in segment.dictionary.similar(term, edits):
                articles[form] += int(counts[number])
                distances[form] = distance
        return [
            LikeForm(form, articles[form], distance)
            for form, distance in distances.items()
            if articles[form] and form != term
        ]

    def _commonest(self, firsts: list[int], counts: list[Array], limit: int) -> list[tuple[str, int]]:
        """The forms of the highest sums over all segments.

        Args:
            firsts: the number of the first form of each segment that is counted.
            counts: from there on, the articles of each form.
        """
        segments = self._view.segments
        taken = limit
        while True:
            candidates: set[str] = set()
            unseen = 0
            for segment, first, count in zip(segments, firsts, counts, strict=True):
                if len(count) > taken:
                    best = np.argpartition(-count, taken)[: taken + 1]
                    # What was not taken is at most as common as the last that was, in each segment.
                    unseen += int(count[best].min())
                else:
                    best = np.arange(len(count))
                candidates.update(segment.dictionary.term(first + i) for i in best.tolist())
            sums = {form: self._sum(form, firsts, counts) for form in candidates}
            ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:limit]
            if not unseen or (len(ranked) == limit and ranked[-1][1] > unseen):
                return [(form, count) for form, count in ranked if count]
            taken *= 4

    def _sum(self, form: str, firsts: list[int], counts: list[Array]) -> int:
        total = 0
        for segment, first, count in zip(self._view.segments, firsts, counts, strict=True):
            number = segment.dictionary.number(form)
            if number >= 0:
                total += int(count[number - first])
        return total

    def _segment_counts(self, i: int) -> Array:
        """For each form of a segment, how many of its visible articles hold it."""
        found = self._counts.get(i)
        if found is None:
            segment, view = self._view.segments[i], self._view
            at = segment.file.array("post_at").astype(np.int64)
            if view.all_visible or len(at) < 2:
                found = np.diff(at)
            else:
                visible = view.visible[view.starts[i] : view.starts[i + 1]]
                found = _sums(visible, segment.postings(0, len(at) - 1)[0], at)
            self._counts[i] = found
        return found

    def _together(self, ranges: list[tuple[int, int]], among: Node) -> list[Array] | None:
        """For each form in these ranges, how many visible articles hold it that the tree finds too.

        None where there are none, or too many postings to look at.
        """
        view = self._view
        postings = [segment.postings(*place)[0] for segment, place in zip(view.segments, ranges, strict=True)]
        clause = None
        if sum(map(len, postings)) <= _MAX_TOGETHER:
            clause = Compiler(view, among).clause(among)
        if clause is None:
            return None
        found = np.zeros(view.articles, bool)
        found[clause.part.doc] = True
        found &= view.visible
        counts = []
        for i, (docs, (first, last)) in enumerate(zip(postings, ranges, strict=True)):
            at = view.segments[i].file.array("post_at")[first : last + 1].astype(np.int64)
            counts.append(_sums(found[view.starts[i] : view.starts[i + 1]], docs, at))
        return counts if any(count.any() for count in counts) else None


def _sums(found: Mask, docs: Array, at: Array) -> Array:
    """How many postings of each form are of articles that were found; `at` says where those of a form begin."""
    before = np.concatenate(([0], np.cumsum(found.take(docs))))
    sums: Array = np.diff(before[at - at[0]])
    return sums
