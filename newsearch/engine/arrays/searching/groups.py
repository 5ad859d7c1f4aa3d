"""Which articles of a generation are copies of each other? They are compared when somebody first asks.

All visible articles are grouped. An unpublished article is a group of its own. The groups depend on nothing but the set
of visible articles. A generation that differs from an earlier one only in some articles takes over what is known of the
others: see `groups_file`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._cached import cached_property
from newsearch.engine.arrays.files.groups_file import read_groups, read_shared, write_groups
from newsearch.engine.arrays.files.kept import identity
from newsearch.engine.arrays.loops.matches import distinct
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.columns import SIGNATURE
from newsearch.engine.folding import NOON
from newsearch.stories import grouping, signatures
from newsearch.stories.grouping import grouped_anew
from newsearch.stories.known import NOTHING, KnownGroups, keys_of
from newsearch.stories.wording import brand

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.all_forms import Published
    from newsearch.engine.arrays.searching.view import View

Array: TypeAlias = NDArray[Any]

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
        return len(docs) - len(together) + len(distinct(self.of[together]))


def groups_of(view: View, published: Published | None) -> Groups:
    """The groups of copies in a generation.

    Args:
        published: see View. What is found is kept there.
    """
    if published is None:
        return _groups(view, *_find_shared(view, NOTHING)[:2])
    directory, toc = published
    this = identity(toc)
    shared = read_shared(directory, this)
    if shared is None or not _is_sound(view, *shared):
        member, group, known = _find_shared(view, read_groups(directory))
        write_groups(directory, this, known, member, group)
        shared = member, group
    return _groups(view, *shared)


def _groups(view: View, member: Array, group: Array) -> Groups:
    of = np.arange(view.articles, dtype=np.int32)
    shared = np.zeros(view.articles, bool)
    of[member] = group
    shared[member] = True
    return Groups(of, shared)


def _is_sound(view: View, member: Array, group: Array) -> bool:
    """Whether these may be the groups of a view: those of a damaged file may name what nobody may see."""
    return all(
        not len(docs) or (docs.max() < view.articles and bool(view.visible[docs].all()))
        for docs in (member, group)
    )


def _find_shared(view: View, known: KnownGroups) -> tuple[Array, Array, KnownGroups]:
    """The articles that have copies, the number of the group of each, and what is known then.

    Args:
        known: of an earlier generation, or of this one.
    """
    docs = np.flatnonzero(view.visible)
    key = _keys(view, docs)
    order = np.argsort(key, kind="stable")
    docs, key = docs[order], key[order]
    known = grouped_anew(_Stored(view, docs), key, known)
    return docs[known.member], docs[known.group], known


def groups_among(view: View, docs: Array) -> dict[int, int]:
    """The groups of copies among some articles only, as if there were no others.

    Args:
        docs: the numbers of the articles.

    Returns:
        For the place of each article that has copies in `docs`, the place of one of its group.
    """
    # Places are numbered in an order that depends only on the articles.
    order = np.lexsort((view.spread("content_hash").take(docs), view.spread("id_hash").take(docs)))
    labels = grouping.groups_among(_Stored(view, docs[order]))
    return {int(order[place]): int(order[label]) for place, label in labels.items()}


def _keys(view: View, docs: Array) -> Array:
    id_hash, content_hash = (
        view.spread(name).take(docs).astype(np.uint64) for name in ("id_hash", "content_hash")
    )
    return keys_of(id_hash, content_hash)


class _Stored:
    """Articles of a generation. Implements `Gathered`."""

    def __init__(self, view: View, docs: Array) -> None:
        self._view = view
        self.stored = docs

    @cached_property
    def times(self) -> Array:
        return times_of(self._view, self.stored)

    @cached_property
    def outlets(self) -> Array:
        return outlets_of(self._view, self.stored)

    @cached_property
    def signatures(self) -> NDArray[np.uint64]:
        return _signatures(self._view, self.stored)

    def texts(self, numbers: Sequence[int]) -> Iterator[tuple[str, str]]:
        for segment, number in map(self._view.place, self.stored[numbers].tolist()):
            record = segment.records.read(number)
            yield record.title, f"{record.excerpt} {record.body}" if record.body else record.excerpt


def times_of(view: View, docs: Array) -> Array:
    """When articles were published, in seconds. A day without a time counts as its noon; NaN if unknown."""
    is_day = (view.spread("flag").take(docs) & columns.DATE_ONLY) != 0
    found: Array = view.known("date", docs) + np.where(is_day, NOON, 0)
    return found


def outlets_of(view: View, docs: Array) -> Array:
    """The number of the outlet of each article, int32; 0 if unknown."""
    found: Array = view.remembered("outlets", lambda: _outlets(view)).take(view.column("provider").take(docs))
    return found


def _outlets(view: View) -> Array:
    """For each provider, the number of the name that distinguishes its outlet."""
    names = {"": 0}
    numbers = []
    for name in view.names("provider"):
        provider = columns.provider_from_name(name)
        outlet = (brand(provider.domain) or provider.name.casefold()) if provider else ""
        numbers.append(names.setdefault(outlet, len(names)))
    return np.array(numbers, np.int32)


def _signatures(view: View, docs: Array) -> NDArray[np.uint64]:
    rows = np.empty((len(docs), SIGNATURE), np.uint8)
    # Read segment by segment: joined, they would take 16 bytes for each article of the index.
    order = np.argsort(docs, kind="stable")
    ends = docs[order].searchsorted(view.starts).tolist()
    for segment, start, (first, last) in zip(view.segments, view.starts, pairwise(ends), strict=False):
        places = order[first:last]
        if len(places):
            rows[places] = segment.column("signature").reshape(-1, SIGNATURE)[docs[places] - start]
    found: NDArray[np.uint64] = rows.view("<u8").astype(np.uint64)
    # Only an index that was made before there were signatures has articles of several words without one.
    words = view.lengths.take(docs).sum(axis=1, dtype=np.int64)
    for i in np.flatnonzero(~found.any(axis=1) & (words >= _SHORTEST)).tolist():
        segment, number = view.place(int(docs[i]))
        record = segment.records.read(number)
        found[i] = signatures.article_signature(record.title, record.excerpt, record.body)
    return found
