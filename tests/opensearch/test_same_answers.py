"""One collection in a directory and in a cluster: the same articles, in the same order, with the same scores."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from alike import assert_alike, assert_random_queries_alike
from nodes import VERSIONS, shared

import newsearch
from bench.queries import NEWS
from newsearch import Index
from newsearch.engine.base import FACETS

pytestmark = pytest.mark.opensearch

SEEDS = Path(newsearch.__file__).parent.parent / "seeds"


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    place = tmp_path_factory.mktemp("arrays") / "index"
    newsearch.build(SEEDS, index=place)
    with newsearch.open(place) as index:
        yield index


@pytest.fixture(scope="module", params=VERSIONS)
def cluster(request: pytest.FixtureRequest) -> Iterator[Index]:
    nodes = shared(request.param)
    place = f"opensearch+http://{nodes.hosts}/same?shards=3&replicas=0"
    newsearch.build(SEEDS, index=place)
    with newsearch.open(place) as index:
        yield index
    nodes.get("/same--*?expand_wildcards=all", method="DELETE")


def test_200_random_queries_of_the_whole_syntax(arrays: Index, cluster: Index) -> None:
    assert_random_queries_alike(arrays, cluster, 200)


def test_the_queries_of_the_bench(arrays: Index, cluster: Index) -> None:
    for query in NEWS.replace("\n", " ").split(";"):
        assert_alike(arrays.search(query.strip(), limit=100), cluster.search(query.strip(), limit=100))


def test_help_is_the_same(arrays: Index, cluster: Index) -> None:
    for typed in ("facal recogniton", "poice", "amazn", "surveilance camra", "facial recognition"):
        one, other = arrays.search(typed), cluster.search(typed)
        assert one.did_you_mean == other.did_you_mean
        assert one.diagnose() == other.diagnose()
    for typed in ("fac", "facial rec", "po", "topic:", "provider:b", "s", "the "):
        assert arrays.complete(typed) == cluster.complete(typed)


def test_explanations_are_the_same(arrays: Index, cluster: Index) -> None:
    for query in (
        "facial recognition",
        '"facial recognition" police',
        "title:police OR amaz*",
        "polic~ -amazon",
    ):
        for one, other in zip(arrays.search(query), cluster.search(query), strict=True):
            text, boost = other.explanation.details
            assert other.score == other.explanation.value == text.value * boost.value
            told = [
                [(part.description, pytest.approx(part.value)) for part in d.details]
                for d in one.explanation.details
            ]
            assert [sorted((p.description, p.value) for p in d.details) for d in (text, boost)] == [
                sorted(t) for t in told
            ]


def test_stories_copies_and_timelines_are_the_same(arrays: Index, cluster: Index) -> None:
    for collapse in ("copies", "stories"):
        one, other = (index.search("police", collapse=collapse) for index in (arrays, cluster))
        assert [(hit.id, hit.score) for hit in one] == [(hit.id, pytest.approx(hit.score)) for hit in other]
    article = next(iter(sorted(arrays.articles(), key=lambda article: article.id)))
    assert [hit.id for hit in arrays.related(article.id)] == [hit.id for hit in cluster.related(article.id)]
    assert arrays.timeline("police") == cluster.timeline("police")


def test_articles_ids_and_exports_are_the_same(arrays: Index, cluster: Index) -> None:
    assert arrays.ids() == cluster.ids()
    assert {a.id: a for a in arrays.articles()} == {a.id: a for a in cluster.articles()}
    assert [a.id for a in arrays._reader.exported()] == [a.id for a in cluster._reader.exported()]
    assert arrays.get(arrays.ids()[3]) == cluster.get(arrays.ids()[3])
    one, other = arrays.stats(), cluster.stats()
    for name in (
        "articles",
        "unpublished",
        "hidden",
        "oldest",
        "newest",
        "median_heat",
        "median_quality",
        "terms",
    ):
        assert getattr(one, name) == getattr(other, name), name
    for mine, theirs in zip(arrays.fields(), cluster.fields(), strict=True):
        assert mine == theirs


def test_folded_pages_are_the_same(arrays: Index, cluster: Index) -> None:
    drawn = random.Random(16)
    for query in ("police", "", "facial recognition", "amazon OR google", "the", "is:unpublished"):
        given = {
            "collapse": drawn.choice(["copies", "copies", None]),
            "per_outlet": drawn.choice([None, 1, 2]),
            "show": drawn.choice(["best", "first", "last", "bbc.com"]),
            "sort": drawn.choice(["relevance", "newest", "heat"]),
            "unpublished": drawn.random() < 0.3,
            "limit": 7,
        }
        if not given["collapse"]:
            del given["show"]
        for offset in (0, 7):
            one, other = (index.search(query, offset=offset, **given) for index in (arrays, cluster))
            told = [
                [(hit.id, [copy.id for copy in hit.copies]) for hit in results] for results in (one, other)
            ]
            assert told[0] == told[1], (query, given)
            assert one.total == other.total
            if one.folding and other.folding:
                assert (one.folding.groups, one.folding.exact) == (other.folding.groups, other.folding.exact)


def test_texts_are_the_same(arrays: Index, cluster: Index) -> None:
    for query in ("police", "", "facial recognition ban", "amazon OR google", "topic:AI", "nosuchword"):
        for tz in ("UTC", "Pacific/Apia"):
            one, other = (
                index.search(query, count="texts", unpublished=True, tz=tz) for index in (arrays, cluster)
            )
            assert one.texts == other.texts
            for name in FACETS:
                for limit in (None, 3):
                    assert one.facet(name, limit) == other.facet(name, limit), (query, name, tz)
    for id in arrays.ids():
        assert arrays.copies(id) == cluster.copies(id)


def test_distinctive_words_and_coverage_are_the_same(arrays: Index, cluster: Index) -> None:
    for query in ("police", "facial recognition", "amazon -police", "is:unpublished", "nosuchword"):
        assert arrays.words(query) == cluster.words(query)
        for tz in ("UTC", "Pacific/Apia"):
            assert arrays.coverage(query, by="month", tz=tz) == cluster.coverage(query, by="month", tz=tz)
