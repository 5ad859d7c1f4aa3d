"""All segments of one generation as a single index: global article numbers, concatenated columns, one word lookup.

The columns and postings that queries use are concatenated on first use and cached.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.arrays.loops import kernel, matches, sieve
from newsearch.engine.arrays.loops.kernel import Codes, Mask, Part, Slot
from newsearch.engine.arrays.loops.spread import Table
from newsearch.engine.arrays.searching.cache import size_of
from newsearch.engine.arrays.searching.column_view import ColumnView, cached
from newsearch.engine.arrays.searching.lookup import WordLookup, occurrences, united
from newsearch.engine.arrays.searching.slow import Slow
from newsearch.engine.arrays.searching.vocabulary import Vocabulary, most_bytes, vocabulary_of
from newsearch.engine.arrays.segment.json_articles import JsonArticles
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.arrays.segment.segment import Place, Segment
from newsearch.engine.base import CACHE
from newsearch.ranking import Pivots
from newsearch.text.addresses import host_of
from newsearch.text.analysis import is_half

if TYPE_CHECKING:
    from newsearch.engine.arrays.files.toc import Toc
    from newsearch.engine.arrays.searching.groups import Groups

Array: TypeAlias = NDArray[Any]

_RECORDS = 16
_RECORD_BYTES = 8 << 20
"""Recently read records take at most one part in so many of the cache, and at most so many bytes."""

_CACHED_BODY = 4096
"""Records with a body of more characters than this are not cached."""

_SCANS = 16
"""The number of terms that are compared with all forms before the forms are put in order for that."""

_VOCABULARY = ("vocabulary",)
_VOCABULARY_SHARE = 4
"""The forms of all segments are put together if they take at most one part in so many of the cache."""

_BITS_SHARE = 128
"""A word in more than one of this many articles gets a bitmap over all articles. A membership test then reads one bit
instead of searching the list."""


_AT_ONCE = 1 << 15
"""The fields of the occurrences of a word are told for so many articles at once, at some hundred bytes for each."""

_PART = 600
"""The bytes of a Part besides those of its arrays."""

_Joined = TypeVar("_Joined", bound=tuple[Any, ...])


class View(ColumnView):
    """One generation of an index, as the search sees it. Read-only except for its caches.

    Args:
        memory: the maximum bytes of its caches.
        directory, toc: where the generation is published, if it is: what is found out about copies is kept there.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        pivots: Pivots,
        memory: int = CACHE,
        directory: Path | None = None,
        toc: Toc | None = None,
    ) -> None:
        # Records are kept apart, because ten are read for every page: those read last, and as many from before them.
        self._most_recent = min(memory // _RECORDS, _RECORD_BYTES) // 2
        super().__init__(segments, pivots, memory - 2 * self._most_recent)
        self._published = directory, toc
        self.found_groups: Slow[Groups] = Slow("the articles of this index are still being compared")
        self._lookup = WordLookup(segments, self.starts)
        self._json: dict[str, JsonArticles] = {}
        self._recent: dict[int, Record] = {}
        self._before: dict[int, Record] = {}
        self._recent_size = self._before_size = 0
        self._putting_together = Lock()
        self._may_put_together = most_bytes(segments) <= self.cache.limit
        self._compared = 0

    @property
    def memory(self) -> int:
        """The bytes that everything kept from earlier searches takes."""
        return self.cache.used + self._recent_size + self._before_size

    # Words

    def word(self, term: str) -> Part:
        """The scored postings of a word in all its forms. The exact form counts for more (see ranking)."""
        found: Part | None = self.cache.get(("words", term))
        if found is None:
            doc, code, most, live = self._lookup.find(term)
            unit = self.unit(live) / ranking.PARTS
            found = self.with_bits(Part(doc, code, unit, unit * most))
            # As `size_of`, which would take as long as many searches.
            arrays = (found.doc, found.value, found.bits, found.ranks)
            size = _PART + sum([array.nbytes for array in arrays if array is not None])
            self.cache.put(("words", term), found, size)
        return found

    def form(self, term: str) -> Slot:
        """The occurrences of one exact form. A single character of a script without spaces occurs in every pair that
        contains it."""
        found: Slot | None = self.cache.get(("forms", term))
        if found is None and is_half(term):
            pairs = [segment.dictionary.pairs(term) for segment in self.segments]
            found = self._slot([[Place(*place) for place in places] for places in pairs])
            self.cache.put(("forms", term), found)
        if found is None:
            found = self._slot(self._exact(term))
            self.cache.put(("forms", term), found)
        return found

    def any_form(self, term: str) -> Slot:
        """The occurrences of a word in any of its forms."""
        if is_half(term):
            return self.form(term)
        found: Slot | None = self.cache.get(("any_forms", term))
        if found is None:
            found = self._slot([segment.any_form(term) for segment in self.segments])
            self.cache.put(("any_forms", term), found)
        return found

    def joined(self, key: Hashable, make: Callable[[], _Joined]) -> _Joined:
        """The joined postings cached under this key, a tuple. Made and cached if they are missing."""
        return self.cache.made(("joined", key), make)

    def with_bits(self, part: Part) -> Part:
        """The same part, with a bitmap over all articles if the list is long enough for that to pay off."""
        if len(part.doc) * _BITS_SHARE <= self.articles:
            return part
        bits, ranks = sieve.ranked(part.doc, self.articles)
        return part._replace(bits=np.frombuffer(bits, np.uint64), ranks=np.frombuffer(ranks, np.uint32))

    def begun(self, prefix: str) -> Slot:
        """The occurrences of all exact forms with this prefix."""
        # The forms are sorted and their postings are contiguous, which makes a prefix one slice.
        return self._slot([[Place(*s.dictionary.prefix_range(prefix))] for s in self.segments])

    def codes_of_prefix(self, prefix: str) -> list[Codes]:
        """The postings of the exact forms with this prefix."""
        return [
            Codes(*segment.postings(*segment.dictionary.prefix_range(prefix)), start, 1)
            for segment, start in zip(self.segments, self.starts, strict=False)
        ]

    def codes_of_half(self, half: str) -> list[Codes]:
        """The postings of the pairs that contain a character of a script without spaces."""
        return [
            Codes(*segment.postings(*place), start, 1)
            for segment, start in zip(self.segments, self.starts, strict=False)
            for place in segment.dictionary.pairs(half)
        ]

    def similar(self, term: str, edits: int, limit: int) -> list[tuple[int, str, list[Codes]]]:
        """The exact forms of live articles within `edits` edits of a term, at most `limit`, the nearest first.

        Returns:
            For each form its edit distance, the form, and its postings. The weight of the postings falls with the
            distance: a half for one edit, a third for two.
        """
        found = sorted(self._near(term, edits))
        # Chosen over the live articles of the whole index: the cut must not depend on how it is split into segments.
        chosen: list[tuple[int, str, list[Codes]]] = []
        for distance, form in found:
            if len(chosen) == limit:
                break
            lists = [
                Codes(*segment.postings(*place[:2]), start, 1 + distance)
                for segment, start, places in zip(self.segments, self.starts, self._exact(form), strict=False)
                for place in places
            ]
            if len(found) <= limit or self.all_live or any(map(self._is_live, lists)):
                chosen.append((distance, form, lists))
        return chosen

    def _near(self, term: str, edits: int) -> Iterable[tuple[int, str]]:
        """The exact forms within `edits` edits of a term, each with its edit distance."""
        known = self.vocabulary_to_compare()
        if known is not None:
            return [(distance, form) for distance, form, _ in known.near(term, edits)]
        return {
            (distance, form)
            for segment in self.segments
            for distance, form, _ in self.near_forms(segment, term, edits)
        }

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The forms of all segments, if they have been put together."""
        found: Vocabulary | None = self.cache.get(_VOCABULARY)
        return found

    def vocabulary_to_compare(self) -> Vocabulary | None:
        """The forms of all segments for comparing a term with them, or None if they are better compared by segment."""
        found = self.vocabulary
        if found is not None:
            return found
        self._compared += 1
        # To put the forms together takes as long as some comparisons.
        if self._compared <= _SCANS or not self._may_put_together:
            return None
        # Threads that ask at the same time wait for one of them.
        with self._putting_together:
            if (found := self.vocabulary) is None:
                visible = None if self.all_visible else self.visible
                found = vocabulary_of(self.segments, self.starts, visible)
                self._may_put_together = size_of(found) * _VOCABULARY_SHARE <= self.cache.limit
                if self._may_put_together:
                    self.cache.put(_VOCABULARY, found)
        return found

    def near_forms(self, segment: Segment, term: str, edits: int) -> list[tuple[int, str, int]]:
        """The exact forms of a segment within `edits` edits of a term: for each its edit distance, the form, and its
        number."""
        if self._compared <= _SCANS:
            return segment.dictionary.similar(term, edits)
        ordered = self.cache.made(("lengths", segment.name), segment.dictionary.by_length)
        return segment.dictionary.similar_by_length(term, edits, ordered)

    def _is_live(self, codes: Codes) -> bool:
        return bool(self.live.take(codes.doc.astype(np.uint32) + np.uint32(codes.start)).any())

    def any_of(self, postings: list[Codes], weight: float) -> Part:
        """Several forms scored as one word: the articles that contain any of them, with the highest code in each."""
        doc, code, live = kernel.best_codes(postings, self.articles, None if self.all_live else self.live)
        return self.weighted(np.frombuffer(doc, np.uint32), np.frombuffer(code, np.uint8), weight, live)

    def _slot(self, places: Sequence[Sequence[Place]]) -> Slot:
        """The occurrences of exact forms, given by their places in each segment."""
        forms = occurrences(self.segments, self.starts, places)
        if len(forms) == 1 and not forms[0].start and not forms[0].several:
            slot = Slot(*forms[0][:5], 0.0)
        else:
            slot = united(forms, None)
        return slot._replace(unit=self.unit(self.count_live(slot.doc)))

    def slots(self, terms: Sequence[str], *, any_form: bool) -> list[Slot]:
        """The occurrences of some words in the articles that may contain all of them.

        To collect every occurrence of a frequent word takes far longer than most searches.

        Args:
            any_form: whether each word may be in any of its forms.
        """
        parts = {term: self.word(term) for term in terms if not is_half(term)}
        if len(parts) < 2:
            return [self.any_form(term) if any_form else self.form(term) for term in terms]
        among = np.frombuffer(kernel.common(sorted(parts.values(), key=_length), None), np.uint32)
        found = {term: self._slot_among(term, part, among, any_form) for term, part in parts.items()}
        return [found[term] if term in found else self.form(term) for term in terms]

    def _slot_among(self, term: str, word: Part, among: Array, any_form: bool) -> Slot:
        known: Slot | None = self.cache.get(("any_forms" if any_form else "forms", term))
        if known is not None:
            return known
        # That of a word was divided by PARTS, a power of two: the product is exact.
        unit = word.unit * ranking.PARTS if any_form else self.unit(self.count_form(term))
        return self._lookup.among(term, among, any_form=any_form)._replace(unit=unit)

    def _exact(self, term: str) -> list[list[Place]]:
        return [segment.exact_form(term) for segment in self.segments]

    def count_form(self, term: str) -> int:
        """How many live articles contain an exact form."""
        return self._lookup.held([term], self.dead)[0]

    def count_visible(self, term: str) -> int:
        """How many visible articles contain an exact form."""
        return self._lookup.held([term], self.unseen)[0]

    def bound(self, term: str) -> int:
        """A number that the articles with any form of a word do not exceed. To find it takes less than to find them."""
        found: Part | None = self.cache.get(("words", term))
        return self._lookup.bound(term) if found is None else len(found.doc)

    def count_neighbours(self, left: str, right: str) -> int:
        """How many visible articles contain two exact forms side by side."""
        return self._lookup.neighbours(left, right, self.unseen)

    def weighted(self, doc: Array, value: Array, weight: float, live: int | None = None) -> Part:
        """Score articles, given the codes of one word in them, by the rarity of the word.

        Args:
            live: how many of the articles are neither deleted nor replaced. Counted if not given.
        """
        unit = weight * self.unit(self.count_live(doc) if live is None else live)
        return Part(doc, value, unit, unit * int(value.max()) if len(value) else 0.0)

    def unit(self, live: int) -> float:
        """The score of one 255th of the saturated weight of a word that `live` live articles contain."""
        return ranking.CODE_SCALE * ranking.word_weight(self.live_articles, live)

    def count_live(self, doc: Array) -> int:
        """How many of these articles are neither deleted nor replaced."""
        # The dead ones are mostly few, and are sought among the others.
        return len(doc) - (int(matches.holds(self.dead, doc).sum()) if len(self.dead) else 0)

    # Text fields

    @cached_property
    def lengths(self) -> Table:
        """The number of words in each text field of every article."""
        return Table([self.spread(f"length_{name}") for name in ranking.TEXT_FIELDS])

    def in_field(self, slot: Slot, field: str) -> tuple[Array, Array]:
        """The articles with a word in a text field, and its code in each, computed from that field alone."""
        number = ranking.TEXT_FIELDS.index(field)
        found = [self._in_field(part, number) for part in slot.parts(_AT_ONCE)]
        return np.concatenate([doc for doc, _ in found]), np.concatenate([code for _, code in found])

    def _in_field(self, slot: Slot, number: int) -> tuple[Array, Array]:
        keys = slot.keys()
        docs, places = keys >> 16, keys & 0xFFFF
        *before, own = self.lengths.columns[: number + 1]
        start = np.zeros(len(docs), np.int64)
        for column in before:
            start += column.take(docs)
        is_within = (places >= start) & (places < start + own.take(docs))
        doc, tf = np.unique(docs[is_within], return_counts=True)
        weight = ranking.field_weights(own.take(doc)[:, None], slice(number, number + 1))[:, 0]
        return doc.astype(np.uint32), ranking.saturate(weight * tf)

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

        return groups_of(self, *self._published)

    # Articles

    def place(self, doc: int) -> tuple[Segment, int]:
        """The segment of an article, and the article's number in it."""
        if len(self.segments) == 1:
            return self.segments[0], doc
        number = bisect_right(self.starts, doc) - 1
        return self.segments[number], doc - self.starts[number]

    def article(self, doc: int) -> Article:
        """The article with this number. Raises IndexCorrupt if its record is damaged."""
        segment, number = self.place(doc)
        return segment.article(number, self._recent.get(doc) or self._read(doc))

    def json(self, doc: int) -> str | None:
        """The article with this number as JSON; None if only `article` tells. Raises IndexCorrupt if it is damaged."""
        segment, number = self.place(doc)
        known = self._json.get(segment.name) or self._json.setdefault(segment.name, JsonArticles(segment))
        return known.text(number, self.record(doc))

    def record(self, doc: int) -> Record:
        """The stored record of the article with this number. Raises IndexCorrupt if it is damaged."""
        return self.records((doc,))[0]

    def urls(self, doc: int) -> bytes:
        """The URLs of the article with this number, case-folded. Raises IndexCorrupt if its record is damaged."""
        segment, number = self.place(doc)
        return segment.records.urls(number)

    def maybe_with_url(self, part: str) -> tuple[Array, bool]:
        """The articles that may have a URL with this part, case-folded, sorted; and whether each certainly has it."""

        def made() -> tuple[Array, bool]:
            found = [segment.maybe_with_url(part) for segment in self.segments]
            docs = [
                of_segment.astype(np.uint32) + np.uint32(start)
                for start, (of_segment, _) in zip(self.starts, found, strict=False)
            ]
            return np.concatenate([np.empty(0, np.uint32), *docs]), all(certain for _, certain in found)

        return self.joined(("maybe url", part), made)

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

    def with_url(self, part: str) -> Array:
        """The articles that have a URL with this part, case-folded, sorted."""

        def made() -> tuple[Array]:
            docs, is_certain = self.maybe_with_url(part)
            return (docs if is_certain else docs[self.have_url(part, docs)],)

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
        return np.frombuffer(sieve.numbers(marked), np.uint32)

    def records(self, docs: Sequence[int]) -> list[Record]:
        """The stored records of some articles. Raises IndexCorrupt if one is damaged."""
        recent = self._recent
        return [recent.get(doc) or self._read(doc) for doc in docs]

    def _read(self, doc: int) -> Record:
        """Read a record that is not among the recent ones, and cache it."""
        record = self._before.get(doc)
        if record is None:
            segment, number = self.place(doc)
            record, size = segment.records.sized(number)
        else:
            size = size_of(record)
        if len(record.body) <= _CACHED_BODY and size <= self._most_recent:
            if self._recent_size + size > self._most_recent:
                self._before, self._recent = self._recent, {}
                self._before_size, self._recent_size = self._recent_size, 0
            self._recent[doc] = record
            self._recent_size += size
        return record


def _length(part: Part) -> int:
    return len(part.doc)
