"""An index of newsearch as a Whoosh index: `open_dir` and `exists_in`, as in `whoosh.index`.

    from newsearch.whoosh import open_dir

    with open_dir("index").searcher() as searcher:
        print(searcher.doc_count())

Unlike `whoosh.index.open_dir`, this unpickles nothing. docs/whoosh.md is the page for those who know Whoosh.
"""

from __future__ import annotations

import os

from newsearch.engine.whoosh.compatible import ArrayIndex

__all__ = ["exists_in", "open_dir"]


def open_dir(directory: str | os.PathLike[str], *, readonly: bool = False) -> ArrayIndex:
    """Open an index of newsearch as a Whoosh index.

    Args:
        readonly: let `writer` raise Whoosh's ReadOnlyError.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is none, or none that can be read.
    """
    return ArrayIndex(os.fspath(directory), readonly)


def exists_in(directory: str | os.PathLike[str]) -> bool:
    """Whether a directory holds an index of newsearch that can be read."""
    from newsearch.errors import NewsearchError

    try:
        ArrayIndex(os.fspath(directory))
    except NewsearchError:
        return False
    return True
