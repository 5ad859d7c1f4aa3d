"""newsearch timeline: coverage through time."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from cli_collection import Command

ASKED = (
    "timeline",
    "vaccine",
    "--compare",
    "wildfire",
    "--after",
    "2020-09",
    "--before",
    "2021",
    "--tz",
    "UTC",
)


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_the_coverage_of_the_seeds(run: Command, golden: Callable[[str, str], None], form: str) -> None:
    run("query")  # makes the default index, of the bundled articles
    result = run(*ASKED, "--format", form)
    assert (result.code, result.err) == (0, "")
    golden(f"timeline.{form}", result.out)


def test_a_query_is_no_formula_to_a_spreadsheet(run: Command, index: Path) -> None:
    out = run("timeline", "=ban", "--index", index, "--format", "csv").out
    rows = list(csv.reader(StringIO(out)))
    assert {row[1] for row in rows[1:]} == {"'=ban"}


def test_nothing_found_is_told(run: Command, index: Path) -> None:
    result = run("timeline", "submarine", "--index", index)
    assert (result.code, result.out) == (1, "")
    assert "nothing found" in result.err
