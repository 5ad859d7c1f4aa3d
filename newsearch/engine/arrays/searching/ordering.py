"""The order of a page: the keys of orders other than relevance, and what breaks ties."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import kernel
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
"""Of at most one among so many articles, all keys are read at once."""

_AT_ONCE = 1 << 16
"""The keys of so many articles are made at once to find the ceilings."""


def keys(view: View, options: Options, docs: Array) -> Floats:
    """The sort key of each article in an order other than relevance. Highest first; unknown values come last."""
    sort = options.sort
    if sort in _DATES:
        moments = view.moments(_DATES[sort], options.tz, docs)
        return np.where(np.isnan(moments), -np.inf, -moments if sort == "oldest" else moments)
    values = view.known(sort, docs)
    return np.where(values >= 0, values, -np.inf)


def reads_column(view: View, options: Options) -> bool:
    """Whether the sort keys stand in a column as they are: days alone depend on the time zone."""
    return not (options.sort in _DATES and view.shifts_days(_DATES[options.sort], options.tz))


def foremost(
    view: View,
    options: Options,
    docs: Array,
    visible: Array | None,
    passes: Passes | None,
    wanted: int,
    first: int,
) -> tuple[Array, int]:
    """The first of some articles in an order other than relevance, as `kernel.foremost` returns them.

    Args:
        visible, passes: see `kernel.foremost`; None unless `reads_column`.
    """
    sort = options.sort
    name = _DATES.get(sort, sort)
    if not reads_column(view, options):
        key = keys(view, options, docs)
        kept = top(key, wanted)
        shown = kernel.from_place(key.take(kept), first)
        return docs.take(kept.take(shown)), len(kept) - len(shown)
    least = -np.inf if sort in _DATES else 0.0
    values, flags = view.spread(name), view.spread("flag")
    column = values, flags, columns.KNOWN[name], least, sort != "oldest"
    ceilings = None
    if len(docs) * _HARDLY_ANY >= view.articles and view.was_asked(("sort", sort)):
        ceilings = view.cache.made(("ceilings", sort), lambda: _ceilings(view, *column))
    found, skipped = kernel.foremost(docs, visible, passes, *column, ceilings, wanted, first)
    docs = np.frombuffer(found, np.uint32)
    if sort not in _DATES and len(docs) > _MANY_TIED * (wanted - skipped):
        docs = _newest_tied(view, options, docs, wanted - skipped)
    return docs, skipped


def _ceilings(view: View, values: Spread, flags: Spread, known: int, least: float, falling: bool) -> Floats:
    """The ceilings of `kernel.foremost`."""
    highest = [np.empty(0)]
    for start in range(0, view.articles, _AT_ONCE):
        docs = np.arange(start, min(start + _AT_ONCE, view.articles), dtype=np.uint32)
        found = kernel.sort_keys(docs, values, flags, known, least, falling)
        highest.append(np.maximum.reduceat(found, np.arange(0, len(found), kernel.SORTED_CHUNK)))
    return np.concatenate(highest)


def _newest_tied(view: View, options: Options, docs: Array, wanted: int) -> Array:
    """Of the first articles by value, those that are among so many by value and date."""
    key = keys(view, options, docs)
    least = key.min()
    ahead, tied = docs[key > least], docs[key == least]
    kept = top(_dates(view, options, tied), wanted - len(ahead))
    return np.concatenate((ahead, tied.take(kept)))


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
