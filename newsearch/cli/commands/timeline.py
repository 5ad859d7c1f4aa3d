"""newsearch timeline: coverage through time."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence

import click

from newsearch.cli.formats import print_json
from newsearch.cli.options import color_option, format_option
from newsearch.cli.places import index_option, open_for_search
from newsearch.cli.terminal import BOLD, DIM, Terminal, complain
from newsearch.cli.zones import zone
from newsearch.outputs.table import cell
from newsearch.search.timelines import UNITS, Timeline
from newsearch.text.clean import one_line

_BAR = 40


@click.command(
    epilog="""\b
    Examples:
      newsearch timeline vaccine
      newsearch timeline vaccine --by week --after 2020-09 --before 2021
      newsearch timeline vaccine --compare wildfire --compare election
      newsearch timeline topic:Health --format csv""",
)
@click.argument("text", nargs=-1)
@click.option("--by", type=click.Choice(UNITS), default="month", show_default=True, help="The unit of time.")
@click.option("--compare", multiple=True, metavar="QUERY", help="Count this query, too; repeatable.")
@click.option("--after", metavar="DATE", help="Only articles from then on: 30d, 2020-09-29, 2020-09.")
@click.option("--before", metavar="DATE", help="Only articles before then.")
@click.option("--as-of", metavar="DATE", help="As if at the end of this day, or at this instant.")
@click.option(
    "--tz",
    "zone_name",
    metavar="ZONE",
    help="The zone in which periods begin, such as Europe/Paris.  [default: the system's]",
)
@format_option("text", "json", "csv")
@color_option
@index_option
def timeline(
    text: Sequence[str],
    by: str,
    compare: Sequence[str],
    after: str | None,
    before: str | None,
    as_of: str | None,
    zone_name: str | None,
    format_name: str,
    color: str,
    directory: str | None,
) -> int:
    """Count the articles of each day, week, month or year that match a query, and their share of all articles.

    Without TEXT, every article is counted.
    """
    terminal = Terminal.of(sys.stdout, color)
    with open_for_search(directory) as index:
        found = index.timeline(
            " ".join(text), *compare, by=by, after=after, before=before, as_of=as_of, tz=zone(zone_name)
        )
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
        _write_csv(found)
    else:
        for line in _lines(found, terminal):
            print(line)
    sys.stdout.flush()
    if not found.periods:
        complain("nothing found")
    return 0 if found.periods else 1


def _write_csv(found: Timeline) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["period", "query", "articles", "total", "share"])
    for one in found.series:
        rows = zip(found.periods, one.counts, found.totals, found.shares(one), strict=True)
        for period, count, total, share in rows:
            writer.writerow([period, cell(one.query), count, total, round(share, 6)])


def _lines(found: Timeline, terminal: Terminal) -> Iterator[str]:
    most = max((count for one in found.series for count in one.counts), default=0)
    digits = len(f"{most:,}")
    mark = "█" if terminal.utf8 else "#"
    for one in found.series:
        if len(found.series) > 1:
            yield terminal.style(one_line(one.query) or "all articles", BOLD)
        rows = zip(found.periods, one.counts, found.shares(one), strict=True)
        for period, count, share in rows:
            bar = mark * max(round(_BAR * count / most), 1) if count else ""
            yield f"{terminal.style(period, DIM)}  {count:>{digits},}  {share:>6.1%}  {bar}".rstrip()
        if len(found.series) > 1:
            yield ""
