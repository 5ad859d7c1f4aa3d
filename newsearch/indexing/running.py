"""One run: what the sources have now -> the changes of an index."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from newsearch.articles.article import Article
from newsearch.engine.base import NO_SETTINGS, Engine, Reader, Recipe, SourceSettings
from newsearch.engine.writing import Held, Writer
from newsearch.errors import IndexCorrupt, IndexIncompatible, IndexMissing, SourceError
from newsearch.indexing.options import RunOptions
from newsearch.indexing.reports import Progress, Report, report_of
from newsearch.indexing.tally import Tally
from newsearch.indexing.updating import Histories, Outlived, Task, Updater, refusal
from newsearch.search.index import Index
from newsearch.sources.base import ONCE, ReadingOptions, Snapshot, Source
from newsearch.sources.files import path_of
from newsearch.sources.formats import format_names
from newsearch.sources.registry import is_remote, locate, open_source, paths_at


@dataclass(frozen=True, slots=True)
class IndexingRun:
    """One run over an index.

    Attributes:
        whole: whether a source must be readable to the end and have articles.
        protected: words that are matched only in their exact form; None for those that the index has.
    """

    engine: Engine
    options: RunOptions
    whole: bool
    protected: frozenset[str] | None

    def first(self, given: Sequence[str | os.PathLike[str] | Source]) -> Report:
        """Update an index from sources, or from what is at these paths."""

        def tasks(recipe: Recipe) -> list[Task]:
            locations: set[str] = set()
            found: list[Task] = []
            for source in given:
                for task in self._given(source, recipe):
                    location = task.source.location
                    if isinstance(source, str | os.PathLike) and location in locations:
                        continue  # somebody has written a path in two ways, or two lists have the same feed
                    locations.add(location)
                    found.append(task)
            return found

        return self._made(tasks)

    def again(self, full: bool, anew: str = "", but: AbstractSet[str] = frozenset()) -> Report:
        """Update an index from the sources it remembers; articles from one-time sources and windows are kept.

        Args:
            but: locations of sources to leave out.
        """

        def tasks(recipe: Recipe) -> list[Task]:
            left = (location for location in recipe.sources if location not in but)
            return [task for location in left for task in self._again(location, recipe, full)]

        return replace(self._made(tasks, full), anew=anew)

    def _again(self, location: str, recipe: Recipe, full: bool) -> list[Task]:
        """How a source that the index remembers is read again."""
        if location in ONCE:
            return [self._kept_by_index(location, self._outlived(None, None))] if full else []
        try:
            task = self._task(path_of(location), recipe)
        except SourceError as error:
            raise refusal(location, error.reason, self.engine.place) from error
        if not (full and task.is_window):
            return [task]
        # Such a source cannot supply all its past articles again.
        given: set[str] = set()
        rest = self._kept_by_index(location, task.outlived, given)
        return [
            replace(task, may_be_empty=True, given=given),
            replace(rest, may_be_empty=True, is_rest=True),
        ]

    def _made(self, tasks: Callable[[Recipe], list[Task]], full: bool = False) -> Report:
        """Update an index from the sources that follow from what it remembers."""
        while True:
            recipe = self._recipe()
            chosen = tasks(recipe)
            nested = _nested([task.source.location for task in chosen], recipe.sources)
            with suppress(_Overtaken):
                return replace(self._of(chosen, recipe, full), nested=nested)

    def _recipe(self) -> Recipe:
        return self.engine.recipe() if self.whole else self._remembered()

    def _given(self, given: str | os.PathLike[str] | Source, recipe: Recipe) -> list[Task]:
        if isinstance(given, str | os.PathLike):
            return [self._task(path, recipe) for path in paths_at(given, self.options.settings.format)]
        if not hasattr(given, "snapshot"):
            raise ValueError(
                f"sources: {given!r:.80} is neither a path nor a source; pass several as separate arguments"
            )
        is_window = getattr(given, "window", False)
        outlived = self._outlived(self.options.settings.keep if is_window else None, given)
        return [Task(given, outlived, is_window=is_window)]

    def _task(self, path: str | os.PathLike[str], recipe: Recipe) -> Task:
        """The source at a path, read as somebody says now, or else as the index remembers."""
        location = locate(path)
        remembered = recipe.settings.get(location, NO_SETTINGS)
        settings = _merged(self.options.settings, NO_SETTINGS if self.options.defaults else remembered)
        if settings.format and settings.format not in format_names():
            raise SourceError(
                location, f"was indexed with --as {settings.format}, which this version does not read"
            )
        source = open_source(
            path, ReadingOptions(settings.format, settings.day_first, self.options.trust_env)
        )
        is_window = bool(getattr(source, "window", False))
        if is_remote(location):
            settings = settings._replace(window=None)
        elif settings.window is None and is_window:
            # Remembered, because a feed that is replaced by an error page must not become something else.
            settings = settings._replace(window=True)
        else:
            is_window = bool(settings.window)
        if not is_window:
            settings = settings._replace(keep=None)
        # The source must be read in full if it was a window and is not one now, or if it keeps articles for longer:
        # the index has articles that it must delete, or lacks some that were too old.
        is_as_before = (
            settings[:2] == remembered[:2]
            and (is_window or not remembered.window)
            and not _keeps_more(settings, remembered)
        )
        return Task(source, self._outlived(settings.keep, source), settings, is_window, is_as_before)

    def _kept_by_index(
        self, location: str, outlived: Outlived, given: AbstractSet[str] = frozenset()
    ) -> Task:
        kept = _Kept(self.engine, location, outlived, self._keeps_history, given)
        return Task(kept, outlived)

    def _remembered(self) -> Recipe:
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.recipe()
        return Recipe((), frozenset())

    @property
    def _keeps_history(self) -> bool:
        return (
            self._remembered().keep_history
            if self.options.keep_history is None
            else self.options.keep_history
        )

    def _of(self, tasks: Sequence[Task], recipe: Recipe, full: bool) -> Report:
        started = time.monotonic()
        tally = Tally()
        if not self.options.dry_run:
            writer = self._writer(tasks, recipe, full)
            resumed = 0
            try:
                with writer:
                    resumed = writer.held.articles_ahead
                    articles = self._write(writer, tasks, recipe, tally, full)
            except KeyboardInterrupt:
                if self.options.progress:
                    # The articles read were finished on stopping, but this has not been reported yet.
                    place = tasks[-1].source.location
                    self.options.progress(
                        Progress(tally.read, tally.broken, resumed, place, finished=writer.finished)
                    )
                raise
            return report_of(tally, articles, resumed, time.monotonic() - started)
        if self.options.gate:
            self._rehearse(tasks, recipe, full, tally)
        else:
            self._compare(tasks, recipe, full, tally)
        return report_of(tally, self._published(), 0, time.monotonic() - started)

    def _writer(self, tasks: Sequence[Task], recipe: Recipe, full: bool) -> Writer:
        # A one-time source is no longer available when a later run resumes.
        with_history = self._keeps_history
        again = (
            [_identity(task, with_history) for task in tasks]
            if all(task.source.lasting for task in tasks)
            else []
        )
        return self.engine.writer(
            fresh=full,
            wait=self.options.wait,
            memory=self.options.memory,
            sources=() if self.options.dry_run else again,
            protected=self._protected(recipe),
            resume=self.options.resume,
            rehearsal=self.options.dry_run,
        )

    def _protected(self, recipe: Recipe) -> frozenset[str]:
        return recipe.protected if self.protected is None else self.protected

    def _write(self, writer: Writer, tasks: Sequence[Task], recipe: Recipe, tally: Tally, full: bool) -> int:
        """Write the changes of the sources. Returns the number of articles that can then be found.

        Raises:
            _Overtaken: the index has other sources or settings than when the tasks were chosen.
        """
        # Until the writer is open, another one may publish. Its sources and settings would be lost.
        if self._recipe() != recipe:
            raise _Overtaken
        past, why_lost = self._past(full)
        histories = Histories(datetime.now(UTC), past) if self._keeps_history else None
        tally.history_lost = why_lost if histories else ""
        writer.keep_history(histories is not None)
        updater = Updater(
            self.engine.place, writer.held, writer, self.whole, self.options.workers, past, histories
        )
        self._read(tasks, updater, tally)
        return writer.commit(check=self._check if self.options.gate else None).articles

    def _past(self, full: bool) -> tuple[Held | None, str]:
        """What is published, if the changes do not start from it. If it cannot be read, the reason."""
        if not full:
            return None, ""
        try:
            return self.engine.held(), ""
        except (IndexCorrupt, IndexIncompatible) as error:
            # `_fault` has found that too, and the report says what it was.
            return None, getattr(error, "reason", "") or str(error)

    def _outlived(self, keep: int | None, source: object) -> Outlived:
        length = None
        if keep is not None:
            with suppress(OverflowError):
                length = timedelta(seconds=keep)
        return Outlived(length, datetime.now(UTC), source, self._kept)

    def _kept(self, location: str) -> Iterable[Article]:
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.reader().kept(location)
        return ()

    def _check(self, unpublished: Reader) -> None:
        assert self.options.gate
        self.options.gate.check(Index(self.engine, reader=unpublished), self._published())

    def _published(self) -> int:
        """Number of articles that can be found now; 0 if the index is missing or unreadable."""
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.reader().stats().articles
        return 0

    def _rehearse(self, tasks: Sequence[Task], recipe: Recipe, full: bool, tally: Tally) -> None:
        """Write a generation for the gate to check, then discard it."""
        with self._writer(tasks, recipe, full) as writer:
            self._write(writer, tasks, recipe, tally, full)

    def _compare(self, tasks: Sequence[Task], recipe: Recipe, full: bool, tally: Tally) -> None:
        """Determine what the sources would change."""
        held = self.engine.held(fresh=full, protected=self._protected(recipe))
        past, _ = self._past(full)
        updater = Updater(self.engine.place, held, None, self.whole, self.options.workers, past)
        self._read(tasks, updater, tally)

    def _read(self, tasks: Sequence[Task], updater: Updater, tally: Tally) -> None:
        resumed = updater.held.articles_ahead

        def tell(location: str, done: float | None) -> None:
            if self.options.progress:
                finished = updater.writer.finished if updater.writer else 0
                self.options.progress(Progress(tally.read, tally.broken, resumed, location, done, finished))

        with _fetching(tasks, updater.held):
            for task in tasks:
                updater.update(task, tally, partial(tell, task.source.location))
        tell("", None)


class _Overtaken(Exception):
    """Another writer has published since the tasks of a run were chosen."""


def _merged(given: SourceSettings, remembered: SourceSettings) -> SourceSettings:
    told = {name: value for name, value in given._asdict().items() if value not in (None, "")}
    return remembered._replace(**told)


def _keeps_more(settings: SourceSettings, remembered: SourceSettings) -> bool:
    return remembered.keep is not None and (settings.keep is None or settings.keep > remembered.keep)


def _identity(task: Task, with_history: bool) -> str:
    """A source and how it is read, as far as that decides what its articles are."""
    settings = task.settings or NO_SETTINGS
    how = [settings.format, *([f"day_first={settings.day_first}"] if settings.day_first is not None else [])]
    how += [f"keep={settings.keep}"] if settings.keep is not None else []
    how += ["history"] if with_history else []
    return " ".join(filter(None, (task.source.location, *how)))


def _nested(given: Sequence[str], known: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The sources inside another source, where at least one of the two is given now."""
    both = dict.fromkeys((*known, *given))
    return tuple(
        (inner, outer)
        for inner in both
        for outer in both
        if inner.startswith(f"{outer.rstrip('/')}/")
        and inner != outer
        and not is_remote(outer)
        and (inner in given or outer in given)
    )


def _fetching(tasks: Sequence[Task], held: Held) -> AbstractContextManager[object]:
    """Start fetching the remote sources, with what was remembered of them."""
    feeds: list[Any] = []
    for task in tasks:
        feed = task.source
        if hasattr(feed, "recall"):
            feeds.append(feed)
            if state := held.state(feed.location):
                feed.recall(state.names, task.is_as_before)
    if not feeds:
        return nullcontext()
    from newsearch.sources.remote import Fetching

    return Fetching(feeds)


class _Kept:
    """A source that cannot supply its past articles again; they are read from the index itself.

    Args:
        given: the ids of those that it has supplied, when they are read.
    """

    one_each = False
    lasting = False

    def __init__(
        self,
        engine: Engine,
        location: str,
        outlived: Outlived,
        with_history: bool,
        given: AbstractSet[str],
    ) -> None:
        self._engine = engine
        self._given = given
        self._outlived = outlived
        self._with_history = with_history
        self.location = location

    def snapshot(self) -> Snapshot:
        return Snapshot()

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        try:
            for article in self._engine.reader().kept(self.location):
                if article.id not in self._given and not self._outlived.has(article):
                    is_whole = self._with_history or not article.history
                    yield article if is_whole else replace(article, history=())
        except (IndexCorrupt, IndexIncompatible) as error:
            reason = f"is kept by the index alone, which cannot be read ({error})"
            raise refusal(self.location, reason, self._engine.place) from error

    def done(self) -> None:
        return None
