"""What is new for a saved search, and what was delivered before.

An article is new for a search if it contains every word of the query, passes the filters, and was neither delivered nor
there when the search began. A file, in the format of SQLite, remembers that by the keys of articles (see `Index.keys`).
It therefore does not matter whether articles are changed, sources are forgotten or the index is built again.

    delivered    name      of the search
                 request   the JSON of its request
                 keys      8 bytes each, the lowest first, in the order of their delivery
                 checksum  the crc32 of the request and the keys
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple
from zlib import crc32

from newsearch._arguments import check_number, check_path
from newsearch.alerts.saved import SavedSearch, check_name, check_search
from newsearch.engine.optional import MAX_SELECTED
from newsearch.errors import EngineError, QueryError, SavedSearchError, StorageError
from newsearch.search.index import Index
from newsearch.search.request import Request
from newsearch.search.results import Results
from newsearch.text.hashes import hash_key

MAX_HITS = 1_000
"""Maximum hits of an alert."""

_APPLICATION = 0x6E777364
_VERSION = 2
_WITHOUT_CHECKSUMS = 1
"""The version before, which the first to open the file renews."""
_EXAMINED = 1_000
"""The number of new articles that are compared at a time with those delivered, to leave out copies."""


class _Mark(NamedTuple):
    """Tells whether anything was noted for a search since it was read."""

    request: bytes
    size: int
    checksum: int


class _Known(NamedTuple):
    """What the file stores for a search: its last request, as JSON, and the keys delivered."""

    request: str
    keys: array[int]
    mark: _Mark


@dataclass(frozen=True)
class Alert:
    """What is new for a saved search.

    Attributes:
        search: the search.
        results: a page of new articles, in the order of the search, and folded as its request says. Counts and facets
            are those of all matches.
        new: the number of new articles, including those that are not on the page.
        copies: how many of them are left out, because they are copies of articles delivered before. 0 unless the
            request has `collapse`.
        begins: whether the search was never asked before. Then all its matches count as known.
        changed: whether its request has changed since the last time. Then an article is new only if it also was, or
            would have been, new for the former request.
        keys: of the articles that count as delivered once the alert is acknowledged; an array of type Q.
    """

    search: SavedSearch
    results: Results
    new: int
    copies: int
    begins: bool
    changed: bool
    keys: array[int]
    _mark: _Mark | None = field(default=None, repr=False, compare=False)

    @property
    def left(self) -> int:
        """The number of new articles that remain new for the next time."""
        # An id that two sources have is on the page twice.
        return 0 if self.begins else self.new - len(_shown(self.results)) - self.copies


class Deliveries:
    """A file that remembers what was delivered. Several processes can use it; in each, only one thread.

        with Deliveries("saved.delivered") as deliveries:
            for search in read_saved("saved.toml"):
                with deliveries.locked():
                    alert = deliveries.alert(index, search)
                    for hit in alert.results:
                        print(hit.title)
                    deliveries.acknowledge(alert)

    What is not acknowledged stays new. If the process ends between delivery and acknowledgement, the articles are
    delivered again. Without the lock, two processes can deliver the same articles at the same time.

    Args:
        path: the file, which is made if it is missing.
        wait: seconds to wait for another process that has locked it.

    Raises:
        ValueError: an argument is not a path or not such a number.
        EngineError: the file is not a file of deliveries, is damaged, or another process has locked it.
        StorageError: the file cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike[str], *, wait: float = 10.0) -> None:
        check_path("path", path)
        check_number("wait", wait, 0, 1e6)
        self.path = Path(path)
        with self._problems():
            # SQLite gives some names a meaning of its own, such as :memory:. None of them is an absolute path.
            self._connection = sqlite3.connect(self.path.absolute(), timeout=wait, isolation_level=None)
        try:
            with self._problems():
                self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        run = self._connection.execute
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA synchronous = EXTRA")
        if self._version() != _VERSION:
            with self.locked():
                try:
                    self._renew()
                except BaseException:
                    self._connection.rollback()
                    raise

    def _version(self) -> int:
        """The version of the file; 0 if it is empty."""
        run = self._connection.execute
        with self._of_one_moment():
            application, version, tables = (
                int(run(f"PRAGMA {name}").fetchone()[0])
                for name in ("application_id", "user_version", "schema_version")
            )
        if not tables and not application:
            return 0
        if application != _APPLICATION:
            raise EngineError(f"{self.path}: another program made this file; name another one")
        if version not in (_WITHOUT_CHECKSUMS, _VERSION):
            raise EngineError(f"{self.path}: another version of newsearch made this file; update newsearch")
        return version

    def _renew(self) -> None:
        run = self._connection.execute
        version = self._version()
        if version == _VERSION:  # another process was faster
            return
        if not version:
            run("CREATE TABLE delivered (name TEXT PRIMARY KEY, request TEXT NOT NULL, keys BLOB NOT NULL)")
            run(f"PRAGMA application_id = {_APPLICATION}")
        self._connection.create_function("checksum_of", 2, _checksum, deterministic=True)
        run("ALTER TABLE delivered ADD COLUMN checksum INTEGER")
        run("UPDATE delivered SET checksum = checksum_of(CAST(request AS BLOB), CAST(keys AS BLOB))")
        run(f"PRAGMA user_version = {_VERSION}")

    def __enter__(self) -> Deliveries:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file. Further calls do nothing."""
        self._connection.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from delivering. What is acknowledged meanwhile is noted at the end.

        Others can still ask what is new. The lock ends with the process at the latest.

        Raises:
            EngineError: this file is closed, or another process has locked it.
            StorageError: the file cannot be written. What was acknowledged stays new.
        """
        with self._problems():
            is_outermost = not self._connection.in_transaction
            if is_outermost:
                self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            # After an error, too: what is acknowledged was delivered.
            if is_outermost:
                with self._problems():
                    self._connection.commit()

    def is_current(self, alert: Alert) -> bool:
        """Whether nothing was noted for its search since an alert was made. Without the lock, this can change.

        Raises:
            EngineError: this file is closed.
            StorageError: the file cannot be read.
        """
        row = self._row("CAST(request AS BLOB), length(keys), checksum", alert.search.name)
        return alert._mark == (row and _Mark(*row))

    def alert(self, index: Index, search: SavedSearch, *, limit: int = 20) -> Alert:
        """What is new for a search. Nothing counts as delivered before `acknowledge`.

        Args:
            limit: the maximum number of hits; the limit and offset of the request are ignored.

        Raises:
            ValueError: the search is not a saved search.
            QueryError: the search cannot be used, or the limit is not a number from 0 to MAX_HITS.
            SavedSearchError: what was delivered for this search is damaged.
            EngineError: the index or this file is closed, or the engine cannot list the keys of matches.
            IndexCorrupt: the index is damaged.
            StorageError: the file cannot be read.
        """
        check_search(search)
        check_number("limit", limit, 0, MAX_HITS, whole=True, error=QueryError)
        request = replace(search.request, limit=int(limit), offset=0)
        known = self._known(search.name)
        if known is None:
            results = index.run_among(request, ())
            return Alert(search, results, 0, 0, begins=True, changed=False, keys=index.keys(request))
        before, delivered, mark = known
        passed = array("Q")
        changed = before != _written(search.request)
        if changed:
            # All that matches now, except what is new for the former request.
            passed = index.keys(request, delivered + _new(index, before, delivered))
            delivered += passed
        new = index.keys(request, delivered)
        # If there are more, any may come first. The others stay new.
        among, copies = set(new[:MAX_SELECTED]), set[int]()
        if request.collapse and among:
            among, copies = _without_copies(index, request, among, delivered)
        results = index.run_among(request, among)
        keys = passed + array("Q", sorted(_shown(results) | copies))
        return Alert(
            search, results, len(new), len(copies), begins=False, changed=changed, keys=keys, _mark=mark
        )

    def acknowledge(self, alert: Alert) -> bool:
        """Note that an alert was delivered.

        Returns:
            False if it is not current, because another process noted something for its search. Then nothing is noted,
            and what that process did not deliver stays new.

        Raises:
            SavedSearchError: what was delivered for this search is damaged. The articles stay new.
            EngineError: this file is closed.
            StorageError: the file cannot be written. The articles stay new.
        """
        if not (alert.keys or alert.begins or alert.changed):
            return True
        with self.locked():
            if not self.is_current(alert):
                return False
            known = self._known(alert.search.name)
            self._note(alert.search, (known.keys if known else array("Q")) + alert.keys)
        return True

    def skip(self, index: Index, search: SavedSearch) -> int:
        """Note all matches of a search as delivered. Returns how many of them were new.

        If what was delivered before is damaged, the search begins again.

        Raises:
            ValueError, QueryError, EngineError, IndexCorrupt, StorageError: as for `alert` and `acknowledge`.
        """
        check_search(search)
        with self.locked():
            try:
                known = self._known(search.name)
            except SavedSearchError:
                known = None
            delivered = known.keys if known else array("Q")
            new = index.keys(search.request, delivered)
            self._note(search, delivered + new)
        return len(new) if known else 0

    def _row(self, columns: str, name: str) -> Any:
        """These columns of the row of a search; None if it was never asked."""
        check_name(name)
        run = self._connection.execute
        with self._problems(), self._of_one_moment():
            found = run(f"SELECT {columns} FROM delivered WHERE name = ?", (name,)).fetchone()  # noqa: S608
            # If the table's index of names is damaged, a search that it lacks must not begin again.
            if (
                found is None
                and run("SELECT 1 FROM delivered NOT INDEXED WHERE name = ?", (name,)).fetchone()
            ):
                raise self._damaged()
        return found

    def _known(self, name: str) -> _Known | None:
        """What the file has on a search; None if it was never asked."""
        # The request as bytes: damaged text cannot be decoded.
        found = self._row("CAST(request AS BLOB), keys, checksum", name)
        if found is None:
            return None
        request, data, checksum = found
        if (
            not isinstance(data, bytes)
            or len(data) % array("Q").itemsize
            or checksum != _checksum(request, data)
        ):
            raise SavedSearchError(
                self.path,
                name,
                "what was delivered for it is damaged; restore the file from a backup, or begin the search again with"
                " `newsearch alerts --skip NAME`",
            )
        mark = _Mark(request, len(data), checksum)
        return _Known(request.decode(errors="replace"), _lowest_first(array("Q", data)), mark)

    def _note(self, search: SavedSearch, delivered: array[int]) -> None:
        request, keys = _written(search.request), _lowest_first(delivered).tobytes()
        row = search.name, request, keys, _checksum(request.encode(), keys)
        with self._problems():
            self._connection.execute("INSERT OR REPLACE INTO delivered VALUES (?, ?, ?, ?)", row)

    def _damaged(self) -> EngineError:
        return EngineError(
            f"{self.path}: damaged, or not a file of deliveries; restore it from a backup, or delete it to begin again"
        )

    @contextmanager
    def _of_one_moment(self) -> Iterator[None]:
        """Read one state of the file, whatever other processes write meanwhile."""
        self._connection.execute("SAVEPOINT moment")
        try:
            yield
        finally:
            self._connection.execute("RELEASE moment")

    @contextmanager
    def _problems(self) -> Iterator[None]:
        """Turn the errors of SQLite into ours."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise EngineError(f"{self.path}: this file is closed, or another thread uses it") from error
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                said = f"{self.path}: another process delivers alerts; try again when it has ended"
                raise EngineError(said) from error
            number = _ERRNO.get(code)
            if code == sqlite3.SQLITE_CANTOPEN and os.path.isdir(self.path):
                number = errno.EISDIR
            elif code == sqlite3.SQLITE_CANTOPEN and not os.path.exists(self.path.absolute().parent):
                number = errno.ENOENT
            if number is not None:
                failed = OSError(number, os.strerror(number))
                raise StorageError(self.path, "cannot be used", failed) from error
            raise self._damaged() from error
        except UnicodeDecodeError as error:  # SQLite quotes the damaged name of a table
            raise self._damaged() from error


_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_NOMEM: errno.ENOMEM,
}
"""The system's number for an error of SQLite."""


def _lowest_first(keys: array[int]) -> array[int]:
    """Convert keys from or to the byte order of the file, the lowest byte first."""
    if sys.byteorder == "big":
        keys.byteswap()
    return keys


def _checksum(request: bytes, keys: bytes) -> int:
    return crc32(keys, crc32(request))


def _written(request: Request) -> str:
    """A request as the file stores it."""
    return json.dumps(request.as_mapping(), sort_keys=True)


def _new(index: Index, before: str, delivered: array[int]) -> array[int]:
    """What is new for the former request of a search."""
    try:
        return index.keys(Request.from_mapping(json.loads(before)), delivered)
    except (QueryError, ValueError):  # this version no longer accepts the request
        return array("Q")


def _shown(results: Results) -> set[int]:
    """The keys of the articles on a page, with the copies that its hits represent."""
    return {hash_key(id) for hit in results for id in (hit.id, *(copy.id for copy in hit.copies))}


def _without_copies(
    index: Index, request: Request, new: set[int], delivered: array[int]
) -> tuple[set[int], set[int]]:
    """Examine the first of the new articles. Returns those that are not copies of delivered ones, and those that are.

    At most _EXAMINED are examined at a time, until there is one to show. The others stay new.
    """
    plain = replace(request, limit=_EXAMINED, collapse=None, per_outlet=None)
    kept, copies = set[int](), set[int]()
    while not kept and len(hits := index.run_among(plain, new - copies)):
        texts: list[set[int]] = []
        of_any = set[int]()
        for hit in hits:
            if (key := hash_key(hit.id)) not in of_any:
                texts.append({key, *(hash_key(publication.copy.id) for publication in index.copies(hit.id))})
                of_any |= texts[-1]
        # A set of all keys would take ten times as much memory.
        known = {key for key in delivered if key in of_any}
        for text in texts:
            (copies if text & known else kept).update(text & new)
    return kept, copies
