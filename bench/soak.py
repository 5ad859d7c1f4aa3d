"""Mixed load on a server beside a writer that changes the index all the time: no error, nothing stale, no leak."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import quote_plus

import newsearch
from bench.corpus import read
from bench.load import Measured, load
from bench.server import memory_of, serving, words_of_titles

MARK = "soakstamp"
"""A word of one article, whose title tells the number of the last change."""

_FILES = 20
_CHANGED = 50
"""Articles that change every time, besides the marked one."""

_PAUSE = 1.0
_STEP = 10.0
"""Seconds of one part of the load, after which memory is looked at."""

_KINDS = (
    ("/api/v1/search?query={}", 10),
    ("/api/v1/search?query={}&facets=topic&facets=month&limit=20", 2),
    ("/api/v1/search?query={}&sort=newest&after=2020-04", 2),
    ("/?query={}", 2),
    ("/api/v1/complete?text={}", 3),
    ("/api/v1/facets?query={}", 1),
    ("/api/v1/timeline?query={}&unit=week", 1),
    ("/search.atom?query={}", 1),
    ("/healthz", 1),
    ("/metrics", 1),
)


class Soaked(NamedTuple):
    """What happened.

    Attributes:
        loads: the load, part by part.
        changes: the number of generations that the writer made.
        looks: how often the marked article was asked for.
        backwards: how often it was older than in an answer before.
        stale: for every answer that lacked a change made before it was asked for, the seconds since that change.
        last_seen: whether the last change was seen in the end.
        megabytes: memory that the server had for itself, after each part.
    """

    loads: list[Measured]
    changes: int
    looks: int
    backwards: int
    stale: list[float]
    last_seen: bool
    megabytes: list[float]

    @property
    def statuses(self) -> Counter[str]:
        """The number of answers by status."""
        return sum((Counter(part.statuses) for part in self.loads), Counter())

    @property
    def growth(self) -> float:
        """Memory in the last third of the time, divided by that in the second third."""
        third = max(1, len(self.megabytes) // 3)
        return median(self.megabytes[-third:]) / median(self.megabytes[third : 2 * third] or self.megabytes)


def soak(corpus: Path, size: int, work: Path, seconds: float, rate: float, workers: int = 1) -> Soaked:
    """Index some articles, serve them, and ask for mixed things for some seconds while they change.

    Args:
        rate: requests each second.
    """
    source, index = work / "source", work / "index"
    source.mkdir(parents=True)
    records = list(islice(read(corpus), size))
    for number in range(_FILES):
        _write(source / f"{number:02}.jsonl", records[number::_FILES])
    _stamp(source, 0)
    newsearch.build(source, index=index)
    addresses = _mixed(words_of_titles(index, 3_000))
    with ExitStack() as stack:
        port, process = stack.enter_context(serving(index, workers))
        writer = _Writer(source, index, records)
        looker = _Looker(port, writer, backwards_matter=workers == 1)
        for thread in (writer, looker):
            thread.start()
            stack.callback(thread.stop)
        loads: list[Measured] = []
        megabytes: list[float] = []
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0.5:
            part = addresses[len(loads) * 997 % len(addresses) :] + addresses
            loads.append(load(port, part, connections=8, seconds=min(left, _STEP), rate=rate))
            megabytes.append(sum(memory_of(process.pid)))
        writer.stop()
        looker.wait_for(writer.changes[-1][0])
        looker.stop()
    changes = len(writer.changes) - 1
    return Soaked(
        loads, changes, looker.looks, looker.backwards, looker.stale, looker.seen == changes, megabytes
    )


def _write(path: Path, records: Sequence[dict[str, object]]) -> None:
    part = path.with_suffix(".part")
    part.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    part.replace(path)


def _stamp(source: Path, number: int) -> None:
    _write(source / "stamp.jsonl", [{"id": "stamp", "title": f"{MARK} {number}", "topics": ["Stamps"]}])


def _mixed(queries: Sequence[str]) -> list[str]:
    kinds = [kind for kind, share in _KINDS for _ in range(share)]
    return [kinds[number * 7 % len(kinds)].format(quote_plus(query)) for number, query in enumerate(queries)]


class _Thread(threading.Thread):
    """A thread that repeats one step until it is stopped, and raises there what went wrong."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._is_over = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            for number in count(1):
                if self._is_over.is_set():
                    return
                self.step(number)
        except BaseException as error:
            self._error = error

    def step(self, number: int) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        self._is_over.set()
        self.join()
        if self._error:
            raise self._error


class _Writer(_Thread):
    """Changes some articles, one file at a time, and reindexes, in a process of its own as people do."""

    def __init__(self, source: Path, index: Path, records: list[dict[str, object]]) -> None:
        super().__init__()
        self._source = source
        self._index = index
        self._records = records
        self.changes: list[tuple[int, float]] = [(0, time.monotonic())]

    def step(self, number: int) -> None:
        file = number % _FILES
        changed = [dict(record) for record in self._records[file::_FILES]]
        for record in changed[number % 7 :: max(1, len(changed) // _CHANGED)]:
            record["title"] = f"{record['title']} (change {number})"
        _write(self._source / f"{file:02}.jsonl", changed)
        _stamp(self._source, number)
        command = [sys.executable, "-m", "newsearch", "reindex", "--index", str(self._index)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        self.changes.append((number, time.monotonic()))
        time.sleep(_PAUSE)


class _Looker(_Thread):
    """Asks for the marked article again and again."""

    def __init__(self, port: int, writer: _Writer, *, backwards_matter: bool) -> None:
        super().__init__()
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._writer = writer
        self._backwards_matter = backwards_matter
        self.looks = self.backwards = self.seen = 0
        self.stale: list[float] = []

    def step(self, number: int) -> None:
        asked = time.monotonic()
        known = list(self._writer.changes)
        seen = self._look()
        if seen < self.seen and self._backwards_matter:
            self.backwards += 1
        self.seen = seen
        missed = [made for change, made in known if change > seen and made < asked]
        if missed:
            self.stale.append(asked - min(missed))
        time.sleep(0.05)

    def _look(self) -> int:
        self._connection.request("GET", f"/api/v1/search?query={MARK}", headers={"Host": "localhost"})
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for the marked article: {data[:200]!r}")
        (hit,) = json.loads(data)["hits"]
        self.looks += 1
        return int(hit["title"].split()[1])

    def stop(self) -> None:
        super().stop()
        self._connection.close()

    def wait_for(self, change: int) -> None:
        """Wait until a change is seen, for a minute at most."""
        for _ in range(600):
            if self.seen == change or not self.is_alive():
                return
            time.sleep(0.1)
