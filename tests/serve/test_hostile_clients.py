"""What clients may try: crowds, slow readers, endless requests, and script in every field of an article."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from connections import connected, listening, received
from running import serving

import newsearch
from newsearch import Index
from newsearch.serve import app
from newsearch.serve.guard import Seen
from newsearch.serve.settings import Settings

SEARCH = "/api/v1/search"


# Crowds


def test_more_searches_than_may_wait_are_refused_at_once(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    may_end = threading.Event()
    original = Index.run

    def run(self: Index, request: Any) -> Any:
        assert may_end.wait(60)
        return original(self, request)

    monkeypatch.setattr(Index, "run", run)
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.1)

    async def crowd() -> list[httpx.Response]:
        served = app(index, settings=Settings(threads=1, waiting=2, timeout=60))
        transport = httpx.ASGITransport(served)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asked = [
                asyncio.create_task(client.get(SEARCH, params={"query": f"ban {number}"}))
                for number in range(20)
            ]
            # The refused ones do not wait for the others, which cannot end before this.
            while sum(task.done() for task in asked) < 17:
                await asyncio.sleep(0.01)
            for pause in (0, 0.105, 0.2):  # the index is known, due for a check, and overdue
                await asyncio.sleep(pause)
                assert (await client.get("/healthz")).json()["status"] == "ok"
            may_end.set()
            return await asyncio.gather(*asked)

    answers = asyncio.run(crowd())
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(503)) == (3, 17)
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["content-type"] == "application/problem+json"


def test_a_crowd_of_connections_is_refused_and_told_when_to_come_back(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.process._CONNECTIONS", 3)
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with listening(app(index)) as (port, _):
        idle = []
        for _ in range(3):
            idle.append(connected(port))
            idle[-1].sendall(request)
            assert idle[-1].recv(100).startswith(b"HTTP/1.1 200")
        with connected(port) as one_more:
            one_more.sendall(request)
            answer = received(one_more)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 5" in answer.lower()
        for connection in idle:
            connection.close()


def test_a_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsearch.serve.process._SEND_SECONDS", 0.05)
    size = 64 << 20

    async def large(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(size)})

    with listening(large) as (port, server), connected(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(1)
        # It keeps the connection for as long as the rest waits to be read, unless it gives up.
        for _ in range(1_200):
            if not server.server_state.connections:
                break
            sleep(0.05)
        assert not server.server_state.connections
        taken = 1
        with suppress(ConnectionError):
            while part := client.recv(1 << 20):
                taken += len(part)
        assert taken < size


# Requests without end


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: b"GET /?query=" + b"x" * (1 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * (1 << 20) + b"\r\n\r\n",
        lambda: (
            f"POST {SEARCH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
            + b"Content-Length: 1048576\r\n\r\n"
            + b" " * (1 << 20)
        ),
        lambda: (
            f"POST {SEARCH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + (b"1000\r\n" + b" " * 0x1000 + b"\r\n") * 256
            + b"0\r\n\r\n"
        ),
        lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    ],
    ids=["address", "header", "body", "chunks", "headers"],
)
def test_a_megabyte_is_refused_and_the_server_goes_on(index: Path, request_of: Callable[[], bytes]) -> None:
    with listening(app(index)) as (port, _):
        with connected(port) as client:
            try:
                client.sendall(request_of())
                client.shutdown(socket.SHUT_WR)
                answer = received(client)
            except OSError:
                answer = b""  # refused while it was still being sent
        assert not answer or re.match(rb"HTTP/1\.1 (400|413|414|431) ", answer)
        with connected(port) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert received(client).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "query",
    [
        "(" * 4_000,
        '"' * 3_999,
        " ".join(["a*"] * 1_300),
        " ".join(["word~2"] * 500),
        "a NEAR/1000 " * 300,
        "-" * 4_000,
        "title:" * 600,
        "x" * 4_000,
        "é" * 1_000,
        "\u202e\x00\x1b[31m",
        "((((((((((a OR b) AND c) OR d)))))" * 100,
        "topic:" + "Z" * 4_000,
        "url:" + "/" * 4_000,
    ],
)
def test_a_long_query_is_answered(client: Any, query: str) -> None:
    for answer in (client.post(SEARCH, json={"query": query}), client.get("/", params={"query": query})):
        assert answer.status_code in (200, 400, 414)


# Script in articles

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'`]]>"
URL = 'javascript:alert(1)//"onclick="alert(1)'

EVERYTHING = {
    "id": f"id{SCRIPT}",
    "title": f"Attack title {SCRIPT}",
    "excerpt": f"Attack excerpt {SCRIPT}",
    "body": f"Attack body {SCRIPT}\n\n{SCRIPT}",
    "publishedDateTime": "2020-10-01T00:00:00Z",
    "modified": "2020-10-02T00:00:00Z",
    "authors": [SCRIPT, "Ann Example"],
    "topics": [SCRIPT],
    "category": SCRIPT,
    "type": SCRIPT,
    "locale": SCRIPT,
    "webUrl": f"https://x.example/{SCRIPT}",
    "originalUrl": URL,
    "ampWebUrl": URL,
    "cdnAmpWebUrl": URL,
    "provider": {"name": SCRIPT, "domain": SCRIPT, "images": [{"url": URL}]},
    "images": [{"url": URL, "width": 1, "height": 1}],
    "related": [{"path": SCRIPT, "title": SCRIPT, "webUrl": URL}],
    "heat": 50,
    "quality": 50,
    SCRIPT: SCRIPT,
}
PATHS = (
    "/",
    "/?query=attack&explain=true",
    "/?query=attack+zeppelin",
    f"/?query={quote(SCRIPT)}",
    f"/?query=attack&topics={quote(SCRIPT)}",
    f"/?query=attack&sort={quote(SCRIPT)}",
    f"/?query=topic:{quote(SCRIPT)}zz",
    f"/article?id={quote(EVERYTHING['id'])}",  # type: ignore[arg-type]
    f"/article?id={quote(SCRIPT)}",
    f"/{quote(SCRIPT)}",
    "/help",
    "/search.atom?query=attack",
    "/search.rss?query=attack",
    "/search.json?query=attack",
    f"/search.atom?query={quote(SCRIPT)}",
    "/opensearch.xml",
    "/suggest?query=atta",
    f"{SEARCH}?query=attack&facets=topic&explain=true",
    f"{SEARCH}?query=attack&{quote(SCRIPT)}=1",
)


class Reader(HTMLParser):
    """Collects what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.runs.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.runs.append(name)
            if name in ("href", "src", "action") and re.match(
                r"\s*(javascript|data|vbscript):", value or "", re.I
            ):
                self.runs.append(str(value))
            if tag == "img" and name == "src" and value == "x":
                self.runs.append("img")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("attacked")
    others = [{"id": f"{number}", "title": f"Attack of the {number}"} for number in range(3)]
    lines = [json.dumps(article) + "\n" for article in (EVERYTHING, *others)]
    (place / "news.jsonl").write_text("".join(lines))
    newsearch.build(place / "news.jsonl", index=place / "index")
    return place / "index"


@pytest.mark.parametrize("path", PATHS)
def test_script_in_an_article_stays_text(serve: Any, attacked: Path, path: str) -> None:
    answer = serve(attacked).get(path, headers={"Accept": "text/html"})
    assert answer.status_code in (200, 400, 404)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in answer.headers["content-security-policy"]
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "text/html":
        reader = Reader()
        reader.feed(answer.text)
        assert reader.runs == []
    elif kind.endswith("xml"):
        for element in ElementTree.fromstring(answer.content).iter():  # noqa: S314 - the server's own
            assert element.tag.rpartition("}")[2].lower() not in ("script", "img")
            link = element.get("href", "") + (element.text or "" if element.tag == "link" else "")
            assert not link.lower().startswith("javascript:")
    else:
        assert kind in ("application/json", "application/problem+json", "application/feed+json") or (
            kind == "application/x-suggestions+json"
        )
        json.loads(answer.content)


# Slow senders

HEAD_OF_POST = (
    f"POST {SEARCH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    "Connection: close\r\nContent-Length: 16\r\n\r\n"
).encode()


def test_a_body_may_take_longer_than_a_search(index: Path) -> None:
    settings = Settings(timeout=0.5, body_timeout=60)
    with listening(app(index, settings=settings)) as (port, _), connected(port) as client:
        client.sendall(HEAD_OF_POST + b'{"quary"')
        sleep(0.4)
        client.sendall(b': "b')
        sleep(0.4)
        client.sendall(b'an"}')
        assert received(client).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("sent", [b"", b'{"query"'])
@pytest.mark.parametrize("path", [SEARCH, "/mcp"])
def test_a_body_that_comes_too_late_is_refused_as_such(index: Path, path: str, sent: bytes) -> None:
    settings = Settings(body_timeout=0.3)
    with listening(app(index, settings=settings)) as (port, _), connected(port) as client:
        client.sendall(HEAD_OF_POST.replace(SEARCH.encode(), path.encode()) + sent)
        answer = received(client)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"a body is read for 0.3 seconds at most" in answer


@pytest.mark.parametrize("path", [SEARCH, "/mcp"])
def test_who_goes_in_the_middle_of_a_body_causes_no_error(
    index: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    seen: list[Seen] = []
    with listening(app(index, log=seen.append)) as (port, _):
        with connected(port) as client:
            head = HEAD_OF_POST.replace(SEARCH.encode(), path.encode())
            client.sendall(head.replace(b"Host:", b"Accept: application/json\r\nHost:") + b'{"query"')
            sleep(0.1)
        while not seen:
            sleep(0.01)
    assert [one.status for one in seen] == [400]
    assert not caplog.records


def test_a_search_after_its_body_has_a_time_of_its_own(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(*_: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr("newsearch.serve.live.Live.run", run)
    settings = Settings(timeout=0.3, body_timeout=60)
    with listening(app(index, settings=settings)) as (port, _), connected(port) as client:
        client.sendall(HEAD_OF_POST + b'{"query": "ban"}')
        assert received(client).startswith(b"HTTP/1.1 503")


# Slow senders, as a process of its own


@pytest.mark.slow
def test_slow_heads_by_the_hundred_hold_nobody_up_and_are_let_go(index: Path) -> None:
    with serving(index) as (_, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        slow = [connected(port) for _ in range(300)]
        for connection in slow:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        for _ in range(5):
            with connected(port) as client:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert received(client).startswith(b"HTTP/1.1 200")
        for connection in slow:
            assert received(connection) == b""
            connection.close()
