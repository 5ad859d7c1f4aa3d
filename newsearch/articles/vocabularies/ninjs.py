"""IPTC ninjs 1.x, 2.x and 3.x, and Superdesk's variant. https://iptc.org/standards/ninjs/

Version 1 has one key per text (`headline`, `body_html`, `byline`), 2 and 3 have lists of them with roles (`headlines`,
`bodies`), and 3 uses camel case where 2 uses lower case. One reader handles all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from newsearch.articles.vocabularies.base import (
    Keys,
    address,
    first,
    name_of,
    names_of,
    plain,
    split_names,
    unique,
)


def tells(record: Mapping[str, Any]) -> bool:
    """Whether a record is an item of ninjs."""
    names = {name.lower() for name in record if isinstance(name, str)}
    return not names.isdisjoint(("versioncreated", "pubstatus", "bodies", "headlines", "body_xhtml")) or (
        "headline" in names
        and not names.isdisjoint(("uri", "guid", "body_html", "body_text", "description_text"))
    )


def read(item: Mapping[str, Any], document: Mapping[str, Any]) -> Keys:
    """Read an item. Items that are not usable are unpublished; associated items are not part of the text."""
    keys = Keys({name.lower(): value for name, value in item.items()})
    record = keys.record
    keys.take("guid", "guid", "uri", read=plain)
    keys.take("webUrl", "uri", "guid", "altids", read=_web_address)
    keys.take("title", "headlines", read=lambda value: _role(value, "main", "")) or keys.take(
        "title", "headline", "title", "name", "slugline", read=plain
    )
    keys.take(
        "excerpt", "descriptions", read=lambda value: _role(value, "summary", "lead", "caption")
    ) or keys.take("excerpt", *_sorted(keys.source, "description"), read=plain)
    keys.take("body", "bodies", read=_body) or keys.take("body", *_sorted(keys.source, "body"), read=plain)
    keys.take("publishedDateTime", "firstcreated", "contentcreated", "versioncreated")
    keys.take("modified", "versioncreated", "contentmodified")
    keys.take("locale", "language", "profile_language")
    keys.take("authors", "byline", "by", "bylines", "authors", "creators", read=_authors)
    keys.add("topics", "subjects", "subject", read=_subjects)
    keys.add("topics", "keywords", read=_subjects)
    keys.take("category", "services", "service", "genres", read=_first_name)
    keys.take("provider", "source", "copyrightholder", "providers", "infosources", read=_outlet)
    keys.take(
        "type", "type", read=lambda value: "article" if value in ("text", "composite") else plain(value)
    )
    if status := plain(first(keys.source.get("pubstatus"), keys.source.get("publishstatus"))):
        record["published"] = status.rpartition(":")[2].lower() == "usable"
        keys.fates["pubstatus"] = "published"
    keys.take("images", "associations", read=_pictures)
    keys.take("images", "renditions", read=_renditions)
    keys.leave(*_NOISE)
    return keys


_NOISE: Final = """mimetype version urgency priority copyrightnotice usageterms ednote profile representationtype
    standard located place places person persons people organisation organisations organization event events object
    objects genre genres extra slugline charcount wordcount associations title expires embargoed copyright
    contentcreated contentmodified rightsinfo uri altids""".split()


def _sorted(source: Mapping[str, Any], stem: str) -> list[str]:
    """The keys of a text, the plain one of them last: markup keeps the paragraphs apart."""
    names = [name for name in source if name == stem or name.startswith(f"{stem}_")]
    return sorted(names, key=lambda name: (name.endswith("_text"), name == stem, name))


def _entries(value: object) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _role(value: object, *roles: str) -> str:
    entries = _entries(value)
    for role in roles:
        for entry in entries:
            if plain(entry.get("role")) == role and plain(entry.get("value")):
                return plain(entry["value"])
    return next((plain(entry.get("value")) for entry in entries if plain(entry.get("value"))), "")


def _body(value: object) -> str:
    """The text of several bodies: HTML keeps paragraphs, plain text is next, other XML comes last."""
    ranks = {"html": 0, "text/html": 0, "application/xhtml+xml": 0, "text": 1, "text/plain": 1}

    def rank(entry: Mapping[str, Any]) -> int:
        kinds = (
            plain(first(entry.get("contenttype"), entry.get("contentType"))).lower(),
            plain(entry.get("role")).lower(),
        )
        return min(ranks.get(kind.partition(";")[0], 2) for kind in kinds)

    found = sorted((entry for entry in _entries(value) if plain(entry.get("value"))), key=rank)
    text = plain(found[0]["value"]) if found else ""
    _, tag, rest = text.partition("<body.content")
    inner = rest.partition(">")[2].rpartition("</body.content>")
    return inner[0] if tag and inner[1] else text


def _authors(value: object) -> list[str]:
    if isinstance(value, str):
        names = split_names(value)
        if len(names) == 1 and value.count(",") == 1:  # "Ann Lee, dpa": the second part is the employer
            head = names[0].partition(",")[0].strip()
            return [head] if " " in head else names
        return names
    return names_of(value)


def _subjects(value: object) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    names = unique(map(name_of, value)) if isinstance(value, list) else []
    return [name for name in names if not name.isdigit()]  # a code without a name


def _first_name(value: object) -> str:
    return next(iter(_subjects(value)), "")


def _outlet(value: object) -> dict[str, str] | None:
    name = name_of(value[0]) if isinstance(value, list) and value else name_of(value)
    return {"name": name} if name else None


def _web_address(value: object) -> str:
    if isinstance(value, list):
        return next((found for found in map(_web_address, value) if found), "")
    if isinstance(value, Mapping):
        return address(value.get("value"))
    return address(value)


def _pictures(value: object) -> list[dict[str, Any]]:
    items: Iterable[Any] = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    found = [_renditions(item.get("renditions")) for item in items if isinstance(item, Mapping)]
    return [image for images in found for image in images][:10]


def _renditions(value: object) -> list[dict[str, Any]]:
    """The largest rendition of a picture."""
    items: Iterable[Any] = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    found = [item for item in items if isinstance(item, Mapping) and address(item.get("href"))]
    found.sort(key=lambda item: -item["width"] if isinstance(item.get("width"), int) else 0)
    return [
        {"url": item["href"], "width": item.get("width"), "height": item.get("height")} for item in found[:1]
    ]
