"""newsearch serve: a page, an API and feeds on an index."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Literal

import click

from newsearch.cli.options import cache_option, synonyms_option
from newsearch.cli.places import DEFAULT_INDEX, index_option, open_for_search
from newsearch.cli.terminal import complain
from newsearch.cli.values import FileName, Size, Whole
from newsearch.errors import WordListError

_VARIABLE = "NEWSEARCH_TOKEN"


@click.command(
    epilog="""\b
    Examples:
      newsearch serve
      newsearch serve --open
      newsearch serve --index /var/lib/news --port 9000 --workers 2
      newsearch serve --host 0.0.0.0 --allow-host news.example --log-format json

    The server only reads the index, and follows its updates. docs/http.md describes the page, the API and the feeds,
    and how to run it behind nginx and under systemd.""",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Listen on this address."
)
@click.option(
    "--port",
    metavar="PORT",
    type=Whole(0, 65_535),
    default=8080,
    show_default=True,
    help="Listen on this port.",
)
@click.option(
    "--workers",
    metavar="NUMBER",
    type=Whole(1, 64),
    default=1,
    show_default=True,
    help="Number of server processes.",
)
@click.option(
    "--allow-host",
    "allowed",
    multiple=True,
    metavar="NAME",
    help="Also accept this name in Host; repeatable.  [default: localhost and --host]",
)
@click.option(
    "--base-path", default="", metavar="PATH", help="Path of the server behind a proxy, such as /news."
)
@click.option(
    "--token",
    envvar=_VARIABLE,
    show_envvar=True,
    metavar="TEXT",
    help="Require this token: as a bearer token, or as the password of any user.",
)
@click.option(
    "--guard",
    "guarded",
    type=click.Choice(["all", "feeds"]),
    help="What requires the token.  [default: all]",
)
@click.option("--cors", is_flag=True, help="Let pages of other sites read the API.")
@click.option("--unpublished", is_flag=True, help="Allow searches for unpublished articles.")
@click.option(
    "--saved", type=FileName(), metavar="FILE", help="Offer the saved searches in this file (TOML)."
)
@synonyms_option
@click.option("--read-only", is_flag=True, help="Accepted for clarity: the server never writes the index.")
@click.option("--open", "browse", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json", "none"]),
    default="text",
    show_default=True,
    help="Format of the lines on stderr; none leaves out those of requests.",
)
@cache_option("56M", " in each worker")
@click.option(
    "--shared-cache",
    type=Size(0),
    default="512M",
    show_default=True,
    metavar="SIZE",
    help="Memory that lists of words may take, which all workers share; 0 for none.",
)
@index_option
def serve(
    host: str,
    port: int,
    workers: int,
    allowed: Sequence[str],
    base_path: str,
    token: str | None,
    guarded: Literal["all", "feeds"] | None,
    cors: bool,
    unpublished: bool,
    saved: str | None,
    synonyms: str | None,
    read_only: bool,
    browse: bool,
    log_format: str,
    cache: int,
    shared_cache: int,
    directory: str | None,
) -> int:
    """Serve a web page, an API, feeds and MCP for the index, until stopped."""
    from newsearch.serve import check_web

    check_web()
    from newsearch.cli.logs import log_config, log_notice, log_request
    from newsearch.serve.process import Served, run
    from newsearch.serve.settings import LOOPBACK, Settings
    from newsearch.serve.shelf import read_offered, state_of

    if token is None and os.environ.get(_VARIABLE) == "":
        token = ""  # for click, an empty variable is none
    if guarded and token is None:
        raise click.UsageError(f"--guard {guarded} needs a token: give one with --token or {_VARIABLE}")
    if not host:
        raise click.UsageError("--host is empty: give an address, such as 127.0.0.1")
    if synonyms is not None:
        state_of(synonyms, error=WordListError)
    # Reports what is wrong with the index before anything starts, and builds a default one.
    open_for_search(directory, synonyms).close()
    hosts = (*LOOPBACK, *allowed, host)
    settings = Settings(
        hosts,
        base_path=base_path,
        token=token,
        guarded=guarded or "all",
        cors=cors,
        unpublished=unpublished,
        saved=saved,
        memory=cache,
        shared_memory=shared_cache,
    )
    left_out = "" if saved is None else read_offered(saved, settings)[1]
    log = None if log_format == "none" else partial(log_request, log_format)
    place = directory or DEFAULT_INDEX

    def ready(address: str) -> None:
        complain(f"serving {place} at {address} (Ctrl-C stops)")
        if left_out:
            complain(left_out)
        if browse:
            import webbrowser

            webbrowser.open(address)

    served = Served(place, settings, host, port, workers, synonyms, log, log_notice, log_config(log_format))
    run(served, ready)
    return 0
