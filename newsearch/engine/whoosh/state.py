"""What did the files of a source look like when they were read? Their names, and for each a stamp that tells change.

A state is a file of arrays beside the segments, named by the entry of its source in the table of contents:

    name       the names, in UTF-8, each followed by a line feed
    stamp      for each name the stamp that the source gave it, 64 bits; 0 where it is to be read in any case

It only ever says that a file with this stamp has nothing that the index does not have. So where nothing else has
changed it is replaced in its place, atomically, and no generation is written for it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from newsearch import analysis
from newsearch.engine.whoosh.layout import Array, ArrayFile, write_segment
from newsearch.errors import IndexCorrupt, IndexIncompatible

STATE_SUFFIX = ".src"


class SourceState(NamedTuple):
    """The names of the files of a source, none twice, and their stamps."""

    names: Sequence[str]
    stamps: Sequence[int]


def read_state(path: Path) -> SourceState | None:
    """The state in a file, or None where there is none that can be read: the source is then read whole."""
    try:
        file = ArrayFile(path)
        file.verify()
        names = file.array("name").tobytes().decode().split("\n")[:-1]
        stamps = file.array("stamp").astype(np.int64).tolist()
    except (OSError, IndexCorrupt, IndexIncompatible, UnicodeDecodeError):
        return None
    return SourceState(names, stamps) if len(names) == len(stamps) else None


def write_state(directory: Path, state: SourceState) -> str:
    """Write a state under a new name, durably. Returns the name."""
    name = secrets.token_hex(8) + STATE_SUFFIX
    _write(directory / name, state)
    return name


def replace_state(path: Path, state: SourceState) -> None:
    """Write a state in the place of another, atomically."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    _write(temporary, state)
    os.replace(temporary, path)


def _write(path: Path, state: SourceState) -> None:
    text = "".join(f"{name}\n" for name in state.names).encode()
    arrays: dict[str, Array] = {
        "name": np.frombuffer(text, np.uint8),
        "stamp": np.array(state.stamps, np.int64),
    }
    write_segment(path, arrays, articles=len(state.names), analysis=analysis.VERSION)
