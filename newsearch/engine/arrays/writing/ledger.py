"""Compares what an index holds of a source with what is read from it now.

Articles are identified by a hash of their id, and their content is compared by a hash too. A source of any size is
compared with a few vector operations, in a few bytes per article.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine.arrays.files.state import read_state
from newsearch.engine.arrays.files.toc import Toc
from newsearch.engine.arrays.loops.matches import distinct, holds
from newsearch.engine.arrays.segment.segment import Segment, count_kept, of_sources
from newsearch.engine.arrays.writing.building import hash_keys
from newsearch.engine.arrays.writing.content import facts_of, records_of
from newsearch.engine.arrays.writing.journal import Ahead
from newsearch.engine.writing import MAX_NAMES, SourceDifference, SourceState

Array: TypeAlias = NDArray[Any]


class Held:
    """What an index already holds. Implements `Held`.

    Args:
        directory: the directory of the index.
        toc: the generation.
        segments: the segments of the generation.
        ahead: what an interrupted run had finished since.
    """

    def __init__(
        self, directory: Path, toc: Toc, segments: Sequence[Segment], ahead: Ahead | None = None
    ) -> None:
        self._directory = directory
        self._toc = toc
        self._segments = segments
        self._ahead = ahead or Ahead()

    def ledger(self, source: str) -> Ledger:
        """A ledger that compares the held articles of a source with its current ones."""
        return Ledger(_rows(self._segments, source), _rows(self._ahead.segments, source))

    def state(self, source: str) -> SourceState | None:
        """The recorded state of the files of a source when they were last read; None if unknown."""
        for entry in self._toc.sources:
            if entry.location == source and entry.state:
                return read_state(self._directory / entry.state)
        return None

    def state_ahead(self, source: str) -> SourceState:
        """The state of those files of a source whose articles an interrupted run had finished."""
        return self._ahead.states.get(source, SourceState((), ()))

    @property
    def articles_ahead(self) -> int:
        """The number of articles that an interrupted run had finished."""
        return count_kept(self._ahead.segments)

    def count(self, source: str) -> int:
        """The number of committed articles of a source."""
        return sum(int(np.count_nonzero(of_sources(segment, {source}))) for segment in self._segments)


class Rows(NamedTuple):
    """The articles that an engine holds of a source.

    Attributes:
        keys: the hashes of their ids, sorted, without duplicates.
        contents: the hashes of their contents.
        ids: returns the ids of the articles at some positions.
        articles: returns the articles at some positions.
    """

    keys: Array
    contents: Array
    ids: Callable[[list[int]], list[str]]
    articles: Callable[[list[int]], list[Article]]


class Ledger:
    """Compares the articles of one source, as they are read, with the held ones. Implements `Ledger`.

    Args:
        committed: the articles of the source in the index.
        ahead: those that an interrupted run had indexed since.
    """

    def __init__(self, committed: Rows, ahead: Rows) -> None:
        self._keys, self._contents, self._committed_ids, self._committed = committed
        self._ahead, self._ahead_contents = ahead.keys, ahead.contents
        # `ahead` comes first because it was read later than the committed articles.
        keys = np.concatenate((self._ahead, self._keys))
        self._known, first = np.unique(keys, return_index=True)
        self._latest = np.concatenate((self._ahead_contents, self._contents))[first]
        self._seen = np.zeros(len(self._known), bool)
        self._differs = np.zeros(len(self._known), bool)
        self._skipped = np.zeros(len(self._known), bool)
        self._dropped = np.zeros(len(self._known), bool)
        self._read_keys: list[Array] = []
        self._read_contents: list[Array] = []
        self._read = 0
        self._ids: dict[int, str] = {}

    def differing(self, articles: list[Article]) -> Sequence[Article]:
        """Of the articles read, those that must be added: the new, the changed, and some that were read twice."""
        self._read += len(articles)
        keys = _hashes(article.id for article in articles)
        # If nothing is held, every article is new, and there is no content to compare.
        contents = np.zeros_like(keys)
        if len(self._known):
            contents = np.frombuffer(facts_of(articles, records_of(articles)).content_hash, np.uint64)
        at, found = self._find(keys)
        skipped = found.copy()
        skipped[found] = self._latest[at[found]] == contents[found]
        self._seen[at[found]] = True
        self._differs[at[found & ~skipped]] = True
        # An unchanged article that follows another version of its id must be added, because the last one wins.
        skipped[skipped] = ~self._differs[at[skipped]]
        self._skipped[at[skipped]] = True
        wanted = np.flatnonzero(~skipped)
        self._read_keys.append(keys[wanted])
        self._read_contents.append(contents[wanted])
        chosen = [articles[i] for i in wanted.tolist()]
        for key, article in zip(keys[wanted].tolist(), chosen, strict=True):
            if len(self._ids) >= 2 * MAX_NAMES:
                break
            self._ids[key] = article.id
        return chosen

    def former(self, articles: Sequence[Article]) -> list[Article | None]:
        """For each article, the committed article of the source with the same id."""
        keys = _hashes(article.id for article in articles)
        known = holds(keys, self._keys)
        found = iter(self._committed(np.searchsorted(self._keys, keys[known]).tolist()))
        return [next(found) if is_known else None for is_known in known.tolist()]

    def pass_over(self, ids: Iterable[str]) -> None:
        """Count these articles as read, and unchanged from what the index or an interrupted run has."""
        at, found = self._find(_hashes(ids))
        self._seen[at[found]] = True

    def drop(self, ids: Iterable[str]) -> None:
        """Count these articles, where the index holds them, as gone from the source."""
        at, found = self._find(_hashes(ids))
        self._dropped[at[found]] = True

    def drop_unseen(self) -> None:
        """Count every held article that was not read as gone from the source."""
        self._dropped |= ~self._seen

    @property
    def dropped(self) -> Array:
        """The keys of the articles that are gone from the source, sorted."""
        return self._known[self._dropped]

    def difference(self) -> SourceDifference:
        """The changes of the source. Call it after all articles are read and the missing ones dropped."""
        deleted = self.dropped
        ahead_kept = ~np.isin(self._ahead, deleted)
        keys = np.concatenate([self._ahead[ahead_kept], *self._read_keys])
        contents = np.concatenate([self._ahead_contents[ahead_kept], *self._read_contents])
        different = len(distinct(np.concatenate([keys[:0], *self._read_keys])))
        different += int(np.count_nonzero(self._skipped & ~self._differs))
        keys, last = np.unique(keys[::-1], return_index=True)
        contents = contents[::-1][last]
        at = np.searchsorted(self._keys, keys)
        found = holds(keys, self._keys)
        same = found.copy()
        same[found] = self._contents[at[found]] == contents[found]

        gone = np.isin(self._keys, deleted)
        by_content = dict(zip(self._contents[gone].tolist(), np.flatnonzero(gone).tolist(), strict=True))
        may_be_moved = ~found & holds(contents, np.sort(self._contents[gone]))
        moved: list[tuple[int, int]] = []
        for key, content in zip(keys[may_be_moved].tolist(), contents[may_be_moved].tolist(), strict=True):
            old = by_content.pop(content, None)
            if old is not None:
                moved.append((old, key))
        added = keys[~found]
        added = added[~np.isin(added, np.array([new for _, new in moved], np.uint64))]
        left = np.flatnonzero(gone)
        left = left[~np.isin(left, np.array([old for old, _ in moved], np.int64))]
        changed = keys[found & ~same]
        old_ids = self._committed_ids([old for old, _ in moved[:MAX_NAMES]])
        new_ids = [self._ids.get(new, "") for _, new in moved[:MAX_NAMES]]
        return SourceDifference(
            added=len(added),
            replaced=len(changed),
            deleted=len(left),
            moved=len(moved),
            unchanged=len(self._keys) - len(changed) - len(left) - len(moved),
            repeated=self._read - different,
            added_ids=self._named(added),
            replaced_ids=self._named(changed),
            deleted_ids=tuple(self._committed_ids(left[:MAX_NAMES].tolist())),
            moved_ids=tuple(zip(old_ids, new_ids, strict=True)),
        )

    def _find(self, keys: Array) -> tuple[Array, Array]:
        return np.searchsorted(self._known, keys), holds(keys, self._known)

    def _named(self, keys: Array) -> tuple[str, ...]:
        """The first ids with these keys. The keys must be sorted."""
        named = holds(np.array(list(self._ids), np.uint64), keys)
        return tuple(sorted(compress(self._ids.values(), named)))[:MAX_NAMES]


def _hashes(ids: Iterable[str]) -> Array:
    return np.frombuffer(hash_keys(list(ids)), np.uint64)


def _rows(segments: Sequence[Segment], source: str) -> Rows:
    """The kept articles of a source."""
    none = np.empty(0, np.uint64)
    keys, contents, places = [none], [none], [np.empty((0, 2), np.int64)]
    for number, segment in enumerate(segments):
        docs = np.flatnonzero(of_sources(segment, {source}))
        keys.append(segment.column("id_hash")[docs].astype(np.uint64))
        contents.append(segment.column("content_hash")[docs].astype(np.uint64))
        places.append(np.stack((np.full(len(docs), number), docs), axis=1))
    all_keys = np.concatenate(keys)
    order = np.argsort(all_keys)
    ordered = np.concatenate(places)[order]

    def ids(at: list[int]) -> list[str]:
        return [segments[number].records.read(doc).id for number, doc in ordered[at].tolist()] if at else []

    def articles(at: list[int]) -> list[Article]:
        return [segments[number].article(doc) for number, doc in ordered[at].tolist()] if at else []

    return Rows(all_keys[order], np.concatenate(contents)[order], ids, articles)
