"""Sources -> index, in batches: what `newsearch index`, `reindex` and `forget` do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from newsearch.article import Article
from newsearch.engine.whoosh.builder import MEMORY
from newsearch.engine.whoosh.damage import verify_sums
from newsearch.engine.whoosh.ledger import Difference, Held, of_sources
from newsearch.engine.whoosh.reader import WhooshReader
from newsearch.engine.whoosh.toc import Toc, read_toc
from newsearch.engine.whoosh.writer import WhooshWriter
from newsearch.errors import IndexCorrupt, IndexIncompatible, IndexMissing, SourceError
from newsearch.gate import Gate
from newsearch.index import Index
from newsearch.sources import STREAM, Snapshot, Source, locate, open_source
from newsearch.updating import Reading, Updater, refusal
from newsearch.wordlists import protected_words


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of indexing did, or with `dry_run` would do.

    Attributes:
        read: articles that were read, the broken ones not among them.
        added, replaced, deleted, moved: changes to the index, in articles. A moved one has another id in the same
            source, and is counted as neither added nor deleted.
        unchanged: articles of these sources that are as they were.
        repeated: articles that were read, but stand again later, under the same id, in the same source.
        articles: articles that can be found in the index now.
        errors: the broken articles; at most 1,000 of them are kept.
        broken: how many there were.
        seconds: how long it took.
        incomplete: locations of sources that could not be read to their end. What was read of them went in, and
            nothing that the index had of them was deleted.
        empty: locations of sources without any article, and of which the index had none.
        resumed: articles that an interrupted run had indexed, and that needed not be indexed again.
        differences: by location, the same counts for each source, and the ids of the first 1,000 of each kind.
    """

    read: int
    added: int
    replaced: int
    deleted: int
    articles: int
    errors: tuple[SourceError, ...]
    broken: int
    seconds: float
    incomplete: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    moved: int = 0
    unchanged: int = 0
    repeated: int = 0
    resumed: int = 0
    differences: Mapping[str, Difference] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """All articles that were added, replaced, deleted or moved."""
        return self.added + self.replaced + self.deleted + self.moved


Progress = Callable[[int, int], None]
"""Called now and then with the number of articles read, and of broken ones."""


def build(
    *sources: str | os.PathLike[str] | Source,
    index: str | os.PathLike[str],
    protected: str | os.PathLike[str] | None = None,
    workers: int = 1,
    wait: float = 0.0,
    memory: int = MEMORY,
    progress: Progress | None = None,
    dry_run: bool = False,
    gate: Gate | None = None,
) -> Report:
    """Index sources: add what is new, replace what changed, delete what they no longer have.

    Files that look as they did when they were read (size, times, inode) are not read again, and an article whose
    content is the same is left as it is. Where nothing changes, nothing is written.

    A broken article is counted and reported, and the rest goes in. What breaks off, or gives no article at all,
    deletes nothing: it may be a torn file, or a disk that is not there. Nothing is seen by searches until all is
    published at once; on any error the index stays as it was. A run that is killed leaves the segments it has finished,
    and the next one of the same sources that starts from the same generation goes on from them.

    Of articles with one canonical URL in several sources, that of the source that the index has known longest is
    found; the others are kept, and found when that one goes.

    Args:
        sources: paths of directories, JSONL files or feeds (see newsearch.sources), or such a source itself.
        index: directory of the index; made where there is none.
        protected: a file of words, one a line, that are found as they are and in no other form. The index remembers
            them; by default they are those that it remembers.
        workers: processes that parse Markdown files.
        wait: seconds to wait for another writer.
        memory: bytes that this process may take before it writes a segment; processes that parse come on top.
        progress: called every 512 articles.
        dry_run: find out what would change, and write nothing.
        gate: checks that the outcome must pass before it is published.

    Raises:
        SourceError: a source cannot be read at all, or gives no articles now and the index has some of it; or no
            source was given.
        WordListError: the file of words cannot be used, or the index was made with other words: reindex it.
        IndexLocked: another process is writing to the index.
        IndexCorrupt, IndexIncompatible: the index that is there cannot be read.
        GateFailed: the outcome does not pass the gate; nothing was changed.
        EngineError: the index cannot be written.
    """
    if not sources:
        raise SourceError("build", "no source was given")
    words = None if protected is None else protected_words(protected)
    run = _Run(Path(index), workers, wait, memory, progress, dry_run, gate, protected=words)
    return run.of([s if not isinstance(s, str | os.PathLike) else open_source(s) for s in sources])


def reindex(
    index: str | os.PathLike[str],
    *,
    protected: str | os.PathLike[str] | None = None,
    full: bool = False,
    workers: int = 1,
    wait: float = 0.0,
    memory: int = MEMORY,
    progress: Progress | None = None,
    dry_run: bool = False,
    gate: Gate | None = None,
) -> Report:
    """Bring an index up to date with the sources that it remembers, as `build` does.

    An index that is damaged, or that another version made, is built anew from them. The old one serves until the
    new one is published.

    Args:
        full: build it anew in any case.

    Args:
        index, workers, wait, progress: see `build`.
        protected: a file of words that are found in no other form (see `build`); an empty one protects none.

    Raises:
        WordListError: the file of words cannot be used.
        IndexMissing: there is no index to take the sources from.
        SourceError: a source is gone, gives no articles, or cannot be read to its end; nothing was changed.
        IndexLocked, GateFailed, EngineError: see `build`.
    """
    toc = read_toc(Path(index), any_version=True)
    words = toc.protected if protected is None else protected_words(protected)
    run = _Run(Path(index), workers, wait, memory, progress, dry_run, gate, whole=True, protected=words)
    if words != toc.protected or (not full and not _is_sound(run.index)):
        full = True
    return run.again(toc.locations, full)


def forget(
    *sources: str | os.PathLike[str], index: str | os.PathLike[str], workers: int = 1, wait: float = 0.0
) -> Report:
    """Delete all articles of sources from an index, which remembers them no more. Their paths may be gone.

    An index that cannot be read is built anew from the sources that are left.

    Raises:
        IndexMissing: there is no index.
        SourceError: the index has no such source, or no source was given.
        IndexLocked, EngineError: see `build`.
    """
    started = time.monotonic()
    if not sources:
        raise SourceError("forget", "no source was given")
    toc = read_toc(Path(index), any_version=True)
    known = toc.locations
    forgotten = {STREAM if source == STREAM else locate(source) for source in sources}
    for location in sorted(forgotten.difference(known)):
        raise SourceError(location, f"no source of this index; it has {', '.join(known) or 'none'}")
    try:
        with WhooshWriter(Path(index), wait=wait) as writer:
            for location in forgotten:
                writer.forget_source(location)
            changes = writer.commit()
    except (IndexCorrupt, IndexIncompatible):
        run = _Run(Path(index), workers, wait, whole=True, protected=toc.protected)
        return run.again([location for location in known if location not in forgotten], True)
    return Report(0, 0, 0, changes.deleted, changes.articles, (), 0, time.monotonic() - started)


def _is_sound(index: Path) -> bool:
    """Whether an index can be read and is what was written."""
    try:
        verify_sums(WhooshReader(index).segments)
    except (IndexCorrupt, IndexIncompatible):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Run:
    index: Path
    workers: int
    wait: float
    memory: int = MEMORY
    progress: Progress | None = None
    dry_run: bool = False
    gate: Gate | None = None
    whole: bool = False
    protected: frozenset[str] | None = None

    def again(self, locations: Sequence[str], full: bool) -> Report:
        """Update an index from sources that it remembers; those that came once stay as they are."""
        sources: list[Source] = []
        for location in locations:
            if location == STREAM:
                if full:
                    sources.append(_Kept(self.index))
                continue
            try:
                sources.append(open_source(location))
            except SourceError as error:
                raise refusal(location, error.reason, self.index) from error
        return self.of(sources, full)

    def of(self, sources: Sequence[Source], full: bool = False) -> Report:
        """Update an index from these sources."""
        started = time.monotonic()
        reading = Reading()
        resumed = 0
        if self.dry_run:
            articles = self._compare(sources, full, reading)
        else:
            # What comes once is not there any more when a later run goes on.
            again = [s.location for s in sources] if all(s.lasting for s in sources) else []
            with WhooshWriter(
                self.index,
                fresh=full,
                wait=self.wait,
                memory=self.memory,
                sources=again,
                protected=self.protected,
            ) as writer:
                resumed = writer.held.articles_ahead
                self._read(sources, Updater(self.index, writer.held, writer, True, self.whole), reading)
                articles = writer.commit(check=self._check if self.gate else None).articles
        if self.progress:
            self.progress(reading.read, reading.broken)
        return _report(reading, articles, resumed, time.monotonic() - started)

    def _check(self, unpublished: Toc) -> None:
        assert self.gate
        before = 0
        with suppress(IndexMissing, IndexIncompatible, IndexCorrupt):
            before = WhooshReader(self.index).stats().articles
        self.gate.check(Index(self.index, reader=WhooshReader(self.index, unpublished)), before)

    def _compare(self, sources: Sequence[Source], full: bool, reading: Reading) -> int:
        """Find what sources would change. Returns how many articles the index has."""
        held, articles = Held(self.index, Toc(0), ()), 0
        # What is built anew is compared with nothing, if what is there cannot be read.
        unreadable = (IndexCorrupt, IndexIncompatible) if full else ()
        with suppress(IndexMissing, *unreadable):
            reader = WhooshReader(self.index)
            held, articles = Held(self.index, reader.toc, reader.segments), reader.stats().articles
        self._read(sources, Updater(self.index, held, None, not full, self.whole), reading)
        return articles

    def _read(self, sources: Sequence[Source], updater: Updater, reading: Reading) -> None:
        def tell() -> None:
            if self.progress:
                self.progress(reading.read, reading.broken)

        for source in sources:
            updater.update(source, reading, self.workers, tell)


class _Kept:
    """What came once, as a source: the index itself has it."""

    one_each = False
    lasting = False
    location = STREAM

    def __init__(self, index: Path) -> None:
        self._index = index

    def snapshot(self) -> Snapshot:
        return Snapshot()

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        try:
            for segment in WhooshReader(self._index).segments:
                for number in of_sources(segment, {STREAM}).nonzero()[0].tolist():
                    yield segment.article(number)
        except (IndexCorrupt, IndexIncompatible) as error:
            reason = f"came on standard input, and the index that has it cannot be read ({error})"
            raise refusal(STREAM, reason, self._index) from error


def _report(reading: Reading, articles: int, resumed: int, seconds: float) -> Report:
    differences = reading.differences.values()
    return Report(
        read=reading.read,
        added=sum(d.added for d in differences),
        replaced=sum(d.replaced for d in differences),
        deleted=sum(d.deleted for d in differences),
        articles=articles,
        errors=tuple(reading.errors),
        broken=reading.broken,
        seconds=seconds,
        incomplete=tuple(reading.incomplete),
        empty=tuple(reading.empty),
        moved=sum(d.moved for d in differences),
        unchanged=sum(d.unchanged for d in differences),
        repeated=sum(d.repeated for d in differences),
        resumed=resumed,
        differences=reading.differences,
    )
