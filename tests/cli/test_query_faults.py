"""newsearch query where little or nothing is to be shown, or nowhere to show it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_collection import Command

import newsearch


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of articles from 12 months, each with a topic of its own."""
    directory = tmp_path_factory.mktemp("wide")
    articles = [
        {"id": str(i), "title": "flood", "topics": [f"T{i:02}"], "publishedDateTime": f"2020-{i:02}-03"}
        for i in range(1, 13)
    ]
    (directory / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    newsearch.build(directory / "news.jsonl", index=directory / "index")
    return directory / "index"


@pytest.mark.parametrize(
    ("options", "topics", "months", "said"),
    [
        ([], 10, 12, ["and 2 more"]),
        (["--facet-limit", "3"], 3, 3, ["and 9 more", "and 9 more"]),
        (["--facet-limit", "0"], 12, 12, []),
    ],
)
def test_a_facet_shows_so_many_values_and_says_how_many_it_leaves_out(
    run: Command, wide: Path, options: list[str], topics: int, months: int, said: list[str]
) -> None:
    asked = (
        "query",
        "flood",
        "--index",
        wide,
        "--limit",
        "1",
        "--facet",
        "topic",
        "--facet",
        "month",
        *options,
    )
    facets = json.loads(run(*asked, "--format", "json").out)["facets"]
    assert (len(facets["topic"]), len(facets["month"])) == (topics, months)
    assert facets["month"][-1]["value"] == "2020-12"
    lines = [line.strip() for line in run(*asked).out.splitlines()]
    assert [line for line in lines if line.startswith("and ")] == said


@pytest.mark.parametrize("format_name", ["text", "urls", "csv", "jsonl"])
def test_nothing_found_is_said_whatever_the_format(run: Command, index: Path, format_name: str) -> None:
    result = run("query", "zeppelin", "--index", index, "--format", format_name)
    assert (result.code, result.err) == (1, "newsearch: nothing found\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--offset", "70"], "12 articles match, none at this offset"),
        (["--limit", "0"], "12 articles match"),
        (["--offset", "70", "id:3"], "1 article matches, none at this offset"),
    ],
)
def test_an_empty_page_says_how_many_match(run: Command, wide: Path, options: list[str], said: str) -> None:
    result = run("query", "flood", "--index", wide, "--format", "urls", *options)
    assert result == (0, "", f"newsearch: {said}\n")


def test_counts_alone_are_no_empty_page(run: Command, wide: Path) -> None:
    assert run("query", "flood", "--index", wide, "--limit", "0", "--facet", "year").err == ""


def test_as_of_a_day_later_articles_are_not_found(run: Command, wide: Path) -> None:
    result = run(
        "query", "flood", "--index", wide, "--format", "jsonl", "--as-of", "2020-03-03", "--tz", "UTC"
    )
    assert {json.loads(line)["id"] for line in result.out.splitlines()} == {"1", "2", "3"}


@pytest.mark.skipif(os.name == "nt", reason="a shell closes file descriptors on POSIX only")
@pytest.mark.parametrize("options", [["--parse"], ["--format", "json"]])
def test_a_closed_output_is_an_error_in_one_line(index: Path, options: list[str]) -> None:
    query = [sys.executable, "-m", "newsearch", "query", "ban", "--index", str(index), *options]
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *query]
    done = subprocess.run(closed, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("newsearch: ")
    assert done.stderr.count("\n") == 1
