"""newsearch stories: what is big."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_collection import Command

SEPTEMBER = ("--after", "2020-09", "--before", "2020-10", "--limit", "3", "--tz", "UTC")


@pytest.mark.parametrize("name", ["text", "json"])
def test_the_front_page_of_the_seeds(run: Command, golden: Callable[[str, str], None], name: str) -> None:
    run("query")  # makes the default index, of the bundled articles
    result = run("stories", *SEPTEMBER, "--format", name)
    assert (result.code, result.err) == (0, "")
    golden(f"stories.{name}", result.out)


def test_a_window_without_articles_finds_nothing(run: Command, index: Path) -> None:
    result = run("stories", "--after", "2030", "--index", index)
    assert (result.code, result.out) == (1, "")
    assert "nothing found" in result.err


def test_a_window_that_is_no_date_is_an_error(run: Command, index: Path) -> None:
    result = run("stories", "--after", "soon", "--index", index)
    assert (result.code, result.out) == (2, "")
    assert "after" in result.err


def test_a_story_is_shown_whole_by_the_id_of_any_report(run: Command) -> None:
    run("query")  # makes the default index, of the bundled articles
    for id in ("local/2020-09-09-portland-council-votes", "technology/2020-09-11-three-minutes"):
        result = run("stories", "--id", id, *SEPTEMBER)
        assert (result.code, result.err) == (0, "")
        lines = result.out.splitlines()
        assert lines[0].startswith("Portland council votes")
        assert [line[:16] for line in lines[-2:]] == ["2020-09-10 00:48", "2020-09-11 15:00"]


def test_an_article_outside_of_the_window_is_in_no_story(run: Command) -> None:
    run("query")
    result = run("stories", "--id", "technology/2020-09-11-three-minutes", "--after", "2021")
    assert (result.code, result.out) == (1, "")
    assert "is in no story of this window" in result.err
