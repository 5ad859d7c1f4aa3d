"""What is known of the copies in an index, kept beside it for the next process that asks.

Only a cache: without it, a reader compares the articles once more. A user who may only read does without it.
"""

from __future__ import annotations

from contextlib import suppress

import orjson

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation, meta_index
from newsearch.engine.opensearch.pieces import read_pieces, write_pieces
from newsearch.errors import EngineError, IndexMissing
from newsearch.stories.known import NOTHING, VERSION, KnownGroups, packed, unpacked

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
        found, generation = unpacked(rest), str(told["generation"])
    except (ValueError, TypeError, LookupError):
        return "", NOTHING
    return ("", NOTHING) if found is NOTHING else (generation, found)


def write_known(cluster: Cluster, generation: Generation, found: KnownGroups) -> None:
    """Keep what is known, if that is possible here."""
    head = orjson.dumps({"version": VERSION, "generation": name_of(generation)})
    with suppress(EngineError, IndexMissing):
        # A dry run leaves nothing behind, not even this.
        if cluster.ask("GET", f"/{meta_index(cluster.alias)}", missing=True):
            write_pieces(cluster, _NAME, b"\n".join([head, packed(found)]))


def name_of(generation: Generation) -> str:
    """What identifies a generation, also after the index was deleted and made again."""
    return f"{generation.index} {generation.number} {generation.created.isoformat()}"
