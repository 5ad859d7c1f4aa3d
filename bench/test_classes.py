"""That every class of query is asked, and that what is measured is there. No test asserts a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import newsearch
from bench import classes
from bench.classes import QUERIES, Asked


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("classes")
    source = directory / "news.jsonl"
    with source.open("w", encoding="utf-8") as out:
        for number in range(60):
            record = {
                "title": f"Trump and the coronavirus vaccine trial {number}",
                "excerpt": "Covid-19 at a state-of-the-art hospital, according to a new study.",
                "topics": ["Sports"],
                "webUrl": f"https://www.bbc.co.uk/news/coronavirus-{number}",
                "publishedDateTime": f"2020-05-{1 + number % 28:02}T08:00:00Z",
                "heat": 90 + number,
            }
            out.write(json.dumps(record) + "\n")
    newsearch.build(source, index=directory / "index", workers=1)
    return directory / "index"


def test_every_query_is_measured(path: Path) -> None:
    with newsearch.open(path) as index:
        for number in range(len(QUERIES)):
            found = classes.measure(index, number)
            assert set(found) == {"plain", "first", "warm"}


def test_a_table_tells_first_and_warm_of_each_index_and_how_much_that_grows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classes, "QUERIES", QUERIES[:2])
    times = {"plain": 10.0, "first": 2000.0, "warm": 20.0}

    def measured(_: str, index: str, __: int) -> dict[str, float]:
        return times if index == "small" else {**times, "warm": 100.0}

    monkeypatch.setattr(classes, "_in_process", measured)
    lines = list(classes.table({"1": Path("small"), "9": Path("large")}))
    assert lines[2] == "| word | `hospital` | 2.0 | 20 | 2.0 | 100 | 5.0 |"
    assert lines[-1].endswith("grow 5.0 times (median); 0 of 2 at most 4 times.")
    assert list(classes.table({"1": Path("small")}))[2] == "| word | `hospital` | 200 | 2.0 |"


def test_the_queries_of_words_find_something(path: Path) -> None:
    with newsearch.open(path) as index:
        for text in ("covid-19", "url:coronavirus", "trump~", "state-of-the-art", "topic:Sports"):
            assert index.search(text).total
    assert Asked("sort", "trump", options=(("sort", "newest"),)) in QUERIES


def test_the_memory_is_that_of_this_process(path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux says how much memory no file backs")
    found = classes.own_memory(path, 64)
    assert 0 < found["started"] <= found["most"]


def test_a_stream_of_different_queries_is_measured(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "_QUERIES", 5)
    asked: list[str] = []
    answer = classes._answer

    def noted(index: newsearch.Index, text: str) -> None:
        asked.append(text)
        answer(index, text)

    monkeypatch.setattr(classes, "_answer", noted)
    found = classes.stream(path, 64)
    assert found["mean"] > 0
    assert found["most"] > 0
    assert len(set(asked)) == len(asked) == 10
