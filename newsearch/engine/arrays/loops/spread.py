"""Columns whose articles lie in several arrays, one for each segment, and are read where they lie, in mapped files.

Joined to one array, the columns of ten million articles would take more memory than all else that a search needs.
The compiled loops read them through `opened`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._cached import cached_property
from newsearch._compiled import compiled

Array: TypeAlias = NDArray[Any]


class Spread:
    """A column over several segments, whose articles are numbered from one to the next.

    Args:
        parts: the column in each segment, one number for each article.
        dtype: a type that holds all of them, by default the one that numpy would join them to.
    """

    def __init__(self, parts: Sequence[Array], dtype: Any = None) -> None:
        self._parts = parts
        self._starts = np.cumsum([0, *map(len, parts)])
        self.dtype = np.dtype(dtype) if dtype is not None else np.result_type(np.uint8, *parts)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def nbytes(self) -> int:
        """The bytes of all parts."""
        return sum(part.nbytes for part in self._parts)

    def take(self, docs: Array) -> Array:
        """The numbers of some articles. Raises ValueError or IndexError if one of them is not in any part."""
        if _twin is None:
            return self.joined().take(docs)
        values = np.empty(len(docs), self.dtype)
        _twin.take(self.opened, docs, values)
        return values

    def __getitem__(self, docs: Array | slice) -> Array:
        if not isinstance(docs, slice):
            return self.take(docs)
        return self.joined() if docs == slice(None) else self.take(np.arange(len(self))[docs])

    def joined(self) -> Array:
        """The numbers of all articles, as an array of their own."""
        return np.concatenate([np.empty(0, self.dtype), *self._parts], dtype=self.dtype)

    @cached_property
    def opened(self) -> Any:
        """What the compiled loops read."""
        assert _twin is not None
        return _twin.opened(list(self._parts))


class Table:
    """Several columns side by side."""

    def __init__(self, columns: Sequence[Spread]) -> None:
        self.columns = tuple(columns)

    def take(self, docs: Array) -> Array:
        """The numbers of some articles: shape (articles, columns)."""
        return np.stack([column.take(docs) for column in self.columns], axis=1)


_twin = compiled(f"{__package__}._spread", {})
