"""What is measured in a process of its own, so that its memory and its imports are its alone.

The bench starts `python -m bench.worker`, writes one task to it as JSON, and reads one JSON object back.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.corpus import Corpus
from bench.peers import make
from bench.peers.base import Peer
from bench.queries import PLAIN, BenchQuery, queries

THROUGHPUT_SECONDS = 2.0
MARKDOWN_ROUNDS = 2
"""Parsing and indexing take turns, because machines are not equally fast from minute to minute."""


def build(peer: str, corpus: dict[str, Any], index: str) -> dict[str, float]:
    """Build one peer's index: seconds, and the peak memory in megabytes."""
    library = make(peer)
    articles = Corpus(path=Path(corpus.pop("path")), **corpus)
    started = time.perf_counter()
    library.build(articles, Path(index))
    return {"seconds": time.perf_counter() - started, "peak_mb": _peak_mb()}


def query(peer: str, index: str) -> dict[str, float | None]:
    """Open one peer's index in a fresh process, ask every query once, then as many as it can in a while.

    How many that are is not asked of a peer that keeps the time itself.
    """
    library = make(peer)
    started = time.perf_counter()
    searcher = library.open(Path(index))
    opened = time.perf_counter() - started
    answered = [query for query in queries() if library.answers(query)]
    answers = [searcher.search(wanted) for wanted in answered]
    searcher.close()
    peak_mb = _peak_mb()
    news = [wanted for wanted in answered if wanted.group == "news-any" and not wanted.count]
    found: dict[str, float | None] = {"open_ms": opened * 1e3, "peak_mb": peak_mb}
    for threads in (1, 2):
        measured = all(answer.own_us is None for answer in answers)
        rate = _throughput(library, Path(index), news, threads=threads) if measured else None
        found[f"queries_per_second_{threads}"] = rate
    return found


def first(peer: str, index: str, group: str, *, count: bool) -> dict[str, float]:
    """Microseconds of this thread for a class's first query, in a fresh process that was asked a plain one before.

    Of processor time: a query that is asked once has no median, and may have to wait for the processor.
    """
    library = make(peer)
    searcher = library.open(Path(index))
    searcher.search(PLAIN)
    wanted = next(query for query in queries((group,)) if query.count == count)
    started = time.thread_time_ns()
    answer = searcher.search(wanted)
    taken = (time.thread_time_ns() - started) / 1e3
    searcher.close()
    return {"us": taken if answer.own_us is None else answer.own_us}


def _throughput(library: Peer, index: Path, wanted: list[BenchQuery], *, threads: int) -> float:
    """Queries per second of all threads together, each with a searcher of its own."""
    done: list[float] = []
    ready = threading.Barrier(threads)

    def ask() -> None:
        searcher = library.open(index)
        number = 0
        ready.wait()
        started = time.perf_counter()
        for query in cycle(wanted):
            searcher.search(query)
            number += 1
            elapsed = time.perf_counter() - started
            if elapsed >= THROUGHPUT_SECONDS:
                break
        done.append(number / elapsed)
        searcher.close()

    running = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(done)


def markdown(directory: str, index: str, workers: int) -> dict[str, float]:
    """Files per second: indexed by newsearch, and only parsed, on as many processes."""
    from newsearch import build as build_index

    files = sorted(Path(directory).glob("*.md"))
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(_parse, files[:workers]))  # starting the processes is not what is measured
        parsed = indexed = 0.0
        for round_ in range(MARKDOWN_ROUNDS):
            started = time.perf_counter()
            list(pool.map(_parse, files, chunksize=64))
            parsed += time.perf_counter() - started
            started = time.perf_counter()
            build_index(directory, index=f"{index}-{round_}", workers=workers)
            indexed += time.perf_counter() - started
    read = MARKDOWN_ROUNDS * len(files)
    return {"indexed_per_second": read / indexed, "parsed_per_second": read / parsed}


def _parse(path: Path) -> dict[str, Any]:
    import frontmatter  # its YAML handler takes the C loader where there is one

    return dict(frontmatter.load(str(path)).metadata)


def _peak_mb() -> float:
    """The most memory of this process, and of the largest that it started and waited for."""
    unit = 1 if sys.platform == "darwin" else 1024
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e6
    # Its own ru_maxrss outlives exec: a child started from a large process would report that one's peak.
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return started + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return started + int(line.split()[1]) * 1024 / 1e6


TASKS: dict[str, Callable[..., Mapping[str, float | None]]] = {
    "build": build,
    "query": query,
    "first": first,
    "markdown": markdown,
}


def main() -> None:
    task = json.load(sys.stdin)
    answer = TASKS[task.pop("task")](**task)
    # A library may print to standard output: the answer is its last line.
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
