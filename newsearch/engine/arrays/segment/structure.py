"""What holds in every segment that newsearch writes. A stranger's may have good checksums and still be made to hurt.

What is cheap to check is checked whenever a segment is opened (see form) and a column is first used (see segment).
This reads everything: for `newsearch verify`, for merges, and to tell a damaged segment from a bug once something
has failed.
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
from newsearch.engine.arrays.segment.postings import MAX_POSITIONS, Postings, stems_of, term_arrays
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.errors import IndexCorrupt
from newsearch.text import analysis

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
"""Arrays that say where in another one the parts of each word, article or string begin, and where the last ends."""

_WORDS = 1 << 28
"""More words than any field of an article has: a source's articles are of 10 MB at most."""

_FIRST, _LAST = -62135596800, 253402300799
"""The first and the last second that a date can have: of the years 1 and 9999."""

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
    """Hold the arrays that divide others to what they must be, so that nothing can be larger than the whole.

    Raises:
        IndexCorrupt: one of them does not divide what it should.
    """
    file = segment.file
    for at, of in _OFFSETS.items():
        if not is_offsets(file.array(at), len(file.array(of))):
            raise IndexCorrupt(file.path, f"{at} does not divide {of}")


def check_words(segment: Segment) -> None:
    """Read all of a segment but its stored records, and hold it to what the writers of segments promise.

    Raises:
        IndexCorrupt: something does not hold; the reason names it.
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
        IndexCorrupt: one cannot be read, or has another id than the columns say.
    """
    hashes = segment.column("id_hash").tolist()
    for doc in range(segment.articles):
        if columns.hash_key(segment.article(doc).id) != hashes[doc]:
            raise IndexCorrupt(segment.file.path, f"article {doc} does not match its columns")


def _faults(segment: Segment) -> Iterator[str]:
    """What does not hold. Each check relies on those before it, so only the first of these is true for sure."""
    yield from _faults_of_columns(segment)
    yield from _faults_of_words(segment)


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
        stems_of(terms, stemmings),
        Postings(term, doc, code, pos, more_term, more_doc, more_pos),
    )
    for name in _DERIVED:
        if (name in derived) != (name in file) or (
            name in file and not np.array_equal(derived[name], file.array(name))
        ):
            yield f"{name} does not follow from the words"


def verify(segments: Iterable[Segment]) -> None:
    """Read segments whole, and compare them with their checksums and with what holds in every segment.

    Raises:
        IndexCorrupt: one of them is not what was written, or not what newsearch writes.
    """
    for segment in segments:
        segment.file.verify()
        check_words(segment)


def verify_sums(segments: Iterable[Segment]) -> None:
    """Compare segments with their checksums, and make sure that reading them whole takes no more than they are.

    Raises:
        IndexCorrupt: one of them is not what was written, or asks for more.
    """
    for segment in segments:
        segment.file.verify()
        check_offsets(segment)
