"""What the bench asks of a search library, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.corpus import Corpus
from bench.queries import BenchQuery

TOP = 10


@dataclass(frozen=True, slots=True)
class Hit:
    """A result as a page would show it, its title and address read from the index."""

    title: str
    url: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The top 10; how many matched, where that was asked; counts by facet and value, where asked.

    A library in a process of its own tells how long it took by its own clock, in microseconds.
    """

    hits: list[Hit]
    total: int | None = None
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    own_us: float | None = None


class Searcher(Protocol):
    """An open index. Used by one thread."""

    def search(self, query: BenchQuery) -> Answer: ...

    def close(self) -> None: ...


class Peer(Protocol):
    """One search library, set up as its own documentation would for news.

    Attributes:
        name: what the tables call it.
        index: the name of its index; peers that read the same one share it.
        note: what differs from the task that all are given, for the reader of the figures.
    """

    name: str
    index: str
    note: str

    @property
    def version(self) -> str: ...

    def answers(self, query: BenchQuery) -> bool:
        """Whether this library can do what the query asks at all."""
        ...

    def build(self, corpus: Corpus, index: Path) -> None:
        """Index the corpus in one process, from its JSONL file to an index ready to be opened."""
        ...

    def open(self, index: Path) -> Searcher: ...
