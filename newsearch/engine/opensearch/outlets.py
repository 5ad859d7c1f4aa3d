"""Which outlets published the matches of a search, how many each, and when?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from newsearch.engine.opensearch.filters import first_second
from newsearch.engine.opensearch.periods import period_of
from newsearch.engine.optional import OutletCount

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FIELDS = ("outlet", "date", "day")
"""What `counted` reads of each article."""


class _Outlet:
    def __init__(self) -> None:
        self.articles = 0
        self.periods: Counter[str] = Counter()
        self.first: tuple[float, bool, int] | None = None
        self.last: tuple[float, bool, int] | None = None


def counted(articles: Iterable[Mapping[str, Sequence[Any]]], by: str | None, tz: tzinfo) -> list[OutletCount]:
    """See `CountsOutlets.outlets`.

    Args:
        articles: the FIELDS of each of them.
        tz: the zone in which days begin.
    """
    found: dict[str, _Outlet] = {}
    for fields in articles:
        if "outlet" not in fields:
            continue
        outlet = found.setdefault(fields["outlet"][0], _Outlet())
        outlet.articles += 1
        if "date" not in fields:
            continue
        if by:
            outlet.periods.update(period_of(by, fields, tz))
        seconds, is_day = fields["date"][0], "day" in fields
        at = (float(first_second(fields["day"][0], tz)) if is_day else float(seconds), is_day, seconds)
        outlet.first = at if outlet.first is None else min(outlet.first, at)
        outlet.last = at if outlet.last is None else max(outlet.last, at)
    return [
        OutletCount(name, outlet.articles, _moment(outlet.first), _moment(outlet.last), dict(outlet.periods))
        for name, outlet in found.items()
    ]


def _moment(at: tuple[float, bool, int] | None) -> datetime | date | None:
    if at is None:
        return None
    when = _EPOCH + timedelta(seconds=at[2])
    return when.date() if at[1] else when
