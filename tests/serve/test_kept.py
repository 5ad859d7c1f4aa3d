"""Answers that are kept: sent again without a search, never older than the generation, and of bounded size."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Index, QueryError
from newsearch.outputs.json_page import to_json_bytes
from newsearch.serve.kept import Kept, Sent

SEARCH = "/api/v1/search"


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4_000)), max_size=40))
def test_the_answers_sent_last_are_kept_within_the_bound(puts: list[tuple[int, int]]) -> None:
    kept = Kept(16_000)
    last: dict[int, int] = {}
    for number, size in puts:
        kept.put((str(number), False), Sent(b"x" * size, False, {}))
        if size <= 1_500:
            last.pop(number, None)
            last[number] = size
    held = {number for number in range(7) if kept.get((str(number), False))}
    assert len(held) == len(kept)
    assert held <= last.keys()
    if last:
        assert list(last)[-1] in held
    assert sum(last[number] for number in held) <= 16_000


def test_nothing_is_kept_without_room() -> None:
    kept = Kept(0)
    kept.put(("a", False), Sent(b"", False, {}))
    assert kept.get(("a", False)) is None


def test_answers_take_no_more_memory_than_is_counted() -> None:
    kept, most = Kept(1 << 20), 1 << 20
    tracemalloc.start()
    try:
        for number in range(1_500):
            kept.put((str(number), False), Sent(to_json_bytes({"articles": number}), False, {}))
        assert tracemalloc.get_traced_memory()[0] <= most
    finally:
        tracemalloc.stop()
    assert len(kept) == 1_500


@pytest.mark.parametrize("query", ["recognition ban", "recognition -ban", "topic:Privacy after:2020"])
def test_a_question_asked_again_is_answered_without_a_search(
    client: Any, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    first = client.get(SEARCH, params={"query": query, "limit": 1})

    def search(*_: Any) -> Any:
        raise QueryError("asked again")

    monkeypatch.setattr(Index, "run", search)
    again = client.get(SEARCH, params={"limit": 1, "query": query})
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers == first.headers
    assert client.get(SEARCH, params={"query": query, "limit": 2}).status_code == 400
    assert client.get(SEARCH, params={"query": query, "limit": 1, "explain": "true"}).status_code == 400


def test_a_kept_answer_is_sent_as_each_client_wants_it(client: Any) -> None:
    asked = {"query": "recognition", "facets": "topic"}
    plain = client.get(SEARCH, params=asked, headers={"Accept-Encoding": "identity"})
    packed = client.get(SEARCH, params=asked, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content
    for answer in (plain, packed):
        tag = {"If-None-Match": answer.headers["etag"]}
        assert client.get(SEARCH, params=asked, headers=tag).status_code == 304
    posted = client.post(SEARCH, json={"query": "recognition"}, params={"facets": "topic"})
    assert posted.json() == plain.json()
    assert "link" not in posted.headers


def test_a_new_generation_is_answered_anew(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    source, place = tmp_path / "news.jsonl", tmp_path / "index"
    for number in range(1, 4):
        lines = [json.dumps({"id": str(i), "title": f"Ban {i}"}) + "\n" for i in range(number)]
        source.write_text("".join(lines))
        newsearch.build(source, index=place)
        client = serve(place) if number == 1 else client  # noqa: F821
        assert client.get(SEARCH, params={"query": "ban"}).json()["total"]["complete"] == number


def test_the_sdk_for_assistants_is_not_loaded_before_it_is_used(index: Path) -> None:
    code = f"""
import sys
from starlette.testclient import TestClient
from newsearch.serve import app
with TestClient(app({str(index)!r}), base_url="http://localhost") as client:
    assert client.get("/api/v1/search?query=ban").status_code == 200
    assert "mcp" not in sys.modules
    assert client.post("/mcp", json={{}}).status_code >= 400
    assert "mcp" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
