"""Lists of words that several processes share: what one of them has made, all others read where it lies.

They are in a file that each process maps into its memory:

    used, count    the end of the last record, and how many there are, u64
    slots          24 bytes each: the BLAKE2b hash of a word, and the start of its record; empty if all are 0
    records        articles, words of bits, live articles (u64), unit, best (f64), then doc, value, bits and ranks of a
                   Part, each from a multiple of 8 on

A record is never changed or dropped, as searches may still read it. A file that is full stays as it is. It belongs to
one generation of an index, and is not kept longer than the processes.
"""

from __future__ import annotations

import mmap
import os
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from threading import Lock
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops.kernel import Part

try:
    from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
except ImportError:  # a system without such locks
    flock = None  # type: ignore[assignment]

_HEAD = Struct("<QQ")
_RECORD = Struct("<QQQdd")
_HASH = 16
_SLOT = _HASH + 8
_EMPTY = bytes(_SLOT)
_PER_SLOT = 4096
_MOST_SLOTS = 1 << 18
"""A file has one slot for this many bytes, up to the maximum number of slots."""

_PROBES = 64
_STEP = 4 << 20
"""Bytes of the pieces in which room for records is reserved. Without that, a full disk would end the process."""

LEAST = 1 << 20
"""The smallest file, in bytes."""


class SharedLists:
    """The lists of the words of one generation. Threads and processes may share it.

    Args:
        path: the file, which is made if it is missing. Only processes of one user, who trust each other, may write it.
        limit: its most bytes, at least LEAST; ignored if the file is there.

    Attributes:
        has_room: whether the last list that was to be shared found room.

    Raises:
        OSError: the file cannot be used, or the system does not offer what that takes.
    """

    def __init__(self, path: Path, limit: int) -> None:
        if flock is None or not hasattr(os, "posix_fallocate"):
            raise OSError("files cannot be locked here, or no room in them be reserved")
        self._lock = Lock()
        self._file = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600
        )
        try:
            flock(self._file, LOCK_EX)
            self._size = os.fstat(self._file).st_size or limit & ~7
            self._slots = min(self._size // _PER_SLOT, _MOST_SLOTS)
            self._first = _HEAD.size + self._slots * _SLOT
            os.ftruncate(self._file, self._size)
            os.posix_fallocate(self._file, 0, self._first)
            self._map = mmap.mmap(self._file, self._size)
            # A part of this array takes a quarter of the memory of an array made from the map.
            self._bytes = np.frombuffer(self._map, np.uint8)
            self._bytes.flags.writeable = False
            used, _ = _HEAD.unpack_from(self._map)
            if not used:
                _HEAD.pack_into(self._map, 0, self._first + -self._first % 8, 0)
            flock(self._file, LOCK_UN)
        except (OSError, ValueError) as error:
            os.close(self._file)
            raise OSError(str(error)) from error
        # The mapping outlives it for as long as a search reads lists in it.
        finalize(self, os.close, self._file)
        self.has_room = True

    def get(self, term: str) -> Part | None:
        """The list of a word, if any process has made it."""
        key = _key(term)
        # Most words that are asked for are not there. A list that is being added just now may be missed.
        if not self._find(key)[1]:
            return None
        with self._lock:
            flock(self._file, LOCK_SH)
            try:
                _, start = self._find(key)
            finally:
                flock(self._file, LOCK_UN)
        return self._read(start) if start else None

    def put(self, term: str, part: Part) -> Part | None:
        """Share the list of a word. Returns the shared one, or None if there is no room for it."""
        if not self.has_room:
            return None
        key = _key(term)
        arrays = [part.doc, part.value]
        if part.bits is not None and part.ranks is not None:
            arrays += [part.bits, part.ranks]
        size = _RECORD.size + sum(map(_room_of, arrays))
        with self._lock:
            flock(self._file, LOCK_EX)
            try:
                slot, start = self._find(key)
                if not start:
                    start = self._add(key, slot, size, part, arrays)
            finally:
                flock(self._file, LOCK_UN)
        return self._read(start) if start else None

    def _add(self, key: bytes, slot: int, size: int, part: Part, arrays: list[NDArray[Any]]) -> int:
        """Write a record. Returns its start, or 0 if there is no room for it."""
        start: int
        start, count = _HEAD.unpack_from(self._map)
        is_full = start + size > self._size or 4 * count >= 3 * self._slots
        if is_full or not slot or not self._reserve(start, size):
            self.has_room = False
            return 0
        # What is interrupted leaves a record that nothing leads to.
        _HEAD.pack_into(self._map, 0, start + size, count + 1)
        words = 0 if part.bits is None else len(part.bits)
        _RECORD.pack_into(self._map, start, len(part.doc), words, part.live or 0, part.unit, part.best)
        at = start + _RECORD.size
        for array in arrays:
            self._map[at : at + array.nbytes] = array.view(np.uint8)
            at += _room_of(array)
        self._map[slot + _HASH : slot + _SLOT] = start.to_bytes(8, "little")
        self._map[slot : slot + _HASH] = key
        return start

    def _reserve(self, start: int, size: int) -> bool:
        # The piece in which a record begins was reserved by the one before it, unless it is the first.
        begin = start if start < self._first + 8 else -(-start // _STEP) * _STEP
        end = min(-(-(start + size) // _STEP) * _STEP, self._size)
        try:
            if end > begin:
                os.posix_fallocate(self._file, begin, end - begin)
        except OSError:
            return False
        return True

    def _find(self, key: bytes) -> tuple[int, int]:
        """The slot of a word, and the start of its record; 0 for what there is not."""
        number = int.from_bytes(key[:8], "little")
        for probe in range(_PROBES):
            at = _HEAD.size + (number + probe) % self._slots * _SLOT
            slot = self._map[at : at + _SLOT]
            if slot[:_HASH] == key:
                return at, int.from_bytes(slot[_HASH:], "little")
            if slot == _EMPTY:
                return at, 0
        return 0, 0

    def _read(self, start: int) -> Part:
        count, words, live, unit, best = _RECORD.unpack_from(self._map, start)
        doc, at = self._array(np.uint32, count, start + _RECORD.size)
        value, at = self._array(np.uint16, count, at)
        if not words:
            return Part(doc, value, unit, best, None, None, live)
        bits, at = self._array(np.uint64, words, at)
        ranks, _ = self._array(np.uint32, words, at)
        return Part(doc, value, unit, best, bits, ranks, live)

    def _array(
        self, dtype: type[np.unsignedinteger[Any]], length: int, start: int
    ) -> tuple[NDArray[Any], int]:
        """An array of a record, and the start of the next one."""
        end = start + length * np.dtype(dtype).itemsize
        return self._bytes[start:end].view(dtype), end + -end % 8


def _room_of(array: NDArray[Any]) -> int:
    """The bytes of an array and of the gap behind it."""
    return array.nbytes + -array.nbytes % 8


def _key(term: str) -> bytes:
    return blake2b(term.encode("utf-8", "surrogatepass"), digest_size=_HASH).digest()
