"""The article that a document stores, as JSON text, and back. The server only keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import orjson

from newsearch.articles.article import Article, Draft, Image, Provider, Version, written

if TYPE_CHECKING:
    from newsearch.engine.opensearch.connection import Cluster

_PLAIN: Final = tuple(
    name
    for name in Article.__slots__
    if name
    not in (
        "id",
        "title",
        "date",
        "modified",
        "provider",
        "images",
        "related",
        "history",
        "extra",
        "topics",
        "authors",
    )
)
_DEFAULTS: Final = {name: getattr(Article(id="", title=""), name) for name in _PLAIN}
_TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys(_PLAIN, str),
    "published": bool,
    "quality": int | float,
    "heat": int | float,
}
_plain_values: Final = attrgetter(*_PLAIN)
_plain_defaults: Final = tuple(_DEFAULTS.values())


def stored(article: Article) -> str:
    """An article as JSON text. Raises ValueError if it holds a lone surrogate, which no JSON can hold."""
    values = _values(article)
    try:
        return orjson.dumps(values).decode()
    except TypeError:
        # An integer of more than 64 bits, or a lone surrogate.
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        text.encode()
        return text


def _values(article: Article) -> dict[str, Any]:
    values: dict[str, Any] = {"id": article.id, "title": article.title}
    for name, value, default in zip(_PLAIN, _plain_values(article), _plain_defaults, strict=True):
        if value != default:
            values[name] = value
    if article.topics:
        values["topics"] = article.topics
    if article.authors:
        values["authors"] = article.authors
    for name, when in (("date", article.date), ("modified", article.modified)):
        if when is not None:
            values[name] = written(when)
    if article.provider:
        provider = article.provider
        values["provider"] = [provider.name, provider.domain, *map(_image, provider.images)]
    if article.images:
        values["images"] = list(map(_image, article.images))
    if article.related:
        values["related"] = list(map(_values, article.related))
    if article.history:
        values["history"] = list(map(_version, article.history))
    if article.extra:
        values["extra"] = dict(article.extra)
    return values


def _image(image: Image) -> list[Any]:
    return [image.url, image.width, image.height, image.is_cached]


def _version(version: Version) -> list[Any]:
    return [version.title, version.excerpt, *map(written, (version.replaced, version.date, version.modified))]


def article(source: Mapping[str, Any]) -> Article:
    """The article in a document.

    Args:
        source: the `_source` of the document.

    Raises:
        ValueError: the document is damaged.
    """
    try:
        return _article(json.loads(source["article"]))
    except (LookupError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        raise ValueError(f"not a stored article: {error!r:.100}") from error


def article_of(cluster: Cluster, hit: Mapping[str, Any]) -> Article:
    """The article in a document of an answer. Raises IndexCorrupt if it is damaged."""
    try:
        return article(hit["_source"])
    except (ValueError, LookupError, TypeError) as error:
        raise cluster.damaged(hit, "article") from error


def _article(values: dict[str, Any]) -> Article:
    made: Any = Draft()
    made.id, made.title = _text(values["id"]), _text(values["title"])
    for name, default in _DEFAULTS.items():
        value = values.get(name, default)
        if value is not default and not isinstance(value, _TYPES[name]):
            raise ValueError(name)
        setattr(made, name, value)
    made.topics = tuple(map(_text, values.get("topics", ())))
    made.authors = tuple(map(_text, values.get("authors", ())))
    made.date, made.modified = _moment(values.get("date")), _moment(values.get("modified"))
    made.provider = None
    if given := values.get("provider"):
        name, domain, *images = given
        made.provider = Provider(_text(name), _text(domain), tuple(map(_parsed_image, images)))
    made.images = tuple(map(_parsed_image, values.get("images", ())))
    made.related = tuple(map(_article, values.get("related", ())))
    made.history = tuple(
        Version(
            title=_text(title),
            excerpt=_text(excerpt),
            replaced=datetime.fromisoformat(replaced),
            date=_moment(dated),
            modified=_moment(modified),
        )
        for title, excerpt, replaced, dated, modified in values.get("history", ())
    )
    made.extra = dict(values.get("extra", {}))
    made.__class__ = Article
    article: Article = made
    return article


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _parsed_image(given: list[Any]) -> Image:
    url, width, height, is_cached = given
    if not (isinstance(width, int | None) and isinstance(height, int | None)):
        raise ValueError(given)
    return Image(_text(url), width, height, bool(is_cached))


def _moment(text: str | None) -> datetime | date | None:
    if text is None:
        return None
    return date.fromisoformat(text) if len(text) == _DAY_LENGTH else datetime.fromisoformat(text)


_DAY_LENGTH: Final = len("1970-01-01")
