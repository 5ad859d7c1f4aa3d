"""How the commands that write an index run: progress, the summary, the list of broken articles."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import click

from newsearch.cli.formats import print_json
from newsearch.cli.progress import ProgressLine
from newsearch.cli.terminal import complain
from newsearch.cli.work import Work
from newsearch.errors import without_secrets
from newsearch.indexing.reports import Report, Watch
from newsearch.outputs.words import counted
from newsearch.text.clean import one_line

MAX_BROKEN_SHOWN = 20

MAX_KEYS_SHOWN = 8

MAX_CHANGES_SHOWN = 20
"""Maximum number of ids of each kind in text output; JSON has the first 1,000."""


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
    complain(*_remarks(report, work, again))
    if report.incomplete or (work.strict and report.broken):
        return 2
    return 1 if report.empty else 0


def _remarks(report: Report, work: Work, again: bool) -> Iterator[str]:
    """What was broken, set aside or passed over, one line each."""
    if report.anew:
        yield f"the index {'would be' if work.dry_run else 'was'} rebuilt: {report.anew}"
    if report.history_lost:
        yield f"earlier versions of articles are lost: {report.history_lost}"
    yield from _remarks_on_files(report, work.list_broken)
    yield from _remarks_on_values(report)
    for inner, outer in () if again else report.nested:
        yield (
            f"{inner} lies in {outer}, which is a source too: articles without a URL are in the index twice;"
            f" newsearch forget {shlex.quote(inner)} removes one of each"
        )
    for location in map(without_secrets, report.incomplete):
        yield f"{location} could not be read to its end; the index keeps its other articles"
    for location in map(without_secrets, report.empty):
        yield f"no articles in {location}"


def _remarks_on_files(report: Report, list_all: bool) -> Iterator[str]:
    errors = report.errors if list_all else report.errors[:MAX_BROKEN_SHOWN]
    yield from map(str, errors)
    if report.broken > len(errors):
        advice = "" if list_all else "; --list-broken lists them all"
        yield f"and {report.broken - len(errors):,} more broken articles{advice}"
    if not report.not_news:
        return
    for file in report.passed_over if list_all else ():
        yield f"passed over: {file}"
    names = ", ".join(os.path.basename(file.location) for file in report.passed_over[:MAX_KEYS_SHOWN])
    more = f" and {report.not_news - MAX_KEYS_SHOWN:,} more" if report.not_news > MAX_KEYS_SHOWN else ""
    advice = "" if list_all else "; --list-broken says why"
    yield f"{counted(report.not_news, 'file')} without any article passed over: {names}{more}{advice}"


def _remarks_on_values(report: Report) -> Iterator[str]:
    if report.unusable:
        counts = ", ".join(f"{key} of {counted(count, 'article')}" for key, count in report.unusable.items())
        yield f"values that cannot be used were set aside under `unusable`: {counts}"
    if report.ambiguous:
        yield (
            f"dates that could be read in two ways: of {counted(report.ambiguous, 'article')}, the month was read"
            " first; --day-first or --month-first decides"
        )
    if report.unused:
        first = list(report.unused.items())[:MAX_KEYS_SHOWN]
        counts = ", ".join(
            f"{one_line(key) or repr('')} of {counted(count, 'article')}" for key, count in first
        )
        more = f", and {len(report.unused) - len(first):,} more" if len(report.unused) > len(first) else ""
        yield f"keys that are kept, and not searched: {counts}{more}"


def _way_on(finished: int, lasting: bool) -> str:
    """Advice for work that was stopped after this many articles were finished."""
    if not lasting:
        return ". Standard input cannot be resumed; send it again"
    if not finished:
        return ""
    arguments = [argument for argument in click.get_current_context().obj if argument != "--no-resume"]
    if "--resume" not in arguments:
        arguments.insert(1, "--resume")  # options must come before --
    command = shlex.join(["newsearch", *map(without_secrets, arguments)])
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
        "incomplete": list(map(without_secrets, report.incomplete)),
        "empty": list(map(without_secrets, report.empty)),
        "history_lost": report.history_lost,
        "nested": [{"location": inner, "within": outer} for inner, outer in report.nested],
        "sources": [
            {
                "location": without_secrets(location),
                "unchanged": difference.unchanged,
                "added": difference.added_ids,
                "replaced": difference.replaced_ids,
                "deleted": difference.deleted_ids,
                "moved": [{"from": old, "to": new} for old, new in difference.moved_ids],
            }
            for location, difference in report.differences.items()
        ],
    }
