"""Reads one generation of an index, which never changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.files.layout import FORMAT_VERSION
from newsearch.engine.arrays.files.state import noted
from newsearch.engine.arrays.files.toc import Toc, read_toc
from newsearch.engine.arrays.searching.form_counts import FormCounts
from newsearch.engine.arrays.searching.guard import checked
from newsearch.engine.arrays.searching.search import Search
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.generation import open_generation, open_segments
from newsearch.engine.arrays.segment.segment import Segment, of_sources
from newsearch.engine.base import CACHE, FieldStats, Fold, LikeForm, Options
from newsearch.query.tree import Node
from newsearch.text.hashes import hash_key

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.folded import FoldedSearch
    from newsearch.engine.figures import Stats


_ASIDE = 64 << 20
_ASIDE_SEGMENT = 200 << 10
_ASIDE_ARTICLE = 3
"""Bytes of the limit that are left for Python and for searches that run, some for each segment and article; two thirds
of a smaller limit."""


class ArraysReader:
    """Implements `Reader`.

    Args:
        directory: the directory of the index.
        unpublished: a generation to open instead of the published one.
        memory: the most bytes that may be kept from searches, with a share for Python and for searches that run.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or it cannot be read.
    """

    def __init__(self, directory: Path, unpublished: Toc | None = None, memory: int = CACHE) -> None:
        self.directory = directory
        if unpublished:
            self.toc, self._segments = unpublished, open_segments(directory, unpublished)
        else:
            self.toc, self._segments = open_generation(directory)
        self._memory = memory
        published = None if unpublished else (directory, self.toc)
        aside = _ASIDE + sum(_ASIDE_SEGMENT + _ASIDE_ARTICLE * segment.articles for segment in self._segments)
        self._view = View(self._segments, self.toc.pivots, memory - min(aside, 2 * memory // 3), published)
        self._form_counts = FormCounts(self._view)

    @property
    def cached(self) -> int:
        """The bytes that are kept from searches."""
        return self._view.memory

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments of this generation."""
        return self._segments

    def search(self, tree: Node, options: Options) -> Search:
        return Search(self._view, tree, options)

    def fold(self, tree: Node, options: Options, fold: Fold) -> FoldedSearch:
        from newsearch.engine.arrays.searching.folded import FoldedSearch  # with all that compares articles

        return FoldedSearch(self._view, tree, options, fold)

    def fold_stories(self, tree: Node, options: Options, fold: Fold) -> FoldedSearch:
        from newsearch.engine.arrays.searching.folded import FoldedSearch  # with all that compares articles

        return FoldedSearch(self._view, tree, options, fold, stories=True)

    @property
    def are_copies_pending(self) -> bool:
        return self._view.found_groups.is_pending

    def defer_copies(self) -> Callable[[], None]:
        return self._view.defer_groups()

    @checked
    def prepare(self) -> None:
        self._view.put_together()

    def share_lists(self, directory: Path, limit: int) -> None:
        # Only servers share them.
        from newsearch.engine.arrays.files.kept import identity
        from newsearch.engine.arrays.searching.shared_lists import LEAST, SharedLists

        generation = self.toc.generation
        name = f"{generation}-{identity(self.toc):016x}.lists"
        try:
            self._view.share(SharedLists(directory / name, max(limit, LEAST)))
            for other in directory.glob("*.lists"):
                # Processes that still search an older generation keep what they have mapped.
                number = other.name.partition("-")[0]
                if number.isdecimal() and int(number) < generation:
                    other.unlink(missing_ok=True)
        except OSError:
            return  # each process makes its own

    @checked
    def copies(self, id: str) -> list[Article]:
        found = self._find(id)
        if found is None:
            return []
        segment, number = found
        doc = self._view.starts[self._segments.index(segment)] + number
        groups = self._view.groups
        is_among = (groups.of == groups.of[doc]) if groups.shared[doc] else np.arange(len(groups.of)) == doc
        return [self._view.article(doc) for doc in np.flatnonzero(is_among).tolist()]

    @checked
    def get(self, id: str) -> Article | None:
        found = self._find(id)
        return found and found[0].article(found[1])

    def _find(self, id: str) -> tuple[Segment, int] | None:
        """The segment of the live article with this id, and its number there."""
        wanted = np.uint64(hash_key(id))
        found = [
            (segment, doc)
            for segment in self._segments
            for doc in np.flatnonzero(segment.column("id_hash") == wanted).tolist()
            if segment.live[doc] and segment.records.read(doc).id == id
        ]
        if len(found) < 2:
            return found[0] if found else None
        ranks = {source: number for number, source in enumerate(self.toc.locations)}
        return max(found, key=lambda place: ranks.get(_source(*place), -1))

    def articles(self) -> Iterator[Article]:
        for segment in self._segments:
            for doc in np.flatnonzero(segment.live).tolist():
                yield segment.article(doc)

    def exported(self) -> Iterator[Article]:
        places = [
            (segment, doc) for segment in self._segments for doc in np.flatnonzero(segment.live).tolist()
        ]
        names = sorted({name for segment in self._segments for name in segment.names("source")})
        ranks = {name: rank for rank, name in enumerate(names)}
        hashes, sources = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
        for segment in self._segments:
            own = np.array([ranks[name] for name in segment.names("source")], np.int64)
            hashes.append(segment.column("id_hash")[segment.live])
            sources.append(own[segment.column("source")[segment.live]])
        for at in np.lexsort((np.concatenate(sources), np.concatenate(hashes))).tolist():
            segment, doc = places[at]
            yield segment.article(doc)

    def kept(self, source: str) -> Iterator[Article]:
        for segment in self._segments:
            for doc in np.flatnonzero(of_sources(segment, {source})).tolist():
                yield segment.article(doc)

    def check(self) -> None:
        from newsearch.engine.arrays.segment.structure import verify_sums  # searches never need it

        verify_sums(self._segments)

    def newer(self) -> ArraysReader | None:
        return (
            None
            if read_toc(self.directory) == self.toc
            else ArraysReader(self.directory, memory=self._memory)
        )

    @checked
    def ids(self, prefix: str) -> list[str]:
        return [
            id
            for segment in self._segments
            for doc in segment.maybe_with_id(prefix).tolist()
            if segment.live[doc] and (id := segment.records.id(doc)).startswith(prefix)
        ]

    @checked
    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        return self._form_counts.begun(prefix, limit, among)

    @checked
    def like(self, term: str, edits: int, least: int = 1) -> list[LikeForm]:
        return self._form_counts.like(term, edits, least)

    @checked
    def count(self, node: Node) -> int:
        return self._form_counts.count(node)

    @checked
    def bound(self, words: Sequence[str]) -> int:
        return self._form_counts.bound(words)

    @checked
    def articles_with(self, form: str) -> int:
        return self._form_counts.articles_with(form)

    @checked
    def stats(self) -> Stats:
        from newsearch.engine.figures import Stats  # searches never need it

        view = self._view
        dates = view.known("date")[view.live]
        dates = dates[~np.isnan(dates)]
        hidden = sum(len(segment.hidden) for segment in self._segments)
        states = [
            noted(self.directory / entry.state) if entry.state else (None, 0) for entry in self.toc.sources
        ]
        return Stats(
            articles=view.live_articles,
            unpublished=view.live_articles - int(np.count_nonzero(view.visible)),
            deleted=view.articles - view.live_articles - hidden,
            hidden=hidden,
            segments=len(self._segments),
            terms=sum(len(segment.dictionary) for segment in self._segments),
            size=self.toc.size(self.directory),
            files=1 + len(self.toc.files()),
            format=FORMAT_VERSION,
            generation=self.toc.generation,
            oldest=datetime.fromtimestamp(int(dates.min()), UTC) if len(dates) else None,
            newest=datetime.fromtimestamp(int(dates.max()), UTC) if len(dates) else None,
            median_heat=self._median("heat", view.pivots.heat),
            median_quality=self._median("quality", view.pivots.quality),
            sources=self.toc.locations,
            sources_read=tuple(read for read, _ in states),
            sources_broken=tuple(broken for _, broken in states),
            created=datetime.fromisoformat(self.toc.created),
            keep_history=self.toc.keep_history,
            sources_settings=tuple(entry.settings for entry in self.toc.sources),
        )

    def _median(self, signal: str, pivot: float) -> float | None:
        values = self._view.known(signal)[self._view.live]
        return pivot if (values >= 0).any() else None

    @checked
    def fields(self) -> list[FieldStats]:
        terms = np.zeros(len(ranking.TEXT_FIELDS), np.int64)
        words = np.zeros(len(ranking.TEXT_FIELDS), np.int64)
        for segment in self._segments:
            words += segment.lengths.sum(axis=0, dtype=np.int64)
            terms += _terms_of_fields(segment)
        texts = zip(ranking.TEXT_FIELDS, terms.tolist(), words.tolist(), strict=True)
        values = [FieldStats(name, len(set(self._view.names(name)) - {""}), None) for name in columns.TABLES]
        return [*(FieldStats(*text) for text in texts), *values]


def _source(segment: Segment, doc: int) -> str:
    """The location of the source of an article."""
    name: str = segment.names("source")[segment.column("source")[doc]]
    return name


def _terms_of_fields(segment: Segment) -> NDArray[np.int64]:
    """The number of distinct exact forms in each text field of a segment."""
    array = segment.file.array
    ends = np.cumsum(segment.lengths, axis=1, dtype=np.int64)
    found = np.zeros((len(ranking.TEXT_FIELDS), len(segment.dictionary)), bool)
    for at, doc, pos in (("post_at", "post_doc", "post_pos"), ("more_at", "more_doc", "more_pos")):
        counts: NDArray[Any] = np.diff(array(at).astype(np.int64))
        term = np.repeat(np.arange(len(counts)), counts)
        field = (ends[array(doc)] <= array(pos)[:, None]).sum(axis=1)
        found[field, term] = True
    counted: NDArray[np.int64] = found.sum(axis=1)
    return counted
