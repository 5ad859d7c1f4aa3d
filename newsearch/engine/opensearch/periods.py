"""Counts articles by periods of time, in the zone of a search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, TypeAlias

from newsearch.engine.base import FACETS
from newsearch.engine.opensearch.filters import first_second
from newsearch.engine.opensearch.searches import Requests, counting, every_bucket

Query: TypeAlias = dict[str, Any]

_FIELD_OF = {"provider": "outlet", "language": "tag"}
_DAY = 86_400

_RANGES = 5000
"""Days that one request counts."""

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH


def field_of(name: str) -> tuple[str, ...]:
    """The fields that hold the values of a facet."""
    return ("date", "day") if FACETS[name].of_time else (_FIELD_OF.get(name, name),)


def period_of(name: str, held: Mapping[str, Sequence[int]], tz: tzinfo) -> tuple[str, ...]:
    """The period of one article, if it has a date.

    Args:
        held: its values in the fields of the facet.
    """
    if "day" in held:
        return (_period(name, date.fromordinal(_EPOCH + held["day"][0])),)
    if "date" not in held:
        return ()
    seconds = held["date"][0]
    if tz is UTC:
        return (_period(name, date.fromordinal(_EPOCH + seconds // _DAY)),)
    try:
        return (_period(name, datetime.fromtimestamp(seconds, tz).date()),)
    except (OverflowError, ValueError):
        # The day is outside the calendar there, and is not counted.
        return ()


def periods(
    requests: Requests, name: str, chosen: list[Query], limit: int | None, tz: tzinfo
) -> list[tuple[str, int]]:
    """The latest periods, in order, each with its number of articles.

    Args:
        chosen: filters that the articles pass.
    """
    counts: dict[str, int] = {}
    for day, count in _days(requests, chosen, tz):
        with requests.cluster.expecting():
            period = _period(name, date.fromordinal(_EPOCH + day))
        counts[period] = counts.get(period, 0) + count
    found = sorted(counts.items())
    return found if limit is None else found[max(0, len(found) - limit) :]


def _days(requests: Requests, chosen: list[Query], tz: tzinfo) -> Iterator[tuple[int, int]]:
    """The days of some articles in the zone of the search, in days since 1970, with their numbers of articles."""
    yield from every_bucket(requests, chosen, {"terms": {"field": "day"}})
    instants = [*chosen, {"bool": {"must_not": [{"exists": {"field": "day"}}]}}]
    found = every_bucket(requests, instants, {"histogram": {"field": "date", "interval": _DAY}})
    if tz is UTC:
        yield from ((int(seconds) // _DAY, count) for seconds, count in found)
        return
    # A day of the zone shares its moments with at most three days of UTC, since offsets are below 24 hours.
    days = sorted({int(seconds) // _DAY + shift for seconds, _ in found for shift in (-1, 0, 1)})
    days = [day for day in days if _FIRST <= day <= _LAST]
    while days:
        some, days = days[:_RANGES], days[_RANGES:]
        ranges = [
            {
                "key": str(day),
                "from": first_second(day, tz),
                "to": max(first_second(day, tz), first_second(day + 1, tz)),
            }
            for day in some
        ]
        aggregation = {"days": {"range": {"field": "date", "keyed": False, "ranges": ranges}}}
        answer = requests.search(counting(instants) | {"aggs": aggregation})
        for bucket in answer["aggregations"]["days"]["buckets"]:
            if bucket["doc_count"]:
                yield int(bucket["key"]), int(bucket["doc_count"])


def _period(name: str, day: date) -> str:
    match name:
        case "year":
            return f"{day.year:04}"
        case "month":
            return f"{day.year:04}-{day.month:02}"
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
    return day.isoformat()
