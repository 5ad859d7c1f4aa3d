"""newsearch copies and newsearch related: what is like an article."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_collection import Command

ASKED = {
    "copies": ("local/2020-09-12-smoke", "--tz", "UTC"),
    "related": ("local/2020-09-12-smoke", "--limit", "2"),
}


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", ASKED)
def test_what_is_like_an_article_of_the_seeds(
    run: Command, golden: Callable[[str, str], None], name: str, form: str
) -> None:
    run("query")  # makes the default index, of the bundled articles
    result = run(name, *ASKED[name], "--format", form)
    assert (result.code, result.err) == (0, "")
    golden(f"{name}.{form}", result.out)


@pytest.mark.parametrize("name", ASKED)
def test_an_article_that_is_not_there_is_told(run: Command, index: Path, name: str) -> None:
    result = run(name, "nowhere", "--index", index)
    assert (result.code, result.out) == (1, "")
    assert "no article nowhere" in result.err


def test_an_article_without_copies_says_so(run: Command, index: Path) -> None:
    result = run("copies", "world/vaccin.md", "--index", index)
    assert result.code == 1
    assert "no copies" in result.err
    assert "Quai" in result.out
