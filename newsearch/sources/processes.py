"""How are processes started and ended in such a way that Ctrl-C, pressed once or often, ends all of them quietly?"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unheard(later: bool = True) -> Iterator[None]:
    """Start or end processes while ignoring Ctrl-C; started processes ignore it too, even before `_serve`.

    A process interrupted during its start would wait for the rest of its task, and its parent for its end.

    Args:
        later: act on a Ctrl-C afterwards.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives Ctrl-C
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    # Processes inherit blocked signals.
    block = getattr(signal, "pthread_sigmask", None)  # missing on Windows
    blocked = block(signal.SIG_BLOCK, [signal.SIGINT]) if block else set()
    try:
        yield
    finally:
        if block:
            block(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, before)
        if heard and later:
            signal.raise_signal(signal.SIGINT)
