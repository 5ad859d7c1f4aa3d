"""OPML: a list of subscribed feeds. http://opml.org/spec2.opml"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from newsearch.errors import SourceError
from newsearch.sources.xml_document import root_of, without_prolog
from newsearch.sources.xml_tree import XmlError, decoded, parse


class Subscription(NamedTuple):
    """One feed of a list.

    Attributes:
        title: its title in the list.
        feed: its address.
        page: the address of its site, or "".
        folders: the names of the folders around it, the outermost first.
    """

    title: str
    feed: str
    page: str
    folders: tuple[str, ...]


def subscriptions(data: bytes, location: str) -> list[Subscription]:
    """Read a list of feeds.

    Args:
        location: for the message.

    Raises:
        SourceError: it is not OPML.
    """
    body, _ = without_prolog(decoded(data))
    if root_of(body) != "opml":
        raise SourceError(location, "no OPML: its root is not <opml>")
    try:
        tree = parse(body)
    except XmlError as error:
        raise SourceError(location, str(error)) from error
    return [found for body in tree.findall("body") for found in _below(body, ())]


def _below(element: Element, folders: tuple[str, ...]) -> Iterator[Subscription]:
    for outline in element.findall("outline"):
        names = {name.lower(): value.strip() for name, value in outline.attrib.items()}
        title = names.get("text") or names.get("title") or ""
        if feed := names.get("xmlurl"):
            yield Subscription(names.get("title") or title or feed, feed, names.get("htmlurl", ""), folders)
        yield from _below(outline, (*folders, title) if title and not feed else folders)
