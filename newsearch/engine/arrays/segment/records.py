"""Stored records: the parts of an article that its columns do not hold, compressed for fast access.

A record is text. Its parts are separated by U+001F, which no article contains because control characters are removed
when articles are read:

    id, title, excerpt, web URL, original URL, AMP URL, cached AMP URL, body, rest

U+001E stands for the web URL. `rest` is JSON, empty for most articles:
images, related articles, unknown keys, earlier versions, fractions of a second. Each record is compressed separately,
with a dictionary trained on its segment. A hit can therefore be read without its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from math import isfinite
from threading import Lock
from typing import Any, Final, NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray
from zstandard import frame_content_size

from newsearch.articles.article import Article, article_to_mapping, version_to_mapping
from newsearch.engine.arrays.segment.columns import image_from_list
from newsearch.errors import IndexCorrupt

SEPARATOR = "\x1f"
_SAME = "\x1e"
_LEVEL = 3
_DICTIONARY_BYTES = 64 << 10
_SAMPLES = 2000
MAX_RECORD = 64 << 20
"""The maximum size of an encoded record, in bytes."""

BROKEN = (zstandard.ZstdError, BufferError)
"""Raised for bytes that are no record. BufferError: a blob of equal bytes, kept as one."""


class Record(NamedTuple):
    """The parts of a stored record, as text. `rest` is JSON, and `url` is the address at which to read the article."""

    id: str
    title: str
    excerpt: str
    web_url: str
    original_url: str
    amp_web_url: str
    cdn_amp_web_url: str
    body: str
    rest: str
    url: str


_PARTS = len(Record._fields) - 1

# Does the same as Record._make in half the time. It is called for every hit.
_make = tuple.__new__


def encode_record(article: Article) -> bytes:
    """The uncompressed record of an article. Raises ValueError if a text contains control characters."""
    web = article.web_url
    original = _SAME if web and article.original_url == web else article.original_url or ""
    rest: dict[str, Any] = {}
    if article.images:
        rest["images"] = [[i.url, i.width, i.height, i.is_cached] for i in article.images]
    if article.related:
        rest["related"] = [article_to_mapping(other) for other in article.related]
    if article.extra:
        rest["extra"] = dict(article.extra)
    if article.history:
        rest["history"] = [version_to_mapping(version) for version in article.history]
    for name, when in (("microsecond", article.date), ("modified_microsecond", article.modified)):
        if isinstance(when, datetime) and when.microsecond:
            rest[name] = when.microsecond
    text = SEPARATOR.join(
        (
            _SAME if web and article.id == web else article.id,
            article.title,
            article.excerpt,
            web or "",
            original,
            article.amp_web_url or "",
            article.cdn_amp_web_url or "",
            article.body,
            json.dumps(rest, ensure_ascii=False, separators=(",", ":")) if rest else "",
        )
    )
    if "\0" in text or text.count(SEPARATOR) != _PARTS - 1:
        raise ValueError(
            f"the article {article.id!r} holds control characters; make it with article_from_mapping"
        )
    return text.encode()


def decode_rest(rest: str) -> dict[str, Any]:
    """The rarely used fields of an Article, and the fractions of a second of its publication and modification dates.

    Raises:
        ValueError, TypeError, LookupError, AttributeError: encode_record did not write this.
    """
    if not rest:
        return NO_REST
    from newsearch.articles.history import versions  # few records need these
    from newsearch.articles.reading import article_from_mapping

    data = json.loads(rest, parse_float=_finite, parse_constant=_finite)
    if not isinstance(data.get("extra", {}), dict):
        raise ValueError("extra is not a mapping")
    return {
        "images": tuple(map(image_from_list, data.get("images", ()))),
        "related": tuple(
            article_from_mapping(other, id=other.get("path", "")) for other in data.get("related", ())
        ),
        "history": versions(data.get("history")),
        "extra": data.get("extra", {}),
        "microsecond": data.get("microsecond", 0),
        "modified_microsecond": data.get("modified_microsecond", 0),
    }


def _finite(text: str) -> float:
    # JSON has no infinite or undefined numbers, so newsearch never writes them.
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"the number {text:.40}")
    return number


NO_REST: Final[dict[str, Any]] = {
    "images": (),
    "related": (),
    "history": (),
    "extra": {},
    "microsecond": 0,
    "modified_microsecond": 0,
}


def pack_records(records: Sequence[bytes]) -> dict[str, NDArray[Any]]:
    """The arrays of a segment that store these records: the blob, its offsets, the dictionary."""
    compress, dictionary = trained(records[i] for i in sampled(len(records)))
    # A single call that releases the interpreter lock. The rest of the segment is built meanwhile.
    packed = compress(records)
    return {
        "records": np.frombuffer(b"".join(packed), np.uint8),
        "record_at": np.cumsum([0, *map(len, packed)]),
        "record_dictionary": dictionary,
    }


def sampled(records: int) -> range:
    """The numbers of the records on which a dictionary is trained, given the total number."""
    return range(0, records, max(1, records // _SAMPLES))


def trained(samples: Iterable[bytes]) -> tuple[Callable[[Sequence[bytes]], Sequence[Any]], NDArray[Any]]:
    """A function that compresses records similar to these samples, and the dictionary needed to read them."""
    dictionary = _train([record[:4096] for record in samples])
    if dictionary is None:
        compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
    else:
        dictionary.precompute_compress(level=_LEVEL)
        compressor = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=dictionary, write_checksum=False, write_dict_id=False
        )

    def compress(records: Sequence[bytes]) -> Any:
        return compressor.multi_compress_to_buffer(list(records), threads=1) if records else ()

    return compress, np.frombuffer(dictionary.as_bytes() if dictionary else b"", np.uint8)


def _train(samples: list[bytes | bytearray | memoryview[int]]) -> zstandard.ZstdCompressionDict | None:
    """A dictionary for records like these, or None if there are too few samples or too little variety."""
    if len(samples) < 256:
        return None
    size = min(_DICTIONARY_BYTES, sum(map(len, samples)) // 8)
    try:
        return zstandard.train_dictionary(size, samples, k=200, d=8, f=18, accel=4, level=_LEVEL, steps=1)
    except zstandard.ZstdError:
        # Too little variety to train on, for example in a collection of copies.
        return None


def urls_of(record: bytes) -> bytes:
    """The web and the original URL in an encoded record, case-folded, separated by a space if they differ.

    Raises:
        ValueError: the bytes are not a record.
    """
    parts = record.split(b"\x1f", 5)
    if len(parts) != 6:
        raise ValueError(f"{len(parts)} parts")
    return folded_bytes(parts[3] if parts[4] == b"\x1e" else parts[3] + b" " + parts[4])


def folded_bytes(text: bytes) -> bytes:
    """Text in UTF-8, case-folded. Raises ValueError if it is not UTF-8."""
    return text.lower() if text.isascii() else text.decode().casefold().encode()


class RecordReader:
    """Reads the records of one segment."""

    def __init__(self, blob: NDArray[np.uint8], at: NDArray[Any], dictionary: bytes, name: str) -> None:
        self._blob = memoryview(blob)
        self._at = memoryview(at)
        self._name = name
        trained = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        self._decompress = zstandard.ZstdDecompressor(dict_data=trained).decompress
        # A decompressor serves one thread at a time, but releases the interpreter lock while it works.
        self._lock = Lock()

    def opened(self) -> tuple[memoryview, memoryview, tuple[Callable[..., Any], ...]]:
        """The offsets and the blob of the records, and what `_json_articles.c` reads them with, see there."""
        calls = frame_content_size, self._decompress, self._lock.acquire, self._lock.release
        return self._at, self._blob, calls

    def raw(self, doc: int) -> bytes:
        """The encoded record of a document.

        Raises:
            IndexCorrupt: the bytes are not a record.
        """
        data = self._blob[self._at[doc] : self._at[doc + 1]]
        try:
            if 0 < frame_content_size(data) <= MAX_RECORD:
                with self._lock:
                    return self._decompress(data)
        except BROKEN:
            pass
        raise self._damaged(doc)

    def read(self, doc: int) -> Record:
        """The record of a document.

        Raises:
            IndexCorrupt: the bytes are not a record.
        """
        return self.decoded(doc, self.raw(doc))

    def decoded(self, doc: int, raw: bytes) -> Record:
        """The record of a document, given its encoded record.

        Raises:
            IndexCorrupt: the bytes are not a record.
        """
        try:
            parts = raw.decode().split(SEPARATOR)
            if len(parts) != _PARTS:
                raise ValueError(f"{len(parts)} parts")
        except ValueError as error:
            raise self._damaged(doc) from error
        if parts[0] == _SAME:
            parts[0] = parts[3]
        if parts[4] == _SAME:
            parts[4] = parts[3]
        parts.append(parts[3] or parts[4] or parts[5])
        return _make(Record, parts)

    def id(self, doc: int) -> str:
        """The id of a document.

        Takes two thirds of the time of `read`.

        Raises:
            IndexCorrupt: the bytes are not a record.
        """
        try:
            parts = self.raw(doc).split(b"\x1f", 4)
            return (parts[3] if parts[0] == b"\x1e" else parts[0]).decode()
        except (ValueError, LookupError) as error:
            raise self._damaged(doc) from error

    def urls(self, doc: int) -> bytes:
        """The web and the original URL of a document, case-folded, separated by a space if they differ.

        Takes half the time of `read`.

        Raises:
            IndexCorrupt: the bytes are not a record.
        """
        try:
            return urls_of(self.raw(doc))
        except ValueError as error:
            raise self._damaged(doc) from error

    def _damaged(self, doc: int) -> IndexCorrupt:
        return IndexCorrupt(self._name, f"the stored record of article {doc} is damaged")
