"""The columns of a segment: the numbers, flags, hashes and strings that it stores for its articles besides their words.

COLUMNS is the only list of them. Writing, merging and all checks follow it. A test checks docs/index-format.md against
it.

flag                     bits, see below
date, modified           seconds since 1970 UTC; midnight UTC for a date without a time
heat, quality            as given; 0 if the flag says that it is missing
id_hash, url_hash        hash_key of the id and of the canonical URL (0: none)
content_hash             content_hash of the article, which shows whether it changed
signature                SIGNATURE bytes for each article, used to find copies; all zero if there is none
source, provider, category, type, language    numbers in a table of strings
topic, author            numbers in a table of strings, concatenated for all articles
<several>_at[n+1]        the start of each article's numbers, and the end of the last
<table>_name_bytes, <table>_name_at           the strings of a table, concatenated, and their offsets

The language is the article's tag. If it has none (see TAGGED), it is the language detected from its words, or "".
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
"""DATE_ONLY, MODIFIED_ONLY: `date` or `modified` has no time. TAGGED: the source gave the language."""

FLAGS = 16
"""The number of bits in a flag."""

SIGNATURE = 16
"""The number of bytes in a signature."""

FACT, SIGNAL, ROW, NAME, NAMES = "fact", "signal", "row", "name", "names"
"""Kinds of columns: a value computed by `building.facts`; an optional number; SIGNATURE bytes for each article; the
number of a string; the numbers of several strings."""


class Column(NamedTuple):
    """One stored value of an article.

    Attributes:
        name: the name of its array.
        kind: FACT, SIGNAL, ROW, NAME or NAMES.
        code: the element type during collection, a type code of the module `array`.
        attribute: the attribute of Article from which `extend` reads the strings, if any.
        of: converts the attribute's value to a string, if it is not one.
        same_as: the column to use in place of this one if a file lacks it.
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


@lru_cache(maxsize=4096)
def provider_name(provider: Provider | None) -> str:
    """A provider as one string of the table: name, domain, images."""
    if provider is None:
        return ""
    images = [[i.url, i.width, i.height, i.is_cached] for i in provider.images]
    return _SEPARATOR.join((provider.name, provider.domain, json.dumps(images) if images else ""))


@lru_cache(maxsize=4096)
def provider_from_name(name: str) -> Provider | None:
    """The inverse of provider_name. Raises ValueError or TypeError for strings that provider_name does not produce."""
    if not name:
        return None
    title, domain, images = name.split(_SEPARATOR)
    return Provider(title, domain, tuple(map(image_from_list, json.loads(images))) if images else ())


def image_from_list(values: Any) -> Image:
    """Make an image from its stored form: URL, width, height, whether it is cached. Raises ValueError otherwise."""
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
    # If the ids are URLs, the hashes are equal, and one array serves for both.
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
"""All columns. Those of kind FACT are in the order of `building.Facts`."""

BY_NAME: Final = {column.name: column for column in COLUMNS}


def of_kind(*kinds: str) -> tuple[str, ...]:
    """The names of the columns of these kinds."""
    return tuple(column.name for column in COLUMNS if column.kind in kinds)


TABLES: Final = of_kind(NAME, NAMES)
"""The columns whose numbers stand for strings."""

SEVERAL: Final = of_kind(NAMES)
"""The columns with several values per article."""

KNOWN: Final = {"heat": HAS_HEAT, "quality": HAS_QUALITY, "date": DATED, "modified": MODIFIED}
"""For each optional column of numbers, the flag that is set if the article has the value."""

DAY_ALONE: Final = {"date": DATE_ONLY, "modified": MODIFIED_ONLY}
"""For each column of dates, the flag that is set if the date has no time."""

_FACTS: Final = of_kind(FACT)
_SIGNALS: Final = of_kind(SIGNAL)
_ROWS: Final = of_kind(ROW)
_NAMED: Final = tuple(c for c in COLUMNS if c.kind == NAME and c.attribute)
_KIND: Final = attrgetter(*(column.attribute for column in _NAMED))
_LISTED: Final = tuple(
    (column.name, attrgetter(column.attribute)) for column in COLUMNS if column.kind == NAMES
)


class Columns:
    """The columns of some articles in one order. `extend` collects them, and `freeze` turns them into arrays.

    Attributes:
        values: the array of each column. For one of SEVERAL, it is the concatenated numbers of all articles.
        counts: for each of SEVERAL, the number of values of each article.
        names: for each of TABLES, the number of each string.
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
        # New combinations of these values are rare. One lookup of the combination serves all tables.
        kinds = self._kinds
        for provider, *values in map(_KIND, articles):
            # Use the identity, because hashing a provider takes longer than everything else here.
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
                self._providers.append(provider)  # keep it alive, so that its identity stays unique
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
        """Turn the collected values into arrays."""
        tables = np.array(self._tables, np.int64).reshape(len(self._tables), len(_NAMED) + 1)
        columns = tables.take(np.array(self._kind, np.int64), axis=0).T
        self.values = dict(zip(("source", *(column.name for column in _NAMED)), columns, strict=True))
        for name, values in self._collected.items():
            # Whole numbers stay integers, in a narrow type. A single fraction makes the column one of floats.
            made = _numbers(values) if name in _SIGNALS else np.array(values, _held(BY_NAME[name].code))
            self.values[name] = made
        self.values |= {
            name: np.frombuffer(rows, np.uint8).reshape(-1, SIGNATURE) for name, rows in self._rows.items()
        }
        self.counts = {name: np.array(counts, np.int64) for name, counts in self._counts.items()}

    def fill_languages(self, codes: Sequence[str], detected: Array) -> None:
        """Set the language of articles without a tag to the language detected from their words.

        Args:
            codes: language codes, "" for unknown.
            detected: for every article, the index of its language in `codes`.
        """
        untagged = (self["flag"] & TAGGED) == 0
        numbers = np.zeros(len(codes), np.int64)
        for place in np.unique(detected[untagged]).tolist():
            numbers[place] = self.number("language", codes[place])
        self.values["language"] = np.where(untagged, numbers[detected], self["language"])

    def exponent(self, pivots: Pivots) -> ranking.Floats:
        """The default boost of every article, as a power of two. In place of a pivot that is not known yet, as in the
        first generation, the median of these articles counts."""
        defaults, exponent = ranking.Boosts(), np.zeros(len(self["flag"]))
        for name, weight, pivot in zip(
            pivots._fields, (defaults.heat, defaults.quality), pivots, strict=True
        ):
            values = known(name, self["flag"], self[name])
            if pivot <= 0 and (values >= 0).any():
                pivot = float(np.median(values[values >= 0]))
            exponent += weight * ranking.signal(values, pivot)
        return exponent

    def order(self, ids: Sequence[str], pivots: Pivots) -> Array:
        """The articles sorted by default boost, highest first, then by date, newest first, then by id."""
        newest = np.where(self["flag"] & DATED, -self["date"], np.iinfo(np.int64).max)
        falling = -self.exponent(pivots)
        order = np.lexsort((newest, falling))
        # Ties are rare. Only tied articles are compared by id.
        is_tie = (np.diff(newest[order]) == 0) & (np.diff(falling[order]) == 0)
        tied = order[np.append(is_tie, False) | np.append(False, is_tie)] if is_tie.any() else order[:0]
        by_id = np.zeros(len(ids), np.int64)
        by_id[sorted(tied.tolist(), key=ids.__getitem__)] = np.arange(len(tied))
        return np.lexsort((by_id, newest, falling))

    def arrays(self, order: Array) -> dict[str, Array]:
        """The arrays of all columns and tables, with the articles in this order."""
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
    # numpy would store integers beyond 64 bits as object references.
    return numbers.astype(np.float64) if numbers.dtype == object else numbers


def known(name: str, flag: Array, values: Array) -> ranking.Floats:
    """The values of one of the KNOWN columns, NaN if the flag says that the value is missing."""
    return np.where(flag & KNOWN[name], values.astype(np.float64), np.nan)


def inverse(order: Sequence[int] | Array) -> Array:
    """The inverse of a permutation of 0, 1, ...: the position of each element."""
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def ranges(starts: Array, counts: Array) -> Array:
    """The concatenated integers of all ranges [start, start + count)."""
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(total)


def strings(name: str, values: Sequence[str]) -> dict[str, Array]:
    """Two arrays that store strings: their concatenated UTF-8 bytes, and the start of each, with the final end."""
    encoded = [value.encode() for value in values]
    return {
        f"{name}_bytes": np.frombuffer(b"".join(encoded), np.uint8),
        f"{name}_at": np.cumsum([0, *map(len, encoded)]),
    }
