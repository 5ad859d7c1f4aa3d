"""Lays Whoosh's own tests over newsearch: a pytest plugin that makes each index they create one of newsearch's.

newsearch's schema is fixed, and these tests bring schemas of their own. This plugin translates between the two. Each
term of a test's field becomes an invented word in the body of an article, at the term's position. Stored fields and
columns become a value of the article. newsearch's writer writes these articles, and its segments, matchers, cursors,
readers and locks answer the tests. Only the names of terms are translated back.

The tests in `known` are expected to fail. If one of them passes, the run fails.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
import pickle
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pytest
from known import KNOWN
from whoosh import fields
from whoosh.codec.whoosh3 import W3Codec
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex
from whoosh.util.text import utf8encode
from whoosh.writing import IndexingError, IndexWriter

from newsearch.articles.article import Article
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.whoosh.codec import ArrayCodec, ArraySegment, ArrayTermsReader
from newsearch.engine.whoosh.compatible import ArrayIndex
from newsearch.engine.whoosh.lexicon import Postings, lexicon
from newsearch.engine.whoosh.writer import ArrayWriter

_LETTERS = "bcdfghjklmnpqrstvwxz"
_FIRST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_GAP = "zzz"


class Place:
    """Where the index of a test is, and which invented word stands for which term."""

    opened = 0
    """How often a test has read a table of contents of newsearch's."""

    def __init__(self, directory: Path, schema: fields.Schema) -> None:
        self.directory = directory
        self.schema = schema
        self.meaning: dict[str, tuple[str, bytes, int]] = {}
        self._words: dict[tuple[str, bytes, int], str] = {}
        self._layers: dict[tuple[str, bytes], int] = defaultdict(int)
        self.numbers = count()
        with ArraysWriter(directory, fresh=True) as writer:
            writer.commit()

    def word(self, field: str, term: bytes, layer: int) -> str:
        """The word of a term. Terms of a field at the same position stand in different layers."""
        key = field, term, layer
        if key not in self._words:
            number, letters = len(self._words), ""
            while number or not letters:
                number, digit = divmod(number, len(_LETTERS))
                letters += _LETTERS[digit]
            self._words[key] = word = f"q{letters}q"
            self.meaning[word] = key
            self._layers[field, term] = max(self._layers[field, term], layer + 1)
        return self._words[key]

    def words(self, field: str, term: bytes) -> list[tuple[int, str]]:
        return [
            (layer, self._words[field, term, layer])
            for layer in range(self._layers.get((field, term), 0))
            if (field, term, layer) in self._words
        ]

    def article(
        self, terms: Sequence[tuple[str, bytes, int, float, list[int] | None]], *values: Any
    ) -> Article:
        """An article that holds a document.

        Args:
            terms: field, term, frequency, weight, and positions, or None in a field without positions.
            values: what its segment keeps of the document beside.
        """
        layers: dict[str, list[dict[int, str]]] = defaultdict(list)
        weights: dict[tuple[str, bytes], float] = {}
        for field, term, frequency, weight, positions in terms:
            if weight != frequency:
                weights[field, term] = weight
            used = layers[field]
            if positions is None:
                start = len(used[0]) if used else 0
                positions = list(range(start, start + frequency))
            for position in positions:
                layer = next((i for i, layer in enumerate(used) if position not in layer), len(used))
                used += [{}] * (layer == len(used))
                used[layer][position] = self.word(field, term, layer)
        texts: list[str] = []
        for field, used in layers.items():
            for number, layer in enumerate(used):
                texts.append(self.word(field, b"", number))
                texts += [layer.get(position, _GAP) for position in range(max(layer) + 1)]
        number = next(self.numbers)
        return Article(
            id=str(number),
            title=_GAP,
            # Without signals, the newest article comes first.
            date=_FIRST - dt.timedelta(seconds=number),
            body=" ".join(texts),
            extra={"document": base64.b64encode(pickle.dumps((*values, weights))).decode()},
        )


def terms_of(name: str, field: Any, value: Any) -> Iterator[tuple[str, bytes, int, float, list[int] | None]]:
    """The terms of a value, as Whoosh's field makes them."""
    if field.indexed:
        for term, frequency, weight, coded in field.index(value):
            yield name, term, frequency, weight, positions_in(field.format, coded)
    if field.separate_spelling():
        for number, word in enumerate(field.spellable_words(value)):
            yield field.spelling_fieldname(name), utf8encode(word)[0], 1, 1.0, [number]


def positions_in(format: Any, coded: bytes) -> list[int] | None:
    return list(format.decode_positions(coded)) if format.supports("positions") else None


class LaidLexicon:
    """The terms of a test's field, behind the words that stand for them."""

    def __init__(
        self, segment: Segment, place: Place, field: str, has_positions: bool, weights: Sequence[Any]
    ) -> None:
        self._segment = segment
        self._weights = weights
        self._place = place
        self._field = field
        self._has_positions = has_positions
        self._body = lexicon(segment, "body", lambda value: value)

    @cached_property
    def terms(self) -> Sequence[bytes]:
        found = set()
        for number in range(len(self._segment.dictionary)):
            field, term, _ = self._place.meaning.get(self._segment.dictionary.term(number), ("", b"", 0))
            if field == self._field and term:
                found.add(term)
        return sorted(found)

    def occurrences(self, term: bytes) -> list[tuple[int, list[int]]]:
        """The documents of a term, each with its positions."""
        at: dict[int, list[int]] = defaultdict(list)
        for layer, word in self._place.words(self._field, term) if term else ():
            marks = dict(self._occurrences(self._place.word(self._field, b"", layer)))
            for doc, positions in self._occurrences(word):
                at[doc] += [position - marks[doc][0] - 1 for position in positions]
        return [(doc, sorted(at[doc])) for doc in sorted(at)]

    def postings(self, term: bytes) -> Postings | None:
        found = self.occurrences(term)
        if not found:
            return None
        docs = np.array([doc for doc, _ in found])
        weights = np.array([self._weights[doc].get((self._field, term), len(at)) for doc, at in found])
        if not self._has_positions:
            return Postings(docs, weights)
        counts = [len(at) for _, at in found]
        return Postings(
            docs, weights, np.append(0, np.cumsum(counts)), np.concatenate([at for _, at in found])
        )

    def _occurrences(self, word: str) -> Iterator[tuple[int, list[int]]]:
        found = self._body.postings(word.encode())
        if found is not None and found.places is not None:
            at, positions = found.places
            for number, doc in enumerate(found.docs.tolist()):
                yield doc, positions[at[number] : at[number + 1]]


class LaidSegment(ArraySegment):
    place: Place

    def codec(self) -> ArrayCodec:
        return LaidCodec()

    def lexicon(self, field: str) -> Any:
        if field not in self._lexicons:
            format = self.schema[field].format if field in self.schema else None
            has_positions = bool(format and format.supports("positions"))
            weights = [weights for *_, weights in self.documents]
            self._lexicons[field] = LaidLexicon(self.segment, self.place, field, has_positions, weights)
        return self._lexicons[field]

    def field_names(self) -> list[str]:
        words = (self.segment.dictionary.term(number) for number in range(len(self.segment.dictionary)))
        return sorted({self.place.meaning[word][0] for word in words if word in self.place.meaning})

    def lengths(self, field: str) -> Any:
        if field not in self._lengths:
            lengths = [lengths.get(field, 0) for _, _, lengths, _ in self.documents]
            is_scorable = field in self.schema and self.schema[field].scorable
            self._lengths[field] = np.array(lengths, np.int64) if is_scorable else None
        return self._lengths[field]

    @cached_property
    def documents(self) -> list[tuple[dict[str, Any], ...]]:
        """Of each document: stored fields, columns, lengths of fields, weights of terms."""
        packed = (self.segment.article(doc).extra["document"] for doc in range(self.segment.articles))
        return [pickle.loads(base64.b64decode(text)) for text in packed]

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        return self.documents[docnum][0]

    def has_words(self, field: str) -> bool:
        return bool(self.schema[field].vector)

    def words(self, docnum: int, field: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for term in self.lexicon(field).terms:
            for doc, positions in self.lexicon(field).occurrences(term):
                if doc == docnum:
                    found[term.decode()] = positions
        return found

    def has_values(self, field: str) -> bool:
        return any(field in columns for _, columns, *_ in self.documents)

    def sort_keys(self, field: str) -> list[Any]:
        default = self.schema[field].column_type.default_value()
        return [columns.get(field, default) for _, columns, *_ in self.documents]


class LaidTermsReader(ArrayTermsReader):
    def __init__(self, segment: LaidSegment) -> None:
        super().__init__(segment)
        self._fields = segment.field_names()


class LaidCodec(ArrayCodec):
    def terms_reader(self, storage: Any, segment: Any) -> ArrayTermsReader:
        return LaidTermsReader(segment)


class LaidWriter(ArrayWriter):
    """newsearch's writer, for documents of any schema."""

    def add_document(self, **document: Any) -> None:
        self._check_state()
        if any(name == "_boost" or (name[0] == "_" and name.endswith("_boost")) for name in document):
            raise IndexingError("newsearch keeps no boosts of documents and fields")
        terms: list[Any] = []
        stored: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        lengths: dict[str, int] = {}
        for name in sorted(name for name in document if not name.startswith("_")):
            if name not in self.schema:
                raise fields.UnknownFieldError(f"No field named {name!r}")
            value = document[name]
            if value is None:
                continue
            field = self.schema[name]
            found = list(terms_of(name, field, value))
            terms += found
            lengths[name] = sum(frequency for of, _, frequency, *_ in found if of == name)
            kept = document.get(f"_stored_{name}", value)
            if field.stored:
                stored[name] = kept
            if field.column_type and kept is not None:
                columns[name] = field.to_column_value(kept)
        self._add(self._index.place.article(terms, stored, columns, lengths))

    def add_reader(self, reader: Any) -> None:
        """Add the documents of a reader from its postings, since these schemas do not store all that they index."""
        self._check_state()
        terms: dict[int, list[Any]] = defaultdict(list)
        for name, term, docnum, weight, coded in reader.iter_postings():
            format = self.schema[name].format if name in self.schema else None
            if format is not None:
                positions = positions_in(format, coded)
                frequency = int(weight) if positions is None else len(positions)
                terms[docnum].append((name, term, frequency, weight, positions))
        for docnum, stored in reader.iter_docs():
            known = {name: value for name, value in stored.items() if name in self.schema}
            columns = {
                name: reader.column_reader(name, translate=False)[docnum]
                for name, field in self.schema.items()
                if field.column_type and reader.has_column(name)
            }
            lengths = {name: reader.doc_field_length(docnum, name) for name in self.schema.scorable_names()}
            self._add(self._index.place.article(terms[docnum], known, columns, lengths))

    update_document = IndexWriter.update_document

    def start_group(self) -> None:
        """Nothing to do: here articles are numbered in the order of addition, which keeps a group together."""

    end_group = start_group


class LaidIndex(ArrayIndex):
    """newsearch's index, for any schema."""

    _writer_class = LaidWriter

    def __init__(self, storage: Any, schema: Any = None, indexname: str = "MAIN") -> None:
        self.place = _places(storage)[indexname]
        if schema is not None:
            self.place.schema = schema
        super().__init__(self.place.directory)
        self.storage = storage
        self.indexname = indexname

    def _segment_class(self, name: str, segment: Segment, schema: Any) -> LaidSegment:
        laid = LaidSegment(name, segment, schema)
        laid.place = self.place
        return laid

    def writer(self, *args: Any, codec: Any = None, **options: Any) -> Any:
        # A test that names the codec that it would get anyway gets ours, too.
        return super().writer(*args, codec=None if isinstance(codec, W3Codec) else codec, **options)

    def _read_toc(self) -> Any:
        Place.opened += 1
        return super()._read_toc()

    def _make_schema(self, segments: Any, protected: Any) -> Any:
        return self.place.schema


_on_disk: dict[str, dict[str, Place]] = {}
_in_memory: WeakKeyDictionary[Any, dict[str, Place]] = WeakKeyDictionary()
_temporary: list[str] = []


def _places(storage: Any) -> dict[str, Place]:
    """The indexes in one of Whoosh's storages."""
    if isinstance(storage, FileStorage):
        return _on_disk.setdefault(os.path.realpath(storage.folder), {})
    return _in_memory.setdefault(storage, {})


def _create(cls: Any, storage: Any, schema: Any, indexname: str = "MAIN") -> LaidIndex:
    schema = fields.ensure_schema(schema)
    _temporary.append(tempfile.mkdtemp(prefix="laid-"))
    _places(storage)[indexname] = Place(Path(_temporary[-1]), schema)
    return LaidIndex(storage, None, indexname)


def _new(cls: Any, storage: Any = None, schema: Any = None, indexname: str = "MAIN") -> Any:
    # Places exist only in storages that a test created an index in.
    try:
        is_ours = cls is FileIndex and indexname in _places(storage)
    except TypeError:
        is_ours = False
    return object.__new__(LaidIndex if is_ours else cls)


def pytest_configure(config: pytest.Config) -> None:
    FileIndex.create = classmethod(_create)
    FileIndex.__new__ = staticmethod(_new)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    # What a test picks at random must not decide whether it fails as expected.
    random.seed(0)
    before = Place.opened
    try:
        return (yield)
    finally:
        if Place.opened > before:
            item.user_properties.append(("index", True))


def pytest_sessionfinish() -> None:
    for directory in _temporary:
        shutil.rmtree(directory, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        reason = KNOWN.get(item.nodeid.rpartition("/")[2].partition("[")[0])
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    stats = terminalreporter.stats
    passed = sum(("index", True) in report.user_properties for report in stats.get("passed", ()))
    known = len(stats.get("xfailed", ()))
    terminalreporter.write_line(
        f"{passed} of Whoosh's own tests with an index pass over newsearch; {known} fail as known.py says"
    )
