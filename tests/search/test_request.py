"""A request: a search as one value, checked when it is made."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from documents import blocks, first_column
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Boosts, Index, QueryError, Request

RECORDS = [
    {
        "id": "a",
        "title": "A ban",
        "publishedDateTime": "2020-03-01T23:30:00Z",
        "heat": 5,
        "topics": ["Health"],
    },
    {"id": "b", "title": "A ban", "publishedDateTime": "2020-03-02", "heat": 50, "provider": "BBC"},
    {"id": "c", "title": "A ban", "publishedDateTime": "2021-06-01T12:00:00.5Z", "topics": ["Law", "Health"]},
    {"id": "d", "title": "A ban"},
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place = tmp_path_factory.mktemp("news")
    (place / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    newsearch.build(place / "news.jsonl", index=place / "index")
    return newsearch.open(place / "index")


def test_a_request_finds_what_a_search_with_the_same_options_finds(index: Index) -> None:
    options: dict[str, Any] = {
        "after": "2020",
        "topics": ["Health"],
        "sort": "oldest",
        "limit": 1,
        "offset": 1,
    }
    assert [hit.id for hit in index.run(Request("ban", **options))] == ["c"]
    assert [hit.id for hit in index.search("ban", **options)] == ["c"]


def test_articles_of_several_languages_are_found_by_tag(tmp_path: Path) -> None:
    records = [{"id": tag, "title": "Le vaccin", "locale": tag} for tag in ("fr-CA", "fr", "de", "en")]
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        assert {hit.id for hit in index.search(languages="fr")} == {"fr", "fr-CA"}
        assert {hit.id for hit in index.search(languages=["fr-CA", "de"])} == {"fr-CA", "de"}
        assert [clause.option for clause in index.search(languages="it").diagnose()] == ["languages"]


def test_articles_of_several_authors_are_found_by_words_of_the_name(tmp_path: Path) -> None:
    records = [
        {"id": name, "title": "A ban", "authors": [name]} for name in ("Ada Byrd", "Bo Byrd", "Cy Dee")
    ]
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        assert {hit.id for hit in index.search(authors="byrd")} == {"Ada Byrd", "Bo Byrd"}
        assert {hit.id for hit in index.search(authors=["Ada", "Cy Dee"])} == {"Ada Byrd", "Cy Dee"}


def test_results_know_their_request(index: Index) -> None:
    results = index.search("ban", topics="Law", tz="Asia/Tokyo", as_of="2021-12-31")
    assert results.request == Request("ban", topics=("Law",), tz="Asia/Tokyo", as_of="2021-12-31")
    assert results.now == datetime(2021, 12, 31, 14, 59, 59, 999999, UTC)
    assert results.tz == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(("query", "limit", "offset"), [("news", 10, 0), ("", 0, 7), ("news", 10_000, 0)])
def test_a_plain_request_is_one_with_the_defaults(query: str, limit: int, offset: int) -> None:
    plain, whole = Request.plain(query, limit, offset), Request(query, limit=limit, offset=offset)
    assert plain == whole
    assert hash(plain) == hash(whole)
    assert repr(plain) == repr(whole)
    assert plain.as_mapping() == whole.as_mapping()
    assert replace(plain, sort="newest") == replace(whole, sort="newest")
    with pytest.raises(FrozenInstanceError):
        plain.sort = "newest"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((7, 10, 0), "query"),
        (("news", True, 0), "limit"),
        (("news", 1.5, 0), "limit"),
        (("news", 10, -1), "offset"),
        (("news", 9_999_999_999, 0), "limit"),
    ],
)
def test_a_plain_request_is_checked_as_any_other(given: Any, named: str) -> None:
    with pytest.raises(QueryError, match=f"^{named}"):
        Request.plain(*given)


def test_only_a_request_can_be_run(index: Index) -> None:
    with pytest.raises(QueryError, match=r"is not a newsearch.Request"):
        index.run({"query": "ban"})  # type: ignore[arg-type]


def test_a_request_cannot_be_changed() -> None:
    request = Request("ban")
    with pytest.raises(FrozenInstanceError):
        request.query = "bans"  # type: ignore[misc]


def test_equal_searches_are_equal_requests_however_their_values_were_given() -> None:
    given = Request("ban", limit=np.int64(5), topics=["Law"], min_heat=np.float32(2), unpublished=np.False_)  # type: ignore[arg-type]
    assert given == Request("ban", limit=5, topics=("Law",), min_heat=2.0)
    assert json.dumps(given.as_mapping())
    assert {given: 1}[Request("ban", limit=5, topics=("Law",), min_heat=2.0)]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"limit": -1}, "limit"),
        ({"limit": 100_001}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 10, "offset": 99_991}, "offset"),
        ({"sort": "best"}, "sort"),
        ({"sort": ["newest"]}, "sort"),
        ({"min_heat": float("inf")}, "min_heat"),
        ({"min_heat": float("nan")}, "min_heat"),
        ({"topics": {"Law": 1}}, "topics"),
        ({"after": ""}, "after"),
        ({"before": "..7d"}, "before"),
        ({"as_of": "2020-13"}, "as_of"),
        ({"tz": "Mars/Olympus"}, "tz"),
        ({"boosts": {"heat": "hot"}}, "boosts.heat"),
        ({"boosts": {"cold": 1}}, "boosts.cold"),
        ({"boosts": []}, "boosts"),
        ({"collapse": True}, "collapse"),
        ({"request": 2}, "request"),
        ({"request": "1"}, "request"),
        ({"request": True}, "request"),
        ({5: 1}, "5"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_by_its_key(wrong: dict[Any, Any], named: str) -> None:
    with pytest.raises(QueryError, match=rf"^{named}: "):
        Request.from_mapping({"query": "ban", **wrong})


@pytest.mark.parametrize("wrong", [None, 5, "ban", ["ban"]])
def test_what_is_no_object_is_no_request(wrong: Any) -> None:
    with pytest.raises(QueryError, match="a request is a JSON object"):
        Request.from_mapping(wrong)


def test_a_key_that_is_mistyped_is_answered_with_the_one_that_is_meant() -> None:
    with pytest.raises(QueryError, match=r"^limt: no such key; did you mean limit"):
        Request.from_mapping({"limt": 5})


def test_an_object_of_python_is_no_value_of_json() -> None:
    for name in ("after", "before", "as_of"):
        with pytest.raises(QueryError, match=f"^{name}: "):
            Request.from_mapping({name: date(2020, 9, 29)})
    with pytest.raises(QueryError, match=r"^tz: "):
        Request.from_mapping({"tz": UTC})


ZONES = st.sampled_from([UTC, ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")])
MOMENTS = (
    st.dates(date(1, 1, 3), date(9999, 12, 29))
    | st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))
    | st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)
)


@given(MOMENTS | st.none(), MOMENTS | st.none(), MOMENTS | st.none(), ZONES)
def test_moments_mean_the_same_once_they_are_text(after: Any, before: Any, as_of: Any, tz: Any) -> None:
    request = Request("ban", after=after, before=before, as_of=as_of, tz=tz)
    again = Request.from_mapping(json.loads(json.dumps(request.as_mapping())))
    reader: Any = None
    asked, asked_again = request.ask(reader), again.ask(reader)
    assert [f.node for f in asked.filters] == [f.node for f in asked_again.filters]
    if as_of is not None:
        assert asked.now == asked_again.now


def test_a_zone_without_a_name_cannot_be_written() -> None:
    request = Request("ban", tz=timezone(timedelta(hours=1)))
    with pytest.raises(QueryError, match=r"^tz: "):
        request.as_mapping()


def test_only_what_differs_from_the_defaults_is_written() -> None:
    assert Request().as_mapping() == {"request": 1, "query": ""}
    request = Request("ban", boosts=Boosts(half_life=7), tz=ZoneInfo("Europe/Paris"))
    assert request.as_mapping() == {
        "request": 1,
        "query": "ban",
        "boosts": {"half_life": 7},
        "tz": "Europe/Paris",
    }


def test_the_page_has_every_key_and_its_example_is_a_request() -> None:
    assert set(first_column("docs/request.md")) == {"request", "query", *Index.search.__kwdefaults__}
    (example,) = blocks("docs/request.md", "json")
    request = Request.from_mapping(json.loads(example))
    assert request.as_mapping() == json.loads(example)


@pytest.mark.parametrize(
    ("after", "before"), [("2021", "2020"), ("2020-09", "2020-09"), (date(2021, 1, 2), "2021")]
)
def test_a_note_says_that_a_window_ends_before_it_begins(index: Index, after: Any, before: Any) -> None:
    results = index.search("", after=after, before=before)
    assert results.total == 0
    [note] = results.notes
    assert "is not later than after" in note.message
    assert not index.search("", after="2020", before="2021").notes


def test_the_name_of_a_zone_is_cut_in_the_message() -> None:
    with pytest.raises(QueryError) as caught:
        Request(tz="A" * 10_000)
    assert str(caught.value) == f"tz: unknown zone '{'A' * 79}: write one such as Europe/Paris or UTC"
