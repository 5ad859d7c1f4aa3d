"""What filters, sorts and facets read of an article, as fields of its document."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from newsearch.articles.article import Article
from newsearch.engine.opensearch.schema import MAX_VALUE
from newsearch.engine.opensearch.stored import stored
from newsearch.stories.wording import outlet_of
from newsearch.text.addresses import host_of
from newsearch.text.analysis import fold

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_SECOND: Final = timedelta(seconds=1)
_DAY = 86_400


def fields(article: Article, tag: str, has_excerpt: bool) -> dict[str, Any]:
    """What filters, sorts and facets read, and the stored article.

    Args:
        tag: the language by which the article is found, or "".
        has_excerpt: whether its excerpt has words.

    Raises:
        ValueError: a text holds a lone surrogate, which no JSON can hold.
    """
    topics, category, kind = article.topics, article.category, article.type
    has = (bool(article.images), bool(article.related), bool(article.body), has_excerpt)
    found: dict[str, Any] = {
        "article": stored(article),
        "id": article.id[:MAX_VALUE],
        "type": kind[:MAX_VALUE],
        "published": article.published,
    }
    provider = article.provider
    name, domain = (provider.name, provider.domain) if provider else ("", "")
    host = domain or _host(article)
    found["keys"] = _keys(topics, category, kind, tag) + _domains(host) + _has(has)
    if topics:
        found["topic"] = [topic[:MAX_VALUE] for topic in topics]
    if article.authors:
        found["author"] = [author[:MAX_VALUE] for author in article.authors]
        found["author_words"] = [folded_name(author) for author in article.authors]
    if name:
        found["provider"] = name[:MAX_VALUE]
        found["provider_words"] = folded_name(name)
    if outlet := name or host:
        found["outlet"] = outlet[:MAX_VALUE]
    if brand := outlet_of(article):
        found["brand"] = brand[:MAX_VALUE]
    if category:
        found["category"] = category[:MAX_VALUE]
    if tag:
        found["tag"] = tag[:MAX_VALUE]
    if urls := _urls(article):
        found["urls"] = urls
    for field, day, when in (("date", "day", article.date), ("modified", "modified_day", article.modified)):
        if when is not None:
            found[field] = seconds(when)
            if not isinstance(when, datetime):
                found[day] = when.toordinal() - _EPOCH_DAY
    for field, value in (("heat", article.heat), ("quality", article.quality)):
        if value is not None and 0 <= value < float("inf"):
            found[field] = value
    return found


# Many articles share these.


@lru_cache(maxsize=4096)
def _keys(topics: tuple[str, ...], category: str, kind: str, tag: str) -> tuple[str, ...]:
    tag = tag.casefold()[:MAX_VALUE]
    return (
        *(f"topic:{topic}" for topic in dict.fromkeys(topic.casefold()[:MAX_VALUE] for topic in topics)),
        f"category:{category.casefold()[:MAX_VALUE]}",
        f"type:{kind.casefold()[:MAX_VALUE]}",
        *(f"language:{tag[:at]}" for at, sign in enumerate(tag) if sign == "-"),
        f"language:{tag}",
    )


@lru_cache(maxsize=4096)
def _domains(host: str) -> tuple[str, ...]:
    found = []
    domain = host.casefold()[:MAX_VALUE]
    while domain:
        found.append(f"domain:{domain}")
        domain = domain.partition(".")[2]
    return tuple(found)


@cache
def _has(held: tuple[bool, ...]) -> tuple[str, ...]:
    names = ("image", "related", "body", "excerpt")
    return tuple(f"has:{name}" for name, is_held in zip(names, held, strict=True) if is_held)


def _urls(article: Article) -> list[str]:
    urls = (article.web_url, article.original_url)
    return list(dict.fromkeys(url.casefold()[:MAX_VALUE] for url in urls if url))


def _host(article: Article) -> str:
    """The host of the address of an article, without www."""
    return host_of(f"{article.web_url or ''} {article.original_url or ''}")


@lru_cache(maxsize=4096)
def folded_name(name: str) -> str:
    """Normalise a name for comparison: case, accents and extra spaces are ignored."""
    return " ".join(fold(name.casefold()).split())


def seconds(when: date) -> int:
    """A moment in whole seconds since 1970, rounded down; a day is its midnight in UTC."""
    if isinstance(when, datetime):
        return (when - _EPOCH) // _SECOND
    return (when.toordinal() - _EPOCH_DAY) * _DAY
