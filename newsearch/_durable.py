"""Durable file writes. All files of an index are written here.

The contents of a file are durable once the file is synced, and its name once its directory is synced. A crash of the
machine may lose either without the other. Nothing is written in place, and an existing file is therefore never left
half overwritten.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import IO, Any

_HELD = 1 << 20
_LONGEST_NAME = 255


def write_file(path: Path, chunks: Iterable[Any], like: Path | None = None) -> int:
    """Write a new file and sync its contents. Its name is durable after `sync_directory`. Returns the size in bytes.

    Args:
        like: a file of the user that will be replaced, if it exists. The new file gets its owner and permissions.

    Raises:
        OSError: the name is already in use, or the file could not be written and was removed.
    """
    created = _created(path)
    try:
        with created as file:
            if like is not None:
                _take_after(path, like)
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            return file.tell()
    except BaseException:
        # A partial file is useless, and on a full disk its space is needed.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def _created(path: Path) -> IO[bytes]:
    """A new file. An existing one is never opened: it could be a link, symbolic or hard, to an unrelated file."""
    try:
        return open(path, "xb")
    except FileExistsError:
        if not S_ISREG(os.lstat(path).st_mode):
            raise
    path.unlink()
    return open(path, "xb")


def _take_after(path: Path, like: Path) -> None:
    """Give a file, while it is empty, the owner and the permissions of another: nobody else may read a private file."""
    try:
        before = os.stat(like)
    except OSError:
        return
    mode = S_IMODE(before.st_mode) & 0o777
    for owner in (before.st_uid, -1) if hasattr(os, "chown") else ():
        with suppress(OSError):
            os.chown(path, owner, before.st_gid)
            break
    else:
        mode &= ~0o070  # it would be another group
    with suppress(OSError):  # a file system without permissions
        os.chmod(path, mode)


def replace_file(path: Path, chunks: Iterable[Any], like: Path | None = None) -> int:
    """Write a file atomically and durably, replacing any existing one. Returns the size in bytes.

    Args:
        like: as for `write_file`.

    Raises:
        OSError: the file could not be written. The old file is unchanged; or, if only syncing the directory failed,
            comes back if the machine crashes now.
    """
    temporary = temporary_name(path)
    size = write_file(temporary, chunks, like)
    move_into_place(temporary, path)
    return size


def save_text(path: Path, text: str) -> None:
    """As `save`, for text."""
    save(path, text.encode())


def save(path: Path, data: bytes) -> None:
    """Write a small file named by the user, replacing any existing one. A device or a pipe is written to directly.

    Raises:
        OSError: the file could not be written. An existing one is unchanged.
    """
    if _is_no_file(path):
        path.write_bytes(data)
    else:
        real = Path(os.path.realpath(path))
        replace_file(real, [data], like=real)


def _is_no_file(path: Path) -> bool:
    """Whether there is something that is no file. The path that links lead to does not tell: /dev/stdout and the like
    lead to pipes, which have none.
    """
    return path.exists() and not path.is_file()


def scratch_file(directory: Path) -> IO[bytes]:
    """An unnamed file for data too large for memory. It disappears with the process, however that ends.

    The file is on the disk of the index, because the temporary directory of the system may be in memory. Small data is
    never written to disk.
    """
    import tempfile  # searches need no scratch file, and it takes as long to import as a search

    return tempfile.SpooledTemporaryFile(_HELD, dir=str(directory))


def temporary_name(path: Path) -> Path:
    """A temporary path for a file that will be moved to `path`. The name is unpredictable and was never used before."""
    ending = f".{os.urandom(8).hex()}.tmp"
    # The name with its suffix must not exceed the limit of file systems.
    name = os.fsdecode(os.fsencode(path.name)[: _LONGEST_NAME - len(ending)])
    return path.with_name(name + ending)


def move_into_place(temporary: Path, path: Path) -> None:
    """The second half of `replace_file`, for a file that was written and synced beside its destination.

    Raises:
        OSError: as in `replace_file`.
    """
    try:
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def replaceable(path: Path) -> Path:
    """The file that a path leads to after following links. It may be replaced, or does not exist yet.

    Raises:
        OSError: the path leads to something else, such as a directory or a device.
    """
    if _is_no_file(path):
        raise OSError(errno.EINVAL, "is there, and no file that could be replaced", str(path))
    return Path(os.path.realpath(path))


def sync_directory(directory: Path) -> None:
    """Make the current names in a directory durable."""
    if os.name == "nt":  # Windows syncs names with their files, and cannot open directories
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
