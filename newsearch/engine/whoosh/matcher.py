"""How does Whoosh iterate over the postings of one term, and skip those that cannot reach the page?

If the scorer depends only on weight and length, as BM25F does, all scores of a term are computed at once. A top-k
search then jumps directly to the next posting that can still reach the page. Other scorers are called for each posting,
and their block qualities decide which blocks are skipped.

`block_quality` is the best score of all remaining postings, not of one block. Whoosh adds the qualities of the parts of
a query, but the blocks of two terms end at different articles. The bound over all remaining postings makes sure that
no part that could matter is skipped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from math import inf
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from whoosh.formats import Frequency
from whoosh.matching import Matcher, NullMatcher
from whoosh.matching.mcore import ReadTooFar
from whoosh.query.spans import Span
from whoosh.scoring import ReverseWeighting, WeightLengthScorer, WeightScorer
from whoosh.system import pack_uint

from newsearch.engine.whoosh.lexicon import Postings

Array: TypeAlias = NDArray[Any]

_BLOCK = 128
"""The number of postings in a block. The maximum weight and the minimum length of each block are kept."""

_CACHED_SPANS = [Span(position) for position in range(4096)]
"""Shared spans. Whoosh never changes spans, and creating them takes most of the time of a phrase query."""


class ArrayMatcher(Matcher):  # type: ignore[misc]
    """The postings of one term.

    Args:
        postings: the postings of the term.
        lengths: returns the length of the field in each of these articles, 1 for fields without lengths.
        format: the format of the field.
        scorer: the Whoosh scorer, or None.
        term: the field and the term.
        terminfo: the statistics of the term in this segment.
    """

    def __init__(
        self,
        postings: Postings,
        lengths: Callable[[], Array],
        format: Any,
        scorer: Any,
        term: tuple[str, bytes],
        terminfo: Any,
    ) -> None:
        self.format = format
        self.scorer = scorer
        self._postings = postings
        self._find_lengths = lengths
        self._term = term
        self._terminfo = terminfo
        self._ids = postings.ids
        self._n = len(postings)
        self._i = 0
        self._least: float | None = None
        self._scores: memoryview | None = None
        self._vector: Array | None = None
        self._best: memoryview | None = None
        self._bounds: tuple[list[float], list[int], list[float], list[int]] | None = None
        self._in_block = -1
        # The qualities of a ReverseScorer are lower bounds, which would skip the best.
        self._has_quality = (
            scorer is not None
            and not isinstance(scorer, ReverseWeighting.ReverseScorer)
            and bool(scorer.supports_block_quality())
        )
        self._top = inf
        if scorer is None or type(scorer).score is WeightScorer.score:
            self._set_scores(postings.weights)
        elif type(scorer).score is WeightLengthScorer.score:
            self._set_scores(self._all_scores())

    def _all_scores(self) -> Array | None:
        """The scores of all postings at once. None if the scorer's formula accepts only single numbers."""
        weights, lengths = self._postings.weights, self._find_lengths()
        try:
            with np.errstate(all="ignore"):
                scores = self.scorer._score(weights, lengths)
            last = float(self.scorer._score(float(weights[-1]), int(lengths[-1])))
        except (TypeError, ValueError, AttributeError):
            return None
        if not isinstance(scores, np.ndarray) or scores.shape != weights.shape or scores[-1] != last:
            return None
        return scores.astype(np.float64)

    def _set_scores(self, scores: Array | None) -> None:
        if scores is not None:
            self._vector = scores
            self._top = float(scores.max()) if self._has_quality else inf
            self._scores = memoryview(np.append(scores, 0.0))

    # Where it is

    def is_active(self) -> bool:
        return self._i < self._n

    def reset(self) -> None:
        self._i = 0

    def copy(self) -> ArrayMatcher:
        other = ArrayMatcher.__new__(ArrayMatcher)
        other.__dict__.update(self.__dict__)
        return other

    def id(self) -> int:
        found: int = self._ids[self._i]
        return found

    def all_ids(self) -> Iterator[int]:
        return iter(self._ids[self._i : self._n].tolist())

    def next(self) -> bool:
        """Move to the next posting. Returns whether `skip_to_quality` would move on from it, as far as is known."""
        i = self._i + 1
        if i > self._n:
            raise ReadTooFar
        self._i = i
        if self._scores is None or self._least is None:
            return not i % _BLOCK
        return bool(self._scores[i] <= self._least)

    def skip_to(self, id: int) -> bool:
        i, ids = self._i, self._ids
        if i >= self._n:
            raise ReadTooFar
        if id <= ids[i]:
            return False
        # The target is usually near.
        step = 1
        while i + step < self._n and ids[i + step] < id:
            i += step
            step *= 2
        self._i = bisect_left(ids, id, i + 1, min(i + step, self._n))
        return False

    def term(self) -> tuple[str, bytes]:
        return self._term

    # What stands there

    def weight(self) -> float:
        found: float = self._postings.frequencies[self._i]
        return found

    def supports(self, astype: str) -> bool:
        return bool(self.format.supports(astype))

    def _positions(self) -> list[int]:
        places = self._postings.places
        if places is None:
            return []
        at, positions = places
        return positions[at[self._i] : at[self._i + 1]]

    def value(self) -> bytes:
        has_positions = self._postings.places is not None
        return encoded(self.format, int(self.weight()), self._positions() if has_positions else None)

    def all_items(self) -> Iterator[tuple[int, bytes]]:
        while self.is_active():
            yield self.id(), self.value()
            self.next()

    def value_as(self, astype: str) -> Any:
        if astype == "weight":
            return self.weight()
        if astype == "frequency":
            return int(self.weight())
        if astype == "positions" and self._postings.places is not None:
            return self._positions()
        return self.format.decoder(astype)(self.value())

    def spans(self) -> list[Span]:
        if self._postings.places is None:
            raise Exception("Field does not support spans")
        spans, known = _CACHED_SPANS, len(_CACHED_SPANS)
        return [spans[p] if p < known else Span(p) for p in self._positions()]

    # How good it is

    def score(self) -> float:
        if self._scores is not None:
            found: float = self._scores[self._i]
            return found
        scored: float = self.scorer.score(self)
        return scored

    def supports_block_quality(self) -> bool:
        return self._has_quality

    def max_quality(self) -> float:
        """The best score of all postings. Whoosh asks for it also when a union has read them to the end."""
        if self._vector is not None or not self._has_quality:
            return self._top
        best: float = self.scorer.max_quality()
        return best

    def block_quality(self) -> float:
        """The best score of the remaining postings. 0 at the end, and infinity if the scorer gives no bound."""
        if self._best is None:
            if not self._has_quality:
                return inf
            if self._vector is None:
                return 0.0 if self._i >= self._n else float(self.scorer.block_quality(self))
            falling = np.maximum.accumulate(self._vector[::-1])[::-1]
            self._best = memoryview(np.append(falling, 0.0))
        best: float = self._best[self._i]
        return best

    def replace(self, minquality: float = 0) -> Matcher:
        """This one, or an empty one at the end. One that cannot reach the quality stays: of what Whoosh's matchers
        combine, some become their other half without it, and then find too much."""
        return self if self._i < self._n else NullMatcher()

    def skip_to_quality(self, minquality: float) -> int:
        """Move to the next posting that may score above `minquality`. Returns the number of postings skipped."""
        self._least = minquality
        start = self._i
        if self._vector is not None:
            self._skip_scores(minquality)
        else:
            self._skip_blocks(minquality)
        return self._i - start

    def _skip_scores(self, minquality: float) -> None:
        scores = self._vector
        assert scores is not None
        i, step = self._i, 32
        while i < self._n:
            better = scores[i : i + step] > minquality
            first = int(better.argmax())
            if better[first]:
                self._i = i + first
                return
            i += step
            step *= 4
        self._i = self._n

    def _skip_blocks(self, minquality: float) -> None:
        while self._i < self._n:
            self._in_block = self._i // _BLOCK
            try:
                quality = self.scorer.block_quality(self)
            finally:
                block, self._in_block = self._in_block, -1
            if quality > minquality:
                return
            self._i = min((block + 1) * _BLOCK, self._n)

    def _block_bounds(self) -> tuple[list[float], list[int], list[float], list[int]]:
        """Maximum weights and minimum lengths: of each block, and of each block together with all later ones."""
        if self._bounds is None:
            starts = np.arange(0, self._n, _BLOCK)
            weights = np.maximum.reduceat(self._postings.weights, starts)
            lengths = np.minimum.reduceat(self._find_lengths(), starts)
            self._bounds = (
                weights.tolist(),
                lengths.tolist(),
                np.maximum.accumulate(weights[::-1])[::-1].tolist(),
                np.minimum.accumulate(lengths[::-1])[::-1].tolist(),
            )
        return self._bounds

    def block_max_weight(self) -> float:
        weights, _, following, _ = self._block_bounds()
        if self._in_block >= 0:
            return weights[self._in_block]
        return following[min(self._i, self._n - 1) // _BLOCK]

    def block_min_length(self) -> int:
        _, lengths, _, following = self._block_bounds()
        if self._in_block >= 0:
            return lengths[self._in_block]
        return following[min(self._i, self._n - 1) // _BLOCK]

    def block_max_length(self) -> int:
        longest: int = self._terminfo.max_length()
        return longest

    def block_min_id(self) -> int:
        return self.id()

    def block_max_id(self) -> int:
        last: int = self._ids[self._n]
        return last


def encoded(format: Any, frequency: int, positions: list[int] | None) -> bytes:
    """What a Whoosh format stores with a posting. Positions are None if the field has none."""
    if isinstance(format, Frequency):
        packed: bytes = pack_uint(frequency)
        return packed
    value: bytes = format.encode(frequency if positions is None else positions)
    return value
