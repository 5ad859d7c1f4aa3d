"""The page of a search in which one hit represents all copies of a text, or no outlet has more than its share.

The groups of copies are known for every article (see groups.py). A group takes the position of its best hit. Texts are
counted from the groups of all matches, which are read without their articles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._cached import cached_property
from newsearch.articles.article import Article
from newsearch.engine.base import FACETS, MAX_PAGE, Counts, Fold, Options
from newsearch.engine.folding import CANDIDATES, NOON, FoldedPage
from newsearch.engine.opensearch.answer import OpenSearchAnswer, Row
from newsearch.engine.opensearch.counts import Known
from newsearch.engine.opensearch.groups import Groups, count
from newsearch.engine.opensearch.paging import columns
from newsearch.engine.opensearch.periods import field_of, period_of
from newsearch.engine.optional import MAX_SELECTED
from newsearch.query.tree import Node

Array: TypeAlias = NDArray[Any]
Query: TypeAlias = dict[str, Any]


class _Group(NamedTuple):
    """A hit of the folded search: the article that is shown, and its group, -1 if it has no copies."""

    row: Row
    number: int


class FoldedOpenSearchAnswer(FoldedPage[OpenSearchAnswer, _Group]):
    """Implements `FoldedAnswer`.

    Args:
        groups: returns the groups of copies.
    """

    def __init__(
        self, known: Known, tree: Node, options: Options, fold: Fold, groups: Callable[[], Groups]
    ) -> None:
        self._known = known
        self._tree = tree
        self._options = options
        self._fold = fold
        self._find_groups = groups
        super().__init__(options, fold, first=CANDIDATES, most=MAX_PAGE)

    def copies(self, number: int) -> list[Article]:
        hit = self._hits[number]
        others = [row for row in self._copies.get(hit.number, ()) if _identity(row) != _identity(hit.row)]
        # A directory orders articles of one time by the hashes of their ids, too.
        in_order = sorted(others, key=lambda row: (_when(row), row.hit.source["key"]))
        return [self._search.article_of(row) for row in in_order]

    def groups(self) -> Counts:
        query = self._search.query
        complete = self._numbers(query.complete())
        partial = self._numbers(query.partial()) if query.counts_partial else complete[:0]
        found = count(complete)
        return Counts(found, count(np.concatenate([complete, partial])) - found)

    def facet_of_groups(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        if limit == 0:
            return []
        chosen = self._search.chosen
        # Only the first article of a group that has a value counts.
        seen: set[tuple[int, str]] = set()
        found: dict[str, int] = defaultdict(int)
        for numbers, fields in self._scanned(chosen, field_of(name)):
            for number, held in zip(numbers.tolist(), fields, strict=True):
                for value in self._values(name, held):
                    if number >= 0:
                        if (number, value) in seen:
                            continue
                        seen.add((number, value))
                    found[value] += 1
        if FACETS[name].of_time:
            periods = sorted(found.items())
            return periods if limit is None else periods[max(0, len(periods) - limit) :]
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit]

    # Folding

    def _searched(self, options: Options) -> OpenSearchAnswer:
        return OpenSearchAnswer(self._known, self._tree, options)

    def _paged(self) -> OpenSearchAnswer:
        return self._search.with_page([hit.row for hit in self._hits])

    def _outlet_of(self, group: _Group) -> str:
        outlet: str = group.row.hit.source.get("brand", "")
        return outlet

    @cached_property
    def _groups(self) -> Groups:
        return self._find_groups()

    def _numbered(self, rows: Iterable[Row]) -> list[int]:
        found = [_identity(row) for row in rows]
        numbers: list[int] = self._groups.of(
            [key for key, _ in found], [source for _, source in found]
        ).tolist()
        return numbers

    def _found(self) -> list[_Group]:
        rows = self._search.rows
        if not self._fold.copies or not rows:
            return [_Group(row, -1) for row in rows]
        seen: set[int] = set()
        found = []
        for row, number in zip(rows, self._numbered(rows), strict=True):
            if number < 0 or number not in seen:
                seen.add(number)
                found.append(_Group(row, number))
        if self._fold.show == "best":
            return found
        members = self._members(group.number for group in found)
        return [
            group._replace(row=self._shown(group.row, members[group.number])) if group.number >= 0 else group
            for group in found
        ]

    @cached_property
    def _copies(self) -> dict[int, list[Row]]:
        """The matches in the groups of the page."""
        return self._members(hit.number for hit in self._hits)

    def _members(self, numbers: Iterable[int]) -> dict[int, list[Row]]:
        """The matches in some groups, in the order of the search."""
        wanted = {number for number in numbers if number >= 0}
        keys = [key for number in sorted(wanted) for key in self._groups.keys(number)]
        found: dict[int, list[Row]] = {number: [] for number in wanted}
        for at in range(0, len(keys), MAX_SELECTED):
            some = keys[at : at + MAX_SELECTED]
            # Articles of other sources can have these ids too.
            most = min(MAX_PAGE, len(some) * len(self._known.generation.sources))
            options = replace(self._options, offset=0, limit=most)
            rows = OpenSearchAnswer(self._known, self._tree, options, among=some).rows
            for row, number in zip(rows, self._numbered(rows), strict=True):
                if number in wanted:
                    found[number].append(row)
        return found

    def _shown(self, best: Row, members: Sequence[Row]) -> Row:
        """The article of a group that is shown, given its best one and all, in the order of the search."""
        show = self._fold.show
        if show in ("first", "last"):
            choose = min if show == "first" else max
            times = [when for row in members if (when := _when(row)) < inf]
            qualified = [row for row in members if times and _when(row) == choose(times)]
        else:
            wanted = show.strip().casefold()
            qualified = [row for row in members if wanted in self._names(row)]
        return qualified[0] if qualified else best

    def _names(self, row: Row) -> tuple[str, ...]:
        """The names of the outlet of an article, folded."""
        provider = self._search.article_of(row).provider
        if provider is None:
            return ()
        return provider.name.casefold(), provider.domain.casefold().removeprefix("www.")

    # All matches

    def _numbers(self, chosen: Query) -> Array:
        """The groups of all articles that pass a filter."""
        parts = [numbers for numbers, _ in self._scanned(chosen, ())]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def _scanned(self, chosen: Query, fields: Sequence[str]) -> Iterable[tuple[Array, list[dict[str, Any]]]]:
        """The groups of all articles that pass a filter, and some of their fields, page by page."""
        for hits in columns(self._known.requests, chosen, fields):
            keys, sources = [hit["sort"][0] for hit in hits], [hit["sort"][1] for hit in hits]
            yield self._groups.of(keys, sources), [hit.get("fields", {}) for hit in hits]

    def _values(self, name: str, held: dict[str, Any]) -> Iterable[str]:
        if FACETS[name].of_time:
            return period_of(name, held, self._options.tz)
        (field,) = field_of(name)
        found: list[str] = held.get(field, [])
        return found


def _identity(row: Row) -> tuple[int, str]:
    return row.hit.source["key"], row.hit.source["source"]


def _when(row: Row) -> float:
    """The date in seconds, to sort by. A day without a time counts as noon; unknown dates come last."""
    seconds = row.hit.source.get("date")
    if seconds is None:
        return inf
    return float(seconds) + (NOON if "day" in row.hit.source else 0)
