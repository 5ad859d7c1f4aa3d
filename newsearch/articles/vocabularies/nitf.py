"""NITF 3.x, the text of a news agency. https://iptc.org/standards/nitf/"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

from newsearch.articles.vocabularies.base import Keys, first, names_of, unique
from newsearch.articles.vocabularies.xml_text import attribute_at, below, line_at, line_of, text_of

_LEADS: Final = ("lead", "lede", "intro", "ingress", "standfirst")


def read(nitf: Element, document: Mapping[str, Any]) -> Keys:
    """Read a document; a document with a status other than usable is unpublished.

    Args:
        nitf: the root, its names without a namespace.
    """
    head = next(below(nitf, "head"), None)
    parts = facts_of(nitf)
    source: dict[str, Any] = dict(parts)
    for meta in below(nitf, "head", "meta"):
        source.setdefault(f"meta {meta.get('name', '')}", meta.get("content", ""))
    if head is not None:
        for child in head.iter("docdata"):
            source |= {f"docdata {fact.tag}": fact.get("norm") or line_of(fact) for fact in child}
    keys = Keys(source)
    for name in OURS:
        keys.take(name, name)
    keys.leave(*(name for name in source if name.startswith(_USED)))
    return keys


OURS: Final = "guid title excerpt body authors topics provider publishedDateTime locale published".split()
_USED: Final = (
    "docdata date.issue",
    "docdata doc-id",
    "docdata key-list",
    "docdata doc.copyright",
    "docdata urgency",
)


def facts_of(nitf: Element) -> dict[str, Any]:
    """Return the values of a NITF document under our keys; it may be inside another document."""
    status = attribute_at(nitf, "management-status", "head", "docdata")
    facts = {
        "guid": attribute_at(nitf, "id-string", "head", "docdata", "doc-id"),
        "title": first(
            line_at(nitf, "body", "body.head", "hedline", "hl1"),
            line_at(nitf, "head", "title"),
            line_at(nitf, "body", "body.head", "hedline"),
        ),
        "excerpt": first(line_at(nitf, "body", "body.head", "abstract"), _lead(nitf)),
        "body": "\n\n".join(
            text_of(content, ("media",)) for content in below(nitf, "body", "body.content")
        ).strip(),
        "authors": _authors(nitf),
        "topics": _subjects(nitf),
        "provider": _outlet(nitf),
        "publishedDateTime": first(
            attribute_at(nitf, "norm", "head", "docdata", "date.issue"),
            attribute_at(nitf, "norm", "body", "body.head", "dateline", "story.date"),
            attribute_at(nitf, "date.publication", "head", "pubdata"),
            attribute_at(nitf, "norm", "head", "docdata", "date.release"),
        ),
        "locale": first(nitf.get("baselang"), nitf.get("lang"), attribute_at(nitf, "lang", "body")),
        "published": status.lower() == "usable" if status else None,
    }
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}


def _lead(nitf: Element) -> str:
    for content in below(nitf, "body", "body.content"):
        for paragraph in content.iter("p"):
            if paragraph.get("class", "").lower() in _LEADS or paragraph.get("lede") == "true":
                return line_of(paragraph)
    return ""


def _authors(nitf: Element) -> list[str]:
    found: list[str] = []
    for byline in below(nitf, "body", "body.head", "byline"):
        persons = [line_of(person) for person in byline.iter("person")]
        found += persons or names_of(line_of(byline, ("byttl", "location")).strip(" ,"))
    return unique(found)


def _subjects(nitf: Element) -> list[str]:
    names = ("tobject.subject.type", "tobject.subject.matter", "tobject.subject.detail")
    subjects = unique(
        subject.get(name, "").strip() for subject in nitf.iter("tobject.subject") for name in names
    )
    return subjects or unique(keyword.get("key", "").strip() for keyword in nitf.iter("keyword"))


def _outlet(nitf: Element) -> dict[str, str]:
    name = first(
        line_at(nitf, "body", "body.head", "distributor"),
        line_at(nitf, "body", "body.head", "rights", "rights.owner"),
        attribute_at(nitf, "regsrc", "head", "docdata", "doc-id"),
        attribute_at(nitf, "holder", "head", "docdata", "doc.copyright"),
    )
    return {"name": name} if name else {}
