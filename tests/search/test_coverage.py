"""Which outlets cover a subject, and how much of what they publish is on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from unittest import mock

import pytest
from test_folding import index_of, record

from newsearch import Index, QueryError

RECORDS = [
    record("h1", "Ferry runs aground", "", "Herald", 3),
    record("h2", "Ferry is repaired", "", "Herald", 9),
    record("h3", "Chess final", "", "Herald", 12),
    record("c1", "Ferry for sale", "", "Courier", 5),
    {**record("c2", "Ferry sold", "", "Courier", None), "publishedDateTime": "2024-07-02"},
    record("g1", "Opera strike", "", "Gazette", 4),
    {"id": "host", "title": "Ferry late", "webUrl": "https://www.post.example/ferry"},
    {"id": "none", "title": "Ferry early", "publishedDateTime": "2024-05-02T00:00:00Z"},
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return index_of(tmp_path_factory.mktemp("coverage"), RECORDS)


def test_every_outlet_has_a_row_and_its_share(index: Index) -> None:
    found = index.coverage("ferry")
    assert [(one.name, one.articles, one.total, round(one.share, 2)) for one in found.outlets] == [
        ("Courier", 2, 2, 1.0),
        ("Herald", 2, 3, 0.67),
        ("post.example", 1, 1, 1.0),
        ("Gazette", 0, 1, 0.0),
    ]
    assert (found.articles, found.total, found.by, found.periods) == (6, 8, None, ())


def test_the_first_and_the_last_article_of_each_are_known(index: Index) -> None:
    found = {one.name: (one.first, one.last) for one in index.coverage("ferry").outlets}
    assert found == {
        "Herald": (datetime(2024, 5, 1, 3, tzinfo=UTC), datetime(2024, 5, 1, 9, tzinfo=UTC)),
        "Courier": (datetime(2024, 5, 1, 5, tzinfo=UTC), date(2024, 7, 2)),
        "post.example": (None, None),
        "Gazette": (None, None),
    }


def test_periods_without_a_match_are_zeros(index: Index) -> None:
    found = index.coverage("ferry", by="month")
    assert found.periods == ("2024-05", "2024-06", "2024-07")
    rows = {one.name: (one.counts, one.totals) for one in found.outlets}
    assert rows["Courier"] == ((1, 0, 1), (1, 0, 1))
    assert rows["Herald"] == ((2, 0, 0), (3, 0, 0))
    assert rows["Gazette"] == ((0, 0, 0), (1, 0, 0))
    assert found.outlets[1].shares == (2 / 3, 0.0, 0.0)


@pytest.mark.parametrize("query", ["ferry", "ferry before:2024-06"])
def test_the_share_is_of_the_same_window(index: Index, query: str) -> None:
    found = index.coverage(query, before="2024-06") if query == "ferry" else index.coverage(query)
    assert {one.name: (one.articles, one.total) for one in found.outlets} == {
        "Courier": (1, 1),
        "Herald": (2, 3),
        "Gazette": (0, 1),
    }


def test_nothing_found_leaves_zeros_and_a_unit_that_is_none_is_refused(index: Index) -> None:
    found = index.coverage("submarine", by="day")
    assert (found.articles, found.periods) == (0, ())
    assert {one.articles for one in found.outlets} == {0}
    with pytest.raises(QueryError, match=r"^by:"):
        index.coverage("ferry", by="hour")


def test_an_engine_that_counts_no_outlets_gives_the_same(index: Index) -> None:
    expected = index.coverage("ferry", by="week")
    with mock.patch("newsearch.search.coverage.CountsOutlets", type("NoAnswer", (), {})):
        assert index.coverage("ferry", by="week") == expected


def test_a_folded_search_before_changes_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    fresh = index_of(tmp_path_factory.mktemp("folded"), RECORDS)
    list(fresh.search("ferry", collapse="copies", show="Herald", per_outlet=1))
    with_folding = fresh.coverage("ferry")
    assert with_folding == index_of(tmp_path_factory.mktemp("plain"), RECORDS).coverage("ferry")
