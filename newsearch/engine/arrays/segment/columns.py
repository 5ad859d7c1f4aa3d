"""What a segment keeps of its articles beside their words: numbers, flags, hashes, and tables of strings.

flag                     bits, see below
date                     seconds since 1970 UTC; the day's midnight for a date without a time
heat, quality            as given; 0 where the flag says that there is none
id_hash, url_hash        hash_key of the id and of the canonical URL (0: none)
content_hash             content_hash of the article: whether it changed
source, provider, category, type, language    numbers in a table of strings
topic_at[n+1], topic     numbers of an article's topics
<table>_name_bytes, <table>_name_at           the strings of a table, end to end
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article, Image, Provider
from newsearch.ranking import Pivots

Array: TypeAlias = NDArray[Any]

PUBLISHED, DATED, DATE_ONLY, HAS_HEAT, HAS_QUALITY, HAS_IMAGE, HAS_RELATED, HAS_BODY = (
    1 << i for i in range(8)
)

KNOWN = {"heat": HAS_HEAT, "quality": HAS_QUALITY, "date": DATED}
"""For each column of numbers, the flag that says whether an article has one."""

TABLES = ("source", "provider", "category", "type", "language", "topic")
"""The columns whose numbers stand for strings."""

DAY = 86400
"""Seconds that a date without a time lasts."""

_SEPARATOR = "\x1f"
_KIND = attrgetter("provider", "category", "type", "language")


def hash_key(text: str) -> int:
    """64 bits that stand for an id or a canonical URL."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))


def hash_bytes(data: bytes) -> int:
    """64 bits that stand for these bytes."""
    return int.from_bytes(_blake2b()(data, digest_size=8).digest(), "little")


@lru_cache(maxsize=1)
def _blake2b() -> Callable[..., Any]:
    # Few searches hash anything, and hashlib loads OpenSSL.
    from hashlib import blake2b

    return blake2b


@lru_cache(maxsize=4096)
def provider_name(provider: Provider | None) -> str:
    """A provider as one string of the table: name, domain, images."""
    if provider is None:
        return ""
    images = [[i.url, i.width, i.height, i.is_cached] for i in provider.images]
    return _SEPARATOR.join((provider.name, provider.domain, json.dumps(images) if images else ""))


@lru_cache(maxsize=4096)
def provider_from_name(name: str) -> Provider | None:
    """The inverse of provider_name. Raises ValueError or TypeError for anything that it did not write."""
    if not name:
        return None
    title, domain, images = name.split(_SEPARATOR)
    return Provider(title, domain, tuple(map(image_from_list, json.loads(images))) if images else ())


def image_from_list(values: Any) -> Image:
    """An image as it is stored: URL, width, height, whether it is cached. Raises ValueError for anything else."""
    url, width, height, is_cached = values
    if not isinstance(url, str) or not all(
        pixels is None or type(pixels) is int for pixels in (width, height)
    ):
        raise ValueError(f"an image {values!r:.100}")
    return Image(url, width, height, bool(is_cached))


@dataclass(slots=True)
class Columns:
    """The columns of some articles in one order: lists while they are collected, arrays after `freeze`."""

    flag: Any = field(default_factory=lambda: array("B"))
    date: Any = field(default_factory=lambda: array("q"))
    heat: Any = field(default_factory=list)
    quality: Any = field(default_factory=list)
    id_hash: Any = field(default_factory=lambda: array("Q"))
    url_hash: Any = field(default_factory=lambda: array("Q"))
    content_hash: Any = field(default_factory=lambda: array("Q"))
    source: Any = field(default_factory=list)
    provider: Any = field(default_factory=list)
    category: Any = field(default_factory=list)
    type: Any = field(default_factory=list)
    language: Any = field(default_factory=list)
    topic: Any = field(default_factory=list)
    topic_count: Any = field(default_factory=list)
    kind: Any = field(default_factory=list)
    kinds: dict[Any, int] = field(default_factory=dict)
    tables: list[tuple[int, ...]] = field(default_factory=list)
    providers: list[Provider | None] = field(default_factory=list)
    names: dict[str, dict[str, int]] = field(default_factory=lambda: {table: {} for table in TABLES})

    def extend(self, articles: Sequence[Article], source: str, facts: Mapping[str, bytes]) -> None:
        """Collect articles of one source, of which some columns are made already (see `building.facts`)."""
        for name, column in facts.items():
            getattr(self, name).frombytes(column)
        self.heat += [article.heat or 0 for article in articles]
        self.quality += [article.quality or 0 for article in articles]
        # Few articles bring a new combination of these, so one look-up does for five tables.
        kinds = self.kinds
        for provider, *values in map(_KIND, articles):
            # By identity: to hash a provider takes longer than all else here.
            kind = (source, id(provider), *values)
            number = kinds.get(kind)
            if number is None:
                number = kinds[kind] = len(kinds)
                names = (source, provider_name(provider), *(value or "" for value in values))
                self.tables.append(tuple(map(self.number, TABLES, names)))
                self.providers.append(provider)  # while it lives, nothing else has its identity
            self.kind.append(number)
        topics = self.names["topic"]
        self.topic += [
            topics.setdefault(topic, len(topics)) for article in articles for topic in article.topics
        ]
        self.topic_count += [len(article.topics) for article in articles]

    def number(self, table: str, name: str) -> int:
        """The number of a string in one of the TABLES."""
        names = self.names[table]
        return names.setdefault(name, len(names))

    def freeze(self) -> None:
        """Turn the collected lists into arrays."""
        tables = np.array(self.tables, np.int64).reshape(len(self.tables), len(TABLES) - 1)
        columns = tables.take(np.array(self.kind, np.int64), axis=0).T
        self.source, self.provider, self.category, self.type, self.language = columns
        for column in fields(self):
            if column.name not in ("names", "heat", "quality", "kind", "kinds", "tables", "providers"):
                dtype = np.uint64 if column.name.endswith("_hash") else np.int64
                setattr(self, column.name, np.array(getattr(self, column.name), dtype))
        # Whole numbers stay whole, and narrow; one fraction makes the column one of floats.
        self.heat, self.quality = map(_numbers, (self.heat, self.quality))

    def exponent(self, pivots: Pivots) -> ranking.Floats:
        """The default boost of every article, as a power of two."""
        defaults = ranking.Boosts()
        heat = known("heat", self.flag, self.heat)
        quality = known("quality", self.flag, self.quality)
        return defaults.heat * ranking.signal(heat, pivots.heat) + defaults.quality * ranking.signal(
            quality, pivots.quality
        )

    def order(self, ids: Sequence[str], pivots: Pivots) -> Array:
        """Articles by falling default boost, then newest first, then by id."""
        newest = np.where(self.flag & DATED, -self.date, np.iinfo(np.int64).max)
        falling = -self.exponent(pivots)
        order = np.lexsort((newest, falling))
        # Few tie, and only those are compared by id.
        is_tie = (np.diff(newest[order]) == 0) & (np.diff(falling[order]) == 0)
        tied = order[np.append(is_tie, False) | np.append(False, is_tie)] if is_tie.any() else order[:0]
        by_id = np.zeros(len(ids), np.int64)
        by_id[sorted(tied.tolist(), key=ids.__getitem__)] = np.arange(len(tied))
        return np.lexsort((by_id, newest, falling))

    def arrays(self, order: Array) -> dict[str, Array]:
        """The arrays of the columns and tables, with the articles in this order."""
        result = {
            name: getattr(self, name)[order]
            for name in ("flag", "date", "heat", "quality", "id_hash", "content_hash", *TABLES[:-1])
        }
        # Records that are named by their URL have equal hashes: one array then serves for both.
        if not np.array_equal(self.id_hash, self.url_hash):
            result["url_hash"] = self.url_hash[order]
        starts = np.concatenate(([0], np.cumsum(self.topic_count)))
        counts = self.topic_count[order]
        result["topic_at"] = np.concatenate(([0], np.cumsum(counts)))
        result["topic"] = self.topic[ranges(starts[order], counts)]
        for table in TABLES:
            result |= strings(f"{table}_name", list(self.names[table]))
        return result


def _numbers(values: Sequence[float]) -> Array:
    numbers = np.array(values, None if values else np.int64)
    # Integers too large for 64 bits would be kept as references to objects.
    return numbers.astype(np.float64) if numbers.dtype == object else numbers


def known(name: str, flag: Array, values: Array) -> ranking.Floats:
    """The values of one of the KNOWN columns, NaN where the flag says that there is none."""
    return np.where(flag & KNOWN[name], values.astype(np.float64), np.nan)


def inverse(order: Sequence[int] | Array) -> Array:
    """For each element of a permutation of 0, 1, ..., its place in it."""
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def ranges(starts: Array, counts: Array) -> Array:
    """The integers of every range [start, start + count), end to end."""
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(total)


def strings(name: str, values: Sequence[str]) -> dict[str, Array]:
    """Two arrays that hold strings: their UTF-8 bytes end to end, and where each begins."""
    encoded = [value.encode() for value in values]
    return {
        f"{name}_bytes": np.frombuffer(b"".join(encoded), np.uint8),
        f"{name}_at": np.cumsum([0, *map(len, encoded)]),
    }


def shown_month(month: int) -> str:
    """12 * year + (0 to 11) as in 2020-09."""
    return f"{month // 12:04}-{month % 12 + 1:02}"
