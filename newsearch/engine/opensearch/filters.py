"""Translates the filter nodes of a query tree, and the days of a time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple, TypeAlias

from newsearch.engine.opensearch.fields import folded_name
from newsearch.engine.opensearch.schema import MAX_VALUE
from newsearch.query.dates import midnight
from newsearch.query.tree import DateRange, Match, Range
from newsearch.text.addresses import like_addresses, typed_host
from newsearch.text.hashes import hash_key

Query: TypeAlias = dict[str, Any]

HALF = 1 << 63
"""Hashes are unsigned, but a `long` is signed. Subtracting this keeps their order."""

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_HAS = frozenset(("image", "related", "body", "excerpt"))


class Shifts(NamedTuple):
    """How many seconds later than in UTC days begin in a zone: from each of these days on, in days since 1970."""

    days: list[int]
    seconds: list[int]

    def of(self, day: int) -> int:
        """The shift of one day."""
        from bisect import bisect_right

        return self.seconds[max(0, bisect_right(self.days, day) - 1)] if self.days else 0


def looked_up(node: Match | Range) -> Query:
    """The articles with a value, or with a number in a range."""
    if isinstance(node, Range):
        # A negative signal counts as unknown (see Article).
        bounds: dict[str, float] = {"gte": max(0.0 if node.low is None else node.low, 0.0)}
        if node.high is not None:
            bounds["lte"] = node.high
        return {"range": {node.field: bounds}}
    value = node.value
    match node.field:
        case "id":
            return {"term": {"key": hash_key(value) - HALF}}
        case "topic" | "category" | "type" | "language" as name:
            return _key(name, value.casefold()[:MAX_VALUE])
        case "has":
            return _key("has", value.casefold()) if value.casefold() in _HAS else _nothing()
        case "is":
            return _is(value.casefold())
        case "author":
            return _named("author_words", value)
        case "domain":
            return _within(typed_host(value))
        case "provider":
            host = typed_host(value)
            named = _named("provider_words", value)
            return (
                {"bool": {"should": [named, _within(host)], "minimum_should_match": 1}}
                if "." in host
                else named
            )
        case "url" if "://" in value:
            return {"terms": {"url": [hash_key(url) - HALF for url in like_addresses(value)]}}
        case "url":
            escaped = "".join(f"\\{sign}" if sign in "\\*?" else sign for sign in value.casefold())
            return {"wildcard": {"urls": {"value": f"*{escaped}*"}}}
    raise AssertionError(node.field)


def _key(name: str, value: str) -> Query:
    return {"term": {"keys": f"{name}:{value}"}}


def _nothing() -> Query:
    return {"match_none": {}}


def _is(value: str) -> Query:
    if value in ("published", "unpublished"):
        return {"term": {"published": value == "published"}}
    return _key("type", value) if value == "video" else _nothing()


def _named(field: str, value: str) -> Query:
    """Names that contain these words side by side."""
    wanted = folded_name(value)
    return {"match_phrase": {field: {"query": wanted}}} if wanted else _nothing()


def _within(domain: str) -> Query:
    return _key("domain", domain[:MAX_VALUE]) if domain else _nothing()


# Dates


def dated(node: DateRange, tz: tzinfo) -> Query:
    """The articles with a date in a range. A date without a time is that day in the zone."""
    name, day = ("date", "day") if node.field == "date" else ("modified", "modified_day")
    low = None if node.start is None else _seconds(node.start)
    high = None if node.end is None else _seconds(node.end) - 1
    moments = _range(name, low, high)
    until = _last_second if node.start is None and not node.begun else first_second
    first = None if low is None else _least(lambda day: _last_second(day, tz) >= low)
    last = None if high is None else _least(lambda day: until(day, tz) > high) - 1
    instants: Query = {"bool": {"filter": [moments], "must_not": [{"exists": {"field": day}}]}}
    return {"bool": {"should": [instants, _range(day, first, last)], "minimum_should_match": 1}}


def _range(name: str, low: int | None, high: int | None) -> Query:
    bounds = {key: value for key, value in (("gte", low), ("lte", high)) if value is not None}
    return {"range": {name: bounds}} if bounds else {"exists": {"field": name}}


def _least(holds: Callable[[int], bool]) -> int:
    """The first day, in days since 1970, of which this is true. Once true, it stays true."""
    low, high = _FIRST, _LAST + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _last_second(day: int, tz: tzinfo) -> int:
    begins = first_second(day, tz)
    # A day that a zone skips has no duration.
    return begins + max(first_second(day + 1, tz) - begins, 1) - 1


def first_second(day: int, tz: tzinfo) -> int:
    """The start of a day in a zone, in seconds since 1970. `day` is in days since 1970."""
    if not _FIRST <= day <= _LAST:
        return day * _DAY
    return int(midnight(date.fromordinal(_EPOCH + day), tz).timestamp())


def _seconds(when: datetime) -> int:
    return -int(-when.timestamp() // 1)
