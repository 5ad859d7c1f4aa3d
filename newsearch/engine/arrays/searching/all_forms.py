"""The forms of all segments of a generation, to compare a term with them, and to complete one.

They are compared segment by segment until it pays off to put them together. A generation that is published keeps them
in a file beside it, which all processes map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

from numpy.typing import NDArray

from newsearch.engine.arrays.searching.cache import Cache, size_of
from newsearch.engine.arrays.searching.vocabulary import (
    Vocabulary,
    likely_bytes,
    read_vocabulary,
    vocabulary_of,
    write_vocabulary,
)
from newsearch.engine.arrays.segment.segment import Segment

if TYPE_CHECKING:
    from newsearch.engine.arrays.files.toc import Toc

Array: TypeAlias = NDArray[Any]
Published: TypeAlias = "tuple[Path, Toc]"
Counts: TypeAlias = Callable[[int], Array]
"""Gives the number of articles that contain each form of a segment, by the number of the segment."""

_SCANS = 16
"""The number of terms that are compared with all forms before the forms are put in order for that."""

_UNAIDED = 4
"""The number of terms that are compared before the file of all forms is sought: to check it takes as long."""

_VOCABULARY = ("vocabulary",)
_VOCABULARY_SHARE = 2
"""The forms of all segments are put together if they take at most one part in this many of the cache."""

_VOCABULARY_BYTES = 32 << 20
"""They are also put together if they take at most this many bytes and can be stored in a file. They then take memory
only until the file is written."""


class AllForms:
    """The forms of some segments. Threads may share it.

    Args:
        cache: where they are kept if they cannot be stored.
        published: the directory and the table of contents of the generation, if it is published: see `kept`.
    """

    def __init__(self, segments: Sequence[Segment], cache: Cache, published: Published | None) -> None:
        self._segments = segments
        self._cache = cache
        self._published = published
        self._vocabulary: Vocabulary | None = None
        self._may_put_together: bool | None = None
        self._putting_together = Lock()
        self._compared = 0

    @property
    def together(self) -> Vocabulary | None:
        """All forms, if they have been put together."""
        if self._vocabulary is not None:
            return self._vocabulary
        found: Vocabulary | None = self._cache.get(_VOCABULARY)
        return found

    def to_compare(self, counts: Counts) -> Vocabulary | None:
        """All forms, to compare a term with them. None if comparing it segment by segment is faster: see `near`."""
        found = self.together
        if found is not None:
            return found
        self._compared += 1
        # Another thread may put them together meanwhile.
        if self._compared == _UNAIDED + 1 and (kept := self._kept()) is not None:
            self._vocabulary = kept
            return kept
        # To put the forms together takes as long as some comparisons.
        return None if self._compared <= _SCANS else self.put_together(counts)

    def put_together(self, counts: Counts) -> Vocabulary | None:
        """All forms, put together unless they are; None if they would take too much memory."""
        # Threads that ask at the same time wait for one of them.
        with self._putting_together:
            if self._may_put_together is None:
                likely = likely_bytes(self._segments)
                fits = likely * _VOCABULARY_SHARE <= self._cache.limit
                self._may_put_together = fits or (self._published is not None and likely <= _VOCABULARY_BYTES)
            if not self._may_put_together:
                return None
            found = self.together
            if found is None:
                # Another process may have stored it in the meantime.
                found = self._vocabulary = self._kept()
            return self._put_together(counts) if found is None else found

    def near(self, segment: Segment, term: str, edits: int) -> list[tuple[int, str, int]]:
        """The exact forms of one segment within `edits` edits of a term: for each its edit distance, the form, and its
        number."""
        if self._compared <= _SCANS:
            return segment.dictionary.similar(term, edits)
        ordered = self._cache.made(("lengths", segment.name), segment.dictionary.by_length)
        return segment.dictionary.similar_by_length(term, edits, ordered)

    def _kept(self) -> Vocabulary | None:
        """All forms from the file beside the index, which is mapped and takes none of the cache."""
        return None if self._published is None else read_vocabulary(*self._published)

    def _put_together(self, counts: Counts) -> Vocabulary:
        """Put the forms of all segments together, and keep them in the file or, failing that, in the cache."""
        found = vocabulary_of(self._segments, [*map(counts, range(len(self._segments)))])
        if self._published is not None:
            write_vocabulary(*self._published, found)
            self._vocabulary = read_vocabulary(*self._published)
            if self._vocabulary is not None:
                return self._vocabulary
        self._may_put_together = size_of(found) * _VOCABULARY_SHARE <= self._cache.limit
        if self._may_put_together:
            self._cache.put(_VOCABULARY, found)
        return found
