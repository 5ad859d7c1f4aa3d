"""The ASGI app: routes and error handling."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from newsearch import Index, NewsearchError, NotReady, QueryError
from newsearch.serve import api, feeds, pages
from newsearch.serve.answers import Answer, problem, query_problem
from newsearch.serve.assistants import Assistants
from newsearch.serve.guard import Guard, Seen
from newsearch.serve.heap import give_back
from newsearch.serve.kept import Kept
from newsearch.serve.live import Busy, Live
from newsearch.serve.metrics import Metrics
from newsearch.serve.rendering import HTML, error_page
from newsearch.serve.settings import Settings
from newsearch.serve.shelf import Shelf
from newsearch.serve.shortcut import Shortcut
from newsearch.serve.site import Site

MCP = "/mcp"
"""The path of the tools for assistants."""


def app(
    index: str | os.PathLike[str],
    *,
    settings: Settings | None = None,
    synonyms: str | os.PathLike[str] | None = None,
    log: Callable[[Seen], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> ASGIApp:
    """An ASGI app that serves an index read-only.

    The index is opened at the first request, and newer generations are picked up. While there is no index, requests
    are answered with 503.

    Args:
        index: directory of the index.
        settings: limits and location of the server.
        synonyms: a file of synonyms, as for `newsearch.open`.
        log: called after each request with the request and its outcome.
        tell: called with one line when the index, the synonyms or the saved searches can no longer be read, which says
            why, and when they can again; and on saved searches that are left out. Responses do not say why: the reason
            may contain file names of this machine.
    """
    settings = settings or Settings()

    def warm_up(index: Index) -> None:
        shortcut.prepare(index)
        pages.warm_up(index)
        give_back()  # computing stories takes tens of megabytes for a moment

    live = Live(index, settings, synonyms, warm_up if settings.warm_up else None, tell)
    site = Site(live, settings, Metrics(), Kept(settings.kept), Shelf(settings, tell))
    shortcut = Shortcut(site)
    assistants = Assistants(site.live, settings, MCP)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(site.live.close)
            await stack.enter_async_context(assistants.running())
            yield

    def handled(status_of: Callable[[Exception], Answer]) -> Callable[[HttpRequest, Exception], Any]:
        async def handler(http: HttpRequest, error: Exception) -> Answer:
            return shown(http.scope, status_of(error))

        return handler

    def shown(scope: Scope, problem: Answer) -> Answer:
        return _for_people(site, problem) if _is_for_people(scope) else problem

    inner = Starlette(
        routes=[
            *api.routes(site, shortcut),
            *pages.routes(site),
            *feeds.routes(site),
            Route(MCP, assistants, methods=["POST"]),
        ],
        lifespan=lifespan,
        exception_handlers={
            QueryError: handled(_query_error),
            NewsearchError: handled(_newsearch_error),
            NotReady: handled(_not_ready),
            Busy: handled(_busy),
            HTTPException: handled(_http_error),
            Exception: handled(_bug),
        },
    )
    return Guard(inner, shortcut, shown, settings, site.metrics, log)


def _query_error(error: Exception) -> Answer:
    assert isinstance(error, QueryError)
    return query_problem(error)


def _newsearch_error(error: Exception) -> Answer:
    # Its message may contain file names of this machine.
    return problem(503, "the index cannot be read now", headers={"Retry-After": "5"})


def _not_ready(error: Exception) -> Answer:
    return problem(503, str(error), headers={"Retry-After": "5"})


def _busy(error: Exception) -> Answer:
    return problem(503, "too many searches are waiting", headers={"Retry-After": "1"})


def _http_error(error: Exception) -> Answer:
    assert isinstance(error, HTTPException)
    # Starlette's own text is already the title.
    detail = "" if error.detail == HTTPStatus(error.status_code).phrase else error.detail
    return problem(error.status_code, detail, headers=error.headers or {})


def _bug(error: Exception) -> Answer:
    return problem(500, "an error of this server, which its log tells")


def _is_for_people(scope: Scope) -> bool:
    # Only the inner app has the base path in the path, and then as the root path, too.
    is_page = not scope["path"].removeprefix(scope.get("root_path", "")).startswith("/api/")
    return is_page and "text/html" in Headers(scope=scope).get("accept", "")


def _for_people(site: Site, found: Answer) -> Answer:
    """The HTML page for a problem."""
    document = json.loads(found.body)
    detail = str(document.get("detail", ""))
    text = error_page(site, found.status, document["title"], detail[:1].upper() + detail[1:]).encode()
    about_body = [(b"content-length", b"%d" % len(text)), (b"content-type", HTML.encode())]
    others = [pair for pair in found.headers if pair[0] not in (b"content-length", b"content-type")]
    return Answer(found.status, about_body + others, text)
