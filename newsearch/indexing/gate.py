"""What must a new generation of an index still do before it replaces the old one? Checks in a JSON file.

    {"articles": {"at_least": 1000, "may_fall": 0.05},
     "queries": [{"query": "facial recognition ban", "finds": "tech/ban.md", "within": 10}]}

`may_fall` is a share of the articles in the published generation. `finds` is an id or a URL. `within` is a number of
hits, 10 by default. The queries also find unpublished articles.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsearch._arguments import check_number, check_path, check_text, read_json
from newsearch.engine.base import MAX_PAGE
from newsearch.errors import GateFailed
from newsearch.search.index import Index
from newsearch.text.addresses import canonical_url, like_addresses

_MAX_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query, and the article, by id or URL, that must be among its first hits.

    Raises:
        ValueError: a value has the wrong type or is out of range.
    """

    query: str
    finds: str
    within: int = 10

    def __post_init__(self) -> None:
        check_text("query", self.query)
        check_text("finds", self.finds)
        check_number("within", self.within, 1, MAX_PAGE, whole=True)


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks that a generation must pass before it is published.

    Attributes:
        at_least: minimum number of articles.
        may_fall: the largest share of the previous generation's articles that may be missing.
        queries: queries with the articles they must find.

    Raises:
        ValueError: a value has the wrong type or is out of range.
    """

    at_least: int = 0
    may_fall: float = 1.0
    queries: tuple[Wanted, ...] = ()

    def __post_init__(self) -> None:
        check_number("at_least", self.at_least, 0, 10**15, whole=True)
        check_number("may_fall", self.may_fall, 0, 1)
        if not isinstance(self.queries, tuple) or not all(isinstance(each, Wanted) for each in self.queries):
            raise ValueError(
                f"queries: {self.queries!r:.80} is not a tuple of newsearch.indexing.gate.Wanted"
            )

    def check(self, index: Index, before: int) -> None:
        """Check a generation.

        Args:
            before: number of articles in the published generation.

        Raises:
            GateFailed: a check failed; the message lists all failed checks.
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
            f"{wanted.query!r:.80} does not find {wanted.finds:.200} among its first {wanted.within}"
            for wanted in self.queries
            if not _is_found(index, wanted)
        ]
        if faults:
            raise GateFailed(
                f"the new generation was not published, the index is unchanged: {'; '.join(faults)}"
            )


def read_gate(path: str | os.PathLike[str]) -> Gate:
    """Read the checks from a file.

    Raises:
        GateFailed: the file cannot be read, is too large, or contains an unknown check.
        ValueError: the path is not a valid path.
    """
    check_path("path", path)
    place = Path(path)
    too_large = f"larger than {_MAX_SIZE:,} bytes; give fewer checks"
    data = read_json(place, _MAX_SIZE, too_large, "a gate", error=GateFailed)
    try:
        checks = _known(data, "articles", "queries")
        entries = _list(checks.get("queries", []), "queries")
        wanted = [_wanted(number, entry) for number, entry in enumerate(entries, 1)]
        return Gate(**_known(checks.get("articles", {}), "at_least", "may_fall"), queries=tuple(wanted))
    except ValueError as error:
        raise GateFailed(f"{place}: not a gate: {error}") from error


def _wanted(number: int, entry: Any) -> Wanted:
    try:
        given = _known(entry, "query", "finds", "within")
        for name in ("query", "finds"):
            if name not in given:
                raise ValueError(f"{name}: it is missing")
        return Wanted(**given)
    except ValueError as error:
        raise ValueError(f"query {number}: {error}") from error


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name}: a list is expected")
    return value


def _known(data: Any, *names: str) -> dict[str, Any]:
    """The entries of an object, which may have only these names."""
    if not isinstance(data, Mapping):
        raise ValueError(f"an object with {', '.join(names)} is expected")
    for name in data:
        if name not in names:
            raise ValueError(f"{name!r:.80} is not one of {', '.join(names)}")
    return {name: value for name, value in data.items() if value is not None}


def _is_found(index: Index, wanted: Wanted) -> bool:
    names = {wanted.finds, *like_addresses(wanted.finds)}
    hits = index.search(wanted.query, limit=wanted.within, unpublished=True)
    return any(hit.id in names or (hit.url and canonical_url(hit.url) in names) for hit in hits)
