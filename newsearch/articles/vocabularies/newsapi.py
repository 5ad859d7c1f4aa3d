"""NewsAPI.org, version 2: an article of `{"status": "ok", "articles": [...]}`. https://newsapi.org/docs"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from newsearch.articles.vocabularies.base import Keys, address, domain_of, name_of, names_of, plain


def tells(record: Mapping[str, Any]) -> bool:
    """Whether a record is an article of NewsAPI, or of a service with the same response format."""
    return "publishedAt" in record and not record.keys().isdisjoint(("source", "urlToImage", "url"))


_CUT: Final = re.compile(r"(?:(?:…|\.\.\.)\s*)?\[\+?[0-9]+ chars\]\Z")
"""The service cuts a text after 200 characters and appends the number of missing ones."""


def read(article: Mapping[str, Any], document: Mapping[str, Any]) -> Keys:
    """Read an article. The outlet's name at the end of a title is removed."""
    keys = Keys(article)
    outlet = keys.take("provider", "source", read=lambda value: name_of(value) or plain(_id(value)))
    if outlet:
        keys.record["provider"] = {"name": outlet}
    keys.take("title", "title", read=lambda value: _without_outlet(plain(value), outlet or ""))
    keys.take("excerpt", "description", read=_without_count)
    keys.take("body", "content", read=lambda value: _without_count(value, "…"))
    keys.take("webUrl", "url", read=address)
    keys.take("publishedDateTime", "publishedAt")
    keys.take("authors", "author", "authors", read=names_of)
    keys.take("images", "urlToImage", "image", read=address)
    keys.take("locale", "language", "lang")
    keys.take("category", "category")
    if plain(article.get("title")) == "[Removed]" or domain_of(article.get("url")) == "removed.com":
        keys.refusal = "what the service gives in place of an article that was removed"
    return keys


def _without_count(value: object, end: str = "") -> str:
    text = plain(value)
    found = _CUT.search(text)
    return text[: found.start()].rstrip() + end if found else text


def _id(source: object) -> object:
    return source.get("id") if isinstance(source, Mapping) else source


def _without_outlet(title: str, outlet: str) -> str:
    head, sign, tail = title.rpartition(" - ")
    return head.strip() if sign and outlet and tail.strip().casefold() == outlet.casefold() else title
