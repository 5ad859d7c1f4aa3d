"""The write lock, which allows one writer at a time. The system releases it when its holder dies for any reason."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from newsearch.engine.arrays.files.opening import open_kept, open_regular
from newsearch.errors import IndexLocked, StorageError

LOCK_NAME = "write.lock"
_POLL = 0.05
_RESERVE = b" " * (32 << 10)
"""Padding of the file while there is no writer. It frees space for deleting articles even if the disk is full."""
_MAX_HOLDER = 1024


class WriteLock:
    """Holds the lock of an index from construction until `release`.

    Args:
        directory: the directory of the index.
        wait: seconds to wait for another writer; infinity waits without limit.

    Raises:
        IndexLocked: another writer still held the lock after that time.
        StorageError: the directory cannot be written.
    """

    def __init__(self, directory: Path, wait: float = 0.0) -> None:
        self._path = path = directory / LOCK_NAME
        try:
            self._handle = open_kept(path)
        except OSError as error:
            raise StorageError(directory, "cannot be written", error) from error
        _HELD.add(self)
        try:
            until = time.monotonic() + wait
            while not _try_lock(self._handle):
                if time.monotonic() >= until:
                    raise _locked(directory, path)
                time.sleep(_POLL)
            holder = {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now(UTC).isoformat(),
            }
            self._say(json.dumps(holder).encode())
        except OSError as error:
            self._forget()
            raise StorageError(path, "cannot be locked", error) from error
        except BaseException:
            self._forget()
            raise

    def check(self) -> None:
        """Check that the file of the lock is still in the directory. Without it, other writers may be at work there.

        Raises:
            StorageError: the file or the whole directory was deleted or replaced.
        """
        try:
            is_same = os.path.samestat(os.stat(self._path, follow_symlinks=False), os.fstat(self._handle))
        except OSError:
            is_same = False
        if not is_same:
            error = OSError(f"its {LOCK_NAME} was deleted or replaced during the run; run it again")
            raise StorageError(self._path.parent, "cannot be published", error)

    def release(self) -> None:
        """Release the lock. Further calls do nothing."""
        if self.held:
            try:
                self._say(_RESERVE)
            finally:
                self._forget()

    def _say(self, text: bytes) -> None:
        """Replace the text in the file, if it is ours. Only people read it, and write errors are therefore ignored."""
        with suppress(OSError):
            if _is_ours(self._handle):
                os.ftruncate(self._handle, 0)
                os.lseek(self._handle, 0, os.SEEK_SET)
                os.write(self._handle, text)

    def _forget(self) -> None:
        """Close the file. This releases the lock, unless another process has the file open."""
        _HELD.discard(self)
        os.close(self._handle)

    @property
    def held(self) -> bool:
        """Whether the lock is still held."""
        return self in _HELD


_HELD: WeakSet[WriteLock] = WeakSet()


def _forget_all() -> None:
    for lock in list(_HELD):
        lock._forget()


if hasattr(os, "register_at_fork"):
    # A lock lasts while any process has its file open. A child must not keep it after the writer ends.
    os.register_at_fork(after_in_child=_forget_all)


def _is_ours(handle: int) -> bool:
    """Whether a file holds only the text of a lock. It may be a hard link to a file of the user."""
    os.lseek(handle, 0, os.SEEK_SET)
    found = os.read(handle, len(_RESERVE) + 1)
    if len(found) <= len(_RESERVE) and not found.strip(b"\0 "):
        return True
    try:
        return len(found) <= _MAX_HOLDER and {*json.loads(found)} == {"pid", "host", "since"}
    except (ValueError, TypeError, RecursionError):
        return False


def _locked(directory: Path, path: Path) -> IndexLocked:
    advice = "try again later, or with --wait"
    try:
        with open_regular(path) as file:
            holder = json.loads(file.read(_MAX_HOLDER))
        pid, host, since = int(holder["pid"]), str(holder["host"]), str(holder["since"])[:19]
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return IndexLocked(f"{directory}: being written by another process; {advice}")
    where = f" on {host}" if host else ""
    message = f"{directory}: being written by process {pid}{where} since {since} UTC; {advice}"
    return IndexLocked(message, pid, host, since)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
