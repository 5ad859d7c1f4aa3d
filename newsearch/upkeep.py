"""What keeps an index in good health: `newsearch verify`, `compact`, `backup`, `restore`, `export`."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from newsearch import analysis
from newsearch._text import escape_unseen
from newsearch.article import article_to_mapping
from newsearch.engine.base import Options
from newsearch.engine.whoosh.damage import verify as verify_segments
from newsearch.engine.whoosh.durable import move_into_place, replace_file, temporary_name, write_file
from newsearch.engine.whoosh.layout import ArrayFile, write_arrays
from newsearch.engine.whoosh.lock import WriteLock
from newsearch.engine.whoosh.reader import open_generation, open_segments
from newsearch.engine.whoosh.search import Search
from newsearch.engine.whoosh.segment import Segment
from newsearch.engine.whoosh.structure import check_articles
from newsearch.engine.whoosh.toc import (
    TOC_NAME,
    Toc,
    last_generation,
    new_name,
    parse_toc,
    publish,
    read_toc,
    remove_files,
    toc_text,
    unused_files,
)
from newsearch.engine.whoosh.view import View
from newsearch.engine.whoosh.writer import WhooshWriter
from newsearch.errors import (
    EngineError,
    IndexCorrupt,
    IndexIncompatible,
    NewsearchError,
    StorageError,
)
from newsearch.query.tree import All, Match, Word

_Path = str | os.PathLike[str]

_MAX_WORDS = 32
"""Words of a title that verify searches for: queries are limited, too."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found out about an index.

    Attributes:
        generation: the one that was read.
        files, size: of that generation; size is in bytes.
        articles: live articles that were read.
        searches: searches that were made for articles that are there.
        unused: names of files that no generation uses, as killed writers leave them; the next commit deletes them.
        problems: what is wrong, one line each; none where all is well.
        seconds: how long it took.
    """

    generation: int
    files: int
    size: int
    articles: int
    searches: int
    unused: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(index: _Path) -> Verification:
    """Read an index whole: compare every file with its checksums, hold every array to what it must be, read every
    article, and search for some. Nothing is changed, and writers may go on meanwhile.

    Raises:
        IndexMissing: there is no index.
        IndexIncompatible: another version of newsearch made it.
        IndexCorrupt: its table of contents is damaged, so that nothing else can be said.
        StorageError: it cannot be read.
    """
    started = time.monotonic()
    directory = Path(index)
    toc, segments, problems = _opened(directory)
    for segment in segments:
        try:
            verify_segments([segment])
            check_articles(segment)
        except NewsearchError as error:
            problems.append(str(error))
    searches = 0
    if not problems:
        view = View(segments, toc.pivots)
        for segment, doc in _samples(segments):
            searches += 1
            article = segment.article(doc)
            words = tuple(map(Word, analysis.terms(article.title)[:_MAX_WORDS]))
            answer = Search(view, All((*words, Match("id", article.id))), Options(unpublished=True))
            if not answer.counts().complete:
                reason = f"a search does not find article {doc}, {article.id}"
                problems.append(str(IndexCorrupt(segment.file.path, reason)))
    return Verification(
        toc.generation,
        len(toc.files()) + 1,
        toc.size(directory),
        sum(segment.live_articles for segment in segments),
        searches,
        tuple(path.name for path in unused_files(directory, toc)),
        tuple(problems),
        time.monotonic() - started,
    )


def _opened(directory: Path) -> tuple[Toc, list[Segment], list[str]]:
    """The generation that is published, those of its segments that can be opened, and why others cannot."""
    while True:
        toc = read_toc(directory)
        segments: list[Segment] = []
        problems: list[str] = []
        is_missing = False
        for entry in toc.segments:
            try:
                segments += open_segments(directory, replace(toc, segments=(entry,)))
            except FileNotFoundError as error:
                problems.append(str(IndexCorrupt(error.filename, "missing")))
                is_missing = True
            except NewsearchError as error:
                problems.append(str(error))
        if not is_missing or read_toc(directory) == toc:
            return toc, segments, problems


def _samples(segments: Sequence[Segment]) -> Iterator[tuple[Segment, int]]:
    """The first and the last live article of every segment."""
    for segment in segments:
        docs = np.flatnonzero(segment.live).tolist()
        for doc in dict.fromkeys(docs[:1] + docs[-1:]):
            yield segment, doc


@dataclass(frozen=True, slots=True)
class Compaction:
    """What compacting an index did.

    Attributes:
        articles: live articles.
        dropped: deleted articles that took room until now.
        segments_before, segments: how many there were, and are.
        size_before, size: bytes on disk, of files that no generation used too.
        generation: the one that is published now; the same as before where there was nothing to do.
        seconds: how long it took.
    """

    articles: int
    dropped: int
    segments_before: int
    segments: int
    size_before: int
    size: int
    generation: int
    seconds: float


def compact(index: _Path, *, wait: float = 0.0) -> Compaction:
    """Merge all segments to one for every 65,536 articles, leave out what was deleted, delete files nobody uses.

    Searches find the same articles with the same scores before, meanwhile, and afterwards.

    Args:
        wait: seconds to wait for another writer; infinity is for as long as it takes.

    Raises:
        IndexMissing: there is no index.
        IndexLocked: another process is writing to it.
        IndexIncompatible, IndexCorrupt: it cannot be read.
        StorageError: it cannot be written; it is as it was.
    """
    started = time.monotonic()
    directory = Path(index)
    read_toc(directory)
    with WhooshWriter(directory, wait=wait) as writer:
        before, segments = open_generation(directory)
        size_before = before.size(directory) + sum(map(_bytes, unused_files(directory, before)))
        if not writer.is_compact:
            writer.commit(compact=True)
    after = read_toc(directory)
    return Compaction(
        sum(segment.live_articles for segment in segments),
        sum(len(segment.deleted) for segment in segments),
        len(before.segments),
        len(after.segments),
        size_before,
        after.size(directory),
        after.generation,
        time.monotonic() - started,
    )


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup that was written or restored: its path, its bytes, the generation and the articles in it."""

    path: Path
    size: int
    generation: int
    articles: int


def backup(index: _Path, file: _Path) -> Archive:
    """Copy the generation that is published to one file, which takes the place of one that is there.

    The index is verified before, the file afterwards, by their checksums; writers may go on meanwhile.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or none that can be read.
        StorageError: the file cannot be written; what was there before is there still.
    """
    directory, path = Path(index), Path(file)
    toc, segments, contents = _contents(directory)
    verify_segments(segments)
    temporary = temporary_name(path)
    try:
        size = write_arrays(temporary, contents, kind=_BACKUP)
        try:
            ArrayFile(temporary, _BACKUP).verify()
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        move_into_place(temporary, path)
    except OSError as error:
        raise StorageError(path, "cannot be written", error) from error
    return Archive(path, size, toc.generation, sum(segment.live_articles for segment in segments))


_BACKUP = "backup"


def _contents(directory: Path) -> tuple[Toc, list[Segment], dict[str, Any]]:
    """The generation that is published, its segments, and the bytes of all its files by name."""
    while True:
        toc, segments = open_generation(directory)
        try:
            mapped = {name: np.memmap(directory / name, np.uint8, "r") for name in toc.files()}
        except FileNotFoundError as error:
            if read_toc(directory) == toc:
                raise IndexCorrupt(error.filename, "missing") from error
        except OSError as error:
            raise StorageError(directory, "cannot be read", error) from error
        else:
            return toc, segments, {TOC_NAME: np.frombuffer(toc_text(toc), np.uint8), **mapped}


def restore(file: _Path, index: _Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
    """Make an index of a backup. It is verified before and after it is written, and published at once.

    Args:
        replace: let it take the place of an index that is there. Until then searches find that one.
        wait: seconds to wait for another writer; infinity is for as long as it takes.

    Raises:
        EngineError: there is an index already, and it was not to be replaced.
        IndexCorrupt: the file is no backup, or is damaged; nothing was changed.
        IndexIncompatible: another version of newsearch made the backup.
        IndexLocked: another process is writing to the index.
        StorageError: the backup cannot be read, or the index not be written; it is as it was.
    """
    path, directory = Path(file), Path(index)
    archive, toc = _read_backup(path)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(directory, "cannot be made", error) from error
    lock = WriteLock(directory, wait)
    generation = max(last_generation(directory), toc.generation) + 1
    written: list[Path] = []
    try:
        if not replace and (directory / TOC_NAME).exists():
            raise EngineError(
                f"{directory}: there is an index already; restore to another place, or give --replace"
            )
        names = {name: new_name(generation, Path(name).suffix) for name in toc.files()}
        for name, new in names.items():
            written.append(directory / new)
            write_file(directory / new, [archive.array(name).data])
        restored = _restored(toc, names, generation)
        segments = open_segments(directory, restored)
        verify_segments(segments)
        publish(directory, restored)
        remove_files(unused_files(directory, restored))
    except OSError as error:
        raise StorageError(directory, "cannot be written, the index is as it was", error) from error
    except IndexCorrupt as error:
        raise _useless(path, f"holds what is no index ({error.reason})") from error
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
    return replace(toc.renamed(names), generation=generation, created="")


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
        advice = "restore it with the newsearch that made it"
        raise IndexIncompatible(path, error.found, error.supported, advice=advice) from error
    forms = [archive.form(name) for name in archive.names]
    # Files that hold one byte over and over could fill any disk.
    if any(dtype != "|u1" for dtype, _ in forms) or sum(length for _, length in forms) > archive.size:
        raise _useless(path, "holds more than its bytes account for")
    if sorted(archive.names) != sorted((TOC_NAME, *toc.files())):
        raise _useless(path, "holds other files than its table of contents names")
    return archive, toc


def _useless(path: Path, reason: str) -> IndexCorrupt:
    return IndexCorrupt(path, reason, "use another backup")


def export(index: _Path, file: _Path) -> int:
    """Write all articles, unpublished ones too, to a file of JSON Lines, which `build` reads back to the same.

    The order of the lines depends on the ids alone, so that equal articles give equal files. A name that ends in
    .gz is for a compressed one. The file takes the place of one that is there, once it is complete.

    Returns:
        How many articles.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or none that can be read.
        StorageError: the file cannot be written; what was there before is there still.
    """
    path = Path(file)
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in exported(index):
            count += 1
            yield line

    try:
        replace_file(path, _gzipped(counted()) if path.suffix == ".gz" else counted())
    except OSError as error:
        raise StorageError(path, "cannot be written", error) from error
    return count


def exported(index: _Path) -> Iterator[bytes]:
    """The lines of `export`, each with its end, as UTF-8.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or none that can be read.
    """
    _, segments = open_generation(Path(index))
    places = [(segment, doc) for segment in segments for doc in np.flatnonzero(segment.live).tolist()]
    hashes = [segment.column("id_hash")[segment.live] for segment in segments]
    for at in np.argsort(np.concatenate([np.empty(0, np.uint64), *hashes]), kind="stable").tolist():
        segment, doc = places[at]
        mapping = article_to_mapping(segment.article(doc))
        yield escape_unseen(json.dumps(mapping, ensure_ascii=False, allow_nan=False)).encode() + b"\n"


def _gzipped(lines: Iterator[bytes]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    # Without a name and a time in it, so that equal articles give equal files.
    with gzip.GzipFile("", "wb", fileobj=buffer, mtime=0) as packed:
        for line in lines:
            packed.write(line)
            if buffer.tell() >= _GZIP_CHUNK:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


_GZIP_CHUNK = 1 << 20
