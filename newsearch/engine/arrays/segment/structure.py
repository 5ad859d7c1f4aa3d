"""Check the invariants of segments. A malicious segment may have valid checksums and still break them.

Cheap checks run whenever a segment is opened (see form) and when a column is first used (see segment). The checks here
read everything. They serve `newsearch verify`, merges, and telling a damaged segment from a bug after a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.form import is_offsets
from newsearch.engine.arrays.segment.postings import MAX_POSITIONS, Postings, stem_lookup, term_arrays
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.segment.urls import NAMES
from newsearch.errors import IndexCorrupt
from newsearch.text import analysis
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]

_OFFSETS = {
    "term_at": "term_bytes",
    "post_at": "post_doc",
    "more_at": "more_doc",
    "group_form_at": "group_form",
    "record_at": "records",
    **{f"{name}_at": name for name in columns.SEVERAL},
    **{f"{table}_name_at": f"{table}_name_bytes" for table in columns.TABLES},
}
"""Offset arrays, each with the array that it divides: the start of each word, article or string, and the final end."""

_WORDS = 1 << 28
"""More words than any field of an article can have: an article in a source is at most 10 MB."""

_FIRST, _LAST = -62135596800, 253402300799
"""The first and the last valid second of a date: the start of the year 1 and the end of the year 9999."""

_DERIVED = (
    "stem_language",
    "stem_at",
    "stem_hash",
    "stem_ref",
    "group_form_at",
    "group_form",
)

_FAILURES = (ValueError, LookupError, TypeError, ArithmeticError, MemoryError)


def check_offsets(segment: Segment) -> None:
    """Check the offset arrays, so that no part can be larger than the array that it belongs to.

    Raises:
        IndexCorrupt: an offset array does not match the array that it divides.
    """
    file = segment.file
    optional = (
        {"url_at": "url_bytes", "url_post_at": "url_post_doc"} if all(name in file for name in NAMES) else {}
    )
    for at, of in (_OFFSETS | optional).items():
        if not is_offsets(file.array(at), len(file.array(of))):
            raise IndexCorrupt(file.path, f"{at} does not divide {of}")


def check_words(segment: Segment) -> None:
    """Read all of a segment except its stored records, and check it against what writers of segments guarantee.

    Raises:
        IndexCorrupt: a check failed. The reason names it.
    """
    check_offsets(segment)
    try:
        fault = next(_faults(segment), None)
    except _FAILURES as error:
        fault = f"not as newsearch writes it ({type(error).__name__})"
    if fault:
        raise IndexCorrupt(segment.file.path, fault)


def check_articles(segment: Segment) -> None:
    """Read every article of a segment.

    Raises:
        IndexCorrupt: an article cannot be read, or its id does not match the columns.
    """
    hashes = segment.column("id_hash").tolist()
    for doc in range(segment.articles):
        if hash_key(segment.article(doc).id) != hashes[doc]:
            raise IndexCorrupt(segment.file.path, f"article {doc} does not match its columns")


def _faults(segment: Segment) -> Iterator[str]:
    """The checks that fail. Each check relies on the previous ones, which makes only the first failure reliable."""
    yield from _faults_of_columns(segment)
    yield from _faults_of_words(segment)
    yield from _faults_of_urls(segment)


def _faults_of_urls(segment: Segment) -> Iterator[str]:
    file = segment.file
    held = [name for name in NAMES if name in file]
    if not held:
        return
    if len(held) < len(NAMES):
        yield f"{', '.join(held)} without the other arrays of URLs"
    doc, at = (file.array(name).astype(np.int64) for name in ("url_post_doc", "url_post_at"))
    if len(doc) and doc.max() >= segment.articles:
        yield "a URL of an article that is not there"
    part = np.repeat(np.arange(len(at) - 1), at[1:] - at[:-1])
    if (np.diff(part << 16 | doc) <= 0).any():
        yield "the articles of a part of URLs are not in order"


def _faults_of_columns(segment: Segment) -> Iterator[str]:
    for field in ranking.TEXT_FIELDS:
        lengths = segment.column(f"length_{field}")
        if len(lengths) and lengths.max() >= _WORDS:
            yield f"an article of {lengths.max()} words in {field}"
    for table in columns.TABLES:
        segment.column(table)
        if len(set(segment.names(table))) < len(segment.names(table)):
            yield f"two strings of {table} are equal"
    for name in segment.names("provider"):
        columns.provider_from_name(name)
    for name in columns.of_kind(columns.SIGNAL):
        segment.column(name)
    for name in columns.DAY_ALONE:
        dates = segment.column(name)
        if len(dates) and not _FIRST <= dates.min() <= dates.max() <= _LAST:
            yield f"a {name} before the year 1 or after the year 9999"


def _faults_of_words(segment: Segment) -> Iterator[str]:
    file, dictionary = segment.file, segment.dictionary
    words = np.minimum(segment.lengths.astype(np.int64).sum(axis=1), MAX_POSITIONS)
    encoded = [dictionary.encoded(number) for number in range(len(dictionary))]
    if any(a >= b for a, b in pairwise(encoded)) or not all(encoded):
        yield "the words are not in order"
    terms = [term.decode() for term in encoded]
    counts: list[Array] = [np.diff(file.array(at).astype(np.int64)) for at in ("post_at", "more_at")]
    term, more_term = (np.repeat(np.arange(len(terms)), count) for count in counts)
    doc, code, pos, more_doc, more_pos = (
        file.array(name).astype(np.int64)
        for name in ("post_doc", "post_code", "post_pos", "more_doc", "more_pos")
    )
    if len(doc) and max(doc.max(), more_doc.max(initial=0)) >= segment.articles:
        yield "a posting of an article that is not there"
    if (pos >= words[doc]).any() or (more_pos >= words[more_doc]).any():
        yield "a word after the end of its article"
    keys, more_keys = term << 16 | doc, more_term << 16 | more_doc
    if (np.diff(keys) <= 0).any() or (np.diff(more_keys << 16 | more_pos) <= 0).any():
        yield "the postings are not in order"
    first = np.searchsorted(keys, more_keys)
    if len(more_keys) and not (
        len(keys)
        and (keys.take(first, mode="clip") == more_keys).all()
        and (pos.take(first, mode="clip") < more_pos).all()
    ):
        yield "a further position without a first one"
    if (code < 1).any():
        yield "a posting without a weight"
    if segment.languages.max(initial=0) >= len(analysis.LANGUAGES):
        yield "an article in a language that is not there"
    stemmings = analysis.stemmings(segment.protected)
    derived = term_arrays(
        len(terms),
        segment.languages,
        stem_lookup(terms, stemmings),
        Postings(term, doc, code, pos, more_term, more_doc, more_pos),
    )
    for name in _DERIVED:
        if (name in derived) != (name in file) or (
            name in file and not np.array_equal(derived[name], file.array(name))
        ):
            yield f"{name} does not follow from the words"


def verify(segments: Iterable[Segment]) -> None:
    """Read segments in full, and check their checksums and their invariants.

    Raises:
        IndexCorrupt: a segment was changed after it was written, or newsearch would not write it.
    """
    for segment in segments:
        segment.file.verify()
        check_words(segment)


def verify_sums(segments: Iterable[Segment]) -> None:
    """Check the checksums of segments, and that reading one in full takes no more memory than its size accounts for.

    Raises:
        IndexCorrupt: a segment was changed after it was written, or its offsets exceed its arrays.
    """
    for segment in segments:
        segment.file.verify()
        check_offsets(segment)
