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

from newsearch.articles.article import Article
from newsearch.engine.arrays.segment.columns import SIGNATURE
from newsearch.engine.arrays.segment.records import encode_record
from newsearch.engine.arrays.writing import building
from newsearch.ranking import TEXT_FIELDS
from newsearch.stories.signatures import article_signature
from newsearch.text.addresses import canonical_url


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


def signatures_of(
    articles: list[Article], words: building.Numbered, draws: building.Draws
) -> NDArray[np.uint8]:
    """The signatures of some articles, used to find copies; shape (articles, SIGNATURE). See stories.signatures.

    Args:
        words: of each field of each article, one after the other.
        draws: the hash and the lots of each term.
    """
    # The fields are title, topics, excerpt, body.
    tokens, lengths, marks = words
    marked = marks.reshape(len(articles), len(TEXT_FIELDS), building.MARKS)
    has_excerpt = lengths[2 :: len(TEXT_FIELDS)] > 0
    headline = np.ascontiguousarray(marked[:, 0, 0])
    skipped = np.where(has_excerpt, marked[:, 2, 1], marked[:, 3, 1])
    made = building.signatures(tokens, lengths, headline, skipped, draws.hashes, draws.lots)
    found = np.frombuffer(bytearray(made), np.uint8).reshape(-1, SIGNATURE)
    for i in np.flatnonzero(marked[:, :, 2].any(axis=1)).tolist():
        article = articles[i]
        right = article_signature(article.title, article.excerpt, article.body)
        found[i] = np.array(right, "<u8").view(np.uint8)
    return found


def _bare(article: Article) -> Article:
    provider = article.provider and replace(article.provider, images=())
    related = tuple(map(_bare, article.related))
    return replace(article, images=(), history=(), provider=provider, related=related)
