"""Maintenance of an index: verification and compaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from newsearch.articles.article import Article
from newsearch.engine.arrays.files.opening import open_regular
from newsearch.engine.arrays.files.state import load_state
from newsearch.engine.arrays.files.toc import TOC_NAME, Toc, read_toc, remove_files, toc_text, unused_files
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
from newsearch.engine.figures import Compaction, Verification
from newsearch.errors import IndexCorrupt, NewsearchError, StorageError
from newsearch.query.tree import All, Match, Word
from newsearch.text import analysis

_MAX_WORDS = 32
"""The most words of a title that `verify` searches for. Queries are limited too."""

_WHOLE = 8
"""The most segments whose samples are searched for in the whole index. Each such search reads words of all segments, so
that more of them would take the square of the time. The others are searched for in their own segment."""


def _stub_problems(directory: Path) -> list[str]:
    # newsearch does not need this file, but Whoosh unpickles it. Its contents must therefore be checked.
    path = directory / STUB_NAME
    try:
        with open_regular(path) as file:
            is_sound = file.read(len(STUB) + 1) == STUB
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(path, "cannot be read", error) from error
    return [] if is_sound else [f"{path}: damaged; delete it, and the next commit writes it again"]


@contextmanager
def _reading(directory: Path) -> Iterator[None]:
    """Tell of a directory whose files cannot be listed or read as any other command does."""
    try:
        yield
    except OSError as error:
        raise StorageError(directory, "cannot be read", error) from error


def verify(directory: Path) -> Verification:
    """Read and check a whole index; see `newsearch.verify`."""
    with _reading(directory):
        return _verified(directory)


def _verified(directory: Path) -> Verification:
    toc, segments, problems = _opened(directory)
    for segment in segments:
        try:
            verify_segments([segment])
            check_articles(segment)
        except NewsearchError as error:
            problems.append(str(error))
    searches = 0
    every = -(-len(segments) // _WHOLE)
    problems += _stub_problems(directory)
    if not problems:
        whole = View(segments, toc.pivots)
        for number, segment in enumerate(segments):
            view = View([segment], toc.pivots)
            for doc in _samples(segment):
                searches += 1
                article = segment.article(doc)
                views = (view, whole) if number % every == 0 else (view,)
                if not all(_is_found(one, article) for one in views):
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
    )


def _opened(directory: Path) -> tuple[Toc, list[Segment], list[str]]:
    """The published generation, the segments that can be opened, and the problems of the files that cannot."""
    while True:
        toc = read_toc(directory)
        segments: list[Segment] = []
        problems: list[str] = []
        is_missing = False
        with open_regular(directory / TOC_NAME) as file:
            text = file.read()
        # The checksum covers the values, not the notation. A duplicate key, for example, would go unnoticed.
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


def _samples(segment: Segment) -> list[int]:
    """The first and the last live article of a segment."""
    docs = np.flatnonzero(segment.live)
    return sorted({int(docs[0]), int(docs[-1])}) if len(docs) else []


def _is_found(view: View, article: Article) -> bool:
    words = tuple(map(Word, analysis.terms(article.title)[:_MAX_WORDS]))
    found = Search(view, All((*words, Match("id", article.id))), Options(unpublished=True))
    return bool(found.counts().complete)


def compact(directory: Path, wait: float) -> Compaction:
    """Merge all segments and remove deleted articles; see `newsearch.compact`."""
    with _reading(directory):
        return _compacted(directory, wait)


def _compacted(directory: Path, wait: float) -> Compaction:
    read_toc(directory)
    with ArraysWriter(directory, wait=wait) as writer:
        before, segments = open_generation(directory)
        kept = journaled(directory, before.generation)
        size_before = _size(directory, before, kept if writer.is_compact else set())
        if not writer.is_compact:
            # On a full disk, deleting the leftovers of killed writers may free the space that the merge needs.
            remove_files(unused_files(directory, before, keep=kept))
            writer.commit(compact=True)
    after = read_toc(directory)
    return Compaction(
        sum(segment.live_articles for segment in segments),
        sum(segment.articles - segment.kept_articles for segment in segments),
        len(before.segments),
        len(after.segments),
        size_before,
        _size(directory, after, journaled(directory, after.generation)),
        after.generation,
    )


def _size(directory: Path, toc: Toc, journal: set[str]) -> int:
    """Bytes on disk of a generation and of all files that nobody uses."""
    return toc.size(directory) + sum(map(_bytes, unused_files(directory, toc, keep=journal)))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
