"""Open a newsearch index as a Whoosh index, for code that was written for Whoosh.

    from newsearch.engine.whoosh.compatible import open_index

    with open_index("index").searcher() as searcher:
        results = searcher.search(Phrase("text", ["facial", "recognition"]), limit=10)

Everything in Whoosh that reads an index works on it. Its writers can add, update and delete documents.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

from whoosh import fields
from whoosh.filedb.filestore import FileStorage, ReadOnlyError
from whoosh.index import TOC, FileIndex
from whoosh.reading import EmptyReader, MultiReader, SegmentReader
from whoosh.writing import IndexingError

from newsearch.engine.arrays.files.toc import TOC_NAME, SegmentEntry, Toc, read_toc
from newsearch.engine.arrays.segment.generation import open_generation
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.whoosh.codec import ArrayReader, ArraySegment
from newsearch.engine.whoosh.schema import ExactTokenizer, make_schema
from newsearch.engine.whoosh.writer import ArrayWriter, fixed
from newsearch.text import analysis

__all__ = ["ArrayIndex", "ArrayWriter", "ExactTokenizer", "make_schema", "open_index"]


class ArrayIndex(FileIndex):  # type: ignore[misc]
    """A newsearch index as a Whoosh index: `reader`, `searcher` and `writer` work as in Whoosh.

    A reader sees the generation that is published when it is created. Segments and the terms cached in them stay open
    between readers, as long as the index contains them unchanged.

    Args:
        readonly: refuse to write.
    """

    _segment_class = ArraySegment
    _writer_class = ArrayWriter

    def __init__(self, directory: str | Path, readonly: bool = False) -> None:
        self._directory = Path(directory)
        self.storage = FileStorage(str(directory), readonly=readonly)
        self.indexname = "MAIN"
        self._toc = Toc(-1)
        self._open: dict[SegmentEntry, ArraySegment] = {}
        self._schema = make_schema()
        read_toc(self._directory)

    def latest_generation(self) -> int:
        return read_toc(self._directory).generation

    def last_modified(self) -> float:
        return (self._directory / TOC_NAME).stat().st_mtime

    def _make_schema(self, segments: list[Segment], protected: frozenset[str]) -> fields.Schema:
        return make_schema(_stemmings(segments, protected))

    def _read_toc(self) -> TOC:
        if read_toc(self._directory) != self._toc:
            toc, segments = open_generation(self._directory)
            self._schema = self._make_schema(segments, toc.protected)
            kept: dict[SegmentEntry, ArraySegment] = {}
            for entry, segment in zip(toc.segments, segments, strict=True):
                # Whoosh treats segments with the same name as identical, even if their deletions differ.
                name = "-".join(filter(None, (entry.name, entry.deleted, entry.hidden)))
                kept[entry] = self._open.get(entry) or self._segment_class(name, segment, self._schema)
            self._open, self._toc = kept, toc
        return TOC(self._schema, list(self._open.values()), self._toc.generation)

    def _current_schema(self) -> fields.Schema:
        return self._read_toc().schema

    def reader(self, reuse: Any = None, deleted: Collection[int] = ()) -> Any:
        """A reader of the published generation.

        Args:
            reuse: the reader that this one replaces. What a BufferedWriter had added to it stays, unless there is a
                newer generation, which may hold the same documents.
            deleted: the numbers of articles to leave out.
        """
        # `_read_toc` reuses open segments. Whoosh's own reuse would bring deleted segments back.
        toc = self._read_toc()
        readers: list[Any] = []
        start = 0
        for segment in toc.segments:
            end = start + segment.doc_count_all()
            here = frozenset(docnum - start for docnum in deleted if start <= docnum < end)
            readers.append(
                ArrayReader(
                    self.storage, toc.schema, segment.without(here) if here else segment, toc.generation
                )
            )
            start = end
        readers += _buffered(reuse, toc.generation)
        if not readers:
            return _NoArticles(toc.schema, toc.generation)
        return readers[0] if len(readers) == 1 else MultiReader(readers, generation=toc.generation)

    def writer(self, procs: int = 1, timeout: float = 0.0, **options: Any) -> ArrayWriter:
        """A writer (see ArrayWriter). Whoosh options that do not affect the result are ignored.

        Raises:
            ReadOnlyError: the index was opened with `readonly`.
            IndexingError: several processes or another codec were requested.
        """
        if self.storage.readonly:
            raise ReadOnlyError(f"{self._directory}: opened to read only")
        if procs > 1 or options.get("multisegment") or options.get("codec") is not None:
            raise IndexingError(
                "newsearch writes with one process and its own codec; "
                "`newsearch index --workers` reads sources with several"
            )
        limit = {"limitmb": options["limitmb"]} if "limitmb" in options else {}
        return self._writer_class(self, timeout, **limit)

    def optimize(self, **options: Any) -> None:
        """Merge all segments that can be merged, and drop deleted articles."""
        self.writer(**options).commit(optimize=True)

    def add_field(self, fieldname: str, fieldspec: Any) -> NoReturn:
        """Raises IndexingError: the fields are fixed."""
        fixed(fieldname)

    def remove_field(self, fieldname: str) -> NoReturn:
        """Raises IndexingError: the fields are fixed."""
        fixed(fieldname)

    def lock(self, name: str) -> NoReturn:
        """Raises IndexingError: one of Whoosh's own writers would leave files that newsearch does not know."""
        raise IndexingError("only index.writer() writes to an index of newsearch")


def _buffered(reader: Any, generation: int) -> list[Any]:
    """The readers of documents in memory that a BufferedWriter added to a reader of this generation."""
    if reader is None:
        return []
    leaves = [leaf for leaf, _ in reader.leaf_readers()]
    published = [leaf for leaf in leaves if isinstance(leaf, _NoArticles | SegmentReader)]
    published = [
        leaf for leaf in published if leaf.segment() is None or isinstance(leaf.segment(), ArraySegment)
    ]
    if any(leaf.generation() != generation for leaf in published):
        return []
    return [leaf for leaf in leaves if leaf not in published]


class _NoArticles(EmptyReader):  # type: ignore[misc]
    """A reader of an index without articles."""

    def __init__(self, schema: fields.Schema, generation: int) -> None:
        super().__init__(schema)
        self._generation = generation

    def generation(self) -> int:
        return self._generation


def _stemmings(segments: list[Segment], protected: frozenset[str]) -> list[analysis.Stemming]:
    codes = list(analysis.LANGUAGES)
    spoken = {number for segment in segments for number in segment.dictionary.stemmings}
    return [analysis.Stemming(codes[number], protected) for number in sorted(spoken | {0})]


def open_index(directory: str | Path) -> ArrayIndex:
    """Open a newsearch index as a Whoosh index.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is no index, or it cannot be read.
    """
    return ArrayIndex(directory)
