"""Dot products of sparse vectors, compiled and in numpy."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.stories import likeness
from newsearch.stories.likeness import Vectors, alike, alike_in_numpy

ROWS = st.lists(st.dictionaries(st.integers(0, 9), st.floats(0.01, 1), max_size=6), max_size=20)


def vectors(rows: list[dict[int, float]]) -> Vectors:
    cells = [(i, term, row[term]) for i, row in enumerate(rows) for term in sorted(row)]
    return Vectors(
        np.array([i for i, _, _ in cells], np.int64),
        np.array([term for _, term, _ in cells], np.int64),
        np.array([weight for _, _, weight in cells], np.float64),
    )


def added(numbers: Iterable[float]) -> float:
    """The sum, one after another: from Python 3.12 on, `sum` compensates for rounding."""
    return reduce(add, numbers, 0.0)


@given(ROWS, st.integers(1, 20), st.floats(0.01, 2))
def test_the_compiled_products_are_those_of_numpy_to_the_last_bit(
    rows: list[dict[int, float]], width: int, least: float
) -> None:
    horizons = np.minimum(np.arange(len(rows)) + width, len(rows))
    found, expected = (make(vectors(rows), horizons, least) for make in (alike, alike_in_numpy))
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]


@given(ROWS)
def test_the_products_are_those_of_all_pairs(rows: list[dict[int, float]]) -> None:
    one, other, product = alike(vectors(rows), np.full(len(rows), len(rows)), 0.1)
    slow = {
        (i, j): added(rows[i][term] * rows[j].get(term, 0) for term in sorted(rows[i]))
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
    }
    assert dict(zip(zip(one.tolist(), other.tolist(), strict=True), product.tolist(), strict=True)) == {
        pair: value for pair, value in slow.items() if value >= 0.1
    }


@pytest.mark.skipif(likeness._compiled is None, reason="newsearch was installed without a compiler")
@pytest.mark.parametrize(
    ("starts", "terms", "horizons", "size"),
    [
        ([0, 1], [7], [1], 5),
        ([0, 1], [-1], [1], 5),
        ([0, 2], [0], [1], 5),
        ([0, 1], [0], [2], 5),
        ([1, 1], [0], [1], 5),
        ([0, 1], [0], [1], -1),
    ],
)
def test_vectors_that_do_not_fit_together_are_refused(
    starts: list[int], terms: list[int], horizons: list[int], size: int
) -> None:
    arrays = [np.array(numbers, np.int64) for numbers in (starts, terms)]
    with pytest.raises(ValueError, match=r"vector|term|horizon"):
        likeness._compiled.alike(*arrays, np.ones(len(terms)), np.array(horizons, np.int64), size, 0.1)
