"""How does `whoosh.index.open_dir` open an index of newsearch? Whoosh's table of contents, asked for the real one.

An index has a constant file in the place of Whoosh's table of contents (see engine/arrays/files/whoosh_stub.py).
Reading it imports this module, which from then on answers for every directory that holds an index of newsearch:
`TOC.read` gives the published generation, and `FileIndex.writer` newsearch's writer. Whoosh has no other place to
register at. Indexes of Whoosh's own are read as before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whoosh.fields import Schema
from whoosh.index import TOC, FileIndex

from newsearch.engine.arrays.files.toc import TOC_NAME
from newsearch.engine.whoosh.compatible import ArrayIndex, make_schema

_read = TOC.read.__func__
_latest_generation = TOC._latest_generation.__func__
_writer = FileIndex.writer
_last_modified = FileIndex.last_modified


def schema() -> Schema:
    """The schema of every index of newsearch; the stub calls it."""
    return make_schema()


def segments() -> list[Any]:
    """No segments; the stub calls it, and what is published is read afterwards."""
    return []


def _directory(storage: Any, indexname: str) -> Path | None:
    folder = getattr(storage, "folder", None)
    if indexname != "MAIN" or not isinstance(folder, str):
        return None
    directory = Path(folder)
    return directory if (directory / TOC_NAME).is_file() else None


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


def _writer_or_ours(self: FileIndex, procs: int = 1, **kwargs: Any) -> Any:
    directory = _directory(self.storage, self.indexname)
    if directory is None:
        return _writer(self, procs, **kwargs)
    return ArrayIndex(directory).writer(procs=procs, **kwargs)


def _last_modified_or_ours(self: FileIndex) -> float:
    directory = _directory(self.storage, self.indexname)
    if directory is None:
        found: float = _last_modified(self)
        return found
    return ArrayIndex(directory).last_modified()


TOC.read = classmethod(_read_or_ours)
TOC._latest_generation = classmethod(_latest_generation_or_ours)
FileIndex.writer = _writer_or_ours
FileIndex.last_modified = _last_modified_or_ours
