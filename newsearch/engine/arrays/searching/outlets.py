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
    is_day = view.spread("flag").take(docs) & columns.DATE_ONLY
    order = np.lexsort((is_day, view.moments("date", tz, docs), outlet))
    docs, outlet = docs[order], outlet[order]
    # Undated articles come last within their outlet.
    is_dated = ~np.isnan(view.known("date", docs))
    bounds = np.flatnonzero(np.append(True, outlet[1:] != outlet[:-1]))
    ends = np.append(bounds[1:], len(outlet))
    dated = np.add.reduceat(is_dated, bounds, dtype=np.int64)
    periods = _by_period(view, docs, outlet, by, tz) if by else {}
    found = []
    for start, end, count in zip(bounds.tolist(), ends.tolist(), dated.tolist(), strict=True):
        number = int(outlet[start])
        found.append(
            OutletCount(
                names[number],
                end - start,
                _moment(view, int(docs[start])) if count else None,
                _moment(view, int(docs[start + count - 1])) if count else None,
                periods.get(number, {}),
            )
        )
    return found


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
    first = int(period[kept].min(initial=0))
    keys, counts = np.unique((outlet[kept] << 32) + (period[kept] - first), return_counts=True)
    found: dict[int, dict[str, int]] = {}
    shown = {at: shown_period(by, at + first) for at in np.unique(keys & 0xFFFFFFFF).tolist()}
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        found.setdefault(key >> 32, {})[shown[key & 0xFFFFFFFF]] = count
    return found


def _moment(view: View, doc: int) -> datetime | date:
    segment, number = view.place(doc)
    when = _EPOCH + timedelta(seconds=int(segment.column("date")[number]))
    return when.date() if segment.column("flag")[number] & columns.DATE_ONLY else when
