"""When is an article the same as before? A hash of what an index finds, ranks and shows of it.

It covers every field but the id, so that a moved article is known again, and pictures: of those it covers whether the
article has any, which a query can ask for. Sites give pictures new addresses all the time, and it is not worth
an index write; the index keeps those that came with the last change of the rest. What no Article holds (`secured`,
line endings, the order of keys) is not in it either.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from newsearch.article import Article
from newsearch.engine.whoosh.columns import hash_bytes
from newsearch.engine.whoosh.records import encode_record

_SEPARATOR = "\x1f"


def content_hash(article: Article, record: bytes | None = None) -> int:
    """64 bits that stand for the content of an article, without its id.

    Args:
        record: what `encode_record` gives for it, where that is at hand.
    """
    if article.images or article.related:
        record = encode_record(_without_pictures(article))
    elif record is None:
        record = encode_record(article)
    provider, when = article.provider, article.date
    outlet = f"{provider.name}{_SEPARATOR}{provider.domain}" if provider else _SEPARATOR
    # In numbers: as text, a date would take as long as all the rest.
    moment = "" if when is None else f"{when.toordinal()}"
    if isinstance(when, datetime):
        moment += f" {when.hour} {when.minute} {when.second} {when.microsecond}"
    # A column with one fraction in it gives all its numbers back as floats.
    heat = article.heat if article.heat is None else float(article.heat)
    quality = article.quality if article.quality is None else float(article.quality)
    columns = (
        f"{_SEPARATOR}{outlet}{_SEPARATOR}{article.category}{_SEPARATOR}{article.type}{_SEPARATOR}{article.language}"
        f"{_SEPARATOR}{moment}{_SEPARATOR}{heat}{_SEPARATOR}{quality}{_SEPARATOR}{article.published}"
        f"{_SEPARATOR}{bool(article.images)}{_SEPARATOR}{_SEPARATOR.join(article.topics)}"
    )
    # The record begins with the id.
    return hash_bytes(record[record.index(b"\x1f") :] + columns.encode())


def _without_pictures(article: Article) -> Article:
    provider = article.provider and replace(article.provider, images=())
    related = tuple(map(_without_pictures, article.related))
    return replace(article, images=(), provider=provider, related=related)
