"""What the words of a query weigh, when all of them must be there, and which are searched for beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import newsearch
from newsearch.index import Index

TITLES = {
    "who": "Who knows where the time goes",
    "jobs": "Jobs where the time goes",
    "vaccine": "Vaccine trial at Oxford: the jab is safe",
    "vaccines": "Vaccine trial halted: the Oxford jab",
    "jab": "Oxford jab approved",
    "italy": "A strike in Italy",
    "long": "One two three four five six seven " + "and much more besides " * 40,
    "short": "One two three four five six",
    "few": "One two",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    directory: Path = tmp_path_factory.mktemp("words")
    source = directory / "news.jsonl"
    records = [{"id": id, "title": title, "heat": 1} for id, title in TITLES.items()]
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    newsearch.build(source, index=directory / "index")
    return newsearch.open(directory / "index")


def weights(index: Index, query: str, id: str) -> dict[str, float]:
    """What each word of a query adds to the score of an article."""
    hit = next(hit for hit in index.search(query) if hit.id == id)
    return {
        part.description.partition(", weight")[0]: part.value for part in hit.explanation.details[0].details
    }


def test_a_function_word_counts_half_unless_it_alone_is_in_capitals(index: Index) -> None:
    plain, typed = weights(index, "who knows", "who"), weights(index, "WHO knows", "who")
    assert typed["who"] == pytest.approx(2 * plain["who"])
    assert typed["knows"] == plain["knows"]
    assert weights(index, "WHO KNOWS", "who") == plain
    assert weights(index, "title:who knows", "who")["who in title"] * 2 == pytest.approx(
        weights(index, "title:WHO knows", "who")["who in title"]
    )


def test_a_frequent_word_is_damped_more_than_a_rare_one(index: Index) -> None:
    frequent, rare = weights(index, "time knows", "who").values()
    assert 0 < frequent < rare


def test_a_people_is_found_by_its_place_and_the_other_way_round(index: Index) -> None:
    assert [hit.id for hit in index.search("Italians")] == ["italy"]


def test_up_to_six_words_articles_with_all_come_first(index: Index) -> None:
    hits = index.search("one two three four five seven")
    assert (hits[0].id, hits[0].complete) == ("long", True)


def test_a_longer_query_ranks_by_score_alone(index: Index) -> None:
    results = index.search("one two three four five six seven")
    assert [(hit.id, hit.complete) for hit in results] == [("short", False), ("long", True), ("few", False)]
    assert (results.counts.complete, results.counts.partial) == (1, 2)
    scores = [hit.score for hit in results]
    assert scores == sorted(scores, reverse=True)
    newest = index.search("one two three four five six seven", sort="newest")
    assert [hit.complete for hit in newest] == [True, False, False]


def test_the_same_word_again_makes_no_text(index: Index) -> None:
    assert index.search("one two three seven " + "one " * 20)[0].id == "long"


def test_expansion_finds_what_only_the_best_articles_words_find(index: Index) -> None:
    assert {hit.id for hit in index.search("vaccine")} == {"vaccine", "vaccines"}
    results = index.search("vaccine", expand=True)
    assert {hit.id for hit in results[:2]} == {"vaccine", "vaccines"}
    assert results[2].id == "jab"
    assert [hit.complete for hit in results[:3]] == [True, True, False]
    assert (results.counts.complete, results.counts.partial) == (2, 0)


def test_an_expanded_score_explains_itself(index: Index) -> None:
    for hit in index.search("vaccine trial", expand=True):
        text, boost = hit.explanation.details
        assert hit.score == text.value * boost.value
        assert sum(part.value for part in text.details) == pytest.approx(text.value, rel=1e-9)


def test_expansion_stays_within_the_query(index: Index) -> None:
    assert "jab" not in {hit.id for hit in index.search("vaccine -approved", expand=True)}
    assert {hit.id for hit in index.search("vaccine id:jab", expand=True)} == set()
    assert {hit.id for hit in index.search('"vaccine trial"', expand=True)} == {"vaccine", "vaccines"}


@pytest.mark.parametrize(
    ("query", "sort"), [("", "relevance"), ("absent", "relevance"), ("vaccine", "newest")]
)
def test_where_there_is_nothing_to_expand_from_nothing_changes(index: Index, query: str, sort: str) -> None:
    plain, expanded = index.search(query, sort=sort), index.search(query, sort=sort, expand=True)
    assert [(hit.id, hit.score) for hit in expanded] == [(hit.id, hit.score) for hit in plain]


def test_pages_of_an_expanded_search_join(index: Index) -> None:
    whole = [hit.id for hit in index.search("vaccine time", expand=True)]
    assert len(whole) > 3
    paged = [index.search("vaccine time", expand=True, limit=1, offset=at)[0].id for at in range(len(whole))]
    assert paged == whole
