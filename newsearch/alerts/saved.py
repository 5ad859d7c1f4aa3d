"""Saved searches: a file that people read and edit, in TOML.

    [[search]]
    name = "Face bans"
    query = "facial recognition ban"
    topics = ["Privacy"]

The keys besides `name` are those of a request (docs/request.md).
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Any, NamedTuple

from newsearch._arguments import check_path, read_file, shown
from newsearch._durable import save_text
from newsearch.errors import QueryError, SavedSearchError, StorageError
from newsearch.search.request import Request

MAX_SIZE = 1 << 20
"""Maximum bytes of a file."""

MAX_NAME = 200
"""Maximum characters of a name."""


class SavedSearch(NamedTuple):
    """A search with a name."""

    name: str
    request: Request


def read_saved(
    path: str | os.PathLike[str], tell: Callable[[SavedSearchError], None] | None = None
) -> tuple[SavedSearch, ...]:
    """The searches in a file, in its order.

    Args:
        tell: called for each search that cannot be used. The others are returned.

    Raises:
        ValueError: the argument is not a path.
        QueryError: the file cannot be read, or is not a file of saved searches.
        SavedSearchError: a search cannot be used, and there is no `tell`.
    """
    check_path("path", path)
    place = Path(path)
    found = []
    for search in _searches(place, _tables(place, _read(place))):
        if isinstance(search, SavedSearch):
            found.append(search)
        elif tell:
            tell(search)
        else:
            raise search
    return tuple(found)


def save_search(path: str | os.PathLike[str], search: SavedSearch) -> None:
    """Add a search to the end of a file, which is made if it is missing. The rest of the file stays as it is.

    Other searches in the file may be unusable.

    Raises:
        ValueError: an argument is not a path or not a saved search.
        QueryError: the name is invalid or already used, the request cannot be written, or the file cannot be used.
        StorageError: the file cannot be written.
    """
    check_path("path", path)
    check_search(search)
    place = Path(path)
    check_name(search.name)
    search = SavedSearch(search.name, Request.from_mapping(search.request.as_mapping()))
    data = _read(place) if os.path.lexists(place) else b""
    if any(search.name == table.get("name") for table in _tables(place, data)):
        raise QueryError(
            f"{place}: there is a search named {shown(search.name)} already; choose another name"
        )
    text = data.decode()
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    text += gap + _table(search)
    written = text.encode()
    if len(written) > MAX_SIZE:
        raise QueryError(f"{place}: with this search it is {_TOO_LARGE}")
    *_, last = _searches(place, _tables(place, written))
    if last != search:
        raise QueryError(f"{place}: the search {shown(search.name)} cannot be written to a file")
    try:
        save_text(place, text)
    except OSError as error:
        raise StorageError(place, "cannot be written", error) from error


def check_search(search: object) -> None:
    """Check that an argument is a saved search. Raises ValueError if it is not."""
    if not (isinstance(search, SavedSearch) and isinstance(search.request, Request)):
        raise ValueError(f"search: {shown(search)} is not a newsearch.SavedSearch of a newsearch.Request")


def check_name(name: object) -> None:
    """Check the name of a search. Raises QueryError if it is invalid."""
    if not (isinstance(name, str) and 0 < len(name) <= MAX_NAME and name.isprintable() and name.strip()):
        raise QueryError(f"a search needs a name: one line of at most {MAX_NAME} characters")


_TOO_LARGE = f"larger than {MAX_SIZE:,} bytes"


def _read(place: Path) -> bytes:
    return read_file(place, MAX_SIZE, _TOO_LARGE, error=QueryError)


def _tables(place: Path, data: bytes) -> list[dict[str, Any]]:
    """The tables of a file, one for each search. What they contain is not checked."""
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise QueryError(f"{place}: not UTF-8: byte {error.start}") from error
    except RecursionError as error:
        raise QueryError(f"{place}: not TOML: nested too deeply") from error
    except ValueError as error:
        raise QueryError(f"{place}: not TOML: {error!s:.200}") from error
    tables = document.pop("search", [])
    if document:
        raise QueryError(
            f"{place}: {next(iter(document))!r:.80}: the file has [[search]] tables, and nothing else"
        )
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise QueryError(f"{place}: a saved search begins with [[search]]")
    return tables


def _searches(place: Path, tables: list[dict[str, Any]]) -> Iterator[SavedSearch | SavedSearchError]:
    """The search of each table, or the error that makes it unusable."""
    # The name of an unusable search is taken too: what was delivered for it is stored under that name.
    taken = set[str]()
    for number, table in enumerate(tables, 1):
        name = ""
        try:
            check_name(given := table.get("name"))
            name = str(given)
            if name in taken:
                raise QueryError("an earlier search has this name; choose another one")
            taken.add(name)
            keys = {key: value for key, value in table.items() if key != "name"}
            yield SavedSearch(name, Request.from_mapping(_plain(keys)))
        except QueryError as error:
            yield SavedSearchError(place, name, str(error), number)


def _plain(table: dict[str, Any]) -> dict[str, Any]:
    """The table with its dates as text, as a request has them. TOML also has dates without quotes."""
    return {
        key: value.isoformat() if isinstance(value, date | time) else value for key, value in table.items()
    }


def _table(search: SavedSearch) -> str:
    """A search as a table of TOML."""
    keys = {"name": search.name, **search.request.as_mapping()}
    del keys["request"]  # the version
    lines = [f"{key} = {_value(value)}\n" for key, value in keys.items()]
    return "[[search]]\n" + "".join(lines)


def _value(value: Any) -> str:
    """A value of JSON in TOML, which writes all but objects and DEL as JSON does."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(held)}" for key, held in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
