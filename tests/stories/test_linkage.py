"""Groups of what is alike, compiled and in numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch.stories import linkage
from newsearch.stories.linkage import linked, linked_in_numpy

EIGHTHS = st.integers(1, 8).map(lambda n: n / 8)
"""Likenesses whose sums do not depend on their order."""


@st.composite
def likenesses(draw: st.DrawFn) -> tuple[int, dict[tuple[int, int], float], list[int]]:
    """A number of articles, how like some of them are, and the first of those that each stays with."""
    count = draw(st.integers(1, 9))
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    alike = draw(st.dictionaries(st.sampled_from(pairs), EIGHTHS)) if pairs else {}
    together: list[int] = []
    for i in range(count):
        first = draw(st.integers(0, i))
        together.append(together[first] if first < i and together[first] == first else i)
    return count, alike, together


def joined_slowly(
    count: int, alike: dict[tuple[int, int], float], together: list[int], bulk: float, threshold: float
) -> list[int]:
    """The groups in a slow and obvious way: in each round, those that are each other's closest are joined."""
    groups = {first: [i for i in range(count) if together[i] == first] for first in set(together)}

    def between(one: list[int], other: list[int]) -> float:
        return sum(alike.get((min(i, j), max(i, j)), 0.0) for i in one for j in other)

    def within(group: list[int]) -> float:
        return len(group) + sum(alike.get((i, j), 0.0) * 2 for i in group for j in group if i < j)

    while True:
        closest: dict[int, tuple[float, int]] = {}
        for a, one in groups.items():
            for b, other in groups.items():
                total = between(one, other)
                if a == b or not total:
                    continue
                close = total / math.sqrt(within(one) * within(other))
                large = (len(one) + len(other)) * bulk
                least = min(linkage.COHESION * math.sqrt(max(1.0, large)), linkage.MAX_COHESION)
                if close >= threshold and total >= least * (len(one) * len(other)):
                    closest[a] = max(closest.get(a, (0.0, 0)), (close, -b))
        pairs = [(a, -b) for a, (_, b) in closest.items() if a < -b and closest[-b][1] == -a]
        if not pairs:
            return [next(first for first, group in groups.items() if i in group) for i in range(count)]
        for a, b in pairs:
            groups[a] += groups.pop(b)


@pytest.mark.parametrize("join", [linked, linked_in_numpy])
@given(likenesses(), st.sampled_from([1.0, 0.125, 0.015625]), st.sampled_from([0.125, 0.375]))
@examples(300)
def test_groups_that_are_each_others_closest_are_joined(
    join: Any, given: tuple[int, dict[tuple[int, int], float], list[int]], bulk: float, threshold: float
) -> None:
    count, alike, together = given
    pairs = sorted(alike)
    ends = np.array(pairs, np.uint32).reshape(-1, 2)
    values = np.array([alike[pair] for pair in pairs], np.float64)
    label = join(*ends.T.copy(), values, np.array(together), np.full(count, bulk), threshold)
    assert label.tolist() == joined_slowly(count, alike, together, bulk, threshold)


@given(st.integers(0, 1 << 32), st.sampled_from([10, 60, 200]), st.sampled_from([2, 9, 60]), st.booleans())
@examples(100)
def test_the_compiled_groups_are_those_of_numpy(seed: int, count: int, mean: int, are_rounded: bool) -> None:
    """Sums of rounded likenesses tie; those of others depend on their order in the last bit."""
    generator = np.random.default_rng(seed)
    one, other = np.nonzero(np.triu(generator.random((count, count)) < mean / count, 1))
    topic = generator.integers(0, 5, count)
    likeness = 0.1 + generator.random(len(one)) * np.where(topic[one] == topic[other], 0.9, 0.2)
    likeness = np.round(likeness, 1) if are_rounded else likeness
    together = np.arange(count)
    together[1::7] = together[::7][: len(together[1::7])]
    bulk = generator.choice([0.1, 0.0025, 1.0], count)
    arrays = one.astype(np.uint32), other.astype(np.uint32), likeness, together, bulk
    assert linked(*arrays, 0.2).tolist() == linked_in_numpy(*arrays, 0.2).tolist()


@pytest.mark.skipif(linkage._compiled is None, reason="newsearch was installed without a compiler")
@pytest.mark.parametrize(
    "wrong",
    [
        {"one": [5]},
        {"other": [3]},
        {"one": [0, 1]},
        {"likeness": []},
        {"together": [0, 1, 3]},
        {"together": [0, -1, 2]},
        {"bulk": [1.0]},
        {"threshold": 0.0},
        {"threshold": float("nan")},
    ],
    ids=str,
)
def test_pairs_and_groups_that_do_not_fit_together_are_refused(wrong: dict[str, Any]) -> None:
    given = {"one": [0], "other": [1], "likeness": [0.5], "together": [0, 1, 2], "bulk": [1.0] * 3} | wrong
    types = np.uint32, np.uint32, np.float64, np.int64, np.float64
    arrays = [
        np.array(given[name], dtype)
        for name, dtype in zip(("one", "other", "likeness", "together", "bulk"), types, strict=True)
    ]
    with pytest.raises(ValueError, match="fit together"):
        linkage._compiled.linked(*arrays, given.get("threshold", 0.3))
