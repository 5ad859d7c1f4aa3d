"""newsearch forget: a source and its articles leave the index."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.work import wait_option
from newsearch.errors import without_secrets
from newsearch.indexing.runs import forget as forget_sources
from newsearch.outputs.words import counted
from newsearch.text.clean import one_line


@click.command(
    epilog="""\b
    Examples:
      newsearch forget ~/news
      newsearch forget /mnt/old archive.jsonl.gz --index /var/lib/news""",
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@index_option
@wait_option
def forget(sources: Sequence[str], directory: str | None, wait: float) -> int:
    """Delete the articles of sources from the index, and remove the sources from its list.

    The files themselves are not touched, and need not exist any more. `newsearch stats` lists the sources.
    """
    report = forget_sources(
        *sources, index=directory or DEFAULT_INDEX, workers=os.cpu_count() or 1, wait=wait
    )
    forgotten = ", ".join(one_line(without_secrets(source)) for source in sources)
    print(f"forgot {forgotten}; the index has {counted(report.articles, 'article')} now")
    return 0
