"""Hides the copies of an article. A search finds only the copy from the source that was indexed first.

Copies are articles with the same canonical URL in different sources. Hidden copies stay in the index: when the first is
deleted, or its source is forgotten, the next one becomes findable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray

from newsearch.engine.opensearch.bulk import Bulk, index_item, update_item
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation
from newsearch.engine.opensearch.held import document_id, pages, signed, unsigned
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]

_TERMS = 10_000
"""URLs that one query looks for. OpenSearch takes 65,536 terms."""

_FETCHED = 200
"""Documents that are read and written again at a time."""


class _Found(NamedTuple):
    url: int
    key: int
    source: str
    born: int
    hidden: bool

    @property
    def id(self) -> str:
        return document_id(int(unsigned([self.key])[0]), f"{hash_key(self.source):016x}", self.born)


def hide_copies(
    cluster: Cluster, bulk: Bulk, generation: Generation, sources: Sequence[str], urls: Array
) -> None:
    """Hide every article that has a copy in an earlier source, and show all others, in a generation that is written.

    A document of the published generation does not change: it dies, and a copy of it takes its place.

    Args:
        sources: locations, in the order in which they were first indexed.
        urls: hashes of the canonical URLs of all articles that appear or disappear in this generation.
    """
    ranks = {source: number for number, source in enumerate(sources)}
    wanted = signed(np.unique(urls[urls != 0]))
    renewed: list[_Found] = []
    for at in range(0, len(wanted), _TERMS):
        for _, group in groupby(_found(cluster, generation, wanted[at : at + _TERMS]), key=lambda f: f.url):
            copies = list(group)
            first = min(ranks.get(copy.source, len(ranks)) for copy in copies)
            for copy in copies:
                hides = ranks.get(copy.source, len(ranks)) > first
                if hides == copy.hidden:
                    continue
                if copy.born == generation.number:
                    bulk.add([update_item(copy.id, {"hidden": hides})])
                else:
                    renewed.append(copy)
        while renewed:
            _renew(cluster, bulk, generation, renewed[:_FETCHED])
            renewed = renewed[_FETCHED:]
    bulk.wait()


def _found(cluster: Cluster, generation: Generation, urls: list[int]) -> Iterator[_Found]:
    """The documents of a generation with these URLs, sorted by URL."""
    body = {
        "query": {"bool": {"filter": [*generation.kept(), {"terms": {"url": urls}}]}},
        "sort": [{"url": "asc"}, {"key": "asc"}, {"source": "asc"}],
        "stored_fields": "_none_",
        "docvalue_fields": ["born", "hidden"],
    }
    for hits in pages(cluster, generation.index, body):
        for hit in hits:
            url, key, source = hit["sort"]
            yield _Found(url, key, source, hit["fields"]["born"][0], hit["fields"]["hidden"][0])


def _renew(cluster: Cluster, bulk: Bulk, generation: Generation, copies: Sequence[_Found]) -> None:
    """Let documents die, and write the same with the other visibility."""
    ids = [copy.id for copy in copies]
    found = cluster.ask("POST", f"/{generation.index}/_mget", {"ids": ids})["docs"]
    for copy, document in zip(copies, cluster.sound(found), strict=True):
        source = {**document["_source"], "born": generation.number, "hidden": not copy.hidden}
        source.pop("died", None)
        new = copy._replace(born=generation.number)
        written = orjson.dumps(source)
        bulk.add([index_item(new.id, written, new.id), update_item(copy.id, {"died": generation.number})])
