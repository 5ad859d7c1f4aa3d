"""The command `python -m bench.serve`: how many searches a second the server answers. Ratios hold within one run.

The clients are a process of their own on the same machine, and take their share of it, which is told. A busy machine
answers less; `cpu` is the processor time of the server for one answer, and hardly depends on what else runs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote_plus

import click

import newsearch
from bench.corpus import Corpus, prepare
from bench.load import Measured, load
from bench.measure import PROJECT
from bench.rivals import RIVALS
from bench.server import (
    asked_again,
    memory_of,
    processor_seconds,
    serving,
    wait_until_prepared,
    words_of_any_title,
    words_of_titles,
)
from bench.soak import soak

CORPUS = PROJECT.parent / "shared" / "data" / "scale" / "news-120k.jsonl.gz"

_SEARCH = "/api/v1/search?query="
_CONNECTIONS = 16
_QUERIES = 20_000


@click.command()
@click.option("--size", default=120_000, show_default=True, help="Articles to search.")
@click.option("--workers", multiple=True, type=int, default=(1, 2), show_default=True, help="Workers to try.")
@click.option("--seconds", default=5.0, show_default=True, help="Length of each run.")
@click.option(
    "--rivals/--no-rivals",
    default=True,
    help="Also measure Datasette, tantivy-cli and OpenSearch if installed.",
)
@click.option("--work", type=click.Path(path_type=Path), help="Where indexes are kept [default: temporary].")
@click.option("--soak", "soaked", default=0.0, help="Instead, so many seconds of load beside a writer.")
@click.option("--rate", default=100.0, show_default=True, help="Requests a second of --soak.")
def main(
    size: int,
    workers: Sequence[int],
    seconds: float,
    rivals: bool,
    work: Path | None,
    soaked: float,
    rate: float,
) -> None:
    """Measure how fast the server answers: at full load, at half of it, and beside other servers."""
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        if soaked:
            _soak(size, Path(temporary), soaked, rate, workers[0])
            return
        place = work or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        corpus = prepare(CORPUS, size, place)
        index = place / f"serve-{size}"
        newsearch.build(corpus.path, index=index)
        with newsearch.open(index) as opened:
            # An index compares its articles once, beside the first searches. That is measured by bench.stories.
            opened.search("", collapse="copies")
        queries = words_of_titles(index, _QUERIES)
        for number in workers:
            _measure(index, number, queries, seconds)
        if rivals:
            _measure_rivals(corpus, place, queries, seconds)


def _measure(index: Path, workers: int, queries: list[str], seconds: float) -> None:
    half = len(queries) // 2
    mixes = {
        "different searches": [_SEARCH + quote_plus(query) for query in queries[half:]],
        "searches asked again": [_SEARCH + quote_plus(query) for query in asked_again(queries[half:])],
        "words of any titles": [_SEARCH + quote_plus(query) for query in words_of_any_title(queries[half:])],
        "pages": [f"/?query={quote_plus(query)}" for query in queries[half:]],
        "completions": [f"/api/v1/complete?text={quote_plus(query[:-1])}" for query in queries[half:]],
    }
    with serving(index, workers) as (port, process):
        wait_until_prepared(port, workers)
        before = [_SEARCH + quote_plus(query) for query in queries[:half]]
        load(port, before, connections=_CONNECTIONS, seconds=seconds)
        for name, addresses in mixes.items():
            cpu = processor_seconds(process.pid)
            full = load(port, addresses, connections=_CONNECTIONS, seconds=seconds)
            cpu = (processor_seconds(process.pid) - cpu) / max(full.answers, 1)
            calm = load(port, addresses[::-1], connections=_CONNECTIONS, seconds=seconds, rate=full.rate / 2)
            click.echo(
                f"{workers} workers, {name}: {_told(full, cpu)};"
                f" at half of that p50 {calm.half:.2f} ms, p99 {calm.most:.2f} ms"
            )
        own = ", ".join(f"{megabytes:.0f}" for megabytes in memory_of(process.pid))
        click.echo(f"{workers} workers: {own} MB of their own")


def _measure_rivals(corpus: Corpus, work: Path, queries: list[str], seconds: float) -> None:
    for rival in RIVALS:
        with rival.start(corpus, work) as found:
            if found is None:
                click.echo(f"{rival.name}: not measured, because it needs {rival.needs}")
                continue
            port, pid = found
            addresses = [rival.address(query) for query in queries]
            load(port, addresses, connections=_CONNECTIONS, seconds=seconds)
            for connections in (_CONNECTIONS, 4 * _CONNECTIONS):
                cpu = processor_seconds(pid)
                full = load(port, addresses[len(addresses) // 2 :], connections=connections, seconds=seconds)
                cpu = (processor_seconds(pid) - cpu) / max(full.answers, 1)
                click.echo(f"{rival.name}, {connections} connections: {_told(full, cpu)}")


def _told(full: Measured, cpu: float) -> str:
    wrong = sum(count for status, count in full.statuses.items() if status != "200")
    return (
        f"{full.rate:,.0f}/s (p50 {full.half:.1f} ms, p99 {full.most:.1f} ms, cpu {1e6 * cpu:.0f} us"
        f" or {1 / cpu if cpu else 0:,.0f}/s of one processor; clients {100 * full.client:.0f} %"
        + (f"; {wrong} not answered)" if wrong else ")")
    )


def _soak(size: int, work: Path, seconds: float, rate: float, workers: int) -> None:
    found = soak(CORPUS, size, work, seconds, rate, workers)
    answers = sum(part.answers for part in found.loads)
    worst = max(part.worst for part in found.loads)
    p99 = sorted(part.most for part in found.loads)[len(found.loads) // 2]
    click.echo(
        f"{seconds:.0f} s, {size:,} articles, {workers} workers: {answers:,} answers, statuses {dict(found.statuses)},"
        f" p99 {p99:.0f} ms, the slowest {worst:.0f} ms"
    )
    click.echo(
        f"{found.changes} changes, {found.looks} looks, {found.backwards} backwards; behind by at most"
        f" {max(found.stale, default=0):.2f} s, {sum(late > 2 for late in found.stale)} times more than 2 s;"
        f" the last change was {'seen' if found.last_seen else 'NOT SEEN'}"
    )
    shown = ", ".join(f"{megabytes:.0f}" for megabytes in found.megabytes)
    click.echo(f"MB of its own: {shown}; the last third is {found.growth:.2f} of the second")


if __name__ == "__main__":
    main()
