"""The exact forms of all segments as one dictionary, each with the number of findable articles that contain it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import Mask
from newsearch.engine.arrays.segment.dictionary import ByLength, ordered_by_length, similar_among
from newsearch.engine.arrays.segment.segment import Segment

Array: TypeAlias = NDArray[Any]


class Vocabulary(NamedTuple):
    """Sorted forms.

    Attributes:
        text, at: the concatenated forms in UTF-8, and the start of each.
        counts: the number of findable articles that contain each form.
        order: the forms by length (see Dictionary.by_length).
    """

    text: Array
    at: Array
    counts: Array
    order: ByLength

    def articles_with(self, form: str) -> int:
        """The number of findable articles that contain an exact form."""
        wanted = form.encode("utf-8", "surrogatepass")
        number, end = kernel.begun(self.text, self.at, wanted)
        # The shortest form with this prefix comes first.
        is_held = number < end and int(self.at[number + 1]) - int(self.at[number]) == len(wanted)
        return int(self.counts[number]) if is_held else 0

    def near(self, term: str, edits: int) -> list[tuple[int, str, int]]:
        """The forms within `edits` edits of a term: for each its edit distance, the form, and its number."""
        return similar_among(self.text, self.at, term, edits, self.order)


def vocabulary_of(segments: Sequence[Segment], starts: Sequence[int], visible: Mask | None) -> Vocabulary:
    """The vocabulary of some segments.

    Args:
        starts: the number of the first article of each.
        visible: which articles can be found. None means all.
    """
    parts = [
        (*segment.dictionary.arrays, segment.file.array("post_at"), segment.docs, start)
        for segment, start in zip(segments, starts, strict=False)
    ]
    text, at, counts = kernel.merged(parts, visible)
    text, at = np.frombuffer(text, np.uint8), np.frombuffer(at, np.uint32)
    return Vocabulary(text, at, np.frombuffer(counts, np.uint32), ordered_by_length(text, at))


def most_bytes(segments: Sequence[Segment]) -> int:
    """The most bytes that the vocabulary of some segments may take."""
    return sum(
        len(segment.dictionary.arrays[0]) + _PER_FORM * len(segment.dictionary) for segment in segments
    )


_PER_FORM = 16
"""The bytes that a form takes besides its text."""
