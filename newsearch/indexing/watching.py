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
    form the next burst.

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
    from watchfiles import Change, watch

    left_out = os.path.join(os.path.abspath(but), "")

    def counts(_: Change, path: str) -> bool:
        return not path.startswith(left_out)

    try:
        for changes in watch(
            *map(Path, paths),
            watch_filter=counts,
            debounce=_PATIENCE_MS,
            step=_QUIET_MS,
            raise_interrupt=True,
            rust_timeout=_LOOK_UP_MS,
            yield_on_timeout=True,
        ):
            if changes or also():
                yield len(changes)
    except OSError as error:
        raise EngineError(f"cannot watch {', '.join(map(str, paths))}: {error}") from error
