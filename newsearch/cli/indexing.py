"""What the commands that write an index share: options, progress, the summary, the broken articles."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from newsearch.cli.terminal import Terminal, complain
from newsearch.indexing import Progress, Report

MAX_BROKEN_SHOWN = 20

_PROGRESS_WIDTH = 60

Command = TypeVar("Command", bound=Callable[..., Any])


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
        click.option(
            "--strict",
            is_flag=True,
            help="Exit with 2 if an article is broken; the others go in all the same.",
        ),
        wait_option,
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


def run(work: Callable[[Progress | None], Report], summary: Callable[[Report], str], *, strict: bool) -> int:
    """Run work that writes an index, show how it goes where somebody is looking, and say what it did.

    Returns:
        The exit code.
    """
    interactive = Terminal.of(sys.stderr).interactive
    try:
        report = work(_progress() if interactive else None)
    finally:
        if interactive:
            overwrite("")
    broken = f"; {report.broken:,} broken" if report.broken else ""
    print(f"{summary(report)} in {report.seconds:.1f} s{broken}")
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


def _progress() -> Progress:
    started = time.monotonic()

    def show(read: int, broken: int) -> None:
        rate = read / max(time.monotonic() - started, 1e-3)
        overwrite(f"{read:,} articles, {rate:,.0f}/s" + (f", {broken:,} broken" if broken else ""))

    return show


def overwrite(line: str) -> None:
    """Show a line on stderr in the place of the one before."""
    print(f"\r{line:<{_PROGRESS_WIDTH}}\r{line}", end="", file=sys.stderr, flush=True)
