"""Which format does a file have? Decided by its suffix, or by its first bytes if the suffix is missing or wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from newsearch.articles.article import Article
from newsearch.articles.vocabularies import OF_RECORDS
from newsearch.errors import SourceError
from newsearch.sources import markdown
from newsearch.sources.base import Reader, ReadingOptions, Record, articles_of
from newsearch.sources.files import first_bytes, printable


@dataclass(frozen=True, slots=True)
class Format:
    """A container of articles.

    Attributes:
        name: as `--as` takes it.
        suffixes: file name suffixes; for formats that are not single, `.gz` may follow.
        single: a file is one article, whose id is the name of the file.
        module: of `sources`, with a function `records`.
    """

    name: str
    suffixes: tuple[str, ...]
    single: bool
    module: str

    def records(self, path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
        """Read the records of a file; see `Reader`."""
        read: Reader = import_module(f"newsearch.sources.{self.module}").records
        return read(path, name, options)


_ALL: Final = (
    Format("markdown", (".md", ".markdown", ".txt"), True, "markdown"),
    Format("json-lines", (".jsonl", ".ndjson"), False, "json_document"),
    Format("json", (".json", ".jsonfeed"), False, "json_document"),
    Format("xml", (".xml", ".rss", ".atom", ".rdf", ".newsml", ".nitf"), False, "xml_document"),
    Format("html", (".html", ".htm", ".xhtml"), True, "web_pages"),
    Format("warc", (".warc",), False, "warc"),
)
FORMATS: Final = {format.name: format for format in _ALL}
"""The containers by name."""

BY_SUFFIX: Final = {suffix: format for format in _ALL for suffix in format.suffixes}
"""The container for each file name suffix."""

OPML: Final = ".opml"
"""The suffix of a list of feeds, which has no articles itself."""

_PACKABLE: Final = tuple(suffix for suffix, format in BY_SUFFIX.items() if not format.single)
SINGLE: Final = tuple(suffix for suffix, format in BY_SUFFIX.items() if format.single)
"""The suffixes of files that are one article each."""

SUFFIXES: Final = (*BY_SUFFIX, *(f"{suffix}.gz" for suffix in _PACKABLE))
"""The suffixes of files with articles, in lower case."""

_ARCHIVES: Final = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")
_COMPRESSED: Final = (".zst", ".bz2", ".xz", *(f"{suffix}.gz" for suffix in SINGLE))
PACKED: Final = (*_COMPRESSED, *_ARCHIVES)
"""Suffixes of files that may be news, but packed in a way that is not read; see `how_packed`."""


def how_packed(name: str) -> str:
    """Why a file that may be news is not read; empty if it is not packed, or if its packing is read."""
    name = name.lower()
    if not name.endswith(PACKED):
        return ""
    if name.endswith(_ARCHIVES):
        return "an archive, which newsearch does not open; unpack it"
    is_news = os.path.splitext(os.path.splitext(name)[0])[1] in BY_SUFFIX
    return "compressed in a way that newsearch does not read; decompress it" if is_news else ""


def format_names() -> tuple[str, ...]:
    """The values of `--as`: containers, and vocabularies of JSON."""
    return (*FORMATS, *OF_RECORDS)


def by_name(name: str) -> Format | None:
    """Determine a format by the name of a file alone."""
    name = name.lower()
    packed = name.endswith(".gz")
    found = BY_SUFFIX.get(os.path.splitext(name.removesuffix(".gz"))[1])
    return None if found and packed and found.single else found


def of_file(path: Path, options: ReadingOptions) -> Format:
    """Determine the format of a file.

    Raises:
        SourceError: the format is unknown, or the file cannot be opened.
    """
    if options.format in FORMATS:
        return FORMATS[options.format]
    named = by_name(path.name)
    if options.format in OF_RECORDS and (named is None or named.module != "json_document"):
        return FORMATS["json"]
    if named is None or path.suffix.lower() in _UNSURE:
        sniffed = _by_first_bytes(first_bytes(path))
        if sniffed and not (named and named.name == "json-lines" and sniffed == "json"):
            named = FORMATS[sniffed]
    if named is None:
        if reason := how_packed(path.name):
            raise SourceError(printable(path), reason)
        raise SourceError(
            printable(path),
            f"not a kind of file newsearch reads; it reads {', '.join((*BY_SUFFIX, OPML))}, or say --as FORMAT",
        )
    return named


_UNSURE: Final = frozenset((".txt", ".html", ".htm", ".xhtml"))
"""Suffixes that other formats are often saved with."""

_XML: Final = re.compile(
    rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|newsmessage|newsml|newsitem|nitf)[\s>]", re.IGNORECASE
)
_HTML: Final = re.compile(rb"<!doctype\s+html|<html[\s>]", re.IGNORECASE)


def _by_first_bytes(data: bytes) -> str:
    """The name of the format indicated by the beginning of a file, or ""."""
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"WARC/"):
        return "warc"
    if data[:3] in (b"---", b"+++"):
        return "markdown"
    if data[:1] in (b"{", b"["):
        return "json"
    if data[:1] == b"<":
        if _HTML.search(data):
            return "html"
        if _XML.search(data) or data.startswith(b"<?xml"):
            return "xml"
    return ""


_PAGES: Final = FORMATS["html"].suffixes


def read_single(
    path: str | os.PathLike[str],
    id: str,
    options: ReadingOptions,
    is_named: bool = True,
    format: Format | None = None,
) -> Article | SourceError:
    """Read a file that is one article, or return its error, which has the id; see `articles_of`.

    Args:
        format: of the file; by default its name decides.
    """
    is_page = format is FORMATS["html"] if format else not id.endswith(".md") and id.lower().endswith(_PAGES)
    try:
        if not options.format and not is_page:
            return markdown.read_article(path, id=id, day_first=options.day_first)
        found = next(read_many(Path(path), id, options, is_named))
    except SourceError as error:
        found = error
    if isinstance(found, SourceError) and not found.id:
        return type(found)(found.location, found.reason, found.hides_articles, id)
    return found


def read_many(
    path: Path, name: str, options: ReadingOptions, is_named: bool = True
) -> Iterator[Article | SourceError]:
    """Read the articles of a file.

    Args:
        name: of the file; prefix for the ids of articles that have none.

    Raises:
        SourceError: nothing in it can be read.
    """
    format = of_file(path, options)
    if format.module == "json_document":
        from newsearch.sources import json_document
        from newsearch.sources.json_lines import JsonLines

        if format.name == "json-lines" and not json_document.is_document(path):
            yield from JsonLines(path, options, name).articles()
        else:
            yield from json_document.articles(path, name, options)
        return
    yield from articles_of(format.records(path, name, options), printable(path), name, options, is_named)
