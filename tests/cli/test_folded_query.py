"""Copies and stories as one hit, at the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_collection import Command

import newsearch
from newsearch.cli.formats import as_text
from newsearch.cli.terminal import Terminal
from newsearch.outputs.page import Page

TEXT = (
    "Ferries between Westmere and the islands of the northern sound are running again, two days after a fire."
)
OUTLETS = ("Herald", "Courier", "Gazette", "Tribune", "Post\x1b[31m")


@pytest.fixture(scope="module")
def ferries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ferries")
    records = [
        {
            "id": f"ferry-{i}",
            "title": "Ferry service resumes after harbour fire",
            "excerpt": TEXT,
            "provider": {"name": outlet},
            "publishedDateTime": f"2024-05-01T{9 + i:02}:00:00Z",
            "heat": 90 - i,
        }
        for i, outlet in enumerate(OUTLETS)
    ]
    (place / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    newsearch.build(place / "news.jsonl", index=place / "index")
    return place / "index"


def test_copies_are_told_by_their_outlets(
    run: Command, ferries: Path, golden: Callable[[str, str], None]
) -> None:
    asked = ("query", "ferry", "--index", ferries, "--tz", "UTC", "--collapse", "copies", "--show", "last")
    out = run(*asked).out
    golden("folded.text", out)
    assert out.count("Ferry service") == 1
    golden("folded.json", run(*asked, "--format", "json").out)


def test_a_file_folds_nothing_unless_it_is_asked_to(run: Command, ferries: Path) -> None:
    for more in ((), ("--format", "urls"), ("--collapse", "none"), ("--format", "json")):
        assert "copies" not in run("query", "ferry", "--index", ferries, *more).out
    assert len(run("query", "ferry", "--index", ferries, "--format", "jsonl").out.splitlines()) == 5


def test_a_terminal_shows_copies_as_one_hit_by_default(
    run: Command, ferries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "of", classmethod(lambda cls, *_: cls(interactive=True, width=80)))
    folded = run("query", "ferry", "--index", ferries).out
    assert folded.count("Ferry service") == 1
    assert "1 of 5 articles, copies as one hit (1 text)" in folded
    assert (
        "stories as one hit (1 story)"
        in run("query", "ferry", "--index", ferries, "--collapse", "stories").out
    )
    assert run("query", "ferry", "--index", ferries, "--collapse", "none").out.count("Ferry service") == 5
    far = run("query", "ferry", "--index", ferries, "--limit", "3000")
    assert (far.code, far.out.count("Ferry service")) == (0, 1)


def test_names_of_outlets_say_nothing_to_a_terminal(ferries: Path) -> None:
    with newsearch.open(ferries) as index:
        page = Page(index.search("ferry", collapse="stories", show="first"))
    said = "".join(as_text(page, Terminal(interactive=True, width=80)))
    assert "+4 articles, 4 other outlets: Courier, Gazette, Tribune and 1 more" in said
    assert "\x1b" not in said


def test_show_without_collapse_is_told_to_do_nothing(run: Command, ferries: Path) -> None:
    told = run("query", "ferry", "--index", ferries, "--show", "first")
    assert told.code == 0
    assert "--collapse" in told.err
