"""Which outlets published some articles, how many each, and when?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.searching.facets import (
    UNDATED,
    numbered_periods,
    shown_outlets,
    shown_period,
)
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.engine.optional import OutletCount

Array: TypeAlias = NDArray[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DENSE = 4
"""Numbers are sorted only if there are more than this many places for each."""


def counted(view: View, docs: Array, by: str | None, tz: tzinfo) -> list[OutletCount]:
    """See `CountsOutlets.outlets`.

    Args:
        docs: the numbers of the articles.
        tz: the zone in which days begin.
    """
    names, of = view.remembered("outlets of articles", lambda: _named(view))
    outlet = of.take(docs)
    docs, outlet = docs[outlet > 0], outlet[outlet > 0]
    if not len(docs):
        return []
    count = np.bincount(outlet, minlength=len(names))
    periods = _by_period(view, docs, outlet, by, tz) if by else {}
    numbers = count.nonzero()[0]
    first, last = (
        _moments(view, of_outlet.take(numbers))
        for of_outlet in _first_and_last(view, docs, outlet, len(names), tz)
    )
    return [
        OutletCount(names[number], articles, start, end, periods.get(number, {}))
        for number, articles, start, end in zip(
            numbers.tolist(), count.take(numbers).tolist(), first, last, strict=True
        )
    ]


def _first_and_last(view: View, docs: Array, outlet: Array, outlets: int, tz: tzinfo) -> tuple[Array, Array]:
    """For each of so many outlets, its first and its last dated article; -1 if it has none.

    Args:
        outlet: the outlet of each article of `docs`.
    """
    moment = view.moments("date", tz, docs)
    is_dated = ~np.isnan(moment)
    docs, outlet, moment = docs[is_dated], outlet[is_dated], moment[is_dated]
    # A day comes after the moment at which it begins.
    key = 2 * moment + ((view.spread("flag").take(docs) & columns.DATE_ONLY) != 0)
    found = []
    for extreme, start in ((np.minimum, np.inf), (np.maximum, -np.inf)):
        of_outlet = np.full(outlets, start)
        extreme.at(of_outlet, outlet, key)
        doc = np.full(outlets, -1, np.int64)
        is_extreme = key == of_outlet.take(outlet)
        doc[outlet[is_extreme]] = docs[is_extreme]
        found.append(doc)
    return found[0], found[1]


def _named(view: View) -> tuple[list[str], Array]:
    """The names of all outlets, and for each article the index of its outlet's name; 0 if it names none.

    An outlet without a name has its domain as its name, and without a domain the host of the article's URL.
    """
    names, of_provider = shown_outlets(view)
    numbers = {name: number for number, name in enumerate(names)}
    of = of_provider.take(view.column("provider"))
    nameless = of == 0
    if nameless.any():
        hosts, of_article = view.hosts
        of_host = np.array([numbers.setdefault(host, len(numbers)) for host in hosts])
        of[nameless] = of_host.take(of_article[nameless])
    return list(numbers), of


def _by_period(view: View, docs: Array, outlet: Array, by: str, tz: tzinfo) -> dict[int, dict[str, int]]:
    """For each outlet, the number of its articles in each period that has any."""
    period = numbered_periods(view, by, tz).take(docs)
    kept = period > UNDATED
    outlet, period = outlet[kept], period[kept].astype(np.int64)
    if not len(period):
        return {}
    first = int(period.min())
    width = int(period.max()) - first + 1
    keys, counts = _tallied(outlet.astype(np.int64) * width + (period - first))
    found: dict[int, dict[str, int]] = {}
    shown = {at: shown_period(by, at + first) for at in np.unique(keys % width).tolist()}
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        found.setdefault(key // width, {})[shown[key % width]] = count
    return found


def _tallied(keys: Array) -> tuple[Array, Array]:
    """The distinct numbers among some, sorted, and how often each occurs."""
    if int(keys.max()) > _DENSE * len(keys):
        return np.unique(keys, return_counts=True)
    counts = np.bincount(keys)
    found = counts.nonzero()[0]
    return found, counts.take(found)


def _moments(view: View, docs: Array) -> list[datetime | date | None]:
    """The dates of some articles. None for -1, which is no article."""
    flags = view.spread("flag").take(np.maximum(docs, 0)) & columns.DATE_ONLY
    seconds = view.spread("date").take(np.maximum(docs, 0)).astype(np.int64)
    found: list[datetime | date | None] = []
    for doc, second, is_day in zip(docs.tolist(), seconds.tolist(), flags.tolist(), strict=True):
        when = _EPOCH + timedelta(seconds=second)
        found.append(None if doc < 0 else when.date() if is_day else when)
    return found
