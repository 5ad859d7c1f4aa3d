"""Files of arrays: what is written does not depend on where the arrays were."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch import _durable as durable
from newsearch.engine.arrays.files import layout

numbers = st.integers(0, 300) | st.integers(0, 65535)


@examples(50)
@given(st.lists(st.lists(numbers, max_size=4), max_size=6).filter(any), st.booleans())
def test_an_array_from_disk_is_written_as_one_from_memory(parts: list[list[int]], equal: bool) -> None:
    given = [np.array([7] * len(part) if equal else part, np.int64) for part in parts]
    whole = np.concatenate(given)
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        patch.setattr(durable, "_HELD", 4)
        patch.setattr(layout, "_CHUNK", 6)
        spool = layout.Spool(Path(name), "<u2")
        for part in given:
            spool.append(part)
        assert len(spool) == len(whole)
        for number, array in enumerate((spool, whole)):
            after = np.arange(3)
            layout.write_arrays(Path(name, f"{number}"), {"a": array, "b": after}, kind="segment")
        assert Path(name, "0").read_bytes() == Path(name, "1").read_bytes()
        assert layout.ArrayFile(Path(name, "0")).array("a").tolist() == whole.tolist()
