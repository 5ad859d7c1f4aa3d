"""The page of a search in which one hit represents all copies of a text, or no outlet has more than its share.

The groups of copies are known for every article. A page therefore reads only the hits that it shows, however many
match. A group takes the position of its best hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine.arrays.searching import facets
from newsearch.engine.arrays.searching.groups import outlets
from newsearch.engine.arrays.searching.guard import checked
from newsearch.engine.arrays.searching.search import Search
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.base import FACETS, MAX_PAGE, Counts, Explanation, Fold, Options
from newsearch.query.tree import Node
from newsearch.stories.spreading import spread
from newsearch.text.analysis import Stemming

Array: TypeAlias = NDArray[Any]

CANDIDATES = 200
"""Hits that are read first. If they do not fill the page, the number is doubled until they do."""

_NOON = 43_200


class _Group(NamedTuple):
    """A hit of the folded search: the article that is shown, and the number of its group."""

    doc: int
    number: int


class FoldedSearch:
    """One folded query over one generation. Implements `FoldedAnswer`."""

    @checked
    def __init__(self, view: View, tree: Node, options: Options, fold: Fold) -> None:
        self._view = view
        self._fold = fold
        self._options = options
        end = options.offset + options.limit
        size = min(max(CANDIDATES, end), MAX_PAGE) if options.limit else 0
        while True:
            self._search = Search(view, tree, replace(options, offset=0, limit=size))
            hits, is_full = self._spread(self._found(), end)
            if is_full or len(self._search) < size or size == MAX_PAGE or not size:
                break
            size = min(2 * size, MAX_PAGE)
        self._hits = hits[options.offset : end]
        self._page = self._search.with_page([hit.doc for hit in self._hits])

    # Answer

    def __len__(self) -> int:
        return len(self._hits)

    def matched(self, number: int) -> bool:
        return self._page.matched(number)

    def article(self, number: int) -> Article:
        return self._page.article(number)

    def stemming(self, number: int) -> Stemming:
        return self._page.stemming(number)

    def hits(self) -> Sequence[tuple[Record, float, bool]]:
        return self._page.hits()

    def explain(self, number: int) -> Explanation:
        return self._page.explain(number)

    def counts(self) -> Counts:
        return self._search.counts()

    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        return self._search.facet(name, limit)

    @checked
    def copies(self, number: int) -> list[Article]:
        hit = self._hits[number]
        others = self._members(hit.number)
        others = others[others != hit.doc]
        return [self._view.article(doc) for doc in others[np.lexsort((others, self._when(others)))].tolist()]

    @checked
    def groups(self) -> Counts:
        complete, partial = self._search.matches
        groups = self._view.groups
        found = groups.count(complete)
        return Counts(found, groups.count(np.concatenate([complete, partial])) - found if len(partial) else 0)

    @checked
    def facet_of_groups(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        complete, partial = self._search.matches
        docs = complete if len(complete) else partial
        if FACETS[name].of_time:
            return facets.periods_of_groups(
                self._view, name, docs, limit, self._options.tz, self._view.groups
            )
        return facets.counted(self._view, name, docs, limit, self._view.groups)

    # Folding

    def _found(self) -> list[_Group]:
        """The groups among the hits that were read, in their order."""
        docs = self._search.docs
        if not self._fold.copies or not len(docs):
            return [_Group(doc, doc) for doc in docs.tolist()]
        numbers = self._view.groups.of[docs]
        first = np.sort(np.unique(numbers, return_index=True)[1])
        best, numbers = docs[first], numbers[first]
        if self._fold.show == "best":
            return list(map(_Group, best.tolist(), numbers.tolist()))
        shared = self._view.groups.shared[best].tolist()
        return [
            _Group(self._shown(number, doc) if is_shared else doc, number)
            for doc, number, is_shared in zip(best.tolist(), numbers.tolist(), shared, strict=True)
        ]

    @cached_property
    def _shared(self) -> tuple[Array, Array]:
        """The matches that have copies, sorted by their groups; and these."""
        groups = self._view.groups
        docs = np.concatenate(self._search.matches)
        docs = docs[groups.shared[docs]]
        numbers = groups.of[docs]
        order = np.argsort(numbers, kind="stable")
        return docs[order], numbers[order]

    def _members(self, number: int) -> Array:
        """The matches of a group."""
        if not self._fold.copies:
            return np.empty(0, np.int64)
        docs, numbers = self._shared
        first, last = np.searchsorted(numbers, [number, number + 1])
        return docs[first:last]

    def _shown(self, number: int, best: int) -> int:
        """The article of a group that is shown, given its best one."""
        members = self._members(number)
        show = self._fold.show
        if show in ("first", "last"):
            when = self._when(members)
            members, when = members[when < np.inf], when[when < np.inf]
            if len(members):
                members = members[when == (when.min() if show == "first" else when.max())]
        else:
            members = members[self._is_of(show)[self._view.column("provider").take(members)]]
        if not len(members) or best in members:
            return best
        return self._search.best_of(members)

    def _is_of(self, outlet: str) -> NDArray[np.bool_]:
        """For each provider, whether this is its name or its domain."""
        wanted = outlet.strip().casefold()

        def is_it(name: str) -> bool:
            known = name.split("\x1f")
            return wanted in (known[0], *(part.removeprefix("www.") for part in known[1:2])) and bool(name)

        return self._view.chosen("provider", f"shown {wanted}", is_it)

    def _when(self, docs: Array) -> Array:
        """Dates in seconds, to sort by. A day without a time counts as noon; unknown dates come last."""
        view = self._view
        is_day = (view.column("flag").take(docs) & columns.DATE_ONLY) != 0
        return np.nan_to_num(view.known("date", docs) + np.where(is_day, _NOON, 0), nan=np.inf)

    def _spread(self, groups: list[_Group], end: int) -> tuple[list[_Group], bool]:
        outlet = self._view.remembered("outlets", lambda: outlets(self._view))[1]
        provider = self._view.column("provider")

        def outlet_of(group: _Group) -> int:
            return int(outlet[provider[group.doc]])

        return spread(groups, outlet_of, self._fold.per_outlet, self._options.limit, end)
