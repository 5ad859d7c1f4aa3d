"""Groups of copies among many articles, each of which is known by its signature until it must be compared.

All pairs that could be copies are compared, and what is known of them is kept. A set of articles that differs from an
earlier one only in some takes over what is known of the others. The groups depend on nothing but the articles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.stories import signatures
from newsearch.stories.comparing import comparer
from newsearch.stories.copies import WINDOW, grouped
from newsearch.stories.wording import repaired

Array: TypeAlias = NDArray[Any]

VERSION = 2
"""Raised when articles are compared in another way. What was known before does not hold then."""

_BATCH = 1024
"""Articles or pairs that are compared at once. Other threads run in between."""

_SLICE = 100_000
"""Pairs whose articles are read together."""

_HELD = 200_000
"""Articles whose words may be held before others are read, about 600 bytes each."""


class Gathered(Protocol):
    """Articles that may be copies of each other, numbered in an order that depends only on them."""

    @property
    def times(self) -> Array:
        """When they were published, in seconds, float64. A day without a time counts as noon; NaN if unknown."""

    @property
    def outlets(self) -> Array:
        """The number of each one's outlet, int32; 0 if unknown."""

    @property
    def signatures(self) -> NDArray[np.uint64]:
        """See `stories.signatures`; shape (articles, 2)."""

    @property
    def stored(self) -> Array:
        """Where each of them is stored: those that are next to each other are read together."""

    def texts(self, numbers: Sequence[int]) -> Iterable[tuple[str, str]]:
        """The title and the text of some of them."""


class KnownGroups(NamedTuple):
    """The groups of copies among some articles, and what else is known of these.

    A key covers the id and the content of an article. What is known of two articles therefore holds wherever both are.

    Attributes:
        key: a key of each article, ascending.
        first, second, closeness: pairs of copies, as places in `key`, and their relation.
        member, group: the articles that have copies, as places in `key`, and a number for each group: the place of one
            of its articles.
        crowded_titles, crowded_texts: the crowded shingles, see `signatures.candidates`.
        compared_counts, compared: for each article, how many later ones share a crowded shingle with it, were compared,
            and are no copies; and the places of these.
    """

    key: Array
    first: Array
    second: Array
    closeness: Array
    member: Array
    group: Array
    crowded_titles: Array
    crowded_texts: Array
    compared_counts: Array
    compared: Array

    @property
    def others(self) -> Array:
        """The pairs in `compared`, m x 2."""
        first = np.repeat(np.arange(len(self.compared_counts)), self.compared_counts)
        return np.stack([first, self.compared.astype(np.int64)], axis=1)


NOTHING = KnownGroups(
    np.empty(0, np.uint64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.uint16),
    np.empty(0, np.int32),
)


def is_sound(found: KnownGroups) -> bool:
    """Whether these arrays fit together, as they do unless they come from a damaged file."""
    places = np.concatenate([found.first, found.second, found.member, found.group, found.compared])
    return bool(
        len(found.first) == len(found.second) == len(found.closeness)
        and len(found.member) == len(found.group)
        and (not len(places) or (places.min() >= 0 and places.max() < len(found.key)))
        and (found.key[1:] > found.key[:-1]).all()
        and (found.closeness >= 1).all()
        and len(found.compared_counts) == len(found.key)
        and found.compared_counts.sum(dtype=np.int64) == len(found.compared)
        and all(
            not len(shingles) or (shingles.min() > 0 and shingles.max() < 1 << signatures.BITS)
            for shingles in (found.crowded_titles, found.crowded_texts)
        )
    )


def keys_of(ids: Array, contents: Array) -> Array:
    """The keys of articles.

    Args:
        ids, contents: hashes of their ids and of their contents, uint64.
    """
    key: Array = (ids ^ (ids >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + contents
    return key


def grouped_anew(articles: Gathered, key: Array, known: KnownGroups) -> KnownGroups:
    """The groups of some articles.

    Args:
        key: of each of them, ascending.
        known: of other articles, some of which may be among these.
    """
    # Ids are unique, and hashes practically so. Otherwise one article would be taken for another.
    if (key[1:] == key[:-1]).any():
        known = NOTHING
    words = _Words(articles)
    count = len(key)
    place, is_here = np.searchsorted(key, known.key), _are_among(known.key, key)
    fresh = np.ones(count, bool)
    fresh[place[is_here]] = False
    signed = articles.signatures
    pairs = signatures.candidates(
        signed,
        articles.times,
        WINDOW,
        fresh if len(known.key) else None,
        (known.crowded_titles.tolist(), known.crowded_texts.tolist()),
    )
    both = is_here[known.first] & is_here[known.second]
    old = np.sort(np.stack([place[known.first[both]], place[known.second[both]]], axis=1), axis=1)
    was = known.closeness[both]
    others = known.others
    others = place[others[is_here[others].all(axis=1)]]
    before = _edges(old, was)
    # Of the pairs that were copies before, keep those that would be compared today.
    still = signatures.still_paired(signed, old)
    wanted, known_copies = _numbers(pairs, count), _numbers(old, count)
    still |= _are_among(known_copies, wanted)
    edges = _edges(old[still], was[still])
    # Places of articles that are still here are in the same order as before.
    is_other = _are_among(wanted, _numbers(others, count))
    is_new = ~is_other & ~_are_among(wanted, np.sort(known_copies))
    relations = words.relations(pairs[is_new])
    edges |= _edges(pairs[is_new][relations >= 1], relations[relations >= 1])
    # Other pairs of crowded shingles would be compared again and again.
    fresh_pairs = pairs[is_new][relations < 1]
    fresh_pairs = fresh_pairs[signatures.sharing_crowded(signed, fresh_pairs)]
    others = np.concatenate([pairs[is_other], fresh_pairs])
    others = others[np.lexsort((others[:, 1], others[:, 0]))]

    changed = {end for pair in edges.keys() ^ before.keys() for end in pair}
    for ends in (known.first[~both], known.second[~both]):
        changed.update(place[ends[is_here[ends]]].tolist())
    # Where nothing has changed, groups stay as they are.
    labels: dict[int, int] = {}
    for member, label in zip(known.member.tolist(), known.group.tolist(), strict=True):
        if is_here[member]:
            labels[int(place[member])] = -1 - label
    stale = sorted(
        member for members in _components(edges) if not changed.isdisjoint(members) for member in members
    )
    for member in changed.union(stale):
        labels.pop(member, None)
    labels |= words.grouped(stale, edges)
    groups: dict[int, list[int]] = {}
    for member in sorted(labels):
        groups.setdefault(labels[member], []).append(member)
    several = [members for members in groups.values() if len(members) > 1]
    ends = np.array(sorted(edges), np.int64).reshape(-1, 2)
    titles, texts = signatures.crowded(signed)
    return KnownGroups(
        key,
        ends[:, 0],
        ends[:, 1],
        np.array([edges[pair] for pair in sorted(edges)], np.float64),
        np.array([member for members in several for member in members], np.int64),
        np.array([members[0] for members in several for _ in members], np.int64),
        titles,
        texts,
        np.bincount(others[:, 0], minlength=count).astype(np.uint16),
        others[:, 1].astype(np.int32),
    )


def _numbers(pairs: Array, count: int) -> Array:
    found: Array = pairs[:, 0] * count + pairs[:, 1]
    return found


def groups_among(articles: Gathered) -> dict[int, int]:
    """For each of some articles that has copies among them, one of its group."""
    words = _Words(articles)
    pairs = signatures.candidates(articles.signatures, articles.times, WINDOW)
    relations = words.relations(pairs)
    edges = _edges(pairs[relations >= 1], relations[relations >= 1])
    return words.grouped(sorted({end for pair in edges for end in pair}), edges) if edges else {}


def _are_among(values: Array, ascending: Array) -> NDArray[np.bool_]:
    place = np.searchsorted(ascending, values)
    found = place < len(ascending)
    found[found] = ascending[place[found]] == values[found]
    return found


def _edges(pairs: Array, closeness: Array) -> dict[tuple[int, int], float]:
    return {(i, j): value for (i, j), value in zip(pairs.tolist(), closeness.tolist(), strict=True)}


def _components(edges: Iterable[tuple[int, int]]) -> list[set[int]]:
    """The articles that are connected by edges."""
    component: dict[int, set[int]] = {}
    for i, j in edges:
        one, other = component.setdefault(i, {i}), component.setdefault(j, {j})
        if one is not other:
            larger, smaller = (one, other) if len(one) >= len(other) else (other, one)
            larger |= smaller
            component.update(dict.fromkeys(smaller, larger))
    return list({id(members): members for members in component.values()}.values())


class _Words:
    """The words of articles, read when they are compared."""

    def __init__(self, articles: Gathered) -> None:
        self._articles = articles
        self._comparer = comparer()
        self._number = np.full(len(articles.times), -1, np.int64)
        self._count = 0

    def relations(self, pairs: Array) -> NDArray[np.float64]:
        """The `relation` of each pair of articles."""
        found = np.empty(len(pairs))
        # Articles that are compared with each other are of the same days.
        order = np.argsort(self._articles.times[pairs[:, 0]], kind="stable")
        for start in range(0, len(pairs), _SLICE):
            some = order[start : start + _SLICE]
            is_needed = np.zeros(len(self._number), bool)
            is_needed[pairs[some]] = True
            self._read(np.flatnonzero(is_needed))
            for at in range(0, len(some), _BATCH):
                few = some[at : at + _BATCH]
                numbers = np.ascontiguousarray(self._number[pairs[few]])
                found[few] = np.frombuffer(self._comparer.relations(numbers))
        return found

    def grouped(self, members: Sequence[int], edges: dict[tuple[int, int], float]) -> dict[int, int]:
        """The group of each article among some; all edges of theirs are among them."""
        at = {member: i for i, member in enumerate(members)}
        numbers = np.array(members, np.int64)
        sizes = self._sizes(numbers)
        known = [(at[i], at[j], closeness) for (i, j), closeness in edges.items() if i in at]

        def relate(pairs: list[tuple[int, int]]) -> list[float]:
            found: list[float] = self.relations(numbers[np.array(pairs)]).tolist()
            return found

        labels = grouped(sizes, self._articles.times[numbers].tolist(), members, known, relate)
        return {member: members[label] for member, label in zip(members, labels, strict=True)}

    def _sizes(self, members: Array) -> list[int]:
        found = []
        for start in range(0, len(members), _SLICE):
            some = members[start : start + _SLICE]
            self._read(some)
            found += np.frombuffer(self._comparer.sizes(), np.int32)[self._number[some]].tolist()
        return found

    def _read(self, members: Array) -> None:
        if self._count > _HELD:
            self._comparer.forget()
            self._number[:] = -1
            self._count = 0
        members = members[self._number[members] < 0]
        # In the order in which they are stored.
        members = members[np.argsort(self._articles.stored[members])]
        outlets, times = self._articles.outlets, self._articles.times
        for at in range(0, len(members), _BATCH):
            some = members[at : at + _BATCH]
            titles, texts = [], []
            for title, text in self._articles.texts(some.tolist()):
                titles.append(repaired(title))
                texts.append(repaired(text))
            self._comparer.add(titles, texts, outlets[some].tobytes(), times[some].tobytes())
            self._number[some] = np.arange(self._count, self._count + len(some))
            self._count += len(some)
