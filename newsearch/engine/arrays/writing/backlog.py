"""Work that another thread does, while the one that gives it goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Backlog:
    """Pieces of work, done one after the other in the order in which they were put, in one other thread.

    Behind a piece that failed nothing is done any more, and `put` or `wait` raise what it raised.

    Args:
        room: how much may wait to be done, in the measure of `put`; a single piece always may.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._pool = ThreadPoolExecutor(1)
        self._left: deque[tuple[Future[None], int]] = deque()
        self._size = 0
        self._has_failed = False

    def put(self, work: Callable[[], None], size: int = 0) -> None:
        """Have a piece of work done some time, once there is room for it."""
        while self._left and (self._left[0][0].done() or self._size + size > self._room):
            self._settle()
        self._left.append((self._pool.submit(self._do, work), size))
        self._size += size

    def wait(self) -> None:
        """Wait until all is done."""
        while self._left:
            self._settle()

    def close(self) -> None:
        """Leave undone what waits, and end when that is done which was begun."""
        self._left.clear()
        self._pool.shutdown(cancel_futures=True)

    def _do(self, work: Callable[[], None]) -> None:
        if self._has_failed:
            return
        try:
            work()
        except BaseException:
            self._has_failed = True
            raise

    def _settle(self) -> None:
        self._left[0][0].result()
        self._size -= self._left.popleft()[1]
