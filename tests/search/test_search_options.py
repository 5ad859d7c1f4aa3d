"""Options of a search and of its results: what each takes, and what it says to what it cannot take."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import newsearch
from newsearch.errors import EngineError, QueryError
from newsearch.search.index import Index

RECORDS: list[dict[str, Any]] = [
    {
        "id": "early",
        "title": "A ban",
        "publishedDateTime": "2020-03-01T23:30:00Z",
        "heat": 5,
        "topics": ["Health"],
        "category": "news",
    },
    {
        "id": "day",
        "title": "A ban",
        "publishedDateTime": "2020-03-02",
        "heat": 50,
        "provider": "BBC",
        "type": "video",
    },
    {
        "id": "late",
        "title": "A ban",
        "publishedDateTime": "2021-06-01T12:00:00Z",
        "topics": ["Law", "Health"],
    },
    {"id": "undated", "title": "A ban"},
]
TOKYO = timezone(timedelta(hours=9))


@pytest.fixture
def index(tmp_path: Path) -> Index:
    source = tmp_path / "news.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    newsearch.build(source, index=tmp_path / "index")
    return newsearch.open(tmp_path / "index")


def found(index: Index, query: str = "ban", **options: Any) -> set[str]:
    return {hit.id for hit in index.search(query, **options)}


@pytest.mark.parametrize(
    "use",
    [
        lambda index: index.search("ban"),
        lambda index: index.get("early"),
        lambda index: index.articles(),
        lambda index: index.stats(),
        lambda index: index.refresh(),
    ],
)
def test_a_closed_index_says_that_it_is_closed(index: Index, use: Callable[[Index], object]) -> None:
    with index:
        pass
    with pytest.raises(EngineError, match="this index is closed"):
        use(index)
    index.close()


def test_what_was_got_before_closing_goes_on_working(index: Index) -> None:
    results, articles = index.search("ban"), index.articles()
    index.close()
    assert results.total == len(list(articles)) == 4
    assert results.facet("topic") == [("Health", 2), ("Law", 1)]
    assert results[0].article.title == "A ban"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"topics": "Health"}, {"early", "late"}),
        ({"providers": "BBC"}, {"day"}),
        ({"categories": "news"}, {"early"}),
        ({"types": "video"}, {"day"}),
        ({"min_heat": np.float32(6)}, {"day"}),
        ({"limit": np.int64(4), "before": "2020-03-02"}, {"early"}),
    ],
)
def test_one_value_needs_no_list(index: Index, options: dict[str, Any], expected: set[str]) -> None:
    assert found(index, **options) == expected


def test_a_zone_may_be_given_by_its_name(index: Index) -> None:
    assert found(index, after="2020-03-02", before="2020-03-03", tz="UTC") == {"day"}
    assert found(index, after="2020-03-02", before="2020-03-03", tz="Asia/Tokyo") == {"early", "day"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"tz": "Mars/Olympus"},
        {"tz": 9},
        {"tz": None},
        {"as_of": 5},
        {"as_of": "soon"},
        {"after": 5},
        {"before": ["2020"]},
        {"min_heat": "hot"},
        {"min_heat": float("nan")},
        {"min_quality": [1]},
        {"limit": "10"},
        {"limit": 1.5},
        {"offset": None},
        {"topics": 5},
        {"topics": None},
        {"providers": ["BBC", 5]},
        {"boosts": 2},
        {"query": 5},
        {"query": None},
        {"expand": "yes"},
        {"unpublished": "no"},
        {"limit": True},
        {"min_heat": True},
    ],
)
def test_an_argument_of_a_wrong_kind_is_a_query_error_that_names_it(
    index: Index, wrong: dict[str, Any]
) -> None:
    with pytest.raises(QueryError, match="|".join(wrong) + "|zone"):
        index.search(**{"query": "ban"} | wrong)


def test_flags_may_be_those_of_numpy(index: Index) -> None:
    assert found(index, unpublished=np.True_, expand=np.False_) == {"early", "day", "late", "undated"}


@pytest.mark.parametrize("wrong", [{"text": 5}, {"limit": "10"}, {"limit": -1}, {"limit": 1.5}])
def test_a_completion_names_the_argument_that_is_of_a_wrong_kind(index: Index, wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(QueryError, match=f"^{name}: "):
        index.complete(**{"text": "b"} | wrong)


@pytest.mark.parametrize(
    "as_of",
    [
        "2020-03-02",
        "2020",
        date(2020, 3, 2),
        datetime(2020, 3, 2, 12),
        datetime(2020, 3, 2, tzinfo=UTC),
        datetime(2020, 3, 2, 9, tzinfo=TOKYO),
    ],
)
def test_as_of_a_moment_later_articles_are_not_found(index: Index, as_of: Any) -> None:
    assert found(index, as_of=as_of) == {"early", "day", "undated"}
    assert found(index, "", as_of=as_of) == {"early", "day", "undated"}


def test_what_appeared_at_the_moment_itself_has_appeared(index: Index) -> None:
    moment = datetime(2021, 6, 1, 12, tzinfo=UTC)
    assert "late" in found(index, as_of=moment)
    assert "late" not in found(index, as_of=moment - timedelta(seconds=1))


def test_a_moment_without_a_zone_is_in_the_zone_of_the_search(index: Index) -> None:
    moment = datetime(2020, 3, 2, 8, 15)
    # The day has begun in Tokyo, and the moment of the early article has not come.
    assert found(index, as_of=moment, tz=TOKYO) == {"day", "undated"}
    assert found(index, as_of=moment) == {"early", "day", "undated"}


def test_relative_dates_count_from_as_of_and_still_mean_from_then_on(index: Index) -> None:
    assert found(index, "ban when:7d", as_of="2020-03-04") == {"early", "day"}
    assert found(index, after="today", as_of="2020-03-02") == {"day"}


@pytest.mark.parametrize("hours", [-14, 14])
def test_no_moment_is_too_far_away(index: Index, hours: int) -> None:
    tz = timezone(timedelta(hours=hours))
    first, last = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
    assert found(index, as_of=first, tz=tz) == {"undated"}
    assert found(index, as_of=last, tz=tz) == {"early", "day", "late", "undated"}
    assert found(index, after=first, before=last, tz=tz) == {"early", "day", "late"}
    assert found(index, before=date.min, tz=tz) == set()
    assert found(index, after=date.min, before=date.max, tz=tz) == {"early", "day", "late"}


def test_a_facet_without_a_limit_has_every_value(index: Index) -> None:
    results = index.search("ban")
    for name, values in (
        ("topic", [("Health", 2), ("Law", 1)]),
        ("month", [("2020-03", 2), ("2021-06", 1)]),
    ):
        assert results.facet(name, limit=None) == values
    assert results.facet("topic", 1) == [("Health", 2)]
    assert results.facet("month", 1) == [("2021-06", 1)]


@pytest.mark.parametrize("limit", [-1, "3", 2.5])
def test_a_facet_has_no_other_limit(index: Index, limit: Any) -> None:
    with pytest.raises(QueryError, match="limit"):
        index.search("ban").facet("topic", limit)


def test_results_say_how_many_they_are_and_of_what(index: Index) -> None:
    assert repr(index.search("ban", limit=2)) == "<Results 2 of query 'ban'>"


@pytest.mark.parametrize(
    "values",
    [(-3, 5, None), (2**40, 1, None), (2**63 + 5, 7, None), (-300, 4, 9), (0.5, 3, None), (255, 256, 65_536)],
)
def test_a_range_compares_numbers_of_every_size(tmp_path: Path, values: tuple[Any, ...]) -> None:
    records = [{"id": f"{n}", "title": "A ban", "heat": value} for n, value in enumerate(values)]
    source = tmp_path / "news.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    newsearch.build(source, index=tmp_path / "index")
    index = newsearch.open(tmp_path / "index")
    # What is no plausible heat is not read.
    heats = {article.id: article.heat for article in index.articles()}
    for query, low, high in (("heat:>=2", 2, 1e99), ("heat:<=5", 0, 5), ("heat:0..9", 0, 9)):
        expected = [id for id, heat in heats.items() if heat is not None and low <= heat <= high]
        for text in (query, f"ban {query}"):
            results = index.search(text)
            assert sorted(hit.id for hit in results) == sorted(expected)
            assert results.total == len(expected)
