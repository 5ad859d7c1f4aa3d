"""How the C library of GNU keeps memory: by default it holds half as much again as a server uses."""

from __future__ import annotations

from ctypes import CDLL
from typing import Any

_OPTIONS = ((-3, 1 << 18), (-1, 4 << 20), (-8, 1))
"""M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_ARENA_MAX of mallopt."""


def keep_little() -> None:
    """Keep no room for arrays as large as any before, nor for each thread apart."""
    if mallopt := _function("mallopt"):
        for parameter, value in _OPTIONS:
            mallopt(parameter, value)


def give_back() -> None:
    """Return freed memory between pieces that are in use, too."""
    if trim := _function("malloc_trim"):
        trim(0)


def _function(name: str) -> Any:
    """A function of the C library, or None where another library is used."""
    try:
        return getattr(CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return None
