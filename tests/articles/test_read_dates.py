"""Dates: every form that people and programs write, and those that nobody may guess."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.articles.dates import _reader, exact, is_day_first, read_any, read_date
from newsearch.articles.reading import article_from_mapping


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        # RFC 822 and its heirs
        ("Wed, 09 Sep 2020 13:20:00 GMT", "2020-09-09T13:20:00+00:00"),
        ("Wed, 9 Sep 20 13:20 +0200", "2020-09-09T13:20:00+02:00"),
        ("Wednesday, 09-Sep-20 13:20:00 GMT", "2020-09-09T13:20:00+00:00"),
        ("Thu, 14 May 2020 10:00:18 Z", "2020-05-14T10:00:18+00:00"),
        ("Fri, 22 Sep 2023 16:30:15 -0000", "2023-09-22T16:30:15+00:00"),
        # RFC 3339 and ISO 8601
        ("2020-09-09T13:20:00.25+02:00", "2020-09-09T13:20:00.250000+02:00"),
        ("2020-09-09t13:20:00z", "2020-09-09T13:20:00+00:00"),
        ("20200909T132000Z", "2020-09-09T13:20:00+00:00"),
        ("20200909T1320+0200", "2020-09-09T13:20:00+02:00"),
        ("20200909132000", "2020-09-09T13:20:00"),
        ("20200909", "2020-09-09"),
        ("2020-W37-3", "2020-09-09"),
        ("2020W373", "2020-09-09"),
        ("2020-253", "2020-09-09"),
        ("2020-09-09T24:00:00Z", "2020-09-10T00:00:00+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        # since 1970
        ("1599650400", "2020-09-09T11:20:00+00:00"),
        ("1599650400.5", "2020-09-09T11:20:00.500000+00:00"),
        ("1599650400000", "2020-09-09T11:20:00+00:00"),
        ("1599650400 +0200", "2020-09-09T11:20:00+00:00"),
        # zones: plus is east
        ("Mon Apr 21 2025 06:00:00 GMT+0200 (Central European Summer Time)", "2025-04-21T06:00:00+02:00"),
        ("2020-09-09 13:20 UTC+2", "2020-09-09T13:20:00+02:00"),
        ("2020-09-09 22:20 UTC-05:00", "2020-09-09T22:20:00-05:00"),
        ("2020-09-09 13:20 UTC +02:00", "2020-09-09T13:20:00+02:00"),
        ("2020-09-09 13:20 UTC\u221205:00", "2020-09-09T13:20:00-05:00"),
        ("2020-09-09 13:20:00 BST", "2020-09-09T13:20:00+01:00"),
        ("Wed, 09 Sep 2020 13:20:00 CEST", "2020-09-09T13:20:00+02:00"),
        ("2020-09-09 13:20 Europe/Berlin", "2020-09-09T13:20:00+02:00"),
        ("2020-09-09T13:20:00+02:00[Europe/Berlin]", "2020-09-09T13:20:00+02:00"),
        ("2020-09-09T13:20:00[Europe/Berlin]", "2020-09-09T13:20:00+02:00"),
        ("2020-09-09T11:20:00Z[UTC]", "2020-09-09T11:20:00+00:00"),
        ("Sept. 9, 2020, 7:20 a.m. ET", "2020-09-09T07:20:00-04:00"),
        ("Dec 9, 2020 7:20 AM PT", "2020-12-09T07:20:00-08:00"),
        ("Mar 1, 2024 12:30 am", "2024-03-01T00:30:00"),
        ("1 March 2024, 12:30 PM", "2024-03-01T12:30:00"),
        # months as programs abbreviate them in other languages
        ("Fr, 06 Mär 2020 13:20:00 +0100", "2020-03-06T13:20:00+01:00"),
        ("9 augusti 2020", "2020-08-09"),
        ("9 de setiembre de 2020", "2020-09-09"),
        ("9 февр. 2020", "2020-02-09"),
        ("9 сент. 2020", "2020-09-09"),
        ("9 нояб. 2020", "2020-11-09"),
        # programs
        ("Wed Sep  9 13:20:00 2020", "2020-09-09T13:20:00"),
        ("Wed Sep  9 13:20:00 2020 +0200", "2020-09-09T13:20:00+02:00"),
        ("Wed Sep  9 13:20:00 CEST 2020", "2020-09-09T13:20:00+02:00"),
        ("Wed Sep 09 13:20:00 -0700 2020", "2020-09-09T13:20:00-07:00"),
        ("2020-09-09 13:20:00.123456789 +0200 CEST m=+0.0001", "2020-09-09T13:20:00.123456+02:00"),
        ("2020-09-09 13:20:00 +0000 UTC", "2020-09-09T13:20:00+00:00"),
        ("09 Sep 20 13:20 PDT", "2020-09-09T13:20:00-07:00"),
        # people
        ("September 9, 2020 at 1:20 p.m. EDT", "2020-09-09T13:20:00-04:00"),
        ("1:20 PM EDT, September 9, 2020", "2020-09-09T13:20:00-04:00"),
        ("9th of September, 2020", "2020-09-09"),
        ("3. April 2020", "2020-04-03"),
        ("9 de septiembre de 2020", "2020-09-09"),
        ("2020年9月9日", "2020-09-09"),
        ("03.04.2020", "2020-04-03"),
        ("3. 4. 2020", "2020-04-03"),
        ("03.04.20", "2020-04-03"),
        ("07.09.2020 14:45", "2020-09-07T14:45:00"),
        ("2020.09.07 14:45:26", "2020-09-07T14:45:26"),
        ("2020/04/13 10:20", "2020-04-13T10:20:00"),
        ("13/04/2020", "2020-04-13"),
        ("04/13/2020", "2020-04-13"),
        ("Mittwoch, 9. September 2020, 14.45 Uhr", "2020-09-09T14:45:00"),
        ("mar, 9 settembre 2020 10:00", "2020-09-09T10:00:00"),
        ("le 9 septembre 2020 à 10h30", "2020-09-09T10:30:00"),
        ("Updated: Sep 9, 2020 10:00 GMT+5:30", "2020-09-09T10:00:00+05:30"),
        ("13:20 EST-0500 9 Sep 2020", "2020-09-09T13:20:00-05:00"),
        ("Wed Sep  9 13:20:00 2020 UTC", "2020-09-09T13:20:00+00:00"),
        ("31 Dec 2020 24:00", "2021-01-01T00:00:00"),
        ("9 Sep 70", "1970-09-09"),
        ("2020-Sep-09", "2020-09-09"),
    ],
)
def test_a_date_is_what_it_says(text: str, iso: str) -> None:
    reading = read_date(text)
    assert reading.when.isoformat() == iso
    assert not reading.is_ambiguous


@pytest.mark.parametrize(
    "text",
    [
        *"20-09-09 01-02-03 03/04/20 2020-W37 2020-09 2020 10:30 yesterday 2020-13-01 2020-W54-1 2021-366".split(),
        *(
            "May 2020",
            "12 May",
            "",
            "Sun, 31 Feb 2021 10:00:00 GMT",
            "2020-09-09 25:00",
            "2020-09-09 10:00 XYZ",
        ),
        *(
            "Mon",
            "Mon Sep 2020",
            "9 Sep 2020 10",
            "9 Sep 2020 2021",
            "9 Sep 2020 13:20:00 +9900",
            "1 Jan 0001",
        ),
        *("2020-09-09 2020-09-10", "9 Sep 2020 - 10 Sep 2020", "9 Sep 2020 and more", "200909", "10.30"),
        *("2020-366 10:00x", "2020-09-09T13:20:00 IST", "12 000 people", "9" * 40, "2020-09-09 13:60"),
    ],
)
def test_what_is_no_whole_date_or_could_be_another_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_date(text)


@pytest.mark.parametrize(
    ("text", "day_first", "iso", "is_ambiguous"),
    [
        ("03/04/2020", None, "2020-03-04", True),
        ("03/04/2020", True, "2020-04-03", False),
        ("03/04/2020", False, "2020-03-04", False),
        ("03-04-2020", None, "2020-03-04", True),
        ("04/04/2020", None, "2020-04-04", False),
        ("03/04/20", True, "2020-04-03", False),
        ("03.04.2020", False, "2020-04-03", False),
    ],
)
def test_day_or_month_first_is_told_or_ambiguous(
    text: str, day_first: bool | None, iso: str, is_ambiguous: bool
) -> None:
    reading = read_date(text, day_first)
    assert (reading.when.isoformat(), reading.is_ambiguous) == (iso, is_ambiguous)


@pytest.mark.parametrize(
    ("tag", "told"),
    [("de", True), ("en-gb", True), ("en-us", False), ("en", None), ("ja", None), (None, None)],
)
def test_a_language_tells_the_order(tag: str | None, told: bool | None) -> None:
    assert is_day_first(tag) is told


def test_an_ambiguous_date_is_noted_and_a_language_makes_it_certain() -> None:
    unclear = article_from_mapping({"title": "A", "publishedDateTime": "03/04/2020"}, id="a")
    assert (unclear.date, unclear.extra) == (dt.date(2020, 3, 4), {"ambiguous": ["publishedDateTime"]})
    german = article_from_mapping({"title": "A", "date": "03/04/2020", "lang": "de"}, id="a")
    assert (german.date, german.extra) == (dt.date(2020, 4, 3), {})
    told = article_from_mapping({"title": "A", "modified": "03/04/2020"}, id="a", day_first=True)
    assert (told.modified, told.extra) == (dt.date(2020, 4, 3), {})


@pytest.mark.parametrize("today", ["1999-12-31", "2026-01-01", "2075-06-01"])
def test_a_year_of_two_digits_does_not_depend_on_the_day_of_reading(
    monkeypatch: pytest.MonkeyPatch, today: str
) -> None:
    monkeypatch.setattr("time.localtime", dt.datetime.fromisoformat(today).timetuple)
    _reader.cache_clear()
    assert read_date("9 Sep 70").when == dt.date(1970, 9, 9)
    assert read_date("9 Sep 20 13:20 +0200").when.year == 2020
    _reader.cache_clear()


@given(when=st.datetimes(min_value=dt.datetime(1700, 1, 1)), style=st.sampled_from(range(6)))
def test_what_programs_print_is_read_back(when: dt.datetime, style: int) -> None:
    when = when.replace(microsecond=0)
    text = (
        when.isoformat(),
        when.strftime("%Y%m%dT%H%M%S"),
        when.strftime("%d.%m.%Y %H:%M:%S"),
        f"{when.day} {_MONTHS[when.month - 1]} {when.year:04} {when:%H:%M:%S}",
        f"{_MONTHS[when.month - 1]} {when.day}, {when.year:04} {when:%H:%M:%S}",
        f"{when.year:04}-{when.month:02}-{when.day:02} {when:%H:%M:%S}",
    )[style]
    assert read_date(text).when == when


@given(text=st.text(alphabet="0123456789-/:.+ TZWGMTabcAPM,年", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reading = read_date(text)
    except ValueError:
        return
    assert isinstance(reading.when, dt.date)


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


NUMBERS = st.integers(1, 12) | st.integers(0, 23) | st.integers(0, 62)
ENGLISH = (
    "January Jan Feb mar April MAY June Jul Aug sept Sept September Oct nov December Dec Dez Foo".split()
)
OFFSETS = ["GMT", "UT", "UTC", "Z", "+0000", "-0000", "+0530", "-1130", "+1400", "+1500", "-0960"]


@st.composite
def usual_dates(draw: st.DrawFn, form: str) -> str:
    """Dates in the exact forms, many of which do not exist or are nearly in the form."""
    day, hour, minute, second = (draw(NUMBERS) for _ in range(4))
    year = draw(st.integers(990, 2999) | st.integers(1950, 2050))
    month = draw(st.sampled_from(ENGLISH))
    clock = f"{hour:02}:{minute:02}" + draw(st.sampled_from(["", f":{second:02}"]))
    if form == "822":
        weekday = draw(st.sampled_from(["", "Mon, ", "Fri, ", "Fra, "]))
        return f"{weekday}{day:0{draw(st.integers(1, 2))}} {month[:3]} {year} {clock} {draw(st.sampled_from(OFFSETS))}"
    if form == "3339":
        fraction = draw(st.sampled_from(["", ".5", ".123456", ".1234567"])) if clock.count(":") == 2 else ""
        zone = draw(st.sampled_from(["", "Z", "z", "+01:00", "-09:30", "+14:00", "+15:00", "+0100"]))
        number = draw(st.integers(0, 13))
        return f"{year}-{number:02}-{day:02}{draw(st.sampled_from('T t'))}{clock}{fraction}{zone}"
    parts = [f"{month}{draw(st.sampled_from(['', '.']))}", f"{day}{draw(st.sampled_from(['', 'th']))}"]
    if form == "day first":
        parts.reverse()
    half = draw(st.sampled_from(["", " am", "PM", " pm", " Pm"]))
    time = draw(st.sampled_from(["", f" {clock}{half}", f", {clock}", f" at {hour}:{minute:02}{half}"]))
    return f"{parts[0]} {parts[1]}{draw(st.sampled_from(['', ',']))} {year}{time}"


@pytest.mark.parametrize("form", ["822", "3339", "month first", "day first"])
@given(data=st.data())
def test_the_exact_forms_are_read_as_by_dateutil(data: st.DataObject, form: str) -> None:
    text = data.draw(usual_dates(form))
    when = exact(text)
    if when is not None:
        read = read_any(text)
        assert read == (when, False)
        assert type(read.when) is type(when)
        if isinstance(when, dt.datetime):
            assert isinstance(read.when, dt.datetime)
            assert read.when.utcoffset() == when.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 01 Mar 2024 07:00:00 +0100",
        "1 Mar 2024 07:00 GMT",
        "2024-03-01T07:00:00.5Z",
        "2024-03-01 07:00",
        "March 1, 2024",
        "Mar. 1, 2024 at 7:00 pm",
        "1 March 2024 19:00",
    ],
)
def test_the_usual_forms_are_exact(text: str) -> None:
    assert exact(text) is not None
