"""newsearch index: sources -> index."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from newsearch.cli.indexing import Work, run, run_again, work_options
from newsearch.cli.places import forget_bundled
from newsearch.cli.terminal import Terminal
from newsearch.errors import SourceError
from newsearch.indexing.reports import Report, Watch
from newsearch.indexing.runs import build
from newsearch.sources.base import STREAM
from newsearch.sources.json_lines import JsonStream
from newsearch.text.clean import one_line


@click.command(
    epilog="""\b
    Examples:
      newsearch index ~/news
      newsearch index archive.jsonl.gz feed.json --index /var/lib/news
      newsearch index ~/news --dry-run
      zcat archive.jsonl.gz | newsearch index - --strict --wait 60""",
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@work_options
def index(sources: Sequence[str], work: Work) -> int:
    """Index sources: directories of Markdown files, JSONL files, JSON feeds, or - for JSON Lines on standard input.

    What is new goes in, what changed is replaced, and what a source no longer has is deleted; a source
    that breaks off, or has no articles any more, deletes nothing. Files that look as they did are not read
    again. Searches see the index as it was until all is done.
    """
    streams = [source for source in sources if source == STREAM]

    def do(watch: Watch) -> Report:
        given = (_standard_input() if source == STREAM else source for source in sources)
        return build(*given, index=work.index, progress=watch, **work.arguments())

    def once(again: bool = True) -> int:
        return run(work, do, verb="indexed", lasting=not streams, again=again)

    code = once(again=False)
    if work.directory is None and not work.dry_run:
        forget_bundled(sources, work.wait)
    if Terminal.of(sys.stdout).interactive and work.format_name == "text":
        named = f" --index {one_line(work.directory)}" if work.directory else ""
        print(f"search it: newsearch query WORDS{named}")
    if work.watch:
        return run_again(once, [s for s in sources if s != STREAM], work.index)
    return code


def _standard_input() -> JsonStream:
    if sys.stdin is None:
        raise SourceError(STREAM, "standard input is closed")
    return JsonStream(sys.stdin.buffer)
