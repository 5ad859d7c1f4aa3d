"""What is kept of the earlier versions of an article?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from newsearch.articles.article import Article, Version
from newsearch.articles.values import Unusable, moment
from newsearch.text.clean import clean_text

MAX_VERSIONS: Final = 100
"""Versions kept of one article; of more, the newest."""

MAX_CHARACTERS: Final = 256 * 1024
"""Characters in all kept titles and excerpts of one article; of more, the newest are kept."""

_KEYS: Final = frozenset(("title", "excerpt", "publishedDateTime", "modified", "replaced"))


def with_history(article: Article, former: Article | None, now: dt.datetime) -> Article:
    """An article with the history of the one that it replaces, which becomes its latest earlier version.

    Only a change of title or excerpt makes a version. A history that the article brings along, as from an export, is
    joined with the other.

    Args:
        former: the stored article with the same id; None if there is none.
        now: when it is replaced.
    """
    known = former.history if former else ()
    if article.history and article.history != known:
        known = tuple(sorted({*known, *article.history}, key=lambda version: version.replaced))
    if former and (former.title, former.excerpt) != (article.title, article.excerpt):
        version = Version(
            title=former.title,
            excerpt=former.excerpt,
            replaced=now.replace(microsecond=0),
            date=former.date,
            modified=former.modified,
        )
        known = (*known, version)
    kept = _bounded(known)
    return article if kept == article.history else replace(article, history=kept)


def versions(value: object) -> tuple[Version, ...]:
    """Read a history from a record; empty unless all of it is a history as newsearch writes it."""
    if not isinstance(value, list) or not value:
        return ()
    try:
        return _bounded(tuple(map(_version, value)))
    except Unusable:
        return ()


def _version(value: object) -> Version:
    if not isinstance(value, Mapping) or not _KEYS.issuperset(value):
        raise Unusable("history")
    title, excerpt = value.get("title", ""), value.get("excerpt", "")
    replaced = moment(value.get("replaced"), "replaced")
    if not isinstance(replaced, dt.datetime) or not isinstance(title, str) or not isinstance(excerpt, str):
        raise Unusable("history")
    return Version(
        title=clean_text(title),
        excerpt=clean_text(excerpt),
        replaced=replaced.replace(microsecond=0),
        date=moment(value.get("publishedDateTime"), "publishedDateTime"),
        modified=moment(value.get("modified"), "modified"),
    )


def _bounded(known: Iterable[Version]) -> tuple[Version, ...]:
    kept: list[Version] = []
    room = MAX_CHARACTERS
    for version in reversed(tuple(known)[-MAX_VERSIONS:]):
        room -= len(version.title) + len(version.excerpt)
        if room < 0:
            break
        kept.append(version)
    return tuple(reversed(kept))
