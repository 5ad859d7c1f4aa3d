"""Authors, dates of change and languages, from a file to what is found of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest

import newsearch
from newsearch import Index

RECORDS: list[dict[str, object]] = [
    {
        "id": "a",
        "title": "Storm",
        "authors": ["Jane Doe", "José Núñez"],
        "modified": "2021-03-04T05:06:07.5Z",
    },
    {"id": "b", "title": "Storms over the lake", "author": "jane doe", "dateModified": "2021-03-05"},
    {
        "id": "c",
        "title": "Rain",
        "author": {"name": "Doerr"},
        "updated": "2021-01-01",
        "publishedDateTime": "2020-01-01",
    },
    {
        "id": "d",
        "title": "Sturm über der Stadt und das Land nicht mit den Seen",
        "publishedDateTime": "2020-01-02",
    },
    {"id": "e", "title": "Fog", "lang": "fr-CA"},
    {"id": "f", "title": "東京で大雨", "modified": "never", "authors": [[1]]},
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("authors")
    (made / "news.jsonl").write_text("".join(json.dumps(r) + "\n" for r in RECORDS), encoding="utf-8")
    newsearch.build(made / "news.jsonl", index=made / "index")
    return made


@pytest.fixture(scope="module")
def index(directory: Path) -> Iterator[Index]:
    with newsearch.open(directory / "index") as opened:
        yield opened


def test_an_article_keeps_its_authors_and_its_last_change(index: Index) -> None:
    found = {article.id: article for article in index.articles()}
    assert found["a"].authors == ("Jane Doe", "José Núñez")
    assert found["a"].modified == datetime(2021, 3, 4, 5, 6, 7, 500_000, tzinfo=UTC)
    assert (found["b"].authors, found["b"].modified) == (("jane doe",), date(2021, 3, 5))
    assert (found["c"].authors, found["c"].modified) == (("Doerr",), date(2021, 1, 1))
    assert (found["d"].authors, found["d"].modified) == ((), None)
    assert (found["f"].authors, found["f"].modified) == ((), None)
    assert found["f"].extra["unusable"].keys() == {"modified", "authors"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('author:"jane doe"', "ab"),
        ("by:DOE", "ab"),
        ('author:"doe jane"', ""),
        ("author:nunez", "a"),
        ("author:do", ""),
        ("storm -by:nunez", "b"),
        ("author:(nunez OR doerr)", "ac"),
        ("modified:2021-03", "ab"),
        ("modified:2021-03-05", "b"),
        ("modified:..2021-01", "c"),
        ("-modified:2021", "def"),
        ("lang:en", "abc"),
        ("lang:de", "d"),
        ("lang:fr", "e"),
        ("lang:fr-ca", "e"),
    ],
)
def test_what_is_asked_for_is_found(index: Index, query: str, expected: str) -> None:
    assert "".join(sorted(hit.id for hit in index.search(query))) == expected


def test_the_latest_change_comes_first(index: Index) -> None:
    assert [hit.id for hit in index.search("", sort="modified")] == ["b", "a", "c", "d", "e", "f"]


def test_authors_and_languages_are_counted(index: Index) -> None:
    results = index.search("")
    assert results.facet("author") == [("Doerr", 1), ("Jane Doe", 1), ("José Núñez", 1), ("jane doe", 1)]
    assert results.facet("language") == [("en", 3), ("de", 1), ("fr-ca", 1)]


def test_an_article_has_the_language_of_its_source_alone(index: Index) -> None:
    assert {article.id for article in index.articles() if article.language} == {"e"}


def test_a_mistyped_author_is_answered_with_one_that_there_is(index: Index) -> None:
    assert index.search('author:"jane dow"').did_you_mean == 'author:"Jane Doe"'
    assert index.search("by:doer").diagnose()[0].near[0] == "Doerr"


def test_authors_and_names_of_fields_are_completed(index: Index) -> None:
    assert [found.text for found in index.complete("by:doer")] == ["by:Doerr"]
    assert "author:" in [found.text for found in index.complete("aut")]
    assert "modified:" in [found.text for found in index.complete("modi")]


def test_what_was_exported_and_indexed_again_is_the_same(directory: Path, index: Index) -> None:
    newsearch.export(directory / "index", directory / "exported.jsonl")
    newsearch.build(directory / "exported.jsonl", index=directory / "again")
    with newsearch.open(directory / "again") as again:
        assert sorted(again.articles(), key=lambda a: a.id) == sorted(index.articles(), key=lambda a: a.id)


def test_a_merge_keeps_all_of_it(directory: Path, index: Index) -> None:
    place = directory / "merged"
    for number in (3, 6):
        (directory / "part.jsonl").write_text(
            "".join(json.dumps(r) + "\n" for r in RECORDS[:number]), encoding="utf-8"
        )
        newsearch.build(directory / "part.jsonl", index=place) if number == 3 else newsearch.reindex(
            index=place
        )
    newsearch.compact(place)
    newsearch.verify(place)
    with newsearch.open(place) as merged:
        assert sorted(merged.articles(), key=lambda a: a.id) == sorted(index.articles(), key=lambda a: a.id)
        assert merged.search("").facet("language") == index.search("").facet("language")
        assert merged.search("").facet("author") == index.search("").facet("author")


def test_a_changed_author_or_date_of_change_is_a_changed_article(tmp_path: Path) -> None:
    source = tmp_path / "news.jsonl"
    for number, change in enumerate(
        ({}, {"author": "Jane Doe"}, {"author": "Jane Doe", "modified": "2021-01-01"})
    ):
        source.write_text(json.dumps({"id": "a", "title": "A", **change}) + "\n", encoding="utf-8")
        report = (
            newsearch.build(source, index=tmp_path / "i")
            if not number
            else newsearch.reindex(index=tmp_path / "i")
        )
        assert (report.added, report.replaced) == (int(not number), int(bool(number)))


def test_the_command_gives_authors_and_changes(directory: Path) -> None:
    from click.testing import CliRunner

    from newsearch.cli.main import cli

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, [*arguments, "--index", str(directory / "index")])
        assert result.exit_code == 0, result.output
        return result.output

    rows = list(csv.DictReader(StringIO(run("query", "id:a", "--format", "csv"))))
    assert rows[0]["authors"] == "Jane Doe; José Núñez"
    assert rows[0]["modified"] == "2021-03-04T05:06:07.500000Z"
    hit = json.loads(run("query", "--sort", "modified", "--format", "jsonl", "--limit", "1"))
    assert (hit["id"], hit["authors"], hit["modified"]) == ("b", ["jane doe"], "2021-03-05")
    shown = run("show", "a", "--tz", "UTC")
    assert "Jane Doe, José Núñez" in shown
    assert "2021-03-04 05:06" in shown
    counted = run("query", "--facet", "author", "--facet", "day", "--limit", "0", "--tz", "UTC")
    assert "José Núñez" in counted
    assert "2020-01-02" in counted
