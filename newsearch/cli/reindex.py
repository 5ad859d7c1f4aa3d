"""newsearch reindex: the sources that an index remembers -> the index anew."""

from __future__ import annotations

import click

from newsearch.cli.indexing import run, work_options
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.terminal import counted
from newsearch.indexing import Progress, Report
from newsearch.indexing import reindex as rebuild


@click.command(
    epilog="""\b
    Examples:
      newsearch reindex
      newsearch reindex --index /var/lib/news --wait 60""",
)
@index_option
@work_options
def reindex(directory: str | None, protected: str | None, workers: int, wait: float, strict: bool) -> int:
    """Build the index anew from the sources that it remembers.

    The old index serves until the new one is done. This is also how an index that another version of
    newsearch made becomes readable again.
    """

    def work(progress: Progress | None) -> Report:
        place = directory or DEFAULT_INDEX
        return rebuild(place, protected=protected, workers=workers, wait=wait, progress=progress)

    return run(work, lambda report: f"reindexed {counted(report.articles, 'article')}", strict=strict)
