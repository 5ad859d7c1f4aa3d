"""When do files change? Bursts of changes under some paths."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from newsearch.errors import EngineError

_QUIET_MS = 500
_PATIENCE_MS = 5000
_LOOK_UP_MS = 1000


def check_watching() -> None:
    """Check that files can be watched.

    Raises:
        EngineError: the package watchfiles is not installed.
    """
    if find_spec("watchfiles") is None:
        raise EngineError("watching files needs the extra `watch`: pip install 'newsearch[watch]'")


def bursts(
    paths: Sequence[str | os.PathLike[str]],
    *,
    but: str | os.PathLike[str],
    also: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """Wait for file changes, forever. After each burst, yield the number of files that changed in it.

    A burst ends after half a second without a change, or after five seconds. Changes made while the caller is busy
    form the next burst. A path may be replaced, or be missing for a while.

    Args:
        paths: files and directories to watch; if there are none, only `also` is called.
        but: a directory whose changes do not count, such as that of the index.
        also: called after every second without changes; if it returns true, 0 is yielded.

    Raises:
        EngineError: the package watchfiles is not installed, or a path cannot be watched.
    """
    while not paths:
        time.sleep(_LOOK_UP_MS / 1000)
        if also():
            yield 0
    check_watching()
    is_replaced = False
    while True:
        for number in _changes(paths, but):
            if number or is_replaced or also():
                is_replaced = False
                yield number
        is_replaced = True


def _inodes(paths: Sequence[str | os.PathLike[str]]) -> list[tuple[int, int] | None]:
    """The device and inode at each path, or None if nothing can be watched there."""
    found: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            status = os.stat(path)
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return found


def _changes(paths: Sequence[str | os.PathLike[str]], but: str | os.PathLike[str]) -> Iterator[int]:
    """The number of files that changed in each burst, and 0 after each second without one.

    It ends when a path is replaced: the system watches inodes, and would report changes of the old one alone.
    """
    from watchfiles import Change, watch

    left_out = os.path.join(os.path.abspath(but), "")

    def counts(_: Change, path: str) -> bool:
        return not path.startswith(left_out)

    watched = _inodes(paths)
    present = [Path(path) for path, inode in zip(paths, watched, strict=True) if inode]
    # An inode can be used again at once.
    gone = {(Change.deleted, os.path.abspath(path)) for path in present}
    while not present and _inodes(paths) == watched:
        time.sleep(_LOOK_UP_MS / 1000)
        yield 0
    try:
        for changes in watch(
            *present,
            watch_filter=counts,
            debounce=_PATIENCE_MS,
            step=_QUIET_MS,
            raise_interrupt=True,
            rust_timeout=_LOOK_UP_MS,
            yield_on_timeout=True,
        ):
            yield len(changes)
            if not gone.isdisjoint(changes) or _inodes(paths) != watched:
                return
    except FileNotFoundError:  # a path has just been deleted
        return
    except OSError as error:
        raise EngineError(f"cannot watch {', '.join(map(str, paths))}: {error}") from error
