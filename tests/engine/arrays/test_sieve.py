"""Filters and unions give the same compiled and in numpy, and never read beyond an array."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import sieve_in_numpy

from newsearch.engine.arrays.loops import sieve
from newsearch.engine.arrays.loops.sieve import CHOSEN, LISTED, MARKED, WITHIN, Check
from newsearch.engine.arrays.loops.spread import Spread

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("newsearch.engine.arrays.loops._sieve") is None,
    reason="newsearch was installed without a compiler",
)

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def some(random: np.random.Generator, articles: int, share: float, dtype: type = np.uint32) -> Any:
    return np.flatnonzero(random.random(articles) < share).astype(dtype)


def maybe_spread(random: np.random.Generator, column: Any) -> Any:
    """A column as it is, or over several arrays."""
    if random.random() < 0.5:
        return column
    return Spread(np.split(column, np.sort(random.integers(0, len(column) + 1, 4))))


def make_check(random: np.random.Generator, articles: int) -> Check:
    chosen = random.random(7) < 0.4
    numbers = random.integers(0, 7, articles).astype(random.choice([np.uint8, np.uint32, np.int64]))
    kind = random.choice([np.uint8, np.uint16, np.uint32, np.int32, np.int64, np.float64])
    values = (random.integers(0, 3, articles) * random.choice([1, 40_000])).astype(kind)
    flags = random.integers(0, 4, articles).astype(random.choice([np.uint8, np.uint16]))
    low, high = (float(random.choice([-np.inf, 0, 3, 6, np.inf])) for _ in range(2))
    made = (
        Check(CHOSEN, maybe_spread(random, numbers), None, chosen),
        Check(MARKED, random.integers(0, 2**63, -(-articles // 64)).astype(np.uint64)),
        Check(
            WITHIN,
            maybe_spread(random, values),
            maybe_spread(random, flags),
            None,
            low,
            high * 20_000,
            known=1,
            lacking=int(random.choice([0, 2])),
            day=2,
            ended=bool(random.random() < 0.5),
        ),
        Check(LISTED, some(random, articles, random.choice([0, 0.1, 0.9]))),
    )
    return made[random.integers(len(made))]._replace(negated=bool(random.random() < 0.3))


@examples(60)
@given(seeds, st.lists(st.integers(1, 3), max_size=3))
def test_the_same_articles_pass(random: np.random.Generator, sizes: list[int]) -> None:
    articles = int(random.choice([1, 70, 3000]))
    groups = [[make_check(random, articles) for _ in range(size)] for size in sizes]
    docs = some(random, articles, 0.7)
    found = np.frombuffer(sieve.passing(groups, docs), bool)
    assert found.tolist() == sieve_in_numpy.passing(groups, docs).tolist()
    assert found.tolist() == np.frombuffer(sieve.passing(groups, docs.tobytes()), bool).tolist()
    bits = sieve.passing_of_all(groups, articles)
    assert bytes(bits) == sieve_in_numpy.passing_of_all(groups, articles).tobytes()
    numbers = np.frombuffer(sieve.numbers(bits), np.uint32)
    assert numbers[np.isin(numbers, docs)].tolist() == docs[found].tolist()


@examples(40)
@given(seeds, st.sampled_from([0, 1, 63, 64, 65, 5000]), st.integers(0, 4))
def test_the_same_articles_are_in_any_list(random: np.random.Generator, articles: int, count: int) -> None:
    lists = [
        some(random, articles, random.choice([0.001, 0.3, 1.0]), random.choice([np.uint16, np.uint32]))
        for _ in range(count)
    ]
    assert bytes(sieve.union(lists, articles)) == sieve_in_numpy.union(lists, articles).tobytes()


@examples(40)
@given(seeds, st.sampled_from([1, 63, 64, 65, 5000]))
def test_a_rank_is_the_number_of_articles_before_a_word_of_bits(
    random: np.random.Generator, articles: int
) -> None:
    doc = some(random, articles, random.choice([0, 0.3, 1.0]), random.choice([np.uint16, np.uint32]))
    bits, ranks = sieve.ranked(doc, articles)
    assert bytes(bits) == bytes(sieve.union([doc], articles))
    assert np.frombuffer(ranks, np.uint32).tolist() == [
        int((doc < start).sum()) for start in range(0, articles, 64)
    ]
    expected_bits, expected_ranks = sieve_in_numpy.ranked(doc, articles)
    assert (bytes(bits), bytes(ranks)) == (bytes(expected_bits), bytes(expected_ranks))


@given(seeds, st.integers(0, 300))
def test_the_numbers_of_the_articles_are_those_of_the_bits(
    random: np.random.Generator, articles: int
) -> None:
    docs = some(random, articles, random.choice([0, 0.1, 0.9]))
    bits = sieve.union([docs], articles)
    for given_bits in (bits, np.frombuffer(bits, np.uint64)):
        assert np.frombuffer(sieve.numbers(given_bits), np.uint32).tolist() == docs.tolist()
    assert sieve_in_numpy.numbers(bits).tolist() == docs.tolist()


@given(seeds, st.integers(0, 300))
def test_bits_are_counted_alone_and_together_with_others(random: np.random.Generator, articles: int) -> None:
    docs, among = (some(random, articles, random.choice([0, 0.1, 0.9])) for _ in range(2))
    bits, others = (np.frombuffer(sieve.union([some], articles), np.uint64) for some in (docs, among))
    for module in (sieve, sieve_in_numpy):
        assert module.count(bits, None) == len(docs)
        assert module.count(bits, others) == len(np.intersect1d(docs, among))


@pytest.mark.parametrize(
    ("bits", "among"),
    [
        (np.zeros(2, np.uint32), None),
        (np.zeros(2, np.uint64), np.zeros(1, np.uint64)),
        (np.zeros(1, np.uint64), np.zeros(2, np.uint64)),
        (np.zeros(2, np.uint64), np.zeros(2, np.uint8)),
        (None, None),
    ],
)
def test_only_bits_of_the_same_articles_are_counted(bits: Any, among: Any) -> None:
    with pytest.raises(TypeError):
        sieve.count(bits, among)


def arrays_of(random: np.random.Generator, parts: list[bytes]) -> tuple[Any, Any, Any, Any, int]:
    """The parts of the URLs of a hundred articles, as a segment has them (see urls.py)."""
    docs = [some(random, 100, 0.1, np.uint16) for _ in parts]
    return (
        np.frombuffer(b"".join(parts), np.uint8),
        np.cumsum([0, *map(len, parts)]).astype(np.uint32),
        np.cumsum([0, *map(len, docs)]),
        np.concatenate([np.empty(0, np.uint16), *docs]),
        100,
    )


@given(
    st.lists(st.text("ab", min_size=1, max_size=90).map(str.encode), unique=True, max_size=9),
    st.text("ab", min_size=1, max_size=3).map(str.encode),
    st.booleans(),
    st.booleans(),
    seeds,
)
def test_the_same_articles_have_a_part(
    parts: list[bytes], wanted: bytes, begins: bool, ends: bool, random: np.random.Generator
) -> None:
    asked = *arrays_of(random, parts), wanted, begins, ends
    found = np.frombuffer(sieve.numbers(sieve.with_part(*asked)), np.uint32).tolist()
    assert found == sieve_in_numpy.numbers(sieve_in_numpy.with_part(*asked)).tolist()


@given(
    st.lists(st.text("abc", min_size=1, max_size=9).map(str.encode), unique=True, max_size=9),
    st.lists(st.text("abc", min_size=2, max_size=5).map(str.encode), max_size=5),
    st.booleans(),
    seeds,
)
def test_the_same_articles_have_a_part_with_a_beginning(
    parts: list[bytes], wanted: list[bytes], ends: bool, random: np.random.Generator
) -> None:
    asked = *arrays_of(random, parts), wanted, ends
    found = np.frombuffer(sieve.numbers(sieve.beginning(*asked)), np.uint32).tolist()
    assert found == sieve_in_numpy.numbers(sieve_in_numpy.beginning(*asked)).tolist()


@pytest.mark.parametrize("wanted", [[b"a"], [b""], ["ab"], [b"ab"] * 1025])
def test_only_a_few_texts_of_two_bytes_are_sought(wanted: list[Any]) -> None:
    arrays = np.zeros(4, np.uint8), np.array([0, 4]), np.array([0, 1]), np.zeros(1, np.uint16)
    with pytest.raises(ValueError, match="two bytes"):
        sieve.beginning(*arrays, 5, wanted, False)


@pytest.mark.parametrize(
    "check",
    [
        Check(CHOSEN, np.zeros(5, np.uint8), None, np.ones(1, bool)),
        Check(CHOSEN, np.full(9, 3), None, np.ones(3, bool)),
        Check(CHOSEN, np.full(9, -1), None, np.ones(3, bool)),
        Check(MARKED, np.zeros(0, np.uint64)),
        Check(WITHIN, np.zeros(5, np.uint8), np.zeros(9, np.uint16)),
        Check(WITHIN, np.zeros(9, np.uint8), np.zeros(5, np.uint16)),
        Check(CHOSEN, Spread([np.zeros(5, np.uint8), np.zeros(3, np.uint8)]), None, np.ones(1, bool)),
        Check(WITHIN, Spread([np.zeros(5, np.uint8)]), np.zeros(9, np.uint16)),
        Check(WITHIN, np.zeros(9, np.uint8), Spread([np.zeros(5, np.uint8), np.zeros(3, np.uint8)])),
    ],
)
def test_what_leads_out_of_an_array_is_an_error(check: Check) -> None:
    with pytest.raises(ValueError, match="outside the index"):
        sieve.passing([[check]], np.array([8], np.uint32))
    with pytest.raises(ValueError, match="outside the index"):
        sieve.passing_of_all([[check]], 9)


def test_an_article_outside_the_index_is_an_error() -> None:
    for doc in (np.array([64], np.uint32), np.array([3, 2**32 - 1], np.uint32), np.array([65535], np.uint16)):
        with pytest.raises(ValueError, match="outside the index"):
            sieve.union([doc], 64)
        with pytest.raises(ValueError, match="outside the index"):
            sieve.ranked(doc, 64)


@pytest.mark.parametrize(
    "check",
    [
        Check(CHOSEN, np.zeros(9, np.uint8)),
        Check(CHOSEN, np.zeros(9, np.uint8), None, np.zeros(3)),  # type: ignore[arg-type]
        Check(WITHIN, np.zeros(9), np.zeros(9)),
        Check(MARKED, Spread([np.zeros(9, np.int64)])),
        Check(WITHIN, np.zeros(9)),
        Check(MARKED, np.zeros(9, np.uint32)),
        Check(LISTED, np.zeros(9)),
        Check(7, np.zeros(9, np.uint8)),
    ],
)
def test_what_is_no_check_is_an_error(check: Check) -> None:
    with pytest.raises(TypeError):
        sieve.passing([[check]], np.array([8], np.uint32))


def named_segments(random: np.random.Generator, sizes: list[int], names: int) -> list[tuple[Any, ...]]:
    """Segments whose articles have names, each of which numbers some of these in its own way."""
    segments = []
    start = 0
    for size in sizes:
        numbers = random.permutation(names)[: random.integers(1, names + 1)].astype(np.uint32)
        at = np.concatenate(([0], np.cumsum(random.integers(0, 4, size)))) if random.random() < 0.5 else None
        values = size if at is None else int(at[-1])
        column = random.integers(0, len(numbers), values).astype(
            random.choice([np.uint8, np.uint16, np.uint32])
        )
        segments.append((start, column, at, numbers))
        start += size
    return segments


@examples(60)
@given(seeds, st.lists(st.sampled_from([0, 1, 64, 900]), max_size=4))
def test_names_are_counted_over_all_segments(random: np.random.Generator, sizes: list[int]) -> None:
    names = int(random.integers(1, 9))
    segments = named_segments(random, sizes, names)
    docs = some(random, sum(sizes), random.choice([0, 0.3, 1.0]))
    counts = np.frombuffer(sieve.tally(docs, segments, names), np.int64)
    assert counts.tolist() == sieve_in_numpy.tally(docs, segments, names).tolist()
    chosen = random.random(names) < 0.4
    told = [(start, column, at, chosen[numbers]) for start, column, at, numbers in segments]
    marked = sieve.marked(told, sum(sizes))
    assert bytes(marked) == sieve_in_numpy.marked(told, sum(sizes)).tobytes()


@pytest.mark.parametrize("articles", [2, 600])
def test_names_that_lead_out_of_an_array_are_an_error(articles: int) -> None:
    docs, numbers = np.arange(articles, dtype=np.uint32), np.zeros(1, np.uint32)
    column = np.zeros(articles, np.uint8)
    for segment in (
        (0, column[:-1], None, numbers),
        (0, column + 1, None, numbers),
        (0, column, None, numbers + 7),
        (1, column, None, numbers),
        (0, column, np.array([0, 1]), numbers),
        (0, column, np.array([0, 1, 9]), numbers),
        (0, column, np.array([-3, 1, 2]), numbers),
        (0, column, None, numbers.astype(np.int64)),
        (-1, column, None, numbers),
    ):
        with pytest.raises((ValueError, TypeError)):
            sieve.tally(docs, [segment], 1)


def test_names_to_mark_that_lead_out_of_an_array_are_an_error() -> None:
    column, chosen = np.zeros(2, np.uint8), np.ones(1, bool)
    for segment in (
        (0, column + 1, None, chosen),
        (1, column, None, chosen),
        (0, column, np.array([0, 1, 9]), chosen),
        (0, column, np.array([-3, 1, 2]), chosen),
        (0, column, None, chosen.astype(np.uint32)),
        (-1, column, None, chosen),
    ):
        with pytest.raises((ValueError, TypeError)):
            sieve.marked([segment], 2)
