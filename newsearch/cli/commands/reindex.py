"""newsearch reindex: the sources that an index remembers -> the index as they are now."""

from __future__ import annotations

from collections.abc import Sequence

import click

from newsearch.cli.indexing import run
from newsearch.cli.watching import run_again
from newsearch.cli.work import Work, work_options
from newsearch.indexing.reports import Report, Watch
from newsearch.indexing.runs import build
from newsearch.indexing.runs import reindex as update
from newsearch.search.index import open as open_index
from newsearch.sources.base import ONCE
from newsearch.sources.files import path_of


@click.command(
    epilog="""\b
    Examples:
      newsearch reindex
      newsearch reindex --dry-run
      newsearch reindex --full --index /var/lib/news --wait 60""",
)
@work_options
@click.option("--full", is_flag=True, help="Rebuild the index from all articles of the sources.")
def reindex(full: bool, work: Work) -> int:
    """Update the index from the sources that it remembers.

    Only changes are read and indexed. An index that is damaged, or was made by another version of newsearch, is
    rebuilt. Searches use the old index until the run is complete.
    """

    known: list[str] = []

    def once(given: Sequence[str], again: bool = True) -> int:
        def do(watch: Watch) -> Report:
            options = work.arguments(watch)
            if len(given) < len(known):
                return build(*given, index=work.index, protected=work.protected, **options)
            return update(work.index, protected=work.protected, full=full, **options)

        return run(work, do, verb="reindexed", again=again)

    code = once((), again=False)
    if work.watch:
        with open_index(work.index) as opened:
            known += [path_of(source) for source in opened.stats().sources if source not in ONCE]
        return run_again(once, known, work.index, work.every)
    return code
