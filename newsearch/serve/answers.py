"""Responses: bodies with strong ETags, compressed if the client accepts that, and problems (RFC 9457)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from gzip import compress
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.requests import Request as HttpRequest
from starlette.types import Receive, Scope, Send

from newsearch import QueryError, Request
from newsearch.serve.parameters import REQUEST_PARAMETERS, VIEW_PARAMETERS

JSON = "application/json"
PROBLEM = "application/problem+json"

_WORTH_COMPRESSING = 1_000
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Made:
    """The result of a handler.

    Attributes:
        key: what determines the result, besides the generation of the index.
        body: makes the body; not called if the client already has it.
        may_keep: whether the body may be kept to be sent again: the key determines every byte of it.
    """

    key: object
    body: Callable[[], Body]
    may_keep: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """A body with its own headers."""

    text: str | bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Answer:
    """A response with a body that is known, as an ASGI app.

    Attributes:
        status: the status of HTTP.
        headers: names in lower case, and values.
        body: what is sent, compressed or not.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def with_header(self, name: str, value: str) -> Answer:
        """The same answer with another value of a header."""
        (pair,) = _encoded({name: value})
        return Answer(self.status, [*(one for one in self.headers if one[0] != pair[0]), pair], self.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Accepted(NamedTuple):
    """What a client says of the answer that it wants.

    Attributes:
        gzip: whether it accepts gzip.
        tags: the ETags that it has, without quotes and without the suffix for compression; `*` for any.
    """

    gzip: bool = False
    tags: frozenset[str] = frozenset()

    @classmethod
    def of(cls, scope: Scope) -> Accepted:
        """What the headers of a request say; of two with one name, the first."""
        given = {name: value for name, value in reversed(scope["headers"]) if name in _SAYS}
        if not given:
            return _ANYTHING
        encodings = given.get(b"accept-encoding", b"").decode("latin-1")
        tags = given.get(b"if-none-match", b"").decode("latin-1")
        return cls(
            bool(_GZIP.search(encodings)),
            frozenset({"*"} if tags == "*" else (tag.removesuffix("-gzip") for tag in _TAG.findall(tags))),
        )

    def has(self, tag: str) -> bool:
        """Whether the client has the content with this tag, in either form."""
        return tag in self.tags or "*" in self.tags

    def form(self, tag: str) -> str:
        """The tag of the form of this content that the client gets.

        It depends on what the client accepts, and not on whether compressing is worth while: that is known only when
        the content is made, and a 304 has the tag that a 200 would have had.
        """
        return f"{tag}-gzip" if self.gzip else tag


_ANYTHING = Accepted()
_SAYS = (b"accept-encoding", b"if-none-match")
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
_TAG = re.compile(r'"([^"]*)"')


def encoded(text: str | bytes, gzip: bool) -> tuple[bytes, bool]:
    """A body's bytes, and whether they are compressed."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if gzip and len(data) >= _WORTH_COMPRESSING:
        return compress(data, _LEVEL, mtime=0), True
    return data, False


def respond(
    data: bytes,
    media_type: str,
    *,
    tag: str | None = None,
    gzipped: bool = False,
    headers: Mapping[str, str] = {},
    status: int = 200,
) -> Answer:
    """A response that may be cached, but must be revalidated by its ETag."""
    made = [(b"content-length", b"%d" % len(data)), (b"content-type", media_type.encode("latin-1"))]
    made += _encoded(headers)
    if "Cache-Control" not in headers:
        made.append(_REVALIDATED)
    made.append(_VARIED)
    if gzipped:
        made.append((b"content-encoding", b"gzip"))
    if tag:
        made.append((b"etag", f'"{tag}"'.encode()))
    return Answer(status, made, data)


def respond_packed(
    http: HttpRequest,
    text: str | bytes,
    media_type: str,
    *,
    headers: Mapping[str, str] = {},
    status: int = 200,
) -> Answer:
    """A response to a GET, compressed if the client accepts that, with an ETag made from its content.

    304 if the client has it; an error has no ETag.
    """
    accepted = Accepted.of(http.scope)
    whole = text.encode("utf-8", "replace") if isinstance(text, str) else text
    tag = None
    if status == 200:
        content = blake2b(whole, digest_size=12).hexdigest()
        tag = accepted.form(content)
        if accepted.has(content):
            return not_modified(tag, headers)
    data, gzipped = encoded(whole, accepted.gzip)
    return respond(data, media_type, tag=tag, gzipped=gzipped, headers=headers, status=status)


def not_modified(tag: str, headers: Mapping[str, str] = {}) -> Answer:
    """A response for a client that already has the current version.

    Args:
        tag: that of the form which the client would get.
        headers: those about caching that it would get, if they are not the usual ones.
    """
    made = [(b"etag", f'"{tag}"'.encode()), _VARIED, *_encoded(headers)]
    return Answer(304, made if "Cache-Control" in headers else [*made, _REVALIDATED])


_REVALIDATED = (b"cache-control", b"no-cache")
_VARIED = (b"vary", b"Accept-Encoding")


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def problem(status: int, detail: str = "", *, headers: Mapping[str, str] = {}, **more: Any) -> Answer:
    """An error in the form of RFC 9457: what is wrong, and with `parameter` and `position`, where."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        document["detail"] = detail
    document |= {name: value for name, value in more.items() if value is not None}
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    fields = {
        "Content-Length": str(len(body)),
        "Content-Type": PROBLEM,
        "Cache-Control": "no-store",
        **headers,
    }
    return Answer(status, _encoded(fields), body)


def query_problem(error: QueryError) -> Answer:
    """The response to an invalid request."""
    return problem(400, str(error), parameter=blamed(error))


def blamed(error: QueryError) -> str | None:
    """The parameter that caused an error, if its message begins with one."""
    name, colon, _ = str(error).partition(": ")
    known = {
        *REQUEST_PARAMETERS,
        *VIEW_PARAMETERS,
        *Request.__dataclass_fields__,
        "id",
        "text",
        "unit",
        "request",
    }
    is_one = colon and (name in known or re.fullmatch(r"[\w.-]{1,80}", name))
    return name if is_one else None
