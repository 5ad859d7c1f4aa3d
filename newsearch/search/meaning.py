"""Interprets a query for one index: hashtags that are not topics become words, addresses may name an outlet."""

from __future__ import annotations

import re
from typing import TypeGuard

from newsearch._patterns import pattern
from newsearch.engine.base import Options, Reader
from newsearch.query import Note, Parsed
from newsearch.query.tree import All, And, Everything, Match, Node, Or, Phrase, Word, replace
from newsearch.text.addresses import HOST_NAME

_TOPIC_WEIGHT = 50.0
"""How much more a word counts where it is a topic, if a hashtag is all that is asked for: topics come first."""

_ADDRESS = pattern(r"(?:https?://)?(?:www\.)?([^/\s:?#]+)(?::\d+)?/?([^\s]*)", re.IGNORECASE)


def in_index(query: Parsed, reader: Reader) -> Parsed:
    """A query as interpreted for an index, with notes on the parts that are not read literally."""
    if "#" in query.text:
        return _Topics(query, reader).resolved()
    if "." in query.text and len(query.text.split()) == 1:
        return _address(query, reader)
    return query


class _Topics:
    """The topics of a query that were typed as hashtags."""

    def __init__(self, query: Parsed, reader: Reader) -> None:
        self._query = query
        self._reader = reader
        self._notes: list[Note] = []

    def resolved(self) -> Parsed:
        query, tree = self._query, self._query.tree
        asked = [child for child in _children(tree) if not isinstance(child, Everything)]
        topic = asked[0] if len(asked) == 1 else None
        if topic is not None and self._is_hashtag(topic):
            word = Word(topic.value, None, 1.0, topic.span)
            if not _finds(self._reader, topic):
                return query._replace(tree=word) if _finds(self._reader, word) else query
            first = And((topic, replace(word, weight=_TOPIC_WEIGHT)), topic.span)
            return query._replace(tree=Or((word, first), topic.span))
        tree = self._node(tree)
        if not self._notes:
            return query
        if isinstance(tree, All):
            # The tree only filtered before; now it also ranks.
            kept = tuple(child for child in tree.children if not isinstance(child, Everything))
            tree = replace(tree, children=kept) if any(isinstance(child, Word) for child in kept) else tree
        return query._replace(tree=tree, notes=(*query.notes, *self._notes))

    def _node(self, node: Node) -> Node:
        if isinstance(node, (All, And, Or)):
            return replace(node, children=tuple(map(self._node, node.children)))
        if not self._is_hashtag(node) or _finds(self._reader, node):
            return node
        word = Word(node.value, None, 1.0, node.span)
        if not _finds(self._reader, word):
            return node
        self._notes.append(
            Note(f"no article has the topic {node.value}, so it is searched as a word", node.span)
        )
        return word

    def _is_hashtag(self, node: Node) -> TypeGuard[Match]:
        return isinstance(node, Match) and node.field == "topic" and self._query.text[node.span[0]] == "#"


def _address(query: Parsed, reader: Reader) -> Parsed:
    """Handles an address that is the whole query: the address of an article or an outlet, or one within a text."""
    tree = query.tree
    if isinstance(tree, Word) and tree.field is None and HOST_NAME.fullmatch(tree.text):
        site = Match("domain", tree.text, tree.span)
        if not _finds(reader, site):
            return query
        of_site = f"site:{tree.text}"
        said = f"this finds articles of {of_site} and those that mention it; {of_site} finds only the former"
        return query._replace(tree=Or((tree, site), tree.span), notes=(*query.notes, Note(said, tree.span)))
    asked = [child for child in _children(tree) if not isinstance(child, Everything)]
    if len(asked) != 1 or not isinstance(asked[0], Match) or asked[0].field != "url":
        return query
    (url,) = asked
    match = _ADDRESS.fullmatch(query.text.strip())
    if match is None or ":" in query.text.partition("://")[0]:
        return query
    host, path = match.groups()
    if (path or "://" in query.text) and _finds(reader, url):
        return query
    if not path:
        site = Match("domain", host, url.span)
        if _finds(reader, site):
            note = Note(f"no article has this address; those of site:{host} are shown", url.span)
            return query._replace(
                tree=All((Everything(url.span), site), url.span), notes=(*query.notes, note)
            )
    if _finds(reader, url):
        return query
    text = Phrase(f"{host}/{path}".rstrip("/"), None, 0, 1.0, url.span)
    if not _finds(reader, text):
        return query
    note = Note("no article has this address; articles that contain it are shown", url.span)
    return query._replace(tree=text, notes=(*query.notes, note))


def _children(tree: Node) -> tuple[Node, ...]:
    return tree.children if isinstance(tree, All) else (tree,)


def _finds(reader: Reader, node: Node) -> bool:
    return reader.search(And((node,)), Options(limit=0)).counts().complete > 0
