"""WARC: the HTML pages of a crawl. https://iipc.github.io/warc-specifications/"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from newsearch.errors import SourceError
from newsearch.sources.base import ReadingOptions, Record
from newsearch.sources.files import GZIP_MAGIC, MAX_ARTICLE_SIZE, open_file, printable
from newsearch.sources.web_pages import record_of

_PAGES: Final = ("text/html", "application/xhtml+xml")
_UNPACKABLE: Final = ("br", "zstd", "compress")
"""Encodings that warcio leaves as they are, `br` unless a package for it is installed."""

_START: Final = re.compile(rb"\x1f\x8b\x08|(?:\A|\n)(WARC/1\.)")
_BLOCK: Final = 1 << 20
_MAX_REPAIRS: Final = 1000
_MAX_HEADERS: Final = 1 << 20
"""Bytes of the headers of one record, which are kept in memory; browsers allow a quarter of it."""


def records(path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
    """Read the pages with status 200; requests, revisits, images and errors are not articles.

    After a broken record, reading continues with the next one.

    Raises:
        SourceError: the file cannot be read, or warcio or selectolax is not installed.
    """
    location = printable(path)
    try:
        from warcio.archiveiterator import ArchiveIterator
    except ImportError:
        raise SourceError(
            location, "to read WARC files, warcio is needed: pip install 'newsearch[web-archives]'"
        ) from None
    with open_file(path) as file:
        start = 0
        for _ in range(_MAX_REPAIRS):
            file.seek(start)
            archive: Any = ArchiveIterator(file, arc2warc=True)
            loader = archive.loader
            loader.warc_parser = _HeaderParser(loader.warc_parser)
            loader.http_parser = _HeaderParser(loader.http_parser)
            loader.http_req_parser = _HeaderParser(loader.http_req_parser)
            offset = start
            try:
                for record in archive:
                    offset = max(offset, archive.offset)
                    if not record.rec_type:
                        raise ValueError("a record without a type")
                    if _is_page(record):
                        yield _page(record, location, offset)
                if _is_cut(file, offset):
                    yield SourceError(
                        f"{location}:{offset}", "ends in the middle of a record", hides_articles=True
                    )
                return
            except SourceError:
                raise
            except Exception:  # warcio does not catch errors of zlib, struct and its own parsers
                yield SourceError(f"{location}:{offset}", "a broken record; reading goes on with the next")
            start = _next_start(file, offset + 1)
            if start < 0:
                return
        yield SourceError(location, f"more than {_MAX_REPAIRS:,} broken records", hides_articles=True)


class _HeaderParser:
    """A parser of warcio's that stops after _MAX_HEADERS bytes."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, stream: Any, status_line: str | None = None) -> Any:
        return self._parser.parse(_Headers(stream), status_line)


class _Headers:
    """The lines of a stream, up to _MAX_HEADERS bytes."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = _MAX_HEADERS

    def readline(self) -> bytes:
        line: bytes = self._stream.readline(self._left + 1)
        self._left -= len(line)
        if self._left < 0:
            raise ValueError("endless headers")
        return line


def _is_page(record: Any) -> bool:
    kind = (record.http_headers or record.rec_headers).get_header("Content-Type") or ""
    if record.rec_type == "response":
        headers = record.http_headers
        return headers is not None and headers.get_statuscode() == "200" and _is_html(kind)
    return record.rec_type == "resource" and _is_html(kind)


def _is_html(kind: str) -> bool:
    return kind.partition(";")[0].strip().lower() in _PAGES


def _page(record: Any, location: str, offset: int) -> Record | SourceError:
    address = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<> ")
    place = f":{offset}"
    data = record.content_stream().read(MAX_ARTICLE_SIZE + 1)
    if getattr(record.raw_stream, "limit", 0) > 0 and len(data) <= MAX_ARTICLE_SIZE:
        return SourceError(location + place, "a record that is cut off", hides_articles=True)
    if len(data) > MAX_ARTICLE_SIZE:
        return SourceError(location + place, f"a page larger than {MAX_ARTICLE_SIZE // 1_000_000} MB")
    packing = record.http_headers.get_header("Content-Encoding") if record.http_headers else ""
    if (packing or "").strip().lower() in _UNPACKABLE and b"<" not in data[:_BLOCK]:
        return SourceError(location + place, f"a page packed with {packing:.20}, which cannot be unpacked")
    kind = record.http_headers.get_header("Content-Type") if record.http_headers else ""
    charset = re.search(r"charset=[\"']?([\w.-]+)", kind or "", re.IGNORECASE)
    if charset and b"charset" not in data[:2048].lower():  # the page does not declare it itself
        data = b'<meta charset="' + charset[1].encode("ascii", "ignore") + b'">' + data
    return record_of(data, location, address, place)


def _is_cut(file: BinaryIO, at: int) -> bool:
    """Whether the compressed data of a record is truncated; warcio takes that for the end of the file."""
    file.seek(at)
    rest = file.read(_BLOCK)
    while rest.startswith(GZIP_MAGIC):
        unpacker = zlib.decompressobj(31)
        try:
            while rest and not unpacker.eof:
                unpacker.decompress(rest, _BLOCK)
                rest = unpacker.unconsumed_tail or (b"" if unpacker.eof else file.read(_BLOCK))
        except zlib.error:
            return True
        if not unpacker.eof:
            return True
        rest = unpacker.unused_data or file.read(_BLOCK)
        if 0 < len(rest) < len(GZIP_MAGIC):
            rest += file.read(_BLOCK)
    return False


def _next_start(file: BinaryIO, at: int) -> int:
    """Where the next record begins, or -1."""
    file.seek(at)
    before = b""
    while block := file.read(_BLOCK):
        if found := _START.search(before + block):
            return at - len(before) + (found.start(1) if found[1] else found.start())
        before = block[-16:]
        at += len(block)
    return -1
