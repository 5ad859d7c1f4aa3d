"""What a translation must know about a generation, asked of the cluster in few requests, and kept.

A translation asks `Asked` for counts and forms. What is not known yet is noted, and an empty value is returned. After
`settle` has asked the cluster for all of it at once, the query is translated again. A generation never changes, so
every answer is kept for later searches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeAlias

import orjson

from newsearch import ranking
from newsearch.engine.opensearch.filters import Shifts, first_second
from newsearch.engine.opensearch.likeness import (
    MAX_LIKE,
    begun_otherwise,
    escaped,
    like_patterns,
    suggesting,
    within,
)
from newsearch.engine.opensearch.queries import PUBLISHED
from newsearch.engine.opensearch.searches import (
    Requests,
    buckets_of,
    counted,
    counting,
    counts_of,
    every_bucket,
    first_in_order,
    most_frequent,
)
from newsearch.engine.opensearch.translate import MAX_FORMS, MAX_PARTS

Query: TypeAlias = dict[str, Any]

_MAX_KEPT = 100_000
"""Answers that are kept."""

_DAY = 86_400


class Known:
    """The answers of one generation, shared by its searches and by threads."""

    def __init__(self, requests: Requests) -> None:
        self.requests = requests
        self.generation = requests.generation
        self.answers: dict[Hashable, Any] = {}

    def asked(self) -> Asked:
        """The facts for one translation."""
        return Asked(self)

    def value(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """An answer that is asked for at once, and kept."""
        found = self.answers.get(key)
        if found is None:
            found = make()
            self.keep(key, found)
        return found

    def keep(self, key: Hashable, value: Any) -> None:
        """Keep an answer."""
        if len(self.answers) >= _MAX_KEPT:
            self.answers = {}
        self.answers[key] = value

    def articles_with(self, form: str) -> int:
        """See `Reader.articles_with`."""

        def make() -> int:
            filters = [*self.requests.live, PUBLISHED, {"term": {"exact": form}}]
            return counted(self.requests.search(counting(filters)))

        return int(self.value(("with", form), make))

    def like(self, term: str, edits: int, *, published: bool) -> list[tuple[int, str, int]]:
        """The exact forms of articles within some edits of a term: distance, form, and number of articles; sorted."""

        def make() -> list[tuple[int, str, int]]:
            short = len(term) <= 2 * edits
            forms: set[str] = set()
            if not short:
                answer = self.requests.search(suggesting(term, edits))
                with self.requests.cluster.expecting():
                    forms = {str(option["text"]) for option in answer["suggest"]["like"][0]["options"]}
            if short or edits > 1:
                pattern = "|".join(sorted(like_patterns(term, edits) if short else begun_otherwise(term)))
                forms.update(form for form, _ in self._matching(pattern, MAX_LIKE))
            # The server suggests no term for itself.
            near = within(term, sorted({*forms, term}), edits)
            counts = self._counts([form for _, form in near], published=published)
            return sorted((distance, form, counts[form]) for distance, form in near if form in counts)

        return list(self.value(("like", term, edits, published), make))

    def _counts(self, forms: Sequence[str], *, published: bool) -> dict[str, int]:
        """How many live articles contain each of some exact forms. Those that none contains are missing."""
        filters = [*self.requests.live, PUBLISHED] if published else self.requests.live
        return counts_of(self.requests, filters, list(forms))

    def _matching(self, pattern: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent exact forms of live articles that match an expression of Lucene."""
        filters = [*self.requests.live, {"regexp": {"exact": {"value": pattern}}}]
        return most_frequent(self.requests, filters, {"field": "exact", "include": pattern}, limit)

    def begun(self, prefix: str, limit: int, filters: Sequence[Query]) -> list[tuple[str, int]]:
        """The most frequent exact forms with a prefix, each with its number of articles."""
        found = [*filters, {"prefix": {"exact": {"value": prefix}}}] if prefix else filters
        terms = {"field": "exact", "include": escaped(prefix) + ".*"}
        return most_frequent(self.requests, found, terms, limit)

    def _all_begun(self, prefix: str) -> list[tuple[str, int]]:
        """All exact forms with a prefix, the most frequent first; none if there are too many."""
        most = MAX_FORMS * MAX_PARTS
        terms = {"field": "exact", "include": escaped(prefix) + ".*"}
        found = first_in_order(
            self.requests, [*self.requests.live, {"prefix": {"exact": {"value": prefix}}}], terms, most + 1
        )
        return sorted(found, key=lambda item: (-item[1], item[0])) if len(found) <= most else []

    def forms(self, kind: str, given: str) -> list[str]:
        """The most frequent exact forms of live articles with a prefix, or with a character of pairs."""

        def make() -> list[str]:
            if kind == "begun":
                found = self._all_begun(given) or self.begun(given, MAX_FORMS, self.requests.live)
            else:
                sign = escaped(given)
                found = self._matching(f"{sign}|{sign}.|.{sign}", MAX_FORMS)
            return [form for form, _ in found]

        return list(self.value((kind, given), make))

    def days(self) -> list[int]:
        """The days of all articles that are dated, or were modified, on a day without a time. Sorted."""

        def make() -> list[int]:
            found: set[int] = set()
            for name in ("day", "modified_day"):
                found.update(
                    int(day)
                    for day, _ in every_bucket(self.requests, self.requests.live, {"terms": {"field": name}})
                )
            return sorted(found)

        return list(self.value("days", make))

    def shifts(self, tz: tzinfo) -> Shifts:
        """See `Facts.shifts`."""
        if tz is UTC:
            return Shifts([], [])

        def make() -> Shifts:
            days: list[int] = []
            seconds: list[int] = []
            for day in self.days():
                shift = first_second(day, tz) - day * _DAY
                if not seconds or seconds[-1] != shift:
                    days.append(day)
                    seconds.append(shift)
            return Shifts(days, seconds)

        found: Shifts = self.value(("shifts", tz), make)
        return found

    def newest(self, tz: tzinfo) -> float:
        """See `Facts.newest`."""

        def make() -> float:
            visible = [*self.requests.live, PUBLISHED]
            is_day = {"exists": {"field": "day"}}
            instants = counting([*visible, {"bool": {"must_not": [is_day]}}])
            days = counting([*visible, is_day])
            found = self.requests.searches(
                [
                    instants | {"aggs": {"last": {"max": {"field": "date"}}}},
                    days | {"aggs": {"last": {"max": {"field": "day"}}}},
                ]
            )
            last, day = (answer["aggregations"]["last"]["value"] for answer in found)
            moments = [] if last is None else [float(last)]
            if day is not None:
                moments.append(float(first_second(int(day), tz)))
            return max(moments, default=0.0)

        return float(min(self.value(("newest", tz), make), datetime.now(UTC).timestamp()))


class Asked:
    """The facts for one translation. Implements `Facts`; what is not known yet is noted for `settle`."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._wanted: dict[bytes, Query] = {}
        self._spoken: set[bytes] = set()
        self._forms: set[tuple[str, str]] = set()
        self._like: set[tuple[str, int]] = set()
        self.articles = known.generation.articles
        self.languages = known.generation.languages or ("en",)
        self.protected = known.generation.protected
        self.pivots = known.generation.pivots
        self.live = known.requests.live

    def count(self, query: Query) -> int:
        key = orjson.dumps(query)
        found = self._known.answers.get(key)
        if found is None:
            if "match_none" in query or query.get("terms") in _EMPTY:
                return 0
            self._wanted[key] = query
            return 0
        return int(found)

    def spoken(self, query: Query) -> Collection[str]:
        key = orjson.dumps(query)
        found: Collection[str] | None = self._known.answers.get(("spoken", key))
        if found is None:
            self._wanted[key] = query
            self._spoken.add(key)
            return self.languages
        return found

    def begun(self, prefix: str) -> Sequence[str]:
        return self._listed("begun", prefix)

    def pairs(self, half: str) -> Sequence[str]:
        return self._listed("pairs", half)

    def _listed(self, kind: str, given: str) -> Sequence[str]:
        found: Sequence[str] | None = self._known.answers.get((kind, given))
        if found is None:
            self._forms.add((kind, given))
            return ()
        return found

    def like(self, term: str, edits: int) -> Sequence[tuple[int, str]]:
        found = self._known.answers.get(("like", term, edits, False))
        if found is None:
            self._like.add((term, edits))
            return ()
        return [(distance, form) for distance, form, _ in found]

    def shifts(self, tz: tzinfo) -> Shifts:
        return self._known.shifts(tz)

    def newest(self, tz: tzinfo) -> float:
        return self._known.newest(tz)

    def settle(self) -> bool:
        """Ask for all that was not known. Returns whether there was anything."""
        known = self._known
        if self._forms or self._like:
            # Counts that were noted beside these depend on the forms in part. The next translation notes them again.
            for kind, given in self._forms:
                known.forms(kind, given)
            for term, edits in self._like:
                known.like(term, edits, published=False)
        elif self._wanted:
            keys, bodies = list(self._wanted), []
            for key, query in self._wanted.items():
                body = counting([*self.live, query])
                bodies.append(body | _BY_LANGUAGE if key in self._spoken else body)
            for key, answer in zip(keys, known.requests.searches(bodies), strict=True):
                known.keep(key, counted(answer))
                if key in self._spoken:
                    known.keep(("spoken", key), frozenset(buckets_of(answer, "spoken")))
        else:
            return False
        self._wanted, self._spoken, self._forms, self._like = {}, set(), set(), set()
        return True


_EMPTY: tuple[Query, ...] = tuple(
    {name: []}
    for name in ("exact", "stem", *(f"{kind}_{name}" for kind in "xs" for name in ranking.TEXT_FIELDS))
)


_BY_LANGUAGE: Query = {"aggs": {"spoken": {"terms": {"field": "language", "size": 100}}}}
