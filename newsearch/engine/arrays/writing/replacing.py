"""Replacement: an added article replaces the one with the same id in the same source, unless it is unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops.matches import holds
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]

_KEYS_AT_ONCE = 1 << 20


def keys(segment: Segment) -> Array:
    """For each article, a 64-bit key of its id and its source."""
    sources = np.array([hash_key(name) for name in segment.names("source")], np.uint64)
    found: Array = segment.column("id_hash") + sources[segment.file.array("source")]
    return found


def delete_replaced(committed: Sequence[Segment], added: Sequence[Segment]) -> tuple[int, Array]:
    """Mark articles that a later one replaces as deleted, and also added articles that are equal to committed ones.

    Keys are compared range by range, because all keys of millions of articles, sorted, would take more memory than
    building their segments.

    Args:
        committed: the segments committed before.
        added: the new segments, in the order in which they were added.

    Returns:
        The number of committed articles that were replaced, and the sorted keys of the committed articles that were
        added again unchanged, and therefore stay.
    """
    replaced = 0
    confirmed = [np.empty(0, np.uint64)]
    bits = (sum(segment.articles for segment in added) // _KEYS_AT_ONCE).bit_length()
    for part in range(1 << bits):
        later = _delete_earlier([_Keys(segment, part, bits) for segment in added])
        for segment in committed if len(later) else ():
            own = keys(segment)
            again = holds(own, later) & segment.kept
            same = _delete_equal(added, own[again], segment.column("content_hash")[again])
            confirmed.append(own[again][same])
            again[again] = ~same
            replaced += int(np.count_nonzero(again))
            segment.delete(again)
    return replaced, np.sort(np.concatenate(confirmed))


class _Keys:
    """The keys of a segment's articles in one of 2**bits equal ranges, and the numbers of these articles."""

    def __init__(self, segment: Segment, part: int, bits: int) -> None:
        self.segment = segment
        own = keys(segment)
        if bits:
            self.articles = np.flatnonzero(own >> np.uint64(64 - bits) == np.uint64(part))
            self.keys: Array = own[self.articles]
        else:
            self.articles = np.arange(len(own))
            self.keys = own


def _delete_earlier(added: Sequence[_Keys]) -> Array:
    """Delete the articles added again in a later segment. Returns the distinct keys of all added articles, sorted."""
    own = np.concatenate([np.empty(0, np.uint64), *(part.keys for part in added)])
    order = np.argsort(own, kind="stable")  # equal keys stay in the order of their segments
    ordered = own[order]
    is_last = np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]
    # Few articles are added more than once. Only those are examined further.
    at = np.flatnonzero(~is_last | ~np.append(True, is_last)[: len(is_last)])
    ends = np.cumsum([len(part.keys) for part in added])
    number = ends.searchsorted(order[at], side="right")
    run = np.cumsum(is_last[at]) - is_last[at]
    earlier = np.sort(order[at[number < number[is_last[at]][run]]])
    if len(earlier):
        for part, end in zip(added, ends.tolist(), strict=True):
            mask = np.zeros(part.segment.articles, bool)
            start = end - len(part.keys)
            mask[part.articles[earlier[(earlier >= start) & (earlier < end)] - start]] = True
            part.segment.delete(mask)
    found: Array = ordered[is_last]
    return found


def _delete_equal(added: Sequence[Segment], wanted: Array, contents: Array) -> Array:
    """Delete the added articles with these keys and contents. Returns, for each pair, whether one was found."""
    equal = np.zeros(len(wanted), bool)
    if not len(wanted):
        return equal
    order = np.argsort(wanted)
    wanted, contents = wanted[order], contents[order]
    for segment in added:
        own = keys(segment)
        at = wanted.searchsorted(own).clip(max=len(wanted) - 1)
        same = (wanted[at] == own) & (contents[at] == segment.column("content_hash")) & segment.kept
        segment.delete(same)
        equal[order[at[same]]] = True
    return equal
