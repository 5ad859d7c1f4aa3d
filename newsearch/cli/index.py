"""newsearch index: sources -> index."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from newsearch.cli.indexing import check_watch, run, run_again, work_options
from newsearch.cli.places import DEFAULT_INDEX, forget_bundled, index_option
from newsearch.cli.terminal import Terminal, clean
from newsearch.gate import read_gate
from newsearch.indexing import Progress, Report, build
from newsearch.sources import STREAM, JsonStream


@click.command(
    epilog="""\b
    Examples:
      newsearch index ~/news
      newsearch index archive.jsonl.gz feed.json --index /var/lib/news
      newsearch index ~/news --dry-run
      zcat archive.jsonl.gz | newsearch index - --strict --wait 60""",
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@index_option
@work_options
def index(
    sources: Sequence[str],
    directory: str | None,
    protected: str | None,
    workers: int,
    wait: float,
    memory: int,
    gate: str | None,
    strict: bool,
    dry_run: bool,
    watch: bool,
    format_name: str,
) -> int:
    """Index sources: directories of Markdown files, JSONL files, JSON feeds, or - for JSON Lines on standard input.

    What is new goes in, what changed is replaced, and what a source no longer has is deleted; a source
    that breaks off, or has no articles any more, deletes nothing. Files that look as they did are not read
    again. Searches see the index as it was until all is done.
    """

    check_watch(watch, dry_run)
    if watch and all(source == STREAM for source in sources):
        raise click.UsageError("--watch needs files to watch; standard input comes only once")

    def work(progress: Progress | None) -> Report:
        return build(
            *(JsonStream(sys.stdin.buffer) if source == STREAM else source for source in sources),
            index=directory or DEFAULT_INDEX,
            protected=protected,
            workers=workers,
            wait=wait,
            memory=memory,
            gate=None if gate is None else read_gate(gate),
            progress=progress,
            dry_run=dry_run,
        )

    def once() -> int:
        return run(work, verb="indexed", strict=strict, dry_run=dry_run, format_name=format_name)

    code = once()
    if directory is None and not dry_run:
        forget_bundled(sources, wait)
    if Terminal.of(sys.stdout).interactive and format_name == "text":
        named = f" --index {clean(directory)}" if directory else ""
        print(f"search it: newsearch query WORDS{named}")
    if watch:
        return run_again(once, [s for s in sources if s != STREAM], directory or DEFAULT_INDEX)
    return code
