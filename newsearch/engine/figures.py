"""What does an engine tell of an index and of its upkeep? Searches need none of this, and do not wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stats:
    """What an index holds.

    Attributes:
        articles: live articles; unpublished is how many of them are.
        deleted: articles that were deleted or replaced and still take room.
        hidden: articles that are kept, but not found, because an earlier source has them too.
        segments: the parts that the engine keeps the index in.
        terms: exact forms of words, counted in each part.
        size, files: bytes on disk, in so many files; 0 where the engine keeps none.
        generation: the number of the commit that published it.
        oldest, newest: the range of dates, or None where no article has one.
        median_heat, median_quality: the pivots of the boosts; None where no article has the signal.
        sources: locations of the sources that it was built from.
        sources_read: for each of them when files of it were last read, aware; None where that is not known.
        sources_broken: for each of them how many of its articles were broken then.
        created: when it was published.
        format: the version of the form in which the engine keeps it.
    """

    articles: int
    unpublished: int
    deleted: int
    segments: int
    terms: int
    size: int
    generation: int
    oldest: datetime | None
    newest: datetime | None
    median_heat: float | None
    median_quality: float | None
    sources: tuple[str, ...]
    created: datetime
    files: int
    format: int
    hidden: int
    sources_read: tuple[datetime | None, ...]
    sources_broken: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found out about an index.

    Attributes:
        generation: the one that was read.
        files, size: of that generation; size is in bytes.
        articles: live articles that were read.
        searches: searches that were made for articles that are there.
        unused: names of files that no generation uses, as killed writers leave them, and from which no run could go on;
            the next commit deletes them.
        problems: what is wrong, one line each; none where all is well.
        seconds: how long it took.
    """

    generation: int
    files: int
    size: int
    articles: int
    searches: int
    unused: tuple[str, ...]
    problems: tuple[str, ...]
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Compaction:
    """What compacting an index did.

    Attributes:
        articles: live articles.
        dropped: deleted articles that took room until now.
        segments_before, segments: parts of the index before and after.
        size_before, size: bytes on disk, of files that no generation used too.
        generation: the one that is published now; the same as before where there was nothing to do.
        seconds: how long it took.
    """

    articles: int
    dropped: int
    segments_before: int
    segments: int
    size_before: int
    size: int
    generation: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup that was written or restored: its path, its bytes, the generation and the articles in it."""

    path: Path
    size: int
    generation: int
    articles: int
