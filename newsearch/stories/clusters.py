"""Which articles are about one event: a pure function of a set of articles with dates and outlets.

Each article is a vector of its terms. Title and text are weighted and normalised to length one separately, which keeps
a long text from drowning the headline, and then added (TITLE). A term weighs (1 + log tf) * idf ** POWER. A power
below 1 gives the many middling words of an event some weight beside its one rare name.

The similarity of two articles is the cosine of their vectors times a Gaussian of the time between them:

    k(a, b) = cos(a, b) * exp(-(hours(a, b) / HOURS)^2 / 2) * (SAME_OUTLET if one outlet published both else 1)

Time improves tf-idf clustering of news streams most (Miranda et al., "Multilingual clustering of streaming news",
EMNLP 2018). Articles of one outlet are similar through its templates, so their similarity counts less. Short texts on
one event may have no word in common. Each vector is therefore first moved towards those of its nearest neighbours
(SMOOTHING; Rocchio's feedback used as document expansion).

Groups are then joined by centroid linkage. The closeness of two groups is the cosine of their centroids. Since k is a
product of kernels, it can be computed from sums of k:

    closeness(A, B) = K(A, B) / sqrt(K(A, A) * K(B, B)),  K(A, B) = sum of k(a, b) over a in A and b in B

In each round, two groups that are each other's closest are joined if their closeness exceeds THRESHOLD. A single pair
of articles cannot join two groups, and the result does not depend on the order of the articles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Places: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

HOURS: Final = 72.0
WINDOW: Final = 2 * HOURS
"""Articles further apart, in hours, are not compared: the Gaussian is .14 there."""

TITLE: Final = 0.5
POWER: Final = 0.7
SAME_OUTLET: Final = 0.1
THRESHOLD: Final = 0.33
SMOOTHING: Final = 0.5

COMMON: Final = 0.05
"""Terms in more than this share of the collection do not characterise an event."""

_FEW: Final = 50
"""In small collections, only terms in more articles than this count as frequent."""

TERMS: Final = 24
"""Number of strongest terms kept per article; twice as many after smoothing."""

_NEAREST: Final = 0.3
"""Minimum cosine for articles to share their terms in smoothing."""
_LEAST: Final = 0.1
"""Smaller similarities count as zero."""
_CELLS: Final = 1 << 19


@dataclass(frozen=True, slots=True)
class Report:
    """An article as input for stories.

    Attributes:
        key: a unique name, such as the article's id; breaks ties.
        time: publication time, in seconds since 1970.
        outlet: who published it; empty if unknown.
        title, text: their terms, as stems.
    """

    key: str
    time: float
    outlet: str
    title: Sequence[str]
    text: Sequence[str]


def stories(
    reports: Sequence[Report],
    frequencies: Mapping[str, int] | None = None,
    total: int = 0,
    copies: Sequence[int] | None = None,
    threshold: float = THRESHOLD,
) -> list[int]:
    """Group articles into stories.

    Args:
        reports: the articles.
        frequencies: number of articles in the collection that contain each term; by default counted in `reports`.
        total: number of articles in the collection.
        copies: for each article, the index of the one that represents its group of copies, as `copies.groups` returns;
            copies stay together.
        threshold: minimum closeness for groups to be joined, 0 to 1.

    Returns:
        For each article, the index of the first report of its story.
    """
    count = len(reports)
    if not count:
        return []
    # everything below works in an order that depends only on the articles
    order = sorted(range(count), key=lambda i: (reports[i].time, reports[i].key))
    ranked = [reports[i] for i in order]
    hours = np.array([report.time for report in ranked]) / 3600
    horizons = np.searchsorted(hours, hours + WINDOW, side="right")
    vectors = _smoothed(_vectors(ranked, frequencies, total), horizons)
    one, other, likeness = _alike(vectors, horizons, _LEAST)
    outlets = _numbered([report.outlet for report in ranked])
    likeness *= np.exp(-(((hours[one] - hours[other]) / HOURS) ** 2) / 2)
    likeness[(outlets[one] == outlets[other]) & (outlets[one] > 0)] *= SAME_OUTLET
    together = np.arange(count)
    if copies is not None:
        place = {i: rank for rank, i in enumerate(order)}
        first: dict[int, int] = {}
        for rank, i in enumerate(order):
            together[rank] = first.setdefault(copies[i], place[i])
    label = _joined(count, one, other, likeness, together, threshold)
    found = [0] * count
    for rank, i in enumerate(order):
        found[i] = order[label[rank]]
    return found


@dataclass(slots=True)
class _Vectors:
    """Sparse vectors as postings: article, term and weight of each; sorted by article."""

    articles: Places
    terms: Places
    weights: Floats


def _vectors(reports: Sequence[Report], frequencies: Mapping[str, int] | None, total: int) -> _Vectors:
    titles = [term for report in reports for term in report.title]
    texts = [term for report in reports for term in report.text]
    # sorted, because the rounding of sums depends on the order of the terms
    vocabulary = {term: number for number, term in enumerate(sorted({*titles, *texts}))}
    count, size = len(reports), max(1, len(vocabulary))
    parts = []
    for terms, lengths in (
        (titles, [len(report.title) for report in reports]),
        (texts, [len(report.text) for report in reports]),
    ):
        cells = np.repeat(np.arange(count), lengths) * size
        cells += np.array([vocabulary[term] for term in terms], np.int64)
        parts.append(np.unique(cells, return_counts=True))
    if frequencies is None:
        total = count
        cells = np.unique(np.concatenate([cells for cells, _ in parts]))
        frequency = np.bincount(cells % size, minlength=size)
    else:
        frequency = np.array([frequencies.get(term, 1) for term in vocabulary], np.int64)
    # if there are few articles, all on one event, a term in all of them is still informative
    rarity = np.log1p(total / np.maximum(frequency, 1)) ** POWER
    rarity[frequency > max(_FEW, COMMON * total)] = 0
    found = []
    for (cells, times), share in zip(parts, (TITLE, 1 - TITLE), strict=True):
        weights = (1 + np.log(times)) * rarity[cells % size]
        lengths_of = np.sqrt(np.bincount(cells // size, weights * weights, count))
        present = weights > 0
        cells, weights = cells[present], weights[present]
        found.append((cells, share * weights / lengths_of[cells // size]))
    return _kept(*_merged(found[0], found[1]), size, TERMS, count)


def _merged(*parts: tuple[Places, Floats]) -> tuple[Places, Floats]:
    """The sums of weights in the same cell, in cell order."""
    cells, inverse = np.unique(np.concatenate([cells for cells, _ in parts]), return_inverse=True)
    weights = np.bincount(inverse, np.concatenate([weights for _, weights in parts]), len(cells))
    return cells, weights.astype(np.float64)


def _kept(cells: Places, weights: Floats, size: int, most: int, count: int) -> _Vectors:
    """Unit vectors of each article's strongest terms; cell article * size + term has its weight."""
    articles, terms = cells // size, cells % size
    starts = np.searchsorted(articles, np.arange(count))
    if len(cells) and (np.bincount(articles) > most).any():
        # within an article by descending weight, then by term
        order = np.argsort(2.0 * articles - weights / weights.max(), kind="stable")
        kept = np.sort(order[np.arange(len(order)) - starts[articles] < most])
        articles, terms, weights = articles[kept], terms[kept], weights[kept]
    lengths = np.sqrt(np.bincount(articles, weights * weights, count))
    return _Vectors(articles, terms, weights / lengths[articles])


def _smoothed(vectors: _Vectors, horizons: Places) -> _Vectors:
    """Each vector moved towards the mean of its neighbours, weighted by similarity."""
    count = len(horizons)
    one, other, likeness = _alike(vectors, horizons, _NEAREST)
    if not len(one):
        return vectors
    to, of = np.concatenate([one, other]), np.concatenate([other, one])
    share = np.concatenate([likeness, likeness])
    share *= SMOOTHING / np.bincount(to, share, count)[to]
    sizes = np.bincount(vectors.articles, minlength=count)
    starts = np.cumsum(sizes) - sizes
    lent = _spread(starts[of], sizes[of])
    size = int(vectors.terms.max()) + 1
    lending = (
        np.repeat(to, sizes[of]) * size + vectors.terms[lent],
        np.repeat(share, sizes[of]) * vectors.weights[lent],
    )
    cells, weights = _merged((vectors.articles * size + vectors.terms, vectors.weights), lending)
    return _kept(cells, weights, size, 2 * TERMS, count)


def _alike(vectors: _Vectors, horizons: Places, least: float) -> tuple[Places, Places, Floats]:
    """The pairs of vectors with a dot product of at least `least`: smaller index, larger index, product.

    Each vector is compared with later ones up to its horizon.
    """
    count = len(horizons)
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
        later = _spread(postings + 1, after)
        cells = np.repeat((articles[postings] - start) * width, after) + (articles[later] - start)
        sums = np.bincount(
            cells, np.repeat(weights[postings], after) * weights[later], (stop - start) * width
        )
        cells = np.flatnonzero(sums >= least)
        found.append((cells // width + start, cells % width + start, sums[cells].astype(np.float64)))
        start = stop
    one, other, likeness = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return one, other, likeness


def _spread(starts: Places, sizes: Places) -> Places:
    """Consecutive numbers from each start, as many as the matching size."""
    skipped = np.cumsum(sizes) - sizes
    return np.repeat(starts - skipped, sizes) + np.arange(int(sizes.sum()))


def _numbered(names: Sequence[str]) -> Places:
    """A number for each name; 0 for an empty one."""
    numbers = {"": 0}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)


def _joined(
    count: int, one: Places, other: Places, likeness: Floats, together: Places, threshold: float
) -> Places:
    """Join groups by centroid linkage; returns for each index the smallest index in its group."""
    label = together
    one, other = label[one], label[other]
    within = np.bincount(label, minlength=count).astype(np.float64)
    inside = one == other
    within += 2 * np.bincount(one[inside], likeness[inside], count)
    one, other, likeness = _summed(one[~inside], other[~inside], likeness[~inside], count)
    while len(one):
        closeness = likeness / np.sqrt(within[one] * within[other])
        close = np.flatnonzero(closeness >= threshold)
        if not len(close):
            break
        best = _best(one[close], other[close], closeness[close], count)
        groups = np.flatnonzero(best >= 0)
        groups = groups[(best[best[groups]] == groups) & (groups < best[groups])]
        to = np.arange(count)
        to[best[groups]] = groups
        label = to[label]
        one, other = to[one], to[other]
        inside = one == other
        within = np.bincount(to, within, count).astype(np.float64)
        within += 2 * np.bincount(one[inside], likeness[inside], count)
        touched = np.zeros(count, np.bool_)
        touched[groups] = True
        changed = (touched[one] | touched[other]) & ~inside
        same = ~changed & ~inside
        summed = _summed(one[changed], other[changed], likeness[changed], count)
        one, other, likeness = (
            np.concatenate([kept[same], new])
            for kept, new in zip((one, other, likeness), summed, strict=True)
        )
    return label


def _summed(one: Places, other: Places, likeness: Floats, count: int) -> tuple[Places, Places, Floats]:
    """Pairs of groups, each once and smaller first, with the sums of their similarities."""
    keys, inverse = np.unique(np.minimum(one, other) * count + np.maximum(one, other), return_inverse=True)
    return keys // count, keys % count, np.bincount(inverse, likeness, len(keys)).astype(np.float64)


def _best(one: Places, other: Places, closeness: Floats, count: int) -> Places:
    """The closest group of each group, with ties going to the smallest index; -1 if there is none."""
    nearest = np.zeros(count)
    np.maximum.at(nearest, one, closeness)
    np.maximum.at(nearest, other, closeness)
    best = np.full(count, count)
    for here, there in ((one, other), (other, one)):
        at = closeness == nearest[here]
        np.minimum.at(best, here[at], there[at])
    best[best == count] = -1
    return best
