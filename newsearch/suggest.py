"""Help for a search that finds little: which of its parts is to blame, and which word was perhaps mistyped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import NamedTuple

from newsearch import analysis
from newsearch.engine.base import Counts, LikeForm, Options, Reader
from newsearch.query import Parsed, parse
from newsearch.query.tree import All, And, Everything, Near, Node, Or, Phrase, Word

MAX_CLAUSES = 16
"""Parts of a search that are looked at when it is diagnosed, the first ones."""

FEW = 10
"""A search that finds so many articles with every word was not mistyped."""

_MAX_WORDS = 8
_MIN_LETTERS = 4
_MIN_LETTERS_FOR_TWO = 8
_EDIT = 0.01
"""How likely one edit is against none, as Kernighan, Church and Gale (1990) had it to the order of magnitude."""
_OMITTED = 3.0
"""How much likelier it is to leave out a letter than to take another one."""
_CANDIDATES = 3


class Filter(NamedTuple):
    """An option of a search that narrows it: its name, its value as text, and the node that it became."""

    option: str
    value: str
    node: Node


class Clause(NamedTuple):
    """One part of a search that found nothing, and what it has to do with that.

    Attributes:
        text: the part as it was typed, or the value of the option.
        option: the name of the option of `Index.search` that it comes from; None for a part of the query.
        alone: published articles that match this part alone.
        without: what the search matches if this part is left out.
    """

    text: str
    option: str | None
    alone: int
    without: Counts


class Asked(NamedTuple):
    """A search as it was asked for, which can be asked again otherwise."""

    reader: Reader
    query: Parsed
    filters: tuple[Filter, ...]
    options: Options
    now: datetime
    tz: tzinfo

    def tree(self) -> Node:
        """The tree of the query and of the options that narrow it."""
        return _narrowed(self.query.tree, self.filters)

    def counts(self, tree: Node, *, unpublished: bool | None = None) -> Counts:
        """What this tree matches under the same options."""
        shown = self.options.unpublished if unpublished is None else unpublished
        options = replace(self.options, limit=0, offset=0, unpublished=shown)
        return self.reader.search(tree, options).counts()


def diagnose(asked: Asked) -> tuple[Clause, ...]:
    """What each part of a search does to it, in the order of the query and then of the options.

    A last clause `is:published`, which nobody typed, stands for unpublished articles that would match.
    """
    query, clauses = asked.query, []
    for node in _parts(query.tree)[:MAX_CLAUSES]:
        without = _narrowed(_without(query.tree, node), asked.filters)
        text = query.text[slice(*node.span)].strip()
        clauses.append(Clause(text, None, _alone(asked, node), asked.counts(without)))
    for number, given in enumerate(asked.filters[: MAX_CLAUSES - len(clauses)]):
        others = asked.filters[:number] + asked.filters[number + 1 :]
        without = _narrowed(query.tree, others)
        clauses.append(Clause(given.value, given.option, _alone(asked, given.node), asked.counts(without)))
    with_unpublished = asked.counts(asked.tree(), unpublished=True)
    if with_unpublished != asked.counts(asked.tree()):
        clauses.append(Clause("is:published", None, _alone(asked, Everything()), with_unpublished))
    return tuple(clauses)


def respell(asked: Asked, found: Counts) -> str | None:
    """The query with its likely misspellings replaced by words of the collection; None where there are none.

    Looked at are words that no article, or hardly any, holds in any form. The new query matches more than the old.

    Args:
        found: what the search matches as it is.
    """
    if found.complete >= FEW:
        return None
    query, changed = asked.query, False
    for at, word in _words(query):
        best, most = None, (0, 0.0)
        for form, likeliness in _candidates(asked.reader, word):
            text = query.text[:at] + form + query.text[at + len(word) :]
            again = parse(text, now=asked.now, tz=asked.tz)
            counts = asked.counts(_narrowed(again.tree, asked.filters))
            value = min(counts.complete, 1), likeliness * (1 + counts.complete)
            if value > most:
                best, most = again, value
        if best:
            # Words are replaced from the last to the first, so that the places of the others stay.
            query, changed = best, True
    if not changed:
        return None
    counts = asked.counts(_narrowed(query.tree, asked.filters))
    better = (counts.complete, counts.partial) > (found.complete, found.partial)
    return query.text if better else None


def _candidates(reader: Reader, word: str) -> list[tuple[str, float]]:
    """The likeliest words that are meant by one as typed, with how likely each is."""
    terms = analysis.terms(word)
    if len(terms) != 1 or len(terms[0]) < _MIN_LETTERS or not terms[0].isalpha():
        return []
    term = terms[0]
    held = reader.search(Word(word), Options(limit=0)).counts().complete
    if held >= FEW:
        return []
    likely: list[tuple[str, float]] = []
    for edits in (1, 2) if len(term) >= _MIN_LETTERS_FOR_TWO else (1,):
        # What was typed competes, as a word that takes no edit.
        likely += [
            (like.form, value)
            for like in reader.like(term, edits)
            if (value := _likeliness(term, like)) > held
        ]
        if likely:
            break
    return sorted(likely, key=lambda item: (-item[1], item[0]))[:_CANDIDATES]


def _likeliness(term: str, like: LikeForm) -> float:
    omitted = _OMITTED if len(like.form) > len(term) else 1.0
    # Nearly everybody gets the first letter right.
    first = 1.0 if like.form[0] == term[0] else 0.1
    known = like.articles * _EDIT**like.edits
    return known * omitted * first


def _words(query: Parsed) -> list[tuple[int, str]]:
    """The words that a query looks for as they were typed, and where they are, the last first."""
    found = []
    for node in _scoring(query.tree):
        texts = node.words if isinstance(node, Near) else node.text.split()
        at, end = node.span
        for text in texts:
            start = query.text.find(text, at, end)
            if start >= 0:
                found.append((start, text))
                at = start + len(text)
    return sorted(set(found), reverse=True)[:_MAX_WORDS]


def _scoring(node: Node) -> Iterator[Word | Phrase | Near]:
    match node:
        case Word() | Phrase() | Near():
            yield node
        case All(children) | And(children) | Or(children):
            for child in children:
                yield from _scoring(child)


def _parts(tree: Node) -> list[Node]:
    """What a query is made of: the children of its root, and those of an AND among them."""
    parts: list[Node] = []
    for child in tree.children if isinstance(tree, All) else (tree,):
        # NEAR with a phrase becomes an And, whose parts were typed as one.
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


def _narrowed(tree: Node, filters: tuple[Filter, ...]) -> Node:
    if not filters:
        return tree
    children = tree.children if isinstance(tree, All) else (tree,)
    return All((*children, *(given.node for given in filters)))


def _alone(asked: Asked, node: Node) -> int:
    return asked.counts(And((node,)), unpublished=False).complete
