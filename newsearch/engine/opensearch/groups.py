"""Which articles of a generation are copies of each other? They are compared when somebody first asks.

That reads the signatures of all visible articles, and the texts of those that could be copies and were not compared for
an earlier generation. The groups are those that a directory with the same articles has. An unpublished article is a
group of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from newsearch.engine.folding import NOON
from newsearch.engine.opensearch.held import document_id, unsigned
from newsearch.engine.opensearch.known_groups import name_of, read_known, write_known
from newsearch.engine.opensearch.paging import columns as columns_of
from newsearch.engine.opensearch.queries import PUBLISHED
from newsearch.engine.opensearch.searches import Requests
from newsearch.stories.grouping import grouped_anew
from newsearch.stories.known import keys_of
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]
Query: TypeAlias = dict[str, Any]

_READ = 500
"""Articles that are read in one request."""


class Groups:
    """The groups of copies in a generation.

    Args:
        keys, sources: of the articles that have copies: the hashes of their ids, int64 as the cluster holds them, and
            their sources.
        numbers: their groups.
    """

    def __init__(self, keys: Array, sources: Sequence[str], numbers: Array) -> None:
        identity = _identities(keys, sources)
        order = np.argsort(identity)
        self._identity, self._number = identity[order], numbers[order]
        by_group = np.argsort(numbers, kind="stable")
        self._keys, self._sorted = keys[by_group], numbers[by_group]

    def of(self, keys: Sequence[int], sources: Sequence[str]) -> Array:
        """The group of each of some articles, int64; -1 if it has no copies."""
        identity = _identities(np.array(keys, np.int64), sources)
        found = np.full(len(identity), -1, np.int64)
        if len(self._identity):
            at = np.searchsorted(self._identity, identity).clip(max=len(self._identity) - 1)
            is_here = self._identity[at] == identity
            found[is_here] = self._number[at[is_here]]
        return found

    def keys(self, number: int) -> list[int]:
        """The hashes of the ids of the articles in a group."""
        first, last = np.searchsorted(self._sorted, [number, number + 1])
        found: list[int] = self._keys[first:last].tolist()
        return found


def count(numbers: Array) -> int:
    """How many groups there are among articles with these groups. One without copies is a group of its own."""
    return int(np.count_nonzero(numbers < 0)) + len(np.unique(numbers[numbers >= 0]))


def find_groups(requests: Requests) -> Groups:
    """The groups of copies in a generation."""
    articles = _Visible(requests)
    generation, known = read_known(requests.cluster)
    is_same = generation == name_of(requests.generation) and len(known.key) == len(articles.key)
    if not is_same:
        known = grouped_anew(articles, articles.key, known)
        write_known(requests.cluster, requests.generation, known)
    sources = articles.sources
    return Groups(articles.keys[known.member], [sources[i] for i in known.member.tolist()], known.group)


def _identities(keys: Array, sources: Sequence[str]) -> Array:
    """A number for each article. Several sources can have one with the same id."""
    of_source = {source: hash_key(source) for source in set(sources)}
    marks = np.fromiter(map(of_source.__getitem__, sources), np.uint64, len(sources))
    return keys_of(keys.astype(np.int64).view(np.uint64), marks)


class _Visible:
    """The articles that a search finds. Implements `Gathered`; they are in the order in which a directory has them.

    Attributes:
        keys, sources: see Groups.
        key: see KnownGroups.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        names = ("content", "born", "date", "day", "brand", "signature_1", "signature_2")
        columns: dict[str, list[Any]] = {name: [] for name in ("key", "source", *names)}
        visible = {"bool": {"filter": [*requests.live, PUBLISHED]}}
        for hits in columns_of(requests, visible, names):
            fields = [hit["fields"] for hit in hits]
            columns["key"] += [hit["sort"][0] for hit in hits]
            columns["source"] += [hit["sort"][1] for hit in hits]
            for name in names:
                columns[name] += [found[name][0] if name in found else None for found in fields]
        keys = np.array(columns["key"], np.int64)
        key = keys_of(unsigned(columns["key"]), unsigned(columns["content"]))
        order = np.argsort(key, kind="stable")
        self.key, self.keys = key[order], keys[order]
        self.sources = [columns["source"][i] for i in order.tolist()]
        self._born = np.array(columns["born"], np.int64)[order].tolist()
        noon = np.array([0 if day is None else NOON for day in columns["day"]])
        self.times = (np.array(columns["date"], np.float64) + noon)[order]
        brands = {"": 0}
        numbers = [brands.setdefault(name or "", len(brands)) for name in columns["brand"]]
        self.outlets = np.array(numbers, np.int32)[order]
        pair = [np.array(columns[f"signature_{n}"], np.int64).view(np.uint64) for n in (1, 2)]
        self.signatures = np.ascontiguousarray(np.stack(pair, axis=1)[order])
        self.stored = np.arange(len(key))

    def texts(self, numbers: Sequence[int]) -> Iterator[tuple[str, str]]:
        for at in range(0, len(numbers), _READ):
            yield from self._read(numbers[at : at + _READ])

    def _read(self, numbers: Sequence[int]) -> Iterator[tuple[str, str]]:
        marks = {source: f"{hash_key(source):016x}" for source in {self.sources[i] for i in numbers}}
        keys = unsigned(self.keys[numbers].tolist()).tolist()
        ids = [
            document_id(key, marks[self.sources[i]], self._born[i])
            for i, key in zip(numbers, keys, strict=True)
        ]
        cluster, index = self._requests.cluster, self._requests.generation.index
        params = {"_source_includes": "article", "realtime": "false"}
        found = cluster.ask("POST", f"/{index}/_mget", {"ids": ids}, params)["docs"]
        for document in cluster.sound(found, ["article"]):
            try:
                article = orjson.loads(document["_source"]["article"])
                title, excerpt, body = article["title"], article.get("excerpt", ""), article.get("body", "")
                if not all(isinstance(text, str) for text in (title, excerpt, body)):
                    raise ValueError
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                raise cluster.damaged(document, "article") from error
            yield title, f"{excerpt} {body}" if body else excerpt
