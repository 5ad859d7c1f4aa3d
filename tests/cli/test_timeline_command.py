"""newsearch timeline: coverage through time."""

from __future__ import annotations

import csv
import errno
import os
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from unittest import mock

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


def test_a_curve_is_drawn_with_braille(run: Command, golden: Callable[[str, str], None]) -> None:
    run("query")
    result = run(*ASKED, "--by", "week", "--chart", "curve")
    assert (result.code, result.err) == (0, "")
    golden("timeline-curve.text", result.out)


@pytest.mark.parametrize("query", ["vaccine", "$x^$ <b>&", "_hidden", ""])
def test_a_plot_is_a_picture(run: Command, index: Path, tmp_path: Path, query: str) -> None:
    pytest.importorskip("matplotlib", reason="needs newsearch[plot]")
    for name in ("news.svg", "again.svg", "news.png"):
        result = run("timeline", "ban", "--compare", query, "--index", index, "--plot", tmp_path / name)
        assert (result.code, result.err) == (0, "")
    drawn = (tmp_path / "news.svg").read_bytes()
    assert drawn.rstrip().endswith(b"</svg>")
    assert drawn == (tmp_path / "again.svg").read_bytes()
    assert (tmp_path / "news.png").read_bytes().startswith(b"\x89PNG")


def test_a_plot_that_cannot_be_written_leaves_the_one_before(
    run: Command, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="needs newsearch[plot]")
    picture = tmp_path / "news.svg"
    picture.write_text("the one before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = run("timeline", "ban", "--index", index, "--plot", picture)
    assert result.code == 2
    assert result.err.startswith(f"newsearch: {picture}: cannot be written: No space left on device")
    assert picture.read_text() == "the one before"
    assert [path.name for path in tmp_path.glob("news.*")] == ["news.svg"]


def test_a_plot_without_its_extra_says_what_to_install(run: Command, index: Path, tmp_path: Path) -> None:
    with mock.patch.dict(sys.modules, {"matplotlib": None, "matplotlib.figure": None}):
        result = run("timeline", "ban", "--index", index, "--plot", tmp_path / "news.svg")
    assert result.code == 2
    assert "newsearch[plot]" in result.err


def test_a_plot_of_another_form_or_without_a_place_is_an_error(
    run: Command, index: Path, tmp_path: Path
) -> None:
    assert run("timeline", "ban", "--index", index, "--plot", tmp_path / "news.gif").code == 2
    pytest.importorskip("matplotlib", reason="needs newsearch[plot]")
    result = run("timeline", "ban", "--index", index, "--plot", tmp_path / "nowhere" / "news.svg")
    assert result.code == 2
    assert "nowhere" in result.err
