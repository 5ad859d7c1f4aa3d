"""Counts through time."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_folding import index_of

from newsearch import Index, QueryError
from newsearch.search.timelines import UNITS, periods_between

DATES = {
    "ferry": ["2020-11-30", "2020-12-31", "2021-01-01", "2021-03-01"],
    "chess": ["2020-12-30", "2021-01-03"],
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    dated = [
        {"id": f"{word}-{day}", "title": f"News of {word} number {i}", "publishedDateTime": day}
        for word, days in DATES.items()
        for i, day in enumerate(days)
    ]
    return index_of(tmp_path_factory.mktemp("times"), [*dated, {"id": "undated", "title": "News of ferry"}])


def test_months_without_a_match_have_nothing(index: Index) -> None:
    found = index.timeline("ferry")
    assert found.periods == ("2020-11", "2020-12", "2021-01", "2021-02", "2021-03")
    assert found.series[0].counts == (1, 1, 1, 0, 1)
    assert found.totals == (1, 2, 2, 0, 1)
    assert found.shares(found.series[0]) == (1.0, 0.5, 0.5, 0.0, 1.0)


def test_queries_stand_side_by_side_over_the_same_periods(index: Index) -> None:
    found = index.timeline("chess", "ferry", "submarine", by="year")
    assert found.periods == ("2020", "2021")
    assert {series.query: series.counts for series in found.series} == {
        "chess": (1, 1),
        "ferry": (2, 2),
        "submarine": (0, 0),
    }


def test_weeks_are_those_of_iso_and_the_window_narrows_all(index: Index) -> None:
    found = index.timeline("ferry", by="week", after="2020-12", before="2021-02")
    assert (found.periods, found.series[0].counts, found.totals) == (("2020-W53",), (2,), (4,))


def test_unpublished_articles_are_a_share_of_all_if_a_query_asks_for_them(tmp_path: Path) -> None:
    days = {"draft": "2020-09-01", "other draft": "2020-09-02", "news": "2020-09-01"}
    with index_of(
        tmp_path,
        [
            {"id": title, "title": title, "publishedDateTime": day, "published": "draft" not in title}
            for title, day in days.items()
        ],
    ) as index:
        found = index.timeline("is:unpublished", by="day")
        assert (found.series[0].counts, found.totals) == ((1, 1), (2, 1))
        assert found.shares(found.series[0]) == (0.5, 1.0)
        assert index.timeline("news", by="day").totals == (1,)


def test_nothing_has_no_periods_and_a_unit_that_is_none_is_refused(index: Index) -> None:
    assert index.timeline("submarine").periods == ()
    with pytest.raises(QueryError, match=r"^by:"):
        index.timeline("ferry", by="hour")


def test_too_many_periods_are_refused(tmp_path: Path) -> None:
    ends = [{"id": day, "title": "Ferry", "publishedDateTime": day} for day in ("1700-01-01", "2100-01-01")]
    opened = index_of(tmp_path, ends)
    with pytest.raises(QueryError, match=r"^by:"):
        opened.timeline("ferry", by="day")
    assert len(opened.timeline("ferry", by="year").periods) == 401


@given(st.lists(st.dates(date(1990, 1, 1), date(2010, 1, 1)), min_size=2, max_size=2).map(sorted))
def test_periods_are_those_of_all_days_between(ends: list[date]) -> None:
    first, last = ends
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    forms = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}
    for by in UNITS:
        expected = list(Counter(day.strftime(forms[by]) for day in days))
        assert list(periods_between(by, expected[0], expected[-1])) == expected
