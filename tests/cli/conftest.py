"""The command run as its users run it, on an index of the small collection."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_collection import ARTICLES, Command, CommandRun

import newsearch
from newsearch.cli.main import main


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A working directory of its own, and no settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("NEWSEARCH_INDEX", "NEWSEARCH_SAVED", "NO_COLOR", "COLUMNS", "TERM", "TZ"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `newsearch` with arguments."""

    def command(*args: str | Path) -> CommandRun:
        capsys.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return CommandRun(code, out, err)

    return command


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection, as JSONL."""
    path = tmp_path_factory.mktemp("source") / "articles.jsonl"
    path.write_text("".join(json.dumps(article) + "\n" for article in ARTICLES))
    return path


@pytest.fixture(scope="session")
def index(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the collection."""
    directory = tmp_path_factory.mktemp("index")
    newsearch.build(source, index=directory)
    return directory


@pytest.fixture(scope="session")
def golden() -> Callable[[str, str], None]:
    """Compares output with a file; NEWSEARCH_GOLDEN=write writes it anew instead."""

    def compare(name: str, actual: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if os.environ.get("NEWSEARCH_GOLDEN") == "write":
            path.write_text(actual, encoding="utf-8", newline="\n")
        assert path.read_text(encoding="utf-8") == actual

    return compare
