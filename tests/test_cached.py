"""Properties computed on first use: no search waits for another one, and every reader gets the same value."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from newsearch._cached import cached_property

_SECONDS = 30


class _Search:
    def __init__(self, meet: Barrier | None = None) -> None:
        self.meet = meet
        self.times = 0

    @cached_property
    def hits(self) -> list[int]:
        """What was found."""
        self.times += 1
        if self.meet is not None:
            self.meet.wait(_SECONDS)
        return [self.times]


def test_the_value_is_computed_once_for_each_instance() -> None:
    one, other = _Search(), _Search()
    assert one.hits is one.hits
    assert one.hits is not other.hits
    assert (one.times, other.times) == (1, 1)


def test_the_property_describes_itself() -> None:
    assert _Search.hits.__doc__ == "What was found."


def test_instances_do_not_wait_for_each_other() -> None:
    # Each computation ends only when the other one has begun.
    meet = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda search: search.hits, [_Search(meet), _Search(meet)]))
    assert found == [[1], [1]]


def test_threads_that_compute_one_property_together_get_the_same_value() -> None:
    search = _Search(Barrier(2))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: search.hits, range(2))
    assert one is other is search.hits
