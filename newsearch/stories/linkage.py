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
was installed, `_linkage.c` replaces it. It computes sums in the same order, and forms the same groups in a tenth of the
time.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from newsearch._compiled import compiled
from newsearch.stories.likeness import Floats, Numbers, Places

COHESION: Final = 0.12
"""Minimum mean similarity of the articles of two groups that are joined; more if these are large together."""
MAX_COHESION: Final = 0.35

MAX_ARTICLES: Final = 1 << 24
"""The maximum number of articles."""


def linked(
    one: Numbers, other: Numbers, likeness: Floats, together: Places, bulk: Floats, threshold: float
) -> Places:
    """Join groups of articles.

    Args:
        one, other, likeness: the pairs of articles that are alike, and how much.
        together: for each article, the number of its group to begin with: the smallest index in it.
        bulk: for each article, its share of a large group. The bulk of a group is the sum.
        threshold: above 0.

    Returns:
        For each article, the smallest index in its group.
    """
    if _compiled is None:
        return linked_in_numpy(one, other, likeness, together, bulk, threshold)
    found = _compiled.linked(one, other, likeness, together, bulk, threshold)
    return np.frombuffer(found, np.int64)


def linked_in_numpy(
    article: Numbers, like: Numbers, likeness: Floats, together: Places, bulk: Floats, threshold: float
) -> Places:
    """As `linked`, without the compiled module."""
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
    {"COHESION": COHESION, "MAX_COHESION": MAX_COHESION, "MAX_ARTICLES": MAX_ARTICLES},
)
