"""What every source offers, and what the sources share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from newsearch.articles.article import Article
from newsearch.errors import SourceError

STREAM: Final = "-"
"""The location of what comes on standard input."""

ADDED: Final = "whoosh:"
"""The location of what was added through Whoosh."""

ONCE: Final = (STREAM, ADDED)
"""Locations of what came once: no path leads to it, and it stays until it is forgotten."""


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
