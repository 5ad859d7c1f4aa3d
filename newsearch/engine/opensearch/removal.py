"""Removes documents that no reader needs, and those of runs that were never published."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation, meta_index
from newsearch.engine.opensearch.held import count
from newsearch.errors import EngineError

_KEPT_DESCRIPTIONS = 3
"""Descriptions of generations that are kept, for readers that are about to open one."""


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
    """Change all documents that a query finds. The request outlasts any number of documents."""
    params = {"wait_for_completion": "false", "refresh": "true", "conflicts": "proceed"}
    task, pause = "", 0.02
    while True:
        if not task:
            if not count(cluster, index, body["query"]):
                return
            task = cluster.ask("POST", f"/{index}/{action}", body, params)["task"]
        status = cluster.ask("GET", f"/_tasks/{task}", missing=True)
        if status is None:
            task = ""  # it was on a node that is gone
        elif status.get("completed"):
            failures = (status.get("response") or {}).get("failures")
            if status.get("error") or failures:
                raise EngineError(
                    f"{cluster.place}: articles of an interrupted run cannot be removed; try again"
                )
            cluster.ask("DELETE", f"/.tasks/_doc/{task}", missing=True)
            return
        time.sleep(pause)
        pause = min(2 * pause, 2.0)


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
            and int(number) < generation.number
            and index not in (generation.index, previous)
        ):
            cluster.ask("DELETE", f"/{index}", missing=True)
    old = generation.number - _KEPT_DESCRIPTIONS
    if old > 0:
        path = f"/{meta_index(cluster.alias)}/_doc/generation-{old}"
        cluster.ask("DELETE", path, missing=True)
