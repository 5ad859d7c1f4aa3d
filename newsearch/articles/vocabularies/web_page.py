"""A web page: schema.org in JSON-LD and microdata, OpenGraph, and other names for the same values.

https://schema.org/NewsArticle, https://ogp.me, https://www.w3.org/TR/json-ld11/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urljoin

from newsearch.articles.vocabularies.base import (
    Keys,
    address,
    domain_of,
    first,
    is_address,
    is_empty,
    name_of,
    names_of,
    plain,
    unique,
)

Page = Mapping[str, Any]
"""What a reader of HTML finds. All keys are optional: `address` (where it was fetched), `canonical`, `title`, `lang`,
`text` (of the article alone), `headings`, `times`, `authors` (of links with rel=author), `meta` (pairs of a lower-case
name and a content), `has_article` (an <article>), `json_ld` (the scripts as they stand), `microdata` (lists of values
by itemprop)."""

IsDate = Callable[[object], bool]

_TITLES: Final = (
    "og:title twitter:title parsely-title dc.title dcterms.title sailthru.title headline hdl".split()
)
_EXCERPTS: Final = """og:description description twitter:description dc.description dcterms.abstract
sailthru.description""".split()
_DATES: Final = """article:published_time article:published og:published_time og:article:published_time parsely-pub-date
publishdate publish-date publish_date pubdate dc.date.issued dcterms.issued dcterms.created citation_online_date
citation_publication_date prism.publicationdate sailthru.date article.published published-date published_date published
date.published cxenseparse:recs:publishtime cxense-publishtime ptime originalpublicationdate dc.date dcterms.date date
dc.date.created datepublished bt:pubdate publicationdate""".split()
_CHANGES: Final = """article:modified_time article:modified og:updated_time og:article:modified_time dcterms.modified
dc.date.modified lastmod last-modified lastmodified article.updated utime datemodified date.modified""".split()
_AUTHORS: Final = """author parsely-author dc.creator dcterms.creator sailthru.author article:author_name byl byline
authors article.author og:article:author article:author citation_author dc.contributor cxenseparse:author""".split()
_OUTLETS: Final = "og:site_name application-name dc.publisher publisher copyright-holder source".split()
_TAGS: Final = "news_keywords keywords parsely-tags sailthru.tags dc.subject".split()
_SECTIONS: Final = "article:section parsely-section section".split()
_TYPES: Final = frozenset(
    ("BlogPosting", "LiveBlogPosting", "Report", "SocialMediaPosting", "DiscussionForumPosting", "Review")
)
_SITES: Final = frozenset(("WebSite", "NewsMediaOrganization", "Organization"))
_MAX_DEPTH: Final = 8


def read(page: Page, is_date: IsDate) -> Keys:
    """Read a page. JSON-LD has priority, then OpenGraph, then other names, then the page itself.

    Args:
        is_date: whether a value is a usable date; the first usable one is taken.
    """
    meta = _by_name(page.get("meta") or ())
    things = list(_things(page.get("json_ld") or ()))
    by_id = {thing["@id"]: thing for thing in things if isinstance(thing.get("@id"), str) and len(thing) > 1}
    article = next((thing for thing in things if _is_article(thing)), {})
    web_page = next((thing for thing in things if "WebPage" in _types(thing)), {})
    micro = page.get("microdata") or {}
    address = _address(page, meta, article)
    outlet = _outlet(article, meta, micro, things, by_id)
    title = _title(article, meta, micro, page)
    title = _without_outlet(title, [outlet, *meta.get("og:site_name", ()), domain_of(address)])
    descriptions = [
        *_values(meta, _EXCERPTS),
        plain(article.get("description")),
        *micro.get("description", ()),
    ]
    text = plain(page.get("text"))
    declared = plain(article.get("articleBody"))
    dates = [article.get("datePublished"), *_values(meta, _DATES), *micro.get("datePublished", ())]
    dates += [article.get("dateCreated"), web_page.get("datePublished"), *(page.get("times") or ())]
    changes = [article.get("dateModified"), *_values(meta, _CHANGES), *micro.get("dateModified", ())]
    language = first(
        page.get("lang"),
        _language(article.get("inLanguage")),
        *_values(meta, ("og:locale", "language", "dc.language", "content-language")),
    )
    source: dict[str, Any] = {
        "title": title,
        "excerpt": next((line for line in descriptions if line and _folded(line) != _folded(title)), ""),
        "body": text if len(text) >= 0.6 * len(re.sub(r"<[^<>]*>", "", declared)) else declared,
        "publishedDateTime": next((date for date in dates if is_date(date)), None),
        "modified": next((date for date in changes if is_date(date)), None),
        "authors": _authors(article, meta, micro, page, by_id),
        "provider": {"name": outlet, "domain": domain_of(address)} if outlet or address else None,
        "webUrl": address,
        "topics": _topics(article, meta, micro),
        "category": first(*_values(meta, _SECTIONS), *_texts(article.get("articleSection"))),
        "locale": language,
        "images": _images(article, meta, by_id),
    }
    keys = Keys(
        {**{name: values[0] for name, values in meta.items() if name in _COUNTED}, **_present(source)}
    )
    for name in source:
        keys.take(name, name)
    return keys


MUCH_TEXT: Final = 400
"""Characters of text that make a page without any metadata an article: old pages have none."""

_OTHER_PAGES: Final = frozenset(
    (
        "WebSite",
        "CollectionPage",
        "SearchResultsPage",
        "ProfilePage",
        "ContactPage",
        "AboutPage",
        "ItemList",
        "Product",
    )
)


def may_be_article(page: Page) -> bool:
    """Whether something in a page says that it is an article, or it has much text and nothing says otherwise.

    Most sites set `og:type` to `website` on pages of any kind, so only a `website` with little text is not an article.
    """
    meta = _by_name(page.get("meta") or ())
    things = list(_things(page.get("json_ld") or ()))
    micro = page.get("microdata") or {}
    kinds = {kind.lower() for kind in meta.get("og:type", ())}
    if (
        any(map(_is_article, things))
        or "article" in kinds
        or any(name.startswith("article:") for name in meta)
        or not {"headline", "datePublished", "articleBody"}.isdisjoint(micro)
        or any(_values(meta, (*_DATES, "parsely-author", "byl", "sailthru.author")))
        or page.get("has_article")
        or page.get("times")
        or page.get("authors")
    ):
        return True
    types = {kind for thing in things for kind in _types(thing)}
    says_other = bool(kinds - {"website"}) or not _OTHER_PAGES.isdisjoint(types)
    return not says_other and len(plain(page.get("text"))) >= MUCH_TEXT


_COUNTED: Final = ("article:expiration_time",)
"""Values of a page that have no place in an article. All others are synonyms, or are not about the article."""


def _present(source: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in source.items() if not is_empty(value)}


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, content in pairs:
        if content and content.strip():
            found.setdefault(name.lower().strip(), []).append(content.strip())
    return found


def _values(meta: Mapping[str, Sequence[str]], names: Iterable[str]) -> list[str]:
    return [value for name in names for value in meta.get(name, ())]


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [text for item in items if (text := name_of(item))]


def _folded(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


# JSON-LD.
def _things(scripts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """All objects at the top level of the scripts, in a list or in a graph, in their order."""
    for script in scripts:
        todo = [(parse_script(script), 0)]  # the next one is the last
        while todo:
            value, depth = todo.pop()
            if isinstance(value, list) and depth < _MAX_DEPTH:
                todo += [(item, depth + 1) for item in reversed(value)]
            elif isinstance(value, dict):
                yield value
                if depth < _MAX_DEPTH:
                    inner = [value.get("mainEntityOfPage"), value.get("mainEntity"), value.get("@graph")]
                    todo += [(item, depth + 1) for item in inner if isinstance(item, dict | list)]


def parse_script(script: str) -> Any:
    """Parse the JSON of a script element, with common additions around and inside it; None if it is not JSON."""
    text = _WRAPPING.sub("", script.strip()).strip().rstrip(";")
    for attempt in (text, _repaired(text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


_WRAPPING: Final = re.compile(
    r"^\s*(?://\s*)?(?:<!--|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?://\s*)?(?:-->|\]\]>|/\*\s*\]\]>\s*\*/)\s*$"
)
# A string or a comment without an end takes the rest, which would otherwise be searched again for each later start.
_OUTSIDE: Final = re.compile(
    r'("(?:[^"\\]|\\.)*+(?:"|\Z))|(//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))|,(?=\s*[}\]])', re.DOTALL
)


def _repaired(text: str) -> str:
    """Remove comments, and commas before a closing bracket."""
    without = _OUTSIDE.sub(lambda match: match[1] or (" " if match[2] else ""), text)
    return _OUTSIDE.sub(lambda match: match[1] or (" " if match[2] else ""), without)


def _types(thing: Mapping[str, Any]) -> list[str]:
    value = thing.get("@type")
    return [plain(item).rpartition("/")[2] for item in (value if isinstance(value, list) else [value])]


def _is_article(thing: Mapping[str, Any]) -> bool:
    return any(name.endswith("Article") or name in _TYPES for name in _types(thing)) and not {
        "headline", "name", "articleBody", "datePublished", "dateModified", "description", "author"
    }.isdisjoint(thing)  # fmt: skip


def _resolved(value: object, by_id: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        value = next((item for item in value if not is_empty(item)), None)
    if isinstance(value, Mapping) and not value.get("name") and isinstance(value.get("@id"), str):
        return by_id.get(value["@id"], value)
    return value


def _language(value: object) -> object:
    return first(value.get("alternateName"), value.get("name")) if isinstance(value, Mapping) else value


def _address(page: Page, meta: Mapping[str, Sequence[str]], article: Mapping[str, Any]) -> str:
    main = article.get("mainEntityOfPage")
    main = first(main.get("@id"), main.get("url")) if isinstance(main, Mapping) else main
    whole = [*meta.get("og:url", ()), plain(article.get("url")), plain(main), plain(page.get("address"))]
    whole = [url for url in map(address, whole) if url]
    canonical = plain(page.get("canonical"))
    if canonical and not address(canonical):
        try:
            canonical = urljoin(whole[0], canonical) if whole else ""
        except ValueError:
            canonical = ""
    fetched = domain_of(page.get("address"))
    # A saved copy names its origin. A canonical link to the front page is a frequent mistake.
    for url in (canonical, *whole):
        if url and (not fetched or url.rstrip("/").count("/") > 2 or url == whole[-1]):
            return url
    return ""


def _outlet(
    article: Mapping[str, Any],
    meta: Mapping[str, Sequence[str]],
    micro: Mapping[str, Sequence[str]],
    things: Iterable[Mapping[str, Any]],
    by_id: Mapping[str, Any],
) -> str:
    site = next((thing for thing in things if not _SITES.isdisjoint(_types(thing)) and thing.get("name")), {})
    return plain(
        first(
            *meta.get("og:site_name", ()),
            name_of(_resolved(article.get("publisher"), by_id)),
            *_values(meta, _OUTLETS),
            *map(name_of, micro.get("publisher", ())),
            name_of(site),
        )
    )


def _title(
    article: Mapping[str, Any],
    meta: Mapping[str, Sequence[str]],
    micro: Mapping[str, Sequence[str]],
    page: Page,
) -> str:
    return plain(
        first(
            plain(article.get("headline")),
            *_values(meta, _TITLES),
            plain(article.get("name")),
            *micro.get("headline", ()),
            _heading(page),
        )
    )


def _heading(page: Page) -> str:
    """The heading that the page's title repeats, else the title: a heading alone may be that of the site."""
    title = plain(page.get("title"))
    folded = _folded(title)
    headings = [heading for heading in page.get("headings") or () if heading]
    for heading in headings:
        if (own := _folded(heading)) and own in folded:
            return plain(heading)
    return title or plain(headings[0] if headings else "")


def _without_outlet(title: str, outlets: Iterable[str]) -> str:
    wanted = {_folded(outlet) for outlet in outlets if outlet}
    for sign in (" | ", " - ", " – ", " — ", " :: ", " « ", " » ", " · "):
        head, found, tail = title.rpartition(sign)
        if found and head and _folded(tail) in wanted:
            return head.strip()
    return title


def _authors(
    article: Mapping[str, Any],
    meta: Mapping[str, Sequence[str]],
    micro: Mapping[str, Sequence[str]],
    page: Page,
    by_id: Mapping[str, Any],
) -> list[str]:
    declared = first(article.get("author"), article.get("creator"))
    items = declared if isinstance(declared, list) else [declared]
    places = (
        [_resolved(item, by_id) for item in items],
        *([value for value in meta.get(name, ()) if not is_address(value)] for name in _AUTHORS),
        list(micro.get("author", ())),
        list(page.get("authors") or ()),
    )
    for place in places:
        if names := unique(
            name for name in names_of([item for item in place if item]) if not is_address(name)
        ):
            return names
    return []


def _topics(
    article: Mapping[str, Any], meta: Mapping[str, Sequence[str]], micro: Mapping[str, Sequence[str]]
) -> list[str]:
    if tags := meta.get("article:tag"):
        return unique(part.strip() for tag in tags for part in (tag.split(",") if len(tags) == 1 else [tag]))
    for value in (*_values(meta, _TAGS), article.get("keywords"), *micro.get("keywords", ())):
        if isinstance(value, str) and "," not in value and ";" in value:
            value = value.split(";")
        words = value.split(",") if isinstance(value, str) else _texts(value)
        if found := unique(word.strip() for word in words):
            return found
    return []


def _images(
    article: Mapping[str, Any], meta: Mapping[str, Sequence[str]], by_id: Mapping[str, Any]
) -> list[dict[str, Any]]:
    value = _resolved(article.get("image"), by_id)
    url = (
        first(value.get("url"), value.get("contentUrl"), value.get("@id"))
        if isinstance(value, Mapping)
        else value
    )
    url = first(*meta.get("og:image", ()), *meta.get("og:image:url", ()), *meta.get("twitter:image", ()), url)
    return [{"url": url}] if address(url) else []
