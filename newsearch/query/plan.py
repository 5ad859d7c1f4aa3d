"""What the root of a query tree asks for: what must hold, what may be missing, and what only filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from newsearch.query.tree import (
    All,
    And,
    DateRange,
    Everything,
    Fuzzy,
    Match,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
    replace,
)
from newsearch.text import analysis

# Made once: `A | B` makes a new union whenever it is read.
_WORDS = (Word, Prefix, Fuzzy)
_GROUPS = (All, And, Or)
_ROOTS = (All, And)

COMPLETE_WORDS = 6
"""Of up to so many words, articles that hold all come first; a longer query is a text, and ranks by score alone."""

_FEW = 7
"""Among fewer nodes than this it is not worth while to look for repeated ones."""


class Plan(NamedTuple):
    """The children of a root.

    Attributes:
        required: scoring nodes that must hold.
        optional: scoring nodes of which an article after the complete ones may hold only some.
        filters: nodes that let articles through and do not score.
        unpublished: whether unpublished articles are asked for.
        is_text: whether so much is optional that an article need not hold all of it to be among the first.
    """

    required: list[Node]
    optional: list[Node]
    filters: list[Node]
    unpublished: bool
    is_text: bool


def plan(tree: Node) -> Plan:
    """Sort the children of the root (or the root itself) by what they ask for."""
    required: list[Node] = []
    optional: list[Node] = []
    filters: list[Node] = []
    every, unpublished = isinstance(tree, And), False
    children = tree.children if isinstance(tree, _ROOTS) else (tree,)
    if has_text := is_text(tree):
        children = tuple(part for child in children for part in _words_of(child))
    for child in _without_repeats(children):
        if isinstance(child, Word):
            (required if every or child.field else optional).append(child)
            continue
        unpublished = unpublished or asks_for_unpublished(child)
        if not every and _is_plain(child):
            optional.append(child)
        elif _only_filters(child):
            filters.append(child)
        elif not isinstance(child, Everything):
            required.append(child)
    return Plan(required, optional, filters, unpublished, has_text)


def is_text(tree: Node) -> bool:
    """Whether a query is a text, of more than `COMPLETE_WORDS` different words, rather than a few words."""
    if not isinstance(tree, All) or len(tree.children) <= COMPLETE_WORDS:
        return False
    return len({child for child in tree.children if _is_plain(child)}) > COMPLETE_WORDS


def _words_of(node: Node) -> tuple[Node, ...]:
    """A compound of words (Jio-Facebook) as these words; anything else as it is, also COVID-19.

    In a short query they must stand together. A text has so many words that one of the two is good evidence, too.
    """
    if isinstance(node, Word) and node.field is None and not node.text.isalnum():
        terms = analysis.terms(node.text)
        if len(terms) > 1 and all(map(str.isalpha, terms)):
            return tuple(replace(node, text=term) for term in terms)
    return (node,)


def _is_plain(node: Node) -> bool:
    """Whether an article may come after the complete ones without it."""
    if isinstance(node, _WORDS):
        return node.field is None
    return isinstance(node, Or) and not _only_filters(node)


def asks_for_unpublished(node: Node) -> bool:
    """Whether a tree asks for unpublished articles, which then are found."""
    if isinstance(node, Word):
        return False
    if isinstance(node, Match):
        return node.field == "is" and node.value.casefold() == "unpublished"
    return isinstance(node, _GROUPS) and any(map(asks_for_unpublished, node.children))


def _without_repeats(nodes: Sequence[Node]) -> Sequence[Node]:
    """Each word and filter once; a word that stood there several times weighs as much as they did together."""
    if len(nodes) < _FEW:
        return nodes
    once: list[Node] = []
    for node, count in Counter(nodes).items():
        if isinstance(node, Word | Phrase | Near | Prefix | Fuzzy):
            once.append(replace(node, weight=node.weight * count) if count > 1 else node)
        else:
            # A group has no weight that could stand for its repetitions.
            once += [node] * (1 if _only_filters(node) else count)
    return once


def _only_filters(node: Node) -> bool:
    if isinstance(node, Word):
        return False
    if isinstance(node, _GROUPS):
        return all(map(_only_filters, node.children))
    return isinstance(node, (Match, Range, DateRange, Not))
