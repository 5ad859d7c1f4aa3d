"""A Whoosh codec over newsearch's arrays: every reader, matcher and cursor that Whoosh's own query classes need.

newsearch's own searches do not come here: they read the same arrays directly. `compatible` opens an index so.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import whoosh
from whoosh import fields
from whoosh.codec import base
from whoosh.columns import ColumnReader
from whoosh.matching import ListMatcher
from whoosh.query.spans import Span
from whoosh.reading import TermInfo, TermNotFound

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.whoosh.lexicon import Lexicon, lexicon
from newsearch.errors import EngineError

WHOOSH_VERSION = (3, 54)

# The original Whoosh, installed beside the maintained one, overlays it silently; its ranges are wrong.
if tuple(whoosh.__version__[:2]) != WHOOSH_VERSION:
    raise EngineError(
        f"Whoosh {'.'.join(map(str, whoosh.__version__))} is installed, newsearch needs whoosh3 "
        f"{'.'.join(map(str, WHOOSH_VERSION))}; run `pip uninstall whoosh whoosh-reloaded; pip install newsearch`"
    )


class ArrayMatcher(ListMatcher):  # type: ignore[misc]
    """The postings of one term."""

    _i: int

    def __init__(
        self, ids: list[int], weights: list[float], positions: list[list[int]] | None, **kwargs: Any
    ) -> None:
        super().__init__(ids, weights, **kwargs)
        self._places = positions

    def copy(self) -> ArrayMatcher:
        return ArrayMatcher(
            self._ids,
            self._weights,
            self._places,
            format=self._format,
            scorer=self._scorer,
            position=self._i,
            term=self._term,
            terminfo=self._terminfo,
        )

    def skip_to(self, id: int) -> None:
        self._i = bisect_left(self._ids, id, self._i)

    def supports(self, astype: str) -> bool:
        return astype == "frequency" or (astype == "positions" and self._places is not None)

    def value_as(self, astype: str) -> Any:
        if astype == "positions" and self._places is not None:
            return self._places[self._i]
        return int(self._weights[self._i])

    def spans(self) -> list[Span]:
        return [Span(position) for position in (self._places or [[]] * len(self._ids))[self._i]]


class ArrayCodec(base.Codec):  # type: ignore[misc]
    """Reads segments of newsearch for Whoosh. They are written by compatible.ArrayWriter."""

    def terms_reader(self, storage: Any, segment: ArraySegment) -> ArrayTermsReader:
        return ArrayTermsReader(segment)

    def per_document_reader(self, storage: Any, segment: ArraySegment) -> ArrayDocumentReader:
        return ArrayDocumentReader(segment)


class ArraySegment(base.Segment):  # type: ignore[misc]
    """What Whoosh knows of a segment."""

    def __init__(self, name: str, segment: Segment, schema: fields.Schema) -> None:
        super().__init__("newsearch")
        self.segid = name
        self.segment = segment
        self.schema = schema
        self._lexicons: dict[str, Lexicon] = {}

    def codec(self) -> ArrayCodec:
        return ArrayCodec()

    def lexicon(self, field: str) -> Lexicon:
        """The terms of a field of the schema."""
        found = self._lexicons.get(field)
        if found is None:
            encode: Callable[[Any], bytes] = self.schema[field].to_bytes
            if field == "date":
                found = lexicon(self.segment, field, lambda seconds: encode(_moment(seconds)))
            else:
                found = lexicon(self.segment, field, encode)
            self._lexicons[field] = found
        return found

    def doc_count_all(self) -> int:
        return self.segment.articles

    def deleted_count(self) -> int:
        return len(self.segment.deleted)

    def deleted_docs(self) -> list[int]:
        deleted: list[int] = self.segment.deleted.tolist()
        return deleted

    def is_deleted(self, docnum: int) -> bool:
        # Whoosh asks about the number after the last article too.
        return docnum < self.segment.articles and not self.segment.live[docnum]


def _moment(seconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)  # noqa: DTZ001 - Whoosh's dates have no zone


class ArrayTermsReader(base.TermsReader):  # type: ignore[misc]
    """The terms of a segment, field by field."""

    def __init__(self, segment: ArraySegment) -> None:
        self._segment = segment
        self._fields = sorted(segment.schema.names())

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        field, text = term
        return field in self._fields and self._segment.lexicon(field).find(text) >= 0

    def cursor(self, fieldname: str, fieldobj: Any) -> ArrayCursor:
        return ArrayCursor(self._segment.lexicon(fieldname), fieldobj, self.term_info, fieldname)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        return ((field, text) for field in self._fields for text in self._segment.lexicon(field).terms)

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        terms = self._segment.lexicon(fieldname).terms
        yield from ((fieldname, terms[i]) for i in range(bisect_left(terms, prefix), len(terms)))
        for field in self._fields[self._fields.index(fieldname) + 1 :]:
            yield from ((field, text) for text in self._segment.lexicon(field).terms)

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        lexicon = self._segment.lexicon(fieldname)
        number = lexicon.find(text)
        if number < 0:
            raise KeyError((fieldname, text))
        docs, weights = lexicon.docs(number), lexicon.weights(number)
        lengths = _lengths(self._segment.segment, fieldname)
        found = lengths[docs] if lengths is not None else np.array(weights, np.int64)
        return TermInfo(
            sum(weights), len(docs), int(found.min()), int(found.max()), max(weights), min(docs), max(docs)
        )

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> ArrayMatcher:
        lexicon = self._segment.lexicon(fieldname)
        number = lexicon.find(text)
        if number < 0:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return ArrayMatcher(
            lexicon.docs(number),
            lexicon.weights(number),
            lexicon.positions(number),
            format=format_,
            scorer=scorer,
            term=(fieldname, text),
            terminfo=self.term_info(fieldname, text),
        )

    def indexed_field_names(self) -> list[str]:
        return self._fields


class ArrayCursor(base.FieldCursor):  # type: ignore[misc]
    """Walks over the terms of a field."""

    def __init__(
        self, lexicon: Lexicon, fieldobj: Any, info: Callable[[str, bytes], TermInfo], name: str
    ) -> None:
        self._terms = lexicon.terms
        self._fieldobj = fieldobj
        self._info = info
        self._name = name
        self._at = 0

    def first(self) -> str | None:
        self._at = 0
        return self.text()

    def find(self, term: str | bytes) -> str | None:
        self._at = bisect_left(
            self._terms, term if isinstance(term, bytes) else self._fieldobj.to_bytes(term)
        )
        return self.text()

    def next(self) -> str | None:
        self._at += 1
        return self.text()

    def text(self) -> str | None:
        return self._fieldobj.from_bytes(self._terms[self._at]) if self.is_valid() else None

    def term_info(self) -> TermInfo | None:
        return self._info(self._name, self._terms[self._at]) if self.is_valid() else None

    def is_valid(self) -> bool:
        return self._at < len(self._terms)


class ArrayDocumentReader(base.PerDocumentReader):  # type: ignore[misc]
    """The articles of a segment: lengths, columns, stored fields."""

    def __init__(self, segment: ArraySegment) -> None:
        self._segment = segment

    def doc_count(self) -> int:
        return int(self._segment.doc_count())

    def doc_count_all(self) -> int:
        return self._segment.doc_count_all()

    def has_deletions(self) -> bool:
        return bool(self._segment.has_deletions())

    def is_deleted(self, docnum: int) -> bool:
        return self._segment.is_deleted(docnum)

    def deleted_docs(self) -> list[int]:
        return self._segment.deleted_docs()

    def supports_columns(self) -> bool:
        return True

    def has_column(self, fieldname: str) -> bool:
        return fieldname in ("date", "heat", "quality")

    def column_reader(self, fieldname: str, column: Any) -> ArrayColumn:
        return ArrayColumn(self._segment, fieldname)

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        lengths = _lengths(self._segment.segment, fieldname)
        return default if lengths is None else int(lengths[docnum])

    def field_length(self, fieldname: str) -> int:
        lengths = _lengths(self._segment.segment, fieldname)
        return 0 if lengths is None else int(lengths.sum())

    def min_field_length(self, fieldname: str) -> int:
        lengths = _lengths(self._segment.segment, fieldname)
        return 0 if lengths is None or not len(lengths) else int(lengths.min())

    def max_field_length(self, fieldname: str) -> int:
        lengths = _lengths(self._segment.segment, fieldname)
        return 0 if lengths is None or not len(lengths) else int(lengths.max())

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        return stored_fields(self._segment.segment.article(docnum))


def _lengths(segment: Segment, fieldname: str) -> Any:
    if fieldname in ("text", "stem"):
        return segment.lengths.astype(np.int64).sum(axis=1)
    if fieldname in ranking.TEXT_FIELDS:
        return segment.column(f"length_{fieldname}").astype(np.int64)
    return None


class ArrayColumn(ColumnReader):  # type: ignore[misc]
    """A column of numbers in Whoosh's sortable form."""

    def __init__(self, segment: ArraySegment, field: str) -> None:
        self._values = segment.segment.column(field)
        self._known = segment.segment.column("flag") & columns.KNOWN[field]
        self._field = segment.schema[field]
        self._is_date = field == "date"
        self._doccount = segment.doc_count_all()
        self._default = self._field.column_type.default_value()

    def __getitem__(self, docnum: int) -> Any:
        if not self._known[docnum]:
            return self._default
        value = self._values[docnum].item()
        return self._field.to_column_value(_moment(value) if self._is_date else value)

    def set_reverse(self) -> None:
        self._default = self._field.column_type.default_value(reverse=True)


def stored_fields(article: Article) -> dict[str, Any]:
    """An article as the stored fields of a Whoosh document; `topic` is a list."""
    when = article.date
    if isinstance(when, dt.datetime):
        when = when.replace(tzinfo=None)
    elif when is not None:
        when = dt.datetime(when.year, when.month, when.day)  # noqa: DTZ001 - Whoosh's dates have no zone
    values = {
        "id": article.id,
        "title": article.title,
        "excerpt": article.excerpt,
        "topics": " ".join(article.topics),
        "topic": list(article.topics),
        "body": article.body,
        "date": when,
        "url": article.url,
        "provider": article.provider.name if article.provider else None,
        "domain": article.provider.domain if article.provider else None,
        "category": article.category,
        "type": article.type,
        "language": article.language,
        "heat": article.heat,
        "quality": article.quality,
        "published": article.published,
    }
    return {name: value for name, value in values.items() if value not in (None, "", [])}
