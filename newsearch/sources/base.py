"""What every source offers, and what the sources share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_keys
from newsearch.articles.vocabularies import Keys
from newsearch.errors import SourceError

STREAM: Final = "-"
"""The location of what comes on standard input."""

ADDED: Final = "whoosh:"
"""The location of what was added through Whoosh."""

ONCE: Final = (STREAM, ADDED)
"""Locations of what came once: no path leads to it, and it stays until it is forgotten."""


def is_remote(location: str) -> bool:
    """Whether a location is an address of the web."""
    return location[:8].lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How sources are read.

    Attributes:
        format: name of a container or vocabulary of the registry, where the file does not say it; else "".
        day_first: whether `03/04/2020` is the 3rd of April; None to ask the language of each article.
        trust_env: whether proxies for remote feeds are taken from the environment.
    """

    format: str = ""
    day_first: bool | None = None
    trust_env: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """An article as a container gives it.

    Attributes:
        vocabulary: the name of what it speaks.
        keys: what the vocabulary read.
        place: where it stands in its file, as `#3`, `:12`; empty where it is the file.
        id: of the article, where the container knows it.
    """

    vocabulary: str
    keys: Keys
    place: str = ""
    id: str = ""


Reader = Callable[[Path, str, ReadingOptions], Iterator["Record | SourceError"]]
"""Reads a file of some format: its path, the name that its articles' ids begin with, and how it is to be read.

Raises SourceError where nothing of the file can be read; what is broken within it is yielded.
"""


def articles_of(
    records: Iterable[Record | SourceError], location: str, name: str, options: ReadingOptions
) -> Iterator[Article | SourceError]:
    """Make articles of records; one that is broken becomes the error that says why.

    Args:
        location: of the file, for messages.
        name: of the file, for the ids of articles that have none.
    """
    for record in records:
        if isinstance(record, SourceError):
            yield record
            continue
        try:
            yield article_from_keys(
                record.keys, f"{location}{record.place}", name, id=record.id, day_first=options.day_first
            )
        except SourceError as error:
            yield error


@dataclass(slots=True)
class Snapshot:
    """What the files of a source look like, without reading them.

    Attributes:
        names: of the files, in the order in which they are read.
        stamps: for each a number that changes when the file does; 0 where that cannot be told.
        problems: what hides files.
    """

    names: list[str] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    problems: list[SourceError] = field(default_factory=list)


class Source(Protocol):
    """A place where articles come from.

    Attributes:
        one_each: every file of it is one article, whose id is the name of the file.
        lasting: it can be read again; otherwise it only ever adds articles.

    A source may have `window`: it shows the newest part of a collection only, so that what it no longer has stays.
    Then it also has `recall(lines)`, which is given what `memory.lines()` gave after the last run.
    """

    one_each: bool
    lasting: bool

    @property
    def location(self) -> str:
        """The absolute path, or "-"."""
        ...

    def snapshot(self) -> Snapshot:
        """Look at the files, and read none.

        Raises:
            SourceError: the source cannot be read at all.
        """
        ...

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        """Read the articles, in an order that depends on the source alone.

        A broken article is yielded as the SourceError that says why, and the rest goes on. So is a place from
        which nothing more can be read; that error hides articles.

        Args:
            workers: how many processes may read at the same time, where the source gains by it.
            names: of the files to read, out of those of the last snapshot; each then gives one result, where
                every file is an article. All without it.

        Raises:
            SourceError: the source cannot be read at all.
        """
        ...

    def done(self) -> float | None:
        """Tell which share of a source whose files are not one article each was read so far; None if nobody knows."""
        ...
