"""Compile the filter nodes of a query tree to checks of articles, over the whole index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import sieve
from newsearch.engine.arrays.loops.sieve import CHOSEN, LISTED, MARKED, WITHIN, Check
from newsearch.engine.arrays.searching.column_view import days_within
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.query.tree import All, And, DateRange, Everything, Match, Node, Not, Or, Range
from newsearch.text.addresses import like_addresses, typed_host
from newsearch.text.analysis import fold
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]

Groups: TypeAlias = list[list[Check]]
"""Checks in conjunctive form: an article must pass at least one check of each group."""

_Maker: TypeAlias = Callable[[str, View], Check]


class Filters:
    """Compiles the filter nodes of one query to checks.

    Args:
        found: returns the articles that match a scoring node, sorted.
        tz: the time zone in which days begin.
    """

    def __init__(self, view: View, found: Callable[[Node], Array], tz: tzinfo) -> None:
        self._view = view
        self._found = found
        self._tz = tz

    def groups(self, node: Node, *, negated: bool = False) -> Groups:
        """The checks that an article passes if it passes the node or, if `negated`, if it does not."""
        if isinstance(node, Not):
            return self.groups(node.child, negated=not negated)
        if isinstance(node, Everything):
            return [[_listed([])._replace(negated=not negated)]]
        if isinstance(node, (All, And, Or)):
            parts = [self.groups(child, negated=negated) for child in node.children]
            if isinstance(node, Or) == negated:
                return [group for part in parts for group in part]
            return [[check for part in parts for check in self._as_checks(part)] or [_listed([])]]
        checks = self._dates(node) if isinstance(node, DateRange) else [self._check(node)]
        if isinstance(node, Match) and node.field in ("domain", "provider") and (hosts := self._hosts(node)):
            checks.append(hosts)
        if not negated:
            return [checks]
        return [[check._replace(negated=not check.negated)] for check in checks]

    def _as_checks(self, groups: Groups) -> list[Check]:
        """A single group that is equivalent to all of these groups."""
        if len(groups) == 1:
            return groups[0]
        return [Check(MARKED, np.frombuffer(sieve.passing_of_all(groups, self._view.articles), np.uint64))]

    def _check(self, node: Node) -> Check:
        view = self._view
        match node:
            case Range():
                # A negative signal counts as unknown (see Article).
                low = max(0.0 if node.low is None else node.low, 0.0)
                high = np.inf if node.high is None else node.high
                return self._within(node.field, low, high)
            case Match() if (part := url_part(node)) is not None:
                return view.with_url(part)
            case Match():
                return _MAKERS[node.field](node.value, view)
        return _listed(self._found(node))

    def _dates(self, node: DateRange) -> list[Check]:
        """Checks of which an article in a range of dates passes one."""
        name, view = node.field, self._view
        low = -np.inf if node.start is None else _seconds(node.start)
        high = np.inf if node.end is None else _seconds(node.end) - 1
        ended, day = node.start is None and not node.begun, columns.DAY_ALONE[name]
        if not view.shifts_days(name, self._tz):
            return [self._within(name, low, high, day=day, ended=ended)]
        # Stored as days in UTC, days of another zone are compared as days.
        first, last = days_within(low, high, self._tz, ended=ended)
        days = self._within(name, first * columns.DAY, last * columns.DAY)
        return [self._within(name, low, high)._replace(lacking=day), days._replace(known=day)]

    def _within(self, name: str, low: float, high: float, *, day: int = 0, ended: bool = False) -> Check:
        """Check that a number is within bounds, as it is stored."""
        return Check(
            WITHIN,
            self._view.spread(name),
            self._view.spread("flag"),
            None,
            low,
            high,
            known=columns.KNOWN[name],
            day=day,
            ended=ended,
        )

    def _hosts(self, node: Match) -> Check | None:
        """A check of URL hosts, which stand in for the domain of articles whose outlet has none."""
        if node.field == "provider" and "." not in node.value:
            return None
        wanted = typed_host(node.value)
        if node.field == "provider" and "." not in wanted:
            return None
        names, numbers = self._view.hosts
        if len(names) < 2:
            return None
        chosen = np.fromiter((_within(name, wanted) for name in names), bool, len(names))
        return Check(CHOSEN, numbers, None, chosen)


def url_part(node: Node) -> str | None:
    """The case-folded part that a URL must contain to pass a node, or None if the node is something else."""
    if isinstance(node, Match) and node.field == "url" and "://" not in node.value:
        return node.value.casefold()
    return None


def _listed(docs: Sequence[int] | Array) -> Check:
    return Check(LISTED, np.asarray(docs, np.uint32))


def _seconds(when: datetime) -> int:
    return -int(-when.timestamp() // 1)


def _flagged(bit: int, *, negated: bool = False) -> _Maker:
    return lambda _, view: Check(CHOSEN, view.spread("flag"), None, _flags_with(bit), negated=negated)


@lru_cache(maxsize=8)
def _flags_with(bit: int) -> NDArray[np.bool_]:
    """For every possible flag, whether the bit is set."""
    chosen: NDArray[np.bool_] = (np.arange(1 << columns.FLAGS) & bit) != 0
    return chosen


def _has_excerpt(_: str, view: View) -> Check:
    def made() -> tuple[Array]:
        docs = np.flatnonzero(view.spread("length_excerpt").joined()).astype(np.uint32)
        return (np.frombuffer(sieve.union([docs], view.articles), np.uint64),)

    return Check(MARKED, view.joined("has excerpt", made)[0])


_HAS: dict[str, _Maker] = {
    "image": _flagged(columns.HAS_IMAGE),
    "related": _flagged(columns.HAS_RELATED),
    "body": _flagged(columns.HAS_BODY),
    "excerpt": _has_excerpt,
}
_IS: dict[str, _Maker] = {
    "published": _flagged(columns.PUBLISHED),
    "unpublished": _flagged(columns.PUBLISHED, negated=True),
    "video": lambda _, view: _named("type")("video", view),
}


def _one_of(makers: Mapping[str, _Maker]) -> _Maker:
    return lambda value, view: makers.get(value.casefold(), _nothing)(value, view)


def _nothing(value: str, view: View) -> Check:
    return _listed([])


def _hashed(column: str, keys: Callable[[str], tuple[str, ...]]) -> _Maker:
    def find(value: str, view: View) -> tuple[Array]:
        wanted = [np.uint64(hash_key(key)) for key in keys(value)]
        found = [np.empty(0, np.uint32)]
        for start, segment in zip(view.starts, view.segments, strict=False):
            values = segment.column(column)
            held = np.logical_or.reduce([values == key for key in wanted])
            found.append(held.nonzero()[0].astype(np.uint32) + np.uint32(start))
        return (np.concatenate(found),)

    def make(value: str, view: View) -> Check:
        return _listed(view.joined((column, value), lambda: find(value, view))[0])

    return make


def _marked(table: str, view: View, key: str, test: Callable[[str], bool]) -> Check:
    """Check that any of an article's strings in a table passes a test. See View.chosen."""

    def made() -> tuple[Array]:
        chosen = view.chosen(table, key, test)
        marked = sieve.marked(
            view.named(table, [chosen.take(of) for of in view.numbers(table)]), view.articles
        )
        return (np.frombuffer(marked, np.uint64),)

    return Check(MARKED, view.joined(("marked", table, key), made)[0])


def _named(table: str) -> _Maker:
    def make(value: str, view: View) -> Check:
        wanted = value.casefold()
        return _marked(table, view, wanted, lambda name: name == wanted)

    return make


def _language(value: str, view: View) -> Check:
    wanted = value.casefold()
    return _marked("language", view, wanted, lambda name: name == wanted or name.startswith(wanted + "-"))


def _topic(value: str, view: View) -> Check:
    wanted = value.casefold()
    return _marked("topic", view, wanted, lambda name: name == wanted)


def _author(value: str, view: View) -> Check:
    wanted = folded_name(value)
    return _marked("author", view, wanted, lambda name: names_within(wanted, name))


def _domain(value: str, view: View) -> Check:
    wanted = typed_host(value)
    # No name that `_provider` looks up contains the separator: the two never share a key.
    return _marked(
        "provider", view, f"\x1f{wanted}", lambda name: wanted in name and _within(_parts(name)[1], wanted)
    )


def _provider(value: str, view: View) -> Check:
    wanted, host = _name_and_host(value)
    first = wanted.split(" ", 1)[0]

    def is_called(folded: str) -> bool:
        # Of ASCII, folding changes only capitals and the backtick, so most names can be ruled out without it.
        if first not in folded and host not in folded and folded.isascii() and "`" not in folded:
            return False
        name, domain = _parts(folded)
        return names_within(wanted, name) or ("." in host and _within(domain, host))

    return _marked("provider", view, wanted, is_called)


@lru_cache(maxsize=256)
def _name_and_host(value: str) -> tuple[str, str]:
    return folded_name(value), typed_host(value)


def folded_name(name: str) -> str:
    """Normalise a name for comparison: case, accents and extra spaces are ignored."""
    return " ".join(fold(name).split())


def names_within(wanted: str, name: str) -> bool:
    """Whether a name contains these words side by side: `bbc` matches BBC News, `post` does not match Postmedia."""
    return f" {wanted} " in f" {folded_name(name)} "


def _parts(folded: str) -> tuple[str, str]:
    name, _, rest = folded.partition("\x1f")
    return name, rest.partition("\x1f")[0]


def _within(domain: str, wanted: str) -> bool:
    return bool(wanted) and (domain == wanted or domain.endswith("." + wanted))


_MAKERS: dict[str, _Maker] = {
    "id": _hashed("id_hash", lambda value: (value,)),
    "topic": _topic,
    "author": _author,
    "provider": _provider,
    "domain": _domain,
    "category": _named("category"),
    "type": _named("type"),
    "url": _hashed("url_hash", like_addresses),
    "language": _language,
    "has": _one_of(_HAS),
    "is": _one_of(_IS),
}
