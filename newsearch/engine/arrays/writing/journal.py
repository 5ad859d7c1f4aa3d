"""The journal of an interrupted run: its finished segments, which no generation names yet.

    journal.json   {"newsearch": 5, "analysis": 3, "generation": 7, "fresh": false, "sources": ["/data/news"],
                    "protected": [],
                    "segments": [{"name": "8_a1b2c3d4e5f60718", "articles": 65536, "deleted": [3, 14]}],
                    "states": {"/data/news": "8_8b9cadbecfd0e1f2.src"}}

It is written after each segment. Only the next run with the same sources, published generation (0 means none),
`fresh` and `protected` resumes from it. Any other writer leaves it alone until that writer publishes something. It then
deletes the journal and the files that it names. `states` holds the states of the sources, as far as the segments
cover them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from newsearch._durable import replace_file, sync_directory
from newsearch.engine.arrays.files.layout import FORMAT_VERSION
from newsearch.engine.arrays.files.opening import open_regular
from newsearch.engine.arrays.files.state import read_state
from newsearch.engine.arrays.files.toc import JOURNAL_NAME, SEGMENT_SUFFIX, STATE_SUFFIX, is_name
from newsearch.engine.arrays.segment.form import MAX_ARTICLES
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.segment.structure import verify_sums
from newsearch.engine.writing import SourceState
from newsearch.errors import NewsearchError
from newsearch.text import analysis

_MAX_SIZE = 64 << 20


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an interrupted run had finished: segments, and the states of the sources as far as these cover them."""

    segments: Sequence[Segment] = ()
    states: Mapping[str, SourceState] = field(default_factory=dict)


class JournalRun(NamedTuple):
    """What identifies a run.

    Attributes:
        generation: the published generation when it started, 0 for none.
        fresh: whether it builds the index from scratch.
        sources: texts that name its sources and how they are read (see WriterOptions).
        protected: the terms that it does not stem (see Stemming), sorted.
    """

    generation: int
    fresh: bool
    sources: Sequence[str]
    protected: Sequence[str] = ()


def write_journal(
    directory: Path, run: JournalRun, segments: Sequence[Segment], states: Mapping[str, str]
) -> None:
    """Write the journal durably, with the names of its files. Their contents must have been synced before."""
    data = {
        "newsearch": FORMAT_VERSION,
        "analysis": analysis.VERSION,
        **run._asdict(),
        "segments": [
            {"name": s.name, "articles": s.articles, "deleted": s.deleted.tolist()} for s in segments
        ],
        "states": dict(states),
    }
    sync_directory(directory)
    replace_file(directory / JOURNAL_NAME, [json.dumps(data).encode()])


def read_journal(directory: Path, run: JournalRun, published: Collection[str] = ()) -> Ahead:
    """What an interrupted run with the same identity had finished; empty unless all of it can be read.

    Args:
        published: the names of the segments of the generation from which the run starts.
    """
    try:
        data = _read(directory)
        wanted = {"newsearch": FORMAT_VERSION, "analysis": analysis.VERSION, **run._asdict()}
        if any(data[key] != value for key, value in wanted.items()):
            return Ahead()
        segments = []
        for entry in data["segments"]:
            name = _checked(entry["name"] + SEGMENT_SUFFIX, SEGMENT_SUFFIX)
            deleted = _numbers(entry["deleted"])
            segment = Segment(directory / name, deleted, protected=frozenset(run.protected))
            if deleted and deleted[-1] >= segment.articles:
                raise ValueError("deleted articles that do not exist")
            verify_sums([segment])
            segments.append(segment)
        names = [*published, *(segment.name for segment in segments)]
        if len(set(names)) < len(names):
            raise ValueError("a segment that is named twice")
        states = {}
        for location, name in data["states"].items():
            if state := read_state(directory / _checked(name, STATE_SUFFIX)):
                states[location] = state
        return Ahead(segments, states)
    except (*_UNUSABLE, NewsearchError):
        return Ahead()


def journaled(directory: Path, generation: int, but: JournalRun | None = None) -> set[str]:
    """The files of an interrupted run that a run from this generation could resume.

    Args:
        but: a run whose files are left out.
    """
    try:
        data = _read(directory)
        wanted = (FORMAT_VERSION, analysis.VERSION, generation)
        if tuple(data[key] for key in ("newsearch", "analysis", "generation")) != wanted:
            return set()
        if but and all(data[key] == value for key, value in but._asdict().items()):
            return set()
        segments = {_checked(entry["name"] + SEGMENT_SUFFIX, SEGMENT_SUFFIX) for entry in data["segments"]}
        states = {_checked(name, STATE_SUFFIX) for name in data["states"].values()}
        return {JOURNAL_NAME} | segments | states
    except _UNUSABLE:
        return set()


def _numbers(given: Any) -> list[int]:
    """Check that these are ascending article numbers, as `write_journal` writes them."""
    if not isinstance(given, list) or not all(type(n) is int and n < MAX_ARTICLES for n in given):
        raise ValueError("deleted articles that are not numbers")
    numbers: list[int] = given
    if any(a >= b for a, b in pairwise([-1, *numbers])):
        raise ValueError("deleted articles out of order")
    return numbers


_UNUSABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


def _read(directory: Path) -> Any:
    with open_regular(directory / JOURNAL_NAME) as file:
        return json.loads(file.read(_MAX_SIZE))


def _checked(name: str, suffix: str) -> str:
    if not is_name(name, suffix):
        raise ValueError(f"a file named {name!r}")
    return name
