"""The limits and the location of a server."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Literal, TypeAlias

from newsearch import Request
from newsearch.errors import EngineError, QueryError
from newsearch.query.plan import asks_for_unpublished

Guarded: TypeAlias = Literal["all", "feeds"]

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a server.

    Attributes:
        hosts: permitted host names of requests, without ports. Any other is refused, even on loopback. Otherwise a page
            of another site could read the index through a name that resolves to this server.
        base_path: the path of the server behind a proxy, such as `/news`; empty for the root.
        token: the token that clients must send, or None.
        guarded: what the token protects: everything, or only the feeds, which then need one.
        cors: whether pages of other sites may read the API.
        unpublished: whether requests may include unpublished articles.
        saved: a file of saved searches, or None. It is read again when it changes.
        threads: number of searches that run at the same time.
        waiting: number of searches that wait for a thread; any more are answered with 503.
        memory: maximum bytes that searching may take, as for `newsearch.open`, in each worker.
        shared: a directory that only the workers of this server write, to share the lists of words that searches make;
            None shares none.
        shared_memory: maximum bytes of these lists. In a file system in memory, that is the memory of all workers
            together.
        kept: maximum bytes of answers that are kept to be sent again; 0 keeps none.
        warm_up: whether the front page is prepared when an index is opened, and for up to half a second before the
            server switches to a new generation. Otherwise the first request for it takes long.
        timeout: maximum duration of a request, in seconds, apart from reading its body.
        body_timeout: maximum seconds for a client to send a body.
        max_url: maximum bytes of a path with its query.
        max_body: maximum bytes of a body.
        max_limit: maximum hits on one page.

    Raises:
        EngineError: the base path, a host name or the token is invalid.
    """

    hosts: tuple[str, ...] = LOOPBACK
    base_path: str = ""
    token: str | None = None
    guarded: Guarded = "all"
    cors: bool = False
    unpublished: bool = False
    saved: str | os.PathLike[str] | None = None
    threads: int = min(8, os.cpu_count() or 1)
    waiting: int = 64
    memory: int = 56 << 20
    shared: str | os.PathLike[str] | None = None
    shared_memory: int = 512 << 20
    kept: int = 8 << 20
    warm_up: bool = True
    timeout: float = 10.0
    body_timeout: float = 20.0
    max_url: int = 8_192
    max_body: int = 65_536
    max_limit: int = 1_000

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_path", self.base_path.rstrip("/"))
        object.__setattr__(self, "hosts", tuple(map(_host, self.hosts)))
        if self.base_path and not (self.base_path.startswith("/") and _is_plain(self.base_path)):
            raise EngineError(f"the base path {self.base_path!r} is not one: write it as in /news")
        if self.token == "":
            raise EngineError("the token is empty: give one that nobody can guess, or none at all")
        if self.token is None and self.guarded == "feeds":
            raise EngineError("the feeds are to require a token, but there is none: give one")


def _host(text: str) -> str:
    """A host name or address as a Host header has it, without brackets."""
    host = text.lower()
    address = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    with suppress(ValueError):
        if ":" in address and IPv6Address(address):
            return address
    if not _NAME.fullmatch(host):
        raise EngineError(
            f"the host name {text!r:.80} is not one: write it as in news.example, without a scheme, port or path"
        )
    return host


_NAME = re.compile(r"[a-z0-9._-]+")


def _is_plain(path: str) -> bool:
    parts = path[1:].split("/")
    return path.isascii() and all(part.replace("-", "").replace("_", "").isalnum() for part in parts)


def within(request: Request, settings: Settings) -> Request:
    """Restrict a request to what the server may show. Raises QueryError if it asks for more, or for a longer page."""
    if request.limit > settings.max_limit:
        raise QueryError(f"limit: {request.limit:,} is too many here: at most {settings.max_limit:,}")
    if not settings.unpublished:
        if request.unpublished:
            raise QueryError("unpublished: this server shows only published articles")
        # Parsed only if the query may ask for unpublished articles.
        if "unpublished" in request.query.casefold() and asks_for_unpublished(request.parsed().tree):
            raise QueryError("query: this server shows only published articles")
    return request
