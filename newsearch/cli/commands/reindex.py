"""newsearch reindex: the sources that an index remembers -> the index as they are now."""

from __future__ import annotations

from collections.abc import Sequence

import click

from newsearch.cli.indexing import Work, run, run_again, work_options
from newsearch.indexing.reports import Report, Watch
from newsearch.indexing.runs import build
from newsearch.indexing.runs import reindex as update
from newsearch.search.index import open as open_index
from newsearch.sources.base import STREAM
from newsearch.sources.files import path_of


@click.command(
    epilog="""\b
    Examples:
      newsearch reindex
      newsearch reindex --dry-run
      newsearch reindex --full --index /var/lib/news --wait 60""",
)
@work_options
@click.option("--full", is_flag=True, help="Build the index anew, from all that the sources have.")
def reindex(full: bool, work: Work) -> int:
    """Bring the index up to date with the sources that it remembers.

    Only what changed is read and indexed. An index that is damaged, or that another version of newsearch
    made, is built anew. The old one serves until the new one is done.
    """

    known: list[str] = []

    def once(given: Sequence[str], again: bool = True) -> int:
        def do(watch: Watch) -> Report:
            if len(given) < len(known):
                return build(*given, index=work.index, progress=watch, **work.arguments())
            return update(work.index, full=full, progress=watch, **work.arguments())

        return run(work, do, verb="reindexed", again=again)

    code = once((), again=False)
    if work.watch:
        with open_index(work.index) as opened:
            known += [path_of(source) for source in opened.stats().sources if source != STREAM]
        return run_again(once, known, work.index, work.every)
    return code
