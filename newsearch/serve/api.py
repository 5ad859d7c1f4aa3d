"""The API under /api/v1/: searches and articles as JSON. docs/http.md describes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Route

from newsearch import Article, Index, QueryError, Request
from newsearch._arguments import without_repetition
from newsearch.articles.article import article_to_mapping
from newsearch.engine.base import FACETS
from newsearch.outputs.json_page import (
    SCHEMA,
    coverage_mapping,
    page_mapping,
    publication_mapping,
    stats_mapping,
    stories_mapping,
    to_json_bytes,
    words_mapping,
)
from newsearch.outputs.page import Page
from newsearch.serve.answers import JSON, Answer, Body, Made, problem, respond, respond_packed
from newsearch.serve.live import Snapshot
from newsearch.serve.metrics import TEXT
from newsearch.serve.openapi import document
from newsearch.serve.parameters import (
    MAX_COMPLETIONS,
    MAX_STORIES,
    MAX_WORDS,
    UNITS,
    address,
    read_request,
    read_view,
)
from newsearch.serve.searches import SEARCH, key_of, page_of
from newsearch.serve.shortcut import Shortcut, found_already
from newsearch.serve.site import Site

Window: TypeAlias = dict[str, Any]
"""The arguments of a window of time: `after`, `before`, `as_of`, `tz`."""


def routes(site: Site, shortcut: Shortcut) -> list[BaseRoute]:
    """The routes of the API, and those for operators.

    Args:
        shortcut: the short way, which searches of the long way prepare.
    """

    def route(path: str, handler: Callable[[Site, HttpRequest], Awaitable[Answer]], *methods: str) -> Route:
        async def endpoint(http: HttpRequest) -> Answer:
            return await handler(site, http)

        return Route(path, endpoint, methods=methods or ("GET",))

    async def search(site: Site, http: HttpRequest) -> Answer:
        return await _search(site, shortcut, http)

    return [
        route(SEARCH, search, "GET", "POST"),
        route("/api/v1/article", _article),
        route("/api/v1/complete", _complete),
        route("/api/v1/facets", _facets),
        route("/api/v1/timeline", _timeline),
        route("/api/v1/stories", _stories),
        route("/api/v1/coverage", _coverage),
        route("/api/v1/words", _words),
        route("/api/v1/related", _related),
        route("/api/v1/copies", _copies),
        route("/api/v1/saved", _saved),
        route("/api/v1/stats", _stats),
        route("/openapi.json", _openapi),
        route("/healthz", _health),
        route("/metrics", _metrics),
    ]


async def _search(site: Site, shortcut: Shortcut, http: HttpRequest) -> Answer:
    if http.method == "POST":
        try:
            request = site.within(Request.from_mapping(await _body(http)))
        except json.JSONDecodeError as error:
            return problem(400, f"the body is not JSON: {error.msg}", position=error.pos)
        view = read_view(http.query_params.multi_items())
    else:
        request, view = site.asked(http)

    linked = http.method != "POST"

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            if request.is_plain:
                shortcut.prepare(snapshot.index)
            results = found_already(http.scope, snapshot) or snapshot.index.run(request)
            return page_of(site, results, view, linked=linked)

        return Made(key_of(snapshot, request, view, linked=linked), body, may_keep=True)

    answer = await site.answer(http, JSON, make, is_quick=request.is_plain)
    return answer if linked else answer.with_header("Cache-Control", "no-store")


async def _article(site: Site, http: HttpRequest) -> Answer:
    def content(index: Index, article: Article, limit: int) -> dict[str, Any]:
        return {"article": article_to_mapping(article)}

    return await _about(site, http, content)


async def _related(site: Site, http: HttpRequest) -> Answer:
    def content(index: Index, article: Article, limit: int) -> dict[str, Any]:
        found = [article_to_mapping(one) for one in index.related(article.id, limit)]
        return {"id": article.id, "related": found}

    return await _about(site, http, content, limited=True)


async def _copies(site: Site, http: HttpRequest) -> Answer:
    def content(index: Index, article: Article, limit: int) -> dict[str, Any]:
        return {"id": article.id, "copies": [publication_mapping(one) for one in index.copies(article.id)]}

    return await _about(site, http, content)


async def _about(
    site: Site,
    http: HttpRequest,
    content: Callable[[Index, Article, int], dict[str, Any]],
    *,
    limited: bool = False,
) -> Answer:
    """Answer with content about an article, which may be a list with a limit."""
    id, limit = _only(http, "id", "limit") if limited else (*_only(http, "id"), "")
    if not id:
        raise QueryError("id: give the id of an article")
    most = _limit(limit, 10, site.settings.max_limit)

    def make(snapshot: Snapshot) -> Made:
        article = site.readable(snapshot, id)

        def body() -> Body:
            return _json(content(snapshot.index, article, most))

        return Made((http.url.path, id, most), body)

    return await site.answer(http, JSON, make)


async def _stories(site: Site, http: HttpRequest) -> Answer:
    def content(snapshot: Snapshot, query: str, limit: str, id: str, window: Window) -> dict[str, Any]:
        most = _limit(limit, 10, MAX_STORIES)
        if id:
            site.readable(snapshot, id)
        found = snapshot.index.stories(query, id=id or None, limit=most, **window)
        return stories_mapping(query, found)

    return await _in_window(site, http, ("limit", "id"), content)


async def _coverage(site: Site, http: HttpRequest) -> Answer:
    def content(snapshot: Snapshot, query: str, by: str, window: Window) -> dict[str, Any]:
        return coverage_mapping(snapshot.index.coverage(query, by=by or None, **window))

    return await _in_window(site, http, ("by",), content)


async def _words(site: Site, http: HttpRequest) -> Answer:
    def content(snapshot: Snapshot, query: str, limit: str, window: Window) -> dict[str, Any]:
        most = _limit(limit, 20, MAX_WORDS)
        return words_mapping(snapshot.index.words(query, limit=most, **window))

    return await _in_window(site, http, ("limit",), content)


async def _in_window(
    site: Site, http: HttpRequest, options: Sequence[str], content: Callable[..., dict[str, Any]]
) -> Answer:
    """Answer with content about a query in a window of time.

    Args:
        options: the parameters besides these.
        content: returns the content of the answer from the snapshot, the query, the values of the options, and the
            window.
    """
    names = ("query", "after", "before", "as_of", "tz")
    given = _only(http, *names, *options)
    asked, values = given[: len(names)], given[len(names) :]
    request = site.within(
        read_request([(name, value) for name, value in zip(names, asked, strict=True) if value])
    )
    window: Window = {
        "after": request.after,
        "before": request.before,
        "as_of": request.as_of,
        "tz": request.tz,
    }

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            found = content(snapshot, request.query, *values, window)
            return _json(found)

        key = (http.url.path, values, snapshot.index.fingerprint(request), request)
        return Made(key, body)

    return await site.answer(http, JSON, make)


async def _saved(site: Site, http: HttpRequest) -> Answer:
    _only(http)

    def make(snapshot: Snapshot) -> Made:
        saved = [
            {
                "name": search.name,
                "request": search.request.as_mapping(),
                "url": address(site.url(SEARCH), search.request),
                "feed": address(site.url("/search.atom"), search.request),
            }
            for search in site.saved()
        ]
        return Made(("saved", saved), lambda: _json({"saved": saved}))

    return await site.answer(http, JSON, make)


async def _complete(site: Site, http: HttpRequest) -> Answer:
    text, limit = _only(http, "text", "limit")
    most = _limit(limit, 10, MAX_COMPLETIONS)

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            found = snapshot.index.complete(text, most)
            completions = [{"text": completion.text, "articles": completion.articles} for completion in found]
            return _json({"query": text, "completions": completions})

        return Made(("complete", text, most), body, may_keep=True)

    return await site.answer(http, JSON, make)


async def _facets(site: Site, http: HttpRequest) -> Answer:
    request, view = site.asked(http)
    request = replace(request, limit=0, offset=0)
    facets = view.facets or tuple(name for name in FACETS if name not in UNITS)

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            page = Page(snapshot.index.run(request), facets, facet_limit=view.facet_limit)
            counted = page_mapping(page)
            return _json({name: counted[name] for name in ("query", "total", "facets", "notes")})

        key = ("facets", snapshot.index.fingerprint(request), request, facets, view)
        return Made(key, body, may_keep=True)

    return await site.answer(http, JSON, make)


async def _timeline(site: Site, http: HttpRequest) -> Answer:
    units = http.query_params.getlist("unit") or ["month"]
    unit = units[0]
    if len(units) > 1:
        raise QueryError("unit: given twice")
    if unit not in UNITS:
        raise QueryError(f"unit: {unit!r:.80} is unknown: one of {', '.join(UNITS)}")
    pairs = [pair for pair in http.query_params.multi_items() if pair[0] not in ("unit", "token")]
    request = replace(site.within(read_request(pairs)), limit=0, offset=0)

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            results = snapshot.index.run(request)
            values = [{"value": value, "count": count} for value, count in results.facet(unit, None)]
            counts = {"complete": results.counts.complete, "partial": results.counts.partial}
            return _json({"query": request.query, "unit": unit, "total": counts, "values": values})

        key = ("timeline", unit, snapshot.index.fingerprint(request), request)
        return Made(key, body, may_keep=True)

    return await site.answer(http, JSON, make)


async def _stats(site: Site, http: HttpRequest) -> Answer:
    _only(http)

    def make(snapshot: Snapshot) -> Made:
        # The locations of the sources on this machine are private.
        public = {key: value for key, value in stats_mapping(snapshot.stats).items() if "sources" not in key}
        return Made("stats", lambda: _json(public))

    return await site.answer(http, JSON, make)


async def _openapi(site: Site, http: HttpRequest) -> Answer:
    described = to_json_bytes(document(site.settings.base_path, site.settings.max_limit))
    return respond_packed(http, described, JSON)


async def _health(site: Site, http: HttpRequest) -> Answer:
    # Not in a thread of the searches: it would have to wait for them.
    snapshot = site.live.fresh()
    if snapshot is None:
        snapshot = await asyncio.to_thread(site.live.snapshot)
    newest = snapshot.stats.newest
    age = newest and max(0, round((datetime.now(UTC) - newest).total_seconds()))
    found = {
        "status": "unreadable" if site.live.error else "ok",
        "generation": snapshot.stats.generation,
        "articles": snapshot.stats.articles,
        "newest_age_seconds": age,
    }
    status = 200 if found["status"] == "ok" else 503
    return respond(to_json_bytes(found), JSON, status=status, headers={"Cache-Control": "no-store"})


async def _metrics(site: Site, http: HttpRequest) -> Answer:
    text = "".join(f"{line}\n" for line in site.metrics.lines(site.live))
    return respond(text.encode(), TEXT, headers={"Cache-Control": "no-store"})


def _json(content: Mapping[str, Any]) -> Body:
    """A JSON object that begins with the version of the output."""
    return Body(to_json_bytes({"schema": SCHEMA, **content}))


async def _body(http: HttpRequest) -> Any:
    kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise HTTPException(415, f"a request is sent as {JSON}")
    data = await http.body()
    try:
        return json.loads(
            data.decode("utf-8"),
            parse_constant=_no_constant,
            object_pairs_hook=partial(without_repetition, error=QueryError),
        )
    except UnicodeDecodeError as error:
        raise json.JSONDecodeError("it is not UTF-8", "", error.start) from error
    except RecursionError as error:
        raise json.JSONDecodeError("it is nested too deeply", "", 0) from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise json.JSONDecodeError("it has an integer of thousands of digits", "", 0) from error


def _no_constant(name: str) -> float:
    raise json.JSONDecodeError(f"{name} is not a number in JSON", "", 0)


def _only(http: HttpRequest, *names: str) -> list[str]:
    """The values of these parameters, empty if missing. Raises QueryError for any other parameter."""
    given = [pair for pair in http.query_params.multi_items() if pair[0] != "token"]
    for number, (name, _) in enumerate(given):
        if name not in names:
            raise QueryError(f"{name:.80}: there is no such parameter")
        if name in dict(given[:number]):
            raise QueryError(f"{name}: given twice")
    return [dict(given).get(name, "") for name in names]


def _limit(text: str, default: int, most: int) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        raise QueryError(f"limit: {text!r:.80} is not a whole number from 1 to {most:,}")
    return int(text)
