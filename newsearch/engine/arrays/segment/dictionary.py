"""The dictionary of a segment: look up exact forms by text, prefix, edit distance, and stem in each language."""

from __future__ import annotations

import zlib
from bisect import bisect_left
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._cached import cached_property
from newsearch.engine.arrays.files.layout import ArrayFile
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.segment.form import is_offsets
from newsearch.errors import IndexCorrupt
from newsearch.text.analysis import LANGUAGES, Stemming

Array: TypeAlias = NDArray[Any]


_MAX_CACHED = 256
_MAX_COLLISIONS = 256
"""More stems than this with the same crc32 mean that the index is damaged or malicious."""


class Dictionary:
    """The exact forms of a segment, numbered in the order of their UTF-8 bytes, and the groups that share a stem.

    Attributes:
        stemmings: the stemming of each language in the segment, by the language's number.
    """

    def __init__(self, file: ArrayFile, protected: frozenset[str]) -> None:
        self._file = file
        self._text, self._text_at = file.array("term_bytes"), file.array("term_at")
        # Single elements are read far faster from a memoryview than from an array.
        self._bytes = memoryview(self._text)
        self._at = memoryview(self._text_at)
        self._stem_hash = memoryview(file.array("stem_hash"))
        self._stem_ref = memoryview(file.array("stem_ref"))
        self._numbers: dict[str, int] = {}
        # Without stem_at, all stems are of the first language.
        at = file.array("stem_at") if "stem_at" in file else np.array([0, len(self._stem_hash)])
        if not is_offsets(at, len(self._stem_hash)):
            raise IndexCorrupt(file.path, "the stems are damaged")
        self._stem_range = dict(enumerate(pairwise(at.tolist())))
        self.stemmings = {
            number: Stemming(code, protected)
            for (number, (first, last)), code in zip(self._stem_range.items(), LANGUAGES, strict=False)
            if first < last
        }
        self._post_at = memoryview(file.array("post_at"))
        self._more_at = memoryview(file.array("more_at"))
        self._group_form_at = file.array("group_form_at")
        self._group_form = file.array("group_form")

    def __len__(self) -> int:
        return len(self._at) - 1

    def encoded(self, number: int) -> bytes:
        """The exact form with this number, in UTF-8."""
        return bytes(self._bytes[self._at[number] : self._at[number + 1]])

    def term(self, number: int) -> str:
        """The exact form with this number."""
        return self.encoded(number).decode()

    def number(self, term: str) -> int:
        """The number of an exact form, or -1 if the segment does not have it."""
        number = self._numbers.get(term)
        if number is None:
            number = self.exact([term.encode("utf-8", "surrogatepass")])[0]
            if len(self._numbers) >= _MAX_CACHED:
                self._numbers = {}
            self._numbers[term] = number
        return number

    def exact(self, forms: list[bytes]) -> list[int]:
        """The number of each of some exact forms in UTF-8, or -1. Nothing is kept of it."""
        return kernel.exact(self._text, self._text_at, forms)

    def prefix_range(self, prefix: str) -> tuple[int, int]:
        """The numbers [first, last) of the exact forms with this prefix."""
        return self._begun(prefix.encode("utf-8", "surrogatepass"))

    def bisect(self, wanted: bytes) -> int:
        """The number of the first exact form that is not below these bytes."""
        return self._begun(wanted)[0]

    def _begun(self, prefix: bytes) -> tuple[int, int]:
        return kernel.begun(self._text, self._text_at, prefix)

    def stem(self, term: str, language: int) -> int | None:
        """Look up the stem of a term in a language: the number of its only form, or -1 - its group's number.

        None if no form has this stem.
        """
        return self._find(stem_of(self.stemmings[language], term), language)

    def _find(self, stem: str, language: int) -> int | None:
        stemming = self.stemmings[language]
        hashed = zlib.crc32(stem.encode())
        first, last = self._stem_range[language]
        start = at = bisect_left(self._stem_hash, hashed, first, last)
        while at < last and self._stem_hash[at] == hashed:
            if at - start >= _MAX_COLLISIONS:
                raise IndexCorrupt(self._file.path, "the stems are damaged")
            ref: int = self._stem_ref[at]
            # Stems can share a hash. Compare the stem of one of the forms to be sure.
            form = ref if ref >= 0 else int(self._group_form[self._group_form_at[-1 - ref]])
            if stem_of(stemming, self.term(form)) == stem:
                return ref
            at += 1
        return None

    def forms(self, term: str, language: int) -> list[int]:
        """The numbers of all exact forms that share the stem of this term in one of the languages."""
        return self.forms_of(stem_of(self.stemmings[language], term), language)

    def forms_of(self, stem: str, language: int) -> list[int]:
        """The numbers of all exact forms that have this stem in one of the languages."""
        ref = self._find(stem, language)
        if ref is None:
            return []
        if ref >= 0:
            return [ref]
        forms = self._group_form[self._group_form_at[-1 - ref] : self._group_form_at[-ref]]
        found: list[int] = forms.tolist()
        if not (self._are_apart(found, self._post_at) and self._are_apart(found, self._more_at)):
            # Overlapping forms would claim more postings than exist.
            raise IndexCorrupt(self._file.path, "the stems are damaged")
        return found

    def _are_apart(self, forms: list[int], at: memoryview) -> bool:
        """Whether these forms rise, and the postings of each end before those of the next begin."""
        before, end = -1, 0
        for form in forms:
            if form <= before or not end <= at[form] <= at[form + 1]:
                return False
            before, end = form, at[form + 1]
        return True

    def stem_hashes(self, language: int) -> NDArray[np.uint32]:
        """For each exact form, the hash of its stem in a language; 0 for forms that have none in it.

        Raises:
            IndexCorrupt: the stems are damaged.
        """
        first, last = self._stem_range[language]
        ref = np.asarray(self._stem_ref)[first:last].astype(np.int64)
        hashed = np.asarray(self._stem_hash)[first:last].astype(np.uint32)
        found = np.zeros(len(self), np.uint32)
        single = ref >= 0
        groups = -1 - ref[~single]
        at = self._group_form_at.astype(np.int64)
        if not is_offsets(at, len(self._group_form)) or (len(groups) and groups.max() >= len(at) - 1):
            raise IndexCorrupt(self._file.path, "the stems are damaged")
        sizes = at[groups + 1] - at[groups]
        places = np.repeat(at[groups] - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))
        forms = self._group_form[places].astype(np.int64)
        if (len(forms) and forms.max() >= len(self)) or (single.any() and ref.max() >= len(self)):
            raise IndexCorrupt(self._file.path, "the stems are damaged")
        found[forms] = np.repeat(hashed[~single], sizes)
        found[ref[single]] = hashed[single]
        return found

    def pairs(self, half: str) -> list[tuple[int, int]]:
        """The ranges [first, last) of the pairs that contain a character, in ascending order."""
        begun = self.prefix_range(half)
        two = self._of_two_letters
        wanted = half.encode()
        ends = np.asarray(self._text_at)[two + 1].astype(np.int64)
        fits = ends >= len(wanted)
        for back, byte in enumerate(reversed(wanted), 1):
            fits &= self._text[np.maximum(ends - back, 0)] == byte
        ended = [number for number in np.sort(two[fits]).tolist() if not begun[0] <= number < begun[1]]
        return sorted([begun, *((number, number + 1) for number in ended)])

    @cached_property
    def _of_two_letters(self) -> NDArray[np.int64]:
        numbers, _, starts = self.by_length()
        return numbers[starts[2] : starts[3]].astype(np.int64) if len(starts) > 3 else np.empty(0, np.int64)

    def similar(self, term: str, edits: int) -> list[tuple[int, str, int]]:
        """The exact forms within `edits` edits of a term: for each its edit distance, the form, and its number."""
        if edits == 1:
            return kernel.one_edit(term, _BITS, self._text, self._text_at)
        return kernel.scan(term, edits, _BITS, self._text, self._text_at)

    def similar_by_length(self, term: str, edits: int, ordered: ByLength) -> list[tuple[int, str, int]]:
        """What `similar` finds, several times as fast, given what `by_length` returns."""
        return similar_among(self._text, self._text_at, term, edits, ordered)

    def by_length(self) -> ByLength:
        """The numbers of the forms by length in letters and then by ending, the letter mask of each, and the start of
        each length."""
        return ordered_by_length(self._text, self._text_at)

    @property
    def arrays(self) -> tuple[Array, Array]:
        """The concatenated forms in UTF-8, and the start of each."""
        return self._text, self._text_at


ByLength: TypeAlias = tuple[NDArray[np.uint32], NDArray[np.uint32], list[int]]

# Letters and digits have their own bits, as far as 32 bits allow. Bytes beyond ASCII have none, because one letter
# consists of several such bytes.
_BIT_OF = {
    letter: 1 << bit
    for bit, letters in enumerate(
        "a b c d e f g h i j k l m n o p q r s t u v w x y z 01 23 45 67 8 9".split()
    )
    for letter in letters
}
_BITS = np.zeros(256, np.uint32)
_BITS[[*map(ord, _BIT_OF)]] = [*_BIT_OF.values()]


@lru_cache(maxsize=4096)
def stem_of(stemming: Stemming, term: str) -> str:
    """`stemming.stem(term)`, cached because all segments of an index look up the same stems."""
    return stemming.stem(term)


def letters_of(term: str) -> int:
    """The letter mask of a term."""
    mask = 0
    for letter in term:
        mask |= _BIT_OF.get(letter, 0)
    return mask


def ordered_by_length(text: Array, at: Array) -> ByLength:
    """See Dictionary.by_length. `text` has the concatenated forms in UTF-8, and `at` the start of each."""
    numbers, letters, starts = kernel.by_length(_BITS, text, at)
    return np.frombuffer(numbers, np.uint32), np.frombuffer(letters, np.uint32), starts


def similar_among(
    text: Array, at: Array, term: str, edits: int, ordered: ByLength
) -> list[tuple[int, str, int]]:
    """See Dictionary.similar_by_length. `text` has the concatenated forms in UTF-8, and `at` the start of each."""
    numbers, letters, starts = ordered
    if edits == 1 < len(term):
        return kernel.near(term, letters_of(term), letters, numbers, starts, text, at)
    shortest, longest = max(len(term) - edits, 0), min(len(term) + edits + 1, len(starts) - 1)
    fitting = slice(starts[min(shortest, longest)], starts[longest])
    return kernel.similar(term, edits, letters_of(term), letters[fitting], numbers[fitting], text, at)
