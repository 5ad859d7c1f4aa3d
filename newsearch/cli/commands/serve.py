"""newsearch serve: a page, an API and feeds on an index."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

import click

from newsearch.cli.options import cache_option
from newsearch.cli.places import DEFAULT_INDEX, index_option, open_for_search
from newsearch.cli.terminal import complain
from newsearch.text.clean import one_line

if TYPE_CHECKING:
    from newsearch.serve.guard import Seen


@click.command(
    epilog="""\b
    Examples:
      newsearch serve
      newsearch serve --open
      newsearch serve --index /var/lib/news --port 9000 --workers 2
      newsearch serve --host 0.0.0.0 --allow-host news.example --log-format json

    It only reads the index, and follows it when it is updated. docs/http.md describes the page, the API and the feeds,
    and how to run it behind nginx and under systemd.""",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Listen on this address."
)
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65_535),
    default=8080,
    show_default=True,
    help="Listen on this port.",
)
@click.option(
    "--workers",
    metavar="NUMBER",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer.",
)
@click.option(
    "--allow-host",
    "allowed",
    multiple=True,
    metavar="NAME",
    help="Answer to this name, too; repeatable.  [default: localhost and --host]",
)
@click.option(
    "--base-path", default="", metavar="PATH", help="Where it stands behind a proxy, such as /news."
)
@click.option(
    "--token",
    envvar="NEWSEARCH_TOKEN",
    show_envvar=True,
    metavar="TEXT",
    help="What clients must know: as a bearer token, or as the password of any name.",
)
@click.option(
    "--guard",
    "guarded",
    type=click.Choice(["all", "feeds"]),
    default="all",
    show_default=True,
    help="What the token guards.",
)
@click.option("--cors", is_flag=True, help="Let pages of other sites read the API.")
@click.option("--unpublished", is_flag=True, help="Let unpublished articles be asked for.")
@click.option("--saved", metavar="FILE", help="Offer the saved searches in this file (TOML).")
@click.option("--synonyms", metavar="FILE", help="Ask for synonyms, too: a group a line, as in: vaccine, jab")
@click.option("--read-only", is_flag=True, help="Only read the index, which is all that it ever does.")
@click.option("--open", "browse", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json", "none"]),
    default="text",
    show_default=True,
    help="How to write a line for each request on stderr.",
)
@cache_option("128M", " in each worker")
@index_option
def serve(
    host: str,
    port: int,
    workers: int,
    allowed: Sequence[str],
    base_path: str,
    token: str | None,
    guarded: Literal["all", "feeds"],
    cors: bool,
    unpublished: bool,
    saved: str | None,
    synonyms: str | None,
    read_only: bool,
    browse: bool,
    log_format: str,
    cache: int,
    directory: str | None,
) -> int:
    """Serve a page for people, an API, feeds and MCP on the index, until it is stopped."""
    from newsearch.serve import check_web

    check_web()
    from newsearch.search.saved import read_saved
    from newsearch.serve.process import Served, run
    from newsearch.serve.settings import LOOPBACK, Settings

    if saved is not None:
        read_saved(saved)
    open_for_search(
        directory, synonyms
    ).close()  # what is wrong with it is told now, and a default index is made
    hosts = (*LOOPBACK, *allowed, host)
    settings = Settings(
        hosts,
        base_path=base_path,
        token=token,
        guarded=guarded,
        cors=cors,
        unpublished=unpublished,
        saved=saved,
        memory=cache,
    )
    log = None if log_format == "none" else partial(_log, log_format)
    place = directory or DEFAULT_INDEX

    def ready(address: str) -> None:
        complain(f"serving {place} at {address} (Ctrl-C stops)")
        if browse:
            import webbrowser

            webbrowser.open(address)

    run(Served(place, settings, host, port, workers, synonyms, log), ready)
    return 0


def _log(form: str, seen: Seen) -> None:
    """Write one line for a request; its text comes from anybody."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    query = re.sub(r"\b(token=)[^&]*", r"\1...", seen.query)
    target = seen.path + (f"?{query}" if query else "")
    if form == "json":
        line = json.dumps(
            {
                "time": now,
                "client": seen.client,
                "method": seen.method,
                "target": target,
                "status": seen.status,
                "bytes": seen.size,
                "ms": round(seen.seconds * 1000, 3),
            }
        )
    else:
        line = f"{now} {seen.client} {seen.method} {target} {seen.status} {seen.size} B {seen.seconds * 1000:.1f} ms"
    print(one_line(line), file=sys.stderr, flush=True)
