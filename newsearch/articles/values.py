"""Single values of the format, read by their meaning: dates, signals, yes and no, languages.

Front matter is written by people and by many programs. A number can arrive as text, text as a number, and a
date in any order. A value that cannot be read raises `Unusable`, with a message that names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

from newsearch._patterns import pattern
from newsearch.articles.dates import read_date
from newsearch.articles.vocabularies.names import is_endless, names_of
from newsearch.text.clean import clean_text

OLDEST_YEAR: Final = 1600
"""The first newspaper is from 1605; an earlier year is a typing error."""
NEWEST_YEAR: Final = 2200
LARGEST_SIGNAL: Final = 10**12
"""A larger absolute value of heat or quality is an error in a program."""


class Unusable(Exception):
    """A required value is wrong; the message names its field."""


def as_text(value: object) -> str:
    """A scalar as text, not yet cleaned; lists, mappings, endless integers and None give ""."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "" if is_endless(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return ""


def as_list(value: object) -> list[Any]:
    """A list unchanged, None as an empty list, and any other value as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def signal(value: object, name: str) -> float | None:
    """Read heat or quality: a finite number, or text that is one; ints stay ints, absent is None.

    Raises:
        Unusable: it is something else, or its absolute value exceeds 10^12.
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
    """Read a date: an aware datetime in UTC, or a date if no time is given; absent is None.

    Raises:
        Unusable: it is not a date, is incomplete, or its year is not between 1600 and 2200.
    """
    return certain_moment(value, name)[0]


def is_date(value: object) -> bool:
    """Whether a value is a usable date."""
    try:
        return moment(value, "date") is not None
    except Unusable:
        return False


def certain_moment(
    value: object, name: str, day_first: bool | None = None
) -> tuple[datetime | date | None, bool]:
    """Read a date as `moment` does, and return whether another reading is equally likely.

    Args:
        day_first: see `read_date`.

    Raises:
        Unusable: as `moment` does.
    """
    when: datetime | date
    is_ambiguous = False
    if value is None:
        return None, False
    if isinstance(value, date):
        when = value
    else:
        text = as_text(value).strip()
        if not text and isinstance(value, str):
            return None, False
        try:
            iso = _iso_or_none(text)
            when, is_ambiguous = (iso, False) if iso else read_date(text, day_first)
        except (ValueError, OverflowError):
            raise Unusable(f"{name} is not a whole date: {_shown(value)}") from None
    if isinstance(when, datetime) and when.tzinfo is not UTC:
        try:
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        except OverflowError:
            raise Unusable(f"{name} is out of range: {_shown(value)}") from None
    if not OLDEST_YEAR <= when.year <= NEWEST_YEAR:
        raise Unusable(f"{name} is out of range: {_shown(value)}")
    return when, is_ambiguous


def _iso_or_none(text: str) -> datetime | date | None:
    """A date in the most frequent form, in a fraction of the time that `read_date` takes."""
    try:
        if len(text) == 10 and text[4] == "-" == text[7]:
            return date.fromisoformat(text)
        if len(text) >= 19 and text[4] == "-" == text[7] and text[13] == ":":
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    return None


def date_in_name(id: str) -> date | None:
    """Read the date at the start of a file's name, as in news/2020-09-29-a-ban.md."""
    found = _DATED_NAME.search(id)
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
    return day if day and OLDEST_YEAR <= day.year <= NEWEST_YEAR else None


def published(value: object) -> tuple[bool, datetime | date | None]:
    """Read `published`: whether the article is visible, and the date that some sites put there instead.

    Raises:
        Unusable: it is neither yes, no, nor a date.
    """
    if value is True or value is None:
        return True, None
    word = as_text(value).strip().lower()
    if word in _YES and not isinstance(value, dict | list) and not is_endless(value):
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
    return _tag(as_text(value))


@lru_cache(maxsize=256)
def _tag(text: str) -> str | None:
    tag = text.strip().partition(".")[0].replace("_", "-").lower()
    return tag if _LANGUAGE.fullmatch(tag) else None


def authors(value: object) -> tuple[str, ...]:
    """Read the names of authors: a list, or one text with several names, each cleaned.

    "By ", e-mail addresses, links and wiki brackets are removed; an address alone is not a name.
    """
    if value is None:
        return ()
    names = (_author(name) for name in names_of(value))
    return tuple(dict.fromkeys(name for name in names if name))


def _author(name: str) -> str:
    if "[" in name:
        name = _WIKI_LINK.sub(r"\1", _MARKDOWN_LINK.sub(r"\1", name))
    if "@" in name:
        inner = _IN_BRACKETS.search(name)
        rest = _EMAIL.sub("", name)
        # RSS has "jane@example.com (Jane Doe)", mail has "Jane Doe <jane@example.com>"
        if inner and "@" not in inner[1] and not rest[: rest.find("(")].strip():
            name = inner[1]
        else:  # without any name, the address identifies the author
            name = _EMPTY.sub("", rest).strip(" <>,;") or name
    name = _BY_LINE.sub("", clean_text(name)).strip(" ,;|")
    return "" if _WEB_ADDRESS.match(name) else name


_WIKI_LINK: Final = pattern(r"\[\[(?:[^\[\]]*[|/])?([^\[\]|/]*)\]\]")
_MARKDOWN_LINK: Final = pattern(r"\[([^\[\]]+)\]\([^()\s]*\)")
_IN_BRACKETS: Final = pattern(r"\(([^()]+)\)\s*\Z")
# Only from the start of a word: trying each of its letters would take quadratic time.
_EMAIL: Final = pattern(r"(?<![^\s<>()@,;])[^\s<>()@,;]+@[^\s<>()@,;]+\.[^\s<>()@,;]+")
_EMPTY: Final = pattern(r"<\s*>|\(\s*\)|\[\s*\]")
_BY_LINE: Final = pattern(r"\Aby[ :]\s*(?=\S)", 2)  # IGNORECASE
_WEB_ADDRESS: Final = pattern(r"(?:https?://|www\.)\S+\Z", 2)

_INTEGER: Final = pattern(r"[+-]?[0-9]{1,15}")
_NUMBER: Final = pattern(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DATED_NAME: Final = pattern(r"(?:^|/)([0-9]{4}-[0-9]{2}-[0-9]{2})(?![0-9])[^/]*\Z")
_YES: Final = frozenset(("", "true", "yes", "on", "y", "1"))
_NO: Final = frozenset(("false", "no", "off", "n", "0"))
_LANGUAGE: Final = pattern(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


def _shown(value: object) -> str:
    if is_endless(value):
        return "an integer of many digits"
    if isinstance(value, Mapping):
        return "a mapping"
    shown = repr(value) if isinstance(value, str | int | float | date) else f"a {type(value).__name__}"
    return shown if len(shown) <= 60 else shown[:57] + "..."
