"""Loops over the forms of dictionaries: forms with a prefix, forms like a term, and several dictionaries as one.

These are the references for `_kernel.c`. `kernel` exports whichever runs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]


_ENDING = 3
"""Forms of one length are ordered by this many of their last bytes."""


def begun(text: Array, at: Array, prefix: bytes) -> tuple[int, int]:
    """The numbers [first, last) of a dictionary's forms with this prefix.

    If there are none, both are the number at which such a form would be inserted.

    Args:
        text, at: the concatenated forms in UTF-8, and the start of each.
    """

    def beginning(number: int) -> bytes:
        # Convert to int, because sums in a narrow type would overflow.
        start, end = int(at[number]), int(at[number + 1])
        return text[start : min(end, start + len(prefix))].tobytes()

    forms = range(len(at) - 1)
    first = bisect_left(forms, prefix, key=beginning)
    return first, bisect_right(forms, prefix, first, key=beginning)


def exact(text: Array, at: Array, forms: list[bytes]) -> list[int]:
    """The number of each of some forms in a dictionary, -1 for those that it does not have.

    Args:
        text, at: the dictionary's concatenated forms in UTF-8, and the start of each.
    """
    first = [begun(text, at, form)[0] for form in forms]
    # The shortest form with a prefix comes first.
    return [
        number if number < len(at) - 1 and text[at[number] : at[number + 1]].tobytes() == form else -1
        for number, form in zip(first, forms, strict=True)
    ]


def similar(
    term: str, edits: int, mask: int, letters: Array, numbers: Array, text: Array, at: Array
) -> list[tuple[int, str, int]]:
    """The exact forms within `edits` edits of a term: for each its edit distance, the form, and its number.

    Args:
        mask: the letter mask of the term, a bit for every letter in it (see Dictionary).
        letters: the letter masks of the candidates, the forms of a suitable length.
        numbers: the numbers of the candidates.
        text, at: the dictionary's concatenated forms in UTF-8, and the start of each.
    """
    wanted = np.uint32(mask)
    # One edit adds at most one letter and removes at most one.
    near = (np.bitwise_count(letters & ~wanted) <= edits) & (np.bitwise_count(~letters & wanted) <= edits)
    maybe = numbers[near].tolist()
    forms = [text[at[number] : at[number + 1]].tobytes().decode() for number in maybe]
    distances = _edit_distances(term, forms, edits)
    return [found for found in zip(distances, forms, maybe, strict=True) if found[0] <= edits]


def near(
    term: str, mask: int, letters: Array, numbers: Array, starts: list[int], text: Array, at: Array
) -> list[tuple[int, str, int]]:
    """What `similar` finds within one edit of a term of two letters or more, in no particular order.

    Takes a tenth of the time, because one edit changes only one half of the term: the dictionary, which must be sorted,
    gives the forms that begin with the first half, and the order of `by_length` those that end with the second.

    Args:
        letters, numbers, starts: what `by_length` returns.
    """
    shortest, longest = max(len(term) - 1, 0), min(len(term) + 2, len(starts) - 1)
    fitting = slice(starts[min(shortest, longest)], starts[longest])
    return similar(term, 1, mask, letters[fitting], numbers[fitting], text, at)


def merged(dictionaries: list[tuple[Array, Array, Array]]) -> tuple[Any, Any, Any]:
    """The forms of several sorted dictionaries as one, each form once.

    Args:
        dictionaries: for each its text, the start of each form, and a count for each form.

    Returns:
        Buffers of the text, of the start of each form (uint32), and of the sum of its counts (uint32).
    """
    sums: dict[bytes, int] = {}
    for text, at, counts in dictionaries:
        for (begin, end), count in zip(pairwise(at.tolist()), counts.tolist(), strict=False):
            form = text[begin:end].tobytes()
            sums[form] = sums.get(form, 0) + count
    forms = sorted(sums)
    ends = np.cumsum([0, *map(len, forms)]).astype(np.uint32)
    return b"".join(forms), ends, np.array([sums[form] for form in forms], np.uint32)


def scan(term: str, edits: int, bits: Array, text: Array, at: Array) -> list[tuple[int, str, int]]:
    """What `similar` finds among all forms of a dictionary, in no particular order. Needs no masks of the forms, and is
    faster for one term than making them.

    Args:
        bits: the letter mask of every byte, uint32.
    """
    numbers, letters, starts = by_length(bits, text, at)
    shortest, longest = max(len(term) - edits, 0), min(len(term) + edits + 1, len(starts) - 1)
    fitting = slice(starts[min(shortest, longest)], starts[longest])
    mask = int(np.bitwise_or.reduce(bits[np.frombuffer(term.encode(), np.uint8)]))
    letters, numbers = np.frombuffer(letters, np.uint32), np.frombuffer(numbers, np.uint32)
    return similar(term, edits, mask, letters[fitting], numbers[fitting], text, at)


def one_edit(term: str, bits: Array, text: Array, at: Array) -> list[tuple[int, str, int]]:
    """What `scan` finds within one edit of a term in a sorted dictionary. The compiled twin does not read all of it."""
    return scan(term, 1, bits, text, at)


def by_length(bits: Array, text: Array, at: Array) -> tuple[Any, Any, list[int]]:
    """The forms of a dictionary by length in letters, and those of one length by their last bytes.

    Args:
        bits: the letter mask of every byte, uint32. Bytes beyond ASCII have none.

    Returns:
        Buffers of the numbers and of the letter masks of the forms, uint32, and where each length starts.
    """
    at = at.astype(np.int64)
    if len(at) < 2:
        return np.empty(0, np.uint32), np.empty(0, np.uint32), [0]
    # Count the letters: every byte that is not a UTF-8 continuation byte starts one.
    before = np.concatenate(([0], np.cumsum((text & 0xC0) != 0x80)))
    lengths = np.diff(before[at])
    sizes = np.diff(at)
    ending = [np.where(back < sizes, text[np.maximum(at[1:] - 1 - back, 0)], 0) for back in range(_ENDING)]
    order = np.lexsort((*reversed(ending), lengths)).astype(np.uint32)
    starts = np.searchsorted(lengths[order], np.arange(lengths.max() + 2)).tolist()
    return order, np.bitwise_or.reduceat(bits[text], at[:-1])[order], starts


def _edit_distances(term: str, forms: Sequence[str], most: int) -> list[int]:
    """The edit distances from some forms to a term, computed for all at once. Any value above `most` means too far.

    An edit inserts, deletes or replaces one letter, or swaps two adjacent letters. No letter is edited twice (optimal
    string alignment).
    """
    if not forms:
        return []
    width = max(map(len, forms))
    letters = np.array(forms, dtype=f"<U{width}").view(np.uint32).reshape(len(forms), width).T
    wanted = [ord(letter) for letter in term]
    rows, beyond = len(wanted), most + 1
    before = np.full((width + 1, len(forms)), beyond, np.int8)
    above = before.copy()
    above[: most + 1] = np.arange(min(most, width) + 1)[:, None]
    for i in range(1, rows + 1):
        row = np.full((width + 1, len(forms)), beyond, np.int8)
        if i <= most:
            row[0] = i
        # Only cells in a band around the diagonal can be within `most` edits.
        for j in range(max(1, i - most), min(width, i + most) + 1):
            same = letters[j - 1] == wanted[i - 1]
            cost = np.minimum(np.minimum(above[j], row[j - 1]) + 1, above[j - 1] + ~same)
            if i > 1 and j > 1:
                swapped = (letters[j - 1] == wanted[i - 2]) & (letters[j - 2] == wanted[i - 1])
                cost = np.where(swapped, np.minimum(cost, before[j - 2] + 1), cost)
            row[j] = cost
        before, above = above, row
    lengths = np.fromiter(map(len, forms), np.int64, len(forms))
    distances: list[int] = above[lengths, np.arange(len(forms))].tolist()
    return distances
