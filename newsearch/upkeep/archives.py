"""An index as one file, and back: what `newsearch backup` and `restore` do."""

from __future__ import annotations

import os
from pathlib import Path

from newsearch._arguments import check_flag, check_number, check_path
from newsearch.engine import open_engine
from newsearch.engine.figures import Archive

_Path = str | os.PathLike[str]


def backup(index: _Path, file: _Path) -> Archive:
    """Copy the generation that is published to one file, which takes the place of one that is there.

    The index is verified before, the file afterwards, by their checksums; writers may go on meanwhile.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or none that can be read.
        StorageError: the file cannot be written; what was there before is there still.
    """
    check_path("index", index)
    check_path("file", file)
    return open_engine(index).backup(Path(file))


def restore(file: _Path, index: _Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
    """Make an index of a backup. It is verified before and after it is written, and published at once.

    Args:
        replace: let it take the place of an index that is there. Until then searches find that one.
        wait: seconds to wait for another writer; infinity is for as long as it takes.

    Raises:
        ValueError: wait is negative, or no number.
        EngineError: there is an index already, and it was not to be replaced.
        IndexCorrupt: the file is no backup, or is damaged; nothing was changed.
        IndexIncompatible: another version of newsearch made the backup.
        IndexLocked: another process is writing to the index.
        StorageError: the backup cannot be read, or the index not be written; it is as it was.
    """
    check_path("file", file)
    check_path("index", index)
    check_flag("replace", replace)
    check_number("wait", wait, 0)
    return open_engine(index).restore(Path(file), replace=replace, wait=wait)
