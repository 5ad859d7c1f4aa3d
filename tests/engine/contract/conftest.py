"""The suite runs once for each engine: `place` is where an index of that engine may be made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engines import ENGINES, engine_params


@pytest.fixture(params=engine_params())
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    with ENGINES[request.param]() as place:
        yield place
