"""The state of a source: its files as they were last read, and the faults found in them.

A state is a file of arrays beside the segments. The entry of its source in the table of contents names it:

    name       the names of the files in UTF-8, each followed by a line feed
    stamp      for each name, the 64-bit stamp that the source gave it; 0 if the file must be read in any case
    noted      one number: the time of recording, in seconds since 1970
    broken     one number: the count of broken articles; omitted, like `fault`, if there were none
    fault      the first of these as JSON in UTF-8: a list of pairs of a location and a reason

A state only claims that a file with this stamp holds nothing that the index lacks. If nothing else has changed, the
state is therefore replaced atomically under its old name, and no new generation is written. This is the one exception
to the rule that files never change.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from newsearch._durable import move_into_place, temporary_name
from newsearch.engine.arrays.files.layout import Array, ArrayFile, write_arrays
from newsearch.engine.arrays.files.toc import STATE_SUFFIX, new_name
from newsearch.engine.writing import SourceState
from newsearch.errors import IndexCorrupt, IndexIncompatible

_KIND = "state"


def load_state(path: Path) -> SourceState:
    """Read the state in a file.

    Raises:
        IndexCorrupt, IndexIncompatible: it holds no readable state.
        OSError: it cannot be read.
    """
    file = ArrayFile(path, _KIND)
    file.verify()
    if file.form("stamp")[0][1] not in "iu":
        raise IndexCorrupt(path, "holds stamps that are not integers")
    try:
        names = file.array("name").tobytes().decode().split("\n")[:-1]
        stamps: list[int] = file.array("stamp").astype(np.int64).tolist()
    except UnicodeDecodeError as error:
        raise IndexCorrupt(path, "has names of files that are not UTF-8") from error
    if len(names) != len(stamps):
        raise IndexCorrupt(path, f"{len(names)} names of files and {len(stamps)} stamps")
    return SourceState(names, stamps, _broken(file), _faults(file))


def read_state(path: Path) -> SourceState | None:
    """The state in a file; None if it cannot be read, and the whole source must be read."""
    try:
        return load_state(path)
    except (OSError, IndexCorrupt, IndexIncompatible):
        return None


def noted(path: Path) -> tuple[datetime | None, int]:
    """The time when a state was recorded, and its number of broken articles; None and 0 if it cannot be read."""
    try:
        file = ArrayFile(path, _KIND)
        return datetime.fromtimestamp(int(file.array("noted")[0]), UTC), _broken(file)
    except (OSError, IndexCorrupt, IndexIncompatible, LookupError, ValueError, OverflowError):
        return None, 0


def write_state(directory: Path, generation: int, state: SourceState) -> str:
    """Write a state durably under a new name. Returns the name."""
    name = new_name(generation, STATE_SUFFIX)
    _write(directory / name, state)
    return name


def replace_state(path: Path, state: SourceState) -> None:
    """Replace a state atomically."""
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
    if state.broken:
        arrays["broken"] = np.array([state.broken], np.int64)
        arrays["fault"] = np.frombuffer(json.dumps(state.faults).encode(), np.uint8)
    write_arrays(path, arrays, kind=_KIND)


def _broken(file: ArrayFile) -> int:
    if "broken" not in file:
        return 0
    if file.form("broken")[1] != 1 or (broken := int(file.array("broken")[0])) < 1:
        raise IndexCorrupt(file.path, "does not say how many articles were broken")
    return broken


def _faults(file: ArrayFile) -> list[tuple[str, str]]:
    try:
        pairs = json.loads(file.array("fault").tobytes()) if "broken" in file else []
        faults = [(location, reason) for location, reason in pairs]
    except (ValueError, TypeError, RecursionError) as error:
        raise IndexCorrupt(file.path, "does not say which articles were broken") from error
    if not all(isinstance(text, str) for fault in faults for text in fault):
        raise IndexCorrupt(file.path, "does not say which articles were broken")
    return faults
