"""How bytes come to stay: the one place that writes the files of an index.

A file has come to stay once its bytes are synced, and its name once its directory is: a crash of the machine may
take back either without the other. Nothing is written in place, so what was there before is never half of itself.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import IO, Any

_HELD = 1 << 20
_LONGEST_NAME = 255


def write_file(path: Path, chunks: Iterable[Any]) -> int:
    """Write a new file and sync its bytes; its name stays after `sync_directory`. Returns its size in bytes.

    Raises:
        OSError: there is something of this name already; or it could not be written, and is not there.
    """
    created = _created(path)
    try:
        with created as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            return file.tell()
    except BaseException:
        # Part of a file serves nobody, and where the disk is full its room is needed.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def _created(path: Path) -> IO[bytes]:
    """A new file, never one that is there already: that could be a link, or another name of somebody's file."""
    try:
        return open(path, "xb")
    except FileExistsError:
        if not S_ISREG(os.lstat(path).st_mode):
            raise
    path.unlink()
    return open(path, "xb")


def replace_file(path: Path, chunks: Iterable[Any]) -> int:
    """Write a file in the place of one that may be there, all at once and to stay. Returns its size in bytes.

    Raises:
        OSError: it could not be written; what was there before is there still, or, where only syncing the
            directory failed, comes back if the machine crashes now.
    """
    temporary = temporary_name(path)
    size = write_file(temporary, chunks)
    move_into_place(temporary, path)
    return size


def save_text(path: Path, text: str) -> None:
    """Write a small file that somebody named, in the place of one that may be there; a device or a pipe gets the text.

    Raises:
        OSError: it could not be written.
    """
    real = Path(os.path.realpath(path))
    if real.exists() and not real.is_file():
        path.write_text(text, encoding="utf-8", newline="\n")
    else:
        replace_file(real, [text.encode()])


def scratch_file(directory: Path) -> IO[bytes]:
    """A file without a name, for what is too long to be held in memory: it goes with the process, however that ends.

    It is on the disk of the index, since the system's place for temporary files may be in memory. What is short never
    gets there.
    """
    return tempfile.SpooledTemporaryFile(_HELD, dir=str(directory))


def temporary_name(path: Path) -> Path:
    """Where to write what is to be moved into this place: a name that nobody can foresee, or has had before."""
    ending = f".{os.urandom(8).hex()}.tmp"
    # With its ending, a name must not be longer than file systems allow.
    name = os.fsdecode(os.fsencode(path.name)[: _LONGEST_NAME - len(ending)])
    return path.with_name(name + ending)


def move_into_place(temporary: Path, path: Path) -> None:
    """The second half of `replace_file`, for a file that was written and synced beside its place.

    Raises:
        OSError: as there.
    """
    try:
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def replaceable(path: Path) -> Path:
    """The file that a path leads to, through links: one that may be replaced, or is not there yet.

    Raises:
        OSError: something else is there, such as a directory or a device.
    """
    real = Path(os.path.realpath(path))
    if real.exists() and not real.is_file():
        raise OSError(errno.EINVAL, "is there, and no file that could be replaced", str(path))
    return real


def sync_directory(directory: Path) -> None:
    """Make the names of a directory stay as they are now."""
    if os.name == "nt":  # which syncs names with their files, and opens no directories
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
