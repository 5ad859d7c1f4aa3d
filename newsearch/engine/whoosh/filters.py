"""Filter nodes of a query tree -> masks over articles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.article import canonical_url
from newsearch.engine.whoosh import columns
from newsearch.engine.whoosh.kernel import Mask
from newsearch.engine.whoosh.view import View
from newsearch.query.tree import DateRange, Match, Range

Array: TypeAlias = NDArray[Any]

_Test: TypeAlias = Callable[[View, Array], Mask]
_Matcher: TypeAlias = Callable[[str, View, Array], Mask]

DAY = 86400

_FEW_URLS = 16
"""The URLs of less than one article in so many are read one by one; for more, all are read, and kept."""


def mask(node: Match | Range | DateRange, view: View, docs: Array) -> Mask:
    """For each of these articles, whether it passes the filter."""
    match node:
        case Range():
            values = view.known(node.field, docs)
            low = -np.inf if node.low is None else node.low
            high = np.inf if node.high is None else node.high
            # A negative signal is an unknown one (see Article).
            return (values >= max(low, 0)) & (values <= high)
        case DateRange():
            return _dated(node, view, docs)
        case Match():
            return _MATCHERS[node.field](node.value, view, docs)


def _dated(node: DateRange, view: View, docs: Array) -> Mask:
    flag = view.column("flag").take(docs)
    begins = view.column("date").take(docs).astype(np.int64)
    # An instant lasts no time, a date without a time the whole of its day.
    lasts = np.where(flag & columns.DATE_ONLY, DAY - 1, 0)
    found: Mask = (flag & columns.DATED) != 0
    if node.start is not None:
        found &= begins + lasts >= _seconds(node.start)
    if node.end is not None:
        found &= begins < _seconds(node.end)
    return found


def _seconds(when: datetime) -> int:
    return -int(-when.timestamp() // 1)


def _flagged(bit: int) -> _Test:
    return lambda view, docs: (view.column("flag").take(docs) & bit) != 0


_HAS: dict[str, _Test] = {
    "image": _flagged(columns.HAS_IMAGE),
    "related": _flagged(columns.HAS_RELATED),
    "body": _flagged(columns.HAS_BODY),
    "excerpt": lambda view, docs: view.column("length_excerpt").take(docs) > 0,
}
_IS: dict[str, _Test] = {
    "published": _flagged(columns.PUBLISHED),
    "unpublished": lambda view, docs: (view.column("flag").take(docs) & columns.PUBLISHED) == 0,
    "video": lambda view, docs: _named("type")("video", view, docs),
}


def _one_of(tests: Mapping[str, _Test]) -> _Matcher:
    def passes(value: str, view: View, docs: Array) -> Mask:
        test = tests.get(value.casefold())
        return test(view, docs) if test else np.zeros(len(docs), bool)

    return passes


def _id(value: str, view: View, docs: Array) -> Mask:
    found: Mask = view.column("id_hash").take(docs) == np.uint64(columns.hash_key(value))
    return found


def _named(table: str) -> _Matcher:
    def passes(value: str, view: View, docs: Array) -> Mask:
        wanted = value.casefold()
        return view.chosen(table, wanted, lambda name: name == wanted).take(view.column(table).take(docs))

    return passes


def _language(value: str, view: View, docs: Array) -> Mask:
    wanted = value.casefold()
    chosen = view.chosen("language", wanted, lambda name: name == wanted or name.startswith(wanted + "-"))
    return chosen.take(view.column("language").take(docs))


def _topic(value: str, view: View, docs: Array) -> Mask:
    wanted = value.casefold()
    chosen = view.chosen("topic", wanted, lambda name: name == wanted)
    holding = np.zeros(view.articles, bool)
    found = np.flatnonzero(chosen.take(view.column("topic")))
    holding[view.topic_at.searchsorted(found, side="right") - 1] = True
    return holding.take(docs)


def _domain(value: str, view: View, docs: Array) -> Mask:
    wanted = _host(value)
    # The separator stands in no provider's name that `_provider` could look for under the same key.
    chosen = view.chosen("provider", f"\x1f{wanted}", lambda name: _within(_parts(name)[1], wanted))
    return chosen.take(view.column("provider").take(docs))


def _provider(value: str, view: View, docs: Array) -> Mask:
    wanted = " ".join(value.casefold().split())
    host = _host(value)

    def is_called(folded: str) -> bool:
        name, domain = _parts(folded)
        # Whole words of the name, so that `bbc` finds BBC News, and `post` does not find Postmedia.
        return f" {wanted} " in f" {name} " or ("." in host and _within(domain, host))

    return view.chosen("provider", wanted, is_called).take(view.column("provider").take(docs))


def _host(value: str) -> str:
    value = value.strip().casefold()
    from urllib.parse import urlsplit  # it loads much, and few queries ask for it

    try:
        host = urlsplit(value).hostname if "//" in value else value.split("/")[0]
    except ValueError:
        # As in "http://[": no URL, so it has no host.
        return ""
    return (host or "").removeprefix("www.").strip(".")


def _parts(folded: str) -> tuple[str, str]:
    name, _, rest = folded.partition("\x1f")
    return name, rest.partition("\x1f")[0]


def _within(domain: str, wanted: str) -> bool:
    return bool(wanted) and (domain == wanted or domain.endswith("." + wanted))


def _url(value: str, view: View, docs: Array) -> Mask:
    if "://" in value:
        wanted = np.uint64(columns.hash_key(canonical_url(value)))
        whole: Mask = view.column("url_hash").take(docs) == wanted
        return whole
    part = value.casefold()
    if len(docs) > view.articles // _FEW_URLS:
        holding = np.zeros(view.articles, bool)
        for start, segment in zip(view.starts, view.segments, strict=False):
            holding[np.array(segment.with_url(part), np.int64) + start] = True
        return holding.take(docs)
    return np.fromiter((part in _urls(view, doc) for doc in docs.tolist()), bool, len(docs))


def _urls(view: View, doc: int) -> str:
    record = view.record(doc)
    return f"{record.web_url} {record.original_url}".casefold()


_MATCHERS: dict[str, _Matcher] = {
    "id": _id,
    "topic": _topic,
    "provider": _provider,
    "domain": _domain,
    "category": _named("category"),
    "type": _named("type"),
    "url": _url,
    "language": _language,
    "has": _one_of(_HAS),
    "is": _one_of(_IS),
}
