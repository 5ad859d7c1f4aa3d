"""newsearch export: the articles as JSON Lines."""

from __future__ import annotations

import sys

import click

from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.terminal import Terminal
from newsearch.cli.values import FileName
from newsearch.outputs.words import counted
from newsearch.text.clean import one_line
from newsearch.upkeep.health import export as export_index
from newsearch.upkeep.health import exported


@click.command(
    epilog="""\b
    Examples:
      newsearch export archive.jsonl.gz
      newsearch export | jq -r .title
      newsearch export --index /var/lib/news > archive.jsonl""",
)
@click.argument("file", type=FileName(), required=False)
@index_option
def export(file: str | None, directory: str | None) -> int:
    """Write all articles, including unpublished ones, as JSON Lines to FILE or to stdout.

    `newsearch index` reads them back unchanged. The order depends on the ids alone. A FILE that ends in .gz is
    compressed. An existing file is replaced once the new one is complete.
    """
    place = directory or DEFAULT_INDEX
    if file is not None:
        print(f"exported {counted(export_index(place, file), 'article')} to {one_line(file)}")
        return 0
    Terminal.of(sys.stdout)
    for line in exported(place):
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
    return 0
