"""Content hashes, which detect unchanged articles. The hash covers what an index finds, ranks and shows of an article.

It covers every field except three. The id is left out, which lets a moved article be recognised. The history is left
out, because it is not the article's own. Pictures are left out
too, except for whether the article has any, because a query can ask for that. Sites change the addresses of pictures
all the time, and that is not worth an index write. The index keeps the pictures that came with the last other change.
What an Article does not hold (`secured`, line endings, the order of keys) is not covered either.
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
    """`encode_record` of each article, by the fast path where possible."""
    records = building.plain_records(articles)
    return [record or encode_record(article) for record, article in zip(records, articles, strict=True)]


def facts_of(articles: list[Article], records: Iterable[bytes]) -> building.Facts:
    """The FACT columns of some articles, which include their content hashes.

    Args:
        records: the record of each article, from `records_of`.
    """
    contents = list(records)
    bare = {
        i: _bare(article)
        for i, article in enumerate(articles)
        if article.images or article.related or article.history
    }
    for i, record in zip(bare, records_of(list(bare.values())), strict=True):
        contents[i] = record
    return building.Facts(*building.facts(articles, contents, canonical_url))


def signatures_of(articles: list[Article]) -> NDArray[np.uint8]:
    """The signatures of some articles, used to find copies; shape (articles, SIGNATURE).

    This is the only place that makes them. For now they are all zero, which means no signature.
    """
    return np.zeros((len(articles), SIGNATURE), np.uint8)


def _bare(article: Article) -> Article:
    provider = article.provider and replace(article.provider, images=())
    related = tuple(map(_bare, article.related))
    return replace(article, images=(), history=(), provider=provider, related=related)
