"""Sources -> index, in batches: what `newsearch index`, `reindex` and `forget` do."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsearch.engine.whoosh.toc import read_toc
from newsearch.engine.whoosh.writer import WhooshWriter
from newsearch.errors import IndexCorrupt, IndexIncompatible, SourceError
from newsearch.sources import Source, locate, open_source
from newsearch.wordlists import protected_words


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
        incomplete: locations of sources that could not be read to their end. What was read of them went in, and
            nothing that the index had of them was deleted.
        empty: locations of sources without any article, and of which the index had none.
    """

    read: int
    added: int
    replaced: int
    deleted: int
    articles: int
    errors: tuple[SourceError, ...]
    broken: int
    seconds: float
    incomplete: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()

    @property
    def repeated(self) -> int:
        """Articles that were read, but stand again later, under the same id, in the same source."""
        return self.read - self.added - self.replaced


MAX_ERRORS = 1000

Progress = Callable[[int, int], None]
"""Called now and then with the number of articles read, and of broken ones."""


def build(
    *sources: str | os.PathLike[str],
    index: str | os.PathLike[str],
    protected: str | os.PathLike[str] | None = None,
    workers: int = 1,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> Report:
    """Index sources: read them whole, add what is new, replace what is there, delete what they no longer have.

    A broken article is counted and reported, and the rest goes in. What breaks off, or gives no article at all,
    deletes nothing: it may be a torn file, or a disk that is not there. Nothing is seen by searches until all is
    published at once; on any error the index stays as it was.

    Args:
        sources: paths of directories, JSONL files or feeds (see newsearch.sources).
        index: directory of the index; made where there is none.
        protected: a file of words, one a line, that are found as they are and in no other form. The index remembers
            them; by default they are those that it remembers.
        workers: processes that parse Markdown files.
        wait: seconds to wait for another writer.
        progress: called every 1,000 articles.

    Raises:
        SourceError: a source cannot be read at all, or gives no articles now and the index has some of it; or no
            source was given.
        WordListError: the file of words cannot be used, or the index was made with other words: reindex it.
        IndexLocked: another process is writing to the index.
        IndexCorrupt, IndexIncompatible: the index that is there cannot be read.
        EngineError: the index cannot be written.
    """
    if not sources:
        raise SourceError("build", "no source was given")
    words = None if protected is None else protected_words(protected)
    return _run(
        [open_source(source) for source in sources], Path(index), False, workers, wait, progress, words
    )


def reindex(
    index: str | os.PathLike[str],
    *,
    protected: str | os.PathLike[str] | None = None,
    workers: int = 1,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> Report:
    """Build an index anew from the sources that it remembers. The old one serves until the new one is published.

    Args:
        index, workers, wait, progress: see `build`.
        protected: a file of words that are found in no other form (see `build`); an empty one protects none.

    Raises:
        WordListError: the file of words cannot be used.
        IndexMissing: there is no index to take the sources from.
        SourceError: a source is gone, gives no articles, or cannot be read to its end; nothing was changed.
        IndexLocked, EngineError: see `build`.
    """
    toc = read_toc(Path(index), any_version=True)
    words = toc.protected if protected is None else protected_words(protected)
    return _rebuild(toc.sources, Path(index), workers, wait, progress, words)


def forget(
    *sources: str | os.PathLike[str], index: str | os.PathLike[str], workers: int = 1, wait: float = 0.0
) -> Report:
    """Delete all articles of sources from an index, which remembers them no more. Their paths may be gone.

    An index that cannot be read is built anew from the sources that are left.

    Raises:
        IndexMissing: there is no index.
        SourceError: the index has no such source, or no source was given.
        IndexLocked, EngineError: see `build`.
    """
    started = time.monotonic()
    if not sources:
        raise SourceError("forget", "no source was given")
    toc = read_toc(Path(index), any_version=True)
    known = toc.sources
    forgotten = {locate(source) for source in sources}
    for location in sorted(forgotten.difference(known)):
        raise SourceError(location, f"no source of this index; it has {', '.join(known) or 'none'}")
    try:
        with WhooshWriter(Path(index), wait=wait) as writer:
            for location in forgotten:
                writer.forget_source(location)
            changes = writer.commit()
    except (IndexCorrupt, IndexIncompatible):
        left = [s for s in known if s not in forgotten]
        return _rebuild(left, Path(index), workers, wait, None, toc.protected)
    return Report(0, 0, 0, changes.deleted, changes.articles, (), 0, time.monotonic() - started)


def _rebuild(
    locations: Sequence[str],
    index: Path,
    workers: int,
    wait: float,
    progress: Progress | None,
    protected: frozenset[str],
) -> Report:
    sources = []
    for location in locations:
        try:
            sources.append(open_source(location))
        except SourceError as error:
            raise _refusal(location, error.reason, index) from error
    return _run(sources, index, True, workers, wait, progress, protected)


def _refusal(location: str, reason: str, index: Path) -> SourceError:
    command = shlex.join(["newsearch", "forget", location, "--index", str(index)])
    return SourceError(location, f"{reason}; nothing was changed. To drop its articles: {command}")


def _run(
    sources: Sequence[Source],
    index: Path,
    fresh: bool,
    workers: int,
    wait: float,
    progress: Progress | None,
    protected: frozenset[str] | None,
) -> Report:
    started = time.monotonic()
    read = broken = 0
    errors: list[SourceError] = []
    incomplete: list[str] = []
    empty: list[str] = []
    with WhooshWriter(index, fresh=fresh, wait=wait, protected=protected) as writer:
        for source in sources:
            location = source.location
            read_before, broken_before = read, broken
            is_cut = False
            for article in source.articles(workers):
                if isinstance(article, SourceError):
                    broken += 1
                    is_cut |= article.hides_articles
                    if len(errors) < MAX_ERRORS:
                        errors.append(article)
                    continue
                writer.add(article, location)
                read += 1
                if progress and read % 1000 == 0:
                    progress(read, broken)
            if is_cut and fresh:
                raise _refusal(location, "cannot be read to its end", index)
            if is_cut:
                incomplete.append(location)
                continue
            if read == read_before:
                had = writer.count(location)
                if had or fresh:
                    some = f"{had:,}" if had else "some"
                    why = f" ({broken - broken_before:,} broken)" if broken > broken_before else ""
                    reason = f"gives no articles now{why}, and the index has {some} of it"
                    raise _refusal(location, reason, index)
                empty.append(location)
            writer.delete_source(location)
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
        tuple(incomplete),
        tuple(empty),
    )
