"""Words with and without a break between letters and digits find each other, the one that was typed first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import newsearch
from newsearch import Index

TITLES = {
    "joined": "Covid19 cases rise",
    "broken": "COVID-19 cases rise",
    "apart": "Covid cases: 19 in one day",
    "jet": "F-16 crashes",
    "summit": "G20 leaders meet",
    "net": "5G masts burn",
}


def made(place: Path, titles: Mapping[str, str] | Sequence[str]) -> Index:
    """An index of articles with these titles, by id; a list is numbered."""
    if not isinstance(titles, Mapping):
        titles = {f"{number:03}": title for number, title in enumerate(titles)}
    path = place / "news.jsonl"
    path.write_text("".join(json.dumps({"id": id, "title": title}) + "\n" for id, title in titles.items()))
    newsearch.build(path, index=place / "index")
    return newsearch.open(place / "index")


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return made(tmp_path, TITLES)


def found(index: Index, query: str) -> list[str]:
    return [hit.id for hit in index.search(query) if hit.complete]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("covid19", ["joined", "broken"]),
        ("COVID-19", ["broken", "joined"]),
        ("title:covid19", ["joined", "broken"]),
        ("covid19 rise", ["joined", "broken"]),
        ("cases -covid19", ["apart"]),
        ("F16", ["jet"]),
        ("f-16", ["jet"]),
        ("G-20", ["summit"]),
        ("5-G", ["net"]),
        ('"covid19"', ["joined"]),
        ('"COVID-19"', ["broken"]),
    ],
)
def test_both_are_found_and_the_one_that_was_typed_comes_first(
    index: Index, query: str, expected: list[str]
) -> None:
    assert found(index, query) == expected


def test_the_rarer_spelling_is_not_worth_more_for_that(tmp_path: Path) -> None:
    titles = ["COVID-19 cases"] * 50 + ["covid19 cases"] + ["other news"] * 50
    with made(tmp_path, titles) as index:
        hits = index.search("COVID-19", limit=60)
        assert len(hits) == 51
        assert hits[-1].id == "050"
        assert hits[-1].score == pytest.approx(hits[0].score * 3 / 4, rel=0.02)


@pytest.mark.parametrize(
    ("query", "typed", "both"),
    [
        ("white house", "White House briefing", "White House briefing #WhiteHouse"),
        ("wi-fi", "Free wi-fi in town", "Free wi-fi in town: wifi"),
        ("AT&T", "AT&T raises prices", "AT&T raises prices at AT and T, AT & T"),
        ("24000", "24000 march today", "24000 march today, 24 000"),
    ],
)
def test_an_article_with_two_spellings_of_a_word_ranks_by_the_best_of_them(
    tmp_path: Path, query: str, typed: str, both: str
) -> None:
    titles = {"typed": typed, "both": both} | {
        f"{number:02}": "Other news of the day" for number in range(60)
    }
    with made(tmp_path, titles) as index:
        hits = index.search(query)
        assert [hit.id for hit in hits] == ["typed", "both"]
        for hit in hits:
            for detail in hit.explanation.details[0].details:
                if detail.description == "best of a group":
                    assert detail.value == max(part.value for part in detail.details)


def test_a_rare_spelling_of_two_words_does_not_rank_above_the_one_that_was_typed(tmp_path: Path) -> None:
    titles = (
        ["NewYork hospital"] + ["New York hospital"] * 40 + ["New mayor of York"] * 20 + ["Other news"] * 40
    )
    with made(tmp_path, titles) as index:
        hits = index.search("new york", limit=100)
        assert len(hits) == 61
        assert hits[-1].id == "000"
        assert hits[-1].complete


def test_the_explanation_still_multiplies_to_the_score(index: Index) -> None:
    for hit in index.search("covid19 rise"):
        text, boost = hit.explanation.details
        assert text.value * boost.value == pytest.approx(hit.score)
        assert sum(part.value for part in text.details) == pytest.approx(text.value)


def test_a_spelling_that_only_hidden_articles_have_counts_nowhere(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    titles = ["COVID-19 falls", *["News"] * 20]
    first.write_text(
        "".join(
            json.dumps({"title": title, "webUrl": f"https://a.example/{number}"}) + "\n"
            for number, title in enumerate(titles)
        )
    )
    second.write_text(json.dumps({"title": "covid19", "webUrl": "https://a.example/7"}))
    newsearch.build(first, index=tmp_path / "one")
    newsearch.build(first, second, index=tmp_path / "two")
    with newsearch.open(tmp_path / "one") as one, newsearch.open(tmp_path / "two") as two:
        assert [hit.score for hit in two.search("COVID-19")] == [hit.score for hit in one.search("COVID-19")]


def test_a_search_is_answered_alike_however_often_it_is_asked(index: Index) -> None:
    # What was remembered of a word or of two neighbours must not show where others stand between them.
    queries = [
        "covid 19",
        "cases 19",
        "covid (19 cases)",
        "Covid19",
        "leaders meet",
        "leaders&meet",
        "G 20",
        "G -20",
    ]
    first = {query: [(hit.id, hit.score) for hit in index.search(query)] for query in queries}
    for query in [*reversed(queries), *queries]:
        assert [(hit.id, hit.score) for hit in index.search(query)] == first[query], query
