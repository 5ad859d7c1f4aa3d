"""A socket on which several workers listen, and which gives each of them its share of the connections."""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import c_int64
from multiprocessing import get_context
from socket import socket
from time import sleep
from typing import Any, Final
from weakref import WeakSet

_AHEAD: Final = 2
"""How many more connections than another worker one may have and still accept the next one at once."""

_PAUSE: Final = 0.0002
"""Seconds in which a worker that is idle accepts a connection: it sleeps, and has to be woken up."""


class SharedSocket(socket):
    """A listening socket of all workers of a server.

    The system wakes all workers for a connection, and the first one gets it. Of many connections at once, a worker that
    is awake would take nearly all before another one is. A worker that has more connections than another one therefore
    waits before it takes a further one. It then takes it if nobody else has.

    It can be an argument of `multiprocessing.Process`. For POSIX alone.

    Args:
        listening: the socket. It is closed together with this one.
        workers: how many processes listen.
        counts: for each worker the number of its process, and of its open connections.
    """

    def __init__(self, listening: socket, workers: int, counts: Any = None) -> None:
        super().__init__(listening.family, listening.type, listening.proto, os.dup(listening.fileno()))
        self._listening = listening
        self._workers = workers
        # Without a lock: a worker that is killed would keep it.
        self._counts = counts or get_context("spawn").RawArray(c_int64, 2 * workers)
        self._place = 0
        self._open: WeakSet[socket] = WeakSet()

    def __reduce__(self) -> Any:
        return SharedSocket, (self._listening, self._workers, self._counts)

    def close(self) -> None:
        super().close()
        self._listening.close()

    def accept(self) -> tuple[socket, Any]:
        """The next connection, and the address of the client, as `socket.accept` returns them."""
        if self._told() > min(self._counts[1::2]) + _AHEAD:
            sleep(_PAUSE)
        accepted, address = super().accept()
        connection = _Connection(accepted, self._ended)
        self._open.add(connection)
        self._told()
        return connection, address

    def _ended(self, connection: socket) -> None:
        self._open.discard(connection)
        self._told()

    def _told(self) -> int:
        """How many open connections this worker has. The others are told."""
        process, own = os.getpid(), len(self._open)
        if self._counts[self._place] != process:
            self._place = self._free_place()
            self._counts[self._place] = process
        self._counts[self._place + 1] = own
        return own

    def _free_place(self) -> int:
        """The first place in the counts that no running process has. Two that take the same one part when they tell."""
        places = range(0, 2 * self._workers, 2)
        return next((place for place in places if not _is_running(self._counts[place])), 0)


class _Connection(socket):
    """A connection that says when it is closed. As part of a cycle, it may be garbage for long before it is freed.

    Args:
        accepted: what it is made of, and what is then detached.
        ended: called with this connection.
    """

    def __init__(self, accepted: socket, ended: Callable[[socket], None]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self._ended = ended

    def close(self) -> None:
        super().close()
        self._ended(self)


def _is_running(process: int) -> bool:
    if not process:
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):  # or it is the number of another user's process now
        return False
    return True
