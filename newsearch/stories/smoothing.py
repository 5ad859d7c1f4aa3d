"""What do vectors become that are moved towards those of their neighbours?

Short texts on one event may have no word in common. Each vector is therefore moved towards the mean of its NEIGHBOURS
nearest neighbours, weighted by similarity (Rocchio's feedback used as document expansion).

The Python version does this in numpy, and is the reference. If a compiler was available when newsearch was installed,
`_smoothing.c` replaces it: it makes one vector at a time, and gives the same numbers in a tenth of the time.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from newsearch._compiled import compiled
from newsearch.stories.likeness import MAX_TERMS, Floats, Numbers, Places, Vectors, spread

SMOOTHING: Final = 0.5

NEIGHBOURS: Final = 16
"""The maximum number of neighbours whose terms an article shares."""


def smoothed(
    vectors: Vectors, count: int, one: Numbers, other: Numbers, likeness: Floats, most: int
) -> Vectors:
    """Move vectors towards those of their neighbours.

    Args:
        count: the number of articles.
        one, other, likeness: the pairs of neighbours, as `alike` returns them.
        most: the number of strongest terms that are kept of each.

    Returns:
        Vectors of length one.
    """
    if _compiled is None:
        return smoothed_in_numpy(vectors, count, one, other, likeness, most)
    arrays = vectors.starts(count), vectors.terms, vectors.weights, one, other, likeness
    articles, terms, weights = _compiled.smoothed(*arrays, vectors.size, most)
    return Vectors(
        np.frombuffer(articles, np.int64), np.frombuffer(terms, np.int64), np.frombuffer(weights, np.float64)
    )


def smoothed_in_numpy(
    vectors: Vectors, count: int, one: Numbers, other: Numbers, likeness: Floats, most: int
) -> Vectors:
    """As `smoothed`, without the compiled module."""
    to, of = (np.concatenate(pair).astype(np.int64) for pair in ((one, other), (other, one)))
    share = np.concatenate([likeness, likeness])
    # An article has more neighbours of its topic than of its event, but those of its event are nearer.
    has_many = np.bincount(to, minlength=count)[to] > NEIGHBOURS
    if has_many.any():
        crowd = np.flatnonzero(has_many)
        order = crowd[np.lexsort((of[crowd], -share[crowd], to[crowd]))]
        first = np.searchsorted(to[order], np.arange(count))
        far = order[np.arange(len(order)) - first[to[order]] >= NEIGHBOURS]
        kept = np.ones(len(to), np.bool_)
        kept[far] = False
        to, of, share = to[kept], of[kept], share[kept]
    share *= SMOOTHING / np.bincount(to, share, count)[to]
    sizes = np.bincount(vectors.articles, minlength=count)
    starts = np.cumsum(sizes) - sizes
    lent = spread(starts[of], sizes[of])
    size = max(1, vectors.size)
    lending = (
        np.repeat(to, sizes[of]) * size + vectors.terms[lent],
        np.repeat(share, sizes[of]) * vectors.weights[lent],
    )
    cells, weights = merged((vectors.articles * size + vectors.terms, vectors.weights), lending)
    return _strongest(cells, weights, size, most, count)


def strongest(cells: Places, weights: Floats, size: int, most: int, count: int) -> Vectors:
    """Unit vectors of each article's strongest terms; cell article * size + term has its weight."""
    articles, terms = np.divmod(cells, size)
    none = np.empty(0, np.uint32)
    return smoothed(Vectors(articles, terms, weights), count, none, none, np.empty(0), most)


def merged(*parts: tuple[Places, Floats]) -> tuple[Places, Floats]:
    """The sums of weights in the same cell, in cell order."""
    cells, weights = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    # A stable sort is fast, because the cells of each part are in order.
    order = np.argsort(cells, kind="stable")
    cells = cells[order]
    is_first = np.diff(cells, prepend=-1) > 0
    sums = np.bincount(np.cumsum(is_first) - 1, weights[order])
    return cells[is_first], sums.astype(np.float64)


def _strongest(cells: Places, weights: Floats, size: int, most: int, count: int) -> Vectors:
    articles, terms = cells // size, cells % size
    starts = np.searchsorted(articles, np.arange(count))
    if len(cells) and (np.bincount(articles) > most).any():
        # Within an article by descending weight, then by term.
        order = np.argsort(2.0 * articles - weights / weights.max(), kind="stable")
        kept = np.sort(order[np.arange(len(order)) - starts[articles] < most])
        articles, terms, weights = articles[kept], terms[kept], weights[kept]
    lengths = np.sqrt(np.bincount(articles, weights * weights, count))
    return Vectors(articles, terms, weights / lengths[articles])


_compiled = compiled(
    f"{__package__}._smoothing",
    {"SMOOTHING": SMOOTHING, "NEIGHBOURS": NEIGHBOURS, "MAX_TERMS": MAX_TERMS},
)
