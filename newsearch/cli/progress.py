"""Show the progress of work: one line that is updated on a terminal, or an occasional line in a log."""

from __future__ import annotations

import sys
import time

from newsearch.cli.terminal import Terminal, complain
from newsearch.indexing.reports import Progress
from newsearch.outputs.words import counted
from newsearch.text.clean import one_line

LOG_SECONDS = 10.0
"""Seconds between two lines in a log."""

_SETTLED = 1.0
"""Seconds after which the remaining time can be estimated from the elapsed time."""


class ProgressLine:
    """Shows the progress of a run on stderr.

    Attributes:
        finished: articles that the next run need not index again if this one is stopped now.

    Args:
        resume: whether the user asked to continue an interrupted run; None if the user did not say.
    """

    def __init__(self, resume: bool | None = None) -> None:
        self._interactive = Terminal.of(sys.stderr).interactive
        self._resume = resume
        self._started = self._shown = self._source_started = time.monotonic()
        self._source = ""
        self._is_first = True
        self.finished = 0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        self.finished = progress.finished
        if self._is_first:
            self._tell_of_resuming(progress.resumed)
        if progress.source != self._source:
            # The time of earlier sources says nothing about the time of this one.
            self._source, self._source_started = progress.source, self._started if self._is_first else now
        self._is_first = False
        line = _line(progress, now - self._started, now - self._source_started)
        if self._interactive:
            overwrite(line)
        elif now - self._shown >= LOG_SECONDS:
            self._shown = now
            complain(line)

    def clear(self) -> None:
        """Remove the line to make room for another message."""
        if self._interactive:
            overwrite("")

    def _tell_of_resuming(self, resumed: int) -> None:
        if resumed:
            complain(f"resuming after {counted(resumed, 'article')} that an interrupted run had indexed")
        elif self._resume:
            complain("nothing to resume: no run of these sources was interrupted since the index was written")


def _line(progress: Progress, seconds: float, source_seconds: float) -> str:
    parts = [f"{progress.read:,} articles", f"{progress.read / max(seconds, 1e-3):,.0f}/s"]
    if progress.broken:
        parts.append(f"{progress.broken:,} broken")
    if not progress.source:
        parts.append("all read, finishing")
    elif progress.done is not None:
        name = progress.source.rpartition("/")[2]
        parts.append(f"{int(progress.done * 100)}% of {one_line(name)}")
        if progress.done and source_seconds >= _SETTLED:
            parts.append(f"{_duration(source_seconds * (1 - progress.done) / progress.done)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def overwrite(line: str) -> None:
    """Replace the previous line on stderr's terminal, cut to the width of the terminal."""
    room = Terminal.of(sys.stderr).width - 1
    print(f"\r{line[:room]:<{room}}\r{line[:room]}", end="", file=sys.stderr, flush=True)
