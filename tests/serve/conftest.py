"""A server on a small index, asked without a network."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from serve_collection import ARTICLES

import newsearch

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    Serve: TypeAlias = Callable[..., TestClient]

EXTRAS = {
    "starlette": "web",
    "jinja2": "web",
    "uvicorn": "web",
    "httptools": "web",
    "mcp": "web",
    "httpx": "dev",
}
"""Packages that these tests need, and the extra that each is in."""

MISSING = [f"{name} is in the extra {extra}" for name, extra in EXTRAS.items() if find_spec(name) is None]


class _Skipped(pytest.Module):
    """A module of tests that cannot be imported here."""

    def collect(self) -> Any:
        pytest.skip(MISSING[0])


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Skip the tests of this directory, and say why, where a package is missing."""
    return _Skipped.from_parent(parent, path=module_path) if MISSING else None


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
    from starlette.testclient import TestClient

    from newsearch.serve import app
    from newsearch.serve.settings import Settings

    clients: list[TestClient] = []

    def make(
        place: Path = index, log: Any = None, synonyms: Path | None = None, **settings: Any
    ) -> TestClient:
        # Without warming up, a new generation is switched to at the next request.
        served = app(place, settings=Settings(**{"warm_up": False, **settings}), synonyms=synonyms, log=log)
        client = TestClient(served, base_url="http://localhost", raise_server_exceptions=False)
        clients.append(client.__enter__())
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)
    # What they still prepare must not run into the next test.
    for thread in threading.enumerate():
        if thread.name == "newsearch-opening":
            thread.join()


@pytest.fixture
def client(serve: Serve) -> TestClient:
    """A client of a server with the default settings."""
    return serve()
