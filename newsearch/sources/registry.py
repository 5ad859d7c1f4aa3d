"""Which source is at a path? A directory, or a file of some format."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from newsearch._arguments import unusable_path
from newsearch.articles.article import Article
from newsearch.articles.vocabularies import OF_RECORDS
from newsearch.errors import SourceError, without_secrets
from newsearch.sources.base import ReadingOptions, Snapshot, Source, is_remote
from newsearch.sources.directory import Directory
from newsearch.sources.files import (
    first_bytes,
    printable,
    read_content,
    snapshot_of_file,
    unreadable,
    written_at,
)
from newsearch.sources.formats import BY_SUFFIX, OPML, Format, of_file, read_many, read_single
from newsearch.sources.json_document import is_document
from newsearch.sources.json_lines import JsonLines

__all__ = [
    "BY_SUFFIX",
    "DocumentFile",
    "is_feed",
    "is_remote",
    "locate",
    "open_source",
    "paths_at",
]

_AS_IT_SAYS: Final = ReadingOptions()
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def locate(path: str | os.PathLike[str]) -> str:
    """The location of the source at a path, whether or not it exists.

    Raises:
        SourceError: the path is empty or invalid.
    """
    if not os.fspath(path):
        raise SourceError("''", "the path of a source is empty")
    if reason := unusable_path(path):
        raise SourceError(f"{without_secrets(os.fsdecode(path))!r:.200}", reason)
    if is_remote(os.fspath(path)):
        if fault := _fault(os.fspath(path)):
            raise SourceError(printable(os.fspath(path)), fault)
        return printable(os.fspath(path))
    try:
        return printable(os.path.abspath(path))
    except OSError as error:
        raise SourceError(printable(path), f"there is no working directory: {error.strerror}") from error


def _fault(url: str) -> str:
    """What is wrong with a web address; empty if it can be visited."""
    from urllib.parse import urlsplit  # not needed for files

    try:
        parts = urlsplit(url)
        if not (parts.hostname or "").strip():
            return _NO_HOST
    except ValueError:  # such as "http://["
        return _NO_HOST
    try:
        _ = parts.port
    except ValueError:
        return "a URL without a usable port; in a password, write / as %2F, ? as %3F, # as %23 and @ as %40"
    return ""


_NO_HOST: Final = "a URL without a host"


def open_source(path: str | os.PathLike[str], options: ReadingOptions = _AS_IT_SAYS) -> Source:
    """Find the source at a path: a directory of documents, or a file whose format its suffix or first bytes indicate.

    Raises:
        SourceError: there is nothing at this path, or nothing that newsearch can read.
    """
    location = locate(path)
    if is_remote(location):
        from newsearch.sources.remote import RemoteFeed

        return RemoteFeed(location, options, options.trust_env)
    given, path = os.fspath(path), Path(os.path.abspath(path))
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        if _ADDRESS.match(given):
            raise SourceError(printable(given), "only http:// and https:// can be fetched") from None
        missing = "a link that leads nowhere" if path.is_symlink() else "no such file or directory"
        raise SourceError(location, missing) from None
    except OSError as error:
        raise unreadable(path, error) from error
    if S_ISDIR(status.st_mode):
        return Directory(path, options)
    if path.suffix.lower() == OPML and not options.format:
        raise SourceError(location, "a list of feeds, which has no articles itself")
    format = of_file(path, options)
    if format.name == "json-lines" and not is_document(path):
        return JsonLines(path, options)
    return DocumentFile(path, format, options)


def paths_at(path: str | os.PathLike[str], format: str = "") -> Sequence[str | os.PathLike[str]]:
    """The addresses of the feeds in a list of feeds, or the path itself if it is something else.

    Args:
        format: of the file, if somebody said so.

    Raises:
        SourceError: the list cannot be read, or has no feeds.
    """
    name = os.fspath(path)
    if not name.lower().endswith(OPML) or is_remote(name) or format:
        return [path]
    from newsearch.sources.opml import subscriptions

    location = locate(path)
    feeds = [found.feed for found in subscriptions(read_content(Path(name), MAX_LIST), location)]
    if not any(map(is_remote, feeds)):
        raise SourceError(location, "a list of feeds without any address of the web")
    return [feed for feed in dict.fromkeys(feeds) if is_remote(feed)]


MAX_LIST: Final = 10_000_000
"""Maximum size in bytes of a list of feeds."""


_JSON_FEED: Final = re.compile(rb'"version"\s*:\s*"https?:(?:\\?/){2}(?:www\.)?jsonfeed\.org')
_START: Final = 1 << 16


def is_feed(path: Path, format: Format, options: ReadingOptions = _AS_IT_SAYS) -> bool:
    """Whether a file is RSS, Atom or JSON Feed, and not the export of a whole site.

    Raises:
        SourceError: the file cannot be opened.
    """
    if format.module == "json_document":
        is_other = options.format in OF_RECORDS and options.format != "json-feed"
        return not is_other and bool(_JSON_FEED.search(first_bytes(path, _START)))
    if format.name != "xml":
        return False
    from newsearch.sources import xml_document

    return xml_document.is_feed(first_bytes(path, _START))


class DocumentFile:
    """A file of a format that is read as a whole.

    Attributes:
        window: it is a feed, which shows only the newest part of a collection.
    """

    lasting = True

    def __init__(self, path: Path, format: Format, options: ReadingOptions = _AS_IT_SAYS) -> None:
        self._path = path
        self._options = options
        self._format = format
        self.location = printable(path)
        self.one_each = format.single
        self.window = is_feed(path, format, options)

    def snapshot(self) -> Snapshot:
        return snapshot_of_file(self._path)

    @property
    def seen(self) -> datetime | None:
        return written_at(self._path)

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        if not self.one_each:
            yield from read_many(self._path, printable(self._path.name), self._options)
            return
        for name in self.snapshot().names if names is None else names:
            yield read_single(self._path, name, self._options, format=self._format)

    def done(self) -> None:
        return None  # it is read at once, or progress is counted in files
