"""Which source is at a path? One registry, by the suffix of a file's name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from newsearch._arguments import unusable_path
from newsearch.errors import SourceError
from newsearch.sources.base import Source
from newsearch.sources.files import printable, unreadable
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
        SourceError: the path is empty, or no path.
    """
    if not os.fspath(path):
        raise SourceError("''", "an empty path is no source")
    if reason := unusable_path(path):
        raise SourceError(f"{os.fspath(path)!r:.200}", reason)
    try:
        return printable(os.path.abspath(path))
    except OSError as error:
        raise SourceError(printable(path), f"there is no working directory: {error.strerror}") from error


def open_source(path: str | os.PathLike[str]) -> Source:
    """Find the source at a path: a directory of Markdown files, or a file by its suffix.

    Raises:
        SourceError: there is nothing at this path, or nothing that newsearch reads.
    """
    location = locate(path)
    path = Path(os.path.abspath(path))
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceError(location, "no such file or directory") from None
    except OSError as error:
        raise unreadable(path, error) from error
    if S_ISDIR(status.st_mode):
        return MarkdownDirectory(path)
    name = path.name.lower()
    reader = FORMATS.get(os.path.splitext(name.removesuffix(".gz"))[1])
    if reader is None or (name.endswith(".gz") and reader is MarkdownFile):
        raise SourceError(location, f"not a kind of file newsearch reads; it reads {', '.join(FORMATS)}")
    return reader(path)
