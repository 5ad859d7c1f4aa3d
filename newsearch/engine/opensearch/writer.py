"""Writes changes to an index in a cluster, and publishes all of them or none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine import writing as protocols
from newsearch.engine.arrays.writing.content import facts_of, records_of
from newsearch.engine.arrays.writing.ledger import Ledger
from newsearch.engine.base import NO_SETTINGS, Reader, SourceSettings
from newsearch.engine.opensearch.bulk import Bulk, delete_item, index_item, update_item
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.copies import hide_copies
from newsearch.engine.opensearch.described import described
from newsearch.engine.opensearch.documents import documents
from newsearch.engine.opensearch.generation import (
    Generation,
    SourceEntry,
    create_meta,
    describe,
    meta_index,
    publish,
)
from newsearch.engine.opensearch.held import Documents, OpenSearchHeld, document_id, signed
from newsearch.engine.opensearch.journal import Journal, Run, delete_journal, read_journal
from newsearch.engine.opensearch.lease import Lease
from newsearch.engine.opensearch.plan import planned
from newsearch.engine.opensearch.reader import OpenSearchReader
from newsearch.engine.opensearch.removal import delete_old, purge
from newsearch.engine.opensearch.start import base_generation, last_number, protecting, shown_index
from newsearch.engine.opensearch.states import delete_states, write_state
from newsearch.engine.opensearch.target import Target
from newsearch.engine.writing import WRITER_DEFAULTS, Changes, SourceState, WriterOptions
from newsearch.errors import EngineError, IndexMissing
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]

_NOTE_SECONDS = 15.0
"""The journal is written about this often, but never takes more than a tenth of the time."""

_PURGE_SHARE = 5
"""When more than one document in this many has died, a commit removes those that the published generation does not
need."""


class OpenSearchWriter:
    """Implements `Writer`. Readers see no changes before `commit`.

    Attributes:
        held: what the index holds before the changes.

    Args:
        given: see `WriterOptions`. `memory` has no effect, because bulk requests limit the memory. A rehearsal writes
            to the index too, but removes it all again.

    Raises:
        WordListError, IndexLocked, IndexCorrupt, IndexIncompatible, EngineError: see `base.Engine.writer`.
    """

    def __init__(self, cluster: Cluster, **given: Unpack[WriterOptions]) -> None:
        options: WriterOptions = {**WRITER_DEFAULTS, **given}
        self._cluster = cluster
        self._rehearses = options["rehearsal"]
        self._lease: Lease | None = None
        self._bulk: Bulk | None = None
        self._is_open = True
        self._taken: Target | None = None
        shown_index(cluster)  # before anything is created under a name that somebody else uses
        # A rehearsal without an index must not leave one behind.
        if not self._rehearses or cluster.ask("GET", f"/{meta_index(cluster.alias)}", missing=True):
            create_meta(cluster)
            self._lease = Lease(cluster, options["wait"])
        try:
            self._open(options)
        except BaseException:
            self._release()
            raise

    def _open(self, options: WriterOptions) -> None:
        cluster, fresh, sources = self._cluster, options["fresh"], list(options["sources"])
        self._base = base_generation(cluster, fresh, None)
        self._fresh = fresh
        last = last_number(cluster, self._base)
        self._protected = protecting(cluster, self._base, options["protected"])
        self._number = last + 1
        self._shown = shown_index(cluster)
        self._target = self._taken = Target(cluster, self._base, self._number, rehearses=self._rehearses)
        self._index = self._target.index
        run = Run(last, fresh, sources, sorted(self._protected), self._number, self._index)
        self._journal = Journal(cluster, run)
        self._resumable = bool(sources) and not self._rehearses
        earlier = read_journal(cluster, run) if self._resumable and options["resume"] else None
        if earlier and self._target.exists():
            self._journal = earlier
            self._target.resume(self._number)
            self.held = OpenSearchHeld(cluster, self._base, self._index, self._number, earlier.states)
        else:
            if self._lease:
                delete_journal(cluster)
            self._target.begin()
            self.held = OpenSearchHeld(cluster, self._base)
        self._earlier = self.held.articles_ahead
        self._sources = list(self._base.locations) if self._base else []
        self._settings = {e.location: e.settings for e in self._base.sources} if self._base else {}
        self._resumed = self.held.sources_ahead() if self._earlier else []
        for source in self._resumed:
            self._name(source)
        self._keep_history = bool(self._base and self._base.keep_history)
        self._states: dict[str, SourceState] = {}
        self._added: dict[str, list[tuple[Array, Array, Array]]] = {}
        self._dropped: dict[str, list[Array]] = {}
        self._dropped_sources: set[str] = set()
        self._before: dict[str, Callable[[], SourceState]] = {}
        self._noted = time.monotonic()
        self._note_pause = _NOTE_SECONDS
        self._bulk = Bulk(cluster, self._target.alias)

    def __enter__(self) -> OpenSearchWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is KeyboardInterrupt:
            self._pause()
        self.cancel()

    @property
    def finished(self) -> int:
        """The number of articles that the next writer need not index again if this one stops now."""
        if not self._resumable or not self._bulk:
            return 0
        return self._earlier + self._bulk.accepted

    # Changes

    def add(self, article: Article, source: str) -> None:
        """Add an article of a source. It replaces the article with the same id in that source.

        If the published article has the same content (see `content`), it stays unchanged.
        """
        self.add_all([article], source)

    def add_all(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        """Add several articles of one source, as `add` does.

        Args:
            before: returns the files of the source whose articles were all added before these.

        Raises:
            ValueError: a text holds control characters or lone surrogates; none of these articles is added.
            EngineError: the cluster refused an article, or does not answer.
        """
        bulk = self._opened()
        self._name(source)
        if before:
            if self._resumable and time.monotonic() - self._noted > self._note_pause:
                self._note(source, before)
            self._before[source] = before
        if not articles:
            return
        batch = list(articles)
        facts = facts_of(batch, records_of(batch))
        keys = np.frombuffer(facts.id_hash, np.uint64)
        contents = np.frombuffer(facts.content_hash, np.uint64)
        urls = np.frombuffer(facts.url_hash, np.uint64)
        mark = f"{hash_key(source):016x}"
        fixed = {"source": source, "born": self._number, "hidden": False}
        own = [
            {"key": key, "content": content, **fixed, **({} if url == _NO_URL else {"url": url})}
            for key, content, url in zip(signed(keys), signed(contents), signed(urls), strict=True)
        ]
        rows = zip(batch, documents(batch, self._protected, own), keys.tolist(), strict=True)
        bulk.add(
            index_item(document_id(key, mark, self._number), document, article.id)
            for article, document, key in rows
        )
        self._added.setdefault(source, []).append((keys, contents, urls))

    def remember(self, source: str, state: SourceState | None) -> None:
        """Record a source and the state of its files. Without a state, the whole source is read the next time."""
        self._opened()
        self._name(source)
        self._states[source] = known = state or SourceState((), ())
        self._before[source] = lambda: known

    def forget_source(self, source: str) -> None:
        """Delete the published articles of a source, and remove it from the list of sources."""
        self.delete_source(source)
        self._sources = [name for name in self._sources if name != source]
        self._settings.pop(source, None)

    def delete_source(self, source: str) -> None:
        """Delete the published articles of a source, except those that are added again."""
        self._opened()
        self._dropped_sources.add(source)

    def delete_dropped(self, source: str, ledger: protocols.Ledger) -> None:
        """Delete the articles of a source that its ledger, obtained from `held`, counts as gone."""
        if not isinstance(ledger, Ledger):
            raise TypeError("the ledger of another engine")
        bulk = self._opened()
        self._dropped.setdefault(source, []).append(ledger.dropped)
        # What an interrupted run has indexed, and is gone since, was never published.
        ahead = self.held.ahead(source)
        gone = ahead.chosen(
            np.isin(ahead.keys, ledger.dropped) & ~np.isin(ahead.keys, self._new(source).keys)
        )
        bulk.add(map(delete_item, gone.ids(source)))

    def configure(self, source: str, settings: SourceSettings) -> None:
        """Record a source and how it is read. By default this stays as it is published."""
        self._opened()
        self._name(source)
        self._settings[source] = settings

    def keep_history(self, keep: bool) -> None:
        """Record whether the index keeps earlier versions of articles. By default this stays as it is published."""
        self._opened()
        self._keep_history = keep

    # Publishing

    def commit(self, *, check: Callable[[Reader], None] | None = None) -> Changes:
        """Publish the changes durably and atomically, and close the writer.

        If nothing has changed, no new generation is published.

        Args:
            check: called with a reader of the new generation before it is published. An exception prevents publication.

        Raises:
            IndexLocked: another writer has taken this one for dead.
            EngineError: the cluster refused the changes; the index is unchanged.
        """
        self._opened()
        try:
            return self._commit(check)
        except KeyboardInterrupt:
            self._pause()
            raise
        finally:
            self.cancel()

    def _commit(self, check: Callable[[Reader], None] | None) -> Changes:
        bulk = self._opened()
        bulk.wait()
        touched = dict.fromkeys([*self._added, *self._dropped, *self._dropped_sources, *self._resumed])
        plans = {
            source: planned(
                self._new(source),
                self.held.ahead(source),
                self.held.committed(source),
                np.concatenate([_NONE, *self._dropped.get(source, ())]),
                dropped=source in self._dropped_sources,
            )
            for source in touched
        }
        new = sum(len(plan.new.keys) for plan in plans.values())
        replaced = sum(plan.replaced for plan in plans.values())
        dying = {source: plan.dying for source, plan in plans.items() if len(plan.dying.keys)}
        died = sum(len(found.keys) for found in dying.values())
        for source, plan in plans.items():
            bulk.add(map(delete_item, plan.redundant.ids(source)))
        bulk.wait()
        if self._base and not new and not died and self._is_unchanged():
            self._target.refresh()
            if check:
                check(OpenSearchReader(self._cluster, self._base))
            if not self._rehearses:
                self._refresh_states(self._base)
            return Changes(0, 0, 0, self._base.articles)
        for source, found in dying.items():
            bulk.add(update_item(id, {"died": self._number}) for id in found.ids(source))
        bulk.wait()
        self._target.refresh()
        generation = Generation(
            self._number,
            self._index,
            sources=tuple(
                SourceEntry(source, settings=self._settings.get(source, NO_SETTINGS))
                for source in self._sources
            ),
            protected=self._protected,
            keep_history=self._keep_history,
        )
        copied = [plan.new.urls for plan in plans.values()] + [found.urls for found in dying.values()]
        had = bool(self._base and self._base.hidden)
        if len(self._sources) > 1 or had:
            hide_copies(self._cluster, bulk, generation, self._sources, np.concatenate([*copied, _NONE]))
            self._target.refresh()
        generation = described(self._cluster, generation)
        if check:
            check(OpenSearchReader(self._cluster, generation))
        if not self._rehearses:
            self._publish(generation)
        return Changes(new - replaced, replaced, died - replaced, generation.articles)

    def _new(self, source: str) -> Documents:
        """The documents of a source that this writer has added; the last one of each article."""
        batches = self._added.get(source, [])
        keys, contents, urls = (np.concatenate([_NONE, *(b[i] for b in batches)]) for i in range(3))
        _, last = np.unique(keys[::-1], return_index=True)
        born = np.full(len(keys), self._number, np.int64)
        return Documents(keys, contents, urls, born).chosen(len(keys) - 1 - last)

    def _is_unchanged(self) -> bool:
        """Whether a commit without new or dying articles would change nothing except the states of the sources."""
        assert self._base
        known = {entry.location: entry.state for entry in self._base.sources}
        is_same = list(known) == self._sources and self._keep_history == self._base.keep_history
        is_same &= self._settings == {entry.location: entry.settings for entry in self._base.sources}
        return is_same and all(known[source] or not state.names for source, state in self._states.items())

    def _refresh_states(self, base: Generation) -> None:
        entries, old = [], []
        for entry in base.sources:
            state = self._states.get(entry.location)
            if state and state.names and entry.state and state != self.held.state(entry.location):
                old.append(entry.state)
                entry = self._entry(entry.location, state)._replace(settings=entry.settings)
            entries.append(entry)
        if old:
            describe(self._cluster, replace(base, sources=tuple(entries)))
            delete_states(self._cluster, old)

    def _entry(self, source: str, state: SourceState) -> SourceEntry:
        name = write_state(self._cluster, self._number, state)
        return SourceEntry(source, name, datetime.now(UTC).replace(microsecond=0), state.broken)

    def _publish(self, generation: Generation) -> None:
        cluster, base = self._cluster, self._base
        known = {entry.location: entry for entry in base.sources} if base else {}
        entries = []
        for source in self._sources:
            entry, state = known.get(source, SourceEntry(source)), self._states.get(source)
            if state is not None and not state.names:
                entry = SourceEntry(source)
            elif state is not None and not (entry.state and state == self.held.state(source)):
                entry = self._entry(source, state)
            entries.append(entry._replace(settings=self._settings.get(source, NO_SETTINGS)))
        assert self._lease
        self._lease.confirm()
        publish(cluster, replace(generation, sources=tuple(entries)), self._shown)
        self._base = self._target.base = generation
        # The changes are published. What follows tidies up, and the next writer does what fails here.
        with suppress(EngineError, IndexMissing):
            self._journal.delete()
            names = {entry.state for entry in entries}
            delete_states(cluster, [e.state for e in known.values() if e.state and e.state not in names])
            delete_old(cluster, generation, base.index if base else self._shown)
            if base and generation.deleted * _PURGE_SHARE > generation.articles:
                purge(cluster, self._index, base.number)

    # Opening and closing

    def cancel(self) -> None:
        """Discard the changes. The index stays unchanged. After a commit this does nothing."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            if self._bulk:
                self._bulk.close()
            # If the cluster does not answer, the next writer removes what is left.
            with suppress(EngineError, IndexMissing):
                if self._lease:
                    self._lease.confirm()
                self._target.clear()
                if self._lease:
                    self._journal.delete()
        finally:
            self._release()

    def _pause(self) -> None:
        """Close the writer, but keep what is indexed for the next run to resume from."""
        if not self._is_open or not self._resumable:
            return
        self._is_open = False
        try:
            assert self._bulk
            with suppress(EngineError, IndexMissing):
                self._bulk.wait()
                self._note_all()
            self._bulk.close()
        finally:
            self._release()

    def _release(self) -> None:
        self._is_open = False
        if self._bulk:
            self._bulk.close()
        if self._taken:
            self._taken.release()
        if self._lease:
            self._lease.release()

    def _opened(self) -> Bulk:
        if not self._is_open or not self._bulk:
            raise EngineError(f"{self._cluster.place}: the writer is closed")
        if self._lease:
            self._lease.check()
        return self._bulk

    def _name(self, source: str) -> None:
        if source not in self._sources:
            self._sources.append(source)
            self._settings.setdefault(source, NO_SETTINGS)

    def _note(self, source: str, before: Callable[[], SourceState]) -> None:
        """Write the journal, as all that was added before is acknowledged."""
        started = time.monotonic()
        self._opened().wait()
        self._before[source] = before
        self._note_all()
        self._noted = time.monotonic()
        self._note_pause = max(_NOTE_SECONDS, 10 * (self._noted - started))

    def _note_all(self) -> None:
        assert self._lease
        self._lease.confirm()
        for source, before in self._before.items():
            self._journal.states[source] = before()
        self._journal.write()


_NONE = np.empty(0, np.uint64)
_NO_URL = -(1 << 63)
