"""Changes to an index, published together or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import analysis
from newsearch.article import Article
from newsearch.engine.base import Changes
from newsearch.engine.whoosh import columns
from newsearch.engine.whoosh.builder import MAX_ARTICLES, MAX_WORDS, SegmentBuilder, Vocabulary
from newsearch.engine.whoosh.columns import Pivots
from newsearch.engine.whoosh.damage import verify, verify_sums
from newsearch.engine.whoosh.layout import write_arrays
from newsearch.engine.whoosh.lock import WriteLock
from newsearch.engine.whoosh.matches import holds
from newsearch.engine.whoosh.merge import merge_segments
from newsearch.engine.whoosh.reader import open_segments
from newsearch.engine.whoosh.segment import Segment
from newsearch.engine.whoosh.toc import (
    SEGMENT_SUFFIX,
    SegmentEntry,
    Toc,
    last_generation,
    new_name,
    publish,
    read_toc,
    remove_files,
    unused_files,
    write_deleted,
)
from newsearch.errors import IndexCorrupt, IndexMissing, NewsearchError, StorageError, WordListError

Array: TypeAlias = NDArray[Any]

_MAX_CHUNKS = 4 << 20
"""A run forgets the words it has met when there are more of them than this, so that its memory stays bounded."""

_MERGE_FACTOR = 8

_FAILED = "cannot be written, the index is as it was"


class WhooshWriter:
    """Fulfils `Writer`. Nothing of it is seen before `commit`.

    Args:
        directory: of the index; made where it does not exist.
        fresh: start from an empty index instead of the published one, which stays until the commit.
        wait: seconds to wait for another writer.
        protected: terms that keep to themselves (see Stemming); by default those of the published index, if it is kept.

    Raises:
        WordListError: the published index has articles and protects other terms, and `fresh` was not asked for.
        IndexLocked: another writer is open.
        StorageError: the directory cannot be written.
        IndexCorrupt, IndexIncompatible: the index cannot be read, and `fresh` was not asked for.
    """

    def __init__(
        self,
        directory: Path,
        *,
        fresh: bool = False,
        wait: float = 0.0,
        protected: frozenset[str] | None = None,
    ) -> None:
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(directory, "cannot be made", error) from error
        self._lock = WriteLock(directory, wait)
        try:
            self._base = _protecting(_published(directory, fresh), protected, directory)
            self._segments = open_segments(directory, self._base)
        except FileNotFoundError as error:
            self._lock.release()
            raise IndexCorrupt(error.filename, "missing") from error
        except BaseException:
            self._lock.release()
            raise
        self._new: list[Segment] = []
        self._vocabulary = Vocabulary(self._base.protected)
        self._builder = SegmentBuilder(self._vocabulary)
        self._dropped_sources: set[str] = set()
        self._sources = list(self._base.sources)

    def __enter__(self) -> WhooshWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.cancel()

    def add(self, article: Article, source: str) -> None:
        """Add an article of a source; it replaces the one of the same id in that source."""
        if source not in self._sources:
            self._sources.append(source)
        self._builder.add(article, source)
        if self._builder.full:
            self._flush()

    def count(self, source: str) -> int:
        """How many committed articles of a source there are; none where the writer started fresh."""
        return sum(int(np.count_nonzero(_of_sources(segment, {source}))) for segment in self._segments)

    def forget_source(self, source: str) -> None:
        """Delete what was committed from a source, and remember the source no more."""
        self.delete_source(source)
        self._sources = [name for name in self._sources if name != source]

    def delete_source(self, source: str) -> None:
        """Delete what was committed from a source before, but for articles that are added again."""
        self._dropped_sources.add(source)

    def delete_ids(self, ids: Iterable[str]) -> None:
        """Delete the committed articles of these ids, of whatever source."""
        wanted = np.unique(np.array([columns.hash_key(id_) for id_ in ids], np.uint64))
        for segment in self._segments:
            segment.delete(holds(segment.column("id_hash"), wanted))

    def delete_number(self, number: int) -> None:
        """Delete the committed article of this number, counted through the segments.

        Raises:
            IndexError: there is no such article.
        """
        for segment in self._segments:
            if 0 <= number < segment.articles:
                mask = np.zeros(segment.articles, bool)
                mask[number] = True
                segment.delete(mask)
                return
            number -= segment.articles
        raise IndexError("there is no article of this number")

    def commit(self, *, compact: bool = False) -> Changes:
        """Publish the changes: durable, and all at once. The writer is closed afterwards.

        Args:
            compact: merge all that can be merged, and leave out what is deleted.

        Raises:
            StorageError: a file could not be written; the index is as it was.
            IndexCorrupt: what was committed before is damaged; the index is as it was.
        """
        try:
            if len(self._builder):
                self._flush()
            before = sum(segment.live_articles for segment in self._segments)
            replaced = self._delete_replaced()
            deleted = self._delete_dropped()
            segments = [s for s in [*self._segments, *self._new] if s.live_articles]
            pivots = _pivots(segments)
            segments = (self._compacted if compact else self._merged)(segments, pivots)
            generation = self._base.generation + 1
            entries = tuple(self._entry(segment, generation) for segment in segments)
            toc = Toc(generation, entries, tuple(self._sources), pivots, protected=self._base.protected)
            publish(self._directory, toc)
        except OSError as error:
            self.cancel()
            raise StorageError(self._directory, _FAILED, error) from error
        except BaseException as error:
            self.cancel()
            if isinstance(error, Exception) and not isinstance(error, NewsearchError):
                verify(self._segments)
            raise
        with suppress(OSError):
            remove_files(unused_files(self._directory, toc))
        self._lock.release()
        articles = sum(segment.live_articles for segment in segments)
        return Changes(articles - before + deleted, replaced, deleted, articles)

    def cancel(self) -> None:
        """Forget the changes; the index stays as it is. After a commit there is nothing to forget."""
        if not self._lock.held:
            return
        try:
            # The files of an index that cannot be read are left alone; a later commit deletes them. Those of the
            # generation before stay too: where syncing the directory failed, a crash would bring it back.
            with suppress(NewsearchError, OSError):
                published = _published(self._directory, False)
                remove_files(unused_files(self._directory, self._base, published))
        finally:
            self._lock.release()

    def _flush(self) -> None:
        arrays = self._builder.build(self._base.pivots)
        self._new.append(self._write(arrays, len(self._builder), self._builder.replaced()))
        if len(self._vocabulary) > _MAX_CHUNKS:
            self._vocabulary = Vocabulary(self._base.protected)
        self._builder = SegmentBuilder(self._vocabulary)

    def _write(self, arrays: dict[str, Array], articles: int, deleted: Sequence[int] = ()) -> Segment:
        path = self._directory / new_name(self._base.generation + 1, SEGMENT_SUFFIX)
        try:
            write_arrays(path, arrays, kind="segment", articles=articles, analysis=analysis.VERSION)
        except OSError as error:
            raise StorageError(path, _FAILED, error) from error
        return Segment(path, deleted, self._base.protected)

    def _delete_replaced(self) -> int:
        """Mark what was added again later as deleted. Returns how many articles were, of those committed before."""
        later = np.empty(0, np.uint64)
        for segment in reversed(self._new):
            keys = _keys(segment)
            segment.delete(holds(keys, later))
            later = np.unique(np.concatenate((later, keys)))
        replaced = 0
        for segment in self._segments:
            mask = holds(_keys(segment), later) & segment.live
            replaced += int(np.count_nonzero(mask))
            segment.delete(mask)
        return replaced

    def _delete_dropped(self) -> int:
        deleted = 0
        for segment in self._segments:
            mask = _of_sources(segment, self._dropped_sources)
            deleted += int(np.count_nonzero(mask))
            segment.delete(mask)
        return deleted

    def _merged(self, segments: list[Segment], pivots: Pivots) -> list[Segment]:
        """Merge small segments of like size, and rewrite those that are mostly deleted."""
        while True:
            chosen = _worth_merging(segments)
            if not chosen:
                return segments
            # A merge would give damaged arrays good checksums.
            verify_sums(chosen)
            articles, arrays = merge_segments(chosen, pivots)
            at = segments.index(chosen[0])
            segments = [s for s in segments if s not in chosen]
            segments.insert(at, self._write(arrays, articles))

    @property
    def is_compact(self) -> bool:
        """Whether what was committed is in as few segments as can be, without anything deleted."""
        return all(_is_whole(part) for part in _packed(self._segments))

    def _compacted(self, segments: list[Segment], pivots: Pivots) -> list[Segment]:
        """As few segments as can be, without anything deleted."""
        compacted = []
        for part in _packed(segments):
            chosen, keep = zip(*part, strict=True)
            if _is_whole(part):
                compacted.append(chosen[0])
                continue
            verify_sums(chosen)
            articles, arrays = merge_segments(chosen, pivots, keep)
            compacted.append(self._write(arrays, articles))
        return compacted

    def _entry(self, segment: Segment, generation: int) -> SegmentEntry:
        known = {entry.name: entry for entry in self._base.segments}.get(segment.name)
        if known and not segment.changed:
            return known
        deleted = ""
        if len(segment.deleted):
            deleted = write_deleted(self._directory, generation, segment.deleted)
        return SegmentEntry(segment.name, segment.articles, deleted)


def _published(directory: Path, fresh: bool) -> Toc:
    if fresh:
        return Toc(last_generation(directory))
    try:
        return read_toc(directory)
    except IndexMissing:
        return Toc(last_generation(directory))


def _protecting(toc: Toc, protected: frozenset[str] | None, directory: Path) -> Toc:
    if protected is None or protected == toc.protected:
        return toc
    if toc.segments:
        # What was indexed before has other stems, and searches would miss it.
        raise WordListError(
            f"{directory}: its articles were indexed with other protected words; "
            f"run `newsearch reindex --protected FILE --index {directory}`"
        )
    return replace(toc, protected=protected)


def _keys(segment: Segment) -> Array:
    """64 bits for every article that stand for its id and its source together."""
    sources = np.array([columns.hash_key(name) for name in segment.names("source")], np.uint64)
    keys: Array = segment.column("id_hash") + sources[segment.file.array("source")]
    return keys


def _of_sources(segment: Segment, sources: Set[str]) -> Array:
    """The live articles of a segment that come from these sources, as a mask."""
    wanted = np.array([name in sources for name in segment.names("source")], bool)
    mask: Array = wanted[segment.file.array("source")] & segment.live
    return mask


def _pivots(segments: Sequence[Segment]) -> Pivots:
    """Medians of the known signals over all live articles: the same however the index was cut into segments."""
    medians = []
    for name in ("heat", "quality"):
        values = np.concatenate([np.empty(0), *(segment.signal(name)[segment.live] for segment in segments)])
        values = values[values >= 0]
        medians.append(float(np.median(values)) if len(values) else 0.0)
    return Pivots(*medians)


def _worth_merging(segments: Sequence[Segment]) -> list[Segment]:
    """Segments that had better be one: _MERGE_FACTOR of like size, or one that is mostly deleted."""
    sizes = {segment.name: segment.live_articles for segment in segments}
    tiers: dict[int, list[Segment]] = {}
    for segment in segments:
        size = sizes[segment.name]
        if len(segment.deleted) > size:
            return [segment]
        if size * 2 <= MAX_ARTICLES:
            tiers.setdefault(size.bit_length() // 3, []).append(segment)
    for tier in tiers.values():
        if len(tier) >= _MERGE_FACTOR:
            chosen: list[Segment] = []
            for segment in tier:
                if sum(sizes[s.name] for s in chosen) + sizes[segment.name] <= MAX_ARTICLES:
                    chosen.append(segment)
            return chosen if len(chosen) > 1 else []
    return []


_Part: TypeAlias = list[tuple[Segment, Array]]
"""Segments, each with numbers of its articles, that are to be one segment."""


def _is_whole(part: _Part) -> bool:
    return len(part) == 1 and len(part[0][1]) == part[0][0].articles


def _packed(segments: Sequence[Segment]) -> list[_Part]:
    """The live articles of segments, in as few parts as a segment's limits allow; full segments stay as they are."""
    parts: list[_Part] = [[]]
    articles = words = 0
    for segment in sorted(
        segments, key=lambda s: s.articles == s.live_articles == MAX_ARTICLES, reverse=True
    ):
        docs = np.flatnonzero(segment.live)
        sizes = segment.lengths.sum(axis=1, dtype=np.int64)[docs]
        while len(docs):
            room = int(np.searchsorted(np.cumsum(sizes), MAX_WORDS - words, side="right"))
            fits = min(MAX_ARTICLES - articles, room)
            if not fits and parts[-1]:
                parts.append([])
                articles = words = 0
                continue
            fits = max(fits, 1)  # an article of more words than a segment should hold gets one of its own
            parts[-1].append((segment, docs[:fits]))
            articles, words = articles + fits, words + int(sizes[:fits].sum())
            docs, sizes = docs[fits:], sizes[fits:]
    return [part for part in parts if part]
