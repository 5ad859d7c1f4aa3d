"""A directory for what the workers of a server share: in memory if the system has such a place, and gone with them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only what mkdtemp makes there is used
_PREFIX = "newsearch-serve-"


@contextmanager
def scratch_directory() -> Iterator[str | None]:
    """Make the directory, and remove it at the end. None if it cannot be made."""
    base = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _remove_left_over(base)
    try:
        made = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base)
    except OSError:
        yield None
        return
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def hold(directory: str | os.PathLike[str]) -> None:
    """Keep the directory until this process ends, even if the server that made it was killed before."""
    with suppress(ImportError, OSError):  # ImportError: a system without such locks, where none is removed
        from fcntl import LOCK_SH, flock

        # Never closed: the lock goes with the process.
        flock(os.open(directory, os.O_RDONLY), LOCK_SH)


def _remove_left_over(base: Path) -> None:
    """Remove the directories of servers that were killed, unless a worker still holds them."""
    for found in base.glob(f"{_PREFIX}*"):
        match = re.fullmatch(rf"{_PREFIX}(\d{{1,9}})-\w+", found.name)
        try:
            if match and found.lstat().st_uid == os.getuid() and not _is_running(int(match[1])):
                _remove_unless_held(found)
        except (OSError, AttributeError):  # AttributeError: a system without users
            continue


def _remove_unless_held(directory: Path) -> None:
    """Remove a directory. Raises OSError if a process holds it."""
    from fcntl import LOCK_EX, LOCK_NB, flock

    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        flock(opened, LOCK_EX | LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)
    finally:
        os.close(opened)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
