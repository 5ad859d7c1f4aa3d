"""Writes changes to an index, and publishes all of them or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine import writing as protocols
from newsearch.engine.arrays.files.layout import Spool, write_arrays
from newsearch.engine.arrays.files.lock import WriteLock
from newsearch.engine.arrays.files.state import replace_state, write_state
from newsearch.engine.arrays.files.toc import (
    SEGMENT_SUFFIX,
    SegmentEntry,
    SourceEntry,
    Toc,
    last_generation,
    new_name,
    publish,
    published_generation,
    read_toc,
    remove_files,
    timestamp,
    unused_files,
    write_numbers,
)
from newsearch.engine.arrays.loops.matches import distinct, holds
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.segment.generation import open_segments
from newsearch.engine.arrays.segment.segment import Segment, count_kept, of_sources
from newsearch.engine.arrays.segment.structure import verify
from newsearch.engine.arrays.writing.collector import FAILED, Collector
from newsearch.engine.arrays.writing.compaction import compacted, is_compact, merged
from newsearch.engine.arrays.writing.copies import hide_copies
from newsearch.engine.arrays.writing.journal import Ahead, JournalRun, journaled, read_journal
from newsearch.engine.arrays.writing.ledger import Held, Ledger
from newsearch.engine.arrays.writing.pivots import pivots_of
from newsearch.engine.arrays.writing.replacing import delete_replaced, keys
from newsearch.engine.base import NO_SETTINGS, Reader, SourceSettings
from newsearch.engine.writing import WRITER_DEFAULTS, Changes, SourceState, WriterOptions
from newsearch.errors import IndexCorrupt, IndexMissing, NewsearchError, StorageError, WordListError
from newsearch.text import analysis
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]


class ArraysWriter:
    """Implements `Writer`. Readers see no changes before `commit`.

    Attributes:
        held: what the index holds before the changes.

    Args:
        directory: the directory of the index. It is created if needed.
        given: see `WriterOptions`.

    Raises:
        WordListError: the published index has articles and protects other terms, and `fresh` is false.
        IndexLocked: another writer is open.
        StorageError: the directory cannot be written.
        IndexCorrupt, IndexIncompatible: the index cannot be read, and `fresh` is false.
    """

    def __init__(self, directory: Path, **given: Unpack[WriterOptions]) -> None:
        options: WriterOptions = {**WRITER_DEFAULTS, **given}
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(directory, "cannot be created", error) from error
        self._lock = WriteLock(directory, options["wait"])
        try:
            self._open(options)
            self._rehearsed = frozenset(os.listdir(directory)) if options["rehearsal"] else None
        except FileNotFoundError as error:
            self._lock.release()
            raise IndexCorrupt(error.filename, "missing") from error
        except OSError as error:
            self._lock.release()
            raise StorageError(directory, "cannot be read", error) from error
        except BaseException:
            self._lock.release()
            raise

    def _open(self, options: WriterOptions) -> None:
        directory, fresh, sources = self._directory, options["fresh"], options["sources"]
        self._base = protecting(_base(directory, fresh), options["protected"], directory)
        self._segments = open_segments(directory, self._base)
        self._before = count_kept(self._segments)
        self._run = JournalRun(
            published_generation(directory), fresh, list(sources), sorted(self._base.protected)
        )
        published = [segment.name for segment in self._segments]
        ahead = read_journal(directory, self._run, published) if sources and options["resume"] else Ahead()
        self.held = Held(directory, self._base, self._segments, ahead)
        self._dropped_sources: set[str] = set()
        self._confirmed: Array = np.empty(0, np.uint64)
        self._sources = list(self._base.locations)
        self._keep_history = self._base.keep_history
        self._states: dict[str, SourceState] = {}
        self._settings = {entry.location: entry.settings for entry in self._base.sources}
        memory = options["memory"]
        self._collector = Collector(directory, self._base, self._run, ahead, memory, self._write)

    def __enter__(self) -> ArraysWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is KeyboardInterrupt:
            self._pause()
        self.cancel()

    def _pause(self) -> None:
        """Close the writer, but keep the files that the journal names for the next run to resume from."""
        if self._run.sources and self._rehearsed is None:
            try:
                # Finishing the articles already read takes about a second, and saves reading them again.
                with suppress(Exception):
                    self._collector.wait()
            finally:
                self._collector.close()
                self._lock.release()

    @property
    def finished(self) -> int:
        """The number of articles that the next writer need not index again if this one stops now."""
        return self._collector.finished

    def add(self, article: Article, source: str) -> None:
        """Add an article of a source. It replaces the article with the same id in that source.

        If the committed article has the same content (see `content`), it stays unchanged.
        """
        self.add_all([article], source)

    def add_all(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        """Add several articles of one source, as `add` does (see Collector.add)."""
        self._name(source)
        self._collector.add(articles, source, before)

    def remember(self, source: str, state: SourceState | None) -> None:
        """Record a source and the state of its files. Without a state, the whole source is read the next time."""
        self._name(source)
        self._states[source] = known = state or SourceState((), ())
        self._collector.note(source, known)

    def configure(self, source: str, settings: SourceSettings) -> None:
        """Store a source and how it is read."""
        self._name(source)
        self._settings[source] = settings

    def keep_history(self, keep: bool) -> None:
        """Store whether the index keeps earlier versions of articles."""
        self._keep_history = keep

    def forget_source(self, source: str) -> None:
        """Delete the committed articles of a source, and remove it from the list of sources."""
        self.delete_source(source)
        self._sources = [name for name in self._sources if name != source]
        self._settings.pop(source, None)

    def delete_source(self, source: str) -> None:
        """Delete the committed articles of a source, except those that are added again."""
        self._dropped_sources.add(source)

    def delete_dropped(self, source: str, ledger: protocols.Ledger) -> None:
        """Delete the articles of a source that its ledger, obtained from `held`, counts as gone."""
        if not isinstance(ledger, Ledger):
            raise TypeError("the ledger of another engine")
        keys = ledger.dropped
        self._collector.wait()
        for segment in [*self._segments, *self._collector.resumed]:
            segment.delete(of_sources(segment, {source}) & np.isin(segment.column("id_hash"), keys))

    @property
    def is_compact(self) -> bool:
        """Whether the committed index has as few segments as possible, and no deleted articles."""
        return is_compact(self._segments)

    def delete_ids(self, ids: Iterable[str]) -> None:
        """Delete the committed articles with these ids, from any source."""
        wanted = np.unique(np.array([hash_key(id_) for id_ in ids], np.uint64))
        for segment in self._segments:
            segment.delete(holds(segment.column("id_hash"), wanted))

    def delete_all(self) -> None:
        """Delete all committed articles. The sources stay known."""
        for segment in self._segments:
            segment.delete(np.ones(segment.articles, bool))

    def delete_numbers(self, numbers: Iterable[int]) -> None:
        """Delete the committed articles with these numbers, and their hidden copies. Numbers run across all segments.

        Raises:
            IndexError: one of the numbers has no article.
        """
        wanted = np.unique(np.fromiter(numbers, np.int64))
        ends = np.cumsum([segment.articles for segment in self._segments])
        if len(wanted) and not 0 <= wanted[0] <= wanted[-1] < (ends[-1] if len(ends) else 0):
            raise IndexError("there is no article of this number")
        urls: list[Array] = [np.empty(0, np.uint64)]
        for segment, end in zip(self._segments, ends.tolist(), strict=True):
            mask = np.zeros(segment.articles, bool)
            mask[wanted[(wanted < end) & (wanted >= end - segment.articles)] - (end - segment.articles)] = (
                True
            )
            urls.append(segment.column("url_hash")[mask])
            segment.delete(mask)
        copied = distinct(np.concatenate(urls))
        copied = copied[copied != 0]
        for segment in self._segments:
            is_hidden = np.zeros(segment.articles, bool)
            is_hidden[segment.hidden] = True
            segment.delete(is_hidden & holds(segment.column("url_hash"), copied))

    def commit(self, *, compact: bool = False, check: Callable[[Reader], None] | None = None) -> Changes:
        """Publish the changes durably and atomically, and close the writer.

        If nothing has changed, no new generation is written.

        Args:
            compact: merge into as few segments as possible, and drop the deleted articles.
            check: called with a reader of the new generation before it is published. An exception prevents publication.

        Raises:
            StorageError: a file could not be written; the index is unchanged.
            IndexCorrupt: the index committed before is damaged; it is unchanged.
        """
        try:
            changes, toc = self._publish(compact, check)
        except OSError as error:
            self.cancel()
            raise StorageError(self._directory, FAILED, error) from error
        except KeyboardInterrupt:
            self._pause()
            self.cancel()
            raise
        except BaseException as error:
            self.cancel()
            if isinstance(error, Exception) and not isinstance(error, NewsearchError):
                verify(self._segments)
            raise
        if self._rehearsed is not None:
            self.cancel()
        else:
            self._close(toc)
        return changes

    def _publish(self, compact: bool, check: Callable[[Reader], None] | None) -> tuple[Changes, Toc]:
        """Publish the next generation, unless this is a rehearsal. If only the states of sources have changed, they are
        replaced in the current one.

        Returns:
            What has changed, and the table of contents of the generation.
        """
        new = self._collector.end()
        replaced, self._confirmed = delete_replaced(self._segments, new)
        self._delete_dropped()
        segments = [s for s in [*self._segments, *new] if s.kept_articles]
        added = count_kept(new) - replaced
        deleted = self._before - count_kept(self._segments) - replaced
        is_unchanged = self._is_unchanged(new) and not compact
        del new  # a reference would keep merged segments in memory
        toc = self._base
        if not is_unchanged:
            segments, toc = self._next(segments, compact)
        changes = Changes(added, replaced, deleted, sum(segment.live_articles for segment in segments))
        if check:
            check(ArraysReader(self._directory, toc))
        if self._rehearsed is None:
            self._lock.check()
            if is_unchanged:
                self._refresh_states()
            else:
                publish(self._directory, toc)
        return changes, toc

    def _close(self, published: Toc) -> None:
        """Close the writer after a commit, and remove the files that are no longer used."""
        self._collector.close()
        with suppress(OSError):
            keep = journaled(self._directory, published.generation, but=self._run)
            remove_files(unused_files(self._directory, published, keep=keep))
        self._lock.release()

    def cancel(self) -> None:
        """Discard the changes. The index stays unchanged. After a commit this does nothing."""
        if not self._lock.held:
            return
        self._collector.close()
        try:
            # If the index cannot be read, its files are left alone, and a later commit deletes them. The files of the
            # previous generation stay too: if syncing the directory failed, a crash would bring that generation back.
            with suppress(NewsearchError, OSError):
                self._lock.check()
                published = _base(self._directory, False)
                keep = journaled(self._directory, published_generation(self._directory), but=self._run)
                keep.update(self._rehearsed or ())
                remove_files(unused_files(self._directory, self._base, published, keep=keep))
        finally:
            self._lock.release()

    def _write(
        self, arrays: Mapping[str, Array | Spool], articles: int, deleted: Sequence[int] = ()
    ) -> Segment:
        path = self._directory / new_name(self._base.next_generation, SEGMENT_SUFFIX)
        try:
            write_arrays(path, arrays, kind="segment", articles=articles, analysis=analysis.VERSION)
        except OSError as error:
            raise StorageError(path, FAILED, error) from error
        return Segment(path, deleted, protected=self._base.protected)

    def _delete_dropped(self) -> None:
        for segment in self._segments:
            segment.delete(
                of_sources(segment, self._dropped_sources) & ~holds(keys(segment), self._confirmed)
            )

    def _is_unchanged(self, new: Sequence[Segment]) -> bool:
        """Whether a commit would change nothing except the states of the sources."""
        states = {entry.location: entry.state for entry in self._base.sources}
        return (
            self._run.generation > 0
            and not self._run.fresh
            and not count_kept(new)
            and not any(segment.changed for segment in self._segments)
            and list(states) == self._sources
            and self._settings == {entry.location: entry.settings for entry in self._base.sources}
            and self._keep_history == self._base.keep_history
            and all(states[source] or not state.names for source, state in self._states.items())
        )

    def _refresh_states(self) -> None:
        for entry in self._base.sources:
            state = self._states.get(entry.location)
            if state and entry.state and state != self.held.state(entry.location):
                replace_state(self._directory / entry.state, state)

    def _next(self, segments: list[Segment], compact: bool) -> tuple[list[Segment], Toc]:
        """Write the files of the next generation. Returns its segments and its table of contents."""
        hide_copies(segments, self._sources)
        pivots = pivots_of(segments)
        segments = (compacted if compact else merged)(segments, pivots, self._write)
        hide_copies(segments, self._sources)
        generation = self._base.next_generation
        entries = tuple(self._entry(segment, generation) for segment in segments)
        sources = tuple(map(self._source_entry, self._sources))
        created, protected = timestamp(), self._base.protected
        return segments, Toc(generation, entries, sources, pivots, created, protected, self._keep_history)

    def _source_entry(self, source: str) -> SourceEntry:
        known = {entry.location: entry for entry in self._base.sources}.get(source, SourceEntry(source))
        known = replace(known, settings=self._settings.get(source, NO_SETTINGS))
        state = self._states.get(source)
        if state is None or (known.state and state == self.held.state(source)):
            return known
        if not state.names:
            return replace(known, state="")
        return replace(known, state=write_state(self._directory, self._base.next_generation, state))

    def _entry(self, segment: Segment, generation: int) -> SegmentEntry:
        known = {entry.name: entry for entry in self._base.segments}.get(segment.name)
        if known and not segment.changed:
            return known
        gone, hidden = np.flatnonzero(~segment.kept), segment.hidden
        return SegmentEntry(
            segment.name,
            segment.articles,
            write_numbers(self._directory, generation, "deleted", gone),
            write_numbers(self._directory, generation, "hidden", hidden),
        )

    def _name(self, source: str) -> None:
        if source not in self._sources:
            self._sources.append(source)
            self._settings.setdefault(source, NO_SETTINGS)


class WriterElsewhere(ArraysWriter):
    """A rehearsal for an index that does not exist yet, in a temporary directory that is deleted afterwards.

    Args:
        options: as of any writer; there is no other to wait for, and no run to resume.
    """

    def __init__(self, **options: Unpack[WriterOptions]) -> None:
        self._elsewhere = TemporaryDirectory()
        super().__init__(Path(self._elsewhere.name), **options)

    def __exit__(self, kind: type[BaseException] | None, *others: object) -> None:
        try:
            super().__exit__(kind, *others)
        finally:
            self._elsewhere.cleanup()


def _base(directory: Path, fresh: bool) -> Toc:
    """The generation that changes start from."""
    if not fresh:
        with suppress(IndexMissing):
            return read_toc(directory)
    return Toc(last_generation(directory))


def protecting(toc: Toc, protected: frozenset[str] | None, directory: Path) -> Toc:
    """The same generation with these protected terms. None keeps the current ones.

    Raises:
        WordListError: it has articles that were indexed with other protected terms.
    """
    if protected is None or protected == toc.protected:
        return toc
    if toc.segments:
        # The indexed articles have other stems, and searches would miss them.
        raise WordListError(
            f"{directory}: its articles were indexed with other protected words; "
            f"run `newsearch reindex --protected FILE --index {directory}`"
        )
    return replace(toc, protected=protected)
