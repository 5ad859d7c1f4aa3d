"""Real nodes for the tests of this folder, which all have the mark `opensearch`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from nodes import VERSIONS, Nodes, shared

_numbers = count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(__file__.removesuffix("conftest.py")) and "nodes" in item.fixturenames:
            item.add_marker(pytest.mark.opensearch)


@pytest.fixture(scope="session", params=VERSIONS[:1])
def version(request: pytest.FixtureRequest) -> str:
    """The version of OpenSearch; a test that must hold with all of them is parametrized with VERSIONS."""
    given: str = request.param
    return given


@pytest.fixture
def nodes(version: str) -> Nodes:
    """One node, which other tests use too."""
    return shared(version)


@pytest.fixture
def place(nodes: Nodes) -> Iterator[str]:
    """Where an index may be made. It is deleted after the test."""
    alias = f"place{next(_numbers)}"
    yield f"opensearch+http://{nodes.hosts}/{alias}"
    nodes.get(f"/{alias}--*?expand_wildcards=all", method="DELETE")
