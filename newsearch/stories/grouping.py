"""Groups of copies among many articles, each of which is known by its signature until it must be compared.

All pairs that could be copies are compared, and what is known of them is kept. A set of articles that differs from an
earlier one only in some takes over what is known of the others. The groups depend on nothing but the articles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.stories.copies import WINDOW, grouping
from newsearch.stories.known import NOTHING, KnownGroups
from newsearch.stories.pairing import Pairing
from newsearch.stories.words import Words

Array: TypeAlias = NDArray[Any]

_TOGETHER = 20_000
"""Articles whose groups are formed at once: they are compared together, and their words fit in memory."""


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


class _Edges(NamedTuple):
    """Pairs of copies, as places of articles, in ascending order, and their relation."""

    first: Array
    second: Array
    closeness: Array


def grouped_anew(articles: Gathered, key: Array, known: KnownGroups) -> KnownGroups:
    """The groups of some articles.

    Args:
        key: of each of them, ascending.
        known: of other articles, some of which may be among these.
    """
    # Ids are unique, and hashes practically so. Otherwise one article would be taken for another.
    if (key[1:] == key[:-1]).any():
        known = NOTHING
    count = len(key)
    place, is_here = np.searchsorted(key, known.key), _are_among(known.key, key)
    fresh = np.ones(count, bool)
    fresh[place[is_here]] = False
    pairing = Pairing(
        articles.signatures, articles.times, WINDOW, fresh if len(known.key) else None, known.crowded
    )
    words = Words(articles, pairing.rank)
    both = is_here[known.first] & is_here[known.second]
    # Places of articles that are still here are in the same order as before.
    old = _Edges(place[known.first[both]], place[known.second[both]], known.closeness[both])
    others = is_here[known.one] & is_here[known.other]
    compared = place[known.one[others]] * count + place[known.other[others]]
    edges, one, other = _compared(pairing, words, old, compared)

    changed = np.zeros(count, bool)
    before, now = (edges.first * count + edges.second for edges in (old, edges))
    differing = np.setxor1d(before, now, assume_unique=True)
    changed[differing // count] = changed[differing % count] = True
    ends = np.concatenate([known.first[~both], known.second[~both]])
    changed[place[ends[is_here[ends]]]] = True
    component = _components(edges, count)
    is_stale = np.zeros(count, bool)
    is_stale[component[changed]] = True
    is_stale = is_stale[component]
    # Where nothing has changed, groups stay as they are.
    group = np.arange(count)
    stays = is_here[known.member]
    member, label = place[known.member[stays]], place[known.group[stays]]
    stays = ~is_stale[member]
    group[member[stays]] = label[stays]
    is_formed = is_stale[edges.first]
    _form_groups(group, component, _Edges(*(array[is_formed] for array in edges)), articles.times, words)
    member = np.flatnonzero(np.bincount(group, minlength=count)[group] > 1)
    member = member[np.argsort(group[member], kind="stable")]
    return KnownGroups(key, *edges, member, group[member], pairing.crowded, one, other)


def groups_among(articles: Gathered) -> dict[int, int]:
    """For each of some articles that has copies among them, one of its group."""
    nothing = _Edges(*(np.empty(0, kind) for kind in (np.int64, np.int64, np.float64)))
    pairing = Pairing(articles.signatures, articles.times, WINDOW)
    words = Words(articles, pairing.rank)
    edges = _compared(pairing, words, nothing, nothing.first)[0]
    count = len(articles.times)
    group = np.arange(count)
    _form_groups(group, _components(edges, count), edges, articles.times, words)
    member = np.flatnonzero(np.bincount(group, minlength=count)[group] > 1)
    return dict(zip(member.tolist(), group[member].tolist(), strict=True))


def _compared(pairing: Pairing, words: Words, old: _Edges, compared: Array) -> tuple[_Edges, Array, Array]:
    """Compare what has not been compared.

    Args:
        old: copies that were found before.
        compared: other pairs that were compared before, as numbers, ascending.

    Returns:
        All copies; and the other pairs that crowded shingles have found: the first and the second of each.
    """
    count = len(pairing.rank)
    before = old.first * count + old.second
    is_pair = pairing.are_certain(np.stack([old.first, old.second], axis=1))
    copies, closeness, others = [], [], []
    for pairs in pairing.blocks():
        numbers = pairs.both[:, 0] * count + pairs.both[:, 1]
        is_old = _are_among(numbers, before)
        is_pair[np.searchsorted(before, numbers[is_old])] = True
        is_known = _are_among(numbers, compared)
        is_new = ~is_old & ~is_known
        relations = np.zeros(len(numbers))
        relations[is_new] = words.relations(pairs.both[is_new])
        is_copy = relations >= 1
        copies.append(numbers[is_copy])
        closeness.append(relations[is_copy])
        # The next generation would find them again, and compare them.
        others.append(numbers[~is_copy & ~is_old & pairs.is_crowded])
    if words.held > _TOGETHER:
        words.forget()
    numbers = np.concatenate([before[is_pair], *copies])
    order = np.argsort(numbers)
    close = np.concatenate([old.closeness[is_pair], *closeness])[order]
    first, second = np.divmod(numbers[order], max(1, count))
    one, other = np.divmod(np.sort(np.concatenate([np.empty(0, np.int64), *others])), max(1, count))
    return _Edges(first, second, close), one, other


def _form_groups(group: Array, component: Array, edges: _Edges, times: Array, words: Words) -> None:
    """Write the groups of articles that are connected by edges.

    Args:
        group: written to: the first article of the group of each.
        component: see `_components`.
    """
    if not len(edges.first):
        return
    of_edge = component[edges.first]
    order = np.argsort(of_edge, kind="stable")
    starts = np.flatnonzero(np.diff(of_edge[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    # One pair is a group, whatever else could be asked.
    single = order[starts[ends - starts == 1]]
    group[edges.second[single]] = edges.first[single]
    several = [
        order[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True) if end - start > 1
    ]
    several.sort(key=lambda some: int(words.rank[edges.first[some[0]]]))
    together: list[_Edges] = []
    size = 0
    for some in several:
        together.append(_Edges(*(array[some] for array in edges)))
        size += len(some)
        if size >= _TOGETHER:
            _form_together(group, together, times, words)
            together, size = [], 0
    _form_together(group, together, times, words)


def _form_together(group: Array, components: Sequence[_Edges], times: Array, words: Words) -> None:
    """The same for some components. What each must know next is compared in one go: single pairs take long."""
    running = []
    for edges in components:
        members, places = np.unique(np.concatenate([edges.first, edges.second]), return_inverse=True)
        ends = places.reshape(2, -1).tolist()
        known = zip(*ends, edges.closeness.tolist(), strict=True)
        numbers = members.tolist()
        steps = grouping(words.sizes[members].tolist(), times[members].tolist(), numbers, known)
        running.append((members, steps, next(steps)))
    while running:
        asked = [members[np.array(pairs, np.int64).reshape(-1, 2)] for members, _, pairs in running]
        found = words.relations(np.concatenate(asked))
        answers = np.split(found, np.cumsum([len(pairs) for pairs in asked])[:-1])
        still = []
        for (members, steps, _), relations in zip(running, answers, strict=True):
            try:
                still.append((members, steps, steps.send(relations.tolist())))
            except StopIteration as end:
                group[members] = members[end.value]
        running = still


def _are_among(values: Array, ascending: Array) -> NDArray[np.bool_]:
    place = np.searchsorted(ascending, values)
    found = place < len(ascending)
    found[found] = ascending[place[found]] == values[found]
    return found


def _components(edges: _Edges, count: int) -> Array:
    """For each article, the first of those that it is connected with."""
    label = np.arange(count)
    while True:
        one, other = label[edges.first], label[edges.second]
        if (one == other).all():
            return label
        # Of two labels, the larger one is from now on the smaller one.
        np.minimum.at(label, np.maximum(one, other), np.minimum(one, other))
        while ((further := label[label]) != label).any():
            label = further
