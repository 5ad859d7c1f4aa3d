"""What the commands that write an index share: options, progress, the summary, the broken articles."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from newsearch.cli.options import format_option
from newsearch.cli.output import SCHEMA, to_json
from newsearch.cli.terminal import Terminal, clean, complain, counted
from newsearch.errors import NewsearchError
from newsearch.indexing import Progress, Report
from newsearch.watching import bursts

MAX_BROKEN_SHOWN = 20

MAX_CHANGES_SHOWN = 20
"""Of each kind, in text; JSON has the first 1,000."""

LOG_SECONDS = 10.0
"""How often a line on the progress goes to a log."""

_PROGRESS_WIDTH = 60

Command = TypeVar("Command", bound=Callable[..., Any])


class _Size(click.ParamType[int]):
    """A number of bytes, as 512M or 2G."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([0-9]{1,12})([KMG]?)B?", str(value).strip().upper())
        size = int(match[1]) << _SHIFTS[match[2]] if match else 0
        if size < _LEAST_MEMORY:
            self.fail(f"{value!r} is not a size of at least 16M, such as 512M or 2G", param, context)
        return size


_SHIFTS = {"": 0, "K": 10, "M": 20, "G": 30}
_LEAST_MEMORY = 16 << 20

wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    is_flag=False,
    flag_value="inf",
    default=0,
    metavar="[SECONDS]",
    help="Wait this long, or as long as it takes, while another process writes the index.",
)


def work_options(command: Command) -> Command:
    """Give a command the options of work that writes an index."""
    for option in (
        format_option("text", "json"),
        click.option("--watch", is_flag=True, help="Go on: index again whenever files change."),
        click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing."),
        click.option(
            "--strict",
            is_flag=True,
            help="Exit with 2 if an article is broken; the others go in all the same.",
        ),
        wait_option,
        click.option(
            "--gate",
            type=click.Path(),
            metavar="FILE",
            help="Publish only what passes the checks in this file.",
        ),
        click.option(
            "--memory",
            type=_Size(),
            default="512M",
            show_default=True,
            metavar="SIZE",
            help="Write what was read to disk when it takes this much.",
        ),
        click.option(
            "--workers",
            type=click.IntRange(min=1),
            default=os.cpu_count,
            metavar="NUMBER",
            help="Processes that read Markdown files.  [default: one for each processor]",
        ),
        click.option(
            "--protected",
            metavar="FILE",
            help="Words, one a line, that are found in no other form.  [default: as the index was made]",
        ),
    ):
        command = option(command)
    return command


def check_watch(watch: bool, dry_run: bool) -> None:
    """Refuse to watch without writing: every run would say the same again.

    Raises:
        UsageError: both were asked for.
    """
    if watch and dry_run:
        raise click.UsageError("--watch and --dry-run cannot be used together; leave out one of them")


def run_again(once: Callable[[], int], sources: Sequence[str], index: str) -> int:
    """Run work whenever files of these sources change, until somebody stops it.

    What goes wrong in one run is told, and the next may go right: a file was half written, or the index was locked.
    """
    complain(f"watching {', '.join(sources)}; Ctrl-C ends it")
    for _ in bursts(sources, but=index):
        try:
            once()
        except NewsearchError as error:
            complain(str(error))
        sys.stdout.flush()
    return 0


def run(
    work: Callable[[Progress | None], Report], *, verb: str, strict: bool, dry_run: bool, format_name: str
) -> int:
    """Run work that writes an index, show how it goes where somebody is looking, and say what it did.

    Args:
        verb: what was done to the articles, as "indexed".

    Returns:
        The exit code.
    """
    interactive = Terminal.of(sys.stderr).interactive
    try:
        report = work(_progress(interactive))
    except KeyboardInterrupt:
        complain("stopped; the index is as it was, and the next run goes on from what is finished")
        raise
    finally:
        if interactive:
            overwrite("")
    if format_name == "json":
        print(to_json(_document(report, dry_run), Terminal.of(sys.stdout), indent=2))
    else:
        if dry_run:
            _list_changes(report)
        print(_summary(report, "would have " + verb if dry_run else verb))
    if report.resumed:
        complain(f"went on from {counted(report.resumed, 'article')} that an interrupted run had indexed")
    for error in report.errors[:MAX_BROKEN_SHOWN]:
        complain(str(error))
    if report.broken > MAX_BROKEN_SHOWN:
        complain(f"and {report.broken - MAX_BROKEN_SHOWN:,} more broken articles")
    for location in report.incomplete:
        complain(f"kept what the index had of {location}: it could not be read to its end")
    for location in report.empty:
        complain(f"no articles in {location}")
    if report.incomplete or (strict and report.broken):
        return 2
    return 1 if report.empty else 0


def _summary(report: Report, verb: str) -> str:
    written = report.added + report.replaced + report.moved
    counts = [f"{report.added:,} new, {report.replaced:,} replaced, {report.deleted:,} deleted"]
    for number, what in (
        (report.moved, "moved"),
        (report.unchanged, "unchanged"),
        (report.repeated, "repeated in the source"),
    ):
        if number:
            counts.append(f"{number:,} {what}")
    broken = f"; {report.broken:,} broken" if report.broken else ""
    return f"{verb} {counted(written, 'article')} ({', '.join(counts)}) in {report.seconds:.1f} s{broken}"


def _list_changes(report: Report) -> None:
    for difference in report.differences.values():
        moved = [f"{old} -> {new}" for old, new in difference.moved_ids]
        for what, count, ids in (
            ("new", difference.added, difference.added_ids),
            ("replaced", difference.replaced, difference.replaced_ids),
            ("deleted", difference.deleted, difference.deleted_ids),
            ("moved", difference.moved, moved),
        ):
            for id in ids[:MAX_CHANGES_SHOWN]:
                print(f"{what:<9} {clean(id)}")
            if count > MAX_CHANGES_SHOWN:
                print(f"{what:<9} and {count - MAX_CHANGES_SHOWN:,} more")


def _document(report: Report, dry_run: bool) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "dry_run": dry_run,
        "read": report.read,
        "added": report.added,
        "replaced": report.replaced,
        "deleted": report.deleted,
        "moved": report.moved,
        "unchanged": report.unchanged,
        "repeated": report.repeated,
        "resumed": report.resumed,
        "broken": report.broken,
        "articles": report.articles,
        "seconds": round(report.seconds, 3),
        "incomplete": report.incomplete,
        "empty": report.empty,
        "sources": [
            {
                "location": location,
                "unchanged": difference.unchanged,
                "added": difference.added_ids,
                "replaced": difference.replaced_ids,
                "deleted": difference.deleted_ids,
                "moved": [{"from": old, "to": new} for old, new in difference.moved_ids],
            }
            for location, difference in report.differences.items()
        ],
    }


def _progress(interactive: bool) -> Progress:
    """What shows how far the work is: in one line where somebody looks on, else in a line of the log now and then."""
    started = shown = time.monotonic()

    def show(read: int, broken: int) -> None:
        nonlocal shown
        now = time.monotonic()
        line = f"{read:,} articles, {read / max(now - started, 1e-3):,.0f}/s"
        line += f", {broken:,} broken" if broken else ""
        if interactive:
            overwrite(line)
        elif now - shown >= LOG_SECONDS:
            shown = now
            complain(line)

    return show


def overwrite(line: str) -> None:
    """Show a line on stderr in the place of the one before."""
    print(f"\r{line:<{_PROGRESS_WIDTH}}\r{line}", end="", file=sys.stderr, flush=True)
