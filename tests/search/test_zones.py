"""A day alone is one day in every zone, and times are counted in the zone of the search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Index
from newsearch.ranking import Boosts

DAYS = [date(2020, 10, 24) + timedelta(days=n) for n in range(5)] + [date(2020, 12, 31), date(2021, 1, 1)]
INSTANTS = [datetime(2020, 10, 24, 22, 30, tzinfo=UTC) + timedelta(hours=5 * n) for n in range(20)]
ZONES = [
    UTC,
    timezone(timedelta(hours=14)),
    timezone(timedelta(hours=-12)),
    # Clocks went back on 2020-10-25 in Europe, and at midnight of 2020-11-01 in Cuba.
    *map(
        ZoneInfo,
        ("Europe/Paris", "America/Los_Angeles", "Asia/Kathmandu", "America/Havana", "Pacific/Chatham"),
    ),
]
zones = st.sampled_from(ZONES)
days = st.sampled_from(DAYS)
moments = st.datetimes(datetime(2020, 10, 23), datetime(2020, 10, 31)).map(
    lambda when: when.replace(microsecond=0)
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    directory = tmp_path_factory.mktemp("zones")
    records = [
        {"id": str(day), "title": "A day", "publishedDateTime": str(day), "modified": str(day)}
        for day in DAYS
    ]
    records += [
        {"id": when.isoformat(), "title": "A moment", "publishedDateTime": when.isoformat()}
        for when in INSTANTS
    ]
    records.append({"id": "undated", "title": "Some day"})
    source = directory / "news.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    newsearch.build(source, index=directory / "index")
    with newsearch.open(directory / "index") as opened:
        yield opened


def ids(index: Index, query: str = "", tz: tzinfo = UTC, **options: object) -> list[str]:
    return [hit.id for hit in index.search(query, limit=100, tz=tz, **options)]  # type: ignore[arg-type]


def local_day(id: str, tz: tzinfo) -> date:
    return date.fromisoformat(id) if len(id) == 10 else datetime.fromisoformat(id).astimezone(tz).date()


def dated(index: Index) -> set[str]:
    return set(ids(index)) - {"undated"}


@given(zones, days)
def test_a_day_is_found_on_itself_alone(index: Index, tz: tzinfo, day: date) -> None:
    expected = {id for id in dated(index) if local_day(id, tz) == day}
    for query in (f"on:{day}", f"date:{day}", f"date:{day}..{day}"):
        assert set(ids(index, query, tz)) == expected
    assert set(ids(index, f"modified:{day}", tz)) == {str(day)}


@given(zones, days)
def test_before_and_after_a_day_part_all_that_is_dated(index: Index, tz: tzinfo, day: date) -> None:
    after = {id for id in dated(index) if local_day(id, tz) >= day}
    assert set(ids(index, f"after:{day}", tz)) == set(ids(index, tz=tz, after=day)) == after
    before = dated(index) - after
    assert set(ids(index, f"before:{day}", tz)) == set(ids(index, tz=tz, before=day)) == before


@given(zones, moments)
def test_before_and_after_an_instant_part_all_that_is_dated(index: Index, tz: tzinfo, when: datetime) -> None:
    text = when.isoformat()
    after, before = ids(index, f"after:{text}", tz), ids(index, f"before:{text}", tz)
    assert sorted(after + before) == sorted(dated(index))
    assert sorted(ids(index, f"-before:{text}", tz)) == sorted([*after, "undated"])
    assert sorted(ids(index, tz=tz, before=when)) == sorted(before)
    assert sorted(ids(index, tz=tz, after=when)) == sorted(after)
    # A period finds the days into which it lasts.
    assert str(when.date()) not in before


@given(zones, moments)
def test_as_of_a_moment_its_own_day_is_known_and_the_next_is_not(
    index: Index, tz: tzinfo, when: datetime
) -> None:
    found = set(ids(index, tz=tz, as_of=when))
    then = when.replace(tzinfo=tz)
    for id in dated(index):
        if len(id) == 10:
            assert (id in found) == (date.fromisoformat(id) <= when.date())
        else:
            assert (id in found) == (datetime.fromisoformat(id) <= then.astimezone(UTC))
    assert "undated" in found


@given(zones, st.sampled_from(["year", "month", "week", "day"]))
def test_a_period_that_is_counted_is_the_one_that_a_date_finds(index: Index, tz: tzinfo, name: str) -> None:
    counted = index.search("", tz=tz).facet(name, limit=None)
    assert sum(count for _, count in counted) == len(dated(index))
    assert counted == sorted(counted)
    for value, count in counted:
        assert index.search(f"date:{value}", tz=tz).total == count
    assert index.search("", tz=tz).facet(name, limit=1) == counted[-1:]


@given(zones)
def test_the_order_by_date_is_that_of_the_days_that_are_shown(index: Index, tz: tzinfo) -> None:
    newest = [local_day(id, tz) for id in ids(index, tz=tz, sort="newest")[:-1]]
    assert newest == sorted(newest, reverse=True)
    oldest = [local_day(id, tz) for id in ids(index, tz=tz, sort="oldest")[:-1]]
    assert oldest == sorted(oldest)
    assert sorted(newest) == oldest == sorted(local_day(id, tz) for id in dated(index))


@given(zones, days)
def test_recency_counts_from_the_beginning_of_a_day_in_the_zone(index: Index, tz: tzinfo, day: date) -> None:
    boosts = Boosts(heat=0, quality=0, recency=1, half_life=1)
    moment = datetime(day.year, day.month, day.day, tzinfo=tz) + timedelta(days=1)
    hit = index.search(f"id:{day}", tz=tz, boosts=boosts, as_of=moment)[0]
    assert hit.score == pytest.approx(1.0, rel=0.06)  # a day long ago is neutral, and so is one half-life


def test_a_day_without_a_time_is_on_the_day_that_a_reader_elsewhere_asks_for(index: Index) -> None:
    assert "2020-12-31" not in ids(index, "date:2021", ZoneInfo("Europe/Paris"))
    assert ids(index, "date:2021", ZoneInfo("Europe/Paris")) == ["2021-01-01"]
    assert "2020-10-25" not in ids(index, "on:2020-10-26", ZoneInfo("Europe/Paris"))
    assert "2020-10-25" not in ids(index, "on:2020-10-24", ZoneInfo("America/Los_Angeles"))
