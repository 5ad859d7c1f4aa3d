"""How `--watch` runs a command again: when files change, at intervals for feeds, and after errors."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from math import inf

import click

from newsearch.cli.terminal import complain
from newsearch.errors import NewsearchError, without_secrets
from newsearch.indexing.watching import bursts
from newsearch.sources.base import ONCE, is_remote
from newsearch.sources.formats import OPML


def is_watched(source: str) -> bool:
    """Whether a source is files, which can be watched."""
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
    watched = [source for source in lasting if is_watched(source)]
    if not lasting:
        raise click.UsageError("--watch needs files or feeds to watch, and this index has none")
    complain(f"watching {', '.join(map(without_secrets, lasting))}; Ctrl-C ends it")
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
            if retry.last != str(error):
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
"""Seconds before a failed run is repeated: after the first failure, and the maximum."""


class _Retry:
    """When is a run due without a change? First for changes made before the watch began, later after errors.

    Attributes:
        last: the message of the last error; empty after a run without one.
    """

    def __init__(self) -> None:
        self.last = ""
        self._pause = _FIRST_PAUSE
        self._due = 0.0

    def is_due(self) -> bool:
        return time.monotonic() >= self._due

    def failed(self, message: str) -> None:
        self.last = message
        self._due = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def done(self) -> None:
        self.last, self._pause, self._due = "", _FIRST_PAUSE, inf
