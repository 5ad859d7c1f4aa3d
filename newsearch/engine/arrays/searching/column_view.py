"""The columns of all segments of one generation as one. They serve filters, sorts, boosts and visibility.

An article's global number is its number in its segment plus the number of articles in the segments before it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._cached import cached_property
from newsearch.engine.arrays.loops import kernel, sieve
from newsearch.engine.arrays.loops.kernel import COMPARED, Boost, Every, Mask
from newsearch.engine.arrays.loops.spread import Spread
from newsearch.engine.arrays.searching.boosts import boost_of, recency
from newsearch.engine.arrays.searching.cache import Cache, size_of
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.base import CACHE
from newsearch.query.dates import midnight
from newsearch.ranking import Pivots

Array: TypeAlias = NDArray[Any]

_T = TypeVar("_T")


_SHOWN = {False: "visible articles", True: "live articles"}


def cached(make: Callable[[Any], _T]) -> _T:
    """A property whose value is kept in the cache of the view."""
    key = (make.__name__,)

    def get(view: ColumnView) -> Any:
        return view.cache.made(key, lambda: make(view))

    return cast("_T", property(get, doc=make.__doc__))


class ColumnView:
    """The columns of one generation. Read-only except for its cache.

    Args:
        memory: the most bytes that the cache may take.
    """

    def __init__(self, segments: Sequence[Segment], pivots: Pivots, memory: int = CACHE) -> None:
        self.segments = segments
        self.pivots = pivots
        self.starts = [0]
        for segment in segments:
            self.starts.append(self.starts[-1] + segment.articles)
        self.articles = self.starts[-1]
        self.live_articles = sum(segment.live_articles for segment in segments)
        self.cache = Cache(memory)
        self._spreads: dict[str, Spread] = {}

    def spread(self, name: str) -> Spread:
        """A column of one number for each article, which is none of a string."""
        return self._spreads.get(name) or self._spreads.setdefault(name, self._spread(name))

    def _spread(self, name: str) -> Spread:
        if name == "flag":
            return Spread([segment.stored_column(name) for segment in self.segments], np.uint16)
        parts = [segment.column(name) for segment in self.segments]
        return Spread([_comparable(part) for part in parts] if name in columns.KNOWN else parts)

    def column(self, name: str) -> Array:
        """A column over all articles, joined. If it holds numbers of strings, they are indices into `names`."""
        return self.cache.made(("column", name), lambda: self._column(name))

    def _column(self, name: str) -> Array:
        parts = [segment.column(name) for segment in self.segments]
        if len(parts) == 1:
            return parts[0]
        if name in columns.TABLES:
            # Use the narrowest type because filters look up many articles.
            dtype = np.min_scalar_type(len(self.names(name)))
            parts = [
                numbers.astype(dtype).take(part)
                for numbers, part in zip(self.numbers(name), parts, strict=True)
            ]
        return np.concatenate([np.empty(0, np.uint8), *parts])

    def names(self, table: str) -> list[str]:
        """The strings of a table, over all segments."""
        return self._table(table)[0]

    def numbers(self, table: str) -> list[Array]:
        """For each segment, the numbers in `names` of its strings of a table, uint32."""
        return self._table(table)[1]

    def _table(self, table: str) -> tuple[list[str], list[Array]]:
        def made() -> tuple[list[str], list[Array]]:
            # Each segment has most of the strings. They are decoded once.
            names, numbers = kernel.numbered(
                [segment.encoded_names(table, is_checked=False) for segment in self.segments], True
            )
            decoded = self.segments[0].decoded(table, names) if self.segments else []
            return decoded, [np.frombuffer(of_segment, np.uint32) for of_segment in numbers]

        return self.cache.made(("names", table), made)

    def named(self, table: str, known: Sequence[Array]) -> list[tuple[int, Array, Array | None, Array]]:
        """The segments as `sieve.tally` takes them, given what is known of each string of a table in each."""
        several = table in columns.SEVERAL
        return [
            (
                start,
                segment.unchecked_column(table),
                segment.unchecked_column(f"{table}_at") if several else None,
                of_segment,
            )
            for start, segment, of_segment in zip(self.starts, self.segments, known, strict=False)
        ]

    def chosen(self, table: str, key: str, test: Callable[[str], bool]) -> Mask:
        """For each string of a table, whether its case-folded form passes a test. Cached under `key`."""

        def made() -> Mask:
            names = self.names(table)
            return np.fromiter((test(name.casefold()) for name in names), bool, len(names))

        return self.cache.made(("chosen", table, key), made)

    def remembered(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The value cached under this key, made if it is missing."""
        return self.cache.made(("remembered", key), make)

    def starts_of(self, name: str) -> Array:
        """The start of each article's numbers in a multi-valued column, followed by the end of the last."""

        def joined() -> Array:
            counts = [np.diff(segment.column(f"{name}_at").astype(np.int64)) for segment in self.segments]
            return np.concatenate(([0], np.cumsum(np.concatenate([np.empty(0, np.int64), *counts]))))

        return self.cache.made(("starts", name), joined)

    @cached
    def live(self) -> Mask:
        """For each article, whether it is neither deleted nor replaced."""
        return np.concatenate([np.empty(0, bool), *(segment.live for segment in self.segments)])

    @cached
    def dead(self) -> Array:
        """The articles that are deleted or replaced, sorted, uint32."""
        numbers = [
            segment.dead.astype(np.uint32) + np.uint32(start)
            for start, segment in zip(self.starts, self.segments, strict=False)
        ]
        return np.concatenate([np.empty(0, np.uint32), *numbers])

    @cached
    def visible(self) -> Mask:
        """For each article, whether it is live and published."""
        return np.concatenate([np.empty(0, bool), *map(_visible, self.segments)])

    @cached
    def unseen(self) -> Array:
        """The articles that are not visible, sorted, uint32."""
        numbers = [
            (~_visible(segment)).nonzero()[0].astype(np.uint32) + np.uint32(start)
            for start, segment in zip(self.starts, self.segments, strict=False)
        ]
        return np.concatenate([np.empty(0, np.uint32), *numbers])

    def shown(self, *, unpublished: bool) -> Array | None:
        """A bitmap of the articles that may be found at all (see sieve.union). None means all."""

        found: tuple[Array | None] | None = self.cache.get(_SHOWN[unpublished])
        if found is None:
            shown = None
            if not (self.all_live if unpublished else self.all_visible):
                mask = np.zeros(-(-self.articles // 64) * 64, bool)
                for start, segment in zip(self.starts, self.segments, strict=False):
                    mask[start : start + segment.articles] = (
                        segment.live if unpublished else _visible(segment)
                    )
                shown = np.packbits(mask, bitorder="little").view(np.uint64)
            found = (shown,)
            self.cache.put(_SHOWN[unpublished], found)
        return found[0]

    @cached_property
    def everything(self) -> Every:
        """Every article, each with a score of 1."""
        return Every(self.articles)

    def count_shown(self, *, unpublished: bool) -> int:
        """How many articles may be found at all."""
        shown = self.shown(unpublished=unpublished)
        return self.articles if shown is None else sieve.count(shown)

    @property
    def all_live(self) -> bool:
        """Whether no article is deleted or replaced."""
        return self.live_articles == self.articles

    @cached_property
    def all_visible(self) -> bool:
        """Whether every article is live and published."""
        return all(bool(_visible(segment).all()) for segment in self.segments)

    @cached_property
    def all_published(self) -> bool:
        """Whether every live article is visible."""
        shown = self.shown(unpublished=False)
        return shown is None or sieve.count(shown) == self.live_articles

    def known(self, name: str, docs: Array | slice = slice(None)) -> ranking.Floats:
        """One of columns.KNOWN for these articles, NaN if unknown. Dates are in seconds, UTC."""
        return columns.known(name, self.spread("flag")[docs], self.spread(name)[docs])

    # Dates

    def moments(self, name: str, tz: tzinfo, docs: Array | slice = slice(None)) -> ranking.Floats:
        """The publication or modification time of these articles, in seconds, NaN if unknown. A date without a time
        counts as the start of that day in the zone."""
        seconds = self.known(name, docs)
        if self.shifts_days(name, tz):
            is_day = ((self.spread("flag")[docs] & columns.DAY_ALONE[name]) != 0) & ~np.isnan(seconds)
            days, number = np.unique(seconds[is_day] // columns.DAY, return_inverse=True)
            shifts = [_midnight(day, tz) - day * columns.DAY for day in days.astype(np.int64).tolist()]
            seconds[is_day] += np.array(shifts, np.float64)[number]
        return seconds

    def shifts_days(self, name: str, tz: tzinfo) -> bool:
        """Whether some dates without a time may begin at another moment in a zone than in UTC."""
        return tz is not UTC and self.has_flag(columns.DAY_ALONE[name])

    def has_flag(self, bit: int) -> bool:
        """Whether any article has this flag."""

        def found() -> bool:
            return any(bool((segment.column("flag") & bit).any()) for segment in self.segments)

        return self.remembered(("flag", bit), found)

    def calendar_days(self, tz: tzinfo, docs: Array | slice = slice(None)) -> tuple[Mask, Array]:
        """Which of these articles are dated, and the day of each in a zone, in days since 1970."""
        flag = self.spread("flag")[docs]
        is_dated: Mask = (flag & columns.DATED) != 0
        seconds = self.spread("date")[docs]
        if tz is UTC:
            # A narrow type is divided several times as fast, but may not hold the divisor.
            wide = seconds if seconds.dtype.itemsize >= 4 else seconds.astype(np.int64)
            return is_dated, (wide // wide.dtype.type(columns.DAY)).astype(np.int64)
        seconds = seconds.astype(np.int64)
        is_timed = is_dated & ((flag & columns.DATE_ONLY) == 0)
        seconds[is_timed] += _offsets(seconds[is_timed], tz)
        return is_dated, seconds // columns.DAY

    # Boosts

    def boost(self, boosts: ranking.Boosts, as_of: float | None = None, tz: tzinfo = UTC) -> Boost:
        """The boost factor of every article.

        Args:
            as_of: the time from which recency is measured, in seconds. Defaults to the earlier of now and the newest
                visible article.
            tz: the time zone in which days begin.
        """

        if boosts is ranking.DEFAULT_BOOSTS:
            return self._usual_boost
        # Only recency depends on dates.
        when = (as_of, tz) if boosts.half_life is not None else None
        return self.cache.made(("boost", boosts, when), lambda: boost_of(self, boosts, as_of, tz))

    @cached_property
    def _usual_boost(self) -> Boost:
        # Every search reads it, and one search may need more than the cache holds: it would be made each time.
        found = boost_of(self, ranking.DEFAULT_BOOSTS, None, UTC)
        self.cache.limit -= min(size_of(found), self.cache.limit // 4)
        return found

    def recency(self, doc: int, boosts: ranking.Boosts, as_of: float | None, tz: tzinfo) -> float:
        """The recency factor of one article."""
        return float(recency(self, boosts, as_of, tz, slice(doc, doc + 1))[0])

    def newest(self, tz: tzinfo) -> float:
        """The date of the newest visible article, or now if that is earlier, in seconds."""

        def made() -> float:
            dates = self.moments("date", tz)[self.visible]
            dates = dates[~np.isnan(dates)]
            return min(float(dates.max()) if len(dates) else 0.0, datetime.now(UTC).timestamp())

        return self.remembered(("newest", tz), made)


def _visible(segment: Segment) -> Mask:
    """For each article of a segment, whether it is live and published."""
    found: Mask = segment.live & ((segment.column("flag") & columns.PUBLISHED) != 0)
    return found


def _comparable(numbers: Array) -> Array:
    """The same numbers, in a type that can be compared. Few files have signals below 0 or above any integer."""
    if numbers.dtype in COMPARED:
        return numbers
    return numbers.astype(np.int32 if numbers.dtype.itemsize < 4 else np.float64)


_EPOCH = date(1970, 1, 1).toordinal()
_AROUND = 4
"""In any zone, the day of a moment is fewer days than this from its day in UTC."""

_FIRST, _LAST = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH


def days_within(low: float, high: float, tz: tzinfo, *, ended: bool) -> tuple[float, float]:
    """The first and the last day that overlaps an interval of seconds, in days since 1970, inclusive.

    Args:
        tz: the zone in which days begin.
        ended: whether the last day must end within the interval.
    """
    first, last = low, high
    if not np.isinf(low):
        near = int(low // columns.DAY) - _AROUND
        first = near + bisect_left(
            range(near, near + 2 * _AROUND), low, key=lambda day: _last_second(day, tz)
        )
    if not np.isinf(high):
        near = int(high // columns.DAY) - _AROUND
        moment = _last_second if ended else _midnight
        last = near + bisect_right(range(near, near + 2 * _AROUND), high, key=lambda day: moment(day, tz)) - 1
    return first, last


def _last_second(day: int, tz: tzinfo) -> int:
    """The last second of a day in a zone. A day that a zone skips has no duration either."""
    begins = _midnight(day, tz)
    return begins + max(_midnight(day + 1, tz) - begins, 1) - 1


@lru_cache(maxsize=1 << 14)
def _midnight(day: int, tz: tzinfo) -> int:
    """The start of a day in a zone, in seconds since 1970. `day` is in days since 1970."""
    if not _FIRST <= day <= _LAST:
        return day * columns.DAY
    return int(midnight(date.fromordinal(_EPOCH + day), tz).timestamp())


def _offsets(seconds: Array, tz: tzinfo) -> Array:
    """The UTC offsets of a zone at some moments, in seconds."""
    days, number = np.unique(seconds // columns.DAY, return_inverse=True)
    bounds, place = np.unique(np.append(days, days + 1), return_inverse=True)
    at_bounds = np.array([_offset(day * columns.DAY, tz) for day in bounds.tolist()], np.int64)
    begins, ends = at_bounds[place[: len(days)]], at_bounds[place[len(days) :]]
    offsets: Array = begins[number]
    # Only a few days have a clock change.
    for i in np.flatnonzero((begins != ends)[number]).tolist():
        offsets[i] = _offset(int(seconds[i]), tz)
    return offsets


def _offset(seconds: int, tz: tzinfo) -> int:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
        local = moment.astimezone(tz).replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        # At the ends of the calendar.
        return 0
    return round((local - moment).total_seconds())
