"""Incremental indexing: what is read again, what is written, and what is not."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch.engine.arrays import writer
from newsearch.engine.arrays.files.layout import ArrayFile, write_arrays
from newsearch.errors import EngineError, GateFailed
from newsearch.indexing.gate import Wanted
from newsearch.sources import directory, markdown
from newsearch.sources.json_lines import JsonStream

TEXT = """---
title: "{title}"
webUrl: https://x.org/{title}
images:
  - url: https://x.org/{image}.png
secured: "{secured}"
---
{body}
"""


def write(
    path: Path, title: str = "A ban", *, image: str = "1", secured: str = "x", body: str = "text"
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(title=title, image=image, secured=secured, body=body), newline="")


def settle(directory: Path) -> None:
    """Let time pass, so that what files look like can be trusted."""
    old = time.time() - 100
    for path in directory.rglob("*"):
        os.utime(path, (old, old))


@pytest.fixture(autouse=True)
def _times_settle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsearch.sources.files.UNSETTLED", 0)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are parsed."""
    names: list[str] = []
    read = markdown.read_article

    def noting(path: Any, *, id: str, **more: Any) -> newsearch.Article:
        names.append(id)
        return read(path, id=id, **more)

    monkeypatch.setattr(markdown, "read_article", noting)
    return names


def generation(index: Path) -> int:
    with newsearch.open(index) as opened:
        return opened.stats().generation


def titles(index: Path) -> dict[str, str]:
    with newsearch.open(index) as opened:
        return {article.id: article.title for article in opened.articles()}


def test_files_that_look_as_they_did_are_not_read(tmp_path: Path, parsed: list[str]) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    for name in ("a.md", "b.md", "c/d.md"):
        write(news / name)
    newsearch.build(news, index=index)
    parsed.clear()
    report = newsearch.build(news, index=index)
    assert (parsed, report.read, report.unchanged, generation(index)) == ([], 0, 3, 1)
    write(news / "b.md", "Another")
    report = newsearch.reindex(index)
    assert (parsed, report.replaced, report.unchanged, generation(index)) == (["b.md"], 1, 2, 2)


def test_what_no_search_could_show_is_no_change(tmp_path: Path, parsed: list[str]) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    for name in ("secured.md", "images.md", "lines.md", "touched.md"):
        write(news / name)
    newsearch.build(news, index=index)
    write(news / "secured.md", secured="y")
    write(news / "images.md", image="2")
    (news / "lines.md").write_bytes((news / "lines.md").read_bytes().replace(b"\n", b"\r\n"))
    settle(news)
    parsed.clear()
    before = sorted(path.name for path in index.iterdir())
    report = newsearch.build(news, index=index)
    assert (len(parsed), report.changed, report.unchanged) == (4, 0, 4)
    assert sorted(path.name for path in index.iterdir()) == before
    assert generation(index) == 1
    parsed.clear()
    newsearch.build(news, index=index)
    assert parsed == []


def test_a_file_that_changed_a_moment_ago_is_read_again(
    tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.sources.files.UNSETTLED", 10**12)
    write(tmp_path / "news" / "a.md")
    newsearch.build(tmp_path / "news", index=tmp_path / "index")
    parsed.clear()
    newsearch.build(tmp_path / "news", index=tmp_path / "index")
    assert parsed == ["a.md"]


def torn(path: Path) -> None:
    path.write_text("---\ntorn")


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("breaking", [torn, dangling, pipe])
@pytest.mark.parametrize("has_state", [True, False])
def test_a_broken_file_is_told_every_time_and_its_article_stays_until_it_is_gone(
    tmp_path: Path, breaking: Callable[[Path], None], has_state: bool
) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md")
    write(news / "b.md")
    newsearch.build(news, index=index)
    breaking(news / "b.md")
    if not has_state:
        (state,) = index.glob("*.src")
        state.write_bytes(b"")
    for _ in range(2):
        dry = newsearch.build(news, index=index, dry_run=True)
        report = newsearch.build(news, index=index)
        assert (report.broken, report.changed, report.unchanged) == (1, 0, 2)
        assert report.differences == dry.differences
        assert titles(index) == {"a.md": "A ban", "b.md": "A ban"}
    (news / "b.md").unlink()
    assert newsearch.build(news, index=index).deleted == 1
    assert titles(index) == {"a.md": "A ban"}


@pytest.mark.parametrize("breaking", [torn, dangling, pipe])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_broken_file_beside_files_of_many_articles_keeps_its_article(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaking: Callable[[Path], None], workers: int
) -> None:
    if workers > 1:
        monkeypatch.setattr("newsearch.sources.directory._WORTH_PROCESSES", 1)
        monkeypatch.setattr("newsearch.sources.directory._FEW", 1)
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md")
    write(news / "b.md")
    (news / "c.jsonl").write_text('{"id": "c", "title": "A ban"}')
    newsearch.build(news, index=index, workers=workers)
    breaking(news / "b.md")
    for _ in range(2):
        report = newsearch.build(news, index=index, workers=workers)
        assert (report.broken, report.changed) == (1, 0)
        assert titles(index) == dict.fromkeys(("a.md", "b.md", "c"), "A ban")
    (news / "b.md").unlink()
    assert newsearch.build(news, index=index, workers=workers).deleted == 1


def test_a_directory_that_cannot_be_listed_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md")
    write(news / "locked" / "b.md")
    (news / "c.jsonl").write_text('{"id": "c", "title": "A ban"}')
    newsearch.build(news, index=index)
    listed = directory.listed

    def refused(path: str, suffixes: tuple[str, ...], now: int) -> list[tuple[str, int, int]]:
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return listed(path, suffixes, now)

    monkeypatch.setattr(directory, "listed", refused)
    report = newsearch.build(news, index=index)
    assert (report.broken, report.articles) == (1, 3)
    assert [error.location for error in report.errors] == [f"{news}/locked"]


@pytest.mark.parametrize("more", ["", '{"id": "c", "title": "A ban"}'])
def test_a_link_to_a_directory_that_is_gone_deletes_nothing(tmp_path: Path, more: str) -> None:
    news, index, disk = tmp_path / "news", tmp_path / "index", tmp_path / "disk"
    write(news / "a.md")
    write(disk / "b.md")
    if more:
        (news / "c.jsonl").write_text(more)
    (news / "elsewhere").symlink_to(tmp_path / "nowhere")
    (news / "disk").symlink_to(disk)
    report = newsearch.build(news, index=index)
    assert (report.broken, report.incomplete) == (0, ())
    disk.rename(tmp_path / "unmounted")
    for _ in range(2):
        report = newsearch.build(news, index=index)
        assert (report.deleted, report.articles, report.incomplete) == (0, 3 if more else 2, (str(news),))
        assert [error.location for error in report.errors] == [f"{news}/disk"]
    for full in (False, True):
        for dry_run in (True, False):
            with pytest.raises(newsearch.SourceError, match=f"{news}/disk: a link that leads nowhere"):
                newsearch.reindex(index, full=full, dry_run=dry_run)
    (news / "disk").unlink()
    report = newsearch.build(news, index=index)
    assert (report.deleted, report.broken, report.incomplete) == (1, 0, ())


def test_what_could_not_be_read_is_read_as_somebody_said_when_it_is_back(tmp_path: Path) -> None:
    news, index, disk = tmp_path / "news", tmp_path / "index", tmp_path / "disk"
    for path in (news / "a.md", disk / "b.md"):
        path.parent.mkdir()
        path.write_text("---\ntitle: A ban\ndate: 03/04/2020\n---\n")
    (news / "disk").symlink_to(disk)
    newsearch.build(news, index=index)
    disk.rename(tmp_path / "unmounted")
    report = newsearch.build(news, index=index, day_first=True)
    assert report.incomplete == (str(news),)
    assert newsearch.build(news, index=index).incomplete == (str(news),)
    (tmp_path / "unmounted").rename(disk)
    newsearch.build(news, index=index)
    with newsearch.open(index) as opened:
        assert {str(article.date) for article in opened.articles()} == {"2020-04-03"}


def test_a_source_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md")
    torn(news / "b.md")
    report = newsearch.build(news, f"{news}/", news / ".." / "news", index=index)
    assert (report.read, report.broken, report.added) == (1, 1, 1)


def test_a_file_that_goes_while_others_are_read_is_deleted_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md")
    write(news / "b.md")
    newsearch.build(news, index=index)
    write(news / "a.md", "Another")
    write(news / "b.md", "Another")
    read = markdown.read_article

    def losing(path: Any, *, id: str, **more: Any) -> newsearch.Article:
        (news / "b.md").unlink(missing_ok=True)
        return read(path, id=id, **more)

    with monkeypatch.context() as patched:
        patched.setattr(markdown, "read_article", losing)
        report = newsearch.build(news, index=index)
    assert (report.broken, report.replaced, report.deleted) == (1, 1, 0)
    assert newsearch.build(news, index=index).deleted == 1


def test_a_full_reindex_counts_each_article_of_a_window_once(tmp_path: Path) -> None:
    source, index = tmp_path / "latest.jsonl", tmp_path / "index"

    def latest(*ids: str) -> None:
        source.write_text("".join(json.dumps({"id": id, "title": id}) + "\n" for id in ids))

    latest("a", "b")
    newsearch.build(source, index=index, window=True)
    latest("b", "c", "c")
    newsearch.reindex(index)
    for full in (newsearch.reindex(index, full=True, dry_run=True), newsearch.reindex(index, full=True)):
        assert (full.added, full.articles, full.repeated, full.changed) == (3, 3, 1, 3)
        assert full.differences[str(source)].added_ids == ("a", "b", "c")
    with newsearch.open(index) as opened:
        assert opened.stats().sources == (str(source),)
        assert opened.stats().deleted == 1  # the repeated article
    latest()
    full = newsearch.reindex(index, full=True)
    assert (full.added, full.articles, full.empty) == (3, 3, ())
    assert newsearch.reindex(index).unchanged == 3


LINES = '{"id": "a", "title": "A ban"}\n{"id":\n{"id": "b", "title": "B", "heat": "%s"}\n'


def test_broken_lines_of_a_file_that_is_as_it_was_are_told_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, index = tmp_path / "news.jsonl", tmp_path / "index"
    source.write_text(LINES % "hot")
    reports = [newsearch.build(source, index=index, dry_run=dry) for dry in (False, False, True)]
    reports.append(newsearch.reindex(index))
    first = [(error.location, error.reason) for error in reports[0].errors]
    assert [location for location, _ in first] == [f"{source}:2", f"{source}:3"]
    for report in reports[1:]:
        assert (report.read, report.broken, generation(index)) == (0, 2, 1)
        assert [(error.location, error.reason) for error in report.errors] == first
    with newsearch.open(index) as opened:
        assert opened.stats().sources_broken == (2,)
    assert newsearch.verify(index).ok
    monkeypatch.setattr("newsearch.indexing.tally.MAX_ERRORS", 1)
    report = newsearch.reindex(index)
    assert (report.broken, len(report.errors)) == (2, 1)


def test_a_line_that_is_broken_now_keeps_the_article_of_its_id(tmp_path: Path) -> None:
    source, index = tmp_path / "news.jsonl", tmp_path / "index"
    source.write_text(LINES % "7")
    newsearch.build(source, index=index)
    source.write_text(LINES % "hot")
    report = newsearch.build(source, index=index)
    assert (report.broken, report.changed, titles(index)) == (2, 0, {"a": "A ban", "b": "B"})
    source.write_text((LINES % "7").replace("A ban", "A new ban"))
    assert newsearch.build(source, index=index).replaced == 1
    source.write_text((LINES % "7").splitlines(keepends=True)[0])
    report = newsearch.build(source, index=index)
    assert (report.broken, report.deleted, titles(index)) == (0, 1, {"a": "A ban"})
    with newsearch.open(index) as opened:
        assert opened.stats().sources_broken == (0,)


@pytest.mark.parametrize(
    "broken",
    [
        {"broken": np.array([0]), "fault": np.frombuffer(b"[]", np.uint8)},
        {"broken": np.array([1, 2]), "fault": np.frombuffer(b"[]", np.uint8)},
        {"broken": np.array([1]), "fault": np.frombuffer(b"[[1, 2]]", np.uint8)},
        {"broken": np.array([1]), "fault": np.frombuffer(b"nonsense", np.uint8)},
        {"broken": np.array([1])},
    ],
)
def test_a_state_with_other_faults_than_newsearch_writes_is_damaged(
    tmp_path: Path, broken: dict[str, Any]
) -> None:
    source, index = tmp_path / "news.jsonl", tmp_path / "index"
    source.write_text(LINES % "7")
    newsearch.build(source, index=index)
    (state,) = index.glob("*.src")
    arrays = ArrayFile(state, "state")
    kept = {name: arrays.array(name).copy() for name in ("name", "stamp", "noted")}
    state.unlink()
    write_arrays(state, {**kept, **broken}, kind="state")
    assert not newsearch.verify(index).ok
    assert newsearch.build(source, index=index).broken == 1
    assert newsearch.verify(index).ok


def test_a_damaged_state_only_means_that_all_is_read(tmp_path: Path, parsed: list[str]) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md")
    newsearch.build(news, index=index)
    (state,) = index.glob("*.src")
    state.write_bytes(state.read_bytes()[:-70])
    parsed.clear()
    assert newsearch.build(news, index=index).unchanged == 1
    assert parsed == ["a.md"]


Content = dict[str, str]
contents = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["one", "two", "three"]), min_size=1)


@examples(15)
@given(st.lists(st.tuples(contents, contents), min_size=2, max_size=4))
def test_an_index_that_is_kept_up_to_date_is_as_one_that_is_built_anew(
    tmp_path_factory: pytest.TempPathFactory, states: list[tuple[Content, Content]]
) -> None:
    work = tmp_path_factory.mktemp("work")
    news, lines, live = work / "news", work / "news.jsonl", work / "live"
    before: dict[str, Any] = {}
    for number, (files, records) in enumerate(states):
        for path in news.glob("*.md"):
            if path.stem not in files:
                path.unlink()
        for name, title in files.items():
            write(news / f"{name}.md", title)
        lines.write_text("".join(json.dumps({"id": f"{i}", "title": t}) + "\n" for i, t in records.items()))
        expected = newsearch.build(news, lines, index=live, dry_run=True)
        report = newsearch.build(news, lines, index=live)
        newsearch.build(news, lines, index=work / f"fresh{number}")
        now = titles(work / f"fresh{number}")
        assert titles(live) == now
        assert report.differences == expected.differences
        after = {"md": files, "jsonl": records}
        assert (report.changed == 0) == (after == before)
        before = after


def test_memory_decides_how_often_a_segment_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [{"id": str(n), "title": f"news {n}", "text": "word " * 500} for n in range(1600)]
    source = tmp_path / "news.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    written: list[Path] = []
    write_arrays = writer.write_arrays

    def noting(path: Path, *given: Any, **named: Any) -> int:
        written.append(path)
        return write_arrays(path, *given, **named)

    monkeypatch.setattr(writer, "write_arrays", noting)
    counts = []
    for number, memory in enumerate((1 << 30, 32 << 20, 16 << 20)):
        written.clear()
        assert newsearch.build(source, index=tmp_path / str(number), memory=memory).articles == 1600
        counts.append(len(written))
    assert counts[0] == 1
    assert counts[0] < counts[1] < counts[2]


def test_a_dry_run_over_a_damaged_index_says_that_all_would_be_new(tmp_path: Path) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md")
    newsearch.build(news, index=index)
    (segment,) = index.glob("*.seg")
    segment.write_bytes(b"")
    assert newsearch.reindex(index, dry_run=True).added == 1
    assert newsearch.reindex(index).articles == 1


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("form", ["md", "jsonl"])
def test_a_run_goes_on_from_what_an_interrupted_one_has_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parsed: list[str], form: str, full: bool
) -> None:
    write_often(monkeypatch, articles=300, batch=50)
    index, news = tmp_path / "index", tmp_path / f"news.{form}"
    fill(news, form, 0, 20)
    newsearch.build(news, index=index)
    time.sleep(0.01)
    fill(news, form, 0, 1000)

    def stop(progress: newsearch.Progress) -> None:
        if progress.read >= 800:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newsearch.reindex(index, full=full, progress=stop)
    assert len(titles(index)) == 20
    assert newsearch.verify(index).unused == ()
    parsed.clear()
    fill(news, form, 1, 1100)
    report = newsearch.reindex(index, full=full)
    assert report.resumed == 600
    assert report.articles == 1099
    assert form == "jsonl" or len(parsed) <= 550
    newsearch.build(news, index=tmp_path / "fresh")
    assert titles(index) == titles(tmp_path / "fresh")
    assert not (index / "journal.json").exists()
    assert len(list(index.glob("*.src"))) == 1


def test_who_stops_a_run_is_told_what_is_finished_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_often(monkeypatch, articles=100, batch=50)
    index, news = tmp_path / "index", tmp_path / "news.jsonl"
    fill(news, "jsonl", 0, 1000)
    told: list[newsearch.Progress] = []

    def stop(progress: newsearch.Progress) -> None:
        told.append(progress)
        if [p.read for p in told] == [50, 100, 150, 200, 250]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newsearch.build(news, index=index, progress=stop)
    assert told[-1].finished == newsearch.build(news, index=index).resumed == 200


def test_what_was_finished_outlasts_an_interrupt_while_all_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_often(monkeypatch, articles=30, batch=5)
    index, news = tmp_path / "index", tmp_path / "news.jsonl"
    fill(news, "jsonl", 0, 100)
    with monkeypatch.context() as patched:
        patched.setattr("newsearch.engine.arrays.writer.publish", mock.Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            newsearch.build(news, index=index)
    report = newsearch.build(news, index=index)
    assert (report.resumed, report.articles) == (90, 100)
    assert newsearch.verify(index).unused == ()


def test_only_a_run_of_the_same_sources_goes_on_from_an_interrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_often(monkeypatch, articles=30, batch=5)
    index, one, two = tmp_path / "index", tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    fill(one, "jsonl", 0, 100)
    fill(two, "jsonl", 200, 210)

    def stop(progress: newsearch.Progress) -> None:
        if progress.read >= 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newsearch.build(one, index=index, progress=stop)
    assert (index / "journal.json").exists()
    report = newsearch.build(two, index=index)
    assert (report.resumed, report.articles) == (0, 10)
    assert sorted(path.suffix for path in index.iterdir()) == [".json", ".lock", ".seg", ".src", ".toc"]


def fail(index: Path, two: Path) -> None:
    with pytest.raises(GateFailed):
        newsearch.build(two, index=index, gate=newsearch.Gate(at_least=10**6))


def interrupt(index: Path, two: Path) -> None:
    def stop(_: newsearch.Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newsearch.build(two, index=index, progress=stop)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda index, _: newsearch.reindex(index),
        lambda index, _: newsearch.reindex(index, resume=False),
        lambda index, _: newsearch.reindex(index, dry_run=True, gate=newsearch.Gate()),
        lambda index, _: newsearch.compact(index),
        lambda index, _: newsearch.build(JsonStream(BytesIO()), index=index),
        fail,
        interrupt,
    ],
)
def test_what_publishes_nothing_leaves_an_interrupted_run_to_be_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Path, Path], object]
) -> None:
    write_often(monkeypatch, articles=30, batch=5)
    index, one, two = tmp_path / "index", tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    fill(one, "jsonl", 0, 100)
    fill(two, "jsonl", 200, 210)
    newsearch.build(one, index=index)
    newsearch.compact(index)

    def stop(progress: newsearch.Progress) -> None:
        if progress.read >= 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newsearch.reindex(index, full=True, progress=stop)
    files = {path.name for path in index.iterdir()}
    meanwhile(index, two)
    assert {path.name for path in index.iterdir()} == files
    assert newsearch.verify(index).unused == ()
    assert newsearch.reindex(index, full=True).resumed == 60
    assert newsearch.verify(index).unused == ()
    assert not (index / "journal.json").exists()


def test_a_run_that_begins_anew_deletes_what_it_had_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_often(monkeypatch, articles=30, batch=5)
    index, news = tmp_path / "index", tmp_path / "one.jsonl"
    fill(news, "jsonl", 0, 10)
    newsearch.build(news, index=index)
    before = {path.name for path in index.iterdir()}
    lines = news.read_text()
    fill(news, "jsonl", 0, 100)

    def stop(progress: newsearch.Progress) -> None:
        if progress.read >= 80:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newsearch.reindex(index, progress=stop)
    assert {path.name for path in index.iterdir()} > before
    news.write_text(lines)
    assert newsearch.reindex(index, resume=False).changed == 0
    assert {path.name for path in index.iterdir()} == before


def write_often(monkeypatch: pytest.MonkeyPatch, *, articles: int, batch: int) -> None:
    """Have a segment written after so few articles, which are read so few at a time."""
    monkeypatch.setattr("newsearch.engine.arrays.writing.builder.MAX_ARTICLES", articles)
    monkeypatch.setattr("newsearch.indexing.updating._BATCH", batch)


def fill(news: Path, form: str, first: int, last: int) -> None:
    """A source of articles with these numbers, of which an article that is there already stays as it is."""
    if form == "jsonl":
        lines = [json.dumps({"id": f"{n:04}", "title": f"news {n}"}) + "\n" for n in range(first, last)]
        news.write_text("".join(lines))
        return
    for number in range(last):
        path = news / f"{number:04}.md"
        if number < first:
            path.unlink()
        elif not path.exists():
            write(path, f"news {number}")


@pytest.fixture
def guarded(tmp_path: Path) -> tuple[Path, Path]:
    news, index = tmp_path / "news", tmp_path / "index"
    for number in range(10):
        write(news / f"{number}.md", f"Ban number {number}")
    newsearch.build(news, index=index)
    return news, index


@pytest.mark.parametrize("full", [False, True])
def test_a_gate_that_fails_keeps_the_old_generation(guarded: tuple[Path, Path], full: bool) -> None:
    news, index = guarded
    for number in range(4):
        (news / f"{number}.md").unlink()
    before = sorted(path.name for path in index.iterdir())
    gate = newsearch.Gate(may_fall=0.2, queries=(Wanted("number 2", "2.md"),))
    with pytest.raises(
        GateFailed, match=r"6 articles, and there were 10: more than 20.0% are gone; 'number 2' does"
    ):
        newsearch.reindex(index, full=full, gate=gate)
    assert sorted(path.name for path in index.iterdir()) == before
    assert len(titles(index)) == 10
    assert newsearch.reindex(index, full=full, gate=newsearch.Gate(at_least=6, may_fall=0.4)).articles == 6


def test_a_gate_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "gate.json"
    path.write_text('{"articles": {"at_least": 3}, "queries": [{"query": "a", "finds": "b"}]}')
    assert newsearch.read_gate(path).queries[0].within == 10
    for text, reason in [
        ("", "not JSON at column 1"),
        ("[" * 60_000, "nested too deeply"),
        ("[]", "an object with articles, queries is expected"),
        ('{"article": {}}', "'article' is not one of articles, queries"),
        ('{"articles": {"may_fall": 2}}', "may_fall: "),
        ('{"articles": {"at_least": "3"}}', "at_least: "),
        ('{"queries": 3}', "queries: a list is expected"),
        ('{"queries": [{"query": 1, "finds": "a"}]}', "query 1: query: 1 is not a text"),
        ('{"queries": [{"query": "a", "finds": "b"}, {"query": "a"}]}', "query 2: finds: it is missing"),
        ('{"queries": [{"query": "a", "finds": "b", "wihtin": 1}]}', "query 1: 'wihtin' is not one of"),
        ('{"articles": {"at_least": 9}, "articles": {}}', "articles: given twice"),
        ('{"articles": {"at_least": 9, "at_least": 0}}', "at_least: given twice"),
        (f'{{"{"x" * 9_000}": 1}}', f"'{'x' * 79} is not one of articles, queries$"),
    ]:
        path.write_text(text)
        with pytest.raises(GateFailed, match=f"not a gate: .*{reason}"):
            newsearch.read_gate(path)
    with pytest.raises(GateFailed, match="cannot be read"):
        newsearch.read_gate(tmp_path / "nowhere")
    path.write_text("{}" + " " * (1 << 20))
    with pytest.raises(GateFailed, match="larger than 1,048,576 bytes; give fewer checks"):
        newsearch.read_gate(path)


@pytest.mark.parametrize(
    "wrong", [{"may_fall": 9}, {"may_fall": -0.1}, {"at_least": -1}, {"at_least": 1.5}, {"may_fall": True}]
)
def test_a_gate_of_impossible_numbers_is_an_error(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=f"^{name}: "):
        newsearch.Gate(**wrong)


def test_an_index_of_more_sources_than_it_can_name_stays_as_it_was(tmp_path: Path) -> None:
    many = JsonStream(BytesIO(b'{"id": "b", "title": "two"}'))
    many.location = "/archive" * (2 << 20)  # as long as the names of 100,000 files
    newsearch.build(JsonStream(BytesIO(b'{"id": "a", "title": "one"}')), index=tmp_path)
    with pytest.raises(EngineError, match="2 sources take more than the 16 MiB of a table of contents"):
        newsearch.build(many, index=tmp_path)
    assert titles(tmp_path) == {"a": "one"}
    assert newsearch.verify(tmp_path).ok


def test_stats_tell_copies_from_deleted_articles_and_when_sources_were_read(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    one, two, index = tmp_path / "one.jsonl", tmp_path / "two.jsonl", tmp_path / "index"
    for source in (one, two):
        record = {"id": source.name, "title": "a ban", "webUrl": "https://example.org/ban"}
        source.write_text(json.dumps(record))
    newsearch.build(one, two, JsonStream(BytesIO(b'{"id": "c", "title": "another"}')), index=index)
    stats = newsearch.open(index).stats()
    assert (stats.articles, stats.hidden, stats.deleted) == (2, 1, 0)
    assert stats.sources[2] == "-"
    read = stats.sources_read
    assert read[0] is not None
    assert before <= read[0] <= datetime.now(UTC)
    assert (read[1] is not None, read[2]) == (True, None)


def test_a_gate_is_asked_even_where_nothing_changed(guarded: tuple[Path, Path]) -> None:
    _, index = guarded
    with pytest.raises(GateFailed, match="10 articles"):
        newsearch.reindex(index, gate=newsearch.Gate(at_least=11))
    assert len(titles(index)) == 10
