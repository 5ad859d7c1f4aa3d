"""Which format does a file have, and how is each key of its records used?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from newsearch.articles.article import Article
from newsearch.articles.extra import UNUSABLE
from newsearch.articles.reading import OTHER_NAMES
from newsearch.errors import SourceError
from newsearch.sources.base import ReadingOptions, Record, articles_of
from newsearch.sources.files import printable
from newsearch.sources.formats import of_file


@dataclass(frozen=True, slots=True)
class Explained:
    """How one record was read.

    Attributes:
        format: the container.
        vocabulary: the vocabulary that its keys were read by.
        place: of the record in the file.
        keys: for each key with a value: the key, our key for it, and the value. Ours is "" if the key is kept
            but not searched, and None if it is left out.
        outcome: the article, or the error.
        doubt: why the file is passed over in a directory; empty if it is read.
        unusable: those of our keys whose values cannot be used, or not all of them.
    """

    format: str
    vocabulary: str
    place: str
    keys: tuple[tuple[str, str | None, Any], ...]
    outcome: Article | SourceError
    doubt: str = ""
    unusable: frozenset[str] = frozenset()


def explained(path: Path, options: ReadingOptions, limit: int) -> Iterator[Explained]:
    """Explain the first records of a file.

    Raises:
        SourceError: nothing in it can be read.
    """
    format = of_file(path, options)
    name = printable(path.name)
    for record in islice(format.records(path, name, options), limit):
        if isinstance(record, SourceError):
            place = record.location.removeprefix(printable(path))
            yield Explained(format.name, "", place, (), record)
            continue
        keys = tuple(_fates(record))
        [outcome] = articles_of([record], printable(path), name, options)
        aside = outcome.extra.get(UNUSABLE, ()) if isinstance(outcome, Article) else ()
        unusable = frozenset(OTHER_NAMES.get(key, key) for key in aside)
        yield Explained(format.name, record.vocabulary, record.place, keys, outcome, record.doubt, unusable)


def _fates(record: Record) -> Iterator[tuple[str, str | None, Any]]:
    keys = record.keys
    for name, value in keys.source.items():
        if value in (None, "", [], {}):
            continue
        fate = keys.fates.get(name, "")
        fate = OTHER_NAMES.get(fate, fate)
        is_left_out = name in keys.fates and fate == ""
        yield keys.spelt.get(name, name), None if is_left_out else fate, value
