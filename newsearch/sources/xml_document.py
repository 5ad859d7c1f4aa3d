"""One XML document: a feed, or the items of a news agency. Its root element decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from newsearch.articles.values import is_date
from newsearch.articles.vocabularies import feeds, newsml, nitf
from newsearch.errors import SourceError
from newsearch.sources.base import NotNews, ReadingOptions, Record
from newsearch.sources.files import EMPTY, printable, read_content
from newsearch.sources.xml_tree import MAX_DEPTH, XmlError, decoded, parse, with_ampersands

MAX_SIZE: Final = 32_000_000
"""Maximum size in bytes of a document, decompressed: it is parsed as a whole."""

_ROOT: Final = re.compile(r"<(?!\?|!)(?:[\w.-]+:)?([\w.-]+)")
_PROLOG: Final = re.compile(
    r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL | re.IGNORECASE
)
_FEED_WITHIN: Final = re.compile(r"<(feed|rss|rdf:RDF)\s", re.IGNORECASE)
_FEEDS: Final = ("rss", "rdf", "feed", "channel")
_ROOTS: Final = (*_FEEDS, "html", "nitf", "newsmessage", "newsml", "newsitem", "packageitem")


def records(path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
    """Read the records of a document.

    Raises:
        SourceError: it cannot be read, is not usable XML, has no articles, or needs a package that is not installed.
    """
    location = printable(path)
    text = decoded(read_content(path, MAX_SIZE))
    yield from records_of(text, location)


def records_of(text: str, location: str) -> Iterator[Record | SourceError]:
    """Read the records of the text of a document; see `records`."""
    body, prolog = without_prolog(text)
    root = root_of(body)
    if root and root not in _ROOTS:
        if root == "opml":
            raise NotNews(location, "a list of feeds, and no articles; name it .opml to index the feeds")
        what = f"XML of <{root:.40}>, which newsearch does not read"
        raise NotNews(location, f"{what}; it reads {_READ}")
    if "<!ENTITY" in prolog.upper():
        raise SourceError(location, "defines entities of its own, which newsearch does not read")
    if root in _FEEDS:
        yield from _of_feed(body, location)
        return
    if root == "html" and (found := _FEED_WITHIN.search(body[:4096])):  # saved from a browser
        end = body.rfind(f"</{found[1]}>")
        yield from _of_feed(body[found.start() : end + len(found[1]) + 3 if end > 0 else len(body)], location)
        return
    if root == "html":
        raise SourceError(location, "an HTML page where XML was expected, such as an error page of a site")
    if not root:
        raise SourceError(location, f"not XML: {EMPTY}" if not body else f"not XML; newsearch reads {_READ}")
    try:
        tree = parse(body)
    except XmlError as error:
        raise SourceError(location, str(error)) from error
    if root == "nitf":
        yield Record("nitf", nitf.read(tree, {}))
        return
    items = [item for item in tree.iter() if item.tag in newsml.ITEMS and newsml.is_text(item)]
    if not items:
        raise NotNews(location, "NewsML without any text, such as that of a picture")
    for number, item in enumerate(items, 1):
        yield Record("newsml", newsml.read(item, {}), f"#{number}")


_READ: Final = "RSS, Atom, NewsML and NITF"
_WHOLE_SITE: Final = "wordpress.org/export/"


def is_feed(start: bytes) -> bool:
    """Whether the beginning of a document is that of a feed, and not of WordPress's export of a whole site."""
    body, _ = without_prolog(decoded(start))
    return root_of(body) in _FEEDS and _WHOLE_SITE not in body


def without_prolog(text: str) -> tuple[str, str]:
    """Separate a document from its declaration, comments and document type."""
    at = 0
    while found := _PROLOG.match(text, at):
        at = found.end()
    return text[at:].lstrip(), text[:at]


def root_of(body: str) -> str:
    """The name of the root of a document without prolog, in lower case and without a prefix."""
    found = _ROOT.match(body)
    return found[1].lower() if found else ""


def _of_feed(body: str, location: str) -> Iterator[Record | SourceError]:
    try:
        import feedparser
    except ImportError:
        raise SourceError(
            location, "to read feeds, feedparser is needed: pip install 'newsearch[feeds]'"
        ) from None
    _bound(feedparser)
    if _depth(body) > MAX_DEPTH:
        raise SourceError(location, f"nested deeper than {MAX_DEPTH} levels")
    if _MANY_ATTRIBUTES.search(body):
        raise SourceError(location, f"an element with more than {_MOST_ATTRIBUTES:,} attributes")
    body, missing = _whole_entries(body)
    found = _parsed_feed(feedparser, body)
    if found.get("bozo") and (mended := with_ampersands(body)) != body:
        # feedparser reads "AT&T" as "AT&T;" unless the rest is in order.
        again = _parsed_feed(feedparser, mended)
        found = found if again.get("bozo") else again
    if not missing and not found.entries and found.get("bozo") and not found.version:
        raise SourceError(location, f"no usable feed: {found.get('bozo_exception')!s:.100}")
    feed: Mapping[str, Any] = {**found.feed, "version": found.version}
    for number, entry in enumerate(found.entries, 1):
        if entry.get("wp_post_type") in _NO_POSTS:
            continue
        yield Record("feed", feeds.read(entry, feed, is_date), f"#{number}")
    if missing:
        yield SourceError(location, f"ends in the middle: there is no {missing}", hides_articles=True)


def _whole_entries(body: str) -> tuple[str, str]:
    """Close a feed that was cut off, after its last whole entry. The rest of an entry would make another article.

    Returns:
        The feed, and the end tag that is missing, or "".
    """
    root = root_of(body)
    after = max((end.end() for end in _ENTRY_END.finditer(body)), default=0)
    if _EMPTY_ROOT.match(body) or _FEED_END[root].search(body, after):
        return body, ""
    tag = body[1:].split(">", 1)[0].split()[0]
    ends = f"</channel></{tag}>" if root == "rss" else f"</{tag}>"
    return (body[:after] if after else body.split(">", 1)[0] + ">") + ends, f"</{tag}>"


_ENTRY_END: Final = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_EMPTY_ROOT: Final = re.compile(r"<[^<>]*/>")
_FEED_END: Final = {
    root: re.compile(rf"</(?:[\w.-]+:)?(?:{ends})\s*>", re.IGNORECASE)
    for root, ends in {"rss": "rss|channel", "channel": "channel", "rdf": "rdf", "feed": "feed"}.items()
}


_MOST_ATTRIBUTES: Final = 1000
"""Maximum attributes of an element of a feed: the XML reader that feedparser uses takes quadratic time for them."""

_MANY_ATTRIBUTES: Final = re.compile(
    r"""<[^\s<>/!?][^\s<>/]*+(?:\s++[^\s<>=]++\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))"""
    f"{{{_MOST_ATTRIBUTES + 1}}}"
)
_LONGEST_AUTHOR: Final = 1000
"""Maximum characters of an author in which feedparser looks for an address."""

_MOST_TAGS: Final = 1000
"""Maximum topics of an entry."""


def _bound(feedparser: Any) -> None:
    """Spare feedparser what takes it quadratic time: an address in an endless author, and topics without number."""
    parser = feedparser.mixin._FeedParserMixin
    split, add = parser._sync_author_detail, parser._add_tag
    if getattr(split, "is_bounded", False):
        return

    def split_if_short(self: Any, key: str = "author") -> None:
        if len(self._get_context().get(key) or "") <= _LONGEST_AUTHOR:
            split(self, key)

    def add_if_few(self: Any, *tag: Any) -> None:
        if len(self._get_context().get("tags") or ()) < _MOST_TAGS:
            add(self, *tag)

    split_if_short.is_bounded = True  # type: ignore[attr-defined]
    parser._sync_author_detail, parser._add_tag = split_if_short, add_if_few


def _parsed_feed(feedparser: Any, body: str) -> Any:
    # The text is already decoded; the declared encoding has been used, or was wrong. The text is passed as a file,
    # because feedparser could take a string for a file name.
    return feedparser.parse(
        BytesIO(b"<?xml version='1.0' encoding='utf-8'?>\n" + body.encode("utf-8")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


_NO_POSTS: Final = (
    "attachment",
    "nav_menu_item",
    "revision",
    "custom_css",
    "customize_changeset",
    "wp_global_styles",
)
"""What WordPress exports besides its posts."""

_TAGS: Final = re.compile(r"<!\[CDATA\[|<!--|<(/?)[A-Za-z][^<>]*?(/?)>")
_ENDS: Final = {"<![CDATA[": "]]>", "<!--": "-->"}


def _tags(body: str) -> Iterator[re.Match[str]]:
    """The tags outside of CDATA and of comments. One without an end hides nothing."""
    last = {start: body.rfind(end) for start, end in _ENDS.items()}
    at = 0
    while found := _TAGS.search(body, at):
        at = found.end()
        if found[0] not in _ENDS:
            yield found
        elif last[found[0]] >= at:
            at = body.index(_ENDS[found[0]], at) + len(_ENDS[found[0]])


def _depth(body: str) -> int:
    """The nesting depth of elements, determined without parsing."""
    depth = deepest = 0
    for tag in _tags(body):
        if tag[2]:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > deepest:
            deepest = depth
            if depth > MAX_DEPTH:
                break
    return deepest
