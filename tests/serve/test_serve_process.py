"""newsearch serve as a process: it listens, answers, logs, and stops when it is told to."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep
from urllib.error import HTTPError
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
from documents import ROOT
from running import serving

import newsearch
from newsearch.cli.main import main


def fetch(address: str) -> bytes:
    with urlopen(HttpRequest(address), timeout=20) as answer:  # noqa: S310 - the address is ours
        data: bytes = answer.read()
        return data


def test_it_serves_logs_and_stops_on_term(index: Path) -> None:
    with serving(
        index, "--log-format", "json", "--base-path", "/news", "--guard", "feeds", "--token", "x"
    ) as (
        server,
        address,
    ):
        assert address.endswith("/news/")
        found = json.loads(fetch(f"{address}api/v1/search?query=ban&token=secret"))
        assert found["hits"][0]["id"] == "tech/ban.md"
        assert server.stderr
        line = json.loads(server.stderr.readline())
        assert line["status"] == 200
        assert line["target"] == "/api/v1/search?query=ban&token=..."
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
        assert server.stderr.read() == ""


CALL = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search", "arguments": {}}}'


@pytest.mark.parametrize(("form", "workers"), [("json", "1"), ("json", "2"), ("text", "1"), ("none", "1")])
def test_all_that_it_says_is_in_the_chosen_form(tmp_path: Path, form: str, workers: str) -> None:
    news, saved, synonyms = tmp_path / "news.jsonl", tmp_path / "saved.toml", tmp_path / "synonyms.txt"
    news.write_text('{"id": "a", "title": "first"}\n')
    newsearch.build(news, index=tmp_path / "index")
    saved.write_text("")
    synonyms.write_text("car, automobile\n")
    options = ("--log-format", form, "--workers", workers, "--saved", saved, "--synonyms", synonyms)
    with serving(tmp_path / "index", *map(str, options)) as (server, address):
        assert server.stderr
        said: list[str] = []

        def told(what: str, path: str = "") -> str:
            """What a client is told, once the log has this."""
            for _ in range(100):
                answer = ""
                with suppress(HTTPError):
                    answer = fetch(address + path).decode()
                while select.select([server.stderr], [], [], 0.1)[0]:
                    said.append(os.read(server.stderr.fileno(), 65_536).decode())
                if what in "".join(said):
                    return answer
            raise AssertionError(f"{what!r} is not in {said}")

        port = int(re.findall(r":(\d+)/", address)[0])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(100)
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        with urlopen(HttpRequest(f"{address}mcp", CALL, headers), timeout=20) as answer:  # noqa: S310 - ours
            assert b"Error" in answer.read()
        assert str(tmp_path) not in told("Invalid HTTP request received.")
        toc = tmp_path / "index" / "toc.json"
        sound = toc.read_bytes()
        toc.write_text("{")
        assert str(tmp_path) not in told(f"the index cannot be opened: {toc}", "healthz")
        toc.write_bytes(sound)
        told("the index can be opened again", "healthz")
        saved.write_text("[[search")
        assert str(tmp_path) not in told(f"the saved searches cannot be read: {saved}", "saved")
        saved.write_text("")
        told("the saved searches can be read again", "saved")
        synonyms.write_text("=>\n")
        news.write_text('{"id": "b", "title": "second"}\n')
        newsearch.build(news, index=tmp_path / "index")
        told(f"the index cannot be opened: {synonyms}", "healthz")
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        lines = ("".join(said) + server.stderr.read()).splitlines()
    for line in lines:
        if form == "json":
            assert json.loads(line)["time"]
        else:
            assert re.match(r"\d{4}-\d\d-\d\dT[0-9:.]+Z ", line), line
    notices = [line for line in lines if "can be opened again" in line]
    assert len(notices) <= int(workers)
    if form == "json":
        assert all(json.loads(line)["level"] == "warning" for line in notices)
    if form == "none":
        assert not any(" GET " in line for line in lines)


def test_a_traceback_is_within_its_json() -> None:
    script = """
import logging.config, threading, warnings
from newsearch.cli.logs import log_config
logging.config.dictConfig(log_config("json"))
def fail():
    raise ValueError("two\\nlines")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
warnings.warn("beware")
try:
    fail()
except ValueError:
    logging.getLogger("uvicorn.error").exception("failed\\n")
type("Broken", (), {"__del__": lambda self: fail()})()
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    told = [json.loads(line) for line in run.stderr.splitlines()]
    assert [line["level"] for line in told] == ["error", "warning", "error", "error"]
    assert "beware" in told[1]["message"]
    assert told[2]["message"] == "failed"
    assert all("ValueError: two\nlines" in told[number]["traceback"] for number in (0, 2, 3))


def test_a_client_that_sends_nothing_holds_nobody_up(index: Path) -> None:
    with serving(index) as (_, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
        for connection in slow:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        assert json.loads(fetch(f"{address}healthz"))["status"] == "ok"
        for connection in slow:
            connection.close()


@pytest.mark.slow
def test_a_client_that_is_too_slow_is_let_go(index: Path) -> None:
    with serving(index) as (_, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        with socket.create_connection(("127.0.0.1", port), timeout=40) as slow:
            slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
            assert slow.recv(100) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=40) as slow:
            head = b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            slow.sendall(head + b"Content-Length: 100\r\n\r\n{")
            assert b" 408 " in slow.recv(1_000)[:20]


def test_what_is_not_http_is_refused(index: Path) -> None:
    with serving(index) as (_, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        for sent in (b"\x16\x03\x01\x00\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET /\x00 HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(sent)
                assert b" 400 " in connection.recv(1_000)[:20]
        assert json.loads(fetch(f"{address}healthz"))["status"] == "ok"


def test_a_head_without_end_is_not_read(index: Path) -> None:
    with serving(index) as (_, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
            endless = (b"X-Long: " + b"x" * 10_000 + b"\r\n") * 1_000
            with pytest.raises(ConnectionError):
                connection.sendall(endless)
        assert json.loads(fetch(f"{address}healthz"))["status"] == "ok"


def test_requests_on_one_connection_are_answered_in_order(index: Path) -> None:
    with serving(index) as (_, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            wanted = [
                b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"GET /x HTTP/1.1\r\nHost: localhost\r\n",
            ]
            connection.sendall(b"".join(wanted))
            connection.sendall(b"Connection: close\r\n\r\n")
            answer = b""
            while part := connection.recv(10_000):
                answer += part
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a process is not killed like that here")
def test_workers_end_with_a_parent_that_is_killed_and_leave_the_port(index: Path) -> None:
    with serving(index, "--workers", "2") as (server, address):
        port = int(re.findall(r":(\d+)/", address)[0])
        fetch(f"{address}healthz")
        server.kill()
        server.wait(20)
        for _ in range(200):
            with socket.socket() as next_one, suppress(OSError):
                next_one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                next_one.bind(("127.0.0.1", port))
                next_one.listen()
                return
            sleep(0.1)
        pytest.fail("the workers still listen")


def test_a_port_that_is_taken_is_one_clear_line(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        handler = signal.getsignal(signal.SIGTERM)
        try:
            assert main(["serve", "--index", str(index), "--port", str(port)]) == 2
        finally:
            signal.signal(signal.SIGTERM, handler)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"127.0.0.1:{port}: cannot listen on this address" in error
    assert error.endswith("; choose another --port\n")


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_a_host_that_is_not_of_this_machine_is_one_clear_line(
    index: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    try:
        assert main(["serve", "--index", str(index), "--host", host, "--port", "0"]) == 2
    finally:
        signal.signal(signal.SIGTERM, handler)
    error = capsys.readouterr().err
    assert error.startswith(f"newsearch: {host}:0: cannot listen on this address: ")
    assert error.endswith("; choose another --host\n")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "variable", "error"),
    [
        ((), "", "the token is empty"),
        (("--token", ""), None, "the token is empty"),
        (("--guard", "feeds"), None, "--guard feeds needs a token"),
        (("--guard", "all"), None, "--guard all needs a token"),
        (("--guard", "feeds"), "", "the token is empty"),
        (("--host", ""), None, "--host is empty"),
        (("--allow-host", ""), None, "the host name '' is not one"),
        (("--allow-host", "https://www.example.org"), None, "without a scheme, port or path"),
    ],
    ids=range(8),
)
def test_access_that_would_be_open_by_mistake_is_an_error(
    index: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    variable: str | None,
    error: str,
) -> None:
    monkeypatch.setattr("newsearch.serve.process.run", lambda *_: None)
    monkeypatch.delenv("NEWSEARCH_TOKEN", raising=False)
    assert main(["serve", "--index", str(index)]) == 0
    if variable is not None:
        monkeypatch.setenv("NEWSEARCH_TOKEN", variable)
    assert main(["serve", "--index", str(index), *options]) == 2
    told = capsys.readouterr().err
    assert error in told
    assert told.count("\n") == 1


def test_without_the_extra_it_says_which_one_is_needed(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.find_spec", lambda name: None)
    assert main(["serve", "--index", str(index)]) == 2
    assert "pip install 'newsearch[web]'" in capsys.readouterr().err


def test_an_index_that_is_not_there_is_said_before_anything_listens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--index", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        # Two lengths, of which proxies and servers may each believe another one.
        (
            b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            {400},
        ),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", {400, 421}),
        (b"GET http://evil.example/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", {400, 421}),
        (b"GET /healthz HTTP/1.1\r\n\r\n", {400, 421}),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: evil.example\r\n\r\n", {200}),
        (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n", {400, 421}),
        (b"GET /%c0%ae%c0%ae/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", {404}),
        (b"GET /static/%2e%2e%2fsite.py HTTP/1.1\r\nHost: localhost\r\n\r\n", {404}),
        (b"GET /search.atom?query=a%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: localhost\r\n\r\n", {200}),
        (b"GET /?query=" + b"x" * 30_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {414}),
        (b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{", {413}),
    ],
    ids=range(11),
)
def test_a_trick_is_refused_and_nothing_of_it_comes_back(
    server: str, sent: bytes, statuses: set[int]
) -> None:
    port = int(re.findall(r":(\d+)/", server)[0])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        head = connection.recv(4_000).partition(b"\r\n\r\n")[0]
    assert int(head.split()[1]) in statuses
    assert b"evil" not in head
    assert b"set-cookie" not in head.lower()


@pytest.fixture(scope="module")
def server(index: Path) -> Iterator[str]:
    """The address of a server that several tests ask."""
    with serving(index, "--log-format", "none") as (_, address):
        yield address


def test_saved_searches_that_are_left_out_are_told_at_start_and_when_they_change(
    index: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.toml"
    fine, long, draft = (
        f'[[search]]\nname = "{name}"\nquery = "{query}"\nlimit = {limit}\n'
        for name, query, limit in (
            ("Bans", "ban", 5),
            ("Long", "ban", 5_000),
            ("Drafts", "is:unpublished", 5),
        )
    )
    typo = '[[search]]\nname = "Typo"\nsrot = "newest"\n'
    saved.write_text(fine + typo + long + draft)
    with serving(index, "--log-format", "none", "--saved", str(saved)) as (server, address):
        fetch(f"{address}healthz")
        for text, name in ((fine + typo, "Bans"), ("[[", "Bans"), (fine.replace("Bans", "Rules"), "Rules")):
            saved.write_text(text)
            for _ in range(2):
                sleep(1.1)
                found = json.loads(fetch(f"{address}api/v1/saved"))["saved"]
                assert [search["name"] for search in found] == [name]
        server.send_signal(signal.SIGTERM)
        assert server.stderr
        told = server.stderr.read().splitlines()
    wrong = "Typo (srot: no such key; did you mean sort?)"
    many = "Long (limit: 5,000 is too many here: at most 1,000)"
    hidden = "Drafts (query: this server shows only published articles)"
    assert told[0] == f"newsearch: {saved}: left out: {wrong}; {many}; {hidden}"
    left_out, broken, mended = (line.split(" warning: ")[1] for line in told[1:])
    assert left_out == f"{saved}: left out: {wrong}"
    assert re.fullmatch(r"the saved searches cannot be read: .*: not TOML: .*", broken)
    assert mended == "the saved searches can be read again"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the system has no such signal")
def test_a_closed_terminal_stops_it_as_term_does(index: Path) -> None:
    with serving(index) as (server, address):
        fetch(f"{address}healthz")
        server.send_signal(signal.SIGHUP)
        assert server.wait(20) == 0
    shared = Path("/dev/shm")  # noqa: S108 - only looked at
    assert list(shared.glob(f"newsearch-serve-{server.pid}-*")) == []


HANGING = """
import sys, time
import newsearch
from newsearch.serve.process import Served, run
from newsearch.serve.settings import Settings

newsearch.Index.run = lambda *_: time.sleep(60)
settings = Settings(timeout=0.5, warm_up=False)
run(Served(sys.argv[1], settings, port=0), lambda address: print(address, flush=True))
"""


@pytest.mark.skipif(os.name != "posix", reason="the system has no such signal")
def test_a_search_that_hangs_does_not_keep_it(index: Path) -> None:
    command = [sys.executable, "-c", HANGING, str(index)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout
            address = server.stdout.readline().strip()
            with pytest.raises(HTTPError, match="503"):
                fetch(f"{address}api/v1/search?query=ban")
            server.send_signal(signal.SIGTERM)
            assert server.wait(30) == 0
        finally:
            server.kill()


def limited_to(soft: int, hard: int) -> None:
    resource = pytest.importorskip("resource")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(os.name != "posix", reason="the system has no such limits")
@pytest.mark.parametrize(("hard", "told"), [(400, 0), (64, 1)])
def test_it_opens_more_files_if_it_may_and_tells_once_if_it_may_not(
    index: Path, hard: int, told: int
) -> None:
    command = [sys.executable, "-m", "newsearch", "serve", "--index", str(index), "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, preexec_fn=lambda: limited_to(64, hard)
    ) as server:
        try:
            assert server.stderr
            match = re.search(r"127\.0\.0\.1:(\d+)", server.stderr.readline())
            assert match
            place = ("127.0.0.1", int(match[1]))
            crowd = [socket.create_connection(place) for _ in range(100)]
            sleep(2.5)  # the server tries again after a second
            for one in crowd:
                one.close()
            assert fetch(f"http://{match[0]}/healthz")
            server.send_signal(signal.SIGTERM)
            lines = server.stderr.read().splitlines()
        finally:
            server.kill()
    assert sum("connections wait: " in line for line in lines) == told
    assert len(lines) == 1 + told
