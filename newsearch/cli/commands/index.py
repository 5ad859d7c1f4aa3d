"""newsearch index: sources -> index."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from newsearch.articles.vocabularies import OF_RECORDS
from newsearch.cli.explaining import explain_files
from newsearch.cli.indexing import run
from newsearch.cli.places import forget_bundled
from newsearch.cli.terminal import Terminal
from newsearch.cli.watching import run_again
from newsearch.cli.work import Work, work_options
from newsearch.errors import SourceError
from newsearch.indexing.reports import Report, Watch
from newsearch.indexing.runs import build
from newsearch.sources.base import STREAM, ReadingOptions
from newsearch.sources.json_lines import JsonStream
from newsearch.text.clean import one_line


@click.command(
    epilog="""\b
    Examples:
      newsearch index ~/news
      newsearch index archive.jsonl.gz feed.json --index /var/lib/news
      newsearch index ~/news --dry-run
      newsearch index feed.xml --explain
      newsearch index https://gazette.example/feed.xml subscriptions.opml
      newsearch index ~/news subscriptions.opml --watch --every 30min
      zcat archive.jsonl.gz | newsearch index - --strict --wait 60""",
)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--explain", is_flag=True, help="Show how each key of the first records is used, and write nothing."
)
@work_options
def index(sources: Sequence[str], explain: bool, work: Work) -> int:
    """Index sources: directories and files of news, URLs of feeds, lists of feeds, or - for JSON Lines on standard
    input.

    The formats are Markdown with front matter, JSON and JSON Lines, RSS and Atom, NewsML and NITF, HTML pages and WARC.
    They are recognised by suffix, or else by the first bytes.

    New articles are added, changed ones are replaced, and those that a source no longer has are deleted. If a source
    cannot be read to its end, or no longer has any articles, nothing is deleted. Unchanged files are not read again.
    Searches use the old index until the run is complete.
    """
    if explain:
        return explain_files(sources, work)

    def once(given: Sequence[str], again: bool = True) -> int:
        def do(watch: Watch) -> Report:
            options = work.arguments(watch)
            opened = (_standard_input(work) if source == STREAM else source for source in given)
            return build(*opened, index=work.index, protected=work.protected, **options)

        return run(work, do, verb="indexed", lasting=STREAM not in given, again=again)

    sources = tuple(dict.fromkeys(sources))  # standard input can be read once
    code = once(sources, again=False)
    if work.directory is None and not work.dry_run:
        forget_bundled(sources, work.wait)
    if Terminal.of(sys.stdout).interactive and work.format_name == "text":
        named = f" --index {one_line(work.directory)}" if work.directory else ""
        print(f"search it: newsearch query WORDS{named}")
    if work.watch:
        return run_again(once, sources, work.index, work.every)
    return code


def _standard_input(work: Work) -> JsonStream:
    if sys.stdin is None:
        raise SourceError(STREAM, "standard input is closed")
    if work.format not in (None, "json-lines", "json", *OF_RECORDS):
        raise SourceError(
            STREAM, f"standard input is JSON Lines, not {work.format}; write it to a file first"
        )
    return JsonStream(sys.stdin.buffer, ReadingOptions(work.format or "", work.day_first))
