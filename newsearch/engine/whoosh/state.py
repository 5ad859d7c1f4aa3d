"""What did the files of a source look like when they were read? Their names, and for each a stamp that tells change.

A state is a file of arrays beside the segments, named by the entry of its source in the table of contents:

    name       the names, in UTF-8, each followed by a line feed
    stamp      for each name the stamp that the source gave it, 64 bits; 0 where it is to be read in any case
    noted      one number: when this was noted, in seconds since 1970

It only ever says that a file with this stamp has nothing that the index does not have. So where nothing else has
changed it is replaced in its place, atomically, and no generation is written for it: the one exception to the rule
that a file never changes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from newsearch.engine.whoosh.durable import move_into_place, temporary_name
from newsearch.engine.whoosh.layout import Array, ArrayFile, write_arrays
from newsearch.engine.whoosh.toc import STATE_SUFFIX, new_name
from newsearch.errors import IndexCorrupt, IndexIncompatible

_KIND = "state"


class SourceState(NamedTuple):
    """The names of the files of a source, none twice, and their stamps."""

    names: Sequence[str]
    stamps: Sequence[int]


def load_state(path: Path) -> SourceState:
    """The state in a file.

    Raises:
        IndexCorrupt, IndexIncompatible: it holds none that can be read.
        OSError: it cannot be read.
    """
    file = ArrayFile(path, _KIND)
    file.verify()
    try:
        names = file.array("name").tobytes().decode().split("\n")[:-1]
        stamps: list[int] = file.array("stamp").astype(np.int64).tolist()
    except UnicodeDecodeError as error:
        raise IndexCorrupt(path, "names files in what is not UTF-8") from error
    if len(names) != len(stamps):
        raise IndexCorrupt(path, f"{len(names)} names of files and {len(stamps)} stamps")
    return SourceState(names, stamps)


def read_state(path: Path) -> SourceState | None:
    """The state in a file, or None where there is none that can be read: the source is then read whole."""
    try:
        return load_state(path)
    except (OSError, IndexCorrupt, IndexIncompatible):
        return None


def noted(path: Path) -> datetime | None:
    """When the state in a file was noted, or None where there is none that can be read."""
    try:
        return datetime.fromtimestamp(int(ArrayFile(path, _KIND).array("noted")[0]), UTC)
    except (OSError, IndexCorrupt, IndexIncompatible, LookupError, ValueError, OverflowError):
        return None


def write_state(directory: Path, generation: int, state: SourceState) -> str:
    """Write a state under a new name, to stay. Returns the name."""
    name = new_name(generation, STATE_SUFFIX)
    _write(directory / name, state)
    return name


def replace_state(path: Path, state: SourceState) -> None:
    """Write a state in the place of another, atomically."""
    temporary = temporary_name(path)
    _write(temporary, state)
    move_into_place(temporary, path)


def _write(path: Path, state: SourceState) -> None:
    text = "".join(f"{name}\n" for name in state.names).encode()
    arrays: dict[str, Array] = {
        "name": np.frombuffer(text, np.uint8),
        "stamp": np.array(state.stamps, np.int64),
        "noted": np.array([int(time.time())], np.int64),
    }
    write_arrays(path, arrays, kind=_KIND)
