"""JSON Lines: one article per line, optionally compressed with gzip."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO, Final, cast

import orjson

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_record, articles_of_plain_records
from newsearch.articles.vocabularies import OF_RECORDS
from newsearch.errors import SourceError, json_problem
from newsearch.sources.base import STREAM, ReadingOptions, Snapshot
from newsearch.sources.files import (
    GZIP_MAGIC,
    MAX_ARTICLE_SIZE,
    READ_ERRORS,
    open_content,
    printable,
    reading_problem,
    snapshot_of_file,
    written_at,
)

_BLOCK: Final = 1 << 16
_AS_IT_SAYS: Final = ReadingOptions()


class JsonLines:
    """A file with one JSON object per line; empty lines are skipped.

    Articles are always read in this process, whatever `workers` is: sending them from another takes longer.
    """

    one_each = False
    lasting = True

    def __init__(self, path: Path, options: ReadingOptions = _AS_IT_SAYS, name: str = "") -> None:
        self._path = path
        self._name = name or printable(path.name)
        self._options = options
        self.location = printable(path)
        self._lines: BinaryIO | None = None

    def snapshot(self) -> Snapshot:
        return snapshot_of_file(self._path)

    @property
    def seen(self) -> datetime | None:
        return written_at(self._path)

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        with open_content(self._path) as self._lines:
            yield from _articles(self._lines, self.location, self._name, self._options)

    def done(self) -> float | None:
        lines = self._lines
        # In a compressed file, progress is measured by the bytes read, not by the decompressed ones.
        file = lines.fileobj if isinstance(lines, gzip.GzipFile) else lines
        if file is None or file.closed:
            return None
        return min(file.tell() / max(os.fstat(file.fileno()).st_size, 1), 1.0)


class JsonStream:
    """JSON Lines from a one-time stream such as standard input; optionally compressed with gzip."""

    one_each = False
    lasting = False
    location = STREAM

    def __init__(self, lines: BinaryIO, options: ReadingOptions = _AS_IT_SAYS) -> None:
        self._options = options
        self._lines = BufferedReader(cast(RawIOBase, lines))  # for peeking into any stream

    def snapshot(self) -> Snapshot:
        return Snapshot()

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        lines: BinaryIO = self._lines
        if self._lines.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
            lines = cast(BinaryIO, gzip.GzipFile(fileobj=self._lines))
        yield from _articles(lines, self.location, self.location, self._options)

    def done(self) -> None:
        return None


def _articles(
    lines: BinaryIO, location: str, name: str, options: ReadingOptions
) -> Iterator[Article | SourceError]:
    before_number = f"{location}:"
    is_usual = options == _AS_IT_SAYS
    for first, batch in _batches(lines, location):
        articles = articles_of_plain_records(batch, orjson.loads) if is_usual else [None] * len(batch)
        if all(articles):
            yield from cast(Sequence[Article], articles)
            continue
        for number, (line, article) in enumerate(zip(batch, articles, strict=True), first):
            if article:
                yield article
            elif isinstance(line, SourceError):
                yield line
            elif line and not line.isspace():
                try:
                    yield _article(line, before_number, name, number, options)
                except SourceError as error:
                    yield error


def _article(line: bytes, location: str, name: str, number: int, options: ReadingOptions) -> Article:
    return article_from_record(
        parse_line(line, f"{location}{number}"),
        location,
        name,
        number,
        vocabulary=OF_RECORDS.get(options.format),
        day_first=options.day_first,
    )


def parse_line(line: bytes, location: str) -> object:
    """Parse the JSON of a line.

    Raises:
        SourceError: as `parse_json`.
    """
    if not _LONG_INTEGER.search(line):  # orjson would convert it to a float
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError:
            pass  # The slower parser decides, and reports the error and its position.
    return parse_json(line.strip(), location)


_LONG_INTEGER: Final = re.compile(rb"[0-9]{19}")


def parse_json(data: bytes, location: str) -> object:
    """Parse one JSON value.

    Raises:
        SourceError: it is not JSON in UTF-8, or is nested too deeply.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode()
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(location, json_problem(error)) from error


def numbered_lines(lines: BinaryIO, source: str) -> Iterator[tuple[int, bytes | SourceError]]:
    """Number the lines from 1; a line that is too long is skipped without being stored."""
    for first, batch in _batches(lines, source):
        yield from enumerate(batch, first)


def _batches(lines: BinaryIO, source: str) -> Iterator[tuple[int, list[bytes | SourceError]]]:
    """The lines without their ends, in batches of one read each, with the number of the first line."""
    number = 1
    begun: list[bytes] = []
    size = 0

    def ended() -> bytes | SourceError:
        if size <= MAX_ARTICLE_SIZE:
            return b"".join(begun)
        return SourceError(f"{source}:{number}", f"a line longer than {MAX_ARTICLE_SIZE // 1_000_000} MB")

    blocks = _blocks(lines)
    while True:
        try:
            block = next(blocks, b"")
        except READ_ERRORS as error:
            reason = f"cannot be read further: {reading_problem(error)}"
            yield number, [SourceError(f"{source}:{number}", reason, hides_articles=True)]
            return
        if not block:
            break
        first, *others = block.split(b"\n")
        size += len(first)
        if size <= MAX_ARTICLE_SIZE:
            begun.append(first)
        if others:
            last = others.pop()
            batch = [ended(), *others]
            yield number, batch
            number += len(batch)
            begun, size = [last], len(last)
    if size:
        last_line = ended()
        if isinstance(last_line, bytes) and _is_cut_off(last_line):
            place = f"{source}:{number}"
            last_line = SourceError(place, "ends in the middle of an article", hides_articles=True)
        yield number, [last_line]


def _blocks(lines: BinaryIO) -> Iterator[bytes]:
    """Read a stream in blocks, which are never empty. UTF-16, as PowerShell writes it, becomes UTF-8."""
    block = lines.read(2)
    is_utf_16 = block in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    decode = codecs.getincrementaldecoder("utf-16")("replace").decode
    while block:
        if text := decode(block).encode() if is_utf_16 else block:
            yield text
        block = cast(BufferedReader, lines).read1(_BLOCK)


_OBJECT: Final = re.compile(r'\s*\{\s*"')
_ESCAPES_BACKWARDS: Final = re.compile(r"(?:(?:[0-9A-Fa-f]{0,4}u)?\\)*+")
# At the position of the error: nothing, or the beginning of a string, a word or the rest of a number.
_UNFINISHED: Final = re.compile(
    r"""[\s,]*(?:"(?:[^"\\]|\\.)*+|-|tr?u?|fa?l?s?|nu?l?|\.|\.?\d*[eE][+-]?)?""", re.DOTALL
)


def _is_cut_off(line: bytes) -> bool:
    """Whether a line is the beginning of a JSON object: the file ends too early, and may have had more lines."""
    text = line.decode("utf-8-sig", "ignore")
    if escapes := _ESCAPES_BACKWARDS.match(text[::-1]):
        text = text[: len(text) - escapes.end()]
    if not _OBJECT.match(text):
        return False
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _UNFINISHED.fullmatch(text, error.pos) is not None
    except (ValueError, RecursionError):  # ValueError: an integer of thousands of digits
        pass
    return False
