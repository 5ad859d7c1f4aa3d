"""Articles are paired by what they share, and the number of pairs grows with the number of articles."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from newsearch.stories import pairing
from newsearch.stories.pairing import Pairing, candidates
from newsearch.stories.signatures import BITS, SLOTS, TITLE_SLOTS, signatures_array

Article = tuple[tuple[int, ...], tuple[int, ...], float]
"""The shingles of a headline, those of a text, and a time."""

articles = st.tuples(
    st.lists(st.integers(1, 4), max_size=TITLE_SLOTS, unique=True).map(tuple),
    st.lists(st.integers(1, 6), max_size=SLOTS - TITLE_SLOTS, unique=True).map(tuple),
    st.sampled_from([float("nan"), 0.0, 1.0, 2.0, 9.0, 20.0]),
)
WINDOW = 10.0


@pytest.fixture(autouse=True, params=[0, pairing._MANY], ids=["counted", "sorted"])
def _few_neighbours(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(pairing, "_MANY", request.param)
    monkeypatch.setattr(pairing, "NEIGHBOURS", 3)
    monkeypatch.setattr(pairing, "NEAREST", 1)
    monkeypatch.setattr(pairing, "_BLOCK", 4)


def signed(some: list[Article]) -> Any:
    found = []
    for title, text, _ in some:
        slots = [*title, *[0] * (TITLE_SLOTS - len(title)), *text, *[0] * (SLOTS - TITLE_SLOTS - len(text))]
        found.append(
            tuple(sum(slot << BITS * i for i, slot in enumerate(slots[at : at + 3])) for at in (0, 3))
        )
    return signatures_array(found)


def paired(some: list[Article]) -> set[tuple[int, int]]:
    """The pairs by a slow and obvious way."""
    shingles = [{("title", s) for s in title} | {("text", s) for s in text} for title, text, _ in some]
    counts = Counter(shingle for one in shingles for shingle in one)
    crowded = {shingle for shingle, count in counts.items() if count > pairing.NEIGHBOURS + 1}
    times = [-1e18 if time != time else time for _, _, time in some]
    order = sorted(range(len(some)), key=lambda i: (times[i], i))
    found = set()

    def pair(wanted: set[tuple[str, int]], most: int) -> None:
        together = [i for i in order if wanted <= shingles[i]]
        for at, i in enumerate(together):
            for j in together[at + 1 : at + 1 + most]:
                if times[j] - times[i] <= WINDOW:
                    found.add((min(i, j), max(i, j)))

    for shingle in counts:
        pair({shingle}, pairing.NEAREST if shingle in crowded else pairing.NEIGHBOURS)
    for both in combinations(crowded, 2):
        pair(set(both), pairing.NEIGHBOURS)
    return found


def told(made: Pairing) -> set[tuple[int, int]]:
    found = [tuple(pair) for pairs in made.blocks() for pair in pairs.both.tolist()]
    assert len(set(found)) == len(found)
    return set(found)


@given(st.lists(articles, max_size=14))
@examples(200)
@example([((1, 2), (), 0.0)] * 12)
def test_pairs_are_those_that_share_a_shingle(some: list[Article]) -> None:
    times = [time for _, _, time in some]
    assert candidates(signed(some), times, WINDOW).tolist() == [list(pair) for pair in sorted(paired(some))]


@given(st.lists(articles, max_size=14), st.data())
@examples(200)
def test_what_fresh_articles_add_to_what_was_paired_before_is_all(
    some: list[Article], data: st.DataObject
) -> None:
    fresh = np.array([data.draw(st.booleans()) for _ in some], bool)
    times = [time for _, _, time in some]
    known = np.flatnonzero(~fresh)
    before = Pairing(signed([some[i] for i in known]), [times[i] for i in known], WINDOW)
    old = {(int(known[i]), int(known[j])) for i, j in told(before)}
    made = Pairing(signed(some), times, WINDOW, fresh, before.crowded)
    found = told(made)
    pairs = np.array(sorted(old), np.int64).reshape(-1, 2)
    certain = {(int(i), int(j)) for i, j in pairs[made.are_certain(pairs)]}
    assert found <= paired(some) == found | certain


@given(st.lists(articles, max_size=14))
@examples(100)
def test_pairs_that_no_crowded_shingle_has_found_are_certain(some: list[Article]) -> None:
    made = Pairing(signed(some), [time for _, _, time in some], WINDOW)
    for pairs in made.blocks():
        assert made.are_certain(pairs.both)[~pairs.is_crowded].all()


def test_the_number_of_pairs_is_bounded_by_the_number_of_articles() -> None:
    some: list[Article] = [((1, 2), (3, 4, 5, 6), 0.0)] * 400
    assert len(candidates(signed(some), [0.0] * 400, WINDOW)) <= 400 * pairing.NEIGHBOURS
