"""The page of a search whose hits represent groups, as far as it is the same in every engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from newsearch.articles.article import Article
from newsearch.engine.base import Answer, Counts, Explanation, Fold, Options, Summary
from newsearch.stories.spreading import spread
from newsearch.text.analysis import Stemming

Search = TypeVar("Search", bound=Answer)
Group = TypeVar("Group")

CANDIDATES = 200
"""The number of hits that are read first. If they do not fill the page, it is doubled until they do."""

NOON = 43_200
"""Seconds after midnight that a day without a time counts as, among those that have one."""


class FoldedPage(ABC, Generic[Search, Group]):
    """The groups on a page, and the articles that represent them.

    The first hits of a search are grouped, and more of them until the page is full. A group takes the position of its
    best hit.

    Args:
        first, most: how many hits are read first, and at most. If these are the same, that many are read for every
            page, even an empty one: then the groups do not depend on the page.
    """

    _search: Search
    """The hits that were read, and all matches."""

    _page: Search
    """The same search with the articles on the page that represent their groups."""

    _hits: Sequence[Group]
    """The groups on the page."""

    def __init__(self, options: Options, fold: Fold, *, first: int, most: int) -> None:
        end = options.offset + options.limit
        size = min(max(first, end), most) if options.limit or first == most else 0
        while True:
            self._search = self._searched(replace(options, offset=0, limit=size))
            hits, is_full = spread(self._found(), self._outlet_of, fold.per_outlet, options.limit, end)
            if is_full or len(self._search) < size or size in (0, most):
                break
            size = min(2 * size, most)
        self._hits = hits[options.offset : end]
        self._page = self._paged()

    @abstractmethod
    def _searched(self, options: Options) -> Search:
        """Search for the hits that are grouped."""

    @abstractmethod
    def _found(self) -> Sequence[Group]:
        """The groups among the hits of `_search`, in their order."""

    @abstractmethod
    def _outlet_of(self, group: Group) -> Hashable:
        """The outlet of the article that represents a group; any false value if it is unknown."""

    @abstractmethod
    def _paged(self) -> Search:
        """`_search` with the articles that represent `_hits`."""

    def __len__(self) -> int:
        return len(self._hits)

    def matched(self, number: int) -> bool:
        return self._page.matched(number)

    def article(self, number: int) -> Article:
        return self._page.article(number)

    def json(self, numbers: Sequence[int], rank: int, more: list[bytes]) -> Sequence[bytes | None]:
        return self._page.json(numbers, rank, more)

    def stemming(self, number: int) -> Stemming:
        return self._page.stemming(number)

    def hits(self) -> Sequence[tuple[Summary, float, bool]]:
        return self._page.hits()

    def explain(self, number: int) -> Explanation:
        return self._page.explain(number)

    def counts(self) -> Counts:
        return self._search.counts()

    def complete(self) -> int:
        return self._search.complete()

    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        return self._search.facet(name, limit)
