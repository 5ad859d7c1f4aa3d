"""Reads any stretch of the hits of a search, also deep ones, and walks through all articles of a generation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from newsearch.engine.opensearch.connection import LOST, Refused
from newsearch.engine.opensearch.held import pages, pages_of
from newsearch.engine.opensearch.hit import Hit
from newsearch.engine.opensearch.searches import WHOLE, Requests

Query: TypeAlias = dict[str, Any]

WINDOW = 10_000
"""Hits that the server sorts at once. Later ones are reached through a point in time."""

_STEP = 5000
"""Hits of one request on the way to a deep page."""

_READ = 500
"""Documents of one answer."""

_KEEP = "2m"
"""How long a point in time is kept between two requests."""


class PointInTime:
    """A frozen state of an index. Leaving the context gives it up.

    A node that fails takes its part of the state with it. A new one shows the same: the documents of a generation do
    not change.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._id = ""

    def __enter__(self) -> PointInTime:
        self._open()
        return self

    def _open(self) -> None:
        path = f"/{self._requests.generation.index}/_search/point_in_time"
        self._id = self._requests.cluster.ask("POST", path, params={"keep_alive": _KEEP})["pit_id"]

    def __exit__(self, *_: object) -> None:
        self._requests.cluster.ask("DELETE", "/_search/point_in_time", {"pit_id": [self._id]}, missing=True)

    def search(self, body: Mapping[str, Any]) -> Any:
        """The answer to a search of this state."""
        try:
            answer = self._ask(body)
        except Refused as error:
            if error.kind not in LOST:
                raise
            self._open()
            answer = self._ask(body)
        if isinstance(id := answer.get("pit_id"), str):
            self._id = id
        return answer

    def _ask(self, body: Mapping[str, Any]) -> Any:
        asked = {**body, "pit": {"id": self._id, "keep_alive": _KEEP}}
        return self._requests.cluster.ask("POST", "/_search", asked, WHOLE)


class Pages:
    """The hits of one search.

    Attributes:
        total: how many there are. Known once hits were read.
    """

    def __init__(self, requests: Requests, query: Query, sort: Sequence[Query]) -> None:
        self._requests = requests
        self._query = query
        self._sort = list(sort)
        self.total = 0

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def hits(self, first: int, last: int) -> list[Hit]:
        """The hits [first, last)."""
        body: Query = {"query": self._query, "sort": self._sort, "track_total_hits": True}
        if last <= WINDOW and last - first <= _READ:
            answer = self._requests.search(body | {"from": first, "size": last - first})
            self.total = int(answer["hits"]["total"]["value"])
            return self._hits(answer)
        with PointInTime(self._requests) as point:
            return list(self._walked(point, body, first, last))

    def best(self, first: int, last: int) -> list[Hit]:
        """The hits [first, last) by score alone, within the window. Hits with equal scores come in any order."""
        body = {"query": self._query, "from": first, "size": last - first, "track_total_hits": True}
        answer = self._requests.search(body)
        self.total = int(answer["hits"]["total"]["value"])
        return self._hits(answer)

    def _hits(self, answer: Any) -> list[Hit]:
        return [Hit(self._requests.cluster, hit) for hit in answer["hits"]["hits"]]

    def _walked(self, point: PointInTime, body: Query, first: int, last: int) -> Iterator[Hit]:
        at = 0
        while at < last:
            is_wanted = at >= first
            size = min(_READ, last - at) if is_wanted else min(_STEP, first - at)
            answer = point.search(body | {"size": size, "_source": is_wanted})
            found = answer["hits"]["hits"]
            if "total" in answer["hits"]:
                self.total = int(answer["hits"]["total"]["value"])
            if is_wanted:
                yield from self._hits(answer)
            if len(found) < size:
                return
            if found[-1]["sort"] == body.get("search_after"):
                raise self._requests.cluster.unexpected()
            at += size
            body = body | {"search_after": found[-1]["sort"], "track_total_hits": False}


def every(requests: Requests, filters: Sequence[Query]) -> Iterator[Mapping[str, Any]]:
    """Hits of all documents that pass some filters, in the order of the hashes of their ids."""
    body: Query = {
        "size": _READ,
        "query": {"bool": {"filter": list(filters)}},
        "sort": [{"key": "asc"}, {"source": "asc"}, {"born": "asc"}],
    }
    with PointInTime(requests) as point:
        for hits in pages_of(requests.cluster, point.search, body):
            yield from requests.cluster.sound(hits)


def columns(requests: Requests, query: Query, fields: Sequence[str]) -> Iterator[list[Mapping[str, Any]]]:
    """Some fields of all articles that a query finds, page by page. No article is read, only the columns.

    Returns:
        Hits with the values of these fields as `fields`. They are sorted by the hash of the id and by source, which are
        their `sort`.
    """
    body = {
        "query": query,
        "sort": [{"key": "asc"}, {"source": "asc"}],
        "stored_fields": "_none_",
        "docvalue_fields": list(fields),
    }
    return pages(requests.cluster, requests.generation.index, body)
