"""The formulas: what they give, and what holds for them whatever they are given."""

from __future__ import annotations

import errno
import math
import os
import re
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import Options
from newsearch.errors import QueryError
from newsearch.query.tree import All, Word
from newsearch.ranking import Boosts

SIGNALS = st.floats(0, 1e12)
PIVOTS = st.floats(1e-3, 1e6)


def test_the_weight_of_a_word_falls_with_the_length_of_its_field() -> None:
    at_pivot, long = ranking.field_weights(np.array([[10, 3, 30, 300], [20, 6, 60, 600]]))
    assert at_pivot.tolist() == [3.0, 1.0, 1.0, 1.0]
    assert long.tolist() == pytest.approx([3 / 1.6, 1 / 1.2, 1 / 1.5, 1 / 1.6])


@given(st.floats(1e-9, 1e9), st.floats(1, 10))
def test_saturation_rises_and_stays_within_a_byte(weight: float, factor: float) -> None:
    less, more = ranking.saturate(np.array([weight, weight * factor])).tolist()
    assert 1 <= less <= more <= 255
    assert less == max(1, round(255 * weight / (ranking.K1 + weight)))


@given(st.integers(0, 10**7), st.data())
def test_rarer_words_tell_more_and_every_word_tells_something(articles: int, data: st.DataObject) -> None:
    holding = data.draw(st.integers(0, articles))
    assert ranking.idf(articles, holding) > 0
    if holding:
        assert ranking.idf(articles, holding - 1) > ranking.idf(articles, holding)
        assert ranking.word_weight(articles, holding - 1) > ranking.word_weight(articles, holding)
    assert 0 < ranking.word_weight(articles, holding) < ranking.idf(articles, holding)


@pytest.mark.parametrize(
    ("value", "expected"), [(50, 0), (0, -1), (150, 0.5), (-1, 0), (math.nan, 0), (-0.5, 0)]
)
def test_a_signal_is_neutral_at_its_pivot_and_where_it_is_unknown(value: float, expected: float) -> None:
    assert ranking.signal(np.array([value]), 50).tolist() == [expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (12.5, "12.5"),
        (1234.5678, "1234.57"),
        (99_999, "99999"),
        (999_999, "999999"),
        (1_000_000, "1,000,000"),
        (1_234_567.8, "1,234,568"),
        (1e15, "1e+15"),
    ],
)
def test_people_read_signals_in_full(value: float, expected: str) -> None:
    assert ranking.readable(value) == expected


@pytest.mark.parametrize("pivot", [0, -1])
def test_without_a_pivot_every_signal_is_neutral(pivot: float) -> None:
    assert ranking.signal(np.array([0, 5, -1]), pivot).tolist() == [0, 0, 0]


@given(SIGNALS, SIGNALS, PIVOTS)
def test_signals_rise_and_are_bounded(x: float, y: float, pivot: float) -> None:
    low, high = ranking.signal(np.array([min(x, y), max(x, y)]), pivot).tolist()
    assert -1 <= low <= high <= 1


@given(SIGNALS, PIVOTS)
def test_signals_are_symmetric_in_ratio(x: float, pivot: float) -> None:
    """Twice the median helps as much as half of it hurts."""
    if x > 1e-9:
        there, back = ranking.signal(np.array([x, pivot * pivot / x]), pivot).tolist()
        assert there == pytest.approx(-back, abs=1e-9)


def test_recency_halves_with_the_half_life() -> None:
    ages = np.array([0.0, 7.0, 14.0, -3.0, math.nan, 1e9])
    assert ranking.recency(ages, 7).tolist() == [1, 0, -0.5, 1, 0, -1]


@pytest.mark.parametrize(
    "wrong", [{"heat": -1}, {"quality": 11}, {"recency": math.nan}, {"half_life": 0}, {"half_life": math.inf}]
)
def test_boosts_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|recency: nan"):
        Boosts(**wrong)


@given(
    st.lists(st.integers(0, 8) | st.floats(0, 8), max_size=60),
    st.integers(-1, 70),
    st.sampled_from([2, 1024]),
)
def test_the_top_is_that_of_a_sort_and_all_that_tie_with_its_last(
    values: list[float], count: int, sample: int
) -> None:
    scores = np.array(values, np.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_SAMPLE", sample)
        found = sorted(ranking.top(scores, count).tolist())
    if count <= 0:
        assert found == []
    else:
        least = sorted(values, reverse=True)[min(count, len(values)) - 1] if values else 0
        assert found == [i for i, value in enumerate(values) if value >= least]


# Over an index: heat decides among equals and never drowns relevance.


def searched(
    directory: Path, articles: list[Article], *words: str, boosts: Boosts | None = None
) -> dict[str, float]:
    """Scores of the articles found, in their order."""
    with ArraysWriter(directory, fresh=True) as writer:
        for article in articles:
            writer.add(article, "/a")
        writer.commit()
    answer = ArraysReader(directory).search(All(tuple(map(Word, words))), Options(boosts=boosts or Boosts()))
    return {named.id: score for named, score, _ in answer.hits()}


def test_heat_of_ten_thousand_is_hardly_more_than_of_a_hundred(tmp_path: Path) -> None:
    heats = {"hot": 10_000, "warm": 100, "median": 50, "cool": 10, "cold": 1}
    scores = searched(
        tmp_path, [Article(id=name, title="a ban", heat=heat) for name, heat in heats.items()], "ban"
    )
    assert list(scores) == list(heats)
    assert scores["hot"] / scores["warm"] < 2 ** (0.5 * 2 / 3)
    assert scores["hot"] / scores["median"] < 2**0.5
    assert scores["median"] / scores["cold"] < 2**0.5


def test_unknown_heat_ranks_as_the_median(tmp_path: Path) -> None:
    heats = {"a": 10, "b": 50, "c": 90, "negative": -1, "none": None}
    scores = searched(
        tmp_path, [Article(id=name, title="a ban", heat=heat) for name, heat in heats.items()], "ban"
    )
    assert scores["negative"] == scores["none"] == scores["b"]


WORDS = ("portland", "facial", "recognition")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("boosts", [Boosts(), Boosts(heat=10, quality=10)])
def test_a_hot_article_with_one_of_three_words_comes_after_a_cold_one_with_all(
    tmp_path: Path, word: str, boosts: Boosts
) -> None:
    hot = Article(id="hot", title=f"{word} {word}", heat=10**12, quality=10**12)
    cold = Article(
        id="cold", title="a long title", body="of words " * 100 + " ".join(WORDS), heat=0, quality=0
    )
    middle = Article(id="middle", title="another", heat=50, quality=50)
    for articles in permutations([hot, cold, middle]):
        assert list(searched(tmp_path, list(articles), *WORDS, boosts=boosts)) == ["cold", "hot"]


def test_the_exact_form_ranks_above_another_form(tmp_path: Path) -> None:
    articles = [Article(id="bans", title="portland bans it"), Article(id="ban", title="portland ban it")]
    assert list(searched(tmp_path, articles, "ban")) == ["ban", "bans"]
    assert list(searched(tmp_path, articles, "bans")) == ["bans", "ban"]


def test_the_title_counts_more_than_the_body(tmp_path: Path) -> None:
    articles = [
        Article(id="body", title="other words", body="a ban"),
        Article(id="title", title="a ban", body="other words"),
    ]
    assert list(searched(tmp_path, articles, "ban")) == ["title", "body"]


# Profiles


@pytest.mark.parametrize(
    "boosts",
    [Boosts(), Boosts(heat=0, quality=10), Boosts(recency=0.25, half_life=30), Boosts(half_life=0.5)],
)
def test_a_profile_comes_back_as_it_was_saved(boosts: Boosts, tmp_path: Path) -> None:
    boosts.save(tmp_path / "profile.json")
    assert Boosts.load(tmp_path / "profile.json") == boosts


def test_a_weight_that_a_profile_leaves_out_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    path.write_text('{"schema": 1, "boosts": {"heat": 1}}')
    assert Boosts.load(path) == Boosts(heat=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "a profile is a JSON object"),
        ("{", "not a profile: not JSON at column 2"),
        ("\xff", "not a profile: not UTF-8: byte 0"),
        ("[" * 60_000, "not a profile: not usable JSON: nested too deeply"),
        ('{"schema": 1, "boosts": {}}' + " " * 65_536, "larger than 65,536 bytes, so it is not a profile"),
        ('{"schema": 2, "boosts": {}}', "schema: 2 is not 1"),
        ('{"boosts": {}}', "schema: None is not 1"),
        ('{"schema": 1}', "boosts: an object with the weights is missing"),
        ('{"schema": 1, "boosts": {"heet": 1}}', "boosts.heet: no such weight: one of heat, quality"),
        ('{"schema": 1, "boosts": {"heat": "1"}}', "boosts.heat: '1' is not a number"),
        ('{"schema": 1, "boosts": {"heat": true}}', "boosts.heat: True is not a number"),
        ('{"schema": 1, "boosts": {"heat": null}}', "boosts.heat: None is not a number"),
        ('{"schema": 1, "boosts": {"heat": NaN}}', "boosts.heat: nan is not a number"),
        (
            '{"schema": 1, "boosts": {"quality": 11}}',
            "boosts.quality: the quality weight must lie between 0 and 10",
        ),
        (
            '{"schema": 1, "boosts": {"half_life": 0}}',
            "boosts.half_life: the half-life must be a positive number",
        ),
        ('{"schema": 1, "boosts": {}, "half_life": 7}', "half_life: no such key; a profile has `schema` and"),
        ('{"schema": true, "boosts": {}}', "schema: True is not 1"),
        (f'{{"schema": "{"x" * 9_000}", "boosts": {{}}}}', f"schema: '{'x' * 79} is not 1"),
        (f'{{"schema": 1, "boosts": {{"{"x" * 9_000}": 1}}}}', f"boosts.{'x' * 80}: no such weight"),
        ('{"schema": 1, "boosts": {"heat": 1, "heat": 0}}', "not a profile: heat: given twice"),
        ('{"schema": 1, "boosts": {}, "boosts": {}}', "not a profile: boosts: given twice"),
    ],
)
def test_a_profile_that_cannot_be_used_says_which_field_is_wrong(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "profile.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(QueryError, match=re.escape(f"{path}: {message}")):
        Boosts.load(path)


def test_a_profile_that_is_not_there_or_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=f"cannot be read: {os.strerror(errno.ENOENT)}"):
        Boosts.load(tmp_path / "nowhere.json")
    with pytest.raises(QueryError, match=f"cannot be written: {os.strerror(errno.ENOENT)}"):
        Boosts().save(tmp_path / "nowhere" / "profile.json")
