"""The states of sources, as documents beside the index. A state can name millions of files, and takes several."""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from newsearch.engine.base import SourceState
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import meta_index
from newsearch.errors import EngineError, IndexMissing

_PIECE = 4 << 20
_MAX_SIZE = 4 << 30


def write_state(cluster: Cluster, generation: int, state: SourceState) -> str:
    """Write a state. Returns its name."""
    name = f"state-{generation}-{uuid.uuid4().hex}"
    values = [
        list(state.names),
        [int(s) for s in state.stamps],
        state.broken,
        [list(f) for f in state.faults],
    ]
    data = base64.b64encode(zlib.compress(json.dumps(values).encode(), 3))
    pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)]
    for number, piece in enumerate(pieces):
        document = {"pieces": len(pieces), "data": piece.decode("ascii")}
        cluster.ask("PUT", _path(cluster, name, number), document)
    return name


def read_state(cluster: Cluster, name: str) -> SourceState | None:
    """A state; None if it is not there or damaged, and the whole source must be read."""
    data, number, pieces = [], 0, 1
    try:
        while number < pieces:
            found = cluster.ask("GET", _path(cluster, name, number), missing=True)
            if not found or not found.get("found"):
                return None
            pieces = int(found["_source"]["pieces"])
            data.append(found["_source"]["data"])
            number += 1
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode("".join(data)), _MAX_SIZE)
        names, stamps, broken, faults = json.loads(text)
        if len(names) != len(stamps) or not all(isinstance(n, str) for n in names):
            return None
        return SourceState(names, list(map(int, stamps)), int(broken), [(str(a), str(b)) for a, b in faults])
    except (ValueError, TypeError, LookupError, zlib.error, RecursionError):
        return None


def delete_states(cluster: Cluster, names: Iterable[str]) -> None:
    """Delete states. One that cannot be deleted is left behind."""
    for name in names:
        with suppress(EngineError, IndexMissing):
            number, pieces = 0, 1
            while number < pieces:
                found: Any = cluster.ask("GET", _path(cluster, name, number), missing=True)
                if found and found.get("found"):
                    pieces = int(found["_source"]["pieces"])
                    cluster.ask("DELETE", _path(cluster, name, number), missing=True)
                number += 1


def _path(cluster: Cluster, name: str, piece: int) -> str:
    return f"/{meta_index(cluster.alias)}/_doc/{name}-{piece}"
