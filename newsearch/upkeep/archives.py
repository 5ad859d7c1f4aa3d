"""Pack an index into one file, and unpack it: the work of `newsearch backup` and `restore`."""

from __future__ import annotations

import os
from pathlib import Path

from newsearch._arguments import check_flag, check_number, check_path
from newsearch.engine import open_engine
from newsearch.engine.figures import Archive

_Path = str | os.PathLike[str]


def backup(index: _Path, file: _Path) -> Archive:
    """Copy the published generation to one file, replacing an existing file.

    Checksums verify the index before copying and the file afterwards. Writers may work in the meantime.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: the index is missing or cannot be read.
        StorageError: the file cannot be written; an existing file is unchanged.
    """
    check_path("index", index)
    check_path("file", file)
    return open_engine(index).backup(Path(file))


def restore(file: _Path, index: _Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
    """Create an index from a backup. It is verified before and after it is written, and published at once.

    Args:
        replace: allow an existing index to be replaced. Searches find the old one until then.
        wait: seconds to wait for another writer; infinity to wait without limit.

    Raises:
        ValueError: wait is negative or not a number.
        EngineError: there is an index already, and `replace` is not set.
        IndexCorrupt: the file is not a backup, or is damaged; nothing was changed.
        IndexIncompatible: another version of newsearch made the backup.
        IndexLocked: another process is writing to the index.
        StorageError: the backup cannot be read, or the index cannot be written; the index is unchanged.
    """
    check_path("file", file)
    check_path("index", index)
    check_flag("replace", replace)
    check_number("wait", wait, 0)
    return open_engine(index).restore(Path(file), replace=replace, wait=wait)
