"""One page of search results, with display options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from newsearch.engine.base import FACETS
from newsearch.search.results import Hit, Results


class Page(NamedTuple):
    """Search results and display options.

    Attributes:
        facets: names of the facets to show.
        explain: whether scores are explained.
        facet_limit: the number of values of each facet, 0 for all; None means the number in FACETS.
    """

    results: Results
    facets: Sequence[str] = ()
    explain: bool = False
    facet_limit: int | None = None

    @property
    def offset(self) -> int:
        """The number of hits before the page."""
        return self.results.request.offset

    def ranked(self) -> Iterator[tuple[int, Hit]]:
        """The hits with their ranks, from 1."""
        return enumerate(self.results, self.offset + 1)

    def related(self) -> Iterator[tuple[int, Hit]]:
        """Related hits after the last match, if the page has room for them. Ranks continue those of the matches."""
        found = self.offset + len(self.results)
        if len(self.results) and self.results.reaches_end:
            room = max(0, self.results.request.limit - len(self.results))
            yield from enumerate(self.results.related[:room], found + 1)

    def facet(self, name: str) -> tuple[list[tuple[str, int]], int]:
        """The values of a facet to show, and the number of values left out."""
        limit = self.facet_limit
        if limit is None:
            limit = FACETS[name].shown
        values = self.results.facet(name, limit=None)
        if not limit or len(values) <= limit:
            return values, 0
        return self.results.facet(name, limit), len(values) - limit
