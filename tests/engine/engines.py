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


ENGINES: dict[str, Callable[[], AbstractContextManager[str]]] = {"arrays": arrays, "memory": in_memory}
