"""An alarm, not a clock, tells what would take minutes: it fails a test that hangs, however busy the machine is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def no_hang(seconds: int = 60) -> Iterator[None]:
    """Fail what takes longer than this. Without alarms, as on Windows, nothing is limited."""
    if not hasattr(signal, "alarm"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _too_long(*_: object) -> None:
    pytest.fail("a hang")
