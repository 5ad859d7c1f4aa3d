"""A gzip file of many members, of which some may be damaged: reading goes on with the next."""

from __future__ import annotations

import zlib
from collections import deque
from typing import BinaryIO, Final

_BLOCK: Final = 1 << 16
_PIECE: Final = 1 << 18
"""Bytes that are decompressed at a time."""

_MAGIC: Final = b"\x1f\x8b\x08"
_REMEMBERED: Final = 10_000
"""Members whose beginnings are remembered: as many as hold a record, and lie ahead of it in memory."""


class Damaged(Exception):
    """A member ends too early or holds wrong data. The message says which. The next read begins with another member.

    Attributes:
        start: where the data of the member begin.
        is_end: whether the file ends in it.
    """

    def __init__(self, start: int, is_end: bool) -> None:
        super().__init__("ends in the middle of a record" if is_end else "its compressed data are damaged")
        self.start = start
        self.is_end = is_end


class Members:
    """The data of all members as one file, with positions in the decompressed data.

    After a damaged member, the data of the next one begin with a line feed, so that they begin a line.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._go(0, 0)

    def _go(self, at: int, packed: int) -> None:
        """Go to the beginning of a member, given where it is in the data and in the file."""
        self._file.seek(packed)
        self._starts = deque([(at, packed)], _REMEMBERED)
        self._unpacker = zlib.decompressobj(31)
        self._is_inside = False
        self._left = b""
        self._data = b""
        self._used = 0
        self._end = at

    def tell(self) -> int:
        return self._end - len(self._data) + self._used

    def seek(self, at: int) -> None:
        """Go to a position; beyond the end, to the end.

        Raises:
            Damaged: a member on the way there is. The position is then at the next one.
        """
        if not self._end - len(self._data) <= at:
            self._go(*self._start(at))
        while self._end < at and self._fill():
            pass
        self._used = len(self._data) - max(0, self._end - at)

    def packed(self, at: int) -> int:
        """Where the member with a position begins in the file."""
        return self._start(at)[1]

    def _start(self, at: int) -> tuple[int, int]:
        return next((start for start in reversed(self._starts) if start[0] <= at), (0, 0))

    def read(self, size: int) -> bytes:
        """Read bytes, as many as there are in memory or can be read without leaving a member; none only at the end.

        Raises:
            Damaged: the member is.
        """
        if self._used == len(self._data) and not self._fill():
            return b""
        piece = self._data[self._used : self._used + size]
        self._used += len(piece)
        return piece

    def readline(self, size: int = _PIECE) -> bytes:
        """Read to the end of a line, or so many bytes. Raises Damaged."""
        pieces = []
        while size > 0 and (self._used < len(self._data) or self._fill()):
            end = self._data.find(b"\n", self._used, self._used + size) + 1
            pieces.append(self._data[self._used : end or self._used + size])
            self._used += len(pieces[-1])
            size -= len(pieces[-1])
            if end:
                break
        return b"".join(pieces)

    def _fill(self) -> bool:
        """Decompress the next piece, once all data before it are used. Returns whether there is one."""
        while True:
            block = self._left or self._file.read(_BLOCK)
            self._left = b""
            if not self._is_inside:
                if not block:
                    return False
                block = block.lstrip(b"\0")  # padding
                if not block:
                    continue
                self._begin(self._file.tell() - len(block))
            try:
                data = self._unpacker.decompress(block, _PIECE)
            except zlib.error:
                self._go_on()
                raise Damaged(self._starts[-1][0], is_end=False) from None
            if not block and not data and not self._unpacker.eof:
                self._is_inside = False
                raise Damaged(self._starts[-1][0], is_end=True)
            self._is_inside = not self._unpacker.eof
            self._left = self._unpacker.unconsumed_tail if self._is_inside else self._unpacker.unused_data
            if data:
                self._take(data)
                return True

    def _take(self, data: bytes) -> None:
        self._data = data
        self._used = 0
        self._end += len(data)

    def _begin(self, packed: int) -> None:
        self._unpacker = zlib.decompressobj(31)
        self._is_inside = True
        if self._starts[-1][0] == self._end:
            self._starts.pop()
        self._starts.append((self._end, packed))

    def _go_on(self) -> None:
        """Go to the next member, or to the end of the file."""
        self._is_inside = False
        self._left = before = b""
        self._file.seek(self._starts[-1][1] + 1)
        while block := self._file.read(_BLOCK):
            at = self._file.tell() - len(block) - len(before)
            found = (before + block).find(_MAGIC)
            if found >= 0:
                self._file.seek(at + found)
                break
            before = block[-len(_MAGIC) + 1 :]
        self._take(b"\n")
