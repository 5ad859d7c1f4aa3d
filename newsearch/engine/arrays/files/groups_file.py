"""What is known of the copies in an index, kept for the next process that asks. Only a cache: without it, a reader
compares the articles once more.

    groups.bin   a file of arrays of the kind "groups":
                 generation    the `identity` of the generation that was grouped
                 member, group the articles of this generation that have copies, and the article by which the group of
                               each is numbered: all that a reader of this generation needs
                 known         KnownGroups, packed: what a later generation takes over

The file is replaced atomically. A reader that cannot write it, or finds it damaged, does without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._durable import move_into_place, temporary_name
from newsearch.engine.arrays.files.layout import ArrayFile, write_arrays
from newsearch.engine.arrays.files.toc import GROUPS_NAME, Toc, toc_text
from newsearch.errors import NewsearchError
from newsearch.stories.known import NOTHING, VERSION, KnownGroups, packed, unpacked

Array: TypeAlias = NDArray[Any]

_KIND = "groups"


def identity(toc: Toc) -> int:
    """A number that identifies a generation."""
    from hashlib import blake2b  # few searches group anything

    content = b"%d\0" % VERSION + toc_text(toc)
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")


def read_shared(directory: Path, generation: int) -> tuple[Array, Array] | None:
    """The articles of a generation that have copies, and the number of the group of each, unsigned.

    None if there is no sound file for this generation.
    """
    try:
        file = _opened(directory)
        if int(file.array("generation")[0]) != generation:
            return None
        member, group = file.array("member"), file.array("group")
    except (OSError, NewsearchError, ValueError, LookupError):
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
    file = ArrayFile(directory / GROUPS_NAME, _KIND)
    if file.analysis != VERSION:
        raise ValueError(f"articles were compared in another way: {file.analysis}")
    file.verify()
    return file


def write_groups(directory: Path, generation: int, found: KnownGroups, member: Array, group: Array) -> None:
    """Replace the file, if that is possible here."""
    arrays: dict[str, Array] = {
        "generation": np.array([generation], np.uint64),
        "member": member.astype(np.uint32),
        "group": group.astype(np.uint32),
        "known": np.frombuffer(packed(found), np.uint8),
    }
    path = directory / GROUPS_NAME
    temporary = temporary_name(path)
    try:
        write_arrays(temporary, arrays, kind=_KIND, analysis=VERSION)
        move_into_place(temporary, path)
    except OSError:
        pass  # a full or read-only disk: the next reader has to compare again
