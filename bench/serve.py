"""The command `python -m bench.serve`: how many searches a second the server answers. Ratios hold within one run.

The clients run on the same machine and take their share of it, so what is told is less than the server could do alone.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

import click

import newsearch
from bench.corpus import prepare
from bench.measure import PROJECT

CORPUS = PROJECT.parent / "shared" / "data" / "scale" / "news-120k.jsonl.gz"
SEED = 7

_CONNECTIONS = 8
_PATHS = {"search": "/api/v1/search?query=", "page": "/?query=", "complete": "/api/v1/complete?text="}
_HEAD = re.compile(rb"HTTP/1\.1 (\d+) .*?content-length: (\d+)", re.DOTALL | re.IGNORECASE)


class Measured(NamedTuple):
    """What a run came to: answers a second, and milliseconds that half, and 99 of 100, took at most."""

    rate: float
    half: float
    most: float


@click.command()
@click.option("--size", default=120_000, show_default=True, help="Articles to search.")
@click.option("--workers", multiple=True, type=int, default=(1, 2), show_default=True, help="Workers to try.")
@click.option("--requests", "count", default=2_000, show_default=True, help="Requests of each run.")
@click.option("--work", type=click.Path(path_type=Path), help="Where the index is kept [default: temporary].")
def main(size: int, workers: Sequence[int], count: int, work: Path | None) -> None:
    """Measure how fast the server answers: many clients at once, and one alone."""
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        place = work or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        corpus = prepare(CORPUS, size, place)
        index = place / f"serve-{size}"
        newsearch.build(corpus.path, index=index)
        asked = _queries(index, count)
        for number in workers:
            with _serving(index, number) as (port, process):
                for name, path in _PATHS.items():
                    addresses = [path + quote_plus(query) for query in asked]
                    asyncio.run(_run(port, addresses[: count // 5], _CONNECTIONS))
                    many = asyncio.run(_run(port, addresses, _CONNECTIONS))
                    alone = asyncio.run(_run(port, addresses[: count // 5], 1))
                    click.echo(
                        f"{size:,} articles, {number} workers, {name}: {many.rate:,.0f}/s with {_CONNECTIONS} clients"
                        f" (p50 {many.half:.1f} ms, p99 {many.most:.1f} ms);"
                        f" alone p50 {alone.half:.2f} ms, p99 {alone.most:.2f} ms"
                    )
                own = ", ".join(f"{size:.0f}" for size in _memory(process.pid))
                click.echo(f"{size:,} articles, {number} workers: {own} MB of their own")


def _queries(index: Path, count: int) -> list[str]:
    """Queries of one to three words that stand in titles."""
    rng = random.Random(SEED)
    with newsearch.open(index) as opened:
        titles = [hit.title for hit in opened.search("", limit=1_000)]
    words = [word for title in titles for word in re.findall(r"[^\W\d]{4,}", title)]
    return [" ".join(rng.sample(words, rng.choice((1, 2, 2, 3)))) for _ in range(count)]


@contextmanager
def _serving(index: Path, workers: int) -> Iterator[tuple[int, subprocess.Popen[str]]]:
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


async def _run(port: int, addresses: Sequence[str], connections: int) -> Measured:
    seconds: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(
        *(_client(port, addresses[number::connections], seconds) for number in range(connections))
    )
    took = time.perf_counter() - started
    seconds.sort()
    half, most = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
    return Measured(len(seconds) / took, half * 1000, most * 1000)


async def _client(port: int, addresses: Sequence[str], seconds: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for address in addresses:
        started = time.perf_counter()
        writer.write(f"GET {address} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = _HEAD.search(await reader.readuntil(b"\r\n\r\n"))
        if head is None or head[1] != b"200":
            raise click.ClickException(f"{address}: not answered")
        await reader.readexactly(int(head[2]))
        seconds.append(time.perf_counter() - started)
    writer.close()


def _memory(pid: int) -> list[float]:
    """Megabytes that a process and those that it started have for themselves, where the system tells."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not name.isdigit():
            continue
        try:
            status = Path(f"/proc/{name}/status").read_text(encoding="utf-8")
            parent = re.search(r"^PPid:\s+(\d+)", status, re.MULTILINE)
            own = re.search(r"^RssAnon:\s+(\d+)", status, re.MULTILINE)
        except OSError:  # it has ended
            continue
        if own and parent and str(pid) in (name, parent[1]):
            found.append(int(own[1]) / 1024)
    return found


if __name__ == "__main__":
    main()
