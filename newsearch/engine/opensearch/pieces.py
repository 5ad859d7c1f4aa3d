"""Data of any size beside the index, as documents of which each holds a piece."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import meta_document, meta_index
from newsearch.errors import EngineError, IndexMissing

_PIECE = 4 << 20
_MAX_SIZE = 4 << 30
_DIGEST = 16
_MAX_PIECES = 2 * _MAX_SIZE // _PIECE
"""More than data of that size has, packed as badly as possible."""


def write_pieces(cluster: Cluster, name: str, data: bytes) -> None:
    """Write data under a name, over what has this name. Nobody can read both mixed."""
    digest = blake2b(data, digest_size=_DIGEST).digest()
    packed = base64.b64encode(zlib.compress(digest + data, 3))
    pieces = [packed[at : at + _PIECE] for at in range(0, len(packed), _PIECE)]
    for number, piece in enumerate(pieces):
        document = {"pieces": len(pieces), "data": piece.decode("ascii")}
        cluster.ask("PUT", _path(cluster, name, number), document)


def read_pieces(cluster: Cluster, name: str) -> bytes | None:
    """The data under a name; None if it is not there or damaged."""
    packed: list[str] = []
    pieces = 1
    try:
        while len(packed) < pieces:
            document = meta_document(cluster, _name(name, len(packed)))
            if not document or len(document["data"]) > _PIECE:
                return None
            pieces = _pieces(document)
            packed.append(document["data"])
        whole = zlib.decompressobj().decompress(base64.b64decode("".join(packed)), _MAX_SIZE)
    except (ValueError, TypeError, LookupError, zlib.error):
        return None
    digest, data = whole[:_DIGEST], whole[_DIGEST:]
    return data if blake2b(data, digest_size=_DIGEST).digest() == digest else None


def delete_pieces(cluster: Cluster, name: str) -> None:
    """Delete the data under a name. What cannot be deleted is left behind."""
    with suppress(EngineError, IndexMissing):
        number, pieces = 0, 1
        while number < pieces:
            document = meta_document(cluster, _name(name, number))
            if document is not None:
                pieces = _pieces(document)
                cluster.ask("DELETE", _path(cluster, name, number), missing=True)
            number += 1


def _pieces(document: Mapping[str, Any]) -> int:
    """How many pieces there are, as one of them says; 0 if it does not."""
    pieces = document.get("pieces")
    return pieces if isinstance(pieces, int) and pieces <= _MAX_PIECES else 0


def _name(name: str, piece: int) -> str:
    return f"{name}-{piece}"


def _path(cluster: Cluster, name: str, piece: int) -> str:
    return f"/{meta_index(cluster.alias)}/_doc/{_name(name, piece)}"
