"""How are files opened, read and stamped? What the sources share."""

from __future__ import annotations

import gzip
import os
import re
import time
import zlib
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final, cast

from newsearch._patterns import pattern
from newsearch.errors import SourceError
from newsearch.sources.base import Snapshot

MAX_ARTICLE_SIZE: Final = 10_000_000
"""Bytes of one Markdown file or one line of JSON; the longest real article has a hundredth of it."""


UNSETTLED: Final = 2 * 10**9
"""Nanoseconds in which a file may change without a change of its time: some file systems have such coarse times."""


# Called for every file. An unchanged file should cost little more than a look at its status.
_LOOKS: Final = attrgetter("st_mtime_ns", "st_ctime_ns", "st_size", "st_ino")


def stamp(status: os.stat_result, now: int) -> int:
    """A number that represents a file's size, times and inode, or 0 if the file changed a moment ago.

    Args:
        now: nanoseconds since 1970.
    """
    looks = _LOOKS(status)
    if looks[0] > now - UNSETTLED or looks[1] > now - UNSETTLED:
        return 0
    # Unlike that of a string, the hash of integers is the same in every process.
    return hash(looks)


def snapshot_of_file(path: Path) -> Snapshot:
    """Check a source that is one file.

    Raises:
        SourceError: its status cannot be read.
    """
    now = time.time_ns()
    try:
        return Snapshot([printable(path.name)], [stamp(path.stat(), now)])
    except OSError as error:
        raise unreadable(path, error) from error


def written_at(path: Path) -> datetime | None:
    """When a file was last written; None if that is unknown."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None


def printable(path: str | os.PathLike[str]) -> str:
    """Convert a path to printable, storable text with "/"; odd bytes and characters are escaped.

    Different paths give different texts, and `path_of` reverses the conversion.
    """
    if isinstance(path, str) and path.isascii() and path.isprintable() and os.sep == "/" and "\\" not in path:
        return path
    text = os.fsdecode(path).replace(os.sep, "/")
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(
        "\\\\" if c == "\\" and _begins_escape(text, at) else c if c.isprintable() else _escaped(c)
        for at, c in enumerate(text)
    )


def path_of(location: str) -> str:
    """The path that `printable` converted to this text."""
    path = _ESCAPE.sub(_unescaped, location)
    # Indexes of earlier versions store backslashes unescaped.
    return location if path != location and os.path.exists(location) and not os.path.exists(path) else path


_ESCAPED: Final = r"(?:\\|[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_ESCAPE: Final = pattern(r"\\" + _ESCAPED)
_AFTER: Final = pattern(_ESCAPED)
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def _begins_escape(text: str, at: int) -> bool:
    """Whether the text after a backslash would turn it into an escape."""
    return bool(_AFTER.match(text, at + 1)) or not text[at + 1 : at + 2].isprintable()


def _escaped(character: str) -> str:
    byte = ord(character) - 0xDC00
    # A byte that is not UTF-8. If the character with its number has to be escaped too, that escape means the character.
    if 0x80 <= byte <= 0xFF and chr(byte).isprintable():
        return f"\\x{byte:02x}"
    return character.encode("unicode_escape").decode("ascii")


def _unescaped(escape: re.Match[str]) -> str:
    said = escape[0][1:]
    if said in _CONTROLS:
        return _CONTROLS[said]
    number = int(said[1:], 16)
    if said[0] == "x" and number >= 0x80 and chr(number).isprintable():
        return chr(0xDC00 + number)
    return chr(number) if number <= 0x10FFFF else escape[0]


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        SourceError: it cannot be opened, or is not a regular file (reading a pipe could block forever).
    """
    try:
        if not path.is_file():
            missing = "a link that leads nowhere" if path.is_symlink() else "no such file"
            raise SourceError(printable(path), "not a file" if path.exists() else missing)
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """Read a whole file as it is stored. `read_content` also decompresses it.

    Raises:
        SourceError: as `open_file`; or it cannot be read, or is larger than `limit` bytes.
    """
    data = _beginning(path, limit + 1)
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def _beginning(path: str | os.PathLike[str], size: int) -> bytes:
    # Takes a fifth of the time of `open_file`, and there can be millions of files.
    try:
        handle = os.open(path, _READ)
    except OSError:
        with open_file(Path(path)) as file:  # raises the precise error
            return file.read(size)
    try:
        status = os.fstat(handle)
        if not S_ISREG(status.st_mode):
            raise SourceError(printable(path), "not a file")
        pieces = [os.read(handle, min(status.st_size + 1, size))]
        left = size - len(pieces[0])
        while pieces[-1] and left:
            pieces.append(os.read(handle, left))
            left -= len(pieces[-1])
    except OSError as error:
        raise unreadable(path, error) from error
    finally:
        os.close(handle)
    return b"".join(pieces)


def open_content(path: Path) -> BinaryIO:
    """Open a file's content. gzip is detected by its first bytes, whatever the file's name.

    Raises:
        SourceError: the file cannot be opened.
    """
    file = open_file(path)
    try:
        magic = file.read(len(GZIP_MAGIC))
        file.seek(0)
        if magic != GZIP_MAGIC:
            return file
        file.close()
        return cast(BinaryIO, gzip.open(path))
    except OSError as error:
        file.close()
        raise unreadable(path, error) from error


def read_content(path: Path, limit: int) -> bytes:
    """Read a whole file, decompressed.

    Raises:
        SourceError: it cannot be read, or is larger than `limit` bytes.
    """
    try:
        with open_content(path) as file:
            data = file.read(limit + 1)
    except READ_ERRORS as error:
        raise unreadable(path, error) from error
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def _too_large(path: str | os.PathLike[str], limit: int) -> SourceError:
    return SourceError(printable(path), f"larger than {limit // 1_000_000} MB")


EMPTY: Final = "the file is empty"
"""What is wrong with a file of nothing but white space."""


def first_bytes(path: Path, size: int = 4096) -> bytes:
    """Read the beginning of a file, decompressed; empty if it cannot be decompressed.

    Raises:
        SourceError: the file cannot be opened.
    """
    with open_content(path) as file:
        try:
            return file.read(size)
        except READ_ERRORS:
            return b""


GZIP_MAGIC: Final = b"\x1f\x8b"

READ_ERRORS: Final = (OSError, EOFError, zlib.error)
"""Exceptions that reading from `open_content` can raise."""

# Opening a pipe must not block until another process writes to it.
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def unreadable(path: str | os.PathLike[str], error: Exception) -> SourceError:
    """The SourceError for a file that the system or a decompressor fails to read."""
    return SourceError(printable(path), f"cannot be read: {reading_problem(error)}")


def reading_problem(error: Exception) -> str:
    """Why the system or a decompressor fails to read."""
    if isinstance(error, EOFError):
        return "ends in the middle of its compressed data"
    reason = error.strerror if isinstance(error, OSError) else None
    return reason or "its compressed data are damaged"
