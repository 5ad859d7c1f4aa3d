"""The saved searches of a server: a file that is read again when it changes."""

from __future__ import annotations

import os
from collections.abc import Callable
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

    Args:
        tell: called with one line when the file can no longer be read, and when it can again.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None, tell: Callable[[str], None] | None = None
    ) -> None:
        self._tell = tell
        self._fault = ""
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
            self._note("")
        except OSError as error:
            self._state = None
            self._note(f"{path}: cannot be read: {error.strerror}")
        except QueryError as error:
            self._state = None
            self._note(str(error))

    def _note(self, fault: str) -> None:
        if self._tell and fault != self._fault:
            told = (
                f"the saved searches cannot be read: {fault}"
                if fault
                else "the saved searches can be read again"
            )
            self._tell(told)
        self._fault = fault
