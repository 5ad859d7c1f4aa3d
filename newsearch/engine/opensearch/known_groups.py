"""What is known of the copies in an index, kept beside it for the next process that asks.

Only a cache: without it, a reader compares the articles once more. A user who may only read does without it.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import orjson

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation, meta_index
from newsearch.engine.opensearch.pieces import read_pieces, write_pieces
from newsearch.errors import EngineError, IndexMissing
from newsearch.stories.grouping import NOTHING, VERSION, KnownGroups, is_sound

_NAME = "groups"


def read_known(cluster: Cluster) -> tuple[str, KnownGroups]:
    """The generation that was grouped last, and what is known; "" and NOTHING if nothing sound is kept."""
    data = read_pieces(cluster, _NAME)
    if data is None:
        return "", NOTHING
    try:
        head, _, rest = data.partition(b"\n")
        told = orjson.loads(head)
        if told["version"] != VERSION:
            return "", NOTHING
        arrays, at = [], 0
        for empty, size in zip(NOTHING, told["sizes"], strict=True):
            end = at + size * empty.itemsize
            arrays.append(np.frombuffer(rest[at:end], empty.dtype))
            at = end
        found, generation = KnownGroups(*arrays), str(told["generation"])
    except (ValueError, TypeError, LookupError):
        return "", NOTHING
    is_whole = [len(array) for array in found] == told["sizes"]
    return (generation, found) if is_whole and is_sound(found) else ("", NOTHING)


def write_known(cluster: Cluster, generation: Generation, found: KnownGroups) -> None:
    """Keep what is known, if that is possible here."""
    sizes = [len(array) for array in found]
    head = orjson.dumps({"version": VERSION, "generation": name_of(generation), "sizes": sizes})
    arrays = [array.astype(empty.dtype).tobytes() for array, empty in zip(found, NOTHING, strict=True)]
    with suppress(EngineError, IndexMissing):
        # A dry run leaves nothing behind, not even this.
        if cluster.ask("GET", f"/{meta_index(cluster.alias)}", missing=True):
            write_pieces(cluster, _NAME, b"\n".join([head, b"".join(arrays)]))


def name_of(generation: Generation) -> str:
    """What identifies a generation, also after the index was deleted and made again."""
    return f"{generation.index} {generation.number} {generation.created.isoformat()}"
