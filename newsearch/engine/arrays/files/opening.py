"""How are the files of an index opened, whoever put them there?

An index can come from a stranger, or lie where others may write. So a link is never written through, and what is no
regular file is refused: a pipe would keep its reader waiting for ever.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

# Windows has none of the last three, and no pipes among files.
_PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        OSError: it cannot be opened, or is something else, such as a pipe, a device or a directory.
    """
    # Opening a pipe would wait for somebody who writes to it.
    _check_regular(os.stat(path), path)
    file = open(path, "rb")  # noqa: SIM115 - handed on
    try:
        _check_regular(os.fstat(file.fileno()), path)
    except BaseException:
        file.close()
        raise
    return file


def open_kept(path: Path) -> int:
    """A handle of a regular file that stays from one writer to the next, made where there is none.

    Raises:
        OSError: a link or something else is there, or it cannot be opened.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK | _NO_WAIT | _PLAIN, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise OSError(error.errno, f"{path.name} is a link, which is not followed; remove it") from error
        raise
    try:
        _check_regular(os.fstat(handle), path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check_regular(status: os.stat_result, path: Path) -> None:
    if not S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
