"""Checks the form of answers: another program may answer at the address of a cluster, or in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from math import isfinite
from typing import Any, Final

from newsearch.engine.opensearch.schema import FIELDS
from newsearch.text import analysis

_KEYS = {
    "_msearch": ("responses", list),
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
    if kind == "_mget":
        docs = answer.get("docs")
        return isinstance(docs, list) and len(docs) == len(body["ids"]) and all(map(_is_object, docs))
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


def _is_object(given: Any) -> bool:
    return isinstance(given, Mapping)


def _is_total(total: Any) -> bool:
    return isinstance(total, Mapping) and isinstance(total.get("value"), int)


def _are_hits(body: Mapping[str, Any], hits: Any) -> bool:
    keys = len(body.get("sort", ()))
    return (
        isinstance(hits, list)
        and len(hits) <= body.get("size", _HITS)
        and all(
            isinstance(hit, Mapping)
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


# Documents

_ALWAYS: Final = ("id", "key", "source", "language", "exact", "stem", "article")
"""Fields that every whole document has, of those that are read."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAYS: Final = range(date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH + 1)
_SECONDS: Final = range(_DAYS.start * 86_400, _DAYS.stop * 86_400)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _within(numbers: range) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value in numbers


def _is_signal(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


_OF_TYPE: Final[dict[str, Callable[[Any], bool]]] = {
    "text": _is_text,
    "keyword": _is_text,
    "long": _within(range(-(1 << 63), 1 << 63)),
    "integer": _within(range(1 << 31)),
    "double": _is_signal,
    "boolean": lambda value: isinstance(value, bool),
}
_CHECKS: Final = {name: _OF_TYPE[field["type"]] for name, field in FIELDS.items()} | {
    "language": lambda value: value in analysis.LANGUAGES if isinstance(value, str) else False,
    "date": _within(_SECONDS),
    "day": _within(_DAYS),
}
_READ: Final = (
    *_ALWAYS,
    *(name for name in FIELDS if name.startswith(("x_", "s_", "length_"))),
    *("brand", "date", "day", "heat", "quality", "born"),
)
"""Fields that searches read of a whole document."""


def damaged_field(hit: Mapping[str, Any], fields: Iterable[str] | None = None) -> str:
    """The first field of a document in an answer that is missing or has another type; empty if there is none.

    Args:
        fields: those that it must have; by default those of a whole document.
    """
    source = hit.get("_source", {})
    if not isinstance(source, Mapping):
        return "_source"
    if not isinstance(hit.get("matched_queries", []), list):
        return "matched_queries"
    for name in _ALWAYS if fields is None else fields:
        if name not in source:
            return name
    for name in _READ if fields is None else fields:
        if name in source and not _CHECKS[name](source[name]):
            return name
    return ""


def damaged_column(
    hits: Sequence[Mapping[str, Any]], columns: Sequence[str], sort: Sequence[str]
) -> tuple[Mapping[str, Any], str] | None:
    """The first hit whose columns or sort values are missing or of another type, and which; None if there is none.

    Args:
        columns: the fields that were asked for as columns.
        sort: those by which the hits are sorted.
    """
    if all(_is_column(hits, name) for name in columns) and all(
        _are_values(name, [hit["sort"][at] for hit in hits]) for at, name in enumerate(sort)
    ):
        return None
    for hit in hits:
        for name in columns:
            if not _is_column([hit], name):
                return hit, name
        for at, name in enumerate(sort):
            if not _are_values(name, [hit["sort"][at]]):
                return hit, name
    return None


def _is_column(hits: Sequence[Mapping[str, Any]], name: str) -> bool:
    try:
        lists = [hit["fields"][name] for hit in hits if name in hit.get("fields", ())]
    except (TypeError, LookupError):
        return False
    if len(lists) < len(hits) and name in _COLUMNS:
        return False
    return set(map(type, lists)) <= {list} and all(lists) and _are_values(name, [*chain.from_iterable(lists)])


def _are_values(name: str, values: Sequence[Any]) -> bool:
    # Ten thousand at a time: one check of the extremes takes a tenth of the time of one check of each.
    types = set(map(type, values))
    if types == {int}:
        return _CHECKS[name](min(values)) and _CHECKS[name](max(values))
    if types == {str}:
        return _CHECKS[name](values[0])
    return all(map(_CHECKS[name], values))


_COLUMNS: Final = frozenset({"content", "born", "hidden", "signature_1", "signature_2"})
"""Columns that every document has, of those that are read."""
