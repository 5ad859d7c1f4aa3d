"""One run: build every peer's index, then ask them all the same queries in turn."""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from itertools import combinations, islice
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from bench.corpus import SEED, Corpus, Vocabulary, prepare, read, write_markdown
from bench.peers import make
from bench.peers.base import Answer, Peer
from bench.queries import BenchQuery, queries

SCHEMA_VERSION = 1
PROJECT = Path(__file__).resolve().parents[1]
MARKDOWN_FILES = 20_000
COMMAND_RUNS = 15


@dataclass(frozen=True, slots=True)
class PeerFigures:
    """What one peer costs to build, to keep and to open. Memory is the peak of a process of its own."""

    version: str
    note: str
    articles_per_second: float
    build_mb: float
    bytes_per_article: float
    open_ms: float
    query_mb: float
    queries_per_second_1: float | None
    queries_per_second_2: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Microseconds for the top 10 of one class: median and mean of the queries' medians, p95 of all samples."""

    peer: str
    group: str
    count: bool
    queries: int
    median_us: float
    mean_us: float
    p95_us: float


@dataclass(frozen=True, slots=True)
class First:
    """Microseconds of processor time for the first query of a class, in a process that was asked a plain one before."""

    peer: str
    group: str
    us: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """The mean share of the top 10 that two peers have in common in one class, of the longer list."""

    peer: str
    other: str
    group: str
    share: float


@dataclass(slots=True)
class BenchRun:
    """Everything one run measured; `missing` names the peers that are not installed, and why."""

    size: int
    rounds: int
    machine: dict[str, str | int]
    peers: dict[str, PeerFigures] = field(default_factory=dict)
    vocabulary: Vocabulary = "fixed"
    latencies: list[Latency] = field(default_factory=list)
    firsts: list[First] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)
    markdown: dict[str, float] | None = None
    command: dict[str, float] | None = None
    missing: dict[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(
    *,
    source: Path,
    size: int,
    vocabulary: Vocabulary,
    names: Sequence[str],
    groups: tuple[str, ...],
    rounds: int,
    work: Path,
    reuse: bool,
    say: Callable[[str], None],
) -> BenchRun:
    """Measure the named peers with `size` articles made from `source`, keeping indexes under `work`.

    With `reuse` an index that an earlier run built with the same version and size is taken as it is, and so
    are the figures of its build.
    """
    say(f"preparing {size:,} articles")
    corpus = prepare(source, size, work, vocabulary)
    result = BenchRun(size=corpus.size, rounds=rounds, machine=_machine(), vocabulary=vocabulary)
    peers: dict[str, tuple[Peer, Path]] = {}
    for name in names:
        try:
            peer = make(name)
        except ImportError as error:
            result.missing[name] = str(error)
            say(f"{name} is missing: {error}")
            continue
        index = work / f"{peer.index}-{corpus.name}"
        peers[name] = peer, index
        say(f"{name}: index")
        result.peers[name] = _figures(peer, index, corpus, reuse=reuse or _built_now(peers, name))
    if "newsearch" in peers:
        say("newsearch: Markdown files and the command")
        result.markdown = _markdown(corpus, work)
        if find_spec("newsearch.__main__"):
            result.command = _command(peers["newsearch"][1])
        else:
            result.missing["newsearch query"] = "newsearch has no command"
    asked = queries(groups)
    say(f"{len(asked)} queries; round 0 is to warm up")
    result.latencies, result.overlaps = _latencies(peers, asked, rounds, say)
    say("each class first in a process")
    result.firsts = _firsts(peers, asked)
    return result


def _built_now(peers: dict[str, tuple[Peer, Path]], name: str) -> bool:
    index = peers[name][1]
    return any(other[1] == index for key, other in peers.items() if key != name)


def _machine() -> dict[str, str | int]:
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 1,
    }


def _work(**task: Any) -> dict[str, float]:
    """Do one task in a fresh process (see bench.worker)."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.worker"],
        input=json.dumps(task),
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        check=True,
    )
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _figures(peer: Peer, index: Path, corpus: Corpus, *, reuse: bool) -> PeerFigures:
    kept = index.with_name(f"{index.name}.json")
    build = json.loads(kept.read_text()) if reuse and kept.exists() else {}
    if build.get("version") != peer.version:
        shutil.rmtree(index, ignore_errors=True)
        kept.unlink(missing_ok=True)
        index.mkdir(parents=True)
        given = asdict(corpus) | {"path": str(corpus.path)}
        build = _work(task="build", peer=peer.name, corpus=given, index=str(index)) | {
            "version": peer.version
        }
        kept.write_text(json.dumps(build))
    asked = _work(task="query", peer=peer.name, index=str(index))
    return PeerFigures(
        version=peer.version,
        note=peer.note,
        articles_per_second=corpus.size / build["seconds"],
        build_mb=build["peak_mb"],
        bytes_per_article=sum(f.stat().st_size for f in index.rglob("*") if f.is_file()) / corpus.size,
        open_ms=asked["open_ms"],
        query_mb=asked["peak_mb"],
        queries_per_second_1=asked["queries_per_second_1"],
        queries_per_second_2=asked["queries_per_second_2"],
    )


def _markdown(corpus: Corpus, work: Path) -> dict[str, float]:
    directory, index = work / "markdown", work / "newsearch-markdown"
    for path in (directory, *work.glob(f"{index.name}*")):
        shutil.rmtree(path, ignore_errors=True)
    files = write_markdown(islice(read(corpus.path), MARKDOWN_FILES), directory)
    workers = os.cpu_count() or 1
    measured = _work(task="markdown", directory=str(directory), index=str(index), workers=workers)
    return measured | {"files": files, "workers": workers}


def _command(index: Path) -> dict[str, float]:
    """Milliseconds of one query as a command, and of a Python that only imports what it cannot do without."""
    commands = {
        "query_ms": [sys.executable, "-m", "newsearch", "query", "--index", str(index), "white house"],
        "imports_ms": [sys.executable, "-c", "import click, numpy"],
    }
    taken = defaultdict(list)
    for _ in range(COMMAND_RUNS + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
            taken[name].append((time.perf_counter() - started) * 1e3)
    return {name: median(times[1:]) for name, times in taken.items()}


def _latencies(
    peers: dict[str, tuple[Peer, Path]], asked: list[BenchQuery], rounds: int, say: Callable[[str], None]
) -> tuple[list[Latency], list[Overlap]]:
    """Ask each query of all peers in turn, in random order, so that a slow moment hits them all.

    Right before, each peer is asked its last query again, untimed: whoever follows a library that works long
    finds the processor's caches emptied and takes up to twice as long, which says nothing about it.
    """
    searchers = {name: peer.open(index) for name, (peer, index) in peers.items()}
    samples: defaultdict[tuple[str, BenchQuery], list[float]] = defaultdict(list)
    answers: dict[tuple[str, BenchQuery], Answer] = {}
    last: dict[str, BenchQuery] = {}
    order = random.Random(SEED)
    for turn in range(rounds + 1):
        say(f"round {turn} of {rounds}")
        for query in asked:
            able = [name for name in searchers if peers[name][0].answers(query)]
            for name in order.sample(able, len(able)):
                searchers[name].search(last.get(name, query))
                started = time.perf_counter_ns()
                answer = searchers[name].search(query)
                taken = time.perf_counter_ns() - started
                last[name] = query
                if turn == 0:
                    answers[name, query] = answer
                else:
                    samples[name, query].append(taken / 1e3 if answer.own_us is None else answer.own_us)
    for searcher in searchers.values():
        searcher.close()
    return _summary(samples), _overlaps(answers, list(searchers))


def _firsts(peers: dict[str, tuple[Peer, Path]], asked: list[BenchQuery]) -> list[First]:
    """The first query of each class, in a process of its own."""
    found = []
    for group, query in {query.group: query for query in reversed(asked)}.items():
        for name, (peer, index) in peers.items():
            if peer.answers(query):
                task = {
                    "task": "first",
                    "peer": name,
                    "index": str(index),
                    "group": group,
                    "count": query.count,
                }
                found.append(First(name, group, _work(**task)["us"]))
    return found


def _summary(samples: dict[tuple[str, BenchQuery], list[float]]) -> list[Latency]:
    classes: defaultdict[tuple[str, str, bool], list[list[float]]] = defaultdict(list)
    for (name, query), times in samples.items():
        classes[name, query.group, query.count].append(times)
    return [
        Latency(
            peer=name,
            group=group,
            count=count,
            queries=len(per_query),
            median_us=median(map(median, per_query)),
            mean_us=mean(map(median, per_query)),
            p95_us=float(np.percentile([time for times in per_query for time in times], 95)),
        )
        for (name, group, count), per_query in classes.items()
    ]


def _overlaps(answers: dict[tuple[str, BenchQuery], Answer], names: list[str]) -> list[Overlap]:
    shares: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for query in {query: None for _, query in answers}:
        urls = {
            name: {hit.url for hit in answers[name, query].hits} for name in names if (name, query) in answers
        }
        for one, other in combinations(urls, 2):
            longer = max(len(urls[one]), len(urls[other]))
            if longer:
                shares[one, other, query.group].append(len(urls[one] & urls[other]) / longer)
    return [Overlap(one, other, group, mean(values)) for (one, other, group), values in shares.items()]
