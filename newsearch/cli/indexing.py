"""What the commands that write an index share: options, progress, the summary, the list of broken articles."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import wraps
from math import inf
from typing import Any

import click

from newsearch.cli.formats import print_json
from newsearch.cli.options import Size, format_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.progress import ProgressLine
from newsearch.cli.terminal import complain
from newsearch.engine.base import LEAST_MEMORY
from newsearch.errors import NewsearchError, QueryError
from newsearch.indexing.gate import read_gate
from newsearch.indexing.reports import Report, Watch
from newsearch.indexing.watching import bursts, check_watching
from newsearch.outputs.words import counted
from newsearch.query.dates import parse_duration
from newsearch.sources.base import ONCE, STREAM, is_remote
from newsearch.sources.formats import OPML, format_names
from newsearch.text.clean import one_line

MAX_BROKEN_SHOWN = 20

MAX_KEYS_SHOWN = 8

MAX_CHANGES_SHOWN = 20
"""Maximum number of ids of each kind in text output; JSON has the first 1,000."""


class _Length(click.ParamType):  # type: ignore[type-arg]  # as above
    """A duration of at least a minute, such as 15min, 2h or 1d."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> timedelta:
        try:
            length = value if isinstance(value, timedelta) else parse_duration(str(value))
        except QueryError as error:
            self.fail(str(error), param, context)
        if not length:
            self.fail(f"{value!r} is no time at all", param, context)
        return length


wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
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

    def arguments(self) -> dict[str, Any]:
        """The arguments that `build` and `reindex` share.

        Raises:
            GateFailed: the gate file cannot be used.
        """
        return {
            "protected": self.protected,
            "workers": self.workers,
            "wait": self.wait,
            "memory": self.memory,
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
        metavar="FILE",
        help="Words, one per line, that match no other form.  [default: those of the index]",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
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
        type=click.Path(),
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
        help=f"The format of files that do not tell it: {', '.join(format_names())}. Remembered for each source.",
    ),
    click.option(
        "--day-first/--month-first",
        default=None,
        help="Read 03/04/2020 as the 3rd of April, or as the 4th of March. Remembered."
        "  [default: as the language has it]",
    ),
    click.option(
        "--keep",
        type=_Length(),
        metavar="TIME",
        help="Drop articles of feeds that are older, as 90d. Remembered.  [default: keep all]",
    ),
    click.option(
        "--window/--no-window",
        default=None,
        help="Keep articles that a file no longer has, or drop them. Remembered.  [default: keep those of feeds]",
    ),
    click.option(
        "--defaults",
        is_flag=True,
        help="Discard what the index remembers of --as, --day-first, --keep and --window for these sources.",
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
        type=_Length(),
        metavar="TIME",
        help="With --watch, visit feeds of the web this often.  [default: 15min]",
    ),
    click.option(
        "--keep-history/--no-keep-history",
        default=None,
        help="Keep earlier versions of titles and excerpts, or stop that; the index remembers it.",
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
        raise click.UsageError("--every says how often --watch visits feeds; add --watch")
    if work.watch and (not sources or any(map(_is_watched, sources))):
        check_watching()


def _is_watched(source: str) -> bool:
    return source not in ONCE and not _is_visited(source)


def _is_visited(source: str) -> bool:
    """Whether a source is a web feed or a list of feeds."""
    return is_remote(source) or source.lower().endswith(OPML)


def run_again(
    once: Callable[[Sequence[str]], int], sources: Sequence[str], index: str, every: timedelta | None
) -> int:
    """Run work whenever files of these sources change, and visit feeds at intervals, until interrupted.

    An error in one run is reported. The run is repeated after a while, or after the next change: perhaps a file was
    half written, the index was locked, or the disk was full. The changes are still to be indexed then.

    Args:
        once: a run that reads some of the sources.
        every: interval at which all sources are read, even if no files have changed; by default used only with feeds.
    """
    lasting = [source for source in sources if source not in ONCE]
    watched = [source for source in lasting if _is_watched(source)]
    if not lasting:
        raise click.UsageError("--watch needs files or feeds to watch, and this index has none")
    complain(f"watching {', '.join(lasting)}; Ctrl-C ends it")
    has_feeds = len(watched) < len(lasting)
    visits = _Visits((every or _OFTEN).total_seconds() if every or has_feeds else inf)
    retry, owed = _Retry(), watched
    if not watched:
        retry.done()  # the feeds have just been visited
    for _ in bursts(watched, but=index, also=lambda: retry.is_due() or visits.are_due()):
        part = lasting if visits.are_due() else owed
        code = 2
        try:
            code = once(part)
        except NewsearchError as error:
            if retry.told != str(error):
                complain(f"{error}; it is tried again")
            retry.failed(str(error))
            owed = part
        else:
            retry.done()
            owed = watched
        if part is lasting:
            visits.made(code != 2)
        sys.stdout.flush()
    return 0


_OFTEN = timedelta(minutes=15)
_LONGEST_AWAY = 6 * 3600.0


class _Visits:
    """When are feeds visited next? At a fixed interval, which doubles after each visit with a failure.

    Args:
        every: seconds.
    """

    def __init__(self, every: float) -> None:
        self._every = self._pause = every
        self._due = time.monotonic() + every

    def are_due(self) -> bool:
        return time.monotonic() >= self._due

    def made(self, all_is_well: bool) -> None:
        self._pause = self._every if all_is_well else min(2 * self._pause, max(_LONGEST_AWAY, self._every))
        self._due = time.monotonic() + self._pause


_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 300.0
"""Seconds before a failed run is repeated: after the first failure, and at most."""


class _Retry:
    """When is a run due without a change? First for changes made before the watch began, later after errors.

    Attributes:
        told: the last error.
    """

    def __init__(self) -> None:
        self.told = ""
        self._pause = _FIRST_PAUSE
        self._due = 0.0

    def is_due(self) -> bool:
        return time.monotonic() >= self._due

    def failed(self, message: str) -> None:
        self.told = message
        self._due = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def done(self) -> None:
        self.told, self._pause, self._due = "", _FIRST_PAUSE, inf


def run(
    work: Work, do: Callable[[Watch], Report], *, verb: str, lasting: bool = True, again: bool = False
) -> int:
    """Run work that writes an index, show its progress, and report what it did.

    Args:
        do: the work; it receives the function that shows progress.
        verb: what was done to the articles, such as "indexed".
        lasting: the sources can be read again.
        again: this is a repeated run, because files have changed.

    Returns:
        The exit code.
    """
    shown = ProgressLine(None if again or work.dry_run else work.resume)
    try:
        report = do(shown)
    except KeyboardInterrupt as stop:
        if work.dry_run:
            raise
        raise KeyboardInterrupt(
            f"stopped; the index is unchanged{_way_on(shown.finished, lasting)}"
        ) from stop
    finally:
        shown.clear()
    if work.format_name == "json":
        print_json(_document(report, work.dry_run))
    else:
        if work.dry_run:
            _list_changes(report)
        if not again or report.added or report.replaced or report.moved or report.deleted or report.broken:
            print(_summary(report, "would have " + verb if work.dry_run else verb))
    if report.anew:
        complain(f"the index {'would be' if work.dry_run else 'was'} rebuilt: {report.anew}")
    if report.history_lost:
        complain(f"earlier versions of articles are lost: {report.history_lost}")
    shown_errors = report.errors if work.list_broken else report.errors[:MAX_BROKEN_SHOWN]
    for error in shown_errors:
        complain(str(error))
    if report.broken > len(shown_errors):
        advice = "" if work.list_broken else "; --list-broken lists them all"
        complain(f"and {report.broken - len(shown_errors):,} more broken articles{advice}")
    if report.not_news:
        if work.list_broken:
            for file in report.passed_over:
                complain(f"passed over: {file}")
        names = ", ".join(os.path.basename(file.location) for file in report.passed_over[:MAX_KEYS_SHOWN])
        more = f" and {report.not_news - MAX_KEYS_SHOWN:,} more" if report.not_news > MAX_KEYS_SHOWN else ""
        advice = "" if work.list_broken else "; --list-broken says why"
        complain(f"{counted(report.not_news, 'file')} without any article passed over: {names}{more}{advice}")
    if report.unusable:
        counts = ", ".join(f"{key} of {counted(count, 'article')}" for key, count in report.unusable.items())
        complain(f"values that cannot be used were set aside under `unusable`: {counts}")
    if report.ambiguous:
        complain(
            f"dates that could be read in two ways: of {counted(report.ambiguous, 'article')}, the month was taken to"
            " come first; --day-first or --month-first says which it is"
        )
    if report.unused:
        first = list(report.unused.items())[:MAX_KEYS_SHOWN]
        counts = ", ".join(f"{one_line(key)} of {counted(count, 'article')}" for key, count in first)
        more = f", and {len(report.unused) - len(first):,} more" if len(report.unused) > len(first) else ""
        complain(f"keys that are kept, and not searched: {counts}{more}")
    for inner, outer in () if again else report.nested:
        complain(
            f"{inner} lies in {outer}, which is a source too: articles without a URL are in the index twice;"
            f" newsearch forget {shlex.quote(inner)} drops one of each"
        )
    for location in report.incomplete:
        complain(f"{location} could not be read to its end; the index keeps its other articles")
    for location in report.empty:
        complain(f"no articles in {location}")
    if report.incomplete or (work.strict and report.broken):
        return 2
    return 1 if report.empty else 0


def _way_on(finished: int, lasting: bool) -> str:
    """Advice for work that was stopped after this many articles were finished."""
    if not lasting:
        return ". Standard input cannot be resumed; send it again"
    if not finished:
        return ""
    arguments = [argument for argument in click.get_current_context().obj if argument != "--no-resume"]
    if "--resume" not in arguments:
        arguments.insert(1, "--resume")  # options must come before --
    command = shlex.join(["newsearch", *arguments])
    return f". To resume after the {counted(finished, 'finished article')}: {command}"


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
                print(f"{what:<9} {one_line(id)}")
            if count > MAX_CHANGES_SHOWN:
                print(f"{what:<9} and {count - MAX_CHANGES_SHOWN:,} more")


def _document(report: Report, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "read": report.read,
        "added": report.added,
        "replaced": report.replaced,
        "deleted": report.deleted,
        "moved": report.moved,
        "unchanged": report.unchanged,
        "repeated": report.repeated,
        "resumed": report.resumed,
        "anew": report.anew,
        "broken": report.broken,
        "unusable": report.unusable,
        "unused": report.unused,
        "ambiguous": report.ambiguous,
        "errors": [{"location": error.location, "reason": error.reason} for error in report.errors],
        "not_news": report.not_news,
        "passed_over": [{"location": file.location, "reason": file.reason} for file in report.passed_over],
        "articles": report.articles,
        "seconds": round(report.seconds, 3),
        "incomplete": report.incomplete,
        "empty": report.empty,
        "history_lost": report.history_lost,
        "nested": [{"location": inner, "within": outer} for inner, outer in report.nested],
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
