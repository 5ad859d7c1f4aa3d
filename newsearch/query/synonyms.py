"""Synonyms: query tree -> query tree with synonyms.

A file lists words with the same meaning, one group per line:

    vaccine, jab, inoculation          each finds the others
    uk => united kingdom, britain      the first finds the others, they do not find it
    heart attack, myocardial infarction

Words of the query are looked up by their English stems: `vaccines` has the synonyms of `vaccine`. Synonyms are
expressed with the ordinary nodes of query trees. Engines therefore need no support for them. Words in quotes, after a
minus, or with a star or ~ are left unchanged.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from newsearch.errors import WordListError
from newsearch.query.tree import All, And, Node, Or, Phrase, Word, replace
from newsearch.text import analysis
from newsearch.text.wordlists import entries

SYNONYM_WEIGHT = 0.3
"""The weight of a synonym, where the word as typed has 1; one of several words shares it among them."""

MAX_WORDS = 8
"""Words of one synonym."""

MAX_GROUP = 64
"""Synonyms on one line."""

MAX_ADDED = 256
"""Synonyms that one query is given."""

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The contents of a file of synonyms.

    Attributes:
        of: the stems of one word or several -> their synonyms.
        longest: the maximum number of words that are looked up together.
    """

    of: dict[_Key, tuple[str, ...]]
    longest: int

    def expand(self, tree: Node) -> Node:
        """The query with synonyms: each word becomes an Or of the word and its synonyms.

        Synonyms of several words side by side are added to each of these words.
        """
        return _Expansion(self).node(tree)


def read_synonyms(path: str | os.PathLike[str]) -> Synonyms:
    """Read a file of synonyms.

    Raises:
        WordListError: the file cannot be used; the message names it and the line.
    """
    found: dict[_Key, dict[str, None]] = {}
    for place, entry in entries(path):
        left, arrow, right = entry.partition("=>")
        if "=>" in right:
            raise WordListError(f"{place}: {entry[:80]!r} has more than one =>; split it into several lines")
        given = _group(place, left)
        meant = _group(place, right) if arrow else given
        if not arrow and len(given) < 2:
            raise WordListError(
                f"{place}: {entry[:80]!r} has no synonyms; separate synonyms with commas, as in: vaccine, jab"
            )
        for text in given:
            found.setdefault(_key(text), {}).update(dict.fromkeys(meant))
    of = {key: tuple(text for text in texts if _key(text) != key) for key, texts in found.items()}
    return Synonyms(of, max(map(len, of), default=0))


def _group(place: str, text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    if len(words) > MAX_GROUP:
        raise WordListError(
            f"{place}: more than {MAX_GROUP} synonyms on one line; split them into several lines"
        )
    for word in words:
        terms = len(analysis.terms(word))
        if not terms:
            said = f"{word[:80]!r} is not a word" if word else "a word is missing"
            raise WordListError(f"{place}: {said}; separate synonyms with single commas, as in: vaccine, jab")
        if terms > MAX_WORDS:
            raise WordListError(f"{place}: {word[:80]!r} has more than {MAX_WORDS} words")
    return words


def _key(text: str) -> _Key:
    return tuple(analysis.Stemming().stems(analysis.terms(text)))


class _Expansion:
    """The expansion of one tree. `left` is the number of synonyms that may still be added."""

    def __init__(self, synonyms: Synonyms) -> None:
        self._synonyms = synonyms
        self._left = MAX_ADDED

    def node(self, node: Node) -> Node:
        match node:
            case Word():
                return self._side_by_side([node])[0]
            case All(children) | And(children):
                return replace(node, children=tuple(self._side_by_side(children)))
            case Or(children):
                return replace(node, children=tuple(map(self.node, children)))
        return node

    def _side_by_side(self, nodes: Sequence[Node]) -> list[Node]:
        added: list[list[Node]] = [[] for _ in nodes]
        for first, node in enumerate(nodes):
            if not isinstance(node, Word):
                continue
            key: _Key = ()
            for last in range(first, len(nodes)):
                word = nodes[last]
                if not isinstance(word, Word) or word.field != node.field:
                    break
                key += _key(word.text)
                if len(key) > self._synonyms.longest:
                    break
                self._add(self._synonyms.of.get(key, ()), nodes[first : last + 1], added[first : last + 1])
        return [
            _any_of(node, more) if isinstance(node, Word) else self.node(node)
            for node, more in zip(nodes, added, strict=True)
        ]

    def _add(self, texts: Sequence[str], words: Sequence[Node], added: Sequence[list[Node]]) -> None:
        for text in texts:
            for node, more in zip(words, added, strict=True):
                if self._left and isinstance(node, Word):
                    self._left -= 1
                    more.append(_synonym(text, node, len(words)))


def _any_of(word: Word, synonyms: Sequence[Node]) -> Node:
    if not synonyms:
        return word
    found = Or((word, *synonyms), word.span)
    # An Or side by side with other nodes is optional. A word limited to a field is not.
    return found if word.field is None else And((found,), word.span)


def _synonym(text: str, word: Word, share: int) -> Node:
    """A synonym in the place of a word, which is one of the `share` words that the synonym replaces."""
    weight = word.weight * SYNONYM_WEIGHT / (share * len(analysis.terms(text)))
    if len(text.split()) > 1:
        return Phrase(text, word.field, 0, weight, word.span)
    return Word(text, word.field, weight, word.span)
