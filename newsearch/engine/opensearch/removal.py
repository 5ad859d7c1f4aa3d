"""Removes documents that no reader needs, and those of runs that were never published."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation, meta_index
from newsearch.engine.opensearch.held import count
from newsearch.errors import EngineError

_KEPT_DESCRIPTIONS = 3
"""Descriptions of generations that are kept, for readers that are about to open one."""

_PATIENCE = 600.0
"""Seconds for which removing may make no progress. A batch of a thousand documents takes less than one."""


def revive(cluster: Cluster, index: str, number: int) -> None:
    """Undo the death of documents in generations from this number on, which are not published."""
    body = {
        "query": {"range": {"died": {"gte": number}}},
        "script": {"source": "ctx._source.remove('died')", "lang": "painless"},
    }
    _by_query(cluster, index, "_update_by_query", body)


def delete_by_query(cluster: Cluster, index: str, body: Mapping[str, Any]) -> None:
    _by_query(cluster, index, "_delete_by_query", body)


def _by_query(cluster: Cluster, index: str, action: str, body: Mapping[str, Any]) -> None:
    """Change all documents that a query finds. The request outlasts any number of documents.

    Raises:
        EngineError: some cannot be changed, or for a long time none is.
    """
    params = {"wait_for_completion": "false", "refresh": "true", "conflicts": "proceed"}
    task, pause = "", 0.02
    left, changed, progress = inf, 0, time.monotonic()
    while True:
        if not task:
            found = count(cluster, index, body["query"])
            if not found:
                return
            if found < left:
                left, changed, progress = found, 0, time.monotonic()
            task = cluster.ask("POST", f"/{index}/{action}", body, params).get("task")
            if not isinstance(task, str):
                raise cluster.unexpected()
        status = cluster.ask("GET", f"/_tasks/{task}", missing=True)
        if status is None:
            task = ""  # it was on a node that is gone
        elif status.get("completed"):
            if status.get("error") or _failures(status):
                raise EngineError(
                    f"{cluster.place}: articles of an interrupted run cannot be removed; try again"
                )
            cluster.ask("DELETE", f"/.tasks/_doc/{task}", missing=True)
            return
        elif (now := _changed(status)) > changed:
            changed, progress = now, time.monotonic()
        if time.monotonic() - progress > _PATIENCE:
            raise EngineError(
                f"{cluster.place}: no article was removed for {_PATIENCE:g} seconds; check the nodes and try again"
            )
        time.sleep(pause)
        pause = min(2 * pause, 2.0)


def _failures(status: Mapping[str, Any]) -> Any:
    """What a task that is completed could not do."""
    response = status.get("response") or {}
    return response.get("failures") if isinstance(response, Mapping) else response


def _changed(status: Mapping[str, Any]) -> int:
    """How many documents a task has looked at."""
    told = status.get("task")
    counts = told.get("status") if isinstance(told, Mapping) else None
    if not isinstance(counts, Mapping):
        return 0
    found = (counts.get(name) for name in ("updated", "deleted", "noops", "version_conflicts"))
    return sum(number for number in found if isinstance(number, int))


def purge(cluster: Cluster, index: str, number: int) -> None:
    """Remove the documents that have died in this generation or before. Readers of earlier ones lose them."""
    delete_by_query(cluster, index, {"query": {"range": {"died": {"lte": number}}}})


def delete_old(cluster: Cluster, generation: Generation, previous: str) -> None:
    """Delete the indexes and the descriptions of generations before the previous one."""
    prefix = f"{cluster.alias}--"
    found: Iterable[str] = cluster.ask("GET", f"/{prefix}*/_alias") or ()
    for index in found:
        number = index.removeprefix(prefix)
        if (
            number.isdecimal()
            and len(number) < 20
            and int(number) < generation.number
            and index not in (generation.index, previous)
        ):
            cluster.ask("DELETE", f"/{index}", missing=True)
    old = generation.number - _KEPT_DESCRIPTIONS
    if old > 0:
        path = f"/{meta_index(cluster.alias)}/_doc/generation-{old}"
        cluster.ask("DELETE", path, missing=True)
