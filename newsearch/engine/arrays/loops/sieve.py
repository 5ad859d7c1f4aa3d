"""Which of many articles pass filters, and which are in any of some lists, as pure functions over arrays.

They stand here in numpy, which is what they mean. Where a compiler was at hand when newsearch was installed, those of
the same names in `_sieve.c` take their place, and give the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._compiled import compiled

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]

CHOSEN, ANY_CHOSEN, BETWEEN, LISTED = range(4)


class Check(NamedTuple):
    """What an article may have to pass, or, where it is negated, must not.

    Attributes:
        kind: CHOSEN: `chosen` has the number that `column` has for it; ANY_CHOSEN: one of its numbers, which are those
            of `column` from other[article] to other[article + 1]; BETWEEN: what begins as `column` and ends as `other`
            says for it, both float64, NaN where not known, begins at `high` at the latest and ends at `low` at the
            earliest; LISTED: `column` is a sorted list in which it is.
        chosen: for every number, whether it is one that passes.
    """

    kind: int
    column: Array
    other: Array | None = None
    chosen: Mask | None = None
    low: float = -np.inf
    high: float = np.inf
    negated: bool = False


def passing(groups: list[list[Check]], docs: Any) -> Any:
    """Whether articles pass at least one check of every group.

    Args:
        docs: a buffer of their numbers, uint32.

    Returns:
        A buffer of one byte for each.
    """
    numbers = np.frombuffer(docs, np.uint32)
    passed = np.ones(len(numbers), bool)
    for group in groups:
        left = passed.nonzero()[0]
        passed[left] = np.logical_or.reduce([_holds(check, numbers.take(left)) for check in group])
    return passed


def _holds(check: Check, docs: Array) -> Mask:
    kind, column, other, chosen, low, high, negated = check
    if kind == CHOSEN:
        assert chosen is not None
        found = chosen.take(column.take(docs))
    elif kind == LISTED:
        at = column.searchsorted(docs)
        found = column.take(at, mode="clip") == docs if len(column) else np.zeros(len(docs), bool)
    elif kind == BETWEEN:
        assert other is not None
        found = (column.take(docs) <= high) & (other.take(docs) >= low)
    else:
        assert other is not None
        assert chosen is not None
        passes = np.append(0, np.cumsum(chosen.take(column)))
        found = passes.take(other.take(docs + np.uint32(1))) > passes.take(other.take(docs))
    return ~found if negated else found


def union(lists: list[Array], articles: int) -> Any:
    """The articles of any list: a buffer of a bit for each of all articles, the lowest first, in words of 64."""
    held = np.zeros(-(-articles // 64) * 64, bool)
    for doc in lists:
        held[doc] = True
    return np.packbits(held, bitorder="little")


def ranked(doc: Array, articles: int) -> tuple[Any, Any]:
    """`union` of one list, and how many of it stand before each word of the bits: a buffer of uint32."""
    bits = union([doc], articles)
    counts = np.bitwise_count(np.frombuffer(bits, np.uint64)).astype(np.uint32)
    return bits, np.cumsum(counts, dtype=np.uint32) - counts


_CONSTANTS = {"CHOSEN": CHOSEN, "ANY_CHOSEN": ANY_CHOSEN, "BETWEEN": BETWEEN, "LISTED": LISTED}

if _twin := compiled(f"{__package__}._sieve", _CONSTANTS):
    passing, union, ranked = _twin.passing, _twin.union, _twin.ranked
