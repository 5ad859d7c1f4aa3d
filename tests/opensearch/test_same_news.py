"""Real news in a directory and in a cluster: the same articles, in the same order, with the same scores."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from alike import assert_alike, assert_random_queries_alike
from nodes import shared

import newsearch
from bench.queries import NEWS
from newsearch import Index

pytestmark = pytest.mark.opensearch

NEWS_120K = Path(__file__).resolve().parents[3] / "shared" / "data" / "scale" / "news-120k.jsonl.gz"
ARTICLES = 5000


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Index, Index]]:
    """The index in a directory, and the one in a cluster."""
    if not NEWS_120K.exists():
        pytest.skip("the collection of real news is not on this machine")
    nodes = shared()
    directory = tmp_path_factory.mktemp("news")
    source = directory / "news.jsonl"
    with gzip.open(NEWS_120K, "rt", encoding="utf-8") as lines:
        source.write_text("".join(islice(lines, ARTICLES)), encoding="utf-8")
    place = f"opensearch+http://{nodes.hosts}/real?shards=3&replicas=0"
    newsearch.build(source, index=directory / "index")
    newsearch.build(source, index=place)
    with newsearch.open(directory / "index") as one, newsearch.open(place) as other:
        yield one, other
    nodes.get("/real--*?expand_wildcards=all", method="DELETE")


def test_200_random_queries_over_real_news(both: tuple[Index, Index]) -> None:
    assert_random_queries_alike(*both, 200)


def test_the_queries_of_the_bench_over_real_news(both: tuple[Index, Index]) -> None:
    one, other = both
    for query in NEWS.replace("\n", " ").split(";"):
        assert_alike(one.search(query.strip(), limit=100), other.search(query.strip(), limit=100))


def test_texts_of_real_news_are_the_same(both: tuple[Index, Index]) -> None:
    one, other = both
    for query in ("police", "trump", "climate change", ""):
        mine, theirs = (
            index.search(query, count="texts", collapse="copies", limit=20) for index in (one, other)
        )
        assert mine.texts == theirs.texts
        assert mine.facet("provider") == theirs.facet("provider")
        pages = [
            [(hit.id, [copy.id for copy in hit.copies]) for hit in results] for results in (mine, theirs)
        ]
        assert pages[0] == pages[1]
