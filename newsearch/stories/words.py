"""The words of articles, read when they are compared, and held while others may still be compared with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.stories.comparing import comparer
from newsearch.stories.wording import repaired

Array: TypeAlias = NDArray[Any]

_BATCH = 256
"""Articles or pairs that are compared at once. Other threads run in between."""

_SLICE = 100_000
"""Pairs whose articles are read together."""

_HELD = 250_000
"""Articles whose words may be held before others are read, about 600 bytes each."""


class Texts(Protocol):
    """Articles with a text: see `Gathered`."""

    @property
    def times(self) -> Array: ...

    @property
    def outlets(self) -> Array: ...

    @property
    def stored(self) -> Array: ...

    def texts(self, numbers: Sequence[int]) -> Iterable[tuple[str, str]]: ...


class Words:
    """The words of articles.

    Args:
        rank: the place of each in the order of time. Pairs are compared in this order.

    Attributes:
        sizes: the number of terms in title and text of each article that has been compared; 0 for others.
    """

    def __init__(self, articles: Texts, rank: Array) -> None:
        self._articles = articles
        self.rank = rank
        self._by_rank = np.argsort(rank)
        self.sizes = np.zeros(len(rank), np.int32)
        self._comparer = comparer()
        # Articles are counted as they are read. Those from `_first` on are held.
        self._serial = np.full(len(rank), -1, np.int64)
        self._first = self._next = 0
        self._batches: deque[tuple[int, int]] = deque()

    def relations(self, pairs: Array) -> NDArray[np.float64]:
        """The `relation` of each pair of articles, m x 2."""
        found = np.empty(len(pairs))
        order = np.argsort(self.rank[pairs].min(axis=1), kind="stable")
        for start in range(0, len(pairs), _SLICE):
            some = order[start : start + _SLICE]
            self._hold(pairs[some])
            for at in range(0, len(some), _BATCH):
                few = some[at : at + _BATCH]
                numbers = np.ascontiguousarray(self._serial[pairs[few]] - self._first)
                found[few] = np.frombuffer(self._comparer.relations(numbers))
        return found

    @property
    def held(self) -> int:
        """The number of articles whose words are held."""
        return self._next - self._first

    def forget(self) -> None:
        """Forget all words. They are read again where they are needed."""
        self._forget(self._next)

    def _hold(self, pairs: Array) -> None:
        """Read those articles that are not held."""
        needed = np.unique(self.rank[pairs])
        articles = self._by_rank[needed]
        missing = articles[self._serial[articles] < self._first]
        self._forget_before(int(needed[0]))
        if self.held + len(missing) > _HELD:
            self.forget()
            missing = articles
        for at in range(0, len(missing), _BATCH):
            self._read(missing[at : at + _BATCH])

    def _forget_before(self, rank: int) -> None:
        """Forget articles that come before all that are needed, once they are many: the others are moved then."""
        gone = 0
        while gone < len(self._batches) and self._batches[gone][1] < rank:
            gone += 1
        if 4 * gone > len(self._batches):
            for _ in range(gone):
                first = self._batches.popleft()[0]
            self._forget(first)

    def _forget(self, first: int) -> None:
        if first == self._next:
            self._batches.clear()
        self._comparer.forget(first - self._first)
        self._first = first

    def _read(self, members: Array) -> None:
        last = int(self.rank[members].max())
        # In the order in which they are stored.
        members = members[np.argsort(self._articles.stored[members])]
        titles, texts = [], []
        for title, text in self._articles.texts(members.tolist()):
            titles.append(repaired(title))
            texts.append(repaired(text))
        outlets, times = self._articles.outlets[members], self._articles.times[members]
        self._comparer.add(titles, texts, outlets.tobytes(), times.tobytes())
        self.sizes[members] = np.frombuffer(self._comparer.sizes(self._next - self._first), np.int32)
        self._serial[members] = np.arange(self._next, self._next + len(members))
        self._next += len(members)
        self._batches.append((self._next, last))
