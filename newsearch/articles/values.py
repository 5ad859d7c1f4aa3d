"""Single values of the format, read as they were meant: dates, signals, yes and no, languages.

Front matter is written by people and by many programs, so a number can come as text, text as a number, and a
date in any order. What cannot be read raises `Unusable`, whose message names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, Final

from newsearch._patterns import pattern

OLDEST_YEAR: Final = 1600
"""The first newspaper is from 1605; an earlier year is a slip of the pen."""
NEWEST_YEAR: Final = 2200
LARGEST_SIGNAL: Final = 10**12
"""Heat or quality beyond this, either way, is no number that a program meant."""


class Unusable(Exception):
    """A value that an article cannot do without is wrong; the message names its field."""


def as_text(value: object) -> str:
    """Give a scalar as text, not yet cleaned; lists, mappings and None give ""."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return ""


def as_list(value: object) -> list[Any]:
    """Give a list as it is, nothing as an empty list, and anything else as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def signal(value: object, name: str) -> float | None:
    """Read heat or quality: a finite number, or text that is one; ints stay ints, absent is None.

    Raises:
        Unusable: it is something else, or beyond a million million either way.
    """
    if value is None:
        return None
    number = value
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if _INTEGER.fullmatch(text):
            number = int(text)
        elif _NUMBER.fullmatch(text):
            number = float(text)
    if not isinstance(number, (int, float)) or isinstance(number, bool) or number != number:
        raise Unusable(f"{name} is not a number: {_shown(value)}")
    if not -LARGEST_SIGNAL <= number <= LARGEST_SIGNAL:
        raise Unusable(f"{name} is out of range: {_shown(value)}")
    return number


def moment(value: object, name: str) -> datetime | date | None:
    """Read a date: an aware datetime in UTC, or a date where no time is given; absent is None.

    Raises:
        Unusable: it is no date, not a whole one, or its year is not within 1600 and 2200.
    """
    when: datetime | date
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        when = _parse(text, name)
    elif value is None:
        return None
    else:
        text = as_text(value)
        if not text:
            raise Unusable(f"{name} is not a date: {_shown(value)}")
        when = value if isinstance(value, date) else _parse(text, name)
    if isinstance(when, datetime) and when.tzinfo is not UTC:
        try:
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        except OverflowError:
            raise Unusable(f"{name} is out of range: {_shown(value)}") from None
    if not OLDEST_YEAR <= when.year <= NEWEST_YEAR:
        raise Unusable(f"{name} is out of range: {_shown(value)}")
    return when


def date_in_name(id: str) -> date | None:
    """Read the date at the start of a file's name, as in news/2020-09-29-a-ban.md."""
    found = _DATED_NAME.search(id)
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
    return day if day and OLDEST_YEAR <= day.year <= NEWEST_YEAR else None


def published(value: object) -> tuple[bool, datetime | date | None]:
    """Read `published`: whether the article is visible, and the date that some sites keep there instead.

    Raises:
        Unusable: it is neither yes, no, nor a date.
    """
    if value is True or value is None:
        return True, None
    word = as_text(value).strip().lower()
    if word in _YES and not isinstance(value, dict | list):
        return True, None
    if word in _NO:
        return False, None
    try:
        return True, moment(value, "published")
    except Unusable:
        raise Unusable(f"published is neither true, false nor a date: {_shown(value)}") from None


def language(value: object) -> str | None:
    """Read a language as a lower-case BCP 47 tag: "en_US.UTF-8" is "en-us"; None if it is not one."""
    if value is None:
        return None
    tag = as_text(value).strip().partition(".")[0].replace("_", "-").lower()
    return tag if _LANGUAGE.fullmatch(tag) else None


_INTEGER: Final = pattern(r"[+-]?[0-9]{1,15}")
_NUMBER: Final = pattern(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATED_NAME: Final = pattern(r"(?:^|/)([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])[^/]*\Z")
_YES: Final = frozenset(("", "true", "yes", "on", "y", "1"))
_NO: Final = frozenset(("false", "no", "off", "n", "0"))
_LANGUAGE: Final = pattern(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")

_MAX_DATE_LENGTH: Final = 64  # characters; longer is prose
_CLOCK_COUNT: Final = pattern(r"[0-9]{9,13}(?:\.[0-9]*)?")  # since 1970, in who knows what unit
# RFC 822 names these; any other name is ambiguous, and a guess would be hours off
_ZONES: Final = {
    **dict.fromkeys(("UTC", "GMT", "UT", "Z"), 0),
    "EDT": -4,
    "EST": -5,
    "CDT": -5,
    "CST": -6,
    "MDT": -6,
    "MST": -7,
    "PDT": -7,
    "PST": -8,
}


def _parse(text: str, name: str) -> datetime | date:
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        return _parse_leniently(text, name)


def _parse_leniently(text: str, name: str) -> datetime | date:
    from dateutil import parser  # slow to import, and ISO dates never need it

    def parse(default: datetime) -> datetime:
        return parser.parse(text, default=default, tzinfos=_zone)

    # What the text leaves out is taken from the default, so two defaults show what that is.
    try:
        if len(text) > _MAX_DATE_LENGTH or _CLOCK_COUNT.fullmatch(text):
            raise ValueError(text)
        when, other = parse(datetime(1604, 1, 1)), parse(datetime(1608, 2, 2, 11))
    except (ValueError, OverflowError, TypeError, ArithmeticError, LookupError, AttributeError):
        raise Unusable(f"{name} is not a date: {_shown(text)}") from None
    if when.date() != other.date():
        raise Unusable(f"{name} is not a whole date: {_shown(text)}")
    return when if when.hour == other.hour else when.date()


def _zone(name: str | None, offset: int | None) -> tzinfo | None:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    return timezone(timedelta(hours=_ZONES[name.upper()]))


_MAX_BITS_SHOWN: Final = 1000


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS_SHOWN:
        return "an integer of many digits"  # Python refuses to write one of thousands
    if isinstance(value, Mapping):
        return "a mapping"
    shown = repr(value) if isinstance(value, str | int | float | date) else f"a {type(value).__name__}"
    return shown if len(shown) <= 60 else shown[:57] + "..."
