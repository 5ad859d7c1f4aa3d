"""Sorts the parts of a query into required, optional and filtering ones."""

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
    texts,
)
from newsearch.text import analysis

# Made once: `A | B` creates a new union on every evaluation.
_WORDS = (Word, Prefix, Fuzzy)
_GROUPS = (All, And, Or)
_ROOTS = (All, And)

COMPLETE_WORDS = 6
"""For a query of up to this many words, articles that contain all of them come first. A longer query is a text, and
ranks by score alone."""

_FEW = 7
"""Among fewer nodes than this, looking for repeated ones does not pay off."""


class Plan(NamedTuple):
    """The children of a root.

    Attributes:
        required: scoring nodes that must match.
        optional: scoring nodes of which incomplete articles, which come after the complete ones, match only some.
        filters: nodes that filter articles without scoring.
        unpublished: whether the query asks for unpublished articles.
        is_text: whether there are so many optional nodes that an article need not match all of them to rank first.
    """

    required: list[Node]
    optional: list[Node]
    filters: list[Node]
    unpublished: bool
    is_text: bool


def beside(node: Near) -> tuple[list[str], list[str]] | None:
    """The terms of both sides, each of which must stand side by side; None if every term is a word of its own."""
    sides = [terms for text in node.words if (terms := analysis.terms(text))]
    if len(sides) != 2 or len(sides[0]) == len(sides[1]) == 1:
        return None
    return sides[0], sides[1]


def plan(tree: Node) -> Plan:
    """Sort the children of the root (or the root itself) by their role."""
    if isinstance(tree, Word):
        return Plan([tree], [], [], False, False) if tree.field else Plan([], [tree], [], False, False)
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
    """Whether a query is a text, with more than `COMPLETE_WORDS` different words."""
    if not isinstance(tree, All) or len(tree.children) <= COMPLETE_WORDS:
        return False
    different: set[Node] = set()
    for child in tree.children:
        if _is_plain(child):
            different.add(child)
            if len(different) > COMPLETE_WORDS:
                return True
    return False


def is_stressed(word: str, tree: Node) -> bool:
    """Whether a word is in capitals in a query that is not: WHO and IT are names unless everything is capitals."""
    return len(word) > 1 and word.isupper() and any(any(map(str.islower, text)) for text in texts(tree))


def _words_of(node: Node) -> tuple[Node, ...]:
    """The words of a compound (Jio-Facebook); any other node unchanged, including COVID-19.

    In a short query the words must stand together. A text has so many words that a single part is good evidence too.
    """
    if isinstance(node, Word) and node.field is None and not node.text.isalnum():
        terms = analysis.terms(node.text)
        if len(terms) > 1 and all(map(str.isalpha, terms)):
            return tuple(replace(node, text=term) for term in terms)
    return (node,)


def _is_plain(node: Node) -> bool:
    """Whether incomplete articles, which come after the complete ones, may lack the node."""
    if isinstance(node, _WORDS):
        return node.field is None
    return isinstance(node, Or) and not _only_filters(node)


def asks_for_unpublished(node: Node) -> bool:
    """Whether a tree asks for unpublished articles; they are found only then."""
    if isinstance(node, Word):
        return False
    if isinstance(node, Match):
        return node.field == "is" and node.value.casefold() == "unpublished"
    return isinstance(node, _GROUPS) and any(map(asks_for_unpublished, node.children))


def _without_repeats(nodes: Sequence[Node]) -> Sequence[Node]:
    """The nodes without repeated words and filters. A repeated word keeps the total weight of its occurrences."""
    if len(nodes) < _FEW:
        return nodes
    once: list[Node] = []
    for node, count in Counter(nodes).items():
        if isinstance(node, Word | Phrase | Near | Prefix | Fuzzy):
            once.append(replace(node, weight=node.weight * count) if count > 1 else node)
        else:
            # A group has no weight to represent its repetitions.
            once += [node] * (1 if _only_filters(node) else count)
    return once


def _only_filters(node: Node) -> bool:
    if isinstance(node, Word):
        return False
    if isinstance(node, _GROUPS):
        return all(map(_only_filters, node.children))
    return isinstance(node, (Match, Range, DateRange, Not))
