"""A search as one value: what to find, in which order, and which page to return.

Every caller that searches makes a `Request`: the command, the library, and anything that stores a search to run it
again. A request is validated when it is made, and can always be run afterwards. docs/request.md describes its JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any

from newsearch._arguments import check_flag, check_number, check_text, shown
from newsearch.engine.base import MAX_PAGE, SORTS, Options, Reader
from newsearch.errors import QueryError
from newsearch.query import Note, Parsed, in_utc, parse, parse_date_range, parse_moment, parse_zone
from newsearch.query.tree import DateRange, Match, Node, Not, Or, Range
from newsearch.ranking import DEFAULT_BOOSTS, Boosts, boosts_of
from newsearch.search.asked import Asked, Filter, Moment
from newsearch.search.spellings import Spellings

if TYPE_CHECKING:
    from newsearch.query.synonyms import Synonyms

REQUEST_VERSION = 1
"""The version of the JSON of a request: raised when a reader of the old form could go wrong."""

COLLAPSES = ("copies", "stories")
COUNTS = ("articles", "texts")
MAX_FOLDED = 2_000
"""The maximum number of hits that are read to group them into stories."""


@dataclass(frozen=True)
class Request:
    """A search: query, filters, order, page and weights.

    Several topics must all match. Of several providers, authors, categories, types or languages, one must match. A str
    is one value. Relative dates (`7d`) stay relative: they count from the moment when the request is run.

    Attributes:
        query: see docs/query-syntax.md; any text is a query, and the empty one finds every article.
        limit, offset: size and start of the page, in hits.
        sort: relevance, newest, oldest, modified (the latest change first), heat or quality.
        after: earliest date: a day, an instant, or text as in the query language (`7d`, `2020-09`).
        before: articles before this date, which is excluded.
        topics: whole topics, case folded.
        providers: outlets, by whole words of the name or by domain.
        authors: by whole words of the name.
        categories, types: whole values, case folded.
        languages: tags; `fr` also matches `fr-CA`.
        min_heat, min_quality: lowest values; articles with an unknown value are excluded.
        unpublished: find unpublished articles too.
        boosts: weights of heat, quality and recency.
        as_of: the reference moment for relative dates and recency, by default the moment when the search runs. A day
            means its end. If given, articles dated later are not found, because they did not exist then; undated ones
            are.
        tz: the time zone for days and for moments without a zone; or its name, such as Europe/Paris.
        expand: also use words that the best articles share. Applies only when sorting by relevance. True finds more
            articles, some without any word of the query; these are neither complete nor counted. None uses the words
            only to rank the results of a query in sentences. False does neither, and leaves `Results.related` empty.
        collapse: copies or stories: one hit represents all matching copies of a text, or all reports of an event among
            the matches (the best 10,000, if there are more). `Hit.copies` has the others. See docs/stories.md.
        show: which article of a group is the hit: best (in the order of the search), first or last (by date), or that
            of an outlet, given by name or domain; best if the outlet has none in the group. No effect without
            `collapse`.
        per_outlet: the maximum number of hits of one outlet on a page, as long as other outlets have hits. The rest
            move to the next pages.
        count: what facets count: articles or texts; all copies of a text count as one text.

    Raises:
        QueryError: a value has a wrong type or is out of range; the message begins with the name of the attribute.
    """

    query: str = ""
    limit: int = 10
    offset: int = 0
    sort: str = "relevance"
    after: Moment | None = None
    before: Moment | None = None
    topics: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    min_heat: float | None = None
    min_quality: float | None = None
    unpublished: bool = False
    boosts: Boosts = DEFAULT_BOOSTS
    as_of: Moment | None = None
    tz: tzinfo | str = UTC
    expand: bool | None = None
    collapse: str | None = None
    show: str = "best"
    per_outlet: int | None = None
    count: str = "articles"

    @classmethod
    def plain(cls, query: str, limit: int, offset: int, sort: str = "relevance") -> Request:
        """A request with these values and defaults for the rest. Most requests are like this; this constructor takes a
        tenth of the time.

        Raises:
            QueryError: as for any request.
        """
        if not (type(limit) is type(offset) is int and isinstance(query, str)):
            return cls(query, limit, offset, sort)
        if limit < 0 or offset < 0 or limit + offset > MAX_PAGE or sort not in SORTS:
            return cls(query, limit, offset, sort)
        made = object.__new__(cls)
        # Attributes missing from the instance are looked up in the class, which has the defaults.
        made.__dict__.update(query=query, limit=limit, offset=offset)
        if sort != "relevance":
            made.__dict__["sort"] = sort
        return made

    def __post_init__(self) -> None:
        check_text("query", self.query, error=QueryError)
        for name, given in (("limit", self.limit), ("offset", self.offset)):
            check_number(name, given, 0, MAX_PAGE, whole=True, error=QueryError)
            if type(given) is not int:
                self._set(name, int(given))
        if self.limit + self.offset > MAX_PAGE:
            raise QueryError(f"offset: {self.offset:,} and the limit together exceed {MAX_PAGE:,} hits")
        if self.sort not in SORTS:
            raise QueryError(f"sort: {shown(self.sort)} is unknown: one of {', '.join(SORTS)}")
        for name in _LISTS:
            if (given_values := getattr(self, name)) != ():
                values = several(name, given_values)
                if len(values) > MAX_VALUES:
                    raise QueryError(f"{name}: {len(values):,} values; a search takes {MAX_VALUES:,} at most")
                self._set(name, values)
        for name, least in (("min_heat", self.min_heat), ("min_quality", self.min_quality)):
            if least is not None:
                check_number(name, least, error=QueryError)
                if not isfinite(least):
                    raise QueryError(f"{name}: {least} is not a finite number")
                self._set(name, least if type(least) is int else float(least))
        if self.unpublished is not False:
            check_flag("unpublished", self.unpublished, error=QueryError)
            self._set("unpublished", bool(self.unpublished))
        if self.expand is not None:
            check_flag("expand", self.expand, error=QueryError)
            self._set("expand", bool(self.expand))
        self._check_folding()
        if not isinstance(self.boosts, Boosts):
            raise QueryError(f"boosts: {shown(self.boosts)} is not a newsearch.Boosts")
        tz = self.tz
        if tz is not UTC:
            tz = self.zone()
            self._set("tz", tz)
        if not self.after is self.before is self.as_of is None:
            # Whether a text is a date does not depend on the current day.
            now = datetime.now(UTC)
            self._start("after", now, tz)
            self._start("before", now, tz)
            self._end(now, tz)

    def _check_folding(self) -> None:
        if self.collapse is not None and self.collapse not in COLLAPSES:
            raise QueryError(
                f"collapse: {shown(self.collapse)} is unknown: one of {', '.join(COLLAPSES)};"
                " leave it out to show every article"
            )
        check_text("show", self.show, error=QueryError)
        if not self.show.strip():
            raise QueryError("show: this is empty: give best, first, last or an outlet")
        if self.count not in COUNTS:
            raise QueryError(f"count: {shown(self.count)} is unknown: one of {', '.join(COUNTS)}")
        if self.per_outlet is not None:
            check_number("per_outlet", self.per_outlet, 1, MAX_PAGE, whole=True, error=QueryError)
            self._set("per_outlet", int(self.per_outlet))
        if self.collapse == "stories" and self.limit + self.offset > MAX_FOLDED:
            raise QueryError(
                f"collapse: offset and limit reach beyond the {MAX_FOLDED:,} hits that it works on"
            )

    @property
    def is_plain(self) -> bool:
        """Whether this is words alone, and a page: the answer does not depend on the moment when it is run."""
        given = vars(self)
        return given["query"].replace(" ", "").isalnum() and all(
            name in _PAGE or value is _DEFAULTS[name] for name, value in given.items()
        )

    @property
    def is_folded(self) -> bool:
        """Whether making the page takes more hits than the page shows."""
        return bool(self.collapse or self.per_outlet)

    def _set(self, name: str, value: object) -> None:
        if value is not getattr(self, name):
            object.__setattr__(self, name, value)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Request:
        """The request described by a mapping, such as one read from JSON; see docs/request.md.

        Raises:
            QueryError: a key is unknown, or its value is invalid; the message begins with the key.
        """
        if not isinstance(mapping, Mapping):
            raise QueryError(f"a request is a JSON object, not {shown(mapping)}")
        given = dict(mapping)
        version = given.pop("request", REQUEST_VERSION)
        if version != REQUEST_VERSION or isinstance(version, bool):
            raise QueryError(
                f"request: version {shown(version)} is not {REQUEST_VERSION}, the only version that is supported"
            )
        for name in given:
            if name not in _KEYS:
                raise QueryError(f"{name!s:.80}: no such key{_meant(str(name))}")
        for name in ("after", "before", "as_of", "tz"):
            if name in given and not (given[name] is None and name != "tz"):
                check_text(name, given[name], error=QueryError)
        for name in ("limit", "offset", "per_outlet"):
            # JSON has only one number type.
            if isinstance(given.get(name), float) and given[name].is_integer():
                given[name] = int(given[name])
        if "boosts" in given:
            given["boosts"] = _boosts(given["boosts"])
        return cls(**given)

    def as_mapping(self) -> dict[str, Any]:
        """The inverse of `from_mapping`. Contains only JSON types, and leaves out defaults.

        Raises:
            QueryError: the time zone has no portable name.
        """
        mapping: dict[str, Any] = {"request": REQUEST_VERSION, "query": self.query}
        given = vars(self)
        for name in _KEYS[1:]:
            # A plain request has few attributes of its own.
            if name in given and (value := given[name]) != _DEFAULTS[name]:
                mapping[name] = self._plain(name, value)
        return mapping

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, Boosts):
            weights = {field.name: getattr(value, field.name) for field in fields(value)}
            return {key: weight for key, weight in weights.items() if weight != getattr(DEFAULT_BOOSTS, key)}
        if isinstance(value, datetime):
            # A text without fractions means the whole second, and `as_of` would mean its end.
            instant = _instant(name, value, self.zone())
            return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")
        if isinstance(value, date):
            return value.isoformat()
        return _zone_name(value) if isinstance(value, tzinfo) else value

    def zone(self) -> tzinfo:
        """The time zone in which days begin."""
        if isinstance(self.tz, str):
            try:
                return parse_zone(self.tz)
            except QueryError as error:
                raise QueryError(f"tz: {error}") from error
        if not isinstance(self.tz, tzinfo):
            raise QueryError(
                f"tz: {shown(self.tz)} is neither a tzinfo nor the name of a zone, such as Europe/Paris"
            )
        return self.tz

    def parsed(self, synonyms: Synonyms | None = None) -> Parsed:
        """The query as parsed now.

        Raises:
            QueryError: the query cannot be used.
        """
        tz, now = self.zone(), datetime.now(UTC)
        parsed = parse(self.query, now=self._end(now, tz) or now, tz=tz)
        return parsed._replace(tree=synonyms.expand(parsed.tree)) if synonyms else parsed

    def ask(
        self, reader: Reader, synonyms: Synonyms | None = None, spellings: Spellings | None = None
    ) -> Asked:
        """This request bound to a reader and to the current moment.

        Args:
            spellings: the spellings cache of this reader.

        Raises:
            QueryError: the query or a date cannot be used.
        """
        tz, now = UTC if self.tz is UTC else self.zone(), datetime.now(UTC)
        moment = None if self.as_of is None else self._end(now, tz)
        now = moment or now
        parsed = parse(self.query, now=now, tz=tz)
        if "#" in self.query or "." in self.query:
            from newsearch.search.meaning import in_index  # not needed for plain words

            parsed = in_index(parsed, reader)
        if synonyms:
            parsed = parsed._replace(tree=synonyms.expand(parsed.tree))
        filters = tuple(self._filters(now, tz, moment)) if self._narrows() else ()
        if self.after is not None and self.before is not None:
            parsed = self._doubted(parsed, filters)
        return Asked(
            reader, self, parsed, filters, self._options(moment, tz), now, tz, spellings or Spellings(reader)
        )

    def _doubted(self, parsed: Parsed, filters: Sequence[Filter]) -> Parsed:
        """The query with a note if no moment is both after `after` and before `before`."""
        dates = {given.option: given.node for given in filters if isinstance(given.node, DateRange)}
        start, end = dates["after"].start, dates["before"].end
        if start is None or end is None or start < end:
            return parsed
        said = f"before {self.before!s:.40} is not later than after {self.after!s:.40}, so nothing is found"
        return parsed._replace(notes=(*parsed.notes, Note(said, (0, len(self.query)))))

    def _options(self, moment: datetime | None, tz: tzinfo) -> Options:
        if moment is None and tz is UTC and self.boosts is DEFAULT_BOOSTS and not self.unpublished:
            return _usual_options(self.limit, self.offset, self.sort)
        return Options(self.limit, self.offset, self.sort, self.unpublished, self.boosts, moment, tz=tz)

    def _narrows(self) -> bool:
        """Whether any attribute becomes a filter."""
        if not self.after is self.before is self.as_of is None:
            return True
        if self.min_heat is not None or self.min_quality is not None:
            return True
        return bool(
            self.topics or self.providers or self.authors or self.categories or self.types or self.languages
        )

    def _filters(self, now: datetime, tz: tzinfo, moment: datetime | None) -> Iterable[Filter]:
        for topic in self.topics:
            yield Filter("topics", topic, Match("topic", topic))
        for name, field in _LISTS.items():
            if field != "topic" and (values := getattr(self, name)):
                wanted = tuple([Match(field, value) for value in values])
                yield Filter(name, values, Or(wanted) if len(wanted) > 1 else wanted[0])
        if self.after is not None:
            yield Filter("after", self.after, DateRange(self._start("after", now, tz), None))
        if self.before is not None:
            yield Filter("before", self.before, DateRange(None, self._start("before", now, tz)))
        for field, least in (("heat", self.min_heat), ("quality", self.min_quality)):
            if least is not None:
                yield Filter(f"min_{field}", least, Range(field, float(least)))
        if moment is not None and self.as_of is not None:
            yield Filter("as_of", self.as_of, _no_later_than(moment))

    def _end(self, now: datetime, tz: tzinfo) -> datetime | None:
        """The last instant of `as_of` if it is a day or a period, or the instant itself. In UTC."""
        if self.as_of is None:
            return None
        if isinstance(self.as_of, datetime) or not isinstance(self.as_of, str | date):
            return _instant("as_of", self.as_of, tz)
        try:
            return parse_moment(str(self.as_of), now=now, tz=tz)
        except QueryError as error:
            raise QueryError(f"as_of: {error}") from error

    def _start(self, name: str, now: datetime, tz: tzinfo) -> datetime | None:
        """The first instant of `after` or `before` if it is a day or a period, or the instant itself. In UTC."""
        moment = getattr(self, name)
        if moment is None or (type(moment) is datetime and moment.tzinfo is UTC):
            return moment
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=tz)
        if not isinstance(moment, str):
            return _instant(name, moment, tz)
        try:
            start = parse_date_range(moment, now=now, tz=tz).start
        except QueryError as error:
            raise QueryError(f"{name}: {error}") from error
        if start is None:
            raise QueryError(
                f"{name}: {moment!r:.80} has no beginning; give a day, as in 2020-09-29, or a time ago, as in 7d"
            )
        return start


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Request)}
_KEYS = tuple(_DEFAULTS)
_PAGE = frozenset(["query", "limit", "offset"])
_LISTS = {
    "topics": "topic",
    "providers": "provider",
    "authors": "author",
    "categories": "category",
    "types": "type",
    "languages": "language",
}
"""Attributes with several values, and the field of each."""

_INSTANT = timedelta(microseconds=1)

MAX_VALUES = 1_000
"""The maximum number of values that a search may give for one attribute."""


@lru_cache(maxsize=64)
def _usual_options(limit: int, offset: int, sort: str) -> Options:
    return Options(limit, offset, sort, tz=UTC)


def _no_later_than(moment: datetime) -> Node:
    """A filter for articles visible at a moment: those dated up to it, and undated ones."""
    end = min(moment, datetime.max.replace(tzinfo=UTC) - _INSTANT) + _INSTANT
    return Or((DateRange(None, end, begun=True), Not(DateRange())))


def several(name: str, given: object) -> tuple[str, ...]:
    """The values of an attribute that takes several; a str is one value. Raises QueryError if one is not a str."""
    if type(given) is tuple and not given:
        return given
    values = (given,) if isinstance(given, str) else tuple(given) if isinstance(given, Iterable) else (None,)
    if isinstance(given, Mapping) or not all(isinstance(value, str) for value in values):
        raise QueryError(f"{name}: {shown(given)} is neither a text nor a list of texts")
    return values


def _boosts(given: object) -> Boosts:
    if not isinstance(given, Mapping):
        raise QueryError(f"boosts: {shown(given)} is not an object of weights")
    try:
        return boosts_of(given)
    except ValueError as error:
        raise QueryError(str(error)) from error


def _meant(name: str) -> str:
    from difflib import get_close_matches  # needed only for misspelt keys

    near = get_close_matches(name[:80], _KEYS, 1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(_KEYS)}"


def _instant(name: str, moment: object, tz: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        raise QueryError(
            f"{name}: {shown(moment)} is neither a date, nor a datetime, nor text such as 2020-09-29"
        )
    return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=tz))


def _zone_name(zone: tzinfo) -> str:
    name = getattr(zone, "key", None)
    if name is None:
        raise QueryError(
            f"tz: {zone} has no name and cannot be written: use a named zone, such as Europe/Paris"
        )
    return str(name)
