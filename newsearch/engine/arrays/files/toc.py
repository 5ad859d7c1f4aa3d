"""The table of contents: the one small file that says which files are the index. Replacing it is the commit.

    toc.json   {"newsearch": 5, "analysis": 3, "generation": 7, "created": "...", "pivots": {"heat": 58, "quality": 54},
                "sources": [{"location": "/data/news", "state": "7_8b9cadbecfd0e1f2.src"}], "protected": ["swift"],
                "segments": [{"name": "5_a1b2c3d4e5f60718", "articles": 65536, "deleted": "7_0f1e2d3c4b5a6978.del",
                              "hidden": ""}],
                "checksum": 1234567890}

An index is published, never edited in place: new files are written and made to stay, then toc.json is replaced
atomically. A kill at any instant leaves the generation before or the one after. Every other file is named by the
generation that wrote it and a random number, so that no name is ever used twice. It is JSON, so that opening the
index of a stranger runs no code, and names in it are checked, so that none leads out of the directory.

A reader needs no lock: files that it has mapped stay readable after they are deleted. Between reading toc.json and
mapping what it names, a commit may delete that; the reader then finds a newer toc.json, and begins again.
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
from newsearch.errors import IndexCorrupt, IndexIncompatible, IndexMissing, StorageError
from newsearch.ranking import Pivots
from newsearch.text import analysis
from newsearch.text.wordlists import MAX_PROTECTED

TOC_NAME = "toc.json"
JOURNAL_NAME = "journal.json"
SEGMENT_SUFFIX = ".seg"
STATE_SUFFIX = ".src"
_NUMBERS_SUFFIX = {"deleted": ".del", "hidden": ".hid"}
_STEM = r"(?:[0-9]{1,15}_)?[0-9a-f]{16}"
_OURS = pattern(
    _STEM
    + r"(\.[0-9]{1,18})?\.[a-z]{3,8}(\.[0-9a-f]+\.tmp)?|(toc|journal)\.json\.[0-9a-f]+\.tmp|journal\.json"
)
_NUMBERED = pattern(r"([0-9]{1,15})_[0-9a-f]{16}\.[a-z]{3,8}")
_MAX_TOC = 16 << 20
_MAX_GENERATION = 10**15
"""Generations are numbered below it, and from 1 again after the last, which only a stranger's index ever gets to."""
_MAX_SEGMENTS = 10_000


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
    """One generation of an index; `protected` are the terms that keep to themselves in it (see Stemming)."""

    generation: int
    segments: tuple[SegmentEntry, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    pivots: Pivots = Pivots()
    created: str = ""
    protected: frozenset[str] = frozenset()

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the sources are, in the order in which they were first named."""
        return tuple(source.location for source in self.sources)

    @property
    def states(self) -> list[str]:
        """The names of the files that hold the states of sources."""
        return [source.state for source in self.sources if source.state]

    @property
    def next_generation(self) -> int:
        """The number of the generation after this one."""
        return generation_after(self.generation)

    def files(self) -> list[str]:
        """The names of all files of this generation beside toc.json: what a backup needs, and a clean-up keeps."""
        names = [
            name
            for entry in self.segments
            for name in (entry.name + SEGMENT_SUFFIX, entry.deleted, entry.hidden)
        ]
        return [name for name in names if name] + self.states

    def size(self, directory: Path) -> int:
        """Bytes on disk, with toc.json; those of files that are gone do not count."""
        size = 0
        for name in (TOC_NAME, STUB_NAME, *self.files()):
            with suppress(OSError):
                size += (directory / name).stat().st_size
        return size

    def renamed(self, names: Mapping[str, str]) -> Toc:
        """The same generation, each of its files under the name that the mapping gives for it."""
        segments = [
            SegmentEntry(
                names[entry.name + SEGMENT_SUFFIX].removesuffix(SEGMENT_SUFFIX),
                entry.articles,
                names.get(entry.deleted, ""),
                names.get(entry.hidden, ""),
            )
            for entry in self.segments
        ]
        sources = [SourceEntry(entry.location, names.get(entry.state, "")) for entry in self.sources]
        return replace(self, segments=tuple(segments), sources=tuple(sources))


def generation_after(generation: int) -> int:
    """The number that follows on the number of a generation."""
    return generation + 1 if generation + 1 < _MAX_GENERATION else 1


def new_name(generation: int, suffix: str) -> str:
    """A name for a file that this generation writes, such as no file ever had."""
    return f"{generation}_{os.urandom(8).hex()}{suffix}"


def timestamp() -> str:
    """This moment, as `Toc.created` has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_name(name: Any, suffix: str = "") -> bool:
    """Whether this is a name that `new_name` gives to files of this suffix: it leads nowhere else."""
    return bool(re.fullmatch(_STEM + re.escape(suffix), name))


def published_generation(directory: Path) -> int:
    """The number of the generation that is published; 0 where there is none, or none that can be read."""
    with suppress(IndexMissing, IndexCorrupt, IndexIncompatible, StorageError):
        return read_toc(directory, any_version=True).generation
    return 0


def last_generation(directory: Path) -> int:
    """The highest number of a generation of which anything is left; 0 where nothing is.

    It does not trust toc.json alone, which may be damaged or gone: numbers must not be used again, since readers
    know by them what is new.
    """
    last = published_generation(directory)
    with suppress(OSError):
        numbered = filter(None, (_NUMBERED.fullmatch(path.name) for path in directory.iterdir()))
        last = max([last, *(int(match[1]) for match in numbered)])
    return last


def read_toc(directory: Path, *, any_version: bool = False) -> Toc:
    """The generation that is published now.

    Args:
        any_version: of an index that another version made, give the generation and the sources, no segments.

    Raises:
        IndexMissing: there is no index in this directory.
        IndexIncompatible: it was made by another version.
        IndexCorrupt: the table of contents is damaged.
        StorageError: it cannot be read.
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
    """The generation that a table of contents describes; `path` is for messages.

    Raises:
        IndexIncompatible, IndexCorrupt: as in `read_toc`.
    """
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
        )
        if not 0 <= toc.generation < _MAX_GENERATION or not all(map(isfinite, toc.pivots)):
            raise ValueError(f"generation {toc.generation}, pivots {toc.pivots}")
        if len(toc.segments) > _MAX_SEGMENTS or len(set(toc.files())) < len(toc.files()):
            raise ValueError(f"{len(toc.segments)} segments")
        if datetime.fromisoformat(toc.created).tzinfo is None:
            raise ValueError(f"created {toc.created}")
        return toc
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise IndexCorrupt(
            path, "damaged", f"delete the directory {path.parent} and index again with `newsearch index`"
        ) from error


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
    if isinstance(data, str):  # as in earlier formats, which had no states
        return SourceEntry(data)
    entry = SourceEntry(str(data["location"]), data["state"])
    if entry.state != "" and not is_name(entry.state, STATE_SUFFIX):
        raise ValueError(f"a state named {entry.state!r}")
    return entry


def toc_checksum(data: Mapping[str, Any]) -> int:
    """crc32 of a table of contents, apart from its checksum, as JSON with sorted keys and without spaces."""
    kept = {key: value for key, value in data.items() if key != "checksum"}
    return zlib.crc32(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode())


def toc_text(toc: Toc) -> bytes:
    """The table of contents of a generation, as it stands in its file."""
    data: dict[str, Any] = {
        "newsearch": FORMAT_VERSION,
        "analysis": analysis.VERSION,
        "generation": toc.generation,
        "created": toc.created,
        "pivots": toc.pivots._asdict(),
        "sources": [asdict(entry) for entry in toc.sources],
        "protected": sorted(toc.protected),
        "segments": [asdict(entry) for entry in toc.segments],
    }
    return json.dumps({**data, "checksum": toc_checksum(data)}, indent=1).encode()


def publish(directory: Path, toc: Toc) -> None:
    """Make this the generation of the index: to stay, and all at once. Its files must be there already.

    Raises:
        IndexCorrupt: nobody could read it; nothing was changed.
        OSError: it could not be written.
    """
    text = toc_text(toc)
    parse_toc(text, directory / TOC_NAME)
    if not (directory / STUB_NAME).exists():
        replace_file(directory / STUB_NAME, [STUB])
    sync_directory(directory)
    replace_file(directory / TOC_NAME, [text])


def unused_files(directory: Path, *generations: Toc, keep: Collection[str] = ()) -> list[Path]:
    """Files of newsearch that neither these generations nor `keep` name, as killed writers leave them."""
    used = {name for toc in generations for name in toc.files()}.union(keep)
    # Only names that newsearch gives: whatever else somebody keeps here is theirs.
    return [p for p in directory.iterdir() if _OURS.fullmatch(p.name) and p.name not in used]


def remove_files(paths: Iterable[Path]) -> int:
    """Delete files. Returns how many are gone; where a file cannot be deleted, a later commit tries again."""
    gone = 0
    for path in paths:
        # Where the system keeps a file that a reader has mapped, as Windows does, it has to stay for now.
        with suppress(OSError):
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def write_numbers(directory: Path, generation: int, kind: str, numbers: Any) -> str:
    """Write the numbers of the articles of a segment that are "deleted", or "hidden", to stay.

    Returns:
        The file's name; "" where there are no numbers, and no file.
    """
    if not len(numbers):
        return ""
    name = new_name(generation, _NUMBERS_SUFFIX[kind])
    write_arrays(directory / name, {kind: np.asarray(numbers)}, kind=kind)
    return name


def read_numbers(directory: Path, kind: str, name: str, articles: int) -> Any:
    """The numbers of the articles of a segment that are "deleted", or "hidden"; none without a name.

    Args:
        articles: of the segment, which all numbers are below.

    Raises:
        IndexCorrupt: the file does not hold such numbers.
    """
    if not name:
        return np.empty(0, np.int64)
    file = ArrayFile(directory / name, kind)
    dtype, length = file.form(kind)
    if length <= articles and dtype[1] in "iu":
        file.verify()
        numbers = file.array(kind).astype(np.int64)
        between = np.concatenate(([-1], numbers, [articles]))
        # Written in rising order, and never empty: then there would be no such file.
        if len(numbers) and (np.diff(between) > 0).all():
            return numbers
    raise IndexCorrupt(file.path, f"does not number the {kind} articles of its segment")
