"""newsearch copy: an index from another one."""

from __future__ import annotations

import sys

import click

from newsearch.cli.places import checked_place
from newsearch.cli.progress import overwrite
from newsearch.cli.terminal import Terminal
from newsearch.cli.work import wait_option
from newsearch.outputs.words import counted
from newsearch.text.clean import one_line
from newsearch.upkeep.copying import copy_index


@click.command(
    epilog="""\b
    Examples:
      newsearch copy index /mnt/other/index
      newsearch copy index opensearch+https://ann@host:9200/news
      newsearch copy opensearch+https://ann@host:9200/news index --replace""",
)
@click.argument("source", callback=checked_place)
@click.argument("target", callback=checked_place)
@click.option("--replace", is_flag=True, help="Replace an existing index.")
@wait_option
def copy(source: str, target: str, replace: bool, wait: float) -> int:
    """Copy the index SOURCE to TARGET: directories, or addresses of indexes in a cluster.

    The copy has the same articles, sources and protected words, and returns the same articles in the same order.
    Searches see it when it is complete. An existing index is only replaced with --replace, and searches use it until
    then.
    """
    interactive = Terminal.of(sys.stderr).interactive

    def show(done: int, every: int) -> None:
        if interactive:
            overwrite(f"{done:,} of {every:,} articles copied" if done < every else "all copied, finishing")

    try:
        articles = copy_index(source, target, replace=replace, wait=wait, progress=show)
    finally:
        if interactive:
            overwrite("")
    print(f"copied {counted(articles, 'article')} to {one_line(target)}")
    return 0
