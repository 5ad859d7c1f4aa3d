"""JSON Feed 1.0 and 1.1: an item, and the feed around it. https://www.jsonfeed.org/version/1.1/"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsearch.articles.vocabularies.base import (
    Keys,
    absolute,
    address,
    beginning,
    first,
    names_of,
    plain,
    provider,
    texts_of,
)


def tells(record: Mapping[str, Any]) -> bool:
    """Whether a record is an item of a JSON Feed."""
    return not record.keys().isdisjoint(("content_html", "content_text", "date_published"))


def is_feed(document: Mapping[str, Any]) -> bool:
    """Whether a document is a JSON Feed."""
    return isinstance(document.get("items"), list) and "jsonfeed.org" in plain(document.get("version"))


def read(item: Mapping[str, Any], feed: Mapping[str, Any]) -> Keys:
    """Read an item; missing author, language and outlet come from the feed."""
    keys = Keys(item)
    site = address(feed.get("home_page_url")) or address(feed.get("feed_url"))

    def link(value: Any) -> Any:
        return absolute(value.strip(), site) if isinstance(value, str) else value

    def url(value: object) -> str:
        return address(link(value))

    keys.take("guid", "id", read=plain)
    keys.take("webUrl", "url", read=url) or keys.take("webUrl", "external_url", read=url)
    keys.take("webUrl", "id", read=address)
    if "webUrl" not in keys.record and (given := plain(item.get("url"))):
        keys.record["webUrl"] = given  # it cannot be used, and is reported
    if "external_url" in item:
        keys.take("originalUrl", "external_url", read=url)
    keys.take("title", "title")
    keys.take("body", "content_html", "content_text")
    keys.take("excerpt", "summary")
    # Titles are optional: microblogs have none.
    if "title" not in keys.record and (text := first(keys.record.get("excerpt"), keys.record.get("body"))):
        keys.record["title"] = beginning(plain(text))
    keys.take("publishedDateTime", "date_published")
    keys.take("modified", "date_modified")
    keys.take("authors", "authors", "author", read=names_of)
    keys.take("topics", "tags", read=texts_of)
    keys.take("locale", "language")
    keys.take("images", "image", "banner_image", read=link)
    keys.leave("attachments")
    record = keys.record
    if "authors" not in record and (authors := names_of(first(feed.get("authors"), feed.get("author")))):
        record["authors"] = authors
    if "locale" not in record and feed.get("language"):
        record["locale"] = feed["language"]
    if feed:
        record["provider"] = provider(plain(feed.get("title")), site or record.get("webUrl"))
    return keys
