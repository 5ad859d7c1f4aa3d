"""newsearch mcp: the index for an assistant, over standard input and output."""

from __future__ import annotations

import click

from newsearch.cli.places import DEFAULT_INDEX, index_option, open_for_search


@click.command(
    epilog="""\b
    Examples:
      newsearch mcp --index /var/lib/news

    An assistant starts this command itself; docs/mcp.md tells how to make it known to one. `newsearch serve` offers the
    same over HTTP, at /mcp.""",
)
@click.option("--unpublished", is_flag=True, help="Find unpublished articles, too.")
@click.option("--synonyms", metavar="FILE", help="Ask for synonyms, too: a group a line, as in: vaccine, jab")
@index_option
def mcp(unpublished: bool, synonyms: str | None, directory: str | None) -> int:
    """Offer the index to an assistant as tools of the Model Context Protocol, on standard input and output."""
    from newsearch.serve import check_web

    check_web()
    from newsearch.serve.process import run_tools
    from newsearch.serve.settings import Settings

    open_for_search(
        directory, synonyms
    ).close()  # what is wrong with it is told now, and a default index is made
    run_tools(directory or DEFAULT_INDEX, Settings(unpublished=unpublished), synonyms)
    return 0
