"""Saved HTML pages, one article each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from newsearch.articles.values import is_date
from newsearch.articles.vocabularies import web_page
from newsearch.errors import SourceError
from newsearch.sources.base import ReadingOptions, Record
from newsearch.sources.files import MAX_ARTICLE_SIZE, printable, read_content


def records(path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
    """Read a page; the id of its article is the file's name.

    Raises:
        SourceError: it cannot be read, or selectolax is not installed.
    """
    yield record_of(read_content(path, MAX_ARTICLE_SIZE), printable(path), "", id=name)


def record_of(data: bytes, location: str, address: str, place: str = "", id: str = "") -> Record:
    """Read a page fetched from an address.

    Raises:
        SourceError: it is nested too deeply, or selectolax is not installed.
    """
    try:
        from newsearch.sources.html_tree import TooDeep, page_of

        page = page_of(data, address)
    except TooDeep as error:
        raise SourceError(location, str(error)) from error
    except ImportError:
        raise SourceError(
            location, "to read HTML pages, selectolax is needed: pip install 'newsearch[pages]'"
        ) from None
    return Record("web-page", web_page.read(page, is_date), place, id)
