"""One writer at a time: a lock that the system lets go of when its holder dies, however it dies."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from newsearch.errors import IndexLocked, StorageError

LOCK_NAME = "write.lock"
_POLL = 0.05
_MAX_HOLDER = 1024


class WriteLock:
    """Holds the lock of an index from its making until `release`.

    Args:
        directory: of the index.
        wait: seconds to wait for another writer; infinity is for as long as it takes.

    Raises:
        IndexLocked: another writer held it all that time.
        StorageError: the directory cannot be written.
    """

    def __init__(self, directory: Path, wait: float = 0.0) -> None:
        path = directory / LOCK_NAME
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise StorageError(directory, "cannot be written", error) from error
        _HELD.add(self)
        try:
            until = time.monotonic() + wait
            while not _try_lock(self._handle):
                if time.monotonic() >= until:
                    raise _locked(directory, path)
                time.sleep(_POLL)
            ours = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat()}
            os.ftruncate(self._handle, 0)
            os.write(self._handle, json.dumps(ours).encode())
        except OSError as error:
            self._forget()
            raise StorageError(path, "cannot be locked", error) from error
        except BaseException:
            self._forget()
            raise

    def release(self) -> None:
        """Let the next writer in. Once is enough, more is harmless."""
        if self.held:
            try:
                os.ftruncate(self._handle, 0)
            finally:
                self._forget()

    def _forget(self) -> None:
        """Close the file, which lets go of the lock where no other process has it open."""
        _HELD.discard(self)
        os.close(self._handle)

    @property
    def held(self) -> bool:
        """Whether it was not released yet."""
        return self in _HELD


_HELD: WeakSet[WriteLock] = WeakSet()


def _forget_all() -> None:
    for lock in list(_HELD):
        lock._forget()


if hasattr(os, "register_at_fork"):
    # A lock lives as long as any process has its file open: children must not outlive the writer with it.
    os.register_at_fork(after_in_child=_forget_all)


def _locked(directory: Path, path: Path) -> IndexLocked:
    advice = "try again later, or with --wait"
    try:
        with open(path, encoding="utf-8") as file:
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
