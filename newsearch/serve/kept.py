"""Answers that are kept to be sent again."""

from __future__ import annotations

from collections import OrderedDict
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
        # A dict would look for its first item among all that were removed before it.
        self._sent: OrderedDict[Key, Sent] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Sent | None:
        """The answer with this key, which becomes the last one."""
        with self._lock:
            sent = self._sent.get(key)
            if sent is not None:
                self._sent.move_to_end(key)
            return sent

    def put(self, key: Key, sent: Sent) -> None:
        """Keep an answer, unless it would take a large part of the room."""
        size = _size(sent)
        if size * 8 > self._most:
            return
        # Encoded JSON has room behind its end, often several times as much as it is long.
        kept = Sent(bytes(memoryview(sent.data)), sent.is_gzipped, sent.headers)
        with self._lock:
            if (old := self._sent.pop(key, None)) is not None:
                self._room += _size(old)
            self._sent[key] = kept
            self._room -= size
            while self._room < 0:
                self._room += _size(self._sent.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._sent)


def _size(sent: Sent) -> int:
    return len(sent.data) + _PER_ANSWER
