"""Segments -> one segment, their deleted articles left out (hidden ones stay). No text is analysed again.

A posting never changes (its weight is a fact of its article alone), so a merge renumbers and concatenates, and
gives the very arrays that a build of the same articles would, but for the order of the tables of strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import analysis, ranking
from newsearch.engine.whoosh import columns
from newsearch.engine.whoosh.columns import Columns, Pivots
from newsearch.engine.whoosh.postings import Postings, stems_of, term_arrays
from newsearch.engine.whoosh.records import pack_records
from newsearch.engine.whoosh.segment import Segment

Array: TypeAlias = NDArray[Any]


def merge_segments(
    segments: Sequence[Segment], pivots: Pivots, keep: Sequence[Array] | None = None
) -> tuple[int, dict[str, Array]]:
    """The number of articles that are kept, and the arrays of one segment that holds them.

    Args:
        keep: for each segment the numbers of the articles to keep, rising; by default all that are not deleted.
    """
    if keep is None:
        keep = [np.flatnonzero(segment.kept) for segment in segments]
    merged = _columns(segments, keep)
    raw = [(s, doc) for s, docs in zip(segments, keep, strict=True) for doc in docs.tolist()]
    order = merged.order([s.records.read(doc).id for s, doc in raw], pivots)
    number = columns.inverse(order)

    vocabulary = sorted({s.dictionary.term(i) for s in segments for i in range(len(s.dictionary))})
    numbers = {term: i for i, term in enumerate(vocabulary)}
    parts = []
    base = 0
    for segment, docs in zip(segments, keep, strict=True):
        renumbered = np.full(segment.articles, -1, np.int64)
        renumbered[docs] = number[base : base + len(docs)]
        parts.append(_postings(segment, numbers, renumbered))
        base += len(docs)
    postings = _sorted(Postings(*map(np.concatenate, zip(*parts, strict=True))))
    terms, postings = _used(vocabulary, postings)

    stemmings = analysis.stemmings(segments[0].protected if segments else frozenset())
    languages = [s.languages[docs] for s, docs in zip(segments, keep, strict=True)]
    arrays = term_arrays(
        terms,
        np.concatenate(languages)[order],
        stemmings,
        stems_of(terms, stemmings),
        postings,
    )
    arrays |= merged.arrays(order)
    for name in ranking.TEXT_FIELDS:
        lengths = [s.file.array(f"length_{name}")[docs] for s, docs in zip(segments, keep, strict=True)]
        arrays[f"length_{name}"] = np.concatenate(lengths)[order]
    return len(order), arrays | pack_records([raw[i][0].records.raw(raw[i][1]) for i in order.tolist()])


def _columns(segments: Sequence[Segment], keep: Sequence[Array]) -> Columns:
    """The columns of the kept articles, segment after segment."""
    merged = Columns()
    parts: dict[str, list[Array]] = {}
    for segment, docs in zip(segments, keep, strict=True):
        for name in ("flag", "date", "heat", "quality", "id_hash", "url_hash", "content_hash"):
            parts.setdefault(name, []).append(segment.column(name)[docs])
        at = segment.file.array("topic_at").astype(np.int64)
        counts = at[docs + 1] - at[docs]
        parts.setdefault("topic_count", []).append(counts)
        for table in columns.TABLES:
            numbers = np.array([merged.number(table, name) for name in segment.names(table)], np.int64)
            places: Array = columns.ranges(at[docs], counts) if table == "topic" else docs
            parts.setdefault(table, []).append(numbers[segment.file.array(table)[places]])
    for name, values in parts.items():
        # Without a common type, numpy would make floats of signed and unsigned integers together.
        if not name.endswith("_hash"):
            values = [v.astype(np.int64) if v.dtype.kind in "iu" else v for v in values]
        setattr(merged, name, np.concatenate(values))
    return merged


def _postings(segment: Segment, numbers: dict[str, int], renumbered: Array) -> Postings:
    """The live postings of a segment under new numbers."""
    file = segment.file
    at = file.array("post_at").astype(np.int64)
    old_term = np.repeat(np.arange(len(segment.dictionary)), np.diff(at))
    old_doc = file.array("post_doc").astype(np.int64)
    doc = renumbered[old_doc]
    live = doc >= 0
    new_term = np.array(
        [numbers[segment.dictionary.term(i)] for i in range(len(segment.dictionary))], np.int64
    )
    more_at: Array = file.array("more_at").astype(np.int64)
    more_term = np.repeat(new_term, more_at[1:] - more_at[:-1])
    more_doc = renumbered[file.array("more_doc")]
    more_live = more_doc >= 0
    return Postings(
        new_term[old_term][live],
        doc[live],
        file.array("post_code")[live],
        file.array("post_pos")[live],
        more_term[more_live],
        more_doc[more_live],
        file.array("more_pos")[more_live],
    )


def _sorted(postings: Postings) -> Postings:
    """The same postings in the order (term, article)."""
    order = np.argsort((postings.term << 16) | postings.doc, kind="stable")
    more = np.argsort((postings.more_term << 16) | postings.more_doc, kind="stable")
    return Postings(*(c[order] for c in postings[:4]), *(c[more] for c in postings[4:]))


def _used(vocabulary: list[str], postings: Postings) -> tuple[list[str], Postings]:
    """Only the terms that still have postings, renumbered."""
    counts = np.bincount(postings.term, minlength=len(vocabulary))
    number = np.cumsum(counts > 0) - 1
    terms = [vocabulary[i] for i in np.flatnonzero(counts).tolist()]
    return terms, postings._replace(term=number[postings.term], more_term=number[postings.more_term])
