"""Find words that occur together, on sorted keys: article << 16 | position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

_FAR = np.iinfo(np.int64).max


def windows(slots: Sequence[Array], slop: int, *, ordered: bool) -> tuple[Array, Array]:
    """Windows of text that contain one word of every slot, with at most `slop` other words between them.

    Args:
        slots: for each slot, the sorted keys of its words.
        ordered: whether the words must occur in the order of the slots.

    Returns:
        The first and last key of each window. There is at most one window for each possible start.
    """
    width = len(slots) - 1 + slop
    if ordered and slop == 0:
        start = slots[0]
        for i, keys in enumerate(slots[1:], 1):
            start = start[_contains(keys, start + i)]
        return start, start + width
    if ordered:
        start = slots[0]
        end = start
        for keys in slots[1:]:
            end = _next(keys, end + 1)
            kept = np.flatnonzero(end - start <= width)
            start, end = start[kept], end[kept]
        return start, end
    start = np.unique(np.concatenate(slots))
    end = start
    for keys in slots:
        end = np.maximum(end, _next(keys, start))
    kept = np.flatnonzero(end - start <= width)
    return start[kept], end[kept]


def beside(left: Array, size: int, right: Array, other_size: int, most: int) -> tuple[Array, Array]:
    """Windows of text from one phrase to another, in either order, with at most `most` words between them.

    Args:
        left, right: where each phrase starts: sorted keys.
        size, other_size: the number of words of each.

    Returns:
        The first and last key of each window. Of those from one start, the shortest.
    """
    found = []
    for first, length, second, other in ((left, size, right, other_size), (right, other_size, left, size)):
        following = _next(second, first + length)
        kept = np.flatnonzero(following - first - length <= most)
        found.append((first[kept], following[kept] + other - 1))
    (start, end), (start_too, end_too) = found
    return np.concatenate((start, start_too)), np.concatenate((end, end_too))


def _contains(keys: Array, wanted: Array) -> Array:
    at = np.searchsorted(keys, wanted)
    found: Array = keys.take(at, mode="clip") == wanted if len(keys) else np.zeros(len(wanted), bool)
    return found


def _next(keys: Array, wanted: Array) -> Array:
    """For each wanted key, the smallest key that is not below it. _FAR, beyond all texts, if there is none."""
    return np.append(keys, _FAR)[np.searchsorted(keys, wanted)]
