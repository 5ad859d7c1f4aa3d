"""Searches of one generation: several in one request, and aggregations that are exact over all shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from newsearch.engine.opensearch.shape import is_found

if TYPE_CHECKING:
    from newsearch.engine.opensearch.connection import Cluster
    from newsearch.engine.opensearch.generation import Generation

Query: TypeAlias = dict[str, Any]

WHOLE = {"allow_partial_search_results": "false"}
"""A search that lost a shard fails, rather than to return fewer articles."""

_SEARCHES = 250
"""Searches in one request."""

_MOST_VALUES = (1 << 31) - 1
"""The maximum number of values of a field that a request can ask for."""

_PAGE = 1000
"""Buckets of one request, where all are read."""


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
            if isinstance(answer, Mapping) and "error" in answer:
                raise self.cluster.refused_with(answer)
        if len(found) != len(bodies) or not all(map(is_found, bodies, found)):
            raise self.cluster.unexpected()
        return found


def counting(filters: Sequence[Query]) -> Query:
    """The body of a search that only counts."""
    return {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": list(filters)}}}


def counted(answer: Any) -> int:
    """The number of articles in the answer to such a search."""
    return int(answer["hits"]["total"]["value"])


def buckets_of(answer: Any, name: str) -> dict[Any, int]:
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
    while taken <= _MOST_VALUES:
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
    raise requests.cluster.unexpected()


def first_in_order(
    requests: Requests, filters: Sequence[Query], terms: Query, limit: int
) -> list[tuple[str, int]]:
    """The first values of a field in order, each with its number of articles, exact over all shards.

    Args:
        terms: the parameters of the aggregation.
    """
    body = {**terms, "size": limit, "shard_size": limit, "order": {"_key": "asc"}}
    return list(
        buckets_of(
            requests.search(counting(filters) | {"aggs": {"values": {"terms": body}}}), "values"
        ).items()
    )


def counts_of(requests: Requests, filters: Sequence[Query], forms: list[str]) -> dict[str, int]:
    """How many articles contain each of some exact forms. Those that none contains are missing."""
    aggregation = {"terms": {"field": "exact", "include": forms, "size": len(forms)}}
    body = counting([*filters, {"terms": {"exact": forms}}]) | {"aggs": {"forms": aggregation}}
    return buckets_of(requests.search(body), "forms")


def every_bucket(requests: Requests, filters: Sequence[Query], source: Query) -> list[tuple[Any, int]]:
    """All values of a composite aggregation with one source, in order, each with its number of articles."""
    found: list[tuple[Any, int]] = []
    after: Any = None
    while True:
        composite: Query = {"size": _PAGE, "sources": [{"value": source}]}
        if after is not None:
            composite["after"] = after
        answer = requests.search(counting(filters) | {"aggs": {"values": {"composite": composite}}})
        buckets = answer["aggregations"]["values"]["buckets"]
        try:
            values = [bucket["key"]["value"] for bucket in buckets]
            is_further = not values or (
                (after is None or after["value"] < values[0]) and values[0] <= values[-1]
            )
        except (LookupError, TypeError) as error:
            raise requests.cluster.unexpected() from error
        if not is_further:
            raise requests.cluster.unexpected()
        found += zip(values, [int(bucket["doc_count"]) for bucket in buckets], strict=True)
        if len(buckets) < _PAGE:
            return found
        after = {"value": values[-1]}
