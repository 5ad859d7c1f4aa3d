"""The query tree: the meaning of a query, independent of any engine.

A tree consists of the frozen nodes below. Scoring nodes (Word, Phrase, Near, Prefix, Fuzzy) find articles and score
them. Filter nodes (Match, Range, DateRange) only filter articles. All, And, Or and Not combine nodes. Nodes contain
text as typed; the engine analyses it with the rules that the index was built with.

`span` is the half-open range of character positions of a node in the query text, for use in messages. It is ignored in
comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any, Never, TypeAlias, TypeVar, dataclass_transform

Span: TypeAlias = tuple[int, int]

TEXT_FIELDS = ("title", "excerpt", "topics", "body")
"""Fields that a scoring node may be narrowed to; None searches them all, weighted."""

KEYWORD_FIELDS = (
    "id", "topic", "provider", "domain", "author", "category", "type", "url", "language", "has", "is",
)  # fmt: skip
"""Fields that Match may name: `domain` matches on label boundaries (cnn.com finds edition.cnn.com), `provider` whole
words of the outlet's name or its domain, `author` whole words of a name, `url` a part of the URL or, with ://, all of
it but for www., `has` image | related | body | excerpt, `is` published | unpublished | video, `id` the very id,
`language` a tag and what is narrower (en finds en-us), or, of an article without a tag, the language that its words
tell. All others match the whole value. Case is folded, and in names of outlets and authors accents are, too."""

NUMBER_FIELDS = ("heat", "quality")


_MISSING = object()


class _Fields(type):
    """Turns the annotated names of a class into slots with default values."""

    fields: tuple[str, ...]
    defaults: dict[str, Any]
    endings: dict[int, tuple[Any, ...]]
    setters: tuple[Callable[[_Node, Any], None], ...]
    content: Callable[[_Node], Any]

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _Fields:
        names = tuple(body.get("__annotations__", ()))
        defaults = {field: body.pop(field) for field in names if field in body}
        made = super().__new__(cls, name, bases, body | {"__slots__": names, "__match_args__": names})
        made.fields, made.defaults = names, defaults
        # Number of given fields -> defaults of the other fields.
        values = [defaults.get(field, _MISSING) for field in names]
        endings = {count: tuple(values[count:]) for count in range(len(names) + 1)}
        made.endings = {count: ending for count, ending in endings.items() if _MISSING not in ending}
        made.setters = tuple([vars(made)[field].__set__ for field in names])
        made.content = attrgetter(*[field for field in names if field != "span"] or ["fields"])
        return made


@dataclass_transform(frozen_default=True)
class _Node(metaclass=_Fields):
    """An immutable value. Nodes are equal if they have the same type and all their fields except `span` are equal.

    Frozen dataclasses behave the same, but take forty times as long to define, which would delay every command.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        kind = type(self)
        ending = None if named else kind.endings.get(len(given))
        if ending is not None:
            given += ending
        else:
            values = kind.defaults | dict(zip(kind.fields, given, strict=False)) | named
            if len(values) != len(kind.fields) or len(given) + len(named) > len(kind.fields):
                raise TypeError(f"{kind.__name__} takes {', '.join(kind.fields)}, each once")
            given = tuple([values[field] for field in kind.fields])
        for put, value in zip(kind.setters, given):  # noqa: B905 - strict would take as long as the rest
            put(self, value)

    def __eq__(self, other: object) -> bool:
        kind = type(self)
        return kind is type(other) and kind.content(self) == kind.content(other)

    def __hash__(self) -> int:
        kind = type(self)
        return hash((kind, kind.content(self)))

    def __repr__(self) -> str:
        said = (f"{field}={getattr(self, field)!r}" for field in type(self).fields)
        return f"{type(self).__name__}({', '.join(said)})"

    def __setattr__(self, name: str, value: object = None) -> Never:
        raise AttributeError(f"{type(self).__name__} cannot be changed; use replace")

    __delattr__ = __setattr__


_AnyNode = TypeVar("_AnyNode", bound=_Node)


def replace(node: _AnyNode, **changes: Any) -> _AnyNode:
    """A copy of a node with some fields changed."""
    return type(node)(**({field: getattr(node, field) for field in type(node).fields} | changes))


class Word(_Node):
    """One word as typed (`ban`, `COVID-19`). It matches in any form; the exact form ranks higher."""

    text: str
    field: str | None = None
    weight: float = 1.0
    span: Span = (0, 0)


def plain_word(text: str, span: Span) -> Word:
    """A word with no field and the default weight, made in half the time. Most nodes of most queries are like this."""
    word = object.__new__(Word)
    put_text, put_field, put_weight, put_span = Word.setters
    put_text(word, text)
    put_field(word, None)
    put_weight(word, 1.0)
    put_span(word, span)
    return word


class Phrase(_Node):
    """Exact words in this order, with at most `slop` other words in between in total."""

    text: str
    field: str | None = None
    slop: int = 0
    weight: float = 1.0
    span: Span = (0, 0)


class Near(_Node):
    """Words (exact forms) in any order, with at most `distance` other words in between in total.

    Of two, either may have several terms, a phrase or COVID-19: these must be side by side in their order, and the two
    must not overlap. Of three and more, each term counts as a word of its own.
    """

    words: tuple[str, ...]
    distance: int
    field: str | None = None
    weight: float = 1.0
    span: Span = (0, 0)


class Prefix(_Node):
    """Every word with this prefix (`elect*`)."""

    text: str
    field: str | None = None
    weight: float = 1.0
    span: Span = (0, 0)


class Fuzzy(_Node):
    """Every word within `distance` edits (insert, delete, replace, swap of neighbours): 1 or 2."""

    text: str
    distance: int = 1
    field: str | None = None
    weight: float = 1.0
    span: Span = (0, 0)


class Match(_Node):
    """Articles whose keyword field (see KEYWORD_FIELDS) has this value."""

    field: str
    value: str
    span: Span = (0, 0)


class Range(_Node):
    """Articles whose number (heat, quality) is known, which means not negative, and in [low, high]; None is open."""

    field: str
    low: float | None = None
    high: float | None = None
    span: Span = (0, 0)


class DateRange(_Node):
    """Articles whose date (or last change, if `field` is "modified") is in [start, end), aware UTC; None is open.

    A date without a time is that day in the time zone of the search. It is in a range with a start if any instant of
    the day is. It is in a range without a start if the day is over by `end`, or, if `begun` is set, has begun by then.
    Thus [start, any) and [any, start) together contain every dated article exactly once. Fractions of a second in the
    date of an article are ignored.
    """

    start: datetime | None = None
    end: datetime | None = None
    field: str = "date"
    begun: bool = False
    span: Span = (0, 0)


class All(_Node):
    """Nodes typed side by side. At the root, articles that match every child come first. Articles that match only some
    of the plain children (Word, Prefix, Fuzzy, Or, without a field) come after them. Every other child must match. If
    one of these others scores, articles that match no plain child are also found, after the complete ones. With more
    than `plan.COMPLETE_WORDS` different plain children, relevance sorts by score alone. Below the root, All is And."""

    children: tuple[Node, ...]
    span: Span = (0, 0)


class And(_Node):
    """Every child must match."""

    children: tuple[Node, ...]
    span: Span = (0, 0)


class Or(_Node):
    """At least one child must match. The scores of those that match add up, or the highest counts (`best`)."""

    children: tuple[Node, ...]
    span: Span = (0, 0)
    best: bool = False


class Not(_Node):
    """The child must not match."""

    child: Node
    span: Span = (0, 0)


class Everything(_Node):
    """Every article, with a text score of 1: the empty query, or a query of filters only."""

    span: Span = (0, 0)


Node: TypeAlias = (
    Word | Phrase | Near | Prefix | Fuzzy | Match | Range | DateRange | All | And | Or | Not | Everything
)


def texts(node: Node) -> Iterator[str]:
    """The text of every scoring node, as typed."""
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
