"""64-bit hashes of short texts. They are stored in indexes and state files, so they never change."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any


def hash_key(text: str) -> int:
    """A 64-bit hash of an id or a canonical URL: the first 8 bytes of a BLAKE2b hash, the lowest first."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))


def hash_bytes(data: bytes) -> int:
    """A 64-bit hash of these bytes."""
    return int.from_bytes(_blake2b()(data, digest_size=8).digest(), "little")


@lru_cache(maxsize=1)
def _blake2b() -> Callable[..., Any]:
    # Imported on use, because few searches hash anything and hashlib loads OpenSSL.
    from hashlib import blake2b

    return blake2b
