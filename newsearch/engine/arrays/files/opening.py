"""Opens the files of an index safely, whoever created them.

An index may come from an untrusted source, or lie in a directory that others can write to. Links are therefore never
followed for writing, and anything but a regular file is refused. A pipe, for example, would block its reader for ever.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

# Windows lacks the last three flags, and has no pipes in the file system.
_PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        OSError: it cannot be opened, or is not a regular file: a pipe, a device or a directory, for example.
    """
    # Opening a pipe would block until a process opens it for writing.
    _check_regular(os.stat(path), path)
    file = open(path, "rb")  # noqa: SIM115 - handed on
    try:
        _check_regular(os.fstat(file.fileno()), path)
    except BaseException:
        file.close()
        raise
    return file


def open_kept(path: Path) -> int:
    """Open a regular file that persists between writers, and create it if needed. Returns a file descriptor.

    Raises:
        OSError: it is a link or not a regular file, or it cannot be opened.
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
