"""Earlier versions of articles, on every engine: what makes one, what keeps it, and what drops it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from contract.news import RECORDS, changed, write

import newsearch
from newsearch import Version
from newsearch.articles import history as histories

PORTLAND = "Portland bans facial recognition"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "news.jsonl")


@pytest.fixture
def index(place: str, source: Path) -> str:
    """The place of an index that keeps histories."""
    newsearch.build(source, index=place, keep_history=True)
    return place


def titles(place: str, id: str = "1") -> list[str]:
    with newsearch.open(place) as index:
        return [version.title for version in index.history(id)]


def test_a_version_is_what_an_article_said_before_with_when_it_was_replaced(index: str, source: Path) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    write(source, changed("1", title="Ban in Portland", modified="2020-09-30T00:00:00Z"))
    newsearch.build(source, index=index)
    with newsearch.open(index) as opened:
        [version] = opened.history("1")
        assert start <= version.replaced <= datetime.now(UTC)
        assert version == Version(
            title=PORTLAND,
            excerpt="",
            replaced=version.replaced,
            date=datetime(2020, 9, 29, 21, 5, tzinfo=UTC),
        )
        article = opened.get("1")
        assert article is not None
        assert article.history == (version,)
        assert opened.history("2") == opened.history("nowhere") == []


def test_only_titles_and_excerpts_make_a_version(index: str, source: Path) -> None:
    write(source, changed("1", body="Another text.", heat=3))
    assert newsearch.build(source, index=index).replaced == 1
    assert titles(index) == []
    write(source, changed("1", body="Another text.", heat=3, excerpt="In short."))
    newsearch.build(source, index=index)
    assert titles(index) == [PORTLAND]


def test_versions_add_up_and_what_is_unchanged_keeps_its_own(index: str, source: Path) -> None:
    write(source, changed("1", title="Two"))
    newsearch.build(source, index=index)
    write(source, [*changed("1", title="Three"), {"id": "9", "title": "New"}])
    newsearch.build(source, index=index)
    write(source, [*changed("1", title="Three"), {"id": "9", "title": "Newer"}])
    report = newsearch.build(source, index=index)
    assert (report.unchanged, report.replaced) == (5, 1)
    assert titles(index) == [PORTLAND, "Two"]
    assert titles(index, "9") == ["New"]


def test_what_is_read_twice_in_one_run_was_one_version_before(index: str, source: Path) -> None:
    [portland] = [record for record in RECORDS if record["id"] == "1"]
    write(source, [*changed("1", title="Two"), {**portland, "title": "Three"}])
    newsearch.build(source, index=index)
    assert titles(index) == [PORTLAND]
    write(source, [*changed("1", title="Four"), {**portland, "title": "Three"}])
    newsearch.build(source, index=index)
    assert titles(index) == [PORTLAND]


def test_the_index_remembers_that_it_keeps_them_until_it_is_told_otherwise(index: str, source: Path) -> None:
    write(source, changed("1", title="Two"))
    newsearch.reindex(index)
    assert titles(index) == [PORTLAND]
    newsearch.reindex(index, keep_history=False)
    assert titles(index) == [PORTLAND]  # nothing has changed
    write(source, changed("1", title="Three"))
    newsearch.reindex(index)
    assert titles(index) == []


def test_by_default_none_are_kept(place: str, source: Path) -> None:
    newsearch.build(source, index=place)
    write(source, changed("1", title="Two"))
    newsearch.build(source, index=place)
    assert titles(place) == []


def test_a_full_rebuild_keeps_them_and_adds_to_them(index: str, source: Path) -> None:
    write(source, changed("1", title="Two"))
    newsearch.reindex(index)
    report = newsearch.reindex(index, full=True)
    assert report.history_lost == ""
    assert titles(index) == [PORTLAND]
    write(source, changed("1", title="Three"))
    newsearch.reindex(index, full=True)
    assert titles(index) == [PORTLAND, "Two"]
    newsearch.reindex(index, full=True, keep_history=False)
    assert titles(index) == []


def test_a_deleted_article_and_a_forgotten_source_lose_theirs(index: str, source: Path) -> None:
    write(source, changed("1", title="Two"))
    newsearch.reindex(index)
    write(source, RECORDS[1:])
    newsearch.reindex(index)
    write(source, changed("1", title="Three"))
    newsearch.reindex(index)
    assert titles(index) == []
    write(source, changed("1", title="Four"))
    newsearch.reindex(index)
    assert titles(index) == ["Three"]
    newsearch.forget(source, index=index)
    newsearch.build(source, index=index)
    assert titles(index) == []


def test_each_source_has_the_versions_of_its_own_article(index: str, source: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", [{"id": "1", "title": "Another one"}])
    newsearch.build(other, index=index)
    write(other, [{"id": "1", "title": "Another two"}])
    newsearch.build(other, index=index)
    assert titles(index) == ["Another one"]


def test_a_dry_run_and_a_failed_one_change_none(index: str, source: Path) -> None:
    write(source, changed("1", title="Two"))
    newsearch.build(source, index=index, dry_run=True)
    newsearch.build(source, index=index, dry_run=True, gate=newsearch.Gate(at_least=1))
    with pytest.raises(newsearch.GateFailed):
        newsearch.build(source, index=index, gate=newsearch.Gate(at_least=100))
    assert titles(index) == []
    newsearch.build(source, index=index)
    assert titles(index) == [PORTLAND]


def test_an_export_carries_them_and_another_index_takes_them_over(
    index: str, source: Path, tmp_path: Path
) -> None:
    write(source, changed("1", title="Two"))
    newsearch.build(source, index=index)
    exported = tmp_path / "export.jsonl"
    newsearch.export(index, exported)
    [version] = next(
        record["history"]
        for line in exported.read_text(encoding="utf-8").splitlines()
        if (record := json.loads(line))["path"] == "1"
    )
    assert version["title"] == PORTLAND
    newsearch.forget(source, index=index)
    newsearch.build(exported, index=index)
    assert titles(index) == [PORTLAND]


@pytest.mark.parametrize(
    "value",
    ["long", ["long"], [{"title": "x"}], [{"title": "x", "replaced": "2024-01-01"}], [{"replaced": 3}], [[]],
     [{"title": "x", "replaced": "2024-01-01T00:00:00Z", "more": 1}], {"title": "x"}],
)  # fmt: skip
def test_a_key_of_this_name_that_is_none_of_ours_is_kept_as_any_other(
    place: str, tmp_path: Path, value: Any
) -> None:
    newsearch.build(write(tmp_path / "a.jsonl", [{"id": "1", "title": "x", "history": value}]), index=place)
    with newsearch.open(place) as index:
        article = index.get("1")
        assert article is not None
        assert (article.history, article.extra) == ((), {"history": value})


def test_of_many_versions_the_newest_are_kept(
    index: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histories, "MAX_VERSIONS", 3)
    for number in range(6):
        write(source, changed("1", title=f"Title {number}"))
        newsearch.build(source, index=index)
    assert titles(index) == ["Title 2", "Title 3", "Title 4"]
    monkeypatch.setattr(histories, "MAX_CHARACTERS", 15)
    write(source, changed("1", title="Last"))
    newsearch.build(source, index=index)
    assert titles(index) == ["Title 4", "Title 5"]


def test_there_are_never_more_than_a_hundred() -> None:
    assert histories.MAX_VERSIONS == 100
    long = [
        {"title": f"{n}", "replaced": (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(n)).isoformat()}
        for n in range(150)
    ]
    assert [version.title for version in histories.versions(long)] == [str(n) for n in range(50, 150)]
