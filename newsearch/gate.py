"""What must a new generation of an index still do before it replaces the old one? Checks in a file of JSON.

    {"articles": {"at_least": 1000, "may_fall": 0.05},
     "queries": [{"query": "facial recognition ban", "finds": "tech/ban.md", "within": 10}]}

`may_fall` is a share of the articles that the published generation has. `finds` is an id, or a URL; `within` counts
hits, and is 10 where it is not given. Unpublished articles are found too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsearch._text import canonical_url
from newsearch.engine.base import MAX_PAGE
from newsearch.errors import GateFailed
from newsearch.index import Index

_MAX_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query and the article, by id or URL, that must be among so many of its first hits."""

    query: str
    finds: str
    within: int = 10


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks that a generation must pass before it is published.

    Attributes:
        at_least: articles that it must have.
        may_fall: the share of the articles of the generation before that may be missing.
        queries: what must be found.
    """

    at_least: int = 0
    may_fall: float = 1.0
    queries: tuple[Wanted, ...] = ()

    def check(self, index: Index, before: int) -> None:
        """Check a generation.

        Args:
            before: articles of the generation that is published.

        Raises:
            GateFailed: a check does not hold; the message names all that do not.
        """
        articles = index.stats().articles
        faults = []
        if articles < self.at_least:
            faults.append(f"{articles:,} articles, and {self.at_least:,} are the least")
        if articles < before * (1 - self.may_fall):
            faults.append(
                f"{articles:,} articles, and there were {before:,}: more than {self.may_fall:.1%} are gone"
            )
        faults += [
            f"{wanted.query!r} does not find {wanted.finds} among its first {wanted.within}"
            for wanted in self.queries
            if not _is_found(index, wanted)
        ]
        if faults:
            raise GateFailed(
                f"the new generation was not published, the index is as it was: {'; '.join(faults)}"
            )


def read_gate(path: str | os.PathLike[str]) -> Gate:
    """Read the checks in a file.

    Raises:
        GateFailed: it cannot be read, or says what this module does not know.
    """
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read(_MAX_SIZE))
        articles, queries = _known(data, "articles", "queries")
        at_least, may_fall = _known(articles or {}, "at_least", "may_fall")
        wanted = []
        for entry in queries or ():
            query, finds, within = _known(entry, "query", "finds", "within")
            if not isinstance(query, str) or not isinstance(finds, str):
                raise ValueError("a query has a text `query` and a text `finds`")
            wanted.append(Wanted(query, finds, _number(within, "within", 1, MAX_PAGE, 10)))
        return Gate(
            _number(at_least, "at_least", 0, 10**15, 0),
            _number(may_fall, "may_fall", 0, 1, 1.0),
            tuple(wanted),
        )
    except OSError as error:
        raise GateFailed(f"{Path(path)}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise GateFailed(f"{Path(path)}: not a gate: {error}") from error


def _known(data: Any, *names: str) -> list[Any]:
    if not isinstance(data, Mapping):
        raise ValueError(f"an object with {', '.join(names)} is expected")
    for name in data:
        if name not in names:
            raise ValueError(f"{name!r} is not one of {', '.join(names)}")
    return [data.get(name) for name in names]


def _number(value: Any, name: str, low: int, high: int, default: Any) -> Any:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, type(default) | int) or not low <= value <= high:
        raise ValueError(f"{name} is not a number from {low} to {high}")
    return value


def _is_found(index: Index, wanted: Wanted) -> bool:
    names = {wanted.finds, canonical_url(wanted.finds)}
    hits = index.search(wanted.query, limit=wanted.within, unpublished=True)
    return any(hit.id in names or (hit.url and canonical_url(hit.url) in names) for hit in hits)
