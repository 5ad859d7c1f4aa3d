"""The one form of the files of an index: named numpy arrays behind a JSON directory, written once, memory-mapped.

    bytes 0-7      magic "newsSEG" and a zero byte
    bytes 8-11     length of the directory
    bytes 12-15    crc32 of the directory
    bytes 16-      directory: {"format": 3, "kind": "segment", "analysis": 2, "articles": n,
                               "arrays": {name: [dtype, length, kept, offset, crc32]}}
    then           the arrays, each at a multiple of 64 bytes from the start of the file

All integers are little-endian. `kept` is the number of elements in the file: an array whose elements are all equal
keeps one of them. `kind` is what the file is for: a segment, the numbers of deleted or of hidden articles,
the state of a source, a backup.
Nothing in it is ever executed or unpickled; lengths and offsets are checked against the file's size.
docs/index-format.md is the whole of the format.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.whoosh.durable import write_file
from newsearch.errors import IndexCorrupt, IndexIncompatible

FORMAT_VERSION = 4

MAGIC = b"newsSEG\0"
_ALIGN = 64
_DTYPES = frozenset(["|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"])
_MAX_DIRECTORY = 1 << 20
_MOST_EQUAL = 1 << 20
"""An array that keeps one element stands for at most so many, or for as many as the file has bytes: a file of a few
bytes cannot ask for all the memory there is."""

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


def write_arrays(
    path: Path, arrays: Mapping[str, Array], *, kind: str, articles: int = 0, analysis: int = 0
) -> int:
    """Write a file of arrays and sync its bytes. Returns its size in bytes.

    Raises:
        OSError: it could not be written, and is not there.
    """
    directory: dict[str, list[Any]] = {}
    chunks: list[Array] = []
    offset = 0
    for name, given in arrays.items():
        values = np.ascontiguousarray(narrow(given))
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        length = len(values)
        if 1 < length <= _MOST_EQUAL and (values == values[0]).all():
            values = values[:1].copy()
        directory[name] = [values.dtype.str, length, len(values), offset, zlib.crc32(values)]
        chunks.append(values)
        offset += -(-values.nbytes // _ALIGN) * _ALIGN
    head = {
        "format": FORMAT_VERSION,
        "kind": kind,
        "analysis": analysis,
        "articles": articles,
        "arrays": directory,
    }
    return write_file(path, _laid_out(json.dumps(head, separators=(",", ":")).encode(), chunks))


def _laid_out(head: bytes, arrays: list[Array]) -> Iterator[Any]:
    yield MAGIC + len(head).to_bytes(4, "little") + zlib.crc32(head).to_bytes(4, "little") + head
    yield b"\0" * (-(16 + len(head)) % _ALIGN)
    for values in arrays:
        yield values.data
        yield b"\0" * (-values.nbytes % _ALIGN)


class ArrayFile:
    """A file of arrays, mapped. Arrays are views of the mapping, read-only, made when they are asked for.

    Args:
        kind: what the file must be for.

    Raises:
        IndexCorrupt: the file is not of this kind, or its directory does not fit its size.
        IndexIncompatible: the file has another format version.
        FileNotFoundError: there is no such file.
    """

    def __init__(self, path: Path, kind: str = "segment") -> None:
        self.path = path
        with open(path, "rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            if self.size < 16:
                raise IndexCorrupt(path, f"only {self.size} bytes, not a {kind} of newsearch")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._map[:8] != MAGIC:
            raise IndexCorrupt(path, f"not a {kind} of newsearch")
        head_length = int.from_bytes(self._map[8:12], "little")
        written = self._map[16 : 16 + min(head_length, _MAX_DIRECTORY)]
        if zlib.crc32(written) != int.from_bytes(self._map[12:16], "little"):
            raise IndexCorrupt(path, "the directory is damaged")
        try:
            head = json.loads(written)
            version, self.articles = head["format"], int(head["articles"])
            self.analysis = head["analysis"]
            self._directory: dict[str, list[Any]] = dict(head["arrays"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise IndexCorrupt(path, "the directory is damaged") from error
        if version != FORMAT_VERSION:
            raise IndexIncompatible(path, version, FORMAT_VERSION)
        if head.get("kind") != kind:
            raise IndexCorrupt(path, f"not a {kind} of newsearch")
        self._start = -(-(16 + head_length) // _ALIGN) * _ALIGN
        self._arrays: dict[str, Array] = {}

    @property
    def names(self) -> list[str]:
        """The names of its arrays, in the order of the file."""
        return list(self._directory)

    def form(self, name: str) -> tuple[str, int]:
        """The dtype and the length of an array, as the directory has them.

        Raises:
            IndexCorrupt: there is no such array, or its place lies outside the file.
        """
        dtype, length, _, _ = self._place(name)
        return dtype, length

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
        dtype, length, kept, start = self._place(name)
        values: Array = np.frombuffer(self._map, dtype, kept, start)
        return values.repeat(length) if kept != length else values

    def _place(self, name: str) -> tuple[str, int, int, int]:
        """The dtype, the length, the elements kept of an array, and where in the file they are."""
        try:
            dtype, length, kept, offset, _ = self._directory[name]
            start = self._start + offset
            if (
                dtype not in _DTYPES
                or not (type(length) is type(kept) is type(offset) is int)
                or offset < 0
                or offset % _ALIGN
                or not (0 <= kept == length or kept == 1 < length <= max(_MOST_EQUAL, self.size))
                or start + kept * int(dtype[-1]) > self.size
            ):
                raise ValueError(f"{dtype} {length} {kept} {offset}")
            return dtype, length, kept, start
        except (KeyError, ValueError, TypeError) as error:
            raise IndexCorrupt(self.path, f"the array {name!r} is missing or damaged") from error

    def verify(self) -> None:
        """Read the whole file and compare it with its checksums.

        Raises:
            IndexCorrupt: an array is not what was written, or there is more in the file.
        """
        places = [self._place(name) for name in self._directory]
        ends = [start + kept * int(dtype[-1]) for dtype, _, kept, start in places]
        end = max(ends, default=self._start)
        if self.size != end + -end % _ALIGN:
            raise IndexCorrupt(self.path, f"{self.size} bytes where {end + -end % _ALIGN} were written")
        for name, (*_, checksum) in self._directory.items():
            kept = self._place(name)[2]
            if zlib.crc32(np.ascontiguousarray(self.array(name)[:kept])) != checksum:
                raise IndexCorrupt(self.path, f"the array {name!r} is damaged")
