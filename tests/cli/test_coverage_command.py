"""newsearch coverage and newsearch words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_collection import Command

ASKED = {
    "coverage": ("portland", "--after", "2020-09", "--before", "2021", "--tz", "UTC"),
    "words": ("vaccine", "--limit", "8"),
}


@pytest.mark.parametrize("form", ["text", "json", "csv"])
@pytest.mark.parametrize("name", ASKED)
def test_the_seeds_are_covered(
    run: Command, golden: Callable[[str, str], None], name: str, form: str
) -> None:
    run("query")  # makes the default index, of the bundled articles
    result = run(name, *ASKED[name], "--format", form)
    assert (result.code, result.err) == (0, "")
    golden(f"{name}.{form}", result.out)


@pytest.mark.parametrize("form", ["text", "csv"])
def test_coverage_by_month_has_a_column_for_each(
    run: Command, golden: Callable[[str, str], None], form: str
) -> None:
    run("query")
    result = run("coverage", *ASKED["coverage"], "--by", "month", "--limit", "3", "--format", form)
    assert (result.code, result.err) == (0, "")
    golden(f"coverage-months.{form}", result.out)


@pytest.mark.parametrize("name", ASKED)
def test_nothing_found_is_told(run: Command, index: Path, name: str) -> None:
    result = run(name, "submarine", "--index", index)
    assert result.code == 1
    assert "nothing found" in result.err


def test_an_outlet_is_no_formula_to_a_spreadsheet(run: Command, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"title": "Ban", "provider": {"name": "=cmd()"}}\n')
    run("index", tmp_path / "news.jsonl", "--index", tmp_path / "index")
    assert "\n'=cmd()," in run("coverage", "ban", "--index", tmp_path / "index", "--format", "csv").out


def test_words_of_everything_need_a_query_or_a_window(run: Command, index: Path) -> None:
    result = run("words", "--index", index)
    assert (result.code, result.out) == (1, "")
    assert "give a query, or a window" in result.err
