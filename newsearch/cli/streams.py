"""The standard streams of the process, wrapped to fail in only one way.

Without this, each failure of a stream ends the command differently. A stream that the caller closed is None, and the
next opened file takes its number. Buffered data that fails on a full disk fails again when Python exits, which prints
another message and changes the exit code.
"""

from __future__ import annotations

import errno
import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any, TextIO

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2


def guard() -> Output:
    """Replace stdout and stderr of this process.

    stdout raises OSError if it cannot be written to, or is closed. stderr never fails: an undeliverable message
    is not a reason to stop.

    Returns:
        The file under stdout.
    """
    closed = _occupy()
    output = Output(closed=_OUTPUT in closed)
    sys.stdout = _guarded(sys.stdout, output)
    sys.stderr = _guarded(sys.stderr, _Errors(_ERRORS, "wb", closefd=False))
    return output


def _occupy() -> set[int]:
    """Open the null device for each closed standard stream, and return the numbers of these streams."""
    closed = set()
    for number in (_INPUT, _OUTPUT, _ERRORS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            closed.add(number)
    return closed


class Output(FileIO):
    """The file under stdout."""

    def __init__(self, closed: bool) -> None:
        super().__init__(_OUTPUT, "wb", closefd=False)
        self._closed = closed
        self._dropping = False

    def write(self, data: Any, /) -> int:
        if self._dropping:
            return len(data)
        if self._closed:
            raise OSError(errno.EBADF, "it is closed")
        return super().write(data)

    def drop(self) -> None:
        """Discard further output: buffered data has failed once, and would fail again when Python exits."""
        self._dropping = True


class _Errors(FileIO):
    """A file that never fails."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _guarded(stream: TextIO | None, raw: FileIO) -> TextIO:
    """The stream on top of another file; unchanged if the system's console is more than a file."""
    buffer = getattr(stream, "buffer", None)
    if stream is not None and type(getattr(buffer, "raw", buffer)) is not FileIO:
        return stream
    unbuffered = getattr(stream, "write_through", False)
    return TextIOWrapper(
        raw if unbuffered else BufferedWriter(raw),
        encoding=getattr(stream, "encoding", None),
        errors="backslashreplace",
        line_buffering=getattr(stream, "line_buffering", False),
        write_through=unbuffered,
    )
