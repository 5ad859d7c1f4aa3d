"""An index open for reading: one generation of it, which does not change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from newsearch.article import Article
from newsearch.engine.base import Options, Stats
from newsearch.engine.whoosh import columns
from newsearch.engine.whoosh.damage import checked
from newsearch.engine.whoosh.search import Search
from newsearch.engine.whoosh.segment import Segment
from newsearch.engine.whoosh.toc import SEGMENT_SUFFIX, Toc, read_numbers, read_toc
from newsearch.engine.whoosh.view import View
from newsearch.errors import EngineError, IndexCorrupt
from newsearch.query.tree import Node

_ATTEMPTS = 10


def open_segments(directory: Path, toc: Toc) -> list[Segment]:
    """The segments of a generation.

    Raises:
        FileNotFoundError: a file is gone, as after a commit that happened since the generation was read.
        IndexCorrupt, IndexIncompatible: a file is not as the table of contents says.
        EngineError: a file cannot be read.
    """
    segments = []
    for entry in toc.segments:
        try:
            segment = Segment(
                directory / (entry.name + SEGMENT_SUFFIX),
                read_numbers(directory, entry.deleted, entry.articles),
                read_numbers(directory, entry.hidden, entry.articles),
            )
        except FileNotFoundError:
            raise
        except OSError as error:
            raise EngineError(f"{error.filename}: cannot be read: {error.strerror}") from error
        if segment.articles != entry.articles:
            raise IndexCorrupt(
                f"{segment.file.path}: holds {segment.articles} articles, not {entry.articles}; run `newsearch reindex`"
            )
        segments.append(segment)
    return segments


class WhooshReader:
    """Fulfils `Reader`.

    Args:
        directory: of the index.
        unpublished: a generation to open instead of the one that is published.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no such index, or none that can be read.
    """

    def __init__(self, directory: Path, unpublished: Toc | None = None) -> None:
        self.directory = directory
        for attempt in range(_ATTEMPTS):
            self.toc = unpublished or read_toc(directory)
            try:
                self._segments = open_segments(directory, self.toc)
                break
            except FileNotFoundError as error:
                # A commit between reading the table of contents and opening what it names: read it again.
                if attempt == _ATTEMPTS - 1 or read_toc(directory).generation == self.toc.generation:
                    raise IndexCorrupt(f"{error.filename}: missing; run `newsearch reindex`") from error
        self._view = View(self._segments, self.toc.pivots)

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments of this generation."""
        return self._segments

    def search(self, tree: Node, options: Options) -> Search:
        return Search(self._view, tree, options)

    @checked
    def get(self, id: str) -> Article | None:
        wanted = np.uint64(columns.hash_key(id))
        # The newest segment first: it has the latest of two articles of one id from different sources.
        for segment in reversed(self._segments):
            for doc in np.flatnonzero(segment.column("id_hash") == wanted).tolist():
                if segment.live[doc] and segment.records.read(doc).id == id:
                    return segment.article(doc)
        return None

    def articles(self) -> Iterator[Article]:
        for segment in self._segments:
            for doc in np.flatnonzero(segment.live).tolist():
                yield segment.article(doc)

    @checked
    def stats(self) -> Stats:
        view = self._view
        dates = view.known("date")[view.live]
        dates = dates[~np.isnan(dates)]
        return Stats(
            articles=view.live_articles,
            unpublished=view.live_articles - int(np.count_nonzero(view.visible)),
            deleted=view.articles - view.live_articles,
            segments=len(self._segments),
            terms=sum(len(segment.dictionary) for segment in self._segments),
            size=sum(segment.file.size for segment in self._segments),
            generation=self.toc.generation,
            oldest=datetime.fromtimestamp(int(dates.min()), UTC) if len(dates) else None,
            newest=datetime.fromtimestamp(int(dates.max()), UTC) if len(dates) else None,
            median_heat=view.pivots.heat,
            median_quality=view.pivots.quality,
            sources=self.toc.locations,
            created=datetime.fromisoformat(self.toc.created),
        )
