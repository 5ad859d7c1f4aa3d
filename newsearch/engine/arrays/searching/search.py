"""The vector search: a query tree and one generation of an index -> one page of the best articles.

Complete matches, which contain every word, are found by intersecting the words' postings, the rarest first. Partial
matches contain only some of the words. They are considered only if the complete matches do not fill the page, or if the
query is a text. They are then found word by word, in order of falling maximum score, until no remaining article could
reach the page. Both searches prune by comparing codes, which are small integers, before they compute a score.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property, reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.loops import kernel, matches, sieve
from newsearch.engine.arrays.loops.kernel import (
    Every,
    InPlace,
    Mask,
    Part,
    Passes,
    Row,
    has_bit,
    listed,
    shortest_first,
)
from newsearch.engine.arrays.searching import facets, ordering
from newsearch.engine.arrays.searching.clauses import Compiler, ScoringClause
from newsearch.engine.arrays.searching.guard import checked
from newsearch.engine.arrays.searching.page_filters import PageFilters
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.base import FACETS, Counts, Explanation, Options
from newsearch.engine.optional import FormCount, Grouping, OutletCount
from newsearch.query.plan import plan
from newsearch.query.tree import Everything, Node, Word
from newsearch.text.analysis import Stemming
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = ranking.Floats


_MANY = 16
"""Filters are computed in full and cached if at least one article in this many contains the rarest word."""


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
        self._explains = False
        self._compiler = compiler = Compiler(view, tree, options.tz)
        asked = plan(tree)
        self._filters = asked.filters
        by_score = options.sort == "relevance"
        self._nodes = asked.required, asked.optional, options.also if by_score else ()
        # Few articles contain all the words of a text, and those that do tend to be long rather than relevant.
        self._ranks_by_sum = asked.is_text and by_score
        self._has_lists = not by_score
        self._compile()
        self._has_lists = InPlace not in [type(clause.part) for clause in self._clauses + self._also]
        # Articles that match only added words must be excluded, but only if no other clause is required.
        self._needs_own = bool(self._also) and not (options.also_finds or self._required)
        self._has_partial = len(self._optional) > 1 or bool(
            self._optional and (self._required or (self._also and options.also_finds))
        )
        self._finds_unpublished = options.unpublished or asked.unpublished
        self._shown = view.shown(unpublished=self._finds_unpublished)
        self._sieve = PageFilters(view, compiler, asked.filters)
        as_of = options.as_of.timestamp() if options.as_of is not None else None
        self._as_of = as_of if options.boosts.half_life is not None else None
        self._boost = view.boost(options.boosts, self._as_of, options.tz)
        self._page, self._is_held = self._find_page()
        self._records: list[Record] | None = None

    def _compile(self) -> None:
        """Compile the nodes to clauses. Without lists, words may be read in place."""
        required, optional, also = self._nodes
        clause = self._compiler.clause if self._has_lists else self._compiler.clause_of_page
        of_many = self._compiler.clause if self._has_lists else self._clause_of_many
        of_optional = of_many if self._ranks_by_sum else clause
        self._required = _compiled(required, clause)
        self._optional = _compiled(optional, of_optional)
        if not self._required and not self._optional and (everything := clause(Everything())):
            self._required = [everything]
        self._clauses = self._required + self._optional
        self._also = [found for node in also if (found := of_many(node))]
        # Scores are always summed in this order. Otherwise rounding could give equal articles different scores.
        self._parts = _by_length(self._clauses)
        self._scored = _by_length(self._clauses + self._also) if self._also else self._parts

    def _clause_of_many(self, node: Node) -> ScoringClause | None:
        return self._compiler.clause_of_page(node, of_many=True)

    def _make_lists(self) -> None:
        """Read the lists of all words, which everything but the page and its scores needs."""
        if not self._has_lists:
            self._has_lists = True
            self._compile()

    # Answer

    def __len__(self) -> int:
        return len(self._page)

    @checked
    def matched(self, number: int) -> bool:
        docs = np.array([self._page[number][1]], np.uint32)
        return not self._also or bool(self._is_any(docs)[0])

    def article(self, number: int) -> Article:
        # Not checked: it tells damage itself, and a page calls it ten times.
        record = self._records[number] if self._records is not None else None
        return self._view.article(self._page[number][1], record)

    @checked
    def json(self, hits: Sequence[tuple[int, bytes, bytes]]) -> Sequence[bytes | None]:
        page = self._page
        return self._view.json([(page[number][1], before, after) for number, before, after in hits])

    @checked
    def stemming(self, number: int) -> Stemming:
        segment, doc = self._view.place(self._page[number][1])
        return segment.stemming(doc)

    @checked
    def hits(self) -> Sequence[tuple[Record, float, bool]]:
        if self._records is None:
            self._records = self._view.records([doc for _, doc, _ in self._page])
        return list(zip(self._records, [score for _, _, score in self._page], self._is_held, strict=True))

    def scores(self) -> Sequence[tuple[float, bool]]:
        return list(zip([score for _, _, score in self._page], self._is_held, strict=True))

    @checked
    def complete(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        if "_complete" in self.__dict__:
            return len(self._complete)
        if not self._filters:
            return self._count_in(self._shown)
        if self._few is not None:
            return len(self._complete)
        if (bits := self._filter_bits) is not None:
            return self._count_in(bits if self._shown is None else bits & self._shown)
        return len(self._complete)

    @checked
    def counts(self) -> Counts:
        complete = self._count
        if not self._has_partial or self._required or self._few is not None:
            return Counts(complete, len(self._partial))
        count = self._count_any(self._shown)
        if self._filters:
            is_many = count * _MANY >= self._view.articles
            bits = self._sieve.bits if is_many else self._sieve.asked_bits
            if bits is None:
                return Counts(complete, len(self._partial))
            count = self._count_any(bits if self._shown is None else bits & self._shown)
        return Counts(complete, count - complete)

    @cached_property
    def _is_every(self) -> bool:
        """Whether every article is a complete match, but for the filters."""
        return all(isinstance(part, Every) for part in self._parts)

    def _count_in(self, shown: Array | None) -> int:
        """The number of articles of a bitmap that match every clause."""
        if self._is_every:
            return self._view.articles if shown is None else int(np.bitwise_count(shown).sum())
        if shown is self._shown and len(self._parts) == 1:
            return self._count_of(self._parts[0])
        return kernel.count(self._parts, shown) if self._has_lists else self._counts_in(shown)[0]

    def _count_any(self, shown: Array | None) -> int:
        """The number of articles of a bitmap that match at least one clause."""
        if not self._has_lists:
            return self._counts_in(shown)[1]
        if len(self._parts) == 2 and not self._filters:
            return sum(map(self._count_of, self._parts)) - self._count
        return kernel.count_any(listed(self._parts), shown)

    def _count_of(self, part: Part) -> int:
        return self._view.count_found(part, unpublished=self._finds_unpublished)

    def _counts_in(self, shown: Array | None) -> tuple[int, int]:
        """How many articles of a bitmap match every clause, and how many any, without the lists of all words."""
        if not any(isinstance(part, InPlace) for part in self._parts):
            self._make_lists()
            return self._count_in(shown), self._count_any(shown)
        return self._shown_counts if shown is self._shown else kernel.counted(self._parts, shown)

    @cached_property
    def _shown_counts(self) -> tuple[int, int]:
        # The complete matches and those with any word are counted together, and asked for one after the other.
        return kernel.counted(self._parts, self._shown)

    @cached_property
    def _few(self) -> Array | None:
        """The articles that may be found and pass the filters, if words are best looked for in them."""
        if not self._filters or self._also or self._is_every:
            return None
        lengths = [len(part.doc) for part in self._parts]
        few = self._sieve.few(max(lengths) if self._has_partial else min(lengths))
        return few if few is None or self._shown is None else few[has_bit(self._shown, few)]

    @property
    def _filter_bits(self) -> Array | None:
        """A bitmap of the articles that pass the filters, or None if computing it does not pay off."""
        if self._also or len(self._page) < self._options.limit:
            return None
        if self._has_partial or self._rarest * _MANY < self._view.articles:
            return self._sieve.bits_again(self._rarest)
        return self._sieve.bits

    @property
    def _rarest(self) -> int:
        """The number of articles in the shortest list."""
        return min(len(part.doc) for part in self._parts)

    @checked
    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        if self._filters or not self._is_every:
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
        return matches.without(self._view.spread("id_hash").take(self._complete), known)

    @checked
    def among(self, keys: Collection[int], limit: int) -> Search:
        options = replace(self._options, offset=0, limit=limit)
        wanted = np.sort(np.fromiter(keys, np.uint64, len(keys)))
        docs = self._complete[matches.holds(self._view.spread("id_hash").take(self._complete), wanted)]
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
        return self._complete if len(self._complete) else self._partial

    @checked
    def explain(self, number: int) -> Explanation:
        if not self._explains:
            self._compiler = Compiler(self._view, self._tree, self._options.tz, explains=True)
            self._explains = self._has_lists = True
            self._compile()
        from newsearch.engine.arrays.searching import explanations  # most searches do not ask

        _, doc, score = self._page[number]
        boost = float(self._boost.take(np.array([doc]))[0])
        added = [clause._replace(name=f"{clause.name}, added") for clause in self._also]
        text = explanations.of_text(self._scored, [*self._clauses, *added], doc)
        signals = explanations.of_signals(self._view, self._options, doc, self._as_of)
        return Explanation(score, "score", (text, Explanation(boost, "boost", signals)))

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
        return self._complete, self._partial

    def with_page(self, docs: list[int]) -> Search:
        """The same search with other articles on its page."""
        known = {row[1]: (row, is_held) for row, is_held in zip(self._page, self._is_held, strict=True)}
        missing = np.array([doc for doc in docs if doc not in known], np.int64)
        scores, held = self._score(missing), self._is_complete(missing)
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
        held = self._is_complete(docs)
        if by_score and self._ranks_by_sum:
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
        if self._ranks_by_sum:
            found = self._best_of_text(wanted, first)
            rows, _ = self._ordered(found, wanted, first)
            return rows, self._is_complete(np.array([doc for _, doc, _ in rows], np.uint32)).tolist()
        by_score = self._options.sort == "relevance"
        found = self._best_complete(wanted, first) if by_score else self._first_complete(wanted, first)
        page, count = self._ordered(found, wanted, first)
        is_held = [True] * len(page)
        if count < wanted and self._has_partial:
            wanted, first = wanted - count, max(first - count, 0)
            found = (
                self._best_partial(wanted, first)
                if by_score
                else self._by_key(self._partial, None, None, wanted, first)
            )
            page += self._ordered(found, wanted, first)[0]
            is_held += [False] * (len(page) - len(is_held))
        return page, is_held

    def _ordered(self, found: tuple[list[Row], int], wanted: int, first: int) -> tuple[list[Row], int]:
        """The rows of the page in their final order, and how many of those wanted there are."""
        rows, skipped = found
        rows = ordering.ordered(self._view, self._options, rows, wanted - skipped, first - skipped)
        return rows[first - skipped :] if first > skipped else rows, skipped + len(rows)

    def _is_complete(self, docs: Array) -> Mask:
        return np.frombuffer(kernel.holds(self._parts, docs.astype(np.uint32, copy=False), True), bool)

    def _is_any(self, docs: Array) -> Mask:
        return np.frombuffer(kernel.holds(self._parts, docs, False), bool)

    def _best_of_text(self, wanted: int, first: int) -> tuple[list[Row], int]:
        """The best articles with any words of a text, complete or not."""
        if self._few is not None:
            return self._best_among(np.sort(np.concatenate((self._complete, self._partial))), wanted)
        return self._best_of_all(self._required, self._filter, wanted, first)

    def _best_among(self, docs: Array, wanted: int) -> tuple[list[Row], int]:
        """The best of some articles by relevance."""
        score = self._score(docs)
        kept = ranking.top(score, wanted)
        values = score.take(kept).tolist()
        return list(zip(values, docs.take(kept).tolist(), values, strict=True)), 0

    def _best_complete(self, wanted: int, first: int) -> tuple[list[Row], int]:
        if self._few is not None:
            return self._best_among(self._complete, wanted)
        if self._also:
            return self._best_of_all(self._clauses, self._filter, wanted, first)
        if not self._is_every:
            return kernel.best_complete(self._parts, self._boost, self._shown, self._filter, wanted, first)
        part, shown, passes = self._sieve.all_passing(self._shown)
        return kernel.best_complete([part], self._boost, shown, passes, wanted, first)

    def _best_partial(self, wanted: int, first: int) -> tuple[list[Row], int]:
        if self._few is not None:
            return self._best_among(self._partial, wanted)
        if self._also:
            return self._best_of_all(self._required, self._passes_incomplete, wanted, first)
        return self._best_of_all(self._required, self._filter, wanted, first, also_complete=False)

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
            self._scored,
            bytes(id(part) in must for part in self._scored),
            also_complete,
            self._boost,
            self._shown,
            passes,
            wanted,
            first,
        )

    def _first_complete(self, wanted: int, first: int) -> tuple[list[Row], int]:
        """The first complete matches in an order other than relevance."""
        if wanted > _FEW_FIRST or self._filters or not self._is_every:
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
        part = self._parts[0]
        if (
            self._few is not None
            or len(self._parts) > 1
            or not ordering.reads_column(self._view, self._order)
        ):
            return self._by_key(self._complete, None, None, wanted, first)
        is_every = self._is_every
        known = self._heights if ordering.may_be_on_top(len(part.doc), wanted) else None
        if known and known.top is not None and (is_every or part.bits is not None):
            docs = _numbers(known.top if is_every else known.top & part.bits)
            passes = self._sieve.quickest(len(docs)) if self._filters else None
            found = self._by_key(docs, self._shown, passes, wanted, first)
            if found[1] + len(found[0]) >= wanted:
                return found
        if is_every:
            return self._by_key(self._complete, None, None, wanted, first)
        return self._by_key(part.doc, self._shown, self._filter, wanted, first)

    @cached_property
    def _heights(self) -> ordering.Heights | None:
        longest = max(len(part.doc) for part in self._parts)
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
        if self._needs_own:
            return self._passes_own
        return self._sieve.quickest(self._rarest) if self._filters else None

    def _passes_own(self, docs: Any) -> Mask:
        """Pass the articles that contain a word of the query itself and pass the filters."""
        passes = self._is_any(np.frombuffer(docs, np.uint32))
        others = self._sieve.passes
        return passes & np.frombuffer(others(docs), bool) if others else passes

    def _passes_incomplete(self, docs: Any) -> Mask:
        """Pass the articles that are not complete matches and pass the filters."""
        passes = ~self._is_complete(np.frombuffer(docs, np.uint32))
        others = self._passes_own if self._needs_own else self._sieve.passes
        return passes & np.frombuffer(others(docs), bool) if others else passes

    def _holding(self, clauses: Sequence[ScoringClause]) -> Array:
        """All visible articles that match every one of these clauses."""
        return np.frombuffer(kernel.common(_by_length(clauses), self._shown), np.uint32)

    @cached_property
    def _complete(self) -> Array:
        """All complete matches."""
        if self._few is not None:
            return self._few[self._is_complete(self._few)]
        self._make_lists()
        if self._options.sort == "relevance" and not self._options.offset:
            held = sorted(row[1] for row, is_held in zip(self._page, self._is_held, strict=True) if is_held)
            # If the page is not full, it already has all of them.
            if (len(self._page) if self._ranks_by_sum else len(held)) < self._options.limit:
                return np.array(held, np.uint32)
        if self._is_every:
            bits = self._sieve.bits if self._filters else self._shown
            if bits is not None:
                return _numbers(bits if self._shown is None else bits & self._shown)
        return self._passing(self._holding(self._clauses))

    @cached_property
    def _any(self) -> Array:
        """A bitmap over all articles: set if the article matches at least one clause."""
        self._make_lists()
        parts = listed(self._parts)
        bits = sieve.union([part.doc for part in parts if part.bits is None], self._view.articles)
        known = (part.bits for part in parts if part.bits is not None)
        return reduce(np.bitwise_or, known, np.frombuffer(bits, np.uint64))

    @cached_property
    def _partial(self) -> Array:
        """All articles that match the required clauses but only some of the optional ones."""
        if not self._has_partial:
            return np.empty(0, np.uint32)
        if self._few is not None:
            required = [clause.part for clause in self._required]
            held = kernel.holds(required or self._parts, self._few, bool(required))
            docs: Array = self._few[np.frombuffer(held, bool)]
            return docs[~matches.holds(docs, self._complete)]
        self._make_lists()
        if self._required:
            docs = self._holding(self._required)
        else:
            docs = _numbers(self._any if self._shown is None else self._any & self._shown)
        docs = self._passing(docs)
        return docs[~matches.holds(docs, self._complete)]

    def _passing(self, docs: Array) -> Array:
        """The articles of `docs` that pass the filters."""
        groups = self._sieve.groups
        return docs[np.frombuffer(sieve.passing(groups, docs), bool)] if groups else docs

    # Ranking

    def _score(self, docs: Array) -> Floats:
        text = np.frombuffer(kernel.scores(self._scored, docs.astype(np.uint32, copy=False)))
        return text * self._boost.take(docs)


def _compiled(nodes: Sequence[Node], compiled: Callable[[Node], ScoringClause | None]) -> list[ScoringClause]:
    """The clauses of some nodes, as far as they have any.

    Words are compiled first. Compounds and phrases count theirs, and what has a list is not counted again.
    """
    found = {id(node): compiled(node) for node in sorted(nodes, key=lambda node: not isinstance(node, Word))}
    return [clause for node in nodes if (clause := found[id(node)])]


def _by_length(clauses: Sequence[ScoringClause]) -> list[Part]:
    return shortest_first([clause.part for clause in clauses])


def _numbers(bits: Any) -> Array:
    """The numbers of the articles whose bit is set."""
    return np.frombuffer(sieve.numbers(bits), np.uint32)
