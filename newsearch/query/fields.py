"""The field names allowed before a colon in a query, and the filters made from their values."""

from __future__ import annotations

import math
import re
from datetime import datetime, tzinfo
from typing import TypeAlias

from newsearch._patterns import pattern
from newsearch.errors import QueryError
from newsearch.query import dates
from newsearch.query.tree import DateRange, Match, Range, Span, replace

FilterNode: TypeAlias = Match | Range | DateRange

DATE_FIELDS = ("date", "when", "on", "after", "before")

RANGED = frozenset(("date", "when", "modified", "heat", "quality"))
"""Names before the colon whose value may be a range."""

FIELDS = {
    "title": "title",
    "intitle": "title",
    "excerpt": "excerpt",
    "topics": "topics",
    "body": "body",
    "id": "id",
    "topic": "topic",
    "provider": "provider",
    "source": "provider",
    "author": "author",
    "by": "author",
    "domain": "domain",
    "site": "domain",
    "category": "category",
    "type": "type",
    "url": "url",
    "inurl": "url",
    "language": "language",
    "lang": "language",
    "has": "has",
    "is": "is",
    "heat": "heat",
    "quality": "quality",
    **{name: name for name in DATE_FIELDS},
    "modified": "modified",
}
"""Name before the colon -> the field of the tree, or the date operator, that it stands for."""

CHOICES = {
    "has": {"image": "image", "images": "image", "related": "related", "body": "body", "excerpt": "excerpt"},
    "is": {"published": "published", "unpublished": "unpublished", "video": "video"},
}
"""Field -> the values that it takes, and what each stands for."""

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_COMPARISON = pattern(rf"(>=|<=|>|<|=|)({_NUMBER})")
_INTERVAL = pattern(rf"({_NUMBER})?\.\.({_NUMBER})?")


def filter_node(field: str, value: str, span: Span, *, now: datetime, tz: tzinfo) -> FilterNode:
    """The filter for `field:value`. `field` is a value of FIELDS other than a text field.

    Raises:
        QueryError: the value is not valid for this field.
    """
    value = value.strip()
    if field == "modified":
        return replace(dates.parse_date_range(value, now=now, tz=tz), field="modified", span=span)
    if field in DATE_FIELDS:
        start, end = dates.field_bounds(field, value, now=now, tz=tz)
        return DateRange(start, end, span=span)
    if field in ("heat", "quality"):
        return Range(field, *_interval(field, value), span)
    if not value:
        raise QueryError(f"no value follows {field}:")
    if field in CHOICES:
        choice = CHOICES[field].get(value.lower())
        if choice is None:
            raise QueryError(f"{field}: takes one of {', '.join(dict.fromkeys(CHOICES[field].values()))}")
        return Match(field, choice, span)
    if field == "domain":
        return _site(value, span)
    return Match(field, url_part(value) if field == "url" else value, span)


def url_part(value: str) -> str:
    """The text to look for in URLs for an address as typed, without `www.`, which the URLs of articles may lack."""
    return _WWW.sub("", value, count=1)


_WWW = pattern(r"\Awww\.(?=[^\s/]+\.)", re.IGNORECASE)


def is_bare(value: str) -> bool:
    """Whether a value can follow a colon without quotes."""
    return bool(_BARE.fullmatch(value))


_BARE = pattern(r"[^\s()\"“”„«»:]+")


def unknown_field(name: str) -> str:
    """The error message for an unknown field name, with the most similar known name."""
    # Imported here, because it is needed only for misspelt names.
    from difflib import get_close_matches

    near = get_close_matches(name, FIELDS, n=1)
    suggestion = f"; did you mean {near[0]}:?" if near else ""
    return f"{name}: is not a field, so it is searched as text{suggestion}"


def _site(value: str, span: Span) -> Match:
    """The filter for `site:`, which accepts text copied from an address bar. With a path, it matches in the URL."""
    bare = re.sub(r"^(?:https?://)?(?:www\.|\*?\.)?", "", value, flags=re.IGNORECASE)
    host, _, path = bare.partition("/")
    return Match("url", bare, span) if host and path else Match("domain", host or value, span)


def _interval(field: str, value: str) -> tuple[float | None, float | None]:
    """The bounds, both inclusive, of `80`, `>80`, `50..90` or `80..`."""
    if match := _COMPARISON.fullmatch(value):
        sign, number = match[1], _finite(match[2])
        # Range includes its bounds: "more than" starts at the next representable number.
        low = math.nextafter(number, math.inf) if sign == ">" else number
        high = math.nextafter(number, -math.inf) if sign == "<" else number
        return (None if "<" in sign else low), (None if ">" in sign else high)
    if (match := _INTERVAL.fullmatch(value)) and (match[1] or match[2]):
        start = _finite(match[1]) if match[1] else None
        end = _finite(match[2]) if match[2] else None
        if start is not None and end is not None and start > end:
            raise QueryError(f"{field}:{value} ends before it begins")
        return start, end
    raise QueryError(f"{field}: takes a number or a range, such as 80, >=80, 50..90 or 80..")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise QueryError("this number is too large")
    return number
