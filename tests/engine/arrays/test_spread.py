"""A column spread over several arrays gives the numbers of the joined one, and never reads beyond them."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.engine.arrays.loops import spread
from newsearch.engine.arrays.loops.spread import Spread, Table

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
compiled = pytest.mark.skipif(
    importlib.util.find_spec("newsearch.engine.arrays.loops._spread") is None,
    reason="newsearch was installed without a compiler",
)


def parts_of(random: np.random.Generator, sizes: list[int]) -> list[Any]:
    kinds = ("u1 u2 u4", "u1 i4 i8", "f8 i4 u2", "u8")[random.integers(4)].split()
    return [random.integers(0, 200, size).astype(random.choice(kinds)) for size in sizes]


@pytest.mark.parametrize("twin", [spread._twin, None])
@given(seeds, st.lists(st.sampled_from([0, 1, 70, 300]), max_size=5))
def test_articles_have_the_numbers_of_the_joined_column(
    twin: Any, random: np.random.Generator, sizes: list[int]
) -> None:
    parts = parts_of(random, sizes)
    joined = np.concatenate([np.empty(0, np.uint8), *parts])
    docs = random.integers(0, len(joined), 90 if len(joined) else 0).astype(
        random.choice([np.uint32, np.int64])
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "_twin", twin)
        column = Spread(parts)
        assert len(column) == len(joined)
        assert column.dtype == column.take(docs).dtype == joined.dtype
        assert column.take(docs).tolist() == column[docs].tolist() == joined.take(docs).tolist()
        assert column[:].tolist() == column.joined().tolist() == joined.tolist()
        assert column[1:7].tolist() == joined[1:7].tolist()
        assert (
            Table([column, column]).take(docs).tolist()
            == np.stack([joined, joined], 1).take(docs, 0).tolist()
        )


def test_a_wider_type_may_be_asked_for() -> None:
    column = Spread([np.array([1, 2], np.uint8)], np.uint16)
    assert column.take(np.array([1])).dtype == column.joined().dtype == np.uint16


@pytest.mark.parametrize("doc", [5, 2**32 - 1, -1])
@compiled
def test_an_article_outside_the_index_is_an_error(doc: int) -> None:
    with pytest.raises(ValueError, match="outside the index"):
        Spread([np.ones(2, np.uint8), np.ones(3, np.uint8)]).take(np.array([0, doc]))


@compiled
def test_what_is_no_column_is_an_error() -> None:
    column = Spread([np.ones(2, np.uint8)])
    for docs in (np.zeros(1), ["a"], None):
        with pytest.raises((TypeError, BufferError)):
            column.take(docs)  # type: ignore[arg-type]
    for part in (np.ones(2, "<f4"), np.ones(4, np.uint8)[::2], "text"):
        with pytest.raises((TypeError, BufferError, ValueError)):
            _ = Spread([part]).opened  # type: ignore[list-item]
