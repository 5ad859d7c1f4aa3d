"""The text of XML elements, with its paragraphs. Elements are named without their namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree.ElementTree import Element

_BLOCKS: Final = frozenset(
    """p br hr div block section article h1 h2 h3 h4 h5 h6 hl1 hl2 li ul ol dl dt dd table tr pre blockquote bq credit
    note abstract body body.content body.head body.end hedline byline dateline""".split()
)
_HIDDEN: Final = frozenset(("script", "style", "head", "media-metadata", "media-producer", "alt-code"))


def text_of(element: Element, hidden: Iterable[str] = ()) -> str:
    """Return the text in an element: paragraphs become lines, white space is unchanged.

    Args:
        hidden: names of elements whose text is left out, besides those that are never displayed.
    """
    pieces: list[str] = []
    left_out = _HIDDEN.union(hidden)
    todo: list[Element | str] = [element]
    while todo:  # no recursion: a document may be nested deeper than Python's stack
        item = todo.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        if item is not element and item.tail:
            todo.append(item.tail)
        if item.tag in left_out:
            continue
        is_block = item.tag in _BLOCKS
        if is_block:
            todo.append("\n\n")
        todo.extend(reversed(item))
        text = " ".join(item.text.split()) if item.text and not item.text.strip() else item.text or ""
        todo.append(("\n\n" if is_block else "") + text)
    return "".join(pieces).strip()


def line_of(element: Element | None, hidden: Iterable[str] = ()) -> str:
    """Return the text in an element as one line; empty for None."""
    return "" if element is None else " ".join(text_of(element, hidden).split())


def below(element: Element, *path: str) -> Iterator[Element]:
    """Yield the descendants at this path of names, each level a child."""
    found = [element]
    for name in path:
        found = [child for parent in found for child in parent if child.tag == name]
    return iter(found)


def line_at(element: Element, *path: str) -> str:
    """Return the first non-empty text at a path."""
    return next((line for found in below(element, *path) if (line := line_of(found))), "")


def attribute_at(element: Element, name: str, *path: str) -> str:
    """Return the first non-empty value of an attribute at a path."""
    return next((value for found in below(element, *path) if (value := found.get(name, "").strip())), "")
