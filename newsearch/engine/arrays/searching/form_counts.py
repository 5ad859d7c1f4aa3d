"""Document frequencies of exact forms over all segments, with lookup by prefix and by edit distance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import Every, shortest_first
from newsearch.engine.arrays.searching.clauses import Compiler
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.base import LikeForm
from newsearch.query.tree import All, And, Node, Phrase, Word
from newsearch.text import analysis
from newsearch.text.analysis import is_half

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]

_MAX_TOGETHER = 1 << 17
"""Co-occurrence is not counted for a prefix whose forms have more postings than this."""

_MAX_FORMS = 1 << 12
"""Up to this many forms, counted in each segment, are added up one by one."""


class FormCounts:
    """The exact forms of an index, each with the number of findable articles that contain it."""

    def __init__(self, view: View) -> None:
        self._view = view

    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        """The most frequent exact forms with this prefix, each with the number of findable articles that contain it.

        Implements `Reader.begun`.
        """
        if among is not None and (found := self._begun_among(prefix, limit, among)) is not None:
            return found
        if (known := self._view.vocabulary_to_compare()) is not None:
            return known.begun(prefix, limit)
        ranges = self._ranges(prefix)
        counts = [self._view.form_counts(i, first, last) for i, (first, last) in enumerate(ranges)]
        return self._commonest(ranges, counts, limit)

    def _begun_among(self, prefix: str, limit: int, among: Node) -> list[tuple[str, int]] | None:
        """As `begun`, among the articles that match a tree; None if there are none, or too many postings to read."""
        ranges = self._ranges(prefix)
        counts = self._together(ranges, among)
        if counts is None:
            return None
        are_few = sum(map(np.count_nonzero, counts)) <= _MAX_FORMS
        return (self._summed if are_few else self._commonest)(ranges, counts, limit)

    def _ranges(self, prefix: str) -> list[tuple[int, int]]:
        """For each segment, the numbers [first, last) of the forms with this prefix."""
        return [segment.dictionary.prefix_range(prefix) for segment in self._view.segments]

    def count(self, node: Node) -> int:
        """The number of findable articles that match a node. Implements `Reader.count`."""
        view = self._view
        if isinstance(node, Phrase) and node.field is None and not node.slop:
            terms = analysis.terms(node.text)
            if len(terms) == 2 and not any(map(is_half, terms)):
                return view.count_neighbours(*terms)
        if (
            isinstance(node, Word)
            and node.field is None
            and view.all_published
            and (term := _alone(node.text))
        ):
            return view.count_word(term)
        clause = Compiler(view, node).clause(node)
        # Text without words constrains nothing.
        if clause is None or isinstance(clause.part, Every):
            return view.count_shown(unpublished=False)
        return view.count_found(clause.part, unpublished=False)

    def bound(self, words: Sequence[str]) -> int:
        """A number that the findable articles with each of some words do not exceed. Implements `Reader.bound`."""
        terms = [term for word in words if (term := _alone(word))]
        if len(terms) > 1:
            return self._view.bound_of_all(terms)
        return self._view.bound(terms[0]) if terms else min(self.count(Word(word)) for word in words)

    def articles_with(self, form: str) -> int:
        """The number of findable articles that contain an exact form. Implements `Reader.articles_with`."""
        if (known := self._view.forms.together) is not None:
            return known.articles_with(form)
        # Count this form only: counting all forms takes longer than most searches.
        return self._view.count_visible(form)

    def like(self, term: str, edits: int, least: int = 1) -> list[LikeForm]:
        """Other exact forms within `edits` edits of a term. Implements `Reader.like`."""
        known = self._view.vocabulary_to_compare()
        if known is not None:
            near = known.near(term, edits, least)
            return [LikeForm(form, count, distance) for distance, form, count in near if form != term]
        articles: Counter[str] = Counter()
        distances: dict[str, int] = {}
        for i, segment in enumerate(self._view.segments):
            for distance, form, number in self._view.forms.near(segment, term, edits):
                articles[form] += int(self._view.form_counts(i, number, number + 1)[0])
                distances[form] = distance
        return [
            LikeForm(form, articles[form], distance)
            for form, distance in distances.items()
            if articles[form] >= least and form != term
        ]

    def _summed(
        self, ranges: list[tuple[int, int]], counts: list[Array], limit: int
    ) -> list[tuple[str, int]]:
        """As `_commonest`, for few forms: most forms with a prefix are in no article of a search."""
        sums: Counter[bytes] = Counter()
        for segment, (first, _), count in zip(self._view.segments, ranges, counts, strict=True):
            for number in np.flatnonzero(count).tolist():
                sums[segment.dictionary.encoded(first + number)] += int(count[number])
        return [(form.decode(), articles) for form, articles in _ranked(sums.items(), limit)]

    def _commonest(
        self, ranges: list[tuple[int, int]], counts: list[Array], limit: int
    ) -> list[tuple[str, int]]:
        """The forms with the highest totals over all segments.

        Args:
            ranges: for each segment, the numbers [first, last) of the forms counted.
            counts: for each segment, the number of articles per form.
        """
        segments = self._view.segments
        taken = limit
        while True:
            candidates: set[bytes] = set()
            unseen = 0
            for segment, (first, _), count in zip(segments, ranges, counts, strict=True):
                if len(count) > taken:
                    best = np.argpartition(-count, taken)[: taken + 1]
                    # In each segment, no remaining form is more frequent than the least frequent one taken.
                    unseen += int(count[best].min())
                else:
                    best = np.arange(len(count))
                candidates.update(segment.dictionary.encoded(first + i) for i in best.tolist())
            forms = list(candidates)
            ranked = _ranked(zip(forms, self._sums(forms, ranges, counts), strict=True), limit)
            if not unseen or (len(ranked) == limit and ranked[-1][1] > unseen):
                return [(form.decode(), count) for form, count in ranked if count]
            taken *= 4

    def _sums(self, forms: list[bytes], ranges: list[tuple[int, int]], counts: list[Array]) -> list[int]:
        """The total of each of some forms over all segments, given as to `_commonest`."""
        totals = [0] * len(forms)
        for segment, (first, _), count in zip(self._view.segments, ranges, counts, strict=True):
            for i, number in enumerate(segment.dictionary.exact(forms)):
                if number >= 0:
                    totals[i] += int(count[number - first])
        return totals

    def _together(self, ranges: list[tuple[int, int]], among: Node) -> list[Array] | None:
        """For each form in these ranges, the number of visible articles that contain it and match the tree.

        None if there are no such articles, or if there are too many postings to read.
        """
        view = self._view
        places = zip(view.segments, ranges, strict=True)
        if sum(len(segment.postings(*place)[0]) for segment, place in places) > _MAX_TOGETHER:
            return None
        compiler = Compiler(view, among)
        nodes = among.children if isinstance(among, All | And) else (among,)
        parts = [clause.part for node in nodes if (clause := compiler.clause(node))]
        if not parts:
            return None
        found = np.zeros(view.articles, bool)
        if all(isinstance(part, Every) for part in parts):
            found[:] = view.visible
        else:
            shown = view.shown(unpublished=False)
            found[np.frombuffer(kernel.common(shortest_first(parts), shown), np.uint32)] = True
        counts = [view.form_counts(i, *place, among=found) for i, place in enumerate(ranges)]
        return counts if any(count.any() for count in counts) else None


def _alone(word: str) -> str | None:
    """The term of a word that has no other spelling, and that is more than half of a pair."""
    if not word.isalpha():
        return None
    if word.isascii():
        return word[: analysis.MAX_TERM_LENGTH].lower()
    terms = analysis.terms(word)
    return terms[0] if len(terms) == 1 and not is_half(terms[0]) else None


def _ranked(totals: Iterable[tuple[bytes, int]], limit: int) -> list[tuple[bytes, int]]:
    """The most frequent forms. UTF-8 sorts as its characters do."""
    return sorted(totals, key=lambda item: (-item[1], item[0]))[:limit]
