"""The file layout of an index: named numpy arrays after a JSON directory, written once and memory-mapped.

    bytes 0-7      magic "newsSEG" and a zero byte
    bytes 8-11     length of the directory
    bytes 12-15    crc32 of the directory
    bytes 16-      directory: {"format": 5, "kind": "segment", "analysis": 3, "articles": n,
                               "arrays": {name: [dtype, length, kept, offset, crc32]}}
    then           the arrays, each at a multiple of 64 bytes from the start of the file

All integers are little-endian. `kept` is the number of elements stored in the file: an array whose elements are all
equal stores only one. `kind` is the purpose of the file: a segment, the numbers of deleted or of hidden articles,
the state of a source, a backup.
Nothing in the file is ever executed or unpickled. Lengths and offsets are checked against the size of the file.
docs/index-format.md specifies the whole format.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from newsearch._durable import scratch_file, write_file
from newsearch.engine.arrays.files.opening import open_regular
from newsearch.errors import IndexCorrupt, IndexIncompatible

FORMAT_VERSION = 5

MAGIC = b"newsSEG\0"
_ALIGN = 64
_DTYPES = frozenset(["|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f4", "<f8"])
_MAX_DIRECTORY = 1 << 20
_MOST_EQUAL = 1 << 20
"""The longest array that may be stored as one element, unless the file has more bytes than this. Otherwise a tiny file
could claim all the memory of the machine."""

_SHARED = 1 << 16
"""Arrays of equal elements share one of this length. Most segments have the same ones, over millions of articles."""

_CHUNK = 1 << 20
"""Bytes per read in a sequential scan."""

Array: TypeAlias = NDArray[Any]


def narrow(values: Array) -> Array:
    """Cast integers to the narrowest dtype that holds them all."""
    if values.dtype.kind not in "iu" or not len(values):
        return values
    return values.astype(_narrowest(int(values.min()), int(values.max())), copy=False)


def _narrowest(low: int, high: int) -> str:
    for dtype in ("u1", "u2", "u4", "u8") if low >= 0 else ("i1", "i2", "i4", "i8"):
        info = np.iinfo(dtype)
        if info.min <= low and high <= info.max:
            return "<" + dtype
    raise OverflowError("integers of both signs beyond 64 bits")


@lru_cache(maxsize=32)
def _equal(dtype: str, element: bytes) -> Array:
    values: Array = np.frombuffer(element, dtype).repeat(_SHARED)
    values.flags.writeable = False
    return values


class Spool:
    """An array of integers too long for memory. It stays on disk until it is written to a file of arrays.

    Args:
        directory: the directory of the index.
        dtype: a dtype that holds every value to be appended.
    """

    def __init__(self, directory: Path, dtype: str) -> None:
        self._file = scratch_file(directory)
        finalize(self, self._file.close)
        self._given = np.dtype(dtype)
        self._length = 0
        self._low, self._high = 0, 0

    def __len__(self) -> int:
        return self._length

    def append(self, values: Array) -> None:
        """Append integers."""
        if len(values):
            low, high = int(values.min()), int(values.max())
            self._low = min(self._low, low) if self._length else low
            self._high = max(self._high, high) if self._length else high
            self._length += len(values)
            self._file.write(np.ascontiguousarray(values, self._given).data)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The narrowest dtype that holds all values."""
        return np.dtype(_narrowest(self._low, self._high))

    @property
    def nbytes(self) -> int:
        """The size of the array in that dtype, in bytes."""
        return self._length * self.dtype.itemsize

    def parts(self) -> Iterator[Array]:
        """The values in that dtype, one part at a time."""
        self._file.seek(0)
        while data := self._file.read(_CHUNK):
            yield np.frombuffer(data, self._given).astype(self.dtype, copy=False)

    def is_equal(self) -> bool:
        """Whether all values are equal."""
        return self._low == self._high


def write_arrays(
    path: Path,
    arrays: Mapping[str, Array | Spool],
    *,
    kind: str,
    articles: int = 0,
    analysis: int = 0,
    like: Path | None = None,
) -> int:
    """Write a file of arrays and sync its contents to disk. Returns its size in bytes.

    Args:
        like: as for `write_file`.

    Raises:
        OSError: it could not be written. No file is left behind.
    """
    directory: dict[str, list[Any]] = {}
    written: list[Array | Spool] = []
    offset = 0
    for name, given in arrays.items():
        values = _kept(given)
        checksum = 0
        for part in _parts(values):
            checksum = zlib.crc32(part, checksum)
        directory[name] = [values.dtype.str, len(given), len(values), offset, checksum]
        written.append(values)
        offset += -(-values.nbytes // _ALIGN) * _ALIGN
    head = {
        "format": FORMAT_VERSION,
        "kind": kind,
        "analysis": analysis,
        "articles": articles,
        "arrays": directory,
    }
    return write_file(path, _laid_out(json.dumps(head, separators=(",", ":")).encode(), written), like)


def _kept(given: Array | Spool) -> Array | Spool:
    """The values as stored: in the narrowest dtype, and only one element if all are equal."""
    may_be_one = 1 < len(given) <= _MOST_EQUAL
    if isinstance(given, Spool):
        return next(given.parts())[:1] if may_be_one and given.is_equal() else given
    values = np.ascontiguousarray(narrow(given))
    values = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return values[:1].copy() if may_be_one and (values == values[0]).all() else values


def _parts(values: Array | Spool) -> Iterable[Array]:
    return values.parts() if isinstance(values, Spool) else (values,)


def _laid_out(head: bytes, arrays: list[Array | Spool]) -> Iterator[Any]:
    yield MAGIC + len(head).to_bytes(4, "little") + zlib.crc32(head).to_bytes(4, "little") + head
    yield b"\0" * (-(16 + len(head)) % _ALIGN)
    for values in arrays:
        for part in _parts(values):
            yield part.data
        yield b"\0" * (-values.nbytes % _ALIGN)


class ArrayFile:
    """A memory-mapped file of arrays. Arrays are read-only views of the mapping, created on first use.

    Args:
        kind: the kind that the file must have.

    Raises:
        IndexCorrupt: the file is not of this kind, or its directory is damaged.
        IndexIncompatible: the file has another format version.
        FileNotFoundError: the file does not exist.
    """

    def __init__(self, path: Path, kind: str = "segment") -> None:
        self.path = path
        with open_regular(path) as file:
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
        """The names of its arrays, in file order."""
        return list(self._directory)

    @property
    def bytes(self) -> Array:
        """The bytes of the whole file."""
        return np.frombuffer(self._map, np.uint8)

    def form(self, name: str) -> tuple[str, int]:
        """The dtype and length of an array, from the directory.

        Raises:
            IndexCorrupt: there is no such array, or it extends beyond the file.
        """
        dtype, length, _, _ = self._place(name)
        return dtype, length

    def read_empty_as(self, name: str, dtype: str) -> None:
        """Set the dtype of an empty array. The dtype in the file is arbitrary and carries no meaning."""
        self._directory[name] = [dtype, *self._directory[name][1:]]

    def __contains__(self, name: str) -> bool:
        return name in self._directory

    def array(self, name: str) -> Array:
        """The one-dimensional array of this name.

        Raises:
            IndexCorrupt: there is no such array, or it extends beyond the file.
        """
        found = self._arrays.get(name)
        if found is None:
            found = self._arrays[name] = self._view(name)
        return found

    def _view(self, name: str) -> Array:
        dtype, length, kept, start = self._place(name)
        values: Array = np.frombuffer(self._map, dtype, kept, start)
        if kept == length:
            return values
        return _equal(dtype, values.tobytes())[:length] if length <= _SHARED else values.repeat(length)

    def _place(self, name: str) -> tuple[str, int, int, int]:
        """The dtype, the length, the number of stored elements, and the offset of an array in the file."""
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
        """Read the whole file and check it against its checksums.

        Raises:
            IndexCorrupt: a byte has changed, or the file has extra bytes.
        """
        places = []
        for name, (*_, checksum) in self._directory.items():
            dtype, _, kept, start = self._place(name)
            places.append((start, start + kept * int(dtype[-1]), checksum, name))
        written = 16 + int.from_bytes(self._map[8:12], "little")
        for start, end, checksum, name in sorted(places):
            if self._map[written:start].strip(b"\0"):
                raise IndexCorrupt(self.path, f"the padding before the array {name!r} is damaged")
            found = 0
            for at in range(start, end, _CHUNK):
                found = zlib.crc32(memoryview(self._map)[at : min(at + _CHUNK, end)], found)
                self.release()
            if found != checksum:
                raise IndexCorrupt(self.path, f"the array {name!r} is damaged")
            written = max(written, end)
        end = max(written, self._start)
        end += -end % _ALIGN
        if self.size != end or self._map[written:].strip(b"\0"):
            raise IndexCorrupt(self.path, f"not the {end} bytes that were written")

    def release(self) -> None:
        """Release the memory of the pages read so far. Reading them again uses the cache of the operating system."""
        if hasattr(self._map, "madvise"):  # which Windows lacks
            # This fails if the process has locked its memory (mlockall), which then stays in use.
            with suppress(OSError):
                self._map.madvise(mmap.MADV_DONTNEED)
