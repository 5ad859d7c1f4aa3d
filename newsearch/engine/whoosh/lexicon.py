"""The terms of one field of a segment, as Whoosh sees them: sorted bytes, each with articles, counts and positions.

newsearch keeps the words of all text fields together and tells fields apart by position; keywords and numbers it keeps
as columns. Whoosh wants terms of every field. A lexicon is made from the arrays when a field is first asked for.

    title, topics, excerpt, body    exact forms in that field, positions from its start
    text                            exact forms in any of them, positions with a gap between fields
    stem                            stems of the same words, without positions; those that are not English as de:haus
    topic, provider, domain, category, type, language, id, url, published    whole values, case folded
    heat, quality, date             numbers
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import canonical_url
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.segment import Segment

Array: TypeAlias = NDArray[Any]

FIELD_GAP = 1000
"""Positions between two text fields in the field `text`, so that no phrase reaches from one into the next."""


class Lexicon:
    """Terms of one field.

    Args:
        terms: sorted.
        at: where the postings of each term begin, and the end of the last: shape (terms + 1,).
        doc: articles of the postings.
        weight: occurrences in each posting.
        pos: for each posting, where its positions begin, and the end of the last; None without positions.
        positions: the positions.
    """

    def __init__(
        self,
        terms: Sequence[bytes],
        at: Array,
        doc: Array,
        weight: Array,
        pos: Array | None = None,
        positions: Array | None = None,
    ) -> None:
        self.terms = terms
        self._at = at
        self._doc = doc
        self._weight = weight
        self._pos = pos
        self._positions = positions

    def find(self, term: bytes) -> int:
        """The number of a term, or -1."""
        number = bisect_left(self.terms, term)
        return number if number < len(self.terms) and self.terms[number] == term else -1

    def docs(self, number: int) -> list[int]:
        """The articles of a term."""
        docs: list[int] = self._doc[self._at[number] : self._at[number + 1]].tolist()
        return docs

    def weights(self, number: int) -> list[float]:
        """The occurrences of a term in each of its articles."""
        return [float(weight) for weight in self._weight[self._at[number] : self._at[number + 1]].tolist()]

    def positions(self, number: int) -> list[list[int]] | None:
        """The positions of a term in each of its articles."""
        if self._pos is None or self._positions is None:
            return None
        starts = self._pos[self._at[number] : self._at[number + 1] + 1].tolist()
        return [self._positions[a:b].tolist() for a, b in pairwise(starts)]


def lexicon(segment: Segment, field: str, encode: Callable[[Any], bytes]) -> Lexicon:
    """The lexicon of a field; `encode` gives the bytes of a number or a truth value, as the schema wants them."""
    if field == "text" or field in ranking.TEXT_FIELDS:
        return _words(segment, field)
    if field == "stem":
        return _stems(segment)
    if field in ("heat", "quality", "date"):
        return _numbers(segment, field, encode)
    return _keywords(segment, field, encode)


def _words(segment: Segment, field: str) -> Lexicon:
    """Exact forms, one field's or all fields'."""
    file = segment.file
    counts: list[Array] = [np.diff(file.array(f"{name}_at").astype(np.int64)) for name in ("post", "more")]
    term = np.concatenate([np.repeat(np.arange(len(count)), count) for count in counts])
    doc = np.concatenate([file.array(f"{name}_doc").astype(np.int64) for name in ("post", "more")])
    pos = np.concatenate([file.array(f"{name}_pos").astype(np.int64) for name in ("post", "more")])
    ends = np.cumsum(segment.lengths, axis=1, dtype=np.int64)
    number = (ends[doc] <= pos[:, None]).sum(axis=1)
    if field == "text":
        pos = pos + number * FIELD_GAP
    else:
        wanted = ranking.TEXT_FIELDS.index(field)
        starts = segment.lengths[:, :wanted].astype(np.int64).sum(axis=1)
        kept = number == wanted
        term, doc = term[kept], doc[kept]
        pos = pos[kept] - starts[doc]
    order = np.lexsort((pos, doc, term))
    term, doc, pos = term[order], doc[order], pos[order]
    first = np.flatnonzero(np.append(True, (np.diff(term) != 0) | (np.diff(doc) != 0))) if len(term) else term
    starts = np.append(first, len(term))
    used, at = np.unique(term[first], return_index=True)
    terms = [segment.dictionary.encoded(number) for number in used.tolist()]
    return Lexicon(terms, np.append(at, len(first)), doc[first], np.diff(starts), starts, pos)


def _stems(segment: Segment) -> Lexicon:
    number_of: dict[str, int] = {}
    names = [segment.dictionary.term(number) for number in range(len(segment.dictionary))]
    file = segment.file
    counts: list[Array] = [np.diff(file.array(f"{name}_at").astype(np.int64)) for name in ("post", "more")]
    form = np.concatenate([np.repeat(np.arange(len(names)), count) for count in counts])
    doc = np.concatenate([file.array(f"{name}_doc").astype(np.int64) for name in ("post", "more")])
    term = np.empty(len(doc), np.int64)
    for language, stemming in segment.dictionary.stemmings.items():
        mine = np.flatnonzero(segment.languages[doc] == language)
        stems = (
            stemming.stems(names)
            if not language
            else [f"{stemming.language}:{s}" for s in stemming.stems(names)]
        )
        term[mine] = np.array([number_of.setdefault(s, len(number_of)) for s in stems], np.int64)[form[mine]]
    return _grouped([name.encode() for name in number_of], term, doc)


def _grouped(names: Sequence[bytes], number: Array, doc: Array) -> Lexicon:
    """A lexicon of (name, article) pairs, one for every occurrence."""
    by_name = sorted(range(len(names)), key=names.__getitem__)
    rank = columns.inverse(by_name)
    keys, weight = np.unique((rank[number] << 16) | doc, return_counts=True)
    used, at = np.unique(keys >> 16, return_index=True)
    return Lexicon(
        [names[by_name[i]] for i in used.tolist()], np.append(at, len(keys)), keys & 0xFFFF, weight
    )


def _numbers(segment: Segment, field: str, encode: Callable[[Any], bytes]) -> Lexicon:
    flag = segment.column("flag")
    docs = np.flatnonzero(flag & columns.KNOWN[field])
    values, number = np.unique(segment.column(field)[docs], return_inverse=True)
    return _grouped([encode(value) for value in values.tolist()], number, docs)


def _keywords(segment: Segment, field: str, encode: Callable[[Any], bytes]) -> Lexicon:
    docs = np.arange(segment.articles)
    if field == "published":
        shown = (segment.column("flag") & columns.PUBLISHED) != 0
        return _grouped([encode(False), encode(True)], shown.astype(np.int64), docs)
    if field in ("id", "url"):
        records = [segment.records.read(doc) for doc in docs.tolist()]
        values = [record.id if field == "id" else canonical_url(record.url) for record in records]
    elif field == "topic":
        names = segment.names("topic")
        values = [names[number] for number in segment.column("topic").tolist()]
        counts: Array = np.diff(segment.column("topic_at").astype(np.int64))
        docs = np.repeat(docs, counts)
    else:
        table = "provider" if field == "domain" else field
        names = [(name + "\x1f").split("\x1f")[field == "domain"] for name in segment.names(table)]
        values = [names[number] for number in segment.column(table).tolist()]
    folded = [value if field in ("id", "url") else value.casefold() for value in values]
    number_of: dict[str, int] = {}
    number = np.array([number_of.setdefault(value, len(number_of)) for value in folded], np.int64)
    kept = np.array([bool(value) for value in folded], bool)
    return _grouped([value.encode() for value in number_of], number[kept], docs[kept])
