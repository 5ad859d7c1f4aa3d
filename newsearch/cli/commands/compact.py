"""newsearch compact: the index in as few segments as possible."""

from __future__ import annotations

from dataclasses import asdict

import click

from newsearch.cli.formats import print_json
from newsearch.cli.options import format_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.work import wait_option
from newsearch.outputs.words import counted
from newsearch.upkeep.health import compact as compact_index


@click.command(
    epilog="""\b
    Examples:
      newsearch compact
      newsearch compact --index /var/lib/news --wait 60""",
)
@format_option("text", "json")
@index_option
@wait_option
def compact(format_name: str, directory: str | None, wait: float) -> int:
    """Merge the index into one segment per 65,536 articles, and remove deleted articles.

    Searches return the same before, during and after. Files that a stopped writer left behind are deleted.
    """
    done = compact_index(directory or DEFAULT_INDEX, wait=wait)
    if format_name == "json":
        document = {**asdict(done), "seconds": round(done.seconds, 3)}
        print_json(document)
        return 0
    print(
        f"{counted(done.segments_before, 'segment')} to {done.segments:,}, {done.size_before / 1e6:,.1f} MB to"
        f" {done.size / 1e6:,.1f}, {counted(done.dropped, 'deleted article')} dropped, in {done.seconds:.1f} s"
    )
    return 0
