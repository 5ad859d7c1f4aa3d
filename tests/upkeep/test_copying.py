"""A copy of an index, in a directory or a cluster, answers as the index does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines import ENGINES, MARKS
from news import RECORDS, changed, write

import newsearch
from newsearch.cli.main import main
from newsearch.engine.arrays.engine import ArraysEngine
from newsearch.errors import EngineError, IndexMissing

QUERIES = ("ban", "facial recognition", "surveillance -city", '"a state"', "zeppelin", "heat:>20")


def answers(place: str) -> list[list[tuple[str, float]]]:
    """What an index answers to QUERIES, unpublished articles included."""
    with newsearch.open(place) as index:
        found = [index.search(query, unpublished=True) for query in QUERIES]
        return [[(hit.id, round(hit.score, 5)) for hit in results] for results in found]


_PAIRS = [("arrays", "memory"), ("memory", "arrays"), ("arrays", "opensearch"), ("opensearch", "arrays")]


@pytest.fixture(params=[pytest.param(pair, marks=[MARKS[e] for e in pair if e in MARKS]) for pair in _PAIRS])
def places(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    with ENGINES[request.param[0]]() as first, ENGINES[request.param[1]]() as second:
        yield first, second


def test_a_copy_is_the_same_index_and_is_updated_as_such(places: tuple[str, str], tmp_path: Path) -> None:
    first, second = places
    words = tmp_path / "protected.txt"
    words.write_text("recognition\n")
    sources = [write(tmp_path / "one.jsonl"), tmp_path / "two.jsonl"]
    write(sources[1], [{**RECORDS[0], "id": "copy"}, {"id": "7", "title": "A seventh"}])
    newsearch.build(*sources, index=first, protected=words)
    seen: list[tuple[int, int]] = []
    assert newsearch.copy_index(first, second, progress=lambda *numbers: seen.append(numbers)) == 6
    assert seen[-1] == (7, 7)
    assert answers(second) == answers(first)
    for number, place in enumerate((first, second)):
        newsearch.export(place, tmp_path / f"{number}.jsonl")
    assert (tmp_path / "0.jsonl").read_bytes() == (tmp_path / "1.jsonl").read_bytes()
    with newsearch.open(first) as one, newsearch.open(second) as two:
        assert two.stats().sources == one.stats().sources
        assert two.stats().hidden == one.stats().hidden == 1
    report = newsearch.reindex(second)
    assert (report.added, report.replaced, report.deleted, report.unchanged) == (0, 0, 0, 7)
    write(sources[0], changed("2", title="Other words"))
    assert newsearch.reindex(second).replaced == 1
    newsearch.forget(sources[0], index=second)
    with newsearch.open(second) as two:
        assert sorted(article.id for article in two.articles()) == ["7", "copy"]


def test_an_existing_index_is_replaced_on_request_only(tmp_path: Path) -> None:
    source = write(tmp_path / "news.jsonl")
    newsearch.build(source, index=tmp_path / "a")
    newsearch.build(write(tmp_path / "other.jsonl", RECORDS[:1]), index=tmp_path / "b")
    with pytest.raises(EngineError, match="already an index"):
        newsearch.copy_index(tmp_path / "a", tmp_path / "b")
    with newsearch.open(tmp_path / "b") as index:
        assert index.stats().articles == 1
    assert newsearch.copy_index(tmp_path / "a", tmp_path / "b", replace=True) == 5
    with pytest.raises(EngineError, match="the same index"):
        newsearch.copy_index(tmp_path / "a", tmp_path / "a", replace=True)
    with pytest.raises(IndexMissing):
        newsearch.copy_index(tmp_path / "nothing", tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_the_command_copies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newsearch.build(write(tmp_path / "news.jsonl"), index=tmp_path / "a")
    assert main(["copy", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == (f"copied 5 articles to {tmp_path / 'b'}\n", "")
    assert main(["copy", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert "--replace" in capsys.readouterr().err
    assert answers(str(tmp_path / "b")) == answers(str(tmp_path / "a"))


def test_a_source_that_is_updated_while_its_index_is_copied_is_not_out_of_date_in_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.sources.files.UNSETTLED", 0)
    news, first, second = write(tmp_path / "news.jsonl"), tmp_path / "first", tmp_path / "second"
    newsearch.build(news, index=first)
    held, updates = ArraysEngine.held, [changed("1", title="Newer")]

    def updated(engine: ArraysEngine, **options: Any) -> Any:
        if updates:
            newsearch.build(write(news, updates.pop()), index=first)
        return held(engine, **options)

    monkeypatch.setattr(ArraysEngine, "held", updated)
    newsearch.copy_index(first, second)
    newsearch.reindex(second)
    with newsearch.open(second) as copy:
        found = copy.get("1")
    assert found
    assert found.title == "Newer"
