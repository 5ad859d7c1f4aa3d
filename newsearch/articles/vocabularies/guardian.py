"""The Guardian Open Platform: an item of `{"response": {"results": [...]}}`. https://open-platform.theguardian.com"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsearch.articles.vocabularies.base import Keys, address, first, plain, split_names


def tells(record: Mapping[str, Any]) -> bool:
    """Whether a record is an item of the Guardian's interface."""
    return "webTitle" in record and "webUrl" in record


def read(item: Mapping[str, Any], document: Mapping[str, Any]) -> Keys:
    """Read an item. Keywords are topics, contributors the authors, the section the category."""
    keys = Keys(item)
    fields = item.get("fields")
    fields = fields if isinstance(fields, Mapping) else {}
    record = keys.record
    if title := first(fields.get("headline"), item.get("webTitle")):
        record["title"] = title
    keys.fates |= {"webTitle": "title", "fields": "title"}
    keys.take("guid", "id")
    keys.take("webUrl", "webUrl", read=address)
    keys.take("publishedDateTime", "webPublicationDate")
    keys.take("category", "sectionName", "pillarName", "sectionId")
    keys.take("type", "type")
    for ours, value in (
        ("excerpt", first(fields.get("trailText"), fields.get("standfirst"))),
        ("body", first(fields.get("body"), fields.get("bodyText"), _of_blocks(item.get("blocks")))),
        ("modified", fields.get("lastModified")),
        ("images", address(fields.get("thumbnail"))),
        ("locale", fields.get("lang")),
    ):
        if value:
            record[ours] = value
    tags = [tag for tag in item.get("tags") or () if isinstance(tag, Mapping)]
    keys.fates.setdefault("tags", "topics")
    if topics := [plain(tag.get("webTitle")) for tag in tags if tag.get("type") == "keyword"]:
        record["topics"] = topics
    contributors = [plain(tag.get("webTitle")) for tag in tags if tag.get("type") == "contributor"]
    if authors := contributors or split_names(plain(fields.get("byline"))):
        record["authors"] = authors
    name = first(fields.get("publication"), "The Guardian")
    record["provider"] = {"name": name, "domain": "theguardian.com"}
    keys.leave("apiUrl", "isHosted", "sectionId", "pillarId", "pillarName", "blocks", "references")
    return keys


def _of_blocks(blocks: object) -> str:
    body = blocks.get("body") if isinstance(blocks, Mapping) else None
    parts = [part for part in body or () if isinstance(part, Mapping)]
    return "\n\n".join(plain(first(part.get("bodyHtml"), part.get("bodyTextSummary"))) for part in parts)
