"""Help for searches without results: finds the parts that exclude everything."""

from __future__ import annotations

from typing import NamedTuple

from newsearch.engine.base import Counts
from newsearch.query.tree import All, And, Everything, Near, Node, Span
from newsearch.search.asked import Asked
from newsearch.search.names import filters, similar_names

MAX_CLAUSES = 16
"""Parts of a search that are looked at when it is diagnosed, the first ones."""


class Clause(NamedTuple):
    """One part of a search without results, and its effect on the search.

    Attributes:
        text: the part as it was typed, or the value of the option.
        option: the name of the `Request` attribute that it comes from; None for a part of the query.
        alone: the number of published articles that match this part alone.
        without: what the search matches if this part is left out.
        near: topics, outlets, categories or types of the index with names similar to the one in this part, if the part
            matches nothing.
        span: the position of the part in the query; None for an option and for the implicit clause.
    """

    text: str
    option: str | None
    alone: int
    without: Counts
    near: tuple[str, ...] = ()
    span: Span | None = None


def diagnose(asked: Asked) -> tuple[Clause, ...]:
    """The effect of each part of a search: first the parts of the query in order, then the options.

    If unpublished articles would match, an implicit clause `is:published` comes last.
    """
    query, clauses = asked.query, []
    for node in _parts(query.tree)[:MAX_CLAUSES]:
        without = asked.narrowed(_without(query.tree, node), query.text)
        text = query.text[slice(*node.span)].strip()
        clauses.append(_clause(asked, text, None, node, without)._replace(span=node.span))
    for number, given in enumerate(asked.filters[: MAX_CLAUSES - len(clauses)]):
        others = asked.filters[:number] + asked.filters[number + 1 :]
        without = asked.narrowed(query.tree, query.text, others)
        clauses.append(_clause(asked, given.value, given.option, given.node, without))
    with_unpublished = asked.counts(asked.tree(), unpublished=True)
    if with_unpublished != asked.counts(asked.tree()):
        clauses.append(Clause("is:published", None, _alone(asked, Everything()), with_unpublished))
    return tuple(clauses)


def _clause(asked: Asked, text: str, option: str | None, node: Node, without: Node) -> Clause:
    alone = _alone(asked, asked.spellings.expand(node, asked.query.text) if option is None else node)
    near: list[str] = []
    if not alone:
        for match in filters(node):
            near += [name for name, _ in similar_names(asked, match)]
    return Clause(text, option, alone, asked.counts(without), tuple(dict.fromkeys(near)))


def _parts(tree: Node) -> list[Node]:
    """The parts of a query: the children of its root, with an AND among them replaced by its own children."""
    parts: list[Node] = []
    for child in tree.children if isinstance(tree, All) else (tree,):
        # NEAR with a loose phrase becomes an And whose parts were typed as one.
        if isinstance(child, And) and not any(isinstance(part, Near) for part in child.children):
            parts += child.children
        elif not isinstance(child, Everything):
            parts.append(child)
    return parts


def _without(tree: Node, gone: Node) -> Node:
    if tree is gone:
        return Everything()
    if isinstance(tree, All | And):
        kept = [child for child in tree.children if child is not gone]
        children = tuple(_without(kid, gone) if isinstance(kid, And) else kid for kid in kept)
        return type(tree)(children, tree.span)
    return tree


def _alone(asked: Asked, node: Node) -> int:
    return asked.complete(And((node,)), unpublished=False)
