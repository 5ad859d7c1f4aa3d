"""What people ask of an index, on every engine: pages, filters, facets, and help with what they type."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from contract.news import RECORDS, write

import newsearch
from newsearch import Boosts, Index, Request
from newsearch.engine.base import SORTS
from newsearch.errors import EngineError, QueryError


@pytest.fixture
def index(place: str, tmp_path: Path) -> Iterator[Index]:
    newsearch.build(write(tmp_path / "news.jsonl"), index=place)
    with newsearch.open(place) as index:
        yield index


def found(index: Index, query: str = "", **options: Any) -> list[str]:
    return [hit.id for hit in index.search(query, **options)]


def test_articles_with_every_word_come_first_and_are_counted(index: Index) -> None:
    results = index.search("facial recognition ban")
    assert [(hit.id, hit.complete) for hit in results] == [("1", True), ("2", True), ("3", False)]
    assert (results.counts.complete, results.counts.partial) == (2, 1)


def test_a_hit_is_its_article_and_its_score_explains_itself(index: Index) -> None:
    hit = index.search("portland")[0]
    assert (hit.id, hit.title, hit.url) == ("1", RECORDS[0]["title"], "https://bbc.co.uk/news/1")
    assert hit.article.topics == ("Privacy", "AI")
    assert hit.stemming.language == "en"
    text, boost = hit.explanation.details
    assert hit.score == hit.explanation.value == text.value * boost.value
    assert len(boost.details) == 2


@pytest.mark.parametrize(
    ("query", "options", "expected"),
    [
        ("", {}, "1 2 3 5"),
        ("", {"unpublished": True}, "1 2 3 4 5"),
        ("is:unpublished", {}, "4"),
        ("", {"topics": ["AI", "Privacy"]}, "1"),
        ("", {"providers": "cnn"}, "2 3"),
        ("", {"types": "video"}, "2"),
        ("", {"after": "2020-09-30", "before": "2020-10-01"}, "2"),
        ("", {"min_heat": 50}, "1 3"),
        ('"facial recognition" -portland', {}, "2"),
        ("title:recog*", {}, "1 2 3"),
        ("portlnd~", {}, "1"),
        ("", {"as_of": "2020-09-30"}, "1 2 5"),
    ],
)
def test_filters_and_operators_narrow(
    index: Index, query: str, options: dict[str, Any], expected: str
) -> None:
    assert sorted(found(index, query, **options)) == expected.split()


@pytest.mark.parametrize(
    ("sort", "expected"), [("newest", "3 2 1 5"), ("oldest", "1 2 3 5"), ("heat", "1 3 2 5")]
)
def test_sorts_put_what_is_unknown_last(index: Index, sort: str, expected: str) -> None:
    assert found(index, sort=sort) == expected.split()


def test_pages_follow_one_another(index: Index) -> None:
    everything = found(index)
    assert [found(index, limit=2, offset=at) for at in (0, 2, 4)] == [everything[:2], everything[2:], []]


def key(id: str) -> int:
    return int.from_bytes(blake2b(id.encode(), digest_size=8).digest(), "little")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("facial recognition ban"), "1 2"),
        (Request("surveillance"), "1 3 5"),
        (Request("surveillance", providers="cnn"), "3"),
        (Request("recognition", unpublished=True, offset=2, limit=1), "1 2 3"),
        (Request(), "1 2 3 5"),
        (Request("is:unpublished"), "4"),
        (Request("nowhere"), ""),
    ],
)
def test_keys_are_the_hashes_of_the_ids_of_articles_with_every_word(
    index: Index, request_: Request, expected: str
) -> None:
    keys = sorted(key(id) for id in expected.split())
    assert index.keys(request_).tolist() == keys
    assert index.keys(request_, [key("1"), key("6"), key("3"), key("1")]).tolist() == [
        found for found in keys if found not in (key("1"), key("3"))
    ]
    assert index.keys(request_, array("Q", reversed(keys))).tolist() == []


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", ["surveillance city", "facial recognition", "", "topic:AI OR cameras"])
def test_a_search_among_some_articles_is_the_search_without_the_others(
    index: Index, query: str, sort: str
) -> None:
    request = Request(query, sort=sort)
    everything = [hit for hit in index.run(request) if hit.complete]
    for chosen in ([], ["2"], ["5", "1", "4"], ["1", "2", "3", "4", "5"], ["6"]):
        results = index.run_among(request, [key(id) for id in chosen])
        expected = [hit for hit in everything if hit.id in chosen]
        assert [(hit.id, hit.complete) for hit in results] == [(hit.id, True) for hit in expected]
        assert [hit.score for hit in results] == pytest.approx([hit.score for hit in expected])
        assert results.counts == index.run(request).counts
        assert results.facet("provider") == index.run(request).facet("provider")


@pytest.mark.parametrize(
    "request_",
    [
        Request("recognition", expand=True),
        Request("the city council voted for a ban on surveillance cameras"),
        Request("surveillance", boosts=Boosts(half_life=7), as_of="2020-10-02"),
        Request("surveillance council", tz="Asia/Tokyo", sort="newest"),
    ],
)
def test_a_search_among_some_articles_ranks_as_the_whole_search_does(index: Index, request_: Request) -> None:
    expected = [hit for hit in index.run(request_) if hit.complete and hit.matched]
    assert expected
    found = index.run_among(request_, index.keys(request_))
    assert [hit.id for hit in found] == [hit.id for hit in expected]
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected])


def test_among_articles_with_some_words_of_a_text_those_with_all_are_found(
    place: str, tmp_path: Path
) -> None:
    """The others would come first."""
    text = "portland council bans face scanning by police and shops"
    records = [
        {"id": "all", "title": f"{text} in the city and everywhere else", "heat": 1},
        {"id": "some", "title": text.removesuffix(" and shops"), "heat": 1000},
    ]
    newsearch.build(write(tmp_path / "news.jsonl", records), index=place)
    with newsearch.open(place) as index:
        request = Request(text, limit=1, boosts=Boosts(heat=2))
        assert [hit.id for hit in index.run(request)] == ["some"]
        assert [hit.id for hit in index.run_among(request, {key("all"), key("some")})] == ["all"]


def test_a_search_among_some_articles_has_a_page_and_folds(index: Index) -> None:
    keys = index.keys(Request())
    assert [hit.id for hit in index.run_among(Request(sort="newest", limit=2, offset=1), keys)] == ["3", "2"]
    assert len(index.run_among(Request(limit=0), keys)) == 0
    folded = index.run_among(Request(sort="newest", collapse="copies", per_outlet=1), keys)
    assert [hit.id for hit in folded] == ["3", "1", "5", "2"]
    with pytest.raises(QueryError, match=r"^keys: 50,001 articles"):
        index.run_among(Request(), range(50_001))


def test_facets_count_the_matches(index: Index) -> None:
    results = index.search("recognition")
    assert results.facet("topic") == [("AI", 2), ("Privacy", 1)]
    assert results.facet("provider", limit=1) == [("CNN", 2)]
    assert results.facet("month", limit=None) == [("2020-09", 2), ("2020-10", 1)]
    with pytest.raises(QueryError, match="unknown facet"):
        results.facet("colour")


def test_a_search_that_finds_nothing_says_why(index: Index) -> None:
    results = index.search("portland airship", topics="AI")
    assert results.total == 1
    nothing = index.search("airship AND portland")
    assert [(clause.text, clause.alone) for clause in nothing.diagnose()] == [("airship", 0), ("portland", 1)]
    hidden = index.search("zeppelin").diagnose()
    assert (hidden[-1].text, hidden[-1].without.complete) == ("is:published", 1)


def test_a_misspelt_word_is_told(index: Index) -> None:
    assert index.search("camras").did_you_mean == "cameras"
    assert index.search("cameras").did_you_mean is None
    assert index.search("zepelin").did_you_mean is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("surv", "surveillance"),
        ("facial rec", "facial recognition"),
        ("topic:priv", "topic:Privacy"),
        ("provider:bb", 'provider:"BBC News"'),
    ],
)
def test_what_is_being_typed_is_completed(index: Index, typed: str, expected: str) -> None:
    assert index.complete(typed)[0].text == expected
    assert index.complete("zep") == []


def test_an_expanded_search_finds_articles_of_like_words_that_are_not_counted(index: Index) -> None:
    plain, wide = index.search("portland"), index.search("portland", expand=True)
    assert [hit.id for hit in plain] == ["1"]
    assert {"1", "3"} <= {hit.id for hit in wide}
    assert [hit.matched for hit in wide][:2] == [True, False]
    assert wide.counts == plain.counts
    assert "3" in [hit.id for hit in plain.related]


def test_articles_ids_and_stats_are_those_of_the_index(index: Index) -> None:
    assert index.ids() == ["1", "2", "3", "4", "5"]
    assert sorted(article.id for article in index.articles()) == index.ids()
    article = index.get("4")
    assert article is not None
    assert not article.published
    assert index.get("6") is None
    stats = index.stats()
    assert (stats.articles, stats.unpublished, stats.hidden, stats.generation) == (5, 1, 0, 1)
    assert (stats.median_heat, stats.median_quality) == (70.0, 50.0)
    assert stats.oldest is not None
    assert stats.oldest.isoformat() == "2020-09-29T21:05:00+00:00"
    fields = {field.name: field for field in index.fields()}
    assert (fields["topic"].terms, fields["provider"].terms, fields["category"].terms) == (2, 2, 2)
    assert fields["title"].words == sum(len(record["title"].split()) for record in RECORDS)


def test_a_closed_index_says_so_and_its_results_go_on(index: Index) -> None:
    results = index.search("portland")
    index.close()
    assert results.facet("topic") == [("AI", 1), ("Privacy", 1)]
    with pytest.raises(EngineError, match="closed"):
        index.search("portland")
