"""How an index comes about and changes, on every engine: reports, gates, dry runs, exports, refreshes and errors."""

from __future__ import annotations

import json
import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from contract.news import RECORDS, changed, write

import newsearch
from newsearch import Gate, Report
from newsearch.engine import open_engine
from newsearch.engine.base import Recipe
from newsearch.errors import (
    EngineError,
    GateFailed,
    IndexLocked,
    IndexMissing,
    SourceError,
    WordListError,
)
from newsearch.indexing.gate import Wanted
from newsearch.sources.json_lines import JsonStream


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "news.jsonl")


@pytest.fixture
def index(place: str, source: Path) -> str:
    """The place of an index of the source."""
    newsearch.build(source, index=place)
    return place


def titles(place: str) -> dict[str, str]:
    with newsearch.open(place) as index:
        return {article.id: article.title for article in index.articles()}


def generation(place: str) -> int:
    with newsearch.open(place) as index:
        return index.stats().generation


def tally(report: Report) -> tuple[int, int, int, int, int]:
    return report.added, report.replaced, report.deleted, report.moved, report.unchanged


def test_a_first_build_adds_everything(place: str, source: Path) -> None:
    report = newsearch.build(source, index=place)
    assert tally(report) == (5, 0, 0, 0, 0)
    assert report.articles == 5
    (difference,) = report.differences.values()
    assert difference.added_ids == ("1", "2", "3", "4", "5")


def test_a_build_again_does_what_has_changed_and_names_it(index: str, source: Path) -> None:
    records = changed("2", title="A new ban")
    moved = {**records[4], "id": "7"}
    write(source, [records[0], *records[1:3], moved, {"id": "6", "title": "New"}, moved])
    report = newsearch.build(source, index=index)
    assert tally(report) == (1, 1, 1, 1, 2)
    assert (report.repeated, report.articles) == (1, 5)
    (difference,) = report.differences.values()
    assert difference[6:] == (("6",), ("2",), ("4",), (("5", "7"),))
    assert titles(index) == {r["id"]: r["title"] for r in [*records[:3], moved, {"id": "6", "title": "New"}]}
    assert generation(index) == 2


def test_where_nothing_changes_nothing_is_published(index: str, source: Path) -> None:
    report = newsearch.build(source, index=index)
    assert report.changed == 0
    write(source)
    os.utime(source, (0, 0))
    report = newsearch.reindex(index)
    assert tally(report) == (0, 0, 0, 0, 5)
    assert generation(index) == 1


def test_only_files_that_look_different_are_read(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.sources.files.UNSETTLED", 0)
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in "abc":
        folder.joinpath(f"{name}.md").write_text(f"---\ntitle: Note {name}\n---\n")
        os.utime(folder / f"{name}.md", (0, 0))
    newsearch.build(folder, index=place)
    folder.joinpath("b.md").write_text("---\ntitle: Another note\n---\n")
    folder.joinpath("c.md").unlink()
    report = newsearch.build(folder, index=place)
    assert (report.read, *tally(report)) == (1, 0, 1, 1, 0, 1)
    assert titles(place) == {"a.md": "Note a", "b.md": "Another note"}


def test_of_copies_that_of_the_first_source_is_found_until_it_goes(
    index: str, source: Path, tmp_path: Path
) -> None:
    copy = {"id": "copy", "title": "The copy", "webUrl": "https://bbc.co.uk/news/1?utm_source=x"}
    other = write(tmp_path / "other.jsonl", [copy])
    assert newsearch.build(other, index=index).articles == 5
    with newsearch.open(index) as opened:
        assert (opened.get("copy"), opened.stats().hidden) == (None, 1)
    newsearch.forget(source, index=index)
    assert titles(index) == {"copy": "The copy"}


def test_forgetting_takes_a_source_away(index: str, source: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", [{"id": "6", "title": "Other"}])
    newsearch.build(other, index=index)
    report = newsearch.forget(source, index=index)
    assert (report.deleted, report.articles) == (5, 1)
    with newsearch.open(index) as opened:
        assert opened.stats().sources == (str(other),)
    with pytest.raises(SourceError, match="not a source of this index"):
        newsearch.forget(source, index=index)


@pytest.mark.parametrize("full", [False, True])
def test_a_reindex_reads_the_sources_that_the_index_remembers(index: str, source: Path, full: bool) -> None:
    newsearch.build(JsonStream(BytesIO(b'{"id": "once", "title": "Came once"}\n')), index=index)
    write(source, changed("1", title="Portland changed its mind"))
    report = newsearch.reindex(index, full=full)
    assert report.articles == 6
    assert titles(index)["1"] == "Portland changed its mind"
    assert titles(index)["once"] == "Came once"


def test_protected_words_are_kept_until_a_reindex(place: str, source: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("bans\n")
    newsearch.build(source, index=place, protected=words)
    with newsearch.open(place) as opened:
        assert [hit.id for hit in opened.search("bans")] == ["1"]
    words.write_text("")
    with pytest.raises(WordListError):
        newsearch.build(source, index=place, protected=words)
    assert newsearch.reindex(place, protected=words).anew
    with newsearch.open(place) as opened:
        assert [hit.id for hit in opened.search("bans")] == ["1", "2"]


# Gates and dry runs

FAILING = Gate(queries=(Wanted("council vote", finds="1", within=1),))


@pytest.mark.parametrize("full", [False, True])
def test_what_does_not_pass_the_gate_is_not_published(index: str, source: Path, full: bool) -> None:
    assert newsearch.reindex(index, full=full, gate=FAILING).articles == 5
    write(source, changed("1", body=""))
    before = generation(index)
    with pytest.raises(GateFailed, match="council vote"):
        newsearch.reindex(index, full=full, gate=FAILING)
    assert generation(index) == before
    with newsearch.open(index) as opened:
        assert opened.search("council vote")[0].id == "1"
    newsearch.reindex(index, full=full)
    assert generation(index) == before + 1


@pytest.mark.parametrize(
    ("gate", "passes"), [(None, True), (Gate(at_least=3), True), (Gate(at_least=9), False)]
)
def test_a_dry_run_tells_what_would_be_done_and_does_nothing(
    place: str, source: Path, gate: Gate | None, passes: bool
) -> None:
    for step in range(2):
        if passes:
            report = newsearch.build(source, index=place, dry_run=True, gate=gate)
            assert tally(report) == ((0, 1, 0, 0, 4) if step else (5, 0, 0, 0, 0))
            assert report.articles == (5 if step else 0)
        else:
            with pytest.raises(GateFailed, match="9 are the least"):
                newsearch.build(source, index=place, dry_run=True, gate=gate)
        if step:
            assert titles(place)["1"] == RECORDS[0]["title"]
            assert generation(place) == 1
            return
        with pytest.raises(IndexMissing):
            newsearch.open(place)
        assert not Path(place).exists()
        newsearch.build(source, index=place)
        write(source, changed("1", title="Other words"))


# Exports, refreshes, upkeep


def test_what_is_exported_can_be_indexed_again(index: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert newsearch.export(index, first) == 5
    with newsearch.open(index) as opened:
        before = {article.id: article for article in opened.articles()}
    newsearch.forget(*[tmp_path / "news.jsonl"], index=index)
    newsearch.build(first, index=index)
    with newsearch.open(index) as opened:
        assert {article.id: article for article in opened.articles()} == before
    newsearch.export(index, second)
    assert second.read_bytes() == first.read_bytes()


def test_of_one_id_in_two_sources_the_last_source_decides_whatever_changed_last(
    place: str, tmp_path: Path
) -> None:
    z, a = tmp_path / "z.jsonl", tmp_path / "a.jsonl"
    newsearch.build(write(z, [{"id": "1", "title": "z"}]), write(a, [{"id": "1", "title": "a"}]), index=place)
    for change in (
        newsearch.compact,
        lambda _: write(z, [{"id": "1", "title": "z again"}]),
        newsearch.compact,
    ):
        change(place)
        newsearch.reindex(place)
        newsearch.export(place, tmp_path / "export.jsonl")
        with newsearch.open(place) as opened:
            found = opened.get("1")
        exported = [
            json.loads(line)["title"][0] for line in (tmp_path / "export.jsonl").read_text().splitlines()
        ]
        assert (found and found.title, exported) == ("a", ["a", "z"])


def test_an_open_index_stays_as_it_is_until_it_is_refreshed(index: str, source: Path) -> None:
    with newsearch.open(index) as opened:
        assert not opened.refresh()
        results = opened.search("portland")
        write(source, changed("1", title="Somewhere else"))
        newsearch.build(source, index=index)
        assert len(opened.search("portland")) == 1
        assert opened.refresh()
        assert not opened.refresh()
        assert len(opened.search("portland")) == 0
        assert results[0].article.title == RECORDS[0]["title"]


def test_an_index_is_whole_and_compacting_changes_no_answer(index: str, source: Path) -> None:
    write(source, RECORDS[:3])
    newsearch.build(source, index=index)
    before = titles(index)
    done = newsearch.compact(index)
    assert (done.articles, done.segments) == (3, 1)
    found = newsearch.verify(index)
    assert (found.ok, found.articles) == (True, 3)
    assert titles(index) == before


# Errors


def test_a_place_without_an_index_is_told(place: str, tmp_path: Path) -> None:
    asked: list[Any] = [
        lambda: newsearch.open(place),
        lambda: newsearch.reindex(place),
        lambda: newsearch.forget(tmp_path, index=place),
        lambda: newsearch.export(place, tmp_path / "x.jsonl"),
        lambda: newsearch.verify(place),
        lambda: newsearch.compact(place),
        lambda: open_engine(place).recipe(),
    ]
    for ask in asked:
        with pytest.raises(IndexMissing):
            ask()


def test_two_writers_do_not_write_at_once_and_what_is_cancelled_is_nothing(index: str, source: Path) -> None:
    before = titles(index)
    with open_engine(index).writer() as writer:
        writer.delete_source(str(source))
        with pytest.raises(IndexLocked):
            newsearch.build(source, index=index)
        writer.cancel()
    assert titles(index) == before
    newsearch.build(source, index=index)


def test_a_source_that_is_gone_changes_nothing(index: str, source: Path) -> None:
    source.unlink()
    with pytest.raises(SourceError, match="newsearch forget"):
        newsearch.reindex(index)
    assert len(titles(index)) == 5


def test_a_broken_article_is_told_and_the_one_that_is_there_stays(index: str, source: Path) -> None:
    lines = [json.dumps(record) for record in RECORDS]
    source.write_text("\n".join([*lines[1:], '{"id": "1", "title": 7', ""]))
    report = newsearch.build(source, index=index)
    assert (report.broken, report.read) == (1, 4)
    write(source, [{"id": "1"}, *RECORDS[1:]])
    report = newsearch.build(source, index=index)
    assert report.broken == 1
    assert len(titles(index)) == report.articles


def test_a_ledger_passes_nothing_but_ids_and_its_writer_deletes_what_it_drops(
    index: str, source: Path
) -> None:
    with open_engine(index).writer() as writer:
        ledger = writer.held.ledger(str(source))
        ledger.drop(["1", "2", "nothing"])
        difference = ledger.difference()
        writer.delete_dropped(str(source), ledger)
        changes = writer.commit()
    assert (sorted(difference.deleted_ids), difference.unchanged) == (["1", "2"], 3)
    assert (changes.deleted, changes.articles) == (2, 3)
    assert sorted(titles(index)) == ["3", "4", "5"]


def test_a_recipe_is_what_the_index_was_made_from(index: str, source: Path) -> None:
    assert open_engine(index).recipe() == Recipe((str(source),), frozenset())


@pytest.mark.parametrize(
    "place", ["opensearch+https://search.example/news", "opensearch+http://localhost/news"]
)
def test_an_engine_without_its_client_names_its_extra(
    place: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    with pytest.raises(EngineError, match=r"newsearch\[opensearch\]"):
        newsearch.open(place)
    with pytest.raises(EngineError, match=r"newsearch\[opensearch\]"):
        newsearch.build(source, index=place)


def test_a_scheme_without_an_engine_is_told() -> None:
    for scheme in ("ftp", "https", "opensearch"):
        says = rf"no engine for {scheme}://; give opensearch\+https://HOST/NAME .* or a directory"
        with pytest.raises(EngineError, match=says):
            newsearch.open(f"{scheme}://host/news")


def test_a_directory_may_have_any_name(tmp_path: Path, source: Path) -> None:
    for index in (f"{tmp_path}/odd://name", tmp_path / "odd:", Path(f"{tmp_path}/ftp://host")):
        newsearch.build(source, index=index)
        with newsearch.open(index) as opened:
            assert opened.stats().articles == 5
            assert opened.path == Path(index)
