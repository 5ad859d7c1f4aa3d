"""Articles -> segments, in a background thread, while the caller reads the next articles.

Batches are collected in the order they arrive. The segments therefore do not depend on the speed of either thread.
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
from newsearch.engine.writing import SourceState
from newsearch.errors import StorageError

Array: TypeAlias = NDArray[Any]

FAILED = "cannot be written, the index is unchanged"

_WAITING_SHARE = 64
"""The records of waiting articles may take at most this fraction (1 / 64) of the memory. The articles themselves take
about six times as much as their records."""


class Collector:
    """Collects added articles into segments, and records the progress in the journal, for a run that resumes this one.

    Attributes:
        segments: the finished segments, starting with those of an interrupted run. Between `add` and `wait` they belong
            to the background thread.
        finished: the number of articles in them.

    Args:
        directory: the directory of the index.
        base: the generation that is being changed.
        run: the run to record in the journal. A run without sources is not recorded.
        ahead: what an interrupted run had finished.
        memory: the bytes that articles may take before they are written to a segment.
        write: writes a segment. It receives the arrays, the number of articles, and the numbers of the articles
            that later ones in the segment replace.
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
        # The rest is for the term table, which all segments share.
        self._memory = memory * 3 // 4
        self._begin(TermTable(base.protected))
        self._behind = Backlog(memory // _WAITING_SHARE)

    @property
    def resumed(self) -> Sequence[Segment]:
        """The segments that an interrupted run had finished."""
        return self.segments[: self._resumed]

    def add(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        """Queue articles of one source. Errors while they are collected are raised by a later call.

        Args:
            before: returns the files of the source whose articles were all added before these. It may be called at
                any time until the next `wait`, from the background thread.

        Raises:
            ValueError: a text holds control characters or lone surrogates; none of these articles is added.
            StorageError: a segment could not be written.
        """
        batch = list(articles)
        records = records_of(batch)
        work = partial(self._collect, batch, records, source, before)
        self._behind.put(work, sum(map(len, records)))

    def note(self, source: str, state: SourceState) -> None:
        """Record that all articles in these files of a source have been added."""
        self._behind.put(partial(self._states.__setitem__, source, state))

    def wait(self) -> None:
        """Wait until all added articles are collected."""
        self._behind.wait()

    def end(self) -> list[Segment]:
        """Write the last segment. Returns all segments, and drops its own references to them."""
        self._behind.wait()
        if len(self._builder):
            self._flush()
        # The term table is no longer needed, and the steps that follow need the memory.
        self._begin(TermTable(self._base.protected))
        segments, self.segments = self.segments, []
        return segments

    def close(self) -> None:
        """Drop the articles that are not collected yet, and end the background thread."""
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
