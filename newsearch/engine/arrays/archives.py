"""Backs up an index to one file, and restores it from that file."""

from __future__ import annotations

from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import numpy as np

from newsearch._durable import move_into_place, replaceable, temporary_name, write_file
from newsearch.engine.arrays.files.layout import ArrayFile, write_arrays
from newsearch.engine.arrays.files.lock import WriteLock
from newsearch.engine.arrays.files.state import load_state
from newsearch.engine.arrays.files.toc import (
    SEGMENT_SUFFIX,
    STATE_SUFFIX,
    TOC_NAME,
    Toc,
    generation_after,
    last_generation,
    new_name,
    parse_toc,
    publish,
    read_toc,
    remove_files,
    timestamp,
    toc_text,
    unused_files,
)
from newsearch.engine.arrays.segment.generation import open_generation, open_segments
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.segment.structure import verify as verify_segments
from newsearch.engine.figures import Archive
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, NewsearchError, StorageError

_BACKUP = "backup"
_KINDS = {SEGMENT_SUFFIX: "segment", STATE_SUFFIX: "state", ".del": "deleted", ".hid": "hidden"}


def backup(directory: Path, path: Path) -> Archive:
    """Copy the published generation to one file; see `newsearch.backup`."""
    toc, segments, contents = _contents(directory)
    verify_segments(segments)
    try:
        place = replaceable(path)
        temporary = temporary_name(place)
        size = write_arrays(temporary, contents, kind=_BACKUP, like=place)
        try:
            ArrayFile(temporary, _BACKUP).verify()
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        move_into_place(temporary, place)
    except OSError as error:
        raise StorageError(path, "cannot be written", error) from error
    return Archive(path, size, toc.generation, sum(segment.live_articles for segment in segments))


def _contents(directory: Path) -> tuple[Toc, list[Segment], dict[str, Any]]:
    """The published generation, its segments, and the bytes of all its files by name.

    Commits may remove its files meanwhile, but not those that are open.
    """
    while True:
        toc, segments = open_generation(directory)
        try:
            mapped = {
                name: ArrayFile(directory / name, _KINDS[Path(name).suffix]).bytes for name in toc.files()
            }
            for name in toc.states:
                load_state(directory / name)
        except FileNotFoundError as error:
            if read_toc(directory) == toc:
                raise IndexCorrupt(error.filename, "missing") from error
        except OSError as error:
            raise StorageError(directory, "cannot be read", error) from error
        else:
            return toc, segments, {TOC_NAME: np.frombuffer(toc_text(toc), np.uint8), **mapped}


def restore(path: Path, directory: Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
    """Restore an index from a backup; see `newsearch.restore`."""
    archive, toc = _read_backup(path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(directory, "cannot be created", error) from error
    lock = WriteLock(directory, wait)
    written: list[Path] = []
    generation = 0
    try:
        generation = generation_after(max(last_generation(directory), toc.generation))
        if not replace and (directory / TOC_NAME).exists():
            raise EngineError(
                f"{directory}: there is already an index; restore to another directory, or use --replace"
            )
        names = {name: new_name(generation, Path(name).suffix) for name in toc.files()}
        for name, new in names.items():
            written.append(directory / new)
            write_file(directory / new, [archive.array(name).data])
        restored = _restored(toc, names, generation)
        segments = open_segments(directory, restored)
        verify_segments(segments)
        for name in restored.states:
            load_state(directory / name)
        lock.check()
        publish(directory, restored)
        remove_files(unused_files(directory, restored))
    except OSError as error:
        raise StorageError(directory, "cannot be written, the index is unchanged", error) from error
    except IndexCorrupt as error:
        raise _useless(path, f"contains other files than those of an index ({error.reason})") from error
    finally:
        if not _is_published(directory, generation):
            remove_files(written)
        lock.release()
    return Archive(path, archive.size, generation, sum(segment.live_articles for segment in segments))


def _is_published(directory: Path, generation: int) -> bool:
    try:
        return read_toc(directory).generation == generation
    except NewsearchError:
        return False


def _restored(toc: Toc, names: dict[str, str], generation: int) -> Toc:
    return replaced(toc.renamed(names), generation=generation, created=timestamp())


def _read_backup(path: Path) -> tuple[ArrayFile, Toc]:
    try:
        archive = ArrayFile(path, _BACKUP)
        archive.verify()
        toc = parse_toc(archive.array(TOC_NAME).tobytes(), path)
    except OSError as error:
        raise StorageError(path, "cannot be read", error) from error
    except IndexCorrupt as error:
        raise _useless(path, error.reason) from error
    except IndexIncompatible as error:
        advice = "restore it with the version of newsearch that made it"
        raise IndexIncompatible(path, error.found, error.supported, advice=advice) from error
    forms = [archive.form(name) for name in archive.names]
    # Arrays stored as one repeated byte could expand to fill any disk.
    if any(dtype != "|u1" for dtype, _ in forms) or sum(length for _, length in forms) > archive.size:
        raise _useless(path, "holds more than its bytes account for")
    if sorted(archive.names) != sorted((TOC_NAME, *toc.files())):
        raise _useless(path, "holds other files than its table of contents names")
    return archive, toc


def _useless(path: Path, reason: str) -> IndexCorrupt:
    return IndexCorrupt(path, reason, "use another backup")
