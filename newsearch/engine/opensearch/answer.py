"""Answers one search: finds its page in the cluster, and counts what else it matches."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC
from math import fsum
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.loops.matches import without
from newsearch.engine.base import FACETS, Counts, Explanation, Options, describe_recency, describe_signal
from newsearch.engine.opensearch.clauses import Clause
from newsearch.engine.opensearch.counts import Known
from newsearch.engine.opensearch.distinctive import distinctive
from newsearch.engine.opensearch.filters import HALF, first_second
from newsearch.engine.opensearch.hit import Hit
from newsearch.engine.opensearch.outlets import FIELDS
from newsearch.engine.opensearch.outlets import counted as outlets_of
from newsearch.engine.opensearch.paging import WINDOW, Pages, columns
from newsearch.engine.opensearch.periods import field_of, periods
from newsearch.engine.opensearch.queries import PUBLISHED
from newsearch.engine.opensearch.searches import counted, counting, every_bucket, most_frequent
from newsearch.engine.opensearch.translation import Translation
from newsearch.engine.optional import FormCount, OutletCount
from newsearch.query.tree import Node
from newsearch.text.analysis import Stemming

Query: TypeAlias = dict[str, Any]

_NEAR = 1e-6
"""Scores of the server are floats of 32 bits. Neighbours that differ by less than this share of their score are put in
order by the client."""

_SPARE = 16
"""Hits beyond the page that each part of a query finds, since the order of near ones may be another in doubles."""

_MAX_NEAR = 2048
"""The maximum number of neighbours beyond one end of the page that are read for this."""

_DAY = 86_400


class Named(NamedTuple):
    """Implements `Summary`."""

    id: str
    title: str
    url: str


class Row(NamedTuple):
    """A hit of the page, with its score and whether it contains every word."""

    hit: Hit
    score: float
    complete: bool


class OpenSearchAnswer:
    """Implements `Answer`, `CountsOutlets`, `CountsForms` and `SelectsMatches`.

    Attributes:
        query: the translated query.
        rows: the hits of the page.

    Args:
        among: if given, only articles whose ids have these hashes are found.
    """

    def __init__(
        self, known: Known, tree: Node, options: Options, among: Sequence[int] | None = None
    ) -> None:
        self._known = known
        self._tree = tree
        self._options = options
        facts = known.asked()
        while True:
            self.query = Translation(tree, options, facts, among)
            if not facts.settle():
                break
        self._totals: dict[str, int] = {}
        self.rows = self._page() if options.limit and known.generation.articles else []

    # Answer

    def __len__(self) -> int:
        return len(self.rows)

    def matched(self, number: int) -> bool:
        hit = self.rows[number].hit
        return not self.query.also or any(clause.value(hit) for clause in self.query.clauses)

    def with_page(self, rows: list[Row]) -> OpenSearchAnswer:
        """The same search with other hits on its page."""
        other = copy(self)
        other.rows = rows
        return other

    def article(self, number: int) -> Article:
        return self._article(self.rows[number].hit)

    def json(self, numbers: Sequence[int], rank: int, more: list[bytes]) -> Sequence[bytes | None]:
        return [None] * len(numbers)

    def article_of(self, row: Row) -> Article:
        """The article of a hit."""
        return self._article(row.hit)

    def _article(self, hit: Hit) -> Article:
        return hit.article()

    def stemming(self, number: int) -> Stemming:
        return Stemming(self.rows[number].hit.language, self._known.generation.protected)

    def hits(self) -> Sequence[tuple[Named, float, bool]]:
        found = []
        for hit, score, complete in self.rows:
            article = self._article(hit)
            found.append((Named(article.id, article.title, article.url or ""), score, complete))
        return found

    def explain(self, number: int) -> Explanation:
        hit, score, _ = self.rows[number]
        text = self._text(hit)
        added = [clause._replace(name=f"{clause.name}, added") for clause in self.query.also]
        parts = _explained([*self.query.clauses, *added], hit)
        boosts, pivots = self._options.boosts, self._known.generation.pivots
        signals = []
        for name, weight in (("heat", boosts.heat), ("quality", boosts.quality)):
            value, pivot = hit.source.get(name), getattr(pivots, name)
            said = describe_signal(name, value, pivot, weight)
            signals.append(Explanation(_signal(value, pivot, weight), said))
        if boosts.half_life is not None:
            signals.append(Explanation(self._recency(hit), describe_recency(boosts)))
        boost = Explanation(self._boost(hit), "boost", tuple(signals))
        return Explanation(score, "score", (Explanation(text, "text", parts), boost))

    def counts(self) -> Counts:
        return Counts(*self._counted("complete", "partial"))

    def complete(self) -> int:
        return self._counted("complete")[0]

    def _counted(self, *names: str) -> list[int]:
        """How many complete or partial matches there are."""
        if not self._known.generation.articles:
            return [0 for _ in names]
        if not self.query.counts_partial:
            self._totals["partial"] = 0
        if wanted := [name for name in names if name not in self._totals]:
            bodies = [counting([getattr(self.query, name)()]) for name in wanted]
            for name, answer in zip(wanted, self._known.requests.searches(bodies), strict=True):
                self._totals[name] = counted(answer)
        return [self._totals[name] for name in names]

    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        if not self.counts().total or limit == 0:
            return []
        chosen = [self.chosen]
        if FACETS[name].of_time:
            return periods(self._known.requests, name, chosen, limit, self._options.tz)
        (field,) = field_of(name)
        if limit is None:
            found = every_bucket(self._known.requests, chosen, {"terms": {"field": field}})
            return sorted(found, key=lambda item: (-item[1], item[0]))
        return most_frequent(self._known.requests, chosen, {"field": field}, limit)

    @property
    def chosen(self) -> Query:
        """A filter for the articles that contain every word or, if there are none, for those that contain some."""
        return self.query.complete() if self.counts().complete else self.query.partial()

    def outlets(self, by: str | None) -> list[OutletCount]:
        """See `CountsOutlets`."""
        found = columns(self._known.requests, self.chosen, FIELDS)
        articles = (hit.get("fields", {}) for hits in found for hit in hits)
        return outlets_of(articles, by, self._options.tz)

    def forms(self, limit: int, least: int) -> list[FormCount]:
        """See `CountsForms`."""
        requests = self._known.requests
        visible = requests.live if self.query.unpublished else [*requests.live, PUBLISHED]
        return distinctive(requests, self.chosen, visible, limit, least)

    def keys(self, known: Sequence[int]) -> array[int]:
        """See `SelectsMatches`."""
        found = array("Q")
        if self._known.generation.articles:
            for hits in columns(self._known.requests, self.query.complete(), []):
                found.extend(hit["sort"][0] + HALF for hit in hits)
        return without(found, known)

    def among(self, keys: Collection[int], limit: int) -> OpenSearchAnswer:
        """See `SelectsMatches`."""
        options = replace(self._options, offset=0, limit=limit)
        found = OpenSearchAnswer(
            self._known, self._tree, replace(options, limit=0), [key - HALF for key in keys]
        )
        has_any = limit and self._known.generation.articles
        return self.with_page(found._rows_of("complete", 0, limit) if has_any else [])

    # The page

    def _page(self) -> list[Row]:
        first, last = self._options.offset, self._options.offset + self._options.limit
        query = self.query
        if query.by_sum:
            return self._rows_of("any", first, last)
        rows = self._rows_of("complete", first, last)
        if len(rows) < last - first and query.has_partial:
            before = max(0, first - self._totals["complete"])
            rows += self._rows_of("partial", before, before + last - first - len(rows))
        return rows

    def _asked(self, query: Translation, tier: str) -> Query:
        """The query for the complete articles, for the others, or for both."""
        by_score = self._options.sort == "relevance"
        if tier == "complete":
            asked = query.scored_complete() if by_score else query.complete()
        elif by_score or query.also:
            asked = query.scored_some(incomplete=tier == "partial")
        else:
            asked = query.partial() if tier == "partial" else query.any()
        return query.boosted(asked) if by_score else asked

    def _rows_of(self, tier: str, first: int, last: int) -> list[Row]:
        """The rows [first, last) of the complete articles, of the others, or of both."""
        query = self.query
        if query.parts > 1 and last + _SPARE <= WINDOW:
            rows, total = self._merged(tier, first, last)
        else:
            with Pages(self._known.requests, self._asked(query, tier), query.sort()) as pages:
                if self._options.sort != "relevance":
                    rows = [self._row(hit, tier) for hit in pages.hits(first, last)]
                else:
                    rows = self._sorted(pages, tier, first, last)
                total = pages.total
        if tier != "any" and not (query.also and tier == "partial"):
            self._totals[tier] = total
        return rows

    def _merged(self, tier: str, first: int, last: int) -> tuple[list[Row], int]:
        """The same from all parts of the query, and the number of articles."""
        bodies = [
            {"query": self._asked(query, tier), "sort": query.sort(), "size": last + _SPARE}
            for query in map(self.query.part, range(self.query.parts))
        ]
        bodies[0]["track_total_hits"] = True
        answers = self._known.requests.searches(bodies)
        found = {hit.get("_id"): hit for answer in answers for hit in answer["hits"]["hits"]}
        cluster = self._known.requests.cluster
        rows = sorted((self._row(Hit(cluster, hit), tier) for hit in found.values()), key=self._key)
        return rows[first:last], counted(answers[0])

    def _sorted(self, pages: Pages, tier: str, first: int, last: int) -> list[Row]:
        """Rows in the order of their scores in doubles.

        The ends of the page may lie between articles whose scores nearly agree. Those are read too, since their order
        in doubles may be another one.
        """
        before = after = 1
        # Sorting by date and id too takes as long as scoring. It matters only if scores agree at an end of the page.
        by_score_alone = self.query.has_words and last + after <= WINDOW
        while True:
            low, high = max(0, first - before), last + after
            hits = pages.best(low, high) if by_score_alone else pages.hits(low, high)
            rows = [self._row(hit, tier) for hit in hits]
            if by_score_alone:
                by_score_alone = False
                ends = [at - low for at in (first, last) if low < at < low + len(rows)]
                if not any(_is_near(rows[end - 1], rows[end]) for end in ends):
                    break
                continue
            is_cut_low = low and first - low < len(rows) and self._is_open(rows, first - low, -1)
            is_cut_high = low + len(rows) == high and self._is_open(rows, last - low, 1)
            if not (is_cut_low or is_cut_high):
                break
            if is_cut_low:
                before *= 8
            if is_cut_high:
                after *= 8
            if max(before, after) > _MAX_NEAR:
                break
        rows.sort(key=self._key)
        return rows[first - low : last - low]

    def _is_open(self, rows: Sequence[Row], edge: int, step: int) -> bool:
        """Whether the order of rows on both sides of an edge may differ in doubles, as far as the rows reach.

        Args:
            edge: between the rows edge - 1 and edge.
            step: 1 if the rows after the edge are the ones beyond the page, or -1.
        """
        at = edge if step > 0 else edge - 1
        inner = rows[at - step]
        scores = {inner.score}
        while 0 <= at < len(rows):
            outer = rows[at]
            if not _is_near(outer, inner):
                return False
            scores.add(outer.score)
            at += step
        # Equal scores are in the order that the server gave them.
        return len(scores) > 1

    def _key(self, row: Row) -> tuple[float, float, str]:
        moment = self._moment(row.hit)
        return -row.score, float("inf") if moment is None else -moment, row.hit.id

    def _row(self, hit: Hit, tier: str) -> Row:
        complete = tier == "complete"
        if tier == "any":
            complete = all(clause.value(hit) for clause in self.query.clauses)
        return Row(hit, self._text(hit) * self._boost(hit), complete)

    # Scores

    def _text(self, hit: Hit) -> float:
        return fsum([clause.value(hit) for clause in [*self.query.clauses, *self.query.also]])

    def _boost(self, hit: Hit) -> float:
        boosts, pivots = self._options.boosts, self._known.generation.pivots
        boost = _signal(hit.source.get("heat"), pivots.heat, boosts.heat)
        boost *= _signal(hit.source.get("quality"), pivots.quality, boosts.quality)
        return boost * self._recency(hit) if boosts.half_life is not None else boost

    def _recency(self, hit: Hit) -> float:
        boosts, moment = self._options.boosts, self._moment(hit)
        if moment is None or boosts.half_life is None:
            return 1.0
        age = (self.query.as_of - moment) / _DAY
        return float(np.exp2(boosts.recency * ranking.recency(np.array(age), boosts.half_life)))

    def _moment(self, hit: Hit) -> float | None:
        """The date of a hit in seconds. A day is its start in the zone of the search."""
        seconds: int | None = hit.source.get("date")
        day: int | None = hit.source.get("day")
        if seconds is None or day is None or self._options.tz is UTC:
            return seconds
        return first_second(day, self._options.tz)


def _is_near(one: Row, other: Row) -> bool:
    """Whether the server may not tell the scores of two hits apart."""
    return abs(one.score - other.score) <= _NEAR * abs(one.score)


def _signal(value: float | None, pivot: float, weight: float) -> float:
    """The boost of heat or quality (see ranking)."""
    if value is None or pivot <= 0:
        return 1.0
    return float(np.exp2(weight * ((value - pivot) / (value + pivot))))


def _explained(clauses: Sequence[Clause], hit: Hit) -> tuple[Explanation, ...]:
    """The contribution of each clause that a hit matches, and, nested, of the clauses that it sums."""
    return tuple(
        Explanation(value, clause.name, _explained(clause.summed, hit))
        for clause in clauses
        if (value := clause.value(hit))
    )
