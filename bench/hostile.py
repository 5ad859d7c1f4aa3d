"""The command `python -m bench.hostile`: what queries cost that want to be slow, and help that wants to be fast."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

import click

import newsearch
from bench.__main__ import CORPUS
from newsearch import Index

PLAIN = "white house briefing"
_FREQUENT = "the of to in a and for on is with at from by as it this that be are was".split()
_PAIRS = [f"{a}{b}" for a in "abcdefghij" for b in "aeiouhlrtns"]

HOSTILE = {
    "a star after one letter": "a*",
    "a star alone": "*",
    "several stars": "s* a* t*",
    "a star in a field": "title:a*",
    "256 stars": " ".join(f"{pair}*" for pair in _PAIRS),
    "a misspelling of 2 letters": "ab~2",
    "misspellings of 1 letter": "a~2 b~2 c~2",
    "256 misspellings": " ".join(f"word{pair}~2" for pair in _PAIRS),
    "10,000 ORs of a word": " OR ".join(["a"] * 10_000),
    "240 frequent words, OR": " OR ".join(_FREQUENT * 12),
    "240 frequent words": " ".join(_FREQUENT * 12),
    "256 exclusions": " ".join(f"-{word}" for word in _FREQUENT * 13),
    "10,000 parentheses": "(" * 10_000 + "ban" + ")" * 10_000,
    "1,000,000 characters": "word " * 200_000,
    "81 phrases of frequent words": " ".join(f'"{a} {b}"' for a in _FREQUENT[:9] for b in _FREQUENT[:9]),
    "NEAR of frequent words": " NEAR/1000 ".join(_FREQUENT[:6]),
    "255 NEARs": " NEAR/9 ".join(_FREQUENT * 12),
    "a loose phrase of frequent words": '"the of to in a"~1000',
    "a part of a URL": "url:2020/05",
    "8 parts of URLs, excluded": " ".join(f"-url:{pair}" for pair in _PAIRS[:8]),
    "110 outlets": " ".join(f"provider:{pair}" for pair in _PAIRS),
}

TYPED = (
    "facial recognition ban",
    "boris johnson hospital",
    "oil price crash",
    "vaccine trial oxford",
    "topic:sports",
)
MISTYPED = (
    "facial recogniton ban",
    "boris jonhson",
    "coronavirs hospital",
    "spacx launch",
    "microsft netflx amazn",
)


def _timed(ask: Callable[[], object], rounds: int, longest: float = 2.0) -> list[float]:
    """Seconds of each round; fewer rounds where one takes very long."""
    times: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
        if times[-1] > longest:
            break
    return times


def lines(index: Index, rounds: int) -> Iterator[str]:
    """A table of times: first of the queries, then of completions and of `did you mean`."""

    def answer(query: str) -> None:
        results = index.search(query)
        assert results.counts is not None

    plain = median(_timed(lambda: answer(PLAIN), 10 * rounds))
    yield f"{'query':<34}{'first, ms':>10}{'then, ms':>10}{'ratio':>9}"
    yield f"{PLAIN:<34}{'':>10}{plain * 1e3:>10.2f}{1:>9}"
    for name, query in HOSTILE.items():
        first = _timed(lambda query=query: answer(query), 1)  # type: ignore[misc]
        then = median(_timed(lambda query=query: answer(query), rounds))  # type: ignore[misc]
        yield f"{name:<34}{first[0] * 1e3:>10.1f}{then * 1e3:>10.1f}{then / plain:>9.0f}"
    typing = [text[:end] for text in TYPED for end in range(1, len(text) + 1)]
    for text in typing:
        index.complete(text)
    times = [median(_timed(lambda text=text: index.complete(text), rounds)) for text in typing]  # type: ignore[misc]
    yield _percentiles("complete, of each beginning", times)
    times = [
        median(_timed(lambda text=text: index.search(text).did_you_mean, rounds))  # type: ignore[misc]
        for text in MISTYPED
    ]
    yield _percentiles("search with did_you_mean", times)


def _percentiles(name: str, times: list[float]) -> str:
    marks = quantiles(times, n=20, method="inclusive")
    half, most = marks[9] * 1e3, marks[18] * 1e3
    return f"{name:<34}p50 {half:.2f} ms, p95 {most:.2f} ms, most {max(times) * 1e3:.2f} ms"


@click.command()
@click.option(
    "--corpus",
    type=click.Path(exists=True, path_type=Path),
    default=CORPUS,
    help="Articles to index [default: the shared collection beside the project].",
)
@click.option(
    "--index",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An index that is there already.",
)
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True)
def main(corpus: Path, directory: Path | None, rounds: int) -> None:
    """Ask an index what is hard to answer, and compare with a plain query of three words in the same run."""
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            newsearch.build(corpus, index=directory)
        index = stack.enter_context(newsearch.open(directory))
        for line in lines(index, rounds):
            click.echo(line)


if __name__ == "__main__":
    main()
