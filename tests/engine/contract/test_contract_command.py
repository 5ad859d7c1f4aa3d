"""The command does on every engine what it does on a directory."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from contract.news import write

from newsearch.cli.main import main


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NEWSEARCH_INDEX", "NO_COLOR", "COLUMNS", "TERM", "TZ"):
        monkeypatch.delenv(name, raising=False)


def test_the_command_indexes_searches_and_keeps_an_index(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "news.jsonl")

    def run(*args: str | Path, code: int = 0) -> Any:
        capsys.readouterr()
        assert main([*map(str, args), "--index", place]) == code
        return capsys.readouterr().out

    assert run("query", "ban", code=2) == ""
    indexed = json.loads(run("index", source, "--format", "json"))
    assert (indexed["added"], indexed["articles"]) == (5, 5)
    page = json.loads(run("query", "facial ban", "--format", "json", "--explain", "--facet", "topic"))
    assert [hit["id"] for hit in page["hits"]] == ["1", "2"]
    assert page["facets"]["topic"] == [{"value": "AI", "count": 2}, {"value": "Privacy", "count": 1}]
    assert page["hits"][0]["explanation"]["value"] == page["hits"][0]["score"]
    assert run("query", "airship", code=1) == ""
    assert "A ban on facial recognition" in run("show", "2")
    assert "facial" in run("complete", "fac")
    stats = json.loads(run("stats", "--fields", "--format", "json"))
    assert (stats["articles"], stats["generation"], stats["sources"]) == (5, 1, [str(source)])
    assert json.loads(run("verify", "--format", "json"))["ok"]
    assert json.loads(run("compact", "--format", "json"))["segments"] == 1
    run("export", tmp_path / "out.jsonl")
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 5
    run("reindex", "--full")
    run("forget", source)
    assert run("query", "ban", code=1) == ""


def test_an_engine_without_its_client_is_one_line_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    assert main(["query", "ban", "--index", "opensearch+https://search.example/news"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "newsearch[opensearch]" in err
