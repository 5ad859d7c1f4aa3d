"""Earlier versions of articles survive what happens to the files of an index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import newsearch


def fill(path: Path, suffix: str, articles: int = 20) -> Path:
    lines = (json.dumps({"id": str(n), "title": f"Title {n}{suffix}"}) for n in range(articles))
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of 20 articles that have changed once."""
    news = fill(tmp_path / "news.jsonl", "")
    newsearch.build(news, index=tmp_path / "index", keep_history=True)
    fill(news, " again")
    newsearch.build(news, index=tmp_path / "index")
    return tmp_path / "index"


def titles(index: Path, id: int) -> list[str]:
    with newsearch.open(index) as opened:
        return [version.title for version in opened.history(str(id))]


def test_compaction_and_merging_keep_them(index: Path, tmp_path: Path) -> None:
    newsearch.compact(index)
    assert titles(index, 7) == ["Title 7"]
    for number in range(12):
        newsearch.build(fill(tmp_path / f"{number}.jsonl", f" of {number}"), index=index)
    fill(tmp_path / "news.jsonl", " once more")
    newsearch.reindex(index)
    newsearch.compact(index)
    assert newsearch.verify(index).ok
    with newsearch.open(index) as opened:
        found = {article.title: article.history for article in opened.articles()}
    assert [version.title for version in found["Title 7 once more"]] == ["Title 7", "Title 7 again"]


def test_a_restored_backup_has_them_and_keeps_more(index: Path, tmp_path: Path) -> None:
    newsearch.backup(index, tmp_path / "backup")
    restored = tmp_path / "restored"
    newsearch.restore(tmp_path / "backup", restored)
    assert titles(restored, 3) == ["Title 3"]
    fill(tmp_path / "news.jsonl", " once more")
    newsearch.reindex(restored)
    assert titles(restored, 3) == ["Title 3", "Title 3 again"]


def interrupt(index: Path, monkeypatch: pytest.MonkeyPatch, *, full: bool = False) -> None:
    """Stop a run after 800 articles, of which 600 are in finished segments."""
    monkeypatch.setattr("newsearch.engine.arrays.writing.builder.MAX_ARTICLES", 300)
    monkeypatch.setattr("newsearch.indexing.updating._BATCH", 50)

    def stop(progress: newsearch.Progress) -> None:
        if progress.read >= 800:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newsearch.reindex(index, full=full, progress=stop)


@pytest.mark.parametrize("full", [False, True])
def test_a_resumed_run_has_them_of_what_was_finished_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    index, news = tmp_path / "index", fill(tmp_path / "news.jsonl", "", 1000)
    newsearch.build(news, index=index, keep_history=True)
    fill(news, " again", 1000)
    interrupt(index, monkeypatch, full=full)
    assert titles(index, 5) == []
    report = newsearch.reindex(index, full=full)
    assert report.resumed == 600
    assert titles(index, 5) == ["Title 5"]
    assert titles(index, 950) == ["Title 950"]


@pytest.mark.parametrize("keep", [False, True])
def test_a_run_that_begins_or_stops_to_keep_them_resumes_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    index, news = tmp_path / "index", fill(tmp_path / "news.jsonl", "", 1000)
    newsearch.build(news, index=index, keep_history=not keep)
    fill(news, " again", 1000)
    interrupt(index, monkeypatch)
    newsearch.reindex(index, keep_history=keep)
    assert [titles(index, 5), titles(index, 950)] == ([["Title 5"], ["Title 950"]] if keep else [[], []])


def test_without_them_an_index_says_nothing_of_them(tmp_path: Path) -> None:
    index, news = tmp_path / "index", fill(tmp_path / "news.jsonl", "")
    newsearch.build(news, index=index)
    newsearch.build(fill(news, " again"), index=index)
    assert "keep_history" not in (index / "toc.json").read_text()


def test_a_damaged_index_that_is_rebuilt_says_that_they_are_lost(index: Path) -> None:
    for segment in index.glob("*.seg"):
        segment.write_bytes(b"")
    report = newsearch.reindex(index)
    assert report.history_lost
    assert titles(index, 3) == []
    fill(index.parent / "news.jsonl", " once more")
    assert newsearch.reindex(index).history_lost == ""
    assert titles(index, 3) == ["Title 3 again"]
