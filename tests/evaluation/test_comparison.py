"""Luck and merit are told apart as the theory says."""

from __future__ import annotations

from itertools import product

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch.evaluation import MEASURES, Evaluation, compare, difference


def _evaluation(**values: float) -> Evaluation:
    return Evaluation({id: dict.fromkeys(MEASURES, value) for id, value in values.items()}, {})


def _series(values: list[float]) -> dict[str, float]:
    return {str(number): value for number, value in enumerate(values)}


def test_wins_and_losses_are_named_the_largest_first() -> None:
    found = compare(_evaluation(a=0.5, b=0.5, c=0.5, d=0.5), _evaluation(a=0.6, b=0.9, c=0.5, d=0.2))
    assert list(found.wins) == ["b", "a"]
    assert found.losses == {"d": pytest.approx(-0.3)}
    assert found.ties == 1
    assert found.differences["MAP"].mean == pytest.approx(0.05)


def test_other_queries_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="the same queries"):
        compare(_evaluation(a=1), _evaluation(b=1))


def test_the_same_ranking_is_not_different() -> None:
    same = difference(_series([0.3, 0.5]), _series([0.3, 0.5]))
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)


@examples(30)
@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=8))
def test_p_is_the_share_of_signs_that_go_as_far(changes: list[float]) -> None:
    found = difference(_series([0.0] * len(changes)), _series(changes))
    sums = [
        abs(sum(sign * change for sign, change in zip(signs, changes, strict=True)))
        for signs in product((1, -1), repeat=len(changes))
    ]
    expected = sum(one >= abs(sum(changes)) - 1e-9 for one in sums) / len(sums)
    assert found.p == pytest.approx(expected)
    assert found.low - 1e-9 <= found.mean <= found.high + 1e-9


@pytest.mark.parametrize("queries", [13, 14])
def test_many_queries_are_sampled_and_few_are_enumerated_to_about_the_same(queries: int) -> None:
    changes = [0.1] * (queries - 3) + [-0.1] * 3
    found = difference(_series([0.0] * queries), _series(changes))
    assert found.p == pytest.approx({13: 0.0923, 14: 0.0574}[queries], abs=0.01)


def test_a_gain_everywhere_is_beyond_doubt_and_a_tie_of_wins_and_losses_is_not() -> None:
    gain = difference(_series([0.0] * 40), _series([0.1] * 40))
    assert gain.p < 0.001
    assert gain.low > 0
    even = difference(_series([0.0] * 40), _series([0.1, -0.1] * 20))
    assert even.p > 0.9
    assert even.low < 0 < even.high
