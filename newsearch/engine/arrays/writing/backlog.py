"""A queue of work for a background thread, while the caller goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Backlog:
    """Runs tasks one at a time, in the order they were put, in one background thread.

    After a task fails, the remaining ones are skipped, and `put` or `wait` raises its exception.

    Args:
        room: the total size that may be pending, in the unit of `put`. A single task may always exceed it.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._pool = ThreadPoolExecutor(1)
        self._left: deque[tuple[Future[None], int]] = deque()
        self._size = 0
        self._has_failed = False

    def put(self, work: Callable[[], None], size: int = 0) -> None:
        """Queue a task. Blocks until there is room for it."""
        while self._left and (self._left[0][0].done() or self._size + size > self._room):
            self._settle()
        self._left.append((self._pool.submit(self._do, work), size))
        self._size += size

    def wait(self) -> None:
        """Wait until all tasks are done."""
        while self._left:
            self._settle()

    def close(self) -> None:
        """Drop the pending tasks, and wait for the running one to end."""
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
