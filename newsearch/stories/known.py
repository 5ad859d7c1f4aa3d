"""What is known of the copies among some articles, and how is it kept for the next process that groups them?"""

from __future__ import annotations

import zlib
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.stories.signatures import BITS

Array: TypeAlias = NDArray[Any]

VERSION: Final = 3
"""Raised when articles are compared in another way, or what is known is packed in another way."""

_LEVEL: Final = 1
_MOST_PACKED: Final = 64
"""The maximum number of bytes for one packed byte. A tiny file must not claim all the memory of the machine."""


class KnownGroups(NamedTuple):
    """The groups of copies among some articles, and what else is known of these.

    A key covers the id and the content of an article. What is known of two articles therefore holds wherever both are.

    Attributes:
        key: a key of each article, ascending.
        first, second, closeness: pairs of copies, as places in `key`, and their relation; ascending.
        member, group: the articles that have copies, as places in `key`, and a number for each group: the place of its
            first article.
        crowded: the crowded shingles, see `pairing`.
        one, other: pairs that a crowded shingle has found and that are not copies, as places in `key`; ascending.
    """

    key: Array
    first: Array
    second: Array
    closeness: Array
    member: Array
    group: Array
    crowded: Array
    one: Array
    other: Array


_COLUMNS: Final = (np.uint64, np.int64, np.int64, np.float64, *[np.int64] * 5)
NOTHING: Final = KnownGroups(*(np.empty(0, kind) for kind in _COLUMNS))


def keys_of(ids: Array, contents: Array) -> Array:
    """The keys of articles.

    Args:
        ids, contents: hashes of their ids and of their contents, uint64.
    """
    key: Array = (ids ^ (ids >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + contents
    return key


def packed(found: KnownGroups) -> bytes:
    """What is known, as bytes."""
    differences = _differences(found)
    packer = zlib.compressobj(_LEVEL)
    data = b"".join(
        [*(packer.compress(_planes(differences[name])) for name in KnownGroups._fields), packer.flush()]
    )
    sizes = np.array([len(array) for array in found], "<u8").tobytes()
    return sizes + data


def unpacked(data: bytes) -> KnownGroups:
    """The reverse of `packed`; NOTHING if the bytes are not sound."""
    fields = len(KnownGroups._fields)
    if len(data) < 8 * fields:
        return NOTHING
    sizes = np.frombuffer(data[: 8 * fields], "<u8").tolist()
    most = 8 * sum(sizes)
    _, first, second, closeness, member, group, _, one, other = sizes
    fit = first == second == closeness and member == group and one == other
    if not fit or most > _MOST_PACKED * len(data):
        return NOTHING
    try:
        plain = zlib.decompressobj().decompress(data[8 * fields :], most + 1)
    except zlib.error:
        return NOTHING
    if len(plain) != most:
        return NOTHING
    ends = np.cumsum([8 * size for size in sizes]).tolist()
    arrays = [_from_planes(plain[end - 8 * size : end]) for size, end in zip(sizes, ends, strict=True)]
    found = _sums(KnownGroups(*arrays))
    return found if _is_sound(found) else NOTHING


def _is_sound(found: KnownGroups) -> bool:
    """Whether these arrays fit together, as they do unless they come from a damaged file."""
    places = np.concatenate([found.first, found.second, found.member, found.group, found.one, found.other])
    shingles = found.crowded
    return bool(
        (not len(places) or (places.min() >= 0 and places.max() < len(found.key)))
        and (found.key[1:] > found.key[:-1]).all()
        and (found.closeness >= 1).all()
        and (not len(shingles) or (shingles.min() > 0 and shingles.max() < 2 << BITS))
    )


def _differences(found: KnownGroups) -> dict[str, Array]:
    """The arrays as numbers most of whose bytes are 0."""
    ascending = {name: _steps(getattr(found, name)) for name in ("key", "first", "group", "crowded", "one")}
    apart = {"second": found.second - found.first, "member": found.member - found.group}
    return {**found._asdict(), **ascending, **apart, "other": found.other - found.one}


def _sums(differences: KnownGroups) -> KnownGroups:
    """The reverse of `_differences`, from numbers without a sign."""
    with np.errstate(over="ignore"):
        key = np.cumsum(differences.key, dtype=np.uint64)
        first, group, crowded, one = (
            np.cumsum(array.view(np.int64), dtype=np.int64)
            for array in (differences.first, differences.group, differences.crowded, differences.one)
        )
        return KnownGroups(
            key,
            first,
            first + differences.second.view(np.int64),
            differences.closeness.view(np.float64),
            group + differences.member.view(np.int64),
            group,
            crowded,
            one,
            one + differences.other.view(np.int64),
        )


def _steps(ascending: Array) -> Array:
    return np.diff(ascending, prepend=ascending.dtype.type(0))


def _planes(array: Array) -> bytes:
    """The lowest bytes of all numbers, then the next ones: bytes that are alike stand together."""
    return np.ascontiguousarray(
        array.astype(array.dtype.newbyteorder("<")).view(np.uint8).reshape(-1, 8).T
    ).tobytes()


def _from_planes(data: bytes) -> NDArray[np.uint64]:
    rows = np.frombuffer(data, np.uint8).reshape(8, -1)
    return np.ascontiguousarray(rows.T).view("<u8").astype(np.uint64).ravel()
