"""The page of a search in which one hit represents all copies of a text or all reports of an event, or in which no
outlet has more than its share.

The groups of copies are known for every article. Stories are formed among the first MAX_REPORTS hits, whichever page is
asked for. A page reads only the articles that it shows, however many match. A group takes the position of its best hit.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._cached import cached_property
from newsearch.articles.article import Article
from newsearch.engine.arrays.searching import facets
from newsearch.engine.arrays.searching.events import grouped
from newsearch.engine.arrays.searching.groups import Groups, outlets_of, times_of
from newsearch.engine.arrays.searching.guard import checked
from newsearch.engine.arrays.searching.search import Search
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.base import FACETS, MAX_PAGE, MAX_REPORTS, Counts, Fold, Options
from newsearch.engine.folding import CANDIDATES, FoldedPage
from newsearch.query.tree import Node

Array: TypeAlias = NDArray[Any]


class _Group(NamedTuple):
    """A hit of the folded search: the article that is shown, and the number of its group."""

    doc: int
    number: int


class FoldedSearch(FoldedPage[Search, _Group]):
    """One folded query over one generation. Implements `StoriesAnswer`.

    Args:
        stories: whether one hit represents all reports of an event.
    """

    @checked
    def __init__(
        self, view: View, tree: Node, options: Options, fold: Fold, *, stories: bool = False
    ) -> None:
        self._view = view
        self._tree = tree
        self._options = options
        self._fold = fold
        self._are_stories = stories
        # What is in a story must not depend on which page it is on.
        first, most = (MAX_REPORTS, MAX_REPORTS) if stories else (CANDIDATES, MAX_PAGE)
        super().__init__(options, fold, first=first, most=most)

    @checked
    def copies(self, number: int) -> list[Article]:
        hit = self._hits[number]
        others = self._members(hit.number)
        others = others[others != hit.doc]
        if not len(others):
            return []
        # How the articles were split into batches must not show.
        ids = self._view.spread("id_hash").take(others)
        return [self._view.article(doc) for doc in others[np.lexsort((ids, self._when(others)))].tolist()]

    @checked
    def grouped(self) -> Counts:
        if not self._are_stories:
            return self._search.counts()
        return Counts(*map(len, self._grouped_docs))

    @checked
    def groups(self) -> Counts:
        complete, partial = self._grouped_docs
        groups = self._groups
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

    def _searched(self, options: Options) -> Search:
        return Search(self._view, self._tree, options)

    def _paged(self) -> Search:
        return self._search.with_page([hit.doc for hit in self._hits])

    def _found(self) -> list[_Group]:
        """The groups among the hits that were read, in their order."""
        docs = self._search.docs
        if not self._is_grouped or not len(docs):
            return [_Group(doc, doc) for doc in docs.tolist()]
        numbers = self._groups.of[docs]
        first = np.sort(np.unique(numbers, return_index=True)[1])
        best, numbers = docs[first], numbers[first]
        if self._fold.show == "best":
            return list(map(_Group, best.tolist(), numbers.tolist()))
        shared = self._groups.shared[best].tolist()
        return [
            _Group(self._shown(number, doc) if is_shared else doc, number)
            for doc, number, is_shared in zip(best.tolist(), numbers.tolist(), shared, strict=True)
        ]

    @property
    def _is_grouped(self) -> bool:
        return self._are_stories or self._fold.copies

    @property
    def _groups(self) -> Groups:
        return self._stories if self._are_stories else self._view.groups

    @cached_property
    def _stories(self) -> Groups:
        """The stories among the hits that were read."""
        view, docs = self._view, self._search.docs
        key = blake2b(docs.tobytes(), digest_size=16).digest()
        label = view.remembered(("stories", key), lambda: grouped(view, docs))
        of, shared = np.arange(view.articles, dtype=np.int32), np.zeros(view.articles, bool)
        of[docs] = docs[label]
        shared[docs] = (np.bincount(label, minlength=1) > 1)[label]
        return Groups(of, shared)

    @property
    def _grouped_docs(self) -> tuple[Array, Array]:
        """The complete and the partial matches that are grouped."""
        if not self._are_stories:
            return self._search.matches
        docs, held = self._search.docs, self._search.held
        return docs[held], docs[~held]

    @cached_property
    def _shared(self) -> tuple[Array, Array]:
        """The matches that share a group with others, sorted by their groups; and these."""
        groups = self._groups
        # Stories already have those that only added words find.
        docs = np.concatenate([*self._grouped_docs, *([] if self._are_stories else [self._search.added])])
        docs = docs[groups.shared[docs]]
        numbers = groups.of[docs]
        order = np.argsort(numbers, kind="stable")
        return docs[order], numbers[order]

    def _members(self, number: int) -> Array:
        """The matches of a group."""
        if not self._is_grouped:
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
        """Dates in seconds, to sort by. Unknown dates come last."""
        return np.nan_to_num(times_of(self._view, docs), nan=np.inf)

    def _outlet_of(self, group: _Group) -> int:
        return int(outlets_of(self._view, np.array(group.doc)))
