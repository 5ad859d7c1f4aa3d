"""Which files of a source does a run read, and what came of reading them?"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from newsearch.engine.writing import Ledger, SourceState
from newsearch.errors import SourceError
from newsearch.sources.base import Snapshot, Unread
from newsearch.sources.formats import SINGLE


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a source, and which of them are read.

    Attributes:
        seen: all its files, as they are now.
        wanted: the names of those to read.
        one_each: whether each file is one article, whose id is the name of the file.
        is_partial: whether the index has the articles of the other files.
        old: the stamps, by name, of the files when they were last read; empty if all must be read again.
        ahead: those of `old` that an interrupted run has indexed.
    """

    seen: Snapshot
    wanted: list[str]
    one_each: bool = False
    is_partial: bool = False
    old: dict[str, int] = field(default_factory=dict)
    ahead: dict[str, int] = field(default_factory=dict)

    @property
    def indexed_ahead(self) -> AbstractSet[str]:
        """The names of the files that an interrupted run has indexed as they are now."""
        return self.ahead.keys() & set(self.seen.names) - set(self.wanted) if self.ahead else frozenset()

    def finished(self, number: int, failed: AbstractSet[str]) -> SourceState:
        """The files whose articles were all added before a batch.

        Args:
            number: how many of the wanted files were read before the batch, if none is broken.
            failed: the names of the broken files.
        """
        if not self.one_each:
            return SourceState((), ())
        stamps = dict(zip(self.seen.names, self.seen.stamps, strict=True))
        # With broken files, a batch spans more files than it has articles, and some files may be read twice.
        before = max(0, number - len(failed))
        done = self.ahead | {name: stamps[name] for name in self.wanted[:before] if name not in failed}
        return SourceState(list(done), list(done.values()))

    def state(self, found: Found) -> SourceState:
        """The files as they were read. Those with broken articles are read again the next time."""
        again = found.failed if self.one_each or found.is_unsure else ()
        stamps = [
            0 if name in again else stamp
            for name, stamp in zip(self.seen.names, self.seen.stamps, strict=True)
        ]
        return SourceState(self.seen.names, stamps, found.broken, found.faults)


@dataclass(slots=True)
class Found:
    """What came of reading one source.

    Attributes:
        articles, broken: their number.
        faults: the location and the reason of the first broken articles.
        failed: the broken articles: names of files if each is one article, and else ids, where they can be determined.
        passed: names of files that hold no article.
        cut: the first error that hides articles.
        is_unsure: whether a file that may have many articles could not be read.
        has_old: whether articles of a window were skipped because they are too old.
    """

    articles: int = 0
    broken: int = 0
    faults: list[tuple[str, str]] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    passed: list[str] = field(default_factory=list)
    cut: SourceError | None = None
    is_unsure: bool = False
    has_old: bool = False

    def note(self, error: SourceError, name: str | None) -> None:
        """Note a broken article, and the name of its file if it is the only one in it."""
        if error.hides_articles and not self.cut:
            self.cut = error
        self.is_unsure |= isinstance(error, Unread)
        self.failed.add(error.id if name is None else name)


def is_same(known: SourceState, seen: Snapshot) -> bool:
    """Whether no file has changed since they were last read, as far as their stamps can tell."""
    return known.stamps == seen.stamps and 0 not in seen.stamps and known.names == seen.names


def choose(seen: Snapshot, known: SourceState | None, ahead: dict[str, int]) -> Files:
    """Choose which files to read of a source in which each is one article.

    Args:
        seen: the files as they are now.
        known: the files when the source was last read in this way; None if it never was.
        ahead: the stamps, by name, of the files that an interrupted run has indexed.
    """
    is_partial = known is not None and not _had_many(known, seen)
    old = known.looks if known and is_partial else {}
    old |= ahead  # the work of an interrupted run is more recent
    looks = zip(seen.names, seen.stamps, strict=True)
    wanted = [name for name, stamp in looks if not stamp or old.get(name) != stamp]
    return Files(seen, wanted, True, is_partial, old, ahead)


def drop_gone(files: Files, found: Found, ledger: Ledger) -> None:
    """Count as gone what a source no longer has."""
    # A broken article may be half written. Its indexed version stays until the article can be read again.
    ledger.pass_over(found.failed)
    if files.is_partial:
        present = set(files.seen.names)
        ledger.drop([*(name for name in files.old if name not in present), *found.passed])
    elif not found.is_unsure:
        ledger.drop_unseen()


def _had_many(known: SourceState, seen: Snapshot) -> bool:
    """Whether a file is gone that may have contained several articles, whose ids are not the file's name."""
    gone = set(known.names).difference(seen.names)
    return any(not name.lower().endswith(SINGLE) for name in gone)
