"""By what factor is the text score of each article multiplied? Formulas are in ranking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import Boost
from newsearch.engine.arrays.segment import columns

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.column_view import ColumnView

Array: TypeAlias = NDArray[Any]

_CODES = 1 << 16
_FEW = 1 << 16
"""An index of no more articles takes less memory without codes."""

_BLOCK = kernel.CHUNK << 8
"""Articles whose factors are looked up together to find the highest."""


def boost_of(view: ColumnView, boosts: ranking.Boosts, as_of: float | None, tz: tzinfo) -> Boost:
    """The factors of all articles; see `ColumnView.boost`."""
    found = _coded(view, boosts) if view.articles > _FEW and boosts.half_life is None else None
    if found is None:
        factor = np.ones(view.articles)
        for name, weight in _signals(boosts):
            _multiply(view, name, weight, factor)
        if boosts.half_life is not None:
            factor *= recency(view, boosts, as_of, tz, slice(None))
        found = Boost(factor, None, factor)
    highest = [np.empty(0)]
    for start in range(0, view.articles, _BLOCK):
        factor = found.take(np.arange(start, min(start + _BLOCK, view.articles)))
        highest.append(np.maximum.reduceat(factor, np.arange(0, len(factor), kernel.CHUNK)))
    return found._replace(ceiling=np.concatenate(highest))


def recency(
    view: ColumnView, boosts: ranking.Boosts, as_of: float | None, tz: tzinfo, docs: slice
) -> ranking.Floats:
    """The recency factors of some articles."""
    assert boosts.half_life is not None
    ages = ((view.newest(tz) if as_of is None else as_of) - view.moments("date", tz, docs)) / columns.DAY
    factor: ranking.Floats = np.exp2(boosts.recency * ranking.recency(ages, boosts.half_life))
    return factor


def _signals(boosts: ranking.Boosts) -> tuple[tuple[str, float], ...]:
    return ("heat", boosts.heat), ("quality", boosts.quality)


def _coded(view: ColumnView, boosts: ranking.Boosts) -> Boost | None:
    """A code for each pair of heat and quality, or None if there are too many of these."""
    codes, factors = np.zeros(view.articles, np.uint16), np.ones(1)
    for name, weight in _signals(boosts):
        of_value = _factors(view, name, weight)
        if of_value is None:
            return None
        seen = np.zeros(len(of_value), bool)
        for _, values in _values(view, name):
            seen[values] = True
        factors = np.outer(factors, of_value[seen]).ravel()
        if len(factors) >= _CODES:
            return None
        number = (np.cumsum(seen) - 1).astype(np.uint16)
        for start, values in _values(view, name):
            of_segment = codes[start : start + len(values)]
            of_segment *= np.uint16(np.count_nonzero(seen))
            of_segment += number.take(values)
    return Boost(np.concatenate((factors, np.zeros(_CODES - len(factors)))), codes, factors)


def _multiply(view: ColumnView, name: str, weight: float, factor: ranking.Floats) -> None:
    """Multiply the factor of every article by its boost for heat or quality."""
    of_value = _factors(view, name, weight)
    if of_value is None:
        factor *= np.exp2(weight * ranking.signal(view.known(name), getattr(view.pivots, name)))
        return
    for start, values in _values(view, name):
        # Segment by segment, so that what is made on the way stays near the processor.
        factor[start : start + len(values)] *= of_value.take(values)


def _factors(view: ColumnView, name: str, weight: float) -> ranking.Floats | None:
    """The factor of each of `_values`: articles have few distinct ones. None if they are not small whole numbers."""
    parts = [segment.column(name) for segment in view.segments]
    if any(part.dtype.kind != "u" or part.dtype.itemsize > 2 for part in parts):
        return None
    highest = max((int(part.max(initial=0)) for part in parts), default=0)
    factors: ranking.Floats = np.exp2(
        weight * ranking.signal(np.arange(-1.0, highest + 1), getattr(view.pivots, name))
    )
    return factors


def _values(view: ColumnView, name: str) -> Iterator[tuple[int, Array]]:
    """For each segment the number of its first article, and for each article 1 more than its signal; 0 if unknown."""
    for start, segment in zip(view.starts, view.segments, strict=False):
        is_known = (segment.column("flag") & columns.KNOWN[name]) != 0
        yield start, (segment.column(name) + np.uint32(1)) * is_known
