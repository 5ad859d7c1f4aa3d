"""The engines that the contract suite asks: for each an empty place, which goes when the test has ended.

Another engine is one more function here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from unittest import mock

import memory
import pytest
from nodes import shared

from newsearch.engine import ENGINES as BY_SCHEME

_numbers = count()


@contextmanager
def arrays() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory:
        yield str(Path(directory, "index"))


@contextmanager
def in_memory() -> Iterator[str]:
    place = f"memory://{next(_numbers)}"
    with mock.patch.dict(BY_SCHEME, memory="memory:MemoryEngine"):
        yield place
    memory.STORES.pop(place, None)


@contextmanager
def opensearch() -> Iterator[str]:
    nodes = shared()
    alias = f"contract{next(_numbers)}"
    # Compacting waits half a minute until space can be freed: tests/opensearch/test_writing.py waits for it, once.
    at_once = mock.patch("newsearch.engine.opensearch.upkeep._HISTORY_SECONDS", 0.0)
    try:
        with at_once:
            yield f"opensearch+http://{nodes.hosts}/{alias}?replicas=0"
    finally:
        nodes.get(f"/{alias}--*?expand_wildcards=all", method="DELETE")


ENGINES: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "arrays": arrays,
    "memory": in_memory,
    "opensearch": opensearch,
}
"""By name. A test is parametrized with `engine_params`, which marks the engines that need more than Python."""

MARKS: dict[str, pytest.MarkDecorator] = {"opensearch": pytest.mark.opensearch}
"""By engine, the mark of the tests that need more than Python."""


def engine_params() -> list[object]:
    """The names of all engines, as the parameters of a test."""
    return [pytest.param(name, marks=[MARKS[name]] if name in MARKS else []) for name in ENGINES]
