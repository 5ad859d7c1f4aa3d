"""What is like an article: copies of its text, and articles on its subject."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from test_folding import FERRIES, FERRY, OTHERS, index_of, record

from newsearch import Index, QueryError

TITLE = "Ferry service resumes after harbour fire"
SUBJECT = [
    record(
        "timetable",
        "New timetable for the Westmere ferry",
        "The ferry leaves Westmere each hour.",
        "Herald",
        12,
    ),
    record(
        "fire",
        "Cause of harbour fire in Westmere is known",
        "The customs house burned by a cable.",
        "Courier",
        13,
    ),
    record("named", "Chess final ends in a draw", "Both players agreed.", "Herald", 14),
    {
        **record("draft", "Ferry of Westmere to be sold", "The ferry is for sale.", "Herald", 15),
        "published": False,
    },
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    naming = {
        **record(
            "naming", "Ferry of Westmere runs aground", "The ferry hit a rock off Westmere.", "Post", 16
        ),
        "related": [
            {"path": "named", "title": "Chess final ends in a draw"},
            {"path": "gone", "title": "Gone"},
        ],
    }
    return index_of(tmp_path_factory.mktemp("similar"), [*FERRIES, *OTHERS, *SUBJECT, naming])


@pytest.mark.parametrize("asked", [record["id"] for record in FERRIES])
def test_each_copy_knows_all_and_who_was_first(index: Index, asked: str) -> None:
    found = index.copies(asked)
    assert [one.copy.id for one in found] == ["ferry-0", "ferry-1", "ferry-2", "ferry-3"]
    assert [one.is_first for one in found] == [True, False, False, False]
    assert [one.after for one in found] == [timedelta(hours=hours) for hours in range(4)]


def test_an_article_without_copies_is_its_only_publication(index: Index) -> None:
    assert [one.copy.id for one in index.copies("other-0")] == ["other-0"]
    assert index.copies("nowhere") == []


def test_ties_and_missing_times_are_told(tmp_path: Path) -> None:
    tied = [record(f"tied-{i}", TITLE, FERRY, outlet, 9) for i, outlet in enumerate(("Herald", "Courier"))]
    day = {**record("day", TITLE, FERRY, "Gazette", None), "publishedDateTime": "2024-05-02"}
    opened = index_of(tmp_path, [*tied, day])
    assert [(one.copy.id, one.is_first, one.after) for one in opened.copies("day")] == [
        ("tied-0", True, timedelta(0)),
        ("tied-1", True, timedelta(0)),
        ("day", False, None),
    ]


def test_dates_at_the_ends_of_the_calendar_are_no_trouble(tmp_path: Path) -> None:
    ends = [
        {**record(year, TITLE, FERRY, "Herald", None), "publishedDateTime": f"{year}-01-01"}
        for year in ("1605", "2200")
    ]
    opened = index_of(tmp_path, ends)
    assert [len(opened.copies(article.id)) for article in opened.articles()] == [1, 1]


def test_related_articles_share_the_subject_and_are_no_copies(index: Index) -> None:
    found = [article.id for article in index.related("ferry-1", 3)]
    assert set(found[:2]) <= {"timetable", "fire", "naming"}
    assert not {"ferry-0", "ferry-2", "ferry-3", "draft", "ferry-1"} & {
        article.id for article in index.related("ferry-1")
    }


def test_of_copies_only_one_is_related(index: Index) -> None:
    found = [article.id for article in index.related("timetable")]
    assert sum(id.startswith("ferry-") for id in found) == 1


def test_what_an_article_names_itself_comes_first(index: Index) -> None:
    found = [article.id for article in index.related("naming")]
    assert found[0] == "named"
    assert "gone" not in found
    assert len(found) == len(set(found)) > 1


def test_there_is_nothing_like_what_is_not_there(index: Index) -> None:
    assert index.related("nowhere") == []
    assert index.related("ferry-0", 0) == []
    with pytest.raises(QueryError, match=r"^limit:"):
        index.related("ferry-0", -1)


def test_a_day_without_a_time_is_first_only_if_no_time_of_that_day_is_known(tmp_path: Path) -> None:
    late = record("late", TITLE, FERRY, "Herald", 20)
    day = {**record("day", TITLE, FERRY, "Gazette", None), "publishedDateTime": "2024-05-01"}
    before = {**day, "id": "before", "publishedDateTime": "2024-04-30"}
    undated = record("undated", TITLE, FERRY, "Post", None)
    (tmp_path / "same").mkdir()
    opened = index_of(tmp_path / "same", [late, day])
    assert [(one.copy.id, one.is_first, one.after) for one in opened.copies("day")] == [
        ("late", True, timedelta(0)),
        ("day", False, None),
    ]
    opened = index_of(tmp_path, [late, before])
    assert [(one.copy.id, one.is_first, one.after) for one in opened.copies("late")] == [
        ("before", True, None),
        ("late", False, None),
    ]
    assert [one.is_first for one in opened.copies("before")] == [True, False]
    (tmp_path / "none").mkdir()
    assert [one.is_first for one in index_of(tmp_path / "none", [undated]).copies("undated")] == [False]
