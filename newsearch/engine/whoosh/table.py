"""How does `whoosh.index.open_dir` open a newsearch index? By patching Whoosh's table of contents.

An index has a constant file in place of Whoosh's table of contents (see engine/arrays/files/whoosh_stub.py). Reading
that file imports this module. From then on, Whoosh's `FileIndex` and `TOC` delegate to ArrayIndex for every directory
that contains a newsearch index. Whoosh offers no other place to register. Whoosh's own indexes are read as before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from whoosh.fields import Schema
from whoosh.index import TOC, FileIndex
from whoosh.index import IndexError as WhooshIndexError
from whoosh.writing import IndexingError

from newsearch.engine.arrays.files.toc import TOC_NAME
from newsearch.engine.arrays.files.whoosh_stub import STUB, STUB_NAME
from newsearch.engine.whoosh.compatible import ArrayIndex
from newsearch.engine.whoosh.schema import make_schema

_PASSED_ON = (
    "latest_generation",
    "last_modified",
    "reader",
    "writer",
    "optimize",
    "add_field",
    "remove_field",
    "lock",
    "_read_toc",
    "_current_schema",
)
"""Methods of FileIndex that are delegated to ArrayIndex."""

_read = TOC.read.__func__
_latest_generation = TOC._latest_generation.__func__
_create = TOC.create.__func__
_write = TOC.write


def schema() -> Schema:
    """The schema of every newsearch index. Called by the stub."""
    return make_schema()


def segments() -> list[Any]:
    """An empty list. Called by the stub; the published segments are read afterwards."""
    return []


def _directory(storage: Any, indexname: str) -> Path | None:
    """The directory of a storage, or None unless the index of this name in it is a newsearch index."""
    folder = getattr(storage, "folder", None)
    if indexname != "MAIN" or not isinstance(folder, str):
        return None
    directory = Path(folder)
    try:
        with open(directory / STUB_NAME, "rb") as file:
            is_ours = file.read(len(STUB) + 1) == STUB
    except OSError:
        return None
    return directory if is_ours and (directory / TOC_NAME).is_file() else None


def _ours(index: FileIndex) -> ArrayIndex | None:
    known: ArrayIndex | None = index.__dict__.get("_newsearch")
    if known is None and (directory := _directory(index.storage, index.indexname)) is not None:
        known = index.__dict__["_newsearch"] = ArrayIndex(directory, index.storage.readonly)
    return known


def _passing_on(name: str) -> None:
    theirs: Callable[..., Any] = getattr(FileIndex, name)

    @wraps(theirs)
    def method(self: FileIndex, *args: Any, **kwargs: Any) -> Any:
        ours = _ours(self)
        return theirs(self, *args, **kwargs) if ours is None else getattr(ours, name)(*args, **kwargs)

    setattr(FileIndex, name, method)


def _read_or_ours(cls: type[TOC], storage: Any, indexname: str, gen: Any = None, schema: Any = None) -> TOC:
    directory = _directory(storage, indexname)
    if directory is None:
        return _read(cls, storage, indexname, gen=gen, schema=schema)
    return ArrayIndex(directory)._read_toc()


def _latest_generation_or_ours(cls: type[TOC], storage: Any, indexname: str) -> int:
    directory = _directory(storage, indexname)
    if directory is None:
        found: int = _latest_generation(cls, storage, indexname)
        return found
    return ArrayIndex(directory).latest_generation()


def _create_elsewhere(cls: type[TOC], storage: Any, schema: Any, indexname: str = "MAIN") -> None:
    if _directory(storage, indexname) is not None:
        raise WhooshIndexError(f"{storage}: an index of newsearch; create one in another directory")
    _create(cls, storage, schema, indexname)


def _write_elsewhere(self: TOC, storage: Any, indexname: str) -> None:
    if _directory(storage, indexname) is not None:
        raise IndexingError("only index.writer() writes to an index of newsearch")
    _write(self, storage, indexname)


TOC.read = classmethod(_read_or_ours)
TOC._latest_generation = classmethod(_latest_generation_or_ours)
TOC.create = classmethod(_create_elsewhere)
TOC.write = _write_elsewhere
for _name in _PASSED_ON:
    _passing_on(_name)
