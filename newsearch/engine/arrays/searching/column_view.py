"""The columns of all segments of one generation, end to end: what filters, sorts, boosts and hides articles.

An article's number here is its number in its segment plus the articles of the segments before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.loops import kernel, sieve
from newsearch.engine.arrays.loops.kernel import Mask, Part
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.ranking import Pivots

Array: TypeAlias = NDArray[Any]


class ColumnView:
    """The columns of one generation. Read-only, but for what it remembers."""

    def __init__(self, segments: Sequence[Segment], pivots: Pivots) -> None:
        self.segments = segments
        self.pivots = pivots
        self.starts = [0]
        for segment in segments:
            self.starts.append(self.starts[-1] + segment.articles)
        self.articles = self.starts[-1]
        self.live_articles = sum(segment.live_articles for segment in segments)
        self._columns: dict[str, Array] = {}
        self._extents: dict[str, tuple[ranking.Floats, ranking.Floats]] = {}
        self._names: dict[str, list[str]] = {}
        self._chosen: dict[tuple[str, str], Mask] = {}
        self._shown: dict[bool, Array | None] = {}
        self._boost: tuple[tuple[ranking.Boosts, float | None], ranking.Floats, ranking.Floats] | None = None

    def column(self, name: str) -> Array:
        """A column over all articles; one that numbers strings numbers those of `names`."""
        found = self._columns.get(name)
        if found is None:
            parts = [segment.column(name) for segment in self.segments]
            if name in columns.TABLES and len(parts) > 1:
                number = {text: i for i, text in enumerate(self.names(name))}
                # As narrow as it can be: filters look many articles up.
                dtype = np.min_scalar_type(len(number))
                parts = [
                    np.array([number[text] for text in segment.names(name)], dtype).take(part)
                    for segment, part in zip(self.segments, parts, strict=True)
                ]
            found = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.uint8), *parts])
            self._columns[name] = found
        return found

    def names(self, table: str) -> list[str]:
        """The strings of a table, over all segments."""
        found = self._names.get(table)
        if found is None:
            found = list(dict.fromkeys(name for segment in self.segments for name in segment.names(table)))
            self._names[table] = found
        return found

    def chosen(self, table: str, key: str, test: Callable[[str], bool]) -> Mask:
        """For each string of a table, whether its folded form passes a test; remembered under `key`."""
        found = self._chosen.get((table, key))
        if found is None:
            names = self.names(table)
            found = np.fromiter((test(name.casefold()) for name in names), bool, len(names))
            if len(self._chosen) >= 256:
                self._chosen = {}
            self._chosen[table, key] = found
        return found

    @cached_property
    def topic_at(self) -> Array:
        """Where the topics of each article begin in the column `topic`, and the end of the last."""
        counts = [np.diff(segment.column("topic_at").astype(np.int64)) for segment in self.segments]
        return np.concatenate(([0], np.cumsum(np.concatenate([np.empty(0, np.int64), *counts]))))

    @cached_property
    def months(self) -> Array:
        """The month of every article, 12 * year + (0 to 11), and 0 for one without a date."""
        dates = self.known("date")
        known = ~np.isnan(dates)
        months = np.zeros(len(dates), np.uint16)
        since = dates[known].astype(np.int64).astype("M8[s]").astype("M8[M]").astype(np.int64)
        months[known] = np.clip(since + 12 * 1970, 12, None)
        return months

    @cached_property
    def live(self) -> Mask:
        """For each article, whether it is neither deleted nor replaced."""
        return np.concatenate([np.empty(0, bool), *(segment.live for segment in self.segments)])

    @cached_property
    def visible(self) -> Mask:
        """For each article, whether it is live and published."""
        published: Mask = (self.column("flag") & columns.PUBLISHED) != 0
        return self.live & published

    def shown(self, *, unpublished: bool) -> Array | None:
        """Which articles may be found at all: a bit for each (see sieve.union); None is all of them."""
        if unpublished not in self._shown:
            shown = None
            if not (self.all_live if unpublished else self.all_visible):
                mask = self.live if unpublished else self.visible
                shown = sieve.union([mask.nonzero()[0].astype(np.uint32)], self.articles)
            self._shown[unpublished] = None if shown is None else np.frombuffer(shown, np.uint64)
        return self._shown[unpublished]

    @cached_property
    def everything(self) -> Part:
        """Every article, each with a score of 1."""
        docs = np.arange(self.articles, dtype=np.uint32)
        return Part(docs, np.ones(len(docs), np.uint8), 1.0, 1.0)

    @property
    def all_live(self) -> bool:
        """Whether no article is deleted or replaced."""
        return self.live_articles == self.articles

    @cached_property
    def all_visible(self) -> bool:
        """Whether every article is live and published."""
        return bool(self.visible.all())

    def known(self, name: str, docs: Array | slice = slice(None)) -> ranking.Floats:
        """heat, quality or date (seconds) of these articles, NaN where it is not known."""
        return columns.known(name, self.column("flag")[docs], self.column(name)[docs])

    def extents(self, name: str) -> tuple[ranking.Floats, ranking.Floats]:
        """Where heat, quality or date (its first and its last second) of every article begins and ends, NaN where it is
        not known."""
        found = self._extents.get(name)
        if found is None:
            begins = ends = self.known(name)
            if name == "date":
                # An instant lasts no time, a date without a time the whole of its day.
                ends = np.where(self.column("flag") & columns.DATE_ONLY, begins + (columns.DAY - 1), begins)
            self._extents[name] = found = begins, ends
        return found

    def boost(
        self, boosts: ranking.Boosts, as_of: float | None = None
    ) -> tuple[ranking.Floats, ranking.Floats]:
        """The factor of every article (see ranking), and the highest of every CHUNK of them.

        Args:
            as_of: what recency counts from, in seconds; by default the earlier of now and the newest article.
        """
        known = self._boost
        if known is None or known[0] != (boosts, as_of):
            factor = self._boost_of("heat", boosts.heat) * self._boost_of("quality", boosts.quality)
            if boosts.half_life is not None:
                factor *= self._recency(boosts, as_of)
            # One object, kept and returned whole: another thread may put its own boosts here meanwhile.
            chunks = np.arange(0, len(factor), kernel.CHUNK)
            ceiling = np.maximum.reduceat(factor, chunks) if len(factor) else factor
            self._boost = known = (boosts, as_of), factor, ceiling
        return known[1], known[2]

    def _boost_of(self, name: str, weight: float) -> ranking.Floats:
        """The factor of every article that its heat or quality makes."""
        values, pivot = self.column(name), getattr(self.pivots, name)
        if values.dtype.kind != "u" or values.dtype.itemsize > 2:
            return np.asarray(np.exp2(weight * ranking.signal(self.known(name), pivot)))
        # One for each value that there can be: articles have few different ones.
        values = np.where(self.column("flag") & columns.KNOWN[name], values + np.uint32(1), np.uint32(0))
        factor = np.exp2(weight * ranking.signal(np.arange(-1.0, values.max(initial=0)), pivot))
        return np.asarray(factor.take(values))

    def recency(self, doc: int, boosts: ranking.Boosts, as_of: float | None) -> float:
        """The factor of one article that its recency makes."""
        return float(self._recency(boosts, as_of, slice(doc, doc + 1))[0])

    def _recency(
        self, boosts: ranking.Boosts, as_of: float | None, docs: slice = slice(None)
    ) -> ranking.Floats:
        assert boosts.half_life is not None
        ages = ((self._newest if as_of is None else as_of) - self.known("date", docs)) / columns.DAY
        factor: ranking.Floats = np.exp2(boosts.recency * ranking.recency(ages, boosts.half_life))
        return factor

    @cached_property
    def _newest(self) -> float:
        """The date of the newest article that everybody may see, or now if that is earlier, in seconds."""
        dates = self.known("date")[self.visible]
        dates = dates[~np.isnan(dates)]
        return min(float(dates.max()) if len(dates) else 0.0, datetime.now(UTC).timestamp())
