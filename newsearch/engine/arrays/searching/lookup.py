"""Look up a word in all segments of an index at once.

The Python version works segment by segment and is the reference. If a compiler was available when newsearch was
installed, `_lookup.c` replaces it. It builds one list over all segments and gives the same results.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._compiled import compiled
from newsearch.engine.arrays.loops import matches
from newsearch.engine.arrays.segment.dictionary import stem_of
from newsearch.engine.arrays.segment.form import MAX_ARTICLES
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.text.analysis import Stemming

Array: TypeAlias = NDArray[Any]


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


class WordLookup:
    """The words of some segments. `starts` gives the global number of the first article of each."""

    def __init__(self, segments: Sequence[Segment], starts: Sequence[int]) -> None:
        self._segments = segments
        self._starts = starts

    def find(self, term: str, dead: Array) -> Found:
        """Look a term up.

        Args:
            dead: the articles that are not live, sorted, uint32.

        Raises:
            ValueError, IndexCorrupt: the segments are damaged.
        """
        if _compiled is None:
            return self._find(term, dead)
        stems = {language: stemming.stem(term) for language, stemming in self._stemmings.items()}

        def is_stem(language: int, form: bytes) -> bool:
            # Most segments ask about the same form, which makes the cache of `stem_of` effective.
            return stem_of(self._stemmings[language], form.decode()) == stems[language]

        hashes = [(language, zlib.crc32(stem.encode())) for language, stem in stems.items()]
        doc, code, most, count = _compiled.find(self._opened, term.encode(), hashes, is_stem, dead)
        return Found(np.frombuffer(doc, np.uint32), np.frombuffer(code, np.uint16), most, count)

    def _find(self, term: str, dead: Array) -> Found:
        found = [_in_segment(segment, term) for segment in self._segments]
        docs = [doc + np.uint32(start) for start, (doc, _) in zip(self._starts, found, strict=False)]
        doc = np.concatenate([np.empty(0, np.uint32), *docs])
        code = np.concatenate([np.empty(0, np.uint16), *(code for _, code in found)])
        return Found(doc, code, int(code.max(initial=0)), len(doc) - int(matches.holds(dead, doc).sum()))

    @cached_property
    def _stemmings(self) -> dict[int, Stemming]:
        """The stemming of each language that any segment has, by the language's number."""
        return {
            number: stemming
            for segment in self._segments
            for number, stemming in segment.dictionary.stemmings.items()
        }

    @cached_property
    def _opened(self) -> Any:
        assert _compiled is not None
        return _compiled.opened(
            [
                (*segment.lookup_arrays(), start, segment.articles)
                for start, segment in zip(self._starts, self._segments, strict=False)
            ]
        )


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
    {"MAX_ARTICLES": MAX_ARTICLES, "PARTS": ranking.PARTS, "K1": ranking.K1},
)
