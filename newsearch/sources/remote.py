"""Feeds on the web: fetched politely, and never trusted.

A feed is a window on a collection. Articles that roll off it stay in the index: such a source adds and replaces, and
never deletes. What a server says about the next visit (ETag, Last-Modified, a permanent address, Retry-After) is
stored.
"""

from __future__ import annotations

import socket
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from threading import Lock, Timer
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_record
from newsearch.articles.vocabularies import OF_RECORDS, json_feed
from newsearch.errors import SourceError, without_secrets
from newsearch.sources.base import ReadingOptions, Snapshot, articles_of, is_remote
from newsearch.sources.json_document import unwrapped
from newsearch.sources.json_lines import parse_json
from newsearch.sources.xml_document import MAX_SIZE, records_of
from newsearch.sources.xml_tree import decoded

MAX_REDIRECTS: Final = 10
PATIENCE: Final = 10.0
"""Seconds to wait for a connection, over all addresses of a host, or for the next bytes."""

MAX_SECONDS: Final = 60.0
"""Maximum seconds to fetch one feed, including redirects."""

_LONGEST_WAIT: Final = 86_400
"""Maximum seconds for which a server may ask not to be visited."""

_SHORTEST_WAIT: Final = 0.01
"""Seconds for a connection if no time is left: 0 would mean not to wait for any."""

_LONGEST_VALIDATOR: Final = 1_000
"""Maximum characters of an ETag or a date. Servers refuse requests with very long headers."""

AT_ONCE: Final = 8
"""Feeds that are fetched at the same time, at most one per host."""

AGENT: Final = "newsearch (+https://pypi.org/project/newsearch/)"
_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
)


@dataclass(slots=True)
class Memory:
    """What is stored about a feed between visits.

    Attributes:
        etag, modified: from the last response, for a conditional request.
        moved: its permanent address, if a server gave one that differs from ours.
        not_before: seconds since 1970 before which the server does not want another visit.
    """

    etag: str = ""
    modified: str = ""
    moved: str = ""
    not_before: int = 0

    def lines(self) -> list[str]:
        """The memory as lines of text."""
        values = {"etag": self.etag, "modified": self.modified, "moved": self.moved}
        lines = [f"{name} {value}" for name, value in values.items() if value and value.isprintable()]
        return lines + ([f"not_before {self.not_before}"] if self.not_before else [])

    @classmethod
    def of(cls, lines: Iterable[str]) -> Memory:
        """Parse the memory from lines; missing values are empty."""
        values = dict(line.partition(" ")[::2] for line in lines)
        not_before = values.get("not_before", "")
        moved = values.get("moved", "")
        return cls(
            _validator(values.get("etag", "")),
            _validator(values.get("modified", "")),
            moved if is_remote(moved) else "",
            int(not_before) if not_before.isdecimal() and len(not_before) < 12 else 0,
        )


def _validator(text: str) -> str:
    """An ETag or a date as a later request may repeat it; empty if it could not be sent, or would be refused."""
    return text if text.isascii() and len(text) <= _LONGEST_VALIDATOR else ""


@dataclass(slots=True)
class _HttpAnswer:
    data: bytes = b""
    charset: str = ""
    is_unchanged: bool = False


class RemoteFeed:
    """An RSS, Atom or JSON Feed at an address.

    Args:
        url: its address.
        options: how it is read.
        trust_env: whether to take proxies from the environment.
    """

    one_each = False
    lasting = True
    window = True

    def __init__(self, url: str, options: ReadingOptions, trust_env: bool = False) -> None:
        self.location = url
        self.memory = Memory()
        self.seen: datetime | None = None
        self._options = options
        self._trust_env = trust_env
        self._fetched: Future[_HttpAnswer] | None = None
        self._moved_before = ""

    @property
    def host(self) -> str:
        """The host to connect to."""
        return urlsplit(self.memory.moved or self.location).netloc.lower()

    def recall(self, lines: Sequence[str], is_as_before: bool) -> None:
        """Load what was stored after the last visit. A feed that is read in another way now is fetched even if it has
        not changed.
        """
        self.memory = Memory.of(lines)
        if not is_as_before:
            self.memory.etag = self.memory.modified = ""

    def snapshot(self) -> Snapshot:
        return Snapshot()

    def fetch_with(self, pool: ThreadPoolExecutor, lock: Lock) -> None:
        """Start fetching; the lock of the host prevents simultaneous visits to it."""

        def fetch() -> _HttpAnswer:
            with lock:
                return self._fetch()

        self._fetched = pool.submit(fetch)

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        fetched, self._fetched = self._fetched, None
        answer = fetched.result() if fetched else self._fetch()
        if answer.is_unchanged:
            return
        try:
            for result in self._results(answer):
                if isinstance(result, SourceError) and result.hides_articles:
                    self._forget_answer()
                yield result
        except SourceError:
            self._forget_answer()
            raise

    def _results(self, answer: _HttpAnswer) -> Iterator[Article | SourceError]:
        if answer.data.lstrip()[:1] in (b"{", b"["):
            return self._of_json(answer.data)
        records = records_of(decoded(answer.data, answer.charset), self.location)
        return articles_of(records, self.location, self._name, self._options)

    @property
    def _name(self) -> str:
        """What precedes the number in the ids of articles that have none, which anybody may see."""
        return without_secrets(self.location)

    def _forget_answer(self) -> None:
        """Let the next visit fetch the feed again, even if it has not changed: this answer was not all of a feed."""
        self.memory = Memory(moved=self._moved_before)

    def done(self) -> None:
        return None

    def _of_json(self, data: bytes) -> Iterator[Article | SourceError]:
        found, document = unwrapped(parse_json(data, self.location), self.location)
        forced = OF_RECORDS.get(self._options.format)
        vocabulary = forced or (OF_RECORDS["json-feed"] if json_feed.is_feed(document) else None)
        for number, record in enumerate(found, 1):
            try:
                yield article_from_record(
                    record,
                    f"{self.location}#",
                    self._name,
                    number,
                    document=document,
                    vocabulary=vocabulary,
                    day_first=self._options.day_first,
                )
            except SourceError as error:
                yield error

    def _fetch(self) -> _HttpAnswer:
        try:
            import httpx
        except ImportError:
            raise SourceError(
                self.location, "to fetch feeds, httpx is needed: pip install 'newsearch[remote]'"
            ) from None
        wait = self.memory.not_before - int(time.time())
        # A longer one was computed while the clock was wrong.
        if 0 < wait <= _LONGEST_WAIT:
            raise SourceError(self.location, f"its server asked not to be visited for another {wait:,} s")
        headers = {"User-Agent": AGENT, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
        if self.memory.etag:
            headers["If-None-Match"] = self.memory.etag
        if self.memory.modified:
            headers["If-Modified-Since"] = self.memory.modified
        try:
            with (
                _Limit(self.location, MAX_SECONDS) as limit,
                httpx.Client(headers=headers, timeout=PATIENCE, trust_env=self._trust_env) as client,
            ):
                return self._visit(client, limit)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, zlib.error) as error:
            late = f"takes longer than {MAX_SECONDS:.0f} s" if limit.is_reached else ""
            raise SourceError(self.location, late or f"cannot be fetched: {_reason(error)}") from error

    def _visit(self, client: Any, limit: _Limit) -> _HttpAnswer:
        moved = self._moved_before = self.memory.moved
        url = moved or self.location
        is_permanent = True
        for _ in range(MAX_REDIRECTS + 1):
            with closing(client.send(_request(client, url, limit), stream=True)) as response:
                status = response.status_code
                self.seen = _moment(response.headers.get("date", ""))
                if status in (301, 302, 303, 307, 308) and (target := response.headers.get("location")):
                    url = urljoin(url, target)
                    if not is_remote(url):
                        raise SourceError(
                            self.location,
                            f"redirects to {without_secrets(url):.80}, which is not a web address",
                        )
                    is_permanent &= status in (301, 308)
                    if is_permanent:
                        moved = url
                    continue
                answer = self._answer(response, limit)
                # Only now: a page to log in to, or nothing at all, may be at the address.
                self.memory.moved = moved
                return answer
        raise SourceError(self.location, f"redirects more than {MAX_REDIRECTS} times")

    def _answer(self, response: Any, limit: _Limit) -> _HttpAnswer:
        status, headers = response.status_code, response.headers
        if status == 304 and (self.memory.etag or self.memory.modified):
            return _HttpAnswer(is_unchanged=True)
        if status == 410:
            raise SourceError(
                self.location, "is gone for good (410); `newsearch forget` deletes it and its articles"
            )
        if status in (429, 503) and (wait := _seconds(headers.get("retry-after", ""))):
            self.memory.not_before = int(time.time()) + wait
            raise SourceError(
                self.location, f"its server is busy ({status}), and asks to come back in {wait:,} s"
            )
        if status != 200:
            raise SourceError(
                self.location, f"the server answered {status} {response.reason_phrase}".rstrip()
            )
        data = bytearray()
        packing = headers.get("content-encoding", "identity").strip().lower()
        if packing not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise SourceError(self.location, f"is compressed with {packing:.20}, which was not requested")
        unpacker = None if packing in ("identity", "") else zlib.decompressobj(47)  # 47: detect gzip or zlib
        for piece in response.iter_raw():
            # Decompressed by hand, because httpx accepts truncated data and expands a piece without a size limit.
            data += unpacker.decompress(piece, MAX_SIZE + 1 - len(data)) if unpacker else piece
            if len(data) > MAX_SIZE:
                raise SourceError(self.location, f"larger than {MAX_SIZE // 1_000_000} MB")
            if limit.is_reached or (unpacker and unpacker.eof):
                break
        # A connection that was closed may look like the end of the data.
        if limit.is_reached:
            raise SourceError(self.location, f"takes longer than {MAX_SECONDS:.0f} s")
        if unpacker and not unpacker.eof:
            raise SourceError(self.location, "ends in the middle of its compressed data")
        etag, modified = headers.get("etag", ""), headers.get("last-modified", "")
        self.memory = Memory(_validator(etag), _validator(modified))
        return _HttpAnswer(bytes(data), response.charset_encoding or "")


class _Limit:
    """Ends what a visit waits for when it has taken too long: the client limits the time between two bytes alone.

    It also lets no redirect lead from the web into a private network, whose servers may trust whoever reaches them.

    Args:
        location: the address of the feed, for the message.
        seconds: how long the visit may take.

    Attributes:
        is_reached: whether the time is over.
    """

    def __init__(self, location: str, seconds: float) -> None:
        self.is_reached = False
        self._location = location
        self._is_on_web = False
        self._socket: socket.socket | None = None
        self._lock = Lock()
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Limit:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def follow(self, event: str, info: dict[str, Any]) -> None:
        """Limit the time to connect, and note the connection before it is used; for the `trace` extension of httpx."""
        if event.endswith("connect_tcp.started"):
            # These are the arguments of the call that follows. It waits as long for each address of the host, and
            # cannot be ended from outside, so that the addresses share the time.
            addresses = socket.getaddrinfo(info["host"], info["port"], type=socket.SOCK_STREAM)
            left = max(_SHORTEST_WAIT, min(PATIENCE, self._ends - time.monotonic()))
            info["timeout"] = left / len(addresses)
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            stream = info["return_value"]
            with self._lock:
                self._socket = stream.get_extra_info("socket")
                if self.is_reached:
                    self._shut()
            is_on_web = _is_public(stream.get_extra_info("server_addr")[0])
            if self._is_on_web and not is_on_web:
                stream.close()
                raise SourceError(
                    self._location, "redirects into a private network, and is not followed there"
                )
            self._is_on_web = is_on_web

    def _end(self) -> None:
        with self._lock:
            self.is_reached = True
            self._shut()

    def _shut(self) -> None:
        with suppress(OSError):
            if self._socket is not None:
                # Not the method of a TLS connection, which another thread is reading.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _is_public(address: str) -> bool:
    """Whether an address belongs to the web, and to no private network or this machine."""
    return ip_address(address).is_global


def _seconds(text: str) -> int:
    """Parse Retry-After, which is seconds or a date; at most _LONGEST_WAIT."""
    if text.strip().isdecimal() and len(text) < 10:
        return min(int(text), _LONGEST_WAIT)
    moment = _moment(text)
    return max(0, min(int(moment.timestamp() - time.time()), _LONGEST_WAIT)) if moment else 0


def _moment(text: str) -> datetime | None:
    """Parse a date of HTTP; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _request(client: Any, url: str, limit: _Limit) -> Any:
    """A request for what is at an address. The client logs the address of each, which must not show its secrets."""
    from httpx import URL

    class Discreet(URL):
        def __str__(self) -> str:
            return without_secrets(super().__str__())

    request = client.build_request("GET", url, extensions={"trace": limit.follow})
    request.url = Discreet(request.url)
    return request


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text:.120}" if text else type(error).__name__


@dataclass(slots=True)
class Fetching:
    """Fetches several feeds at once, one per host, while the first ones are being indexed."""

    feeds: Sequence[RemoteFeed]
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))

    def __enter__(self) -> Fetching:
        locks: dict[str, Lock] = {}
        for feed in self.feeds:
            feed.fetch_with(self._pool, locks.setdefault(feed.host, Lock()))
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
