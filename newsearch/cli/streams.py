"""The standard streams of the process, made to fail in one way only.

Without this, each way in which a stream can fail ends the command differently: a stream that the caller closed is
None, and the next file that is opened takes its number; what is still buffered when the disk is full fails a second
time when Python ends, which prints a message of its own and changes the exit code.
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

    stdout raises OSError where it cannot be written to, also where it is closed. stderr never fails: a message
    that reaches nobody is no reason to stop.

    Returns:
        The file under stdout.
    """
    closed = _occupy()
    output = Output(closed=_OUTPUT in closed)
    sys.stdout = _guarded(sys.stdout, output)
    sys.stderr = _guarded(sys.stderr, _Errors(_ERRORS, "wb", closefd=False))
    return output


def _occupy() -> set[int]:
    """Open the null device as each standard stream that is closed, and tell which were."""
    closed = set()
    for number in (_INPUT, _OUTPUT, _ERRORS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free, which is this one
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
        """Write nothing more: what is still buffered has failed once, and would fail again when Python ends."""
        self._dropping = True


class _Errors(FileIO):
    """Never fails."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


def _guarded(stream: TextIO | None, raw: FileIO) -> TextIO:
    """The stream above another file; itself where the system's console is more than a file."""
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
