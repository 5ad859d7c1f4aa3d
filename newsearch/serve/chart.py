"""The timeline of a search, as bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from newsearch import Results
from newsearch.outputs.words import counted

_MOST_BARS = 36

_THICK = 32.0
"""Maximum width of a bar of the timeline, out of 600."""


def timeline(results: Results, link: Callable[[str, str], str]) -> dict[str, Any] | None:
    """Bars for days, months or years: the shortest unit that does not give too many.

    Args:
        link: from the start and the end of a period to the address of its articles.
    """
    months = results.facet("month", None)
    if not months:
        return None
    span = len(list(_periods(months[0][0], months[-1][0])))
    unit = "day" if span <= 2 else "month" if span <= _MOST_BARS else "year"
    values = months if unit == "month" else results.facet(unit, None)
    if len(values) < 2:
        return None
    periods = list(_periods(values[0][0], values[-1][0]))
    counts = dict(values)
    periods = periods[-_MOST_BARS:]
    most = max(counts.get(period, 0) for period in periods)
    step = 600 / len(periods)
    thick = min(step - 2, _THICK)
    bars = []
    for number, period in enumerate(periods):
        count = counts.get(period, 0)
        height = round(60 * count / most, 1)
        bars.append(
            {
                "x": round(number * step, 1),
                "width": round(step, 1),
                "left": round(number * step + (step - thick) / 2, 1),
                "thick": round(thick, 1),
                "height": max(height, 2) if count else 0,
                "text": f"{period}: {counted(count, 'article')}",
                "url": link(period, _next(period)) if count else None,
            }
        )
    return {"unit": unit, "bars": bars, "first": periods[0], "last": periods[-1]}


def _periods(first: str, last: str) -> Iterator[str]:
    """The months or years in a range, up to the useful maximum for a page."""
    for _ in range(12_000):
        yield first
        if first >= last:
            return
        first = _next(first)


def _next(period: str) -> str:
    """The day, month or year after this one."""
    year, *rest = map(int, period.split("-"))
    if not rest:
        return f"{year + 1:04}"
    if len(rest) == 2:
        return (date(year, *rest) + timedelta(days=1)).isoformat()
    return f"{year + rest[0] // 12:04}-{rest[0] % 12 + 1:02}"
