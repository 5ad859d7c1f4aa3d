"""What is known of the copies in an index, kept for the next process that asks. Only a cache: without it, a reader
compares the articles once more.

    groups.bin   a file of arrays of the kind "groups":
                 generation    the `identity` of the generation that was grouped
                 key           a key of each visible article, ascending
                 first, second, closeness    pairs of copies, as places in `key`, and their relation
                 member, group    the articles that have copies, as places in `key`, and a number for each group
                 crowded_titles, crowded_texts    the crowded shingles, see signatures.candidates
                 compared_counts, compared    for each key, how many of the later ones share a crowded shingle with it,
                     were compared, and are no copies; and their places

A key covers the id and the content of an article. What is known of two articles therefore holds in every generation
that has both. The file is replaced atomically. A reader that cannot write it, or finds it damaged, does without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._durable import move_into_place, temporary_name
from newsearch.engine.arrays.files.layout import ArrayFile, write_arrays
from newsearch.engine.arrays.files.toc import GROUPS_NAME, Toc, toc_text
from newsearch.errors import NewsearchError
from newsearch.stories.signatures import BITS

Array: TypeAlias = NDArray[Any]

VERSION = 2
"""Raised when articles are compared in another way, so that older files are not read."""

_KIND = "groups"


class KnownGroups(NamedTuple):
    """The arrays of the file, see the top of this module; without `generation`."""

    key: Array
    first: Array
    second: Array
    closeness: Array
    member: Array
    group: Array
    crowded_titles: Array
    crowded_texts: Array
    compared_counts: Array
    compared: Array

    @property
    def others(self) -> Array:
        """The pairs in `compared`, m x 2."""
        first = np.repeat(np.arange(len(self.compared_counts)), self.compared_counts)
        return np.stack([first, self.compared.astype(np.int64)], axis=1)


NOTHING = KnownGroups(
    np.empty(0, np.uint64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.uint16),
    np.empty(0, np.int32),
)


def identity(toc: Toc) -> int:
    """A number that identifies a generation."""
    from hashlib import blake2b  # few searches group anything

    told = b"%d\0" % VERSION + toc_text(toc)
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "little")


def read_groups(directory: Path) -> tuple[int, KnownGroups]:
    """The identity of the generation that was grouped last, and what is known; 0 and NOTHING without a sound file."""
    try:
        file = ArrayFile(directory / GROUPS_NAME, _KIND)
        if file.analysis != VERSION:
            return 0, NOTHING
        file.verify()
        generation = int(file.array("generation")[0])
        kinds = [array.dtype for array in NOTHING]
        # `astype` copies, so the file need not stay open.
        found = KnownGroups(
            *(file.array(name).astype(kind) for name, kind in zip(KnownGroups._fields, kinds, strict=True))
        )
    except (OSError, NewsearchError, ValueError, IndexError, OverflowError):
        return 0, NOTHING
    return (generation, found) if _is_sound(found) else (0, NOTHING)


def _is_sound(found: KnownGroups) -> bool:
    places = np.concatenate([found.first, found.second, found.member, found.group, found.compared])
    return bool(
        len(found.first) == len(found.second) == len(found.closeness)
        and len(found.member) == len(found.group)
        and (not len(places) or (places.min() >= 0 and places.max() < len(found.key)))
        and (found.key[1:] > found.key[:-1]).all()
        and (found.closeness >= 1).all()
        and len(found.compared_counts) == len(found.key)
        and found.compared_counts.sum(dtype=np.int64) == len(found.compared)
        and all(
            not len(shingles) or (shingles.min() > 0 and shingles.max() < 1 << BITS)
            for shingles in (found.crowded_titles, found.crowded_texts)
        )
    )


def write_groups(directory: Path, generation: int, found: KnownGroups) -> None:
    """Replace the file, if that is possible here."""
    arrays = {"generation": np.array([generation], np.uint64), **found._asdict()}
    path = directory / GROUPS_NAME
    temporary = temporary_name(path)
    try:
        write_arrays(temporary, arrays, kind=_KIND, analysis=VERSION)
        move_into_place(temporary, path)
    except OSError:
        pass  # a full or read-only disk: the next reader has to compare again
