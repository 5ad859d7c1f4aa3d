"""The table of contents: one small file that lists the files of the index. Replacing it is the commit.

    toc.json   {"newsearch": 5, "analysis": 3, "generation": 7, "created": "...", "pivots": {"heat": 58, "quality": 54},
                "sources": [{"location": "/data/news", "state": "7_8b9cadbecfd0e1f2.src"}], "protected": ["swift"],
                "segments": [{"name": "5_a1b2c3d4e5f60718", "articles": 65536, "deleted": "7_0f1e2d3c4b5a6978.del",
                              "hidden": ""}],
                "checksum": 1234567890}

An index is never edited in place. New files are written and synced, then toc.json is replaced atomically. A kill at
any instant leaves either the old or the new generation. The name of every other file consists of the generation that
wrote it and a random number, and is never reused. The table is JSON, which means that opening an untrusted index runs
no code. The names in it are checked: none can point outside the directory.

A reader needs no lock, because mapped files stay readable after they are deleted. A commit may delete files after a
reader has read toc.json and before it maps them. The reader then finds a newer toc.json, and starts again.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from newsearch._durable import replace_file, sync_directory
from newsearch._patterns import pattern
from newsearch.engine.arrays.files.layout import FORMAT_VERSION, ArrayFile, write_arrays
from newsearch.engine.arrays.files.opening import open_regular
from newsearch.engine.arrays.files.whoosh_stub import STUB, STUB_NAME
from newsearch.engine.base import NO_SETTINGS, SourceSettings
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, IndexMissing, StorageError
from newsearch.ranking import Pivots
from newsearch.text import analysis
from newsearch.text.wordlists import MAX_PROTECTED

TOC_NAME = "toc.json"
JOURNAL_NAME = "journal.json"
GROUPS_NAME = "groups.bin"
VOCABULARY_NAME = "vocabulary.bin"
"""Caches of readers, which no table of contents names: see `kept`."""
SEGMENT_SUFFIX = ".seg"
STATE_SUFFIX = ".src"
_NUMBERS_SUFFIX = {"deleted": ".del", "hidden": ".hid"}
_STEM = r"(?:[0-9]{1,15}_)?[0-9a-f]{16}"
_OURS = pattern(
    _STEM + r"(\.[0-9]{1,18})?\.[a-z]{3,8}(\.[0-9a-f]+\.tmp)?"
    r"|(toc\.json|journal\.json|groups\.bin|vocabulary\.bin)\.[0-9a-f]+\.tmp|journal\.json"
)
_NUMBERED = pattern(r"([0-9]{1,15})_[0-9a-f]{16}\.[a-z]{3,8}")
_MAX_TOC = 16 << 20
"""Bytes of a table of contents that are read, and so the most that are written."""
_MAX_GENERATION = 10**15
"""Generation numbers stay below this and restart at 1. Only a crafted index ever reaches it."""
_MAX_SEGMENTS = 10_000


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment: its file, its number of articles, and the files that list its deleted and its hidden articles.

    An article is hidden while another source has a copy of it. A name is empty if there are no such articles.
    """

    name: str
    articles: int
    deleted: str = ""
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One source: its location, the file that holds its state, if any, and how it is read."""

    location: str
    state: str = ""
    settings: SourceSettings = NO_SETTINGS


@dataclass(frozen=True, slots=True)
class Toc:
    """One generation of an index.

    Attributes:
        protected: the terms that are not stemmed (see Stemming).
        keep_history: whether earlier versions of articles are kept. toc.json then has `"keep_history": true`.
    """

    generation: int
    segments: tuple[SegmentEntry, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    pivots: Pivots = Pivots()
    created: str = ""
    protected: frozenset[str] = frozenset()
    keep_history: bool = False

    @property
    def locations(self) -> tuple[str, ...]:
        """The locations of the sources, in the order in which they were first named."""
        return tuple(source.location for source in self.sources)

    @property
    def states(self) -> list[str]:
        """The names of the state files of the sources."""
        return [source.state for source in self.sources if source.state]

    @property
    def next_generation(self) -> int:
        """The number of the next generation."""
        return generation_after(self.generation)

    def files(self) -> list[str]:
        """The names of all files of this generation except toc.json. A backup needs them, and a clean-up keeps them."""
        names = [
            name
            for entry in self.segments
            for name in (entry.name + SEGMENT_SUFFIX, entry.deleted, entry.hidden)
        ]
        return [name for name in names if name] + self.states

    def size(self, directory: Path) -> int:
        """Bytes on disk, including toc.json. Missing files count as zero."""
        size = 0
        for name in (TOC_NAME, STUB_NAME, *self.files()):
            with suppress(OSError):
                size += (directory / name).stat().st_size
        return size

    def renamed(self, names: Mapping[str, str]) -> Toc:
        """The same generation, with its files renamed by the mapping."""
        segments = [
            SegmentEntry(
                names[entry.name + SEGMENT_SUFFIX].removesuffix(SEGMENT_SUFFIX),
                entry.articles,
                names.get(entry.deleted, ""),
                names.get(entry.hidden, ""),
            )
            for entry in self.segments
        ]
        sources = [replace(entry, state=names.get(entry.state, "")) for entry in self.sources]
        return replace(self, segments=tuple(segments), sources=tuple(sources))


def generation_after(generation: int) -> int:
    """The generation number after this one."""
    return generation + 1 if generation + 1 < _MAX_GENERATION else 1


def new_name(generation: int, suffix: str) -> str:
    """A unique name for a file that this generation writes."""
    return f"{generation}_{os.urandom(8).hex()}{suffix}"


def timestamp() -> str:
    """The current time, in the format of `Toc.created`."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_name(name: Any, suffix: str = "") -> bool:
    """Whether `new_name` could have made this name with this suffix. Such a name stays within the directory."""
    return bool(re.fullmatch(_STEM + re.escape(suffix), name))


def published_generation(directory: Path) -> int:
    """The number of the published generation; 0 if there is none, or it cannot be read."""
    with suppress(IndexMissing, IndexCorrupt, IndexIncompatible, StorageError):
        return read_toc(directory, any_version=True).generation
    return 0


def last_generation(directory: Path) -> int:
    """The highest generation number found in toc.json or in a file name; 0 if there is none.

    File names count too because toc.json may be damaged or missing. Numbers must not be reused, because readers
    recognise a new generation by its number.
    """
    last = published_generation(directory)
    with suppress(OSError):
        numbered = filter(None, (_NUMBERED.fullmatch(path.name) for path in directory.iterdir()))
        last = max([last, *(int(match[1]) for match in numbered)])
    return last


def read_toc(directory: Path, *, any_version: bool = False) -> Toc:
    """The published generation.

    Args:
        any_version: accept an index made by another version, and return its generation and sources without segments.

    Raises:
        IndexMissing: there is no index in this directory.
        IndexIncompatible: it was made by another version.
        IndexCorrupt: the table of contents is damaged.
        StorageError: the table of contents cannot be read.
    """
    path = directory / TOC_NAME
    try:
        with open_regular(path) as file:
            text = file.read(_MAX_TOC)
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissing(
            f"{directory}: no index here; make one with `newsearch index SOURCE --index {directory}`"
        ) from None
    except OSError as error:
        raise StorageError(path, "cannot be read", error) from error
    return parse_toc(text, path, any_version=any_version)


def parse_toc(text: bytes, path: Path, *, any_version: bool = False) -> Toc:
    """Parse a table of contents. `path` is used in messages.

    Raises:
        IndexIncompatible, IndexCorrupt: as in `read_toc`.
    """
    advice = f"delete the directory {path.parent} and index again with `newsearch index`"
    version: Any = FORMAT_VERSION
    try:
        data = json.loads(text)
        version, words = data["newsearch"], data["analysis"]
        is_ours = version == FORMAT_VERSION and words == analysis.VERSION
        if not is_ours and not any_version:
            if version != FORMAT_VERSION:
                raise IndexIncompatible(path, version, FORMAT_VERSION)
            raise IndexIncompatible(path, words, analysis.VERSION, "analysis")
        if is_ours and data["checksum"] != toc_checksum(data):
            raise ValueError("the checksum differs")
        toc = Toc(
            generation=int(data["generation"]),
            segments=tuple(_entry(entry) for entry in data["segments"]) if is_ours else (),
            sources=tuple(_source(source) for source in data["sources"]),
            protected=_protected(data.get("protected", [])),
            pivots=Pivots(float(data["pivots"]["heat"]), float(data["pivots"]["quality"])),
            created=str(data["created"]),
            keep_history=data.get("keep_history", False),
        )
        if type(toc.keep_history) is not bool:
            raise ValueError(f"keep_history {toc.keep_history!r}")
        if not 0 <= toc.generation < _MAX_GENERATION or not all(map(isfinite, toc.pivots)):
            raise ValueError(f"generation {toc.generation}, pivots {toc.pivots}")
        if len(toc.segments) > _MAX_SEGMENTS or len(set(toc.files())) < len(toc.files()):
            raise ValueError(f"{len(toc.segments)} segments")
        if datetime.fromisoformat(toc.created).tzinfo is None:
            raise ValueError(f"created {toc.created}")
        return toc
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        if version != FORMAT_VERSION:
            raise IndexIncompatible(path, version, FORMAT_VERSION, advice=advice) from error
        raise IndexCorrupt(path, "damaged", advice) from error


def _protected(data: Any) -> frozenset[str]:
    terms = frozenset(str(term) for term in data)
    if len(terms) > MAX_PROTECTED or not all(terms):
        raise ValueError(f"{len(terms)} protected words")
    return terms


def _entry(data: Any) -> SegmentEntry:
    entry = SegmentEntry(data["name"], int(data["articles"]), data["deleted"], data["hidden"])
    if not is_name(entry.name):
        raise ValueError(f"a segment named {entry.name!r}")
    for kind, name in (("deleted", entry.deleted), ("hidden", entry.hidden)):
        if name != "" and not is_name(name, _NUMBERS_SUFFIX[kind]):
            raise ValueError(f"numbers named {name!r}")
    return entry


def _source(data: Any) -> SourceEntry:
    if isinstance(data, str):  # earlier formats had no states
        return SourceEntry(data)
    entry = SourceEntry(str(data["location"]), data["state"], _settings(data.get("settings", {})))
    if entry.state != "" and not is_name(entry.state, STATE_SUFFIX):
        raise ValueError(f"a state named {entry.state!r}")
    return entry


def _settings(data: Any) -> SourceSettings:
    settings = SourceSettings(**data)
    is_valid = (
        type(settings.format) is str
        and settings.format.isprintable()
        and all(type(flag) is bool or flag is None for flag in (settings.day_first, settings.window))
        and (settings.keep is None or (type(settings.keep) is int and settings.keep > 0))
    )
    if not is_valid:
        raise ValueError(f"settings {settings}")
    return settings


def _source_data(entry: SourceEntry) -> dict[str, Any]:
    data: dict[str, Any] = {"location": entry.location, "state": entry.state}
    settings = {
        name: value
        for name, value in entry.settings._asdict().items()
        if value != NO_SETTINGS._asdict()[name]
    }
    return {**data, "settings": settings} if settings else data


def toc_checksum(data: Mapping[str, Any]) -> int:
    """The crc32 of a table of contents without its checksum, as JSON with sorted keys and no spaces."""
    kept = {key: value for key, value in data.items() if key != "checksum"}
    return zlib.crc32(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode())


def toc_text(toc: Toc) -> bytes:
    """The contents of toc.json for a generation."""
    data: dict[str, Any] = {
        "newsearch": FORMAT_VERSION,
        "analysis": analysis.VERSION,
        "generation": toc.generation,
        "created": toc.created,
        "pivots": toc.pivots._asdict(),
        "sources": [_source_data(entry) for entry in toc.sources],
        "protected": sorted(toc.protected),
        "segments": [asdict(entry) for entry in toc.segments],
    }
    if toc.keep_history:
        data["keep_history"] = True
    return json.dumps({**data, "checksum": toc_checksum(data)}, indent=1).encode()


def publish(directory: Path, toc: Toc) -> None:
    """Publish a generation durably and atomically. Its files must already exist.

    Raises:
        EngineError: it has too many sources; nothing was changed.
        IndexCorrupt: the table of contents would be unreadable; nothing was changed.
        OSError: it could not be written.
    """
    text = toc_text(toc)
    if len(text) > _MAX_TOC:
        raise EngineError(
            f"{directory}: {len(toc.sources):,} sources take more than the {_MAX_TOC >> 20} MiB of a table of contents,"
            " so the index is unchanged; index a directory, and not each of its files"
        )
    parse_toc(text, directory / TOC_NAME)
    if not (directory / STUB_NAME).exists():
        replace_file(directory / STUB_NAME, [STUB])
    sync_directory(directory)
    replace_file(directory / TOC_NAME, [text])


def unused_files(directory: Path, *generations: Toc, keep: Collection[str] = ()) -> list[Path]:
    """Files of newsearch that neither these generations nor `keep` name. Killed writers leave such files."""
    used = {name for toc in generations for name in toc.files()}.union(keep)
    # Only names that newsearch makes. All other files in the directory belong to the user.
    return [p for p in directory.iterdir() if _OURS.fullmatch(p.name) and p.name not in used]


def remove_files(paths: Iterable[Path]) -> int:
    """Delete files. Returns the number deleted. A later commit retries the files that could not be deleted."""
    gone = 0
    for path in paths:
        # Some systems, such as Windows, refuse to delete a file that a reader has mapped. It stays for now.
        with suppress(OSError):
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def write_numbers(directory: Path, generation: int, kind: str, numbers: Any) -> str:
    """Write the numbers of the "deleted" or "hidden" articles of a segment durably.

    Returns:
        The name of the file; "" if there are no numbers, and no file is written.
    """
    if not len(numbers):
        return ""
    name = new_name(generation, _NUMBERS_SUFFIX[kind])
    write_arrays(directory / name, {kind: np.asarray(numbers)}, kind=kind)
    return name


def read_numbers(directory: Path, kind: str, name: str, articles: int) -> Any:
    """Read the numbers of the "deleted" or "hidden" articles of a segment. An empty name gives none.

    Args:
        articles: the number of articles in the segment. All numbers must be below it.

    Raises:
        IndexCorrupt: the file does not hold valid numbers.
    """
    if not name:
        return np.empty(0, np.int64)
    file = ArrayFile(directory / name, kind)
    dtype, length = file.form(kind)
    if length <= articles and dtype[1] in "iu":
        file.verify()
        numbers = file.array(kind).astype(np.int64)
        between = np.concatenate(([-1], numbers, [articles]))
        # The numbers are ascending. The file is never empty, because no file is written without numbers.
        if len(numbers) and (np.diff(between) > 0).all():
            return numbers
    raise IndexCorrupt(file.path, f"does not number the {kind} articles of its segment")
