"""The vector search: a query tree and one generation of an index -> one page of the best articles.

Complete matches, which contain every word, are found by intersecting the words' postings, the rarest first. Partial
matches contain only some of the words. They are considered only if the complete matches do not fill the page, or if the
query is a text. They are then found word by word, in order of falling maximum score, until no remaining article could
reach the page. Both searches prune by comparing codes, which are small integers, before they compute a score.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._cached import cached_property
from newsearch.articles.article import Article
from newsearch.engine.arrays.loops import kernel, matches
from newsearch.engine.arrays.loops.kernel import Mask, Passes, Row
from newsearch.engine.arrays.searching import facets, ordering
from newsearch.engine.arrays.searching.all_matches import AllMatches
from newsearch.engine.arrays.searching.clauses import Compiler, ScoringClause
from newsearch.engine.arrays.searching.guard import checked
from newsearch.engine.arrays.searching.page_filters import PageFilters
from newsearch.engine.arrays.searching.query_clauses import QueryClauses
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.base import FACETS, Counts, Explanation, Options
from newsearch.engine.optional import FormCount, Grouping, OutletCount
from newsearch.query.plan import plan
from newsearch.query.tree import Node
from newsearch.text.analysis import Stemming
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = ranking.Floats

_FEW_VALUES = 4096
"""Longer facets are not kept: their values take as much memory as many words."""

_FEW_FIRST = 100
"""The number of all articles, the first ones, that are kept in each order."""


class Search:
    """One query over one generation. Implements `Answer`."""

    @checked
    def __init__(self, view: View, tree: Node, options: Options) -> None:
        self._view = view
        self._options = options
        self._tree = tree
        asked = plan(tree)
        compiler = Compiler(view, tree, options.tz)
        self._clauses = QueryClauses(compiler, asked, options, lists=options.sort != "relevance")
        self._filters = PageFilters(view, compiler, asked.filters)
        self._finds_unpublished = options.unpublished or asked.unpublished
        self._all = AllMatches(
            view, options, self._clauses, self._filters, unpublished=self._finds_unpublished
        )
        as_of = options.as_of.timestamp() if options.as_of is not None else None
        self._as_of = as_of if options.boosts.half_life is not None else None
        self._boost = view.boost(options.boosts, self._as_of, options.tz)
        self._page, self._is_held = found = self._find_page()
        self._all.page = found
        self._records: list[Record] | None = None

    # Answer

    def __len__(self) -> int:
        return len(self._page)

    @checked
    def matched(self, number: int) -> bool:
        docs = np.array([self._page[number][1]], np.uint32)
        return not self._clauses.also or bool(self._clauses.are_own(docs)[0])

    def article(self, number: int) -> Article:
        # Not checked: it tells damage itself, and a page calls it ten times.
        record = self._records[number] if self._records is not None else None
        return self._view.article(self._page[number][1], record)

    @checked
    def json(self, numbers: Sequence[int], rank: int, more: list[bytes]) -> Sequence[bytes | None]:
        page, held = self._page, self._is_held
        return self._view.json([page[n] for n in numbers], [held[n] for n in numbers], rank, more)

    @checked
    def stemming(self, number: int) -> Stemming:
        segment, doc = self._view.place(self._page[number][1])
        return segment.stemming(doc)

    @checked
    def hits(self) -> Sequence[tuple[Record, float, bool]]:
        if self._records is None:
            self._records = self._view.records([doc for _, doc, _ in self._page])
        return list(zip(self._records, [score for _, _, score in self._page], self._is_held, strict=True))

    @checked
    def complete(self) -> int:
        return self._all.count

    @checked
    def counts(self) -> Counts:
        return self._all.counts()

    @checked
    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        if self._filters.any or not self._clauses.is_every:
            return self._counted_facet(name, limit)
        # A page without a query has the facets of all articles, which only change with the index.
        zone = self._options.tz if FACETS[name].of_time else None
        key = "facet", name, limit, zone, self._finds_unpublished
        known: tuple[tuple[str, int], ...] | None = self._view.cache.get(key)
        if known is None:
            known = tuple(self._counted_facet(name, limit))
            if len(known) <= _FEW_VALUES:
                self._view.cache.put(key, known)
        return list(known)

    def _counted_facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        if FACETS[name].of_time:
            return facets.counted_periods(name, self._days, limit)
        return facets.counted(self._view, name, self._counted, limit)

    @cached_property
    def _days(self) -> facets.Days:
        # The facets of time are often asked for together.
        return facets.counted_days(self._view, self._counted, self._options.tz)

    @checked
    def outlets(self, by: str | None) -> list[OutletCount]:
        from newsearch.engine.arrays.searching import outlets  # most searches do not ask

        return outlets.counted(self._view, self._counted, by, self._options.tz)

    @checked
    def forms(self, limit: int, least: int) -> list[FormCount]:
        from newsearch.engine.arrays.searching import distinctive  # most searches do not ask

        return distinctive.counted(
            self._view, self._counted, limit, least, unpublished=self._finds_unpublished
        )

    @checked
    def number(self, id: str) -> int | None:
        docs = self.docs
        alike = np.flatnonzero(self._view.spread("id_hash").take(docs) == np.uint64(hash_key(id)))
        return next((i for i in alike.tolist() if self._view.article(docs[i]).id == id), None)

    @checked
    def keys(self, known: Sequence[int]) -> array[int]:
        return matches.without(self._view.spread("id_hash").take(self._all.complete), known)

    @checked
    def among(self, keys: Collection[int], limit: int) -> Search:
        options = replace(self._options, offset=0, limit=limit)
        wanted = np.sort(np.fromiter(keys, np.uint64, len(keys)))
        complete = self._all.complete
        docs = complete[matches.holds(self._view.spread("id_hash").take(complete), wanted)]
        score = self._score(docs)
        key = score if options.sort == "relevance" else ordering.keys(self._view, options, docs)
        rows = list(zip(key.tolist(), docs.tolist(), score.tolist(), strict=True))
        found = copy(self)
        found._options, found._records = options, None
        found._page = ordering.ordered(self._view, options, rows, limit, 0)
        found._is_held = [True] * len(found._page)
        return found

    @checked
    def stories(self, span: float | None) -> Grouping:
        from newsearch.engine.arrays.searching import events  # most searches do not ask

        complete = bool(self.counts().complete)
        numbers = [i for i, held in enumerate(self._is_held) if held == complete]
        docs = np.array([self._page[i][1] for i in numbers], np.int64)
        found = events.stories(self._view, docs, span)
        return found._replace(stories=[[numbers[i] for i in story] for story in found.stories])

    @property
    def _counted(self) -> Array:
        """The matches that facets count: the complete ones or, if there are none, the partial ones."""
        return self._all.complete if len(self._all.complete) else self._all.partial

    @checked
    def explain(self, number: int) -> Explanation:
        from newsearch.engine.arrays.searching import explanations  # most searches do not ask

        _, doc, score = self._page[number]
        boost = float(self._boost.take(np.array([doc]))[0])
        clauses = self._explained
        added = [clause._replace(name=f"{clause.name}, added") for clause in clauses.also]
        text = explanations.of_text(clauses.scored, [*clauses.own, *added], doc)
        signals = explanations.of_signals(self._view, self._options, doc, self._as_of)
        return Explanation(score, "score", (text, Explanation(boost, "boost", signals)))

    @cached_property
    def _explained(self) -> QueryClauses:
        """The clauses, each with the clauses that it sums."""
        compiler = Compiler(self._view, self._tree, self._options.tz, explains=True)
        return QueryClauses(compiler, plan(self._tree), self._options, lists=True)

    # For folding

    @property
    def docs(self) -> Array:
        """The articles on the page."""
        return np.array([doc for _, doc, _ in self._page], np.int64)

    @property
    def held(self) -> Mask:
        """For each article on the page, whether it is a complete match."""
        return np.array(self._is_held, bool)

    @property
    def matches(self) -> tuple[Array, Array]:
        """All complete and all partial matches."""
        return self._all.complete, self._all.partial

    @property
    def added(self) -> Array:
        """All articles that only added words find."""
        return self._all.added

    def with_page(self, docs: list[int]) -> Search:
        """The same search with other articles on its page."""
        known = {row[1]: (row, is_held) for row, is_held in zip(self._page, self._is_held, strict=True)}
        missing = np.array([doc for doc in docs if doc not in known], np.int64)
        scores, held = self._score(missing), self._clauses.are_complete(missing)
        for doc, score, is_held in zip(missing.tolist(), scores.tolist(), held.tolist(), strict=True):
            known[doc] = (score, doc, score), is_held
        found = copy(self)
        found._page = [known[doc][0] for doc in docs]
        found._is_held = [known[doc][1] for doc in docs]
        found._records = None
        return found

    def best_of(self, docs: Array) -> int:
        """The first of some articles in the order of the search."""
        by_score = self._options.sort == "relevance"
        key = self._score(docs) if by_score else ordering.keys(self._view, self._options, docs)
        held = self._clauses.are_complete(docs)
        if by_score and self._clauses.ranks_by_sum:
            held = np.zeros(len(docs), bool)
        best = docs[held == held.max()]
        rows = [
            (value, doc, value)
            for value, doc in zip(key[held == held.max()].tolist(), best.tolist(), strict=True)
        ]
        return ordering.ordered(self._view, self._options, rows, 1, 0)[0][1]

    # Finding

    def _find_page(self) -> tuple[list[Row], list[bool]]:
        """The rows of the page, and for each whether it is a complete match."""
        first, wanted = self._options.offset, self._options.offset + self._options.limit
        if not self._options.limit:
            return [], []
        if self._clauses.ranks_by_sum:
            found = self._best_of_text(wanted, first)
            rows, _ = self._ordered(found, wanted, first)
            return rows, self._clauses.are_complete(np.array([doc for _, doc, _ in rows], np.uint32)).tolist()
        by_score = self._options.sort == "relevance"
        found = self._best_complete(wanted, first) if by_score else self._first_complete(wanted, first)
        page, count = self._ordered(found, wanted, first)
        is_held = [True] * len(page)
        if count < wanted and self._clauses.has_partial:
            wanted, first = wanted - count, max(first - count, 0)
            found = (
                self._best_partial(wanted, first)
                if by_score
                else self._by_key(self._all.partial, None, None, wanted, first)
            )
            page += self._ordered(found, wanted, first)[0]
            is_held += [False] * (len(page) - len(is_held))
        return page, is_held

    def _ordered(self, found: tuple[list[Row], int], wanted: int, first: int) -> tuple[list[Row], int]:
        """The rows of the page in their final order, and how many of those wanted there are."""
        rows, skipped = found
        rows = ordering.ordered(self._view, self._options, rows, wanted - skipped, first - skipped)
        return rows[first - skipped :] if first > skipped else rows, skipped + len(rows)

    def _best_of_text(self, wanted: int, first: int) -> tuple[list[Row], int]:
        """The best articles with any words of a text, complete or not."""
        if self._all.few is not None:
            return self._best_among(np.sort(np.concatenate((self._all.complete, self._all.partial))), wanted)
        return self._best_of_all(self._clauses.required, self._filter, wanted, first)

    def _best_among(self, docs: Array, wanted: int) -> tuple[list[Row], int]:
        """The best of some articles by relevance."""
        score = self._score(docs)
        kept = ranking.top(score, wanted)
        values = score.take(kept).tolist()
        return list(zip(values, docs.take(kept).tolist(), values, strict=True)), 0

    def _best_complete(self, wanted: int, first: int) -> tuple[list[Row], int]:
        if self._all.few is not None:
            return self._best_among(self._all.complete, wanted)
        if self._clauses.also:
            return self._best_of_all(self._clauses.own, self._filter, wanted, first)
        if not self._clauses.is_every:
            return kernel.best_complete(
                self._clauses.parts, self._boost, self._all.shown, self._filter, wanted, first
            )
        part, shown, passes = self._filters.all_passing(self._all.shown)
        return kernel.best_complete([part], self._boost, shown, passes, wanted, first)

    def _best_partial(self, wanted: int, first: int) -> tuple[list[Row], int]:
        if self._all.few is not None:
            return self._best_among(self._all.partial, wanted)
        if self._clauses.also:
            return self._best_of_all(self._clauses.required, self._passes_incomplete, wanted, first)
        return self._best_of_all(self._clauses.required, self._filter, wanted, first, also_complete=False)

    def _best_of_all(
        self,
        required: Sequence[ScoringClause],
        passes: Passes | None,
        wanted: int,
        first: int,
        *,
        also_complete: bool = True,
    ) -> tuple[list[Row], int]:
        """The best articles that match every required clause and at least one clause."""
        must = {id(clause.part) for clause in required}
        return kernel.best_partial(
            self._clauses.scored,
            bytes(id(part) in must for part in self._clauses.scored),
            also_complete,
            self._boost,
            self._all.shown,
            passes,
            wanted,
            first,
        )

    def _first_complete(self, wanted: int, first: int) -> tuple[list[Row], int]:
        """The first complete matches in an order other than relevance."""
        if wanted > _FEW_FIRST or self._filters.any or not self._clauses.is_every:
            return self._first_found(wanted, first)
        # The first of all articles change only with the index.
        zone = None if ordering.reads_column(self._view, self._options) else self._options.tz
        key = "first", self._options.sort, zone, self._finds_unpublished
        docs, keys = (column[:wanted] for column in self._view.cache.made(key, self._first_of_all))
        return list(zip(keys.tolist(), docs.tolist(), self._score(docs).tolist(), strict=True)), 0

    def _first_of_all(self) -> tuple[Array, Floats]:
        """The first _FEW_FIRST of all articles, and their keys."""
        rows, _ = self._ordered(self._first_found(_FEW_FIRST, 0), _FEW_FIRST, 0)
        return np.array([doc for _, doc, _ in rows], np.uint32), np.array([key for key, _, _ in rows])

    def _first_found(self, wanted: int, first: int) -> tuple[list[Row], int]:
        part = self._clauses.parts[0]
        if (
            self._all.few is not None
            or len(self._clauses.parts) > 1
            or not ordering.reads_column(self._view, self._order)
        ):
            return self._by_key(self._all.complete, None, None, wanted, first)
        is_every = self._clauses.is_every
        known = self._heights if ordering.may_be_on_top(len(part.doc), wanted) else None
        if known and known.top is not None and (is_every or part.bits is not None):
            docs = matches.numbers(known.top if is_every else known.top & part.bits)
            passes = self._filters.quickest(len(docs)) if self._filters.any else None
            found = self._by_key(docs, self._all.shown, passes, wanted, first)
            if found[1] + len(found[0]) >= wanted:
                return found
        if is_every:
            return self._by_key(self._all.complete, None, None, wanted, first)
        return self._by_key(part.doc, self._all.shown, self._filter, wanted, first)

    @cached_property
    def _heights(self) -> ordering.Heights | None:
        longest = max(len(part.doc) for part in self._clauses.parts)
        return ordering.heights(self._view, self._order, longest)

    @cached_property
    def _order(self) -> Options:
        return ordering.selecting(self._view, self._options)

    def _by_key(
        self, docs: Array, visible: Array | None, passes: Passes | None, wanted: int, first: int
    ) -> tuple[list[Row], int]:
        """The first of some articles in an order other than relevance, as `kernel.best_complete` returns articles."""
        docs, keys, skipped = ordering.foremost(
            self._view, self._order, docs, visible, passes, self._heights, wanted, first
        )
        return list(zip(keys.tolist(), docs.tolist(), self._score(docs).tolist(), strict=True)), skipped

    @property
    def _filter(self) -> Passes | None:
        """What articles must pass besides matching the clauses. None if there is nothing else."""
        if self._clauses.needs_own:
            return self._passes_own
        return self._filters.quickest(self._clauses.rarest) if self._filters.any else None

    def _passes_own(self, docs: Any) -> Mask:
        """Pass the articles that contain a word of the query itself and pass the filters."""
        passes = self._clauses.are_own(np.frombuffer(docs, np.uint32))
        others = self._filters.passes
        return passes & np.frombuffer(others(docs), bool) if others else passes

    def _passes_incomplete(self, docs: Any) -> Mask:
        """Pass the articles that are not complete matches and pass the filters."""
        passes = ~self._clauses.are_complete(np.frombuffer(docs, np.uint32))
        others = self._passes_own if self._clauses.needs_own else self._filters.passes
        return passes & np.frombuffer(others(docs), bool) if others else passes

    def _score(self, docs: Array) -> Floats:
        return self._clauses.scores(docs) * self._boost.take(docs)
