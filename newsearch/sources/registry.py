"""Which source is at a path? One registry, by the suffix of a file's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from newsearch.errors import SourceError
from newsearch.sources.base import Source
from newsearch.sources.files import printable
from newsearch.sources.json_document import JsonFeed
from newsearch.sources.json_lines import JsonLines
from newsearch.sources.markdown import MarkdownDirectory, MarkdownFile

FORMATS: Final[dict[str, Callable[[Path], Source]]] = {
    ".md": MarkdownFile,
    ".markdown": MarkdownFile,
    ".txt": MarkdownFile,
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".json": JsonFeed,
}
"""The reader for each suffix of a file's name; JSON of either kind may have `.gz` after it."""


def locate(path: str | os.PathLike[str]) -> str:
    """Give the location of the source at a path, whether or not there is anything.

    Raises:
        SourceError: the path is empty.
    """
    if not os.fspath(path):
        raise SourceError("''", "the path of a source is empty")
    return printable(os.path.abspath(path))


def open_source(path: str | os.PathLike[str]) -> Source:
    """Find the source at a path: a directory of Markdown files, or a file by its suffix.

    Raises:
        SourceError: there is nothing at this path, or nothing that newsearch reads.
    """
    location = locate(path)
    path = Path(os.path.abspath(path))
    if path.is_dir():
        return MarkdownDirectory(path)
    if not path.exists():
        raise SourceError(location, "no such file or directory")
    name = path.name.lower()
    reader = FORMATS.get(os.path.splitext(name.removesuffix(".gz"))[1])
    if reader is None or (name.endswith(".gz") and reader is MarkdownFile):
        raise SourceError(location, f"not a kind of file newsearch reads; it reads {', '.join(FORMATS)}")
    return reader(path)
