"""Short requests are answered while they are read: as by the app itself, in order, and counted once."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from connections import connected, listening, received
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from newsearch.serve import app
from newsearch.serve.guard import Seen
from newsearch.serve.settings import Settings
from newsearch.serve.shortcut import Shortcut

SEARCH = "/api/v1/search"
FIRST, SECOND, THIRD = (f"{SEARCH}?query={words}" for words in ("recognition", "facial+ban", "airport"))


class Served(NamedTuple):
    """A server: its port, the requests that it logged, and those that became tasks."""

    port: int
    seen: list[Seen]
    tasks: list[str]

    def answers(self, requests: bytes) -> list[tuple[int, dict[str, str], bytes]]:
        """The answers on one connection to some requests, of which the last one closes it."""
        with connected(self.port) as client:
            client.sendall(requests)
            return [*_parted(received(client))]


@contextmanager
def served(index: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[Served]:
    tasks: list[str] = []
    start = HttpToolsProtocol._start_asgi_task

    def noted(protocol: Any, cycle: Any, app: Any) -> None:
        tasks.append(f"{cycle.scope['path']}?{cycle.scope['query_string'].decode()}")
        start(protocol, cycle, app)

    monkeypatch.setattr(HttpToolsProtocol, "_start_asgi_task", noted)
    # On a slow machine, a generation would have to be looked for again, and nothing would be short.
    monkeypatch.setattr("newsearch.serve.live._EVERY", 3_600.0)
    monkeypatch.setattr("newsearch.serve.shortcut._SLOW", 1_000.0)
    seen: list[Seen] = []
    made = app(index, settings=Settings(**{"warm_up": False, **settings}), log=seen.append)
    with listening(made) as (port, _):
        found = Served(port, seen, tasks)
        found.answers(asked(f"{SEARCH}?query=zebra", close=True))  # the first search prepares the others
        assert tasks == [f"{SEARCH}?query=zebra"]
        seen.clear()
        tasks.clear()
        yield found


def asked(target: str, *, method: str = "GET", more: str = "", close: bool = False) -> bytes:
    ending = "Connection: close\r\n" if close else ""
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{more}{ending}\r\n".encode()


def _parted(data: bytes) -> Iterator[tuple[int, dict[str, str], bytes]]:
    """Responses to GET: the status, the headers in lower case, and the body of each."""
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) .+", first)
        assert match
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", "0"))
        yield int(match[1]), headers, data[:length]
        data = data[length:]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("", 200),
        ("Accept-Encoding: gzip\r\n", 200),
        ("If-None-Match: *\r\n", 304),
        ("Origin: http://elsewhere.example\r\n", 403),
        ("Authorization: Bearer wrong\r\n", 200),
    ],
)
def test_an_answer_at_once_is_that_of_the_app(
    index: Path, monkeypatch: pytest.MonkeyPatch, more: str, status: int
) -> None:
    with served(index, monkeypatch, kept=0) as server:
        request = asked(FIRST, more=more, close=True)
        at_once = server.answers(request)
        assert server.tasks == []
        monkeypatch.setattr("newsearch.serve.process.PatientProtocol._answer_at_once", lambda *_: None)
        by_app = server.answers(request)
        assert server.tasks == [FIRST]
    for ((code, headers, body),) in (at_once, by_app):
        assert code == status
        assert headers.pop("date")
        assert (headers, body) == (at_once[0][1], at_once[0][2])
    first, second = server.seen
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)


def test_requests_that_are_sent_together_are_answered_in_their_order(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = [FIRST, SECOND, "/healthz", THIRD, f"{SEARCH}?query=none&limit=-1", SECOND]
    with served(index, monkeypatch) as server:
        requests = [*map(asked, targets[:-1]), asked(targets[-1], close=True)]
        found = server.answers(b"".join(requests))
        assert [status for status, _, _ in found] == [200, 200, 200, 200, 400, 200]
        assert [json.loads(body).get("query") for _, _, body in found] == [
            "recognition",
            "facial ban",
            None,
            "airport",
            None,
            "facial ban",
        ]
        assert [f"{seen.path}?{seen.query}".rstrip("?") for seen in server.seen] == targets
        # Only the first one holds up other clients.
        assert len(server.tasks) == len(targets) - 1


def test_a_crowd_of_requests_sent_together_is_answered(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(index, monkeypatch) as server:
        found = server.answers(asked(FIRST) * 3_000 + asked(SECOND, close=True))
    assert [status for status, _, _ in found] == [200] * 3_001
    assert json.loads(found[-1][2])["query"] == "facial ban"


def test_a_connection_stays_open_as_the_client_asks(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(index, monkeypatch) as server:
        with connected(server.port) as client:
            for target in (FIRST, SECOND, FIRST):
                client.sendall(asked(target))
                ((status, headers, _),) = _parted(_answer(client))
                assert (status, headers.get("connection")) == (200, None)
        assert server.tasks == []
        for request in (
            asked(FIRST, close=True),
            f"GET {FIRST} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode(),
        ):
            ((status, headers, _),) = server.answers(request)
            assert (status, headers["connection"]) == (200, "close")
        assert server.tasks == []


def _answer(client: socket.socket) -> bytes:
    """One whole answer on a connection that stays open."""
    data = b""
    while True:
        data += client.recv(65_536)
        head, end, body = data.partition(b"\r\n\r\n")
        if end and len(body) >= int(re.findall(rb"content-length: (\d+)", head)[0]):
            return data


def test_head_has_the_headers_alone(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(index, monkeypatch) as server, connected(server.port) as client:
        client.sendall(asked(FIRST, method="HEAD", close=True))
        head, _, body = received(client).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert b"content-length: 0" not in head
        assert body == b""
        assert server.tasks == []


@pytest.mark.parametrize(
    "request_of",
    [
        asked("/healthz", close=True),
        asked(FIRST, more="X-Forwarded-For: 192.0.2.7\r\n", close=True),
        asked(FIRST, more="Content-Length: 2\r\n", close=True) + b"{}",
        asked(f"{SEARCH}?query=%22facial%20ban%22", close=True),
    ],
    ids=["another path", "by a proxy", "with a body", "not short"],
)
def test_any_other_request_is_left_to_the_app_and_counted_once(
    index: Path, monkeypatch: pytest.MonkeyPatch, request_of: bytes
) -> None:
    with served(index, monkeypatch) as server:
        ((status, _, _),) = server.answers(request_of)
        assert status == 200
        assert len(server.tasks) == 1
        (seen,) = server.seen
        assert seen.status == 200
        assert seen.client == ("192.0.2.7" if b"Forwarded" in request_of else "127.0.0.1")


def test_a_bug_is_an_error_of_the_server(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with served(index, monkeypatch) as server:
        monkeypatch.setattr(Shortcut, "_answer", fail)
        ((status, _, _),) = server.answers(asked(FIRST, close=True))
        assert status == 500
        monkeypatch.undo()
        ((status, _, _),) = server.answers(asked(FIRST, close=True))
        assert status == 200
