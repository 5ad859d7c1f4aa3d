"""newsearch index --keep-history, and newsearch show --history."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_collection import Command

from newsearch.articles.article import Article, Version
from newsearch.cli.history import history_lines
from newsearch.cli.terminal import Terminal


def article(**values: str) -> str:
    return json.dumps({"id": "1", "publishedDateTime": "2024-03-01T07:00:00Z", **values}) + "\n"


@pytest.fixture
def changed(run: Command, tmp_path: Path) -> Path:
    """An index in which an article has changed twice."""
    source, index = tmp_path / "news.jsonl", tmp_path / "index"
    source.write_text(article(title="Council bans cars", excerpt="The council voted."))
    assert run("index", source, "--index", index, "--keep-history").code == 0
    source.write_text(article(title="Council bans most cars", excerpt="The council voted 5-2."))
    assert run("index", source, "--index", index).code == 0
    source.write_text(article(title="Council delays cars", excerpt="The council voted 5-2."))
    assert run("reindex", "--index", index).code == 0
    return index


def test_the_latest_change_comes_first_with_the_words_that_differ(run: Command, changed: Path) -> None:
    result = run("show", "1", "--history", "--index", changed, "--tz", "UTC")
    assert (result.code, result.err) == (0, "")
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d\+00:00"
    assert re.sub(f"replaced {moment}", "replaced NOW", result.out) == (
        "Council delays cars\n\n"
        "replaced NOW, a version of 2024-03-01 07:00+00:00\n"
        "title    Council [-bans most-] {+delays+} cars\n\n"
        "replaced NOW, a version of 2024-03-01 07:00+00:00\n"
        "title    Council bans {+most+} cars\n"
        "excerpt  The council [-voted.-] {+voted 5-2.+}\n"
    )


def test_json_has_the_versions_from_the_oldest_on(run: Command, changed: Path) -> None:
    document = json.loads(run("show", "1", "--history", "--index", changed, "--format", "json").out)
    assert document["title"] == "Council delays cars"
    assert [version["title"] for version in document["history"]] == [
        "Council bans cars",
        "Council bans most cars",
    ]
    assert all(set(v) == {"title", "excerpt", "publishedDateTime", "replaced"} for v in document["history"])


def test_colours_stand_for_the_signs_on_a_terminal(run: Command, changed: Path) -> None:
    out = run("show", "1", "--history", "--index", changed, "--color", "always").out
    assert "\x1b[9;31mbans most\x1b[0m \x1b[1;32mdelays\x1b[0m" in out
    assert "[-" not in out


def test_an_article_without_versions_says_so(run: Command, index: Path) -> None:
    id = json.loads(run("query", "--index", index, "--format", "json").out)["hits"][0]["id"]
    result = run("show", id, "--history", "--index", index)
    assert (result.code, result.out.splitlines()[1:]) == (0, ["no earlier versions are kept"])
    assert run("show", "nowhere", "--history", "--index", index).code == 1


def test_hits_leave_the_history_out(run: Command, changed: Path) -> None:
    document = json.loads(run("query", "council", "--index", changed, "--format", "json").out)
    assert [hit["title"] for hit in document["hits"]] == ["Council delays cars"]
    assert "history" not in document["hits"][0]


def test_long_changes_are_wrapped_and_lose_no_word() -> None:
    old, new = " ".join(f"old{n}" for n in range(60)), " ".join(f"new{n}" for n in range(60))
    when = datetime(2024, 3, 1, tzinfo=UTC)
    shown = Article(id="1", title=new, history=(Version(title=old, excerpt="", replaced=when),))
    for color in (False, True):
        lines = list(history_lines(shown, UTC, Terminal(True, color, 40)))
        bare = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
        assert max(map(len, bare)) <= 40
        assert {*old.split(), *new.split()} <= set(re.findall(r"[a-z]+\d+", "\n".join(bare)))
