"""What does an engine report about an index, its sources and its maintenance?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple


class SourceSettings(NamedTuple):
    """How a source is read, as far as somebody has said so.

    Attributes:
        format: the name of the format of its files; "" if it is recognised.
        day_first: whether `03/04/2020` is the 3rd of April; None if the language of each article decides.
        keep: seconds after which articles of a window are dropped; None to keep all.
        window: whether it shows only a part of a collection, and articles that it no longer has are kept; None if
            its format decides.
    """

    format: str = ""
    day_first: bool | None = None
    keep: int | None = None
    window: bool | None = None


NO_SETTINGS = SourceSettings()


@dataclass(frozen=True, slots=True)
class Stats:
    """The contents of an index, in numbers.

    Attributes:
        articles: the number of live articles.
        unpublished: the number of live articles that are unpublished.
        deleted: the number of deleted or replaced articles that still take space.
        hidden: the number of articles that are kept but not found, because an earlier source has them too.
        segments: the number of parts in which the engine keeps the index.
        terms: the number of exact forms of words, summed over the parts.
        size: bytes on disk. 0 if the engine keeps no files.
        files: the number of files on disk.
        generation: the number of the commit that published the index.
        oldest, newest: the range of dates, or None if no article has one.
        median_heat, median_quality: the pivots of the boosts. None if no article has the signal.
        sources: the locations of the sources.
        sources_read: for each source, the aware datetime at which its files were last read. None if unknown.
        sources_broken: for each source, the number of its articles that were broken at that time.
        created: when the generation was published.
        format: the version of the engine's format.
        keep_history: whether earlier versions of articles are kept.
        sources_settings: for each source, how it is read.
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
    keep_history: bool = False
    sources_settings: tuple[SourceSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of checking an index.

    Attributes:
        generation: the generation that was checked.
        files, size: the number of its files, and their size in bytes.
        articles: the number of live articles that were read.
        searches: the number of searches for existing articles that were run.
        unused: the names of files that no generation uses and no run can resume from. A writer at work has such files,
            and a killed one leaves them. The next commit deletes those that were left.
        problems: the problems, one line each. Empty if there are none.
        seconds: the duration.
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
        """Whether no problem was found."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Compaction:
    """The result of compacting an index.

    Attributes:
        articles: the number of live articles.
        dropped: the number of deleted articles whose space was freed.
        segments_before, segments: the number of parts of the index before and after.
        size_before, size: bytes on disk before and after, including unused files.
        generation: the generation that is now published. It is unchanged if there was nothing to do.
        seconds: the duration.
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
    """A backup that was written or restored: its path, its size in bytes, its generation, its number of articles."""

    path: Path
    size: int
    generation: int
    articles: int
