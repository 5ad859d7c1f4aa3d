"""The title and an extract of an article, with the matching words marked."""

from __future__ import annotations

from typing import TypeAlias

from newsearch.query.tree import Node
from newsearch.search.results import Hit
from newsearch.search.snippets import Span, marks, snippet
from newsearch.text.clean import one_line

Marked: TypeAlias = tuple[str, list[Span]]
"""A line of text, and the places of the words that were found in it."""

_LENGTH = 240
"""Characters of an extract."""


def title(hit: Hit, tree: Node) -> Marked:
    """The title, or the id of an article without a title."""
    text = one_line(hit.article.title) or one_line(hit.article.id)
    return text, marks(text, tree, "title", hit.stemming)


def extract(hit: Hit, tree: Node) -> Marked:
    """The excerpt, or a part of the body if it contains more of the words."""
    best: Marked = ("", [])
    most = -1
    for field, text in (("excerpt", hit.article.excerpt), ("body", hit.article.body)):
        line = one_line(" ".join(text.split()))
        if line:
            part, spans = snippet(line, marks(line, tree, field, hit.stemming), _LENGTH)
            different = len({part[start:end].casefold() for start, end in spans})
            if different > most:
                best, most = (part, spans), different
    return best
