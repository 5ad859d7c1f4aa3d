"""Answers that are kept to be sent again."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

Key = tuple[str, bool]
"""The ETag of an answer, and whether the client accepts gzip."""

_PER_ANSWER = 500
"""Bytes that an answer takes besides its data, roughly."""


class Sent(NamedTuple):
    """An answer as it was sent."""

    data: bytes
    is_gzipped: bool
    headers: Mapping[str, str]


class Kept:
    """The answers sent last, up to a number of bytes. Threads may share it.

    Their ETags contain the generation, so answers of an old one are never found again, and give way to new ones.
    """

    def __init__(self, most: int) -> None:
        self._room = self._most = most
        self._sent: dict[Key, Sent] = {}
        self._lock = Lock()

    def get(self, key: Key) -> Sent | None:
        """The answer with this key, which becomes the last one."""
        with self._lock:
            sent = self._sent.pop(key, None)
            if sent is not None:
                self._sent[key] = sent
            return sent

    def put(self, key: Key, sent: Sent) -> None:
        """Keep an answer, unless it would take a large part of the room."""
        size = _size(sent)
        if size * 8 > self._most:
            return
        # Encoded JSON has room behind its end, often several times as much as it is long.
        kept = sent._replace(data=bytes(memoryview(sent.data)))
        with self._lock:
            if (old := self._sent.pop(key, None)) is not None:
                self._room += _size(old)
            self._sent[key] = kept
            self._room -= size
            while self._room < 0:
                self._room += _size(self._sent.pop(next(iter(self._sent))))

    def __len__(self) -> int:
        return len(self._sent)


def _size(sent: Sent) -> int:
    return len(sent.data) + _PER_ANSWER
