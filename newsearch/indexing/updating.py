"""One source -> its changes to an index: check its files, read those that changed, keep the articles that differ."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from newsearch.articles.article import Article
from newsearch.articles.history import with_history
from newsearch.engine.base import SourceSettings
from newsearch.engine.writing import MAX_NAMES, Held, Ledger, SourceDifference, SourceState, Writer
from newsearch.errors import IndexCorrupt, SourceError, without_secrets
from newsearch.indexing.files import Files, Found, choose, drop_gone, is_same
from newsearch.indexing.tally import Tally
from newsearch.outputs.words import counted
from newsearch.sources.base import NotNews, Snapshot, Source

_BATCH = 512
"""Articles that are read before they are compared with the index and progress is reported."""

OnProgress: TypeAlias = Callable[[float | None], None]
"""Called with the share of a source that is done, or None if unknown."""


@dataclass(frozen=True, slots=True)
class Outlived:
    """Which articles of feeds are too old to be kept?

    Two clocks must agree on that. This machine's alone may be years ahead, and what is deleted of a feed is lost.

    Attributes:
        keep: how long articles are kept; None to keep all. Articles without a date are always kept.
        now: the time on this machine.
        source: may have `seen`, see `Source`.
        kept: returns the indexed articles of a source.
    """

    keep: timedelta | None
    now: datetime
    source: object
    kept: Callable[[str], Iterable[Article]]

    @property
    def before(self) -> datetime | None:
        """Articles dated before this moment, or before its day, are too old; None to keep all."""
        if self.keep is None:
            return None
        seen = getattr(self.source, "seen", self.now)
        try:
            return min(self.now, seen) - self.keep if seen else None
        except OverflowError:
            return None

    def has(self, article: Article) -> bool:
        """Whether an article is too old. A day is over when its last instant has passed."""
        return _is_before(article, self.before)

    def ids(self, location: str) -> list[str]:
        """The ids of a source's indexed articles that are too old."""
        before = self.before
        return [a.id for a in self.kept(location) if _is_before(a, before)] if before else []


def _is_before(article: Article, before: datetime | None) -> bool:
    if before is None or article.date is None:
        return False
    if isinstance(article.date, datetime):
        return article.date < before
    return article.date < before.date()


@dataclass(frozen=True, slots=True)
class Task:
    """A source to index.

    Attributes:
        source: the source.
        outlived: decides which of its articles, indexed or new, are too old to be kept.
        settings: to store with the source; None to store none.
        is_window: whether articles that it no longer has are kept, unless they are too old.
        is_as_before: whether it is read as it was the last time.
        may_be_empty: whether having no articles is not worth a report.
        given: collects the ids of the articles; None to collect none.
        is_rest: whether these are the rest of the articles of a source that has been read before.
    """

    source: Any
    outlived: Outlived
    settings: SourceSettings | None = None
    is_window: bool = False
    is_as_before: bool = True
    may_be_empty: bool = False
    given: set[str] | None = None
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Histories:
    """The earlier versions of articles, for an index that keeps them.

    Attributes:
        now: when articles are replaced.
        past: what is published, if the changes start from an empty index instead; None if they start from it.
    """

    now: datetime
    past: Held | None = None

    def ledger(self, source: str, current: Ledger) -> Ledger:
        """The ledger that has the committed articles of a source."""
        return self.past.ledger(source) if self.past else current


@dataclass(frozen=True, slots=True)
class Updater:
    """Indexes sources, one after the other.

    Args:
        index: path of the index, for messages.
        held: current content of the index.
        writer: takes the changes; None to only determine them.
        whole: a source must be readable to the end and have articles.
        workers: number of processes that parse Markdown.
        past: what is published, if the changes start from an empty index instead; None if they start from it.
        histories: adds their earlier versions to articles; None if the index keeps none.
    """

    index: Path | str
    held: Held
    writer: Writer | None
    whole: bool
    workers: int
    past: Held | None = None
    histories: Histories | None = None

    def update(self, task: Task, tally: Tally, progress: OnProgress) -> None:
        """Determine what a source changes, and pass it to the writer.

        Args:
            task: the source.
            tally: counts what is read.
            progress: called after each batch of articles.

        Raises:
            SourceError: the source cannot be read; or it has no articles although the index has some of it. The tally
                lists a window instead.
        """
        source: Source = task.source
        if hasattr(source, "recall"):
            self._update_remote(task, tally, progress)
            return
        seen = source.snapshot()
        problems = [*seen.problems, *self._unmounted(source.location, seen)]
        known = self.held.state(source.location) if task.is_as_before and source.lasting else None
        outlived = task.outlived.ids(source.location) if task.is_window else []
        if known and not problems and is_same(known, seen):
            tally.recall(known)
            self._configure(task)
            self._expire(source.location, outlived, tally)
            return
        ahead = self.held.state_ahead(source.location).looks if source.one_each else {}
        files = choose(seen, known, ahead) if source.one_each else Files(seen, seen.names)
        ledger = self.held.ledger(source.location)
        ledger.pass_over(files.indexed_ahead)
        for problem in problems:
            tally.note(problem)
        found = self._read(task, files, next(iter(problems), None), ledger, tally, progress)
        if not self._may_change(task, files, found, tally):
            return
        if task.is_window:
            ledger.drop(outlived)
        elif not found.cut and source.lasting:
            drop_gone(files, found, ledger)
        difference = ledger.difference()
        if task.is_rest:
            difference = _sum(tally.differences[source.location], difference)
        tally.differences[source.location] = difference
        self._store(task, files, found, ledger)

    def _read(
        self,
        task: Task,
        files: Files | None,
        cut: SourceError | None,
        ledger: Ledger,
        tally: Tally,
        progress: OnProgress,
    ) -> Found:
        """Read the articles of a source, and pass those that differ from the index to the writer.

        Args:
            files: the files to read; None for a feed of the web.
            cut: the error that hides some of its files already, if there is one.
        """
        source = task.source
        found = Found(cut=cut)
        read, broken, listed = tally.read, tally.broken, len(tally.errors)
        names = files.wanted if files and files.one_each else None
        passes_over = getattr(source, "passes_over", False)
        former = self._former(source.location, ledger)
        batch: list[Article] = []
        for number, result in enumerate(self._results(task, files)):
            if isinstance(result, NotNews) and passes_over:
                tally.pass_over(result)
                found.passed += [] if names is None else [names[number]]
            elif isinstance(result, SourceError):
                tally.note(result)
                found.note(result, names[number] if names is not None else None)
            elif task.is_window and task.outlived.has(result):
                found.has_old = True
            else:
                batch.append(result)
                if len(batch) == _BATCH:
                    finished = partial(files.finished, number + 1 - _BATCH, found.failed) if files else None
                    self._take(batch, task, ledger, former, tally, finished)
                    batch = []
                    progress((number + 1) / len(names) if names else source.done())
        self._take(batch, task, ledger, former, tally)
        found.articles, found.broken = tally.read - read, tally.broken - broken
        found.faults = [(error.location, error.reason) for error in tally.errors[listed:]]
        return found

    def _results(self, task: Task, files: Files | None) -> Iterator[Article | SourceError]:
        # Walking a directory twice could find other files, and would report its problems twice.
        wanted = files.wanted if files and (files.one_each or files.wanted) else None
        results: Iterator[Article | SourceError] = task.source.articles(self.workers, wanted)
        return _reported(results) if task.is_window else results

    def _may_change(self, task: Task, files: Files, found: Found, tally: Tally) -> bool:
        """Whether what was read of a source may change the index. Lists a source that is cut off or empty.

        Raises:
            SourceError: the index has articles of a source that is empty now, or the source must be whole.
        """
        location = task.source.location
        if found.cut:
            if self.whole and not task.is_window:
                raise self._refusal(location, f"cannot be read to its end because of {found.cut}")
            tally.incomplete.append(location)
        elif not found.articles and len(files.wanted) == len(files.seen.names):
            if not task.is_window and not task.may_be_empty:
                self._note_empty(task.source, found.broken, tally)
                return False
            if not (task.may_be_empty or found.has_old or self.held.count(location)):
                tally.empty.append(location)
        return True

    def _store(self, task: Task, files: Files, found: Found, ledger: Ledger) -> None:
        """Pass to the writer what a source no longer has, how it was read, and the state of its files."""
        if not self.writer:
            return
        location = task.source.location
        if task.is_window or not found.cut or found.articles:
            self._configure(task)
        self.writer.delete_dropped(location, ledger)
        if not found.cut and not task.is_rest:
            self.writer.remember(location, files.state(found) if task.source.lasting else None)
        elif found.cut and not task.is_as_before and (before := self.held.state(location)):
            # Its files were read in another way, and some have not been read since.
            self.writer.remember(location, before._replace(stamps=[0] * len(before.names)))

    def _configure(self, task: Task) -> None:
        if self.writer and task.settings is not None:
            self.writer.configure(task.source.location, task.settings)

    def _expire(self, location: str, outlived: Sequence[str], tally: Tally) -> None:
        """Delete what is too old of an unchanged source."""
        if not outlived:
            count = self.held.count(location)
            tally.differences[location] = SourceDifference(0, 0, 0, 0, count, 0, (), (), (), ())
            return
        ledger = self.held.ledger(location)
        ledger.drop(outlived)
        tally.differences[location] = ledger.difference()
        if self.writer:
            self.writer.delete_dropped(location, ledger)

    def _update_remote(self, task: Task, tally: Tally, progress: OnProgress) -> None:
        """Add and replace what a feed has now. What rolled off it stays until it is too old. No error stops a run."""
        source, location = task.source, task.source.location
        ledger = self.held.ledger(location)
        found = self._read(task, None, None, ledger, tally, progress)
        if found.cut:
            tally.incomplete.append(location)
        ledger.drop(task.outlived.ids(location))
        tally.differences[location] = ledger.difference()
        if self.writer:
            self.writer.delete_dropped(location, ledger)
            lines = source.memory.lines()
            state = SourceState(lines, [0] * len(lines), found.broken, found.faults)
            self.writer.remember(location, state)
            self._configure(task)

    def _take(
        self,
        batch: list[Article],
        task: Task,
        ledger: Ledger,
        former: Ledger | None,
        tally: Tally,
        finished: Callable[[], SourceState] | None = None,
    ) -> None:
        differing = ledger.differing(batch)
        if self.writer and differing:
            if former and self.histories:
                differing = _grown(differing, former, self.histories.now, tally)
            self.writer.add_all(differing, task.source.location, finished)
        tally.count(batch)
        if task.given is not None:
            task.given.update(article.id for article in batch)

    def _unmounted(self, location: str, seen: Snapshot) -> list[SourceError]:
        """The links that lead nowhere now, although there were files in the directories that they led to."""
        state = (self.past or self.held).state(location) if seen.dangling else None
        return [
            SourceError(f"{location}/{link}", _UNMOUNTED, hides_articles=True)
            for link in seen.dangling
            if state and any(name.startswith(f"{link}/") for name in state.names)
        ]

    def _former(self, location: str, ledger: Ledger) -> Ledger | None:
        return self.histories.ledger(location, ledger) if self.histories else None

    def _note_empty(self, source: Source, broken: int, tally: Tally) -> None:
        had = self.held.count(source.location)
        if source.lasting and (had or self.whole):
            some = counted(had, "article") if had else "articles"
            why = f" ({broken:,} broken)" if broken else ""
            raise self._refusal(
                source.location, f"has no articles now{why}, but the index has {some} from it"
            )
        tally.empty.append(source.location)

    def _refusal(self, location: str, reason: str) -> SourceError:
        return refusal(location, reason, self.index)


_UNMOUNTED = "a link that leads nowhere, and the index has articles from it; delete the link if they are gone"


def refusal(location: str, reason: str, index: Path | str) -> SourceError:
    """The error for a source that is not as it should be, with advice on what to do."""
    command = shlex.join(["newsearch", "forget", without_secrets(location), "--index", str(index)])
    return SourceError(location, f"{reason}; nothing was changed. To drop its articles: {command}")


def _sum(one: SourceDifference, other: SourceDifference) -> SourceDifference:
    """What two parts of a source add to an empty index."""
    return one._replace(
        added=one.added + other.added,
        repeated=one.repeated + other.repeated,
        added_ids=tuple(sorted((*one.added_ids, *other.added_ids)))[:MAX_NAMES],
    )


def _reported(results: Iterator[Article | SourceError]) -> Iterator[Article | SourceError]:
    """The results of a source; an error that ends them is one of them."""
    try:
        yield from results
    except SourceError as error:
        yield SourceError(error.location, error.reason, hides_articles=True)


def _grown(articles: Sequence[Article], former: Ledger, now: datetime, tally: Tally) -> list[Article]:
    """The articles with their histories. Where the old index is damaged, they are lost."""
    try:
        earlier = former.former(articles)
    except IndexCorrupt as error:
        if len(articles) > 1:
            return [grown for article in articles for grown in _grown([article], former, now, tally)]
        tally.history_lost = error.reason
        earlier = [None]
    return [with_history(article, old, now) for article, old in zip(articles, earlier, strict=True)]
