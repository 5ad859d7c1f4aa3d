"""Sources -> index, in batches: what `newsearch index` and `newsearch reindex` do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsearch.engine.whoosh.toc import read_toc
from newsearch.engine.whoosh.writer import WhooshWriter
from newsearch.errors import SourceError
from newsearch.sources import Source, open_source


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of indexing did.

    Attributes:
        read: articles that were read, the broken ones not among them.
        added, replaced, deleted: changes to the index, in articles.
        articles: live articles in the index now.
        errors: the broken articles; at most MAX_ERRORS of them are kept.
        broken: how many there were.
        seconds: how long it took.
    """

    read: int
    added: int
    replaced: int
    deleted: int
    articles: int
    errors: tuple[SourceError, ...]
    broken: int
    seconds: float


MAX_ERRORS = 1000

Progress = Callable[[int, int], None]
"""Called now and then with the number of articles read, and of broken ones."""


def build(
    *sources: str | os.PathLike[str],
    index: str | os.PathLike[str],
    workers: int = 1,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> Report:
    """Index sources: read them whole, add what is new, replace what is there, delete what they no longer have.

    A broken article is counted and reported, and the rest goes in. Nothing is seen by searches until all is
    published at once; on any error the index stays as it was.

    Args:
        sources: paths of directories, JSONL files or feeds (see newsearch.sources).
        index: directory of the index; made where there is none.
        workers: processes that parse Markdown files.
        wait: seconds to wait for another writer.
        progress: called every 1,000 articles.

    Raises:
        SourceError: a source cannot be read at all.
        IndexLocked: another process is writing to the index.
        EngineError: the index cannot be written.
    """
    return _run([open_source(source) for source in sources], Path(index), False, workers, wait, progress)


def reindex(
    index: str | os.PathLike[str],
    *,
    workers: int = 1,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> Report:
    """Build an index anew from the sources that it remembers. The old one serves until the new one is published.

    Raises:
        IndexMissing: there is no index to take the sources from.
        SourceError: a source is gone; nothing was changed.
        IndexLocked, EngineError: see `build`.
    """
    sources = [open_source(source) for source in read_toc(Path(index), any_version=True).sources]
    return _run(sources, Path(index), True, workers, wait, progress)


def _run(
    sources: Sequence[Source], index: Path, fresh: bool, workers: int, wait: float, progress: Progress | None
) -> Report:
    started = time.monotonic()
    read = broken = 0
    errors: list[SourceError] = []
    with WhooshWriter(index, fresh=fresh, wait=wait) as writer:
        for source in sources:
            writer.delete_source(source.location)
            for article in source.articles(workers):
                if isinstance(article, SourceError):
                    broken += 1
                    if len(errors) < MAX_ERRORS:
                        errors.append(article)
                    continue
                writer.add(article, source.location)
                read += 1
                if progress and read % 1000 == 0:
                    progress(read, broken)
        changes = writer.commit()
    if progress:
        progress(read, broken)
    seconds = time.monotonic() - started
    return Report(
        read,
        changes.added,
        changes.replaced,
        changes.deleted,
        changes.articles,
        tuple(errors),
        broken,
        seconds,
    )
