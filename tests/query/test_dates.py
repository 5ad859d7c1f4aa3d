"""Dates: what a date means in a zone, seen from an instant."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.errors import QueryError
from newsearch.query import parse, parse_date_range, parse_duration
from newsearch.query.tree import All, DateRange, Everything, Not, Or, Phrase, Word

# A Wednesday, eight in the morning in Los Angeles.
NOW = datetime(2020, 9, 30, 15, 0, 30, tzinfo=UTC)
LA = ZoneInfo("America/Los_Angeles")
NOTHING = All((Everything(), Not(Everything())))


def dates(text: str, *, now: datetime = NOW, tz: tzinfo = UTC) -> DateRange:
    """The date range that a query with nothing else in it reads as."""
    parsed = parse(text, now=now, tz=tz)
    assert parsed.notes == ()
    assert isinstance(parsed.tree, All)
    everything, found = parsed.tree.children
    assert everything == Everything()
    assert isinstance(found, DateRange)
    return found


def utc(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


@pytest.mark.parametrize(
    ("value", "start", "end"),
    [
        ("2020", "2020-01-01", "2021-01-01"),
        ("2020-09", "2020-09-01", "2020-10-01"),
        ("2020-12", "2020-12-01", "2021-01-01"),
        ("2020-9", "2020-09-01", "2020-10-01"),
        ("2020-Q3", "2020-07-01", "2020-10-01"),
        ("2020q4", "2020-10-01", "2021-01-01"),
        ("Q3-2020", "2020-07-01", "2020-10-01"),
        ("2020-09-29", "2020-09-29", "2020-09-30"),
        ("2020/9/29", "2020-09-29", "2020-09-30"),
        ("2020-02-29", "2020-02-29", "2020-03-01"),
        ("2020-09-29T14", "2020-09-29T14:00", "2020-09-29T15:00"),
        ("2020-09-29T14:05", "2020-09-29T14:05", "2020-09-29T14:06"),
        ("2020-09-29T14:05:07Z", "2020-09-29T14:05:07", "2020-09-29T14:05:08"),
        ("2020-09-29T14:05:00-07:00", "2020-09-29T21:05:00", "2020-09-29T21:05:01"),
        ("2020-09-29t14:05+0530", "2020-09-29T08:35", "2020-09-29T08:36"),
        ('"2020-09-29 14:05"', "2020-09-29T14:05", "2020-09-29T14:06"),
        ("today", "2020-09-30", "2020-10-01"),
        ("Yesterday", "2020-09-29", "2020-09-30"),
        ("tomorrow", "2020-10-01", "2020-10-02"),
        ('"last week"', "2020-09-21", "2020-09-28"),
        ("this-week", "2020-09-28", "2020-10-05"),
        ('"this month"', "2020-09-01", "2020-10-01"),
        ("last_month", "2020-08-01", "2020-09-01"),
        ('"last year"', "2019-01-01", "2020-01-01"),
        ('"next year"', "2021-01-01", "2022-01-01"),
        ("monday", "2020-09-28", "2020-09-29"),
        ("Mon", "2020-09-28", "2020-09-29"),
        ("wednesday", "2020-09-30", "2020-10-01"),
        ('"last wednesday"', "2020-09-23", "2020-09-24"),
        ("thu", "2020-09-24", "2020-09-25"),
        ("september", "2020-09-01", "2020-10-01"),
        ("oct", "2019-10-01", "2019-11-01"),
        ('"sep 2020"', "2020-09-01", "2020-10-01"),
        ('"2019 Sept"', "2019-09-01", "2019-10-01"),
        ("may-2019", "2019-05-01", "2019-06-01"),
        ('"29 sep 2019"', "2019-09-29", "2019-09-30"),
        ('"September 29th, 2019"', "2019-09-29", "2019-09-30"),
        ('"sep 30"', "2020-09-30", "2020-10-01"),
        ('"1 oct"', "2019-10-01", "2019-10-02"),
        ('"3 days ago"', "2020-09-27", "2020-09-28"),
        ("2020-09..2020-10", "2020-09-01", "2020-11-01"),
        ("2020-09-29..2020-09-29", "2020-09-29", "2020-09-30"),
        ("2020-09..", "2020-09-01", None),
        ("..2020-09", None, "2020-10-01"),
        ("1w..", "2020-09-23", None),
        ("..1w", None, "2020-09-24"),
        ("2w..1w", "2020-09-16", "2020-09-24"),
        ("last-month..yesterday", "2020-08-01", "2020-09-30"),
        ('"sep 2019 .. oct 2019"', "2019-09-01", "2019-11-01"),
        ("48h..24h", "2020-09-28T15:00:30", "2020-09-29T15:00:30"),
        ("7d", "2020-09-23", None),
        ("24h", "2020-09-29T15:00:30", None),
        ("30min", "2020-09-30T14:30:30", None),
        ("2w", "2020-09-16", None),
        ("3mo", "2020-06-30", None),
        ("1y", "2019-09-30", None),
        ('"last 7 days"', "2020-09-23", None),
        ("past-2-weeks", "2020-09-16", None),
    ],
)
def test_a_date_is_the_period_that_it_names(value: str, start: str | None, end: str | None) -> None:
    expected = DateRange(utc(start), utc(end))
    assert dates(f"date:{value}") == expected
    assert dates(f"when:{value}") == expected
    assert parse_date_range(value.strip('"'), now=NOW, tz=UTC) == expected


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("after:2020-09-29", "2020-09-29", None),
        ("after:2020", "2020-01-01", None),
        ("before:2020-09-29", None, "2020-09-29"),
        ("before:2020", None, "2020-01-01"),
        ("after:7d", "2020-09-23", None),
        ("before:24h", None, "2020-09-29T15:00:30"),
        ('after:"last week"', "2020-09-21", None),
        ("after:2020-09-29T14:05:00-07:00", "2020-09-29T21:05", None),
        ("on:2020-09-29", "2020-09-29", "2020-09-30"),
        ("on:7d", "2020-09-23", "2020-09-24"),
        ("on:2020-Q3", "2020-07-01", "2020-10-01"),
    ],
)
def test_after_before_and_on(query: str, start: str | None, end: str | None) -> None:
    assert dates(query) == DateRange(utc(start), utc(end))


@pytest.mark.parametrize(
    "value", ["2020", "2020-09", "2020-09-29", "yesterday", "7d", "24h", "last-week", "2020-09-29T14:05"]
)
def test_before_and_after_one_date_leave_no_gap_and_no_overlap(value: str) -> None:
    assert dates(f"before:{value}", tz=LA).end == dates(f"after:{value}", tz=LA).start


def test_a_group_of_dates() -> None:
    tree = parse("ban date:(2018 OR 2020)", now=NOW, tz=UTC).tree
    years = [DateRange(utc(f"{year}-01-01"), utc(f"{year + 1}-01-01")) for year in (2018, 2020)]
    assert tree == All((Word("ban"), Or(tuple(years))))


@pytest.mark.parametrize(
    ("query", "tz", "start", "end"),
    [
        # Days of the zone, not of UTC.
        ("on:today", "America/Los_Angeles", "2020-09-30T07:00", "2020-10-01T07:00"),
        ("on:today", "Asia/Tokyo", "2020-09-30T15:00", "2020-10-01T15:00"),
        ("on:today", "Asia/Kathmandu", "2020-09-29T18:15", "2020-09-30T18:15"),
        ("date:2020", "America/Los_Angeles", "2020-01-01T08:00", "2021-01-01T08:00"),
        ("on:2020-09-29T14:05", "America/Los_Angeles", "2020-09-29T21:05", "2020-09-29T21:06"),
        # The clocks go forward: a day of 23 hours; and back: one of 25.
        ("on:2020-03-08", "America/Los_Angeles", "2020-03-08T08:00", "2020-03-09T07:00"),
        ("on:2020-11-01", "America/Los_Angeles", "2020-11-01T07:00", "2020-11-02T08:00"),
        ("date:2020-03", "Europe/Berlin", "2020-02-29T23:00", "2020-03-31T22:00"),
        # They repeat an hour, or skip it.
        ("on:2020-11-01T01", "America/Los_Angeles", "2020-11-01T08:00", "2020-11-01T10:00"),
        ("on:2020-11-01T02", "America/Los_Angeles", "2020-11-01T10:00", "2020-11-01T11:00"),
        ("on:2020-11-01T01-07:00", "America/Los_Angeles", "2020-11-01T08:00", "2020-11-01T09:00"),
        ("on:2020-03-08T02", "America/Los_Angeles", "2020-03-08T10:00", "2020-03-08T11:00"),
        # The clocks skip midnight itself, or have it twice.
        ("on:2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00", "2018-11-05T02:00"),
        ("on:2020-11-01", "America/Havana", "2020-11-01T04:00", "2020-11-02T05:00"),
    ],
)
def test_days_begin_and_end_where_the_zone_says(query: str, tz: str, start: str, end: str) -> None:
    assert dates(query, tz=ZoneInfo(tz)) == DateRange(utc(start), utc(end))


def test_days_ago_count_midnights_and_hours_count_time_across_a_clock_change() -> None:
    after_change = datetime(2020, 11, 2, 20, 0, tzinfo=UTC)
    assert dates("when:2d", now=after_change, tz=LA).start == utc("2020-10-31T07:00")
    assert dates("when:48h", now=after_change, tz=LA).start == utc("2020-10-31T20:00")


def test_a_month_ago_of_a_day_that_it_lacks_is_its_last_day() -> None:
    march = datetime(2021, 3, 31, 12, tzinfo=UTC)
    assert dates("on:1mo", now=march).start == utc("2021-02-28")
    leap = datetime(2020, 2, 29, 12, tzinfo=UTC)
    assert dates("on:1y", now=leap).start == utc("2019-02-28")


def test_now_without_a_zone_is_in_the_zone_of_the_query() -> None:
    late = datetime(2020, 9, 30, 23, 0)
    assert dates("on:today", now=late, tz=LA) == dates("on:today", now=late.replace(tzinfo=LA), tz=LA)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("date:99999y", None, None),
        ("date:99999999999999999999d", None, None),
        ("date:" + "9" * 3000 + "h", None, None),
        ("before:99999y", None, "0001-01-01"),
        ("date:9999", "9999-01-01", None),
        ("on:9999-12-31", "9999-12-31", None),
        ("date:9999-12..", "9999-12-01", None),
        ("date:0001", None, "0002-01-01"),
        ("before:0001-01-01", None, "0001-01-01"),
    ],
)
def test_the_ends_of_the_calendar_are_safe(query: str, start: str | None, end: str | None) -> None:
    assert dates(query) == DateRange(utc(start), utc(end))
    for offset in (-14, 14):
        parse(query, now=NOW, tz=timezone(timedelta(hours=offset)))


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("7m", "7min or 7mo"),
        ("7x", "unit of time"),
        ("7 fortnights ago", "unit of time"),
        ("soon", "not a date"),
        ("2020-13", "calendar"),
        ("2021-02-29", "calendar"),
        ("0000", "calendar"),
        ("2020-09-29T25:00", "calendar"),
        ("9999-12-31T23:59:59-14:00", "calendar"),
        ("feb 30", "calendar"),
        ("9/29/2020", "not a date"),
        ("sep 2019 2020", "not a date"),
        ("last", "not a date"),
        ("-", "not a date"),
        ("..", "a start or an end"),
        ("2021..2020", "ends before it begins"),
        ("24h..48h", "ends before it begins"),
        ("soon..2020", "not a date"),
        ("2020..soon", "not a date"),
        ("2020..2021..2022", "not a date"),
        ("", "not a date"),
        ("x" * 500, "…"),
        ("9" * 500, "…"),
    ],
)
def test_no_date_is_an_error_that_says_what_to_write(value: str, hint: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_date_range(value, now=NOW, tz=UTC)
    assert hint in str(error.value)
    assert len(str(error.value)) < 150
    parsed = parse(f'date:"{value}"', now=NOW, tz=UTC)
    assert parsed.tree == NOTHING
    assert str(error.value) in parsed.notes[0].message


def test_endless_digits_are_no_date() -> None:
    with pytest.raises(QueryError):
        parse_date_range("9" * 5000 + "d", now=NOW, tz=UTC)


def test_an_instant_is_no_day_to_be_on() -> None:
    parsed = parse("on:24h", now=NOW, tz=UTC)
    assert parsed.tree == NOTHING
    assert "when:24h" in parsed.notes[0].message


def test_a_range_is_not_one_date() -> None:
    assert "not a date" in parse("after:2020..2021", now=NOW, tz=UTC).notes[0].message


def test_a_quoted_date_without_a_field_is_a_phrase() -> None:
    assert parse('"last week"', now=NOW, tz=UTC).tree == Phrase("last week")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("7d", timedelta(days=7)),
        (" 24H ", timedelta(hours=24)),
        ("30min", timedelta(minutes=30)),
        ("2w", timedelta(days=14)),
        ("3mo", timedelta(days=90)),
        ("1y", timedelta(days=365)),
        ("2 weeks", timedelta(days=14)),
        ("0d", timedelta(0)),
    ],
)
def test_a_duration_is_a_length_of_time(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("7m", "7min or 7mo"),
        ("7", "write 7d"),
        ("d", "write 7d"),
        ("", "write 7d"),
        ("-7d", "write 7d"),
        ("7d ago", "write 7d"),
        ("1.5d", "write 7d"),
        ("7 parsecs", "unit of time"),
        ("9" * 30 + "y", "too long"),
        ("9" * 5000 + "d", "too long"),
    ],
)
def test_what_is_no_duration_is_an_error_that_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_duration(text)
    assert hint in str(error.value)


@given(
    count=st.integers(0, 10**7),
    unit=st.sampled_from(["min", "h", "d", "w", "mo", "y"]),
    now=st.datetimes(datetime(1600, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    tz=st.sampled_from(["UTC", "America/Los_Angeles", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_since_so_long_ago_begins_no_later_than_that_and_holds_now(
    count: int, unit: str, now: datetime, tz: str
) -> None:
    found = parse_date_range(f"{count}{unit}", now=now, tz=ZoneInfo(tz))
    assert found.end is None
    if found.start is not None:
        assert found.start.utcoffset() == timedelta(0)
        assert found.start <= now
        fewer = parse_date_range(f"{count // 2}{unit}", now=now, tz=ZoneInfo(tz))
        assert fewer.start is not None
        assert found.start <= fewer.start


@given(
    day=st.dates(),
    tz=st.sampled_from(["UTC", "America/Sao_Paulo", "Europe/Berlin", "Africa/Cairo"]),
)
def test_a_day_its_month_and_its_year_lie_within_each_other(day: datetime, tz: str) -> None:
    texts = [f"{day:%Y}".zfill(4), f"{day.year:04}-{day.month:02}", day.isoformat()[:10]]
    year, month, one = [parse_date_range(text, now=NOW, tz=ZoneInfo(tz)) for text in texts]
    starts = [r.start or datetime.min.replace(tzinfo=UTC) for r in (year, month, one)]
    ends = [r.end or datetime.max.replace(tzinfo=UTC) for r in (one, month, year)]
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert starts[-1] < ends[0]


def test_importing_the_query_language_stays_cheap() -> None:
    costly = {"dateutil", "zoneinfo", "difflib", "numpy", "whoosh"}
    code = f"import sys, newsearch.query; print(*{costly} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
