"""A page of all articles, found where the boosts are highest, is that of a list of all articles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import CHUNK, Boost
from newsearch.engine.arrays.searching import everything
from newsearch.engine.arrays.searching.everything import best_of_every, every, is_every, listed

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from([1, 10, 3000]), st.booleans(), st.sampled_from([0, 1, 2, 97]))
def test_the_best_of_every_article_are_those_of_a_list_of_all(
    random: np.random.Generator, wanted: int, hides: bool, share: int
) -> None:
    articles = int(random.choice([0, 1, CHUNK, CHUNK + 1, 20 * CHUNK + 5]))
    # Of few values, so that articles of several chunks tie.
    factors = random.integers(1, 9, articles) * np.repeat(random.random(21), CHUNK)[:articles].round(1)
    ceiling = [factors[start : start + CHUNK].max() for start in range(0, articles, CHUNK)]
    boost = Boost(factors, None, np.array(ceiling, np.float64))
    visible = None
    if hides:
        visible = np.packbits(random.random(-(-articles // 64) * 64) < 0.5, bitorder="little").view(np.uint64)

    def passes(docs: Any) -> Any:
        return np.frombuffer(docs, np.uint32) % share == 0

    asked = boost, visible, passes if share else None, wanted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(everything, "_FIRST", 1)
        found = best_of_every(*asked)
    whole = every(articles).listed()
    if articles:
        expected = sorted(kernel.best_complete([whole], *asked), reverse=True)
        assert sorted(found, reverse=True) == expected
    else:
        assert not found


def test_all_articles_are_listed_when_a_loop_needs_them() -> None:
    whole = every(70)
    (part,) = listed([whole])
    assert is_every(whole)
    assert not is_every(part)
    assert part.doc.tolist() == list(range(70))
    docs = np.array([3, 69])
    assert whole.look_up(docs).tolist() == part.look_up(docs).tolist() == [1, 1]
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernel.count([whole], None)
