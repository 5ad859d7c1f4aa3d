"""What does an index hold of a source, and how does that differ from what is read of it now?

Articles are known by the hash of their id, and their content by a hash too, so that a source of any size is compared
with some vector operations, in a few bytes an article.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine.arrays.files.state import read_state
from newsearch.engine.arrays.files.toc import Toc
from newsearch.engine.arrays.loops.matches import holds
from newsearch.engine.arrays.segment.segment import Segment, count_kept, of_sources
from newsearch.engine.arrays.writing.building import hash_keys
from newsearch.engine.arrays.writing.content import facts_of, records_of
from newsearch.engine.arrays.writing.journal import Ahead
from newsearch.engine.base import MAX_NAMES, SourceDifference, SourceState

Array: TypeAlias = NDArray[Any]


class Held:
    """What an index holds already. Fulfils `base.Held`.

    Args:
        directory: of the index.
        toc: the generation, and its segments.
        ahead: what an interrupted run had finished beyond that.
    """

    def __init__(
        self, directory: Path, toc: Toc, segments: Sequence[Segment], ahead: Ahead | None = None
    ) -> None:
        self._directory = directory
        self._toc = toc
        self._segments = segments
        self._ahead = ahead or Ahead()

    def ledger(self, source: str) -> Ledger:
        """What is held of a source, to be compared with what it has now."""
        return Ledger(self._segments, self._ahead.segments, source)

    def state(self, source: str) -> SourceState | None:
        """What the files of a source looked like when they were read, if that is known."""
        for entry in self._toc.sources:
            if entry.location == source and entry.state:
                return read_state(self._directory / entry.state)
        return None

    def state_ahead(self, source: str) -> SourceState:
        """Of which files of a source an interrupted run had finished the articles, and what they looked like."""
        return self._ahead.states.get(source, SourceState((), ()))

    @property
    def articles_ahead(self) -> int:
        """How many articles an interrupted run had finished."""
        return count_kept(self._ahead.segments)

    def count(self, source: str) -> int:
        """How many articles of a source are committed."""
        return sum(int(np.count_nonzero(of_sources(segment, {source}))) for segment in self._segments)


class Ledger:
    """Compares the articles of one source, as they are read, with those that are held. Fulfils `base.Ledger`.

    Args:
        segments: what is committed.
        ahead: what an interrupted run had indexed beyond that.
        source: its location.
    """

    def __init__(self, segments: Sequence[Segment], ahead: Sequence[Segment], source: str) -> None:
        self._segments = segments
        self._source = source
        self._keys, self._contents, self._places = _held(segments, source)
        self._ahead, self._ahead_contents, _ = _held(ahead, source)
        # What is ahead was read later than what is committed.
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
        """Those of some articles that were read which have to be added: what is new, changed, or read twice."""
        self._read += len(articles)
        keys = _hashes(article.id for article in articles)
        # Where nothing is held, all is new, and content need not be compared.
        contents = np.zeros_like(keys)
        if len(self._known):
            contents = np.frombuffer(facts_of(articles, records_of(articles)).content_hash, np.uint64)
        at, found = self._find(keys)
        skipped = found.copy()
        skipped[found] = self._latest[at[found]] == contents[found]
        self._seen[at[found]] = True
        self._differs[at[found & ~skipped]] = True
        # After another version of its id, an article that is as it was must be added, to be the last.
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

    def pass_over(self, ids: Iterable[str]) -> None:
        """Take articles for read, and for what the index or an interrupted run has of them."""
        at, found = self._find(_hashes(ids))
        self._seen[at[found]] = True

    def drop(self, ids: Iterable[str]) -> None:
        """Count those of these articles that the index holds as gone from the source."""
        at, found = self._find(_hashes(ids))
        self._dropped[at[found]] = True

    def drop_unseen(self) -> None:
        """Count all articles that the index holds, and that were not read, as gone from the source."""
        self._dropped |= ~self._seen

    @property
    def dropped(self) -> Array:
        """The keys of the articles that are gone from the source, sorted."""
        return self._known[self._dropped]

    def difference(self) -> SourceDifference:
        """What has changed, with all read, and what is gone dropped."""
        deleted = self.dropped
        ahead_kept = ~np.isin(self._ahead, deleted)
        keys = np.concatenate([self._ahead[ahead_kept], *self._read_keys])
        contents = np.concatenate([self._ahead_contents[ahead_kept], *self._read_contents])
        distinct = len(np.unique(np.concatenate([keys[:0], *self._read_keys])))
        distinct += int(np.count_nonzero(self._skipped & ~self._differs))
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
        return SourceDifference(
            added=len(added),
            replaced=len(changed),
            deleted=len(left),
            moved=len(moved),
            unchanged=len(self._keys) - len(changed) - len(left) - len(moved),
            repeated=self._read - distinct,
            added_ids=self._named(added),
            replaced_ids=self._named(changed),
            deleted_ids=tuple(map(self._committed_id, left[:MAX_NAMES].tolist())),
            moved_ids=tuple(
                (self._committed_id(old), self._ids.get(new, "")) for old, new in moved[:MAX_NAMES]
            ),
        )

    def _find(self, keys: Array) -> tuple[Array, Array]:
        return np.searchsorted(self._known, keys), holds(keys, self._known)

    def _named(self, keys: Array) -> tuple[str, ...]:
        """The first ids that have these keys, which are sorted."""
        named = holds(np.array(list(self._ids), np.uint64), keys)
        return tuple(sorted(compress(self._ids.values(), named)))[:MAX_NAMES]

    def _committed_id(self, number: int) -> str:
        segment, doc = map(int, self._places[number])
        record = self._segments[segment].records.read(doc)
        return record.id


def _hashes(ids: Iterable[str]) -> Array:
    return np.frombuffer(hash_keys(list(ids)), np.uint64)


def _held(segments: Sequence[Segment], source: str) -> tuple[Array, Array, Array]:
    """Keys of the kept articles of a source, sorted; their content hashes; and where they are: segment, article."""
    none = np.empty(0, np.uint64)
    keys, contents, places = [none], [none], [np.empty((0, 2), np.int64)]
    for number, segment in enumerate(segments):
        docs = np.flatnonzero(of_sources(segment, {source}))
        keys.append(segment.column("id_hash")[docs].astype(np.uint64))
        contents.append(segment.column("content_hash")[docs].astype(np.uint64))
        places.append(np.stack((np.full(len(docs), number), docs), axis=1))
    all_keys = np.concatenate(keys)
    order = np.argsort(all_keys)
    return all_keys[order], np.concatenate(contents)[order], np.concatenate(places)[order]
