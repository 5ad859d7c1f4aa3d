"""Another program may answer at the address of a cluster: slowly, without end, in part, or what no cluster sends."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from proxy import Proxy, make_certificate

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.settings import parse_place
from newsearch.errors import EngineError

pytest.importorskip("opensearchpy", reason="needs the extra newsearch[opensearch]")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SECONDS = 0.4
EXCHANGE = "newsearch.engine.opensearch.exchange"

Send = Callable[[bytes], object]


@contextmanager
def serving(
    answer: Callable[[Send], object], context: ssl.SSLContext | None = None, reads: bool = True
) -> Iterator[int]:
    """The port of a server that sends what it likes to, byte by byte."""
    done = Event()

    def run(connection: socket.socket) -> None:
        connection.settimeout(10)
        with (
            suppress(OSError),
            context.wrap_socket(connection, server_side=True) if context else connection as on,
        ):
            if reads:
                on.recv(1 << 16)
            answer(on.sendall)
            on.shutdown(socket.SHUT_WR)
            while on.recv(1 << 16):
                pass

    def accept() -> None:
        while not done.is_set():
            with suppress(OSError):
                Thread(target=run, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        thread = Thread(target=accept)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


def dripping(first: bytes, each: bytes) -> Callable[[Send], None]:
    """Sends a byte or so at a time, until the client hangs up."""

    def send(out: Send) -> None:
        out(first)
        while True:
            out(each)
            time.sleep(0.05)

    return send


def asked(port: int, body: Any = None, seconds: float = SECONDS, scheme: str = "http", **options: Any) -> Any:
    """The answer to a request with so much time."""
    settings = parse_place(f"opensearch+{scheme}://ann@127.0.0.1:{port}/news?retries=0", "secret")
    cluster = Cluster(replace(settings, timeout=seconds, **options))
    try:
        return cluster.ask("POST" if body else "GET", "/_alias/news", body)
    finally:
        cluster.close()


def message(port: int, body: Any = None, **options: Any) -> str:
    """What is said of a request that fails."""
    with pytest.raises(EngineError) as raised:
        asked(port, body, **options)
    text = str(raised.value)
    assert text.isprintable()
    assert "secret" not in text
    return text


SLOW = {
    "head": dripping(HEAD + b"X: ", b"x"),
    "heads": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "chunks": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "nothing": lambda out: time.sleep(3),
}


@pytest.mark.parametrize("kind", SLOW)
def test_an_answer_that_comes_byte_by_byte_has_a_total_time(kind: str) -> None:
    with serving(SLOW[kind]) as port:
        started = time.monotonic()
        assert f"no answer within {SECONDS} seconds" in message(port)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("is_encrypted", [True, False], ids=["answer", "handshake"])
def test_a_slow_answer_over_tls_has_a_total_time(tmp_path: Path, is_encrypted: bool) -> None:
    context = None
    if is_encrypted:
        try:
            made = make_certificate(tmp_path)
        except FileNotFoundError:
            pytest.skip("certificates are made by the command openssl")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(made.certificate, made.key)
    slow = SLOW["body"] if is_encrypted else dripping(b"\x16\x03\x03\x40\x00\x02", b"\0")
    with serving(slow, context) as port:
        started = time.monotonic()
        assert "no answer within" in message(port, scheme="https", verify=False)
        assert time.monotonic() - started < 2


def test_a_request_that_nobody_reads_has_a_total_time() -> None:
    with serving(SLOW["nothing"], reads=False) as port:
        started = time.monotonic()
        assert "no answer within" in message(port, b"x" * (32 << 20))
        assert time.monotonic() - started < 2


def test_all_addresses_of_a_host_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is bound but not listened on would refuse. One whose queue is full answers nothing."""
    with socket.socket() as full, socket.socket() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting.connect(full.getsockname())
        port = full.getsockname()[1]
        (dead,) = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
        with serving(lambda out: out(HEAD + b'Content-Length: 8\r\n\r\n{"a": 1}')) as living:
            (alive,) = socket.getaddrinfo("127.0.0.1", living, type=socket.SOCK_STREAM)
            monkeypatch.setattr(f"{EXCHANGE}.getaddrinfo", lambda *_, **__: [dead] * 4)
            started = time.monotonic()
            assert "no answer within" in message(port)
            assert time.monotonic() - started < 2
            monkeypatch.setattr(f"{EXCHANGE}.getaddrinfo", lambda *_, **__: [dead, alive])
            assert asked(port) == {"a": 1}


def test_an_answer_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{EXCHANGE}.MAX_ANSWER", 2 << 20)
    packed = gzip.compress(b" " * (64 << 20))
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    endless = dripping(HEAD + b"\r\n", b" " * (1 << 20))
    for answer in (lambda out: out(head + packed), endless):
        with serving(answer) as port:
            assert "answered with more than 2 MB; is this the address" in message(port, seconds=10)


def json_of(data: bytes, head: bytes = HEAD) -> Callable[[Send], object]:
    return lambda out: out(head + b"Content-Length: %d\r\n\r\n" % len(data) + data)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (json_of(b"[" * 200_000), "not JSON"),
        (json_of(b'{"a": NaN}'), "not JSON"),
        (json_of(b'{"a": "\xff"}'), "not JSON"),
        (json_of(b'{"a": 1' + b"0" * 10_000 + b"}"), "not JSON"),
        (json_of(b"{}", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"), "not JSON"),
        (json_of(b"{}", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"), "with status 302"),
        (json_of(b"[" * 200_000, HEAD.replace(b"200", b"500")), "with status 500"),
        (json_of(b""), "in another form"),
        (lambda out: out(b"HTTP/1.1 204 No Content\r\n\r\n"), "in another form"),
        (lambda out: out(HEAD + b'Content-Length: 99\r\n\r\n{"a": 1}'), "its answer broke off"),
        (lambda out: out(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "its answer broke off"),
        (lambda out: out(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), "broke off"),
        (lambda out: out(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"), "not JSON"),
    ],
)
def test_an_answer_that_no_cluster_gives_is_told(answer: Callable[[Send], object], says: str) -> None:
    with serving(answer) as port:
        assert says in message(port, seconds=5)


def test_an_answer_of_the_first_version_of_http_is_read() -> None:
    with serving(
        lambda out: out(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"a": 1}')
    ) as port:
        assert asked(port) == {"a": 1}


def test_a_warning_of_the_server_is_not_shown() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with serving(json_of(b"{}", HEAD + b'Warning: 299 x "\x1b[31mred"\r\n')) as port:
            assert asked(port) == {}


def test_user_and_password_are_sent_in_utf_8() -> None:
    with Proxy(user="ann\u00e9", password="gr\u00fc\u00df \u20ac", answer=lambda *_: (200, {})) as proxy:
        cluster = Cluster(
            parse_place(f"opensearch+http://ann%C3%A9@{proxy.host}/news", "gr\u00fc\u00df \u20ac")
        )
        assert cluster.ask("GET", "/_alias/news") == {}
