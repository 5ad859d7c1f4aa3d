"""Results as JSON: one object for a page, or one for each hit. docs/page.schema.json describes the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from newsearch.articles.article import article_to_mapping, written
from newsearch.engine.base import Explanation
from newsearch.engine.figures import SourceSettings, Stats
from newsearch.errors import without_secrets
from newsearch.outputs.page import Page
from newsearch.outputs.words import typed
from newsearch.search.help import Clause
from newsearch.search.results import Hit, Results
from newsearch.text.clean import escape_unseen

if TYPE_CHECKING:
    from newsearch.search.coverage import Coverage
    from newsearch.search.distinctive import DistinctiveWords
    from newsearch.search.firsts import Publication
    from newsearch.search.folding import Copy
    from newsearch.search.fronts import Stories

SCHEMA = 1
"""The version of everything that is written as JSON: raised when a reader of the old form could go wrong."""


def to_json(value: Any, *, ascii: bool = False, indent: int | None = None) -> str:
    """JSON that every parser reads the same way and that contains no terminal control characters.

    Args:
        ascii: escape non-ASCII characters.
        indent: spaces per level; None means one line.
    """
    return escape_unseen(json.dumps(value, ensure_ascii=ascii, indent=indent, allow_nan=False))


def to_json_bytes(value: Any) -> bytes:
    """The same document as `to_json`, on one line without spaces, in UTF-8 and in a sixth of the time."""
    try:
        data = orjson.dumps(value)
    except TypeError:  # a whole number of more than 64 bits, or half of a surrogate pair
        return to_json(value).encode()
    return _seen(data)


def _seen(data: bytes) -> bytes:
    """JSON without terminal control characters."""
    others = data.translate(None, _ASCII)
    return data if not others or others.decode().isprintable() else escape_unseen(data.decode()).encode()


_ASCII = bytes(range(0x7F))
"""Bytes of JSON that need no look: controls are escaped already, and DEL is none of these."""


def page_bytes(page: Page) -> bytes:
    """The same document as `to_json_bytes` makes of `page_mapping`, in a third of the time."""
    collapsed = page.results.request.collapse is not None
    try:
        more = _more(page, collapsed) if collapsed or page.explain else []
        hits = [
            _seen(orjson.dumps(_hit_mapping(page, number, collapsed))) if hit is None else hit
            for number, hit in enumerate(page.results.json(more))
        ]
        # No text contains this: its quotes would be escaped.
        before, name, after = _seen(orjson.dumps(_page_mapping(page, []))).partition(b'"hits":[')
    except TypeError:
        return to_json_bytes(page_mapping(page))
    return b"".join((before, name, b",".join(hits), after))


def _more(page: Page, collapsed: bool) -> list[bytes]:
    """For each hit, the members that follow the url."""
    found = [orjson.dumps(_ours_after(hit, page.explain, collapsed)) for hit in page.results]
    return [b"," + _seen(members)[1:-1] for members in found]


def _hit_mapping(page: Page, number: int, collapsed: bool) -> dict[str, Any]:
    return hit_mapping(page.offset + 1 + number, page.results[number], page.explain, collapsed)


def page_mapping(page: Page) -> dict[str, Any]:
    """One object with the whole page."""
    return _page_mapping(page, [*hit_mappings(page)])


def _page_mapping(page: Page, hits: list[Any]) -> dict[str, Any]:
    counts = page.results.counts
    return {
        "schema": SCHEMA,
        "query": page.results.request.query,
        "total": {"complete": counts.complete, "partial": counts.partial},
        "folded": _folded_mapping(page.results),
        "hits": hits,
        "related": [hit_mapping(rank, hit, page.explain) for rank, hit in page.related()],
        "facets": {
            name: [{"value": value, "count": count} for value, count in page.facet(name)[0]]
            for name in page.facets
        },
        "notes": [
            {"message": note.message, "start": note.span[0], "end": note.span[1]}
            for note in page.results.notes
        ],
        "did_you_mean": page.results.did_you_mean,
        "clauses": [] if page.results.total else [*map(_clause_mapping, page.results.diagnose())],
    }


def hit_mappings(page: Page) -> Iterator[dict[str, Any]]:
    """One object for each hit. Written as lines, they are also a source that can be indexed."""
    collapsed = page.results.request.collapse is not None
    for rank, hit in page.ranked():
        yield hit_mapping(rank, hit, page.explain, collapsed)


def hit_mapping(rank: int, hit: Hit, explain: bool = False, collapsed: bool = False) -> dict[str, Any]:
    """One hit: its rank, its article, and the articles that it represents if the search was collapsed."""
    ours = _ours(rank, hit, explain, collapsed)
    article = hit.article
    found = article_to_mapping(article)
    if article.history:  # `show` has it
        found.pop("history", None)
    if not article.extra:
        return ours | found
    # An article may have its own keys with these names. Ours win, because readers expect them.
    theirs = {key: value for key, value in found.items() if key not in _MAY_LACK}
    return {**ours, **theirs, **ours}


def _ours(rank: int, hit: Hit, explain: bool, collapsed: bool) -> dict[str, Any]:
    """What a hit says besides its article."""
    ours: dict[str, Any] = {
        "rank": rank,
        "score": round(hit.score, 6),
        "complete": hit.complete,
        "id": hit.id,
    }
    if hit.url:
        ours["url"] = hit.url
    return ours | _ours_after(hit, explain, collapsed)


def _ours_after(hit: Hit, explain: bool, collapsed: bool) -> dict[str, Any]:
    """What follows the url."""
    ours: dict[str, Any] = {}
    if collapsed:
        ours["copies"] = [copy_mapping(copy) for copy in hit.copies]
    if explain:
        ours["explanation"] = _explanation_mapping(hit.explanation)
    return ours


def copy_mapping(copy: Copy) -> dict[str, Any]:
    """An article represented by a hit."""
    return {
        "id": copy.id,
        "title": copy.title,
        "url": copy.url,
        "outlet": copy.outlet or None,
        "publishedDateTime": written(copy.date),
    }


def stories_mapping(query: str, stories: Stories) -> dict[str, Any]:
    """A front page."""
    return {
        "query": query,
        "first": written(stories.first),
        "last": written(stories.last),
        "articles": stories.articles,
        "total": stories.total,
        "exact": stories.exact,
        "stories": [
            {
                "id": story.id,
                "title": story.title,
                "outlets": list(story.outlets),
                "trend": story.trend,
                "articles": [publication_mapping(one) for one in story.publications],
            }
            for story in stories
        ],
    }


def coverage_mapping(coverage: Coverage) -> dict[str, Any]:
    """The outlets of a query."""
    outlets: list[dict[str, Any]] = []
    for one in coverage.outlets:
        row = {
            "outlet": one.name,
            "articles": one.articles,
            "total": one.total,
            "share": round(one.share, 6),
            "first": written(one.first),
            "last": written(one.last),
        }
        if coverage.by is not None:
            row["counts"], row["totals"] = list(one.counts), list(one.totals)
        outlets.append(row)
    return {
        "query": coverage.query,
        "by": coverage.by,
        "periods": list(coverage.periods),
        "articles": coverage.articles,
        "total": coverage.total,
        "outlets": outlets,
    }


def words_mapping(found: DistinctiveWords) -> dict[str, Any]:
    """The distinctive words of a query."""
    return {
        "query": found.query,
        "articles": found.articles,
        "total": found.total,
        "words": [
            {"word": one.text, "articles": one.articles, "total": one.total, "score": round(one.score, 3)}
            for one in found.words
        ],
    }


def publication_mapping(publication: Publication) -> dict[str, Any]:
    """One publication of a text."""
    after = publication.after
    return {
        **copy_mapping(publication.copy),
        "is_first": publication.is_first,
        "seconds_after": None if after is None else after.total_seconds(),
        "wire": publication.wire or None,
    }


def _folded_mapping(results: Results) -> dict[str, Any] | None:
    folding = results.folding
    if folding is None or results.request.collapse is None:
        return None
    return {
        "by": results.request.collapse,
        "hits": folding.groups,
        "candidates": folding.candidates,
        "exact": folding.exact,
    }


def stats_mapping(stats: Stats) -> dict[str, Any]:
    """The statistics of an index. The addresses of its sources are without their secrets."""
    shown = replace(stats, sources=tuple(map(without_secrets, stats.sources)))
    return {
        name: [_plain(part) for part in value] if isinstance(value, tuple) else _plain(value)
        for name, value in asdict(shown).items()
    }


def _plain(value: object) -> object:
    if isinstance(value, SourceSettings):
        return value._asdict()
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


_MAY_LACK = ("url", "copies", "explanation")
"""What not every hit has, and what then is not there."""


def _clause_mapping(clause: Clause) -> dict[str, Any]:
    without = {"complete": clause.without.complete, "partial": clause.without.partial}
    return {"clause": typed(clause), "alone": clause.alone, "without": without, "near": clause.near}


def _explanation_mapping(explanation: Explanation) -> dict[str, Any]:
    mapping: dict[str, Any] = {"value": round(explanation.value, 6), "description": explanation.description}
    if explanation.details:
        mapping["details"] = [_explanation_mapping(detail) for detail in explanation.details]
    return mapping
