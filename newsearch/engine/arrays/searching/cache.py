"""Keeps what searches have made of an index, within a limit of bytes. What is worth least for its size goes first.

GDSF (Cherkasova, "Improving WWW proxies performance with greedy-dual-size-frequency caching policy", 1998): a value is
worth what it costs to make, for each byte, times how often it was used, from a floor on. The floor rises to the worth
of what is dropped, so what was used often but long ago is dropped in the end; soon, because only some uses count.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Callable, Hashable, Mapping
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from threading import Lock
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel

Array: TypeAlias = NDArray[Any]

_T = TypeVar("_T")

_ENTRY = 384
"""The memory of an entry besides its value, in bytes."""

_FEW = 64
"""The heap of entries is cleared of those dropped when they are this many more than the others."""

_MOST_FREED = 16 << 20
"""After dropping this many bytes, or as many as its limit if that is less, a cache returns freed memory between blocks
in use to the system. The C library would keep it. This takes half a millisecond each time."""

_USES = 16
"""The uses of a value that count. What was used thousands of times would otherwise outlive its use, and what is
searched for now would be made again by each search."""

_MAKING = 20_000
"""The cost of making any value, however small, as the number of bytes of a large one that cost as much."""


class Cache:
    """Values by key. Threads may share it.

    Args:
        limit: the most bytes that all values may take. A value of more than half of it is never kept: nothing else
            that a search needs would have room, and each search would make all of it again.

    Attributes:
        used: the bytes that all values take.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._kept: dict[Hashable, _Entry] = {}
        # A heap. An entry that was used since is worth more than it says here.
        self._least: list[tuple[float, int, _Entry]] = []
        self._number = count()
        self._floor = 0.0
        self._dropped = 0
        self._lock = Lock()

    def get(self, key: Hashable) -> Any:
        """The value with this key, or None."""
        # Without the lock: every search reads several values, and a use that is not counted does no harm.
        entry = self._kept.get(key)
        if entry is None:
            return None
        if entry.gained < entry.most:
            entry.gained += entry.gain
        entry.worth = self._floor + entry.gained
        return entry.value

    def put(self, key: Hashable, value: Any, size: int | None = None) -> None:
        """Keep a value that is not None.

        Args:
            size: what `size_of` gives, if it is known.
        """
        size = _ENTRY + (size_of(value) if size is None else size)
        with self._lock:
            self._drop(key)
            if size > self.limit // 2:
                return
            self._kept[key] = entry = _Entry(key, value, size, self._floor)
            if len(self._least) > 2 * len(self._kept) + _FEW:
                self._least = [row for row in self._least if row[2].value is not None]
                heapify(self._least)
            heappush(self._least, (entry.worth, next(self._number), entry))
            self.used += size
            while self.used > self.limit:
                self._drop_least()
            is_much = self._dropped > min(self.limit, _MOST_FREED)
            if is_much:
                self._dropped = 0
        if is_much:
            kernel.give_back()

    def _drop_least(self) -> None:
        worth, number, entry = self._least[0]
        if entry.value is None:
            heappop(self._least)
        elif entry.worth > worth:
            heapreplace(self._least, (entry.worth, number, entry))
        else:
            heappop(self._least)
            self._floor = worth
            self._drop(entry.key)

    def _drop(self, key: Hashable) -> None:
        entry = self._kept.pop(key, None)
        if entry is not None:
            # The heap may still have the entry.
            entry.value = None
            self.used -= entry.size
            self._dropped += entry.size

    def made(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The value with this key, made and kept if it is missing. It must not be None."""
        found: _T | None = self.get(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found


class Recent(Generic[_T]):
    """What was made of articles last, and as much from before that. Threads may share it.

    Args:
        limit: the most bytes that all values may take.
        size_of: the bytes of a value. None is kept that takes more than `most`.
        each: the bytes that any value takes besides.
    """

    def __init__(self, limit: int, size_of: Callable[[_T], int], most: int, each: int) -> None:
        self._limit = limit // 2
        self._size_of = size_of
        self._each = each
        self._most = min(most, self._limit)
        self._now: dict[int, _T] = {}
        self._before: dict[int, _T] = {}
        self._now_size = self._before_size = 0

    @property
    def used(self) -> int:
        """The bytes that all values take."""
        return self._now_size + self._before_size

    @property
    def all(self) -> tuple[Mapping[int, _T], Mapping[int, _T]]:
        """The values, to be read without a call for each: those put last, and those from before. What is read of the
        latter is to be put again."""
        return self._now, self._before

    def get(self, doc: int) -> _T | None:
        """The value of an article, or None."""
        found = self._now.get(doc)
        if found is None and (found := self._before.get(doc)) is not None:
            self.put(doc, found)
        return found

    def put(self, doc: int, value: _T) -> None:
        """Keep the value of an article."""
        size = self._size_of(value) + self._each
        if size <= self._most:
            self._make_room(size)
            self._now[doc] = value

    def put_all(self, values: dict[int, _T]) -> None:
        """Keep the values of some articles, in less time than one by one."""
        sizes = [*map(self._size_of, values.values())]
        size = sum(sizes) + self._each * len(sizes)
        if max(sizes, default=0) + self._each > self._most or size > self._limit:
            for doc, value in values.items():
                self.put(doc, value)
            return
        self._make_room(size)
        self._now.update(values)

    def _make_room(self, size: int) -> None:
        if self._now_size + size > self._limit:
            self._before, self._now = self._now, {}
            self._before_size, self._now_size = self._now_size, 0
        self._now_size += size


class _Entry:
    """A key and its value, its size in bytes, what it gains with each use, has gained and can gain, and its worth."""

    __slots__ = ("gain", "gained", "key", "most", "size", "value", "worth")

    def __init__(self, key: Hashable, value: Any, size: int, floor: float) -> None:
        self.key = key
        self.value = value
        self.size = size
        self.gain = self.gained = 1 + _MAKING / size
        self.most = _USES * self.gain
        self.worth = floor + self.gained


_LONG = 16


def size_of(value: Any) -> int:
    """An estimate of the memory of a value, in bytes, with the arrays and texts in nested tuples, lists and dicts.

    Arrays in a mapped file take none: the system keeps their pages, and takes them back when it needs them.
    """
    if isinstance(value, np.ndarray):
        return 112 + (0 if _is_mapped(value) else value.nbytes)
    if isinstance(value, (tuple, list)) and len(value) >= _LONG and type(value[0]) is type(value[-1]):
        # These hold the names of a table, or rows of them and of numbers. Their items are alike.
        if type(value[0]) in (str, int):
            return 56 + 8 * len(value) + sum(map(sys.getsizeof, value))
        if type(value[0]) is tuple and len(value[0]) == len(value[-1]):
            rows = len(value) * sys.getsizeof(value[0])
            return (
                56 + 8 * len(value) + rows + sum(size_of([*column]) for column in zip(*value, strict=False))
            )
    if isinstance(value, (tuple, list)):
        return 56 + 8 * len(value) + sum(map(size_of, value))
    if isinstance(value, dict):
        return sys.getsizeof(value) + sum(size_of(key) + size_of(item) for key, item in value.items())
    return sys.getsizeof(value)


def _is_mapped(array: Array) -> bool:
    base: Any = array
    while base is not None and not isinstance(base, mmap.mmap):
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    return base is not None
