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
from newsearch.engine.whoosh.postings import Postings, term_arrays
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
    parts, stems = [], []
    base = 0
    for segment, docs in zip(segments, keep, strict=True):
        renumbered = np.full(segment.articles, -1, np.int64)
        renumbered[docs] = number[base : base + len(docs)]
        part, stem = _postings(segment, numbers, renumbered)
        parts.append(part)
        stems.append(stem)
        base += len(docs)
    postings, stem_code = _sorted(
        Postings(*map(np.concatenate, zip(*parts, strict=True))), np.concatenate(stems)
    )
    terms, postings = _used(vocabulary, postings)

    by_stem: dict[str, int] = {}
    stem_numbers = np.array(
        [by_stem.setdefault(stem, len(by_stem)) for stem in analysis.stems(terms)], np.int64
    )
    arrays = term_arrays(terms, stem_numbers, postings, lambda posts, starts: stem_code[posts[starts]])
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


def _postings(segment: Segment, numbers: dict[str, int], renumbered: Array) -> tuple[Postings, Array]:
    """The live postings of a segment under new numbers, and for each the code of all forms of its word together."""
    file = segment.file
    at = file.array("post_at").astype(np.int64)
    old_term = np.repeat(np.arange(len(segment.dictionary)), np.diff(at))
    old_doc = file.array("post_doc").astype(np.int64)
    code = file.array("post_code")

    group_of = np.full(len(segment.dictionary), -1, np.int64)
    group_form_at = file.array("group_form_at").astype(np.int64)
    group_of[file.array("group_form")] = np.repeat(np.arange(len(group_form_at) - 1), np.diff(group_form_at))
    group_at = file.array("group_at").astype(np.int64)
    group_keys = (np.repeat(np.arange(len(group_at) - 1), np.diff(group_at)) << 16) | file.array("group_doc")
    stem_code = code.copy()
    group = group_of[old_term]
    grouped = np.flatnonzero(group >= 0)
    stem_code[grouped] = file.array("group_code")[
        np.searchsorted(group_keys, (group[grouped] << 16) | old_doc[grouped])
    ]

    doc = renumbered[old_doc]
    live = doc >= 0
    new_term = np.array(
        [numbers[segment.dictionary.term(i)] for i in range(len(segment.dictionary))], np.int64
    )
    more_at: Array = file.array("more_at").astype(np.int64)
    more_term = np.repeat(new_term, more_at[1:] - more_at[:-1])
    more_doc = renumbered[file.array("more_doc")]
    more_live = more_doc >= 0
    return (
        Postings(
            new_term[old_term][live],
            doc[live],
            code[live],
            file.array("post_pos")[live],
            more_term[more_live],
            more_doc[more_live],
            file.array("more_pos")[more_live],
        ),
        stem_code[live],
    )


def _sorted(postings: Postings, stem_code: Array) -> tuple[Postings, Array]:
    """The same postings in the order (term, article)."""
    order = np.argsort((postings.term << 16) | postings.doc, kind="stable")
    more = np.argsort((postings.more_term << 16) | postings.more_doc, kind="stable")
    return Postings(*(c[order] for c in postings[:4]), *(c[more] for c in postings[4:])), stem_code[order]


def _used(vocabulary: list[str], postings: Postings) -> tuple[list[str], Postings]:
    """Only the terms that still have postings, renumbered."""
    counts = np.bincount(postings.term, minlength=len(vocabulary))
    number = np.cumsum(counts > 0) - 1
    terms = [vocabulary[i] for i in np.flatnonzero(counts).tolist()]
    return terms, postings._replace(term=number[postings.term], more_term=number[postings.more_term])
