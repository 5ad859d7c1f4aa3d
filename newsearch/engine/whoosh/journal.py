"""How far did a run get that was interrupted? Its finished segments, which no generation names yet.

    journal.json   {"newsearch": 2, "analysis": 1, "generation": 7, "fresh": false,
                    "segments": [{"name": "a1b2", "articles": 65536, "deleted": [3, 14]}],
                    "states": {"/data/news": "c3d4.src"}}

It is written after each segment, and only the next run that starts from the same generation in the same way goes on
from it; any other deletes it with what it names. `states` are those of sources as far as they are in the segments.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from newsearch import analysis
from newsearch.engine.whoosh.layout import FORMAT_VERSION
from newsearch.engine.whoosh.segment import Segment
from newsearch.engine.whoosh.state import SourceState, read_state
from newsearch.engine.whoosh.toc import SEGMENT_SUFFIX
from newsearch.errors import NewsearchError

JOURNAL_NAME = "journal.json"
_MAX_SIZE = 64 << 20
_FILE_NAME = re.compile(r"[0-9a-f]{16}(\.src)?")


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an interrupted run had finished: segments, and the states of sources as far as these hold them."""

    segments: Sequence[Segment] = ()
    states: Mapping[str, SourceState] = field(default_factory=dict)


def write_journal(
    directory: Path, generation: int, fresh: bool, segments: Sequence[Segment], states: Mapping[str, str]
) -> None:
    """Note what is finished, durably. The files must be durable already."""
    data = {
        "newsearch": FORMAT_VERSION,
        "analysis": analysis.VERSION,
        "generation": generation,
        "fresh": fresh,
        "segments": [
            {"name": s.name, "articles": s.articles, "deleted": s.deleted.tolist()} for s in segments
        ],
        "states": dict(states),
    }
    temporary = directory / f"{JOURNAL_NAME}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, directory / JOURNAL_NAME)


def read_journal(directory: Path, generation: int, fresh: bool) -> Ahead:
    """What was finished of a run that started from this generation in this way; nothing if it cannot be read whole."""
    try:
        with open(directory / JOURNAL_NAME, "rb") as file:
            data = json.loads(file.read(_MAX_SIZE))
        wanted = (FORMAT_VERSION, analysis.VERSION, generation, fresh)
        if tuple(data[key] for key in ("newsearch", "analysis", "generation", "fresh")) != wanted:
            return Ahead()
        segments = []
        for entry in data["segments"]:
            segment = Segment(directory / (_checked(entry["name"]) + SEGMENT_SUFFIX), entry["deleted"])
            segment.file.verify()
            if not all(0 <= int(number) < segment.articles for number in entry["deleted"]):
                raise ValueError("deleted articles that there are not")
            segments.append(segment)
        states = {}
        for location, name in data["states"].items():
            if state := read_state(directory / _checked(name)):
                states[location] = state
        return Ahead(segments, states)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, NewsearchError):
        return Ahead()


def _checked(name: str) -> str:
    if not _FILE_NAME.fullmatch(name):
        raise ValueError(f"a file named {name!r}")
    return name
