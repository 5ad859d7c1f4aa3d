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
