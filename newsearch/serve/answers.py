"""Responses: bodies with strong ETags, compressed if the client accepts that, and problems (RFC 9457)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from gzip import compress
from http import HTTPStatus
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

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


def wants_gzip(http: HttpRequest) -> bool:
    """Whether the client accepts gzip."""
    return bool(re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", http.headers.get("accept-encoding", "")))


def known_tags(http: HttpRequest) -> set[str]:
    """The ETags that the client has, without quotes and without the suffix for compression."""
    given = http.headers.get("if-none-match", "")
    return {tag.removesuffix("-gzip") for tag in re.findall(r'"([^"]*)"', given)} | (
        {"*"} if given == "*" else set()
    )


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
) -> Response:
    """A response that may be cached, but must be revalidated by its ETag."""
    response = Response(data, status, media_type=media_type)
    for name, value in headers.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-cache")
    response.headers["Vary"] = "Accept-Encoding"
    if gzipped:
        response.headers["Content-Encoding"] = "gzip"
    if tag:
        response.headers["ETag"] = f'"{tag}-gzip"' if gzipped else f'"{tag}"'
    return response


def not_modified(tag: str) -> Response:
    """A response for a client that already has the current version."""
    headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    return Response(status_code=304, headers=headers)


def problem(status: int, detail: str = "", *, headers: Mapping[str, str] = {}, **more: Any) -> Response:
    """An error in the form of RFC 9457: what is wrong, and with `parameter` and `position`, where."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        document["detail"] = detail
    document |= {name: value for name, value in more.items() if value is not None}
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    response = Response(body, status, media_type=PROBLEM)
    for name, value in {"Cache-Control": "no-store", **headers}.items():
        response.headers[name] = value
    return response


def query_problem(error: QueryError, position: int | None = None) -> Response:
    """The response to an invalid request."""
    return problem(400, str(error), parameter=blamed(error), position=position)


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
