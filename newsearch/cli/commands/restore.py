"""newsearch restore: an index from its backup."""

from __future__ import annotations

import click

from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.values import FileName
from newsearch.cli.work import wait_option
from newsearch.outputs.words import counted
from newsearch.text.clean import one_line
from newsearch.upkeep.archives import restore as restore_index


@click.command(
    epilog="""\b
    Examples:
      newsearch restore news.backup
      newsearch restore /mnt/backups/news.backup --index /var/lib/news --replace""",
)
@click.argument("file", type=FileName())
@click.option("--replace", is_flag=True, help="Replace an existing index.")
@index_option
@wait_option
def restore(file: str, replace: bool, directory: str | None, wait: float) -> int:
    """Restore the index from a backup FILE.

    The file is verified before anything is written. An existing index is only replaced with --replace, and searches use
    it until the other one is complete.
    """
    place = directory or DEFAULT_INDEX
    archive = restore_index(file, place, replace=replace, wait=wait)
    print(
        f"restored {counted(archive.articles, 'article')} to {one_line(place)}, generation {archive.generation:,}"
    )
    return 0
