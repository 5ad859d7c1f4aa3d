"""Look up words in all segments of an index at once.

The Python version works segment by segment and is the reference. If a compiler was available when newsearch was
installed, `_lookup.c` replaces it. It builds one list over all segments and gives the same results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._cached import cached_property
from newsearch._compiled import compiled
from newsearch.engine.arrays.loops import kernel, matches
from newsearch.engine.arrays.loops.kernel import Occurrences, Slot
from newsearch.engine.arrays.loops.spread import Spread, Table
from newsearch.engine.arrays.segment.dictionary import stem_of
from newsearch.engine.arrays.segment.form import MAX_ARTICLES
from newsearch.engine.arrays.segment.segment import Place, Segment
from newsearch.text.analysis import Stemming

Array: TypeAlias = NDArray[Any]

MAX_POSTINGS = 2**62
"""More than the forms of any term have."""


class Found(NamedTuple):
    """The postings of a word in any of its forms.

    Attributes:
        doc: the articles that contain it, sorted, uint32.
        code: (PARTS - 1) * s_stem + s_exact in each (see ranking), uint16.
        most: the highest code, or 0 if there are no articles.
        live: the number of these articles that are live.
    """

    doc: Array
    code: Array
    most: int
    live: int


class Lying(NamedTuple):
    """Where the postings of a word lie, in any of its forms.

    Attributes:
        ranges: the postings of each form in each segment, a buffer of FormRange (see `_postings.h`).
        held: the number of articles that contain the word.
        most: a number that no code exceeds (see `Found`).
        live: the number of these articles that are live.
    """

    ranges: Any
    held: int
    most: int
    live: int


class WordLookup:
    """The words of some segments. `starts` gives the global number of the first article of each."""

    def __init__(self, segments: Sequence[Segment], starts: Sequence[int]) -> None:
        self._segments = segments
        self._starts = starts

    def find(self, term: str) -> Found:
        """Look a term up.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        found = self.find_short(term, MAX_POSTINGS)
        assert found is not None
        return found

    def find_short(self, term: str, most: int) -> Found | None:
        """As `find`, but None if its forms have more than `most` postings.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        if _compiled is None:
            return self._find(term)
        found = _compiled.find(self._opened, *self._asked(term), most)
        if found is None:
            return None
        doc, code, highest, count = found
        return Found(np.frombuffer(doc, np.uint32), np.frombuffer(code, np.uint16), highest, count)

    def in_place(self, term: str) -> Lying | None:
        """Look a term up without making a list of its postings. None without the compiled twin.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        return None if _compiled is None else Lying(*_compiled.in_place(self._opened, *self._asked(term)))

    def where(self, term: str) -> tuple[Any, int] | None:
        """The `ranges` of `in_place` alone, and the number of postings in them, in half of the time. None without the
        compiled twin.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        found: tuple[Any, int] | None = _compiled and _compiled.where(self._opened, *self._asked(term))
        return found

    def bound(self, term: str) -> int:
        """A number that the articles with any form of a term do not exceed: that of all postings of its forms.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        if _compiled is not None:
            postings: int = _compiled.bound(self._opened, *self._asked(term))
            return postings
        return sum(
            len(segment.postings(place.first, place.last)[0])
            for segment in self._segments
            for place in segment.any_form(term)
        )

    def live(self, term: str) -> int:
        """How many live articles contain a term in any form: `find(term).live`, without the memory for the others.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        if _compiled is None:
            return self._find(term).live
        count: int = _compiled.live(self._opened, *self._asked(term))
        return count

    def together(
        self, terms: Sequence[str], *, any_form: bool, width: int, ordered: bool, field: int
    ) -> tuple[Array, Array]:
        """The articles in which some words occur together, as `kernel.together` finds them.

        Args:
            any_form: whether each word may be in any of its forms.

        Returns:
            The articles, sorted, uint32, and the code of each word in them, uint8, shape (articles, words).

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        if _compiled is not None:
            asked = [self._asked(term) for term in terms]
            docs, codes = _compiled.together(
                self._opened,
                self._placed,
                [(term, stems if any_form else [], is_stem) for term, stems, is_stem in asked],
                width,
                ordered,
                field,
            )
            return np.frombuffer(docs, np.uint32), np.frombuffer(codes, np.uint8).reshape(-1, len(terms))
        places = [self._any_form(term) if any_form else self._exact(term) for term in terms]
        slots = [united(occurrences(self._segments, self._starts, of_word), None) for of_word in places]
        found = np.frombuffer(kernel.together(slots, width, ordered, field, self.lengths)[0], np.uint32)
        of_slots = [slot.code.take(slot.doc.searchsorted(found), mode="clip") for slot in slots if len(found)]
        return found, np.stack(of_slots, axis=1) if of_slots else np.empty((0, len(terms)), np.uint8)

    def held(self, forms: Sequence[str], gone: Array) -> list[int]:
        """How many articles contain each of some exact forms.

        Args:
            gone: articles that do not count, sorted, uint32.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        if _compiled is not None:
            encoded = [form.encode("utf-8", "surrogatepass") for form in forms]
            found: list[int] = _compiled.held(self._opened, encoded, gone)
            return found
        return [sum(_left(gone, self._starts, self._docs_of(form))) for form in forms]

    def neighbours(self, left: str, right: str, gone: Array) -> int:
        """How many articles contain two exact forms, one right before the other in one field.

        Args:
            gone: articles that do not count, sorted, uint32.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        if _compiled is not None:
            forms = (form.encode("utf-8", "surrogatepass") for form in (left, right))
            found: int = _compiled.neighbours(self._opened, self._placed, *forms, gone)
            return found
        return sum(_left(gone, self._starts, (_together(segment, left, right) for segment in self._segments)))

    def _any_form(self, term: str) -> list[list[Place]]:
        return [segment.any_form(term) for segment in self._segments]

    def _exact(self, term: str) -> list[list[Place]]:
        return [segment.exact_form(term) for segment in self._segments]

    def _docs_of(self, form: str) -> Iterator[Array]:
        for segment in self._segments:
            number = segment.dictionary.number(form)
            yield segment.postings(number, number + 1)[0] if number >= 0 else np.empty(0, np.uint16)

    def _find(self, term: str) -> Found:
        found = [_in_segment(segment, term) for segment in self._segments]
        docs = [doc + np.uint32(start) for start, (doc, _) in zip(self._starts, found, strict=False)]
        doc = np.concatenate([np.empty(0, np.uint32), *docs])
        code = np.concatenate([np.empty(0, np.uint16), *(code for _, code in found)])
        live = sum(
            len(doc) - int(matches.holds(segment.dead, doc).sum())
            for segment, (doc, _) in zip(self._segments, found, strict=True)
        )
        return Found(doc, code, int(code.max(initial=0)), live)

    def _asked(self, term: str) -> tuple[bytes, list[tuple[int, int]], Callable[[int, bytes], bool]]:
        """A term as the compiled functions take it: in UTF-8, the hash of its stem in each language, and what tells
        whether a form has that stem."""
        stems = {language: stemming.stem(term) for language, stemming in self._stemmings.items()}

        def is_stem(language: int, form: bytes) -> bool:
            # Most segments ask about the same form, which makes the cache of `stem_of` effective.
            return stem_of(self._stemmings[language], form.decode()) == stems[language]

        return term.encode(), [(language, crc32(stem.encode())) for language, stem in stems.items()], is_stem

    @cached_property
    def _stemmings(self) -> dict[int, Stemming]:
        """The stemming of each language that any segment has, by the language's number."""
        return {
            number: stemming
            for segment in self._segments
            for number, stemming in segment.dictionary.stemmings.items()
        }

    @cached_property
    def lengths(self) -> Table:
        """The number of words in each text field of every article."""
        return _lengths_of(self._segments)

    @cached_property
    def _opened(self) -> Any:
        assert _compiled is not None
        return _compiled.opened(
            [
                (*segment.lookup_arrays(), start, segment.articles)
                for start, segment in zip(self._starts, self._segments, strict=False)
            ]
        )

    @cached_property
    def _placed(self) -> Any:
        assert _compiled is not None
        return _compiled.placed(self._opened, [segment.position_arrays() for segment in self._segments])


def occurrences(
    segments: Sequence[Segment], starts: Sequence[int], places: Sequence[Sequence[Place]]
) -> list[Occurrences]:
    """The occurrences of exact forms, given by their places in each segment."""
    return [
        Occurrences(*segment.occurrences(*place), start, place.last - place.first > 1)
        for segment, start, ranges in zip(segments, starts, places, strict=False)
        for place in ranges
    ]


def united(forms: list[Occurrences], among: Array | None) -> Slot:
    """The occurrences of some forms as those of one word, without a unit. See `kernel.united`."""
    return _slot(kernel.united(forms, among))


def weighed(codes: Array, units: Sequence[float]) -> Array:
    """The scores of articles from the codes of some words in them (see `together`): the sum over the words of each code
    times the unit of its word."""
    if _compiled is not None:
        return np.frombuffer(_compiled.weighed(codes, np.array(units)))
    scores = np.zeros(len(codes))
    for code, unit in zip(codes.T, units, strict=True):
        scores += code * unit
    return scores


def _slot(made: Sequence[Any]) -> Slot:
    doc, code, pos, more_doc, more_pos = (
        np.frombuffer(data, dtype) for data, dtype in zip(made, _SLOT_TYPES, strict=True)
    )
    return Slot(doc, code, pos, more_doc, more_pos, 0.0)


_SLOT_TYPES = np.uint32, np.uint8, np.uint16, np.uint32, np.uint16


def _left(gone: Array, starts: Sequence[int], docs: Iterable[Array]) -> Iterator[int]:
    """How many of some articles of each segment are not gone."""
    for start, of_segment in zip(starts, docs, strict=False):
        yield len(of_segment) - int(
            matches.holds(gone, of_segment.astype(np.uint32) + np.uint32(start)).sum()
        )


def _lengths_of(segments: Sequence[Segment]) -> Table:
    columns = ([segment.column(f"length_{name}") for segment in segments] for name in ranking.TEXT_FIELDS)
    return Table([Spread(of_field) for of_field in columns])


def _together(segment: Segment, left: str, right: str) -> Array:
    """The articles of a segment with two exact forms side by side."""
    numbers = [segment.dictionary.number(form) for form in (left, right)]
    if min(numbers) < 0:
        return np.empty(0, np.uint32)
    slots = [Slot(*segment.occurrences(number, number + 1), 0.0) for number in numbers]
    docs, _ = kernel.together(slots, 1, True, -1, _lengths_of([segment]))
    return np.frombuffer(docs, np.uint32)


def _in_segment(segment: Segment, term: str) -> tuple[Array, Array]:
    """The articles of a segment that contain a word in any form, and its code in each (see Found).

    The forms are those that share its stem in the language of the article.
    """
    places = segment.any_form(term)
    number = segment.dictionary.number(term)
    forms = [segment.occurrences(*place)[:2] for place in places]
    if len(forms) == 1:
        ((doc, code),) = forms
        return doc, code.astype(np.uint16) * (ranking.PARTS - (places[0].first != number))
    weight = np.zeros(segment.articles)
    for doc, code in forms:
        weight[doc] += _WEIGHTS[code]
    found = weight.nonzero()[0]
    both = ranking.saturate(weight.take(found)).astype(np.uint16) * (ranking.PARTS - 1)
    for place, (doc, code) in zip(places, forms, strict=True):
        if place.first == number:
            both[found.searchsorted(doc)] += code
    return found.astype(np.uint16), both


_WEIGHTS = ranking.unsaturate(np.arange(256))

_compiled = compiled(
    f"{__package__}._lookup",
    {
        "MAX_ARTICLES": MAX_ARTICLES,
        "PARTS": ranking.PARTS,
        "K1": ranking.K1,
        "FIELDS": len(ranking.TEXT_FIELDS),
    },
)
