"""Which articles pass the filters of a search? A page needs few, and all are found only when they are asked for.

A part of a URL that is longer than a word is not in the index as a whole. Articles whose URLs have all its words are,
and the URLs of those that may reach the page are read. To read all of them takes far longer than any other filter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel, sieve
from newsearch.engine.arrays.loops.kernel import Part, Passes
from newsearch.engine.arrays.loops.sieve import LISTED, MARKED, Check
from newsearch.engine.arrays.searching.clauses import Compiler
from newsearch.engine.arrays.searching.filters import Groups, url_part
from newsearch.engine.arrays.searching.view import View
from newsearch.query.tree import Node

Array: TypeAlias = NDArray[Any]

_FEW = 16
"""Articles are few if there is at most one among so many."""


class PageFilters:
    """The filters of one search."""

    def __init__(self, view: View, compiler: Compiler, nodes: Sequence[Node]) -> None:
        self._view = view
        self._compiler = compiler
        self._nodes = nodes
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

    @property
    def quickest(self) -> Passes | None:
        """What tells which articles pass: a bitmap where that is all that the filters are, or else `passes`."""
        marked = self._marked
        return self.passes if marked is None else marked

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
        maybe = [[Check(LISTED, self._view.maybe_with_url(part)[0])] for part in self._unread]
        return partial(self._pass_read, [*maybe, *self._compiler.groups(read)])

    def _pass_read(self, groups: Groups, docs: Any) -> Any:
        passed = np.frombuffer(sieve.passing(groups, docs), bool).copy()
        numbers = np.frombuffer(docs, np.uint32)
        for part in self._unread:
            left = passed.nonzero()[0]
            passed[left] = self._view.have_url(part, numbers[left])
        return passed

    def all_passing(self) -> tuple[Part, Passes | None] | None:
        """All articles that pass, or that may and must still be asked about, if it pays off to find them.

        The first page of a filter needs few articles. To find all of them pays off if it is asked for again.
        """
        if not self._nodes:
            return None
        if len(self._unread) == len(self._nodes) == 1:
            return _listing(self._view.maybe_with_url(self._unread[0])[0]), self.passes
        key = ("filters", *self._nodes)
        if self._unread or self._view.cache.get(key) is None:
            self._view.cache.put(key, True)
            # To look for few articles among all takes longer than to list them.
            marked = self._marked
            if marked is None or np.bitwise_count(marked).sum() * _FEW > self._view.articles:
                return None
            return _listing(np.frombuffer(sieve.numbers(marked), np.uint32)), None
        parts = [self._compiler.filter_part(node) for node in self._nodes]
        known = sorted((part for part in parts if part is not None), key=lambda part: len(part.doc))
        if len(known) < len(parts):
            return None
        if len(known) == 1:
            return known[0]._replace(unit=1.0, best=1.0), None
        return _listing(np.frombuffer(kernel.common(known, None), np.uint32)), None


def _listing(docs: Any) -> Part:
    return Part(docs, np.ones(len(docs), np.uint8), 1.0, 1.0)
