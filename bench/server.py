"""A server of newsearch as a process, and what it is asked."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from urllib.error import HTTPError
from urllib.request import urlopen

import newsearch

SEED = 7


@contextmanager
def serving(index: Path, workers: int) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A port and the process of a server, which is stopped at the end."""
    command = [sys.executable, "-m", "newsearch", "serve", "--index", str(index), "--port", "0"]
    command += ["--workers", str(workers), "--log-format", "none"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        match = re.search(r":(\d+)/", process.stderr.readline())
        assert match
        try:
            yield int(match[1]), process
        finally:
            process.terminate()


def wait_until_prepared(port: int, workers: int) -> None:
    """Wait until each worker has compared its articles, which takes it seconds of a processor beside first searches."""
    address = f"http://127.0.0.1:{port}/api/v1/search?collapse=copies&limit=1"
    ready = 0
    # Each request is a connection of its own, which any worker may accept.
    while ready < (1 if workers == 1 else 8 * workers):
        try:
            with urlopen(address, timeout=60):
                ready += 1
        except HTTPError:
            ready = 0
            sleep(0.5)


def words_of_titles(index: Path, count: int) -> list[str]:
    """Different queries of one to three words that stand in one title, of articles of every kind."""
    rng = random.Random(SEED)
    with newsearch.open(index) as opened:
        found = [
            hit.title
            for sort in ("newest", "oldest", "heat", "quality")
            for hit in opened.search("", limit=20_000, sort=sort)
        ]
    titles = list(dict.fromkeys(found))
    rng.shuffle(titles)
    queries: dict[str, None] = {}
    for title in titles * 4:
        words = list(dict.fromkeys(re.findall(r"[^\W\d_]{4,}", title)))
        if words:
            queries[" ".join(rng.sample(words, min(len(words), rng.choice((1, 2, 2, 3, 3)))))] = None
        if len(queries) >= count:
            break
    return list(queries)


def words_of_any_title(queries: list[str]) -> list[str]:
    """The same words, put together at random: most of these queries find no article with every word."""
    rng = random.Random(SEED)
    words = [word for query in queries for word in query.split()]
    return [" ".join(rng.sample(words, len(query.split()))) for query in queries]


def asked_again(queries: list[str]) -> list[str]:
    """Queries as a public asks them: the second most common half as often as the first, and so on (Zipf)."""
    rng = random.Random(SEED)
    weights = [1 / rank for rank in range(1, len(queries) + 1)]
    return rng.choices(queries, weights, k=len(queries))


def processes_of(pid: int) -> list[int]:
    """A process and those that it started, where the system tells."""
    found = [pid]
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                parent = re.search(r"^PPid:\s+(\d+)", _status(int(name)), re.MULTILINE)
            except OSError:  # it has ended
                continue
            if parent and int(parent[1]) == pid:
                found.append(int(name))
    return found


def memory_of(pid: int) -> list[float]:
    """Megabytes that a process and those that it started have for themselves, where the system tells."""
    found = []
    for process in processes_of(pid):
        try:
            own = re.search(r"^RssAnon:\s+(\d+)", _status(process), re.MULTILINE)
        except OSError:
            continue
        if own:
            found.append(int(own[1]) / 1024)
    return found


def processor_seconds(pid: int) -> float:
    """The processor time that a process and those that it started have taken, in seconds, where the system tells."""
    total = 0.0
    for process in processes_of(pid):
        try:
            fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _status(pid: int) -> str:
    return Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
