"""How many articles have each value of a facet? Names are counted by their numbers, times by calendar days.

Periods of time follow a time zone. A date without a time is the same day in every zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, tzinfo
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.engine.base import FACETS

Array: TypeAlias = NDArray[Any]

UNDATED = np.iinfo(np.int32).min
"""The period of an article without a date."""


def counted(view: View, name: str, docs: Array, limit: int | None, tz: tzinfo) -> list[tuple[str, int]]:
    """See `Answer.facet`.

    Args:
        docs: the numbers of the articles.
        tz: the zone in which days begin.
    """
    if FACETS[name].of_time:
        return _periods(view, name, docs, limit, tz)
    return _names(view, name, docs, limit)


def _names(view: View, name: str, docs: Array, limit: int | None) -> list[tuple[str, int]]:
    if name in columns.SEVERAL:
        at = view.starts_of(name)
        starts = at.take(docs)
        numbers = view.column(name).take(columns.ranges(starts, at.take(docs + 1) - starts))
    else:
        numbers = view.column(name).take(docs)
    counts = np.bincount(numbers)
    names = view.names(name)
    total: dict[str, int] = {}
    for i in counts.nonzero()[0].tolist():
        # An outlet without a name is shown by its domain.
        parts = names[i].split("\x1f")
        shown = parts[0] or (parts[1] if name == "provider" and len(parts) > 1 else "")
        if shown:
            total[shown] = total.get(shown, 0) + int(counts[i])
    if name == "provider" and names:
        for host, count in _hosts(view, docs, numbers, names):
            total[host] = total.get(host, 0) + count
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))[:limit]


def _hosts(view: View, docs: Array, numbers: Array, names: list[str]) -> list[tuple[str, int]]:
    """The URL hosts of articles whose outlet has neither a name nor a domain, with the number of articles for each."""
    nameless = np.array([not any(known.split("\x1f")[:2]) for known in names])[numbers]
    if not nameless.any():
        return []
    hosts, of = view.hosts
    counts = np.bincount(of.take(docs[nameless]), minlength=len(hosts)).tolist()
    return [(host, count) for host, count in zip(hosts, counts, strict=True) if host and count]


def _periods(view: View, name: str, docs: Array, limit: int | None, tz: tzinfo) -> list[tuple[str, int]]:
    numbers = numbered_periods(view, name, tz).take(docs)
    numbers = numbers[numbers > UNDATED]
    # Count from the first period, since thousands of empty days precede it.
    first = int(numbers.min(initial=np.iinfo(np.int32).max))
    if int(numbers.max(initial=UNDATED)) - first > _DAYS:
        raise ValueError("dates further apart than the years 1 and 9999")  # only a damaged index has them
    counts = np.bincount(numbers - np.int32(first))
    held = counts.nonzero()[0].tolist()
    latest = held if limit is None else held[max(0, len(held) - limit) :]
    return [(shown_period(name, first + i), int(counts[i])) for i in latest]


def numbered_periods(view: View, name: str, tz: tzinfo) -> Array:
    """For each article, the number of its period of this facet in a zone; UNDATED if it has no date."""

    def numbered() -> Array:
        is_dated, days = view.calendar_days(tz)
        period = _PERIODS[name].number
        first, last = int(days.min(initial=0)), int(days.max(initial=0))
        # Articles share few days, and the calendar is slow.
        is_dense = last - first <= len(days)
        numbers = period(np.arange(first, last + 1)).take(days - first) if is_dense else period(days)
        return np.where(is_dated, numbers, UNDATED).astype(np.int32)

    return view.remembered((name, tz), numbered)


def shown_period(name: str, number: int) -> str:
    """The period with this number, in the notation that `date:` reads."""
    return _PERIODS[name].shown(number)


class _FacetPeriod(NamedTuple):
    """A period of time.

    Attributes:
        number: converts days since 1970 to period numbers.
        shown: converts a period number to the notation that `date:` reads.
    """

    number: Callable[[Array], Array]
    shown: Callable[[int], str]


def _months(days: Array) -> Array:
    months: Array = days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    return months


def _shown_month(month: int) -> str:
    return f"{1970 + month // 12:04}-{month % 12 + 1:02}"


def _shown_week(week: int) -> str:
    # Weeks begin on Mondays, and 1970 began on a Thursday.
    year, number, _ = _day(7 * week - 3).isocalendar()
    return f"{year:04}-W{number:02}"


def _day(number: int) -> date:
    return date.fromordinal(_EPOCH + number)


_EPOCH = date(1970, 1, 1).toordinal()
_DAYS = date.max.toordinal()

_PERIODS = {
    "year": _FacetPeriod(lambda days: _months(days) // 12, lambda year: f"{1970 + year:04}"),
    "month": _FacetPeriod(_months, _shown_month),
    "week": _FacetPeriod(lambda days: (days + 3) // 7, _shown_week),
    "day": _FacetPeriod(lambda days: days, lambda day: _day(day).isoformat()),
}
