"""Dates in queries. A date is a period whose days begin and end at midnight in a given time zone.

The length of the period depends on the precision: `2020` is a year, `2020-09-29T21` an hour, `7d` the day seven days
ago, `24h` an instant. `after:` and `before:` use the start of the period. `a..b` extends from the start of a to the end
of b.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple, TypeAlias

from newsearch._patterns import pattern
from newsearch.errors import QueryError
from newsearch.query.tree import DateRange

Bounds: TypeAlias = tuple[datetime | None, datetime | None]

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)

_UNITS = {
    "minute": ("min", "mins", "minute", "minutes"),
    "hour": ("h", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
    "month": ("mo", "month", "months"),
    "year": ("y", "year", "years"),
}
_UNIT = {spelling: unit for unit, spellings in _UNITS.items() for spelling in spellings}
_LENGTH = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_AMOUNT = r"(\d+) ?([a-z]+)"
_DURATION = pattern(_AMOUNT)
_SINCE = pattern(rf"(?:(?:last|past) )?{_AMOUNT}")
_AGO = pattern(rf"{_AMOUNT} ago")
_CALENDAR = pattern(r"(last|this|next) (week|month|year)")
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_YEAR = pattern(r"(\d{4})")
_MONTH = pattern(r"(\d{4})[-/](\d{1,2})")
_DAY = pattern(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_WEEK = pattern(r"(\d{4}) ?w(\d{1,2})")
_QUARTER = pattern(r"(\d{4}) ?q([1-4])|q([1-4])[- ](\d{4})")
_TIME = pattern(r"\d{4}-\d\d-\d\d[t ]\d\d(:\d\d)?(:\d\d(?:\.(\d+))?)?(?:z|[-+]\d\d(?::?\d\d)?)?")
_BETWEEN_LETTERS = pattern(r"(?<=[a-z])[-_, ]+|[-_, ]+(?=[a-z])|, *")
_ORDINAL = pattern(r"\b(\d{1,2})(?:st|nd|rd|th)\b")


class Period(NamedTuple):
    """The instants in [start, end), aware UTC. For a single instant, end equals start."""

    start: datetime
    end: datetime


def parse_date_range(text: str, *, now: datetime, tz: tzinfo) -> DateRange:
    """The range of a date or of two (`2020-09`, `2020-09..2020-10`, `1w..`, `7d`), as `date:` reads it.

    Args:
        text: a date, which means its whole period; a relative date (`7d`), which means since then; or a range, which
            may be open at either end.
        now: the reference instant for relative dates; without a zone, it is in `tz`.
        tz: the time zone in which days begin and end.

    Raises:
        QueryError: the text is not a date, or its end is not after its start.
    """
    return DateRange(*field_bounds("date", text, now=now, tz=tz))


def parse_moment(text: str, *, now: datetime, tz: tzinfo) -> datetime:
    """The last moment of a date, which includes everything published in its period. An instant is returned unchanged.

    Raises:
        QueryError: the text is not a date.
    """
    period = parse_date_range(text, now=now, tz=tz)
    if period.end is not None:
        return period.end - timedelta(microseconds=1)
    if period.start is None:
        raise QueryError(f"{text!r:.80} has no end, so it is not a moment")
    return period.start


def parse_zone(name: str) -> tzinfo:
    """The time zone with an IANA name, such as Europe/Paris, or UTC.

    Raises:
        QueryError: there is no such time zone.
    """
    if name.upper() == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # slow to load and rarely needed

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise QueryError(f"unknown zone {name!r:.80}: write one such as Europe/Paris or UTC") from error


def parse_duration(text: str) -> timedelta:
    """The length of `7d`, `24h`, `30min`, `2w`, `3mo` (30 days each) or `1y` (365 days each).

    Raises:
        QueryError: the text is not a duration, or the duration is too long.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise QueryError(f"{_quoted(text)} is not a length of time: write 7d, 24h, 30min, 2w, 3mo or 1y")
    try:
        count, unit = _amount(match)
        return count * _LENGTH[unit]
    except (ValueError, OverflowError):
        raise QueryError(f"{_quoted(text)} is too long") from None


def field_bounds(field: str, text: str, *, now: datetime, tz: tzinfo) -> Bounds:
    """The start and the end (None means open) of `field:text`; see `parse_date_range` for the other arguments.

    Args:
        field: `date` or `when`, which are the same; `on`, the whole period; `after`, from its start; `before`, up to
            its start.

    Raises:
        QueryError: the text is not a date, or its end is not after its start.
    """
    calendar = _Calendar(now, tz)
    text = text.strip()
    if field == "after":
        return _open(calendar.period(text).start, None)
    if field == "before":
        return _open(None, calendar.period(text).start)
    if field == "on":
        period = calendar.period(text)
        if period.start == period.end:
            raise QueryError(f"{_quoted(text)} is an instant; to search from it on, write when:{text}")
        return _open(*period)
    left, dots, right = text.partition("..")
    if not dots:
        period = calendar.period(text)
        since = _SINCE.fullmatch(_plain(text))
        return _open(period.start, None if since and since[2] in _UNIT else period.end)
    if not left and not right:
        raise QueryError("a range of dates needs a start or an end")
    start = calendar.period(left).start if left else None
    end = calendar.period(right).end if right else None
    if start is not None and end is not None and start >= end:
        raise QueryError(f"{_quoted(text)} ends before it begins")
    return _open(start, end)


def _plain(text: str) -> str:
    """A date in lower case, with spaces between its words, and without the endings of ordinals."""
    return _ORDINAL.sub(r"\1", _BETWEEN_LETTERS.sub(" ", text.strip().lower())).strip()


_HOUR = timedelta(hours=1)


class _Calendar:
    """Resolves dates to periods, relative to one instant in one time zone."""

    def __init__(self, now: datetime, tz: tzinfo) -> None:
        self._tz = tz
        self._now = in_utc(now if now.tzinfo else now.replace(tzinfo=tz))
        self._today = self._now.astimezone(tz).date()

    def period(self, typed: str) -> Period:
        """The period of a date. Raises QueryError if the text is not a date."""
        text = _plain(typed)
        try:
            period = self._absolute(text) or self._named(text) or self._relative(text)
        except (ValueError, OverflowError):
            raise QueryError(f"there is no date {_quoted(typed)} in the calendar") from None
        if period is None:
            raise QueryError(f"{_quoted(typed)} is not a date: write 2020-09-29, 2020-09, yesterday or 7d")
        return period

    def _absolute(self, text: str) -> Period | None:
        if match := _YEAR.fullmatch(text):
            return self._months(int(match[1]), 1, 12)
        if match := _MONTH.fullmatch(text):
            return self._months(int(match[1]), int(match[2]), 1)
        if match := _QUARTER.fullmatch(text):
            return self._months(int(match[1] or match[4]), 3 * int(match[2] or match[3]) - 2, 3)
        if match := _WEEK.fullmatch(text):
            return self._days(date.fromisocalendar(int(match[1]), int(match[2]), 1), 7)
        if match := _DAY.fullmatch(text):
            return self._days(date(int(match[1]), int(match[2]), int(match[3])))
        if match := _TIME.fullmatch(text):
            moment = datetime.fromisoformat(text.upper())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._tz)
            start = in_utc(moment)
            if match[3]:
                return Period(start, start + timedelta(microseconds=10 ** max(0, 6 - len(match[3]))))
            if match[1] or match[2]:
                return Period(start, start + timedelta(seconds=1 if match[2] else 60))
            # In a zone, one hour later on the clock: an hour that the clocks repeat lasts twice as long.
            return Period(start, max(in_utc(moment + _HOUR), start + _HOUR))
        return None

    def _relative(self, text: str) -> Period | None:
        if text in _DAYS:
            return self._days(self._today + timedelta(days=_DAYS[text]))
        if match := _CALENDAR.fullmatch(text):
            return self._calendar_unit({"last": -1, "this": 0, "next": 1}[match[1]], match[2])
        if match := _AGO.fullmatch(text) or _SINCE.fullmatch(text):
            return self._before_now(*_amount(match))
        return None

    def _calendar_unit(self, offset: int, unit: str) -> Period:
        if unit == "week":
            monday = self._today + timedelta(days=7 * offset - self._today.weekday())
            return self._days(monday, 7)
        if unit == "month":
            first = _add_months(self._today, offset)
            return self._months(first.year, first.month, 1)
        return self._months(self._today.year + offset, 1, 12)

    def _before_now(self, count: int, unit: str) -> Period:
        """The day that long before now, or for hours and minutes the instant."""
        try:
            if unit in ("minute", "hour"):
                instant = self._now - count * _LENGTH[unit]
                return Period(instant, instant)
            if unit in ("day", "week"):
                return self._days(self._today - count * _LENGTH[unit])
            return self._days(_add_months(self._today, -count * (12 if unit == "year" else 1)))
        except (ValueError, OverflowError):
            # Outside the calendar, and therefore before every article.
            return Period(_FIRST, _FIRST)

    def _named(self, text: str) -> Period | None:
        """A weekday or a month by name: the most recent that has begun, unless a year is given."""
        words = text.split()
        last = len(words) == 2 and words[0] == "last"
        if (weekday := _index(_WEEKDAYS, words[-1:])) is not None and (len(words) == 1 or last):
            back = (self._today.weekday() - weekday) % 7
            return self._days(self._today - timedelta(days=back or 7 * last))
        names = [word for word in words if not word.isdecimal()]
        month = _index(_MONTHS, names)
        years = [int(word) for word in words if word.isdecimal() and len(word) == 4]
        days = [int(word) for word in words if word.isdecimal() and len(word) <= 2]
        if month is None or len(years) > 1 or len(days) > 1 or len(words) != 1 + len(years) + len(days):
            return None
        if years:
            year = years[0]
        else:
            begun = (month + 1, days[0] if days else 1) <= (self._today.month, self._today.day)
            year = self._today.year - (not begun)
        return self._days(date(year, month + 1, days[0])) if days else self._months(year, month + 1, 1)

    def _months(self, year: int, month: int, count: int) -> Period:
        first = date(year, month, 1)
        try:
            end = _add_months(first, count)
        except ValueError:
            return Period(self._midnight(first), _LAST)
        return Period(self._midnight(first), self._midnight(end))

    def _days(self, first: date, count: int = 1) -> Period:
        try:
            end = first + timedelta(days=count)
        except OverflowError:
            return Period(self._midnight(first), _LAST)
        return Period(self._midnight(first), self._midnight(end))

    def _midnight(self, day: date) -> datetime:
        return midnight(day, self._tz)


def midnight(day: date, tz: tzinfo) -> datetime:
    """The instant, in UTC, at which a day begins in a zone. If the clocks skip midnight, the instant of the skip."""
    return in_utc(datetime(day.year, day.month, day.day, tzinfo=tz))


def in_utc(moment: datetime) -> datetime:
    """An aware moment in UTC. If the conversion leaves the calendar, the first or the last moment of the calendar."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST


def _open(start: datetime | None, end: datetime | None) -> Bounds:
    """Bounds in which the first and the last instant of the calendar are replaced by None, for no bound."""
    return (None if start == _FIRST else start), (None if end == _LAST else end)


def _add_months(day: date, count: int) -> date:
    """The same day of another month, or the last day of that month. Raises ValueError outside the calendar."""
    year, month = divmod(12 * day.year + day.month - 1 + count, 12)
    for last in (day.day, 30, 29):
        try:
            return date(year, month + 1, last)
        except ValueError:
            if not 1 <= year <= 9999:
                raise
    return date(year, month + 1, 28)


def _index(names: Sequence[str], words: list[str]) -> int | None:
    """The index of the name that a single word stands for, in full or shortened to three letters or more."""
    if len(words) != 1 or len(words[0]) < 3:
        return None
    return next((i for i, name in enumerate(names) if name.startswith(words[0])), None)


def _amount(match: re.Match[str]) -> tuple[int, str]:
    """The number and the unit of `7d`. Raises QueryError for unknown units, ValueError for too many digits."""
    count, unit = match[1], match[2]
    if unit == "m":
        raise QueryError(f"{count[:20]}m could be minutes or months: write {count[:20]}min or {count[:20]}mo")
    if unit not in _UNIT:
        raise QueryError(f"{_quoted(unit)} is not a unit of time: write min, h, d, w, mo or y")
    return int(count), _UNIT[unit]


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
