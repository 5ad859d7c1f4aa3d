"""The Article: one news article, typed and normalised, as produced by every source and used by every stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from newsearch.text.addresses import canonical_url

__all__ = ["Article", "Draft", "Image", "Provider", "Version", "article_to_mapping"]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of an article or of a provider's logo; width and height are in pixels where known."""

    url: str
    width: int | None = None
    height: int | None = None
    is_cached: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """Who published an article. The domain is lower case; name or domain can be empty, but not both."""

    name: str
    domain: str = ""
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An earlier version of an article, as an index that keeps histories stores it.

    Attributes:
        title, excerpt: as they were.
        replaced: when the index replaced this version, an aware datetime in UTC, to the second.
        date, modified: of this version, as in `Article`.
    """

    title: str
    excerpt: str
    replaced: dt.datetime
    date: dt.datetime | dt.date | None = None
    modified: dt.datetime | dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One news article.

    The class does not check its values; `reading.article_from_mapping` normalises them.

    Attributes:
        id: the path within its source, with "/", or another name that is unique there.
        date: publication time: an aware datetime in UTC, or a date if the source gives no time.
        modified: time of the last change, in the same form.
        authors: the names of its authors.
        language: a lower-case BCP 47 tag such as "en-us".
        quality, heat: the signals; they can exceed 100, and a negative one means unknown.
        related: embedded articles; their id is empty unless they have a path.
        history: earlier versions, the oldest first; empty unless the index keeps histories.
        extra: values under keys outside the format, JSON-able.
    """

    id: str
    title: str
    excerpt: str = ""
    topics: tuple[str, ...] = ()
    body: str = ""
    date: dt.datetime | dt.date | None = None
    modified: dt.datetime | dt.date | None = None
    authors: tuple[str, ...] = ()
    original_url: str | None = None
    web_url: str | None = None
    amp_web_url: str | None = None
    cdn_amp_web_url: str | None = None
    category: str = ""
    type: str = "article"
    language: str | None = None
    quality: float | None = None
    heat: float | None = None
    published: bool = True
    provider: Provider | None = None
    images: tuple[Image, ...] = ()
    related: tuple[Article, ...] = ()
    history: tuple[Version, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def url(self) -> str | None:
        """Where to read the article; a video often has only an original URL."""
        return self.web_url or self.original_url or self.amp_web_url

    @property
    def canonical_url(self) -> str | None:
        """The URL that identifies the same article across sources: see the function of this name."""
        url = self.url
        return canonical_url(url) if url else None

    @property
    def path(self) -> str:
        """The id, under the format's own name for it."""
        return self.id

    def __reduce__(self) -> tuple[Any, ...]:
        # A flat tuple: the processes that parse Markdown send articles in a third of the time.
        return _rebuilt, _values_of(self)


def outlet_name(article: Article) -> str:
    """What the outlet of an article is called: its name, else its domain; empty if both are unknown."""
    provider = article.provider
    return (provider.name or provider.domain) if provider else ""


def article_to_mapping(article: Article) -> dict[str, Any]:
    """Convert the article to the format's own keys, JSON-able, without absent values.

    `article_from_mapping(article_to_mapping(a), id=a.id) == a` for every `a` that came from there.
    """
    # Absent values are passed over one by one: a page makes ten mappings, and most values of most articles are absent.
    mapping: dict[str, Any] = dict(article.extra)
    if article.id:
        mapping["path"] = article.id
    if article.category:
        mapping["category"] = article.category
    if article.title:
        mapping["title"] = article.title
    if article.excerpt:
        mapping["excerpt"] = article.excerpt
    if article.date:
        mapping["publishedDateTime"] = written(article.date)
    if article.modified:
        mapping["modified"] = written(article.modified)
    if article.authors:
        mapping["authors"] = list(article.authors)
    if article.original_url:
        mapping["originalUrl"] = article.original_url
    if article.web_url:
        mapping["webUrl"] = article.web_url
    if article.amp_web_url:
        mapping["ampWebUrl"] = article.amp_web_url
    if article.cdn_amp_web_url:
        mapping["cdnAmpWebUrl"] = article.cdn_amp_web_url
    if article.type:
        mapping["type"] = article.type
    if article.language:
        mapping["locale"] = article.language
    if article.quality is not None:
        mapping["quality"] = article.quality
    if article.heat is not None:
        mapping["heat"] = article.heat
    mapping["published"] = article.published
    if article.provider:
        mapping["provider"] = _provider_to_mapping(article.provider)
    if article.topics:
        mapping["topics"] = list(article.topics)
    if article.images:
        mapping["images"] = [_image_to_mapping(image) for image in article.images]
    if article.related:
        mapping["related"] = [article_to_mapping(related) for related in article.related]
    if article.history:
        mapping["history"] = [version_to_mapping(version) for version in article.history]
    if article.body:
        # an article without a title is readable only in BEIR's form
        mapping["body" if article.title else "text"] = article.body
    return mapping


def version_to_mapping(version: Version) -> dict[str, Any]:
    """Convert an earlier version to JSON-able values, under the keys that an article has for them."""
    mapping = {
        "title": version.title,
        "excerpt": version.excerpt,
        "publishedDateTime": written(version.date),
        "modified": written(version.modified),
        "replaced": written(version.replaced),
    }
    return {key: value for key, value in mapping.items() if value}


def history_mapping(article: Article) -> dict[str, Any]:
    """The title and excerpt of an article and of its earlier versions, JSON-able."""
    return {
        "id": article.id,
        "title": article.title,
        "excerpt": article.excerpt,
        "publishedDateTime": written(article.date),
        "modified": written(article.modified),
        "history": [version_to_mapping(version) for version in article.history],
    }


def written(when: dt.datetime | dt.date | None) -> str | None:
    """A date in JSON form: a day, or an instant in UTC that ends in Z."""
    return when.isoformat().replace("+00:00", "Z") if when else None


def date_of(moment: dt.date | dt.datetime, tz: dt.tzinfo) -> dt.date:
    """The day of a moment in a time zone. A day without a time is the same everywhere."""
    return moment.astimezone(tz).date() if isinstance(moment, dt.datetime) else moment


def _image_to_mapping(image: Image) -> dict[str, Any]:
    mapping = {"url": image.url, "width": image.width, "height": image.height, "isCached": image.is_cached}
    return {key: value for key, value in mapping.items() if value is not None and value is not False}


def _provider_to_mapping(provider: Provider) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    if provider.name:
        mapping["name"] = provider.name
    if provider.domain:
        mapping["domain"] = provider.domain
    if provider.images:
        mapping["images"] = [_image_to_mapping(image) for image in provider.images]
    return mapping


class Draft:
    """An Article under construction.

    A frozen dataclass sets each field through object.__setattr__, which would take most of the time needed to
    make an article. This twin has the same slots, and becomes an Article by changing its class.
    """

    __slots__ = tuple(Article.__slots__)


_values_of: Final = attrgetter(*Article.__slots__)


def _rebuilt(*values: Any) -> Article:
    draft: Any = Draft()
    for name, value in zip(Draft.__slots__, values, strict=True):
        setattr(draft, name, value)
    draft.__class__ = Article
    article: Article = draft
    return article
