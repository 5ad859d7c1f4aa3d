"""newsearch index: how sources are read, and what is told of what was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_collection import Command

from newsearch.cli import watching


def post(directory: Path, name: str, front: str) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(f"---\n{front}\n---\nBody.\n", encoding="utf-8")
    return path


def test_explain_shows_what_becomes_of_each_key(run: Command, tmp_path: Path) -> None:
    path = post(tmp_path / "news", "a.md", "title: A ban\nauthor: Jane Doe\nlayout: post")
    result = run("index", path, "--explain")
    assert result.code == 0
    assert result.out.splitlines()[0] == f"{path}: markdown"
    words = [line.split() for line in result.out.splitlines()]
    assert ["author", "->", "authors", "Jane", "Doe"] in words
    assert ["layout", "kept,", "not", "searched", "post"] in words
    assert run("stats").code != 0 or "A ban" not in run("query", "ban").out
    [record] = json.loads(run("index", path, "--explain", "--format", "json").out)["records"]
    assert record["vocabulary"] == "front-matter"
    assert {"key": "author", "fate": "used", "as": "authors"} in record["keys"]
    assert record["article"]["authors"] == ["Jane Doe"]


def test_explain_gives_the_key_of_an_article_for_its_other_names(run: Command, tmp_path: Path) -> None:
    record = {"_id": "1", "title": "T", "text": "x", "lang": "en", "tags": ["a"], "categories": ["b"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(record))
    [explained] = json.loads(run("index", "a.jsonl", "--explain", "--format", "json").out)["records"]
    assert {key["key"]: key["as"] for key in explained["keys"]} == {
        "_id": "path",
        "title": "title",
        "text": "body",
        "lang": "locale",
        "tags": "topics",
        "categories": "category",
    }


def test_explain_tells_which_values_cannot_be_used(run: Command, tmp_path: Path) -> None:
    record = {"title": "T", "webUrl": "ftp://x.example/1", "lang": "British", "date": "2020-01-01"}
    (tmp_path / "a.jsonl").write_text(json.dumps(record))
    words = [line.split() for line in run("index", "a.jsonl", "--explain").out.splitlines()]
    assert ["webUrl", "set", "aside:", "webUrl", "ftp://x.example/1"] in words
    assert ["lang", "set", "aside:", "locale", "British"] in words
    assert ["date", "->", "publishedDateTime", "2020-01-01"] in words
    [explained] = json.loads(run("index", "a.jsonl", "--explain", "--format", "json").out)["records"]
    assert [key["key"] for key in explained["keys"] if key["fate"] == "set aside"] == ["webUrl", "lang"]


def test_explain_tells_what_is_broken_or_no_file(run: Command, tmp_path: Path) -> None:
    path = post(tmp_path / "news", "a.md", "heat: 1")
    result = run("index", path, "--explain")
    assert (result.code, "broken: no title" in result.out) == (1, True)
    for source in (tmp_path / "news", "https://gazette.example/feed.xml", "-"):
        refused = run("index", source, "--explain")
        assert (refused.code, refused.err) == (
            2,
            f"newsearch: {source}: only a file can be explained; name one\n",
        )


def test_a_window_whose_articles_are_all_too_old_is_not_called_empty(run: Command, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "1", "title": "Old", "date": "2001-01-01"}')
    result = run("index", "a.jsonl", "--window", "--keep", "90d")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("indexed 0 articles")


def test_all_broken_articles_are_listed_if_asked(run: Command, tmp_path: Path) -> None:
    for number in range(25):
        post(tmp_path / "news", f"{number:02}.md", "heat: 1")
    post(tmp_path / "news", "good.md", "title: Good")
    few, every = run("index", tmp_path / "news"), run("index", tmp_path / "news", "--list-broken")
    assert few.err.splitlines()[20] == "newsearch: and 5 more broken articles; --list-broken lists them all"
    assert len(every.err.splitlines()) == 25
    errors = json.loads(run("index", tmp_path / "news", "--format", "json").out)["errors"]
    assert len(errors) == 25
    assert errors[0] == {"location": str(tmp_path / "news" / "00.md"), "reason": "no title"}


def test_what_is_not_searched_or_unclear_is_counted(run: Command, tmp_path: Path) -> None:
    post(tmp_path / "news", "a.md", "title: A\ndate: 03/04/2020\nlayout: post")
    post(tmp_path / "news", "b.md", "title: B\ndate: soon\nlayout: post\n? [a]\n: 3")
    result = run("index", tmp_path / "news")
    assert "`unusable`: publishedDateTime of 1 article" in result.err
    assert "dates that could be read in two ways: of 1 article" in result.err
    assert "keys that are kept, and not searched: layout of 2 articles, '' of 1 article" in result.err
    document = json.loads(run("index", tmp_path / "news", "--dry-run", "--format", "json", "--day-first").out)
    assert document["ambiguous"] == 0


def test_day_first_and_the_format_can_be_told(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_text('{"title": "A ban", "publishedAt": "03/04/2020", "source": {"name": "Gazette"}}')
    assert run("index", path, "--as", "newsapi", "--day-first").code == 0
    [line] = run("query", "ban", "--format", "jsonl").out.splitlines()
    assert json.loads(line)["publishedDateTime"] == "2020-04-03"
    assert run("index", path, "--as", "nothing").code == 2


def test_a_directory_within_another_source_is_told_of(run: Command, tmp_path: Path) -> None:
    outer, inner = tmp_path / "news", tmp_path / "news" / "local"
    post(outer, "a.md", "title: A")
    post(inner, "b.md", "title: B")
    assert "lies in" not in run("index", outer).err
    result = run("index", inner)
    assert f"{inner} lies in {outer}, which is a source too" in result.err
    document = json.loads(run("reindex", "--format", "json").out)
    assert document["nested"] == [{"location": str(inner), "within": str(outer)}]
    assert run("forget", inner).code == 0
    beside = post(tmp_path / "newspapers", "c.md", "title: C").parent
    assert "lies in" not in run("index", beside).err + run("reindex").err


def test_what_is_said_of_a_source_is_remembered_and_shown(run: Command, tmp_path: Path) -> None:
    path = tmp_path / "answer.txt"
    path.write_text('{"title": "One", "date": "03/04/2020"}\n{"title": "Two", "date": "03/04/2021"}\n')
    assert run("index", path, "--as", "json-lines", "--day-first", "--window", "--keep", "9000d").code == 0
    [shown] = [line for line in run("stats").out.splitlines() if line.startswith("source")]
    assert shown.startswith(f"source      {path} (read 2")
    assert shown.endswith(" UTC; as json-lines; day first; a window; keeps 9000 days)")
    [settings] = json.loads(run("stats", "--format", "json").out)["sources_settings"]
    told = {"format": "json-lines", "day_first": True, "keep": 9000 * 86400, "window": True}
    assert settings == told
    path.write_text('{"title": "Three", "date": "05/06/2022"}\n')
    assert run("reindex").code == 0
    found = json.loads(run("query", "--format", "json", "--sort", "oldest").out)["hits"]
    dates = [(hit["title"], hit["publishedDateTime"]) for hit in found]
    assert dates == [("One", "2020-04-03"), ("Two", "2021-04-03"), ("Three", "2022-06-05")]
    assert run("index", path, "--month-first").code == 0
    [settings] = json.loads(run("stats", "--format", "json").out)["sources_settings"]
    assert settings == {**told, "day_first": False}
    assert run("reindex", "--defaults", "--as", "json-lines").code == 0
    [shown] = [line for line in run("stats").out.splitlines() if line.startswith("source")]
    assert shown.endswith(" UTC; as json-lines)")


def test_a_run_by_watch_reads_a_source_as_it_was_said_at_first(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text('{"id": 1, "title": "One", "date": "03/04/2020"}\n')
    assert run("index", path, "--day-first", "--window").code == 0

    def change(*_: object, **__: object) -> Iterator[int]:
        path.write_text('{"id": 2, "title": "Two", "date": "05/06/2021"}\n')
        yield 1

    monkeypatch.setattr(watching, "bursts", change)
    monkeypatch.setattr("newsearch.cli.work.check_watching", lambda: None)
    assert run("reindex", "--watch").code == 0
    found = json.loads(run("query", "--format", "json", "--sort", "oldest").out)["hits"]
    assert [hit["publishedDateTime"] for hit in found] == ["2020-04-03", "2021-06-05"]


def test_files_without_articles_are_passed_over_in_one_line(run: Command, tmp_path: Path) -> None:
    post(tmp_path / "news", "a.md", "title: A ban")
    for number in range(10):
        (tmp_path / "news" / f"{number}.json").write_text("{}")
    result = run("index", tmp_path / "news", "--strict")
    assert result.code == 0
    assert result.err == (
        "newsearch: 10 files without any article passed over: 0.json, 1.json, 2.json, 3.json, 4.json, 5.json, 6.json,"
        " 7.json and 2 more; --list-broken says why\n"
    )
    every = run("index", tmp_path / "news", "--dry-run", "--list-broken", "--index", tmp_path / "other").err
    assert f"newsearch: passed over: {tmp_path / 'news' / '9.json'}: no article in it\n" in every
    other = ("--dry-run", "--index", tmp_path / "other", "--format", "json")
    document = json.loads(run("index", tmp_path / "news", *other).out)
    assert (document["not_news"], document["broken"]) == (10, 0)
    assert document["passed_over"][0]["reason"] == "no article in it"
