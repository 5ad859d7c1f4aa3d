"""What is known of the copies in an index, kept for the next process that asks (see `kept`).

groups.bin   a file of arrays of the kind "groups":
             generation    the `identity` of the generation that was grouped
             member, group the articles of this generation that have copies, and the article by which the group of
                           each is numbered: all that a reader of this generation needs
             known         KnownGroups, packed: what a later generation takes over
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.files.kept import is_of, read_kept, write_kept
from newsearch.engine.arrays.files.layout import ArrayFile
from newsearch.engine.arrays.files.toc import GROUPS_NAME
from newsearch.errors import NewsearchError
from newsearch.stories.known import NOTHING, VERSION, KnownGroups, packed, unpacked

Array: TypeAlias = NDArray[Any]

_KIND = "groups"


def read_shared(directory: Path, generation: int) -> tuple[Array, Array] | None:
    """The articles of a generation that have copies, and the number of the group of each, unsigned.

    None if there is no sound file for this generation.
    """
    try:
        file = _opened(directory)
        if not is_of(file, generation):
            return None
        member, group = file.array("member"), file.array("group")
    except (OSError, NewsearchError, ValueError):
        return None
    is_sound = len(member) == len(group) and member.dtype.kind == group.dtype.kind == "u"
    return (member, group) if is_sound else None


def read_groups(directory: Path) -> KnownGroups:
    """What is known of the generation that was grouped last; NOTHING without a sound file."""
    try:
        return unpacked(_opened(directory).array("known").tobytes())
    except (OSError, NewsearchError, ValueError, IndexError, OverflowError):
        return NOTHING


def _opened(directory: Path) -> ArrayFile:
    return read_kept(directory / GROUPS_NAME, _KIND, VERSION)


def write_groups(directory: Path, generation: int, found: KnownGroups, member: Array, group: Array) -> None:
    """Replace the file, if that is possible (see `write_kept`)."""
    arrays: dict[str, Array] = {
        "member": member.astype(np.uint32),
        "group": group.astype(np.uint32),
        "known": np.frombuffer(packed(found), np.uint8),
    }
    write_kept(directory / GROUPS_NAME, _KIND, VERSION, generation, arrays)
