"""Where words stand, and which stand together: all on sorted keys, article << 16 | position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.whoosh.columns import ranges
from newsearch.engine.whoosh.matches import best_codes, holds

Array: TypeAlias = NDArray[Any]

_FAR = np.iinfo(np.int64).max


class Occurrences(NamedTuple):
    """Where some exact forms stand: their postings, form by form, and the further positions in articles with several.

    `is_one` says that they are those of one form: then `doc` is sorted, and has each article once, and `unit` is the
    score of a 255th of its saturated weight.
    """

    doc: Array
    code: Array
    pos: Array
    more_doc: Array
    more_pos: Array
    is_one: bool
    unit: float

    def best(self) -> tuple[Array, Array]:
        """The articles that hold any of the forms, and the code of the best one in each."""
        return (self.doc, self.code) if self.is_one else best_codes(self.doc, self.code)

    def keys(self, among: Array | None = None) -> Array:
        """Every occurrence as a key; `among` narrows to some articles, sorted, of the dtype of `doc`."""
        found = []
        for doc, pos in ((self.doc, self.pos), (self.more_doc, self.more_pos)):
            if among is not None and len(doc):
                if self.is_one and len(among) < len(doc):
                    # Sorted, so the shorter list can be looked for in the longer one.
                    kept = doc.searchsorted(among)
                    if doc is self.doc:
                        kept = kept[doc.take(kept, mode="clip") == among]
                    else:
                        kept = ranges(kept, doc.searchsorted(among, side="right") - kept)
                else:
                    kept = holds(doc, among).nonzero()[0]
                doc, pos = doc.take(kept), pos.take(kept)
            if len(doc):
                found.append((doc.astype(np.int64) << 16) | pos)
        if not found:
            return np.empty(0, np.int64)
        if len(found) == 1 and self.is_one:
            return found[0]
        keys = np.concatenate(found)
        keys.sort()
        return keys


def windows(slots: Sequence[Array], slop: int, *, ordered: bool) -> tuple[Array, Array]:
    """Windows of text that hold one word of every slot, with at most `slop` other words among them.

    Args:
        slots: for each slot the sorted keys of its words.
        ordered: whether the words must follow one another in the order of the slots.

    Returns:
        The first and last key of every window found, one for each place where one can begin.
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


def _contains(keys: Array, wanted: Array) -> Array:
    at = np.searchsorted(keys, wanted)
    found: Array = keys.take(at, mode="clip") == wanted if len(keys) else np.zeros(len(wanted), bool)
    return found


def _next(keys: Array, wanted: Array) -> Array:
    """The least key not below each wanted one; a key beyond all texts where there is none."""
    return np.append(keys, _FAR)[np.searchsorted(keys, wanted)]
