"""How many articles have each value of a facet? Names are counted by their numbers, times by calendar days.

Periods of time follow a time zone. A date without a time is the same day in every zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import sieve
from newsearch.engine.arrays.loops.matches import distinct
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.groups import Groups

Array: TypeAlias = NDArray[Any]

UNDATED = np.iinfo(np.int32).min
"""The period of an article without a date."""


def counted(
    view: View, name: str, docs: Array, limit: int | None, groups: Groups | None = None
) -> list[tuple[str, int]]:
    """A facet of names; see `Answer.facet`.

    Args:
        docs: the numbers of the articles, sorted.
        groups: if given, articles of one group that have the same value count once.
    """
    counts = _counts(view, name, docs) if groups is None else _counts_of_groups(view, name, docs, groups)
    if name != "provider":
        return _commonest(view.names(name), counts, limit)
    texts, text_of = shown_outlets(view)
    counts = np.bincount(text_of[: len(counts)], counts, len(texts)).astype(np.int64)
    if not counts[0]:
        return _commonest(texts, counts, limit)
    hosts, of_hosts = _hosts(view, docs, groups)
    # A host may be shown beside an outlet of that name: they are one.
    numbers = {text: number for number, text in enumerate(texts)}
    numbers_of = [numbers.setdefault(host, len(numbers)) for host in hosts]
    counts = np.append(counts, np.zeros(len(numbers) - len(texts), np.int64))
    counts[0] = 0
    np.add.at(counts, numbers_of, of_hosts)
    return _commonest(list(numbers), counts, limit)


def shown_outlets(view: View) -> tuple[list[str], Array]:
    """The distinct names by which outlets are shown, the empty one first; and the number of that of each provider.

    An outlet without a name is shown by its domain.
    """

    def made() -> tuple[list[str], Array]:
        numbers = {"": 0}
        text_of = []
        for stored in view.names("provider"):
            name, _, rest = stored.partition("\x1f")
            text_of.append(numbers.setdefault(name or rest.partition("\x1f")[0], len(numbers)))
        return list(numbers), np.array(text_of, np.int64)

    return view.remembered("shown outlets", made)


def _commonest(texts: list[str], counts: Array, limit: int | None) -> list[tuple[str, int]]:
    """The texts with the highest counts above 0, without the empty text. Equal ones in alphabetical order."""
    held = counts.nonzero()[0]
    if limit is not None and 0 < limit + 1 < len(held):
        # Where one of them is empty, one more is needed.
        least = np.partition(counts[held], len(held) - limit - 1)[len(held) - limit - 1]
        held = held[counts[held] >= least]
    found = [
        (texts[i], count) for i, count in zip(held.tolist(), counts[held].tolist(), strict=True) if texts[i]
    ]
    return sorted(found, key=lambda item: (-item[1], item[0]))[:limit]


def _counts(view: View, name: str, docs: Array) -> Array:
    """How many of these articles have each of the names of a table."""
    segments = view.named(name, view.numbers(name))
    tallied = sieve.tally(docs.astype(np.uint32, copy=False), segments, len(view.names(name)))
    return np.frombuffer(tallied, np.int64)


def _counts_of_groups(view: View, name: str, docs: Array, groups: Groups) -> Array:
    """In how many groups an article has each of the names of a table."""
    of, column = docs, view.column(name)
    if name in columns.SEVERAL:
        at = view.starts_of(name)
        starts = at.take(docs)
        counts = at.take(docs + 1) - starts
        numbers, of = column.take(columns.ranges(starts, counts)), np.repeat(docs, counts)
    else:
        numbers = column.take(docs)
    if name == "provider" and len(view.names(name)):
        # Several numbers may be shown as one.
        text_of = shown_outlets(view)[1]
        _, first, place = np.unique(text_of, return_index=True, return_inverse=True)
        numbers = first.take(place).take(numbers)
    return _bincount(numbers, of, groups)


def _bincount(numbers: Array, docs: Array, groups: Groups | None) -> Array:
    """How often each number occurs, but once in all articles of a group.

    Args:
        docs: the article of each of the numbers.
    """
    if groups is None:
        return np.bincount(numbers)
    is_shared = groups.shared[docs]
    alone = np.bincount(numbers[~is_shared], minlength=1)
    pairs = distinct(groups.of[docs[is_shared]].astype(np.int64) << 32 | numbers[is_shared].astype(np.int64))
    together = np.bincount(pairs & 0xFFFFFFFF, minlength=len(alone))
    together[: len(alone)] += alone
    return together


def _hosts(view: View, docs: Array, groups: Groups | None) -> tuple[list[str], Array]:
    """The URL hosts of articles whose outlet has neither a name nor a domain, with the number of articles for each."""
    nameless = shown_outlets(view)[1].take(view.column("provider").take(docs)) == 0
    hosts, of = view.hosts
    counts = _bincount(of.take(docs[nameless]), docs[nameless], groups)
    return hosts[: len(counts)], counts


def periods_of_groups(
    view: View, name: str, docs: Array, limit: int | None, tz: tzinfo, groups: Groups
) -> list[tuple[str, int]]:
    """A facet of time, in which articles of one group that are of the same period count once."""
    numbers = numbered_periods(view, name, tz).take(docs)
    counts, first = _from_first(numbers[numbers > UNDATED], docs[numbers > UNDATED], groups)
    return _latest(name, counts, first, limit)


class Days(NamedTuple):
    """How many articles are of each day.

    Attributes:
        days: in days since 1970, rising.
        counts: above 0.
    """

    days: Array
    counts: Array


def counted_days(view: View, docs: Array, tz: tzinfo) -> Days:
    """How many of some articles are of each day in a zone."""
    is_dated, days = view.calendar_days(tz, docs)
    counts, first = _from_first(days[is_dated], docs, None)
    held = counts.nonzero()[0]
    return Days(held + first, counts[held])


def counted_periods(name: str, days: Days, limit: int | None) -> list[tuple[str, int]]:
    """A facet of time; see `Answer.facet`."""
    numbers = _PERIODS[name].number(days.days)
    first = int(numbers[0]) if len(numbers) else 0
    return _latest(name, np.bincount(numbers - first, days.counts).astype(np.int64), first, limit)


def _latest(name: str, counts: Array, first: int, limit: int | None) -> list[tuple[str, int]]:
    held = counts.nonzero()[0].tolist()
    latest = held if limit is None else held[max(0, len(held) - limit) :]
    return [(shown_period(name, first + i), int(counts[i])) for i in latest]


def _from_first(numbers: Array, docs: Array, groups: Groups | None) -> tuple[Array, int]:
    """How often each number occurs, from the lowest on, since thousands of empty days precede it; and that number."""
    first = int(numbers.min(initial=np.iinfo(np.int32).max))
    if int(numbers.max(initial=UNDATED)) - first > _DAYS:
        raise ValueError("dates further apart than the years 1 and 9999")  # only a damaged index has them
    return _bincount(numbers - numbers.dtype.type(first), docs, groups), first


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
