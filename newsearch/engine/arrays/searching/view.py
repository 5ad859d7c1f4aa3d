"""All segments of one generation as a single index: its words and columns, its articles, and which are copies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from sys import getsizeof
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine.arrays.loops import matches, sieve
from newsearch.engine.arrays.loops.kernel import Mask, Row
from newsearch.engine.arrays.loops.sieve import LISTED, MARKED, Check
from newsearch.engine.arrays.searching.all_forms import Published
from newsearch.engine.arrays.searching.cache import Recent
from newsearch.engine.arrays.searching.column_view import cached
from newsearch.engine.arrays.searching.slow import Slow
from newsearch.engine.arrays.searching.word_view import WordView
from newsearch.engine.arrays.segment.json_articles import JsonArticles
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.base import CACHE
from newsearch.ranking import Pivots
from newsearch.text.addresses import host_of

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.groups import Groups

Array: TypeAlias = NDArray[Any]

_BITS_OF_LISTED = 32
"""A number in a list takes as many bits as so many articles in a bitmap."""

_RECORDS = 16
_RECORD_BYTES = 8 << 20
"""The limits of recently read records: one part in this many of the cache, and this many bytes."""

_CACHED_RECORD = 8192
"""Records of more bytes than this are not cached."""

_PER_RECORD = 140
"""The bytes that a cached record takes besides its texts."""

_Joined = TypeVar("_Joined", bound=tuple[Any, ...])


class View(WordView):
    """One generation of an index, as the search sees it. Read-only except for its caches.

    Args:
        memory: the maximum bytes of its caches.
        published: see WordView.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        pivots: Pivots,
        memory: int = CACHE,
        published: Published | None = None,
    ) -> None:
        # Records are kept apart, because ten are read for every page: encoded for JSON, decoded for all else.
        for_records = min(memory // _RECORDS, _RECORD_BYTES)
        super().__init__(segments, pivots, memory - for_records, published)
        self.found_groups: Slow[Groups] = Slow("the articles of this index are still being compared")
        self._json = JsonArticles(segments, self.starts)
        self._encoded: Recent[bytes] = Recent(for_records // 2, len, _CACHED_RECORD, _PER_RECORD)
        self._decoded: Recent[Record] = Recent(for_records // 2, _bytes_of, _CACHED_RECORD, _PER_RECORD)

    @property
    def memory(self) -> int:
        """The bytes that everything kept from earlier searches takes."""
        return self.cache.used + self._encoded.used + self._decoded.used

    def joined(self, key: Hashable, make: Callable[[], _Joined]) -> _Joined:
        """The joined postings cached under this key, a tuple. Made and cached if they are missing."""
        return self.cache.made(("joined", key), make)

    def was_asked(self, key: Hashable) -> bool:
        """Whether this was asked with the same key before, as far as the cache still tells."""
        if self.cache.get(("asked", key)) is None:
            self.cache.put(("asked", key), True)
            return False
        return True

    # Copies

    @property
    def groups(self) -> Groups:
        """Which articles are copies of each other. Raises NotReady if another thread is to find out."""
        return self.found_groups.get(self._find_groups)

    def defer_groups(self) -> Callable[[], None]:
        """Leave the groups to the function that is returned, see `Slow.defer`."""
        return self.found_groups.defer(self._find_groups)

    def _find_groups(self) -> Groups:
        from newsearch.engine.arrays.searching.groups import groups_of  # with all that compares articles

        return groups_of(self, self._published)

    # Articles

    def place(self, doc: int) -> tuple[Segment, int]:
        """The segment of an article, and the article's number in it."""
        if len(self.segments) == 1:
            return self.segments[0], doc
        number = bisect_right(self.starts, doc) - 1
        return self.segments[number], doc - self.starts[number]

    def article(self, doc: int, record: Record | None = None) -> Article:
        """The article with this number. Raises IndexCorrupt if its record is damaged.

        Args:
            record: its stored record, if it has already been read.
        """
        segment, number = self.place(doc)
        return segment.article(number, record or self.record(doc))

    def json(self, rows: list[Row], held: list[bool], rank: int, more: list[bytes]) -> Sequence[bytes | None]:
        """Articles as hits, see `JsonArticles.hits`.

        Raises:
            IndexCorrupt: one of them is damaged.
        """
        found, read = self._json.hits(rows, held, rank, more, self._encoded.all)
        if read:
            self._encoded.put_all(read)
        return found

    def record(self, doc: int) -> Record:
        """The stored record of the article with this number. Raises IndexCorrupt if it is damaged."""
        found = self._decoded.get(doc)
        if found is None:
            segment, number = self.place(doc)
            found = segment.records.decoded(number, self._encoded.get(doc) or segment.records.raw(number))
            self._decoded.put(doc, found)
        return found

    def urls(self, doc: int) -> bytes:
        """The URLs of the article with this number, case-folded. Raises IndexCorrupt if its record is damaged."""
        segment, number = self.place(doc)
        return segment.records.urls(number)

    def maybe_with_url(self, part: str) -> tuple[Check, bool]:
        """A check of the articles that may have a URL with this part, case-folded; whether each certainly has it."""

        def made() -> tuple[Check, bool]:
            found = [segment.maybe_with_url(part) for segment in self.segments]
            bits = [of_segment and of_segment[0] for of_segment in found]
            return self._check_of(bits), all(of_segment and of_segment[1] for of_segment in found)

        return self.joined(("maybe url", part), made)

    def _check_of(self, bits: Sequence[Array | None]) -> Check:
        """A check of articles, given a bitmap for each segment, or None for all of its articles. The check lists them
        unless bits take less memory."""
        held = [
            segment.articles if of_segment is None else sieve.count(of_segment)
            for segment, of_segment in zip(self.segments, bits, strict=True)
        ]
        if sum(held) * _BITS_OF_LISTED <= self.articles:
            docs = [
                np.uint32(start)
                + (
                    np.arange(segment.articles, dtype=np.uint32)
                    if of_segment is None
                    else matches.numbers(of_segment)
                )
                for start, segment, of_segment in zip(self.starts, self.segments, bits, strict=False)
            ]
            return Check(LISTED, np.concatenate([np.empty(0, np.uint32), *docs]))
        mask = np.zeros(-(-self.articles // 64) * 64, bool)
        for start, segment, of_segment in zip(self.starts, self.segments, bits, strict=False):
            own = mask[start : start + segment.articles]
            own[:] = (
                True
                if of_segment is None
                else np.unpackbits(of_segment.view(np.uint8), count=segment.articles, bitorder="little")
            )
        return Check(MARKED, np.packbits(mask, bitorder="little").view(np.uint64))

    def have_url(self, part: str, docs: Array) -> Mask:
        """For each of some articles, whether it has a URL with this part, case-folded. What was read is kept."""
        wanted, key = part.encode("utf-8", "surrogatepass"), ("url read", part)
        read, has = self.cache.get(key) or (np.empty(0, np.uint32), np.empty(0, bool))
        new = docs[~matches.holds(docs, read)]
        if len(new):
            read = np.concatenate((read, new))
            has = np.concatenate((has, [wanted in self.urls(doc) for doc in new.tolist()]))
            order = read.argsort()
            read, has = read[order], has[order].astype(bool)
            self.cache.put(key, (read, has))
        return has[read.searchsorted(docs)]

    def has_read(self, part: str) -> bool:
        """Whether it is known which articles have a URL with this part."""
        return self.cache.get(("joined", ("url", part))) is not None

    def with_url(self, part: str) -> Check:
        """A check of the articles that have a URL with this part, case-folded."""

        def made() -> tuple[Check]:
            maybe, is_certain = self.maybe_with_url(part)
            if is_certain:
                return (maybe,)
            column = np.asarray(maybe.column)
            docs = column if maybe.kind == LISTED else matches.numbers(column)
            return (Check(LISTED, docs[self.have_url(part, docs)]),)

        return self.joined(("url", part), made)[0]

    @cached
    def hosts(self) -> tuple[list[str], Array]:
        """The hosts of URLs, without www., and for each article the index of the host that replaces a missing outlet
        domain. Index 0 is the empty host, for articles that need none."""
        names = {"": 0}
        numbers = np.zeros(self.articles, np.uint32)
        for doc in self.without_domain.tolist():
            host = host_of(self.urls(doc).decode("utf-8", "replace"))
            numbers[doc] = names.setdefault(host, len(names))
        return list(names), numbers

    @cached
    def without_domain(self) -> Array:
        """The articles whose outlet's domain is unknown, sorted."""
        lacks = np.array(
            [not name.partition("\x1f")[2].partition("\x1f")[0] for name in self.names("provider")], bool
        )
        if not lacks.any():
            return np.empty(0, np.uint32)
        known = [lacks.take(of_segment) for of_segment in self.numbers("provider")]
        marked = sieve.marked(self.named("provider", known), self.articles)
        return matches.numbers(marked)

    def records(self, docs: Sequence[int]) -> list[Record]:
        """The stored records of some articles. Raises IndexCorrupt if one is damaged."""
        latest, _ = self._decoded.all
        return [latest.get(doc) or self.record(doc) for doc in docs]


def _bytes_of(record: Record) -> int:
    return sum(map(getsizeof, record))
