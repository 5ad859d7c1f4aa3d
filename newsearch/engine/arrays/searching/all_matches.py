"""All articles that match a query, and how many: found only when they are asked for, since a page needs few of them."""

from __future__ import annotations

from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._cached import cached_property
from newsearch.engine.arrays.loops import kernel, matches, sieve
from newsearch.engine.arrays.loops.kernel import (
    InPlace,
    Part,
    Row,
    has_bit,
    listed,
    looked_up,
    shortest_first,
)
from newsearch.engine.arrays.searching.page_filters import PageFilters
from newsearch.engine.arrays.searching.query_clauses import QueryClauses
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.base import Counts, Options

Array: TypeAlias = NDArray[Any]

_MANY = 16
"""Filters are computed in full and cached if at least one article in this many contains the rarest word."""


class AllMatches:
    """All matches of one search.

    Args:
        unpublished: whether unpublished articles are found.

    Attributes:
        shown: a bitmap of the articles that may be found at all. None means all.
        page: the articles on the page of the search, and for each whether it is a complete match, once that is known.
            A page that is not full spares a second search.
    """

    def __init__(
        self, view: View, options: Options, clauses: QueryClauses, filters: PageFilters, *, unpublished: bool
    ) -> None:
        self._view = view
        self._options = options
        self._clauses = clauses
        self._filters = filters
        self._unpublished = unpublished
        self.shown = view.shown(unpublished=unpublished)
        self.page: tuple[list[Row], list[bool]] | None = None

    @cached_property
    def few(self) -> Array | None:
        """The articles that may be found and pass the filters, if looking for the words in them is fastest."""
        clauses = self._clauses
        if not self._filters.any or clauses.also or clauses.is_every:
            return None
        lengths = [len(part.doc) for part in clauses.parts]
        few = self._filters.few(max(lengths) if clauses.has_partial else min(lengths))
        return few if few is None or self.shown is None else few[has_bit(self.shown, few)]

    @cached_property
    def complete(self) -> Array:
        """The articles that match every clause, sorted."""
        clauses = self._clauses
        if self.few is not None:
            return self.few[clauses.are_complete(self.few)]
        clauses.make_lists()
        if (known := self._complete_on_page) is not None:
            return known
        if clauses.is_every:
            bits = self._filters.bits if self._filters.any else self.shown
            if bits is not None:
                return matches.numbers(self._among_shown(bits))
        return self._passing(self._holding(clauses.parts))

    @cached_property
    def partial(self) -> Array:
        """The articles that match the required clauses but only some of the optional ones, sorted."""
        clauses = self._clauses
        if not clauses.has_partial:
            return np.empty(0, np.uint32)
        if self.few is None:
            clauses.make_lists()
        required = [clause.part for clause in clauses.required]
        if self.few is not None:
            held = kernel.holds(required or clauses.parts, self.few, bool(required))
            docs: Array = self.few[np.frombuffer(held, bool)]
        else:
            docs = self._passing(
                self._holding(shortest_first(required)) if required else self._holding_any(clauses.parts)
            )
        return docs[~matches.holds(docs, self.complete)]

    @cached_property
    def added(self) -> Array:
        """The articles that only added words find, sorted. They are not counted."""
        clauses = self._clauses
        if not clauses.also or not self._options.also_finds or clauses.required:
            return np.empty(0, np.uint32)
        clauses.make_lists()
        docs = self._passing(self._holding_any([clause.part for clause in clauses.also]))
        docs = docs[~matches.holds(docs, self.complete)]
        return docs[~matches.holds(docs, self.partial)]

    @cached_property
    def count(self) -> int:
        """The number of complete matches."""
        if "complete" in self.__dict__:
            return len(self.complete)
        if not self._filters.any:
            return self._count_every(self.shown)
        if self.few is not None:
            return len(self.complete)
        if (bits := self._filter_bits) is not None:
            is_alone = self._clauses.is_every
            return sieve.count(bits, self.shown) if is_alone else self._count_every(self._among_shown(bits))
        return len(self.complete)

    def counts(self) -> Counts:
        """The numbers of complete and of partial matches."""
        if not self._clauses.has_partial or self._clauses.required or self.few is not None:
            return Counts(self.count, len(self.partial))
        count = self._count_any(self.shown)
        if self._filters.any:
            is_many = count * _MANY >= self._view.articles
            bits = self._filters.bits if is_many else self._filters.asked_bits
            if bits is None:
                return Counts(self.count, len(self.partial))
            count = self._count_any(self._among_shown(bits))
        return Counts(self.count, count - self.count)

    # Listing

    @property
    def _complete_on_page(self) -> Array | None:
        """All complete matches, if the page is the first one by relevance and not full: it has all of them."""
        if self.page is None or self._options.sort != "relevance" or self._options.offset:
            return None
        page, is_held = self.page
        found = sorted(row[1] for row, held in zip(page, is_held, strict=True) if held)
        most = len(page) if self._clauses.ranks_by_sum else len(found)
        return np.array(found, np.uint32) if most < self._options.limit else None

    def _holding(self, parts: list[Part]) -> Array:
        """The visible articles that are in every one of these lists."""
        return np.frombuffer(kernel.common(parts, self.shown), np.uint32)

    def _holding_any(self, parts: list[Part]) -> Array:
        """The visible articles that are in any of these lists."""
        parts = listed(parts)
        bits = sieve.union([part.doc for part in parts if part.bits is None], self._view.articles)
        known = (part.bits for part in parts if part.bits is not None)
        return matches.numbers(
            self._among_shown(reduce(np.bitwise_or, known, np.frombuffer(bits, np.uint64)))
        )

    def _passing(self, docs: Array) -> Array:
        """The articles of `docs` that pass the filters."""
        groups = self._filters.groups
        return docs[np.frombuffer(sieve.passing(groups, docs), bool)] if groups else docs

    def _among_shown(self, bits: Array) -> Array:
        return bits if self.shown is None else bits & self.shown

    # Counting

    @property
    def _filter_bits(self) -> Array | None:
        """A bitmap of the articles that pass the filters, or None if computing it does not pay off."""
        clauses = self._clauses
        if clauses.also or self.page is None or len(self.page[0]) < self._options.limit:
            return None
        if clauses.has_partial or clauses.rarest * _MANY < self._view.articles:
            return self._filters.bits_again(clauses.rarest)
        return self._filters.bits

    def _count_every(self, shown: Array | None) -> int:
        """The number of articles of a bitmap that match every clause."""
        clauses = self._clauses
        if clauses.is_every:
            return self._view.articles if shown is None else sieve.count(shown)
        if shown is self.shown and len(clauses.parts) == 1:
            return self._count_of(clauses.parts[0])
        if clauses.has_lists:
            return kernel.count(clauses.parts, shown)
        is_known = shown is self.shown and "_shown_counts" in self.__dict__
        if not is_known and (parts := looked_up(clauses.parts, self._view.articles)):
            return kernel.count(parts, shown)
        return self._counts_in_place(shown)[0]

    def _count_any(self, shown: Array | None) -> int:
        """The number of articles of a bitmap that match at least one clause."""
        parts = self._clauses.parts
        if not self._clauses.has_lists:
            return self._counts_in_place(shown)[1]
        if len(parts) == 2 and not self._filters.any:
            return sum(map(self._count_of, parts)) - self.count
        return kernel.count_any(listed(parts), shown)

    def _count_of(self, part: Part) -> int:
        return self._view.count_found(part, unpublished=self._unpublished)

    def _counts_in_place(self, shown: Array | None) -> tuple[int, int]:
        """How many articles of a bitmap match every clause, and how many any, without the lists of all words."""
        if not any(isinstance(part, InPlace) for part in self._clauses.parts):
            self._clauses.make_lists()
            return self._count_every(shown), self._count_any(shown)
        return self._shown_counts if shown is self.shown else kernel.counted(self._clauses.parts, shown)

    @cached_property
    def _shown_counts(self) -> tuple[int, int]:
        # The complete matches and those with any word are counted together, and asked for one after the other.
        return kernel.counted(self._clauses.parts, self.shown)
