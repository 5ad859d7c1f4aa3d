"""What the words of a query weigh, when all of them must be there, and which are searched for beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.search.index import Index

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


def test_few_hits_have_related_articles_beside_them(index: Index) -> None:
    results = index.search("vaccine")
    assert {hit.id for hit in results} == {"vaccine", "vaccines"}
    assert [hit.id for hit in results.related] == ["jab"]
    (hit,) = results.related
    assert (hit.complete, hit.title) == (False, TITLES["jab"])
    text, boost = hit.explanation.details
    assert hit.score == text.value * boost.value
    assert (results.total, results.facet("year")) == (2, [])
    assert index.search("vaccine", limit=1, offset=1).related[0].id == "jab"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("absent", {}),
        ("", {}),
        ("vaccine", {"sort": "newest"}),
        ("vaccine", {"expand": True}),
        ("vaccine", {"expand": False}),
        ("vaccine -approved", {}),
    ],
)
def test_nothing_is_related_to_what_is_not_found_or_was_ruled_out(
    index: Index, query: str, options: dict[str, Any]
) -> None:
    assert index.search(query, **options).related == ()


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Two articles that say as much of a query, one of them in the words of a third; and some that say nothing."""
    directory: Path = tmp_path_factory.mktemp("stories")
    texts = {
        "sought": "the harbour pilots on strike for the pay",
        "alike": "the harbour tugboat of Anton",
        "other": "the harbour museum of Berta",
        "unsaid": "Anton tugboat Anton tugboat",
        "elsewhere": "Berta museum",
        "nowhere": "Berta museum",
    }
    source = directory / "news.jsonl"
    records = [{"id": id, "title": "", "body": text} for id, text in texts.items()]
    records[0]["body"] += " as tugboat Anton lies still"
    source.write_text("".join(json.dumps({**record, "title": record["id"]}) + "\n" for record in records))
    newsearch.build(source, index=directory / "index")
    return newsearch.open(directory / "index")


PROSE = "why are the pilots of the harbour on strike"


def test_what_a_query_in_sentences_finds_is_ranked_by_related_words_but_nothing_else_is_found(
    stories: Index,
) -> None:
    plain, ranked = stories.search(PROSE, expand=False), stories.search(PROSE)
    assert {hit.id for hit in plain} == {hit.id for hit in ranked} == {"sought", "alike", "other"}
    assert plain.counts == ranked.counts
    scores = [{hit.id: hit.score for hit in results} for results in (plain, ranked)]
    assert scores[0]["alike"] == pytest.approx(scores[0]["other"], rel=0.05)
    assert scores[1]["alike"] > 1.05 * scores[1]["other"]
    assert "unsaid" in {hit.id for hit in stories.search(PROSE, expand=True)}


def test_a_headline_and_a_sentence_out_of_order_are_ranked_by_their_own_words(stories: Index) -> None:
    for query, sort in (("harbour pilots strike pay tugboat museum berta", "relevance"), (PROSE, "newest")):
        plain, default = (stories.search(query, sort=sort, expand=expand) for expand in (False, None))
        assert [(hit.id, hit.score) for hit in plain] == [(hit.id, hit.score) for hit in default]


def test_pages_of_a_text_join(stories: Index) -> None:
    whole = [hit.id for hit in stories.search(PROSE)]
    assert [stories.search(PROSE, limit=1, offset=at)[0].id for at in range(len(whole))] == whole


def test_a_compound_may_stand_apart(index: Index) -> None:
    assert "vaccine" in {hit.id for hit in index.search("oxford-trial")}
    assert "vaccine" in {
        hit.id for hit in index.search("oxford-trial nothing of these six words stands here")
    }
