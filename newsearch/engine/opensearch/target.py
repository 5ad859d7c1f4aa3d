"""The index that a writer writes to: made, taken over, cleared of what was never published, and let go."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from newsearch.engine.opensearch import schema
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation
from newsearch.engine.opensearch.held import refresh
from newsearch.engine.opensearch.removal import delete_by_query, revive
from newsearch.errors import EngineError, IndexMissing
from newsearch.text import analysis


class Target:
    """An index that is written.

    Attributes:
        index: its name.
        alias: through which alone the writer sends articles; empty until it has taken the index.
        base: the published generation in it; None for a new index, which is the writer's to delete.
    """

    def __init__(self, cluster: Cluster, base: Generation | None, number: int, *, rehearses: bool) -> None:
        self._cluster = cluster
        self.base = base
        self.alias = ""
        if base:
            self.index = base.index
        else:
            kind = f"rehearsal-{secrets.token_hex(8)}" if rehearses else str(number)
            self.index = f"{cluster.alias}--{kind}"

    def exists(self) -> bool:
        """Whether the cluster has it."""
        return bool(self._cluster.ask("GET", f"/{self.index}", missing=True))

    def begin(self) -> None:
        """Take it, as it was published."""
        if self.base:
            self.take()
            self.clear()
        else:
            self.clear()
            self._create()
            self.take()

    def resume(self, number: int) -> None:
        """Take it as an interrupted run has left it, which was making this generation."""
        self.take()
        self.refresh()
        revive(self._cluster, self.index, number)

    def _create(self) -> None:
        settings = self._cluster.settings
        body = schema.index_body(settings.shards, settings.replicas, settings.codec)
        meta = {"newsearch": schema.VERSION, "analysis": analysis.VERSION, "alias": self._cluster.alias}
        body["mappings"] = {**body["mappings"], "_meta": meta}
        self._cluster.ask("PUT", f"/{self.index}", body, {"wait_for_active_shards": "1"})

    def take(self) -> None:
        """Make this writer the only one whose requests the index accepts, even if another wakes up that seemed dead."""
        prefix = f"{self.index}--write-"
        self.alias = prefix + secrets.token_hex(8)
        others = self._cluster.ask("GET", f"/{self.index}/_alias/{prefix}*", missing=True) or {}
        with self._cluster.expecting():
            names = [alias for index in others.values() for alias in index["aliases"]]
        actions: list[dict[str, Any]] = [{"remove": {"index": self.index, "alias": name}} for name in names]
        actions.append({"add": {"index": self.index, "alias": self.alias}})
        self._cluster.ask("POST", "/_aliases", {"actions": actions})

    def clear(self) -> None:
        """Remove what an earlier run, or this one, has written and not published."""
        if self.base is None:
            self._cluster.ask("DELETE", f"/{self.index}", missing=True)
            return
        self.refresh()
        unpublished = {"query": {"range": {"born": {"gt": self.base.number}}}}
        delete_by_query(self._cluster, self.index, unpublished)
        revive(self._cluster, self.index, self.base.number + 1)

    def refresh(self) -> None:
        """Let searches find all documents that were written."""
        refresh(self._cluster, self.index)

    def release(self) -> None:
        """Give up the right to write. Without an answer, the next writer takes it."""
        if self.alias and self.base:
            with suppress(EngineError, IndexMissing):
                self._cluster.ask("DELETE", f"/{self.index}/_alias/{self.alias}", missing=True)
