"""Every error that newsearch raises on purpose.

    NewsearchError
    ├── QueryError           a query or a search option that cannot be used
    ├── SourceError          a source, or one article in it, that cannot be read
    ├── IndexMissing         there is no index at this place
    ├── IndexLocked          another process is writing to this index
    ├── IndexIncompatible    the index was made by another version of newsearch
    ├── IndexCorrupt         a file of the index is damaged or is not ours
    ├── GateFailed           a new generation does not pass the checks that guard the index
    └── EngineError          the engine, or one of its dependencies, failed

A message is one line: what is wrong, with the file, field or position, and what to do next.
"""

from __future__ import annotations


class NewsearchError(Exception):
    """The root of the tree: catch this one to catch them all."""


class QueryError(NewsearchError):
    """A query or a search option that cannot be used as it stands."""


class SourceError(NewsearchError):
    """A source that cannot be read, or one broken article in it.

    Attributes:
        location: the file, with the line or record number where there is one.
        reason: what is wrong, without the location.
        hides_articles: the source has, or may have, more articles, which could not be read because of this.
    """

    def __init__(self, location: str, reason: str, hides_articles: bool = False) -> None:
        super().__init__(location, reason, hides_articles)
        self.location = location
        self.reason = reason
        self.hides_articles = hides_articles

    def __str__(self) -> str:
        return f"{self.location}: {self.reason}"


class IndexMissing(NewsearchError):
    """There is no index at this place."""


class IndexLocked(NewsearchError):
    """Another process is writing to this index."""


class IndexIncompatible(NewsearchError):
    """The index was made by another version of newsearch, and has to be built again."""


class IndexCorrupt(NewsearchError):
    """A file of the index is damaged, or was not written by newsearch."""


class GateFailed(NewsearchError):
    """A new generation of an index does not pass its gate, or the gate cannot be read; the index is as it was."""


class EngineError(NewsearchError):
    """The engine, or one of its dependencies, failed."""
