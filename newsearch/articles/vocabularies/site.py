"""Records of site generators, clippers and exports: our keys under other common names.

Hugo (https://gohugo.io/content-management/front-matter/), Zola (https://www.getzola.org/documentation/content/page/),
Jekyll (https://jekyllrb.com/docs/front-matter/), Obsidian Web Clipper (https://obsidian.md/help/web-clipper), and
any format that calls a date `date`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from newsearch.articles.vocabularies.base import (
    OURS,
    Keys,
    address,
    domain_of,
    is_address,
    is_empty,
    name_of,
    plain,
)

_NAMES: Final[Mapping[str, str]] = {
    "title": "title headline",
    "publishedDateTime": """publisheddatetime date pubdate pub_date published_at publishedat published_date
        publisheddate date_published datepublished date_publish publish_date publishdate publication_date
        publicationdate published_time publishedtime publishtime dc:date first_published_at webpublicationdate""",
    "modified": """lastmod last_modified lastmodified updated updated_at updatedat date_modified datemodified
        last_modified_at modified_at modifiedat modified_date date_updated dateupdated last_updated lastupdated
        date_modify updateddatetime modifieddatetime""",
    "excerpt": "description summary abstract teaser standfirst snippet lede subtitle dek",
    "webUrl": """weburl url link permalink canonical_url canonicalurl canonical source_url sourceurl article_url web_url
        href""",
    "body": "maintext content_text content_html article_body articlebody full_text fulltext body_html body_text",
    "authors": "author byline creator dc:creator writer writers by author_name",
    "topics": "topic",
    "provider": "publisher source_domain source_name site_name sitename publication outlet newspaper domain",
    "category": "section",
    "images": "image image_url imageurl cover featured_image thumbnail urltoimage",
}
ALIASES: Final = {name: ours for ours, names in _NAMES.items() for name in names.split()}
"""Our key for each other name, in lower case."""

_ALWAYS: Final = (
    "keywords",
    "keyword",
    "labels",
    "source",
    "draft",
    "status",
    "taxonomies",
    "created",
    "layout",
)
_IN_CAMELS: Final = "publishTime webPublicationDate updatedDateTime modifiedDateTime urlToImage".split()


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


FOREIGN: Final = (
    frozenset(
        spelt
        for name in (*ALIASES, *_ALWAYS, *_IN_CAMELS, *(ours.lower() for ours in OURS), *OURS)
        for camel in (_camel(name),)
        for spelt in (
            *(name, name.capitalize(), name.upper(), name.replace("_", "-")),
            *(camel, camel[0].upper() + camel[1:]),
        )
    )
    - OURS
)
"""Keys that indicate a record with other names than ours."""


def may_be_article(record: Mapping[str, Any]) -> bool:
    """Whether a record has a key for a title or a text, which every article needs."""
    return not _ESSENTIAL.isdisjoint(ALIASES.get(name, name) for name in map(str.lower, map(str, record)))


_ESSENTIAL: Final = frozenset(("title", "body", "content", "text"))


def read(record: Mapping[str, Any], document: Mapping[str, Any]) -> Keys:
    """Read a record whose keys are ours, or other names for them, in any case.

    Args:
        document: may have the `name` of the file, which Jekyll derives the title from. It also makes Jekyll's tags
            split at spaces.
    """
    name = plain(document.get("name"))
    lower: dict[str, Any] = {}
    spelt: dict[str, str] = {}
    for spelling, value in record.items():
        key = spelling if spelling in OURS else str(spelling).lower()
        key = _OUR_SPELLING.get(key, key)
        if key not in ALIASES and key not in OURS:
            key = _TOGETHER.get(key.replace("_", "").replace("-", ""), key)
        if key not in lower or is_empty(lower[key]):
            lower[key] = value
            spelt[key] = str(spelling)
    keys = Keys(lower, spelt=spelt)
    made = keys.record
    for key in OURS:
        if key in lower and key not in _SPLIT:
            made[key] = lower[key]
            keys.fates[key] = key
    for ours, names in _NAMES.items():
        if is_empty(made.get(ours)):
            made.pop(ours, None)
        before = ours in made
        for other in names.split():
            value = lower.get(other)
            if other in lower and is_empty(value):
                keys.fates.setdefault(other, "")
            if other == ours or is_empty(value) or (ours == "webUrl" and not address(value)):
                continue
            if ours not in made:
                made[ours] = value
                keys.fates.setdefault(other, ours)
            elif not before and value == made[ours]:
                keys.fates.setdefault(other, ours)
            before = before or ours in made
    _take_source(keys)
    _take_visibility(keys, name)
    _take_topics(keys, name)
    if "images" in made and isinstance(made["images"], str) and not is_address(made["images"]):
        del made["images"]  # a path on the site
    if is_empty(made.get("title")) and "text" not in lower and (title := title_of_name(name)):
        made["title"] = title
    if "publishedDateTime" not in made and (day := _DAY_IN_PATH.search(plain(lower.get("path")))):
        made["publishedDateTime"] = "-".join(day.groups())
    return keys


_TOGETHER: Final = {name.replace("_", ""): name for name in reversed(ALIASES)}
_OUR_SPELLING: Final = {name.lower(): name for name in OURS}
_SPLIT: Final = ("topics", "tags", "categories", "category")
_DAY_IN_PATH: Final = re.compile(r"(?:^|/)([0-9]{4})/([0-9]{2})/([0-9]{2})(?=/|$)")
_POST: Final = re.compile(r"(?:^|/)[0-9]{4}-[0-9]{2}-[0-9]{2}-([^/]+?)\.[A-Za-z]+\Z")


def title_of_name(name: str) -> str:
    """The title that Jekyll derives from the name of a post: `2010-01-09-date-override.md` is "Date Override"."""
    found = _POST.search(name)
    words = re.split(r"[-_ ]+", found[1]) if found else []
    return " ".join(word[:1].upper() + word[1:] for word in words)


def _take_source(keys: Keys) -> None:
    """Read `source`, which is an address in clips, and a name or an object elsewhere."""
    made, value = keys.record, keys.source.get("source")
    if is_empty(value):
        return
    if isinstance(value, str) and is_address(value):
        if is_empty(made.get("webUrl")):
            made["webUrl"] = value.strip()
            keys.fates["source"] = "webUrl"
    elif is_empty(made.get("provider")) and (name := name_of(value)):
        made["provider"] = value if isinstance(value, Mapping) and value.get("domain") else name
        keys.fates["source"] = "provider"
    given = made.get("provider")
    if isinstance(given, str) and _HOST.fullmatch(given.strip()):
        made["provider"] = {"domain": domain_of(f"https://{given.strip()}")}


_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,24}")


def _take_visibility(keys: Keys, name: str) -> None:
    made = keys.record
    if "_drafts/" in name:  # Jekyll's folder of drafts
        made["published"] = False
    draft, status = plain(_flag(keys.source.get("draft"))).lower(), plain(keys.source.get("status")).lower()
    if "draft" in keys.source:
        keys.fates["draft"] = "published"
    if status in ("draft", "pending", "private", "trash", "unpublished", "withheld", "canceled"):
        keys.fates["status"] = "published"
    elif draft not in ("true", "yes", "1", "on"):
        return
    made["published"] = False


def _flag(value: object) -> object:
    return str(value) if isinstance(value, bool) else value


def _take_topics(keys: Keys, name: str) -> None:
    """Read topics. Jekyll splits `tags: a b` and its categories at spaces; Zola has them in a table."""
    source, made = keys.source, keys.record
    parts_at_spaces = "layout" in source or bool(_POST.search(name))
    tables = source.get("taxonomies")
    tables = tables if isinstance(tables, Mapping) else {}
    if tables:
        keys.fates["taxonomies"] = "topics"
    for ours in ("topics", "tags", "categories", "category"):
        value = source.get(ours)
        if is_empty(value):
            value = tables.get(ours)
        keys.fates.setdefault(ours, ours)
        if (
            ours != "topics"
            and isinstance(value, str)
            and parts_at_spaces
            and "," not in value
            and ours != "category"
        ):
            value = value.split()
        if not is_empty(value):
            made[ours] = value
    if is_empty(made.get("authors")):
        params = [
            table
            for table in (tables, source.get("params"), source.get("extra"))
            if isinstance(table, Mapping)
        ]
        named = [table.get(key) for table in params for key in ("authors", "author")]
        if names := next((value for value in named if not is_empty(value)), None):
            made["authors"] = names
    # Keywords for search engines become topics if there are no others.
    if is_empty(made.get("topics")) and is_empty(made.get("tags")):
        for key in ("keywords", "keyword", "labels"):
            if not is_empty(source.get(key)) and is_empty(made.get("topics")):
                made["topics"] = source[key]
                keys.fates[key] = "topics"
