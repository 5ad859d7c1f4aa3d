"""A directory for what the workers of a server share: in memory if the system has such a place, and gone with them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only what mkdtemp makes there is used
_PREFIX = "newsearch-serve-"


@contextmanager
def scratch_directory() -> Iterator[str | None]:
    """Make the directory, and remove it at the end. None if it cannot be made."""
    base = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _remove_left_over(base)
    try:
        made = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base)
    except OSError:
        yield None
        return
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _remove_left_over(base: Path) -> None:
    """Remove the directories of servers that were killed."""
    for found in base.glob(f"{_PREFIX}*"):
        match = re.fullmatch(rf"{_PREFIX}(\d{{1,9}})-\w+", found.name)
        try:
            if match and found.lstat().st_uid == os.getuid() and not _is_running(int(match[1])):
                shutil.rmtree(found, ignore_errors=True)
        except (OSError, AttributeError):  # AttributeError: a system without users
            continue


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
