"""NewsML-G2, and NewsML 1.2 before it. https://iptc.org/standards/newsml-g2/"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

from newsearch.articles.vocabularies import nitf
from newsearch.articles.vocabularies.base import Keys, domain_of, first, is_address, names_of, unique
from newsearch.articles.vocabularies.xml_text import attribute_at, below, line_at, line_of, text_of

ITEMS: Final = ("newsItem", "NewsItem")
"""Names of the elements that are articles, in NewsML-G2 and in 1.2."""


def is_text(item: Element) -> bool:
    """Whether an item is an article, not a picture, a video, a graphic, or a list of other items."""
    kind = attribute_at(item, "qcode", "itemMeta", "itemClass") or attribute_at(
        item, "uri", "itemMeta", "itemClass"
    )
    name = kind.rpartition(":")[2].rpartition("/")[2].lower()
    if item.tag == "NewsItem":
        kinds = {media.get("FormalName", "").lower() for media in item.iter("MediaType")}
        return not kinds or "text" in kinds or any(True for _ in item.iter("DataContent"))
    return name in ("", "text", "composite")


def read(item: Element, document: Mapping[str, Any]) -> Keys:
    """Read an item of either version; an item with a status other than usable is unpublished.

    Args:
        item: the element, its names without a namespace.
    """
    facts = _facts_of_first(item) if item.tag == "NewsItem" else _facts(item)
    source = {name: value for name, value in facts.items() if value not in (None, "", [], {})}
    for part in ("itemMeta", "contentMeta"):
        for child in (child for parent in below(item, part) for child in parent):
            if child.tag not in _KNOWN:
                source.setdefault(
                    child.tag, line_of(child) or child.get("qcode", "") or child.get("literal", "")
                )
    keys = Keys(source)
    for name in (*nitf.OURS, "modified", "webUrl", "category"):
        keys.take(name, name)
    keys.leave(*_NOISE)
    return keys


_KNOWN: Final = frozenset(
    """itemClass provider versionCreated firstCreated pubStatus contentCreated contentModified creator by headline
    description language subject keyword infoSource located altId""".split()
)
_NOISE: Final = "generator signal service profile role fileName urgency edNote link creditline genre".split()


def _facts(item: Element) -> dict[str, Any]:
    meta, content = (
        next(below(item, "itemMeta"), Element("itemMeta")),
        next(below(item, "contentMeta"), Element("contentMeta")),
    )
    inner = next(item.iter("nitf"), None)
    inner_facts = nitf.facts_of(inner) if inner is not None else {}
    made = (
        line_at(meta, "firstCreated") or line_at(content, "contentCreated") or line_at(meta, "versionCreated")
    )
    changed = line_at(content, "contentModified") or line_at(meta, "versionCreated")
    status = attribute_at(meta, "qcode", "pubStatus") or attribute_at(meta, "uri", "pubStatus")
    return {
        "guid": item.get("guid"),
        "webUrl": next((link.get("href") for link in below(meta, "link") if _is_page(link)), None),
        "title": first(
            _headline(content), line_at(meta, "title"), inner_facts.get("title"), line_at(content, "slugline")
        ),
        "excerpt": first(line_at(content, "description"), inner_facts.get("excerpt")),
        "body": _body(item, inner_facts),
        "publishedDateTime": made,
        "modified": changed if changed != made else None,
        "authors": _authors(content, inner_facts),
        "topics": _topics(content),
        "provider": _outlet(item, meta, content),
        "locale": first(
            attribute_at(content, "tag", "language"), item.get("lang"), inner_facts.get("locale")
        ),
        "published": status.rpartition(":")[2].rpartition("/")[2].lower() == "usable" if status else None,
    }


def _is_page(link: Element) -> bool:
    return link.get("rel", "").rpartition(":")[2] in (
        "canonical",
        "self",
        "originalUrl",
        "webVersion",
    ) and is_address(link.get("href", ""))


def _headline(content: Element) -> str:
    found = sorted(
        below(content, "headline"),
        key=lambda line: line.get("role", "").rpartition(":")[2] not in ("", "main"),
    )
    return next((line for headline in found if (line := line_of(headline))), "")


def _body(item: Element, inner: Mapping[str, Any]) -> str:
    if inner.get("body"):
        return str(inner["body"])
    for content in below(item, "contentSet", "inlineXML"):
        html = next(content.iter("body"), content)
        if text := text_of(_main(html)):
            return text
    return next(
        (text for data in below(item, "contentSet", "inlineData") if (text := (data.text or "").strip())), ""
    )


def _main(html: Element) -> Element:
    """The article text of a page, without a repeated headline and by-line."""
    for element in html.iter():
        if element.get("class", "").lower() in ("main", "article-body", "articlebody", "body") and len(
            element
        ):
            return element
    return html


def _authors(content: Element, inner: Mapping[str, Any]) -> list[str]:
    byline = line_at(content, "by")
    named = names_of(byline) or inner.get("authors")
    # A creator without a space is a login or a code, not a name.
    creators = [name for creator in below(content, "creator") if " " in (name := _name(creator))]
    return named or unique(creators)


def _name(party: Element) -> str:
    names = [name for name in below(party, "name") if line_of(name)]
    # A display name has priority over a short form and a code.
    names.sort(key=lambda name: name.get("role", "").rpartition(":")[2] in ("short", "mnemonic", "code"))
    return line_of(names[0]) if names else party.get("literal", "")


def _topics(content: Element) -> list[str]:
    subjects = unique(_subject(subject) for subject in below(content, "subject"))
    return subjects or unique(line_of(keyword) for keyword in below(content, "keyword"))


def _subject(subject: Element) -> str:
    return next((line_of(name) for name in below(subject, "name") if not _is_code(name)), "")


def _is_code(name: Element) -> bool:
    return name.get("role", "").rpartition(":")[2] in ("mnemonic", "code") or not line_of(name)


def _outlet(item: Element, meta: Element, content: Element) -> dict[str, str]:
    provider = next(below(meta, "provider"), None)
    name = _name(provider) if provider is not None else ""
    uri = provider.get("uri", "") if provider is not None else ""
    if not name or ("." in name and " " not in name):
        sources = [*below(content, "infoSource"), *below(item, "rightsInfo", "copyrightHolder")]
        name = next((found for source in sources if (found := _name(source))), name)
    parts = {"name": name, "domain": domain_of(uri)}
    return {key: part for key, part in parts.items() if part}


def _facts_of_first(item: Element) -> dict[str, Any]:
    """The facts of an item of NewsML 1.2, whose components may contain components."""
    inner = next(item.iter("nitf"), None)
    facts = nitf.facts_of(inner) if inner is not None else {}
    management = next(below(item, "NewsManagement"), Element("NewsManagement"))
    made = line_at(management, "FirstCreated")
    changed = line_at(management, "ThisRevisionCreated")
    status = attribute_at(management, "FormalName", "Status")
    outlet = first(
        *(
            _formal(party)
            for name in ("Provider", "Source")
            for holder in item.iter(name)
            for party in holder.iter("Party")
        ),
        line_at(item, "Identification", "NewsIdentifier", "ProviderId"),
    )
    bylines = [line_of(line) for line in item.iter("ByLine")]
    subjects = (
        _formal(found) for name in ("Subject", "SubjectMatter", "SubjectDetail") for found in item.iter(name)
    )
    return {
        "guid": line_at(item, "Identification", "NewsIdentifier", "PublicIdentifier"),
        "title": first(
            *(line_of(line) for name in ("HeadLine", "NewsLineText") for line in item.iter(name)),
            facts.get("title"),
        ),
        "excerpt": first(*(line_of(line) for line in item.iter("SubHeadLine")), facts.get("excerpt")),
        "body": facts.get("body") or _first_body(item),
        "publishedDateTime": made or changed,
        "modified": changed if changed != made else None,
        "authors": [name for line in bylines for name in names_of(line)] or facts.get("authors"),
        "topics": unique(name for name in subjects if not name.isdigit()) or facts.get("topics"),
        "provider": {"name": outlet} if outlet else None,
        "locale": first(
            *(language.get("FormalName") for language in item.iter("Language")), item.get("lang")
        ),
        "published": status.lower() == "usable" if status else None,
    }


def _formal(element: Element) -> str:
    return first(line_at(element, "Name"), element.get("FormalName")) or ""


def _first_body(item: Element) -> str:
    for content in item.iter("ContentItem"):
        kinds = [media.get("FormalName", "").lower() for media in below(content, "MediaType")]
        if not kinds or "text" in kinds:
            for data in below(content, "DataContent"):
                body = next(data.iter("body.content"), None)
                if body is None:
                    body = next(data.iter("body"), data)
                if text := text_of(body, ("media", "hedline", "body.head")):
                    return text
    return ""
