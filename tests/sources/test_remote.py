"""Feeds of the web, against a real server on the loopback with every fault."""

from __future__ import annotations

import gzip
import json
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.cli.main import main
from newsearch.sources import remote
from newsearch.sources.registry import paths_at

pytest.importorskip("httpx", reason="needs newsearch[remote]")
pytest.importorskip("feedparser", reason="needs newsearch[feeds]")


def rss(*titles: str) -> bytes:
    items = "".join(f"<item><title>{t}</title><guid isPermaLink='false'>x:{t}</guid></item>" for t in titles)
    return f'<rss version="2.0"><channel><title>Gazette</title>{items}</channel></rss>'.encode()


class Site:
    """A server whose pages are functions of a request; it remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.at_once = self.most_at_once = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                site.at_once += 1
                site.most_at_once = max(site.most_at_once, site.at_once)
                try:
                    site.pages[self.path](self)
                except OSError:
                    pass
                finally:
                    site.at_once -= 1

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def give(self, path: str, status: int = 200, body: bytes = b"", **headers: str) -> str:
        def page(handler: Any) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.pages[path] = page
        return self.url(path)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def titles(index: Path) -> set[str]:
    with newsearch.open(index) as opened:
        return {hit.title for hit in opened.search("", limit=50)}


def test_what_rolls_off_a_feed_stays(site: Site, tmp_path: Path) -> None:
    index = tmp_path / "index"
    url = site.give("/feed", body=rss("one", "two"), ETag='"1"')
    assert newsearch.build(url, index=index).added == 2
    site.give("/feed", body=rss("two", "three"), ETag='"2"')
    report = newsearch.reindex(index)
    assert (report.added, report.deleted, report.articles) == (1, 0, 3)
    assert titles(index) == {"one", "two", "three"}
    assert newsearch.reindex(index, full=True).articles == 3
    assert newsearch.forget(url, index=index).articles == 0


def test_requests_are_conditional_and_polite(site: Site, tmp_path: Path) -> None:
    index = tmp_path / "index"
    stamp = "Wed, 09 Sep 2020 13:20:00 GMT"
    url = site.give("/feed", body=rss("one"), ETag='W/"a b"', Last_Modified=stamp)
    newsearch.build(url, index=index)
    site.give("/feed", status=304)
    report = newsearch.reindex(index)
    assert (report.broken, report.deleted, report.incomplete) == (0, 0, ())
    headers = site.asked[-1][1]
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('W/"a b"', stamp)
    assert headers["user-agent"].startswith("newsearch")


@pytest.mark.parametrize("other", [{"keep": timedelta(9999)}, {"day_first": True}, {"format": "xml"}])
def test_a_feed_that_is_read_in_another_way_is_fetched_again(
    site: Site, tmp_path: Path, other: dict[str, Any]
) -> None:
    index = tmp_path / "index"
    url = site.give("/feed", body=rss("one"), ETag='"1"')
    newsearch.build(url, index=index, keep=timedelta(1))
    newsearch.reindex(index, **other)
    assert "if-none-match" not in site.asked[-1][1]
    newsearch.reindex(index)
    assert site.asked[-1][1]["if-none-match"] == '"1"'


@pytest.mark.parametrize("cut", [len(rss("one", "two")) - 20, len(rss("one")) - 25, 30])
def test_a_feed_that_was_cut_off_is_fetched_again(site: Site, tmp_path: Path, cut: int) -> None:
    index = tmp_path / "index"
    url = site.give("/feed", body=rss("one", "two")[:cut], ETag='"1"')
    report = newsearch.build(url, index=index)
    assert (report.incomplete, report.broken) == ((url,), 1)
    site.give("/feed", body=rss("one", "two"), ETag='"1"')
    assert newsearch.reindex(index).incomplete == ()
    assert "if-none-match" not in site.asked[-1][1]
    assert titles(index) == {"one", "two"}


def test_an_error_page_is_reported_until_there_is_a_feed_again(site: Site, tmp_path: Path) -> None:
    url = site.give("/feed", body=b"<!DOCTYPE html><html><body>Sorry</body></html>", ETag='"1"')
    newsearch.build(url, index=tmp_path / "index")
    assert newsearch.reindex(tmp_path / "index").incomplete == (url,)
    assert "if-none-match" not in site.asked[-1][1]


def test_a_permanent_redirect_is_remembered_and_another_is_not(site: Site, tmp_path: Path) -> None:
    index = tmp_path / "index"
    site.give("/new", body=rss("one"))
    site.give("/later", status=302, Location="/new")
    url = site.give("/old", status=301, Location="/later")
    newsearch.build(url, index=index)
    newsearch.reindex(index)
    assert [path for path, _ in site.asked] == ["/old", "/later", "/new", "/later", "/new"]


def test_a_busy_server_is_left_alone(site: Site, tmp_path: Path) -> None:
    url = site.give("/feed", status=503, Retry_After="3600")
    report = newsearch.build(url, index=tmp_path / "index")
    assert "asks to come back in 3,600 s" in report.errors[0].reason
    report = newsearch.reindex(tmp_path / "index")
    assert "asked not to be visited" in report.errors[0].reason
    assert len(site.asked) == 1


def test_a_clock_that_was_ahead_keeps_nobody_from_a_feed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.give("/feed", status=503, Retry_After="3600")
    now = time.time
    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time", lambda: now() + 10**8)
        newsearch.build(url, index=tmp_path / "index")
    site.give("/feed", body=rss("one"))
    assert newsearch.reindex(tmp_path / "index").added == 1


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason"),
    [
        (410, b"", {}, "is gone for good"),
        (500, b"", {}, "the server answered 500"),
        (200, gzip.compress(rss("one") * 50)[:-40], {"Content_Encoding": "gzip"}, "ends in the middle"),
        (200, gzip.compress(b" " * 40_000_000), {"Content_Encoding": "gzip"}, "larger than 32 MB"),
        (200, b"not gzip", {"Content_Encoding": "gzip"}, "cannot be fetched"),
        (301, b"", {"Location": "/bad"}, "redirects more than 10 times"),
        (302, b"", {"Location": "file:///etc/passwd"}, "not a web address"),
        (200, b"<!DOCTYPE html><html></html>", {}, "an HTML page"),
        (200, b"", {}, "not XML"),
    ],
)
def test_a_feed_that_fails_is_reported_and_stops_nothing(
    site: Site, tmp_path: Path, status: int, body: bytes, headers: dict[str, str], reason: str
) -> None:
    good = site.give("/good", body=rss("one"))
    bad = site.give("/bad", status, body, **headers)
    report = newsearch.build(bad, good, index=tmp_path / "index")
    assert (report.added, report.incomplete) == (1, (bad,))
    [error] = report.errors
    assert error.location == bad
    assert reason in error.reason


def test_the_slow_and_the_huge_are_given_up(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.2)
    monkeypatch.setattr(remote, "MAX_SIZE", 100_000)

    def slow(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        time.sleep(1)

    site.pages["/slow"] = slow
    huge = site.give("/huge", body=b" " * 200_000)
    report = newsearch.build(site.url("/slow"), huge, index=tmp_path / "index")
    assert [error.reason.partition(":")[0] for error in report.errors] == [
        "cannot be fetched",
        "larger than 0 MB",
    ]


@pytest.fixture
def dead() -> Iterator[int]:
    """A port of this machine where nobody answers who tries to connect."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as stack:
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def test_the_addresses_of_a_host_share_the_time_to_connect(
    site: Site, dead: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "PATIENCE", 0.5)
    monkeypatch.setattr(remote, "MAX_SECONDS", 2.0)
    ports = [dead] * 20

    def resolved(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    site.give("/feed", body=rss("one"))
    url = "http://gazette.example/feed"
    began = time.monotonic()
    [error] = newsearch.build(url, index=tmp_path / "index").errors
    assert error.reason.startswith("cannot be fetched: ConnectTimeout")
    assert time.monotonic() - began < 1.5
    ports.append(site.server.server_address[1])
    assert newsearch.build(url, index=tmp_path / "index").added == 1


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that sends any bytes, well-formed or not."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):  # the client, or the test, has gone
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65_536)
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/feed"
        thread.join()


def without_end(first: bytes, again: bytes) -> Callable[[socket.socket], None]:
    """Sends the second bytes again and again, until the client goes or the test would take too long."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(100):
            connection.sendall(again)
            time.sleep(0.05)

    return answer


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Name: ", b"x"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
)
def test_no_part_of_an_answer_takes_longer_than_a_feed_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bytes, again: bytes
) -> None:
    monkeypatch.setattr(remote, "MAX_SECONDS", 0.3)
    with answering(without_end(first, again)) as url:
        report = newsearch.build(url, index=tmp_path / "index")
    assert [error.reason for error in report.errors] == ["takes longer than 0 s"]


def test_what_follows_compressed_data_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MAX_SECONDS", 1.0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    with answering(without_end(head + gzip.compress(rss("one")), b"\0")) as url:
        assert newsearch.build(url, index=tmp_path / "index").added == 1


@pytest.mark.parametrize("mark", ['"é"', '"' + "x" * 50_000 + '"'])
def test_a_mark_that_cannot_be_sent_back_is_not_kept(site: Site, tmp_path: Path, mark: str) -> None:
    url = site.give("/feed", body=rss("one"), ETag=mark, Last_Modified=mark)
    newsearch.build(url, index=tmp_path / "index")
    assert not newsearch.reindex(tmp_path / "index").errors
    assert "if-none-match" not in site.asked[-1][1]


def test_nothing_is_unchanged_that_was_never_read(site: Site, tmp_path: Path) -> None:
    url = site.give("/feed", status=304)
    report = newsearch.build(url, index=tmp_path / "index")
    assert report.incomplete == (url,)
    assert "the server answered 304" in report.errors[0].reason


def test_a_redirect_does_not_lead_from_the_web_into_a_private_network(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first connection of a feed is on the web, as it were.
    public = [True]
    monkeypatch.setattr(remote, "_is_public", lambda _: bool(public and public.pop()))
    secret = site.give("/secret", body=rss("secret")).replace("127.0.0.1", "localhost")
    url = site.give("/feed", status=302, Location=secret)
    report = newsearch.build(url, index=tmp_path / "index")
    assert "redirects into a private network" in report.errors[0].reason
    assert [path for path, _ in site.asked] == ["/feed"]


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
    ],
)
def test_addresses_of_private_networks_are_known(address: str, is_public: bool) -> None:
    assert remote._is_public(address) == is_public


@pytest.mark.parametrize(
    ("status", "body"), [(404, b""), (200, b"<!DOCTYPE html><html><body>Log in</body></html>")]
)
def test_a_permanent_redirect_to_no_feed_is_not_remembered(
    site: Site, tmp_path: Path, status: int, body: bytes
) -> None:
    index = tmp_path / "index"
    url = site.give("/feed", body=rss("one"))
    newsearch.build(url, index=index)
    site.give("/login", status=status, body=body)
    site.give("/feed", status=301, Location="/login")
    assert newsearch.reindex(index).incomplete == (url,)
    site.give("/feed", body=rss("one", "two"))
    assert newsearch.reindex(index).added == 1


def test_what_a_header_says_of_the_encoding_counts_where_the_text_is_silent(
    site: Site, tmp_path: Path
) -> None:
    url = site.give("/feed", body=rss("Café").decode().encode("cp1251", "replace"), Content_Type="text/xml")
    site.give(
        "/latin", body=rss("Caf\u00e9").decode().encode("latin-1"), Content_Type="text/xml; charset=latin-1"
    )
    newsearch.build(url, site.url("/latin"), index=tmp_path / "index")
    assert "Café" in titles(tmp_path / "index")


def test_json_feeds_are_read(site: Site, tmp_path: Path) -> None:
    feed = b'{"version": "https://jsonfeed.org/version/1.1", "title": "G", "items": [{"id": "1", "title": "one"}]}'
    newsearch.build(site.give("/feed.json", body=feed), index=tmp_path / "index")
    assert titles(tmp_path / "index") == {"one"}


def test_a_list_of_feeds_is_indexed_one_of_a_host_at_a_time(site: Site, tmp_path: Path) -> None:
    outlines = "".join(f'<outline xmlUrl="{site.give(f"/{n}", body=rss(f"t{n}"))}"/>' for n in range(5))
    path = tmp_path / "subscriptions.opml"
    path.write_text(f'<opml version="2.0"><body>{outlines}<outline xmlUrl="feed:no"/></body></opml>')
    assert len(paths_at(path)) == 5
    assert newsearch.build(path, index=tmp_path / "index").added == 5
    assert site.most_at_once == 1


def test_articles_of_feeds_are_dropped_when_they_are_too_old(site: Site, tmp_path: Path) -> None:
    undated = b"<item><title>undated</title><guid isPermaLink='false'>x:undated</guid></item></channel>"

    def feed(**days: int) -> bytes:
        return dated(**days).replace(b"</channel>", undated)

    url = site.give("/feed", body=feed(old=100, older=200))
    newsearch.build(url, index=tmp_path / "index")
    site.give("/feed", body=feed(young=10, aged=95))
    report = newsearch.reindex(tmp_path / "index", keep=timedelta(days=90), dry_run=True)
    assert (report.added, report.deleted) == (1, 2)
    newsearch.reindex(tmp_path / "index", keep=timedelta(days=90))
    with newsearch.open(tmp_path / "index") as opened:
        assert sorted(hit.title for hit in opened.search("")) == ["undated", "young"]
    newsearch.reindex(tmp_path / "index", keep=timedelta(days=5), full=True)
    with newsearch.open(tmp_path / "index") as opened:
        assert [hit.title for hit in opened.search("")] == ["undated"]
    with pytest.raises(ValueError, match="keep"):
        newsearch.build(url, index=tmp_path / "index", keep=timedelta())


def dated(**days: int) -> bytes:
    """A feed of articles that are so many days old."""
    items = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>x:{title}</guid>"
        f"<pubDate>{format_datetime(datetime.now(UTC) - timedelta(days=ago))}</pubDate></item>"
        for title, ago in days.items()
    )
    return f'<rss version="2.0"><channel><title>G</title>{items}</channel></rss>'.encode()


def put_ahead(monkeypatch: pytest.MonkeyPatch, years: int) -> None:
    """Put the clock of this machine ahead."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=365 * years)

    monkeypatch.setattr("newsearch.indexing.running.datetime", Ahead)


NINETY: dict[str, Any] = {"keep": timedelta(days=90)}


@pytest.mark.parametrize("years", [1, 5, 7000])
def test_a_clock_that_is_ahead_deletes_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, years: int
) -> None:
    index, file = tmp_path / "index", tmp_path / "feed.xml"
    url = site.give("/feed", body=dated(one=10, two=80), ETag='"1"')
    file.write_bytes(dated(three=20))
    newsearch.build(url, file, index=index, **NINETY)
    put_ahead(monkeypatch, years)
    site.give("/feed", status=304)
    newsearch.reindex(index)
    site.give("/feed", body=dated(two=80, four=5))
    newsearch.reindex(index)
    newsearch.reindex(index, full=True)
    assert titles(index) == {"one", "two", "three", "four"}
    site.server.shutdown()
    site.server.server_close()
    assert newsearch.reindex(index).deleted == 0
    newsearch.reindex(index, full=True)
    assert titles(index) == {"one", "two", "three", "four"}


@pytest.mark.parametrize(
    ("date", "is_old"),
    [
        ("Fri, 01 Jan 2100 00:00:00 GMT", True),
        ("Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("soon", False),
        ("", False),
    ],
)
def test_an_article_is_too_old_if_the_clock_of_the_server_says_so_too(
    site: Site, tmp_path: Path, date: str, is_old: bool
) -> None:
    def page(handler: Any) -> None:
        body = dated(young=10, old=100)
        handler.send_response_only(200)
        if date:
            handler.send_header("Date", date)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    site.pages["/feed"] = page
    newsearch.build(site.url("/feed"), index=tmp_path / "index", **NINETY)
    assert titles(tmp_path / "index") == ({"young"} if is_old else {"young", "old"})


def test_articles_dated_in_the_future_stay_and_push_out_no_others(site: Site, tmp_path: Path) -> None:
    url = site.give("/feed", body=dated(far=-30_000, near=-2, young=10, old=100))
    newsearch.build(url, index=tmp_path / "index", **NINETY)
    newsearch.reindex(tmp_path / "index")
    assert titles(tmp_path / "index") == {"far", "near", "young"}


# Passwords and tokens in addresses


def shown(url: str, query: str = "?q=ban&apiKey=***") -> str:
    return url.replace("//", "//***@").partition("?")[0] + query


def with_password(url: str) -> str:
    return url.replace("//", "//ann:hush1@")


BROKEN = b'{"status": "ok", "articles": [{"title": "one", "publishedAt": "2020-01-01"}, {"url": "x:"}]}'


@pytest.mark.parametrize("body", [rss("one").replace(b"guid", b"none"), BROKEN])
def test_no_secret_of_an_address_is_shown(
    site: Site,
    tmp_path: Path,
    body: bytes,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    index = str(tmp_path / "index")
    url = with_password(site.give("/feed?q=ban&apiKey=hush2", body=body, ETag='"1"'))
    says = []

    def run(*args: str) -> str:
        code = main([*args, "--index", index])
        told = "".join(capsys.readouterr())
        says.append(told)
        return f"{code} {told}"

    assert run("index", url, "--format", "json").startswith("0")
    assert site.asked[0][1]["authorization"].startswith("Basic ")
    assert f"source      {shown(site.url('/feed'))} (read " in run("stats")
    assert json.loads(run("stats", "--format", "json")[2:])["sources"] == [shown(site.url("/feed"))]
    assert run("query", "one", "--format", "json").startswith("0")
    site.give("/feed?q=ban&apiKey=hush2", status=404)
    assert f"{shown(site.url('/feed'))}: the server answered 404" in run("reindex")
    assert len(site.asked) == 2
    run("reindex", "--format", "json", "--list-broken")
    run("query", "", "--format", "json")
    other = shown(site.url("/feed"), "?apiKey=***")
    assert f"{other}: not a source of this index; its sources: {shown(site.url('/feed'))}" in run(
        "forget", other
    )
    assert "the index has 0 articles now" in run("forget", shown(site.url("/feed")))
    assert [told for told in (*says, caplog.text) if "hush" in told] == []


def test_a_source_is_forgotten_as_it_is_shown_if_no_other_is_shown_so(site: Site, tmp_path: Path) -> None:
    index = tmp_path / "index"
    urls = [site.give(f"/feed?token={name}", body=rss(name)) for name in ("one", "two")]
    newsearch.build(*urls, index=index)
    with pytest.raises(newsearch.SourceError, match="2 sources of this index are shown so; give the whole"):
        newsearch.forget(site.url("/feed?token=***"), index=index)
    newsearch.forget(urls[0], index=index)
    assert titles(index) == {"two"}
    newsearch.forget(site.url("/feed?token=***"), index=index)
    assert titles(index) == set()


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("https://ann:hush@news.example/feed", "https://***@news.example/feed"),
        ("https://hush@news.example:8080", "https://***@news.example:8080"),
        ("https://a@b:hush@news.example/@ann", "https://***@news.example/@ann"),
        ("https://ann:hu/sh@news.example/feed", "https://***@news.example/feed"),
        ("https://ann:hu?s#h@news.example", "https://***@news.example"),
        ("https://news.example:8080/@ann/feed", "https://news.example:8080/@ann/feed"),
        ("https://[::1]/@ann", "https://[::1]/@ann"),
        ("https://news.example/f?a=1&token=hush#3", "https://news.example/f?a=1&token=***#3"),
        (
            "https://news.example/?apikey=h&api_key=h&api-key=h&key=h&access_token=h&X-Amz-Signature=h&q=key",
            "https://news.example/?apikey=***&api_key=***&api-key=***&key=***&access_token=***&X-Amz-Signature=***"
            "&q=key",
        ),
        ("HTTPS://news.example/?API%5FKEY=hush&token=", "HTTPS://news.example/?API%5FKEY=***&token="),
        (
            "https://news.example/?keyword=ban&tokens&country=us",
            "https://news.example/?keyword=ban&tokens&country=us",
        ),
        ("/data/a@b/c?token=1", "/data/a@b/c?token=1"),
        ("-", "-"),
    ],
)
def test_an_error_hides_what_an_address_says_in_confidence(address: str, wanted: str) -> None:
    error = newsearch.SourceError(address, "is late")
    assert (error.location, str(error)) == (wanted, f"{wanted}: is late")
    assert repr(error) == f"SourceError({wanted!r}, 'is late', False, '')"
    assert pickle.loads(pickle.dumps(error)).location == wanted


@pytest.mark.parametrize(
    "url", ["https://ann:hu/sh@news.example/f", "https://ann:hush@\0/f", "ftp://ann:hush@h/f"]
)
def test_an_address_that_cannot_be_visited_is_refused_without_its_secrets(tmp_path: Path, url: str) -> None:
    with pytest.raises(newsearch.SourceError) as refused:
        newsearch.build(url, index=tmp_path / "index")
    assert "***@" in str(refused.value)
    assert "hu" not in str(refused.value)


def test_an_address_with_too_high_a_port_is_refused(tmp_path: Path) -> None:
    with pytest.raises(newsearch.SourceError, match="a URL without a usable port; in a password"):
        newsearch.build("https://news.example:99999/f", index=tmp_path / "index")


def test_a_redirect_to_a_secret_address_is_reported_without_it(site: Site, tmp_path: Path) -> None:
    url = site.give("/feed", status=302, Location="ftp://ann:hush@news.example/?key=hush")
    (error,) = newsearch.build(url, index=tmp_path / "index").errors
    assert error.reason == "redirects to ftp://***@news.example/?key=***, which is not a web address"
