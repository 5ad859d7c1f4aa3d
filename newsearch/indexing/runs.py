"""Sources -> index, in batches: the work of `newsearch index`, `reindex` and `forget`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from newsearch._arguments import check_flag, check_number, check_path
from newsearch.articles.article import Article
from newsearch.engine import open_engine
from newsearch.engine.base import (
    LEAST_MEMORY,
    MEMORY,
    NO_SETTINGS,
    Engine,
    Held,
    Reader,
    Recipe,
    SourceSettings,
    Writer,
)
from newsearch.errors import IndexCorrupt, IndexIncompatible, IndexMissing, SourceError
from newsearch.indexing.gate import Gate
from newsearch.indexing.reports import Progress, Report, Watch, report_of
from newsearch.indexing.updating import Histories, Outlived, Reading, Task, Updater, refusal
from newsearch.search.index import Index
from newsearch.sources.base import ONCE, ReadingOptions, Snapshot, Source
from newsearch.sources.files import path_of
from newsearch.sources.formats import format_names
from newsearch.sources.registry import is_remote, locate, open_source, paths_at
from newsearch.text.wordlists import protected_words


def build(
    *sources: str | os.PathLike[str] | Source,
    index: str | os.PathLike[str],
    protected: str | os.PathLike[str] | None = None,
    workers: int = 1,
    wait: float = 0.0,
    memory: int = MEMORY,
    progress: Watch | None = None,
    dry_run: bool = False,
    gate: Gate | None = None,
    resume: bool = True,
    format: str = "",
    day_first: bool | None = None,
    trust_env: bool = False,
    keep: timedelta | None = None,
    keep_history: bool | None = None,
    window: bool | None = None,
    defaults: bool = False,
) -> Report:
    """Index sources: add new articles, replace changed ones, delete those that the sources no longer have.

    Files with the same size, times and inode as at the last reading are not read again. Articles with unchanged
    content are not touched. If nothing changed, nothing is written.

    A broken article is counted and reported, and the rest is indexed. Its indexed version, if its id can be
    determined, stays until the article can be read again or is gone. A source that breaks off or yields no articles
    deletes nothing: the file may be truncated, or a disk may not be mounted. Searches see no change until everything
    is published at once. After an error the index is unchanged. A run that is killed leaves its finished segments;
    the next run of the same sources that starts from the same generation continues from them.

    If several sources have articles with the same canonical URL, searches find the one from the source that the
    index has known longest. The others are kept, and one of them is found when that article is deleted.

    Args:
        sources: paths of directories and files, addresses of feeds, lists of feeds (see docs/formats.md), or source
            objects.
        index: directory of the index; created if missing.
        protected: a file of words, one per line, that are matched only in their exact form. The index stores them;
            by default the stored words are used.
        workers: number of processes that parse Markdown files.
        wait: seconds to wait for another writer.
        memory: bytes that read articles may take before a segment is written, at least 16 MiB. Merging segments takes
            about as much again, regardless of their number. Parsing processes need additional memory.
        progress: called every 512 articles, and when all articles are read.
        dry_run: determine the changes without writing anything.
        gate: checks that the result must pass before it is published; with `dry_run`, checks that it would have to
            pass.
        resume: continue an interrupted run of the same sources; otherwise its finished work is deleted.
        format: the format of files that neither their names nor their first bytes identify (see `format_names`). The
            index remembers this, `day_first`, `keep` and `window` for each source, until they are given again.
        day_first: whether `03/04/2020` is the 3rd of April; by default the language of each article decides.
        trust_env: take proxies for web feeds from the environment.
        keep: delete and skip articles of windows that are older than this; by default all are kept.
        window: whether files show only a part of a collection, so that articles they no longer have are kept. By
            default this is true of feeds alone: RSS, Atom and JSON Feed. Web feeds are always windows.
        defaults: discard what the index remembers of the sources.
        keep_history: keep earlier versions of titles and excerpts (see `Index.history`), or stop keeping them. The
            index remembers this; by default it stays as it is, and a new index keeps none.

    Raises:
        ValueError: an argument has the wrong type or is out of range; the message names it.
        SourceError: a source cannot be read, or has no articles now although the index has some of it; or no
            source was given.
        WordListError: the word file cannot be used, or the index was made with other words and needs a reindex.
        IndexLocked: another process is writing to the index.
        IndexCorrupt, IndexIncompatible: the existing index cannot be read.
        GateFailed: the result does not pass the gate; nothing was changed.
        EngineError: the index cannot be written.
    """
    if not sources:
        raise SourceError("build", "no source was given")
    words = _protected(protected)
    run = _IndexingRun(
        _engine(index),
        workers,
        wait,
        memory,
        progress,
        dry_run,
        gate,
        resume,
        False,
        words,
        _settings(format, day_first, keep, window),
        defaults,
        trust_env,
        keep_history,
    )
    return run.first(sources)


def reindex(
    index: str | os.PathLike[str],
    *,
    protected: str | os.PathLike[str] | None = None,
    full: bool = False,
    workers: int = 1,
    wait: float = 0.0,
    memory: int = MEMORY,
    progress: Watch | None = None,
    dry_run: bool = False,
    gate: Gate | None = None,
    resume: bool = True,
    format: str = "",
    day_first: bool | None = None,
    trust_env: bool = False,
    keep: timedelta | None = None,
    keep_history: bool | None = None,
    window: bool | None = None,
    defaults: bool = False,
) -> Report:
    """Update an index from the sources that it remembers, as `build` does.

    If the index is damaged or was made by another version, it is rebuilt from them. The old index serves searches
    until the new one is published.

    Args:
        protected: a file of words that are matched only in their exact form (see `build`); an empty file protects
            none.
        full: always rebuild the index.
        index, workers, wait, memory, progress, dry_run, gate, resume, format, day_first, trust_env, keep,
            keep_history, window, defaults: see `build`. They apply to all sources.

    Raises:
        ValueError: see `build`.
        WordListError: the word file cannot be used.
        IndexMissing: there is no index to take the sources from.
        SourceError: a source is missing, has no articles, or cannot be read to the end; nothing was changed.
        IndexLocked, GateFailed, EngineError: see `build`.
    """
    check_flag("full", full)
    engine = _engine(index)
    given = _protected(protected)
    run = _IndexingRun(
        engine,
        workers,
        wait,
        memory,
        progress,
        dry_run,
        gate,
        resume,
        True,
        None,
        _settings(format, day_first, keep, window),
        defaults,
        trust_env,
        keep_history,
    )
    recipe = engine.recipe()
    words = recipe.protected if given is None else given
    run = replace(run, protected=words)
    anew = "other words are protected now" if words != recipe.protected else _fault(engine)
    return run.again(recipe.sources, full or bool(anew), "" if full else anew)


def forget(
    *sources: str | os.PathLike[str], index: str | os.PathLike[str], workers: int = 1, wait: float = 0.0
) -> Report:
    """Delete all articles of these sources from an index, and the sources themselves. Their paths need not exist.

    An index that cannot be read is rebuilt from the remaining sources.

    Raises:
        ValueError: see `build`.
        IndexMissing: there is no index.
        SourceError: the index has no such source, or no source was given.
        IndexLocked, EngineError: see `build`.
    """
    started = time.monotonic()
    if not sources:
        raise SourceError("forget", "no source was given")
    for source in sources:
        check_path("sources", source)
    engine = _engine(index)
    run = _IndexingRun(engine, workers, wait, whole=True)
    recipe = engine.recipe()
    known = recipe.sources
    # Also accept a path as it is displayed, with unprintable characters escaped.
    forgotten = {str(source) if source in known else locate(source) for source in sources}
    for location in sorted(forgotten.difference(known)):
        raise SourceError(location, f"not a source of this index; its sources: {', '.join(known) or 'none'}")
    try:
        with engine.writer(wait=wait) as writer:
            for location in forgotten:
                writer.forget_source(location)
            changes = writer.commit()
    except (IndexCorrupt, IndexIncompatible):
        run = replace(run, protected=recipe.protected)
        return run.again([location for location in known if location not in forgotten], True)
    return Report(0, 0, 0, changes.deleted, changes.articles, (), 0, time.monotonic() - started)


def _engine(index: str | os.PathLike[str]) -> Engine:
    check_path("index", index)
    return open_engine(index)


def _protected(path: str | os.PathLike[str] | None) -> frozenset[str] | None:
    if path is None:
        return None
    check_path("protected", path)
    return protected_words(path)


def _settings(
    format: str, day_first: bool | None, keep: timedelta | None, window: bool | None
) -> SourceSettings:
    if format and format not in format_names():
        raise ValueError(f"format: {format!r:.80} is none of {', '.join(format_names())}")
    for name, flag in (("day_first", day_first), ("window", window)):
        if flag is not None:
            check_flag(name, flag)
    if keep is not None and (not isinstance(keep, timedelta) or keep <= timedelta()):
        raise ValueError(f"keep: {keep!r:.80} is no length of time; give a timedelta")
    seconds = None if keep is None else max(1, int(keep.total_seconds()))
    return SourceSettings(format, day_first, seconds, window)


def _fault(engine: Engine) -> str:
    """Why an index cannot be read or is damaged; empty if it is sound."""
    try:
        engine.reader().check()
    except IndexCorrupt as error:
        return f"{error.path}: {error.reason}"
    except IndexIncompatible:
        return "it was made by another version of newsearch"
    return ""


@dataclass(frozen=True, slots=True)
class _IndexingRun:
    engine: Engine
    workers: int
    wait: float
    memory: int = MEMORY
    progress: Watch | None = None
    dry_run: bool = False
    gate: Gate | None = None
    resume: bool = True
    whole: bool = False
    protected: frozenset[str] | None = None
    given: SourceSettings = NO_SETTINGS
    defaults: bool = False
    trust_env: bool = False
    keep_history: bool | None = None

    def __post_init__(self) -> None:
        check_number("workers", self.workers, 1, whole=True)
        check_number("wait", self.wait, 0)
        check_number("memory", self.memory, LEAST_MEMORY, whole=True)
        check_flag("dry_run", self.dry_run)
        check_flag("resume", self.resume)
        check_flag("defaults", self.defaults)
        check_flag("trust_env", self.trust_env)
        if self.keep_history is not None:
            check_flag("keep_history", self.keep_history)
        if self.progress is not None and not callable(self.progress):
            raise ValueError(f"progress: {self.progress!r:.80} is not a function")
        if self.gate is not None and not isinstance(self.gate, Gate):
            raise ValueError(
                f"gate: {self.gate!r:.80} is not a newsearch.Gate; read_gate reads one from a file"
            )

    def first(self, given: Sequence[str | os.PathLike[str] | Source]) -> Report:
        """Update an index from sources, or from what is at these paths."""
        recipe = self._remembered()
        return self.of([task for source in given for task in self._given(source, recipe)])

    def again(self, locations: Sequence[str], full: bool, anew: str = "") -> Report:
        """Update an index from the sources it remembers; articles from one-time sources and windows are kept."""
        tasks: list[Task] = []
        recipe = self._remembered()
        for location in locations:
            if location in ONCE:
                if full:
                    tasks.append(self._kept_by_index(location, NO_SETTINGS))
                continue
            try:
                task = self._task(path_of(location), recipe)
            except SourceError as error:
                raise refusal(location, error.reason, self.engine.place) from error
            if full and task.is_window:
                # Such a source cannot supply all its past articles again.
                tasks.append(self._kept_by_index(location, task.settings or NO_SETTINGS))
            tasks.append(task)
        return replace(self.of(tasks, full), anew=anew)

    def of(self, tasks: Sequence[Task], full: bool = False) -> Report:
        """Update an index from these sources."""
        nested = _nested([task.source.location for task in tasks], self._remembered().sources)
        return replace(self._of(tasks, full), nested=nested)

    def _given(self, given: str | os.PathLike[str] | Source, recipe: Recipe) -> list[Task]:
        if isinstance(given, str | os.PathLike):
            return [self._task(path, recipe) for path in paths_at(given, self.given.format)]
        if not hasattr(given, "snapshot"):
            raise ValueError(
                f"sources: {given!r:.80} is neither a path nor a source; pass several as separate arguments"
            )
        is_window = getattr(given, "window", False)
        return [Task(given, self._outlived(self.given.keep if is_window else None), is_window=is_window)]

    def _task(self, path: str | os.PathLike[str], recipe: Recipe) -> Task:
        """The source at a path, read as somebody says now, or else as the index remembers."""
        location = locate(path)
        remembered = recipe.settings.get(location, NO_SETTINGS)
        settings = _merged(self.given, NO_SETTINGS if self.defaults else remembered)
        if settings.format and settings.format not in format_names():
            raise SourceError(
                location, f"was indexed with --as {settings.format}, which this version does not read"
            )
        source = open_source(path, ReadingOptions(settings.format, settings.day_first, self.trust_env))
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
        # What a window has kept must be looked for when it is no window any more.
        is_as_before = settings[:2] == remembered[:2] and (is_window or not remembered.window)
        return Task(source, self._outlived(settings.keep), settings, is_window, is_as_before)

    def _kept_by_index(self, location: str, settings: SourceSettings) -> Task:
        outlived = self._outlived(settings.keep)
        is_another = location not in ONCE  # what the source has now is read next
        kept = _Kept(self.engine, location, outlived, self._keeps_history)
        return Task(kept, outlived, may_be_empty=is_another)

    def _remembered(self) -> Recipe:
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.recipe()
        return Recipe((), frozenset())

    @property
    def _keeps_history(self) -> bool:
        return self._remembered().keep_history if self.keep_history is None else self.keep_history

    def _of(self, tasks: Sequence[Task], full: bool) -> Report:
        started = time.monotonic()
        reading = Reading()
        if not self.dry_run:
            writer = self._writer(tasks, full)
            resumed = 0
            try:
                with writer:
                    resumed = writer.held.articles_ahead
                    articles = self._write(writer, tasks, reading, full)
            except KeyboardInterrupt:
                if self.progress:
                    # The articles read were finished on stopping, but this has not been reported yet.
                    place = tasks[-1].source.location
                    self.progress(
                        Progress(reading.read, reading.broken, resumed, place, finished=writer.finished)
                    )
                raise
            return report_of(reading, articles, resumed, time.monotonic() - started)
        if self.gate:
            self._rehearse(tasks, full, reading)
        else:
            self._compare(tasks, full, reading)
        return report_of(reading, self._published(), 0, time.monotonic() - started)

    def _writer(self, tasks: Sequence[Task], full: bool) -> Writer:
        # A one-time source is no longer available when a later run resumes.
        again = [_identity(task) for task in tasks] if all(task.source.lasting for task in tasks) else []
        return self.engine.writer(
            fresh=full,
            wait=self.wait,
            memory=self.memory,
            sources=() if self.dry_run else again,
            protected=self.protected,
            resume=self.resume,
            rehearsal=self.dry_run,
        )

    def _write(self, writer: Writer, tasks: Sequence[Task], reading: Reading, full: bool) -> int:
        """Write the changes of the sources. Returns the number of articles that can then be found."""
        histories = self._histories(reading, full) if self._keeps_history else None
        writer.keep_history(histories is not None)
        updater = Updater(self.engine.place, writer.held, writer, True, self.whole, histories)
        self._read(tasks, updater, reading)
        return writer.commit(check=self._check if self.gate else None).articles

    def _histories(self, reading: Reading, full: bool) -> Histories:
        now, past = datetime.now(UTC), None
        if full:
            try:
                past = self.engine.held()
            except (IndexCorrupt, IndexIncompatible) as error:
                # `_fault` has found that too, and the report says what it was.
                reading.history_lost = getattr(error, "reason", "") or str(error)
        return Histories(now, past)

    def _outlived(self, keep: int | None) -> Outlived:
        before = None
        if keep is not None:
            with suppress(OverflowError):
                before = datetime.now(UTC) - timedelta(seconds=keep)
        return Outlived(before, self._kept)

    def _kept(self, location: str) -> Iterable[Article]:
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.reader().kept(location)
        return ()

    def _check(self, unpublished: Reader) -> None:
        assert self.gate
        self.gate.check(Index(self.engine, reader=unpublished), self._published())

    def _published(self) -> int:
        """Number of articles that can be found now; 0 if the index is missing or unreadable."""
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.reader().stats().articles
        return 0

    def _rehearse(self, tasks: Sequence[Task], full: bool, reading: Reading) -> None:
        """Write a generation for the gate to check, then discard it."""
        with self._writer(tasks, full) as writer:
            self._write(writer, tasks, reading, full)

    def _compare(self, tasks: Sequence[Task], full: bool, reading: Reading) -> None:
        """Determine what the sources would change."""
        held = self.engine.held(fresh=full, protected=self.protected)
        self._read(tasks, Updater(self.engine.place, held, None, not full, self.whole), reading)

    def _read(self, tasks: Sequence[Task], updater: Updater, reading: Reading) -> None:
        resumed = updater.held.articles_ahead

        def tell(location: str, done: float | None) -> None:
            if self.progress:
                finished = updater.writer.finished if updater.writer else 0
                self.progress(Progress(reading.read, reading.broken, resumed, location, done, finished))

        with _fetching([task.source for task in tasks], updater.held):
            self._update_all(tasks, updater, reading, tell)
        tell("", None)

    def _update_all(
        self,
        tasks: Sequence[Task],
        updater: Updater,
        reading: Reading,
        tell: Callable[[str, float | None], None],
    ) -> None:
        for task in tasks:
            updater.update(task, reading, self.workers, partial(tell, task.source.location))


def _merged(given: SourceSettings, remembered: SourceSettings) -> SourceSettings:
    told = {name: value for name, value in given._asdict().items() if value not in (None, "")}
    return remembered._replace(**told)


def _identity(task: Task) -> str:
    """A source and how it is read, as far as that decides what its articles are."""
    settings = task.settings or NO_SETTINGS
    how = [settings.format, *([f"day_first={settings.day_first}"] if settings.day_first is not None else [])]
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


def _fetching(sources: Sequence[Source], held: Held) -> AbstractContextManager[object]:
    """Start fetching the remote sources, with what was remembered of them."""
    feeds: list[Any] = [source for source in sources if hasattr(source, "recall")]
    for feed in feeds:
        if state := held.state(feed.location):
            feed.recall(state.names)
    if not feeds:
        return nullcontext()
    from newsearch.sources.remote import Fetching

    return Fetching(feeds)


class _Kept:
    """A source that cannot supply its past articles again; they are read from the index itself."""

    one_each = False
    lasting = False

    def __init__(self, engine: Engine, location: str, outlived: Outlived, with_history: bool) -> None:
        self._engine = engine
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
                if not self._outlived.has(article):
                    is_whole = self._with_history or not article.history
                    yield article if is_whole else replace(article, history=())
        except (IndexCorrupt, IndexIncompatible) as error:
            reason = f"is kept by the index alone, which cannot be read ({error})"
            raise refusal(self.location, reason, self._engine.place) from error

    def done(self) -> None:
        return None
