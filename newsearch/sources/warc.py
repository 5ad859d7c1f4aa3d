"""WARC: the HTML pages of a crawl. https://iipc.github.io/warc-specifications/"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final

from newsearch.errors import SourceError
from newsearch.sources.base import NotNews, ReadingOptions, Record
from newsearch.sources.files import GZIP_MAGIC, MAX_ARTICLE_SIZE, open_file, printable, unreadable
from newsearch.sources.gzip_members import Damaged, Members
from newsearch.sources.web_pages import record_of

_PAGES: Final = ("text/html", "application/xhtml+xml")

_HTML: Final = re.compile(rb"\s*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE)
_BEGIN: Final = re.compile(rb"WARC/|\S+ \S+ \d{14} \S+ -?\d+\s*\Z")
"""The first line of a record, of WARC or of ARC."""

_END: Final = b"\r\n\r\n"
"""What follows a record."""

_START: Final = re.compile(rb"\n(?=WARC/[01]\.)")
_ADDRESS: Final = "WARC-Target-URI"
_BLOCK: Final = 1 << 20
_MAX_REPAIRS: Final = 1000
_MAX_HEADERS: Final = 1 << 20
"""Bytes of the headers of one record, which are kept in memory; browsers allow a quarter of it."""

_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_MARKUP: Final = re.compile(rb"\s*<(?:!|\?xml\s|[a-z][a-z0-9:-]*+[\s/>])", re.IGNORECASE)
_BINARY: Final = re.compile(rb"[\x00-\x08\x10-\x1a]")
"""Bytes that no text has, unless it is in UTF-16."""

_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_PACKERS: Final = frozenset(("br", "compress", "dcb", "dcz", "x-compress", "xz", "zstd"))
"""Ways to pack that a server may declare, and that the first bytes do not tell."""

_LOOKED_AT: Final = 1000
"""Bytes of a page that show whether it is text: hardly any compressed data are as long without a byte of _BINARY."""


class _Broken(Exception):
    """A record that cannot be read; where it ends is unknown."""


def records(path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
    """Read the pages with status 200; requests, revisits, images and errors are not articles.

    After a broken record, reading continues with the next one.

    Raises:
        SourceError: the file cannot be read, or warcio or selectolax is not installed.
    """
    location = printable(path)
    try:
        from warcio.recordloader import ArcWarcRecordLoader
    except ImportError:
        raise SourceError(
            location, "to read WARC files, warcio is needed: pip install 'newsearch[web-archives]'"
        ) from None
    loader: Any = ArcWarcRecordLoader(verify_http=False, arc2warc=True)
    loader.warc_parser = _HeaderParser(loader.warc_parser)
    loader.http_parser = _HeaderParser(loader.http_parser)
    loader.http_req_parser = _HeaderParser(loader.http_req_parser)
    with open_file(path) as file:
        result = None
        try:
            for result in _Crawl(file, location, loader).results():
                yield result
        except OSError as error:
            raise unreadable(path, error) from error
    if result is None:
        raise NotNews(location, "a crawl without any page of status 200")


class _Crawl:
    """The records of a file.

    Args:
        loader: warcio's parser of a record.
    """

    def __init__(self, file: BinaryIO, location: str, loader: Any) -> None:
        self._members = Members(file) if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC else None
        self._stream: Any = self._members or file
        self._location = location
        self._loader = loader
        self._offset = 0
        self._stream.seek(0)

    def results(self) -> Iterator[Record | SourceError]:
        for _ in range(_MAX_REPAIRS):
            try:
                yield from self._results()
                return
            except Damaged as error:
                self._offset = max(self._offset, error.start)
                yield self._error(str(error) if error.is_end else _GOES_ON)
                after = self._stream.tell()
            except _Broken as error:
                yield self._error(str(error))
                after = self._offset + 1
            if not self._go_to_record(after):
                return
        reason = f"more than {_MAX_REPAIRS:,} broken records"
        yield SourceError(self._location, reason, hides_articles=True)

    def _results(self) -> Iterator[Record | SourceError]:
        """Read until a record is broken, or the file ends."""
        self._offset, line = self._first_line()
        while line:
            result = self._of_record(line)
            end = self._stream.tell()
            try:
                after, line = self._first_line()
            except Damaged as error:
                if result and error.start > self._offset:
                    yield result
                raise
            # Two line ends are well-formed: what follows is then a broken record of its own.
            if line and after - end != len(_END) and not _BEGIN.match(line):
                raise _Broken("a record whose length is wrong; reading goes on with the next")
            if result:
                yield result
            self._offset = after

    def _first_line(self) -> tuple[int, bytes]:
        """Where the next line that is not blank begins, and the line."""
        while True:
            at = self._stream.tell()
            line: bytes = self._stream.readline(_MAX_HEADERS)
            if line.strip() or not line:
                return at, line

    def _of_record(self, line: bytes) -> Record | SourceError | None:
        """The page in a record, if it has one. The stream is then at the end of the record."""
        try:
            record = self._loader.parse_record_stream(self._stream, line)
        except (Damaged, OSError):
            raise
        except EOFError:
            raise _Broken("a record that is cut off") from None
        except Exception:  # warcio does not catch errors of its own parsers
            raise _Broken(_GOES_ON) from None
        length = record.rec_headers.get_header("Content-Length") or ""
        if not record.rec_type or not length.strip().isdecimal():
            raise _Broken(_GOES_ON)
        kind = _page_type(record)
        result = self._page(record, kind) if kind is not None else None
        rest = record.raw_stream
        while rest.read(_BLOCK):
            pass
        if rest.limit:
            raise _Broken("a record that is cut off")
        return result

    def _page(self, record: Any, kind: str) -> Record | SourceError | None:
        address = (record.rec_headers.get_header(_ADDRESS) or "").strip("<> ")
        try:
            data = _content(record)
        except ValueError as error:
            return SourceError(self._location + self._place, str(error)) if kind else None
        if not kind and not _HTML.match(data):
            return None
        charset = re.search(r"charset=[\"']?([\w.-]+)", kind, re.IGNORECASE)
        if charset and b"charset" not in data[:2048].lower():  # the page does not declare it itself
            data = b'<meta charset="' + charset[1].encode("ascii", "ignore") + b'">' + data
        return record_of(data, self._location, address, self._place)

    @property
    def _place(self) -> str:
        """Where a record begins in the file; for a compressed one, where the data with it begin."""
        return f":{self._members.packed(self._offset) if self._members else self._offset}"

    def _error(self, reason: str) -> SourceError:
        return SourceError(self._location + self._place, reason, hides_articles=True)

    def _go_to_record(self, at: int) -> bool:
        """Go to the first beginning of a record after this place. Returns whether there is one."""
        before = b""
        with suppress(Damaged):
            self._stream.seek(at)
        while True:
            try:
                block = self._stream.read(_BLOCK)
            except Damaged:
                before = b""
                continue
            if not block:
                return False
            block = before + block
            if found := _START.search(block):
                self._stream.seek(self._stream.tell() - len(block) + found.end())
                return True
            before = block[-16:]


_GOES_ON: Final = "a broken record; reading goes on with the next"


class _HeaderParser:
    """A parser of warcio's that stops after _MAX_HEADERS bytes.

    It escapes spaces in addresses. Otherwise warcio does, and logs it.
    """

    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, stream: Any, status_line: str | None = None) -> Any:
        headers = self._parser.parse(_Headers(stream), status_line)
        if address := headers.get_header(_ADDRESS):
            headers.replace_header(_ADDRESS, address.replace(" ", "%20"))
        return headers


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


def _page_type(record: Any) -> str | None:
    """The type of the page in a record, "" if nothing says what it is; None if it is no page."""
    kind = record.rec_headers.get_header("Content-Type") or ""
    if record.rec_type == "response":
        headers = record.http_headers
        if headers is None or headers.get_statuscode() != "200":
            return None
        kind = headers.get_header("Content-Type") or record.rec_headers.get_header(_IDENTIFIED) or ""
    elif record.rec_type != "resource":
        return None
    return kind if not kind or kind.partition(";")[0].strip().lower() in _PAGES else None


_IDENTIFIED: Final = "WARC-Identified-Payload-Type"
"""What a crawler takes the page for."""


def _content(record: Any) -> bytes:
    """The page in a record, unpacked.

    Raises:
        ValueError: it is too large, or cannot be unpacked.
    """
    data = b"".join(_pieces(record.raw_stream, MAX_ARTICLE_SIZE + 1))
    headers = record.http_headers
    packing = ((headers and headers.get_header("Content-Encoding")) or "").strip().lower()
    if len(data) <= MAX_ARTICLE_SIZE:
        if "chunked" in ((headers and headers.get_header("Transfer-Encoding")) or "").lower():
            data = _joined(data)
        data = _unpacked(data, packing)
    if len(data) > MAX_ARTICLE_SIZE:
        raise ValueError(f"a page larger than {MAX_ARTICLE_SIZE // 1_000_000} MB")
    if not _is_text(data[:_LOOKED_AT], packing):
        raise ValueError(_not_text(packing))
    return data


def _is_text(start: bytes, packing: str) -> bool:
    """Whether a page begins as text. Many crawlers unpack a page and keep the header that says how it was packed."""
    if start.startswith(_MARKS) or _MARKUP.match(start):
        return True
    if _BINARY.search(start):
        return False
    if _PACKERS.isdisjoint(re.split(r"[,\s]+", packing)):
        return True
    # Packed data that are short may have no byte of _BINARY, but are not UTF-8.
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _not_text(packing: str) -> str:
    """What is wrong with a page that is no text, and what to do."""
    if not packing:
        return "a page that is no text"
    if packing == "br" and not _brotli():
        return "a page packed with br; to read it: pip install 'brotli>=1.2', then newsearch reindex --full"
    return f"a page packed with {packing:.20}, which cannot be unpacked"


def _brotli() -> Any:
    """The unpacker of br; None if the package for it is not installed, or cannot limit how much it unpacks."""
    try:
        made = import_module("brotli").Decompressor
    except ImportError:
        return None
    return made if hasattr(made, "can_accept_more_data") else None


def _pieces(stream: Any, size: int) -> Iterator[bytes]:
    while piece := stream.read(size):
        yield piece
        size -= len(piece)


def _unpacked(data: bytes, packing: str) -> bytes:
    """A page without its compression, if it has one that can be undone; at most one byte too long.

    Raises:
        ValueError: it is damaged.
    """
    if packing == "br":
        return _unpacked_br(data)
    if data.startswith(GZIP_MAGIC):
        unpacker = zlib.decompressobj(31)
    elif packing == "deflate" and _BINARY.search(data[:_LOOKED_AT]):
        # Some servers leave out the header of zlib.
        unpacker = zlib.decompressobj(15 if int.from_bytes(data[:2]) % 31 == 0 else -15)
    else:
        return data
    try:
        page = unpacker.decompress(data, MAX_ARTICLE_SIZE + 1)
    except zlib.error:
        raise ValueError(_DAMAGED) from None
    if not unpacker.eof and len(page) <= MAX_ARTICLE_SIZE:
        raise ValueError(_CUT)
    return page


def _unpacked_br(data: bytes) -> bytes:
    """A page without br; the page as it is if it is not packed, or if no package for br is installed.

    Raises:
        ValueError: it is damaged.
    """
    made = _brotli()
    if made is None or _is_text(data[:_LOOKED_AT], "br"):
        return data
    unpacker = made()
    try:
        page: bytes = unpacker.process(data, output_buffer_limit=MAX_ARTICLE_SIZE + 1)
    except Exception:  # the package's own
        raise ValueError(_DAMAGED) from None
    if not unpacker.is_finished() and len(page) <= MAX_ARTICLE_SIZE:
        raise ValueError(_CUT)
    return page


_CUT: Final = "a page that ends in the middle of its compressed data"
_DAMAGED: Final = "a page whose compressed data are damaged"


def _joined(data: bytes) -> bytes:
    """The chunks of a page. Many crawlers join them and keep the header; such a page is returned as it is."""
    pieces: list[bytes] = []
    at = 0
    while found := _CHUNK.match(data, at):
        size = int(found[1], 16)
        if not size:
            return b"".join(pieces)
        pieces.append(data[found.end() : found.end() + size])
        at = found.end() + size
        if data[at : at + 2] == b"\r\n":
            at += 2
    return b"".join((*pieces, data[at:]))
