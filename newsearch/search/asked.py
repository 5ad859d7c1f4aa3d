"""A request that is bound to one generation of an index and to one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from newsearch import ranking
from newsearch.engine.base import Answer, Counts, Options, Reader
from newsearch.query import Parsed
from newsearch.query.tree import All, Node
from newsearch.search.spellings import Spellings

if TYPE_CHECKING:
    from newsearch.search.request import Request

Moment: TypeAlias = str | date | datetime


class Filter(NamedTuple):
    """A filter of a request: the attribute that it comes from, the value of the attribute, and the tree node."""

    option: str
    given: Moment | float | tuple[str, ...]
    node: Node

    @property
    def value(self) -> str:
        """The value as text. Used only to explain a search."""
        if isinstance(self.given, tuple):
            return ", ".join(self.given)
        return ranking.readable(self.given) if isinstance(self.given, int | float) else str(self.given)


class Asked(NamedTuple):
    """A request bound to a reader and a moment. It can be run again with another tree or other options.

    Attributes:
        query: the query as parsed.
        filters: the filters from the other attributes.
        now: the reference moment for relative dates.
        tz: the time zone in which days begin.
        spellings: the spellings cache of the reader.
    """

    reader: Reader
    request: Request
    query: Parsed
    filters: tuple[Filter, ...]
    options: Options
    now: datetime
    tz: tzinfo
    spellings: Spellings

    def tree(self) -> Node:
        """The tree of the query, with other spellings of its words, combined with the filters."""
        return self.narrowed(self.query.tree, self.query.text)

    def narrowed(self, tree: Node, text: str, filters: tuple[Filter, ...] | None = None) -> Node:
        """A tree parsed from a text, with other spellings of its words and with filters, by default its own."""
        expanded = self.spellings.expand(tree, text)
        return narrowed(expanded, self.filters if filters is None else filters)

    def counts(self, tree: Node, *, unpublished: bool | None = None) -> Counts:
        """The match counts of this tree under the same options."""
        return self._counting(tree, unpublished).counts()

    def complete(self, tree: Node, *, unpublished: bool | None = None) -> int:
        """How many articles match this tree completely under the same options."""
        return self._counting(tree, unpublished).complete()

    def _counting(self, tree: Node, unpublished: bool | None) -> Answer:
        shown = self.options.unpublished if unpublished is None else unpublished
        return self.reader.search(tree, replace(self.options, limit=0, offset=0, unpublished=shown))


def narrowed(tree: Node, filters: tuple[Filter, ...]) -> Node:
    """A tree restricted by filters."""
    if not filters:
        return tree
    children = tree.children if isinstance(tree, All) else (tree,)
    return All((*children, *(given.node for given in filters)))
