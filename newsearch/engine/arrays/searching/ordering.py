"""The order of a page: the keys of orders other than relevance, and what breaks ties."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel, sieve
from newsearch.engine.arrays.loops.kernel import Passes, Row
from newsearch.engine.arrays.loops.spread import Spread
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.engine.base import Options
from newsearch.ranking import Floats, top

Array: TypeAlias = NDArray[Any]

_DATES = {"newest": "date", "oldest": "date", "modified": "modified"}
"""The column that each sort by time reads."""

_MANY_TIED = 4
"""Articles tie so often that reading the dates of all at once is faster than to put them in order one by one."""

_HARDLY_ANY = 512
"""If at most one in this many articles matches, the keys of all matches are read at once."""

_AT_ONCE = 1 << 16
"""The number of articles whose keys are made at once."""

_SAMPLED = 1 << 16
"""The number of keys from which the highest ones are estimated."""

_PER_TOP, _SURELY, _FEW = 64, 2, 16
"""One in so many articles is among those of the highest keys. A sort looks there first if it can expect so many times
as many articles as it wants, but not if more than one in so many are there, because many have the same key."""


def keys(view: View, options: Options, docs: Array) -> Floats:
    """The sort key of each article in an order other than relevance. Highest first; unknown values come last."""
    sort = options.sort
    if sort in _DATES:
        moments = view.moments(_DATES[sort], options.tz, docs)
        return np.where(np.isnan(moments), -np.inf, -moments if sort == "oldest" else moments)
    values = view.known(sort, docs)
    return np.where(values >= 0, values, -np.inf)


def reads_column(view: View, options: Options) -> bool:
    """Whether a column has the sort keys as they are: days alone depend on the time zone."""
    return not (options.sort in _DATES and view.shifts_days(_DATES[options.sort], options.tz))


def selecting(view: View, options: Options) -> Options:
    """The order that selects the first articles: where none has a value, all tie, and dates alone decide."""
    sort = options.sort
    if _DATES.get(sort) == "date":
        return options
    has_any = view.has_flag(columns.KNOWN[_DATES.get(sort, sort)])
    return options if has_any else replace(options, sort="newest")


class Heights(NamedTuple):
    """The sort keys of an index in outline.

    Attributes:
        ceilings: see `kernel.foremost`.
        top: a bitmap of about one in _PER_TOP articles. No other article has a key as high as any of theirs. None if
            too many have the same.
    """

    ceilings: Floats
    top: Array | None


def heights(view: View, options: Options, articles: int) -> Heights | None:
    """The keys in outline for a sort of so many articles. None if they do not stand in a column, or if it does not pay
    off to find them: for few articles, or an order that was not asked for before.
    """
    if not articles or articles * _HARDLY_ANY < view.articles or not reads_column(view, options):
        return None
    if not view.was_asked(("sort", options.sort)):
        return None
    return view.cache.made(("heights", options.sort), lambda: _heights(view, _column(view, options)))


def may_be_on_top(articles: int, wanted: int) -> bool:
    """Whether so many articles probably have enough among those of the highest keys."""
    return articles >= _SURELY * wanted * _PER_TOP


def foremost(
    view: View,
    options: Options,
    docs: Array,
    visible: Array | None,
    passes: Passes | None,
    known: Heights | None,
    wanted: int,
    first: int,
) -> tuple[Array, Floats, int]:
    """The first of some articles in an order other than relevance, as `kernel.foremost` returns them.

    Args:
        visible, passes: see `kernel.foremost`; None unless `reads_column`.
        known: the keys in outline, if they are.
    """
    if not reads_column(view, options):
        key = keys(view, options, docs)
        kept = top(key, wanted)
        shown = kept.take(kernel.from_place(key.take(kept), first))
        return docs.take(shown), key.take(shown), len(kept) - len(shown)
    ceilings = known.ceilings if known else None
    column = _column(view, options)
    found, of_found, skipped = kernel.foremost(docs, visible, passes, *column, ceilings, wanted, first)
    docs, key = np.frombuffer(found, np.uint32), np.frombuffer(of_found)
    if _DATES.get(options.sort) != "date" and len(docs) > _MANY_TIED * (wanted - skipped):
        docs, key = _newest_tied(view, options, docs, key, wanted - skipped)
    return docs, key, skipped


def _column(view: View, options: Options) -> tuple[Spread, Spread, int, float, bool]:
    """The column of an order as `kernel.sort_keys` takes it."""
    sort = options.sort
    name, least = _DATES.get(sort, sort), -np.inf if sort in _DATES else 0.0
    return view.spread(name), view.spread("flag"), columns.KNOWN[name], least, sort != "oldest"


def _heights(view: View, column: tuple[Spread, Spread, int, float, bool]) -> Heights:
    step = -(-view.articles // _SAMPLED)
    some = kernel.sort_keys(np.arange(0, view.articles, step, dtype=np.uint32), *column)
    place = max(len(some) - 1 - len(some) // _PER_TOP, 0)
    floor = np.partition(some, place)[place]
    highest, high = [], []
    for start in range(0, view.articles, _AT_ONCE):
        docs = np.arange(start, min(start + _AT_ONCE, view.articles), dtype=np.uint32)
        found = kernel.sort_keys(docs, *column)
        highest.append(np.maximum.reduceat(found, np.arange(0, len(found), kernel.SORTED_CHUNK)))
        high.append(np.packbits(found >= floor, bitorder="little"))
    bits = np.concatenate([*high, np.zeros(-sum(map(len, high)) % 8, np.uint8)]).view(np.uint64)
    is_few = floor > -np.inf and sieve.count(bits) * _FEW <= view.articles
    return Heights(np.concatenate(highest), bits if is_few else None)


def _newest_tied(view: View, options: Options, docs: Array, key: Floats, wanted: int) -> tuple[Array, Floats]:
    """Of the first articles by value, those that are among so many by value and date, and their keys."""
    least = key.min()
    is_ahead = key > least
    ahead, tied = docs[is_ahead], np.sort(docs[~is_ahead])
    options = replace(options, sort="newest")
    newest, *_ = foremost(view, options, tied, None, None, None, wanted - len(ahead), 0)
    return np.concatenate((ahead, newest)), np.concatenate((key[is_ahead], np.full(len(newest), least)))


def _dates(view: View, options: Options, docs: Array) -> Floats:
    """When articles were published; the unknown come last."""
    dates = view.moments("date", options.tz, docs)
    dates[np.isnan(dates)] = -np.inf
    return dates


def ordered(view: View, options: Options, rows: list[Row], wanted: int, first: int) -> list[Row]:
    """The best candidates in their final order. Ties are broken by date, newest first, then by id.

    Args:
        first: the number of the first row that is shown. Ties before it are left as they are.
    """
    rows.sort(reverse=True)
    if first <= 0 and len({key for key, _, _ in rows}) == len(rows):
        return rows[:wanted]
    start = min(max(first, 0), len(rows))
    while 0 < start < len(rows) and rows[start - 1][0] == rows[start][0]:
        start -= 1
    before, rows, wanted = rows[:start], rows[start:], wanted - start
    if len({key for key, _, _ in rows}) < len(rows):
        runs = (list(run) for _, run in groupby(rows, key=itemgetter(0)))
        rows = []
        for run in runs:
            rows += _untied(view, options, run, wanted - len(rows)) if len(run) > 1 else run
            if len(rows) >= wanted:
                break
    return before + rows[:wanted]


def _untied(view: View, options: Options, run: list[Row], wanted: int) -> list[Row]:
    """The first of some tied rows, ordered by date and id."""
    if _DATES.get(options.sort) == "date":
        return _by_id(view, run, wanted)
    dates = _dates(view, options, np.array([doc for _, doc, _ in run]))
    dated = sorted(zip(dates.tolist(), run, strict=True), key=itemgetter(0), reverse=True)
    found: list[Row] = []
    for _, tied in groupby(dated, key=itemgetter(0)):
        found += _by_id(view, [row for _, row in tied], wanted - len(found))
        if len(found) >= wanted:
            break
    return found


def _by_id(view: View, rows: list[Row], wanted: int) -> list[Row]:
    """The first of some rows of equal score and date, ordered by id."""
    if len(rows) < 2:
        return rows
    same = _candidates(view, rows, wanted)
    ids = [record.id for record in view.records([doc for _, doc, _ in same])]
    return [row for _, row in sorted(zip(ids, same, strict=True), key=itemgetter(0))]


def _candidates(view: View, rows: list[Row], wanted: int) -> list[Row]:
    """From rows of equal score and date, keep those that can be among the first by id."""
    if len(rows) <= 4 * wanted:
        return rows
    # A segment numbers articles of equal signals and dates by id. The first rows of each kind are therefore
    # enough. Reading every id of a collection without dates and signals would take seconds.
    by_doc = sorted(rows, key=itemgetter(1))
    docs = np.array([doc for _, doc, _ in by_doc])
    kinds = zip(
        np.searchsorted(view.starts, docs, side="right").tolist(),
        view.known("heat", docs).tolist(),
        view.known("quality", docs).tolist(),
        # The midnight of a date without a time may equal the timestamp of another article.
        (view.spread("flag").take(docs) & columns.DATE_ONLY).tolist(),
        strict=True,
    )
    seen: Counter[str] = Counter()
    kept = []
    for row, kind in zip(by_doc, map(repr, kinds), strict=True):
        seen[kind] += 1
        if seen[kind] <= wanted:
            kept.append(row)
    return kept
