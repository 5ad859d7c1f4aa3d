"""The saved searches of a server: a file that is read again when it changes."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from time import monotonic

from newsearch.errors import QueryError
from newsearch.search.saved import SavedSearch, read_saved

_EVERY = 1.0
"""Seconds between two checks for changes."""


class Shelf:
    """The searches in a file; none without a file.

    If the file can no longer be read, the last readable searches stay.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._path = None if path is None else Path(path)
        self._lock = Lock()
        self._looked = -_EVERY
        self._state: object = None
        self._searches: tuple[SavedSearch, ...] = ()

    def searches(self) -> tuple[SavedSearch, ...]:
        """The searches, up to a second old."""
        if self._path is not None and monotonic() - self._looked >= _EVERY:
            with self._lock:
                self._look(self._path)
        return self._searches

    def _look(self, path: Path) -> None:
        self._looked = monotonic()
        try:
            stat = path.stat()
            state = stat.st_mtime_ns, stat.st_size, stat.st_ino
            if state != self._state:
                self._searches, self._state = read_saved(path), state
        except (OSError, QueryError):
            self._state = None
