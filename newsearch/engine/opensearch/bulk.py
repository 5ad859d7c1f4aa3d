"""Sends documents in bulk: as many at a time as the cluster takes, and none twice at once.

The client's own helpers either give up on the first refusal or drop what was refused. Here a refusal for lack of room
halves what is sent at a time, and what was refused is sent again. Every other refusal is an error that names the
document.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Event, Lock
from typing import Any, NamedTuple

import orjson

from newsearch.engine.opensearch.connection import Cluster, Refused, is_passing
from newsearch.errors import EngineError

PATIENCE = 120.0
"""Seconds for which a cluster may refuse everything before that is an error."""

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_LEAST = 16 << 10
"""Bytes below which a request is not halved any more."""

_PARAMS = {
    "require_alias": "true",
    "filter_path": "errors,items.*.status,items.*.error.type,items.*.error.reason",
}


class Item(NamedTuple):
    """One change of a document.

    Attributes:
        id: of the document.
        lines: the change as `_bulk` reads it.
        name: what the document is called in messages.
    """

    id: str
    lines: bytes
    name: str


def index_item(id: str, document: bytes, name: str) -> Item:
    """Write a document, given as JSON, over one with the same id."""
    return Item(id, b'{"index":{"_id":"%s"}}\n%s\n' % (id.encode(), document), name)


def update_item(id: str, values: Any) -> Item:
    """Set some values of a document."""
    head = b'{"update":{"_id":"%s","retry_on_conflict":3}}\n' % id.encode()
    return Item(id, head + orjson.dumps({"doc": values}) + b"\n", id)


def delete_item(id: str) -> Item:
    """Delete a document, if it is there."""
    return Item(id, b'{"delete":{"_id":"%s"}}\n' % id.encode(), id)


class Bulk:
    """Sends changes to one index, in the background.

    Attributes:
        accepted: how many changes the cluster has acknowledged.

    Args:
        alias: of the index. A name that is not an alias is refused: a missing index must not come into being.
    """

    def __init__(self, cluster: Cluster, alias: str) -> None:
        self._cluster = cluster
        self._path = f"/{alias}/_bulk"
        self._most = self._limit = cluster.settings.batch
        flights = cluster.settings.flights
        self._pool = ThreadPoolExecutor(flights, "bulk")
        self._room = BoundedSemaphore(flights)
        self._flying: dict[Future[None], frozenset[str]] = {}
        self._lock = Lock()
        self._stopped = Event()
        self._error: BaseException | None = None
        self._waiting: dict[str, Item] = {}
        self._size = 0
        self.accepted = 0

    def add(self, items: Iterable[Item]) -> None:
        """Queue changes. Of several changes of one document, the last one counts.

        Raises:
            EngineError: an earlier change was refused, or the cluster does not answer.
        """
        for item in items:
            old = self._waiting.pop(item.id, None)
            self._size += len(item.lines) - (len(old.lines) if old else 0)
            self._waiting[item.id] = item
            if self._size >= self._most:
                self._fly()

    def wait(self) -> None:
        """Send everything that is queued, and wait until the cluster has acknowledged it. Raises as `add` does."""
        self._fly()
        while self._flying:
            for future in list(self._flying):
                self._land(future)
        self._check()

    def close(self) -> None:
        """Drop what is not sent yet, and wait for what is on its way."""
        self._stopped.set()
        self._waiting.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _fly(self) -> None:
        self._check()
        items = list(self._waiting.values())
        self._waiting, self._size = {}, 0
        if not items:
            return
        ids = frozenset(item.id for item in items)
        for future, others in list(self._flying.items()):
            # Two requests at once could change one document in any order.
            if future.done() or not ids.isdisjoint(others):
                self._land(future)
        self._check()
        self._room.acquire()
        future = self._pool.submit(self._carry, items)
        self._flying[future] = ids

    def _land(self, future: Future[None]) -> None:
        try:
            future.result()
        except BaseException as error:
            self._error = self._error or error
            if not isinstance(error, Exception):
                raise
        del self._flying[future]

    def _check(self) -> None:
        if self._error:
            raise self._error

    def _carry(self, items: Sequence[Item]) -> None:
        try:
            self._send(items)
        except BaseException:
            self._stopped.set()
            raise
        finally:
            self._room.release()

    def _send(self, items: Sequence[Item]) -> None:
        waiting = list(items)
        pause, progress = _FIRST_PAUSE, time.monotonic()
        while waiting and not self._stopped.is_set():
            chunk, rest = self._cut(waiting)
            refused, why = self._request(chunk)
            with self._lock:
                self.accepted += len(chunk) - len(refused)
            if not refused:
                pause, progress = _FIRST_PAUSE, time.monotonic()
                self._limit = min(2 * self._limit, self._most)
            else:
                size = sum(len(item.lines) for item in chunk)
                self._limit = max(min(self._limit, size) // 2, _LEAST)
                if len(refused) < len(chunk):
                    progress = time.monotonic()
                elif time.monotonic() - progress > PATIENCE:
                    raise EngineError(
                        f"{self._cluster.place}: refused {len(waiting):,} articles for {PATIENCE:g} seconds, the"
                        f" first of them {waiting[0].name}: {why}; try again when the cluster has less to do"
                    )
                self._stopped.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
                pause = min(2 * pause, _LONGEST_PAUSE)
            waiting = refused + rest

    def _cut(self, items: list[Item]) -> tuple[list[Item], list[Item]]:
        """As many of the first items as may be sent at a time, at least one, and the others."""
        size = 0
        for number, item in enumerate(items):
            size += len(item.lines)
            if number and size > self._limit:
                return items[:number], items[number:]
        return items, []

    def _request(self, chunk: list[Item]) -> tuple[list[Item], str]:
        """Send one request. Returns the items that may be sent again, and why they were refused."""
        body = b"".join([item.lines for item in chunk])
        try:
            answer = self._cluster.ask("POST", self._path, body, _PARAMS)
        except Refused as error:
            if error.is_passing and (error.status != 413 or len(chunk) > 1):
                return chunk, error.kind or str(error.status)
            raise
        if len(answer["items"]) != len(chunk):
            raise self._cluster.unexpected()
        if not answer.get("errors"):
            return [], ""
        refused, why = [], ""
        for item, result in zip(chunk, answer["items"], strict=True):
            with self._cluster.expecting():
                ((action, outcome),) = result.items()
                status, problem = int(outcome["status"]), outcome.get("error") or {}
                kind, reason = str(problem.get("type", "")), str(problem.get("reason", ""))
            if status < 300 or (action == "delete" and status == 404):
                continue
            if not is_passing(status, kind, reason):
                told = self._cluster.refused(status, kind, reason)
                if isinstance(told, Refused) and kind != "cluster_block_exception":
                    raise EngineError(f"{told}; the article is {item.name}")
                raise told
            refused.append(item)
            why = kind
        return refused, why
