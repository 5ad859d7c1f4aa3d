"""All segments of one generation as one: articles numbered through, columns end to end, words looked up once.

An article's number here is its number in its segment plus the articles of the segments before. What queries touch is
put together when it is first asked for, and kept: columns that they filter or sort by, postings of their words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from math import ceil
from threading import Lock
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.article import Article
from newsearch.engine.whoosh import columns
from newsearch.engine.whoosh.columns import Pivots
from newsearch.engine.whoosh.positions import Occurrences
from newsearch.engine.whoosh.records import Record
from newsearch.engine.whoosh.segment import Place, Segment

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]

_CACHED_BYTES = 32 << 20
_CACHED_BYTES_PER_ARTICLE = 192
"""Joined postings are kept in at most so much memory, the least lately used ones forgotten first."""

_TABLE_SHARE = 24
"""A word that stands in more than one article of so many is worth a table over all of them, which takes several times
the memory of its postings and is read several times as fast."""


class Part(NamedTuple):
    """Articles, sorted, each with a score of value * unit, which is above 0 and at most `best`.

    `table` holds the values by article number, 0 where there is none, where the list is long enough for one.
    """

    doc: Array
    value: Array
    unit: float
    best: float
    table: Array | None = None

    def look_up(self, docs: Array) -> Array:
        """The values of these articles, 0 for one that is not in the list."""
        if self.table is not None:
            return self.table.take(docs)
        if not len(self.doc):
            return np.zeros(len(docs), np.uint8)
        at = self.doc.searchsorted(docs)
        found: Array = self.value.take(at, mode="clip") * (self.doc.take(at, mode="clip") == docs)
        return found

    def at_least(self, score: float) -> tuple[Array, Array]:
        """All articles that score at least this (and maybe some that score hardly less), and their values."""
        if score <= 0:
            return self.doc, self.value
        least = score / self.unit * (1 - 1e-9)
        if score > self.best * (1 + 1e-9):
            return self.doc[:0], self.value[:0]
        # Codes are compared as the small integers that they are: many times faster than scoring them.
        kept = (
            self.value >= (self.value.dtype.type(ceil(least)) if self.value.dtype.kind == "u" else least)
        ).nonzero()[0]
        return self.doc.take(kept), self.value.take(kept)


_Kept = TypeVar("_Kept", Part, Occurrences)


class View:
    """One generation of an index, as the search sees it. Read-only, but for what it remembers."""

    def __init__(self, segments: Sequence[Segment], pivots: Pivots) -> None:
        self.segments = segments
        self.pivots = pivots
        self.starts = [0]
        for segment in segments:
            self.starts.append(self.starts[-1] + segment.articles)
        self.articles = self.starts[-1]
        self.live_articles = sum(segment.live_articles for segment in segments)
        self._columns: dict[str, Array] = {}
        self._names: dict[str, list[str]] = {}
        self._chosen: dict[tuple[str, str], Mask] = {}
        self._words: dict[str, Part] = {}
        self._forms: dict[str, Occurrences] = {}
        self._cached = 0
        self._lock = Lock()
        self._budget = max(_CACHED_BYTES, _CACHED_BYTES_PER_ARTICLE * self.articles)
        self._boost: tuple[ranking.Boosts, ranking.Floats, float] | None = None

    # Words

    def word(self, term: str) -> Part:
        """The postings of a word in all its forms, scored, the form that is asked for worth more (see ranking)."""
        found = self._kept(self._words, term)
        if found is None:
            lists = [segment.word(term) for segment in self.segments]
            doc = self._numbered([doc for doc, _ in lists])
            found = self.weighted(doc, _joined([code for _, code in lists], np.uint16), 1 / ranking.PARTS)
            self._remember(self._words, term, found)
        return found

    def form(self, term: str) -> Occurrences:
        """Where one exact form stands."""
        found = self._kept(self._forms, term)
        if found is None:
            numbers = [segment.dictionary.number(term) for segment in self.segments]
            found = self._occurrences([[Place(n, n + 1)] if n >= 0 else [] for n in numbers])
            self._remember(self._forms, term, found)
        return found

    def any_form(self, term: str) -> Occurrences:
        """Where a word stands in any of its forms."""
        return self._occurrences([segment.any_form(term) for segment in self.segments])

    def prefix(self, prefix: str) -> Occurrences:
        """Where the exact forms stand that begin so."""
        # Neighbouring forms have neighbouring postings: a prefix is one slice.
        return self._occurrences([[Place(*s.dictionary.prefix_range(prefix))] for s in self.segments])

    def _occurrences(self, places: Sequence[Sequence[Place]]) -> Occurrences:
        """Where exact forms stand, given for each segment."""
        parts = [
            (start, segment.occurrences(*place))
            for segment, start, ranges in zip(self.segments, self.starts, places, strict=False)
            for place in ranges
        ]
        is_one = all(len(r) < 2 and all(last - first < 2 for first, last, _ in r) for r in places)
        doc, code, pos, more_doc, more_pos = ([arrays[i] for _, arrays in parts] for i in range(5))
        starts = [start for start, _ in parts]
        docs = self._numbered(doc, starts)
        return Occurrences(
            docs,
            _joined(code, np.uint8),
            _joined(pos, np.uint16),
            self._numbered(more_doc, starts),
            _joined(more_pos, np.uint16),
            is_one,
            self.unit(docs) if is_one else 0.0,
        )

    def _kept(self, memory: dict[str, _Kept], term: str) -> _Kept | None:
        with self._lock:
            found = memory.pop(term, None)
            if found is not None:
                # Put back at the end, so that the first one is always the least lately used.
                memory[term] = found
            return found

    def _remember(self, memory: dict[str, Any], term: str, found: Part | Occurrences) -> None:
        with self._lock:
            if term in memory:
                return
            memory[term] = found
            self._cached += _size(found)
            for kept in (self._forms, self._words):
                while self._cached > self._budget and len(kept) > 1:
                    self._cached -= _size(kept.pop(next(iter(kept))))

    def weighted(self, doc: Array, value: Array, weight: float) -> Part:
        """Articles, and codes of one word in them -> a list that is scored by how few articles hold the word."""
        table = None
        if len(doc) * _TABLE_SHARE > self.articles:
            table = np.zeros(self.articles, value.dtype)
            table[doc] = value
        unit = weight * self.unit(doc)
        return Part(doc, value, unit, unit * int(value.max()) if len(value) else 0.0, table)

    def unit(self, doc: Array) -> float:
        """The score of one 255th of saturated weight of a word that these articles hold."""
        return ranking.CODE_SCALE * ranking.idf(self.live_articles, self.count_live(doc))

    def _numbered(self, docs: Sequence[Array], starts: Sequence[int] | None = None) -> Array:
        """Articles of segments, end to end, numbered through; `starts` says where the numbers of each list start."""
        if len(self.segments) == 1:
            return _joined(docs, np.uint16)
        numbered = [
            doc.astype(np.uint32) + np.uint32(start)
            for doc, start in zip(docs, self.starts if starts is None else starts, strict=False)
        ]
        return _joined(numbered, np.uint32)

    def count_live(self, doc: Array) -> int:
        """How many of these articles are neither deleted nor replaced."""
        return len(doc) if self.live_articles == self.articles else int(np.count_nonzero(self.live.take(doc)))

    # Columns

    def column(self, name: str) -> Array:
        """A column over all articles; one that numbers strings numbers those of `names`."""
        found = self._columns.get(name)
        if found is None:
            parts = [segment.column(name) for segment in self.segments]
            if name in columns.TABLES and len(parts) > 1:
                number = {text: i for i, text in enumerate(self.names(name))}
                parts = [
                    np.array([number[text] for text in segment.names(name)], np.uint32).take(part)
                    for segment, part in zip(self.segments, parts, strict=True)
                ]
            found = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.uint8), *parts])
            self._columns[name] = found
        return found

    def names(self, table: str) -> list[str]:
        """The strings of a table, over all segments."""
        found = self._names.get(table)
        if found is None:
            found = list(dict.fromkeys(name for segment in self.segments for name in segment.names(table)))
            self._names[table] = found
        return found

    def chosen(self, table: str, key: str, test: Callable[[str], bool]) -> Mask:
        """For each string of a table, whether its folded form passes a test; remembered under `key`."""
        found = self._chosen.get((table, key))
        if found is None:
            names = self.names(table)
            found = np.fromiter((test(name.casefold()) for name in names), bool, len(names))
            if len(self._chosen) >= 256:
                self._chosen = {}
            self._chosen[table, key] = found
        return found

    @cached_property
    def topic_at(self) -> Array:
        """Where the topics of each article begin in the column `topic`, and the end of the last."""
        counts = [np.diff(segment.file.array("topic_at").astype(np.int64)) for segment in self.segments]
        return np.concatenate(([0], np.cumsum(np.concatenate([np.empty(0, np.int64), *counts]))))

    @cached_property
    def live(self) -> Mask:
        """For each article, whether it is neither deleted nor replaced."""
        return np.concatenate([np.empty(0, bool), *(segment.live for segment in self.segments)])

    @cached_property
    def visible(self) -> Mask:
        """For each article, whether it is live and published."""
        published: Mask = (self.column("flag") & columns.PUBLISHED) != 0
        return self.live & published

    @property
    def all_live(self) -> bool:
        """Whether no article is deleted or replaced."""
        return self.live_articles == self.articles

    @cached_property
    def all_visible(self) -> bool:
        """Whether every article is live and published."""
        return bool(self.visible.all())

    def known(self, name: str, docs: Array | slice = slice(None)) -> ranking.Floats:
        """heat, quality or date (seconds) of these articles, NaN where it is not known."""
        return columns.known(name, self.column("flag")[docs], self.column(name)[docs])

    def boost(self, boosts: ranking.Boosts) -> tuple[ranking.Floats, float]:
        """2 ** (w_heat * s(heat)) * 2 ** (w_quality * s(quality)) of every article, and the highest of them."""
        known = self._boost
        if known is None or known[0] != boosts:
            heat = np.exp2(boosts.heat * ranking.signal(self.known("heat"), self.pivots.heat))
            heat *= np.exp2(boosts.quality * ranking.signal(self.known("quality"), self.pivots.quality))
            # One object, kept and returned whole: another thread may put its own boosts here meanwhile.
            self._boost = known = boosts, heat, float(heat.max()) if len(heat) else 1.0
        return known[1], known[2]

    # Text fields

    @cached_property
    def lengths(self) -> Array:
        """Words in each text field: shape (articles, fields)."""
        return np.concatenate(
            [np.empty((0, len(ranking.TEXT_FIELDS)), np.uint8), *(s.lengths for s in self.segments)]
        )

    @cached_property
    def _field_ends(self) -> Array:
        return np.cumsum(self.lengths, axis=1, dtype=np.int32)

    def in_field(self, keys: Array, field: str) -> tuple[Array, Array]:
        """Articles of those occurrences that stand in a text field, and their code, counted in that field alone."""
        number = ranking.TEXT_FIELDS.index(field)
        doc, tf = np.unique(keys[self._fields(keys)[0] == number] >> 16, return_counts=True)
        weight = ranking.field_weights(self.lengths.take(doc, axis=0))[:, number]
        return doc, ranking.saturate(weight * tf)

    def within_field(self, start: Array, end: Array, field: str | None) -> Mask:
        """For each stretch of text, given by its first and last key, whether it lies in one field, and in this one."""
        fields, ends = self._fields(start)
        within: Mask = (start & 0xFFFF) + (end - start) < ends[np.arange(len(start)), fields]
        return within if field is None else within & (fields == ranking.TEXT_FIELDS.index(field))

    def _fields(self, keys: Array) -> tuple[Array, Array]:
        """The number of the text field in which each occurrence stands, and where the fields of its article end."""
        ends = self._field_ends.take(keys >> 16, axis=0)
        return (ends <= (keys & 0xFFFF)[:, None]).sum(axis=1), ends

    # Articles

    def place(self, doc: int) -> tuple[Segment, int]:
        """The segment of an article, and its number there."""
        if len(self.segments) == 1:
            return self.segments[0], doc
        number = bisect_right(self.starts, doc) - 1
        return self.segments[number], doc - self.starts[number]

    def article(self, doc: int) -> Article:
        """The article of this number. Raises IndexCorrupt where its record is damaged."""
        segment, number = self.place(doc)
        return segment.article(number)

    def record(self, doc: int) -> Record:
        """The stored record of the article of this number. Raises IndexCorrupt where it is damaged."""
        segment, number = self.place(doc)
        return segment.records.read(number)


def _joined(arrays: Sequence[Array], dtype: type) -> Array:
    """Arrays end to end; a single one as it is."""
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate(arrays) if arrays else np.empty(0, dtype)


def _size(found: Part | Occurrences) -> int:
    return 512 + sum(array.nbytes for array in found if isinstance(array, np.ndarray))
