"""Articles -> segments, in another thread, so that the next articles can be read meanwhile.

Batches are collected in the order in which they come, so that the segments are the same however fast either thread is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine.arrays.files.state import write_state
from newsearch.engine.arrays.files.toc import Toc, remove_files
from newsearch.engine.arrays.segment.segment import Segment, count_kept
from newsearch.engine.arrays.writing.backlog import Backlog
from newsearch.engine.arrays.writing.builder import SegmentBuilder, TermTable
from newsearch.engine.arrays.writing.content import records_of
from newsearch.engine.arrays.writing.journal import Ahead, JournalRun, write_journal
from newsearch.engine.base import SourceState
from newsearch.errors import StorageError

Array: TypeAlias = NDArray[Any]

FAILED = "cannot be written, the index is unchanged"

_WAITING_SHARE = 64
"""Of so many bytes of memory, one may be taken by the records of articles that wait to be collected; as articles they
take some six times as much."""


class Collector:
    """Collects what is added to an index, and notes how far that is, for a run that goes on if this one is killed.

    Attributes:
        segments: those that are finished, first of all those that an interrupted run had finished. They belong to the
            other thread between `add` and `wait`.
        finished: how many articles they have.

    Args:
        directory: of the index.
        base: the generation that is changed.
        run: the run that is noted; one without sources is not.
        ahead: what an interrupted run had finished.
        memory: bytes that the articles may take before they are written to a segment.
        write: makes a segment of its arrays; it is given how many articles it has, and the numbers of those that
            others of them replace.
    """

    def __init__(
        self,
        directory: Path,
        base: Toc,
        run: JournalRun,
        ahead: Ahead,
        memory: int,
        write: Callable[[Mapping[str, Array], int, Sequence[int]], Segment],
    ) -> None:
        self._directory = directory
        self._base = base
        self._run = run
        self._write = write
        self.segments = list(ahead.segments)
        self.finished = count_kept(self.segments)
        self._resumed = len(ahead.segments)
        self._states: dict[str, SourceState] = dict(ahead.states)
        self._state_names: list[str] = []
        # A part of it is for the words that were met, which serve all segments.
        self._memory = memory * 3 // 4
        self._begin(TermTable(base.protected))
        self._behind = Backlog(memory // _WAITING_SHARE)

    @property
    def resumed(self) -> Sequence[Segment]:
        """Those of the segments that an interrupted run had finished."""
        return self.segments[: self._resumed]

    def add(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        """Have articles of one source collected; what goes wrong with that is raised by a later call.

        Args:
            before: gives the files of the source whose articles were all added before these. It is called at any time
                until the next `wait`, in the other thread.

        Raises:
            ValueError: a text holds control characters or lone surrogates; nothing is kept of these articles.
            StorageError: a segment could not be written.
        """
        batch = list(articles)
        records = records_of(batch)
        work = partial(self._collect, batch, records, source, before)
        self._behind.put(work, sum(map(len, records)))

    def note(self, source: str, state: SourceState) -> None:
        """Note that all articles of these files of a source were added."""
        self._behind.put(partial(self._states.__setitem__, source, state))

    def wait(self) -> None:
        """Wait until all that was added is collected."""
        self._behind.wait()

    def end(self) -> list[Segment]:
        """Write what is left. Returns all segments, and holds nothing any more."""
        self._behind.wait()
        if len(self._builder):
            self._flush()
        # Words that were met have served; what comes now takes memory of its own.
        self._begin(TermTable(self._base.protected))
        segments, self.segments = self.segments, []
        return segments

    def close(self) -> None:
        """Forget what is not collected yet, and end the other thread."""
        self._behind.close()

    def _collect(
        self,
        articles: list[Article],
        records: list[bytes],
        source: str,
        before: Callable[[], SourceState] | None,
    ) -> None:
        while articles:
            room = self._builder.room(records)
            self._builder.add_all(articles[:room], records[:room], source)
            articles, records = articles[room:], records[room:]
            if self._builder.full:
                self._flush()
                if self._run.sources and before:
                    self._states[source] = before()
                    self._note_run()

    def _flush(self) -> None:
        arrays = self._builder.build(self._base.pivots)
        self.segments.append(self._write(arrays, len(self._builder), self._builder.replaced()))
        too_many = self._term_table.size * 3 > self._memory
        self._begin(TermTable(self._base.protected) if too_many else self._term_table)

    def _begin(self, term_table: TermTable) -> None:
        self._term_table = term_table
        self._builder = SegmentBuilder(term_table, self._memory)

    def _note_run(self) -> None:
        try:
            names = {
                location: write_state(self._directory, self._base.next_generation, state)
                for location, state in self._states.items()
                if state.names
            }
            write_journal(self._directory, self._run, self.segments, names)
        except OSError as error:
            raise StorageError(self._directory, FAILED, error) from error
        remove_files(self._directory / name for name in self._state_names)
        self._state_names = list(names.values())
        self.finished = count_kept(self.segments)
