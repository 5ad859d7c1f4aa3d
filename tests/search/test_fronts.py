"""The stories of a window, as a front page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from test_folding import record

import newsearch
from newsearch import Index, QueryError

VOLCANO = (
    ("Volcano erupts near Lundmark", "Ash from the Lundmark volcano closed the airport on Wednesday."),
    (
        "Lundmark volcano closes airport",
        "The airport stays closed as the Lundmark volcano spews ash over villages.",
    ),
    (
        "Ash of Lundmark volcano halts flights",
        "Flights are off; the airport at Lundmark is closed by volcano ash.",
    ),
    ("Airport reopens after Lundmark volcano ash", "The Lundmark airport reopens as the volcano calms down."),
)
REPORTS = [
    record(f"volcano-{i}", title, text, outlet, 2 + 3 * i)
    for i, ((title, text), outlet) in enumerate(
        zip(VOLCANO, ("Herald", "Courier", "Gazette", "Post"), strict=True)
    )
]
SINGLE = [
    record("chess", "Chess final ends in a draw", "Both players agreed after ninety moves.", "Herald", 3),
    record("opera", "Opera singers strike for higher pay", "The premiere was called off.", "Courier", 4),
    {
        **record("old", "Library tax passes the council", "Books cost more now.", "Herald", 4),
        "publishedDateTime": "2024-04-01T00:00:00Z",
    },
    record("undated", "Zebra crossing painted", "White stripes on the road.", "Herald", None),
]


def build(place: Path, records: list[dict[str, Any]]) -> None:
    place.mkdir(exist_ok=True)
    (place / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    newsearch.build(place / "news.jsonl", index=place / "index")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("fronts")
    build(place, REPORTS + SINGLE)
    return newsearch.open(place / "index")


def test_the_story_of_most_outlets_comes_first(index: Index) -> None:
    found = index.stories()
    assert found[0].id == "volcano-0"
    assert found[0].outlets == ("Herald", "Courier", "Gazette", "Post")
    assert [article.id for article in found[0].articles] == [f"volcano-{i}" for i in range(4)]
    assert "Lundmark" in found[0].title
    assert found[0].trend == "rising"
    assert found[0].first.date < found[0].last.date  # type: ignore[operator]


def test_an_outlet_with_two_names_counts_once(tmp_path: Path) -> None:
    herald, uk = (
        {"name": name, "domain": f"herald.{end}"} for name, end in (("Herald", "com"), ("UK", "co.uk"))
    )
    outlets = [herald, "Courier", "Gazette", uk]
    build(tmp_path, [{**one, "provider": outlet} for one, outlet in zip(REPORTS, outlets, strict=True)])
    with newsearch.open(tmp_path / "index") as index:
        [story] = index.stories()
        assert len(story.articles) == 4
        assert story.outlets == ("Herald", "Courier", "Gazette")


def test_the_window_is_three_days_before_the_newest_unless_one_is_given(index: Index) -> None:
    assert {story.id for story in index.stories()} == {"volcano-0", "chess", "opera"}
    assert {story.id for story in index.stories(after="2024")} == {"volcano-0", "chess", "opera", "old"}
    assert [story.id for story in index.stories(before="2024-04-15")] == ["old"]
    assert [story.id for story in index.stories(as_of="2024-04-15")] == ["old"]
    assert (index.stories().articles, index.stories().total, index.stories().exact) == (6, 3, True)


def test_a_query_narrows_what_is_grouped(index: Index) -> None:
    assert [story.id for story in index.stories("chess OR opera")] == ["chess", "opera"]
    nothing = index.stories("submarine")
    assert (len(nothing), nothing.articles, nothing.first) == (0, 0, None)


def test_a_limit_leaves_the_totals_as_they_are(index: Index) -> None:
    assert [len(index.stories(limit=limit)) for limit in (0, 1, 9)] == [0, 1, 3]
    assert index.stories(limit=1).total == 3
    with pytest.raises(QueryError, match=r"^limit:"):
        index.stories(limit=-1)


def test_an_id_stays_while_its_story_grows_and_later_articles_show(tmp_path: Path) -> None:
    build(tmp_path, REPORTS[:2] + SINGLE)
    with newsearch.open(tmp_path / "index") as opened:
        before = opened.stories()[0]
        build(tmp_path, REPORTS + SINGLE)
        assert opened.stories()[0] == before
        assert opened.refresh()
        after = opened.stories()[0]
    assert (before.id, after.id) == ("volcano-0", "volcano-0")
    assert (len(before.articles), len(after.articles)) == (2, 4)


def test_a_deleted_article_leaves_its_story(tmp_path: Path) -> None:
    build(tmp_path, REPORTS + SINGLE)
    build(tmp_path, REPORTS[1:] + SINGLE)
    build(tmp_path / "fresh", REPORTS[1:] + SINGLE)
    with newsearch.open(tmp_path / "index") as grown, newsearch.open(tmp_path / "fresh" / "index") as fresh:
        assert list(grown.stories()) == list(fresh.stories())
        assert grown.stories()[0].id == "volcano-1"


def test_an_engine_that_groups_nothing_leaves_it_to_the_articles(tmp_path: Path) -> None:
    build(tmp_path, REPORTS + SINGLE)
    with newsearch.open(tmp_path / "index") as opened:
        expected = [list(opened.stories(after=after)) for after in (None, "2024")]
    with (
        mock.patch("newsearch.search.fronts.GroupsStories", type("NoAnswer", (), {})),
        newsearch.open(tmp_path / "index") as opened,
    ):
        assert [list(opened.stories(after=after)) for after in (None, "2024")] == expected


def test_the_name_of_a_publisher_at_the_end_of_a_title_joins_nothing(tmp_path: Path) -> None:
    titles = ("Opera singers strike", "Chess final drawn", "Library tax passes", "Zebra crossing painted")
    records = [
        record(f"{outlet}-{i}", f"{title} - The Lundmark Westmere Courier", "", outlet, i)
        for i, title in enumerate(titles)
        for outlet in ("Herald", "Courier")
        if (i % 2 == 0) == (outlet == "Herald")
    ]
    build(tmp_path, records)
    with newsearch.open(tmp_path / "index") as opened:
        assert [len(story.articles) for story in opened.stories()] == [1, 1, 1, 1]


def test_a_story_knows_who_was_first_and_how_long_after_it_the_others_came(tmp_path: Path) -> None:
    wired = {**REPORTS[1], "authors": ["Associated Press"]}
    tied = {**REPORTS[2], "publishedDateTime": REPORTS[0]["publishedDateTime"]}
    build(tmp_path, [REPORTS[0], wired, tied, REPORTS[3]])
    with newsearch.open(tmp_path / "index") as opened:
        (story,) = opened.stories()
    told = [(one.copy.outlet, one.is_first, one.wire) for one in story.publications]
    assert told == [
        ("Herald", True, ""),
        ("Gazette", True, ""),
        ("Courier", False, "AP"),
        ("Post", False, ""),
    ]
    assert [
        one.after.total_seconds() / 3600 if one.after is not None else None for one in story.publications
    ] == [0, 0, 3, 9]


def test_the_id_of_any_report_leads_to_its_story(index: Index) -> None:
    expected = index.stories()[0]
    for report in REPORTS:
        assert list(index.stories(id=report["id"])) == [expected]
        assert list(index.stories("volcano", id=report["id"], after="2024-05")) == list(
            index.stories("volcano", after="2024-05", limit=1)
        )
    assert [story.id for story in index.stories(id="chess")] == ["chess"]
    # It is not on the front page, but has a window of its own.
    assert [story.id for story in index.stories(id="old")] == ["old"]


def test_an_id_without_a_story_finds_none(index: Index) -> None:
    assert not index.stories(id="undated")
    assert not index.stories(id="nothing")
    assert not index.stories(id="old", after="2024-05")
    assert not index.stories("volcano", id="chess")
    assert index.stories(id="nothing").total == index.stories().total


def test_an_earlier_report_that_arrives_later_changes_the_id_and_the_former_one_leads_there(
    tmp_path: Path,
) -> None:
    build(tmp_path, REPORTS[1:] + SINGLE)
    with newsearch.open(tmp_path / "index") as opened:
        before = opened.stories()[0]
        build(tmp_path, REPORTS + SINGLE)
        assert opened.refresh()
        after = opened.stories(id=before.id)[0]
    assert (before.id, after.id) == ("volcano-1", "volcano-0")
    assert {report.id for report in before.articles} < {report.id for report in after.articles}


def test_an_engine_that_groups_nothing_finds_a_story_by_its_id(tmp_path: Path, index: Index) -> None:
    build(tmp_path, REPORTS + SINGLE)
    with (
        mock.patch("newsearch.search.fronts.GroupsStories", type("NoAnswer", (), {})),
        newsearch.open(tmp_path / "index") as opened,
    ):
        for id in ("volcano-2", "old", "undated"):
            assert list(opened.stories(id=id)) == list(index.stories(id=id))


def test_the_surroundings_of_an_article_are_those_nearest_in_time(tmp_path: Path) -> None:
    others = [record(f"other-{i:02}", f"Report {i} on parking", "", "Herald", 1 + i) for i in range(20)]
    build(tmp_path, [*others, {**SINGLE[0], "publishedDateTime": "2024-06-09"}])
    with (
        mock.patch("newsearch.search.fronts.ARTICLES", 8),
        newsearch.open(tmp_path / "index") as opened,
    ):
        found = opened.stories(id="other-10")
        assert found.articles == 8
        assert (found.first, found.last) == (
            opened.get("other-06").date,  # type: ignore[union-attr]
            opened.get("other-13").date,  # type: ignore[union-attr]
        )
