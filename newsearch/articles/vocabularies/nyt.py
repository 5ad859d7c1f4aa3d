"""The New York Times: Article Search, Archive, Top Stories, Most Popular, Newswire. https://developer.nytimes.com"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsearch.articles.vocabularies.base import Keys, address, first, name_of, plain, split_names, texts_of


def tells(record: Mapping[str, Any]) -> bool:
    """Whether a record is an article of one of the services."""
    names = record.keys()
    return ("web_url" in names and "pub_date" in names) or (
        "abstract" in names
        and "byline" in names
        and not names.isdisjoint(("published_date", "des_facet", "short_url"))
    )


def read(article: Mapping[str, Any], document: Mapping[str, Any]) -> Keys:
    """Read an article. Keywords and facets are topics, the section is the category."""
    keys = Keys(article)
    keys.take("title", "headline", read=_headline) or keys.take("title", "title")
    keys.take("guid", "uri", "_id", "id")
    keys.take("webUrl", "web_url", "url", "short_url", read=address)
    keys.take("excerpt", "abstract", "snippet", "lead_paragraph")
    keys.take(
        "body", "lead_paragraph", read=lambda text: text if text != keys.record.get("excerpt") else None
    )
    keys.take("publishedDateTime", "pub_date", "published_date", "created_date", "first_published_date")
    keys.take("modified", "updated_date", "updated")
    keys.take("authors", "byline", read=_byline)
    keys.add("topics", "keywords", read=_keywords)
    keys.add("topics", "des_facet", "org_facet", "per_facet", "geo_facet", "adx_keywords", read=_facets)
    keys.take("category", "section_name", "section", "news_desk")
    keys.take("type", "document_type", "item_type", "type", read=lambda value: plain(value).lower())
    keys.take("images", "multimedia", read=_images) or keys.take("images", "media", read=_media)
    keys.take("provider", "source", read=lambda value: {"name": plain(value)})
    outlet = keys.record.setdefault("provider", {"name": "The New York Times"})
    if outlet["name"].lower() in ("the new york times", "new york times"):
        outlet["domain"] = "nytimes.com"
    keys.leave(*_NOISE)
    return keys


_NOISE = (
    "word_count print_page print_section blog slideshow_credits subsection subsection_name type_of_material kicker"
    " material_type_facet created_date asset_id id short_url uri eta_id related_urls thumbnail_standard item_type"
).split()


def _headline(value: object) -> str:
    if isinstance(value, Mapping):
        return plain(first(value.get("main"), value.get("print_headline"), value.get("name")))
    return plain(value)


def _byline(value: object) -> list[str]:
    if not isinstance(value, Mapping):
        return split_names(plain(value))
    if original := plain(value.get("original")):
        return split_names(original)
    persons = [person for person in value.get("person") or () if isinstance(person, Mapping)]
    parts = ("firstname", "middlename", "lastname")
    names = [" ".join(filter(None, (plain(person.get(part)) for part in parts))) for person in persons]
    return [name for name in names if name] or [plain(value.get("organization"))]


def _keywords(value: object) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(";")]
    return [name for name in map(_keyword, value) if name] if isinstance(value, list) else []


def _keyword(item: object) -> str:
    return plain(item.get("value")) if isinstance(item, Mapping) and item.get("value") else name_of(item)


def _facets(value: object) -> list[str]:
    return _keywords(value) if isinstance(value, str) else texts_of(value)


def _images(value: object) -> list[dict[str, Any]]:
    if isinstance(value, Mapping):  # since 2025: {"default": {"url": ...}, "thumbnail": {...}}
        value = [value.get("default"), value.get("thumbnail")]
    items = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    images = [
        {
            "url": f"https://static01.nyt.com/{url.lstrip('/')}" if url and "://" not in url else url,
            **_size(item),
        }
        for item in items
        if (url := plain(item.get("url")))
    ]
    return images[:1]


def _media(value: object) -> list[dict[str, Any]]:
    items = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    for item in items:
        if found := _images(item.get("media-metadata")):
            return found
    return []


def _size(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item[key] for key in ("width", "height") if isinstance(item.get(key), int)}
