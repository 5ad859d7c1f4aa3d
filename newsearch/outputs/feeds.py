"""Search results as a feed: Atom (RFC 4287), RSS 2.0, JSON Feed 1.1."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

from newsearch.articles.article import outlet_name
from newsearch.outputs.extract import extract
from newsearch.search.results import Hit, Results
from newsearch.text.clean import one_line

_ATOM = "http://www.w3.org/2005/Atom"
_UNKNOWN = datetime.fromtimestamp(0, UTC)
"""When an article without a date has changed. The time of the index would be that of a change at every update of it."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NOT_IN_ADDRESSES = re.compile('[<>"{}|^`]')
"""What browsers accept in an address, and RFC 3987 does not: strict readers refuse such an entry."""


class Feed(NamedTuple):
    """A search as a feed.

    Attributes:
        results: the search results.
        url: the address of the feed.
        page: the address of the corresponding page for people.
        updated: the time when the index was published.
        link: from a hit to the address where its article is read.
    """

    results: Results
    url: str
    page: str
    updated: datetime
    link: Callable[[Hit], str]

    @property
    def title(self) -> str:
        """The title of the feed."""
        query = one_line(self.results.request.query)
        return f"{query} – newsearch" if query else "newsearch"


class _Item(NamedTuple):
    """One article of a feed."""

    id: str
    title: str
    url: str
    text: str
    outlet: str
    moment: datetime | None
    modified: datetime | None
    topics: tuple[str, ...]
    language: str


def atom(feed: Feed) -> str:
    """The feed as Atom."""
    ElementTree.register_namespace("", _ATOM)
    root = ElementTree.Element(f"{{{_ATOM}}}feed")
    _add(root, "title", feed.title)
    _add(root, "id", feed.url)
    _add(root, "updated", _iso(feed.updated))
    _add(_add(root, "author"), "name", "newsearch")
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    for item in _items(feed):
        entry = _add(root, "entry")
        _add(entry, "title", item.title)
        _add(entry, "id", item.id)
        _add(entry, "updated", _iso(item.modified or item.moment or _UNKNOWN))
        if item.moment:
            _add(entry, "published", _iso(item.moment))
        _add(entry, "link", rel="alternate", href=item.url)
        if item.outlet:
            _add(_add(entry, "author"), "name", item.outlet)
        if item.text:
            _add(entry, "summary", item.text)
        for topic in item.topics:
            _add(entry, "category", term=topic)
    return _xml(root)


def rss(feed: Feed) -> str:
    """The feed as RSS 2.0."""
    ElementTree.register_namespace("atom", _ATOM)
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")
    for name, text in (
        ("title", feed.title),
        ("link", feed.page),
        ("description", f"What newsearch finds for: {one_line(feed.results.request.query) or 'everything'}"),
        ("lastBuildDate", format_datetime(feed.updated)),
    ):
        _plain(channel, name, text)
    ElementTree.SubElement(
        channel, f"{{{_ATOM}}}link", {"rel": "self", "type": "application/rss+xml", "href": _clean(feed.url)}
    )
    for item in _items(feed):
        entry = ElementTree.SubElement(channel, "item")
        _plain(entry, "title", item.title)
        _plain(entry, "link", item.url)
        ElementTree.SubElement(entry, "guid", isPermaLink="false").text = item.id
        if item.moment:
            _plain(entry, "pubDate", format_datetime(item.moment))
        if item.text:
            _plain(entry, "description", item.text)
        for topic in item.topics:
            _plain(entry, "category", topic)
    return _xml(root)


def json_feed(feed: Feed) -> dict[str, Any]:
    """The feed as JSON Feed 1.1."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "items": [_json_item(item) for item in _items(feed)],
    }


def _json_item(item: _Item) -> dict[str, Any]:
    mapping = {
        "id": item.id,
        "url": item.url,
        "title": item.title,
        "content_text": item.text,
        "date_published": item.moment and _iso(item.moment),
        "date_modified": item.modified and _iso(item.modified),
        "authors": [{"name": item.outlet}] if item.outlet else None,
        "tags": list(item.topics) or None,
        "language": item.language or None,
    }
    return {key: value for key, value in mapping.items() if value is not None}


def _items(feed: Feed) -> Iterator[_Item]:
    for hit, id in zip(feed.results, _entry_ids(feed.results), strict=True):
        yield _item(hit, id, feed)


def _entry_ids(hits: Sequence[Hit]) -> list[str]:
    """The ids of the entries: different ones, since readers show one entry of those with the same id.

    They are made from the ids of the articles. Articles may share an address, and an address may change: readers would
    hide entries or show them again. Articles of several sources may share an id. The last one on the page, usually the
    oldest, keeps it: readers have it already.
    """
    ids: dict[str, None] = {}
    for hit in reversed(hits):
        id = plain = f"urn:newsearch:{quote(hit.id, safe='')}"
        while id in ids:
            content = f"{id} {hit.url or hit.title}".encode("utf-8", "replace")
            id = f"{plain}:{blake2b(content, digest_size=8).hexdigest()}"
        ids[id] = None
    return list(reversed(ids))


def _item(hit: Hit, id: str, feed: Feed) -> _Item:
    article = hit.article
    text, _ = extract(hit, feed.results.query.tree)
    return _Item(
        id,
        one_line(hit.title) or one_line(hit.id),
        _NOT_IN_ADDRESSES.sub(lambda found: quote(found[0]), feed.link(hit)),
        text,
        one_line(outlet_name(article)),
        _moment(article.date, feed),
        _moment(article.modified, feed),
        tuple(map(one_line, article.topics)),
        article.language or "",
    )


def _moment(moment: date | datetime | None, feed: Feed) -> datetime | None:
    """A date of an article as a time. A day begins in the time zone of the search."""
    if moment is None or isinstance(moment, datetime):
        return moment
    try:
        return datetime.combine(moment, time(), feed.results.tz).astimezone(UTC)
    except OverflowError:
        return datetime.combine(moment, time(), UTC)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    cleaned = {key: _clean(value) for key, value in attributes.items()}
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", cleaned)
    element.text = _clean(text) or None
    return element


def _plain(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _clean(text)


def _xml(root: ElementTree.Element) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode")
