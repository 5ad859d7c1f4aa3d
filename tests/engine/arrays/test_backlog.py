"""What is left to another thread is done in order, and what goes wrong there comes to light here."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.engine.arrays.writing.backlog import Backlog


@given(st.lists(st.integers(0, 9)), st.integers(0, 12))
def test_all_is_done_once_in_order_and_elsewhere(sizes: list[int], room: int) -> None:
    done: list[tuple[int, int]] = []
    backlog = Backlog(room)
    for number, size in enumerate(sizes):
        backlog.put(lambda number=number: done.append((number, threading.get_ident())), size)  # type: ignore[misc]
    backlog.wait()
    backlog.close()
    assert [number for number, _ in done] == list(range(len(sizes)))
    assert threading.get_ident() not in {thread for _, thread in done}


def test_what_fails_is_raised_and_nothing_behind_it_is_done() -> None:
    done: list[int] = []
    backlog = Backlog(100)
    backlog.put(partial(done.append, 1))
    backlog.put(lambda: done.extend([1 // 0]))
    with suppress(ZeroDivisionError):  # it may be known by then, or not
        for number in range(2, 9):
            backlog.put(partial(done.append, number))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            backlog.wait()
    backlog.close()
    assert done == [1]


def test_no_more_waits_than_there_is_room_for() -> None:
    may_end, begun = threading.Event(), threading.Event()
    backlog = Backlog(10)
    backlog.put(partial(_hold, begun, may_end), 4)
    begun.wait(30)
    backlog.put(lambda: None, 6)
    one_more = threading.Thread(target=backlog.put, args=(lambda: None, 1))
    one_more.start()
    one_more.join(0.2)
    assert one_more.is_alive()
    may_end.set()
    one_more.join(30)
    assert not one_more.is_alive()
    backlog.close()


def test_what_waits_when_it_is_closed_is_never_done() -> None:
    may_end, begun = threading.Event(), threading.Event()
    done: list[int] = []
    backlog = Backlog(10)
    backlog.put(partial(_hold, begun, may_end))
    backlog.put(partial(done.append, 1))
    begun.wait(30)
    closing = threading.Thread(target=backlog.close)
    closing.start()
    closing.join(0.1)
    may_end.set()
    closing.join(30)
    assert not done


def _hold(begun: threading.Event, may_end: threading.Event) -> None:
    begun.set()
    may_end.wait(30)
