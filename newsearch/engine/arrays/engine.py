"""The entry point of the arrays engine. It implements `Engine`, and imports each module only when it is used."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from newsearch.engine.base import CACHE, NO_SETTINGS, Recipe
from newsearch.engine.writing import WriterOptions
from newsearch.errors import IndexMissing

if TYPE_CHECKING:
    from newsearch.engine.arrays.reader import ArraysReader
    from newsearch.engine.arrays.writer import ArraysWriter
    from newsearch.engine.arrays.writing.ledger import Held
    from newsearch.engine.figures import Archive, Compaction, Verification


class ArraysEngine:
    """Implements `Engine`.

    Args:
        directory: the directory of the index.
    """

    def __init__(self, directory: Path) -> None:
        self.place = directory

    def reader(self, *, memory: int = CACHE) -> ArraysReader:
        from newsearch.engine.arrays.reader import ArraysReader

        return ArraysReader(self.place, memory=memory)

    def writer(self, **options: Unpack[WriterOptions]) -> ArraysWriter:
        from newsearch.engine.arrays.files.toc import TOC_NAME
        from newsearch.engine.arrays.writer import ArraysWriter, WriterElsewhere

        if options.get("rehearsal") and not (self.place / TOC_NAME).exists():
            return WriterElsewhere(**options)
        return ArraysWriter(self.place, **options)

    def held(self, *, fresh: bool = False, protected: frozenset[str] | None = None) -> Held:
        from newsearch.engine.arrays.files.toc import Toc
        from newsearch.engine.arrays.segment.generation import open_generation
        from newsearch.engine.arrays.writer import protecting
        from newsearch.engine.arrays.writing.ledger import Held

        if not fresh:
            with suppress(IndexMissing):
                toc, segments = open_generation(self.place)
                return Held(self.place, protecting(toc, protected, self.place), segments)
        return Held(self.place, Toc(0), ())

    def recipe(self) -> Recipe:
        from newsearch.engine.arrays.files.toc import read_toc

        toc = read_toc(self.place, any_version=True)
        settings = {entry.location: entry.settings for entry in toc.sources if entry.settings != NO_SETTINGS}
        return Recipe(toc.locations, toc.protected, toc.keep_history, settings)

    def verify(self) -> Verification:
        from newsearch.engine.arrays.upkeep import verify

        return verify(self.place)

    def compact(self, wait: float = 0.0) -> Compaction:
        from newsearch.engine.arrays.upkeep import compact

        return compact(self.place, wait)

    def backup(self, file: Path) -> Archive:
        from newsearch.engine.arrays.archives import backup

        return backup(self.place, file)

    def restore(self, file: Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
        from newsearch.engine.arrays.archives import restore

        return restore(file, self.place, replace=replace, wait=wait)
