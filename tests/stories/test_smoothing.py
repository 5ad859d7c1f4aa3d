"""Vectors moved towards those of their neighbours, compiled and in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch.stories import smoothing
from newsearch.stories.likeness import Vectors, alike
from newsearch.stories.smoothing import merged, smoothed, smoothed_in_numpy


def vectors_of(rows: list[dict[int, float]]) -> Vectors:
    cells = [(i, term, row[term]) for i, row in enumerate(rows) for term in sorted(row)]
    articles, terms, weights = zip(*cells, strict=True) if cells else ((), (), ())
    return Vectors(np.array(articles, np.int64), np.array(terms, np.int64), np.array(weights, np.float64))


def as_rows(vectors: Vectors, count: int) -> list[dict[int, float]]:
    rows: list[dict[int, float]] = [{} for _ in range(count)]
    for article, term, weight in zip(vectors.articles, vectors.terms, vectors.weights, strict=True):
        rows[article][int(term)] = float(weight)
    return rows


@given(st.integers(0, 1 << 32), st.sampled_from([3, 20, 60]), st.sampled_from([4, 40, 200]), st.booleans())
@examples(100)
def test_the_compiled_vectors_are_those_of_numpy_to_the_last_bit(
    seed: int, count: int, words: int, are_rounded: bool
) -> None:
    """Rounded weights tie: which terms and neighbours are kept then depends on their order."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        terms = np.unique((generator.random(8) ** 2 * words).astype(int))
        weights = generator.random(len(terms)) + 0.01
        weights = np.round(weights * 2 + 0.5) / 4 if are_rounded else weights
        rows.append(dict(zip(terms.tolist(), weights.tolist(), strict=True)))
    vectors = vectors_of(rows)
    pairs = alike(vectors, np.full(count, count), 0.3)
    for most in (1, 5, 48):
        found, expected = (make(vectors, count, *pairs, most) for make in (smoothed, smoothed_in_numpy))
        for name in ("articles", "terms", "weights"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()


@pytest.mark.parametrize("smooth", [smoothed, smoothed_in_numpy])
def test_a_vector_gets_half_of_the_mean_of_its_neighbours(smooth: Any) -> None:
    rows = [{0: 1.0}, {1: 1.0}, {2: 1.0}]
    one, other = np.array([0, 0], np.uint32), np.array([1, 2], np.uint32)
    found = as_rows(smooth(vectors_of(rows), 3, one, other, np.array([0.6, 0.2]), 9), 3)
    # The nearer neighbour lends three times as much as the other one.
    assert found[0][1] == pytest.approx(found[0][0] * 0.375)
    assert found[0][2] == pytest.approx(found[0][0] * 0.125)
    assert found[1] == pytest.approx({0: 0.5 / 1.25**0.5, 1: 1 / 1.25**0.5})
    assert all(sum(weight**2 for weight in row.values()) == pytest.approx(1) for row in found)


@pytest.mark.parametrize("smooth", [smoothed, smoothed_in_numpy])
def test_only_the_nearest_neighbours_lend_and_the_strongest_terms_are_kept(smooth: Any) -> None:
    count = smoothing.NEIGHBOURS + 3
    rows = [{term: 1.0} for term in range(count)]
    one, other = np.zeros(count - 1, np.uint32), np.arange(1, count, dtype=np.uint32)
    likeness = np.linspace(0.4, 0.9, count - 1)
    found = as_rows(smooth(vectors_of(rows), count, one, other, likeness, count), count)
    assert sorted(found[0]) == [0, *range(3, count)]
    found = as_rows(smooth(vectors_of(rows), count, one, other, likeness, 2), count)
    assert sorted(found[0]) == [0, count - 1]


@given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9))), min_size=1, max_size=3))
def test_weights_in_the_same_cell_are_added(parts: list[list[tuple[int, int]]]) -> None:
    expected: dict[int, float] = {}
    arrays = []
    for part in parts:
        cells = sorted(part)
        for cell, weight in cells:
            expected[cell] = expected.get(cell, 0.0) + weight
        arrays.append(
            (np.array([c for c, _ in cells], np.int64), np.array([w for _, w in cells], np.float64))
        )
    cells, weights = merged(*arrays)
    assert dict(zip(cells.tolist(), weights.tolist(), strict=True)) == expected
    assert cells.tolist() == sorted(expected)


@pytest.mark.skipif(smoothing._compiled is None, reason="newsearch was installed without a compiler")
@pytest.mark.parametrize(
    "wrong",
    [
        {"starts": [0, 1]},
        {"starts": [0, 2, 1]},
        {"starts": [1, 1, 2]},
        {"terms": [0, 5]},
        {"terms": [-1, 0]},
        {"weights": [1.0]},
        {"one": [2]},
        {"other": [2]},
        {"one": [0, 1]},
        {"one": [1, 0], "other": [1, 1], "likeness": [0.5, 0.5]},
        {"likeness": []},
        {"size": -1},
        {"most": 0},
    ],
    ids=str,
)
def test_vectors_and_pairs_that_do_not_fit_together_are_refused(wrong: dict[str, Any]) -> None:
    given = {"starts": [0, 1, 2], "terms": [0, 1], "weights": [1.0, 1.0], "one": [0], "other": [1]}
    given |= {"likeness": [0.5], "size": 5, "most": 3} | wrong
    types = np.int64, np.int64, np.float64, np.uint32, np.uint32, np.float64
    names = "starts", "terms", "weights", "one", "other", "likeness"
    arrays = [np.array(given[name], dtype) for name, dtype in zip(names, types, strict=True)]
    with pytest.raises(ValueError, match="fit together"):
        smoothing._compiled.smoothed(*arrays, given["size"], given["most"])
