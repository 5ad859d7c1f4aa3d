"""The saved searches of a server: a file that is read again when it changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG
from threading import Lock
from time import monotonic

from newsearch.alerts.saved import SavedSearch, read_saved
from newsearch.errors import NewsearchError, QueryError, SavedSearchError
from newsearch.serve.settings import Settings, within

_EVERY = 1.0
"""Seconds between two checks for changes."""

_LISTED = 5
"""The maximum number of searches that a line on those that are left out names."""


class Shelf:
    """The searches in a file that a server may show; none without a file.

    If the file can no longer be read, the last readable searches stay.

    Args:
        tell: called with one line when the file can no longer be read, and when it can again, and on searches that a
            changed file has and the server leaves out.
    """

    def __init__(self, settings: Settings, tell: Callable[[str], None] | None = None) -> None:
        self._path = None if settings.saved is None else Path(settings.saved)
        self._settings = settings
        self._tell: Callable[[str], None] | None = None
        self._fault = ""
        self._lock = Lock()
        self._looked = -_EVERY
        self._state: object = None
        self._searches: tuple[SavedSearch, ...] = ()
        # What is wrong when the server starts is reported there, and not again by each worker.
        self.searches()
        self._tell = tell

    def searches(self) -> tuple[SavedSearch, ...]:
        """The searches, up to a second old."""
        if self._path is not None and monotonic() - self._looked >= _EVERY:
            with self._lock:
                self._look(self._path)
        return self._searches

    def _look(self, path: Path) -> None:
        self._looked = monotonic()
        try:
            state = state_of(path, error=QueryError)
            if state != self._state:
                self._searches, left_out = read_offered(path, self._settings)
                self._state = state
                if left_out and self._tell:
                    self._tell(left_out)
            self._note("")
        except QueryError as error:
            self._state = None
            self._note(str(error))

    def _note(self, fault: str) -> None:
        if self._tell and fault != self._fault:
            unreadable, readable = "the saved searches cannot be read", "the saved searches can be read again"
            self._tell(f"{unreadable}: {fault}" if fault else readable)
        self._fault = fault


def state_of(path: str | os.PathLike[str], *, error: type[NewsearchError]) -> tuple[int, int, int]:
    """A value that changes when a file is changed or replaced.

    Raises:
        error: there is no file, or none that can be read again. A pipe would block its reader, and so the server.
    """
    try:
        stat = os.stat(path)
    except OSError as problem:
        raise error(f"{path}: cannot be read: {problem.strerror}") from problem
    if not S_ISREG(stat.st_mode):
        raise error(f"{path}: not a regular file, and a server reads it again and again; write it to one")
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def read_offered(path: str | os.PathLike[str], settings: Settings) -> tuple[tuple[SavedSearch, ...], str]:
    """The searches in a file that a server may show, and a line on those that it leaves out; empty for none.

    Raises:
        QueryError: the file cannot be read.
    """
    state_of(path, error=QueryError)
    offered, unusable = [], list[SavedSearchError]()
    searches = read_saved(path, unusable.append)
    left_out = [f"{error.name or f'search {error.number}'} ({error.reason})" for error in unusable]
    for search in searches:
        try:
            offered.append(search._replace(request=within(search.request, settings)))
        except QueryError as error:
            left_out.append(f"{search.name} ({error})")
    if len(left_out) > _LISTED:
        left_out[_LISTED:] = [f"and {len(left_out) - _LISTED:,} more"]
    return tuple(offered), f"{path}: left out: {'; '.join(left_out)}" if left_out else ""
