"""The table of contents: the one small file that says which segments are the index. Replacing it is the commit.

    toc.json   {"newsearch": 1, "analysis": 1, "generation": 7, "created": "...", "pivots": {"heat": 58, "quality": 54},
                "sources": [{"location": "/data/news", "state": "c3d4.src"}],
                "segments": [{"name": "a1b2", "articles": 65536, "deleted": "a1b2.7.del", "hidden": "a1b2.7.hid"}]}

An index is published, never edited in place: new files are written and made durable, then toc.json is replaced
atomically. A kill at any instant leaves the generation before or the one after. It is JSON, so that opening the
index of a stranger runs no code, and names in it are checked, so that none leads out of the directory.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Set
from dataclasses import asdict, dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from newsearch import analysis
from newsearch.engine.whoosh.columns import Pivots
from newsearch.engine.whoosh.layout import FORMAT_VERSION
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, IndexMissing

TOC_NAME = "toc.json"
SEGMENT_SUFFIX = ".seg"
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_NUMBERS_NAME = re.compile(r"[A-Za-z0-9_]{1,64}\.[0-9]{1,18}\.(del|hid)")
_STATE_NAME = re.compile(r"[0-9a-f]{16}\.src")
_OURS = re.compile(
    r"[0-9a-f]{16}(\.seg|\.[0-9]{1,18}\.(del|hid)|\.src(\.[0-9]+\.tmp)?)|(toc|journal)\.json\.[0-9]+\.tmp|journal\.json"
)
_MAX_TOC = 16 << 20
_MAX_GENERATION = 10**15


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment: its file, its articles, and the files with the numbers of those that are deleted, or hidden.

    Hidden is an article that another source has too, as long as it does. There is no file where there is none.
    """

    name: str
    articles: int
    deleted: str = ""
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source: where it is, and the file with what its files looked like when they were read, if any."""

    location: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Toc:
    """One generation of an index."""

    generation: int
    segments: tuple[SegmentEntry, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    pivots: Pivots = Pivots()
    created: str = ""

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the sources are, in the order in which they were first named."""
        return tuple(source.location for source in self.sources)

    def files(self) -> set[str]:
        """The names of all files that this generation is made of."""
        names = {TOC_NAME}
        for entry in self.segments:
            names |= {entry.name + SEGMENT_SUFFIX, entry.deleted, entry.hidden}
        names |= {source.state for source in self.sources}
        return names - {""}


def read_toc(directory: Path, *, any_version: bool = False) -> Toc:
    """The generation that is published now.

    Args:
        any_version: read the table of contents of an index that another version made, for its sources.

    Raises:
        IndexMissing: there is no index in this directory.
        IndexIncompatible: it was made by another version.
        IndexCorrupt: the table of contents is damaged.
        EngineError: it cannot be read.
    """
    path = directory / TOC_NAME
    try:
        with open(path, "rb") as file:
            text = file.read(_MAX_TOC)
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissing(
            f"{directory}: no index here; make one with `newsearch index SOURCE --index {directory}`"
        ) from None
    except OSError as error:
        raise EngineError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        data = json.loads(text)
        version, words = data["newsearch"], data["analysis"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexCorrupt(
            f"{path}: damaged; delete the directory {directory} and index again with `newsearch index`"
        ) from error
    if not any_version and (version != FORMAT_VERSION or words != analysis.VERSION):
        raise IndexIncompatible(
            f"{path}: made in format {version} with analysis {words}, this newsearch has {FORMAT_VERSION} and"
            f" {analysis.VERSION}; run `newsearch reindex`"
        )
    try:
        toc = Toc(
            generation=int(data["generation"]),
            segments=tuple(_entry(entry) for entry in data["segments"]),
            sources=tuple(_source(source) for source in data["sources"]),
            pivots=Pivots(float(data["pivots"]["heat"]), float(data["pivots"]["quality"])),
            created=str(data["created"]),
        )
        if not 0 <= toc.generation < _MAX_GENERATION or not all(map(isfinite, toc.pivots)):
            raise ValueError(f"generation {toc.generation}, pivots {toc.pivots}")
        datetime.fromisoformat(toc.created)
        return toc
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise IndexCorrupt(
            f"{path}: damaged; delete the directory {directory} and index again with `newsearch index`"
        ) from error


def _entry(data: Any) -> SegmentEntry:
    entry = SegmentEntry(data["name"], int(data["articles"]), data.get("deleted", ""), data.get("hidden", ""))
    if not _NAME.fullmatch(entry.name):
        raise ValueError(f"a segment named {entry.name!r}")
    for name in (entry.deleted, entry.hidden):
        if name and not _NUMBERS_NAME.fullmatch(name):
            raise ValueError(f"numbers named {name!r}")
    return entry


def _source(data: Any) -> SourceEntry:
    if isinstance(data, str):  # format 1 had no states
        return SourceEntry(data)
    entry = SourceEntry(str(data["location"]), data.get("state", ""))
    if entry.state and not _STATE_NAME.fullmatch(entry.state):
        raise ValueError(f"a state named {entry.state!r}")
    return entry


def publish(directory: Path, toc: Toc) -> None:
    """Make this the generation of the index: durable, and all at once. Its files must be there already."""
    data = {
        "newsearch": FORMAT_VERSION,
        "analysis": analysis.VERSION,
        "generation": toc.generation,
        "created": toc.created,
        "pivots": toc.pivots._asdict(),
        "sources": [asdict(entry) for entry in toc.sources],
        "segments": [asdict(entry) for entry in toc.segments],
    }
    _sync_directory(directory)
    temporary = directory / f"{TOC_NAME}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, directory / TOC_NAME)
    _sync_directory(directory)


def remove_unused(directory: Path, toc: Toc, keep: Set[str] = frozenset()) -> None:
    """Delete our files that neither this generation nor `keep` names. A reader that has them open keeps them."""
    used = toc.files() | keep
    for path in directory.iterdir():
        # Only names that newsearch gives: whatever else somebody keeps here is theirs.
        if _OURS.fullmatch(path.name) and path.name not in used:
            path.unlink(missing_ok=True)


def write_numbers(directory: Path, name: str, generation: int, numbers: Any, suffix: str) -> str:
    """Write the numbers of articles of a segment, "del" or "hid", durably. Returns the file's name, "" for none."""
    if not len(numbers):
        return ""
    path = directory / f"{name}.{generation}.{suffix}"
    with open(path, "wb") as file:
        file.write(np.asarray(numbers, "<u4").tobytes())
        file.flush()
        os.fsync(file.fileno())
    return path.name


def read_numbers(directory: Path, name: str, articles: int) -> Any:
    """The numbers in a file of deleted or hidden articles; none without a name.

    Args:
        articles: of the segment, which all numbers are below.

    Raises:
        IndexCorrupt: the file does not hold such numbers.
    """
    if not name:
        return np.empty(0, np.int64)
    path = directory / name
    data = path.read_bytes()
    numbers = np.frombuffer(data[: len(data) // 4 * 4], "<u4").astype(np.int64)
    between = np.concatenate(([-1], numbers, [articles]))
    # Written in rising order, and never empty: then there would be no such file.
    if len(data) % 4 or not len(numbers) or (np.diff(between) <= 0).any():
        raise IndexCorrupt(f"{path}: damaged; run `newsearch reindex`")
    return numbers


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
