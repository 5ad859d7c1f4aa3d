"""newsearch index: sources -> index."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from newsearch.cli.indexing import run, work_options
from newsearch.cli.places import DEFAULT_INDEX, forget_bundled, index_option
from newsearch.cli.terminal import Terminal, clean, counted
from newsearch.indexing import Progress, Report, build


@click.command(
    epilog="""\b
    Examples:
      newsearch index ~/news
      newsearch index archive.jsonl.gz feed.json --index /var/lib/news
      newsearch index ~/news --strict --wait 60""",
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@index_option
@work_options
def index(
    sources: Sequence[str],
    directory: str | None,
    protected: str | None,
    workers: int,
    wait: float,
    strict: bool,
) -> int:
    """Index sources: directories of Markdown files, JSONL files, JSON feeds.

    What is new goes in, what was there is replaced, and what a source no longer has is deleted; a source
    that breaks off, or has no articles any more, deletes nothing. Searches see the index as it was until
    all is done.
    """
    shown = ", ".join(map(clean, sources))

    def work(progress: Progress | None) -> Report:
        place = directory or DEFAULT_INDEX
        return build(
            *sources, index=place, protected=protected, workers=workers, wait=wait, progress=progress
        )

    def summary(report: Report) -> str:
        changes = f"{report.added:,} new, {report.replaced:,} replaced, {report.deleted:,} deleted"
        if report.repeated:
            changes += f", {report.repeated:,} repeated in the source"
        return f"indexed {counted(report.read, 'article')} from {shown} ({changes})"

    code = run(work, summary, strict=strict)
    if directory is None:
        forget_bundled(sources, wait)
    if Terminal.of(sys.stdout).interactive:
        named = f" --index {clean(directory)}" if directory else ""
        print(f"search it: newsearch query WORDS{named}")
    return code
