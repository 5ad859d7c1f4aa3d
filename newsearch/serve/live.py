"""The newest generation of an index, and the threads that search it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from threading import Lock, Thread
from time import monotonic
from typing import TypeVar
from zlib import crc32

from newsearch import Index, NewsearchError, Stats, WordListError, __version__
from newsearch.search.index import open as open_index
from newsearch.serve.settings import Settings
from newsearch.serve.shelf import state_of
from newsearch.text.wordlists import word_list

Value = TypeVar("Value")

_EVERY = 1.0
"""Seconds between two checks for a newer generation."""

_LATE = 1.1
"""How late a check may be, as a multiple of _EVERY, while a thread makes it and the last generation is still shown."""

_TURN = 0.02
"""The maximum number of seconds that a search waits for the one before it."""

_PATIENCE = 0.5
"""The maximum number of seconds for which a new generation is kept back until it is warmed up."""

_PAUSE = 1.3
"""Seconds without a check after which a search waits for it. Together with _PATIENCE, no answer is 2 s old."""


class Busy(Exception):
    """Too many searches are waiting; another one would wait too long."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One generation of an index, open for searching.

    Attributes:
        mark: identifies the generation and the synonyms.
    """

    index: Index
    stats: Stats
    mark: str

    def tag(self, *parts: object) -> str:
        """A strong ETag, without quotes, for content determined by these parts and this generation."""
        return blake2b(repr((self.mark, *parts)).encode(), digest_size=12).hexdigest()


class Live:
    """An index that several threads search, and that switches to each new generation and to changed synonyms.

    With `warm_up`, a new generation is opened in a thread of its own. It is searched when it is warmed up, or after
    half a second: nobody should wait for the front page, nor long for the news. After a pause without requests, the
    first ones wait until it is open. Searches that need copies before they are known raise NotReady.

    Args:
        warm_up: makes what the first requests of a generation would otherwise wait for.
        tell: called with one line when the index or the synonyms can no longer be read, and when they can again.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: Settings,
        synonyms: str | os.PathLike[str] | None = None,
        warm_up: Callable[[Index], None] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._path = path
        self._synonyms = synonyms
        self._settings = settings
        self._limit = settings.threads + settings.waiting
        self._pool = ThreadPoolExecutor(settings.threads, "newsearch")
        self._turn = Lock()
        self._lock = Lock()
        self._snapshot: Snapshot | None = None
        self._probe: Index | None = None
        self._read_synonyms: object = None
        self._looked = -_EVERY
        self._warm_up = warm_up
        self._tell = tell
        self._warming: Thread | None = None
        self._newest: Index | None = None
        self._is_opening = self._is_outdated = self._is_looking = False
        self.error: NewsearchError | None = None
        self.running = 0

    async def run(self, job: Callable[[Snapshot], Value]) -> Value:
        """Run a job on the newest generation, in a thread.

        Raises:
            Busy: too many jobs are waiting.
            NewsearchError: the index cannot be read, or the job raised it.
        """
        if self.running >= self._limit:
            raise Busy
        loop = asyncio.get_running_loop()

        def freed(_: object) -> None:
            # A server that stops does not wait for the search of a client that has gone.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._done)

        self.running += 1
        # Counted until the thread is free again, even if the client has gone.
        future = self._pool.submit(self._in_turn, job)
        future.add_done_callback(freed)
        return await asyncio.wrap_future(future)

    def _in_turn(self, job: Callable[[Snapshot], Value]) -> Value:
        """Run a job after the one before it, unless that takes long.

        Threads that search at the same time take the interpreter's lock from each other, which costs more than most
        searches gain.
        """
        is_turn = self._turn.acquire(timeout=_TURN)
        try:
            return job(self.snapshot())
        finally:
            if is_turn:
                self._turn.release()

    def _done(self) -> None:
        self.running -= 1

    def snapshot(self) -> Snapshot:
        """The newest generation, or one up to a second old; if it cannot be read, the last readable one.

        Raises:
            NewsearchError: no generation has been readable yet.
        """
        self._check()
        if self._snapshot is None:
            raise self.error or NewsearchError("the index is not open")
        return self._snapshot

    def fresh(self) -> Snapshot | None:
        """As `snapshot`, without waiting; None if it would have to wait."""
        age = monotonic() - self._looked
        if age < _EVERY:
            return self._snapshot
        if age >= _LATE * _EVERY:
            return None
        if not self._is_looking:
            self._is_looking = True
            self._pool.submit(self._check_aside)
        return self._snapshot

    def _check_aside(self) -> None:
        try:
            self._check()
        finally:
            self._is_looking = False

    def _check(self) -> None:
        """Look for a newer generation, if that is due and no other thread does it, or nobody did it for long."""
        age = monotonic() - self._looked
        if age >= _EVERY and self._lock.acquire(blocking=self._snapshot is None or age >= _PAUSE):
            try:
                if (age := monotonic() - self._looked) >= _EVERY:
                    self._look(is_urgent=age >= _PAUSE)
            finally:
                self._lock.release()

    def _look(self, is_urgent: bool) -> None:
        try:
            if self._probe is None:
                self._probe = open_index(self._path)
                self._is_outdated = True
                # The first requests wait for the index, but not for what only some of them need.
                self._snapshot = self._opened()
                self._is_outdated = False
                self._start_to_warm(self._snapshot.index)
            elif not self._is_opening and (
                self._is_outdated or self._probe.refresh() or self._read_synonyms != self._state_of_synonyms()
            ):
                self._is_opening = self._is_outdated = True
                if self._warm_up is None or is_urgent:
                    self._switch(patience=0.0)
                else:
                    _in_a_thread(partial(self._switch, _PATIENCE))
            if not self._is_outdated:
                self._note(None)
        except NewsearchError as error:
            self._note(error)
        self._looked = monotonic()

    def _state_of_synonyms(self) -> object:
        """A value that changes when the file of synonyms does; None if no file can be read."""
        with suppress(WordListError):
            if self._synonyms is not None:
                return state_of(self._synonyms, error=WordListError)
        return None

    def _note(self, error: NewsearchError | None) -> None:
        """Store why the index cannot be opened, and report each change of that."""
        before, self.error = self.error, error
        if self._tell and str(before) != str(error):
            self._tell(f"the index cannot be opened: {error}" if error else "the index can be opened again")

    def _opened(self) -> Snapshot:
        words = 0
        if self._synonyms is not None:
            self._read_synonyms = state_of(self._synonyms, error=WordListError)
            # Other synonyms find other articles.
            words = crc32(word_list(self._synonyms))
        index = open_index(self._path, synonyms=self._synonyms, memory=self._settings.memory)
        if self._settings.shared is not None and self._settings.shared_memory:
            index.share_lists(self._settings.shared, self._settings.shared_memory)
        stats = index.stats()
        mark = f"{__version__} {stats.generation} {stats.created.isoformat()} {words:08x}"
        return Snapshot(index, stats, mark)

    def _switch(self, patience: float) -> None:
        try:
            snapshot = self._opened()
            if warming := self._start_to_warm(snapshot.index):
                warming.join(patience)
            self._snapshot, self._is_outdated = snapshot, False
            self._note(None)
        except NewsearchError as error:
            self._note(error)
        finally:
            self._is_opening = False

    def _start_to_warm(self, index: Index) -> Thread | None:
        if self._warm_up is None:
            return None
        # Comparing a million articles takes half a minute. No search waits for that.
        compare = index.defer_copies()
        self._newest = index
        self._warming = _in_a_thread(
            partial(self._warm, index, (compare, partial(self._warm_up, index)), self._warming)
        )
        return self._warming

    def _warm(self, index: Index, jobs: Sequence[Callable[[], None]], before: Thread | None) -> None:
        # Generations that follow each other quickly must not be warmed up all at once.
        if before:
            before.join()
        for job in jobs:
            # Requests for what cannot be read report the error.
            with suppress(NewsearchError):
                if index is self._newest:
                    job()

    @property
    def latest(self) -> Snapshot | None:
        """The generation in use, if any, without a check for a newer one."""
        return self._snapshot

    def close(self) -> None:
        """Stop the threads; running searches finish, waiting ones are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _in_a_thread(job: Callable[[], None]) -> Thread:
    # Stopping the server does not wait for it.
    thread = Thread(target=job, name="newsearch-opening", daemon=True)
    thread.start()
    return thread
