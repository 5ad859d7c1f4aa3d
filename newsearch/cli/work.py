"""The options of the commands that write an index."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import wraps
from typing import Any

import click

from newsearch.cli.options import format_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.values import FileName, Length, Number, Size, Whole
from newsearch.cli.watching import is_watched
from newsearch.engine.writing import LEAST_MEMORY
from newsearch.indexing.gate import read_gate
from newsearch.indexing.options import RunArguments
from newsearch.indexing.reports import Watch
from newsearch.indexing.watching import check_watching
from newsearch.sources.base import STREAM
from newsearch.sources.formats import format_names

wait_option = click.option(
    "--wait",
    type=Number(0),
    is_flag=False,
    flag_value="inf",
    default=0,
    metavar="[SECONDS]",
    help="Wait this long, or without a limit, while another process writes the index.",
)


@dataclass(frozen=True, slots=True)
class Work:
    """The options of a command that writes an index, without its sources: the values of `work_options`."""

    directory: str | None
    protected: str | None
    workers: int
    wait: float
    memory: int
    gate: str | None
    resume: bool | None
    strict: bool
    dry_run: bool
    watch: bool
    every: timedelta | None
    keep: timedelta | None
    keep_history: bool | None
    window: bool | None
    defaults: bool
    format: str | None
    day_first: bool | None
    list_broken: bool
    format_name: str

    @property
    def index(self) -> str:
        """Path of the index."""
        return self.directory or DEFAULT_INDEX

    def arguments(self, progress: Watch) -> RunArguments:
        """The options for `build` and `reindex`.

        Raises:
            GateFailed: the gate file cannot be used.
        """
        return {
            "workers": self.workers,
            "wait": self.wait,
            "memory": self.memory,
            "progress": progress,
            "gate": None if self.gate is None else read_gate(self.gate),
            "resume": self.resume is not False,
            "dry_run": self.dry_run,
            "format": self.format or "",
            "day_first": self.day_first,
            "trust_env": True,
            "keep": self.keep,
            "keep_history": self.keep_history,
            "window": self.window,
            "defaults": self.defaults,
        }


_WORK_OPTIONS = (
    index_option,
    click.option(
        "--protected",
        type=FileName(),
        metavar="FILE",
        help="Words, one per line, that match no other form.  [default: those of the index]",
    ),
    click.option(
        "--workers",
        type=Whole(min=1),
        default=os.cpu_count,
        metavar="NUMBER",
        help="Processes that read Markdown files.  [default: one per processor]",
    ),
    click.option(
        "--memory",
        type=Size(LEAST_MEMORY),
        default="512M",
        show_default=True,
        metavar="SIZE",
        help="Write articles to disk when they take this much memory.",
    ),
    click.option(
        "--gate",
        type=FileName(),
        metavar="FILE",
        help="Publish only if the checks in this file pass.",
    ),
    wait_option,
    click.option(
        "--resume/--no-resume",
        default=None,
        help="Resume a stopped run of the same sources, or start over.  [default: resume]",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Exit with 2 if an article is broken; the others are still indexed.",
    ),
    click.option(
        "--as",
        "format",
        type=click.Choice(format_names()),
        metavar="FORMAT",
        help=f"Format of files that do not show it themselves: {', '.join(format_names())}. Remembered.",
    ),
    click.option(
        "--day-first/--month-first",
        default=None,
        help="Read 03/04/2020 as the 3rd of April, or as the 4th of March. Remembered."
        "  [default: by the language]",
    ),
    click.option(
        "--keep",
        type=Length(),
        metavar="TIME",
        help="Delete articles of feeds that are older than this, such as 90d. Remembered.  [default: keep all]",
    ),
    click.option(
        "--window/--no-window",
        default=None,
        help="Keep articles that a file no longer has, or delete them. Remembered.  [default: keep those of feeds]",
    ),
    click.option(
        "--defaults",
        is_flag=True,
        help="Discard the remembered --as, --day-first, --keep and --window of these sources.",
    ),
    click.option(
        "--list-broken",
        is_flag=True,
        help="List all broken articles, not only the first 20, and the files passed over.",
    ),
    click.option("--dry-run", is_flag=True, help="List what would change, and write nothing."),
    click.option("--watch", is_flag=True, help="Keep running, and index again when files change."),
    click.option(
        "--every",
        type=Length(),
        metavar="TIME",
        help="With --watch, fetch feeds this often.  [default: 15min]",
    ),
    click.option(
        "--keep-history/--no-keep-history",
        default=None,
        help="Keep earlier versions of titles and excerpts, or stop keeping them. Remembered.",
    ),
    format_option("text", "json"),
)


def work_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options for writing an index to a command; it receives their values as one argument, `work`."""

    @wraps(command)
    def working(**values: Any) -> int:
        work = Work(**{field.name: values.pop(field.name) for field in fields(Work)})
        check_watch(work, values.get("sources", ()))
        return command(work=work, **values)

    decorated: Callable[..., int] = working
    for option in reversed(_WORK_OPTIONS):
        decorated = option(decorated)
    return decorated


def check_watch(work: Work, sources: Sequence[str]) -> None:
    """Refuse `--watch` for what cannot be watched, before any work is done.

    Args:
        sources: the given sources; empty if the index remembers them.

    Raises:
        UsageError: no source can be watched, or nothing would be written, and every run would report the same.
        EngineError: the package for watching is not installed.
    """
    if work.watch and work.dry_run:
        raise click.UsageError("--watch and --dry-run cannot be used together; omit one of them")
    if work.watch and sources and all(source == STREAM for source in sources):
        raise click.UsageError("--watch needs files to watch; standard input cannot be watched")
    if work.every and not work.watch:
        raise click.UsageError("--every sets how often --watch fetches feeds; add --watch")
    if work.watch and (not sources or any(map(is_watched, sources))):
        check_watching()
