"""A value that takes long to find: one thread finds it, and the others wait, but not for ever."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from newsearch.errors import NotReady

Value = TypeVar("Value")

_PATIENCE = 1.0
"""Seconds to wait for a value that was deferred."""


class Slow(Generic[Value]):
    """A value that is found when it is first asked for.

    Args:
        why: what is still to be done while it is not found, for the message of NotReady.
    """

    def __init__(self, why: str) -> None:
        self._why = why
        self._finding = Lock()
        self._value: Value | None = None
        self._is_deferred = False

    def get(self, find: Callable[[], Value]) -> Value:
        """The value. Raises NotReady if it was deferred and is not found within a second."""
        if self._value is None:
            # Threads that ask at the same time wait for one of them.
            if not self._finding.acquire(timeout=_PATIENCE if self._is_deferred else -1):
                raise NotReady(f"{self._why}: ask again later")
            try:
                if self._value is None:
                    self._value = find()
            finally:
                self._finding.release()
        return self._value

    @property
    def is_pending(self) -> bool:
        """Whether the value was deferred and is not found yet."""
        return self._is_deferred and self._value is None

    def defer(self, find: Callable[[], Value]) -> Callable[[], None]:
        """Leave the value to the function that is returned, which must be called once, by any thread.

        If the value is found, or about to be, that function does nothing.
        """
        if self._value is not None or not self._finding.acquire(blocking=False):
            return lambda: None
        self._is_deferred = True

        def find_now() -> None:
            try:
                self._value = find()
            finally:
                self._is_deferred = False
                self._finding.release()

        return find_now
