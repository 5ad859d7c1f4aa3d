"""How is a generation opened while another may be published?"""

from __future__ import annotations

from pathlib import Path

from newsearch.engine.arrays.files.toc import SEGMENT_SUFFIX, Toc, read_numbers, read_toc
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.errors import IndexCorrupt, StorageError


def open_segments(directory: Path, toc: Toc) -> list[Segment]:
    """The segments of a generation.

    Raises:
        FileNotFoundError: a file is gone, for example because of a commit since the table of contents was read.
        IndexCorrupt, IndexIncompatible: a file does not match the table of contents.
        StorageError: a file cannot be read.
    """
    segments = []
    for entry in toc.segments:
        try:
            segment = Segment(
                directory / (entry.name + SEGMENT_SUFFIX),
                read_numbers(directory, "deleted", entry.deleted, entry.articles),
                read_numbers(directory, "hidden", entry.hidden, entry.articles),
                toc.protected,
            )
        except FileNotFoundError:
            raise
        except OSError as error:
            path = error.filename or directory / (entry.name + SEGMENT_SUFFIX)
            raise StorageError(path, "cannot be read", error) from error
        if segment.articles != entry.articles:
            raise IndexCorrupt(segment.file.path, f"holds {segment.articles} articles, not {entry.articles}")
        segments.append(segment)
    return segments


def open_generation(directory: Path) -> tuple[Toc, list[Segment]]:
    """The published generation and its segments. Needs no lock, however many commits happen meanwhile.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt, StorageError: there is no index, or it cannot be read.
    """
    while True:
        toc = read_toc(directory)
        try:
            return toc, open_segments(directory, toc)
        except FileNotFoundError as error:
            # A commit may have removed the file after the table of contents was read. There is a newer one then.
            if read_toc(directory) == toc:
                raise IndexCorrupt(error.filename, "missing") from error
