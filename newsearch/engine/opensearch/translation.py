"""A whole query in the JSON of OpenSearch: its tiers, boosts, order, and the filters for counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from newsearch.engine.base import Options
from newsearch.engine.opensearch.clauses import Clause, Facts
from newsearch.engine.opensearch.queries import NOTHING, PUBLISHED, all_of, any_of, scripted, terms_in
from newsearch.engine.opensearch.scripts import BOOST, BOOST_WITH_RECENCY, MOMENT
from newsearch.engine.opensearch.translate import Translator
from newsearch.query.plan import plan
from newsearch.query.tree import Everything, Node

Query: TypeAlias = dict[str, Any]

MAX_TERMS = 900
"""Of a text with more terms than this, the words with the highest weights find the page. All words count in the scores
of its articles."""

_NEVER = 1e15
"""Seconds: after every date."""


class Translation:
    """A query tree and its options, translated.

    Attributes:
        required, optional: the clauses that must match, and those of which incomplete articles match only some.
        also: the clauses of the words that are added.
        unpublished: whether unpublished articles are found.
        has_words: whether it has any scoring nodes.
        parts: how many queries find the best articles, if these are sorted by score (see `Translator`).
        by_sum: whether the query is a text, whose results are sorted by score alone.

    Args:
        part: see `Translator`.
        among: if given, only articles whose ids have these hashes pass.
    """

    def __init__(
        self, tree: Node, options: Options, facts: Facts, among: Sequence[int] | None = None, part: int = 0
    ) -> None:
        self._options = options
        self._facts = facts
        self._tree = tree
        self._among = among
        translator = Translator(tree, facts, options.tz, part)
        asked = plan(tree)
        self.required = [clause for node in asked.required if (clause := translator.clause(node))]
        self.optional = [clause for node in asked.optional if (clause := translator.clause(node))]
        self.has_words = bool(self.required or self.optional)
        if not self.required and not self.optional and (everything := translator.clause(Everything())):
            self.required = [everything]
        by_score = options.sort == "relevance"
        self.also = [clause for node in options.also if by_score and (clause := translator.clause(node))]
        self.parts = translator.parts if by_score else 1
        self.by_sum = asked.is_text and by_score
        self._filters = [*facts.live]
        if among is not None:
            self._filters.append({"terms": {"key": list(among)}})
        self.unpublished = options.unpublished or asked.unpublished
        if not self.unpublished:
            self._filters.append(PUBLISHED)
        self._filters += [found for node in asked.filters if (found := translator.filter(node)) is not None]

    def part(self, number: int) -> Translation:
        """One of the queries that find the best articles; 0 for this one."""
        if not number:
            return self
        return Translation(self._tree, self._options, self._facts, self._among, number)

    @property
    def clauses(self) -> list[Clause]:
        """The clauses of the query itself."""
        return self.required + self.optional

    @property
    def has_partial(self) -> bool:
        """Whether there can be incomplete articles on the page."""
        return self.counts_partial or bool(self.optional and self.also and self._options.also_finds)

    @property
    def counts_partial(self) -> bool:
        """Whether articles can match some of the words only."""
        return len(self.optional) > 1 or bool(self.optional and self.required)

    def complete(self) -> Query:
        """A filter for the complete articles."""
        return all_of([*self._filters, *_found_of(self.clauses)])

    def partial(self) -> Query:
        """A filter for the incomplete articles that contain a word of the query itself."""
        return {"bool": {"filter": self._own(), "must_not": [self._all_optional()]}}

    def any(self) -> Query:
        """A filter for both."""
        return {"bool": {"filter": self._own()}}

    def _own(self) -> list[Query]:
        """What articles pass that contain any word of the query itself and every word that is required."""
        found = [*self._filters, *(clause.found for clause in self.required)]
        if not self.required:
            found.append(any_of([clause.found for clause in self.optional]))
        return found

    def _all_optional(self) -> Query:
        return all_of(_found_of(self.optional))

    def scored_complete(self) -> Query:
        """A query that scores the complete articles."""
        scored: Query = {"filter": self._filters, "must": [clause.scored for clause in self.clauses]}
        if self.also:
            scored["should"] = [clause.scored for clause in self.also]
        return {"bool": scored}

    def scored_some(self, *, incomplete: bool) -> Query:
        """A query that scores the articles with any of the words, or only the incomplete ones."""
        filters, some = list(self._filters), _scored_of([*self.optional, *self.also])
        scored: Query = {"filter": filters, "must": [clause.scored for clause in self.required]}
        if some:
            scored |= {"should": some, "minimum_should_match": 0 if self.required else 1}
        if self.also and not self.required and not self._options.also_finds:
            filters.append(any_of([clause.found for clause in self.optional]))
        if incomplete:
            scored["must_not"] = [self._all_optional()]
        return {"bool": scored}

    def boosted(self, query: Query) -> Query:
        """A query whose scores are multiplied by the boosts."""
        boosts, pivots = self._options.boosts, self._facts.pivots
        heat, quality = boosts.heat * (pivots.heat > 0), boosts.quality * (pivots.quality > 0)
        recency = boosts.recency if boosts.half_life is not None else 0
        if not heat and not quality and not recency:
            return query
        params: dict[str, Any] = {
            "heat": float(heat),
            "heat_pivot": float(pivots.heat),
            "quality": float(quality),
            "quality_pivot": float(pivots.quality),
        }
        if not recency or boosts.half_life is None:
            return scripted(query, BOOST, params)
        shifts = self._facts.shifts(self._options.tz)
        params |= {
            "recency": float(recency),
            "half_life": float(boosts.half_life),
            "as_of": self.as_of,
            "days": shifts.days,
            "shifts": shifts.seconds,
        }
        return scripted(query, BOOST_WITH_RECENCY, params)

    @property
    def as_of(self) -> float:
        """The moment from which recency is measured, in seconds."""
        if self._options.as_of is not None:
            return self._options.as_of.timestamp()
        return self._facts.newest(self._options.tz)

    def sort(self) -> list[Query]:
        """The order of the results. Ties are broken by date, newest first, then by id."""
        sort, newest = self._options.sort, self._by_time("date", "desc")
        key: list[Query]
        match sort:
            case "relevance":
                key = [{"_score": {"order": "desc"}}, newest]
            case "newest":
                key = [newest]
            case "oldest":
                key = [self._by_time("date", "asc")]
            case "modified":
                key = [self._by_time("modified", "desc"), newest]
            case _:
                key = [{sort: {"order": "desc", "missing": "_last"}}, newest]
        return [*key, {"id": {"order": "asc"}}]

    def _by_time(self, name: str, order: str) -> Query:
        shifts = self._facts.shifts(self._options.tz)
        if not shifts.days:
            return {name: {"order": order, "missing": "_last"}}
        missing = _NEVER if order == "asc" else -_NEVER
        day = "day" if name == "date" else "modified_day"
        params = {"name": name, "day": day, "missing": missing, "days": shifts.days, "shifts": shifts.seconds}
        script = {"source": MOMENT, "params": params}
        return {"_script": {"type": "number", "order": order, "script": script}}


def _scored_of(clauses: Sequence[Clause]) -> list[Query]:
    """The scoring queries of some clauses or, of so many that OpenSearch would refuse them, of the heaviest."""
    some = [clause for clause in clauses if clause.scored is not NOTHING]
    return _heaviest(some, [clause.scored for clause in some]) or [NOTHING]


def _found_of(clauses: Sequence[Clause]) -> list[Query]:
    """The filters of some clauses or, of so many that OpenSearch would refuse them, of the heaviest."""
    return _heaviest(clauses, [clause.found for clause in clauses])


def _heaviest(clauses: Sequence[Clause], queries: list[Query]) -> list[Query]:
    sizes = list(map(terms_in, queries))
    if sum(sizes) <= MAX_TERMS:
        return queries
    kept, room = [], MAX_TERMS
    for at in sorted(range(len(clauses)), key=lambda at: -clauses[at].most):
        if sizes[at] > room:
            break
        room -= sizes[at]
        kept.append(at)
    return [queries[at] for at in sorted(kept)]
