"""Keep an index in good health, and its articles safe: the work of `newsearch verify`, `compact`, `export`."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from newsearch._arguments import check_number, check_path
from newsearch._durable import replace_file, replaceable
from newsearch.articles.article import article_to_mapping
from newsearch.engine import open_engine
from newsearch.engine.figures import Compaction, Verification
from newsearch.errors import StorageError
from newsearch.text.clean import escape_unseen

_Path = str | os.PathLike[str]


def verify(index: _Path) -> Verification:
    """Read a whole index: compare every file with its checksums, check the invariants of every array, read every
    article, and search for some. Nothing is changed, and writers may work in the meantime.

    Raises:
        IndexMissing: there is no index.
        IndexIncompatible: another version of newsearch made it.
        IndexCorrupt: its table of contents is damaged, which prevents all other checks.
        StorageError: it cannot be read.
    """
    started = time.monotonic()
    check_path("index", index)
    found = open_engine(index).verify()
    return replace(found, seconds=time.monotonic() - started)


def compact(index: _Path, *, wait: float = 0.0) -> Compaction:
    """Merge segments into one per 65,536 articles, remove deleted articles, and delete unused files.

    Searches find the same articles with the same scores before, during and after the merge.

    Args:
        wait: seconds to wait for another writer; infinity to wait without limit.

    Raises:
        ValueError: wait is negative or not a number.
        IndexMissing: there is no index.
        IndexLocked: another process is writing to it.
        IndexIncompatible, IndexCorrupt: it cannot be read.
        StorageError: it cannot be written; it is unchanged.
    """
    started = time.monotonic()
    check_path("index", index)
    check_number("wait", wait, 0)
    done = open_engine(index).compact(wait)
    return replace(done, seconds=time.monotonic() - started)


def export(index: _Path, file: _Path) -> int:
    """Write all articles that can be found, including unpublished ones, to a JSON Lines file that `build` can read.

    The order of the lines depends only on the ids, so equal articles give equal files. A name ending in .gz selects
    compression. An existing file is replaced once the new one is complete.

    Returns:
        Number of articles.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: the index is missing or cannot be read.
        StorageError: the file cannot be written; an existing file is unchanged.
    """
    check_path("index", index)
    check_path("file", file)
    path = Path(file)
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in exported(index):
            count += 1
            yield line

    try:
        place = replaceable(path)
        replace_file(place, _gzipped(counted()) if path.suffix == ".gz" else counted(), like=place)
    except OSError as error:
        raise StorageError(path, "cannot be written", error) from error
    return count


def exported(index: _Path) -> Iterator[bytes]:
    """The lines of `export` as UTF-8, each with its line end.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: the index is missing or cannot be read.
    """
    for article in open_engine(index).reader().exported():
        mapping = article_to_mapping(article)
        yield escape_unseen(json.dumps(mapping, ensure_ascii=False, allow_nan=False)).encode() + b"\n"


def _gzipped(lines: Iterator[bytes]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    # The gzip header has no name and no time, so equal articles give equal files.
    with gzip.GzipFile("", "wb", fileobj=buffer, mtime=0) as packed:
        for line in lines:
            packed.write(line)
            if buffer.tell() >= _GZIP_CHUNK:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


_GZIP_CHUNK = 1 << 20
