"""Which pairs of sparse vectors are alike? Their dot products, as far as they are not small.

The Python version multiplies blocks of postings in numpy, and is the reference. If a compiler was available when
newsearch was installed, `_likeness.c` replaces it: it adds up one row of products at a time, in the same order, and
gives the same numbers in a tenth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from newsearch._compiled import compiled

Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Places: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
Numbers: TypeAlias = "np.ndarray[Any, np.dtype[np.uint32]]"

MAX_TERMS: Final = (1 << 31) - 1
"""The highest number of terms."""

_CELLS: Final = 1 << 19


@dataclass(slots=True)
class Vectors:
    """Sparse vectors as postings: article, term and weight of each; sorted by article, then by term."""

    articles: Places
    terms: Places
    weights: Floats

    @property
    def size(self) -> int:
        """More than the number of any term."""
        return int(self.terms.max(initial=-1)) + 1

    def numbered(self) -> Vectors:
        """The same with terms that are numbered without gaps, in their order."""
        is_used = np.zeros(self.size, np.bool_)
        is_used[self.terms] = True
        number = np.cumsum(is_used) - 1
        return Vectors(self.articles, number[self.terms], self.weights)

    def starts(self, count: int) -> Places:
        """The place of the first posting of each of so many articles, and the end."""
        return np.searchsorted(self.articles, np.arange(count + 1))


def alike(vectors: Vectors, horizons: Places, least: float) -> tuple[Numbers, Numbers, Floats]:
    """The pairs of vectors with a dot product of at least `least`: smaller index, larger index, product.

    Args:
        horizons: for each vector, the end of the later vectors that it is compared with; never decreasing.
        least: above 0.

    Returns:
        Sorted by the smaller index, then by the larger.
    """
    if _compiled is None:
        return alike_in_numpy(vectors, horizons, least)
    starts = vectors.starts(len(horizons))
    found = _compiled.alike(starts, vectors.terms, vectors.weights, horizons, vectors.size, least)
    # There may be millions of pairs: nothing of them is copied that need not be.
    one, other = (np.frombuffer(part, np.uint32) for part in found[:2])
    return one, other, np.frombuffer(found[2], np.float64)


def alike_in_numpy(vectors: Vectors, horizons: Places, least: float) -> tuple[Numbers, Numbers, Floats]:
    """The same without the compiled module."""
    count = len(horizons)
    if not count:
        return np.empty(0, np.uint32), np.empty(0, np.uint32), np.empty(0)
    order = np.argsort(vectors.terms, kind="stable")
    articles, terms, weights = vectors.articles[order], vectors.terms[order], vectors.weights[order]
    keys = terms * (count + 1)
    ends = np.searchsorted(keys + articles, keys + horizons[articles])
    # for each posting, the later postings of its term, for a block of articles at a time
    by_article = np.argsort(articles, kind="stable")
    bounds = np.searchsorted(articles[by_article], np.arange(count + 1))
    found: list[tuple[Places, Places, Floats]] = []
    start = 0
    while start < count:
        rows = min(count - start, max(1, _CELLS // int(horizons[start] - start)))
        while rows > 1 and rows * int(horizons[start + rows - 1] - start) > 2 * _CELLS:
            rows //= 2
        stop = start + rows
        width = int(horizons[stop - 1] - start)
        postings = by_article[bounds[start] : bounds[stop]]
        after = ends[postings] - postings - 1
        later = spread(postings + 1, after)
        cells = np.repeat((articles[postings] - start) * width, after) + (articles[later] - start)
        sums = np.bincount(
            cells, np.repeat(weights[postings], after) * weights[later], (stop - start) * width
        )
        cells = np.flatnonzero(sums >= least)
        found.append((cells // width + start, cells % width + start, sums[cells].astype(np.float64)))
        start = stop
    one, other, likeness = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return one.astype(np.uint32), other.astype(np.uint32), likeness.astype(np.float64)


def spread(starts: Places, sizes: Places) -> Places:
    """Consecutive numbers from each start, as many as the matching size."""
    skipped = np.cumsum(sizes) - sizes
    return np.repeat(starts - skipped, sizes) + np.arange(int(sizes.sum()))


_compiled = compiled(f"{__package__}._likeness", {"MAX_TERMS": MAX_TERMS})
