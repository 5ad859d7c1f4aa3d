"""Groups joined by centroid linkage. The closeness of two groups is the cosine of their centroids.

The similarity k of two articles is a product of kernels. The closeness can therefore be computed from sums of k:

    closeness(A, B) = K(A, B) / sqrt(K(A, A) * K(B, B)),  K(A, B) = sum of k(a, b) over a in A and b in B

In each round, two groups that are each other's closest are joined if their closeness is at least a threshold. A single
pair of articles cannot join two groups, and the result does not depend on the order of the articles.

Centroids of large groups are alike as soon as the groups share a topic, such as an election, although most of their
articles have little in common. Two groups are therefore joined only if the mean similarity of an article of one and an
article of the other is COHESION or more. For groups whose bulk together is b, more than 1, it must be
COHESION * sqrt(b), and at most MAX_COHESION.

The version in Python works round by round in numpy, and is the reference. If a compiler was available when newsearch
was installed, `_linkage.c` replaces it. Of millions of pairs it computes only those that decide which groups are joined
next, sums them in the same order, and forms the same groups in a twentieth of the time and memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from newsearch._compiled import compiled
from newsearch.stories.likeness import MAX_TERMS, Floats, Numbers, Places, Vectors, alike_in_numpy

Marks: TypeAlias = "np.ndarray[Any, np.dtype[np.uint64]]"

HOURS: Final = 72.0
SAME_OUTLET: Final = 0.1
OTHER_NUMBERS: Final = 0.5
"""What the similarity of articles is multiplied by if their titles hold numbers, but none in common."""

LEAST: Final = 0.1
"""Smaller cosines count as zero."""

COHESION: Final = 0.12
"""Minimum mean similarity of the articles of two groups that are joined; more if these are large together."""
MAX_COHESION: Final = 0.35

MAX_ARTICLES: Final = 1 << 24
"""The maximum number of articles."""

_BLOCK: Final = 1 << 16
"""The number of pairs that are looked at together, because there may be millions."""


@dataclass(slots=True)
class Facts:
    """What is known of articles beside their words.

    Attributes:
        hours: when each was published.
        outlets: a number for the outlet of each; 0 if unknown.
        marks: the numbers in the title of each, as bits; 0 if there are none.
    """

    hours: Floats
    outlets: Places
    marks: Marks


def linked(
    vectors: Vectors, horizons: Places, facts: Facts, together: Places, bulk: Floats, threshold: float
) -> Places:
    """Join groups of articles.

    Args:
        vectors: those of the articles, in the order of their times.
        horizons: for each article, the end of the later ones that it is compared with; never decreasing.
        together: for each article, the number of its group to begin with: the smallest index in it.
        bulk: for each article, its share of a large group. The bulk of a group is the sum.
        threshold: above 0.

    Returns:
        For each article, the smallest index in its group.
    """
    if _compiled is None:
        return linked_in_numpy(vectors, horizons, facts, together, bulk, threshold)
    starts, size = vectors.starts(len(horizons)), vectors.size
    arrays = vectors.terms, vectors.weights, horizons, facts.hours, facts.outlets, facts.marks, together, bulk
    return np.frombuffer(_compiled.linked(starts, *arrays, size, threshold), np.int64)


def linked_in_numpy(
    vectors: Vectors, horizons: Places, facts: Facts, together: Places, bulk: Floats, threshold: float
) -> Places:
    """As `linked`, without the compiled module."""
    one, other, cosine = alike_in_numpy(vectors, horizons, LEAST)
    likeness = np.empty(len(one))
    for start in range(0, len(one), _BLOCK):
        block = slice(start, start + _BLOCK)
        likeness[block] = _similarity(one[block], other[block], cosine[block], facts)
    return joined(one, other, likeness, together, bulk, threshold)


def _similarity(one: Numbers, other: Numbers, cosine: Floats, facts: Facts) -> Floats:
    """The similarity k of pairs of articles."""
    apart = (facts.hours[one] - facts.hours[other]) / HOURS
    # numpy has an exponential of its own, and its last bit is another.
    near = np.fromiter(map(math.exp, (-(apart**2) / 2).tolist()), np.float64, len(apart))
    found: Floats = cosine * near
    found[(facts.outlets[one] == facts.outlets[other]) & (facts.outlets[one] > 0)] *= SAME_OUTLET
    ones, others = facts.marks[one], facts.marks[other]
    found[((ones & others) == 0) & (ones != 0) & (others != 0)] *= OTHER_NUMBERS
    return found


def joined(
    article: Numbers, like: Numbers, likeness: Floats, together: Places, bulk: Floats, threshold: float
) -> Places:
    """As `linked`, given the pairs of articles that are alike, and how much."""
    label, count = together, len(together)
    one, other = label[article], label[like]
    within = np.bincount(label, minlength=count).astype(np.float64)
    inside = one == other
    within += 2 * np.bincount(one[inside], likeness[inside], count)
    sizes = np.bincount(label, minlength=count)
    bulks = np.bincount(label, bulk, count)
    one, other, likeness = _summed(one[~inside], other[~inside], likeness[~inside], count)

    def closeness(one: Places, other: Places, likeness: Floats) -> Floats:
        """How close groups are; 0 if they may not be joined."""
        found: Floats = likeness / np.sqrt(within[one] * within[other])
        least = np.minimum(COHESION * np.sqrt(np.maximum(1, bulks[one] + bulks[other])), MAX_COHESION)
        found[(found < threshold) | (likeness < least * (sizes[one] * sizes[other]))] = 0
        return found

    pairs = _GroupPairs(one, other, likeness, closeness(one, other, likeness), count)
    while len(at := pairs.joinable):
        best = _best(pairs.one[at], pairs.other[at], pairs.closeness[at], count)
        groups = np.flatnonzero(best >= 0)
        groups = groups[(best[best[groups]] == groups) & (groups < best[groups])]
        to = np.arange(count)
        to[best[groups]] = groups
        label = to[label]
        one, other, likeness = pairs.taken(np.concatenate([groups, best[groups]]))
        one, other = to[one], to[other]
        inside = one == other
        within = np.bincount(to, within, count).astype(np.float64)
        within += 2 * np.bincount(one[inside], likeness[inside], count)
        sizes = np.bincount(to, sizes, count).astype(np.int64)
        bulks = np.bincount(to, bulks, count)
        one, other, likeness = _summed(one[~inside], other[~inside], likeness[~inside], count)
        pairs.add(one, other, likeness, closeness(one, other, likeness))
    return label


class _GroupPairs:
    """Pairs of groups. Each round changes few of millions, and leaves the others where they are.

    Args:
        one, other, likeness, closeness: see `linked`. Later pairs are stored in these arrays too.
        count: more than the number of any group. It marks the places from which a pair was taken.

    Attributes:
        joinable: the places of the pairs that may be joined.
    """

    def __init__(self, one: Places, other: Places, likeness: Floats, closeness: Floats, count: int) -> None:
        self.one, self.other, self.likeness, self.closeness = one, other, likeness, closeness
        self._count = count
        self._size = len(one)
        self.joinable = np.flatnonzero(closeness > 0)

    def taken(self, groups: Places) -> tuple[Places, Places, Floats]:
        """Remove all pairs with one of these groups. Returns their groups and their similarities."""
        is_touched = np.zeros(self._count + 1, np.bool_)
        is_touched[groups] = True
        one, other = self.one[: self._size], self.other[: self._size]
        at = np.flatnonzero(is_touched[one] | is_touched[other])
        taken = one[at], other[at], self.likeness[at]
        one[at] = other[at] = self._count
        self.joinable = self.joinable[one[self.joinable] < self._count]
        return taken

    def add(self, one: Places, other: Places, likeness: Floats, closeness: Floats) -> None:
        """Append pairs."""
        if self._size + len(one) > len(self.one):
            self._make_room(len(one))
        places = np.arange(self._size, self._size + len(one))
        self.one[places], self.other[places] = one, other
        self.likeness[places], self.closeness[places] = likeness, closeness
        self._size += len(one)
        self.joinable = np.concatenate([self.joinable, places[closeness > 0]])

    def _make_room(self, more: int) -> None:
        kept = np.flatnonzero(self.one[: self._size] < self._count)
        room = np.zeros(len(kept) // 4 + more, np.int64)
        columns = (self.one, self.other, self.likeness, self.closeness)
        one, other, likeness, closeness = (
            np.concatenate([column[kept], room.astype(column.dtype)]) for column in columns
        )
        self.one, self.other, self.likeness, self.closeness = one, other, likeness, closeness
        self._size = len(kept)
        self.joinable = np.flatnonzero(closeness[: len(kept)] > 0)


def _summed(one: Places, other: Places, likeness: Floats, count: int) -> tuple[Places, Places, Floats]:
    """Pairs of groups, each once and smaller first, with the sums of their similarities."""
    keys, inverse = np.unique(np.minimum(one, other) * count + np.maximum(one, other), return_inverse=True)
    return keys // count, keys % count, np.bincount(inverse, likeness, len(keys)).astype(np.float64)


def _best(one: Places, other: Places, closeness: Floats, count: int) -> Places:
    """The closest group of each group, with ties going to the smallest index; -1 if there is none."""
    nearest = np.zeros(count)
    np.maximum.at(nearest, one, closeness)
    np.maximum.at(nearest, other, closeness)
    best = np.full(count, count)
    for here, there in ((one, other), (other, one)):
        at = closeness == nearest[here]
        np.minimum.at(best, here[at], there[at])
    best[best == count] = -1
    return best


_compiled = compiled(
    f"{__package__}._linkage",
    {
        "LEAST": LEAST,
        "HOURS": HOURS,
        "SAME_OUTLET": SAME_OUTLET,
        "OTHER_NUMBERS": OTHER_NUMBERS,
        "COHESION": COHESION,
        "MAX_COHESION": MAX_COHESION,
        "MAX_ARTICLES": MAX_ARTICLES,
        "MAX_TERMS": MAX_TERMS,
    },
)
