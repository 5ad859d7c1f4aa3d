"""The words of all segments of one generation, with global article numbers.

The postings that queries use are put together on first use and cached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._cached import cached_property
from newsearch.engine.arrays.loops import kernel, matches, positions, sieve
from newsearch.engine.arrays.loops.kernel import Codes, Mask, Part, Slot
from newsearch.engine.arrays.loops.spread import Table
from newsearch.engine.arrays.searching.all_forms import AllForms, Published
from newsearch.engine.arrays.searching.cache import size_of
from newsearch.engine.arrays.searching.column_view import ColumnView
from newsearch.engine.arrays.searching.lookup import Found, WordLookup, occurrences, united, weighed
from newsearch.engine.arrays.searching.vocabulary import Vocabulary
from newsearch.engine.arrays.segment.segment import Place, Segment
from newsearch.ranking import Pivots
from newsearch.text.analysis import is_half

if TYPE_CHECKING:
    from newsearch.engine.arrays.searching.shared_lists import SharedLists

Array: TypeAlias = NDArray[Any]

_TOGETHER = ("together",)
"""The words that were last looked for together: the nodes of one query ask for the same ones with several weights."""

_BITS_SHARE = 128
"""A word in more than one of this many articles gets a bitmap over all articles. A membership test then reads one bit
instead of searching the list."""

_CROWDED, _BITS_SHARE_OF_CROWDED = 0.75, 32
"""When more than this share of the cache is used, a word needs to be in more than one of this many articles to get a
bitmap, because a bitmap takes more memory than most lists."""

_PART = 600
"""The bytes of a Part besides those of its arrays."""

_LISTED = 8
"""About how many bytes a list takes for each of its articles, besides a bitmap."""

_MOST_OF_CACHE = 0.4
"""The largest share of the cache that a list takes with the numbers of its articles."""

_LIST_SHARE = 128
"""A list that takes more than one part in this many of the cache is not made for the first page that needs it."""

_USES = 8
"""A word that is read where it lies gets a list after this many further pages, even if other lists are dropped for
it."""


class _Lying:
    """A word that is read where it lies, and how many pages have asked for it again."""

    __slots__ = ("part", "uses")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.uses = 0


class WordView(ColumnView):
    """The columns and words of one generation. Read-only except for its caches.

    Args:
        memory: the maximum bytes of its caches.
        published: the directory and the table of contents of the generation, if it is published: see `kept`.
    """

    def __init__(
        self, segments: Sequence[Segment], pivots: Pivots, memory: int, published: Published | None = None
    ) -> None:
        super().__init__(segments, pivots, memory)
        self._published = published
        self._lookup = WordLookup(segments, self.starts)
        self._shared: SharedLists | None = None
        self.forms = AllForms(segments, self.cache, published)

    def share(self, lists: SharedLists) -> None:
        """Make lists of words for other processes too, and read theirs."""
        self._shared = lists

    @property
    def _shares(self) -> bool:
        """Whether a list that is made goes where other processes read it."""
        return self._shared is not None and self._shared.has_room

    def word(self, term: str) -> Part:
        """The scored postings of a word in all its forms. The exact form counts for more (see ranking)."""
        found = self._known(term)
        return self._listed(term, self._lookup.find(term)) if found is None else found

    def _known(self, term: str) -> Part | None:
        """The list of a word, if it is cached or shared."""
        found: Part | None = self.cache.get(("words", term))
        if found is None and self._shared is not None and (found := self._shared.get(term)) is not None:
            self.cache.put(("words", term), found, _PART)
        return found

    def _listed(self, term: str, found: Found) -> Part:
        doc, code, most, live = found
        unit = self.unit(live) / ranking.PARTS
        part = self.with_bits(Part(doc, code, unit, unit * most, live=live))
        if self._shared is not None and (shared := self._shared.put(term, part)) is not None:
            self.cache.put(("words", term), shared, _PART)
            return shared
        # As `size_of`, which would take as long as many searches.
        arrays = (part.doc, part.value, part.bits, part.ranks)
        size = _PART + sum([array.nbytes for array in arrays if array is not None])
        self.cache.put(("words", term), part, size)
        return part

    def word_of_page(self, term: str) -> Part:
        """As `word`, but read where it lies if its list would take a large part of the cache.

        A page needs few articles. In a large index, such lists would drive each other out again and again. A word that
        is asked for again gets one as long as there is room, and else at every eighth time.
        """
        listed = self._known(term)
        if listed is not None:
            return listed
        if self._shares:
            return self._listed(term, self._lookup.find(term))
        lying = self._lying(term)
        if lying is None:
            short = self._lookup.find_short(term, self.cache.limit // (_LIST_SHARE * _LISTED))
            if short is not None:
                return self._listed(term, short)
            lying = self._lie(term)
        else:
            lying.uses += 1
            if lying.uses % _USES == 0 or not self._is_crowded(_LISTED * len(lying.part.doc)):
                return self.word(term)
        return self.word(term) if lying is None else lying.part

    def _is_crowded(self, more: int = 0) -> bool:
        """Whether most of the cache is used, with so many bytes more."""
        return self.cache.used + more > self.cache.limit * _CROWDED

    def word_of_many(self, term: str) -> Part:
        """As `word`, but read where it lies if its list is not cached: few articles need all words of a text."""
        listed = self._known(term)
        if listed is not None:
            return listed
        lying = self._lying(term) or self._lie(term)
        return self.word(term) if lying is None else lying.part

    def _lying(self, term: str) -> _Lying | None:
        found: _Lying | None = self.cache.get(("in place", term))
        return found

    def _lie(self, term: str) -> _Lying | None:
        """Find out where a word lies, and keep that. None if the loops cannot read it there."""
        lies = None if self._postings is None else self._lookup.in_place(term)
        if lies is None:
            return None
        unit = self.unit(lies.live) / ranking.PARTS
        part = self._in_place(lies.ranges, lies.held, unit, unit * lies.most, lies.live)
        found = _Lying(part)
        self.cache.put(("in place", term), found, _PART + len(part.value))
        return found

    def _in_place(self, ranges: Any, length: int, unit: float, best: float, live: int | None) -> Part:
        # The length of a range is all that it tells.
        articles: Any = range(length)
        return kernel.InPlace(articles, ranges, unit, best, self._postings, live=live)

    def _to_count(self, term: str) -> Part | None:
        """A word, to count the articles that contain it and others. It may seem to have more articles than it has, and
        may have no score. A page may never ask for it, so nothing more is found out. None if the loops cannot read it.
        """
        part: Part | None = self._known(term)
        if part is not None:
            return part
        if (lying := self._lying(term)) is not None:
            return lying.part
        part = self.cache.get(("to count", term))
        if part is None and self._postings is not None and (found := self._lookup.where(term)) is not None:
            part = self._in_place(*found, 0.0, 0.0, None)
            self.cache.put(("to count", term), part, _PART + len(part.value))
        return part

    @cached_property
    def _postings(self) -> Any:
        """The postings of all segments, held open; None if the loops cannot read them in place."""
        return kernel.postings([segment.posting_arrays() for segment in self.segments])

    def form(self, term: str) -> Slot:
        """The occurrences of one exact form. A single character of a script without spaces occurs in every pair that
        contains it."""
        found: Slot | None = self.cache.get(("forms", term))
        if found is None:
            found = self._slot(self.places(term))
            self.cache.put(("forms", term), found)
        return found

    def any_form(self, term: str) -> Slot:
        """The occurrences of a word in any of its forms."""
        if is_half(term):
            return self.form(term)
        found: Slot | None = self.cache.get(("any_forms", term))
        if found is None:
            found = self._slot(self.places_of_any_form(term))
            self.cache.put(("any_forms", term), found)
        return found

    def with_bits(self, part: Part) -> Part:
        """The same part, with a bitmap over all articles if the list is long enough for that to pay off. It then has
        `tops`, too, if its values are scores."""
        is_crowded = self._is_crowded() and not self._shares
        if len(part.doc) * (_BITS_SHARE_OF_CROWDED if is_crowded else _BITS_SHARE) <= self.articles:
            return part
        bits, ranks = sieve.ranked(part.doc, self.articles)
        tops = kernel.tops_of(part.value) if part.value.dtype == np.float64 else None
        return part._replace(
            bits=np.frombuffer(bits, np.uint64), ranks=np.frombuffer(ranks, np.uint32), tops=tops
        )

    def packed(self, part: Part) -> Part:
        """A part as it is kept: without the numbers of its articles if it would drive out most of what is kept. Its
        bitmap tells them, too, but to make them from it takes ten times as long as a search."""
        if part.bits is None or size_of(part) <= self.cache.limit * _MOST_OF_CACHE:
            return part
        return part._replace(doc=np.empty(0, np.uint32))

    def unpacked(self, part: Part) -> Part:
        """The part that `packed` was given."""
        if part.bits is None or len(part.doc):
            return part
        return part._replace(doc=matches.numbers(part.bits))

    def begun(self, prefix: str) -> Slot:
        """The occurrences of all exact forms with this prefix."""
        return self._slot(self.places_begun(prefix))

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
            for distance, form, _ in self.forms.near(segment, term, edits)
        }

    def vocabulary_to_compare(self) -> Vocabulary | None:
        """The forms of all segments, to compare a term with them. None if comparing it segment by segment is faster."""
        return self.forms.to_compare(self.form_counts)

    def put_together(self) -> None:
        """Put the forms of all segments together, unless they would take too much memory."""
        self.forms.put_together(self.form_counts)

    def form_counts(
        self, number: int, first: int = 0, last: int | None = None, *, among: Mask | None = None
    ) -> Array:
        """For each of the forms [first, last) of a segment, the number of articles that contain it, int64.

        Args:
            number: of the segment.
            first, last: all of its forms by default.
            among: which articles of the index count; by default those that can be found.
        """
        segment, start = self.segments[number], self.starts[number]
        last = len(segment.dictionary) if last is None else last
        at = segment.file.array("post_at")[first : last + 1].astype(np.int64)
        if among is None and self.all_visible:
            return np.diff(at)
        counted = (self.visible if among is None else among)[start : start + segment.articles]
        if counted.all():
            return np.diff(at)
        return np.frombuffer(kernel.held_by(segment.postings(first, last)[0], at, counted), np.int64)

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

    def together(
        self, terms: Sequence[str], *, any_form: bool, weight: float, width: int, ordered: bool, field: int
    ) -> tuple[Array, Array]:
        """The articles in which some words occur together, and their scores. See `kernel.together`.

        Args:
            any_form: whether each word may be in any of its forms.
            weight: what each score is multiplied by.
        """
        if len(set(terms)) < 2 or any(map(is_half, terms)):
            slots = [self.any_form(term) if any_form else self.form(term) for term in terms]
            return self.slots_together(slots, weight=weight, width=width, ordered=ordered, field=field)
        units = [self.unit_of(term) if any_form else self.unit(self.count_form(term)) for term in terms]
        asked = tuple(terms), any_form, width, ordered, field
        found: tuple[object, Array, Array] | None = self.cache.get(_TOGETHER)
        if found is None or found[0] != asked:
            # To collect every occurrence of a frequent word takes far longer than to look where the others are, too.
            docs, codes = self._lookup.together(
                terms, any_form=any_form, width=width, ordered=ordered, field=field
            )
            found = asked, docs, codes
            self.cache.put(_TOGETHER, found)
        return found[1], weighed(found[2], [unit * weight for unit in units])

    def side_by_side(
        self, left: Sequence[str], right: Sequence[str], *, distance: int, **asked: Any
    ) -> tuple[Array, Array]:
        """The articles in which two phrases of exact forms stand near each other without overlapping, and their scores.

        Args:
            distance: the maximum number of words between them.
            asked: as `together`, with a width that has room for both.
        """
        docs, scores = self.together([*left, *right], any_form=False, **asked)
        start, end = positions.beside(
            self._starts_of(left, docs), len(left), self._starts_of(right, docs), len(right), distance
        )
        good = kernel.in_one_field(start, end, asked["field"], self.lengths)
        found = matches.holds(docs, matches.distinct(start[good] >> 16))
        return docs[found], scores[found]

    def _starts_of(self, terms: Sequence[str], among: Array) -> Array:
        """Where a phrase of exact forms starts in some articles: sorted keys as in `positions`."""
        slots = [united(occurrences(self.segments, self.starts, self.places(term)), among) for term in terms]
        return positions.windows([slot.keys() for slot in slots], 0, ordered=True)[0]

    def unit_of(self, term: str) -> float:
        """The score of one 255th of the saturated weight of a word in any of its forms."""
        return self.unit(self.count_word(term))

    def count_word(self, term: str) -> int:
        """How many live articles contain a word in any of its forms."""
        found = self._known(term)
        if found is None and (lying := self._lying(term)) is not None:
            found = lying.part
        if found is not None and found.live is not None:
            return found.live
        return self.cache.made(("live", term), lambda: (self._lookup.live(term),))[0]

    def count_found(self, part: Part, *, unpublished: bool) -> int:
        """How many articles of a list may be found."""
        if part.live is not None and (unpublished or self.all_published):
            return part.live
        if isinstance(part, kernel.InPlace):
            return kernel.counted([part], self.shown(unpublished=unpublished))[0]
        return kernel.count([part], self.shown(unpublished=unpublished))

    def slots_together(
        self, slots: Sequence[Slot], *, weight: float, width: int, ordered: bool, field: int
    ) -> tuple[Array, Array]:
        """As `together`, given the occurrences of each word."""
        weighted = [slot._replace(unit=slot.unit * weight) for slot in slots]
        doc, score = kernel.together(weighted, width, ordered, field, self.lengths)
        return np.frombuffer(doc, np.uint32), np.frombuffer(score)

    def _exact(self, term: str) -> list[list[Place]]:
        return [segment.exact_form(term) for segment in self.segments]

    def places(self, term: str) -> list[list[Place]]:
        """Where the occurrences of one exact form are in each segment; see `form`."""
        if not is_half(term):
            return self._exact(term)
        return [[Place(*place) for place in segment.dictionary.pairs(term)] for segment in self.segments]

    def places_of_any_form(self, term: str) -> list[list[Place]]:
        """Where the occurrences of a word in any of its forms are in each segment."""
        return [segment.any_form(term) for segment in self.segments]

    def places_begun(self, prefix: str) -> list[list[Place]]:
        """Where the occurrences of all exact forms with this prefix are in each segment."""
        # The forms are sorted and their postings are contiguous, which makes a prefix one slice.
        return [[Place(*segment.dictionary.prefix_range(prefix))] for segment in self.segments]

    def count_form(self, term: str) -> int:
        """How many live articles contain an exact form."""
        return self._lookup.held([term], self.dead)[0]

    def count_visible(self, term: str) -> int:
        """How many visible articles contain an exact form."""
        return self._lookup.held([term], self.unseen)[0]

    def bound(self, term: str) -> int:
        """A number that the articles with any form of a word do not exceed. To find it takes less than to find them."""
        found = self._known(term)
        return self._lookup.bound(term) if found is None else len(found.doc)

    def bound_of_all(self, terms: Sequence[str]) -> int:
        """As `bound`, for the articles with each of some words. No list is made for it."""
        parts = [part for term in terms if (part := self._to_count(term)) is not None]
        if not parts:
            return self.articles
        if len(parts) == 1:
            return len(parts[0].doc)
        if kernel.InPlace not in map(type, parts):
            return kernel.count(kernel.shortest_first(parts), None)
        ordered = kernel.looked_up(parts, self.articles)
        return kernel.count(ordered, None) if ordered else kernel.counted(parts, None)[0]

    def count_neighbours(self, left: str, right: str) -> int:
        """How many visible articles contain two exact forms side by side."""
        return self._lookup.neighbours(left, right, self.unseen)

    def weighted(self, doc: Array, value: Array, weight: float, live: int | None = None) -> Part:
        """Score articles, given the codes of one word in them, by the rarity of the word.

        Args:
            live: how many of the articles are neither deleted nor replaced. Counted if not given.
        """
        if live is None:
            live = self.count_live(doc)
        unit = weight * self.unit(live)
        return Part(doc, value, unit, unit * int(value.max()) if len(value) else 0.0, live=live)

    def unit(self, live: int) -> float:
        """The score of one 255th of the saturated weight of a word that `live` live articles contain."""
        return ranking.CODE_SCALE * ranking.word_weight(self.live_articles, live)

    def count_live(self, doc: Array) -> int:
        """How many of these articles are neither deleted nor replaced."""
        # The dead ones are mostly few, and are sought among the others.
        return len(doc) - (int(matches.holds(self.dead, doc).sum()) if len(self.dead) else 0)

    # Text fields

    @property
    def lengths(self) -> Table:
        """The number of words in each text field of every article."""
        return self._lookup.lengths

    def in_field(self, places: Sequence[Sequence[Place]], field: str) -> tuple[Array, Array]:
        """The articles with any of some exact forms in a text field, and their code in each, computed from that field
        alone.

        Args:
            places: where the forms are in each segment.
        """
        forms = occurrences(self.segments, self.starts, places)
        number = ranking.TEXT_FIELDS.index(field)
        doc, code = kernel.in_field(forms, number, ranking.FIELD_WEIGHTS[field], self.lengths)
        return np.frombuffer(doc, np.uint32), np.frombuffer(code, np.uint8)
