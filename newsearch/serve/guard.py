"""Checks before a request is handled (limits, host names, the token), and the headers of every response."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from hmac import compare_digest
from time import perf_counter
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsearch.serve.answers import Answer, problem
from newsearch.serve.metrics import Metrics
from newsearch.serve.settings import Settings

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

FEEDS = ("/search.atom", "/search.rss", "/search.json")
_OPEN = ("/healthz",)
_MOST_DIGITS = 18
"""Of a Content-Length. Python refuses to convert thousands."""

_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (
        b"access-control-allow-headers",
        b"Content-Type, If-None-Match, Authorization, MCP-Protocol-Version, Mcp-Method, Mcp-Name",
    ),
    (b"access-control-max-age", b"3600"),
)
_SAFE = {
    b"content-security-policy": CSP.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
}
_SAFE_FOR_ALL = _SAFE | {
    b"access-control-allow-origin": b"*",
    b"access-control-expose-headers": b"ETag, Link, Retry-After",
}
_SAFE_FOR_OURS = _SAFE | {b"cross-origin-resource-policy": b"same-origin"}
"""The headers of every answer: where pages of other sites may read, and elsewhere."""

_TRIED = "newsearch.tried"
"""Where the scope of a request holds an exchange that has no answer yet."""


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
    """An ASGI app around another one, which only receives permitted requests.

    Args:
        at_once: asked before the inner app for an answer that takes no waiting.
        shown: gives a problem the form that suits the client.
    """

    def __init__(
        self,
        inner: ASGIApp,
        at_once: Callable[[Scope], Answer | None],
        shown: Callable[[Scope, Answer], Answer],
        settings: Settings,
        metrics: Metrics,
        log: Callable[[Seen], None] | None,
    ) -> None:
        self._inner = inner
        self._at_once = at_once
        self._shown = shown
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
        tried: _Exchange | None = scope.pop(_TRIED, None)
        exchange = tried or _Exchange(scope, self._settings)
        exchange.connect(receive, send)
        try:
            answer = None if tried else self._known(exchange)
            if answer is not None:
                await exchange.finish(answer)
            else:
                await self._answer(exchange)
        finally:
            self._count(exchange)

    def at_once(self, scope: Scope) -> Answer | None:
        """The whole answer to a request of HTTP that takes no waiting; None if this app has to be called.

        The app then goes on where this ended, if it is called with the same scope.
        """
        exchange = _Exchange(scope, self._settings)
        answer = self._known(exchange)
        if answer is None:
            scope[_TRIED] = exchange
            return None
        whole = exchange.whole(answer)
        self._count(exchange)
        return whole

    def _known(self, exchange: _Exchange) -> Answer | None:
        """The answer to a request that is refused, or answered before the inner app."""
        answer = self._refusal(exchange)
        if answer is not None and answer.status >= 400:
            return self._shown(exchange.scope, answer)
        if answer is None and (answer := self._at_once(exchange.scope)):
            exchange.route = exchange.path
        return answer

    async def _answer(self, exchange: _Exchange) -> None:
        exchange.enter(self._settings.base_path)
        try:
            async with asyncio.timeout(self._settings.timeout) as exchange.time:
                await self._inner(exchange.scope, exchange.receive, exchange.send)
        except TimeoutError:
            if exchange.refusal is not None:
                late = exchange.refusal
            elif exchange.is_waiting:
                late = problem(408, f"a body is read for {self._settings.body_timeout:g} seconds at most")
            else:
                late = problem(503, "this took too long", headers={"Retry-After": "5"})
            await exchange.finish(self._shown(exchange.scope, late))

    def _refusal(self, exchange: _Exchange) -> Answer | None:
        """The response that refuses this request; None if it is permitted."""
        scope, headers, settings = exchange.scope, exchange.headers, self._settings
        exchange.leave(settings.base_path)
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > settings.max_url:
            return problem(414, f"an address of at most {settings.max_url:,} bytes is read")
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > _MOST_DIGITS or int(length) > settings.max_body:
            return problem(413, f"a body of at most {settings.max_body:,} bytes is read")
        host = exchange.header(b"host")
        if _name(host) not in settings.hosts or exchange.hosts != 1:
            return problem(
                421, "this server does not answer to this name; newsearch serve --allow-host adds one"
            )
        if b"origin" in headers and not settings.cors:
            origin = exchange.header(b"origin")
            if origin.partition("://")[2].lower() != host.lower():
                return problem(403, "pages of other sites may not ask this server")
        if scope["method"] == "OPTIONS" and settings.cors:
            return Answer(204, list(_PREFLIGHT))
        return self._unknown(exchange)

    def _unknown(self, exchange: _Exchange) -> Answer | None:
        """The response to a client without the token."""
        token, path = self._settings.token, exchange.path
        is_feed = path in FEEDS
        if token is None or path in _OPEN or (self._settings.guarded == "feeds" and not is_feed):
            return None
        given = _credentials(exchange.headers.get(b"authorization", b"").decode(errors="replace"))
        if not given and is_feed:
            given = dict(parse_qsl(exchange.scope["query_string"].decode("latin-1"))).get("token", "")
        if compare_digest(given.encode(), token.encode()):
            return None
        refusal = problem(401, "a token is needed", headers={"WWW-Authenticate": 'Basic realm="newsearch"'})
        # In a header of its own: Chromium asks for no password if it finds a scheme without parameters beside Basic.
        refusal.headers.append((b"www-authenticate", b"Bearer"))
        return refusal

    def _count(self, exchange: _Exchange) -> None:
        scope, seconds = exchange.scope, perf_counter() - exchange.started
        route = exchange.route or getattr(scope.get("route"), "path", None) or "other"
        self._metrics.count(route, exchange.status, seconds)
        if self._log:
            client = scope.get("client") or ("-",)
            query = scope["query_string"].decode("latin-1")
            seen = Seen(
                client[0], scope["method"], exchange.path, query, exchange.status, exchange.size, seconds
            )
            self._log(seen)


class _Exchange:
    """One request and its response.

    Attributes:
        path: the path without the base path of the app.
        started: when it began, in the seconds of `perf_counter`.
        time: ends the exchange when it has taken too long.
        is_waiting: whether the client has yet to send what is being read of its body.
        refusal: the answer to a body that cannot be read, if this is why the exchange ended.
    """

    _receive: Callable[[], Awaitable[Message]]
    _send: Send

    def __init__(self, scope: Scope, settings: Settings) -> None:
        self.started = perf_counter()
        self.scope = dict(scope)
        self.path: str = scope["path"]
        given = list(scope["headers"])
        self.headers: dict[bytes, bytes] = dict(reversed(given))  # of several with one name, the first
        self.hosts = [name for name, _ in given].count(b"host")
        self.route: str | None = None
        self.status = 500
        self.size = 0
        self.is_waiting = False
        self.time: asyncio.Timeout | None = None
        self.refusal: Answer | None = None
        self._settings = settings
        self._has_begun = False
        self._read = 0
        self._is_read = False
        self._began = 0.0

    def connect(self, receive: Receive, send: Send) -> None:
        """Exchange messages by these from now on."""
        self._receive = receive
        self._send = send
        self._began = asyncio.get_running_loop().time()

    def header(self, name: bytes) -> str:
        """The value of a header, empty without it."""
        return self.headers.get(name, b"").decode("latin-1")

    def leave(self, base_path: str) -> None:
        """Remove the base path of the app, unless a proxy has already done that."""
        path = self.path
        if base_path and (path == base_path or path.startswith(base_path + "/")):
            self.path = self.scope["path"] = path[len(base_path) :] or "/"

    def enter(self, base_path: str) -> None:
        """Put the base path back in the form in which the inner app finds its routes and redirects to them."""
        if base_path:
            self.scope |= {"path": base_path + self.path, "root_path": base_path}

    async def receive(self) -> Message:
        if self._is_read or self.time is None:  # what follows a body is that the client goes
            return await self._receive()
        # A body has a time of its own, and so has what is done with it.
        self.is_waiting = True
        self._end_at(self._began + self._settings.body_timeout)
        message = await self._receive()
        self.is_waiting = False
        if message["type"] == "http.disconnect":
            await self._refuse(problem(400, "the body ended too early"))
        self._end_at(asyncio.get_running_loop().time() + self._settings.timeout)
        self._is_read = not message.get("more_body", False)
        self._read += len(message.get("body", b""))
        if self._read > self._settings.max_body:
            await self._refuse(problem(413, f"a body of at most {self._settings.max_body:,} bytes is read"))
        return message

    async def _refuse(self, refusal: Answer) -> None:
        """End the exchange with this answer. An error would reach the log, as one of this server, from the tools."""
        self.refusal = refusal
        self._end_at(asyncio.get_running_loop().time())
        await asyncio.Event().wait()

    def _end_at(self, when: float) -> None:
        if self.time is not None and not self.time.expired():
            self.time.reschedule(when)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_begun = True
            self.status = message["status"]
            message = {**message, "headers": self._safe(message["headers"])}
        elif message["type"] == "http.response.body":
            if self.scope["method"] == "HEAD":
                message = {**message, "body": b""}
            self.size += len(message.get("body", b""))
        await self._send(message)

    async def finish(self, answer: Answer) -> None:
        """Send this answer, unless another one has begun."""
        if not self._has_begun:
            self._has_begun = True
            await self.whole(answer)(self.scope, self._receive, self._send)

    def whole(self, answer: Answer) -> Answer:
        """This answer as it is sent."""
        body = b"" if self.scope["method"] == "HEAD" else answer.body
        self.status, self.size = answer.status, len(body)
        return Answer(answer.status, self._safe(answer.headers), body)

    def _safe(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The headers of an answer, with those that every answer has."""
        safe = _SAFE_FOR_ALL if self._settings.cors else _SAFE_FOR_OURS
        return [*(pair for pair in headers if pair[0] not in safe), *safe.items()]


def _name(host: str) -> str:
    """The host name in a Host header, without its port; empty if the header has another form."""
    match = _HOST.fullmatch(host.lower())
    return (match[1] or match[2]) if match else ""


_HOST = re.compile(r"(?:\[([^\[\]]*:[^\[\]]*)\]|([^\[\]:]*))(?::[0-9]+)?")
"""Only an IPv6 address is in brackets, and only a port follows it."""


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
