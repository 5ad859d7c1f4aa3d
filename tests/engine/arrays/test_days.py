"""Days of a zone are compared as days, and give what their seconds give."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from newsearch.engine.arrays.searching.column_view import days_within
from newsearch.query.dates import midnight

ZONES = (
    "UTC",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
CHANGES = st.sampled_from([date(2011, 12, 30), date(2020, 3, 8), date(2020, 11, 1), date(1970, 1, 1)])


def seconds(day: date, zone: ZoneInfo) -> float:
    return midnight(day, zone).timestamp()


@given(
    st.sampled_from(ZONES), CHANGES, st.integers(-300_000, 300_000), st.integers(0, 300_000), st.booleans()
)
def test_a_day_is_within_an_interval_if_its_seconds_are(
    name: str, near: date, shift: int, length: int, ended: bool
) -> None:
    zone = ZoneInfo(name)
    low = datetime(near.year, near.month, near.day, tzinfo=UTC).timestamp() + shift
    high = low + length
    first, last = days_within(low, high, zone, ended=ended)
    for number in range(-9, 10):
        day = near + timedelta(number)
        begin = seconds(day, zone)
        end = begin + max(seconds(day + timedelta(1), zone) - begin, 1) - 1
        expected = (end if ended else begin) <= high and end >= low
        assert (first <= (day - date(1970, 1, 1)).days <= last) == expected


def test_an_open_interval_has_no_first_or_last_day() -> None:
    inf = float("inf")
    assert days_within(-inf, inf, ZoneInfo("Asia/Kathmandu"), ended=False) == (-inf, inf)
