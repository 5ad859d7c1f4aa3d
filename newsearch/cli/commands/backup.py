"""newsearch backup: the index as one file."""

from __future__ import annotations

import click

from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.values import FileName
from newsearch.outputs.words import counted
from newsearch.text.clean import one_line
from newsearch.upkeep.archives import backup as back_up


@click.command(
    epilog="""\b
    Examples:
      newsearch backup news.backup
      newsearch backup /mnt/backups/news.backup --index /var/lib/news""",
)
@click.argument("file", type=FileName())
@index_option
def backup(file: str, directory: str | None) -> int:
    """Copy the index to one FILE. An existing file is replaced.

    The index is verified before and the file afterwards. Searches and writers can run at the same time.
    """
    archive = back_up(directory or DEFAULT_INDEX, file)
    print(
        f"backed up {counted(archive.articles, 'article')} of generation {archive.generation:,} to {one_line(file)},"
        f" {archive.size / 1e6:,.1f} MB"
    )
    return 0
