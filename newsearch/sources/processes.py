"""How are processes started and ended so that Ctrl-C, pressed once or often, ends all of them quietly?"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unheard(later: bool = True) -> Iterator[None]:
    """Start or end processes without hearing Ctrl-C; those that are started do not hear it, not even before `_serve`.

    One that is started only half would wait for the rest of what it is to do, and its parent for its end.

    Args:
        later: it is heard afterwards.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # which does not hear it anyway
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    # Processes inherit what is blocked.
    block = getattr(signal, "pthread_sigmask", None)  # which Windows lacks
    blocked = block(signal.SIG_BLOCK, [signal.SIGINT]) if block else set()
    try:
        yield
    finally:
        if block:
            block(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, before)
        if heard and later:
            signal.raise_signal(signal.SIGINT)
