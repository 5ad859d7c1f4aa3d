"""Three nodes, of which one is killed or hangs, while the index is searched and written."""

from __future__ import annotations

import gc
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from nodes import VERSIONS, Nodes, Unavailable, why_not

import newsearch
from newsearch.articles.article import Article
from newsearch.engine import open_engine
from newsearch.errors import NewsearchError

pytest.importorskip("opensearchpy", reason="needs the extra newsearch[opensearch]")

pytestmark = [
    pytest.mark.opensearch,
    # The client leaves sockets of nodes that are gone to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

KILLS = int(os.environ.get("NEWSEARCH_TEST_KILLS", "2"))
"""How often the leader is killed. NEWSEARCH_TEST_KILLS=20 for a long trial."""

QUERIES = ("common", "common even", '"number 7"', "odd -common7", "common1*")


@pytest.fixture(scope="module", params=VERSIONS)
def three(request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """A cluster of three nodes."""
    if reason := why_not(request.param):
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        try:
            nodes = Nodes(Path(directory), 3, version=request.param)
        except Unavailable as error:
            pytest.skip(str(error))
        with nodes:
            yield nodes
        gc.collect()  # while warnings of what the client has left are ignored


def article(number: int) -> Article:
    kind = "odd" if number % 2 else "even"
    return Article(id=f"a{number}", title=f"common {kind} number {number}", body=f"common{number % 20} word")


def answers(place: str) -> list[list[tuple[str, float]]]:
    with newsearch.open(place) as index:
        return [
            [(hit.id, round(hit.score, 4)) for hit in index.search(query, limit=100)] for query in QUERIES
        ]


class Searching(Thread):
    """Searches until it is stopped, and keeps what went wrong."""

    def __init__(self, place: str) -> None:
        super().__init__(daemon=True)
        self.place = place
        self.failures: list[str] = []
        self.searches = 0
        self.stopped = Event()

    def run(self) -> None:
        index = newsearch.open(self.place)
        most = 0
        while not self.stopped.wait(0.02):
            try:
                index.refresh()
                found = index.search("common").total
            except NewsearchError as error:
                self.failures.append(str(error))
                continue
            if found < most:
                self.failures.append(f"found {found} of {most}")
            most = max(most, found)
            self.searches += 1


class Writing(Thread):
    """Publishes batches of articles until it is stopped, and keeps which were acknowledged."""

    def __init__(self, place: str, start: int) -> None:
        super().__init__(daemon=True)
        self.place = place
        self.acknowledged = start
        self.commits = 0
        self.failures: list[str] = []
        self.stopped = Event()

    def run(self) -> None:
        while not self.stopped.wait(0.05):
            batch = [article(self.acknowledged + i) for i in range(10)]
            try:
                with open_engine(self.place).writer(wait=60) as writer:
                    writer.add_all(batch, "/a")
                    writer.commit()
            except NewsearchError as error:
                self.failures.append(str(error))
                continue
            self.acknowledged += len(batch)
            self.commits += 1


def _until(done: Event, condition: object) -> None:
    end = time.monotonic() + 240
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        done.wait(0.1)


def test_a_killed_leader_costs_no_search_and_no_acknowledged_article(three: Nodes, tmp_path: Path) -> None:
    place = f"opensearch+http://{three.hosts}/news?shards=3&replicas=1&retries=12&timeout=20"
    with open_engine(place).writer() as writer:
        writer.add_all([article(i) for i in range(200)], "/a")
        writer.commit()
    three.wait("green")
    searching, writing = Searching(place), Writing(place, 200)
    searching.start()
    writing.start()
    for _ in range(KILLS):
        before = searching.searches, writing.commits
        killed = three.leader()
        three.kill(killed)
        _until(Event(), lambda b=before: searching.searches > b[0] + 5 and writing.commits > b[1] + 1)
        assert searching.searches > before[0] + 5, searching.failures
        assert writing.commits > before[1] + 1, writing.failures
        three.start(killed)
        three.wait("green")
    searching.stopped.set()
    writing.stopped.set()
    writing.join()
    searching.join()
    assert searching.failures == []
    # A run that failed published nothing or all; the next one added the same articles again.
    with newsearch.open(place) as index:
        held = {found.id for found in index.articles()}
    assert held >= {f"a{i}" for i in range(writing.acknowledged)}
    with open_engine(tmp_path / "arrays").writer() as writer:
        writer.add_all([article(int(id[1:])) for id in sorted(held)], "/a")
        writer.commit()
    assert answers(place) == answers(str(tmp_path / "arrays"))
    assert newsearch.verify(place).ok


def test_a_node_that_hangs_is_left_out(three: Nodes) -> None:
    place = f"opensearch+http://{three.hosts}/hanging?shards=3&replicas=1&retries=12&timeout=5"
    with open_engine(place).writer() as writer:
        writer.add_all([article(i) for i in range(50)], "/a")
        writer.commit()
    three.wait("green")
    expected = answers(place)
    hanging = next(n for n in range(3) if n != three.leader())
    three.stop(hanging)
    try:
        assert answers(place) == expected
        with open_engine(place).writer(wait=60) as writer:
            writer.add_all([article(50)], "/a")
            assert writer.commit().articles == 51
    finally:
        three.resume(hanging)
    three.wait("green")
    assert len(json.dumps(answers(place))) > len(json.dumps(expected))
