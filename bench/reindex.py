"""The command `python -m bench.reindex`: what it costs to keep an index up to date. Ratios hold within one run."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import click

import newsearch
from bench import replay
from bench.corpus import read, write_markdown
from bench.measure import PROJECT
from bench.queries import queries
from newsearch.sources.json_lines import JsonStream

DATA = PROJECT.parent / "shared" / "data"
_BATCH = 100


@click.group()
@click.option(
    "--data", type=click.Path(exists=True, path_type=Path), default=DATA, help="The shared collections."
)
@click.option("--work", type=click.Path(path_type=Path), help="Where indexes are kept [default: temporary].")
@click.pass_context
def main(context: click.Context, data: Path, work: Path | None) -> None:
    """Measure how an index is kept up to date."""
    if work is None:
        work = Path(context.with_resource(tempfile.TemporaryDirectory(prefix="bench-")))
    work.mkdir(parents=True, exist_ok=True)
    context.obj = (data, work)


@main.command()
@click.pass_obj
def history(paths: tuple[Path, Path]) -> None:
    """Replay a site's history commit by commit, and compare with a fresh build after each."""
    data, work = paths
    site, live = work / "site", work / "live"
    commits = events = written = differing = needless = 0
    generation = 0
    before: dict[str, newsearch.Article] = {}
    for commit in replay.history(data / "smartable"):
        replay.apply(commit, site)
        newsearch.build(site, index=live)
        with newsearch.open(live) as index, replay.fresh(site, work / "fresh") as expected:
            now = replay.contents(expected)
            same = replay.contents(index) == now and replay.answers(index) == replay.answers(expected)
            differing += not same
            is_written = index.stats().generation != generation
            generation = index.stats().generation
        commits, events = commits + 1, events + len(commit)
        written += is_written
        needless += is_written and now == before
        before = now
    click.echo(
        f"{commits:,} commits, {events:,} events: {written:,} generations written, {needless:,} of them needless;"
        f" after {differing:,} commits the results differed from those of a fresh build"
    )


@main.command()
@click.option("--size", default=120_000, show_default=True, help="Articles to begin with.")
@click.pass_obj
def edits(paths: tuple[Path, Path], size: int) -> None:
    """Replay real edits in batches of 100 while a reader searches; then compare latency with a fresh build."""
    data, work = paths
    records = {r["webUrl"]: r for r in islice(read(data / "scale" / "news-120k.jsonl.gz"), size)}
    live, fresh = work / "edited", work / "fresh"
    for path in (live, fresh):
        shutil.rmtree(path, ignore_errors=True)
    built = newsearch.build(_lines(records.values()), index=live, workers=2)
    done = threading.Event()
    searched: list[int] = []
    faults: list[str] = []
    reader = threading.Thread(target=_search_until, args=(live, list(records), done, searched, faults))
    reader.start()
    seconds: list[float] = []
    changed = 0
    stream = [e for e in read(data / "scale" / "edits.jsonl.gz") if e["url"] in records]
    for at in range(0, len(stream), _BATCH):
        batch = stream[at : at + _BATCH]
        for edit in batch:
            record = records[edit["url"]]
            record |= {"title": edit["title"], "excerpt": edit["excerpt"], "publishedDateTime": edit["date"]}
        started = time.perf_counter()
        report = newsearch.build(_lines([records[edit["url"]] for edit in batch]), index=live)
        seconds.append(time.perf_counter() - started)
        changed += report.replaced
        if report.added or report.deleted or report.articles != built.articles:
            faults.append(f"batch {at // _BATCH}: {report}")
    done.set()
    reader.join()
    newsearch.build(_lines(records.values()), index=fresh, workers=2)
    click.echo(
        f"{len(stream):,} edits in {len(seconds):,} batches, {changed:,} articles replaced;"
        f" a batch took {statistics.median(seconds) * 1e3:.0f} ms (median), {max(seconds) * 1e3:.0f} ms at most"
    )
    click.echo(f"{len(searched):,} searches meanwhile, {len(faults):,} faults {faults[:3]}")
    ratios = _latency_ratio(live, fresh)
    click.echo(f"latency after it / of a fresh build: {ratios:.2f} (median over queries)")


def _lines(records: Any) -> JsonStream:
    return JsonStream(io.BytesIO("".join(json.dumps(r) + "\n" for r in records).encode()))


def _search_until(
    path: Path, ids: list[str], done: threading.Event, searched: list[int], faults: list[str]
) -> None:
    rng = random.Random(1)
    asked = [query.text for query in queries() if query.group.startswith("news")]
    with newsearch.open(path) as index:
        articles = index.stats().articles
        wanted = [article.id for article in islice(index.articles(), 2000)]
        while not done.is_set():
            try:
                index.refresh()
                searched.append(len(index.search(rng.choice(asked))))
                if index.get(rng.choice(wanted)) is None or index.stats().articles != articles:
                    faults.append("an article is missing")
            except Exception as error:
                faults.append(repr(error))


def _latency_ratio(edited: Path, fresh: Path) -> float:
    asked = [query.text for query in queries() if query.group.startswith("news")]
    ratios = []
    with newsearch.open(edited) as one, newsearch.open(fresh) as other:
        for text in asked:
            best = []
            for index in (one, other):
                best.append(min(_timed(partial(index.search, text)) for _ in range(9)))
            ratios.append(best[0] / best[1])
    return statistics.median(ratios)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@main.command()
@click.option("--size", default=100_000, show_default=True, help="Markdown files.")
@click.option("--rounds", default=5, show_default=True)
@click.pass_obj
def walk(paths: tuple[Path, Path], size: int, rounds: int) -> None:
    """Reindex Markdown files of which none, then 1 % have changed, against a bare walk and a full build."""
    data, work = paths
    site, index = work / "files", work / "index"
    if not site.exists():
        write_markdown(islice(read(data / "scale" / "news-120k.jsonl.gz"), size), site / "all")
        for number, path in enumerate(sorted((site / "all").iterdir())):
            folder = site / f"{number % 100:02}"
            folder.mkdir(exist_ok=True)
            path.rename(folder / path.name)
        time.sleep(2.5)
    shutil.rmtree(index, ignore_errors=True)
    full, full_cpu = _costs(lambda: newsearch.build(site, index=index, workers=2))
    files = sorted(site.rglob("*.md"))
    bare, nothing, bare_cpu = [], [], []
    for _ in range(rounds):
        taken, cpu = _costs(lambda: _walk(site))
        bare.append(taken)
        bare_cpu.append(cpu)
        nothing.append(_timed(lambda: newsearch.build(site, index=index, workers=2)))
        reports = _timed(lambda: newsearch.reindex(index, workers=2))
        click.echo(f"  walk {bare[-1]:.3f} s, index {nothing[-1]:.3f} s, reindex {reports:.3f} s")
    click.echo(
        f"full build of {len(files):,} files: {full:.1f} s, {len(files) / full:,.0f}/s, {full_cpu:.1f} s of processors"
    )
    click.echo(f"nothing changed / bare walk: {min(nothing) / min(bare):.2f}")
    for number, path in enumerate(random.Random(2).sample(files, max(1, len(files) // 100))):
        with path.open("a", encoding="utf-8") as file:
            file.write(f"changed {number}\n")
    some, some_cpu = _costs(lambda: newsearch.build(site, index=index, workers=2))
    share, share_cpu = (some - min(bare)) / full, (some_cpu - min(bare_cpu)) / full_cpu
    click.echo(
        f"1 % changed: {some:.2f} s, without the walk {share:.1%} of a full build,"
        f" and {share_cpu:.1%} of its processor time"
    )


def _costs(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processors, in this process and those that it started."""
    before = os.times()
    work()
    after = os.times()
    return after.elapsed - before.elapsed, sum(after[:4]) - sum(before[:4])


def _walk(root: Path) -> int:
    total = 0
    pending = [str(root)]
    while pending:
        with os.scandir(pending.pop()) as scan:
            for entry in scan:
                if entry.is_dir():
                    pending.append(entry.path)
                else:
                    total += entry.stat().st_size
    return total


if __name__ == "__main__":
    main()
