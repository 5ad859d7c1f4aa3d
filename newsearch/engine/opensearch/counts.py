"""What a translation must know about a generation, asked of the cluster in few requests, and kept.

A translation asks `Asked` for counts and forms. What is not known yet is noted, and an empty value is returned. After
`settle` has asked the cluster for all of it at once, the query is translated again. A generation never changes, so
every answer is kept for later searches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import orjson

from newsearch import ranking
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.opensearch.filters import Shifts, first_second
from newsearch.engine.opensearch.translate import MAX_FORMS, PUBLISHED
from newsearch.errors import EngineError
from newsearch.ranking import Pivots

if TYPE_CHECKING:
    from newsearch.engine.opensearch.connection import Cluster
    from newsearch.engine.opensearch.generation import Generation

Query: TypeAlias = dict[str, Any]

WHOLE = {"allow_partial_search_results": "false"}
"""A search that lost a shard fails, rather than to return fewer articles."""

_MAX_KEPT = 100_000
"""Answers that are kept."""

_LONG = 12
"""Letters of a term above which the forms that are like it are looked for by halves."""

_SEARCHES = 250
"""Searches in one request."""

_MAX_LIKE = 2000
"""Forms that the server suggests for a misspelling, at most. The nearest ones come first."""

_PAGE = 1000
"""Buckets of one request, where all are read."""

_DAY = 86_400


class Requests:
    """Sends searches over one generation."""

    def __init__(self, cluster: Cluster, generation: Generation) -> None:
        self.cluster = cluster
        self.generation = generation
        self.live = generation.live()

    def search(self, body: Query) -> Any:
        """The answer to one search of the index."""
        return self.cluster.ask("POST", f"/{self.generation.index}/_search", body, WHOLE)

    def searches(self, bodies: Sequence[Query]) -> list[Any]:
        """The answers to several searches, asked in one request."""
        if len(bodies) == 1:
            return [self.search(bodies[0])]
        header = orjson.dumps({"index": self.generation.index, "allow_partial_search_results": False})
        found: list[Any] = []
        for at in range(0, len(bodies), _SEARCHES):
            some = bodies[at : at + _SEARCHES]
            lines = b"".join([header + b"\n" + orjson.dumps(body) + b"\n" for body in some])
            found += self.cluster.ask("POST", "/_msearch", lines)["responses"]
        for answer in found:
            if "error" in answer:
                raise self._refused(answer)
        return found

    def _refused(self, answer: Mapping[str, Any]) -> Exception:
        error = answer["error"]
        cause = (error.get("root_cause") or [error])[0]
        refused = self.cluster.refused(
            int(answer.get("status", 0)), str(cause.get("type", "")), str(cause.get("reason", ""))
        )
        return refused if isinstance(refused, Exception) else EngineError(str(refused))


def counting(filters: Sequence[Query]) -> Query:
    """The body of a search that only counts."""
    return {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": list(filters)}}}


def counted(answer: Any) -> int:
    """The number of articles in the answer to such a search."""
    return int(answer["hits"]["total"]["value"])


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
                answer = self.requests.search(_suggesting(term, edits))
                forms = {option["text"] for option in answer["suggest"]["like"][0]["options"]}
            if short or edits > 1:
                pattern = "|".join(sorted(_like(term, edits) if short else _begun_otherwise(term)))
                forms.update(form for form, _ in self._matching(pattern, _MAX_LIKE))
            # The server suggests no term for itself.
            near = _within(term, sorted({*forms, term}), edits)
            counts = self._counts([form for _, form in near], published=published)
            return sorted((distance, form, counts[form]) for distance, form in near if form in counts)

        return list(self.value(("like", term, edits, published), make))

    def _counts(self, forms: Sequence[str], *, published: bool) -> dict[str, int]:
        """How many live articles contain each of some exact forms. Those that none contains are missing."""
        filters = [*self.requests.live, {"terms": {"exact": list(forms)}}]
        aggregation = {"terms": {"field": "exact", "include": list(forms), "size": len(forms)}}
        body = counting([*filters, PUBLISHED] if published else filters) | {"aggs": {"forms": aggregation}}
        return _buckets(self.requests.search(body), "forms")

    def _matching(self, pattern: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent exact forms of live articles that match an expression of Lucene."""
        filters = [*self.requests.live, {"regexp": {"exact": {"value": pattern}}}]
        return most_frequent(self.requests, filters, {"field": "exact", "include": pattern}, limit)

    def begun(self, prefix: str, limit: int, filters: Sequence[Query]) -> list[tuple[str, int]]:
        """The most frequent exact forms with a prefix, each with its number of articles."""
        found = [*filters, {"prefix": {"exact": {"value": prefix}}}] if prefix else filters
        terms = {"field": "exact", "include": _escaped(prefix) + ".*"}
        return most_frequent(self.requests, found, terms, limit)

    def forms(self, kind: str, given: str) -> list[str]:
        """The most frequent exact forms of live articles with a prefix, or with a character of pairs."""

        def make() -> list[str]:
            if kind == "begun":
                found = self.begun(given, MAX_FORMS, self.requests.live)
            else:
                sign = _escaped(given)
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
    """The facts for one translation. Implements `translate.Facts`; what is not known yet is noted for `settle`."""

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
                if "aggregations" in answer:
                    known.keep(("spoken", key), frozenset(_buckets(answer, "spoken")))
        else:
            return False
        self._wanted, self._spoken, self._forms, self._like = {}, set(), set(), set()
        return True


_EMPTY: tuple[Query, ...] = tuple(
    {name: []}
    for name in ("exact", "stem", *(f"{kind}_{name}" for kind in "xs" for name in ranking.TEXT_FIELDS))
)


_BY_LANGUAGE: Query = {"aggs": {"spoken": {"terms": {"field": "language", "size": 100}}}}


# Forms


def _escaped(text: str) -> str:
    """A regular expression of Lucene that matches this text alone."""
    return re.sub(r"([^\w\s]|_)", r"\\\1", text)


def _like(term: str, edits: int) -> set[str]:
    """Expressions of Lucene for what is within some edits of a short term.

    The server's suggestions lack forms that are as short as the edits are many.
    """
    found: set[tuple[str, ...]] = {tuple(map(_escaped, term))}
    for _ in range(edits):
        for known in list(found):
            for at in range(len(known) + 1):
                head, tail = known[:at], known[at:]
                found.add((*head, ".", *tail))
                if tail:
                    found |= {(*head, *tail[1:]), (*head, ".", *tail[1:])}
                if len(tail) > 1:
                    found.add((*head, tail[1], tail[0], *tail[2:]))
    return {"".join(letters) for letters in found if letters}


def _begun_otherwise(term: str) -> set[str]:
    """Expressions for what is within two edits of a longer term, one of them at its beginning.

    The server suggests nothing with two edits that does not begin as the term does. The expressions for a long term
    match other forms too, since exact ones would be too long.
    """
    if len(term) > _LONG:
        # The other edit leaves one half as it is.
        middle = len(term) // 2
        halves = _escaped(term[2 : middle - 1]), _escaped(term[middle + 1 :])
        return {f".{{0,4}}{halves[0]}.*", f".*{halves[1]}"}
    first, second = _escaped(term[0]), _escaped(term[1])
    found = {begin + rest for rest in _like(term[1:], 1) for begin in (".", "")}
    found |= {"." + rest for rest in _like(term, 1)}
    return found | {second + first + rest for rest in _like(term[2:], 1)}


def _suggesting(term: str, edits: int) -> Query:
    suggestion = {
        "field": "exact",
        "analyzer": "keyword",
        "suggest_mode": "always",
        "max_edits": edits,
        "prefix_length": 0,
        "min_word_length": 1,
        "size": _MAX_LIKE,
        "shard_size": _MAX_LIKE,
        "accuracy": 0.0,
        "max_term_freq": float(1 << 30),
        "min_doc_freq": 0.0,
        "string_distance": "damerau_levenshtein",
        "sort": "score",
    }
    return {"size": 0, "suggest": {"like": {"text": term, "term": suggestion}}}


def _within(term: str, forms: Sequence[str], edits: int) -> list[tuple[int, str]]:
    """Those of some forms that are within some edits of a term, with their distances."""
    encoded = [form.encode() for form in forms]
    found = kernel.similar(
        term,
        edits,
        0,
        np.zeros(len(forms), np.uint32),
        np.arange(len(forms), dtype=np.uint32),
        np.frombuffer(b"".join(encoded), np.uint8),
        np.cumsum([0, *map(len, encoded)], dtype=np.int64),
    )
    return [(distance, form) for distance, form, _ in found]


# Aggregations


def _buckets(answer: Any, name: str) -> dict[Any, int]:
    return {bucket["key"]: int(bucket["doc_count"]) for bucket in answer["aggregations"][name]["buckets"]}


def most_frequent(
    requests: Requests, filters: Sequence[Query], terms: Query, limit: int
) -> list[tuple[str, int]]:
    """The most frequent values of a field, exact over all shards. Ties come in the order of the values.

    A shard returns only its own most frequent values. More of each are asked for until the rest cannot matter.

    Args:
        terms: the parameters of the aggregation.
    """
    if not limit:
        return []
    taken = 2 * limit + 10
    while True:
        body = {**terms, "size": taken, "shard_size": taken, "show_term_doc_count_error": True}
        answer = requests.search(counting(filters) | {"aggs": {"values": {"terms": body}}})
        found = answer["aggregations"]["values"]
        buckets = found["buckets"]
        first = buckets[:limit]
        least = first[-1]["doc_count"] if len(first) == limit else 1
        # What a value has at most that some shards did not return, or none.
        unsure = [found["doc_count_error_upper_bound"]]
        for bucket in buckets[limit:]:
            if error := bucket["doc_count_error_upper_bound"]:
                unsure.append(bucket["doc_count"] + error)
        if max(unsure) < least and not any(bucket["doc_count_error_upper_bound"] for bucket in first):
            return [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in first]
        taken *= 8


def every_bucket(requests: Requests, filters: Sequence[Query], source: Query) -> list[tuple[Any, int]]:
    """All values of a composite aggregation with one source, in order, each with its number of articles."""
    found: list[tuple[Any, int]] = []
    after: Any = None
    while True:
        composite: Query = {"size": _PAGE, "sources": [{"value": source}]}
        if after is not None:
            composite["after"] = after
        answer = requests.search(counting(filters) | {"aggs": {"values": {"composite": composite}}})
        values = answer["aggregations"]["values"]
        found += [(bucket["key"]["value"], int(bucket["doc_count"])) for bucket in values["buckets"]]
        after = values.get("after_key")
        if after is None or len(values["buckets"]) < _PAGE:
            return found


# Medians

_SPLITS = 64


def medians(cluster: Cluster, index: str, filters: list[Query]) -> Pivots:
    """The exact medians of the signals over some articles; 0 if none of them has the signal.

    Args:
        index: the index that holds the articles.
        filters: what the articles pass.
    """

    def search(body: Query) -> Any:
        return cluster.ask("POST", f"/{index}/_search", body, WHOLE)

    return Pivots(_median(search, "heat", filters), _median(search, "quality", filters))


def _median(search: Callable[[Query], Any], name: str, filters: list[Query]) -> float:
    given = [*filters, {"exists": {"field": name}}]
    bounds = {"low": {"min": {"field": name}}, "high": {"max": {"field": name}}}
    answer = search(counting(given) | {"aggs": bounds})
    total = counted(answer)
    if not total:
        return 0.0
    low, high = (float(answer["aggregations"][at]["value"]) for at in ("low", "high"))
    ranks = ((total - 1) // 2, total // 2)
    found = {rank: _of_rank(search, name, given, rank, low, high) for rank in set(ranks)}
    return (found[ranks[0]] + found[ranks[1]]) / 2


def _of_rank(
    search: Callable[[Query], Any], name: str, filters: list[Query], rank: int, low: float, high: float
) -> float:
    """The value at a rank, counted from 0, of the sorted values between two bounds, which are included."""
    while low < high:
        # Cut the range into parts, and go on in the one with the wanted rank.
        step = (high - low) / _SPLITS
        cuts = sorted({low + step * i for i in range(1, _SPLITS)} - {low, high})
        if not cuts:
            cuts = [high]
        edges = [low, *cuts, float(np.nextafter(high, np.inf))]
        ranges = [{"from": a, "to": b} for a, b in pairwise(edges)]
        parts = {"range": {"field": name, "ranges": ranges}}
        inner = {"low": {"min": {"field": name}}, "high": {"max": {"field": name}}}
        below = counting([*filters, {"range": {name: {"lt": low}}}])
        before = counted(search(below))
        answer = search(counting(filters) | {"aggs": {"parts": {**parts, "aggs": inner}}})
        for bucket in answer["aggregations"]["parts"]["buckets"]:
            before += int(bucket["doc_count"])
            if before > rank:
                low, high = float(bucket["low"]["value"]), float(bucket["high"]["value"])
                break
    return low
