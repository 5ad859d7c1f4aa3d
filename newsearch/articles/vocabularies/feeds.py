"""RSS 0.9x, 1.0 and 2.0, Atom, and their extensions, as feedparser returns an entry.

Specifications: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import strftime
from typing import Any, Final

from newsearch.articles.vocabularies.base import (
    Keys,
    absolute,
    address,
    beginning,
    domain_of,
    first,
    is_empty,
    names_of,
    plain,
    provider,
    unique,
)

LONG: Final = 600
"""Minimum characters of a description that is the text rather than a summary."""


def read(entry: Mapping[str, Any], feed: Mapping[str, Any], is_date: Callable[[object], bool]) -> Keys:
    """Read an entry. Missing values for outlet, language and, in Atom, the author come from the feed.

    An entry without a title, such as a short post, gets the beginning of its text as title.

    Args:
        entry: of feedparser's `entries`.
        feed: feedparser's `feed`, with its `version`.
        is_date: whether a date is usable in its original form; otherwise feedparser's result is taken.
    """
    # feedparser's own mappings take ten times as long for each key.
    entry = {name: _plain_parts(value) for name, value in entry.items()}
    keys = Keys({name: value for name, value in entry.items() if name not in _DERIVED})
    record = keys.record
    keys.take("guid", "id", read=plain)
    keys.take("webUrl", "feedburner_origlink", "link", read=address) or keys.take(
        "webUrl", "links", read=_page
    )
    link = plain(entry.get("link"))
    if "webUrl" not in record and link and link != plain(entry.get("id")):
        record["webUrl"] = absolute(link, plain(feed.get("link")))  # if it cannot be used, that is reported
    keys.take("title", "title")
    _take_texts(keys)
    if "title" not in record and (text := first(record.get("excerpt"), record.get("body"))):
        record["title"] = beginning(plain(text))
    _take_dates(keys, entry, is_date)
    _take_authors(keys, feed)
    keys.take("topics", "tags", read=_topics)
    keys.take("topics", "media_keywords", "itunes_keywords", read=lambda value: plain(value).split(","))
    _take_outlet(keys, feed)
    if language := first(
        entry.get("language"), feed.get("language"), _language(entry), feed.get("dc_language")
    ):
        record["locale"] = language
        keys.fates["language"] = "locale"
    for name in ("media_content", "media_thumbnail", "image", "links"):
        if images := _images(entry.get(name)):
            record.setdefault("images", images)
        keys.fates.setdefault(name, "images" if images else "")
    if status := plain(entry.get("wp_status")):
        record["published"] = status in ("publish", "inherit")
        keys.fates["wp_status"] = "published"
    if kind := plain(entry.get("wp_post_type")):
        record["type"] = "article" if kind in ("post", "page") else kind
        keys.fates["wp_post_type"] = "type"
    return keys


_DERIVED: Final = frozenset(
    """title_detail guidislink summary_detail content_detail published_parsed updated_parsed created_parsed subtitle
    subtitle_detail author_detail publisher_detail rights_detail href expired_parsed itunes_title""".split()
)
"""Keys that feedparser derives from another key, or that repeat one."""


def _plain_parts(value: Any) -> Any:
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return [dict(item) if isinstance(item, dict) else item for item in value]
    return value


def _take_texts(keys: Keys) -> None:
    """Distinguish the summary from the text; a lone description is classified by its length."""
    entry, record = keys.source, keys.record
    contents = [
        part for part in entry.get("content") or () if isinstance(part, Mapping) and plain(part.get("value"))
    ]
    # Of several, the longest is the text; the others are summaries, or the same without markup.
    body = max((plain(part["value"]) for part in contents), key=len, default="")
    summary = plain(entry.get("summary")) or plain(entry.get("excerpt_encoded"))
    keys.fates |= {"content": "body", "summary": "excerpt", "excerpt_encoded": "excerpt"}
    if not body and len(summary) > LONG:
        body, summary = summary, ""
        keys.fates["summary"] = "body"
    if body:
        record["body"] = body
    if summary and summary != body:
        record["excerpt"] = summary


def _take_dates(keys: Keys, entry: Mapping[str, Any], is_date: Callable[[object], bool]) -> None:
    """Take the dates as written, or as feedparser reads them where that is no usable date."""
    record = keys.record
    for name in ("published", "updated", "created"):
        when = entry.get(f"{name}_parsed") if name in keys.source else None
        if when and not is_date(keys.source[name]):
            keys.source = {**keys.source, name: f"{strftime('%Y-%m-%dT%H:%M:%S', when)}Z"}
    keys.take("publishedDateTime", "published", "prism_publicationdate", "created", "issued")
    keys.take("modified", "updated")
    if "publishedDateTime" not in record and "modified" in record:
        record["publishedDateTime"] = record.pop("modified")
        keys.fates["updated"] = "publishedDateTime"


def _take_authors(keys: Keys, feed: Mapping[str, Any]) -> None:
    """Take the authors of the entry or, in Atom, those of the feed."""
    entry, record = keys.source, keys.record
    # feedparser takes the end of an address with a long domain for a name; the original author has both.
    order = (
        ("author", "authors")
        if "@" in plain(entry.get("author")) and len(entry.get("authors") or ()) < 2
        else ("authors", "author")
    )
    keys.take("authors", *order, read=names_of) or keys.take(
        "authors", "dc_creator", "media_credit", read=names_of
    )
    is_atom = plain(feed.get("version")).startswith("atom")
    if "authors" not in record and is_atom and (names := names_of(feed.get("authors"))):
        record["authors"] = names


def _page(links: object) -> str:
    """The page among the links of an entry; an enclosure if there is no page."""
    found = [link for link in links if isinstance(link, Mapping)] if isinstance(links, list) else []
    for relation in ("alternate", "", "related", "via", "enclosure"):
        for link in found:
            if plain(link.get("rel")) == relation and (url := address(link.get("href"))):
                return url
    return ""


def _topics(tags: object) -> list[str]:
    terms = []
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, Mapping) and "schemas.google.com/" not in plain(tag.get("scheme")):
            terms.append(plain(first(tag.get("label"), tag.get("term"))))
    return unique(terms)


def _take_outlet(keys: Keys, feed: Mapping[str, Any]) -> None:
    source = keys.source.get("source")
    keys.fates |= {"publisher": "", "dc_publisher": "", "prism_publicationname": ""}
    name, home = plain(feed.get("title")), first(feed.get("link"), feed.get("id"))
    if isinstance(source, Mapping) and plain(source.get("title")):  # an aggregator names the article's outlet
        name, home = (
            plain(source["title"]),
            first(source.get("href"), source.get("link"), _page(source.get("links"))),
        )
    if not name:
        name = plain(first(keys.source.get("publisher"), feed.get("publisher"), ""))
    outlet = provider(name, home)
    if "domain" not in outlet and (domain := domain_of(keys.record.get("webUrl"))):
        outlet["domain"] = domain
    if outlet and (name or feed):
        keys.record["provider"] = outlet


def _language(entry: Mapping[str, Any]) -> str:
    for detail in (entry.get("title_detail"), entry.get("summary_detail"), *(entry.get("content") or ())):
        if isinstance(detail, dict) and (language := detail.get("language")):
            return plain(language)
    return ""


def _images(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    found = []
    for item in items:
        if not isinstance(item, dict) or ("rel" in item and item["rel"] != "enclosure"):
            continue
        url = address(first(item.get("url"), item.get("href")))
        kind = plain(first(item.get("type"), item.get("medium")))
        is_image = kind.startswith("image") if "rel" in item or kind else True
        if url and is_image:
            found.append({"url": url, "width": item.get("width"), "height": item.get("height")})
    return [{key: part for key, part in image.items() if not is_empty(part)} for image in found]
