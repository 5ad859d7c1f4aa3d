"""One request over HTTP and its answer, within limits of time and size. Its classes are those that the client needs.

The client limits the time between two bytes alone. A server that sends one byte at a time would hold a request forever.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from socket import IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, getaddrinfo, socket
from typing import Any, Final
from urllib.parse import urlencode

import opensearchpy.exceptions as errors
import orjson
import urllib3
from opensearchpy.connection.base import Connection
from opensearchpy.serializer import JSONSerializer
from urllib3.connection import HTTPConnection, HTTPSConnection

MAX_ANSWER: Final = 512 << 20
"""Bytes of an answer, unpacked. The largest ones are 500 articles, or the codes of 10,000."""

_PIECE: Final = 1 << 20
_CONNECTIONS: Final = 32
_MOMENT: Final = 0.001

_request = threading.local()
"""Its attribute `end` is when the request of this thread must be over, in seconds of the monotonic clock."""


class TooLarge(Exception):
    """The answer has more than MAX_ANSWER bytes."""


class BrokenOff(errors.ConnectionError):
    """The answer began, but did not come to its end."""


class Node(Connection):
    """Connections to one node.

    Args:
        context: for TLS; None for plain HTTP.
        sign: returns headers for a method, an address and a body.
    """

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None = None,
        sign: Callable[[str, str, Any], Mapping[str, str]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(use_ssl=context is not None, **options)
        self._sign = sign
        if context is not None:
            context.sslsocket_class = _TlsSocket
        self._pool = _pool_of(self.hostname, self.port, context)

    def perform_request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
        ignore: object = (),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request and return status, headers and body of its answer.

        Args:
            timeout: seconds until the last byte of the answer. A connection is made in those of the settings.

        Raises:
            TransportError: the node answered with an error, or not at all, or not in time.
            TooLarge: its answer is too large.
        """
        seconds = timeout or self.timeout
        path = self.url_prefix + url + (f"?{urlencode(params)}" if params else "")
        sent = {**self.headers, **(headers or {})}
        if self._sign:
            sent.update(self._sign(method, self.host + path, body))
        _request.end = time.monotonic() + seconds
        try:
            answer = self._pool.urlopen(
                method,
                path,
                body,
                sent,
                retries=False,
                timeout=urllib3.Timeout(connect=min(seconds, self.timeout), read=seconds),
                preload_content=False,
                enforce_content_length=True,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _failed(error, errors.ConnectionError) from error
        try:
            data = _read(answer)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _failed(error, BrokenOff) from error
        if not 200 <= answer.status < 300:
            raise errors.TransportError(answer.status, "", _described(data))
        return answer.status, answer.headers, data

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _pool_of(host: str, port: int, context: ssl.SSLContext | None) -> urllib3.HTTPConnectionPool:
    if context is None:
        return _PlainPool(host, port, maxsize=_CONNECTIONS)
    return _TlsPool(host, port, maxsize=_CONNECTIONS, ssl_context=context)


def _failed(error: Exception, kind: type[Exception]) -> Exception:
    if isinstance(error, urllib3.exceptions.SSLError):
        kind = errors.SSLError
    elif any(
        isinstance(each, TimeoutError | urllib3.exceptions.TimeoutError) for each in (error, *error.args)
    ):
        kind = errors.ConnectionTimeout
    return kind("N/A", str(error), error)


def _read(answer: Any) -> bytes:
    pieces, size = [], 0
    try:
        for piece in answer.stream(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_ANSWER:
                raise TooLarge
    except BaseException:
        answer.close()
        raise
    answer.release_conn()
    return b"".join(pieces)


def _described(data: bytes) -> Any:
    """What an answer says of an error; None if that is not an object of JSON."""
    try:
        found = Json().loads(data)
    except errors.SerializationError:
        return None
    return found if isinstance(found, Mapping) else None


class Json(JSONSerializer):
    """Answers are decoded several times as fast. What orjson refuses, the standard library is asked."""

    def loads(self, s: Any) -> Any:
        try:
            return orjson.loads(s)
        except ValueError:
            pass
        try:
            return json.loads(s, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise errors.SerializationError(s, error) from error

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, str | bytes) else json.dumps(data)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# Sockets


def _seconds_left() -> float:
    left: float = _request.end - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _InTime:
    """What of a socket waits, waits until the request must be over."""

    def recv_into(self, *args: Any) -> int:
        self.settimeout(_seconds_left())  # type: ignore[attr-defined]
        return super().recv_into(*args)  # type: ignore[misc,no-any-return]

    def send(self, *args: Any) -> int:
        self.settimeout(_seconds_left())  # type: ignore[attr-defined]
        return super().send(*args)  # type: ignore[misc,no-any-return]

    def sendall(self, *args: Any) -> None:
        self.settimeout(_seconds_left())  # type: ignore[attr-defined]
        super().sendall(*args)  # type: ignore[misc]


class _Socket(_InTime, socket):
    pass


class _TlsSocket(_InTime, ssl.SSLSocket):
    pass


def _reached(host: str, port: int, seconds: float) -> socket:
    """A socket that is connected to a host. Some of its addresses may be dead: the limit is that of all of them."""
    end, failure = time.monotonic() + seconds, OSError("no address")
    found = getaddrinfo(host, port, type=SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(found):
        share = max(end - time.monotonic(), _MOMENT) / (len(found) - number)
        try:
            return _connected(_Socket(family, kind, protocol), address, share, end)
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise urllib3.exceptions.ConnectTimeoutError("timed out") from failure
    raise failure


def _connected(made: socket, address: Any, seconds: float, end: float) -> socket:
    """A socket that is connected. It has the time until the end for the handshake of TLS."""
    try:
        made.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        made.settimeout(seconds)
        made.connect(address)
        made.settimeout(max(end - time.monotonic(), _MOMENT))
    except BaseException:
        made.close()
        raise
    return made


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket:
        return _reached(self.host, self.port, self.timeout or 0.0)


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket:
        return _reached(self.host, self.port, self.timeout or 0.0)


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
