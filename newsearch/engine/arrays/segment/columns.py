"""What a segment keeps of its articles beside their words: numbers, flags, hashes, and tables of strings.

COLUMNS is the one list of them. Writing, merging and all checks follow it, and a test holds docs/index-format.md to it.

flag                     bits, see below
date, modified           seconds since 1970 UTC; the day's midnight UTC for a day alone
heat, quality            as given; 0 where the flag says that there is none
id_hash, url_hash        hash_key of the id and of the canonical URL (0: none)
content_hash             content_hash of the article: whether it changed
signature                SIGNATURE bytes for each article, by which copies are found; all zero where there is none
source, provider, category, type, language    numbers in a table of strings
topic, author            numbers in a table of strings, of all articles end to end
<several>_at[n+1]        where those of each article begin, and the end of the last
<table>_name_bytes, <table>_name_at           the strings of a table, end to end

The language is the article's tag; where it has none (see TAGGED), the language that its words tell, or "".
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.articles.article import Article, Image, Provider
from newsearch.ranking import Pivots

Array: TypeAlias = NDArray[Any]

PUBLISHED, DATED, DATE_ONLY, HAS_HEAT, HAS_QUALITY, HAS_IMAGE, HAS_RELATED, HAS_BODY = (
    1 << i for i in range(8)
)
MODIFIED, MODIFIED_ONLY, TAGGED = (1 << i for i in range(8, 11))
"""MODIFIED_ONLY: `modified` is a day alone, as DATE_ONLY says of `date`. TAGGED: the source gave the language."""

FLAGS = 16
"""Bits of a flag."""

SIGNATURE = 16
"""Bytes of a signature."""

FACT, SIGNAL, ROW, NAME, NAMES = "fact", "signal", "row", "name", "names"
"""Kinds of columns: what `building.facts` makes; a number that an article may lack; SIGNATURE bytes for each article;
the number of a string; the numbers of several strings."""


class Column(NamedTuple):
    """One stored value of an article.

    Attributes:
        name: of its array.
        kind: FACT, SIGNAL, ROW, NAME or NAMES.
        code: the type of its elements while they are collected, as the module `array` names it.
        attribute: of Article, where strings come from it: `extend` reads it.
        of: turns the value of the attribute into a string, where it is none.
        same_as: the column that stands for this one in a file that lacks it.
    """

    name: str
    kind: str
    code: str = "q"
    attribute: str = ""
    of: Callable[[Any], str] | None = None
    same_as: str = ""


DAY = 86400
"""Seconds between two midnights in UTC."""

_SEPARATOR = "\x1f"


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


COLUMNS: Final = (
    Column("flag", FACT, "H"),
    Column("date", FACT),
    Column("modified", FACT),
    Column("id_hash", FACT, "Q"),
    # Records that are named by their URLs have equal hashes: one array then serves for both.
    Column("url_hash", FACT, "Q", same_as="id_hash"),
    Column("content_hash", FACT, "Q"),
    Column("heat", SIGNAL, "d"),
    Column("quality", SIGNAL, "d"),
    Column("signature", ROW, "B"),
    Column("source", NAME),
    Column("provider", NAME, attribute="provider", of=provider_name),
    Column("category", NAME, attribute="category"),
    Column("type", NAME, attribute="type"),
    Column("language", NAME, attribute="language"),
    Column("topic", NAMES, attribute="topics"),
    Column("author", NAMES, attribute="authors"),
)
"""All columns. Those of kind FACT are in the order in which `building.Facts` has them."""

BY_NAME: Final = {column.name: column for column in COLUMNS}


def of_kind(*kinds: str) -> tuple[str, ...]:
    """The names of the columns of these kinds."""
    return tuple(column.name for column in COLUMNS if column.kind in kinds)


TABLES: Final = of_kind(NAME, NAMES)
"""The columns whose numbers stand for strings."""

SEVERAL: Final = of_kind(NAMES)
"""Those of which an article may have several."""

KNOWN: Final = {"heat": HAS_HEAT, "quality": HAS_QUALITY, "date": DATED, "modified": MODIFIED}
"""For each column of numbers that an article may lack, the flag that says whether it has one."""

DAY_ALONE: Final = {"date": DATE_ONLY, "modified": MODIFIED_ONLY}
"""For each column of dates, the flag that says whether it is a day alone."""

_FACTS: Final = of_kind(FACT)
_SIGNALS: Final = of_kind(SIGNAL)
_ROWS: Final = of_kind(ROW)
_NAMED: Final = tuple(c for c in COLUMNS if c.kind == NAME and c.attribute)
_KIND: Final = attrgetter(*(column.attribute for column in _NAMED))
_LISTED: Final = tuple(
    (column.name, attrgetter(column.attribute)) for column in COLUMNS if column.kind == NAMES
)


class Columns:
    """The columns of some articles in one order: collected by `extend`, then arrays after `freeze`.

    Attributes:
        values: for each column its array. Of one of SEVERAL it holds the numbers of all articles, end to end.
        counts: for each of SEVERAL how many of them each article has.
        names: for each of TABLES the numbers of its strings.
    """

    def __init__(self) -> None:
        self.values: dict[str, Array] = {}
        self.counts: dict[str, Array] = {}
        self.names: dict[str, dict[str, int]] = {table: {} for table in TABLES}
        self._collected: dict[str, Any] = {name: array(BY_NAME[name].code) for name in _FACTS}
        self._collected |= {name: [] for name in (*_SIGNALS, *SEVERAL)}
        self._rows: dict[str, bytearray] = {name: bytearray() for name in _ROWS}
        self._counts: dict[str, list[int]] = {name: [] for name in SEVERAL}
        self._kind: list[int] = []
        self._kinds: dict[Any, int] = {}
        self._tables: list[tuple[int, ...]] = []
        self._providers: list[Provider | None] = []

    def __getitem__(self, name: str) -> Array:
        return self.values[name]

    def extend(
        self, articles: Sequence[Article], source: str, facts: Mapping[str, bytes], signatures: Array
    ) -> None:
        """Collect articles of one source.

        Args:
            facts: the columns of kind FACT, as bytes (see `building.facts`).
            signatures: shape (articles, SIGNATURE), uint8.
        """
        collected = self._collected
        for name, column in facts.items():
            collected[name].frombytes(column)
        self._rows["signature"] += signatures.tobytes()
        for name in _SIGNALS:
            get = attrgetter(name)
            collected[name] += [get(article) or 0 for article in articles]
        # Few articles bring a new combination of these, so one look-up does for all tables.
        kinds = self._kinds
        for provider, *values in map(_KIND, articles):
            # By identity: to hash a provider takes longer than all else here.
            kind = (source, id(provider), *values)
            number = kinds.get(kind)
            if number is None:
                number = kinds[kind] = len(kinds)
                texts = [
                    column.of(value) if column.of else value or ""
                    for column, value in zip(_NAMED, (provider, *values), strict=True)
                ]
                self._tables.append(
                    (self.number("source", source), *map(self.number, (c.name for c in _NAMED), texts))
                )
                self._providers.append(provider)  # while it lives, nothing else has its identity
            self._kind.append(number)
        for name, get in _LISTED:
            lists, names = list(map(get, articles)), self.names[name]
            collected[name] += [names.setdefault(text, len(names)) for texts in lists for text in texts]
            self._counts[name] += map(len, lists)

    def number(self, table: str, name: str) -> int:
        """The number of a string in one of the TABLES."""
        names = self.names[table]
        return names.setdefault(name, len(names))

    def freeze(self) -> None:
        """Turn what was collected into arrays."""
        tables = np.array(self._tables, np.int64).reshape(len(self._tables), len(_NAMED) + 1)
        columns = tables.take(np.array(self._kind, np.int64), axis=0).T
        self.values = dict(zip(("source", *(column.name for column in _NAMED)), columns, strict=True))
        for name, values in self._collected.items():
            # Whole numbers stay whole, and narrow; one fraction makes the column one of floats.
            made = _numbers(values) if name in _SIGNALS else np.array(values, _held(BY_NAME[name].code))
            self.values[name] = made
        self.values |= {
            name: np.frombuffer(rows, np.uint8).reshape(-1, SIGNATURE) for name, rows in self._rows.items()
        }
        self.counts = {name: np.array(counts, np.int64) for name, counts in self._counts.items()}

    def tell_languages(self, codes: Sequence[str], told: Array) -> None:
        """Give the articles without a tag the languages that their words tell.

        Args:
            codes: languages, "" for an unknown one.
            told: for every article the place of its language there.
        """
        untagged = (self["flag"] & TAGGED) == 0
        numbers = np.zeros(len(codes), np.int64)
        for place in np.unique(told[untagged]).tolist():
            numbers[place] = self.number("language", codes[place])
        self.values["language"] = np.where(untagged, numbers[told], self["language"])

    def exponent(self, pivots: Pivots) -> ranking.Floats:
        """The default boost of every article, as a power of two."""
        defaults = ranking.Boosts()
        heat = known("heat", self["flag"], self["heat"])
        quality = known("quality", self["flag"], self["quality"])
        return defaults.heat * ranking.signal(heat, pivots.heat) + defaults.quality * ranking.signal(
            quality, pivots.quality
        )

    def order(self, ids: Sequence[str], pivots: Pivots) -> Array:
        """Articles by falling default boost, then newest first, then by id."""
        newest = np.where(self["flag"] & DATED, -self["date"], np.iinfo(np.int64).max)
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
        result: dict[str, Array] = {}
        for column in COLUMNS:
            name, values = column.name, self[column.name]
            if column.kind == NAMES:
                counts = self.counts[name]
                starts = np.cumsum(counts) - counts
                counts = counts[order]
                result[f"{name}_at"] = np.concatenate(([0], np.cumsum(counts)))
                result[name] = values[ranges(starts[order], counts)]
            elif not column.same_as or not np.array_equal(values, self[column.same_as]):
                result[name] = values[order].ravel()
        for table in TABLES:
            result |= strings(f"{table}_name", list(self.names[table]))
        return result


def _held(code: str) -> type:
    return np.uint64 if code == "Q" else np.int64


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
