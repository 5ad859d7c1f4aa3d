"""An index in an OpenSearch cluster: `python -m bench.cluster`.

Starts one node out of Maven's artifacts (see tests/opensearch/nodes.py), indexes a collection, and asks the queries of
the news class. CPU seconds of the client and of the node stand beside wall time, because they say more on a busy
machine. A plain index of the same articles, with the mapping and the query that OpenSearch's own pages suggest, is
measured in the same run: `multi_match` over analysed fields with boosts by heat and quality.
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
from statistics import median
from typing import Any, NamedTuple

import click

import newsearch
from bench.corpus import prepare, read
from bench.measure import PROJECT
from bench.queries import NEWS
from newsearch.articles.article import Article
from newsearch.engine import open_engine
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.settings import parse_place

CORPUS = PROJECT.parent / "shared" / "data" / "scale" / "news-120k.jsonl.gz"
_TICKS = os.sysconf("SC_CLK_TCK")
_BATCH = 1000
_WARM = 200

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


def plain_query(text: str) -> dict[str, Any]:
    """What OpenSearch's documentation would have one ask."""
    factors = [
        {"field_value_factor": {"field": name, "modifier": "log1p", "missing": 1}}
        for name in ("heat", "quality")
    ]
    words = {"query": text, "fields": ["title^3", "excerpt", "topics", "body"], "operator": "and"}
    scored = {"query": {"multi_match": words}, "functions": factors}
    return {"size": 10, "track_total_hits": True, "query": {"function_score": scored}}


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

    queries = [" ".join(query.split()) for query in NEWS.split(";")]
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
            print(
                f"| newsearch, reading and indexing | {cost.per(size)} | {_bytes(cluster, 'news--1', size)} |"
            )
            reading = measured(pid, lambda: list(_parsed(made.path)))
            print(f"| of it reading | {reading.per(size)} | |")
            cost = measured(pid, lambda: index_plainly(cluster, made.path))
            cluster.ask("POST", "/plain/_forcemerge", params={"max_num_segments": "1"}, again=False)
            print(f"| plain index | {cost.per(size)} | {_bytes(cluster, 'plain', size)} |\n")
            print("| one query | wall | client CPU | server CPU | slowest 10 % |\n|---|---|---|---|---|")
            with newsearch.open(place) as index:
                asked: dict[str, Callable[[str], object]] = {
                    "newsearch, 10 hits with boosts": lambda q: list(index.search(q, limit=10)),
                    "plain multi_match with boosts": lambda q: cluster.ask(
                        "POST", "/plain/_search", plain_query(q), {"request_cache": "false"}
                    ),
                }
                for name, ask in asked.items():
                    for query in queries * 2:
                        ask(query)
                    times: list[float] = []
                    cost = measured(pid, lambda a=ask, t=times: _timed(a, queries * repeats, t))  # type: ignore[misc]
                    slow = sorted(times)[int(len(times) * 0.9)] * 1e6
                    print(f"| {name} | {cost.per(len(times))} | {slow:,.0f} us |")
                    print(f"median {median(times) * 1e6:,.0f} us", file=sys.stderr)
            print_growth(place.replace("/news?", "/graded?"), pid, size)


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
            for _ in range(_WARM):
                index.search(word, limit=10)
            cost = measured(pid, lambda w=word: [list(index.search(w, limit=10)) for _ in range(_WARM)])  # type: ignore[misc]
            print(f"| {word} | {index.search(word).total:,} | {cost.server / _WARM * 1e3:,.2f} ms |")


def _timed(ask: Callable[[str], object], queries: list[str], times: list[float]) -> None:
    for query in queries:
        started = time.perf_counter()
        ask(query)
        times.append(time.perf_counter() - started)


def _parsed(path: Path) -> Iterator[object]:
    from newsearch.sources.registry import open_source

    yield from open_source(path).articles()


def _bytes(cluster: Cluster, index: str, size: int) -> str:
    cluster.ask("POST", f"/{index}/_flush")
    found = cluster.ask("GET", f"/{index}/_stats/store")["_all"]["primaries"]["store"]["size_in_bytes"]
    return f"{found / size:,.0f}"


if __name__ == "__main__":
    main()
