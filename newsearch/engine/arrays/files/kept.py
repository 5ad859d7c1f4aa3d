"""Files of arrays that readers keep beside an index for the next process that asks. No table of contents names them.

They are only caches: without one, a reader computes everything again. Each is replaced atomically. A reader that cannot
write one, or finds it damaged, does without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch._durable import move_into_place, temporary_name
from newsearch.engine.arrays.files.layout import ArrayFile, write_arrays
from newsearch.engine.arrays.files.toc import Toc, toc_text

Array: TypeAlias = NDArray[Any]


def identity(toc: Toc) -> int:
    """A number that identifies a generation."""
    return int.from_bytes(blake2b(toc_text(toc), digest_size=8).digest(), "little")


def read_kept(path: Path, kind: str, version: int) -> ArrayFile:
    """Open a file of this kind, and verify it.

    Raises:
        OSError, NewsearchError: there is none, or it is damaged.
        ValueError: another version of newsearch wrote it.
    """
    file = ArrayFile(path, kind)
    if file.analysis != version:
        raise ValueError(f"version {file.analysis}")
    file.verify()
    return file


def is_of(file: ArrayFile, generation: int) -> bool:
    """Whether a file describes the generation with this identity. Raises what `ArrayFile.array` raises."""
    return bool(file.array("generation").tolist() == [generation])


def write_kept(path: Path, kind: str, version: int, generation: int, arrays: Mapping[str, Array]) -> None:
    """Replace a file. If the disk is full or read-only, nothing changes."""
    temporary = temporary_name(path)
    with suppress(OSError):
        write_arrays(
            temporary,
            {"generation": np.array([generation], np.uint64), **arrays},
            kind=kind,
            analysis=version,
        )
        move_into_place(temporary, path)
