"""What is in a directory, and what do its files look like? One look at each file tells whether it must be read again.

The Python version is the reference. If a compiler was available when newsearch was installed, `_listing.c` replaces it
on POSIX: it looks at a file in half of the time, and most of a run over an unchanged directory is looks.
"""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

from newsearch._compiled import compiled
from newsearch.sources import files
from newsearch.sources.files import stamp

FILE: Final = 0
DIRECTORY: Final = 1
LINK: Final = 2
OTHER: Final = 3


class Entry(NamedTuple):
    """One entry of a directory.

    Attributes:
        name: its name in the directory.
        kind: FILE, DIRECTORY, LINK or OTHER: a pipe, a socket or a device.
        stamp: of a file, see `files.stamp`; 0 if it could not be looked at, and for all others.
    """

    name: str
    kind: int
    stamp: int


def listed(directory: str, suffixes: tuple[str, ...], now: int) -> list[tuple[str, int, int]]:
    """The entries of a directory as `Entry`s or tuples like them, sorted by name, without hidden ones.

    Files without one of the suffixes, in any case, may be left out.

    Args:
        suffixes: in lower case.
        now: nanoseconds since 1970.

    Raises:
        OSError: the directory cannot be read.
    """
    if _compiled:
        found: list[tuple[str, int, int]] = _compiled.listed(directory, suffixes, now - files.UNSETTLED)
        return found
    with os.scandir(directory) as scan:
        entries = [_look(entry, now) for entry in scan if _concerns(entry, suffixes)]
    return sorted(entries)


def _concerns(entry: os.DirEntry[str], suffixes: tuple[str, ...]) -> bool:
    name = entry.name
    if name[0] == ".":
        return False
    return name.endswith(suffixes) or name.lower().endswith(suffixes) or entry.is_symlink() or entry.is_dir()


def _look(entry: os.DirEntry[str], now: int) -> Entry:
    try:
        if entry.is_symlink():
            return Entry(entry.name, LINK, 0)
        if entry.is_dir():
            return Entry(entry.name, DIRECTORY, 0)
        if entry.is_file():
            return Entry(entry.name, FILE, stamp(entry.stat(), now))
    except OSError:  # it has just been deleted
        return Entry(entry.name, FILE, 0)
    return Entry(entry.name, OTHER, 0)


_compiled: Any = compiled(
    f"{__package__}._listing",
    {"FILE": FILE, "DIRECTORY": DIRECTORY, "LINK": LINK, "OTHER": OTHER},
)
