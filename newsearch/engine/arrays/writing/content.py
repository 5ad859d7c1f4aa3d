"""When is an article the same as before? By a hash of what an index finds, ranks and shows of it.

It covers every field but the id, so that a moved article is known again, and pictures: of those it covers whether the
article has any, which a query can ask for. Sites give pictures new addresses all the time, and it is not worth
an index write; the index keeps those that came with the last change of the rest. What no Article holds (`secured`,
line endings, the order of keys) is not in it either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article, canonical_url
from newsearch.engine.arrays.segment.columns import SIGNATURE
from newsearch.engine.arrays.segment.records import encode_record
from newsearch.engine.arrays.writing import building


def records_of(articles: list[Article]) -> list[bytes]:
    """`encode_record` of each article, made the fast way where it can be."""
    records = building.plain_records(articles)
    return [record or encode_record(article) for record, article in zip(records, articles, strict=True)]


def facts_of(articles: list[Article], records: Iterable[bytes]) -> building.Facts:
    """What the columns keep of articles, with the hashes of their contents.

    Args:
        records: for each article what `records_of` gives.
    """
    contents = list(records)
    bare = {
        i: _without_pictures(article)
        for i, article in enumerate(articles)
        if article.images or article.related
    }
    for i, record in zip(bare, records_of(list(bare.values())), strict=True):
        contents[i] = record
    return building.Facts(*building.facts(articles, contents, canonical_url))


def signatures_of(articles: list[Article]) -> NDArray[np.uint8]:
    """The signatures of some articles, by which copies are found: shape (articles, SIGNATURE).

    The one place that makes them. So far they are all zero, which stands for no signature.
    """
    return np.zeros((len(articles), SIGNATURE), np.uint8)


def _without_pictures(article: Article) -> Article:
    provider = article.provider and replace(article.provider, images=())
    related = tuple(map(_without_pictures, article.related))
    return replace(article, images=(), provider=provider, related=related)
