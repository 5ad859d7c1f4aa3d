"""docs/http.md tells the truth."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from documents import blocks, first_column, text

from newsearch.serve.parameters import VIEW_PARAMETERS

EXAMPLES = [
    line.removeprefix("GET ") for block in blocks("docs/http.md", "http") for line in block.splitlines()
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_answers(serve: Any, seeds_index: Path, example: str) -> None:
    answer = serve(seeds_index).get(example)
    assert answer.status_code == 200
    if answer.headers["content-type"] == "application/json" and "/v1/search" in example:
        assert answer.json()["total"]["complete"] > 0


def test_every_path_and_parameter_stands_on_the_page(serve: Any, seeds_index: Path) -> None:
    cells = first_column("docs/http.md")
    assert set(VIEW_PARAMETERS) <= set(cells)
    routes = {route.path for route in serve(seeds_index).app._inner.routes}
    told = {cell.partition("?")[0] for cell in cells if cell.startswith("/")}
    assert {path for path in routes if path.startswith("/api/")} == {
        path for path in told if path.startswith("/api/")
    }


def test_the_body_that_the_page_posts_is_a_request(serve: Any, seeds_index: Path) -> None:
    (body,) = re.findall(r"-d '(.+)'", text("docs/http.md"))
    answer = serve(seeds_index).post(
        "/api/v1/search", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.json()["total"]["complete"] > 0
