"""A date as people and programs write it -> a day or a moment.

dateutil reads dates, except those in a few exact forms (`exact`). Forms that it would read wrongly, or silently in one
of two ways, are corrected first: offsets after `GMT` and `UTC` (plus is east of Greenwich), names of zones, days with
dots, two-digit years, the end of a day as 24:00, leap seconds, and additions by programs. Seconds and milliseconds
since 1970 need no parser.

Ambiguous dates are never guessed silently.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from re import IGNORECASE, VERBOSE, Match
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from newsearch._patterns import pattern

if TYPE_CHECKING:
    from dateutil.parser import parser

__all__ = ["Reading", "is_day_first", "read_date"]

MAX_LENGTH: Final = 100
"""Characters; anything longer is prose."""


class Reading(NamedTuple):
    """A parsed date.

    Attributes:
        when: a day, or a moment, which is naive if the text has no zone.
        is_ambiguous: day and month could be swapped, and nothing decides the order.
    """

    when: datetime | date
    is_ambiguous: bool = False


def read_date(text: str, day_first: bool | None = None) -> Reading:
    """Read a date.

    Args:
        day_first: whether `03/04/2020` is the 3rd of April; None if unknown: it is then the 4th of March, and
            ambiguous. Not used for dates with dots and dates with only one reading.

    Raises:
        ValueError: it is not a date, or is incomplete; or a two-digit year could be another number.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(text)
    if (when := exact(text)) is not None:
        return Reading(when)
    return read_any(text, day_first)


def read_any(text: str, day_first: bool | None = None) -> Reading:
    """Read a date as `read_date` does, whatever its form: most of it by dateutil."""
    text = " ".join(text.translate(_SIGNS).split())
    if found := _CLOCK.fullmatch(text):
        return Reading(_since_1970(found))
    text = _SUFFIX.sub("", text)
    while text != (shorter := _COMMENT.sub("", text)):
        text = shorter
    text, zone = _without_region(text)
    text, extra = _within_the_day(text)
    text, is_ambiguous = _in_order(text, day_first)
    when = _iso(text) if _ISO.fullmatch(text) else _written(_with_plain_zone(text))
    if isinstance(when, datetime):
        try:
            when += extra
        except OverflowError:
            raise ValueError(text) from None
        if zone and when.tzinfo is None:
            when = when.replace(tzinfo=zone)
    return Reading(when, is_ambiguous)


def exact(text: str) -> datetime | date | None:
    """Read a date in one of the forms that nearly all programs and many people write, in a fiftieth of dateutil's time.

    These are RFC 822 and RFC 3339 with all their parts, and days and times with an English month.

    Returns:
        None if the form is another one, or the date does not exist. Otherwise what `read_any` returns.
    """
    try:
        if found := _RFC_822.fullmatch(text):
            month = _ENGLISH_MONTHS[found[2].lower()]
            clock = (int(found[4]), int(found[5]), int(found[6] or 0))
            return datetime(int(found[3]), month, int(found[1]), *clock, tzinfo=_offset(found[7]))
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text)
        if found := _ENGLISH.fullmatch(text):
            month = _ENGLISH_MONTHS[(found[1] or found[4]).lower()]
            day = date(int(found[5]), month, int(found[2] or found[3]))
            return datetime.combine(day, _clock(found)) if found[6] else day
    except (ValueError, LookupError):
        pass
    return None


def _clock(found: Match[str]) -> time:
    hour, half = int(found[6]), (found[9] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(found[0])
    hour = hour % 12 + 12 * (half == "p") if half else hour
    return time(hour, int(found[7]), int(found[8] or 0))


_RFC_822: Final = pattern(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?([0-9]{1,2}) ([A-Za-z]{3}) ([12][0-9]{3})"
    r" ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))? (GMT|UTC|UT|Z|[+-](?:0[0-9]|1[0-4])[0-5][0-9])"
)
_RFC_3339: Final = pattern(
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])?"
)
_ENGLISH: Final = pattern(
    r"(?:([A-Za-z]{3,9})\.? ([0-9]{1,2}),?|([0-9]{1,2}) ([A-Za-z]{3,9})\.?,?) ([12][0-9]{3})"
    r"(?:,? (?:at )?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([ap])m)?)?",
    IGNORECASE,
)
_ENGLISH_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        """january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct|
        november nov|december dec""".split("|"),
        1,
    )
    for name in names.split()
}


@lru_cache(maxsize=64)
def _offset(zone: str) -> tzinfo:
    """The zone of RFC 822: a sign, hours and minutes, or a name of universal time."""
    if zone[0] not in "+-":
        return UTC
    length = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return timezone(-length if zone[0] == "-" else length)


def is_day_first(language: str | None) -> bool | None:
    """Whether a language writes the day first; None if the tag does not decide that."""
    if not language:
        return None
    tag = language.lower()
    if tag in _MONTH_FIRST:
        return False
    primary = tag.partition("-")[0]
    if primary == "en":
        return True if "-" in tag else None  # English without a country may be American
    return None if primary in _YEAR_FIRST else True


_MONTH_FIRST: Final = frozenset(("en-us", "en-ph", "es-us", "en-ca"))
_YEAR_FIRST: Final = frozenset(("zh", "ja", "ko", "hu", "lt", "mn", "und", "mul", "zxx"))

_SIGNS: Final = str.maketrans(
    {"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u202f": " ", "\u00a0": " "}
)
_COMMENT: Final = pattern(r" ?\([^()]*\)\Z")  # a browser's name of the zone, RFC 822's comments
_SUFFIX: Final = pattern(r" m=[+-][0-9.]+\Z|(?<=[0-9Z])\[(?:UTC|GMT|Z)\]\Z")  # of Go's and of Java's clock

# Seconds of 9 or 10 digits, or milli-, micro- or nanoseconds; git appends an offset.
_CLOCK: Final = pattern(r"(-?[0-9]{9,10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(?:\.([0-9]*))?(?: [+-][0-9]{4})?")


def _since_1970(found: Match[str]) -> datetime:
    digits = found[1]
    scale = {13: 10**3, 16: 10**6, 19: 10**9}.get(len(digits), 1)
    seconds, rest = divmod(int(digits), scale)
    micro = rest * 10**6 // scale if scale > 1 else int(f"{found[2] or ''}000000"[:6])
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micro)


# Forms that dateutil would read wrongly or not at all

# After a space, in Java's brackets, or as American papers write it.
_REGION: Final = pattern(
    r"(?: |\[(?=.*\]\Z))([A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?)\]?\Z|(?<=[0-9mM.] )([ECMP]T)\Z"
)
_AMERICAN: Final = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}


def _without_region(text: str) -> tuple[str, tzinfo | None]:
    found = _REGION.search(text)
    if not found:
        return text, None
    from zoneinfo import ZoneInfo

    try:
        return text[: found.start()].rstrip(), ZoneInfo(found[1] or _AMERICAN[found[2]])
    except (KeyError, ValueError, OSError):
        raise ValueError(text) from None


_END_OF_DAY: Final = pattern(r"(?<![0-9:])24:00(?::00(?:[.,]0+)?)?(?![0-9:.,])")
_LEAP_SECOND: Final = pattern(r"([0-9]:[0-9]{2}:)60(?![0-9:])")
_FRACTION_AFTER_COLON: Final = pattern(r"([0-9]:[0-9]{2}:[0-9]{2}):(?=[0-9]{1,9}(?![0-9:]))")


def _within_the_day(text: str) -> tuple[str, timedelta]:
    """Reduce a time to one within its day, and return what was subtracted."""
    if ":" not in text:
        return text, timedelta()
    text = _FRACTION_AFTER_COLON.sub(r"\1.", text)
    text, is_end = _END_OF_DAY.subn("00:00", text, count=1)
    text, is_leap = _LEAP_SECOND.subn(r"\g<1>59", text, count=1)
    return text, timedelta(days=is_end, seconds=is_leap)


_NUMERIC: Final = pattern(
    r"(?<![0-9:.,])([0-9]{1,4})(?: ?([./-]) ?)([0-9]{1,2})(?: ?\2 ?)([0-9]{1,4})(?![0-9:])\.?"
)
_CHINESE: Final = pattern(r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日일]?")
_RUN_OF_DIGITS: Final = pattern(r"([0-9]{8})([0-9]{4}(?:[0-9]{2})?)")
_YEAR_BEFORE_100: Final = pattern(r"(?<![0-9:+.,])(?<! -)00[0-9]{2}(?![0-9:])")  # it would become 2001
_FIRST_WORD: Final = pattern(r"([^\W\d_]{2,})[.:]?,? (?=\S)")
_WORD: Final = pattern(r"[^\W\d_]+")


def _in_order(text: str, day_first: bool | None) -> tuple[str, bool]:
    """Rewrite a day of three numbers as ISO 8601, and return whether it was ambiguous.

    Raises:
        ValueError: it is not a date, because it has no such day and no month name; or its order cannot be determined.
    """
    if found := _RUN_OF_DIGITS.fullmatch(text):
        return f"{found[1]}T{found[2]}", False
    if _ISO.fullmatch(text):
        return text, False
    text = _CHINESE.sub(r"\1-\2-\3", text)
    first = _FIRST_WORD.match(text)  # a day of the week in any language, which is redundant
    if first and (_has_month(text[first.end() :]) or _NUMERIC.search(text, first.end())):
        text = text[first.end() :]
    found = _NUMERIC.search(text)
    if _has_month(text):
        if found or _YEAR_BEFORE_100.search(text):
            raise ValueError(text)
        return text, False
    if not found or _NUMERIC.search(text, found.end()):
        raise ValueError(text)
    day, is_ambiguous = _numeric(found, day_first)
    return f"{text[: found.start()]}{day.isoformat()}{text[found.end() :]}", is_ambiguous


def _has_month(text: str) -> bool:
    return any(word.lower() in _MONTHS for word in _WORD.findall(text))


def _numeric(found: Match[str], day_first: bool | None) -> tuple[date, bool]:
    first, sign, second, third = found[1], found[2], found[3], found[4]
    if len(first) == 4:  # 2020/09/09
        return date(int(first), int(second), int(third)), False
    if len(first) > 2 or len(third) not in (2, 4):
        raise ValueError(found[0])
    if sign == ".":  # dates with dots have the day first
        return date(_year(third), int(second), int(first)), False
    if len(third) == 2 and day_first is None:
        raise ValueError(found[0])  # three numbers of which any may be the year
    if len(third) == 2 and sign == "-":
        raise ValueError(found[0])
    a, b = int(first), int(second)
    is_ambiguous = day_first is None and a <= 12 and b <= 12 and a != b
    swap = a > 12 or (b <= 12 and bool(day_first))
    day, month = (a, b) if swap else (b, a)
    return date(_year(third), month, day), is_ambiguous


def _year(digits: str) -> int:
    """Interpret a two-digit year as RFC 2822 does."""
    return int(digits) + (0 if len(digits) == 4 else 2000 if int(digits) < 50 else 1900)


# Parsing by dateutil

_ISO: Final = pattern(
    r"""(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-W[0-9]{2}-[1-7]|[0-9]{4}W[0-9]{2}[1-7]|[0-9]{4}-[0-9]{3})
    ([Tt\ ][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2}(?:[.,][0-9]+)?)?)?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?""",
    VERBOSE,
)


def _iso(text: str) -> datetime | date:
    from dateutil.parser import isoparse

    when = isoparse(text)
    return when if _ISO.fullmatch(text)[1] else when.date()  # type: ignore[index]


@lru_cache(maxsize=64)  # reading a feed first checks whether a date is usable
def _written(text: str) -> datetime | date:
    read = _reader().parse
    # Missing parts come from a default, so the results differ for two different defaults.
    try:
        one = read(text, _ONE_DEFAULT, tzinfos=_zone)
        other = read(text, _OTHER_DEFAULT, tzinfos=_zone)
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        TypeError,
    ) as error:  # raised inside dateutil for odd texts
        raise ValueError(text) from error
    if one == other and _TIME.search(text):
        return one
    if (
        one == other
        or one.date() != other.date()
        or one.tzinfo
        or (one.minute, one.second, one.microsecond) != (0, 0, 0)
    ):
        raise ValueError(text)
    return one.date()


_TIME: Final = pattern(r"[0-9]:[0-9]|[0-9] ?(?:[ap]\.?m|h|uhr)(?![^\W\d_])", IGNORECASE)

# They differ in all required parts and in the hour. Their days are two weeks apart: "Monday" gives two days.
_ONE_DEFAULT: Final = datetime.fromisoformat("2000-01-01T00:00")
_OTHER_DEFAULT: Final = datetime.fromisoformat("2004-02-15T01:00")


@cache
def _reader() -> parser:
    from dateutil.parser import parser, parserinfo

    class DateWords(parserinfo):
        def __init__(self) -> None:
            words: Any = self  # its type hints allow three names per month
            words.JUMP = [*self.JUMP, *_FILLING]
            words.MONTHS = [tuple(names.split()) for names in _OF_MONTHS]
            words.HMS = [(*self.HMS[0], "uhr"), *self.HMS[1:]]
            super().__init__()

        def convertyear(self, year: int, century_specified: bool = False) -> int:
            """Interpret a two-digit year as RFC 2822 does; dateutil's choice of century depends on today."""
            return year if century_specified or year >= 100 else year + (2000 if year < 50 else 1900)

    return parser(DateWords())


_FILLING: Final = "the of de del d le el den der um à às alle kl uhr er º ª г года".split()
"""Words that people write between the parts of a date."""


# dateutil reads the sign after a name as in POSIX, and does not accept a name after an offset.
_NAME_BEFORE_OFFSET: Final = pattern(r"(?<![A-Za-z])([A-Z]{2,5}) ?(?=[+-][0-9])")
_NAME_AFTER_OFFSET: Final = pattern(r"(?<=[ 0-9])([+-][0-9]{1,2}:?[0-9]{2}) ?[A-Z]{2,5}(?![A-Za-z])")
_NAME_AT_END: Final = pattern(r"(?<=[0-9mM.] )[A-Za-z]{2,5}\Z")
_DOTTED_TIME: Final = pattern(r"(?<![0-9.])([0-9]{1,2})\.([0-9]{2})(?= ?Uhr)")


def _with_plain_zone(text: str) -> str:
    text = _NAME_BEFORE_OFFSET.sub(lambda found: " " if found[1] in _ZONES else found[0], text)
    text = _NAME_AFTER_OFFSET.sub(r"\1", text)
    text = _NAME_AT_END.sub(lambda found: found[0].upper() if found[0].upper() in _ZONES else found[0], text)
    return _DOTTED_TIME.sub(r"\1:\2", text)


def _zone(name: str | None, seconds: int | None) -> tzinfo | None:
    """The zone that dateutil found.

    Raises:
        ValueError: the name is unknown or ambiguous: a guess would be hours off.
    """
    if seconds is not None:
        if abs(seconds) >= 16 * 3600:
            raise ValueError(seconds)
        return timezone(timedelta(seconds=seconds))
    if not name:
        return None
    if name not in _ZONES:
        raise ValueError(name)
    return timezone(timedelta(hours=_ZONES[name]))


_OF_ZONES: Final = {
    0: "UTC GMT UT Z WET",
    1: "CET MET MEZ BST WEST WAT",
    2: "CEST MEST MESZ EET CAT SAST",
    3: "EEST MSK EAT TRT",
    4: "GST SAMT",
    5: "PKT UZT YEKT",
    5.5: "SLST",
    5.75: "NPT",
    7: "WIB ICT",
    8: "AWST HKT SGT PHT WITA MYT",
    9: "JST KST WIT",
    9.5: "ACST",
    10: "AEST CHST",
    10.5: "ACDT",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
    -2.5: "NDT",
    -3: "ADT BRT ART UYT",
    -3.5: "NST",
    -4: "EDT AST CLT BOT VET",
    -5: "EST CDT COT PET",
    -6: "CST MDT",
    -7: "MST PDT",
    -8: "PST AKDT",
    -9: "AKST HDT",
    -10: "HST",
}
_ZONES: Final = {name: hours for hours, names in _OF_ZONES.items() for name in names.split()}
"""Hours east of Greenwich, for names with one meaning, or a dominant one in news: BST is British, EST American."""


_OF_MONTHS: Final = (
    "january jan januar jänner januari janvier janv enero ene gennaio gen janeiro januara января янв stycznia ledna",
    "february feb februar februari febr fév février févr febrero febbraio fevereiro fev февраля февр фев lutego února",
    "march mar mär märz mrz maart mrt mars marzo março marts марта мар marca března",
    "april apr avril avr abril abr aprile апреля апр kwietnia dubna",
    "may mai mei mayo maggio mag maio maj мая maja května",
    "june jun juni juin junio giugno giu junho июня июн czerwca června",
    "july jul juli juil juillet julio luglio lug julho июля июл lipca července",
    "august aug augusti augustus août aout agosto ago августа авг sierpnia srpna",
    "september sep sept septembre septiembre settembre setiembre set setembro сентября сент сен września září",
    "october oct oktober okt octobre octubre ottobre ott outubro out октября окт października října",
    "november nov novembre noviembre novembro ноября нояб ноя listopada listopadu",
    "december dec dezember dez déc décembre diciembre dic dicembre dezembro desember des декабря дек grudnia prosince",
)
_MONTHS: Final = {name: number for number, names in enumerate(_OF_MONTHS, 1) for name in names.split()}
