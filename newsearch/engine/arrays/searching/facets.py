"""How many articles have each value of a facet? Names are counted by their numbers, times by calendar days.

Periods of time follow a time zone. A date without a time is the same day in every zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.engine.base import FACETS

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.groups import Groups

Array: TypeAlias = NDArray[Any]

UNDATED = np.iinfo(np.int32).min
"""The period of an article without a date."""


def counted(
    view: View, name: str, docs: Array, limit: int | None, tz: tzinfo, groups: Groups | None = None
) -> list[tuple[str, int]]:
    """See `Answer.facet`.

    Args:
        docs: the numbers of the articles.
        tz: the zone in which days begin.
        groups: if given, articles of one group that have the same value count once.
    """
    if FACETS[name].of_time:
        return _periods(view, name, docs, limit, tz, groups)
    return _names(view, name, docs, limit, groups)


def _names(
    view: View, name: str, docs: Array, limit: int | None, groups: Groups | None
) -> list[tuple[str, int]]:
    of = docs
    if name in columns.SEVERAL:
        at = view.starts_of(name)
        starts = at.take(docs)
        counts = at.take(docs + 1) - starts
        numbers = view.column(name).take(columns.ranges(starts, counts))
        of = np.repeat(docs, counts) if groups else docs
    else:
        numbers = view.column(name).take(docs)
    names = view.names(name)

    def shown(number: int) -> str:
        # An outlet without a name is shown by its domain.
        parts = names[number].split("\x1f")
        return parts[0] or (parts[1] if name == "provider" and len(parts) > 1 else "")

    def first() -> Array:
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(shown(number), number) for number in range(len(names))], np.int64)

    if groups:
        # Several numbers may be shown as one.
        numbers = view.remembered(("shown", name), first).take(numbers)
    counts = _bincount(numbers, of, groups)
    total: dict[str, int] = {}
    for i in counts.nonzero()[0].tolist():
        if text := shown(i):
            total[text] = total.get(text, 0) + int(counts[i])
    if name == "provider" and names:
        for host, count in _hosts(view, docs, groups):
            total[host] = total.get(host, 0) + count
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))[:limit]


def _bincount(numbers: Array, docs: Array, groups: Groups | None) -> Array:
    """How often each number occurs, but once in all articles of a group.

    Args:
        docs: the article of each of the numbers.
    """
    if groups is None:
        return np.bincount(numbers)
    is_shared = groups.shared[docs]
    alone = np.bincount(numbers[~is_shared], minlength=1)
    pairs = np.unique(groups.of[docs[is_shared]].astype(np.int64) << 32 | numbers[is_shared].astype(np.int64))
    together = np.bincount(pairs & 0xFFFFFFFF, minlength=len(alone))
    together[: len(alone)] += alone
    return together


def _hosts(view: View, docs: Array, groups: Groups | None) -> list[tuple[str, int]]:
    """The URL hosts of articles whose outlet has neither a name nor a domain, with the number of articles for each."""
    names = view.names("provider")
    nameless = np.array([not any(known.split("\x1f")[:2]) for known in names])[
        view.column("provider").take(docs)
    ]
    if not nameless.any():
        return []
    hosts, of = view.hosts
    counts = _bincount(of.take(docs[nameless]), docs[nameless], groups).tolist()
    return [(host, count) for host, count in zip(hosts, counts, strict=False) if host and count]


def _periods(
    view: View, name: str, docs: Array, limit: int | None, tz: tzinfo, groups: Groups | None
) -> list[tuple[str, int]]:
    numbers = numbered_periods(view, name, tz).take(docs)
    docs, numbers = docs[numbers > UNDATED], numbers[numbers > UNDATED]
    # Count from the first period, since thousands of empty days precede it.
    first = int(numbers.min(initial=np.iinfo(np.int32).max))
    if int(numbers.max(initial=UNDATED)) - first > _DAYS:
        raise ValueError("dates further apart than the years 1 and 9999")  # only a damaged index has them
    counts = _bincount(numbers - np.int32(first), docs, groups)
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
