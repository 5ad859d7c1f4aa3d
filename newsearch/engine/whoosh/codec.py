"""A Whoosh codec over newsearch's arrays: every reader, matcher and cursor that Whoosh's query classes need.

newsearch's own searches do not use it. They read the same arrays directly. `compatible` opens an index with this codec.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from whoosh import fields
from whoosh.codec import base
from whoosh.columns import ColumnReader
from whoosh.matching import ListMatcher, Matcher, NullMatcher
from whoosh.reading import SegmentReader, TermInfo, TermNotFound

from newsearch import ranking
from newsearch._cached import cached_property
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.whoosh.lexicon import Lexicon, Postings, lexicon
from newsearch.engine.whoosh.matcher import ArrayMatcher, encoded
from newsearch.engine.whoosh.stored import StoredFields, moment, words

Array: TypeAlias = NDArray[Any]

_MAX_CACHED = 8 << 20
"""The maximum number of postings that a segment caches for later queries."""

_MAX_LIVE = 4096
"""The maximum number of terms whose postings without deleted articles a segment caches."""

_TEXTS = frozenset((*ranking.TEXT_FIELDS, "text", "stem"))
"""The fields that have words."""


class ArrayCodec(base.Codec):  # type: ignore[misc]
    """Reads newsearch segments for Whoosh. compatible.ArrayWriter writes them."""

    def terms_reader(self, storage: Any, segment: ArraySegment) -> ArrayTermsReader:
        return ArrayTermsReader(segment)

    def per_document_reader(self, storage: Any, segment: ArraySegment) -> ArrayDocumentReader:
        return ArrayDocumentReader(segment)


class ArraySegment(base.Segment):  # type: ignore[misc]
    """A segment as Whoosh sees it."""

    def __init__(self, name: str, segment: Segment, schema: fields.Schema) -> None:
        super().__init__("newsearch")
        self.segid = name
        self.segment = segment
        self.schema = schema
        self._lexicons: dict[str, Lexicon] = {}
        self._postings: dict[tuple[str, bytes], Postings | None] = {}
        self._cached = 0
        self._infos: dict[tuple[str, bytes], TermInfo] = {}
        self._lengths: dict[str, Array | None] = {}
        self._length_lists: dict[str, memoryview | None] = {}
        self._keys: dict[str, list[int]] = {}
        self._also_deleted: frozenset[int] = frozenset()
        self._live: dict[tuple[str, bytes], Postings | None] = {}

    def without(self, docnums: frozenset[int]) -> ArraySegment:
        """This segment with more articles deleted. Both share what they cache."""
        other = copy(self)
        other.segid = f"{self.segid}-{hash(docnums):x}"
        other._also_deleted = self._also_deleted | docnums
        other._live = {}
        return other

    def codec(self) -> ArrayCodec:
        return ArrayCodec()

    def lexicon(self, field: str) -> Lexicon:
        """The terms of a field of the schema."""
        found = self._lexicons.get(field)
        if found is None:
            described = self.schema[field]
            encode: Callable[[Any], bytes] = described.to_bytes
            if field in columns.DAY_ALONE:
                encode = lambda seconds: described.to_bytes(moment(seconds))  # noqa: E731
            found = lexicon(self.segment, field, encode, getattr(described, "shift_step", 0))
            self._lexicons[field] = found
        return found

    def postings(self, field: str, term: bytes) -> Postings | None:
        """The postings of a term, cached for later queries. None if there is no such term."""
        key = field, term
        if key in self._postings:
            return self._postings[key]
        found = self.lexicon(field).postings(term)
        self._cached += len(found) if found else 1
        if self._cached > _MAX_CACHED:
            self._postings, self._infos = {}, {}
            self._cached = len(found) if found else 1
        self._postings[key] = found
        return found

    def live_postings(self, field: str, term: bytes) -> Postings | None:
        """The postings of a term in articles that are not deleted, cached like `postings`. None if there are none."""
        found = self.postings(field, term)
        if found is None or not self.deleted_count():
            return found
        key = field, term
        if key not in self._live:
            if len(self._live) >= _MAX_LIVE:
                self._live = {}
            live = self.segment.live.take(found.docs)
            if self._also_deleted:
                live &= ~np.isin(found.docs, list(self._also_deleted))
            self._live[key] = found if live.all() else found.only(live) if live.any() else None
        return self._live[key]

    def info(self, field: str, term: bytes) -> TermInfo | None:
        """Whoosh's statistics of a term. None if there is no such term."""
        known = self._infos.get((field, term))
        if known is None and (found := self.postings(field, term)) is not None:
            lengths, weights = self.lengths(field), found.weights
            of_term = weights if lengths is None else lengths.take(found.docs)
            known = self._infos[field, term] = TermInfo(
                float(weights.sum()),
                len(found),
                int(of_term.min()),
                int(of_term.max()),
                float(weights.max()),
                int(found.docs[0]),
                int(found.docs[-1]),
            )
        return known

    def lengths(self, field: str) -> Array | None:
        """The length of a text field in every article. None for other fields."""
        if field not in self._lengths:
            found = None
            if field in ("text", "stem"):
                found = self.segment.lengths.sum(axis=1, dtype=np.int64)
            elif field in ranking.TEXT_FIELDS:
                found = self.segment.column(f"length_{field}").astype(np.int64)
            self._lengths[field] = found
        return self._lengths[field]

    def length(self, docnum: int, field: str, default: int) -> int:
        """The length of a text field in one article, or `default` for other fields."""
        if field not in self._length_lists:
            lengths = self.lengths(field)
            self._length_lists[field] = None if lengths is None else memoryview(lengths)
        found = self._length_lists[field]
        if found is None:
            return default
        length: int = found[docnum]
        return length

    def sort_keys(self, field: str) -> list[int]:
        """The value of a numeric column in every article, in Whoosh's sortable form."""
        if field not in self._keys:
            described = self.schema[field]
            values, number = np.unique(self.segment.column(field), return_inverse=True)
            keys = [described.to_column_value(value) for value in self._column_values(field, values)]
            keys.append(described.column_type.default_value())
            known = (self.segment.column("flag") & columns.KNOWN[field]) != 0
            at = np.where(known, number.reshape(-1), len(values)).tolist()
            self._keys[field] = [keys[i] for i in at]
        return self._keys[field]

    def has_values(self, field: str) -> bool:
        """Whether a field has a numeric column, and any article has a value in it."""
        return field in columns.KNOWN and bool((self.segment.column("flag") & columns.KNOWN[field]).any())

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """The stored fields of one article (see StoredFields)."""
        return self._stored(docnum)

    def has_words(self, field: str) -> bool:
        """Whether `words` knows a field."""
        return field in _TEXTS

    def words(self, docnum: int, field: str) -> dict[str, list[int]]:
        """The terms of a text field in one article, sorted, each with its positions."""
        return words(self.segment, self._stored, docnum, field)

    @cached_property
    def _stored(self) -> StoredFields:
        return StoredFields(self.segment)

    def _column_values(self, field: str, values: Array) -> list[Any]:
        return [moment(v) for v in values.tolist()] if field in columns.DAY_ALONE else values.tolist()

    def doc_count_all(self) -> int:
        return self.segment.articles

    def deleted_count(self) -> int:
        return len(self.deleted_docs() if self._also_deleted else self.segment.deleted)

    def deleted_docs(self) -> list[int]:
        deleted: list[int] = self.segment.deleted.tolist()
        return sorted({*deleted, *self._also_deleted}) if self._also_deleted else deleted

    def is_deleted(self, docnum: int) -> bool:
        # Whoosh also asks about the number after the last article.
        if docnum >= self.segment.articles:
            return False
        return not self.segment.live[docnum] or docnum in self._also_deleted


class ArrayReader(SegmentReader):  # type: ignore[misc]
    """Reads a segment. Its matchers leave out deleted articles themselves, which is faster than Whoosh's filter."""

    deleted_docs_set: frozenset[int] = frozenset()


class ArrayTermsReader(base.TermsReader):  # type: ignore[misc]
    """The terms of a segment, field by field."""

    def __init__(self, segment: ArraySegment) -> None:
        self._segment = segment
        self._fields = sorted(segment.schema.names())

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        field, text = term
        return field in self._fields and self._segment.postings(field, text) is not None

    def cursor(self, fieldname: str, fieldobj: Any) -> ArrayCursor:
        return ArrayCursor(self._segment.lexicon(fieldname), fieldobj, self.term_info, fieldname)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        return ((field, text) for field in self._fields for text in self._segment.lexicon(field).terms)

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        terms = self._segment.lexicon(fieldname).terms
        yield from ((fieldname, terms[i]) for i in range(bisect_left(terms, prefix), len(terms)))
        for field in self._fields[bisect_right(self._fields, fieldname) :]:
            yield from ((field, text) for text in self._segment.lexicon(field).terms)

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms())

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        return ((term, self.term_info(*term)) for term in self.terms_from(fieldname, prefix))

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        found = self._segment.info(fieldname, text)
        if found is None:
            raise KeyError((fieldname, text))
        return found

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        found = self._segment.postings(fieldname, text)
        return len(found) if found else 0

    def matcher(self, fieldname: str, text: bytes, format_: Any, scorer: Any = None) -> Matcher:
        """The articles of a term that are not deleted (see ArrayReader)."""
        segment = self._segment
        if segment.postings(fieldname, text) is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        found = segment.live_postings(fieldname, text)
        if found is None:
            return NullMatcher()

        def lengths() -> Array:
            all_lengths = segment.lengths(fieldname)
            return np.ones(len(found), np.int64) if all_lengths is None else all_lengths.take(found.docs)

        info = segment.info(fieldname, text)
        return ArrayMatcher(found, lengths, format_, scorer, (fieldname, text), info)

    def indexed_field_names(self) -> list[str]:
        return self._fields


class ArrayCursor(base.FieldCursor):  # type: ignore[misc]
    """Iterates over the terms of a field."""

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
        # As in Whoosh's own indexes, a column without any values does not exist.
        return self._segment.has_values(fieldname)

    def column_reader(self, fieldname: str, column: Any) -> ArrayColumn:
        return ArrayColumn(self._segment, fieldname)

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        return self._segment.length(docnum, fieldname, default)

    def field_length(self, fieldname: str) -> int:
        lengths = self._segment.lengths(fieldname)
        return 0 if lengths is None else int(lengths.sum())

    def min_field_length(self, fieldname: str) -> int:
        lengths = self._segment.lengths(fieldname)
        return 0 if lengths is None or not len(lengths) else int(lengths.min())

    def max_field_length(self, fieldname: str) -> int:
        lengths = self._segment.lengths(fieldname)
        return 0 if lengths is None or not len(lengths) else int(lengths.max())

    def has_vector(self, docnum: int, fieldname: str) -> bool:
        return self._segment.has_words(fieldname)

    def vector(self, docnum: int, fieldname: str, format_: Any) -> ListMatcher:
        """The words of a text field in one article, from the stored text. Empty if the field is empty."""
        found = self._segment.words(docnum, fieldname)
        weights = [float(len(positions)) for positions in found.values()]
        values = [encoded(format_, len(positions), positions) for positions in found.values()]
        return ListMatcher(list(found), weights, values, format_)

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        return self._segment.stored_fields(docnum)


class ArrayColumn(ColumnReader):  # type: ignore[misc]
    """A numeric column in Whoosh's sortable form."""

    def __init__(self, segment: ArraySegment, field: str) -> None:
        self._keys = segment.sort_keys(field)
        self._is_reversed = False

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, docnum: int) -> int:
        return self._keys[docnum]

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def sort_key(self, docnum: int) -> int:
        return -self._keys[docnum] if self._is_reversed else self._keys[docnum]

    def load(self) -> list[int]:
        return list(self._keys)

    def set_reverse(self) -> None:
        self._is_reversed = True
