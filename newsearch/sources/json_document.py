"""One JSON document: a feed, a service's response, a list of articles, or one article.

A document of a few megabytes is parsed as a whole. In a larger one, articles are parsed one after the other, which
limits memory to the largest of them.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_record
from newsearch.articles.vocabularies import OF_RECORDS, Vocabulary, json_feed, recognised, site
from newsearch.errors import SourceError
from newsearch.sources.base import NotNews, ReadingOptions, Record
from newsearch.sources.files import EMPTY, MAX_ARTICLE_SIZE, READ_ERRORS, open_content, printable, unreadable
from newsearch.sources.formats import of_file
from newsearch.sources.json_lines import JsonLines, numbered_lines, parse_json, parse_line

WHOLE: Final = 8_000_000
"""Maximum size in bytes, decompressed, of a document that is parsed as a whole."""

MAX_BROKEN: Final = 10_000
"""Number of records without one usable article after which a document is given up."""

LISTS: Final = tuple(
    "value articles items results docs news stories posts entries data records documents newsitems content".split()
)
"""Keys that may contain the articles of a document."""

_NESTS: Final = ("response", "result", "data", "payload")
_Document = Mapping[str, Any]


def articles(path: Path, name: str, options: ReadingOptions) -> Iterator[Article | SourceError]:
    """Read the articles of a document; `nextPage` is not followed.

    Raises:
        SourceError: it cannot be read, is not JSON, or holds no articles.
    """
    location, usable = printable(path), False
    if is_lines(path):
        yield from JsonLines(path, options, name).articles()
        return
    forced = OF_RECORDS.get(options.format)
    for number, (record, document) in enumerate(_records(path, is_forced=bool(options.format)), 1):
        try:
            vocabulary = forced or _vocabulary(record, document)
            yield article_from_record(
                record,
                f"{location}#",
                name,
                number,
                document=document,
                vocabulary=vocabulary,
                day_first=options.day_first,
            )
            usable = True
        except SourceError as error:
            yield error
        if number == MAX_BROKEN and not usable:
            raise SourceError(location, f"none of the first {MAX_BROKEN:,} records is an article", True)


def records(path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
    """Read the records of a document or of JSON Lines, each with the use of its keys.

    Raises:
        SourceError: as `articles`.
    """
    forced, location = OF_RECORDS.get(options.format), printable(path)
    is_named_lines = of_file(path, options).name == "json-lines" and not is_document(path)
    if is_named_lines or is_lines(path):
        pairs = _of_lines(path)
    else:
        pairs = ((f"#{number}", *pair) for number, pair in enumerate(_records(path), 1))
    for place, record, document in pairs:
        if isinstance(record, SourceError):
            yield record
            continue
        if not isinstance(record, Mapping):
            yield SourceError(location + place, "an article is a JSON object")
            continue
        vocabulary = forced or _vocabulary(record, document) or recognised(record)
        keys = vocabulary.read(record, document) if vocabulary else site.read(record, document)
        yield Record(vocabulary.name if vocabulary else "newsearch", keys, place)


def is_lines(path: Path) -> bool:
    """Whether a file is JSON Lines, whatever its name: its first two lines are objects.

    Raises:
        SourceError: the file cannot be opened.
    """
    with open_content(path) as file:
        try:
            lines = [file.readline(MAX_ARTICLE_SIZE).strip() for _ in range(2)]
        except READ_ERRORS:
            return False
    return all(line[:1] == b"{" and line[-1:] == b"}" for line in lines)


def is_document(path: Path) -> bool:
    """Whether a file named as JSON Lines is one document: a list, or an object over several lines.

    Raises:
        SourceError: the file cannot be opened.
    """
    with open_content(path) as file:
        try:
            line = file.readline(4096).removeprefix(codecs.BOM_UTF8).strip()
        except READ_ERRORS:
            return False
    return line in (b"{", b"[") or line[:2] in (b"[{", b"[]") or line[:3] == b"[ {"


def _of_lines(path: Path) -> Iterator[tuple[str, object | SourceError, _Document]]:
    """The place of each line, and what it holds."""
    location = printable(path)
    with open_content(path) as file:
        for number, line in numbered_lines(file, location):
            place = f":{number}"
            if isinstance(line, SourceError):
                yield place, line, {}
            elif line.strip():
                try:
                    yield place, parse_line(line, location + place), {}
                except SourceError as error:
                    yield place, error, {}


def _vocabulary(record: object, document: _Document) -> Vocabulary | None:
    return OF_RECORDS["json-feed"] if json_feed.is_feed(document) and isinstance(record, Mapping) else None


def _records(path: Path, is_forced: bool = False) -> Iterator[tuple[object, _Document]]:
    """The records of a document, each with the object around it.

    Args:
        is_forced: somebody said what the file is, so that there are articles in it.
    """
    location = printable(path)
    try:
        with open_content(path) as content:
            data = content.read(WHOLE + 1)
            if not data or data.isspace():
                raise SourceError(location, EMPTY)
            if len(data) <= WHOLE:
                document = parse_json(data, location)
                found, around = unwrapped(document, location)
                if found and not is_forced and not any(map(_may_be_article, found)):
                    raise NotNews(location, "no article in it: nothing in it has a title or a text")
                yield from ((record, around) for record in found)
            else:
                yield from _Elements(data, content, location).all()
    except READ_ERRORS as error:
        raise unreadable(path, error) from error


def unwrapped(document: object, location: str) -> tuple[list[object], _Document]:
    """Find the articles in a document: the document itself, or a list under one of its keys.

    Returns:
        The articles, and the object around them.

    Raises:
        SourceError: the document is a service's error response, or has nothing that looks like an article.
    """
    if isinstance(document, list):
        return document, {}
    if not isinstance(document, Mapping):
        return [document], {}
    status = document.get("status")
    if isinstance(status, str) and status.lower() in ("error", "fail", "failed"):
        message = document.get("message") or document.get("fault") or document.get("errors") or status
        raise SourceError(location, f"not articles but a service's error: {message!s:.200}")
    if json_feed.is_feed(document):
        return list(document["items"]), document
    nested = next((document[key] for key in _NESTS if isinstance(document.get(key), Mapping)), None)
    if nested is not None and not _is_article(document):
        return unwrapped(nested, location)
    if not _is_article(document):
        for key in LISTS:
            if isinstance(document.get(key), list):
                return list(document[key]), document
        if isinstance(document.get("content"), Mapping):  # one item from the Guardian
            return [document["content"]], document
        lists = {key: value for key, value in document.items() if _is_list_of_articles(value)}
        if len(lists) == 1:
            return list(next(iter(lists.values()))), document
        if not document.get("title") and not recognised(document) and not _speaks_site(document):
            named = f"; there are lists under {', '.join(map(repr, lists))}" if lists else ""
            raise (SourceError if lists else NotNews)(location, f"no article in it{named}")
        if "$schema" in document and not recognised(document):
            raise NotNews(location, "no article in it, but a schema or settings")
    return [document], {}


def _may_be_article(record: object) -> bool:
    return isinstance(record, Mapping) and (site.may_be_article(record) or recognised(record) is not None)


def _is_article(document: _Document) -> bool:
    """Whether an object has more than a title, which a list may also have."""
    if recognised(document) and not isinstance(document.get("articles"), list):
        return True
    named = any(document.get(key) for key in ("title", "headline", "webTitle"))
    return named and any(
        document.get(key) not in (None, "", []) and not isinstance(document.get(key), list)
        for key in (
            "body",
            "content",
            "text",
            "excerpt",
            "publishedDateTime",
            "webUrl",
            "maintext",
            "author",
            "date",
            "path",
        )
    )


def _speaks_site(document: _Document) -> bool:
    return bool(document.get("headline") or document.get("Title") or document.get("text"))


def _is_list_of_articles(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, Mapping) for item in value[:3])
        and any(value[0].get(key) for key in ("title", "headline", "Title", "webTitle", "webUrl"))
    )


_SPACE: Final = re.compile(r"[ \t\n\r]*")


class _Elements:
    """Parses the articles of a long document one after the other, as its bytes arrive."""

    def __init__(self, data: bytes, content: BinaryIO, location: str) -> None:
        self._content = content
        self._location = location
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._is_end = False
        self._json = json.JSONDecoder()
        self._feed(data)

    def all(self) -> Iterator[tuple[object, _Document]]:
        """Yield the elements of the list that is the document, or of the first list of articles in it."""
        if self._peek() == "[":
            yield from ((element, {}) for element in self._elements())
        elif self._peek() == "{":
            yield from self._in_object()
        else:
            raise self._wrong("neither a list nor an object")

    def _in_object(self) -> Iterator[tuple[object, _Document]]:
        around: dict[str, Any] = {}
        self._at += 1
        while self._peek() != "}":
            key = self._value()
            if not isinstance(key, str) or self._peek() != ":":
                raise self._wrong("not JSON")
            self._at += 1
            kind = self._peek()
            if kind == "[" and key in LISTS:
                yield from ((element, around) for element in self._elements())
            elif kind == "{" and key in _NESTS:
                yield from self._in_object()
            else:
                around[key] = self._value()
            if self._peek() == ",":
                self._at += 1
        self._at += 1

    def _elements(self) -> Iterator[object]:
        self._at += 1
        while self._peek() != "]":
            yield self._value()
            if self._peek() == ",":
                self._at += 1
            elif self._peek() != "]":
                raise self._wrong("not JSON")
        self._at += 1

    def _peek(self) -> str:
        """The next character that is not white space."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                raise self._wrong("ends in the middle of its JSON")

    def _value(self) -> object:
        self._peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
                if end < len(self._text) or self._is_end or self._text[self._at] in '{["':
                    self._at = end
                    return value
            except RecursionError:
                raise self._wrong("not usable JSON: nested too deeply") from None
            except ValueError as error:
                if self._is_end:
                    raise self._wrong("not JSON") from error
            if len(self._text) - self._at > MAX_ARTICLE_SIZE:
                raise self._wrong(f"not JSON, or an article larger than {MAX_ARTICLE_SIZE // 1_000_000} MB")
            self._more()

    def _more(self) -> bool:
        # Read as much again as is pending: this keeps the cost of repeated parsing proportional.
        data = self._content.read(max(1 << 16, len(self._text) - self._at))
        self._feed(data)
        return bool(data)

    def _feed(self, data: bytes) -> None:
        self._is_end = not data
        try:
            self._text = self._text[self._at :] + self._decode.decode(data, self._is_end)
        except UnicodeDecodeError as error:
            raise SourceError(self._location, "not UTF-8", True) from error
        self._at = 0

    def _wrong(self, reason: str) -> SourceError:
        return SourceError(self._location, f"{reason} near {self._text[self._at : self._at + 30]!r}", True)
