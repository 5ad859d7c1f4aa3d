"""The exact forms of all segments as one dictionary, each with the number of findable articles that contain it.

vocabulary.bin   a file of arrays of the kind "vocabulary" (see `kept`):
                 generation                 the `identity` of the generation
                 text, at, counts           as in Vocabulary
                 numbers, letters, starts   its order
                 often, often_letters       its frequent forms, and the letter mask of each
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.files.toc import VOCABULARY_NAME, Toc
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.segment.dictionary import ByLength, letters_of, ordered_by_length, similar_among
from newsearch.engine.arrays.segment.form import is_offsets
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.errors import NewsearchError

Array: TypeAlias = NDArray[Any]

Frequent: TypeAlias = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32]]
"""The numbers of forms, the letter mask of each, and the negative number of articles that contain it."""

FREQUENT = 3
"""A form in fewer articles than this is rare: most forms are."""

_MOST = 2**31 - 1
"""Forms in more articles than this are equally frequent."""

_NEAREST = 8
"""How much faster forms one edit away are found by the order of all forms than by comparing each."""

_KIND, _VERSION = "vocabulary", 1
_ARRAYS = "text", "at", "counts", "numbers", "letters", "starts", "often", "often_letters"

_PER_FORM = 28
"""The bytes that a form takes besides its text."""

_SAMPLED = 16
"""The size of a vocabulary is estimated from one stem in this many."""


class Vocabulary(NamedTuple):
    """Sorted forms.

    Attributes:
        text, at: the concatenated forms in UTF-8, and the start of each.
        counts: the number of findable articles that contain each form.
        order: the forms by length (see Dictionary.by_length).
        frequent: those in at least FREQUENT articles, the most frequent first.
    """

    text: Array
    at: Array
    counts: Array
    order: ByLength
    frequent: Frequent

    def articles_with(self, form: str) -> int:
        """The number of findable articles that contain an exact form."""
        number = kernel.exact(self.text, self.at, [form.encode("utf-8", "surrogatepass")])[0]
        return int(self.counts[number]) if number >= 0 else 0

    def begun(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent forms with this prefix, each with the number of findable articles that contain it."""
        first, last = kernel.begun(self.text, self.at, prefix.encode("utf-8", "surrogatepass"))
        counts = self.counts[first:last]
        if len(counts) > limit > 0:
            # Keep all forms that are as frequent as the last one. Their order decides which of them are left out.
            least = max(int(np.partition(counts, len(counts) - limit)[-limit]), 1)
            found = np.flatnonzero(counts >= least)
        else:
            found = np.flatnonzero(counts)
        # The forms are sorted, and the sort is stable.
        best = found[(-counts[found].astype(np.int64)).argsort(kind="stable")[:limit]]
        return [(self._form(first + number), int(counts[number])) for number in best.tolist()]

    def _form(self, number: int) -> str:
        return self.text[self.at[number] : self.at[number + 1]].tobytes().decode()

    def near(self, term: str, edits: int, least: int = 0) -> list[tuple[int, str, int]]:
        """The forms within `edits` edits of a term that at least `least` findable articles contain.

        Returns:
            For each form its edit distance, the form, and the number of findable articles that contain it.
        """
        found = self._near(term, edits, least)
        counts = self.counts.take([number for _, _, number in found]).tolist() if found else ()
        return [
            (distance, form, count)
            for (distance, form, _), count in zip(found, counts, strict=True)
            if count >= least
        ]

    def _near(self, term: str, edits: int, least: int) -> list[tuple[int, str, int]]:
        """See `similar_among`. May lack forms in fewer than `least` articles."""
        numbers, letters, rarity = self.frequent
        if least >= FREQUENT:
            # Most forms are rare. To compare all others takes less time than to read the order of all forms.
            most, wanted = len(self.counts) // (2 * (_NEAREST if edits == 1 else 1)), -min(least, _MOST)
            if most >= len(rarity) or rarity[most] > wanted:
                first = int(rarity.searchsorted(np.int32(wanted), side="right"))
                return kernel.similar(
                    term, edits, letters_of(term), letters[:first], numbers[:first], self.text, self.at
                )
        return similar_among(self.text, self.at, term, edits, self.order)


def vocabulary_of(segments: Sequence[Segment], counts: Sequence[Array]) -> Vocabulary:
    """The vocabulary of some segments.

    Args:
        counts: for each form of each segment, the number of findable articles that contain it.
    """
    dictionaries = zip(segments, counts, strict=True)
    merged = kernel.merged([(*segment.dictionary.arrays, counts) for segment, counts in dictionaries])
    text, at = np.frombuffer(merged[0], np.uint8), np.frombuffer(merged[1], np.uint32)
    of_each, order = np.frombuffer(merged[2], np.uint32), ordered_by_length(text, at)
    return Vocabulary(text, at, of_each, order, _most_frequent(of_each, order))


def _most_frequent(counts: Array, order: ByLength) -> Frequent:
    letters = np.empty(len(counts), np.uint32)
    letters[order[0]] = order[1]
    numbers = np.flatnonzero(counts >= FREQUENT).astype(np.uint32)
    rarity = _rarity(counts, numbers)
    sorted_ = rarity.argsort(kind="stable")
    numbers = numbers.take(sorted_)
    return numbers, letters.take(numbers), rarity.take(sorted_)


def _rarity(counts: Array, numbers: Array) -> NDArray[np.int32]:
    return -np.minimum(counts.take(numbers), _MOST).astype(np.int32)


def read_vocabulary(directory: Path, toc: Toc) -> Vocabulary | None:
    """The stored vocabulary of this generation. None if no process has stored one, or if it is damaged."""
    from newsearch.engine.arrays.files import kept  # most processes compare no forms

    try:
        file = kept.read_kept(directory / VOCABULARY_NAME, _KIND, _VERSION)
        if not kept.is_of(file, kept.identity(toc)):
            return None
        text = file.array("text")
        # A file stores numbers in the narrowest type that holds all of them.
        at, counts, numbers, letters, starts, often, often_letters = (
            file.array(name).astype(np.uint32, casting="safe", copy=False) for name in _ARRAYS[1:]
        )
        # The rest is checked by the loops: they look up where each form that they read begins and ends.
        is_sound = (
            text.dtype == np.uint8
            and len(at) == len(counts) + 1 == len(numbers) + 1 == len(letters) + 1
            and len(often) == len(often_letters)
            and is_offsets(at, len(text))
            and _are_texts(text, at)
            and is_offsets(starts, len(numbers))
            and max(numbers.max(initial=0), often.max(initial=0)) < max(len(counts), 1)
        )
        if not is_sound:
            return None
        frequent = often, often_letters, _rarity(counts, often)
        return Vocabulary(text, at, counts, (numbers, letters, starts.tolist()), frequent)
    except (OSError, NewsearchError, ValueError, TypeError, IndexError):
        return None


def _are_texts(text: Array, at: Array) -> bool:
    """Whether each form is valid UTF-8. Raises UnicodeDecodeError if all together are not."""
    data = text.tobytes()
    if data.isascii():
        return True
    data.decode()
    starts = at[at < len(text)]
    return bool(((text[starts] & 0xC0) != 0x80).all())


def write_vocabulary(directory: Path, toc: Toc, found: Vocabulary) -> None:
    """Store the vocabulary of this generation for other processes, if that is possible (see `write_kept`)."""
    from newsearch.engine.arrays.files import kept

    numbers, letters, starts = found.order
    arrays = (
        *(found.text, found.at, found.counts, numbers, letters),
        np.array(starts, np.uint32),
        *found.frequent[:2],
    )
    path = directory / VOCABULARY_NAME
    kept.write_kept(path, _KIND, _VERSION, kept.identity(toc), dict(zip(_ARRAYS, arrays, strict=True)))


def likely_bytes(segments: Sequence[Segment]) -> int:
    """Estimate how many bytes the vocabulary of some segments takes.

    Most forms are in several segments. The hashes of some stems tell in how many.
    """
    most = sum(
        len(segment.dictionary.arrays[0]) + _PER_FORM * len(segment.dictionary) for segment in segments
    )
    hashes = [segment.file.array("stem_hash") for segment in segments]
    some = np.concatenate([np.empty(0, np.uint32), *(each[each % _SAMPLED == 0] for each in hashes)])
    return most * len(np.unique(some)) // len(some) if len(some) else most
