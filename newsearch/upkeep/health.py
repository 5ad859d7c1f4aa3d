"""What keeps an index in good health, and its articles from being lost: `newsearch verify`, `compact`, `export`."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from newsearch._arguments import check_number, check_path
from newsearch.articles.article import article_to_mapping
from newsearch.engine.arrays.files.durable import replace_file, replaceable
from newsearch.engine.arrays.files.state import load_state
from newsearch.engine.arrays.files.toc import TOC_NAME, Toc, read_toc, toc_text, unused_files
from newsearch.engine.arrays.files.whoosh_stub import STUB, STUB_NAME
from newsearch.engine.arrays.searching.search import Search
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment.generation import open_generation, open_segments
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.segment.structure import check_articles
from newsearch.engine.arrays.segment.structure import verify as verify_segments
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.arrays.writing.journal import journaled
from newsearch.engine.base import Options
from newsearch.errors import IndexCorrupt, NewsearchError, StorageError
from newsearch.query.tree import All, Match, Word
from newsearch.text import analysis
from newsearch.text.clean import escape_unseen

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
        unused: names of files that no generation uses, as killed writers leave them, and from which no run could go on;
            the next commit deletes them.
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


def _stub_problems(directory: Path) -> list[str]:
    # Whoosh unpickles this file, so what is in it matters, though newsearch does without it.
    path = directory / STUB_NAME
    try:
        with open(path, "rb") as file:
            is_sound = file.read(len(STUB) + 1) == STUB
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(path, "cannot be read", error) from error
    return [] if is_sound else [f"{path}: damaged; delete it, and the next commit writes it again"]


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
    check_path("index", index)
    directory = Path(index)
    toc, segments, problems = _opened(directory)
    for segment in segments:
        try:
            verify_segments([segment])
            check_articles(segment)
        except NewsearchError as error:
            problems.append(str(error))
    problems += _stub_problems(directory)
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
        tuple(p.name for p in unused_files(directory, toc, keep=journaled(directory, toc.generation))),
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
        text = (directory / TOC_NAME).read_bytes()
        # What its checksum does not cover is how it is written; nothing may be said twice there, for one thing.
        if text != toc_text(toc) and read_toc(directory) == toc:
            problems.append(str(IndexCorrupt(directory / TOC_NAME, "not as newsearch writes it")))
        for entry in toc.segments:
            try:
                segments += open_segments(directory, replace(toc, segments=(entry,)))
            except FileNotFoundError as error:
                problems.append(str(IndexCorrupt(error.filename, "missing")))
                is_missing = True
            except NewsearchError as error:
                problems.append(str(error))
        for name in toc.states:
            try:
                load_state(directory / name)
            except FileNotFoundError as error:
                problems.append(str(IndexCorrupt(error.filename, "missing")))
                is_missing = True
            except OSError as error:
                problems.append(str(StorageError(directory / name, "cannot be read", error)))
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
        ValueError: wait is negative, or no number.
        IndexMissing: there is no index.
        IndexLocked: another process is writing to it.
        IndexIncompatible, IndexCorrupt: it cannot be read.
        StorageError: it cannot be written; it is as it was.
    """
    started = time.monotonic()
    check_path("index", index)
    check_number("wait", wait, 0)
    directory = Path(index)
    read_toc(directory)
    with ArraysWriter(directory, wait=wait) as writer:
        before, segments = open_generation(directory)
        kept = journaled(directory, before.generation) if writer.is_compact else ()
        size_before = before.size(directory) + sum(map(_bytes, unused_files(directory, before, keep=kept)))
        if not writer.is_compact:
            writer.commit(compact=True)
    after = read_toc(directory)
    return Compaction(
        sum(segment.live_articles for segment in segments),
        sum(segment.articles - segment.kept_articles for segment in segments),
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


def export(index: _Path, file: _Path) -> int:
    """Write all articles that can be found, unpublished ones too, to a file of JSON Lines, which `build` reads back.

    The order of the lines depends on the ids alone, so that equal articles give equal files. A name that ends in
    .gz is for a compressed one. The file takes the place of one that is there, once it is complete.

    Returns:
        How many articles.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or none that can be read.
        StorageError: the file cannot be written; what was there before is there still.
    """
    check_path("index", index)
    check_path("file", file)
    path = Path(file)
    count = 0

    def counted() -> Iterator[bytes]:
        nonlocal count
        for line in exported(index):
            count += 1
            yield line

    try:
        replace_file(replaceable(path), _gzipped(counted()) if path.suffix == ".gz" else counted())
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
