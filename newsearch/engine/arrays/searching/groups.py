"""Which articles of a generation are copies of each other? They are compared when somebody first asks.

All visible articles are grouped. An unpublished article is a group of its own. The groups depend on nothing but the set
of visible articles. A generation that differs from an earlier one only in some articles takes over what is known of the
others: see `groups_file`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.files.groups_file import (
    NOTHING,
    KnownGroups,
    identity,
    read_groups,
    write_groups,
)
from newsearch.engine.arrays.files.toc import Toc
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.columns import SIGNATURE
from newsearch.stories import signatures
from newsearch.stories.comparing import comparer
from newsearch.stories.copies import WINDOW, grouped
from newsearch.stories.wording import brand, repaired

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.view import View

Array: TypeAlias = NDArray[Any]

_BATCH = 1024
"""Articles or pairs that are compared at once. Other threads run in between."""

_SLICE = 100_000
"""Pairs whose articles are read together."""

_HELD = 200_000
"""Articles whose words may be held before others are read, about 600 bytes each."""

_NOON = 43_200

_SHORTEST = 12
"""Words of an article that surely has a signature."""


class Groups(NamedTuple):
    """The groups of copies in a generation.

    Attributes:
        of: for each article the number of its group, int32. Groups are numbered by an article of theirs.
        shared: for each article, whether others are in its group.
    """

    of: Array
    shared: NDArray[np.bool_]

    def count(self, docs: Array) -> int:
        """The number of groups among some articles."""
        together = docs[self.shared[docs]]
        return len(docs) - len(together) + len(np.unique(self.of[together]))


def groups_of(view: View, directory: Path | None, toc: Toc | None) -> Groups:
    """The groups of copies in a generation.

    Args:
        directory, toc: where the generation is published, to keep what is found; None if it is not.
    """
    if directory is None or toc is None:
        return find_groups(view, NOTHING)[0]
    this = identity(toc)
    generation, known = read_groups(directory)
    found, now = find_groups(view, known, is_of_view=generation == this)
    if now is not known:
        write_groups(directory, this, now)
    return found


def find_groups(view: View, known: KnownGroups, is_of_view: bool = False) -> tuple[Groups, KnownGroups]:
    """The groups of copies in a generation, and what is known then.

    Args:
        known: of an earlier generation, or of this one.
        is_of_view: whether it was found in this generation.
    """
    docs = np.flatnonzero(view.visible)
    key = _keys(view, docs)
    order = np.argsort(key, kind="stable")
    docs, key = docs[order], key[order]
    if not (is_of_view and len(known.key) == len(key)):
        # Ids are unique, and hashes practically so. Otherwise one article would be taken for another.
        is_safe = not (key[1:] == key[:-1]).any()
        known = _grouped(view, docs, key, known if is_safe else NOTHING)
    of = np.arange(view.articles, dtype=np.int32)
    shared = np.zeros(view.articles, bool)
    of[docs[known.member]] = docs[known.group]
    shared[docs[known.member]] = True
    return Groups(of, shared), known


def groups_among(view: View, docs: Array) -> dict[int, int]:
    """The groups of copies among some articles only, as if there were no others.

    Args:
        docs: the numbers of the articles.

    Returns:
        For the place of each article that has copies in `docs`, the place of one of its group.
    """
    # Places are numbered in an order that depends only on the articles.
    order = np.lexsort((view.column("content_hash").take(docs), view.column("id_hash").take(docs)))
    words = _Words(view, docs[order])
    pairs = signatures.candidates(_signatures(view, docs[order]), words.times, WINDOW)
    relations = words.relations(pairs)
    edges = _edges(pairs[relations >= 1], relations[relations >= 1])
    labels = words.grouped(sorted({end for pair in edges for end in pair}), edges) if edges else {}
    return {int(order[place]): int(order[label]) for place, label in labels.items()}


def _keys(view: View, docs: Array) -> Array:
    id_hash, content_hash = (
        view.column(name).astype(np.uint64).take(docs) for name in ("id_hash", "content_hash")
    )
    key: Array = (id_hash ^ (id_hash >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + content_hash
    return key


def _grouped(view: View, docs: Array, key: Array, known: KnownGroups) -> KnownGroups:
    """Group articles.

    Args:
        docs: their numbers, in the order of their keys.
        key: ascending.
    """
    words = _Words(view, docs)
    count = len(key)
    place, is_here = np.searchsorted(key, known.key), _are_among(known.key, key)
    fresh = np.ones(count, bool)
    fresh[place[is_here]] = False
    signed = _signatures(view, docs)
    pairs = signatures.candidates(
        signed,
        words.times,
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
    """The words of articles, read when they are compared.

    Attributes:
        times: of their publication, in seconds; NaN if unknown.
    """

    def __init__(self, view: View, docs: Array) -> None:
        self.times = view.known("date", docs)
        is_day = (view.column("flag").take(docs) & columns.DATE_ONLY) != 0
        self.times = self.times + np.where(is_day, _NOON, 0)
        self._view = view
        self._docs = docs
        of_provider = view.remembered("outlets of providers", lambda: outlets(view)[1])
        self._outlets = of_provider.take(view.column("provider").take(docs))
        self._comparer = comparer()
        self._number = np.full(len(docs), -1, np.int64)
        self._count = 0

    def relations(self, pairs: Array) -> NDArray[np.float64]:
        """The `relation` of each pair of articles."""
        found = np.empty(len(pairs))
        # Articles that are compared with each other are of the same days.
        order = np.argsort(self.times[pairs[:, 0]], kind="stable")
        for start in range(0, len(pairs), _SLICE):
            some = order[start : start + _SLICE]
            is_needed = np.zeros(len(self._docs), bool)
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

        labels = grouped(sizes, self.times[numbers].tolist(), members, known, relate)
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
        members = members[np.argsort(self._docs[members])]
        for at in range(0, len(members), _BATCH):
            some = members[at : at + _BATCH]
            titles, texts = [], []
            for segment, number in map(self._view.place, self._docs[some].tolist()):
                record = segment.records.read(number)
                titles.append(repaired(record.title))
                texts.append(repaired(f"{record.excerpt} {record.body}" if record.body else record.excerpt))
            self._comparer.add(titles, texts, self._outlets[some].tobytes(), self.times[some].tobytes())
            self._number[some] = np.arange(self._count, self._count + len(some))
            self._count += len(some)


def outlets(view: View) -> tuple[list[str], Array]:
    """The names by which outlets are told apart, and for each provider the index of its name, int32; 0 if unknown."""
    names = {"": 0}
    numbers = []
    for name in view.names("provider"):
        provider = columns.provider_from_name(name)
        outlet = (brand(provider.domain) or provider.name.casefold()) if provider else ""
        numbers.append(names.setdefault(outlet, len(names)))
    return list(names), np.array(numbers, np.int32)


def _signatures(view: View, docs: Array) -> NDArray[np.uint64]:
    rows = view.column("signature").reshape(-1, SIGNATURE)[docs]
    found: NDArray[np.uint64] = np.ascontiguousarray(rows).view("<u8").astype(np.uint64)
    # Only an index that was made before there were signatures has articles of several words without one.
    words = view.lengths[docs].sum(axis=1, dtype=np.int64)
    for i in np.flatnonzero(~found.any(axis=1) & (words >= _SHORTEST)).tolist():
        segment, number = view.place(int(docs[i]))
        record = segment.records.read(number)
        found[i] = signatures.article_signature(record.title, record.excerpt, record.body)
    return found
