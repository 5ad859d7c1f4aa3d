"""What every source offers, and what the sources share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from newsearch._text import canonical_url, clean_text, clean_url
from newsearch.article import Article, article_from_mapping
from newsearch.errors import SourceError

MAX_ARTICLE_SIZE: Final = 10_000_000
"""Bytes of one Markdown file or one line of JSON; the longest real article is a hundredth of it."""


class Source(Protocol):
    """A place where articles come from."""

    @property
    def location(self) -> str:
        """The absolute path."""
        ...

    def articles(self, workers: int = 1) -> Iterator[Article | SourceError]:
        """Read the articles, in an order that depends on the source alone.

        A broken article is yielded as the SourceError that says why, and the rest goes on. So is a place from
        which nothing more can be read; that error hides articles.

        Args:
            workers: how many processes may read at the same time, where the source gains by it.

        Raises:
            SourceError: the source cannot be read at all.
        """
        ...


def printable(path: str | os.PathLike[str]) -> str:
    """Give a path with "/" and as text that can be printed and stored: odd bytes and controls are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        SourceError: it cannot be opened, or it is not a regular file (a pipe would wait for ever).
    """
    try:
        if not path.is_file():
            raise SourceError(printable(path), "not a file" if path.exists() else "no such file")
        return path.open("rb")
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: str | os.PathLike[str], error: Exception) -> SourceError:
    """Give the SourceError for a file that the system, or a decompressor, fails to read."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SourceError(printable(path), f"cannot be read: {reason}")


def article_from_record(record: Any, *, location: str, fallback_id: str) -> Article:
    """Make an Article of one JSON record, with the id that the record has.

    The id is the record's path, id or _id, else its canonical URL, else `fallback_id`.

    Raises:
        SourceError: the record is not a usable article.
    """
    if not isinstance(record, Mapping):
        raise SourceError(
            location, f"an article is a JSON object, not {_JSON_NAMES.get(type(record), 'a value')}"
        )
    return article_from_mapping(record, id=_record_id(record) or fallback_id, location=location)


_JSON_NAMES: Final = {
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _record_id(record: Mapping[str, Any]) -> str:
    get = record.get
    name = get("path") or get("id") or get("_id")
    if name is not None and isinstance(name, str | int):
        return clean_text(str(name))
    url = clean_url(get("webUrl")) or clean_url(get("originalUrl")) or clean_url(get("ampWebUrl"))
    return canonical_url(url) if url else ""
