"""What is known of copies survives being packed, and nothing else does."""

from __future__ import annotations

import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from newsearch.stories.known import NOTHING, KnownGroups, packed, unpacked


@st.composite
def known(draw: st.DrawFn) -> KnownGroups:
    key = sorted(draw(st.sets(st.integers(0, 2**64 - 1), min_size=1, max_size=30)))
    places = st.integers(0, len(key) - 1)
    pairs = st.sets(st.tuples(places, places), max_size=12).map(
        lambda some: np.array(sorted(some)).reshape(-1, 2)
    )
    copies, groups, others = draw(pairs), draw(pairs), draw(pairs)
    crowded = sorted(draw(st.sets(st.integers(1, 2**22 - 1), max_size=5)))
    close = draw(st.lists(st.floats(1, 2), min_size=len(copies), max_size=len(copies)))
    return KnownGroups(
        np.array(key, np.uint64),
        *(column.astype(np.int64) for column in copies.T),
        np.array(close),
        groups[:, 1].astype(np.int64),
        groups[:, 0].astype(np.int64),
        np.array(crowded, np.int64),
        *(column.astype(np.int64) for column in others.T),
    )


@given(known())
def test_what_is_packed_is_unpacked(found: KnownGroups) -> None:
    again = unpacked(packed(found))
    assert [array.tolist() for array in again] == [array.tolist() for array in found]
    assert [array.dtype for array in again] == [array.dtype for array in NOTHING]


@given(known(), st.data())
def test_damaged_bytes_are_nothing_or_sound(found: KnownGroups, data: st.DataObject) -> None:
    whole = bytearray(packed(found))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    again = unpacked(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    assert again is NOTHING or (again.key[1:] > again.key[:-1]).all()


def test_a_few_bytes_do_not_become_much_memory() -> None:
    sizes = np.array([1 << 24, *[0] * 8], "<u8").tobytes()
    assert unpacked(sizes + zlib.compress(bytes(8 << 24), 9)) is NOTHING
    assert unpacked(np.array([2**64 - 1, *[0] * 8], "<u8").tobytes()) is NOTHING
