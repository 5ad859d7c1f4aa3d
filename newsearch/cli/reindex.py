"""newsearch reindex: the sources that an index remembers -> the index as they are now."""

from __future__ import annotations

import click

from newsearch.cli.indexing import check_watch, run, run_again, work_options
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.gate import read_gate
from newsearch.index import open as open_index
from newsearch.indexing import Progress, Report
from newsearch.indexing import reindex as update
from newsearch.sources import STREAM


@click.command(
    epilog="""\b
    Examples:
      newsearch reindex
      newsearch reindex --dry-run
      newsearch reindex --full --index /var/lib/news --wait 60""",
)
@index_option
@click.option("--full", is_flag=True, help="Build the index anew, from all that the sources have.")
@work_options
def reindex(
    directory: str | None,
    full: bool,
    protected: str | None,
    workers: int,
    wait: float,
    memory: int,
    gate: str | None,
    strict: bool,
    dry_run: bool,
    watch: bool,
    format_name: str,
) -> int:
    """Bring the index up to date with the sources that it remembers.

    Only what changed is read and indexed. An index that is damaged, or that another version of newsearch
    made, is built anew. The old one serves until the new one is done.
    """

    check_watch(watch, dry_run)

    def work(progress: Progress | None) -> Report:
        return update(
            directory or DEFAULT_INDEX,
            full=full,
            protected=protected,
            workers=workers,
            wait=wait,
            memory=memory,
            gate=None if gate is None else read_gate(gate),
            progress=progress,
            dry_run=dry_run,
        )

    def once() -> int:
        return run(work, verb="reindexed", strict=strict, dry_run=dry_run, format_name=format_name)

    code = once()
    if watch:
        place = directory or DEFAULT_INDEX
        with open_index(place) as opened:
            sources = [source for source in opened.stats().sources if source != STREAM]
        return run_again(once, sources, place)
    return code
