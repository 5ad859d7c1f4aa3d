"""Segments -> one segment without their deleted articles. Hidden articles stay. No text is analysed again.

A posting never changes, because its weight depends only on its own article. A merge therefore renumbers and
concatenates. Its arrays are those of a build from the same articles, except for the order of the string tables.

Memory stays small however long the segments are. Words are merged one range of the dictionaries at a time, records one
block at a time, and arrays that grow with their number are spooled to disk until the new file is written. Only the
columns are held in memory, and the exact forms until their stems are determined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.files.layout import Spool
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.columns import Columns
from newsearch.engine.arrays.segment.postings import Postings, stem_arrays, stem_lookup, words_of
from newsearch.engine.arrays.segment.records import sampled, trained, urls_of
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.writing import building
from newsearch.ranking import Pivots
from newsearch.text import analysis

Array: TypeAlias = NDArray[Any]

_RANGE = 1 << 18
"""Words that are merged at a time. Each takes about a hundred bytes."""

_BLOCK = 512
"""Records that are copied at a time."""

_SPOOLED = {"doc": "<u2", "code": "|u1", "pos": "<u2", "more_doc": "<u2", "more_pos": "<u2"}
"""The arrays of postings that are spooled to disk, in dtypes that hold any article number and any position."""


def merge_segments(
    segments: Sequence[Segment], pivots: Pivots, keep: Sequence[Array] | None = None
) -> tuple[int, dict[str, Array | Spool]]:
    """Merge segments. Returns the number of articles kept, and the arrays of the new segment.

    Args:
        segments: at least one.
        keep: for each segment, the ascending numbers of the articles to keep; by default all that are not deleted.
    """
    if keep is None:
        keep = [np.flatnonzero(segment.kept) for segment in segments]
    merged = _columns(segments, keep)
    of_segment = np.repeat(np.arange(len(segments)), list(map(len, keep)))
    docs = np.concatenate(keep)
    order = merged.order(_ids(segments, of_segment, docs, merged, pivots), pivots)
    languages = np.concatenate([s.languages[kept] for s, kept in zip(segments, keep, strict=True)])[order]
    arrays = _words(segments, keep, columns.inverse(order), languages)
    arrays |= merged.arrays(order)
    for name in ranking.TEXT_FIELDS:
        lengths = [s.file.array(f"length_{name}")[kept] for s, kept in zip(segments, keep, strict=True)]
        arrays[f"length_{name}"] = np.concatenate(lengths)[order]
    return len(order), arrays | _records(segments, of_segment[order], docs[order])


def _columns(segments: Sequence[Segment], keep: Sequence[Array]) -> Columns:
    """The columns of the kept articles, segment after segment."""
    merged = Columns()
    for column in columns.COLUMNS:
        name, parts = column.name, []
        for segment, docs in zip(segments, keep, strict=True):
            places: Array = docs
            if column.kind == columns.NAMES:
                at = segment.file.array(f"{name}_at").astype(np.int64)
                counts = at[docs + 1] - at[docs]
                merged.counts[name] = np.concatenate((merged.counts.get(name, counts[:0]), counts))
                places = columns.ranges(at[docs], counts)
            values = segment.column(name)
            if column.kind == columns.ROW:
                values = values.reshape(-1, columns.SIGNATURE)
            if name in columns.TABLES:
                numbers = np.array([merged.number(name, text) for text in segment.names(name)], np.int64)
                values = numbers[values[places]]
            else:
                values = values[places]
            # Without a common dtype, numpy would convert a mix of signed and unsigned integers to floats.
            is_whole = values.dtype.kind in "iu" and column.code != "Q"
            parts.append(values.astype(np.int64) if is_whole else values)
        merged.values[name] = np.concatenate(parts)
    return merged


def _ids(
    segments: Sequence[Segment], of_segment: Array, docs: Array, merged: Columns, pivots: Pivots
) -> list[str]:
    """The ids of the articles that boost and date leave tied, and "" for the others, because reading ids is slow."""
    boost = merged.exponent(pivots)
    date = merged["date"]
    order = np.lexsort((date, boost))
    is_tie = np.zeros(len(docs) + 1, bool)
    is_tie[1:-1] = (np.diff(boost[order]) == 0) & (np.diff(date[order]) == 0)
    tied = np.sort(order[is_tie[1:] | is_tie[:-1]])
    ids = [""] * len(docs)
    found = (
        segments[s].records.read(doc).id
        for block in _blocks(segments, of_segment[tied], docs[tied])
        for s, doc in block
    )
    for place, id_ in zip(tied.tolist(), found, strict=True):
        ids[place] = id_
    return ids


class _FormRange(NamedTuple):
    """The exact forms [first, last) of a segment."""

    first: int
    last: int


def _words(
    segments: Sequence[Segment], keep: Sequence[Array], number: Array, languages: Array
) -> dict[str, Array | Spool]:
    """The arrays of `postings`.

    Args:
        keep: for each segment, the kept articles.
        number: their new numbers, segment after segment.
        languages: the language of each article, by its new number.
    """
    renumbered = []
    start = 0
    for segment, docs in zip(segments, keep, strict=True):
        numbers = np.full(segment.articles, -1, np.int64)
        numbers[docs] = number[start : start + len(docs)]
        renumbered.append(numbers)
        start += len(docs)

    spools = {name: Spool(segments[0].file.path.parent, dtype) for name, dtype in _SPOOLED.items()}
    terms: list[str] = []
    posts, mores, forms, spoken = ([np.empty(0, np.int64)] for _ in range(4))
    for ranges in _ranges(segments):
        found, postings = _merged(segments, ranges, renumbered)
        form, language = words_of(len(found), languages, postings)
        forms.append(form + len(terms))
        spoken.append(language)
        posts.append(np.bincount(postings.term, minlength=len(found)))
        mores.append(np.bincount(postings.more_term, minlength=len(found)))
        terms += found
        for name, spool in spools.items():
            spool.append(getattr(postings, name))
        for segment in segments:
            segment.file.release()
    form, language = np.concatenate(forms), np.concatenate(spoken)
    by_language = np.argsort(language, kind="stable")
    stemmings = analysis.stemmings(segments[0].protected)
    stems = stem_arrays(form[by_language], language[by_language], languages, stem_lookup(terms, stemmings))
    return {
        **columns.strings("term", terms),
        "post_at": np.cumsum(np.concatenate(([0], *posts))),
        "post_doc": spools["doc"],
        "post_code": spools["code"],
        "post_pos": spools["pos"],
        "more_at": np.cumsum(np.concatenate(([0], *mores))),
        "more_doc": spools["more_doc"],
        "more_pos": spools["more_pos"],
        **stems,
    }


def _ranges(segments: Sequence[Segment]) -> Iterator[list[_FormRange]]:
    """For each segment, the forms between the same two texts: _RANGE words in total, unless one form alone has more."""
    share = _RANGE // len(segments)
    words = [
        s.file.array("post_at").astype(np.int64) + s.file.array("more_at").astype(np.int64) for s in segments
    ]
    first = [0] * len(segments)
    while any(start < len(s.dictionary) for start, s in zip(first, segments, strict=True)):
        bounds = []
        for start, segment, at in zip(first, segments, words, strict=True):
            fits = int(at.searchsorted(at[start] + share, side="right")) - 1
            end = max(fits, start + 1)
            if end < len(segment.dictionary):
                bounds.append(segment.dictionary.encoded(end))
        bound = min(bounds, default=None)
        last = [len(s.dictionary) if bound is None else s.dictionary.bisect(bound) for s in segments]
        yield list(map(_FormRange, first, last))
        first = last


def _merged(
    segments: Sequence[Segment], ranges: Sequence[_FormRange], renumbered: Sequence[Array]
) -> tuple[list[str], Postings]:
    """The forms in these ranges that occur in kept articles, sorted, and their renumbered postings."""
    encoded = [
        [s.dictionary.encoded(i) for i in range(*forms)] for s, forms in zip(segments, ranges, strict=True)
    ]
    vocabulary = sorted(set(chain.from_iterable(encoded)))
    numbers = {term: i for i, term in enumerate(vocabulary)}
    parts = [
        _postings(segment, forms, np.array([numbers[term] for term in terms], np.int64), new)
        for segment, forms, terms, new in zip(segments, ranges, encoded, renumbered, strict=True)
    ]
    postings = _sorted(Postings(*map(np.concatenate, zip(*parts, strict=True))))
    return _used(vocabulary, postings)


def _postings(segment: Segment, forms: _FormRange, numbers: Array, renumbered: Array) -> Postings:
    """The postings of kept articles for a range of forms of a segment, with forms and articles renumbered."""
    array = segment.file.array
    counts = []
    places = []
    for name in ("post_at", "more_at"):
        at = array(name)[forms.first : forms.last + 1].astype(np.int64)
        counts.append(np.diff(at))
        places.append(slice(at[0], at[-1]))
    post, more = places
    doc = renumbered[array("post_doc")[post]]
    live = doc >= 0
    more_doc = renumbered[array("more_doc")[more]]
    more_live = more_doc >= 0
    return Postings(
        np.repeat(numbers, counts[0])[live],
        doc[live],
        array("post_code")[post][live],
        array("post_pos")[post][live],
        np.repeat(numbers, counts[1])[more_live],
        more_doc[more_live],
        array("more_pos")[more][more_live],
    )


def _sorted(postings: Postings) -> Postings:
    """The postings sorted by (term, article)."""
    order = np.argsort((postings.term << 16) | postings.doc, kind="stable")
    more = np.argsort((postings.more_term << 16) | postings.more_doc, kind="stable")
    return Postings(*(c[order] for c in postings[:4]), *(c[more] for c in postings[4:]))


def _used(vocabulary: list[bytes], postings: Postings) -> tuple[list[str], Postings]:
    """Drop the forms without postings, and renumber the rest."""
    counts = np.bincount(postings.term, minlength=len(vocabulary))
    number = np.cumsum(counts > 0) - 1
    terms = [vocabulary[i].decode() for i in np.flatnonzero(counts).tolist()]
    return terms, postings._replace(term=number[postings.term], more_term=number[postings.more_term])


def _records(segments: Sequence[Segment], of_segment: Array, docs: Array) -> dict[str, Array | Spool]:
    """The arrays of `records` and `urls` for these articles."""
    chosen = sampled(len(docs))
    compress, dictionary = trained(segments[of_segment[i]].records.raw(docs[i]) for i in chosen)
    packed = Spool(segments[0].file.path.parent, "|u1")
    sizes = [0]
    urls: list[bytes] = []
    for block in _blocks(segments, of_segment, docs):
        raw = [segments[s].records.raw(doc) for s, doc in block]
        urls += map(urls_of, raw)
        records = compress(raw)
        packed.append(np.frombuffer(b"".join(records), np.uint8))
        sizes += map(len, records)
    return {
        "records": packed,
        "record_at": np.cumsum(sizes),
        "record_dictionary": dictionary,
        **building.url_arrays(urls),
    }


def _blocks(segments: Sequence[Segment], of_segment: Array, docs: Array) -> Iterator[list[tuple[int, int]]]:
    """(segment, article) numbers, one block at a time. The memory of what was read is released after each block."""
    for start in range(0, len(docs), _BLOCK):
        block = slice(start, start + _BLOCK)
        yield list(zip(of_segment[block].tolist(), docs[block].tolist(), strict=True))
        for segment in segments:
            segment.file.release()
