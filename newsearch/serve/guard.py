"""Checks before a request is handled (limits, host names, the token), and the headers of every response."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsearch.serve.answers import problem
from newsearch.serve.metrics import Metrics
from newsearch.serve.settings import Settings

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

FEEDS = ("/search.atom", "/search.rss", "/search.json")
_OPEN = ("/healthz",)
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match, Authorization",
    "Access-Control-Max-Age": "3600",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, for the log: its target, its outcome, and its duration in seconds."""

    client: str
    method: str
    path: str
    query: str
    status: int
    size: int
    seconds: float


class Guard:
    """An ASGI app around another one, which only receives permitted requests."""

    def __init__(
        self, inner: ASGIApp, settings: Settings, metrics: Metrics, log: Callable[[Seen], None] | None
    ) -> None:
        self._inner = inner
        self._settings = settings
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._settings)
        started = perf_counter()
        try:
            await self._answer(exchange)
        finally:
            self._count(exchange, perf_counter() - started)

    async def _answer(self, exchange: _Exchange) -> None:
        refused = self._refusal(exchange)
        try:
            if refused is not None:
                await refused(exchange.scope, exchange.receive, exchange.send)
                return
            async with asyncio.timeout(self._settings.timeout):
                await self._inner(exchange.scope, exchange.receive, exchange.send)
        except TimeoutError:
            await exchange.finish(problem(503, "this took too long", headers={"Retry-After": "5"}))

    def _refusal(self, exchange: _Exchange) -> Response | None:
        """The response that refuses this request; None if it is permitted."""
        scope, headers, settings = exchange.scope, exchange.headers, self._settings
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > settings.max_url:
            return problem(414, f"an address of at most {settings.max_url:,} bytes is read")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > settings.max_body:
            return problem(413, f"a body of at most {settings.max_body:,} bytes is read")
        host = headers.get("host", "")
        if _name(host) not in settings.hosts or len(headers.getlist("host")) != 1:
            return problem(
                421, "this server does not answer to this name; newsearch serve --allow-host adds one"
            )
        origin = headers.get("origin")
        if origin is not None and not settings.cors and origin.partition("://")[2].lower() != host.lower():
            return problem(403, "pages of other sites may not ask this server")
        exchange.strip(settings.base_path)
        if scope["method"] == "OPTIONS" and settings.cors:
            return Response(status_code=204, headers=_PREFLIGHT)
        return self._unknown(exchange)

    def _unknown(self, exchange: _Exchange) -> Response | None:
        """The response to a client without the token."""
        token, path = self._settings.token, exchange.scope["path"]
        is_feed = path in FEEDS
        if token is None or path in _OPEN or (self._settings.guarded == "feeds" and not is_feed):
            return None
        given = _credentials(exchange.headers.get("authorization", ""))
        if not given and is_feed:
            given = dict(parse_qsl(exchange.scope["query_string"].decode("latin-1"))).get("token", "")
        if compare_digest(given.encode(), token.encode()):
            return None
        return problem(
            401, "a token is needed", headers={"WWW-Authenticate": 'Basic realm="newsearch", Bearer'}
        )

    def _count(self, exchange: _Exchange, seconds: float) -> None:
        scope = exchange.scope
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.count(route, exchange.status, seconds)
        if self._log:
            client = scope.get("client") or ("-",)
            query = scope["query_string"].decode("latin-1")
            seen = Seen(
                client[0], scope["method"], scope["path"], query, exchange.status, exchange.size, seconds
            )
            self._log(seen)


class _Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, settings: Settings) -> None:
        self.scope = dict(scope)
        self.headers = Headers(scope=scope)
        self.status = 500
        self.size = 0
        self._started = False
        self._receive: Callable[[], Awaitable[Message]] = receive
        self._send = send
        self._settings = settings
        self._read = 0

    def strip(self, base_path: str) -> None:
        """Remove the base path of the app, unless a proxy has already done that."""
        path = self.scope["path"]
        if base_path and (path == base_path or path.startswith(base_path + "/")):
            self.scope["path"] = path[len(base_path) :] or "/"

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._settings.max_body:
            raise HTTPException(413, f"a body of at most {self._settings.max_body:,} bytes is read")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            self.status = message["status"]
            self._add_headers(MutableHeaders(scope=message))
        elif message["type"] == "http.response.body":
            if self.scope["method"] == "HEAD":
                message = {**message, "body": b""}
            self.size += len(message.get("body", b""))
        await self._send(message)

    def _add_headers(self, headers: Any) -> None:
        headers.setdefault("Content-Security-Policy", CSP)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if self._settings.cors:
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Access-Control-Expose-Headers"] = "ETag, Link, Retry-After"
        else:
            headers["Cross-Origin-Resource-Policy"] = "same-origin"

    async def finish(self, response: Response) -> None:
        """Send this response, unless another one has begun."""
        if not self._started:
            await response(self.scope, self._receive, self.send)


def _name(host: str) -> str:
    """The host name in a Host header, without its port."""
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def _credentials(given: str) -> str:
    """The token in an Authorization header: a bearer token, or the password of Basic with any user name."""
    scheme, _, value = given.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""
