"""What every request passes: names, origins, limits, the token; and what every answer carries."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from newsearch.errors import EngineError
from newsearch.serve.settings import Settings

SEARCH = "/api/v1/search"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("localhost@evil.example", 421),
        ("evil.example:80", 421),
        ("127.0.0.1.nip.example", 421),
        ("0.0.0.0", 421),
        ("", 421),
        ("[::1]", 200),
        ("[localhost]", 421),
        ("[localhost].evil.example", 421),
        ("[::1]evil.com", 421),
        ("[::1]:", 421),
        ("[::1]:80:80", 421),
        ("[::1", 421),
        ('[localhost]"><x', 421),
        ("[localhost]:x", 421),
        ("localhost:x", 421),
        ("::1", 421),
        (":80", 421),
    ],
)
def test_only_its_own_names_are_answered(client: Any, host: str, status: int) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == status


def test_names_can_be_added(serve: Any) -> None:
    client = serve(hosts=("News.example",))
    assert client.get("/healthz", headers={"Host": "news.example"}).status_code == 200
    assert client.get("/healthz").status_code == 421


@pytest.mark.parametrize("host", ["[2001:DB8::1]", "2001:db8::1"])
def test_an_address_can_be_added_with_brackets_or_without(serve: Any, host: str) -> None:
    client = serve(hosts=(host,))
    assert client.get("/healthz", headers={"Host": "[2001:db8::1]:8080"}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "*",
        "www.example.org:8443",
        "https://www.example.org",
        "www.example.org/news",
        "[localhost]",
        "a b",
    ],
)
def test_a_name_that_no_request_can_have_is_refused(host: str) -> None:
    with pytest.raises(EngineError, match=r"host name .* is not one: write it as in news\.example"):
        Settings(hosts=("localhost", host))


def test_feeds_cannot_require_a_token_that_is_not_there() -> None:
    with pytest.raises(EngineError, match="require a token"):
        Settings(guarded="feeds")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 200),
        ("https://localhost", 200),
        ("http://localhost:3000", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_other_sites_may_not_ask(client: Any, origin: str, status: int, method: str) -> None:
    json = {"json": {}} if method == "POST" else {}
    assert client.request(method, SEARCH, headers={"Origin": origin}, **json).status_code == status


def test_pages_of_other_sites_may_read_the_api_if_they_are_let(serve: Any) -> None:
    client = serve(cors=True)
    answer = client.get(SEARCH, headers={"Origin": "https://other.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    preflight = client.options(SEARCH, headers={"Origin": "https://other.example"})
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    allowed = preflight.headers["access-control-allow-headers"].lower().split(", ")
    of_tools = {"mcp-protocol-version", "mcp-method", "mcp-name"}
    assert {"content-type", "authorization", "if-none-match", *of_tools} == set(allowed)


@pytest.mark.parametrize("path", [SEARCH, "/nowhere", f"{SEARCH}?x=1", "/healthz"])
def test_every_answer_is_safe_by_its_headers(client: Any, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers


def test_what_is_too_long_is_not_read(client: Any) -> None:
    assert client.get(SEARCH, params={"query": "x" * 9_000}).status_code == 414
    assert client.post(SEARCH, content=b" " * 70_000).status_code == 413

    assert client.get(SEARCH, headers={"Content-Length": "9" * 5_000}).status_code == 413

    def pieces() -> Any:  # without a Content-Length
        for _ in range(80):
            yield b" " * 1_000

    answer = client.post(SEARCH, content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_nothing_can_be_written(client: Any, method: str) -> None:
    assert client.request(method, SEARCH).status_code == 405


def test_what_takes_too_long_is_answered_in_time(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def run(*_: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr("newsearch.serve.live.Live.run", run)
    answer = serve(timeout=0.05).get(SEARCH)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


TOKEN = "a very secret token"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 401),
        ({"headers": {"Authorization": f"Bearer {TOKEN}"}}, 200),
        ({"headers": {"Authorization": "Bearer wrong"}}, 401),
        ({"headers": {"Authorization": "Basic !!!"}}, 401),
        ({"headers": {"Authorization": "Digest x"}}, 401),
        ({"auth": ("anybody", TOKEN)}, 200),
        ({"auth": ("anybody", "é")}, 401),
        ({"params": {"token": TOKEN}}, 401),
    ],
)
def test_who_does_not_know_the_token_is_told_nothing(serve: Any, given: dict[str, Any], status: int) -> None:
    answer = serve(token=TOKEN).get(SEARCH, **given)
    assert answer.status_code == status
    asked = ['Basic realm="newsearch"', "Bearer"] if status == 401 else []
    assert answer.headers.get_list("www-authenticate") == asked


def test_a_token_of_any_characters_is_read_as_utf_8(serve: Any) -> None:
    client = serve(token="clé, ключ")
    for given in (
        {"headers": {"Authorization": "Bearer clé, ключ".encode()}},
        {"headers": {"Authorization": b"Basic " + b64encode("me:clé, ключ".encode())}},
    ):
        assert client.get(SEARCH, **given).status_code == 200
    assert client.get(SEARCH, headers={"Authorization": b"Bearer cl\xe9"}).status_code == 401


def test_health_needs_no_token_and_a_token_may_guard_the_feeds_alone(serve: Any) -> None:
    assert serve(token=TOKEN).get("/healthz").status_code == 200
    client = serve(token=TOKEN, guarded="feeds")
    assert client.get(SEARCH).status_code == 200
    assert client.get("/search.atom").status_code == 401
    assert client.get("/search.atom", params={"token": TOKEN}).status_code != 401


def test_a_base_path_may_be_left_by_the_proxy_or_not(serve: Any) -> None:
    client = serve(base_path="/news")
    for path in (f"/news{SEARCH}", SEARCH):
        answer = client.get(path, params={"limit": 1})
        assert answer.status_code == 200
        assert answer.links["next"]["url"].startswith(f"/news{SEARCH}?")
        page = client.get(path, params={"limit": "x"}, headers={"Accept": "text/html"})
        assert page.headers["content-type"] == "application/problem+json"
    assert client.get(f"/newspaper{SEARCH}").status_code == 404


@pytest.mark.parametrize("base_path", ["", "/news", "/api"])
def test_a_program_is_refused_with_a_problem_behind_any_base_path(serve: Any, base_path: str) -> None:
    client = serve(base_path=base_path, token=TOKEN)
    for path, form in (("/", "text/html; charset=utf-8"), (SEARCH, "application/problem+json")):
        for host, status in (("localhost", 401), ("elsewhere.example", 421)):
            answer = client.get(f"{base_path}{path}", headers={"Accept": "text/html", "Host": host})
            assert (answer.status_code, answer.headers["content-type"]) == (status, form)


@pytest.mark.parametrize(
    ("base_path", "path"), [("/news", "/news/help/"), ("/news", "/help/"), ("", "/help/")]
)
def test_a_redirect_stays_within_the_base_path(serve: Any, base_path: str, path: str) -> None:
    client = serve(base_path=base_path)
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"http://localhost{base_path}/help"
    assert client.get(path).status_code == 200
    for prefix in ("", base_path):
        assert client.get(f"{prefix}/static/style.css").status_code == 200
        assert client.post(f"{prefix}/mcp", content=b"{").status_code in (400, 406)


@pytest.mark.parametrize("path", ["news", "/a b", "/a?b", "//a", "/../a", "/a//b", '/"'])
def test_a_base_path_is_a_path(path: str) -> None:
    with pytest.raises(EngineError, match="base path"):
        Settings(base_path=path)


def test_each_request_is_told_to_the_log(serve: Any) -> None:
    seen: list[Any] = []
    client = serve(log=seen.append)
    client.get(SEARCH, params={"query": "ban"})
    client.get("/healthz", headers={"Host": "evil.example"})
    assert [(line.method, line.path, line.query, line.status) for line in seen] == [
        ("GET", SEARCH, "query=ban", 200),
        ("GET", "/healthz", "", 421),
    ]
    assert all(line.seconds > 0 and line.size > 0 for line in seen)


@pytest.mark.parametrize(
    "path",
    ["/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/static/../site.py", "/api/v1/%00"],
)
def test_a_path_leads_to_no_file(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404
