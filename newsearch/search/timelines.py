"""Timelines of coverage: articles per day, week, month or year, for several queries side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from newsearch.errors import QueryError
from newsearch.query.plan import asks_for_unpublished
from newsearch.search.results import Results

UNITS = ("day", "week", "month", "year")

MAX_PERIODS = 10_000
"""The maximum number of periods of a timeline."""


class Series(NamedTuple):
    """The article counts of one query, one for each period, in the order of the periods."""

    query: str
    counts: tuple[int, ...]


class Timeline(NamedTuple):
    """Article counts over consecutive periods.

    Attributes:
        by: day, week, month or year.
        periods: in the format of `date:` (2020-09-29, 2020-W40, 2020-09, 2020), from the first to the last period in
            which any query has a match.
        totals: the number of all articles in each period under the same filters, with unpublished ones if a query asks
            for them (`is:unpublished`).
        series: one for each query.
    """

    by: str
    periods: tuple[str, ...]
    totals: tuple[int, ...]
    series: tuple[Series, ...]

    def shares(self, series: Series) -> tuple[float, ...]:
        """For each period, the share of its articles that match, from 0 to 1; 0 if it has no articles."""
        return tuple(
            count / total if total else 0.0 for count, total in zip(series.counts, self.totals, strict=True)
        )


def timeline(queries: Sequence[str], by: str, search: Callable[[str, bool], Results]) -> Timeline:
    """The timeline of queries.

    Args:
        search: runs a query under the filters shared by all queries, with unpublished articles if its second argument
            is set; the empty query matches every article.

    Raises:
        QueryError: the unit is unknown, or there are too many periods.
    """
    if by not in UNITS:
        raise QueryError(f"by: {by!r:.80} is unknown: one of {', '.join(UNITS)}")
    answers = [search(query, False) for query in queries]
    found = [dict(answer.facet(by, None)) for answer in answers]
    seen = sorted({period for counts in found for period in counts})
    periods = tuple(periods_between(by, seen[0], seen[-1])) if seen else ()
    # Otherwise the matches could outnumber what they are a share of.
    unpublished = any(asks_for_unpublished(answer.query.tree) for answer in answers)
    every = dict(search("", unpublished).facet(by, None)) if periods else {}
    totals = tuple(every.get(period, 0) for period in periods)
    series = (
        Series(query, tuple(counts.get(period, 0) for period in periods))
        for query, counts in zip(queries, found, strict=True)
    )
    return Timeline(by, periods, totals, tuple(series))


def periods_between(by: str, first: str, last: str) -> Iterator[str]:
    """All periods of a unit from the first to the last.

    Raises:
        QueryError: there are more than MAX_PERIODS.
    """
    at, made = first, 0
    while at <= last:
        made += 1
        if made > MAX_PERIODS:
            raise QueryError(
                f"by: there are more than {MAX_PERIODS:,} {by}s from {first} to {last}; take a longer unit"
            )
        yield at
        at = _next(by, at)


def period_of(by: str, day: date) -> str:
    """The period that a day is in."""
    if by == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"
    return f"{day.year:04}-{day.month:02}-{day.day:02}"[: {"day": 10, "month": 7, "year": 4}[by]]


def _next(by: str, period: str) -> str:
    if by == "day":
        return str(date.fromisoformat(period) + timedelta(days=1))
    if by == "week":
        return period_of(by, date.fromisoformat(f"{period}-1") + timedelta(days=7))
    if by == "month":
        year, month = int(period[:4]), int(period[5:])
        return f"{year + month // 12:04}-{month % 12 + 1:02}"
    return f"{int(period) + 1:04}"
