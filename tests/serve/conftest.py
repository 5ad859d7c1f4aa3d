"""A server on a small index, asked without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serve_collection import ARTICLES

import newsearch

pytest.importorskip("starlette", reason="starlette is in the extra web")
pytest.importorskip("mcp", reason="mcp is in the extra web")
pytest.importorskip("jinja2", reason="jinja2 is in the extra web")
pytest.importorskip("httpx", reason="httpx, which starlette's test client needs, is in the extra dev")

from starlette.testclient import TestClient

from newsearch.serve import app
from newsearch.serve.settings import Settings

Serve = Callable[..., TestClient]


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the collection."""
    place = tmp_path_factory.mktemp("served")
    (place / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in ARTICLES))
    newsearch.build(place / "news.jsonl", index=place / "index")
    return place / "index"


@pytest.fixture
def serve(index: Path) -> Iterator[Serve]:
    """Makes a client of a server with some settings."""
    clients: list[TestClient] = []

    def make(place: Path = index, log: Any = None, **settings: Any) -> TestClient:
        served = app(place, settings=Settings(**settings), log=log)
        client = TestClient(served, base_url="http://localhost", raise_server_exceptions=False)
        clients.append(client.__enter__())
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(serve: Serve) -> TestClient:
    """A client of a server with the default settings."""
    return serve()
