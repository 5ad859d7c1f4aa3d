"""docs/http.md tells the truth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT, blocks, first_column, text

import newsearch
from newsearch.serve.parameters import VIEW_PARAMETERS

EXAMPLES = [
    line.removeprefix("GET ") for block in blocks("docs/http.md", "http") for line in block.splitlines()
]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("seeds")
    newsearch.build(ROOT / "seeds", index=directory)
    return directory


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_answers(serve: Any, seeds: Path, example: str) -> None:
    answer = serve(seeds).get(example)
    assert answer.status_code == 200
    if answer.headers["content-type"] == "application/json" and "/v1/search" in example:
        assert answer.json()["total"]["complete"] > 0


def test_every_path_and_parameter_stands_on_the_page(serve: Any, seeds: Path) -> None:
    cells = first_column("docs/http.md")
    assert set(VIEW_PARAMETERS) <= set(cells)
    routes = {route.path for route in serve(seeds).app._inner.routes}
    told = {cell.partition("?")[0] for cell in cells if cell.startswith("/")}
    assert {path for path in routes if path.startswith("/api/")} == {
        path for path in told if path.startswith("/api/")
    }


def test_the_body_that_the_page_posts_is_a_request(serve: Any, seeds: Path) -> None:
    (body,) = re.findall(r"-d '(.+)'", text("docs/http.md"))
    answer = serve(seeds).post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert answer.json()["total"]["complete"] > 0
