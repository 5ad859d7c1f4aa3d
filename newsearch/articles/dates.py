"""A date as people and programs write it -> a day or a moment.

What could be read in two ways is never guessed silently.

RFC 822 and its heirs, RFC 3339, ISO 8601 (calendar, week and ordinal dates, extended and basic), seconds and
milliseconds since 1970, what JavaScript, Go, git and the command `date` print, and days with the name of a month. An
offset after `GMT` or `UTC` is what it says: plus is east of Greenwich.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from re import IGNORECASE, VERBOSE, Match
from typing import Final, NamedTuple

from newsearch._patterns import pattern

__all__ = ["Reading", "is_day_first", "read_date"]

MAX_LENGTH: Final = 100
"""Characters; longer is prose."""


class Reading(NamedTuple):
    """A date that was read.

    Attributes:
        when: a day, or a moment, which is naive where the text has no zone.
        is_ambiguous: day and month could be the other way round, and nothing told which it is.
    """

    when: datetime | date
    is_ambiguous: bool = False


def read_date(text: str, day_first: bool | None = None) -> Reading:
    """Read a date.

    Args:
        day_first: whether `03/04/2020` is the 3rd of April; None where nobody knows: it is the 4th of March then, and
            ambiguous. Dates with dots, and those that can be read in one way only, do not ask.

    Raises:
        ValueError: it is no date, or not a whole one; or a year has two digits and could be another number.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(text)
    text = " ".join(text.translate(_SIGNS).split())
    if found := _CLOCK.fullmatch(text):
        return Reading(_since_1970(found))
    text = _SUFFIX.sub("", text)
    while text != (shorter := _COMMENT.sub("", text)):
        text = shorter
    if found := _ISO.fullmatch(text):
        return Reading(_iso(found))
    day, clock = _parted(text)
    when, is_ambiguous = _day(day, day_first)
    return Reading(when if clock is None else _joined(when, *clock), is_ambiguous)


def is_day_first(language: str | None) -> bool | None:
    """Tell whether those who write a language write the day first; None where it does not say."""
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
_SUFFIX: Final = pattern(r" m=[+-][0-9.]+\Z|\[[A-Za-z_/]+\]\Z")  # of Go's clock, and Java's name of the zone

# Seconds of 9 or 10 digits, or thousandths, millionths, milliardths of one; git puts an offset after it.
_CLOCK: Final = pattern(r"(-?[0-9]{9,10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(?:\.([0-9]*))?(?: [+-][0-9]{4})?")


def _since_1970(found: Match[str]) -> datetime:
    digits = found[1]
    scale = {13: 10**3, 16: 10**6, 19: 10**9}.get(len(digits), 1)
    seconds, rest = divmod(int(digits), scale)
    micro = rest * 10**6 // scale if scale > 1 else int(f"{found[2] or ''}000000"[:6])
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micro)


_OFFSET: Final = r"(?:(?:UTC|GMT) ?)?[+-][0-9]{1,2}(?::?[0-9]{2}(?::?[0-9]{2})?)?"
_NAME: Final = r"[A-Za-z]{1,5}|[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?"
_ISO: Final = pattern(
    rf"""(?P<year>[0-9]{{4}})
    (?: (?P<sign>[-/.]?) (?P<month>[0-9]{{1,2}}) (?P=sign) (?P<day>[0-9]{{1,2}})
      | -?W(?P<week>[0-9]{{2}})-?(?P<weekday>[1-7])
      | -(?P<ordinal>[0-9]{{3}}) )
    (?: (?:\ ?[Tt]\ ?|\ |,\ |(?=[0-9]{{4,6}}\Z))
        (?P<hour>[0-9]{{1,2}}) (?: :?(?P<minute>[0-9]{{2}})
            (?: :?(?P<second>[0-9]{{2}}) (?:[.,:](?P<fraction>[0-9]+))? )? )?
        (?:\ ?(?P<half>[AaPp])\.?[Mm]\.?)?
        \ ?(?P<offset>{_OFFSET})? (?:\ ?(?P<name>{_NAME}))? )?""",
    VERBOSE | IGNORECASE,
)


def _iso(found: Match[str]) -> datetime | date:
    year = int(found["year"])
    if found["week"]:
        day = date.fromisocalendar(year, int(found["week"]), int(found["weekday"]))
    elif found["ordinal"]:
        day = date(year, 1, 1) + timedelta(int(found["ordinal"]) - 1)
        if day.year != year:
            raise ValueError(found[0])
    else:
        month, number = found["month"], found["day"]
        if found["sign"] == "" and len(month + number) != 4:
            raise ValueError(found[0])
        day = date(year, int(month), int(number))
    if found["hour"] is None:
        return day
    if found["minute"] is None and not found["half"] and len(found["hour"]) != 2:
        raise ValueError(found[0])
    return _joined(day, found, found["offset"], found["name"])


_TIME: Final = pattern(
    r"""(?:(?<=[ ,T])|\A)(?:at\ )?(?P<hour>[0-9]{1,2})
    (?: :(?P<minute>[0-9]{2}) (?: :(?P<second>[0-9]{2}) (?:[.,](?P<fraction>[0-9]+))? )?
      | h(?P<minute_h>[0-9]{2})? )?
    (?:\ ?(?P<half>[AaPp])\.?[Mm]\.?|\ Uhr)?(?![0-9A-Za-z:./-])""",
    VERBOSE | IGNORECASE,
)
_ZONE: Final = pattern(rf",? ?(?P<offset>{_OFFSET})?(?: ?(?P<name>{_NAME}))?\Z", IGNORECASE)
_YEAR_LAST: Final = pattern(
    rf" ?(?P<offset>{_OFFSET})?(?: ?(?P<name>[A-Za-z]{{1,5}}))?,? (?P<year>[0-9]{{4}})(?P<after> {_OFFSET})?\Z"
)

_Clock = tuple["Match[str]", "str | None", "str | None"]


def _parted(text: str) -> tuple[str, _Clock | None]:
    """Part the day from the time and the zone that stand behind it, or in front of it."""
    for found in _TIME.finditer(text):
        if not (
            found["minute"] or found["minute_h"] or found["half"] or found[0].lower().endswith(("h", "uhr"))
        ):
            continue
        before, after = text[: found.start()].rstrip(" ,"), text[found.end() :]
        before = (
            before.removesuffix(" at").removesuffix(" um").removesuffix(" à").removesuffix(" -").rstrip(" ,")
        )
        if zone := _ZONE.fullmatch(after):
            return before, (found, zone["offset"], zone["name"])
        if zone := _YEAR_LAST.fullmatch(after):  # as in "Wed Sep 9 13:20:00 CEST 2020"
            return f"{before} {zone['year']}", (found, zone["offset"] or zone["after"], zone["name"])
        if not before:
            rest = after.strip(" ,-")
            words = rest.split(" ")
            if words[0].strip(",").upper() in _ZONES:
                return " ".join(words[1:]).strip(" ,-"), (found, None, words[0].strip(","))
            return rest.removeprefix("on "), (found, None, None)
        raise ValueError(text)
    return text, None


def _joined(day: date, clock: Match[str], offset: str | None, name: str | None) -> datetime:
    parts = clock.groupdict()
    hour, minute = int(parts["hour"]), int(parts["minute"] or parts.get("minute_h") or 0)
    second, half = int(parts["second"] or 0), (parts["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(clock[0])
        hour = hour % 12 + (12 if half == "p" else 0)
    extra = timedelta()
    if (hour, minute, second) == (24, 0, 0):  # ISO 8601: the end of the day
        hour, extra = 0, timedelta(days=1)
    if second == 60:  # a leap second
        second, extra = 59, timedelta(seconds=1)
    micro = int(f"{parts['fraction'] or ''}000000"[:6])
    when = datetime.combine(day, time(hour, minute, second, micro))
    zone = _zone(offset, name)
    try:
        return (when + extra).replace(tzinfo=zone)
    except OverflowError:
        raise ValueError(clock[0]) from None


def _zone(offset: str | None, name: str | None) -> tzinfo | None:
    if offset:
        digits = pattern(r"([+-])([0-9]{1,2}):?([0-9]{2})?").search(offset)
        assert digits
        hours, minutes = int(digits[2]), int(digits[3] or 0)
        if hours > 15 or minutes > 59:
            raise ValueError(offset)
        shift = timedelta(hours=hours, minutes=minutes)
        if name and not name.isalpha():
            raise ValueError(name)
        return timezone(-shift if digits[1] == "-" else shift)
    if not name:
        return None
    if "/" in name:
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(name) from None
    if name.upper() not in _ZONES:
        raise ValueError(name)  # a guess would be hours off
    return timezone(timedelta(hours=_ZONES[name.upper()]))


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
"""Hours east of Greenwich, of names that mean one zone, or one above all in news: BST is British, EST American."""


_NUMERIC: Final = pattern(
    r"(?:[A-Za-z]+,? )?([0-9]{1,4})(?: ?([./-]) ?)([0-9]{1,2})(?: ?\2 ?)([0-9]{1,4})\.?"
)
_NAMED: Final = pattern(
    r"(?:(?P<weekday>[^\W\d]+)\.?,? )?(?:(?:the |le |el |den |de )?(?P<day>[0-9]{1,2})"
    r"(?:st|nd|rd|th|er|º|\.)?[ -]?(?:of |de |d')?"
    r"(?P<month>[^\W\d]+)\.?|(?P<month_first>[^\W\d]+)\.?[ -](?P<day_second>[0-9]{1,2})(?:st|nd|rd|th)?)"
    r"(?:,? (?:de |del )?|,|-)(?P<year>'?[0-9]{2}|[0-9]{4})?(?:,? (?P<weekday_last>[^\W\d]+))?",
    IGNORECASE,
)
_CHINESE: Final = pattern(r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日일]?")


def _day(text: str, day_first: bool | None) -> tuple[date, bool]:
    if found := _NUMERIC.fullmatch(text):
        return _numeric(found, day_first)
    if found := _CHINESE.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3])), False
    if found := _ISO.fullmatch(text):
        return _as_day(_iso(found)), False
    found = _NAMED.fullmatch(text.strip(" ,"))
    if not found or not found["year"]:
        raise ValueError(text)
    for weekday in (found["weekday"], found["weekday_last"]):
        if weekday and (weekday.lower() in _MONTHS or len(weekday) < 2):
            raise ValueError(text)
    month = _MONTHS.get((found["month"] or found["month_first"]).lower())
    if month is None:
        raise ValueError(text)
    return date(_year(found["year"].lstrip("'")), month, int(found["day"] or found["day_second"])), False


def _as_day(when: datetime | date) -> date:
    if isinstance(when, datetime):
        raise ValueError(str(when))
    return when


def _numeric(found: Match[str], day_first: bool | None) -> tuple[date, bool]:
    first, sign, second, third = found[1], found[2], found[3], found[4]
    if len(first) == 4:  # 2020/09/09
        return date(int(first), int(second), int(third)), False
    if len(first) > 2 or len(third) not in (2, 4):
        raise ValueError(found[0])
    if sign == ".":  # whoever writes dots writes the day first
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
    """A year of two digits as RFC 2822 reads it."""
    return int(digits) + (0 if len(digits) == 4 else 2000 if int(digits) < 50 else 1900)


_OF_MONTHS: Final = (
    "january jan januar jänner januari janvier janv enero ene gennaio gen janeiro januara января янв stycznia ledna",
    "february feb februar februari febr fév février févr febrero febbraio fevereiro fev февраля фев lutego února",
    "march mar märz mrz maart mrt mars marzo março marts марта мар marca března",
    "april apr avril avr abril abr aprile апреля апр kwietnia dubna",
    "may mai mei mayo maggio mag maio maj мая maja května",
    "june jun juni juin junio giugno giu junho июня июн czerwca června",
    "july jul juli juil juillet julio luglio lug julho июля июл lipca července",
    "august aug augustus août aout agosto ago августа авг sierpnia srpna",
    "september sep sept septembre septiembre settembre set setembro сентября сен września září",
    "october oct oktober okt octobre octubre ottobre ott outubro out октября окт października října",
    "november nov novembre noviembre novembro ноября ноя listopada listopadu",
    "december dec dezember dez déc décembre diciembre dic dicembre dezembro desember des декабря дек grudnia prosince",
)
_MONTHS: Final = {name: number for number, names in enumerate(_OF_MONTHS, 1) for name in names.split()}
