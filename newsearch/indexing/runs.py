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
from newsearch.engine.base import LEAST_MEMORY, MEMORY, Engine, Held, Reader, Recipe, Writer
from newsearch.errors import IndexCorrupt, IndexIncompatible, IndexMissing, SourceError
from newsearch.indexing.gate import Gate
from newsearch.indexing.reports import Progress, Report, Watch, report_of
from newsearch.indexing.updating import Histories, Outlived, Reading, Updater, refusal
from newsearch.search.index import Index
from newsearch.sources.base import ONCE, ReadingOptions, Snapshot, Source
from newsearch.sources.files import path_of
from newsearch.sources.formats import format_names
from newsearch.sources.registry import is_remote, locate, open_source, open_sources
from newsearch.text.wordlists import protected_words

_AS_IT_SAYS = ReadingOptions()


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
        format: the format of files that neither their names nor their first bytes identify (see `format_names`).
        day_first: whether `03/04/2020` is the 3rd of April; None to decide by the language of each article.
        trust_env: take proxies for web feeds from the environment.
        keep: delete and skip articles of web feeds that are older than this; by default all are kept.
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
    options = _options(format, day_first, trust_env)
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
        options,
        _cutoff(keep),
        keep_history,
    )
    return run.of([found for source in sources for found in _sources(source, options)])


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
) -> Report:
    """Update an index from the sources that it remembers, as `build` does.

    If the index is damaged or was made by another version, it is rebuilt from them. The old index serves searches
    until the new one is published.

    Args:
        protected: a file of words that are matched only in their exact form (see `build`); an empty file protects
            none.
        full: always rebuild the index.
        index, workers, wait, memory, progress, dry_run, gate, resume, format, day_first, trust_env, keep,
            keep_history: see `build`.

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
    options = _options(format, day_first, trust_env)
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
        options,
        _cutoff(keep),
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


def _options(format: str, day_first: bool | None, trust_env: bool) -> ReadingOptions:
    if format and format not in format_names():
        raise ValueError(f"format: {format!r:.80} is none of {', '.join(format_names())}")
    if day_first is not None:
        check_flag("day_first", day_first)
    check_flag("trust_env", trust_env)
    return ReadingOptions(format, day_first, trust_env)


def _cutoff(keep: timedelta | None) -> datetime | None:
    if keep is None:
        return None
    if not isinstance(keep, timedelta) or keep <= timedelta():
        raise ValueError(f"keep: {keep!r:.80} is no length of time; give a timedelta")
    try:
        return datetime.now(UTC) - keep
    except OverflowError:
        return None


def _sources(given: str | os.PathLike[str] | Source, options: ReadingOptions) -> list[Source]:
    if isinstance(given, str | os.PathLike):
        return open_sources(given, options)
    if not hasattr(given, "snapshot"):
        raise ValueError(
            f"sources: {given!r:.80} is neither a path nor a source; pass several as separate arguments"
        )
    return [given]


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
    options: ReadingOptions = _AS_IT_SAYS
    before: datetime | None = None
    keep_history: bool | None = None

    def __post_init__(self) -> None:
        check_number("workers", self.workers, 1, whole=True)
        check_number("wait", self.wait, 0)
        check_number("memory", self.memory, LEAST_MEMORY, whole=True)
        check_flag("dry_run", self.dry_run)
        check_flag("resume", self.resume)
        if self.keep_history is not None:
            check_flag("keep_history", self.keep_history)
        if self.progress is not None and not callable(self.progress):
            raise ValueError(f"progress: {self.progress!r:.80} is not a function")
        if self.gate is not None and not isinstance(self.gate, Gate):
            raise ValueError(
                f"gate: {self.gate!r:.80} is not a newsearch.Gate; read_gate reads one from a file"
            )

    def again(self, locations: Sequence[str], full: bool, anew: str = "") -> Report:
        """Update an index from the sources it remembers; articles from one-time sources are kept."""
        sources: list[Source] = []
        for location in locations:
            if full and (location in ONCE or is_remote(location)):
                # Such a source cannot supply all its past articles again.
                before = self.before if is_remote(location) else None
                outlived = Outlived(before, self._kept)
                sources.append(_Kept(self.engine, location, outlived, self._keeps_history))
            if location in ONCE:
                continue
            try:
                sources.append(open_source(path_of(location), self.options))
            except SourceError as error:
                raise refusal(location, error.reason, self.engine.place) from error
        return replace(self.of(sources, full), anew=anew)

    def of(self, sources: Sequence[Source], full: bool = False) -> Report:
        """Update an index from these sources."""
        nested = _nested([source.location for source in sources], self._remembered().sources)
        return replace(self._of(sources, full), nested=nested)

    def _remembered(self) -> Recipe:
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.recipe()
        return Recipe((), frozenset())

    @property
    def _keeps_history(self) -> bool:
        return self._remembered().keep_history if self.keep_history is None else self.keep_history

    def _of(self, sources: Sequence[Source], full: bool) -> Report:
        started = time.monotonic()
        reading = Reading()
        if not self.dry_run:
            writer = self._writer(sources, full)
            resumed = 0
            try:
                with writer:
                    resumed = writer.held.articles_ahead
                    articles = self._write(writer, sources, reading, full)
            except KeyboardInterrupt:
                if self.progress:
                    # The articles read were finished on stopping, but this has not been reported yet.
                    place = sources[-1].location
                    self.progress(
                        Progress(reading.read, reading.broken, resumed, place, finished=writer.finished)
                    )
                raise
            return report_of(reading, articles, resumed, time.monotonic() - started)
        if self.gate:
            self._rehearse(sources, full, reading)
        else:
            self._compare(sources, full, reading)
        return report_of(reading, self._published(), 0, time.monotonic() - started)

    def _writer(self, sources: Sequence[Source], full: bool) -> Writer:
        # A one-time source is no longer available when a later run resumes.
        again = [s.location for s in sources] if all(s.lasting for s in sources) else []
        return self.engine.writer(
            fresh=full,
            wait=self.wait,
            memory=self.memory,
            sources=() if self.dry_run else again,
            protected=self.protected,
            resume=self.resume,
            rehearsal=self.dry_run,
        )

    def _write(self, writer: Writer, sources: Sequence[Source], reading: Reading, full: bool) -> int:
        """Write the changes of the sources. Returns the number of articles that can then be found."""
        histories = self._histories(reading, full) if self._keeps_history else None
        writer.keep_history(histories is not None)
        self._read(
            sources,
            Updater(self.engine.place, writer.held, writer, True, self.whole, self._outlived(), histories),
            reading,
        )
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

    def _outlived(self) -> Outlived:
        return Outlived(self.before, self._kept)

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

    def _rehearse(self, sources: Sequence[Source], full: bool, reading: Reading) -> None:
        """Write a generation for the gate to check, then discard it."""
        with self._writer(sources, full) as writer:
            self._write(writer, sources, reading, full)

    def _compare(self, sources: Sequence[Source], full: bool, reading: Reading) -> None:
        """Determine what the sources would change."""
        held = self.engine.held(fresh=full, protected=self.protected)
        self._read(
            sources, Updater(self.engine.place, held, None, not full, self.whole, self._outlived()), reading
        )

    def _read(self, sources: Sequence[Source], updater: Updater, reading: Reading) -> None:
        resumed = updater.held.articles_ahead

        def tell(location: str, done: float | None) -> None:
            if self.progress:
                finished = updater.writer.finished if updater.writer else 0
                self.progress(Progress(reading.read, reading.broken, resumed, location, done, finished))

        with _fetching(sources, updater.held):
            self._update_all(sources, updater, reading, tell)
        tell("", None)

    def _update_all(
        self,
        sources: Sequence[Source],
        updater: Updater,
        reading: Reading,
        tell: Callable[[str, float | None], None],
    ) -> None:
        for source in sources:
            updater.update(source, reading, self.workers, partial(tell, source.location))


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
    feeds: list[Any] = [source for source in sources if getattr(source, "window", False)]
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
