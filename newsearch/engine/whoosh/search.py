"""The vector search: a query tree and one generation of an index -> one page of the best articles.

Articles that hold every word are found by intersecting the postings of the words, the rarest first. Those that hold
only some are looked at only where the others do not fill the page, word by word, the most telling first, until what
is left could not reach the page. Both discard by comparing codes, small integers, before they compute a score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.analysis import Stemming
from newsearch.article import Article
from newsearch.engine.base import Counts, Explanation, Options
from newsearch.engine.whoosh import columns
from newsearch.engine.whoosh.clauses import Clause, Compiler
from newsearch.engine.whoosh.damage import checked
from newsearch.engine.whoosh.plan import plan
from newsearch.engine.whoosh.records import Record
from newsearch.engine.whoosh.view import Mask, Part, View
from newsearch.query.tree import Everything, Node

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = ranking.Floats

_HEAD = 1024
_DAY = 86400.0


_Row: TypeAlias = tuple[float, int, float]
"""Of a candidate: what it is ordered by, its number, its score."""


class Hit(NamedTuple):
    """One article of the page."""

    doc: int
    score: float
    complete: bool


class _Best:
    """The best candidates so far, with those that tie with the last of them.

    Attributes:
        threshold: what a candidate must reach to come among them.
    """

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self.doc: Array = np.empty(0, np.int64)
        self.key: Floats = np.empty(0)
        self.score: Floats = np.empty(0)
        self.threshold = -np.inf

    def add(self, doc: Array, score: Floats, key: Floats | None = None) -> None:
        if key is None:
            key = score
        if len(self.doc):
            doc = np.concatenate((self.doc, doc))
            key, score = np.concatenate((self.key, key)), np.concatenate((self.score, score))
        if len(doc) > self._wanted:
            kept = ranking.top(key, self._wanted)
            by_score = key is score
            doc, key = doc.take(kept), key.take(kept)
            score = key if by_score else score.take(kept)
        if len(doc) >= self._wanted:
            self.threshold = float(key.min())
        self.doc, self.key, self.score = doc, key, score


class Search:
    """One query over one generation; fulfils `Answer`."""

    @checked
    def __init__(self, view: View, tree: Node, options: Options) -> None:
        self._view = view
        self._options = options
        compiler = Compiler(view)
        asked = plan(tree)
        self._required = [clause for node in asked.required if (clause := compiler.clause(node))]
        self._optional = [clause for node in asked.optional if (clause := compiler.clause(node))]
        if not self._required and not self._optional and (everything := compiler.clause(Everything())):
            self._required = [everything]
        self._clauses = self._required + self._optional
        # Scores are summed in this order wherever they are summed, so that equal articles have equal scores.
        self._parts = sorted((clause.part for clause in self._clauses), key=lambda part: len(part.doc))
        self._has_partial = len(self._optional) > 1 or bool(self._optional and self._required)
        self._hides = not (options.unpublished or asked.unpublished)
        self._masks = [compiler.mask(node) for node in asked.filters]
        self._static_boost, self._highest_boost = view.boost(options.boosts)
        if options.boosts.half_life is not None:
            self._highest_boost *= 2.0**options.boosts.recency
        self._page = self._find_page()
        self._records: list[Record] | None = None

    # Answer

    def __len__(self) -> int:
        return len(self._page)

    def score(self, number: int) -> float:
        return self._page[number].score

    def complete(self, number: int) -> bool:
        return self._page[number].complete

    @checked
    def article(self, number: int) -> Article:
        return self._view.article(self._page[number].doc)

    @checked
    def stemming(self, number: int) -> Stemming:
        segment, doc = self._view.place(self._page[number].doc)
        return segment.stemming(doc)

    @checked
    def summaries(self) -> Sequence[Record]:
        if self._records is None:
            self._records = [self._view.record(hit.doc) for hit in self._page]
        return self._records

    @checked
    def counts(self) -> Counts:
        return Counts(len(self._complete), len(self._partial))

    @checked
    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        docs = self._complete if len(self._complete) else self._partial
        view = self._view
        if name in ("year", "month"):
            known = view.known("date", docs)
            seconds = known[~np.isnan(known)].astype(np.int64).astype("M8[s]")
            values, counts = np.unique(
                seconds.astype("M8[Y]" if name == "year" else "M8[M]"), return_counts=True
            )
            latest = slice(0 if limit is None else max(0, len(values) - limit), None)
            shown_as = np.datetime_as_string(values[latest]).tolist()
            return list(zip(shown_as, counts[latest].tolist(), strict=True))
        if name == "topic":
            at = view.topic_at.take(docs)
            numbers = view.column("topic").take(columns.ranges(at, view.topic_at.take(docs + 1) - at))
        else:
            numbers = view.column(name).take(docs)
        counts = np.bincount(numbers)
        names = view.names(name)
        total: dict[str, int] = {}
        for i in counts.nonzero()[0].tolist():
            shown = names[i].split("\x1f")[0]
            if shown:
                total[shown] = total.get(shown, 0) + int(counts[i])
        return sorted(total.items(), key=lambda item: (-item[1], item[0]))[:limit]

    @checked
    def explain(self, number: int) -> Explanation:
        doc, score, _ = self._page[number]
        docs, boosts = np.array([doc]), self._options.boosts
        text = sum((part.look_up(docs) * part.unit for part in self._parts), np.zeros(1))
        found = _explained(self._clauses, docs)
        signals = []
        for name, weight in (("heat", boosts.heat), ("quality", boosts.quality)):
            value, pivot = self._view.known(name, docs), getattr(self._view.pivots, name)
            said = f"{value[0]:g}, median {pivot:g}" if value[0] >= 0 else "unknown"
            factor = np.exp2(weight * ranking.signal(value, pivot))
            signals.append(Explanation(float(factor[0]), f"{name} {said}, weight {weight:g}"))
        if boosts.half_life is not None:
            said = f"recency, half-life {boosts.half_life:g} days, weight {boosts.recency:g}"
            signals.append(Explanation(float(self._recency(docs)[0]), said))
        boost = Explanation(float(self._boost(docs)[0]), "boost", tuple(signals))
        return Explanation(score, "score", (Explanation(float(text[0]), "text", found), boost))

    # Finding

    def _find_page(self) -> list[Hit]:
        first, wanted = self._options.offset, self._options.offset + self._options.limit
        if not self._options.limit:
            return []
        by_score = self._options.sort == "relevance"
        best = _Best(wanted)
        if by_score:
            self._best_complete(best)
        else:
            docs = self._complete
            best.add(docs, self._score(docs), self._key(docs))
        page = self._ordered(best, wanted, complete=True)
        if len(page) < wanted and self._has_partial:
            best = _Best(wanted - len(page))
            if by_score:
                self._best_partial(best)
            else:
                docs = self._partial
                best.add(docs, self._score(docs), self._key(docs))
            page += self._ordered(best, wanted - len(page), complete=False)
        return page[first:wanted]

    def _best_complete(self, best: _Best) -> None:
        rarest, others = self._parts[0], self._parts[1:]
        elsewhere = sum(part.best for part in others)
        docs, values = rarest.doc, rarest.value
        if len(docs) > 4 * _HEAD:
            # In a long list the first articles, those of the highest boost, tell which of the rest to look at.
            self._add_complete(best, docs[:_HEAD], values[:_HEAD], others)
            least = best.threshold / self._highest_boost - elsewhere
            docs, values = rarest.at_least(least)
            start = docs.searchsorted(rarest.doc[_HEAD])
            docs, values = docs[start:], values[start:]
        self._add_complete(best, docs, values, others)

    def _add_complete(self, best: _Best, docs: Array, values: Array, others: Sequence[Part]) -> None:
        score = values * self._parts[0].unit
        for part in others:
            values = part.look_up(docs)
            kept = values.nonzero()[0]
            docs = docs.take(kept)
            score = score.take(kept) + values.take(kept) * part.unit
        self._add(best, docs, score)

    def _best_partial(self, best: _Best) -> None:
        """Add articles that hold what is required and only some of the rest.

        Each is met at the first of its words, in the order of falling best scores: one that is first met at some word
        cannot score more than that word and all later ones together.
        """
        if self._required:
            rarest = min((clause.part for clause in self._required), key=lambda part: len(part.doc))
            self._add_partial(best, rarest, rarest.doc, ())
            return
        queue = sorted((clause.part for clause in self._optional), key=lambda part: -part.best)
        later = sum(part.best for part in queue)
        for number, part in enumerate(queue):
            later -= part.best
            docs, _ = part.at_least(best.threshold / self._highest_boost - later)
            if len(docs):
                self._add_partial(best, part, docs, queue[:number])

    def _add_partial(self, best: _Best, first: Part, docs: Array, earlier: Sequence[Part]) -> None:
        for part in earlier:
            docs = docs.take((part.look_up(docs) == 0).nonzero()[0])
        score, wanted = np.zeros(len(docs)), np.ones(len(docs), bool)
        is_complete = np.full(len(docs), not earlier)
        required = {id(clause.part) for clause in self._required}
        for part in self._parts:
            if any(part is other for other in earlier):
                continue
            values = part.look_up(docs)
            score += values * part.unit
            if id(part) in required:
                wanted &= values != 0
            elif part is not first:
                is_complete &= values != 0
        kept = (wanted & ~is_complete).nonzero()[0]
        self._add(best, docs.take(kept), score.take(kept))

    def _add(self, best: _Best, docs: Array, text: Floats) -> None:
        score = text * self._boost(docs)
        if best.threshold > 0:
            kept = (score >= best.threshold).nonzero()[0]
            docs, score = docs.take(kept), score.take(kept)
        if not len(docs):
            return
        if self._masks or not (self._view.all_visible if self._hides else self._view.all_live):
            passes = self._passes(docs)
            docs, score = docs[passes], score[passes]
        best.add(docs, score)

    @cached_property
    def _complete(self) -> Array:
        """All articles that hold everything."""
        docs = self._parts[0].doc
        for part in self._parts[1:]:
            docs = docs[part.look_up(docs) != 0]
        return docs[self._passes(docs)]

    @cached_property
    def _partial(self) -> Array:
        """All articles that hold what is required but only some of the rest."""
        if not self._has_partial:
            return np.empty(0, np.int64)
        held = np.zeros(self._view.articles, np.uint16)
        for clause in self._optional:
            held[clause.part.doc] += 1
        if self._required:
            everywhere = np.ones(self._view.articles, bool)
            for clause in self._required:
                everywhere &= _table(clause, self._view.articles)
            docs = (everywhere & (held < len(self._optional))).nonzero()[0]
        else:
            docs = ((held > 0) & (held < len(self._optional))).nonzero()[0]
        return docs[self._passes(docs)]

    def _passes(self, docs: Array) -> Mask:
        passes = (self._view.visible if self._hides else self._view.live).take(docs)
        for mask in self._masks:
            passes = passes & mask(docs)
        return passes

    # Ranking

    def _score(self, docs: Array) -> Floats:
        text: Floats = np.zeros(len(docs))
        for part in self._parts:
            text += part.look_up(docs) * part.unit
        return text * self._boost(docs)

    def _boost(self, docs: Array) -> Floats:
        boost: Floats = self._static_boost.take(docs)
        return boost if self._options.boosts.half_life is None else boost * self._recency(docs)

    def _recency(self, docs: Array) -> Floats:
        boosts = self._options.boosts
        assert boosts.half_life is not None
        ages = (self._as_of - self._view.known("date", docs)) / _DAY
        factor: Floats = np.exp2(boosts.recency * ranking.recency(ages, boosts.half_life))
        return factor

    @cached_property
    def _as_of(self) -> float:
        """The moment that recency counts from, in seconds: by default the earlier of now and the newest article."""
        if self._options.as_of is not None:
            return self._options.as_of.timestamp()
        dates = self._view.known("date")[self._view.visible]
        dates = dates[~np.isnan(dates)]
        return min(float(dates.max()) if len(dates) else 0.0, datetime.now(UTC).timestamp())

    def _key(self, docs: Array) -> Floats:
        """What the page is sorted by when not by relevance, highest first; what is not known comes last."""
        sort = self._options.sort
        if sort in ("newest", "oldest"):
            dates = self._view.known("date", docs)
            return np.where(np.isnan(dates), -np.inf, dates if sort == "newest" else -dates)
        values = self._view.known(sort, docs)
        return np.where(values >= 0, values, -np.inf)

    def _ordered(self, best: _Best, wanted: int, *, complete: bool) -> list[Hit]:
        """The best candidates in their final order: ties go to the newer article, then to the lower id."""
        rows = sorted(
            zip(best.key.tolist(), best.doc.tolist(), best.score.tolist(), strict=True), reverse=True
        )
        if any(before[0] == row[0] for before, row in pairwise(rows)):
            runs = (list(run) for _, run in groupby(rows, key=itemgetter(0)))
            rows = []
            for run in runs:
                rows += self._untied(run, wanted - len(rows)) if len(run) > 1 else run
                if len(rows) >= wanted:
                    break
        return [Hit(doc, score, complete) for _, doc, score in rows[:wanted]]

    def _untied(self, run: list[_Row], wanted: int) -> list[_Row]:
        """The first of some rows that tie, by date and id."""
        view = self._view
        docs = np.array([doc for _, doc, _ in run])
        dates = np.nan_to_num(view.known("date", docs), nan=-np.inf).tolist()
        dated = sorted(zip(dates, run, strict=True), key=itemgetter(0), reverse=True)
        ordered: list[_Row] = []
        for _, tied in groupby(dated, key=itemgetter(0)):
            same = self._candidates([row for _, row in tied], wanted - len(ordered))
            ordered += sorted(same, key=lambda row: view.record(row[1]).id) if len(same) > 1 else same
            if len(ordered) >= wanted:
                break
        return ordered

    def _candidates(self, rows: list[_Row], wanted: int) -> list[_Row]:
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
            strict=True,
        )
        seen: Counter[str] = Counter()
        kept = []
        for row, kind in zip(by_doc, map(repr, kinds), strict=True):
            seen[kind] += 1
            if seen[kind] <= wanted:
                kept.append(row)
        return kept


def _table(clause: Clause, articles: int) -> NDArray[np.bool_]:
    """For every article, whether a clause finds it."""
    table = np.zeros(articles, bool)
    table[clause.part.doc] = True
    return table


def _explained(clauses: Sequence[Clause], docs: Array) -> tuple[Explanation, ...]:
    """What of some clauses an article holds, and what of the clauses that those sum."""
    values = [float((clause.part.look_up(docs) * clause.part.unit)[0]) for clause in clauses]
    return tuple(
        Explanation(value, clause.name, _explained(clause.summed, docs))
        for clause, value in zip(clauses, values, strict=True)
        if value
    )
