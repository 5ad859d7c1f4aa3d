"""Crawls with faults: each page becomes an article or an error, and nothing disappears."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.articles.article import Article
from newsearch.sources.registry import open_source

pytest.importorskip("warcio", reason="needs newsearch[web-archives]")

TEXT = "The text of a page that is long enough to be read by all."


def page(number: int) -> bytes:
    return (
        f"<html><head><title>Page {number}</title></head><body><article><p>{TEXT}</p></article></body></html>"
    ).encode()


def record(number: int, http: bytes, length: object = None, kind: str = "response") -> bytes:
    size = len(http) if length is None else length
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://g.example/{number}\r\n"
        f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {size}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def response(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", "Content-Type: text/html", *headers, "", "")).encode() + body


PAGES = [response(page(number)) for number in range(4)]
WHOLE = [record(number, http) for number, http in enumerate(PAGES)]


def shown(path: Path, content: bytes) -> list[str]:
    """The titles and errors of a crawl."""
    path.write_bytes(content)
    return [
        f"{result.title}: {result.body}" if isinstance(result, Article) else result.reason
        for result in open_source(path).articles()
    ]


def titles(*numbers: int) -> list[str]:
    return [f"Page {number}: {TEXT}" for number in numbers]


CUT = "a record that is cut off"
LENGTH = "a record whose length is wrong; reading goes on with the next"
BROKEN = "a broken record; reading goes on with the next"
END = "ends in the middle of a record"


def joined(records: Sequence[bytes]) -> bytes:
    return b"".join(records)


def each_packed(records: Sequence[bytes]) -> bytes:
    return b"".join(map(gzip.compress, records))


def packed_at_once(records: Sequence[bytes]) -> bytes:
    return gzip.compress(b"".join(records))


PACKINGS = [("a.warc", joined), ("a.warc.gz", each_packed), ("a.warc.gz", packed_at_once)]


@pytest.mark.parametrize(("name", "pack"), PACKINGS)
@pytest.mark.parametrize(
    ("length", "reason"),
    [
        (10, LENGTH),
        (len(PAGES[1]) - 10, LENGTH),
        (len(PAGES[1]) + 100, LENGTH),
        (len(PAGES[1]) + len(WHOLE[2]) + 50, LENGTH),
        (10**6, CUT),
        (10**30, CUT),
        (0, LENGTH),
        (-5, BROKEN),
        ("many", BROKEN),
        ("", BROKEN),
    ],
)
@pytest.mark.parametrize("kind", ["response", "request", "metadata"])
def test_a_wrong_length_hides_no_other_page(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    name: str,
    pack: Callable[[Sequence[bytes]], bytes],
    length: object,
    reason: str,
    kind: str,
) -> None:
    records = [WHOLE[0], record(1, PAGES[1], length, kind), *WHOLE[2:]]
    assert shown(tmp_path / name, pack(records)) == [*titles(0), reason, *titles(2, 3)]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("name", "pack"), PACKINGS)
def test_records_of_all_types_may_be_mixed(
    tmp_path: Path, name: str, pack: Callable[[Sequence[bytes]], bytes]
) -> None:
    records = [
        b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Length: 3\r\n\r\na:b\r\n\r\n",
        record(0, b"GET / HTTP/1.1\r\nHost: g.example\r\n\r\n", kind="request"),
        WHOLE[0],
        record(0, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", kind="revisit"),
        record(0, b"", kind="revisit"),
        WHOLE[1].replace(b"\r\n\r\nWARC", b"WARC").rstrip() + b"\n",
        record(9, b"", kind="response"),
        b"WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: file:///x\r\nContent-Type: text/html\r\n"
        b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(page(2)), page(2)),
        record(9, b"x" * 300_000, kind="metadata"),
        b"\r\n\r\n" + WHOLE[3],
    ]
    assert shown(tmp_path / name, pack(records)) == titles(0, 1, 2, 3)


@pytest.mark.parametrize("left", range(1, len(WHOLE[3]) - 4, 37))
def test_a_crawl_that_is_cut_off_says_so(tmp_path: Path, left: int) -> None:
    *lines, last = shown(tmp_path / "a.warc", joined(WHOLE[:3]) + WHOLE[3][:left])
    assert lines == titles(0, 1, 2)
    assert last in (CUT, LENGTH, BROKEN)


@pytest.mark.parametrize("left", range(1, len(gzip.compress(WHOLE[3])), 23))
def test_a_packed_crawl_that_is_cut_off_says_so(tmp_path: Path, left: int) -> None:
    *lines, last = shown(tmp_path / "a.warc.gz", each_packed(WHOLE[:3]) + gzip.compress(WHOLE[3])[:left])
    assert lines == titles(0, 1, 2)
    assert last == END


@pytest.mark.parametrize("at", range(0, len(gzip.compress(WHOLE[1])), 11))
def test_what_follows_damaged_data_is_read(tmp_path: Path, at: int) -> None:
    packed = list(map(gzip.compress, WHOLE))
    packed[1] = packed[1][:at] + bytes(byte ^ 0xFF for byte in packed[1][at : at + 3]) + packed[1][at + 3 :]
    found = shown(tmp_path / "a.warc.gz", b"".join(packed))
    if 4 <= at < 10:  # the time and other parts of the header that nobody needs
        assert found == titles(0, 1, 2, 3) or found == [*titles(0), BROKEN, *titles(2, 3)]
    else:
        assert found == [*titles(0), BROKEN, *titles(2, 3)]


def test_a_crawl_with_junk_between_its_members_is_read(tmp_path: Path) -> None:
    packed = list(map(gzip.compress, WHOLE))
    assert shown(tmp_path / "a.warc.gz", (b"\0" * 100_000).join(packed)) == titles(0, 1, 2, 3)
    found = shown(tmp_path / "a.warc.gz", (b"junk" * 50_000).join(packed))
    assert [line for line in found if line != BROKEN] == titles(0, 1, 2, 3)
    assert len(found) == 7


def test_a_crawl_without_pages_is_passed_over(tmp_path: Path) -> None:
    text = WHOLE[0].replace(b"WARC-Type: response", b"WARC-Type: conversion")
    reason = "a crawl without any page of status 200"
    (tmp_path / "wet.warc").write_bytes(text)
    (tmp_path / "a.warc").write_bytes(WHOLE[0])
    report = newsearch.build(tmp_path, index=tmp_path / "index")
    assert (report.added, report.broken) == (1, 0)
    assert [error.reason for error in report.passed_over] == [reason]


def test_an_address_with_spaces_is_mended_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.warc").write_bytes(record(0, PAGES[0]).replace(b"example/0", b"example/a b"))
    [article] = open_source(tmp_path / "a.warc").articles()
    assert isinstance(article, Article)
    assert article.url == "https://g.example/a%20b"
    assert not caplog.records


def chunked(body: bytes, end: bytes = b"\r\n") -> bytes:
    pieces = (body[at : at + 40] for at in range(0, len(body), 40))
    return b"".join(b"%x;a=b%s%s%s" % (len(p), end, p, end) for p in pieces) + b"0" + end + end


def deflated(body: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


PAGE = page(0)
DAMAGED = "a page whose compressed data are damaged"


@pytest.mark.parametrize(
    ("http", "line"),
    [
        (response(chunked(PAGE), "Transfer-Encoding: Chunked"), titles(0)[0]),
        (
            response(chunked(gzip.compress(PAGE)), "transfer-encoding:chunked", "content-encoding: GZIP"),
            titles(0)[0],
        ),
        (response(PAGE, "Transfer-Encoding: chunked"), titles(0)[0]),
        (response(gzip.compress(PAGE), "Content-Encoding: x-gzip"), titles(0)[0]),
        (response(gzip.compress(PAGE)), titles(0)[0]),
        (response(deflated(PAGE, 15), "Content-Encoding: deflate"), titles(0)[0]),
        (response(deflated(PAGE, -15), "Content-Encoding: deflate"), titles(0)[0]),
        (response(PAGE, "Content-Encoding: utf-8"), titles(0)[0]),
        (response(b"\xe9" + PAGE, "Content-Encoding: gzip"), titles(0)[0]),
        (response(gzip.compress(b"\xe9" + PAGE), "Content-Encoding: gzip"), titles(0)[0]),
        (response(PAGE, "Content-Encoding: br"), titles(0)[0]),
        (response(PAGE).replace(b"Content-Type: text/html\r\n", b""), titles(0)[0]),
        (response(b"{}").replace(b"Content-Type: text/html\r\n", b""), None),
        (response(bytes(99)).replace(b"Content-Type: text/html\r\n", b""), None),
        (
            response(bytes(range(256)) * 10, "Content-Encoding: zstd"),
            "a page packed with zstd, which cannot be unpacked",
        ),
        # Nothing in it is a sign of binary data, but it is not text either.
        (
            response(bytes(range(0x80, 0x100)), "Content-Encoding: gzip, zstd"),
            "a page packed with gzip, zstd, which cannot be unpacked",
        ),
        (
            response(b"<" + bytes(range(256)) * 10, "Content-Encoding: xz"),
            "a page packed with xz, which cannot be unpacked",
        ),
        (response(bytes(range(256)) * 10), "a page that is no text"),
        (
            response(gzip.compress(PAGE)[:-20], "Content-Encoding: gzip"),
            "a page that ends in the middle of its compressed data",
        ),
        (response(gzip.compress(PAGE)[:40] + b"\xff" * 200, "Content-Encoding: gzip"), DAMAGED),
        (response(gzip.compress(b"a" * 10_000_001), "Content-Encoding: gzip"), "a page larger than 10 MB"),
    ],
)
def test_a_page_is_unpacked_or_an_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], http: bytes, line: str | None
) -> None:
    found = shown(tmp_path / "a.warc", record(0, http) + WHOLE[1])
    assert found == [*([line] if line else []), *titles(1)]
    assert capfd.readouterr().err == ""


class Brotli:
    """Stands for the package `brotli`, which the tests do without; it unpacks what zlib has packed."""

    class Decompressor:
        def __init__(self) -> None:
            self._unpacker = zlib.decompressobj()

        def process(self, data: bytes, output_buffer_limit: int) -> bytes:
            return self._unpacker.decompress(data, output_buffer_limit)

        def can_accept_more_data(self) -> bool:
            return True

        def is_finished(self) -> bool:
            return self._unpacker.eof


class OldBrotli:
    """A package that unpacks without a limit."""

    class Decompressor:
        pass


# 0x8b and so on: no byte that text does not have, but no UTF-8 either, as some short pages are when packed.
PACKED = bytes(range(0x80, 0x100))
INSTALL = "a page packed with br; to read it: pip install 'brotli>=1.2', then newsearch reindex --full"


@pytest.mark.parametrize(
    ("package", "body", "line"),
    [
        (None, PACKED, INSTALL),
        (None, deflated(PAGE, 15), INSTALL),
        (None, PAGE, titles(0)[0]),
        (OldBrotli, deflated(PAGE, 15), INSTALL),
        (Brotli, deflated(PAGE, 15), titles(0)[0]),
        (Brotli, PAGE, titles(0)[0]),
        (Brotli, deflated(PAGE, 15)[:-9], "a page that ends in the middle of its compressed data"),
        (Brotli, PACKED, DAMAGED),
        (Brotli, deflated(b"a" * 10_000_001, 15), "a page larger than 10 MB"),
        (Brotli, deflated(PACKED, 15), "a page packed with br, which cannot be unpacked"),
    ],
)
def test_a_page_packed_with_br_is_read_or_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Any, body: bytes, line: str
) -> None:
    monkeypatch.setitem(sys.modules, "brotli", package)
    found = shown(tmp_path / "a.warc", record(0, response(body, "Content-Encoding: br")) + WHOLE[1])
    assert found == [line, *titles(1)]
    report = newsearch.build(tmp_path / "a.warc", index=tmp_path / "index")
    assert report.broken == (line not in titles(0))
