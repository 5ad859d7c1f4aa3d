"""How are files opened, read and stamped? What the sources share."""

from __future__ import annotations

import os
import time
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final

from newsearch.errors import SourceError
from newsearch.sources.base import Snapshot

MAX_ARTICLE_SIZE: Final = 10_000_000
"""Bytes of one Markdown file or one line of JSON; the longest real article is a hundredth of it."""


_UNSETTLED: Final = 2 * 10**9
"""Nanoseconds in which a file may change and keep its time: that is how coarse the times of some file systems are."""


# It is asked for every file, and what was not changed should cost little more than to look at it.
_LOOKS: Final = attrgetter("st_mtime_ns", "st_ctime_ns", "st_size", "st_ino")


def stamp(status: os.stat_result, now: int) -> int:
    """Give a number that stands for a file's size, times and inode, or 0 where it changed a moment ago.

    Args:
        now: nanoseconds since 1970.
    """
    looks = _LOOKS(status)
    if looks[0] > now - _UNSETTLED or looks[1] > now - _UNSETTLED:
        return 0
    # Unlike that of a text, the hash of integers is the same in every process.
    return hash(looks)


def snapshot_of_file(path: Path) -> Snapshot:
    """Look at a source that is one file.

    Raises:
        SourceError: it cannot be looked at.
    """
    now = time.time_ns()
    try:
        return Snapshot([printable(path.name)], [stamp(path.stat(), now)])
    except OSError as error:
        raise unreadable(path, error) from error


def printable(path: str | os.PathLike[str]) -> str:
    """Give a path with "/" and as text that can be printed and stored: odd bytes and controls are escaped."""
    if isinstance(path, str) and path.isascii() and path.isprintable() and os.sep == "/":
        return path
    text = os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        SourceError: it cannot be opened, or it is not a regular file (a pipe would wait for ever).
    """
    try:
        if not path.is_file():
            missing = "a link that leads nowhere" if path.is_symlink() else "no such file"
            raise SourceError(printable(path), "not a file" if path.exists() else missing)
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error


def read_file(path: str | os.PathLike[str], limit: int) -> bytes:
    """The content of a file, of one that is longer than `limit` bytes no more than that and a byte.

    Raises:
        SourceError: as `open_file`, or it cannot be read.
    """
    # In a fifth of the time that it takes through `open_file`, and there can be millions of files.
    try:
        handle = os.open(path, _READ)
    except OSError:
        with open_file(Path(path)) as file:  # which says what is wrong
            return file.read(limit + 1)
    try:
        status = os.fstat(handle)
        if not S_ISREG(status.st_mode):
            raise SourceError(printable(path), "not a file")
        pieces = [os.read(handle, min(status.st_size, limit) + 1)]
        size = len(pieces[0])
        while pieces[-1] and size <= limit:
            pieces.append(os.read(handle, limit + 1 - size))
            size += len(pieces[-1])
    except OSError as error:
        raise unreadable(path, error) from error
    finally:
        os.close(handle)
    return b"".join(pieces)


# A pipe must not keep us waiting until somebody writes to it.
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def unreadable(path: str | os.PathLike[str], error: Exception) -> SourceError:
    """Give the SourceError for a file that the system, or a decompressor, fails to read."""
    return SourceError(printable(path), f"cannot be read: {reading_problem(error)}")


def reading_problem(error: Exception) -> str:
    """Why the system, or a decompressor, fails to read."""
    if isinstance(error, EOFError):
        return "ends in the middle of its compressed data"
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or "its compressed data are damaged"
