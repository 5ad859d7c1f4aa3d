"""newsearch mcp: the index for an assistant, over standard input and output."""

from __future__ import annotations

import click

from newsearch.cli.options import synonyms_option
from newsearch.cli.places import DEFAULT_INDEX, index_option, open_for_search
from newsearch.errors import WordListError


@click.command(
    epilog="""\b
    Examples:
      newsearch mcp --index /var/lib/news

    An assistant starts this command itself; docs/mcp.md describes how to configure one. `newsearch serve` provides the
    same tools over HTTP, at /mcp.""",
)
@click.option("--unpublished", is_flag=True, help="Also find unpublished articles.")
@synonyms_option
@index_option
def mcp(unpublished: bool, synonyms: str | None, directory: str | None) -> int:
    """Provide the index to an assistant as tools of the Model Context Protocol, on standard input and output."""
    from newsearch.serve import check_web

    check_web()
    from newsearch.serve.process import run_tools
    from newsearch.serve.settings import Settings
    from newsearch.serve.shelf import state_of

    if synonyms is not None:
        state_of(synonyms, error=WordListError)
    # Reports what is wrong with the index before anything starts, and builds a default one.
    open_for_search(directory, synonyms).close()
    run_tools(directory or DEFAULT_INDEX, Settings(unpublished=unpublished), synonyms)
    return 0
