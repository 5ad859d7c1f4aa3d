"""Articles -> the arrays of one segment, in bulk.

Texts become chunk numbers as they arrive, one dictionary look-up a word; all else happens once a segment, in
numpy: chunks to terms, one sort, one pass that sums weights. No Python runs per posting.

A segment holds at most MAX_ARTICLES articles, so that an article's number fits in 16 bits, numbered by falling
boost so that a search can stop early. Its arrays are those of `postings`, `columns` and `records`, and the
columns length_<field>: the words in each text field.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import analysis, ranking
from newsearch.article import Article
from newsearch.engine.whoosh.columns import Columns, Pivots, ranges
from newsearch.engine.whoosh.postings import invert, term_arrays
from newsearch.engine.whoosh.records import encode_record, pack_records

Array: TypeAlias = NDArray[Any]

MAX_ARTICLES = 1 << 16
MAX_WORDS = 1 << 25
"""A segment is full when it holds this many words, however few its articles, so that memory stays bounded."""


class Vocabulary(dict[str, int]):
    """Chunks of text, numbered as they first come and analysed once, for all the segments of one run."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: dict[str, int] = {}
        self._chunk_terms: list[int] = []
        self._chunk_at: list[int] = [0]

    def __missing__(self, chunk: str) -> int:
        terms = self.terms
        self._chunk_terms += [terms.setdefault(term, len(terms)) for term in analysis.chunk_terms(chunk)]
        self._chunk_at.append(len(self._chunk_terms))
        number = self[chunk] = len(self)
        return number

    def expand(self, chunks: Array, ends: Array) -> tuple[Array, Array]:
        """The term numbers of a text given in chunks, and where its parts end, counted in terms."""
        at = np.array(self._chunk_at)
        counts = np.diff(at)[chunks]
        terms = np.array(self._chunk_terms, np.int64)[ranges(at[chunks], counts)]
        return terms, np.concatenate(([0], np.cumsum(counts)))[ends]


class SegmentBuilder:
    """Collects articles, then gives the arrays of a segment that holds them.

    Args:
        vocabulary: shared by the builders of one run, so that a word is analysed once.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._chunks: list[int] = []
        self._ends: list[int] = []
        self._columns = Columns()
        self._ids: list[str] = []
        self._records: list[bytes] = []
        self._order: Array = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def full(self) -> bool:
        """Whether this segment should be built before more is added."""
        return len(self._records) >= MAX_ARTICLES or len(self._chunks) >= MAX_WORDS

    def add(self, article: Article, source: str) -> None:
        """Collect one article of a source."""
        canonical = article.canonical_url
        # What could raise comes first: of an article that raises, nothing is kept.
        record = encode_record(article)
        self._columns.add(article, source, canonical)
        self._records.append(record)
        self._ids.append(article.id)
        chunks, ends, number = self._chunks, self._ends, self._vocabulary.__getitem__
        for text in (article.title, " ".join(article.topics), article.excerpt, article.body):
            if text:
                chunks.extend(map(number, text.split()))
            ends.append(len(chunks))

    def build(self, pivots: Pivots) -> dict[str, Array]:
        """The arrays of the segment, by name; the pivots only decide how its articles are numbered."""
        self._columns.freeze()
        order = self._order = self._columns.order(self._ids, pivots)
        number = np.empty(len(order), np.int64)
        number[order] = np.arange(len(order))
        with ThreadPoolExecutor(1) as pool:
            # The compressor and numpy both let go of the interpreter, so these two halves share the machine.
            packed = pool.submit(pack_records, [self._records[i] for i in order.tolist()])
            tokens, ends = self._vocabulary.expand(np.array(self._chunks, np.int64), np.array(self._ends, np.int64))
            lengths = np.diff(ends, prepend=0).reshape(len(order), len(ranking.TEXT_FIELDS))
            terms, local = self._sorted_terms(tokens)
            postings, weights = invert(local[tokens], lengths, number)
            arrays = term_arrays(
                terms, postings, lambda posts, starts: ranking.saturate(np.add.reduceat(weights[posts], starts))
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
        number = self._order.argsort()
        return sorted(int(number[i]) for i in range(len(self)) if i not in kept)

    def _sorted_terms(self, tokens: Array) -> tuple[list[str], Array]:
        """The terms that these tokens use, sorted, and the number in that list of every term of the vocabulary."""
        names = list(self._vocabulary.terms)
        used = np.flatnonzero(np.bincount(tokens, minlength=len(names))).tolist()
        used.sort(key=names.__getitem__)
        local = np.zeros(len(names), np.int64)
        local[used] = np.arange(len(used))
        return [names[i] for i in used], local
