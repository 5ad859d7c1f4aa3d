"""Which articles are about one event: a pure function of a set of articles with dates and outlets.

Each article is a vector of its terms. Title and text are weighted and normalised to length one separately, which keeps
a long text from drowning the headline, and then added (TITLE). A term weighs (1 + log tf) * idf ** POWER. A power
below 1 gives the many middling words of an event some weight next to its one rare name.

The similarity of two articles is the cosine of their vectors times a Gaussian of the time between them:

    k(a, b) = cos(a, b) * exp(-(hours(a, b) / HOURS)^2 / 2) * (SAME_OUTLET if one outlet published both else 1)

Time improves tf-idf clustering of news streams most (Miranda et al., "Multilingual clustering of streaming news",
EMNLP 2018). Articles of one outlet are similar through its templates, so their similarity counts less. Short texts on
one event may have no word in common. Each vector is therefore first moved towards those of its nearest neighbours (see
`smoothing`).

Groups are then joined by centroid linkage (see `linkage`) if their closeness is at least THRESHOLD. Groups of more than
MANY articles together must cohere more. Titles alone have less in common than whole texts, so an article without a text
counts as MANY / MANY_TITLES of one.

Numbers are anchors: they are rare, and therefore weigh much. They are also vetoes. If the titles of two articles hold
numbers, but none in common, the articles tell of different days, places or products of one topic, and their similarity
is multiplied by OTHER_NUMBERS. `linkage` has the constants of k.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from newsearch.stories.likeness import Floats, Places, Vectors, alike
from newsearch.stories.linkage import HOURS, Facts, Marks, linked
from newsearch.stories.smoothing import merged, smoothed, strongest

WINDOW: Final = 2 * HOURS
"""Articles further apart, in hours, are not compared: the Gaussian is .14 there."""

TITLE: Final = 0.5
POWER: Final = 0.7
THRESHOLD: Final = 0.33

COMMON: Final = 0.05
"""Terms in more than this share of the collection do not characterise an event."""

_FEW: Final = 50
"""In small collections, only terms in more articles than this count as frequent."""

TERMS: Final = 24
"""Number of strongest terms kept per article; twice as many after smoothing."""

_NEAREST: Final = 0.3
"""Minimum cosine for articles to share their terms in smoothing."""
_NEAREST_OF_FEW: Final = 0.25
_FEW_ARTICLES: Final = 1_000
"""The same in a collection of fewer articles than this. There, rare and common words differ less in weight, and
articles on one event are less alike."""
_DIGITS: Final = frozenset("0123456789")

YEARS: Final = np.array([zlib.crc32(str(year).encode()) for year in range(1900, 2100)], np.uint32)
"""The hashes of numbers that distinguish no events: the titles of many events in a year contain it."""

MANY: Final = 10
"""Groups of more articles must cohere more to be joined: see `linkage`."""

MANY_TITLES: Final = 400
"""The same number for articles that have only a title."""


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
    # Everything below works in an order that depends only on the articles.
    order = sorted(range(count), key=lambda i: (reports[i].time, reports[i].key))
    ranked = [reports[i] for i in order]
    together = np.arange(count)
    if copies is not None:
        place = {i: rank for rank, i in enumerate(order)}
        first: dict[int, int] = {}
        for rank, i in enumerate(order):
            together[rank] = first.setdefault(copies[i], place[i])
    label = grouped(
        _bags(ranked, frequencies, total),
        np.array([report.time for report in ranked]),
        _numbered([report.outlet for report in ranked]),
        together,
        threshold,
    )
    found = [0] * count
    for rank, i in enumerate(order):
        found[i] = order[label[rank]]
    return found


@dataclass(slots=True)
class Bags:
    """The terms of articles, which are in the order of their times.

    Attributes:
        title, text: for each term of an article, the sorted cell article * size + term, and how often it occurs.
        rarity: the weight of each term, 0 for terms that do not characterise an event; `size` of them.
        marks: for each number among the terms, its `number_marks`; 0 for other terms and for YEARS.
        total: the number of articles in the collection.
    """

    title: tuple[Places, Places]
    text: tuple[Places, Places]
    rarity: Floats
    marks: Marks
    total: int


def number_marks(hashes: Marks) -> Marks:
    """One of 64 bits for each number, given as the crc32 of its term. Two numbers with one bit count as equal."""
    found: Marks = np.uint64(1) << hashes.astype(np.uint64) % np.uint64(64)
    return found


def rarities(frequency: Places, total: int) -> Floats:
    """The weight of terms.

    Args:
        frequency: the number of articles in the collection that contain each term.
        total: the number of articles in the collection.
    """
    # If there are few articles, all on one event, a term in all of them is still informative.
    rarity: Floats = np.log1p(total / np.maximum(frequency, 1)) ** POWER
    rarity[frequency > max(_FEW, COMMON * total)] = 0
    return rarity


def grouped(
    bags: Bags, times: Floats, outlets: Places, together: Places, threshold: float = THRESHOLD
) -> Places:
    """Group articles that are in the order of their times, then of their keys.

    Args:
        times: in seconds.
        outlets: a number for the outlet of each; 0 if unknown.
        together: for each, the smallest index of the articles that it must be grouped with.

    Returns:
        For each, the smallest index in its story.
    """
    count = len(times)
    hours = times / 3600
    horizons = np.searchsorted(hours, hours + WINDOW, side="right")
    nearest = _NEAREST if bags.total >= _FEW_ARTICLES else _NEAREST_OF_FEW
    vectors = _smoothed(_vectors(bags, count).numbered(), horizons, nearest)
    size = len(bags.rarity)
    bulk = np.full(count, 1 / MANY_TITLES)
    bulk[bags.text[0][bags.rarity[bags.text[0] % size] > 0] // size] = 1 / MANY
    facts = Facts(hours, outlets, _marks(bags, count))
    return linked(vectors, horizons, facts, together, bulk, threshold)


def _marks(bags: Bags, count: int) -> Marks:
    """The numbers in the title of each article, as far as they characterise an event."""
    cells, size = bags.title[0], len(bags.rarity)
    marks = np.where(bags.rarity > 0, bags.marks, np.uint64(0))[cells % size]
    found = np.zeros(count, np.uint64)
    held = marks != 0
    np.bitwise_or.at(found, cells[held] // size, marks[held])
    return found


def _bags(reports: Sequence[Report], frequencies: Mapping[str, int] | None, total: int) -> Bags:
    titles = [term for report in reports for term in report.title]
    texts = [term for report in reports for term in report.text]
    # The rounding of sums depends on the order of the terms. An index orders them by their hashes.
    hashed = sorted((zlib.crc32(term.encode()), term) for term in {*titles, *texts})
    vocabulary = {term: number for number, (_, term) in enumerate(hashed)}
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
        frequency = np.array([frequencies.get(term, 1) for term in vocabulary] or [1], np.int64)
    hashes = np.array([hash_ for hash_, _ in hashed] or [0], np.uint64)
    is_number = [term[:1] in _DIGITS for term in vocabulary] or [False]
    marks = np.where(np.array(is_number) & ~np.isin(hashes, YEARS), number_marks(hashes), np.uint64(0))
    return Bags(parts[0], parts[1], rarities(frequency, total), marks, total)


def _vectors(bags: Bags, count: int) -> Vectors:
    size = len(bags.rarity)
    found = []
    for (cells, times), share in ((bags.title, TITLE), (bags.text, 1 - TITLE)):
        weights = (1 + np.log(times)) * bags.rarity[cells % size]
        lengths_of = np.sqrt(np.bincount(cells // size, weights * weights, count))
        present = weights > 0
        cells, weights = cells[present], weights[present]
        found.append((cells, share * weights / lengths_of[cells // size]))
    return strongest(*merged(found[0], found[1]), size, TERMS, count)


def _smoothed(vectors: Vectors, horizons: Places, nearest: float) -> Vectors:
    """Each vector moved towards those of its neighbours."""
    one, other, likeness = alike(vectors, horizons, nearest)
    if not len(one):
        return vectors
    return smoothed(vectors, len(horizons), one, other, likeness, 2 * TERMS)


def _numbered(names: Sequence[str]) -> Places:
    """A number for each name; 0 for an empty one."""
    numbers = {"": 0}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)
