"""Formats a query tree as indented text, to show how a query was parsed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import inf, nextafter

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
)

_JOINS = {All: "all", And: "and", Or: "or"}


def describe(tree: Node) -> str:
    """One line per node, with its children indented by two spaces below it."""
    return "\n".join(_lines(tree, ""))


def _lines(node: Node, indent: str) -> Iterator[str]:
    yield indent + _line(node)
    if isinstance(node, All | And | Or):
        for child in node.children:
            yield from _lines(child, indent + "  ")
    elif isinstance(node, Not):
        yield from _lines(node.child, indent + "  ")


def _line(node: Node) -> str:
    match node:
        case Or(best=True):
            return "or, scored as the best"
        case All() | And() | Or():
            return _JOINS[type(node)]
        case Not():
            return "not"
        case Everything():
            return "everything"
        case Match():
            return f"match {node.field} {node.value!r}"
        case Range():
            return f"range {node.field} {_interval(node.low, node.high)}"
        case DateRange():
            name = "dates" if node.field == "date" else node.field
            return f"{name} {_bounds(_instant(node.start), _instant(node.end))}"
        case Word():
            said = f"word {node.text!r}"
        case Phrase():
            said = f"phrase {node.text!r}" + (f" with {node.slop} between" if node.slop else "")
        case Near():
            said = f"near {' '.join(map(repr, node.words))} with {node.distance} between"
        case Prefix():
            said = f"prefix {node.text!r}"
        case Fuzzy():
            said = f"fuzzy {node.text!r} within {node.distance}"
    in_field = f" in {node.field}" if node.field else ""
    weighted = f" weight {node.weight:g}" if node.weight != 1 else ""
    return said + in_field + weighted


def _bounds(low: str, high: str) -> str:
    return f"from {low} to {high}"


def _interval(low: float | None, high: float | None) -> str:
    """An interval as typed: a bound adjacent to a rounder number means more than, or less than, that number."""
    if high is None and low is not None and len(str(beyond := nextafter(low, -inf))) < len(str(low)):
        return f"above {_number(beyond)}"
    if low is None and high is not None and len(str(beyond := nextafter(high, inf))) < len(str(high)):
        return f"below {_number(beyond + 0.0)}"  # no negative zero
    return _bounds(_number(low), _number(high))


def _number(value: float | None) -> str:
    return "any" if value is None else str(value).removesuffix(".0")


def _instant(moment: datetime | None) -> str:
    return "any" if moment is None else moment.isoformat().replace("+00:00", "Z")
