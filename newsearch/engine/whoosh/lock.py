"""One writer at a time: a lock that the system lets go of when its holder dies."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from newsearch.errors import EngineError, IndexLocked

LOCK_NAME = "write.lock"
_POLL = 0.05


class WriteLock:
    """Holds the lock of an index from its making until `release`.

    Args:
        directory: of the index.
        wait: seconds to wait for another writer.

    Raises:
        IndexLocked: another writer held it all that time.
    """

    def __init__(self, directory: Path, wait: float = 0.0) -> None:
        path = directory / LOCK_NAME
        try:
            self._file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - held until release
        except OSError as error:
            raise EngineError(f"{directory}: cannot be written: {error.strerror}") from error
        until = time.monotonic() + wait
        while not _try_lock(self._file):
            if time.monotonic() >= until:
                holder = _holder(path)
                self._file.close()
                raise IndexLocked(
                    f"{directory}: being written by {holder}; try again later, or with --wait 60"
                )
            time.sleep(_POLL)
        self._file.truncate(0)
        ours = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat()}
        self._file.write(json.dumps(ours))
        self._file.flush()

    def release(self) -> None:
        """Let the next writer in. Once is enough, more is harmless."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()

    @property
    def held(self) -> bool:
        """Whether it was not released yet."""
        return not self._file.closed


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {int(holder['pid'])} since {str(holder['since'])[:19]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[str]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
