"""Which articles pass the filters of a search? A page needs few, and all are found only when they are asked for.

A part of a URL that is longer than a word is not in the index as a whole. Articles whose URLs have all its words are,
and the URLs of those that may reach the page are read. To read all of them takes far longer than any other filter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._cached import cached_property
from newsearch.engine.arrays.loops import matches, sieve
from newsearch.engine.arrays.loops.kernel import Part, Passes
from newsearch.engine.arrays.loops.sieve import LISTED, MARKED, Check
from newsearch.engine.arrays.searching.clauses import Compiler
from newsearch.engine.arrays.searching.filters import Groups, url_part
from newsearch.engine.arrays.searching.view import View
from newsearch.query.tree import Node

Array: TypeAlias = NDArray[Any]

_FEW = 16
"""Candidates are few if they are at most one in this many articles."""

_LISTED_SHARE = 128
"""Articles that pass are listed if they are at most one in this many."""

_BESIDE = 2
"""Words are looked for in the articles that pass if there is at most one of these for this many candidates."""

_HARDLY_ANY = 512
"""Checking candidates one by one takes less time than any bitmap if they are at most one in this many articles."""


class PageFilters:
    """The filters of one search.

    Attributes:
        any: whether there are any.
    """

    def __init__(self, view: View, compiler: Compiler, nodes: Sequence[Node]) -> None:
        self._view = view
        self._compiler = compiler
        self._nodes = nodes
        self.any = bool(nodes)
        self._unread = [
            part
            for node in nodes
            if (part := url_part(node)) is not None
            and not view.has_read(part)
            and not view.maybe_with_url(part)[1]
        ]

    @cached_property
    def groups(self) -> Groups:
        """The checks that tell all articles that pass."""
        return self._compiler.groups(self._nodes)

    def quickest(self, candidates: int) -> Passes | None:
        """What tells fastest which of so many candidates pass: a bitmap where there is one, or else `passes`."""
        bits = self.bits_again(candidates)
        return self.passes if bits is None else bits

    def bits_again(self, candidates: int) -> Array | None:
        """As `bits`, but None unless there are many candidates and the filters were asked for before."""
        if (marked := self._marked) is not None:
            return marked
        if candidates * _HARDLY_ANY < self._view.articles:
            return None
        return self.bits if self._is_asked_again else None

    def few(self, candidates: int) -> Array | None:
        """All articles that pass, sorted. None if they are not few compared with so many candidates, or if finding them
        would take long.

        If they are few, looking for the words in them takes less time than checking the articles with the words, of
        which hardly any pass.
        """
        key = None if self._unread else self._compiler.filter_keys(self._nodes)
        if key is None:
            return None
        found: tuple[Array, ...] | None = self._view.cache.get(("few passing", key))
        if found is None:
            if (found := self._found_few()) is None:
                return None
            self._view.cache.put(("few passing", key), found)
        return found[0] if found and len(found[0]) * _BESIDE <= candidates else None

    def _found_few(self) -> tuple[Array, ...] | None:
        """All articles that pass, alone in a tuple, which is empty if they are not few. None if finding them would take
        long.
        """
        most = self._view.articles // _LISTED_SHARE
        alone = [group[0] for group in self.groups if len(group) == 1 and not group[0].negated]
        for check in alone:
            if (docs := _numbers_of(check, most)) is not None:
                return (docs[np.frombuffer(sieve.passing(self.groups, docs), bool)],)
        if self._marked is None and not self._is_asked_again:
            return None
        bits = self.bits
        return () if bits is None or (docs := _numbers_of(Check(MARKED, bits), most)) is None else (docs,)

    @property
    def _marked(self) -> Array | None:
        """A bitmap of the articles that pass, if the filters are no more than that."""
        if self._unread or len(self.groups) != 1 or len(self.groups[0]) != 1:
            return None
        check = self.groups[0][0]
        if check.kind == MARKED and not check.negated and isinstance(check.column, np.ndarray):
            return check.column
        return None

    @cached_property
    def passes(self) -> Callable[[Any], Any] | None:
        """Tells which articles pass, for those that may reach a page. None if there are no filters."""
        if not self._unread:
            return partial(sieve.passing, self.groups) if self.groups else None
        read = [node for node in self._nodes if url_part(node) not in self._unread]
        maybe = [[self._view.maybe_with_url(part)[0]] for part in self._unread]
        return partial(self._pass_read, [*maybe, *self._compiler.groups(read)])

    def _pass_read(self, groups: Groups, docs: Any) -> Any:
        passed = np.frombuffer(sieve.passing(groups, docs), bool).copy()
        numbers = np.frombuffer(docs, np.uint32)
        for part in self._unread:
            left = passed.nonzero()[0]
            passed[left] = self._view.have_url(part, numbers[left])
        return passed

    @cached_property
    def bits(self) -> Array | None:
        """A bitmap of all articles that pass, or None if one is not only a filter, or must read URLs."""
        if self._unread:
            return None
        found = [self._compiler.filter_bits(node) for node in self._nodes]
        known = [bits for bits in found if bits is not None]
        return reduce(np.bitwise_and, known) if known and len(known) == len(found) else None

    @property
    def asked_bits(self) -> Array | None:
        """As `bits`, but None unless the filters were asked for before, or are no more than a bitmap."""
        return self.bits if self._is_asked_again else self._marked

    def all_passing(self, shown: Array | None) -> tuple[Part, Array | None, Passes | None]:
        """What is to be searched for the best of all articles that pass.

        The first page of a filter needs few articles. To find all of them pays off if it is asked for again.

        Args:
            shown: a bitmap of the articles that may be found at all. None means all.

        Returns:
            A part that has all of them; a bitmap of those that may be found; and what those must still pass.
        """
        if self._unread:
            alone = [self._view.maybe_with_url(part)[0] for part in self._unread]
        else:
            alone = [group[0] for group in self.groups if len(group) == 1]
        lists = [np.asarray(check.column) for check in alone if check.kind == LISTED and not check.negated]
        if lists and min(map(len, lists)) * _FEW <= self._view.articles:
            return _listing(min(lists, key=len)), shown, self.passes
        bits = self.asked_bits
        if bits is None:
            return self._view.everything, shown, self.passes
        if sieve.count(bits) * _FEW > self._view.articles:
            return self._view.everything, shown, bits
        # To look for few articles among all takes longer than to list them.
        key = "few", self._compiler.filter_keys(self._nodes)
        few = self._view.joined(key, lambda: (matches.numbers(bits),))[0]
        return _listing(few), shown, None

    @cached_property
    def _is_asked_again(self) -> bool:
        """Whether a search before this one had the same filters."""
        key = self._compiler.filter_keys(self._nodes)
        return key is not None and self._view.was_asked(key)


def _numbers_of(check: Check, most: int) -> Array | None:
    """The articles that pass a check, if it lists or marks them and there are at most `most`."""
    if check.kind == LISTED and len(docs := np.asarray(check.column)) <= most:
        return docs
    if check.kind == MARKED and sieve.count(bits := np.asarray(check.column)) <= most:
        return matches.numbers(bits)
    return None


def _listing(docs: Any) -> Part:
    return Part(docs, np.ones(len(docs), np.uint8), 1.0, 1.0)
