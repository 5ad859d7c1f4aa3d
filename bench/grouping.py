"""Copies in an index: what they cost while it is built and searched, and how well they are told there.

All costs are ratios within one run: builds with and without signatures take turns, and searches are compared with a
plain search of three words over the same index.
"""

from __future__ import annotations

import gzip
import json
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import newsearch
from bench.report import Table
from newsearch.engine.arrays.files.toc import GROUPS_NAME
from newsearch.engine.arrays.writing import builder
from newsearch.engine.base import MAX_PAGE

ROUNDS = 3
QUERY = "trump election votes"


def size_of(index: Path) -> int:
    return sum(file.stat().st_size for file in index.iterdir() if file.name != GROUPS_NAME)


@contextmanager
def without_signatures() -> Iterator[None]:
    with mock.patch.object(
        builder, "signatures_of", lambda articles, *_: np.zeros((len(articles), 16), np.uint8)
    ):
        yield


def build(source: Path, index: Path) -> tuple[float, float]:
    """Seconds that passed, and seconds of CPU time."""
    shutil.rmtree(index, ignore_errors=True)
    start, busy = time.perf_counter(), time.process_time()
    newsearch.build(source, index=index)
    return time.perf_counter() - start, time.process_time() - busy


def best(run: Callable[[], Any], times: int) -> float:
    run()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def costs(source: Path, work: Path) -> Table:
    """The costs of copies in an index of one source, which is left in `work / "index"`."""
    rows = building_costs(source, work) + searching_costs(work)
    return f"Copies in an index of {source.name}", ["", "measured", "goal, at most"], rows


def building_costs(source: Path, work: Path) -> list[list[str]]:
    path = work / "news.jsonl"
    with gzip.open(source) as packed, open(path, "wb") as plain:
        shutil.copyfileobj(packed, plain)
    took: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    sizes = {}
    for _ in range(ROUNDS):
        with without_signatures():
            took[False].append(build(path, work / "bare"))
        took[True].append(build(path, work / "index"))
    for signed, name in ((True, "index"), (False, "bare")):
        sizes[signed] = size_of(work / name)
    wall, busy = (
        statistics.median(one[kind] for one in took[True])
        / statistics.median(one[kind] for one in took[False])
        for kind in (0, 1)
    )
    return [
        ["building, times without signatures", f"{wall:.2f} ({busy:.2f} of CPU time)", "1.10"],
        ["bytes, times without signatures", f"{sizes[True] / sizes[False]:.3f}", "1.06"],
    ]


def searching_costs(work: Path) -> list[list[str]]:
    with newsearch.open(work / "index") as index:
        start = time.process_time()
        _ = index.search("").texts
        first = time.process_time() - start
        kept = (work / "index" / GROUPS_NAME).stat().st_size / size_of(work / "index")
        plain = best(lambda: index.search(QUERY), 300)

        def page() -> None:
            for hit in index.search(QUERY, collapse="copies"):
                _ = hit.copies

        def whole(query: str) -> None:
            results = index.search(query, collapse="copies")
            _ = results.total, results.folding and results.folding.groups, [hit.copies for hit in results]

        matches = index.search("").total
        searches: list[tuple[str, Callable[[], Any], str]] = [
            ("a page of 10 from 200 candidates, with their copies", page, "60"),
            (f"the same of all {matches:,} articles, with exact totals", lambda: whole(""), "200"),
            (f"texts among {matches:,} articles", lambda: index.search("").texts, "200"),
            (f"outlets of {matches:,} articles", lambda: index.search("").facet("provider"), ""),
            (
                f"outlets of the texts among {matches:,} articles",
                lambda: index.search("", count="texts").facet("provider"),
                "",
            ),
        ]
        return [
            [f"{name}, times a plain query", f"{best(run, 20) / plain:.0f}", goal]
            for name, run, goal in searches
        ] + [
            ["grouping all articles, once, seconds of CPU time", f"{first:.1f}", ""],
            ["the same after an update that deletes and adds, seconds", f"{_updated(work):.1f}", ""],
            ["bytes that are kept of it, share of the index", f"{kept:.3f}", ""],
            ["a plain query, microseconds", f"{plain * 1e6:.0f}", ""],
        ]


def _updated(work: Path) -> float:
    """CPU seconds of grouping an index of which a hundredth was replaced."""
    lines = (work / "news.jsonl").read_bytes().splitlines(keepends=True)
    (work / "changing.jsonl").write_bytes(b"".join(lines[len(lines) // 100 :]))
    build(work / "changing.jsonl", work / "changed")
    with newsearch.open(work / "changed") as index:
        _ = index.search("").texts
    (work / "changing.jsonl").write_bytes(b"".join(lines[: -(len(lines) // 100)]))
    newsearch.build(work / "changing.jsonl", index=work / "changed")
    with newsearch.open(work / "changed") as index:
        start = time.process_time()
        _ = index.search("").texts
        return time.process_time() - start


def groups(source: Path, work: Path) -> dict[str, str]:
    """The group of each article of a source, by its address, as a folded search of an index tells it."""
    path, urls = work / "bed.jsonl", {}
    with gzip.open(source, "rt", encoding="utf-8") as lines, open(path, "w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            record = json.loads(line)
            urls[str(number)] = record["webUrl"]
            # Of articles with one address, an index shows only one.
            kept = {key: value for key, value in record.items() if key not in ("webUrl", "originalUrl")}
            out.write(json.dumps({**kept, "id": str(number), "published": True}) + "\n")
    build(path, work / "bed")
    found = {}
    with newsearch.open(work / "bed") as index:
        for hit in index.search("", collapse="copies", limit=MAX_PAGE):
            for id in (hit.id, *(copy.id for copy in hit.copies)):
                found[urls[id]] = hit.id
    return found


def joined(index: Path, pairs: Sequence[tuple[str, str]]) -> list[bool]:
    """Whether `Index.copies` of the first of two addresses has the second; False where the index does not show both."""
    found = []
    with newsearch.open(index) as opened:
        ids = {article.web_url: article.id for article in opened.articles()}
        for one, other in pairs:
            told = opened.copies(ids[one]) if one in ids and other in ids else []
            found.append(ids.get(other) in {publication.copy.id for publication in told})
    return found
