"""Real collections, where they are at hand: they hold what nobody would think of."""

from __future__ import annotations

import unicodedata
from itertools import islice
from pathlib import Path

import pytest

from newsearch.articles.article import Article, article_to_mapping
from newsearch.articles.reading import article_from_mapping
from newsearch.sources.registry import open_source

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real collections are not beside the project")


def articles(path: str, limit: int | None = None) -> list[Article]:
    """Read the articles, and hold every one to what is true of all."""
    results = list(islice(open_source(DATA / path).articles(), limit))
    read = [result for result in results if isinstance(result, Article)]
    assert results == read
    for article in read:
        assert article_from_mapping(article_to_mapping(article), id=article.id) == article
        text = " ".join((article.title, article.excerpt, *article.topics))
        assert not {unicodedata.category(character) for character in text} & {"Cc", "Cs"}
    return read


def test_a_whole_site_is_read() -> None:
    site = articles("smartable/articles")
    assert len(site) == 192
    assert sum(article.published for article in site) == 132
    assert sum(article.type == "video" for article in site) == 12
    assert sum(article.web_url is None for article in site) == 12
    assert all(article.url and article.date and article.heat and article.topics for article in site)
    assert not any(" " * 2 in article.excerpt or "&quot;" in article.excerpt for article in site)


def test_the_sites_feed_is_read_and_agrees_with_its_articles() -> None:
    feed = articles("smartable/feed/index.json")
    site = {article.title: article for article in articles("smartable/articles")}
    assert len(feed) == 25
    assert all(article.path.startswith("_news/") for article in feed)
    shared = [article for article in feed if article.title in site]
    assert len(shared) > 20
    assert all(article.topics == site[article.title].topics for article in shared)


def test_the_article_with_related_ones_is_read() -> None:
    [article] = articles("seed")
    assert (article.heat, article.quality) == (99, 89)
    assert [related.provider and related.provider.domain for related in article.related] == ["cbslocal.com"]
    assert "secured" not in article_to_mapping(article)


def test_news_in_json_lines_is_read_without_an_error() -> None:
    assert len(articles("scale/news-120k.jsonl.gz", limit=2000)) == 2000


@pytest.mark.parametrize(("name", "count"), [("time", 423), ("lee2005", 50)])
def test_documents_without_titles_are_read(name: str, count: int) -> None:
    documents = articles(f"relevance/{name}/corpus.jsonl.gz")
    assert len(documents) == count
    assert all(document.body and not document.title for document in documents)
