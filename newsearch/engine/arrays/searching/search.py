"""The vector search: a query tree and one generation of an index -> one page of the best articles.

Articles that hold every word are found by intersecting the postings of the words, the rarest first. Those that hold
only some are looked at only where the others do not fill the page, or where the query is a text, word by word, the most
telling first, until what is left could not reach the page. Both discard by comparing codes, small integers, before they
compute a score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property, partial, reduce
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.loops import kernel, matches, sieve
from newsearch.engine.arrays.loops.kernel import Mask, Part, Passes, Row
from newsearch.engine.arrays.searching import facets
from newsearch.engine.arrays.searching.clauses import Compiler, ScoringClause
from newsearch.engine.arrays.searching.guard import checked
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.base import Counts, Explanation, Options
from newsearch.query.plan import plan
from newsearch.query.tree import Everything, Node
from newsearch.text.analysis import Stemming

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = ranking.Floats


_DATES = {"newest": "date", "oldest": "date", "modified": "modified"}
"""For each sort by time, the column that it reads."""

_MANY = 16
"""If the rarest word is in one article of so many, all that pass a filter are looked for, and remembered."""


class Search:
    """One query over one generation; fulfils `Answer`."""

    @checked
    def __init__(self, view: View, tree: Node, options: Options) -> None:
        self._view = view
        self._options = options
        self._compiler = compiler = Compiler(view, tree, options.tz)
        asked = plan(tree)
        self._filters = asked.filters
        self._required = [clause for node in asked.required if (clause := compiler.clause(node))]
        self._optional = [clause for node in asked.optional if (clause := compiler.clause(node))]
        if not self._required and not self._optional and (everything := compiler.clause(Everything())):
            self._required = [everything]
        self._clauses = self._required + self._optional
        by_score = options.sort == "relevance"
        self._also = [clause for node in options.also if by_score and (clause := compiler.clause(node))]
        # Scores are summed in this order wherever they are summed, so that equal articles have equal scores.
        self._parts = _by_length(self._clauses)
        self._scored = _by_length(self._clauses + self._also) if self._also else self._parts
        # Articles that hold nothing but added words have to be kept out only where nothing else is required.
        self._needs_own = bool(self._also) and not (options.also_finds or self._required)
        self._has_partial = len(self._optional) > 1 or bool(
            self._optional and (self._required or (self._also and options.also_finds))
        )
        # Hardly an article holds all the words of a text, and one that does is rather long than to the point.
        self._ranks_by_sum = asked.is_text and by_score
        self._shown = view.shown(unpublished=options.unpublished or asked.unpublished)
        self._groups = compiler.groups(asked.filters, self._candidates_of_filters)
        as_of = options.as_of.timestamp() if options.as_of is not None else None
        self._as_of = as_of if options.boosts.half_life is not None else None
        self._boost, self._ceiling = view.boost(options.boosts, self._as_of, options.tz)
        self._page, self._is_held = self._find_page()

    # Answer

    def __len__(self) -> int:
        return len(self._page)

    @checked
    def matched(self, number: int) -> bool:
        docs = np.array([self._page[number][1]])
        return not self._also or any(part.look_up(docs)[0] != 0 for part in self._parts)

    @checked
    def article(self, number: int) -> Article:
        return self._view.article(self._page[number][1])

    @checked
    def stemming(self, number: int) -> Stemming:
        segment, doc = self._view.place(self._page[number][1])
        return segment.stemming(doc)

    @checked
    def hits(self) -> Sequence[tuple[Record, float, bool]]:
        records = self._view.records([doc for _, doc, _ in self._page])
        return list(zip(records, [score for _, _, score in self._page], self._is_held, strict=True))

    @checked
    def counts(self) -> Counts:
        if not self._groups:
            complete = kernel.count(self._parts, self._shown)
        elif (filtered := self._filtered) is not None:
            complete = kernel.count(filtered, self._shown)
        else:
            complete = len(self._complete)
        if not self._has_partial or self._required or self._groups:
            return Counts(complete, len(self._partial))
        return Counts(complete, int(np.bitwise_count(self._any).sum()) - complete)

    @property
    def _filtered(self) -> list[Part] | None:
        """What is asked for and what passes each filter, where it is worth while to look for all of that."""
        if self._has_partial or self._also or len(self._page) < self._options.limit:
            return None
        everything = self._view.everything
        if min(len(part.doc) for part in self._parts) * _MANY < self._view.articles:
            return None
        parts = [part for part in self._parts if part is not everything]
        for node in self._filters:
            part = self._compiler.filter_part(node)
            if part is None:
                return None
            parts.append(part)
        return sorted(parts, key=_length)

    @checked
    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        docs = self._complete if len(self._complete) else self._partial
        return facets.counted(self._view, name, docs, limit, self._options.tz)

    @checked
    def explain(self, number: int) -> Explanation:
        _, doc, score = self._page[number]
        docs, boosts = np.array([doc]), self._options.boosts
        text = sum((part.look_up(docs) * part.unit for part in self._scored), np.zeros(1))
        added = [clause._replace(name=f"{clause.name}, added") for clause in self._also]
        found = _explained([*self._clauses, *added], docs)
        signals = []
        for name, weight in (("heat", boosts.heat), ("quality", boosts.quality)):
            value, pivot = self._view.known(name, docs), getattr(self._view.pivots, name)
            said = f"{value[0]:g}, median {pivot:g}" if value[0] >= 0 else "unknown"
            factor = np.exp2(weight * ranking.signal(value, pivot))
            signals.append(Explanation(float(factor[0]), f"{name} {said}, weight {weight:g}"))
        if boosts.half_life is not None:
            said = f"recency, half-life {boosts.half_life:g} days, weight {boosts.recency:g}"
            signals.append(Explanation(self._view.recency(doc, boosts, self._as_of, self._options.tz), said))
        boost = Explanation(float(self._boost[doc]), "boost", tuple(signals))
        return Explanation(score, "score", (Explanation(float(text[0]), "text", found), boost))

    # Finding

    def _find_page(self) -> tuple[list[Row], list[bool]]:
        """The hits, and whether each is complete."""
        first, wanted = self._options.offset, self._options.offset + self._options.limit
        if not self._options.limit:
            return [], []
        if self._ranks_by_sum:
            rows = self._ordered(self._best_of_all(self._required, self._filter, wanted), wanted)[first:]
            return rows, self._is_complete(np.array([doc for _, doc, _ in rows], np.uint32)).tolist()
        by_score = self._options.sort == "relevance"
        page = self._best_complete(wanted) if by_score else self._by_key(self._complete, wanted)
        page = self._ordered(page, wanted)
        is_held = [True] * len(page)
        if len(page) < wanted and self._has_partial:
            wanted -= len(page)
            rows = self._best_partial(wanted) if by_score else self._by_key(self._partial, wanted)
            page += self._ordered(rows, wanted)
            is_held += [False] * (len(page) - len(is_held))
        return page[first:], is_held[first:]

    def _is_complete(self, docs: Array) -> Mask:
        held = np.ones(len(docs), bool)
        for part in self._parts:
            held &= part.look_up(docs) != 0
        return held

    def _best_complete(self, wanted: int) -> list[Row]:
        if self._also:
            return self._best_of_all(self._clauses, self._filter, wanted)
        return kernel.best_complete(
            self._parts, self._boost, self._ceiling, self._shown, self._filter, wanted
        )

    def _best_partial(self, wanted: int) -> list[Row]:
        if self._also:
            return self._best_of_all(self._required, self._passes_incomplete, wanted)
        return self._best_of_all(self._required, self._filter, wanted, also_complete=False)

    def _best_of_all(
        self,
        required: Sequence[ScoringClause],
        passes: Passes | None,
        wanted: int,
        *,
        also_complete: bool = True,
    ) -> list[Row]:
        """The best of the articles that hold what is required, and anything."""
        must = {id(clause.part) for clause in required}
        return kernel.best_partial(
            self._scored,
            bytes(id(part) in must for part in self._scored),
            also_complete,
            self._boost,
            self._ceiling,
            self._shown,
            passes,
            wanted,
        )

    def _by_key(self, docs: Array, wanted: int) -> list[Row]:
        """The first of some articles when they are not sorted by relevance."""
        key = self._key(docs)
        kept = ranking.top(key, wanted)
        docs, key = docs.take(kept), key.take(kept)
        return list(zip(key.tolist(), docs.tolist(), self._score(docs).tolist(), strict=True))

    @property
    def _filter(self) -> Passes | None:
        """What articles must pass beside; None is nothing."""
        if self._needs_own:
            return self._passes_own
        return partial(sieve.passing, self._groups) if self._groups else None

    def _passes_own(self, docs: Any) -> Mask:
        """As the filters do, what holds a word of the query itself."""
        numbers = np.frombuffer(docs, np.uint32)
        passes = np.zeros(len(numbers), bool)
        for part in self._parts:
            passes |= part.look_up(numbers) != 0
        return passes & np.frombuffer(sieve.passing(self._groups, numbers), bool) if self._groups else passes

    def _passes_incomplete(self, docs: Any) -> Mask:
        """As the filters do, what does not hold everything."""
        passes = ~self._is_complete(np.frombuffer(docs, np.uint32))
        return passes & np.frombuffer(self._filter(docs), bool) if self._filter else passes

    def _candidates_of_filters(self) -> Array:
        """All articles that the filters may be asked about."""
        if self._required:
            return self._holding(self._required)
        return _numbers(sieve.union([part.doc for part in self._scored], self._view.articles))

    def _holding(self, clauses: Sequence[ScoringClause]) -> Array:
        """All articles that may be found and hold what all of these clauses ask for."""
        return np.frombuffer(kernel.common(_by_length(clauses), self._shown), np.uint32)

    @cached_property
    def _complete(self) -> Array:
        """All articles that hold everything."""
        if self._options.sort == "relevance" and not self._options.offset:
            held = sorted(row[1] for row, is_held in zip(self._page, self._is_held, strict=True) if is_held)
            # Where fewer were found than asked for, there are no others.
            if (len(self._page) if self._ranks_by_sum else len(held)) < self._options.limit:
                return np.array(held, np.uint32)
        return self._passing(self._holding(self._clauses))

    @property
    def _any(self) -> Array:
        """A bit for every article, whether it may be found and holds anything."""
        bits = sieve.union([part.doc for part in self._parts if part.bits is None], self._view.articles)
        known = (part.bits for part in self._parts if part.bits is not None)
        held = reduce(np.bitwise_or, known, np.frombuffer(bits, np.uint64))
        return held if self._shown is None else held & self._shown

    @cached_property
    def _partial(self) -> Array:
        """All articles that hold what is required but only some of the rest."""
        if not self._has_partial:
            return np.empty(0, np.uint32)
        docs = self._holding(self._required) if self._required else _numbers(self._any)
        docs = self._passing(docs)
        return docs[~matches.holds(docs, self._complete)]

    def _passing(self, docs: Array) -> Array:
        """Those of some articles that pass the filters."""
        return docs[np.frombuffer(sieve.passing(self._groups, docs), bool)] if self._groups else docs

    # Ranking

    def _score(self, docs: Array) -> Floats:
        text: Floats = np.zeros(len(docs))
        for part in self._scored:
            text += part.look_up(docs) * part.unit
        return text * self._boost.take(docs)

    def _key(self, docs: Array) -> Floats:
        """What the page is sorted by when not by relevance, highest first; what is not known comes last."""
        sort = self._options.sort
        if sort in _DATES:
            moments = self._view.moments(_DATES[sort], self._options.tz, docs)
            return np.where(np.isnan(moments), -np.inf, -moments if sort == "oldest" else moments)
        values = self._view.known(sort, docs)
        return np.where(values >= 0, values, -np.inf)

    def _ordered(self, rows: list[Row], wanted: int) -> list[Row]:
        """The best candidates in their final order: ties go to the newer article, then to the lower id."""
        rows.sort(reverse=True)
        if len({key for key, _, _ in rows}) < len(rows):
            runs = (list(run) for _, run in groupby(rows, key=itemgetter(0)))
            rows = []
            for run in runs:
                rows += self._untied(run, wanted - len(rows)) if len(run) > 1 else run
                if len(rows) >= wanted:
                    break
        return rows[:wanted]

    def _untied(self, run: list[Row], wanted: int) -> list[Row]:
        """The first of some rows that tie, by date and id."""
        view = self._view
        docs = np.array([doc for _, doc, _ in run])
        dates = np.nan_to_num(view.moments("date", self._options.tz, docs), nan=-np.inf).tolist()
        dated = sorted(zip(dates, run, strict=True), key=itemgetter(0), reverse=True)
        ordered: list[Row] = []
        for _, tied in groupby(dated, key=itemgetter(0)):
            same = self._candidates([row for _, row in tied], wanted - len(ordered))
            ordered += sorted(same, key=lambda row: view.record(row[1]).id) if len(same) > 1 else same
            if len(ordered) >= wanted:
                break
        return ordered

    def _candidates(self, rows: list[Row], wanted: int) -> list[Row]:
        """Of rows of one score and date, those that can be among the first by id."""
        if len(rows) <= 4 * wanted:
            return rows
        # A segment numbers articles of equal signals and dates by id, so the first of each kind will do: to read
        # the ids of a whole collection in which nothing has a date or a signal would take seconds.
        view = self._view
        by_doc = sorted(rows, key=itemgetter(1))
        docs = np.array([doc for _, doc, _ in by_doc])
        kinds = zip(
            np.searchsorted(view.starts, docs, side="right").tolist(),
            view.known("heat", docs).tolist(),
            view.known("quality", docs).tolist(),
            # A day alone may begin in its zone when another article is dated.
            (view.column("flag")[docs] & columns.DATE_ONLY).tolist(),
            strict=True,
        )
        seen: Counter[str] = Counter()
        kept = []
        for row, kind in zip(by_doc, map(repr, kinds), strict=True):
            seen[kind] += 1
            if seen[kind] <= wanted:
                kept.append(row)
        return kept


def _by_length(clauses: Sequence[ScoringClause]) -> list[Part]:
    parts = [clause.part for clause in clauses]
    return sorted(parts, key=_length) if len(parts) > 1 else parts


def _length(part: Part) -> int:
    return len(part.doc)


def _numbers(bits: Any) -> Array:
    """The numbers of the articles that have a bit."""
    return np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little").nonzero()[0].astype(np.uint32)


def _explained(clauses: Sequence[ScoringClause], docs: Array) -> tuple[Explanation, ...]:
    """What of some clauses an article holds, and what of the clauses that those sum."""
    values = [float((clause.part.look_up(docs) * clause.part.unit)[0]) for clause in clauses]
    return tuple(
        Explanation(value, clause.name, _explained(clause.summed, docs))
        for clause, value in zip(clauses, values, strict=True)
        if value
    )
