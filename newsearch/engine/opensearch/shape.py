"""Checks the form of answers: another program may answer at the address of a cluster, or in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEYS = {
    "_msearch": ("responses", list),
    "_mget": ("docs", list),
    "_bulk": ("items", list),
    "_refresh": ("_shards", dict),
    "point_in_time": ("pit_id", str),
}
"""What the answers to some requests by POST hold, by the last part of the path."""

_HITS = 10
"""Hits of a search that does not say how many it wants."""

_OF_VALUE = ("min", "max", "sum", "cardinality", "value_count")
_OF_BUCKETS = ("terms", "composite", "histogram", "date_histogram")
"""Kinds of aggregations, by what their answers hold."""


def has_form(method: str, path: str, body: Any, answer: Any) -> bool:
    """Whether an answer has the form of the answers to such a request.

    Args:
        method, path, body: what was sent.
    """
    if not isinstance(answer, Mapping):
        return False
    kind = path.rpartition("/")[2]
    if kind == "_search" and isinstance(body, Mapping):
        return is_found(body, answer)
    key, type = _KEYS.get(kind, ("", object)) if method == "POST" else ("", object)
    return not key or isinstance(answer.get(key), type)


def is_found(body: Mapping[str, Any], answer: Any) -> bool:
    """Whether this is the answer to a search with such a body."""
    hits = answer.get("hits") if isinstance(answer, Mapping) else None
    return (
        isinstance(hits, Mapping)
        and _are_hits(body, hits.get("hits"))
        and (body.get("track_total_hits") is not True or _is_total(hits.get("total")))
        and _are_aggregated(body.get("aggs", {}), answer.get("aggregations", {}))
    )


def _is_total(total: Any) -> bool:
    return isinstance(total, Mapping) and isinstance(total.get("value"), int)


def _are_hits(body: Mapping[str, Any], hits: Any) -> bool:
    has_source = body.get("_source", True) is not False and "stored_fields" not in body
    keys = len(body.get("sort", ()))
    return (
        isinstance(hits, list)
        and len(hits) <= body.get("size", _HITS)
        and all(
            isinstance(hit, Mapping)
            and (not has_source or isinstance(hit.get("_source"), Mapping))
            and (not keys or (isinstance(hit.get("sort"), list) and len(hit["sort"]) == keys))
            for hit in hits
        )
    )


def _are_aggregated(asked: Mapping[str, Any], found: Any) -> bool:
    return isinstance(found, Mapping) and all(
        _is_aggregated(aggregation, found.get(name)) for name, aggregation in asked.items()
    )


def _is_aggregated(asked: Mapping[str, Any], found: Any) -> bool:
    if not isinstance(found, Mapping):
        return False
    inner = asked.get("aggs", {})
    if any(kind in asked for kind in _OF_VALUE):
        return isinstance(found.get("value"), int | float | None) and "value" in found
    if any(kind in asked for kind in _OF_BUCKETS):
        buckets = found.get("buckets")
        return isinstance(buckets, list) and all(_is_bucket(inner, bucket) for bucket in buckets)
    return "filter" not in asked or (
        isinstance(found.get("doc_count"), int) and _are_aggregated(inner, found)
    )


def _is_bucket(inner: Mapping[str, Any], bucket: Any) -> bool:
    return (
        isinstance(bucket, Mapping)
        and "key" in bucket
        and isinstance(bucket.get("doc_count"), int)
        and _are_aggregated(inner, bucket)
    )
