"""That the server's bench measures what it says. No test asserts a time."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import newsearch
from bench import serve, soak
from bench.load import load
from bench.server import asked_again, serving, words_of_any_title, words_of_titles

pytest.importorskip("starlette", reason="starlette is in the extra web")

WORDS = "harbour storm festival election vaccine council bridge market station island winter river".split()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "made.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for number in range(400):
            words = [WORDS[(number * step) % len(WORDS)] for step in (1, 5, 7)]
            title = f"The {' '.join(dict.fromkeys(words))} number {number}"
            date = f"2020-{4 + number % 2:02}-{1 + number % 28:02}T08:00:00Z"
            url = f"https://example.org/{number}"
            record = {"title": title, "excerpt": title, "publishedDateTime": date, "webUrl": url}
            more = {"originalUrl": url, "topics": ["Made"], "heat": number % 90, "quality": number % 70}
            lines.write(json.dumps({**record, **more}) + "\n")
    return path


@pytest.fixture(scope="module")
def index(source: Path) -> Path:
    newsearch.build(source, index=source.parent / "index")
    return source.parent / "index"


def test_queries_are_different_and_find_an_article_with_every_word(index: Path) -> None:
    queries = words_of_titles(index, 50)
    assert len(set(queries)) == len(queries) > 10
    with newsearch.open(index) as opened:
        assert all(opened.search(query).counts.complete for query in queries)
    assert sorted(map(len, map(str.split, words_of_any_title(queries)))) == sorted(
        map(len, map(str.split, queries))
    )
    again = asked_again(queries)
    assert set(again) < set(queries)
    assert again.count(queries[0]) > 1


@pytest.mark.parametrize("rate", [None, 50.0])
def test_the_load_is_answered_and_counted(index: Path, rate: float | None) -> None:
    with serving(index, 1) as (port, _):
        paths = ["/api/v1/search?query=storm", "/api/v1/search?nothing=1"]
        found = load(port, paths, connections=2, seconds=0.5, rate=rate)
    assert found.answers == sum(found.statuses.values()) > 0
    assert found.statuses.keys() <= {"200", "400"}
    assert 0 < found.half <= found.most <= found.worst


@pytest.mark.slow
def test_mixed_load_beside_a_writer_is_answered_without_errors(source: Path, tmp_path: Path) -> None:
    found = soak.soak(source, 400, tmp_path, seconds=20.0, rate=20.0)
    assert set(found.statuses) == {"200"}
    assert found.changes > 0
    assert found.backwards == 0
    assert found.last_seen


@pytest.mark.slow
def test_the_command_tells_all_figures(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "CORPUS", source)
    monkeypatch.setenv("PATH", "")
    options = ["--size", "400", "--workers", "2", "--seconds", "0.5", "--work", str(tmp_path)]
    told = CliRunner().invoke(serve.main, options, catch_exceptions=False)
    assert told.exit_code == 0
    assert len(re.findall(r"^2 workers, .*: [\d,]+/s .* at half of that", told.stdout, re.MULTILINE)) == 5
    assert len(re.findall(r"not measured, because it needs \w+ on PATH", told.stdout)) == 2
