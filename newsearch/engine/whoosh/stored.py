"""What does Whoosh read of one article? Its stored fields, and the words of a field (Whoosh's vectors).

Both are made from the article's record, without creating an Article.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from newsearch import ranking
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.records import decode_rest
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.whoosh.lexicon import FIELD_GAP
from newsearch.errors import IndexCorrupt
from newsearch.text import analysis

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - Whoosh's dates have no zone

_SIGNALS = tuple((name, columns.KNOWN[name]) for name in ("heat", "quality"))
_DATES = tuple((name, columns.KNOWN[name]) for name in ("date", "modified"))


def moment(seconds: int) -> dt.datetime:
    """Convert seconds since 1970 to Whoosh's form of a date: UTC without a zone."""
    return _EPOCH + dt.timedelta(seconds=seconds)


def words(segment: Segment, stored: StoredFields, docnum: int, field: str) -> dict[str, list[int]]:
    """The terms of a text field in one article, sorted, each with its positions."""
    fields: Sequence[str] = (field,) if field in ranking.TEXT_FIELDS else ranking.TEXT_FIELDS
    article = stored(docnum)
    stemming = segment.stemming(docnum) if field == "stem" else None
    prefix = f"{stemming.language}:" if stemming and stemming.language != "en" else ""
    found: dict[str, list[int]] = defaultdict(list)
    position = 0
    for name in fields:
        for term in analysis.terms(article.get(name, "")):
            found[prefix + stemming.stem(term) if stemming else term].append(position)
            position += 1
        position += FIELD_GAP
    return dict(sorted(found.items()))


class StoredFields:
    """The stored fields of the articles of a segment, by number.

    Missing values are left out. `topic` and `author` are lists. A date is in UTC without a zone, and midnight if it has
    no time.
    """

    def __init__(self, segment: Segment) -> None:
        def column(name: str) -> Any:
            return memoryview(segment.column(name))

        self._path = segment.file.path
        self._read = segment.records.read
        self._flag = column("flag")
        self._lists = [
            (name, segment.names(name), column(name), column(f"{name}_at")) for name in ("topic", "author")
        ]
        self._names = [(name, segment.names(name), column(name)) for name in ("category", "type")]
        self._languages = segment.names("language"), column("language")
        self._provider = column("provider")
        self._providers = [tuple(f"{name}\x1f".split("\x1f")[:2]) for name in segment.names("provider")]
        self._numbers = [(name, known, column(name)) for name, known in _SIGNALS]
        self._dates = [(name, known, column(name)) for name, known in _DATES]

    def __call__(self, docnum: int) -> dict[str, Any]:
        """The stored fields of one article.

        Raises:
            IndexCorrupt: the stored data of the article is damaged.
        """
        record = self._read(docnum)
        try:
            return self._fields(docnum, record)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
            raise IndexCorrupt(self._path, f"article {docnum} is damaged") from error

    def _fields(self, docnum: int, record: Any) -> dict[str, Any]:
        flag = self._flag[docnum]
        found: dict[str, Any] = {"id": record.id}
        if record.title:
            found["title"] = record.title
        if record.excerpt:
            found["excerpt"] = record.excerpt
        for field, names, numbers, at in self._lists:
            if values := [names[n] for n in numbers[at[docnum] : at[docnum + 1]]]:
                found[field] = values
        if "topic" in found:
            found["topics"] = " ".join(found["topic"])
        if record.body:
            found["body"] = record.body
        for field, known, seconds in self._dates:
            if flag & known:
                found[field] = moment(seconds[docnum])
        if record.rest and "microsecond" in record.rest:
            rest = decode_rest(record.rest)
            for field, key in (("date", "microsecond"), ("modified", "modified_microsecond")):
                if rest[key]:
                    found[field] += dt.timedelta(microseconds=rest[key])
        if record.url:
            found["url"] = record.url
        provider, domain = self._providers[self._provider[docnum]]
        if provider:
            found["provider"] = provider
        if domain:
            found["domain"] = domain
        for field, names, numbers in self._names:
            if name := names[numbers[docnum]]:
                found[field] = name
        if flag & columns.TAGGED:
            names, numbers = self._languages
            found["language"] = names[numbers[docnum]]
        for field, known, values in self._numbers:
            if flag & known:
                value = values[docnum]
                found[field] = int(value) if type(value) is float and value.is_integer() else value
        found["published"] = bool(flag & columns.PUBLISHED)
        return found
