"""Work that takes many requests comes to an end, whatever a cluster answers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

import pytest
from fakes import FakeCluster, Json, document_of
from proxy import Answer, AnswerTo, Proxy

import newsearch
from newsearch.articles.article import Article
from newsearch.engine.opensearch import lease, removal
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.held import pages
from newsearch.engine.opensearch.lease import Lease
from newsearch.engine.opensearch.medians import medians
from newsearch.engine.opensearch.paging import every
from newsearch.engine.opensearch.pieces import delete_pieces, read_pieces
from newsearch.engine.opensearch.searches import Requests, every_bucket, most_frequent
from newsearch.engine.opensearch.settings import parse_place
from newsearch.errors import EngineError, IndexLocked

pytest.importorskip("opensearchpy", reason="needs the extra newsearch[opensearch]")


@contextmanager
def cluster_of(answer: AnswerTo) -> Iterator[Cluster]:
    with Proxy(answer=answer) as proxy:
        yield Cluster(parse_place(f"opensearch+http://{proxy.host}/news?retries=0"))


def searching(search: Callable[[Json], Json]) -> AnswerTo:
    """A cluster that answers every search so."""

    def answer(method: str, path: str, body: bytes) -> Answer:
        return 200, {"pit_id": "a"} if "point_in_time" in path else search(json.loads(body))

    return answer


SOUND = document_of(Article(id="a", title="ban"))


def hits(numbers: Any, total: int = 1 << 40) -> Json:
    found = [{"_source": SOUND, "sort": [number, "/a", 1]} for number in numbers]
    return {"hits": {"hits": found, "total": {"value": total}}}


numbers = count()

ENDLESS: dict[str, Callable[[Json], Json]] = {
    "the same page again": lambda body: hits(range(body["size"])),
    "backwards": lambda body: hits(range(-body.get("search_after", [0])[0], body["size"])[: body["size"]]),
    "more than asked for": lambda body: hits(range(body["size"] + 1)),
    "more than there are": lambda body: hits((next(numbers) for _ in range(body["size"])), 5),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_pages_without_end_are_told(kind: str) -> None:
    with cluster_of(searching(ENDLESS[kind])) as cluster:
        requests = Requests(cluster, newsearch_generation())
        sort = [{"key": "asc"}, {"source": "asc"}, {"born": "asc"}]
        walks: list[Iterator[object]] = [
            every(requests, []),
            pages(cluster, "news--7", {"size": 9, "sort": sort}),
        ]
        for walk in walks:
            with pytest.raises(EngineError, match="in another form than a cluster does"):
                list(islice(walk, 5000))


def newsearch_generation() -> Any:
    from newsearch.engine.opensearch.generation import Generation

    return Generation(7, "news--7", articles=1)


def test_a_deep_page_is_not_read_twice() -> None:
    fake = FakeCluster(document_of(Article(id="a", title="ban")))

    def answer(method: str, path: str, body: bytes) -> Answer | None:
        if "_search" in path and body and (asked := json.loads(body)).get("size", 0) > 1:
            found = [{"_source": fake.documents[0], "sort": [0] * len(asked["sort"])}] * asked["size"]
            return 200, {"hits": {"hits": found, "total": {"value": 1 << 40}}, "aggregations": {}}
        return fake(method, path, body)

    with Proxy(answer=answer) as proxy:
        index = newsearch.open(f"opensearch+http://{proxy.host}/news?retries=0")
        with pytest.raises(EngineError, match="in another form"):
            index.search("", sort="newest", offset=20_000)


def test_values_without_end_are_told() -> None:
    def values(body: Json) -> Json:
        buckets = [{"key": {"value": str(n)}, "doc_count": 1} for n in range(1000, 2000)]
        return hits([]) | {"aggregations": {"values": {"buckets": buckets, "after_key": {"value": "x"}}}}

    with cluster_of(searching(values)) as cluster, pytest.raises(EngineError, match="in another form"):
        every_bucket(Requests(cluster, newsearch_generation()), [], {"terms": {"field": "topic"}})


def test_values_of_which_a_cluster_is_never_sure_are_told() -> None:
    def values(body: Json) -> Json:
        bucket = {"key": "a", "doc_count": 1, "doc_count_error_upper_bound": 9}
        found = {"buckets": [bucket], "doc_count_error_upper_bound": 9}
        return hits([]) | {"aggregations": {"values": found}}

    with cluster_of(searching(values)) as cluster, pytest.raises(EngineError, match="in another form"):
        most_frequent(Requests(cluster, newsearch_generation()), [], {"field": "topic"}, 5)


@pytest.mark.parametrize("bounds", [(0.0, 10.0), (5.0, 20.0), (7.0, 3.0), (None, None)])
def test_a_median_that_is_never_found_is_told(bounds: tuple[float | None, float | None]) -> None:
    def answer(body: Json) -> Json:
        inner = {"low": {"value": bounds[0]}, "high": {"value": bounds[1]}}
        parts = {"buckets": [{"doc_count": 9, **inner}]}
        return hits([], 9) | {
            "aggregations": {"low": {"value": 0.0}, "high": {"value": 10.0}, "parts": parts}
        }

    with cluster_of(searching(answer)) as cluster, pytest.raises(EngineError, match="in another form"):
        medians(cluster, "news--7", [])


@pytest.mark.parametrize(
    "task", [None, {"completed": False}, {"completed": False, "task": {"status": {"deleted": 5}}}]
)
def test_removing_without_progress_is_told(task: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "_PATIENCE", 0.3)

    def answer(method: str, path: str, body: bytes) -> Answer:
        if "/_tasks/" in path:
            return (404, {}) if task is None else (200, task)
        return 200, {"task": "a:1"} if "_by_query" in path else hits([], 7)

    with (
        cluster_of(answer) as cluster,
        pytest.raises(EngineError, match="no article was removed for"),
    ):
        removal.purge(cluster, "news--7", 7)


@pytest.mark.parametrize("answer", [{}, {"task": 5}])
def test_removing_by_no_task_is_told(answer: Json) -> None:
    def answers(method: str, path: str, body: bytes) -> Answer:
        return 200, answer if "_by_query" in path else hits([], 7)

    with cluster_of(answers) as cluster, pytest.raises(EngineError, match="in another form"):
        removal.purge(cluster, "news--7", 7)


def test_removing_lasts_while_there_is_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "_PATIENCE", 0.4)
    deleted = count()
    ends = time.monotonic() + 0.8

    def answer(method: str, path: str, body: bytes) -> Answer:
        if "/_tasks/" in path:
            status = {"deleted": next(deleted)}
            return 200, {"completed": time.monotonic() > ends, "task": {"status": status}}
        return 200, {"task": "a:1"} if "_by_query" in path else hits([], 7)

    with cluster_of(answer) as cluster:
        removal.purge(cluster, "news--7", 7)


CONFLICT = 409, {"error": {"type": "version_conflict_engine_exception", "reason": "x"}, "status": 409}

LOCKS: dict[str, Any] = {
    "is gone when it is looked at": None,
    "is no object": 5,
    "is abandoned again and again": {},
    "has an endless lease": {
        "lease": 1e12,
        "renewed": "2020-01-01T00:00:00+00:00",
        "pid": 10**30,
        "host": "x",
    },
    "has a host that a terminal obeys": {"pid": 5, "host": "a\x1b[31m", "since": "\u202e", "lease": 1e12},
}


@pytest.mark.parametrize("kind", LOCKS)
def test_a_lock_that_is_never_free_is_told(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_POLL", 0.01)
    monkeypatch.setattr(lease, "_LONGEST", 0.1)

    def answer(method: str, path: str, body: bytes) -> Answer:
        if method == "PUT":
            return CONFLICT
        return (
            (404, {}) if LOCKS[kind] is None else (200, {"found": True, "_source": LOCKS[kind], "_seq_no": 1})
        )

    with cluster_of(answer) as cluster, pytest.raises(IndexLocked, match="being written by") as raised:
        Lease(cluster)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "document", [None, 5, {"data": ""}, {"pieces": "x"}, {"pieces": 1 << 60, "data": "AAAA"}]
)
def test_pieces_without_end_are_left(document: Any) -> None:
    with cluster_of(lambda *_: (200, {"found": True, "_source": document})) as cluster:
        assert read_pieces(cluster, "groups") is None
        delete_pieces(cluster, "groups")
