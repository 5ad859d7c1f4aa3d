"""The interface of a source, and what the sources share."""

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
"""The location of standard input."""

ADDED: Final = "whoosh:"
"""The location of articles added through Whoosh."""

ONCE: Final = (STREAM, ADDED)
"""Locations of one-time sources: they have no path to read again, and their articles stay until they are forgotten."""


class NotNews(SourceError):
    """A file, intact as far as can be told, in which nothing looks like an article."""


class Unread(SourceError):
    """A file of a directory that may have many articles, none of which could be read."""


def is_remote(location: str) -> bool:
    """Whether a location is a web address."""
    return location[:8].lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How sources are read.

    Attributes:
        format: name of a container or vocabulary in the registry, if the file does not indicate it; otherwise "".
        day_first: whether `03/04/2020` is the 3rd of April; None to decide by the language of each article.
        trust_env: whether to take proxies for remote feeds from the environment.
    """

    format: str = ""
    day_first: bool | None = None
    trust_env: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """An article as a container supplies it.

    Attributes:
        vocabulary: the name of the vocabulary that it uses.
        keys: what the vocabulary read.
        place: its position in the file, such as `#3` or `:12`; empty if it is the whole file.
        id: the article's id, if the container knows it.
        doubt: why it may be no article, as far as that is clear; only a file that somebody has named is then read.
    """

    vocabulary: str
    keys: Keys
    place: str = ""
    id: str = ""
    doubt: str = ""


Reader = Callable[[Path, str, ReadingOptions], Iterator["Record | SourceError"]]
"""Reads a file of some format, given its path, the prefix of its articles' ids, and the reading options.

Raises SourceError if nothing in the file can be read. Broken records within it are yielded as errors.
"""


def articles_of(
    records: Iterable[Record | SourceError],
    location: str,
    name: str,
    options: ReadingOptions,
    is_named: bool = True,
) -> Iterator[Article | SourceError]:
    """Make articles from records; a broken record becomes the error that explains the fault.

    Args:
        location: of the file, for messages.
        name: of the file, for the ids of articles that have none.
        is_named: whether somebody has named the file, and not only a directory around it.
    """
    for record in records:
        if isinstance(record, SourceError):
            yield record
            continue
        if record.doubt and not is_named:
            yield NotNews(location, record.doubt)
            continue
        try:
            yield article_from_keys(
                record.keys, f"{location}{record.place}", name, id=record.id, day_first=options.day_first
            )
        except SourceError as error:
            yield error


@dataclass(slots=True)
class Snapshot:
    """The state of a source's files, determined without reading them.

    Attributes:
        names: of the files, in reading order.
        stamps: for each file, a number that changes when the file does; 0 if a change could go unnoticed.
        problems: errors that hide files.
        dangling: the names of links that lead nowhere, and may have led to directories.
    """

    names: list[str] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    problems: list[SourceError] = field(default_factory=list)
    dangling: list[str] = field(default_factory=list)


class Source(Protocol):
    """A place that articles come from.

    Attributes:
        one_each: every file is one article, whose id is the name of the file.
        lasting: it can be read again; otherwise it can only add articles.

    A source may have `window`, which is true if it shows only the newest part of a collection: articles that left it
    are kept. One on the web also has `recall(lines, is_as_before)`, which receives the result of `memory.lines()` from
    the last run, and whether the source is read as it was then.
    A window may have `seen`: when it was read or written, by the clock of its server or the time of its file, or None
    if that is unknown. Articles that were not too old then are not deleted.
    A source whose files were not named one by one, such as a directory, has `passes_over`, which is true: NotNews is
    not an error there.
    """

    one_each: bool
    lasting: bool

    @property
    def location(self) -> str:
        """The absolute path, or "-"."""
        ...

    def snapshot(self) -> Snapshot:
        """Check the files without reading any.

        Raises:
            SourceError: the source cannot be read at all.
        """
        ...

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        """Read the articles, in an order that depends only on the source.

        A broken article is yielded as the SourceError that explains it, and reading continues. A place after
        which nothing more can be read is also yielded as an error; that error hides articles.

        Args:
            workers: number of processes that may read at the same time, if the source benefits from it.
            names: the files to read, out of those in the last snapshot; by default all. If every file is an article,
                each of them gives one result.

        Raises:
            SourceError: the source cannot be read at all.
        """
        ...

    def done(self) -> float | None:
        """The share that has been read of a source without one article per file; None if unknown."""
        ...
