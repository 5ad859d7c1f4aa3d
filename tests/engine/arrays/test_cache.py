"""What is kept of searches stays within the limit, and a search is answered alike whatever is kept."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from pathlib import Path
from typing import Any
from unittest import mock
from weakref import finalize

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from many_questions import WORDS, articles, assert_alike, make_index, questions

import newsearch
from newsearch import Article
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.searching.cache import Cache, size_of
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import LEAST_CACHE, Options
from newsearch.query.tree import And, Prefix, Word

LIMIT = LEAST_CACHE

ENTRY = 384
"""The bytes of an entry besides its value."""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("index"))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 900)), max_size=60), st.integers(0, 5000))
def test_a_cache_keeps_what_was_used_last_within_its_limit(puts: list[tuple[int, int]], limit: int) -> None:
    cache = Cache(limit)
    for key, size in puts:
        value = np.zeros(size, np.uint8)
        cache.put(key, value)
        kept = cache.get(key)
        assert kept is None or kept is value
        assert 0 <= cache.used <= limit
    known = {key: cache.get(key) for key in range(10)}
    assert cache.used == sum(ENTRY + size_of(value) for value in known.values() if value is not None)


def test_what_is_dropped_was_used_longest_ago() -> None:
    cache, value = Cache(3 * (ENTRY + size_of(b""))), b""
    for key in "abc":
        cache.put(key, value)
    assert cache.get("a") is value
    cache.put("d", value)
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]


def test_what_is_used_now_is_kept_however_often_others_were_used_before() -> None:
    cache, made = Cache(3 * (ENTRY + size_of(b""))), []
    for key in "abc":
        cache.put(key, b"")
        for _ in range(10_000):
            cache.get(key)
    for _ in range(1_000):
        for key in "de":
            cache.made(key, lambda key=key: made.append(key) or b"")
    assert all(cache.get(key) is not None for key in "de")
    assert len(made) < 100


def test_what_takes_the_place_of_a_value_leaves_nothing_of_it_behind() -> None:
    cache = Cache(1 << 30)
    gone = []
    for number in range(1_000):
        value = np.zeros(number % 7, np.uint8)
        finalize(value, gone.append, number)
        cache.put("last", value)
        del value
    assert len(gone) == 999
    assert len(cache._least) < 100


def test_a_value_beyond_the_limit_is_made_each_time() -> None:
    cache, made = Cache(1000), []
    for _ in range(2):
        assert cache.made("a", lambda: made.append(1) or np.zeros(2000)) is not None
    assert len(made) == 2
    assert cache.used == 0


@given(st.lists(st.tuples(st.text(), st.integers(0, 2**70)), max_size=40), st.sampled_from([tuple, list]))
def test_the_size_of_rows_is_that_of_all_that_is_in_them(
    rows: list[tuple[str, int]], kind: type[tuple[Any, ...]] | type[list[Any]]
) -> None:
    each = sum(56 + 8 * 2 + sys.getsizeof(name) + sys.getsizeof(number) for name, number in rows)
    assert size_of(kind(rows)) == pytest.approx(56 + 8 * len(rows) + each, rel=0.5)
    names = [name for name, _ in rows]
    assert size_of(kind(names)) == 56 + 8 * len(names) + sum(map(sys.getsizeof, names))


def test_a_thousand_different_queries_stay_within_the_limit(index: Path) -> None:
    reader = ArraysReader(index, memory=LIMIT)
    asked = questions(1000)
    tracemalloc.start()
    try:
        most = 0
        for tree in asked:
            answer = reader.search(tree, Options(limit=10))
            answer.hits()
            answer.counts()
            most = max(most, reader.cached)
        del answer
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The test means something only if the limit was reached.
    assert LIMIT / 4 < most <= LIMIT / 2
    assert taken <= LIMIT


def test_answers_are_the_same_whatever_is_kept(index: Path) -> None:
    readers = [ArraysReader(index, memory=memory) for memory in (0, 300_000, LIMIT)]
    assert_alike(readers)
    assert readers[0].cached == 0


def test_what_is_kept_is_freed_with_the_index_and_not_with_the_next_collection(index: Path) -> None:
    def count_views() -> int:
        return sum(type(found) is View for found in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = count_views()
        with newsearch.open(index) as opened:
            opened.prepare()
            results = opened.search(f"{WORDS[0]} {WORDS[1]}x", collapse="copies")
            assert len(results) > 0
            _ = results.did_you_mean, results.facet("topic"), results.total
            opened.complete(WORDS[0][:2])
            assert count_views() == before + 1
        del opened, results
        assert count_views() == before
    finally:
        gc.enable()


def test_the_limit_outlives_a_refresh(tmp_path: Path) -> None:
    with ArraysWriter(tmp_path) as changes:
        changes.add_all(articles(20), "source")
        changes.commit()
    reader = ArraysReader(tmp_path, memory=0)
    with ArraysWriter(tmp_path) as changes:
        changes.add_all(articles(30), "other")
        changes.commit()
    newer = reader.newer()
    assert newer is not None
    newer.search(Word(WORDS[0]), Options(limit=5)).hits()
    assert newer.cached == 0


@pytest.mark.parametrize("memory", [0, -1, LEAST_CACHE - 1, 1.5, "256M", None, True])
def test_a_limit_that_is_none_is_an_error(index: Path, memory: object) -> None:
    with pytest.raises(ValueError, match="memory"):
        newsearch.open(index, memory=memory)  # type: ignore[arg-type]


def test_an_index_is_opened_with_a_limit(index: Path) -> None:
    with newsearch.open(index, memory=LEAST_CACHE) as opened:
        assert len(opened.search(WORDS[0])) == 10


def test_a_list_that_is_too_long_to_be_kept_is_not_made_again(tmp_path: Path) -> None:
    number = 12_000
    with ArraysWriter(tmp_path) as changes:
        changes.add_all((Article(id=f"{i}", title=f"ban{i % 7} covid") for i in range(number)), "source")
        changes.commit()
    # The list takes five bytes for each article.
    reader = ArraysReader(tmp_path)
    for tree in (Prefix("ban"), Prefix("ban", field="title"), And((Word("covid"), Prefix("b")))):
        small = ArraysReader(tmp_path, memory=12 * number)
        answers = [reader.search(tree, Options()).hits(), small.search(tree, Options()).hits()]
        with mock.patch.object(kernel, "best_codes") as codes, mock.patch.object(kernel, "in_field") as field:
            for sort in ("relevance", "newest"):
                again = small.search(tree, Options(sort=sort))
                assert again.counts().complete == number
                assert len(again.facet("month", 3)) == 0
            answers.append(small.search(tree, Options()).hits())
        assert answers[0] == answers[1] == answers[2]
        assert not codes.called
        assert not field.called
