"""A run that waits for another writer starts from what that one has published."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.engine import open_engine
from newsearch.engine.arrays.engine import ArraysEngine


def news(path: Path, *titles: str) -> Path:
    path.write_text("".join(json.dumps({"id": title, "title": title}) + "\n" for title in titles))
    return path


@pytest.fixture
def index(tmp_path: Path) -> Path:
    newsearch.build(
        news(tmp_path / "one.jsonl", "One"), news(tmp_path / "two.jsonl", "Two"), index=tmp_path / "i"
    )
    return tmp_path / "i"


@pytest.fixture
def first(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Has another writer do this before the next one gets the lock."""

    def others(do: Callable[[], Any]) -> None:
        writer, left = ArraysEngine.writer, [do]

        def waiting(engine: ArraysEngine, **options: Any) -> Any:
            while left:
                left.pop()()
            return writer(engine, **options)

        monkeypatch.setattr(ArraysEngine, "writer", waiting)

    return others


def titles(index: Path) -> list[str]:
    with newsearch.open(index) as opened:
        return sorted(article.title for article in opened.articles())


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_source_of_the_other_writer_stays(
    index: Path, tmp_path: Path, first: Any, full: bool, dry_run: bool
) -> None:
    first(lambda: newsearch.build(news(tmp_path / "three.jsonl", "Three"), index=index))
    gate = newsearch.Gate(at_least=3)
    report = newsearch.reindex(index, full=full, dry_run=dry_run, gate=gate)
    assert (report.read if full else report.articles) == 3
    assert titles(index) == ["One", "Three", "Two"]


@pytest.mark.parametrize("full", [False, True])
def test_a_source_that_the_other_writer_forgot_stays_forgotten(index: Path, first: Any, full: bool) -> None:
    first(lambda: newsearch.forget(index.parent / "two.jsonl", index=index))
    newsearch.reindex(index, full=full)
    assert titles(index) == ["One"]


def test_settings_of_the_other_writer_stay(index: Path, tmp_path: Path, first: Any) -> None:
    one = tmp_path / "one.jsonl"
    first(lambda: newsearch.build(one, index=index, window=True, keep=timedelta(days=3), day_first=True))
    newsearch.build(one, index=index)
    with newsearch.open(index) as opened:
        of_one, _ = opened.stats().sources_settings
    assert (of_one.window, of_one.keep, of_one.day_first) == (True, 3 * 86400, True)


def test_protected_words_of_the_other_writer_stay(index: Path, tmp_path: Path, first: Any) -> None:
    (tmp_path / "words").write_text("swift\n")
    first(lambda: newsearch.reindex(index, protected=tmp_path / "words"))
    newsearch.reindex(index, full=True)
    assert open_engine(index).recipe().protected == {"swift"}


def test_an_index_that_is_deleted_meanwhile_is_missing(index: Path, first: Any) -> None:
    first((index / "toc.json").unlink)
    with pytest.raises(newsearch.IndexMissing):
        newsearch.reindex(index, full=True)
