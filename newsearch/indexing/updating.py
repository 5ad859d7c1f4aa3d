"""One source -> what it changes in an index: look at its files, read those that changed, keep what differs."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from newsearch.articles.article import Article
from newsearch.articles.extra import AMBIGUOUS, UNUSABLE
from newsearch.engine.base import Held, Ledger, SourceDifference, SourceState, Writer
from newsearch.errors import SourceError
from newsearch.sources.base import Snapshot, Source
from newsearch.sources.formats import SINGLE

_BATCH = 512
"""Articles that are read before they are compared with what is held, and progress is told."""

MAX_ERRORS = 100_000
"""Broken articles that are remembered by name; all are counted."""


@dataclass(slots=True)
class Reading:
    """What is read in one run, of all sources.

    Attributes:
        read, broken: articles.
        errors: the first MAX_ERRORS of the broken ones.
        incomplete, empty: locations of sources that could not be read to their end, or have no article.
        differences: by location, what each source changes.
        unusable: by key, how many of the articles have something there that could not be used.
        unused: by key, how many have something there that newsearch keeps and does not search.
        ambiguous: articles with a date whose day and month could be the other way round.
    """

    read: int = 0
    broken: int = 0
    errors: list[SourceError] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    differences: dict[str, SourceDifference] = field(default_factory=dict)
    unusable: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)
    ambiguous: int = 0

    def note(self, error: SourceError) -> None:
        """Count a broken article."""
        self.broken += 1
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(error)

    def recall(self, state: SourceState) -> None:
        """Count the articles that were broken when a source was read, which is as it was."""
        self.broken += state.broken
        room = MAX_ERRORS - len(self.errors)
        self.errors += [SourceError(*fault) for fault in state.faults[:room]]


@dataclass(frozen=True, slots=True)
class Outlived:
    """Which articles of feeds are too old to be kept?

    Attributes:
        before: those dated before this day or moment; None to keep all, as articles without a date always are.
        kept: the articles that the index has of a source.
    """

    before: datetime | None
    kept: Callable[[str], Iterable[Article]]

    def has(self, article: Article) -> bool:
        """Whether an article is among them. A day is over when its last instant is."""
        if self.before is None or article.date is None:
            return False
        if isinstance(article.date, datetime):
            return article.date < self.before
        return article.date < self.before.date()

    def ids(self, location: str) -> list[str]:
        """The ids of those that the index has of a source."""
        return [] if self.before is None else [a.id for a in self.kept(location) if self.has(a)]


@dataclass(frozen=True, slots=True)
class Updater:
    """Takes sources into an index, one after the other.

    Args:
        index: where the index is, for messages.
        held: what the index holds.
        writer: takes the changes; None to find them only.
        trusting: files that look as they did when they were read are not read again.
        whole: a source must be readable to its end and have articles.
        outlived: what of the articles that a feed gave before is too old to be kept, and of those that it gives.
    """

    index: Path | str
    held: Held
    writer: Writer | None
    trusting: bool
    whole: bool
    outlived: Outlived

    def update(
        self, source: Source, reading: Reading, workers: int, tell: Callable[[float | None], None]
    ) -> None:
        """Find what a source changes, and have the writer do it.

        Args:
            reading: counts what is read.
            workers: processes that parse Markdown.
            tell: called after each batch of articles with the share of the source that is done, if that is known.

        Raises:
            SourceError: the source cannot be read; or it has no articles, though the index has some of it.
        """
        location = source.location
        if getattr(source, "window", False):
            self._update_window(source, reading, tell)
            return
        seen = source.snapshot()
        known = self.held.state(location) if self.trusting and source.lasting else None
        if known and not seen.problems and _is_same(known, seen.names, seen.stamps):
            count = self.held.count(location)
            reading.differences[location] = SourceDifference(0, 0, 0, 0, count, 0, (), (), (), ())
            reading.recall(known)
            return
        ledger = self.held.ledger(location)
        wanted = seen.names
        is_partial = known is not None and source.one_each and not _had_many(known, seen)
        old = known.looks if known and is_partial else {}
        # What an interrupted run has finished was read later.
        ahead = self.held.state_ahead(location).looks if source.one_each else {}
        old |= ahead
        if old:
            looks = zip(seen.names, seen.stamps, strict=True)
            wanted = [name for name, stamp in looks if not stamp or old.get(name) != stamp]
            ledger.pass_over(ahead.keys() & set(seen.names) - set(wanted))
        for problem in seen.problems:
            reading.note(problem)
        read, broken, told = reading.read, reading.broken - len(seen.problems), len(reading.errors)
        names = wanted if source.one_each else None
        batch: list[Article] = []
        failed: set[str] = set()  # ids, as far as they can be told
        is_cut = bool(seen.problems)
        for number, result in enumerate(source.articles(workers, names)):
            if isinstance(result, SourceError):
                reading.note(result)
                is_cut |= result.hides_articles
                failed.add(result.id if names is None else names[number])
                continue
            batch.append(result)
            if len(batch) == _BATCH:
                finished = partial(_finished, seen, names, number, failed, ahead)
                self._take(batch, location, ledger, reading, finished)
                batch = []
                tell((number + 1) / len(names) if names else source.done())
        self._take(batch, location, ledger, reading)
        if is_cut and self.whole:
            raise self._refusal(location, "cannot be read to its end")
        if is_cut:
            reading.incomplete.append(location)
        elif reading.read == read and (len(wanted) == len(seen.names) or not source.one_each):
            self._note_empty(source, reading.broken - broken, reading)
            return

        if not is_cut and source.lasting:
            present = set(seen.names)
            # An article that is broken may be half written: what the index has of it stays until that can be read.
            ledger.pass_over(failed)
            gone = [name for name in old if name not in present]
            if is_partial:
                ledger.drop(gone)
            else:
                ledger.drop_unseen()
        reading.differences[location] = ledger.difference()
        if self.writer:
            self.writer.delete_dropped(location, ledger)
            if not is_cut:
                again = failed if source.one_each else ()
                stamps = [0 if name in again else s for name, s in zip(seen.names, seen.stamps, strict=True)]
                faults = [(error.location, error.reason) for error in reading.errors[told:]]
                state = SourceState(seen.names, stamps, reading.broken - broken, faults)
                self.writer.remember(location, state if source.lasting else None)

    def _update_window(self, source: Any, reading: Reading, tell: Callable[[float | None], None]) -> None:
        """Add and replace what a feed has now; what rolled off it stays until it is too old. No error stops a run."""
        location = source.location
        ledger = self.held.ledger(location)
        broken, told = reading.broken, len(reading.errors)
        batch: list[Article] = []
        try:
            for result in source.articles():
                if isinstance(result, SourceError):
                    reading.note(result)
                    continue
                if self.outlived.has(result):
                    continue
                batch.append(result)
                if len(batch) == _BATCH:
                    self._take(batch, location, ledger, reading)
                    batch = []
                    tell(None)
        except SourceError as error:
            reading.note(error)
            reading.incomplete.append(location)
        self._take(batch, location, ledger, reading)
        ledger.drop(self.outlived.ids(location))
        reading.differences[location] = ledger.difference()
        if self.writer:
            self.writer.delete_dropped(location, ledger)
            lines = source.memory.lines()
            faults = [(error.location, error.reason) for error in reading.errors[told:]]
            state = SourceState(lines, [0] * len(lines), reading.broken - broken, faults)
            self.writer.remember(location, state)

    def _take(
        self,
        batch: list[Article],
        location: str,
        ledger: Ledger,
        reading: Reading,
        finished: Callable[[], SourceState] | None = None,
    ) -> None:
        differing = ledger.differing(batch)
        if self.writer and differing:
            self.writer.add_all(differing, location, finished)
        reading.read += len(batch)
        for article in batch:
            if article.extra or article.related:
                reading.unusable.update(dict.fromkeys(_unusable(article), 1))
                extra = article.extra.items()
                reading.unused.update(key for key, value in extra if key not in _OURS and value not in _EMPTY)
                reading.ambiguous += AMBIGUOUS in article.extra

    def _note_empty(self, source: Source, broken: int, reading: Reading) -> None:
        had = self.held.count(source.location)
        if source.lasting and (had or self.whole):
            some = f"{had:,}" if had else "some"
            why = f" ({broken:,} broken)" if broken else ""
            raise self._refusal(source.location, f"has no articles now{why}, but the index has {some} of it")
        reading.empty.append(source.location)

    def _refusal(self, location: str, reason: str) -> SourceError:
        return refusal(location, reason, self.index)


def refusal(location: str, reason: str, index: Path | str) -> SourceError:
    """Give the error of a source that is not as it should be, with the way out."""
    command = shlex.join(["newsearch", "forget", location, "--index", str(index)])
    return SourceError(location, f"{reason}; nothing was changed. To drop its articles: {command}")


_OURS = frozenset((UNUSABLE, AMBIGUOUS))
_EMPTY: tuple[Any, ...] = ("", [], {})


def _unusable(article: Article) -> Iterator[str]:
    aside = article.extra.get(UNUSABLE)
    if isinstance(aside, Mapping):
        yield from aside
    for related in article.related:
        yield from _unusable(related)


def _finished(
    seen: Snapshot, names: list[str] | None, number: int, failed: set[str], ahead: dict[str, int]
) -> SourceState:
    """The files whose articles were added before the batch that ends with this number among the names."""
    if names is None:
        return SourceState((), ())
    stamps = dict(zip(seen.names, seen.stamps, strict=True))
    # With broken files among them, a batch spans more files than it has articles; some are then read once more.
    before = max(0, number + 1 - _BATCH - len(failed))
    done = ahead | {name: stamps[name] for name in names[:before] if name not in failed}
    return SourceState(list(done), list(done.values()))


def _had_many(known: SourceState, seen: Snapshot) -> bool:
    """Whether a file is gone that may have held several articles, whose ids are not its name."""
    gone = set(known.names).difference(seen.names)
    return any(not name.lower().endswith(SINGLE) for name in gone)


def _is_same(known: SourceState, names: list[str], stamps: list[int]) -> bool:
    return known.stamps == stamps and 0 not in stamps and known.names == names
