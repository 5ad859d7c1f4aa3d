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
from newsearch.stories.likeness import Vectors
from newsearch.stories.linkage import Facts, joined, linked, linked_in_numpy

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


@given(likenesses(), st.sampled_from([1.0, 0.125, 0.015625]), st.sampled_from([0.125, 0.375]))
@examples(300)
def test_groups_that_are_each_others_closest_are_joined(
    given: tuple[int, dict[tuple[int, int], float], list[int]], bulk: float, threshold: float
) -> None:
    count, alike, together = given
    pairs = sorted(alike)
    ends = np.array(pairs, np.uint32).reshape(-1, 2)
    values = np.array([alike[pair] for pair in pairs], np.float64)
    label = joined(*ends.T.copy(), values, np.array(together), np.full(count, bulk), threshold)
    assert label.tolist() == joined_slowly(count, alike, together, bulk, threshold)


def articles(
    generator: np.random.Generator, count: int, hours: float, are_rounded: bool
) -> tuple[Vectors, Any, Facts, Any, Any]:
    """Articles on a few topics, and on events of these: some are much alike, many a little."""
    words = 60
    topics = generator.random((4, words)) ** 4
    events = (
        topics[generator.integers(0, 4, count // 4 + 1)] + generator.random((count // 4 + 1, words)) ** 12
    )
    rows = events[generator.integers(0, len(events), count)] + generator.random((count, words)) ** 20
    rows[rows < 0.1] = 0
    rows = np.round(rows * 2) / 2 if are_rounded else rows
    rows[:, 0] += rows.sum(axis=1) == 0
    rows /= np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    article, term = (np.ascontiguousarray(each) for each in np.nonzero(rows))
    when = np.sort(np.round(generator.random(count) * hours, 0 if are_rounded else 3))
    horizons = np.searchsorted(when, when + 144, side="right")
    marks = np.where(generator.random(count) < 0.3, 1 << generator.integers(0, 3, count), 0).astype(np.uint64)
    together = np.arange(count)
    for first in range(0, count - 5, 7):
        together[first + 1 : first + generator.integers(1, 5)] = first
    facts = Facts(when, generator.integers(0, 6, count), marks)
    return (
        Vectors(article, term, rows[article, term]),
        horizons,
        facts,
        together,
        generator.choice([0.1, 0.0025], count),
    )


@given(
    st.integers(0, 1 << 32), st.sampled_from([1, 10, 60, 200]), st.sampled_from([1.0, 90, 900]), st.booleans()
)
@examples(150)
def test_the_compiled_groups_are_those_of_numpy(
    seed: int, count: int, hours: float, are_rounded: bool
) -> None:
    """Similarities of rounded vectors tie; sums of others depend on their order in the last bit."""
    given = articles(np.random.default_rng(seed), count, hours, are_rounded)
    for threshold in (0.2, 0.33, 0.6):
        assert linked(*given, threshold).tolist() == linked_in_numpy(*given, threshold).tolist()


def test_many_articles_on_one_event_form_the_same_groups() -> None:
    """Their groups are joined in many rounds, and a sum has as many parts as pairs of articles."""
    generator = np.random.default_rng(7)
    vectors, horizons, facts, together, bulk = articles(generator, 900, 5.0, False)
    facts.outlets[:] = 0
    bulk[:] = 0.0001
    found = linked(vectors, horizons, facts, together, bulk, 0.2)
    assert found.tolist() == linked_in_numpy(vectors, horizons, facts, together, bulk, 0.2).tolist()
    assert np.bincount(found).max() > 50


def test_without_articles_there_are_no_groups() -> None:
    none = np.empty(0, np.int64)
    vectors = Vectors(none, none, np.empty(0))
    facts = Facts(np.empty(0), none, np.empty(0, np.uint64))
    assert linked(vectors, none, facts, none, np.empty(0), 0.3).tolist() == []


@pytest.mark.parametrize("join", [linked, linked_in_numpy])
@pytest.mark.parametrize(
    ("change", "are_joined"),
    [
        ({}, True),
        ({"hours": [0.0, 100.0]}, False),
        ({"outlets": [3, 3]}, False),
        ({"outlets": [0, 0]}, True),
        ({"marks": [1, 2]}, False),
        ({"marks": [1, 3]}, True),
        ({"marks": [1, 0]}, True),
        ({"horizons": [1, 2]}, False),
    ],
    ids=str,
)
def test_time_outlets_and_numbers_tell_articles_apart(
    join: Any, change: dict[str, Any], are_joined: bool
) -> None:
    given = {"hours": [0.0, 1.0], "outlets": [1, 2], "marks": [0, 0], "horizons": [2, 2]} | change
    vectors = Vectors(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]), np.array([0.8, 0.6, 0.8, 0.6]))
    facts = Facts(
        np.array(given["hours"], np.float64), np.array(given["outlets"]), np.array(given["marks"], np.uint64)
    )
    found = join(vectors, np.array(given["horizons"]), facts, np.arange(2), np.full(2, 0.1), 0.33)
    assert (found[0] == found[1]) == are_joined


@pytest.mark.skipif(linkage._compiled is None, reason="newsearch was installed without a compiler")
@pytest.mark.parametrize(
    "wrong",
    [
        {"starts": [0, 1, 2]},
        {"starts": [0, 2, 1, 3]},
        {"starts": [1, 1, 2, 3]},
        {"terms": [0, 5, 1]},
        {"terms": [0, -1, 1]},
        {"weights": [1.0]},
        {"horizons": [1, 2, 4]},
        {"horizons": [1, 2, -1]},
        {"hours": [1.0, 0.0, 2.0]},
        {"hours": [0.0, float("nan"), 2.0]},
        {"outlets": [0, 0]},
        {"marks": [0]},
        {"together": [0, 1, 3]},
        {"together": [0, -1, 2]},
        {"bulk": [1.0]},
        {"size": -1},
        {"threshold": 0.0},
        {"threshold": float("nan")},
    ],
    ids=str,
)
def test_vectors_and_groups_that_do_not_fit_together_are_refused(wrong: dict[str, Any]) -> None:
    given = {"starts": [0, 1, 2, 3], "terms": [0, 1, 1], "weights": [1.0] * 3, "horizons": [3] * 3}
    given |= {"hours": [0.0, 1.0, 2.0], "outlets": [0, 1, 2], "marks": [0] * 3}
    given |= {"together": [0, 1, 2], "bulk": [1.0] * 3} | wrong
    types = np.int64, np.int64, np.float64, np.int64, np.float64, np.int64, np.uint64, np.int64, np.float64
    names = "starts", "terms", "weights", "horizons", "hours", "outlets", "marks", "together", "bulk"
    arrays = [np.array(given[name], dtype) for name, dtype in zip(names, types, strict=True)]
    with pytest.raises(ValueError, match="fit together"):
        linkage._compiled.linked(*arrays, given.get("size", 5), given.get("threshold", 0.3))
