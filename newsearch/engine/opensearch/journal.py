"""The journal of a run: enough for the next run of the same sources to continue from what this one has indexed.

Its articles are in the index already, with the number of a generation that is not published yet. Only the next run with
the same sources, published generation, `fresh` and `protected` continues from them. Any other run removes them first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from newsearch.engine.opensearch import schema
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import meta_document, meta_index
from newsearch.engine.opensearch.states import delete_states, read_state, write_state
from newsearch.engine.writing import SourceState
from newsearch.text import analysis

_NAME = "journal"


@dataclass(frozen=True, slots=True)
class Run:
    """What identifies a run.

    Attributes:
        base: the generation that was published when it began; 0 for none.
        fresh: whether it builds the index from scratch.
        sources: the locations of its sources.
        protected: the terms that it does not stem, sorted.
        number: the generation that it makes.
        index: the index in which it writes.
    """

    base: int
    fresh: bool
    sources: list[str]
    protected: list[str]
    number: int
    index: str


@dataclass(slots=True)
class Journal:
    """The journal of a run that can be resumed.

    Args:
        states: of the sources, as far as the articles of an earlier run cover them.
        names: of the documents with these states.
    """

    cluster: Cluster
    run: Run
    states: dict[str, SourceState] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """Write the journal. Everything that its states cover must be acknowledged by the cluster."""
        old = list(self.names.values())
        self.names = {
            source: write_state(self.cluster, self.run.number, state)
            for source, state in self.states.items()
            if state.names
        }
        self.cluster.ask("PUT", _path(self.cluster), {**_described(self.run), "states": self.names})
        delete_states(self.cluster, old)

    def delete(self) -> None:
        """Delete the journal and its states."""
        self.cluster.ask("DELETE", _path(self.cluster), missing=True)
        delete_states(self.cluster, self.names.values())
        self.names = {}


def read_journal(cluster: Cluster, run: Run) -> Journal | None:
    """The journal of an interrupted run with the same identity, or None."""
    document = meta_document(cluster, _NAME)
    wanted = _described(run)
    if document is None or any(document.get(key) != value for key, value in wanted.items()):
        return None
    named = document.get("states")
    if not isinstance(named, Mapping):
        return None
    names = {str(source): str(name) for source, name in named.items()}
    states = {source: state for source, name in names.items() if (state := read_state(cluster, name))}
    return Journal(cluster, run, states, names)


def delete_journal(cluster: Cluster) -> None:
    """Delete the journal of any run."""
    document = meta_document(cluster, _NAME)
    if document is not None:
        cluster.ask("DELETE", _path(cluster), missing=True)
        names = document.get("states")
        delete_states(cluster, map(str, names.values()) if isinstance(names, Mapping) else ())


def _described(run: Run) -> dict[str, Any]:
    return {"format": schema.VERSION, "analysis": analysis.VERSION, **asdict(run)}


def _path(cluster: Cluster) -> str:
    return f"/{meta_index(cluster.alias)}/_doc/{_NAME}"
