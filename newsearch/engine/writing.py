"""The protocols of changes.

Writer      changes that become the next generation atomically
Held        what the changes start from, with a Ledger for each source
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Final, NamedTuple, Protocol, TypedDict

from newsearch.articles.article import Article
from newsearch.engine.base import Reader
from newsearch.engine.figures import SourceSettings

MEMORY = 512 << 20
LEAST_MEMORY = 16 << 20
"""Bytes of added articles that a writer may keep in memory: the default and the minimum."""

MAX_NAMES = 1000
"""The maximum number of ids in a SourceDifference for each kind of change. The counts are complete."""


class Changes(NamedTuple):
    """What a commit did: articles added, replaced and deleted, and live articles afterwards."""

    added: int
    replaced: int
    deleted: int
    articles: int


class SourceDifference(NamedTuple):
    """How a source differs from its articles in the index: counts, and the first MAX_NAMES ids of each kind.

    A moved article has the same content under a new id. It counts neither as added nor as deleted.
    """

    added: int
    replaced: int
    deleted: int
    moved: int
    unchanged: int
    repeated: int
    added_ids: tuple[str, ...]
    replaced_ids: tuple[str, ...]
    deleted_ids: tuple[str, ...]
    moved_ids: tuple[tuple[str, str], ...]


class SourceState(NamedTuple):
    """The files of a source when it was last read.

    Attributes:
        names: the names of the files, without duplicates.
        stamps: the stamp of each file.
        broken: how many articles were broken.
        faults: the location and the reason of the first broken articles.
    """

    names: Sequence[str]
    stamps: Sequence[int]
    broken: int = 0
    faults: Sequence[tuple[str, str]] = ()

    @property
    def looks(self) -> dict[str, int]:
        """The stamp of each file, by its name."""
        return dict(zip(self.names, self.stamps, strict=True))


class Ledger(Protocol):
    """Compares the articles of one source, as they are read, with its articles in the index.

    Two articles with the same content differ at most in their ids, histories, and pictures.
    """

    def differing(self, articles: list[Article]) -> Sequence[Article]:
        """Return the articles that must be added: those that are new, changed, or were read before in this run."""

    def former(self, articles: Sequence[Article]) -> Sequence[Article | None]:
        """Return for each article the committed article of the source with the same id, or None.

        Raises:
            IndexCorrupt: one of them is damaged.
        """

    def pass_over(self, ids: Iterable[str]) -> None:
        """Count articles as read and unchanged: as in the index, or as an interrupted run has indexed them."""

    def drop(self, ids: Iterable[str]) -> None:
        """Count these articles, as far as the index has them, as gone from the source."""

    def drop_unseen(self) -> None:
        """Count all articles in the index that were not read as gone from the source."""

    def difference(self) -> SourceDifference:
        """Return what has changed. Call it when all articles are read, and those that are gone are dropped."""


class Held(Protocol):
    """What an index already holds, and what an interrupted run has indexed beyond that."""

    @property
    def articles_ahead(self) -> int:
        """How many articles an interrupted run has indexed."""

    def ledger(self, source: str) -> Ledger:
        """Return a ledger to compare a source with its articles in the index."""

    def state(self, source: str) -> SourceState | None:
        """Return the files of a source when they were last read, or None if unknown."""

    def state_ahead(self, source: str) -> SourceState:
        """Return the files of a source whose articles an interrupted run has indexed, as they were then."""

    def count(self, source: str) -> int:
        """Return how many articles of a source are committed."""


class Writer(Protocol):
    """Changes that are published atomically.

    A writer is a context manager. On exit it cancels uncommitted changes. On KeyboardInterrupt it keeps finished work,
    which the next run of the same sources can resume.
    """

    @property
    def held(self) -> Held:
        """What the changes start from: the published generation, and finished work of an interrupted run."""

    @property
    def finished(self) -> int:
        """How many articles the next writer need not index again if this writer is stopped now."""

    def __enter__(self) -> Writer: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def add(self, article: Article, source: str) -> None:
        """Add an article of a source. It replaces an article with the same id in that source."""

    def add_all(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        """Add articles of one source, as `add` does one.

        Args:
            before: returns the files of the source whose articles were all added before these, so that the run can be
                resumed. It may be called at any time until the commit, also in another thread.
        """

    def delete_dropped(self, source: str, ledger: Ledger) -> None:
        """Delete the articles that a ledger from `held` has dropped from its source."""

    def delete_source(self, source: str) -> None:
        """Delete the committed articles of a source, except those that are added again."""

    def forget_source(self, source: str) -> None:
        """Delete the committed articles of a source, and the source from the list of sources."""

    def remember(self, source: str, state: SourceState | None) -> None:
        """Store a source and the state of its files. Without a state, the next run reads all of the source."""

    def configure(self, source: str, settings: SourceSettings) -> None:
        """Store a source and how it is read. By default this stays as it is committed.

        Forgetting a source drops its settings, and a fresh index has none.
        """

    def keep_history(self, keep: bool) -> None:
        """Store whether the index keeps earlier versions of articles. By default this stays as it is committed.

        A fresh index keeps none. The caller adds the versions to the articles; the engine stores them.
        """

    def commit(self, *, check: Callable[[Reader], None] | None = None) -> Changes:
        """Publish the changes durably and atomically. The writer is closed afterwards.

        If nothing has changed, no generation is published.

        Args:
            check: called with a reader of the new generation before it is published; an error prevents that.
        """

    def cancel(self) -> None:
        """Discard the changes. The index is unchanged."""


class WriterOptions(TypedDict, total=False):
    """How a writer begins. WRITER_DEFAULTS has what is left out.

    Attributes:
        fresh: start from an empty index instead of the published one, which stays until the commit.
        wait: seconds to wait for another writer.
        memory: bytes of added articles that the writer may keep in memory.
        sources: all sources of the run and how they are read, as texts, so that it can be resumed if it is
            interrupted: by a run with the same texts, unless another generation is published first.
        protected: terms that share their stems with no other (see Stemming); None for those of the index.
        resume: resume an interrupted run of these sources.
        rehearsal: publish nothing and leave nothing behind. For checks of a generation that would be published.
    """

    fresh: bool
    wait: float
    memory: int
    sources: Sequence[str]
    protected: frozenset[str] | None
    resume: bool
    rehearsal: bool


WRITER_DEFAULTS: Final[WriterOptions] = {
    "fresh": False,
    "wait": 0.0,
    "memory": MEMORY,
    "sources": (),
    "protected": None,
    "resume": True,
    "rehearsal": False,
}
