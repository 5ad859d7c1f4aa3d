"""The Article: one news article, typed and normalised, as every source gives it and every stage takes it."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from operator import attrgetter
from typing import Any, Final

from newsearch._text import canonical_url, clean_body, clean_text, clean_url, strip_invisible
from newsearch._values import (
    Unusable,
    as_list,
    as_text,
    date_in_name,
    language,
    moment,
    published,
    signal,
)
from newsearch.errors import SourceError

__all__ = [
    "Article",
    "Image",
    "Provider",
    "article_from_mapping",
    "article_to_mapping",
    "canonical_url",
]


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
class Article:
    """One news article.

    The class takes its values as they are; `article_from_mapping` is the door that normalises them.

    Attributes:
        id: the path within its source, with "/", or what else names the article there.
        date: when it was published: an aware datetime in UTC, or a date where the source gives no time.
        language: a lower-case BCP 47 tag such as "en-us".
        quality, heat: the signals; they can exceed 100, and a negative one means unknown.
        related: embedded articles; their id is empty unless they carry a path.
        extra: what the format does not name, as JSON-able values.
    """

    id: str
    title: str
    excerpt: str = ""
    topics: tuple[str, ...] = ()
    body: str = ""
    date: dt.datetime | dt.date | None = None
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
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def url(self) -> str | None:
        """Where to read the article; a video often has an original URL only."""
        return self.web_url or self.original_url or self.amp_web_url

    @property
    def canonical_url(self) -> str | None:
        """The URL by which two articles are the same one: see the function of this name."""
        url = self.url
        return canonical_url(url) if url else None

    @property
    def path(self) -> str:
        """The id, under the format's own name for it."""
        return self.id

    def __reduce__(self) -> tuple[Any, ...]:
        # As one flat tuple: the processes that parse Markdown send articles in a third of the time.
        return _rebuilt, _values_of(self)


def article_from_mapping(
    mapping: Mapping[str, Any], *, id: str, body: str = "", location: str = ""
) -> Article:
    """Make an Article of a record in the format, be it YAML front matter, JSON, the feed's form or BEIR's.

    All text is cleaned: entities decoded, tags and invisible characters removed, NFC, whitespace folded.
    A null is the same as an absent value. What can be read as meant is: numbers and booleans as text and the
    reverse, one topic without a list, a provider that is only a name, an image that is only a URL.

    These fields decide what an article is and where it ranks, and an unusable value in them is an error:
    title (absent or empty too, but for a record whose body is under `text`, as in BEIR), publishedDateTime,
    published, heat and quality. An unusable value elsewhere is dropped: a URL that is not http or https, an
    image without a URL, a related article without a title.

    Dates without a zone are UTC, `03/04/2020` is the 4th of March, and where there is none, a date under
    `published` or at the start of the id's last part is taken. The body is `body`, else what the record has
    under body, content or text. The first of `categories` is the category; `tags` are topics. `secured` is
    never kept. Other keys go to `extra`, cut off at 6 levels of depth and 64 Ki characters.

    Args:
        mapping: the record.
        id: the article's id; a `path` or `id` in the record is not looked at.
        body: the text under the front matter.
        location: file and line for error messages, by default the id.

    Raises:
        SourceError: the record is not a usable article; the reason names the field.
    """
    try:
        return _read(mapping, id, body) or _article(mapping, id, body, depth=0)
    except Unusable as problem:
        raise SourceError(location or id, str(problem)) from None


def article_from_record(record: object, location: str, name: str, number: int) -> Article:
    """Make an Article of one JSON record of a file, with the id that the record has.

    The id is the record's path, id or _id, else its canonical URL, else `name#number`.

    Args:
        location: of the file, for error messages, with the sign that stands before the number.
        name: of the file.
        number: of the record in it.

    Raises:
        SourceError: the record is not a usable article.
    """
    try:
        if article := _read(record, None, ""):
            return article
        if not isinstance(record, Mapping):
            raise Unusable(f"an article is a JSON object, not {_JSON_NAMES.get(type(record), 'a value')}")
        return _article(record, _record_id(record) or f"{name}#{number}", "", depth=0)
    except Unusable as problem:
        raise SourceError(f"{location}{number}", str(problem)) from None


_JSON_NAMES: Final = {
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _record_id(record: Mapping[str, Any]) -> str:
    get = record.get
    name = get("path") or get("id") or get("_id")
    if name is not None and isinstance(name, str | int):
        return clean_text(str(name))
    url = clean_url(get("webUrl")) or clean_url(get("originalUrl")) or clean_url(get("ampWebUrl"))
    return canonical_url(url) if url else ""


def article_to_mapping(article: Article) -> dict[str, Any]:
    """Give the article under the format's own keys, JSON-able, without what is absent.

    `article_from_mapping(article_to_mapping(a), id=a.id) == a` for every `a` that came from there.
    """
    mapping: dict[str, Any] = {
        "path": article.id,
        "category": article.category,
        "title": article.title,
        "excerpt": article.excerpt,
        "publishedDateTime": article.date and article.date.isoformat().replace("+00:00", "Z"),
        "originalUrl": article.original_url,
        "webUrl": article.web_url,
        "ampWebUrl": article.amp_web_url,
        "cdnAmpWebUrl": article.cdn_amp_web_url,
        "type": article.type,
        "locale": article.language,
        "quality": article.quality,
        "heat": article.heat,
        "published": article.published,
        "provider": article.provider and _provider_to_mapping(article.provider),
        "topics": list(article.topics),
        "images": [_image_to_mapping(image) for image in article.images],
        "related": [article_to_mapping(related) for related in article.related],
        # an article without a title is readable only in BEIR's form
        "body" if article.title else "text": article.body,
    }
    present = {key: value for key, value in mapping.items() if value not in (None, "", [])}
    return {**article.extra, **present}


def _image_to_mapping(image: Image) -> dict[str, Any]:
    mapping = {"url": image.url, "width": image.width, "height": image.height, "isCached": image.is_cached}
    return {key: value for key, value in mapping.items() if value is not None and value is not False}


def _provider_to_mapping(provider: Provider) -> dict[str, Any]:
    images = [_image_to_mapping(image) for image in provider.images]
    mapping = {"name": provider.name, "domain": provider.domain, "images": images}
    return {key: value for key, value in mapping.items() if value}


_KNOWN: Final = frozenset(
    [
        "path",
        "id",
        "_id",
        "category",
        "title",
        "excerpt",
        "publishedDateTime",
        "originalUrl",
        "webUrl",
        "type",
        "quality",
        "heat",
        "published",
        "provider",
        "topics",
        "body",
        "content",
        "text",
        "ampWebUrl",
        "cdnAmpWebUrl",
        "categories",
        "locale",
        "lang",
        "language",
        "tags",
        "images",
        "related",
        "secured",
    ]
)
_MAX_RELATED_DEPTH: Final = 2
_MAX_EXTRA_DEPTH: Final = 6
_MAX_EXTRA_CHARACTERS: Final = 64 * 1024


class _Draft:
    """An Article that is being filled in.

    A frozen dataclass sets each field through object.__setattr__, which would take most of the time that it
    takes to make an article. This twin has the same slots, so that it becomes an Article by changing class.
    """

    __slots__ = tuple(Article.__slots__)


_values_of: Final = attrgetter(*Article.__slots__)


def _rebuilt(*values: Any) -> Article:
    draft: Any = _Draft()
    for name, value in zip(_Draft.__slots__, values, strict=True):
        setattr(draft, name, value)
    draft.__class__ = Article
    article: Article = draft
    return article


def _article(mapping: Mapping[str, Any], id: str, body: str, depth: int) -> Article:
    if not isinstance(mapping, dict) and not isinstance(mapping, Mapping):  # the latter takes long
        raise Unusable("not a mapping of keys to values")
    get = mapping.get
    body = body or as_text(get("body") or get("content") or get("text"))
    original_url, web_url = get("originalUrl"), get("webUrl")
    is_visible, since = published(get("published"))
    draft: Any = _Draft()
    draft.id = id
    draft.body = body = clean_body(body) if body else ""
    draft.title = _title(get("title"), may_be_empty=body != "" and "text" in mapping)
    draft.excerpt = _line(get("excerpt"))
    draft.topics = _topics(get("topics"), get("tags"))
    draft.date = moment(get("publishedDateTime"), "publishedDateTime") or since or date_in_name(id)
    draft.original_url = clean = clean_url(original_url)
    draft.web_url = clean if web_url == original_url else clean_url(web_url)
    draft.category = _line(get("category")) or _first(get("categories"))
    draft.type = _line(get("type")) or "article"
    draft.quality = signal(get("quality"), "quality")
    draft.heat = signal(get("heat"), "heat")
    draft.published = is_visible
    draft.provider = _provider(get("provider"))
    _add_rare(draft, mapping, depth)
    draft.__class__ = Article
    article: Article = draft
    return article


def _add_rare(draft: Any, mapping: Mapping[str, Any], depth: int = 0) -> None:
    """Fill in what few articles have."""
    get = mapping.get
    draft.amp_web_url = clean_url(get("ampWebUrl"))
    draft.cdn_amp_web_url = clean_url(get("cdnAmpWebUrl"))
    draft.language = language(get("locale") or get("lang") or get("language"))
    draft.images = _images(get("images"))
    draft.related = _related(get("related"), depth)
    draft.extra = {} if _KNOWN.issuperset(mapping) else _extra(mapping)


def _title(value: object, may_be_empty: bool) -> str:
    title = _line(value)
    if not title and not may_be_empty:
        raise Unusable("title is not a text" if isinstance(value, dict | list) and value else "no title")
    return title


def _topics(topics: object, tags: object) -> tuple[str, ...]:
    values = topics if tags is None and isinstance(topics, list) else [*as_list(topics), *as_list(tags)]
    key = tuple(values)
    try:
        return _KNOWN_TOPICS[key]
    except (KeyError, TypeError):
        names = tuple(dict.fromkeys(filter(None, map(_name, values))))
        if all(isinstance(value, str) for value in key):
            _remember(_KNOWN_TOPICS, key, names)
        return names


def _provider(value: object) -> Provider | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        value = {"name": next(iter(as_list(value)), None)}
    name, domain, images = value.get("name"), value.get("domain"), value.get("images")
    key = (name, domain)
    try:
        if not images:
            return _KNOWN_PROVIDERS[key]
    except (KeyError, TypeError):
        pass
    provider = Provider(_line(name), _domain(domain), _images(images))
    if not (provider.name or provider.domain):
        return None
    if not images and isinstance(name, str) and isinstance(domain, str):
        _remember(_KNOWN_PROVIDERS, key, provider)
    return provider


# A collection has few providers and few sets of topics, each of them in very many articles.
_KNOWN_TOPICS: Final[dict[tuple[Any, ...], tuple[str, ...]]] = {}
_KNOWN_PROVIDERS: Final[dict[tuple[Any, ...], Provider]] = {}
_MAX_REMEMBERED: Final = 16384


def _remember(memory: dict[Any, Any], key: tuple[Any, ...], value: object) -> None:
    if sum(map(len, key)) < 200:
        if len(memory) >= _MAX_REMEMBERED:
            memory.clear()
        memory[key] = value


def _line(value: object) -> str:
    return clean_text(value if isinstance(value, str) else as_text(value))


def _name(value: object) -> str:
    return _line(value.get("name") if isinstance(value, dict) else value)


def _first(categories: object) -> str:
    return next(filter(None, map(_name, as_list(categories))), "")


def _domain(value: object) -> str:
    domain = as_text(value).lower()
    host = domain.partition("//")[2] or domain  # some write a whole URL here
    return clean_text(host.partition("/")[0])


def _images(value: object) -> tuple[Image, ...]:
    if value is None:
        return ()
    images = []
    for item in as_list(value):
        fields = item if isinstance(item, dict) else {"url": item}
        if url := clean_url(fields.get("url")):
            is_cached = as_text(fields.get("isCached")).lower() == "true"
            images.append(Image(url, _pixels(fields.get("width")), _pixels(fields.get("height")), is_cached))
    return tuple(images)


def _pixels(value: object) -> int | None:
    try:
        pixels = signal(value, "pixels")
    except Unusable:
        return None
    return int(pixels) if pixels and pixels >= 1 else None


def _related(value: object, depth: int) -> tuple[Article, ...]:
    if value is None or depth == _MAX_RELATED_DEPTH:
        return ()
    related = []
    for item in as_list(value):
        with suppress(Unusable):
            path = as_text(item.get("path")) if isinstance(item, dict) else ""
            related.append(_article(item, clean_text(path), "", depth + 1))
    return tuple(related)


def _extra(mapping: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = _plain({key: value for key, value in mapping.items() if key not in _KNOWN}, 0)
    room = _MAX_EXTRA_CHARACTERS
    for key, value in list(kept.items()):
        size = len(json.dumps({key: value}, ensure_ascii=False))
        if size > room or key in _KNOWN:
            del kept[key]
        else:
            room -= size
    return kept


def _plain(value: object, depth: int) -> Any:
    """Give a JSON-able copy of the value, or None where there is none."""
    if isinstance(value, str):
        return strip_invisible(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    if depth == _MAX_EXTRA_DEPTH or not isinstance(value, dict | list | tuple):
        return None
    if isinstance(value, dict):
        pairs = ((strip_invisible(str(key)), _plain(item, depth + 1)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not None and key != "secured"}
    return [item for item in (_plain(item, depth + 1) for item in value) if item is not None]


def _read(record: object, id: str | None, body: str) -> Article | None:
    """`_article` of a record, if it could be made the fast way; without an id it is that of the record.

    Raises:
        Unusable: as `_article` does.
    """
    return _reader.read(record, id, body) if _reader else None


try:
    _reader: Any = import_module("newsearch._reading").Reader(
        _Draft,
        Article,
        _KNOWN_TOPICS,
        _KNOWN_PROVIDERS,
        _topics,
        _provider,
        _add_rare,
        clean_text,
        clean_body,
        clean_url,
        canonical_url,
        moment,
        dt.datetime.fromisoformat,
    )
except ImportError:
    _reader = None
