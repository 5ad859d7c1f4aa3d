"""Articles -> the arrays of one segment, in bulk.

Texts become chunk numbers as they arrive, one dictionary look-up a word; all else happens once a segment, in
numpy: chunks to terms, one sort, one pass that sums weights. No Python runs per posting.

A segment holds at most MAX_ARTICLES articles, so that an article's number fits in 16 bits, numbered by falling
boost so that a search can stop early. Its arrays are those of `postings`, `columns` and `records`, and the
columns length_<field>: the words in each text field.
"""

from __future__ import annotations

from array import array
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import analysis, ranking
from newsearch.article import Article
from newsearch.engine.whoosh.columns import Columns, Pivots, inverse, ranges
from newsearch.engine.whoosh.content import content_hash
from newsearch.engine.whoosh.postings import invert, number_stems, term_arrays
from newsearch.engine.whoosh.records import encode_record, pack_records
from newsearch.engine.whoosh.tongues import languages_of

Array: TypeAlias = NDArray[Any]

MAX_ARTICLES = 1 << 16
FIELD_END = "\0"
"""A chunk that no text holds and that gives no term: it marks where a field ends."""

MEMORY = 512 << 20
"""Bytes that a run may take, unless it is told otherwise."""

_BYTES_PER_WORD, _BYTES_PER_RECORD_BYTE, _BYTES_PER_ARTICLE, _BYTES_PER_CHUNK = 72, 3, 900, 200
"""What a segment takes while it is built, at its peak, and what a vocabulary takes; measured, and rounded up."""

_BATCH = 512


class Vocabulary(dict[str, int]):
    """Chunks of text, numbered as they first come and analysed once, for all the segments of one run.

    Args:
        protected: terms that keep to themselves (see Stemming).
    """

    def __init__(self, protected: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.stemmings = analysis.stemmings(protected)
        self.terms: dict[str, int] = {}
        self._names: list[str] = []
        self._stems: dict[str, int] = {}
        self._term_stem = array("i")
        self._chunk_terms = array("i")
        self._chunk_at = array("i", [0, 0])
        self[FIELD_END] = 0

    def __missing__(self, chunk: str) -> int:
        terms = self.terms
        for term in analysis.chunk_terms(chunk):
            self._chunk_terms.append(terms.setdefault(term, len(terms)))
        self._chunk_at.append(len(self._chunk_terms))
        number = self[chunk] = len(self)
        return number

    @property
    def size(self) -> int:
        """An estimate of the bytes that it takes."""
        return _BYTES_PER_CHUNK * len(self)

    def expand(self, chunks: Array) -> tuple[Array, Array]:
        """The term numbers of a text given in chunks, and where its fields end, counted in terms."""
        at = np.array(self._chunk_at)
        counts = np.diff(at)[chunks]
        terms = np.array(self._chunk_terms)[ranges(at[chunks], counts)]
        return terms, np.cumsum(counts)[chunks == self[FIELD_END]]

    def sorted_terms(self, used: Array) -> tuple[Array, Array]:
        """Terms in the order of their text, out of those of a mask: their numbers, and the place of every term."""
        names = self._names
        names += islice(self.terms, len(names), None)
        order = np.flatnonzero(used).tolist()
        order.sort(key=names.__getitem__)
        place = np.zeros(len(names), np.int64)
        place[order] = np.arange(len(order))
        return np.array(order, np.int64), place

    def names(self, terms: Array) -> list[str]:
        """The texts of terms that were sorted before."""
        return [self._names[i] for i in terms.tolist()]

    def stems(self, language: int, terms: Array) -> Array:
        """For each term a number, equal for those that share a stem in this language."""
        if language:
            return np.array(number_stems(self.stemmings[language], self.names(terms), {}), np.int64)
        # English stems are kept from segment to segment.
        new = self._names[len(self._term_stem) :]
        self._term_stem.extend(number_stems(self.stemmings[0], new, self._stems))
        return np.array(self._term_stem).take(terms)


class SegmentBuilder:
    """Collects articles, then gives the arrays of a segment that holds them.

    Args:
        vocabulary: shared by the builders of one run, so that a word is analysed once.
        memory: bytes that the segment may take while it is built.
    """

    def __init__(self, vocabulary: Vocabulary, memory: int = MEMORY) -> None:
        self._vocabulary = vocabulary
        self._memory = memory
        self._record_bytes = 0
        self._waiting: list[Article] = []
        self._contents: list[int] = []
        self._source = ""
        self._chunks = array("i")
        self._columns = Columns()
        self._ids: list[str] = []
        self._records: list[bytes] = []
        self._order: Array = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def full(self) -> bool:
        """Whether this segment should be built before more is added."""
        return len(self._records) >= MAX_ARTICLES or self.size >= self._memory

    @property
    def size(self) -> int:
        """An estimate of the bytes that it takes to build the segment."""
        return (
            _BYTES_PER_WORD * len(self._chunks)
            + _BYTES_PER_RECORD_BYTE * self._record_bytes
            + _BYTES_PER_ARTICLE * len(self._records)
        )

    def add(self, article: Article, source: str) -> None:
        """Collect one article of a source.

        Raises:
            ValueError: a text holds control characters or lone surrogates; nothing is kept of the article.
        """
        record = encode_record(article)
        if source != self._source or len(self._waiting) >= _BATCH:
            self._absorb()
            self._source = source
        self._records.append(record)
        self._record_bytes += len(record)
        self._waiting.append(article)
        self._contents.append(content_hash(article, record))

    def _absorb(self) -> None:
        """Take in the articles that wait, one property of all of them after the other."""
        batch, self._waiting = self._waiting, []
        contents, self._contents = self._contents, []
        if not batch:
            return
        self._ids += [article.id for article in batch]
        self._columns.extend(batch, self._source, contents)
        texts = [text for a in batch for text in (a.title, " ".join(a.topics), a.excerpt, a.body)]
        # Analysis folds case anyway; folded here, a word is analysed once and not once a spelling.
        chunks = f" {FIELD_END} ".join([*texts, ""]).lower().split()
        self._chunks.extend(map(self._vocabulary.__getitem__, chunks))

    def build(self, pivots: Pivots) -> dict[str, Array]:
        """The arrays of the segment, by name; the pivots only decide how its articles are numbered."""
        self._absorb()
        self._columns.freeze()
        order = self._order = self._columns.order(self._ids, pivots)
        number = inverse(order)
        with ThreadPoolExecutor(1) as pool:
            # The compressor and numpy both let go of the interpreter, so these two halves share the machine.
            packed = pool.submit(pack_records, [self._records[i] for i in order.tolist()])
            tokens, ends = self._vocabulary.expand(np.array(self._chunks))
            lengths = np.diff(ends, prepend=0).reshape(len(order), len(ranking.TEXT_FIELDS))
            used = np.bincount(tokens, minlength=len(self._vocabulary.terms)) > 0
            columns = self._columns
            tongues = languages_of(
                list(columns.names["language"]),
                columns.language,
                self._vocabulary.terms,
                tokens,
                lengths.sum(axis=1),
            )
            terms, place = self._vocabulary.sorted_terms(used)
            postings = invert(place[tokens], lengths, number)
            arrays = term_arrays(
                self._vocabulary.names(terms),
                tongues[order],
                self._vocabulary.stemmings,
                lambda language, forms: self._vocabulary.stems(language, terms[forms]),
                postings,
            )
            arrays |= self._columns.arrays(order)
            for i, name in enumerate(ranking.TEXT_FIELDS):
                arrays[f"length_{name}"] = lengths[order, i]
            return arrays | packed.result()

    def replaced(self) -> list[int]:
        """Numbers, in the built segment, of articles that a later one of the same id and source replaces."""
        last: dict[tuple[str, int], int] = dict(
            zip(zip(self._ids, self._columns.source.tolist(), strict=True), range(len(self)), strict=True)
        )
        if len(last) == len(self):
            return []
        kept = set(last.values())
        number = inverse(self._order)
        return sorted(int(number[i]) for i in range(len(self)) if i not in kept)
