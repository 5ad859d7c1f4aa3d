"""Coverage: how much each outlet published on a query, how large a share of all it published that is, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from newsearch.articles.article import Article, outlet_name
from newsearch.engine.base import MAX_PAGE, Answer, Options
from newsearch.engine.optional import CountsOutlets, OutletCount
from newsearch.errors import QueryError
from newsearch.query.dates import midnight
from newsearch.query.plan import asks_for_unpublished, plan
from newsearch.query.tree import All, DateRange, Everything, Node
from newsearch.search.asked import Asked, narrowed
from newsearch.search.timelines import UNITS, period_of, periods_between
from newsearch.text.addresses import host_of


class Outlet(NamedTuple):
    """What one outlet published on a query.

    Attributes:
        name: its name or, if that is unknown, its domain or the host of its articles.
        articles: the number of its articles that match.
        total: the number of all its articles in the window.
        first, last: the earliest and the latest publication date of the articles that match; None if none has a date.
            A date without a time is a `date`.
        counts, totals: the same numbers for each period; empty without periods. Undated articles are in no period.
    """

    name: str
    articles: int
    total: int
    first: date | datetime | None
    last: date | datetime | None
    counts: tuple[int, ...]
    totals: tuple[int, ...]

    @property
    def share(self) -> float:
        """The share of its articles in the window that match, from 0 to 1."""
        return self.articles / self.total if self.total else 0.0

    @property
    def shares(self) -> tuple[float, ...]:
        """The same for each period; 0 for a period in which it published nothing."""
        pairs = zip(self.counts, self.totals, strict=True)
        return tuple(count / total if total else 0.0 for count, total in pairs)


class Coverage(NamedTuple):
    """The outlets that published in a window, and how many of their articles match a query.

    Attributes:
        query: the text of the query.
        by: day, week, month or year; None without periods.
        periods: in the format of `date:`, from the first to the last in which any article matches.
        articles: the number of articles that match, including those that name no outlet.
        total: the number of all articles in the window.
        outlets: one for each outlet with an article in the window, sorted by the number of matching articles, then by
            their share, then by name. Outlets without a match come last, the largest first.
    """

    query: str
    by: str | None
    periods: tuple[str, ...]
    articles: int
    total: int
    outlets: tuple[Outlet, ...]


def coverage(asked: Asked, by: str | None) -> Coverage:
    """The coverage of a request.

    The window is that of the request, and of the dates that its query requires (`after:`, `before:`, `date:`).

    Raises:
        QueryError: the unit is unknown, there are too many periods, or too many articles for the engine.
    """
    if by is not None and by not in UNITS:
        raise QueryError(f"by: {by!r:.80} is unknown: one of {', '.join(UNITS)}")
    tree = asked.tree()
    if asks_for_unpublished(tree):
        asked = asked._replace(options=replace(asked.options, unpublished=True))
    dates = [node for node in plan(asked.query.tree).filters if isinstance(node, DateRange)]
    window = narrowed(All((Everything(), *dates)), asked.filters)
    found, articles = _counted(asked, tree, by)
    every, total = _counted(asked, window, by)
    periods: tuple[str, ...] = ()
    seen = sorted({period for outlet in found.values() for period in outlet.periods})
    if by and seen:
        periods = tuple(periods_between(by, seen[0], seen[-1]))
    outlets = [_outlet(outlet, found.get(outlet.name), periods) for outlet in every.values()]
    outlets.sort(key=lambda one: (-one.articles, -one.share, -one.total, one.name))
    return Coverage(asked.query.text, by, periods, articles, total, tuple(outlets))


def _outlet(every: OutletCount, found: OutletCount | None, periods: tuple[str, ...]) -> Outlet:
    matches: Mapping[str, int] = found.periods if found else {}
    return Outlet(
        every.name,
        found.articles if found else 0,
        every.articles,
        found.first if found else None,
        found.last if found else None,
        _counts(matches, periods),
        _counts(every.periods, periods),
    )


def _counts(of_period: Mapping[str, int], periods: tuple[str, ...]) -> tuple[int, ...]:
    if not of_period:
        return (0,) * len(periods)
    return tuple([of_period.get(period, 0) for period in periods])


def _counted(asked: Asked, tree: Node, by: str | None) -> tuple[dict[str, OutletCount], int]:
    """The outlets of all matches, by name, and the number of matches."""
    options = replace(asked.options, offset=0, limit=0, sort="relevance")
    answer = asked.reader.search(tree, options)
    counts = answer.counts()
    total = counts.complete or counts.partial
    if isinstance(answer, CountsOutlets):
        outlets = answer.outlets(by)
    else:
        if total > MAX_PAGE:
            raise QueryError(
                f"this engine counts the outlets of at most {MAX_PAGE:,} articles, not {total:,}"
            )
        outlets = outlets_of(_matches(asked, tree, options, complete=bool(counts.complete)), by, asked.tz)
    return {outlet.name: outlet for outlet in outlets}, total


def _matches(asked: Asked, tree: Node, options: Options, *, complete: bool) -> Iterable[Article]:
    answer: Answer = asked.reader.search(tree, replace(options, limit=MAX_PAGE))
    for number, (_, _, is_complete) in enumerate(answer.hits()):
        if is_complete == complete:
            yield answer.article(number)


def outlets_of(articles: Iterable[Article], by: str | None, tz: tzinfo) -> list[OutletCount]:
    """What `CountsOutlets.outlets` returns, for an engine that cannot: counted from the articles."""
    members: defaultdict[str, list[date | datetime | None]] = defaultdict(list)
    for article in articles:
        if name := _name(article):
            members[name].append(article.date)
    found = []
    for name, all_dates in members.items():
        dates = sorted(
            (_whole(day) for day in all_dates if day is not None), key=lambda day: _moment(day, tz)
        )
        periods: defaultdict[str, int] = defaultdict(int)
        for day in dates if by else ():
            periods[period_of(by or "", day.astimezone(tz) if isinstance(day, datetime) else day)] += 1
        first, last = (dates[0], dates[-1]) if dates else (None, None)
        found.append(OutletCount(name, len(all_dates), first, last, dict(periods)))
    return found


def _name(article: Article) -> str:
    return outlet_name(article) or host_of(article.url or "")


def _whole(day: date | datetime) -> date | datetime:
    return day.replace(microsecond=0) if isinstance(day, datetime) else day


def _moment(day: date | datetime, tz: tzinfo) -> tuple[float, bool]:
    """The instant of a date, in seconds, and whether it has no time. A day begins at midnight in the zone."""
    if isinstance(day, datetime):
        return day.timestamp(), False
    return midnight(day, tz).timestamp(), True
