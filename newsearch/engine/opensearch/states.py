"""The states of sources, as documents beside the index. A state can name millions of files."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.pieces import delete_pieces, read_pieces, write_pieces
from newsearch.engine.writing import SourceState


def write_state(cluster: Cluster, generation: int, state: SourceState) -> str:
    """Write a state. Returns its name."""
    name = f"state-{generation}-{uuid.uuid4().hex}"
    values = [
        list(state.names),
        [int(s) for s in state.stamps],
        state.broken,
        [list(f) for f in state.faults],
    ]
    write_pieces(cluster, name, json.dumps(values).encode())
    return name


def read_state(cluster: Cluster, name: str) -> SourceState | None:
    """A state; None if it is not there or damaged, and the whole source must be read."""
    data = read_pieces(cluster, name)
    if data is None:
        return None
    try:
        names, stamps, broken, faults = json.loads(data)
        if len(names) != len(stamps) or not all(isinstance(n, str) for n in names):
            return None
        return SourceState(names, list(map(int, stamps)), int(broken), [(str(a), str(b)) for a, b in faults])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def delete_states(cluster: Cluster, names: Iterable[str]) -> None:
    """Delete states. One that cannot be deleted is left behind."""
    for name in names:
        delete_pieces(cluster, name)
