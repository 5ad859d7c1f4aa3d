"""Saved HTML pages, one article each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newsearch.articles.values import is_date
from newsearch.articles.vocabularies import web_page
from newsearch.errors import SourceError
from newsearch.sources.base import ReadingOptions, Record
from newsearch.sources.files import EMPTY, MAX_ARTICLE_SIZE, printable, read_content
from newsearch.sources.html_bounds import TooIntricate
from newsearch.sources.html_tree import page_of


def records(path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
    """Read a page; the id of its article is the file's name.

    Raises:
        SourceError: it cannot be read, is empty or would take too long, or selectolax is not installed.
    """
    location = printable(path)
    data = read_content(path, MAX_ARTICLE_SIZE)
    if not data.strip():
        raise SourceError(location, EMPTY)
    try:
        page = _parsed(data, location, "")
    except TooIntricate as error:
        raise SourceError(location, str(error)) from error
    is_likely = bool(options.format) or web_page.may_be_article(page)
    doubt = "" if is_likely else "a page that does not look like an article"
    yield Record("web-page", web_page.read(page, is_date), "", name, doubt)


def record_of(data: bytes, location: str, address: str, place: str) -> Record | SourceError:
    """Read one of the pages in a file, fetched from an address. A page that would take too long gives an error.

    Raises:
        SourceError: selectolax is not installed, so no page can be read.
    """
    try:
        page = _parsed(data, location, address)
    except TooIntricate as error:
        return SourceError(location + place, str(error))
    return Record("web-page", web_page.read(page, is_date), place)


def _parsed(data: bytes, location: str, address: str) -> dict[str, Any]:
    try:
        return page_of(data, address)
    except ImportError:
        raise SourceError(
            location, "to read HTML pages, selectolax is needed: pip install 'newsearch[pages]'"
        ) from None
