"""Articles -> the arrays of one segment, in bulk.

Texts become the numbers of their terms as they arrive; all else happens once a segment, in a few passes over arrays.
No Python runs per word or per posting (but where nothing is compiled: see `building`).

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
from newsearch.engine.whoosh import building
from newsearch.engine.whoosh.columns import Columns, Pivots, inverse
from newsearch.engine.whoosh.content import facts_of, record_of
from newsearch.engine.whoosh.postings import invert, number_stems, term_arrays
from newsearch.engine.whoosh.records import pack_records
from newsearch.engine.whoosh.tongues import languages_of

Array: TypeAlias = NDArray[Any]

MAX_ARTICLES = 1 << 16
MEMORY = 512 << 20
LEAST_MEMORY = 16 << 20
"""Bytes that a run may take, unless it is told otherwise."""

_BYTES_PER_WORD, _BYTES_PER_RECORD_BYTE, _BYTES_PER_ARTICLE, _BYTES_PER_CHUNK = 72, 3, 900, 200
"""What a segment takes while it is built, at its peak, and what a vocabulary takes; measured, and rounded up."""

_BATCH = 512


class Vocabulary:
    """The terms of one run, numbered as they first come, for all its segments.

    Args:
        protected: terms that keep to themselves (see Stemming).

    Attributes:
        terms: their numbers.
    """

    def __init__(self, protected: frozenset[str] = frozenset()) -> None:
        self.stemmings = analysis.stemmings(protected)
        self.terms: dict[str, int] = {}
        self._words = building.Words(self.terms, analysis.chunk_terms)
        self._names: list[str] = []
        self._stems: dict[str, int] = {}
        self._term_stem = array("i")

    def numbered(self, texts: list[str]) -> tuple[bytes, bytes]:
        """The numbers of the terms of texts, and how many each text has, both as bytes of int32."""
        return self._words.numbered(texts)

    @property
    def size(self) -> int:
        """An estimate of the bytes that it takes."""
        return _BYTES_PER_CHUNK * len(self._words)

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
        self._source = ""
        self._tokens = array("i")
        self._lengths = array("i")
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
            _BYTES_PER_WORD * len(self._tokens)
            + _BYTES_PER_RECORD_BYTE * self._record_bytes
            + _BYTES_PER_ARTICLE * len(self._records)
        )

    def add(self, article: Article, source: str) -> None:
        """Collect one article of a source.

        Raises:
            ValueError: a text holds control characters or lone surrogates; nothing is kept of the article.
        """
        record = record_of(article)
        if source != self._source or len(self._waiting) >= _BATCH:
            self._absorb()
            self._source = source
        self._records.append(record)
        self._record_bytes += len(record)
        self._waiting.append(article)

    def _absorb(self) -> None:
        """Take in the articles that wait, one property of all of them after the other."""
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        self._ids += [article.id for article in batch]
        self._columns.extend(batch, self._source, facts_of(batch, self._records[-len(batch) :])._asdict())
        texts = [text for a in batch for text in (a.title, " ".join(a.topics), a.excerpt, a.body)]
        tokens, lengths = self._vocabulary.numbered(texts)
        self._tokens.frombytes(tokens)
        self._lengths.frombytes(lengths)

    def build(self, pivots: Pivots) -> dict[str, Array]:
        """The arrays of the segment, by name; the pivots only decide how its articles are numbered."""
        self._absorb()
        self._columns.freeze()
        order = self._order = self._columns.order(self._ids, pivots)
        with ThreadPoolExecutor(1) as pool:
            # The compressor and numpy both let go of the interpreter, so these two halves share the machine.
            packed = pool.submit(pack_records, [self._records[i] for i in order.tolist()])
            tokens = np.frombuffer(self._tokens, np.int32)
            lengths = np.frombuffer(self._lengths, np.int32).reshape(len(order), len(ranking.TEXT_FIELDS))
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
            postings = invert(tokens, place, lengths, order, len(terms))
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
