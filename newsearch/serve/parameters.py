"""Convert requests to and from URL parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from newsearch import QueryError, Request
from newsearch.engine.base import FACETS

MAX_VALUES = 10_000
"""Maximum number of values per facet."""

MAX_COMPLETIONS = 50
MAX_STORIES = 100
MAX_WORDS = 1_000
"""The largest `limit` of completions, of stories and of distinctive words."""

UNITS = tuple(name for name, facet in FACETS.items() if facet.of_time)
"""Units of time to count by."""

LISTS = ("topics", "providers", "authors", "categories", "types", "languages")
_WHOLE = ("request", "limit", "offset", "per_outlet")
_NUMBERS = ("min_heat", "min_quality")
_FLAGS = ("unpublished", "expand")
_TEXTS = ("query", "sort", "after", "before", "as_of", "tz", "collapse", "show", "count")
_BOOSTS = ("boosts.heat", "boosts.quality", "boosts.recency", "boosts.half_life")

REQUEST_PARAMETERS = (*_TEXTS, *LISTS, *_WHOLE, *_NUMBERS, *_FLAGS, *_BOOSTS)
"""Parameters of a request: its keys, and each weight of `boosts` separately."""

VIEW_PARAMETERS = ("facets", "facet_limit", "explain")
"""Parameters that select additional output."""


@dataclass(frozen=True, slots=True)
class View:
    """Additional output: names of facets, number of values for each, whether scores are explained."""

    facets: tuple[str, ...] = ()
    facet_limit: int | None = None
    explain: bool = False


PLAIN = View()
"""Nothing but the page itself."""


def read_request(pairs: Iterable[tuple[str, str]]) -> Request:
    """Build a request from parameters.

    Raises:
        QueryError: a parameter is unknown, repeated or unusable; the message begins with its name.
    """
    mapping: dict[str, Any] = {}
    for name, value in pairs:
        if name in LISTS:
            mapping.setdefault(name, []).append(value)
            continue
        if name not in REQUEST_PARAMETERS:
            raise QueryError(f"{name:.80}: there is no such parameter")
        holder, key = mapping, name
        if name in _BOOSTS:
            holder, key = mapping.setdefault("boosts", {}), name.partition(".")[2]
        if key in holder:
            raise QueryError(f"{name}: given twice")
        holder[key] = _value(name, value)
    return Request.from_mapping(mapping)


def read_plain(query_string: bytes) -> Request | None:
    """Build a request that is words and a page alone, in a fraction of the time of `read_request`.

    Args:
        query_string: the parameters as they stand in an address.

    Returns:
        None if they say anything else.

    Raises:
        QueryError: a parameter is unusable; the message begins with its name.
    """
    text = query_string.decode("latin-1")
    name, _, words = text.partition("=")
    if name == "query" and text.isascii() and words.replace("+", "").isalnum():
        return Request.plain(words.replace("+", " "), Request.limit, Request.offset)
    pairs = parse_qsl(text, keep_blank_values=True)
    given = dict(pairs)
    if len(given) < len(pairs) or not _OF_PLAIN.issuperset(given) or "query" not in given:
        return None
    # In the order in which they are given: the first one that is wrong is reported.
    page = {name: _whole(name, value) for name, value in pairs if name in _PAGE}
    request = Request.plain(
        given["query"], page.get("limit", Request.limit), page.get("offset", Request.offset)
    )
    return request if request.is_plain else None


_PAGE = frozenset({"limit", "offset"})
_OF_PLAIN = frozenset({"query", "limit", "offset", "token"})


def read_view(pairs: Iterable[tuple[str, str]]) -> View:
    """Build a view from parameters.

    Raises:
        QueryError: a parameter is unusable; the message begins with its name.
    """
    facets: list[str] = []
    limit: int | None = None
    explain = False
    known: set[str] = set()
    for name, value in pairs:
        if name in known:
            raise QueryError(f"{name}: given twice")
        if name == "facets":
            if value not in FACETS:
                raise QueryError(f"facets: {value!r:.80} is unknown: one of {', '.join(FACETS)}")
            facets.append(value)
        elif name == "facet_limit":
            limit = _whole(name, value)
            if not 1 <= limit <= MAX_VALUES:
                raise QueryError(f"facet_limit: {limit} is not a whole number from 1 to {MAX_VALUES:,}")
        elif name == "explain":
            explain = _flag(name, value)
        else:
            raise QueryError(f"{name:.80}: there is no such parameter")
        if name != "facets":
            known.add(name)
    return View(tuple(dict.fromkeys(facets)), limit, explain)


def split(pairs: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Split parameters into those of a request, including unknown ones, and those of a view."""
    pairs = list(pairs)
    return (
        [pair for pair in pairs if pair[0] not in VIEW_PARAMETERS],
        [pair for pair in pairs if pair[0] in VIEW_PARAMETERS],
    )


def write_request(request: Request) -> list[tuple[str, str]]:
    """The parameters of a request, as `read_request` reads them; default values are left out."""
    pairs: list[tuple[str, str]] = []
    if request.is_plain:
        page = ("limit", request.limit, Request.limit), ("offset", request.offset, Request.offset)
        return [
            ("query", request.query),
            *((name, str(value)) for name, value, usual in page if value != usual),
        ]
    for name, value in request.as_mapping().items():
        if name == "request" or (name == "query" and not value):
            continue
        if name == "boosts":
            pairs += [(f"boosts.{weight}", _text(number)) for weight, number in value.items()]
        elif isinstance(value, list):
            pairs += [(name, item) for item in value]
        else:
            pairs.append((name, _text(value)))
    return pairs


def write_view(view: View) -> list[tuple[str, str]]:
    """The parameters of a view, as `read_view` reads them."""
    pairs = [("facets", name) for name in view.facets]
    if view.facet_limit is not None:
        pairs.append(("facet_limit", str(view.facet_limit)))
    return [*pairs, ("explain", "true")] if view.explain else pairs


def address(path: str, request: Request) -> str:
    """A path with the parameters of a request."""
    pairs = write_request(request)
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(name: str, value: str) -> Any:
    if name in _WHOLE:
        return _whole(name, value)
    if name in _NUMBERS or name in _BOOSTS:
        return _number(name, value)
    return _flag(name, value) if name in _FLAGS else value


def _whole(name: str, value: str) -> int:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        raise QueryError(f"{name}: {value!r:.80} is not a whole number")
    return int(value)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise QueryError(f"{name}: {value!r:.80} is not a number") from None
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _flag(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise QueryError(f"{name}: {value!r:.80} is neither true nor false")
    return value == "true"
