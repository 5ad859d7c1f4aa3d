"""The ASGI app: routes, and what becomes of errors."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp

from newsearch import NewsearchError, QueryError
from newsearch.serve import api
from newsearch.serve.answers import problem, query_problem
from newsearch.serve.guard import Guard, Seen
from newsearch.serve.live import Busy, Live
from newsearch.serve.metrics import Metrics
from newsearch.serve.settings import Settings
from newsearch.serve.site import Site


def app(
    index: str | os.PathLike[str],
    *,
    settings: Settings | None = None,
    synonyms: str | os.PathLike[str] | None = None,
    log: Callable[[Seen], None] | None = None,
) -> ASGIApp:
    """An ASGI app that serves an index, and never writes it.

    The index is opened when it is first asked for, and followed from one generation to the next. Until there is one,
    requests are answered with 503.

    Args:
        index: directory of the index.
        settings: what the server allows, and where it stands.
        synonyms: a file of synonyms, as for `newsearch.open`.
        log: called after each request with what was asked and what became of it.
    """
    settings = settings or Settings()
    site = Site(Live(index, settings, synonyms), settings, Metrics())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(site.live.close)
            yield

    inner = Starlette(
        routes=[*api.routes(site)],
        lifespan=lifespan,
        exception_handlers={
            QueryError: _query_error,
            NewsearchError: _newsearch_error,
            Busy: _busy,
            HTTPException: _http_error,
            Exception: _bug,
        },
    )
    return Guard(inner, settings, site.metrics, log)


async def _query_error(http: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, QueryError)
    return query_problem(error)


async def _newsearch_error(http: HttpRequest, error: Exception) -> Response:
    # Its message may name files of this machine.
    return problem(503, "the index cannot be read now", headers={"Retry-After": "5"})


async def _busy(http: HttpRequest, error: Exception) -> Response:
    return problem(503, "too many searches are waiting", headers={"Retry-After": "1"})


async def _http_error(http: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail if error.status_code not in (404, 405) or "article" in error.detail else ""
    return problem(error.status_code, detail, headers=error.headers or {})


async def _bug(http: HttpRequest, error: Exception) -> Response:
    return problem(500, "an error of this server, which its log tells")
