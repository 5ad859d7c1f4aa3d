"""Names of an index that are similar to one that no article has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from newsearch.engine.base import Options, Reader
from newsearch.query.tree import All, And, Everything, Match, Node, Or
from newsearch.search.asked import Asked

if TYPE_CHECKING:
    from difflib import SequenceMatcher

NAMED = ("topic", "provider", "author", "category", "type")
"""Fields of names, which are facets too."""

_MAX_NEAR = 3
_MAX_NAMES = 5_000
"""Names of a field that are compared with one that no article has, the commonest ones."""

_LIKE = 0.8
"""How like two names must be, by the ratio of Ratcliff and Obershelp: one letter of five may differ."""
_PART = 0.95
"""How much a word of a name counts against the whole of it."""


def similar_names(asked: Asked, node: Match) -> list[tuple[str, float]]:
    """The names most similar to one that no article has, each with its similarity. Empty if an article has the name."""
    known = asked.spellings.names
    key = Match(node.field, node.value.casefold())
    found = known.get(key)
    if found is None:
        found = known[key] = _near(asked.reader, node)
    return found


def _near(reader: Reader, node: Match) -> list[tuple[str, float]]:
    wanted = node.value.casefold()
    if node.field not in NAMED or reader.search(And((node,)), Options(limit=0)).complete():
        return []
    matcher: SequenceMatcher[str] | None = None
    # A star has no effect in a value, but marks the text before it as a prefix of the name.
    begun = wanted.rstrip("*") if wanted.endswith("*") else ""

    # By its definition, the ratio cannot be reached if the lengths differ more.
    shortest, longest = _LIKE * len(wanted) / (2 - _LIKE), (2 - _LIKE) * len(wanted) / _LIKE

    of_wanted = dict.fromkeys(map(ord, wanted))

    def likeness(text: str) -> float:
        nonlocal matcher
        if not shortest <= len(text) <= longest:
            return 0.0
        # Nor can it if too many letters are others: most names are ruled out by counting these.
        shared = len(text) - len(text.translate(of_wanted))
        if 2.0 * min(shared, len(wanted)) / (len(text) + len(wanted)) < _LIKE:
            return 0.0
        if matcher is None:
            matcher = _matcher(wanted)
        matcher.set_seq1(text)
        return matcher.ratio() if matcher.quick_ratio() >= _LIKE else 0.0

    found = []
    for name, articles in reader.search(Everything(), Options(limit=0)).facet(node.field, _MAX_NAMES):
        folded = name.casefold()
        words = folded.split()
        if begun and any(word.startswith(begun) for word in (folded, *words)):
            found.append((-_PART, -articles, name))
            continue
        part = max(map(likeness, words)) * _PART if len(words) > 1 else 0.0
        if (value := max(likeness(folded), part)) >= _LIKE:
            found.append((-value, -articles, name))
    return [(name, -value) for value, _, name in sorted(found)[:_MAX_NEAR]]


def _matcher(wanted: str) -> SequenceMatcher[str]:
    from difflib import SequenceMatcher  # slow to import, and few names are similar to any

    return SequenceMatcher(b=wanted, autojunk=False)


def filters(node: Node) -> Iterator[Match]:
    """The name filters of a tree, both required and alternative ones."""
    match node:
        case Match():
            yield node
        case All(children) | And(children) | Or(children):
            for child in children:
                yield from filters(child)
