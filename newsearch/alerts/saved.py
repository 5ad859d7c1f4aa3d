"""Saved searches: a file that people read and edit, in TOML.

    [[search]]
    name = "Face bans"
    query = "facial recognition ban"
    topics = ["Privacy"]

The keys besides `name` are those of a request (docs/request.md).
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import NamedTuple

from newsearch._arguments import read_file
from newsearch.errors import QueryError
from newsearch.search.request import Request

MAX_SIZE = 1 << 20
"""Maximum bytes of a file."""

MAX_NAME = 200
"""Maximum characters of a name."""


class SavedSearch(NamedTuple):
    """A search with a name."""

    name: str
    request: Request


def read_saved(path: str | os.PathLike[str]) -> tuple[SavedSearch, ...]:
    """The searches in a file, in its order.

    Raises:
        QueryError: the file cannot be read, or a search in it cannot be used. The message names both.
    """
    place = Path(path)
    data = read_file(place, MAX_SIZE, f"larger than {MAX_SIZE:,} bytes", error=QueryError)
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise QueryError(f"{place}: not TOML in UTF-8: {error}") from error
    tables = document.pop("search", [])
    if document:
        raise QueryError(
            f"{place}: {next(iter(document))!r:.80}: the file has [[search]] tables, and nothing else"
        )
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise QueryError(f"{place}: a saved search begins with [[search]]")
    found: dict[str, SavedSearch] = {}
    for number, table in enumerate(tables, 1):
        name = table.pop("name", None)
        where = f"{place}: search {number}"
        if not (isinstance(name, str) and 0 < len(name) <= MAX_NAME and name.isprintable() and name.strip()):
            raise QueryError(f"{where}: it needs a name: one line of at most {MAX_NAME} characters")
        if name in found:
            raise QueryError(f"{where}: there are two searches named {name!r}")
        try:
            found[name] = SavedSearch(name, Request.from_mapping(table))
        except QueryError as error:
            raise QueryError(f"{where} ({name}): {error}") from error
    return tuple(found.values())
