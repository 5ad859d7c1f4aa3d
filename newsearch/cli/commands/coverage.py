"""newsearch coverage: how much each outlet published on a query."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import tzinfo

import click

from newsearch.articles.article import date_of, written
from newsearch.cli.charts import padded, spark
from newsearch.cli.formats import print_csv, print_json
from newsearch.cli.options import color_option, format_option, limit_option
from newsearch.cli.places import index_option, open_for_search
from newsearch.cli.terminal import BOLD, DIM, Terminal, cells, complain
from newsearch.cli.windows import Window, by_option, window_options
from newsearch.outputs.words import counted
from newsearch.search.coverage import Coverage
from newsearch.text.clean import one_line

_ROWS = 40
"""Outlets that are shown on a terminal by default."""
_NAME = 32
"""The maximum width of the name of an outlet, in columns."""


@click.command(
    epilog="""\b
    Examples:
      newsearch coverage vaccine
      newsearch coverage vaccine --after 2020-09 --before 2021 --by month
      newsearch coverage topic:Health --format csv""",
)
@click.argument("text", nargs=-1)
@by_option
@limit_option(
    f"Maximum number of outlets.  [default: {_ROWS} in text on a terminal, otherwise all]", default=None
)
@window_options
@format_option("text", "json", "csv")
@color_option
@index_option
def coverage(
    text: Sequence[str],
    by: str | None,
    limit: int | None,
    window: Window,
    format_name: str,
    color: str,
    directory: str | None,
) -> int:
    """Count the articles of each outlet that match a query, and their share of all that it published in the window.

    Every outlet of the window has a row, even without a match. Outlets with the most matches come first. Without TEXT,
    all articles match.
    """
    terminal = Terminal.of(sys.stdout, color)
    with open_for_search(directory) as index:
        found = index.coverage(" ".join(text), by=by, **window.dates)
        notes = window.notes(index, " ".join(text))
    if limit is None and format_name == "text" and terminal.interactive:
        limit = _ROWS
    shown = found._replace(outlets=found.outlets[:limit])
    if format_name == "json":
        from newsearch.outputs.json_page import coverage_mapping

        print_json(coverage_mapping(shown))
    elif format_name == "csv":
        _print_csv(shown)
    else:
        for line in _lines(shown, found, window.tz, terminal):
            print(line)
    sys.stdout.flush()
    complain(*notes)
    if not found.articles:
        complain("nothing found")
    return 0 if found.articles else 1


def _print_csv(found: Coverage) -> None:
    """Print a row for each outlet, or for each outlet and period."""
    if found.by is None:
        whole = (
            (one.name, one.articles, one.total, round(one.share, 6), written(one.first), written(one.last))
            for one in found.outlets
        )
        print_csv(("outlet", "articles", "total", "share", "first", "last"), whole)
        return
    parts = (
        (one.name, period, articles, total, round(share, 6))
        for one in found.outlets
        for period, articles, total, share in zip(
            found.periods, one.counts, one.totals, one.shares, strict=True
        )
    )
    print_csv(("outlet", "period", "articles", "total", "share"), parts)


def _lines(shown: Coverage, found: Coverage, tz: tzinfo, terminal: Terminal) -> Iterator[str]:
    names = [one_line(one.name) for one in shown.outlets]
    width = min(_NAME, max(map(cells, names), default=0))
    digits = max((len(f"{one.articles:,}") for one in shown.outlets), default=0)
    totals = max((len(f"{one.total:,}") for one in shown.outlets), default=0)
    if shown.periods:
        first, last = shown.periods[0], shown.periods[-1]
        yield terminal.style(f"each column is a {shown.by}, from {first} to {last}", DIM)
    for name, one in zip(names, shown.outlets, strict=True):
        numbers = f"{one.articles:>{digits},} of {one.total:>{totals},}  {one.share:>6.1%}"
        days = [str(date_of(moment, tz)) for moment in (one.first, one.last) if moment is not None]
        parts = [terminal.style(padded(name, width), BOLD if one.articles else DIM), numbers]
        if shown.periods:
            parts.append(spark(one.counts, max(one.counts, default=0), terminal.utf8))
        if days:
            parts.append(terminal.style(days[0] if days[0] == days[-1] else " to ".join(days), DIM))
        yield "  ".join(parts)
    if terminal.interactive:
        matching = sum(one.articles > 0 for one in found.outlets)
        more = len(found.outlets) - len(shown.outlets)
        said = (
            f"{counted(matching, 'outlet')} of {len(found.outlets):,}, {counted(found.articles, 'article')}"
        )
        yield terminal.style(said + (f"; {more:,} more with --limit" if more else ""), DIM)
