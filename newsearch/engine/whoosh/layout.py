"""The segment file: named numpy arrays behind one JSON directory, written once and memory-mapped.

    bytes 0-7      magic "newsSEG" and a zero byte
    bytes 8-11     length of the directory
    bytes 12-15    crc32 of the directory
    bytes 16-      directory: {"format": 1, "analysis": 1, "articles": n,
                               "arrays": {name: [dtype, length, kept, offset, crc32]}}
    then           the arrays, each at a multiple of 64 bytes from the start of the file

All integers are little-endian. `kept` is the number of elements in the
file: an array whose elements are all equal keeps one of them.
Nothing in a segment is ever executed or unpickled; lengths and offsets are checked against the file's size.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.errors import IndexCorrupt, IndexIncompatible

FORMAT_VERSION = 2

MAGIC = b"newsSEG\0"
_ALIGN = 64
_DTYPES = frozenset(["|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"])
_MAX_DIRECTORY = 1 << 20

Array: TypeAlias = NDArray[Any]


def narrow(values: Array) -> Array:
    """The same integers in the narrowest dtype that holds them all."""
    if values.dtype.kind not in "iu" or not len(values):
        return values
    low, high = int(values.min()), int(values.max())
    for dtype in ("u1", "u2", "u4", "u8") if low >= 0 else ("i1", "i2", "i4", "i8"):
        info = np.iinfo(dtype)
        if info.min <= low and high <= info.max:
            return values.astype("<" + dtype, copy=False)
    raise OverflowError("integers of both signs beyond 64 bits")


def write_segment(path: Path, arrays: Mapping[str, Array], *, articles: int, analysis: int) -> int:
    """Write a segment file and make it durable. Returns its size in bytes."""
    directory: dict[str, list[Any]] = {}
    chunks: list[tuple[int, Array]] = []
    offset = 0
    for name, given in arrays.items():
        values = np.ascontiguousarray(narrow(given))
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        length = len(values)
        if length > 1 and (values == values[0]).all():
            values = values[:1].copy()
        directory[name] = [values.dtype.str, length, len(values), offset, zlib.crc32(values)]
        chunks.append((offset, values))
        offset += -(-values.nbytes // _ALIGN) * _ALIGN
    head = json.dumps(
        {"format": FORMAT_VERSION, "analysis": analysis, "articles": articles, "arrays": directory},
        separators=(",", ":"),
    ).encode()
    start = -(-(16 + len(head)) // _ALIGN) * _ALIGN
    with open(path, "wb") as file:
        file.write(MAGIC + len(head).to_bytes(4, "little") + zlib.crc32(head).to_bytes(4, "little") + head)
        for at, values in chunks:
            file.write(b"\0" * (start + at - file.tell()))
            file.write(values.data)
        file.write(b"\0" * (start + offset - file.tell()))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


class ArrayFile:
    """A segment file, mapped. Arrays are views of the mapping, read-only, made when they are asked for.

    Raises:
        IndexCorrupt: the file is not a segment, or its directory does not fit its size.
        IndexIncompatible: the file has another format version.
        FileNotFoundError: there is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with open(path, "rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            if self.size < 16:
                raise IndexCorrupt(
                    f"{path}: not a segment of newsearch (only {self.size} bytes); run `newsearch reindex`"
                )
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._map[:8] != MAGIC:
            raise IndexCorrupt(f"{path}: not a segment of newsearch; run `newsearch reindex`")
        head_length = int.from_bytes(self._map[8:12], "little")
        written = self._map[16 : 16 + min(head_length, _MAX_DIRECTORY)]
        if zlib.crc32(written) != int.from_bytes(self._map[12:16], "little"):
            raise IndexCorrupt(f"{path}: the directory is damaged; run `newsearch reindex`")
        try:
            head = json.loads(written)
            version, self.articles = head["format"], int(head["articles"])
            self.analysis = head["analysis"]
            self._directory: dict[str, list[Any]] = dict(head["arrays"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise IndexCorrupt(f"{path}: the directory is damaged; run `newsearch reindex`") from error
        if version != FORMAT_VERSION:
            raise IndexIncompatible(
                f"{path}: written in format {version}, this newsearch reads {FORMAT_VERSION}; run `newsearch reindex`"
            )
        self._start = -(-(16 + head_length) // _ALIGN) * _ALIGN
        self._arrays: dict[str, Array] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._directory

    def array(self, name: str) -> Array:
        """The array of this name, one-dimensional.

        Raises:
            IndexCorrupt: the segment has no such array, or its place lies outside the file.
        """
        found = self._arrays.get(name)
        if found is None:
            found = self._arrays[name] = self._view(name)
        return found

    def _view(self, name: str) -> Array:
        try:
            dtype, length, kept, offset, _ = self._directory[name]
            if dtype not in _DTYPES or offset < 0 or not (0 <= kept == length or kept == 1 < length):
                raise ValueError(f"{dtype} {length} {kept} {offset}")
            values: Array = np.frombuffer(self._map, dtype, kept, self._start + offset)
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raise IndexCorrupt(
                f"{self.path}: the array {name!r} is missing or damaged; run `newsearch reindex`"
            ) from error
        return np.broadcast_to(values, (length,)) if kept != length else values

    def verify(self) -> None:
        """Read the whole file and compare it with its checksums.

        Raises:
            IndexCorrupt: an array is not what was written.
        """
        for name, (*_, kept, _, checksum) in self._directory.items():
            if zlib.crc32(np.ascontiguousarray(self.array(name)[:kept])) != checksum:
                raise IndexCorrupt(f"{self.path}: the array {name!r} is damaged; run `newsearch reindex`")
