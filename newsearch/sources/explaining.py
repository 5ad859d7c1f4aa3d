"""What is recognised in a file, and what becomes of each key of its records?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources.base import ReadingOptions, Record, articles_of
from newsearch.sources.files import printable
from newsearch.sources.formats import of_file


@dataclass(frozen=True, slots=True)
class Explained:
    """What became of one record.

    Attributes:
        format: the container.
        vocabulary: what its keys were taken for.
        place: of the record in the file.
        keys: for each key that has a value: the key, our key for it, and the value. Ours is "" where the key is kept
            and not searched, and None where it is left out.
        outcome: the article, or what is wrong with it.
    """

    format: str
    vocabulary: str
    place: str
    keys: tuple[tuple[str, str | None, Any], ...]
    outcome: Article | SourceError


def explained(path: Path, options: ReadingOptions, limit: int) -> Iterator[Explained]:
    """Explain the first records of a file.

    Raises:
        SourceError: nothing of it can be read.
    """
    format = of_file(path, options)
    name = printable(path.name)
    for record in islice(format.records(path, name, options), limit):
        if isinstance(record, SourceError):
            yield Explained(format.name, "", "", (), record)
            continue
        keys = tuple(_fates(record))
        [outcome] = articles_of([record], printable(path), name, options)
        yield Explained(format.name, record.vocabulary, record.place, keys, outcome)


def _fates(record: Record) -> Iterator[tuple[str, str | None, Any]]:
    keys = record.keys
    for name, value in keys.source.items():
        if value in (None, "", [], {}):
            continue
        fate = keys.fates.get(name, "")
        is_left_out = name in keys.fates and fate == ""
        yield keys.spelt.get(name, name), None if is_left_out else fate, value
