"""An index in an OpenSearch cluster: `python -m bench.cluster`.

Starts one node out of Maven's artifacts (see tests/opensearch/nodes.py), indexes a collection, and asks the queries of
the news class and very common words. CPU seconds of the client and of the node stand beside wall time, because they say
more on a busy machine. A plain index of the same articles, with the mapping and the query that OpenSearch's own pages
suggest, is measured in the same run: `multi_match` over analysed fields, boosted by the same script.

Each table ends with its goals:

    at least 2,000 articles/s, wall, where the node has a core of its own
    at most 60 us of the client's CPU for an article, reading included
    at most 1,500 bytes for an article, one copy, merged
    at most 1.5 times the CPU on the node that the plain query takes
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click

import newsearch
from bench.corpus import prepare, read
from bench.measure import PROJECT
from bench.queries import NEWS
from newsearch.articles.article import Article
from newsearch.engine import open_engine
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.scripts import BOOST
from newsearch.engine.opensearch.settings import parse_place
from newsearch.ranking import Pivots

CORPUS = PROJECT.parent / "shared" / "data" / "scale" / "news-120k.jsonl.gz"
_TICKS = os.sysconf("SC_CLK_TCK")
_BATCH = 1000
_ASKED = 200
"""Searches for each word of `graded`."""

_WARM = 600
"""Searches before those that are measured."""

PLAIN = {
    "settings": {"number_of_replicas": 0, "refresh_interval": "-1", "codec": "best_compression"},
    "mappings": {
        "properties": {
            **{
                name: {"type": "text", "analyzer": "english"}
                for name in ("title", "excerpt", "topics", "body")
            },
            "heat": {"type": "float"},
            "quality": {"type": "float"},
            "publishedDateTime": {"type": "date"},
            **{name: {"type": "object", "enabled": False} for name in ("provider", "images", "related")},
        }
    },
}
COMMON = "trump biden covid coronavirus police president court house china election people government world million"
"""Words of many articles."""

_PLAIN_KEYS = ("title", "excerpt", "topics", "body", "heat", "quality", "publishedDateTime", "provider")


class Cost(NamedTuple):
    """What some work took, in seconds."""

    wall: float
    client: float
    server: float

    def per(self, count: int) -> str:
        """The same for one of so many, as a cell of a table for each."""
        cells = (self.wall / count * 1e6, self.client / count * 1e6, self.server / count * 1e6)
        return " | ".join(f"{cell:,.0f} us" for cell in cells)


def cpu_of(pid: int) -> float:
    """The CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measured(pid: int, work: Callable[[], object]) -> Cost:
    """What some work takes here and in another process."""
    wall, client, server = time.perf_counter(), time.process_time(), cpu_of(pid)
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - client, cpu_of(pid) - server)


def plain_query(text: str, pivots: Pivots) -> dict[str, Any]:
    """What OpenSearch's documentation would have one ask, with the boosts of newsearch."""
    words = {"query": text, "fields": ["title^3", "excerpt", "topics", "body"], "operator": "and"}
    params = {"heat": 0.5, "heat_pivot": pivots.heat, "quality": 0.5, "quality_pivot": pivots.quality}
    boosted = {"query": {"multi_match": words}, "script": {"source": BOOST, "params": params}}
    return {"size": 10, "track_total_hits": True, "query": {"script_score": boosted}}


def batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    """The records of a corpus, some at a time."""
    records = read(path)
    while batch := list(islice(records, _BATCH)):
        yield batch


def index_plainly(cluster: Cluster, path: Path) -> None:
    """Index a corpus as OpenSearch's documentation would have one do it."""
    cluster.ask("PUT", "/plain", PLAIN)
    for batch in batches(path):
        lines = [
            '{"index":{}}\n' + json.dumps({key: record[key] for key in _PLAIN_KEYS if key in record}) + "\n"
            for record in batch
        ]
        cluster.ask("POST", "/plain/_bulk", "".join(lines).encode(), {"filter_path": "errors"})
    cluster.ask("POST", "/plain/_refresh")


@click.command()
@click.option("--corpus", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=CORPUS)
@click.option(
    "--size", type=click.IntRange(min=100), default=20_000, show_default=True, help="Articles to index."
)
@click.option(
    "--repeats", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds of queries."
)
@click.option("--version", default="3.8.0", show_default=True, help="Of OpenSearch.")
@click.option(
    "--heap", type=click.IntRange(min=256), default=1024, show_default=True, help="Of the node, in MB."
)
def main(corpus: Path, size: int, repeats: int, version: str, heap: int) -> None:
    """Measure an index in a cluster of one node, beside a plain index in the same one."""
    sys.path.insert(0, str(PROJECT / "tests" / "opensearch"))
    from nodes import Nodes  # type: ignore[import-not-found]  # of the tests

    with tempfile.TemporaryDirectory() as work:
        made = prepare(corpus, size, Path(work))
        with Nodes(Path(work), version=version, heap=heap, options=()) as nodes:
            pid = nodes.pid(0)
            place = f"opensearch+http://{nodes.hosts}/news?replicas=0&timeout=600"
            cluster = Cluster(parse_place(place))
            warm = prepare(corpus, 100, Path(work))
            newsearch.build(warm.path, index=f"{place.replace('/news?', '/warm?')}")
            print(f"OpenSearch {version}, {size:,} articles, one node with {heap} MB\n")
            print("| one article | wall | client CPU | server CPU | bytes, merged |\n|---|---|---|---|---|")
            cost = measured(pid, lambda: newsearch.build(made.path, index=place))
            newsearch.compact(place)
            held = _bytes(cluster, "news--1", size)
            print(f"| newsearch, reading and indexing | {cost.per(size)} | {held:,.0f} |")
            reading = measured(pid, lambda: list(_parsed(made.path)))
            print(f"| of it reading | {reading.per(size)} | |")
            plain = measured(pid, lambda: index_plainly(cluster, made.path))
            cluster.ask("POST", "/plain/_forcemerge", params={"max_num_segments": "1"}, again=False)
            print(f"| plain index | {plain.per(size)} | {_bytes(cluster, 'plain', size):,.0f} |\n")
            print_goals(
                ("articles/s, wall", size / cost.wall, 2000, True),
                ("articles/s by CPU, a core for each side", size / max(cost.client, cost.server), 2000, True),
                ("client CPU, us", cost.client / size * 1e6, 60, False),
                ("bytes", held, 1500, False),
            )
            print_queries(place, cluster, pid, repeats)
            print_growth(place.replace("/news?", "/graded?"), pid, size)


def print_goals(*goals: tuple[str, float, float, bool]) -> None:
    """Print what was measured beside what is wanted: a name, both numbers, and whether more is better."""
    print("| goal | measured | wanted | reached |\n|---|---|---|---|")
    for name, value, wanted, is_least in goals:
        reached = value >= wanted if is_least else value <= wanted
        sign = "at least" if is_least else "at most"
        print(f"| {name} | {value:,.4g} | {sign} {wanted:,g} | {'yes' if reached else 'no'} |")
    print()


def print_queries(place: str, cluster: Cluster, pid: int, repeats: int) -> None:
    """Print what a page of ten costs, beside the plain query."""
    classes = {
        "35 searches of the news": [" ".join(query.split()) for query in NEWS.split(";")],
        "very common words": COMMON.split(),
    }
    header = "| one query | wall | client CPU | server CPU | slowest 10 % |\n|---|---|---|---|---|"
    shares = []
    with newsearch.open(place) as index:
        stats = index.stats()
        pivots = Pivots(stats.median_heat or 0.0, stats.median_quality or 0.0)
        asked: dict[str, Callable[[str], object]] = {
            "newsearch": lambda q: list(index.search(q, limit=10)),
            "plain multi_match, boosted": lambda q: cluster.ask(
                "POST", "/plain/_search", plain_query(q, pivots)
            ),
        }
        print(header)
        for name, queries in classes.items():
            served = []
            costs: dict[str, list[Cost]] = {which: [] for which in asked}
            times: dict[str, list[float]] = {which: [] for which in asked}
            # In turns, so that neither pays for what the virtual machine still compiles.
            for number in range(-(-_WARM // len(queries)) + repeats):
                is_warm = number * len(queries) >= _WARM
                for which, ask in asked.items():
                    taken: list[float] = []
                    cost = measured(pid, lambda a=ask, t=taken, q=queries: _timed(a, q, t))  # type: ignore[misc]
                    if is_warm:
                        costs[which].append(cost)
                        times[which] += taken
            for which, found in costs.items():
                cost = Cost(*map(sum, zip(*found, strict=True)))
                slow = sorted(times[which])[int(len(times[which]) * 0.9)] * 1e6
                print(f"| {name}, {which} | {cost.per(len(times[which]))} | {slow:,.0f} us |")
                served.append(cost.server)
            shares.append((f"server CPU to multi_match, {name}", served[0] / served[1], 1.5, False))
    print()
    print_goals(*shares)


SHARES = {"everywhere": 1, "often": 10, "rarely": 1000}
"""The words of `graded`, each in one of so many articles."""


def graded(size: int) -> Iterator[Article]:
    """Short articles with words of known frequencies."""
    for number in range(size):
        words = [word for word, share in SHARES.items() if number % share == 0]
        title = " ".join([*words, f"one{number % 5000}", f"other{number % 9973}"])
        yield Article(id=str(number), title=title, heat=float(number % 100), quality=float(number % 90))


def print_growth(place: str, pid: int, size: int) -> None:
    """Print how the cost of a search grows with its matches."""
    with open_engine(place).writer() as writer:
        articles = graded(size)
        while batch := list(islice(articles, _BATCH)):
            writer.add_all(batch, "graded")
        writer.commit()
    print("\n| one word | matches | server CPU of a search |\n|---|---|---|")
    with newsearch.open(place) as index:
        for word in SHARES:
            for _ in range(_ASKED):
                index.search(word, limit=10)
            cost = measured(pid, lambda w=word: [list(index.search(w, limit=10)) for _ in range(_ASKED)])  # type: ignore[misc]
            print(f"| {word} | {index.search(word).total:,} | {cost.server / _ASKED * 1e3:,.2f} ms |")


def _timed(ask: Callable[[str], object], queries: list[str], times: list[float]) -> None:
    for query in queries:
        started = time.perf_counter()
        ask(query)
        times.append(time.perf_counter() - started)


def _parsed(path: Path) -> Iterator[object]:
    from newsearch.sources.registry import open_source

    yield from open_source(path).articles()


def _bytes(cluster: Cluster, index: str, size: int) -> float:
    cluster.ask("POST", f"/{index}/_flush")
    found = cluster.ask("GET", f"/{index}/_stats/store")["_all"]["primaries"]["store"]["size_in_bytes"]
    return float(found) / size


if __name__ == "__main__":
    main()
