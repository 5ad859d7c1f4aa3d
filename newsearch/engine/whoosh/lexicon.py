"""The terms of one field of a segment, as Whoosh sees them: sorted bytes, each with articles, counts and positions.

newsearch stores the words of all text fields together and tells the fields apart by position. It stores keywords and
numbers as columns. Whoosh expects terms in every field. Words, stems, ids and URLs are looked up individually in the
arrays. A list of all terms is built only if a caller iterates over it. Keywords and numbers are few, and are grouped
once.

    title, topics, excerpt, body    exact forms in that field, positions from its start
    text                            exact forms in any of them, positions with a gap between fields
    stem                            stems of the same words, without positions; other languages than English as de:haus
    topic, author, provider, domain, category, type, language    whole values, case-folded
    id, url, published              whole values; URLs in their canonical form
    heat, quality, date, modified   numbers
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._cached import cached_property
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.text.addresses import canonical_url
from newsearch.text.hashes import hash_bytes

Array: TypeAlias = NDArray[Any]

FIELD_GAP = 1000
"""The gap in positions between two text fields in the field `text`. It keeps phrases from spanning two fields."""

FOLDED = ("topic", "author", "provider", "domain", "category", "type", "language")
"""Keyword fields that ignore case."""


class Postings:
    """The articles of one term.

    Args:
        docs: the numbers of the articles, ascending; at least one.
        weights: the number of occurrences in each.
        at: the start of each posting's positions, and the end of the last. None without positions.
        positions: the positions, concatenated.
    """

    def __init__(
        self, docs: Array, weights: Array, at: Array | None = None, positions: Array | None = None
    ) -> None:
        self.docs = docs.astype(np.int64)
        self.weights = weights.astype(np.float64)
        self._at = at
        self._positions = positions

    def __len__(self) -> int:
        return len(self.docs)

    def only(self, kept: Array) -> Postings:
        """These postings without those outside a mask."""
        if self._at is None or self._positions is None:
            return Postings(self.docs[kept], self.weights[kept])
        counts = np.diff(self._at)
        at = np.append(0, np.cumsum(counts[kept]))
        return Postings(self.docs[kept], self.weights[kept], at, self._positions[np.repeat(kept, counts)])

    @cached_property
    def ids(self) -> memoryview:
        """The articles, with the last one repeated, because Whoosh's matchers also read their position at the end."""
        return memoryview(np.append(self.docs, self.docs[-1:]))

    @cached_property
    def frequencies(self) -> memoryview:
        """The number of occurrences in each article, followed by 0."""
        return memoryview(np.append(self.weights, 0.0))

    @cached_property
    def places(self) -> tuple[list[int], list[int]] | None:
        """The start of each posting's positions, and all positions. None if the term has no positions."""
        if self._at is None or self._positions is None:
            return None
        return self._at.tolist(), self._positions.tolist()


class Lexicon(Protocol):
    """The terms of a field."""

    @property
    def terms(self) -> Sequence[bytes]:
        """All terms, sorted."""

    def postings(self, term: bytes) -> Postings | None:
        """The postings of a term, or None if there is no such term."""


def lexicon(segment: Segment, field: str, encode: Callable[[Any], bytes], step: int = 0) -> Lexicon:
    """The lexicon of a field.

    Args:
        encode: converts a number or a boolean to the bytes that the schema expects.
        step: the number of bits that each tier of numbers drops from the tier before. Whoosh composes ranges from these
            tiers. 0 for a single tier.
    """
    if field == "text" or field in ranking.TEXT_FIELDS:
        return _FormLexicon(segment, field)
    if field == "stem":
        return _StemLexicon(segment)
    if field in ("id", "url"):
        return _HashedLexicon(segment, field)
    if field in columns.KNOWN:
        return _numbers(segment, field, encode, step)
    return _keywords(segment, field, encode)


class _Forms(Sequence[bytes]):
    """Exact forms of a segment, read lazily."""

    def __init__(self, segment: Segment, numbers: Sequence[int]) -> None:
        self._encoded = segment.dictionary.encoded
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._encoded(number) for number in self._numbers[index]]
        return self._encoded(self._numbers[index])


class _FormLexicon:
    """The exact forms in one text field, or in all of them."""

    def __init__(self, segment: Segment, field: str) -> None:
        self._segment = segment
        self._field = field

    @cached_property
    def _ends(self) -> Array:
        """The end of each text field of each article, in positions in the article: shape (articles, fields)."""
        return np.cumsum(self._segment.lengths, axis=1, dtype=np.int64)

    @cached_property
    def _bounds(self) -> tuple[Array, Array]:
        """The start and the end of the field in every article."""
        wanted = ranking.TEXT_FIELDS.index(self._field)
        ends = self._ends[:, wanted].copy()
        return ends - self._segment.lengths[:, wanted], ends

    @cached_property
    def terms(self) -> Sequence[bytes]:
        segment = self._segment
        if self._field == "text":
            return _Forms(segment, range(len(segment.dictionary)))
        starts, ends = self._bounds
        used = np.zeros(len(segment.dictionary), bool)
        for name in ("post", "more"):
            doc, pos = segment.file.array(f"{name}_doc"), segment.file.array(f"{name}_pos")
            inside = (pos >= starts.take(doc)) & (pos < ends.take(doc))
            before = np.concatenate(([0], np.cumsum(inside)))
            at = segment.file.array(f"{name}_at")
            used |= before[at[1:]] > before[at[:-1]]
        return _Forms(segment, np.flatnonzero(used).tolist())

    def postings(self, term: bytes) -> Postings | None:
        try:
            number = self._segment.dictionary.number(term.decode())
        except UnicodeDecodeError:
            return None
        if number < 0:
            return None
        doc, _, pos, more_doc, more_pos = self._segment.occurrences(number, number + 1)
        key = (doc.astype(np.int64) << 16) | pos
        if len(more_doc):
            key = np.concatenate((key, (more_doc.astype(np.int64) << 16) | more_pos))
            key.sort()
        doc, pos = key >> 16, key & 0xFFFF
        if self._field == "text":
            ends = self._ends.take(doc, axis=0)
            pos = pos + (ends <= pos[:, None]).sum(axis=1) * FIELD_GAP
        else:
            starts, stops = (bound.take(doc) for bound in self._bounds)
            kept = (pos >= starts) & (pos < stops)
            doc, pos = doc[kept], (pos - starts)[kept]
        if not len(doc):
            return None
        first = np.flatnonzero(np.concatenate(([True], doc[1:] != doc[:-1])))
        at = np.append(first, len(doc))
        return Postings(doc[first], np.diff(at), at, pos)


class _StemLexicon:
    """Stems. Those of other languages than English are prefixed with the language code."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def _spoken(self) -> Iterable[tuple[int, str]]:
        for number, stemming in self._segment.dictionary.stemmings.items():
            yield number, f"{stemming.language}:" if number else ""

    @cached_property
    def terms(self) -> Sequence[bytes]:
        dictionary = self._segment.dictionary
        forms = [dictionary.term(number) for number in range(len(dictionary))]
        found: set[str] = set()
        at = self._segment.file.array("post_at").astype(np.int64)
        spoken = self._segment.languages.take(self._segment.file.array("post_doc"))
        for number, prefix in self._spoken():
            before = np.concatenate(([0], np.cumsum(spoken == number)))
            is_used = (before[at[1:]] > before[at[:-1]]).tolist()
            used = [form for form, is_one in zip(forms, is_used, strict=True) if is_one]
            found.update(prefix + stem for stem in dictionary.stemmings[number].stems(used))
        return sorted(stem.encode() for stem in found)

    def postings(self, term: bytes) -> Postings | None:
        try:
            text = term.decode()
        except UnicodeDecodeError:
            return None
        code, colon, stem = text.partition(":")
        spoken = dict(self._spoken())
        language = next((n for n, prefix in spoken.items() if prefix == code + colon), 0) if colon else 0
        if language not in spoken:
            return None
        forms = self._segment.dictionary.forms_of(stem if language else text, language)
        docs: list[Array] = [np.empty(0, np.int64)]
        for form in forms:
            doc, _, _, more, _ = self._segment.occurrences(form, form + 1, (language,))
            docs += [doc.astype(np.int64), more.astype(np.int64)]
        found, weights = np.unique(np.concatenate(docs), return_counts=True)
        return Postings(found, weights) if len(found) else None


class _HashedLexicon:
    """Ids and canonical URLs, whose hashes are in a column."""

    def __init__(self, segment: Segment, field: str) -> None:
        self._segment = segment
        self._field = field

    def _value(self, doc: int) -> str:
        record = self._segment.records.read(doc)
        return record.id if self._field == "id" else canonical_url(record.url)

    @cached_property
    def terms(self) -> Sequence[bytes]:
        values = {self._value(doc) for doc in range(self._segment.articles)}
        return sorted(value.encode() for value in values if value)

    def postings(self, term: bytes) -> Postings | None:
        wanted = hash_bytes(term)
        docs = np.flatnonzero(self._segment.column(f"{self._field}_hash") == np.uint64(wanted))
        # Different texts can share a hash.
        kept = np.array([doc for doc in docs.tolist() if self._value(doc).encode() == term], np.int64)
        return Postings(kept, np.ones(len(kept))) if term and len(kept) else None


class _Grouped:
    """A small set of terms, grouped once, with the articles of each."""

    def __init__(self, terms: Sequence[bytes], at: Array, doc: Array) -> None:
        self.terms = terms
        self._at = at
        self._doc = doc

    def postings(self, term: bytes) -> Postings | None:
        number = bisect_left(self.terms, term)
        if number == len(self.terms) or self.terms[number] != term:
            return None
        at = slice(self._at[number], self._at[number + 1])
        docs = self._doc[at]
        return Postings(docs, np.ones(len(docs)))


def _grouped(names: Sequence[bytes], number: Array, doc: Array) -> _Grouped:
    """Make a lexicon from (name, article) pairs."""
    by_name = sorted(range(len(names)), key=names.__getitem__)
    rank = columns.inverse(by_name)
    keys = np.unique((rank[number].astype(np.int64) << 16) | doc)
    used, at = np.unique(keys >> 16, return_index=True)
    return _Grouped([names[by_name[i]] for i in used.tolist()], np.append(at, len(keys)), keys & 0xFFFF)


def _numbers(segment: Segment, field: str, encode: Callable[[Any], bytes], step: int) -> Lexicon:
    flag = segment.column("flag")
    docs = np.flatnonzero(flag & columns.KNOWN[field])
    values, number = np.unique(segment.column(field)[docs], return_inverse=True)
    # A term is the number of dropped bits, in one byte, followed by the remaining sortable 64-bit integer.
    encoded = b"".join(encode(value)[1:] for value in values.tolist())
    sortable = np.frombuffer(encoded, ">u8").astype(np.uint64)[number.reshape(-1)]
    terms: list[bytes] = []
    numbers: list[Array] = []
    tiers = range(0, 64, step) if step else (0,)
    for shift in tiers:
        coarse, at = np.unique(sortable >> np.uint64(shift), return_inverse=True)
        numbers.append(at.reshape(-1) + len(terms))
        rest = coarse.astype(">u8").tobytes()
        terms += [bytes((shift,)) + rest[i : i + 8] for i in range(0, len(rest), 8)]
    return _grouped(terms, np.concatenate(numbers), np.tile(docs, len(tiers)))


def _keywords(segment: Segment, field: str, encode: Callable[[Any], bytes]) -> Lexicon:
    docs = np.arange(segment.articles)
    if field == "published":
        shown = (segment.column("flag") & columns.PUBLISHED) != 0
        return _grouped([encode(False), encode(True)], shown.astype(np.int64), docs)
    if field in columns.SEVERAL:
        names = segment.names(field)
        value = segment.column(field).astype(np.int64)
        counts: Array = np.diff(segment.column(f"{field}_at").astype(np.int64))
        docs = np.repeat(docs, counts)
    else:
        names = keyword_names(segment, field)
        value = segment.column("provider" if field == "domain" else field).astype(np.int64)
    folded = [name.casefold() for name in names]
    number_of: dict[str, int] = {}
    numbers = np.array([number_of.setdefault(name, len(number_of)) for name in folded], np.int64)
    kept = np.array([bool(name) for name in folded], bool)[value] if len(folded) else value.astype(bool)
    return _grouped([name.encode() for name in number_of], numbers[value[kept]], docs[kept])


def keyword_names(segment: Segment, field: str) -> list[str]:
    """The original values of a keyword field, in the order of their numbers."""
    if field in ("provider", "domain"):
        return [(name + "\x1f").split("\x1f")[field == "domain"] for name in segment.names("provider")]
    return segment.names(field)
