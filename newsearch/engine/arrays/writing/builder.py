"""Articles -> the arrays of one segment, in bulk.

Texts are converted to term numbers as they arrive. Everything else happens once per segment, in a few passes over
arrays. No Python runs per word or per posting, unless the loops are not compiled (see `building`).

A segment holds at most MAX_ARTICLES articles, because an article's number must fit in 16 bits. Articles are numbered
by descending boost, which lets a search stop early. The arrays are those of `postings`, `columns` and `records`, plus
the columns length_<field>: the number of words in each text field.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.segment import form, postings
from newsearch.engine.arrays.segment.columns import Columns, inverse
from newsearch.engine.arrays.segment.postings import FormStems, Postings, Stems, form_stems, term_arrays
from newsearch.engine.arrays.segment.records import pack_records
from newsearch.engine.arrays.writing import building
from newsearch.engine.arrays.writing.content import facts_of, signatures_of
from newsearch.engine.arrays.writing.spoken import CODES, languages_of
from newsearch.engine.writing import MEMORY
from newsearch.ranking import Pivots
from newsearch.stories.signatures import term_hashes, term_lots
from newsearch.text import analysis
from newsearch.text.languages import is_foreign

Array: TypeAlias = NDArray[Any]

MAX_ARTICLES = form.MAX_ARTICLES

_BYTES_PER_WORD, _BYTES_PER_RECORD_BYTE, _BYTES_PER_ARTICLE, _BYTES_PER_CHUNK = 72, 3, 900, 200
"""Peak memory of building a segment (the first three), and the memory of a term_table; measured, then rounded up."""


class TermTable:
    """The terms of one run, numbered in order of first occurrence and shared by all its segments.

    Args:
        protected: terms that are not stemmed (see Stemming).

    Attributes:
        terms: the number of each term.
    """

    def __init__(self, protected: frozenset[str] = frozenset()) -> None:
        self.stemmings = analysis.stemmings(protected)
        self.terms: dict[str, int] = {}
        self._words = building.TermNumbering(self.terms, analysis.chunk_terms)
        self._names: list[str] = []
        self._foreign = bytearray()
        self._hashes: Array = np.empty(0, np.uint64)
        self._lots: Array = np.empty(0, np.uint8)
        self._drawn = 0
        self._stems = Stems(self.stemmings[0])
        self._term_stem = array("i")

    def numbered(self, texts: list[str]) -> tuple[bytes, bytes, bytes]:
        """See `building.TermNumbering`."""
        return self._words.numbered(texts)

    def foreign(self) -> Array:
        """For each term, whether it is in a script other than Latin."""
        self._foreign += bytes(map(is_foreign, islice(self.terms, len(self._foreign), None)))
        return np.frombuffer(bytes(self._foreign), bool)

    def draws(self) -> building.Draws:
        """What each term draws in signatures."""
        known, count = self._drawn, len(self.terms)
        if count > len(self._hashes):
            self._hashes, self._lots = np.resize(self._hashes, 2 * count), np.resize(self._lots, 2 * count)
        # The newest terms are at the end.
        added = list(islice(reversed(self.terms), count - known))[::-1]
        self._hashes[known:count] = term_hashes(added)
        self._lots[known:count] = np.frombuffer(term_lots(added), np.uint8)
        self._drawn = count
        return building.Draws(self._hashes[:count], self._lots[:count])

    @property
    def size(self) -> int:
        """Its estimated size in memory, in bytes."""
        return _BYTES_PER_CHUNK * len(self._words)

    def sorted_terms(self, used: Array) -> tuple[Array, dict[str, Array]]:
        """The numbers of the terms in a mask, sorted by their text, and the arrays that hold the sorted texts."""
        self._names += islice(self.terms, len(self._names), None)
        numbers = np.flatnonzero(used)
        found = building.SortedTexts(*building.sorted_texts(self._texts(numbers)))
        arrays: dict[str, Array] = {
            "term_bytes": np.frombuffer(found.utf8, np.uint8),
            "term_at": np.frombuffer(found.starts, np.int64),
        }
        return numbers[np.frombuffer(found.numbers, np.int64)], arrays

    def _texts(self, terms: Array) -> list[str]:
        return [self._names[i] for i in terms.tolist()]

    def stems(self, language: int, terms: Array) -> FormStems:
        """The stems, in one language, of terms that `sorted_terms` has returned."""
        if language:
            return form_stems(self.stemmings[language], self._texts(terms))
        # English stems are cached across segments.
        self._term_stem.extend(self._stems.numbered(self._names[len(self._term_stem) :]))
        return self._stems.with_hashes(np.array(self._term_stem, np.int64).take(terms))


class SegmentBuilder:
    """Collects articles, then builds the arrays of a segment that holds them.

    Args:
        term_table: shared by all builders of a run, which means each word is analysed only once.
        memory: the most bytes that building the segment may take.
    """

    def __init__(self, term_table: TermTable, memory: int = MEMORY) -> None:
        self._term_table = term_table
        self._memory = memory
        self._record_bytes = 0
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
        """The estimated memory needed to build the segment, in bytes."""
        return (
            _BYTES_PER_WORD * len(self._tokens)
            + _BYTES_PER_RECORD_BYTE * self._record_bytes
            + _BYTES_PER_ARTICLE * len(self._records)
        )

    def room(self, records: Sequence[bytes]) -> int:
        """How many of the articles with these records fit before the segment is full; at least one."""
        left = self._memory - self.size
        taken = accumulate(_BYTES_PER_ARTICLE + _BYTES_PER_RECORD_BYTE * len(record) for record in records)
        fitting = next((number for number, size in enumerate(taken, 1) if size >= left), len(records))
        return min(fitting, MAX_ARTICLES - len(self))

    def add_all(self, articles: list[Article], records: list[bytes], source: str) -> None:
        """Collect articles of one source, at most as many as `room` allows.

        Args:
            records: the record of each article, from `content.records_of`.
        """
        # Column by column, not article by article.
        self._records += records
        self._record_bytes += sum(map(len, records))
        self._ids += [article.id for article in articles]
        texts = [text for a in articles for text in (a.title, " ".join(a.topics), a.excerpt, a.body)]
        tokens, lengths, marks = self._term_table.numbered(texts)
        self._tokens.frombytes(tokens)
        self._lengths.frombytes(lengths)
        words = building.Numbered(*(np.frombuffer(part, np.int32) for part in (tokens, lengths, marks)))
        signatures = signatures_of(articles, words, self._term_table.draws())
        self._columns.extend(articles, source, facts_of(articles, records)._asdict(), signatures)

    def build(self, pivots: Pivots) -> dict[str, Array]:
        """The arrays of the segment, by name. The pivots affect only the numbering of its articles."""
        self._columns.freeze()
        order = self._order = self._columns.order(self._ids, pivots)
        with ThreadPoolExecutor(1) as pool:
            # The compressor and numpy both release the GIL, so the two halves run in parallel.
            records = [self._records[i] for i in order.tolist()]
            packed = pool.submit(pack_records, records)
            urls = building.url_arrays(records)
            tokens = np.frombuffer(self._tokens, np.int32)
            lengths = np.frombuffer(self._lengths, np.int32).reshape(len(order), len(ranking.TEXT_FIELDS))
            used = np.bincount(tokens, minlength=len(self._term_table.terms)) > 0
            columns = self._columns
            spoken = languages_of(
                list(columns.names["language"]),
                columns["language"],
                self._term_table.terms,
                tokens,
                lengths.sum(axis=1),
                self._term_table.foreign(),
            )
            columns.fill_languages(CODES, spoken.detected)
            terms, arrays = self._term_table.sorted_terms(used)
            place = np.zeros(len(used), np.int32)
            place[terms] = np.arange(len(terms))
            postings = invert(tokens, place, lengths, order, len(terms))
            arrays |= term_arrays(
                len(terms),
                spoken.stemmed[order],
                lambda language, forms: self._term_table.stems(language, terms[forms]),
                postings,
            )
            arrays |= self._columns.arrays(order)
            for i, name in enumerate(ranking.TEXT_FIELDS):
                arrays[f"length_{name}"] = lengths[order, i]
            return arrays | urls | packed.result()

    def replaced(self) -> list[int]:
        """The numbers, in the built segment, of articles replaced by a later one with the same id and source."""
        source = self._columns["source"]
        keys = self._columns["id_hash"] + source.astype(np.uint64)
        _, number, count = np.unique(keys, return_inverse=True, return_counts=True)
        repeated = np.flatnonzero(count[number] > 1).tolist()
        last = {(self._ids[i], int(source[i])): i for i in repeated}
        kept = set(last.values())
        place = inverse(self._order)
        return sorted(int(place[i]) for i in repeated if i not in kept)


def invert(tokens: Array, place: Array, lengths: Array, order: Array, forms: int) -> Postings:
    """Build the postings of some articles.

    Args:
        tokens: the term number of each word, article by article, field by field.
        place: the form number of each term, among the sorted forms; int32.
        lengths: words in each field, shape (articles, fields).
        order: the articles, in the order of their numbers in the segment.
        forms: the number of forms.
    """
    weights = ranking.field_weights(lengths)
    parts = building.inverted(
        np.ascontiguousarray(tokens, np.int32),
        place,
        np.ascontiguousarray(lengths, np.int32).ravel(),
        order.astype(np.int64),
        weights.ravel(),
        forms,
        postings.MAX_POSITIONS,
    )
    found = building.Inverted(*parts)
    numbers = np.arange(forms, dtype=np.int32)
    return Postings(
        np.repeat(numbers, np.frombuffer(found.counts, np.int32)),
        np.frombuffer(found.doc, np.uint16),
        ranking.saturate(np.frombuffer(found.weight)),
        np.frombuffer(found.pos, np.uint16),
        np.repeat(numbers, np.frombuffer(found.more_counts, np.int32)),
        np.frombuffer(found.more_doc, np.uint16),
        np.frombuffer(found.more_pos, np.uint16),
    )
