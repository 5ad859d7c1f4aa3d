"""The query tree: what a query means, with no engine in it.

A tree is made of the frozen nodes below. Scoring nodes (Word, Phrase, Near, Prefix, Fuzzy) find articles
and give them a score; filter nodes (Match, Range, DateRange) only let articles through; All, And, Or and
Not combine. Nodes carry text as it was typed: the engine analyses it with the rules that the index was
built with.

`span` is the half-open range of character positions in the query text that a node was read from, so that
a message can point at it. It takes no part in comparison.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]

TEXT_FIELDS = ("title", "excerpt", "topics", "body")
"""Fields that a scoring node may be narrowed to; None searches them all, weighted."""

KEYWORD_FIELDS = ("id", "topic", "provider", "domain", "category", "type", "url", "language", "has", "is")
"""Fields that Match may name: `domain` matches on label boundaries (cnn.com finds edition.cnn.com),
`provider` whole words of the outlet's name or its domain, `url` a part of the URL or, with ://, all of it,
`has` image | related | body | excerpt, `is` published | unpublished | video, `id` the very id, `language` a
tag and what is narrower (en finds en-us). All others match the whole value, case folded."""

NUMBER_FIELDS = ("heat", "quality")


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed (`ban`, `COVID-19`): any form of it finds, its exact form ranks higher."""

    text: str
    field: str | None = None
    weight: float = 1.0
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Exact words in this order, with at most `slop` other words in between, all together."""

    text: str
    field: str | None = None
    slop: int = 0
    weight: float = 1.0
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Words (exact forms) in any order, with at most `distance` other words in between, all together."""

    words: tuple[str, ...]
    distance: int
    field: str | None = None
    weight: float = 1.0
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Every word that begins so (`elect*`)."""

    text: str
    field: str | None = None
    weight: float = 1.0
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Every word within `distance` edits (insert, delete, replace, swap of neighbours): 1 or 2."""

    text: str
    distance: int = 1
    field: str | None = None
    weight: float = 1.0
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Match:
    """Articles whose keyword field (see KEYWORD_FIELDS) holds this value."""

    field: str
    value: str
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """Articles whose number (heat, quality) is known, so not negative, and in [low, high]; None is open."""

    field: str
    low: float | None = None
    high: float | None = None
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class DateRange:
    """Articles dated in [start, end), aware UTC; None is open.

    An article with only a date, no time, lies in the range when any instant of its UTC day does. Fractions of
    an article's second do not count.
    """

    start: datetime | None = None
    end: datetime | None = None
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """What was typed side by side. At the root, articles that hold every child come first and those that
    hold only some of its plain children (Word, Prefix, Fuzzy, Or, without a field) come after them; every
    other child must hold, and where one of these scores, an article that holds no plain child comes after
    them too. Of more than `ranking.COMPLETE_WORDS` different plain children, relevance sorts by score alone.
    Below the root it is And."""

    children: tuple[Node, ...]
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """Every child must hold."""

    children: tuple[Node, ...]
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one child must hold."""

    children: tuple[Node, ...]
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The child must not hold."""

    child: Node
    span: Span = dataclasses.field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Everything:
    """Every article, each with the text score 1: the empty query, or one made of filters alone."""

    span: Span = dataclasses.field(default=(0, 0), compare=False)


Node: TypeAlias = (
    Word | Phrase | Near | Prefix | Fuzzy | Match | Range | DateRange | All | And | Or | Not | Everything
)


def texts(node: Node) -> Iterator[str]:
    """The text of every scoring node, as it was typed."""
    match node:
        case Word() | Phrase() | Prefix() | Fuzzy():
            yield node.text
        case Near():
            yield from node.words
        case All(children) | And(children) | Or(children):
            for child in children:
                yield from texts(child)
        case Not(child):
            yield from texts(child)
