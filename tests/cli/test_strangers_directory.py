"""A search in a directory that somebody else made reads nothing from outside of it, and writes nothing there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_collection import Command

ARTICLE = "---\ntitle: A secret of mine\n---\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, which holds an index of another version; what is mine is beside it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "secret.md").write_text(ARTICLE)
    directory = tmp_path / "strange"
    (directory / "articles").mkdir(parents=True)
    (directory / "articles" / "a.md").write_text("---\ntitle: A tale of theirs\n---\n")
    (directory / "index").mkdir()
    monkeypatch.chdir(directory)
    return directory


def old_index(here: Path, *sources: Path) -> None:
    toc = {
        "newsearch": 3,
        "analysis": 1,
        "generation": 1,
        "created": "2026-01-01T00:00:00+00:00",
        "pivots": {"heat": 0, "quality": 0},
        "sources": [str(source) for source in sources],
        "segments": [],
    }
    (here / "index" / "toc.json").write_text(json.dumps(toc))


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*"))


def test_what_lies_here_is_indexed_again(run: Command, here: Path) -> None:
    old_index(here, here / "articles")
    result = run("query", "tale", "--format", "jsonl")
    assert result.code == 0
    assert "A tale of theirs" in result.out


@pytest.mark.parametrize("how", ["a path", "a path with ..", "a link", "a link within", "a link to a file"])
def test_nothing_is_read_from_elsewhere(run: Command, here: Path, how: str) -> None:
    mine = here.parent / "mine"
    source = here / "articles"
    if how == "a path":
        source = mine
    elif how == "a path with ..":
        source = here / "articles" / ".." / ".." / "mine"
    elif how == "a link":
        (here / "link").symlink_to(mine)
        source = here / "link"
    elif how == "a link within":
        (here / "articles" / "deep").mkdir()
        (here / "articles" / "deep" / "link").symlink_to(mine)
    else:
        (here / "articles" / "link.md").symlink_to(mine / "secret.md")
    old_index(here, here / "articles", source)
    before = files(here)
    result = run("query", "secret OR tale")
    assert (result.code, result.out) == (2, "")
    assert "newsearch reindex" in result.err
    assert files(here) == before
    # Who trusts it can still say so.
    assert run("reindex").code == 0
    assert run("query", "secret").code == 0


@pytest.mark.parametrize("version", ["old", "none"])
def test_an_index_that_leads_elsewhere_is_not_written(run: Command, here: Path, version: str) -> None:
    place = here.parent / "place"
    if version == "old":
        old_index(here, here / "articles")
    (here / "index").rename(place)
    (here / "index").symlink_to(place)
    before = files(place)
    result = run("query", "tale")
    assert result.code == 2
    assert "leads out of this directory" in result.err
    assert files(place) == before


def test_seeds_that_lead_elsewhere_are_not_read(run: Command, here: Path) -> None:
    (here / "seeds").symlink_to(here.parent / "mine")
    result = run("query", "secret")
    assert result.code == 2
    assert "leads out of this directory" in result.err
    assert files(here / "index") == []


def test_a_lock_that_is_a_link_empties_nothing(run: Command, here: Path) -> None:
    old_index(here, here / "articles")
    (here / "index" / "write.lock").symlink_to(here.parent / "mine" / "secret.md")
    assert run("query", "tale").code == 2
    assert run("reindex").code == 2
    assert (here.parent / "mine" / "secret.md").read_text() == ARTICLE
