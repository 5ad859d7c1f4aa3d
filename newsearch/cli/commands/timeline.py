"""newsearch timeline: coverage through time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from newsearch.cli.charts import bar, curve
from newsearch.cli.formats import print_csv, print_json
from newsearch.cli.options import color_option, format_option
from newsearch.cli.places import index_option, open_for_search
from newsearch.cli.terminal import BOLD, DIM, Terminal, complain
from newsearch.cli.values import FileName
from newsearch.cli.windows import Window, window_options
from newsearch.errors import StorageError
from newsearch.search.timelines import UNITS, Series, Timeline
from newsearch.text.clean import one_line

_BAR = 40
_CURVE_WIDTH, _CURVE_HEIGHT = 72, 8
"""The size of a curve, in characters."""


@click.command(
    epilog="""\b
    Examples:
      newsearch timeline vaccine
      newsearch timeline vaccine --by week --after 2020-09 --before 2021
      newsearch timeline vaccine --compare wildfire --compare election
      newsearch timeline vaccine --by day --chart curve
      newsearch timeline vaccine --compare wildfire --plot vaccine.svg
      newsearch timeline topic:Health --format csv""",
)
@click.argument("text", nargs=-1)
@click.option("--by", type=click.Choice(UNITS), default="month", show_default=True, help="The unit of time.")
@click.option("--compare", multiple=True, metavar="QUERY", help="Also count this query; repeatable.")
@click.option(
    "--chart",
    type=click.Choice(("bars", "curve")),
    default="bars",
    show_default=True,
    help="How text draws the counts: a bar for each period, or a curve.",
)
@click.option(
    "--plot",
    "picture",
    metavar="FILE",
    type=FileName(dir_okay=False, path_type=Path),
    help="Also draw the timeline in this file, .svg or .png; needs newsearch[plot].",
)
@window_options
@format_option("text", "json", "csv")
@color_option
@index_option
def timeline(
    text: Sequence[str],
    by: str,
    compare: Sequence[str],
    chart: str,
    picture: Path | None,
    window: Window,
    format_name: str,
    color: str,
    directory: str | None,
) -> int:
    """Count the articles of each day, week, month or year that match a query, and their share of all articles.

    Without TEXT, all articles are counted.
    """
    terminal = Terminal.of(sys.stdout, color)
    if picture is not None and picture.suffix.lower() not in _PICTURES:
        raise click.BadParameter(f"{str(picture)!r} ends in neither .svg nor .png", param_hint="--plot")
    with open_for_search(directory) as index:
        found = index.timeline(" ".join(text), *compare, by=by, **window.dates)
        notes = window.notes(index, " ".join(text), *compare)
    if picture is not None and found.periods:
        _draw(found, picture)
    if format_name == "json":
        series = [
            {
                "query": one.query,
                "counts": list(one.counts),
                "shares": [round(share, 6) for share in found.shares(one)],
            }
            for one in found.series
        ]
        periods, totals = list(found.periods), list(found.totals)
        print_json({"by": found.by, "periods": periods, "totals": totals, "series": series})
    elif format_name == "csv":
        print_csv(("period", "query", "articles", "total", "share"), _rows(found))
    else:
        for line in (
            _curves(found, terminal) if chart == "curve" and terminal.utf8 else _bars(found, terminal)
        ):
            print(line)
    sys.stdout.flush()
    complain(*notes)
    if not found.periods:
        complain("nothing found")
    return 0 if found.periods else 1


def _rows(found: Timeline) -> Iterator[tuple[object, ...]]:
    for one in found.series:
        rows = zip(found.periods, one.counts, found.totals, found.shares(one), strict=True)
        for period, count, total, share in rows:
            yield period, one.query, count, total, round(share, 6)


_PICTURES = (".svg", ".png")


def _draw(found: Timeline, picture: Path) -> None:
    # Few timelines are drawn.
    from newsearch._durable import save
    from newsearch.outputs.plot import plotted

    data = plotted(found, picture.suffix.lower().lstrip("."))
    try:
        save(picture, data)
    except OSError as error:
        raise StorageError(picture, "cannot be written", error) from error


def _bars(found: Timeline, terminal: Terminal) -> Iterator[str]:
    most = _most(found)
    digits = len(f"{most:,}")
    for one in found.series:
        yield from _heading(one, found, terminal)
        rows = zip(found.periods, one.counts, found.shares(one), strict=True)
        for period, count, share in rows:
            drawn = bar(count, most, _BAR, terminal.utf8)
            yield f"{terminal.style(period, DIM)}  {count:>{digits},}  {share:>6.1%}  {drawn}".rstrip()
        if len(found.series) > 1:
            yield ""


def _curves(found: Timeline, terminal: Terminal) -> Iterator[str]:
    """A curve for each query, all with the same scale."""
    most = _most(found)
    digits = len(f"{most:,}")
    width = min(_CURVE_WIDTH, (terminal.width or _CURVE_WIDTH + digits + 1) - digits - 1)
    for one in found.series if found.periods else ():
        yield from _heading(one, found, terminal)
        lines = curve(one.counts, most, width, _CURVE_HEIGHT)
        for number, line in enumerate(lines):
            label = f"{most:,}" if not number else "0" if number == len(lines) - 1 else ""
            yield f"{terminal.style(label.rjust(digits), DIM)} {line}"
        first, last = found.periods[0], found.periods[-1]
        gap = width - len(first) - len(last)
        below = f"{first}{' ' * gap}{last}" if gap > 0 and first != last else first
        yield " " * (digits + 1) + terminal.style(below, DIM)
        if len(found.series) > 1:
            yield ""


def _most(found: Timeline) -> int:
    return max((count for one in found.series for count in one.counts), default=0)


def _heading(one: Series, found: Timeline, terminal: Terminal) -> Iterator[str]:
    if len(found.series) > 1:
        yield terminal.style(one_line(one.query) or "all articles", BOLD)
