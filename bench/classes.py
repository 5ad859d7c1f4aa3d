"""The command `python -m bench.classes`: what every class of query costs newsearch, first in its process and warm.

Times are of the processor, as multiples of a plain query of three words that was asked before, in the same process. The
ratios hold from machine to machine, and on a busy one. Each query runs in a process of its own. A stream of different
queries in one process shows what the cache then keeps.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Any, NamedTuple

import click

from bench.__main__ import CORPUS
from bench.corpus import SEED, Vocabulary, prepare
from bench.measure import PROJECT
from bench.peers import make
from bench.queries import PASTED, queries
from newsearch import Index
from newsearch import open as open_index

PLAIN = "coronavirus vaccine trial"
_WARM_SECONDS = 1.0
_THREAD_SECONDS = 3.0
_QUERIES = 1000
_MOST_GROWTH = 4


class Asked(NamedTuple):
    """One query of a class.

    Attributes:
        task: search, count (the matches, too), articles (read the article of every hit), facets (all of them),
            complete, respell or diagnose.
        options: further arguments of `Index.search`.
    """

    group: str
    text: str
    task: str = "search"
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def named(self) -> str:
        words = len(self.text.split())
        told = [f"{words} words" if words >= 10 else f"`{self.text}`" if self.text else "everything"]
        told += [f"{name}={value}" for name, value in self.options]
        return ", ".join(told)


QUERIES = (
    *(Asked("word", text) for text in ("hospital", "how to watch")),
    *(
        Asked("compound", text)
        for text in ("covid-19", "covid19", "AT&T", "U.S.", "5G", "stay-at-home order")
    ),
    Asked("compound", "state-of-the-art"),
    *(Asked("field", text) for text in ("title:trump", "title:covid-19")),
    *(Asked("or", text) for text in ("covid-19 OR coronavirus", "trump OR biden")),
    *(Asked("exclusion", text) for text in ("covid-19 -trump", "-trump coronavirus")),
    *(Asked("prefix", text) for text in ("quarantin*", "corona* vaccine")),
    *(Asked("misspelling", text) for text in ("trump~", "coronavirs~", "coronavirs~ vaccine")),
    *(Asked("phrase", text) for text in ('"stay at home"', '"according to a new study"', '"one of the"')),
    *(Asked("date", text) for text in ("date:2020-05 trump", "date:2020-04-20..2020-05-04 hospital")),
    *(Asked("range", text) for text in ("heat:>=100 trump", "quality:>=50 election")),
    *(Asked("outlet", text) for text in ("provider:CNN trump", "site:bbc.co.uk trump", "author:smith")),
    *(Asked("rare filter", text) for text in ("the author:smith", "trump provider:nosuchone")),
    *(Asked("url", text) for text in ("url:coronavirus", "trump url:politics", "url:bbc.co.uk/news")),
    *(Asked("filter alone", text) for text in ("topic:Sports", "heat:>=100", "provider:CNN")),
    Asked("counted", "covid-19 -trump", "count"),
    *(
        Asked("counted", text, "count")
        for text in ("topic:Sports", "heat:>=100", "date:2020-05", "trump", "")
    ),
    *(Asked("sort", "trump", options=(("sort", name),)) for name in ("newest", "heat", "modified")),
    Asked("sort", "", options=(("sort", "newest"),)),
    Asked("deep page", "trump", options=(("offset", 5000),)),
    Asked("facets", "hospital", "facets"),
    Asked("expansion", "remdesivir", options=(("expand", True),)),
    Asked("pasted text", " ".join(PASTED.split()[:10])),
    Asked("pasted text", " ".join(PASTED.split())),
    *(Asked("completion", text, "complete") for text in ("coron", "trump v")),
    *(Asked("did you mean", text, "respell") for text in ("trunp", "coronavrus vacine")),
    Asked("diagnosis", "trump provider:nosuchone zzzz", "diagnose"),
    Asked("articles", "white house briefing", "articles"),
    Asked("empty", ""),
)

_FACETS = "topic", "provider", "author", "category", "type", "language", "year", "month", "week", "day"


def run(index: Index, asked: Asked) -> None:
    """Ask one query, and read what a page shows of its hits."""
    if asked.task == "complete":
        index.complete(asked.text)
        return
    results = index.search(asked.text, **dict(asked.options))
    _ = [(hit.title, hit.url) for hit in results]
    if asked.task == "count":
        _ = results.total
    elif asked.task == "articles":
        _ = [hit.article for hit in results]
    elif asked.task == "facets":
        _ = [results.facet(name) for name in _FACETS]
    elif asked.task == "respell":
        _ = results.did_you_mean
    elif asked.task == "diagnose":
        results.diagnose()


def measure(index: Index, number: int) -> dict[str, float]:
    """Processor time of one query, in microseconds: of the plain query, of the first time, and warm."""
    plain = _warm(lambda: run(index, Asked("", PLAIN)), 100)
    asked = QUERIES[number]
    return {
        "plain": plain,
        "first": _taken(lambda: run(index, asked)),
        "warm": _warm(lambda: run(index, asked), 20),
    }


def _taken(ask: Callable[[], None]) -> float:
    started = time.thread_time_ns()
    ask()
    return (time.thread_time_ns() - started) / 1e3


def _warm(ask: Callable[[], None], times: int) -> float:
    for _ in range(3):
        ask()
    taken: list[float] = []
    while len(taken) < times and sum(taken) < _WARM_SECONDS * 1e6:
        taken.append(_taken(ask))
    return median(taken)


LONG = (
    *(
        Asked("", text, "count")
        for text in ("covid-19 OR coronavirus", "date:2020-05 trump", "trump -biden", "")
    ),
    *(Asked("", text, "facets") for text in ("trump", "school closures")),
)


def throughput(path: Path, threads: int, kind: str) -> float:
    """Queries per second that threads answer together from one Index: of words, or those of LONG."""
    words = [Asked("", query.text) for query in queries(("news-any", "three-any"))]
    asked = words if kind == "words" else list(LONG)
    done: list[float] = []
    ready = threading.Barrier(threads)
    with open_index(path) as index:
        for query in asked * 3:
            run(index, query)

        def ask(first: int) -> None:
            ready.wait()
            started = time.perf_counter()
            number = 0
            for query in islice(cycle(asked), first, None):
                run(index, query)
                number += 1
                elapsed = time.perf_counter() - started
                if elapsed >= _THREAD_SECONDS:
                    break
            done.append(number / elapsed)

        running = [threading.Thread(target=ask, args=(first,)) for first in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    return sum(done)


def own_memory(path: Path, megabytes: int) -> dict[str, float]:
    """Megabytes that no file backs, before and at most during a thousand different queries under a limit."""
    started = _anonymous()
    most = started
    with open_index(path, memory=megabytes << 20) as index:
        for number, asked in enumerate(islice(_different(index), _QUERIES)):
            run(index, asked)
            if number % 10 == 0:
                most = max(most, _anonymous())
    return {"started": started, "most": most}


def stream(path: Path, megabytes: int) -> dict[str, float]:
    """Processor time of queries that nobody asked before, in microseconds: their mean, and what 99 of 100 take at most.

    One to three words of a title, with the number of matches and did-you-mean, in one process after as many others.
    """
    from bench.server import words_of_titles  # what it imports would count as memory of the others

    texts = words_of_titles(path, 2 * _QUERIES)
    with open_index(path, memory=megabytes << 20) as index:
        taken = [_taken(partial(_answer, index, text)) for text in texts]
    taken = sorted(taken[len(taken) // 2 :])
    return {"mean": mean(taken), "most": taken[len(taken) * 99 // 100]}


def _answer(index: Index, text: str) -> None:
    results = index.search(text)
    _ = [(hit.title, hit.url) for hit in results], results.total, results.did_you_mean


def _different(index: Index) -> Iterator[Asked]:
    random = Random(SEED)
    words = [found.text for letter in "acdefhilmnprst" for found in index.complete(letter, 100)]
    while True:
        one, two, three = random.sample(words, 3)
        yield Asked(
            "",
            random.choice(
                (
                    one,
                    f"{one} {two} {three}",
                    f'"{one} {two}"',
                    f"{one}*",
                    f"{one}~",
                    f"title:{one}",
                    f"{one} topic:Sports",
                    f"{one}-{two}",
                    f"{one} OR {two}",
                    f"{one} -{two}",
                )
            ),
            random.choice(("search", "count")),
        )


def _anonymous() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:"))


def _in_process(*task: object) -> dict[str, float]:
    # Modules are imported as they were installed: compiled.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.classes", "--task", json.dumps(task)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=environment,
        check=True,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _do(name: str, path: str, number: int) -> dict[str, float]:
    if name == "query":
        with open_index(path) as index:
            return measure(index, number)
    if name == "memory":
        return own_memory(Path(path), number)
    if name == "stream":
        return stream(Path(path), number)
    return {"queries_per_second": throughput(Path(path), number, name)}


def table(indexes: Mapping[str, Path]) -> Iterator[str]:
    """The lines of the report, in Markdown: what a query takes first and warm in each index, by its name.

    For one index, these are multiples of a plain query. For several, they are times, and how much warm grows from the
    first index to the last.
    """
    are_several = len(indexes) > 1
    heads = ("first, ms", "warm, us") if are_several else ("first", "warm")
    columns = [f"{name}: {head}" for name in indexes for head in heads] + ["growth"] * are_several
    yield f"| class | query | {' | '.join(columns)} |"
    yield f"| --- | --- |{' ---: |' * len(columns)}"
    plain: dict[str, list[float]] = {name: [] for name in indexes}
    growths: list[float] = []
    for number, asked in enumerate(QUERIES):
        found = {name: _in_process("query", str(path), number) for name, path in indexes.items()}
        cells: list[str] = []
        for name, one in found.items():
            plain[name].append(one["plain"])
            if are_several:
                cells += [f"{one['first'] / 1e3:.1f}", f"{one['warm']:,.0f}"]
            else:
                cells += [f"{one['first'] / one['plain']:.0f}", f"{one['warm'] / one['plain']:.1f}"]
        if are_several:
            smallest, *_, largest = (one["warm"] for one in found.values())
            cells.append(f"{largest / smallest:.1f}")
            growths += [largest / smallest] * (asked.task not in ("facets", "count"))
        yield f"| {asked.group} | {asked.named.replace('|', '/')} | {' | '.join(cells)} |"
    yield ""
    for name, times in plain.items():
        yield f"{name}: a plain query, {PLAIN}, takes {median(times):.0f} us of processor time."
    if growths:
        yield (
            f"All classes but facets and counts grow {median(growths):.1f} times (median);"
            f" {sum(growth <= _MOST_GROWTH for growth in growths)} of {len(growths)} at most {_MOST_GROWTH} times."
        )


def other_figures(path: Path) -> Iterator[str]:
    """What two threads gain, how much memory is taken, and what queries take that nobody asked before."""
    for kind, said in (("words", "Queries of words"), ("long", "Alternatives, filters, counts and facets")):
        one, two = (_in_process(kind, str(path), threads)["queries_per_second"] for threads in (1, 2))
        yield f"{said} per second by the clock: {one:,.0f} in one thread, {two:,.0f} in two ({two / one:.2f})."
    for limit in (256, 4096):
        found = _in_process("stream", str(path), limit)
        yield (
            f"{_QUERIES:,} different queries of words, counted and with did-you-mean, under a limit of {limit:,} MB:"
            f" {found['mean']:,.0f} us on average, 99 of 100 at most {found['most']:,.0f} us."
        )
    for limit in (64, 256):
        memory = _in_process("memory", str(path), limit)
        yield (
            f"Memory of its own under a limit of {limit} MB, {_QUERIES:,} different queries: {memory['most']:.0f} MB"
            f" at most, {memory['started']:.0f} MB before the index was opened."
        )


@click.command()
@click.option(
    "--corpus",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=CORPUS,
    help="JSONL articles, gzip-compressed or not [default: the shared collection beside the project].",
)
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(min=1),
    multiple=True,
    default=(120_000,),
    show_default=True,
    help="Articles. Given twice, the table tells growth.",
)
@click.option(
    "--vocabulary",
    type=click.Choice(["fixed", "growing"]),
    default="fixed",
    show_default=True,
    help="Whether recombined articles bring new words, as many as Heaps' law has for the real ones.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where articles and index are kept and reused [default: a temporary directory, removed].",
)
@click.option("--task", hidden=True)
def main(
    corpus: Path, sizes: Sequence[int], vocabulary: Vocabulary, work: Path | None, task: str | None
) -> None:
    """Measure every class of query on newsearch, first in its process and warm, then threads, memory and a stream of
    different queries."""
    if task is not None:
        click.echo(json.dumps(_do(*json.loads(task))))
        return
    with ExitStack() as stack:
        if work is None:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        work.mkdir(parents=True, exist_ok=True)
        indexes: dict[str, Path] = {}
        for size in sizes:
            articles = prepare(corpus, size, work, vocabulary)
            index = work / f"newsearch-{articles.name}"
            if not index.exists():
                make("newsearch").build(articles, index)
            indexes[f"{articles.size:,}"] = index.resolve()
        for line in table(indexes):
            click.echo(line)
        for name, index in indexes.items():
            for line in other_figures(index):
                click.echo(f"{name}: {line}")


if __name__ == "__main__":
    main()
