"""The server's counters, in the text format of Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from newsearch.serve.live import Live

TEXT = "text/plain; version=0.0.4; charset=utf-8"

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)


class Metrics:
    """Counts of requests and of their seconds, in one process."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._within = [0] * (len(_BOUNDS) + 1)
        self._seconds = 0.0

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request.

        Args:
            route: the path of the route, out of a small set.
        """
        self._requests[route, status] += 1
        self._seconds += seconds
        self._within[bisect_left(_BOUNDS, seconds)] += 1

    def lines(self, live: Live) -> Iterator[str]:
        """All counters, one per line."""
        yield from _head("newsearch_requests_total", "counter", "Requests, by route and status.")
        for (route, status), count in sorted(self._requests.items()):
            yield f'newsearch_requests_total{{route="{route}",status="{status}"}} {count}'
        total = sum(self._requests.values())
        yield from _head("newsearch_request_seconds", "histogram", "Seconds that requests took.")
        for bound, within in zip(_BOUNDS, accumulate(self._within), strict=False):
            yield f'newsearch_request_seconds_bucket{{le="{bound:g}"}} {within}'
        yield f'newsearch_request_seconds_bucket{{le="+Inf"}} {total}'
        yield f"newsearch_request_seconds_sum {self._seconds:.6f}"
        yield f"newsearch_request_seconds_count {total}"
        yield from _head("newsearch_searches_running", "gauge", "Searches that run or wait.")
        yield f"newsearch_searches_running {live.running}"
        yield from _head("newsearch_index_up", "gauge", "Whether the index can be read.")
        yield f"newsearch_index_up {int(live.error is None)}"
        if (snapshot := live.latest) is not None:
            stats = snapshot.stats
            yield from _head("newsearch_index_articles", "gauge", "Articles in the index.")
            yield f"newsearch_index_articles {stats.articles}"
            yield from _head(
                "newsearch_index_generation", "gauge", "The number of the generation that is searched."
            )
            yield f"newsearch_index_generation {stats.generation}"
            if stats.newest:
                yield from _head(
                    "newsearch_index_newest_seconds", "gauge", "When the newest article appeared."
                )
                yield f"newsearch_index_newest_seconds {stats.newest.timestamp():.0f}"


def _head(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"
