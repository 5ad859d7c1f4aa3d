"""Sources -> index, in batches: what `newsearch index`, `reindex` and `forget` do."""

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
from newsearch.engine.base import LEAST_MEMORY, MEMORY, Engine, Held, Reader, Writer
from newsearch.errors import IndexCorrupt, IndexIncompatible, IndexMissing, SourceError
from newsearch.indexing.gate import Gate
from newsearch.indexing.reports import Progress, Report, Watch, report_of
from newsearch.indexing.updating import Outlived, Reading, Updater, refusal
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
) -> Report:
    """Index sources: add what is new, replace what changed, delete what they no longer have.

    Files that look as they did when they were read (size, times, inode) are not read again, and an article whose
    content is the same is left as it is. Where nothing changes, nothing is written.

    A broken article is counted and reported, and the rest goes in. What the index has of it stays until it can be read,
    or is gone, as far as its id can be told. What breaks off, or gives no article at all, deletes nothing: it may be a
    torn file, or a disk that is not there. Nothing is seen by searches until all is
    published at once; on any error the index stays as it was. A run that is killed leaves the segments it has finished,
    and the next one of the same sources that starts from the same generation goes on from them.

    Of articles with one canonical URL in several sources, that of the source that the index has known longest is
    found; the others are kept, and found when that one goes.

    Args:
        sources: paths of directories and files, addresses of feeds, lists of feeds (see docs/formats.md), or such a
            source itself.
        index: directory of the index; made where there is none.
        protected: a file of words, one a line, that are found as they are and in no other form. The index remembers
            them; by default they are those that it remembers.
        workers: processes that parse Markdown files.
        wait: seconds to wait for another writer.
        memory: bytes that the articles which were read may take before a segment is written, at least 16 MiB. Merging
            segments takes about as much again, however many there are; processes that parse come on top.
        progress: called every 512 articles, and when all are read.
        dry_run: find out what would change, and write nothing.
        gate: checks that the outcome must pass before it is published; with `dry_run`, that it would have to pass.
        resume: go on from an interrupted run of the same sources; otherwise what it had finished is deleted.
        format: the format of files whose names and first bytes do not tell it (see `format_names`).
        day_first: whether `03/04/2020` is the 3rd of April; None to ask the language of each article.
        trust_env: take proxies for feeds of the web from the environment.
        keep: drop articles of feeds of the web, and take none, that are dated longer ago; all stay without it.

    Raises:
        ValueError: an argument is of a wrong kind, or out of its range; the message names it.
        SourceError: a source cannot be read at all, or has no articles now and the index has some of it; or no
            source was given.
        WordListError: the file of words cannot be used, or the index was made with other words: reindex it.
        IndexLocked: another process is writing to the index.
        IndexCorrupt, IndexIncompatible: the index that is there cannot be read.
        GateFailed: the outcome does not pass the gate; nothing was changed.
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
) -> Report:
    """Bring an index up to date with the sources that it remembers, as `build` does.

    An index that is damaged, or that another version made, is built anew from them. The old one serves until the
    new one is published.

    Args:
        protected: a file of words that are found in no other form (see `build`); an empty one protects none.
        full: build it anew in any case.
        index, workers, wait, memory, progress, dry_run, gate, resume, format, day_first, trust_env,
            keep: see `build`.

    Raises:
        ValueError: see `build`.
        WordListError: the file of words cannot be used.
        IndexMissing: there is no index to take the sources from.
        SourceError: a source is gone, gives no articles, or cannot be read to its end; nothing was changed.
        IndexLocked, GateFailed, EngineError: see `build`.
    """
    check_flag("full", full)
    engine = _engine(index)
    given = _protected(protected)
    options = _options(format, day_first, trust_env)
    run = _IndexingRun(
        engine, workers, wait, memory, progress, dry_run, gate, resume, True, None, options, _cutoff(keep)
    )
    recipe = engine.recipe()
    words = recipe.protected if given is None else given
    run = replace(run, protected=words)
    anew = "other words are protected now" if words != recipe.protected else _fault(engine)
    return run.again(recipe.sources, full or bool(anew), "" if full else anew)


def forget(
    *sources: str | os.PathLike[str], index: str | os.PathLike[str], workers: int = 1, wait: float = 0.0
) -> Report:
    """Delete all articles of sources from an index, which remembers them no more. Their paths may be gone.

    An index that cannot be read is built anew from the sources that are left.

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
    # A path as it is shown, with what cannot be printed escaped, will do too.
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
    """Why an index cannot be read, or is not what was written; empty where all is well."""
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

    def __post_init__(self) -> None:
        check_number("workers", self.workers, 1, whole=True)
        check_number("wait", self.wait, 0)
        check_number("memory", self.memory, LEAST_MEMORY, whole=True)
        check_flag("dry_run", self.dry_run)
        check_flag("resume", self.resume)
        if self.progress is not None and not callable(self.progress):
            raise ValueError(f"progress: {self.progress!r:.80} is not a function")
        if self.gate is not None and not isinstance(self.gate, Gate):
            raise ValueError(
                f"gate: {self.gate!r:.80} is not a newsearch.Gate; read_gate reads one from a file"
            )

    def again(self, locations: Sequence[str], full: bool, anew: str = "") -> Report:
        """Update an index from sources that it remembers; those that came once stay as they are."""
        sources: list[Source] = []
        for location in locations:
            if full and (location in ONCE or is_remote(location)):
                # It cannot be asked for all that it once had.
                before = self.before if is_remote(location) else None
                sources.append(_Kept(self.engine, location, Outlived(before, self._kept)))
            if location in ONCE:
                continue
            try:
                sources.append(open_source(path_of(location), self.options))
            except SourceError as error:
                raise refusal(location, error.reason, self.engine.place) from error
        return replace(self.of(sources, full), anew=anew)

    def of(self, sources: Sequence[Source], full: bool = False) -> Report:
        """Update an index from these sources."""
        nested = _nested([source.location for source in sources], self._remembered())
        return replace(self._of(sources, full), nested=nested)

    def _remembered(self) -> Sequence[str]:
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.recipe().sources
        return ()

    def _of(self, sources: Sequence[Source], full: bool) -> Report:
        started = time.monotonic()
        reading = Reading()
        if not self.dry_run:
            writer = self._writer(sources, full)
            resumed = 0
            try:
                with writer:
                    resumed = writer.held.articles_ahead
                    articles = self._write(writer, sources, reading)
            except KeyboardInterrupt:
                if self.progress:
                    # Stopping has finished what was read, and nobody was told yet.
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
        # What comes once is not there any more when a later run goes on.
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

    def _write(self, writer: Writer, sources: Sequence[Source], reading: Reading) -> int:
        """Have a writer do what sources change. Returns how many articles can be found then."""
        self._read(
            sources,
            Updater(self.engine.place, writer.held, writer, True, self.whole, self._outlived()),
            reading,
        )
        return writer.commit(check=self._check if self.gate else None).articles

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
        """How many articles can be found now; 0 where there is no index, or none that can be read."""
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            return self.engine.reader().stats().articles
        return 0

    def _rehearse(self, sources: Sequence[Source], full: bool, reading: Reading) -> None:
        """Have a generation written that the gate is asked about, and that goes again."""
        with self._writer(sources, full) as writer:
            self._write(writer, sources, reading)

    def _compare(self, sources: Sequence[Source], full: bool, reading: Reading) -> None:
        """Find what sources would change."""
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
    """The sources within another one, of those that are given now or lie around or within these."""
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
    """Begin to fetch what is remote, with what was remembered of it."""
    feeds: list[Any] = [source for source in sources if getattr(source, "window", False)]
    for feed in feeds:
        if state := held.state(feed.location):
            feed.recall(state.names)
    if not feeds:
        return nullcontext()
    from newsearch.sources.remote import Fetching

    return Fetching(feeds)


class _Kept:
    """What came once, as a source: the index itself has it."""

    one_each = False
    lasting = False

    def __init__(self, engine: Engine, location: str, outlived: Outlived) -> None:
        self._engine = engine
        self._outlived = outlived
        self.location = location

    def snapshot(self) -> Snapshot:
        return Snapshot()

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        try:
            for article in self._engine.reader().kept(self.location):
                if not self._outlived.has(article):
                    yield article
        except (IndexCorrupt, IndexIncompatible) as error:
            reason = f"is kept by the index alone, which cannot be read ({error})"
            raise refusal(self.location, reason, self._engine.place) from error

    def done(self) -> None:
        return None
