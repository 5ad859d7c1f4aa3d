"""What a cluster already holds of a source, to compare it with what is read from the source now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.articles.article import Article
from newsearch.engine.arrays.writing.ledger import Ledger, Rows
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation
from newsearch.engine.opensearch.shape import damaged_column
from newsearch.engine.opensearch.states import read_state
from newsearch.engine.opensearch.stored import article_of
from newsearch.engine.writing import SourceState
from newsearch.errors import EngineError
from newsearch.text.hashes import hash_key

Array: TypeAlias = NDArray[Any]

_PAGE = 10_000
_READ = 500
_ATTEMPTS = 6
_SOURCES = 65_535
_SIGN = np.uint64(1 << 63)


def signed(hashes: Array) -> list[int]:
    """64-bit hashes as the numbers in the cluster, which sort in the same order."""
    found: list[int] = (hashes.astype(np.uint64) ^ _SIGN).view(np.int64).tolist()
    return found


def unsigned(numbers: Sequence[int]) -> Array:
    """The inverse of `signed`."""
    return np.array(numbers, np.int64).view(np.uint64) ^ _SIGN


class Documents(NamedTuple):
    """The documents of a source, sorted by key.

    Attributes:
        keys, contents: hashes of the id and of the content.
        urls: hashes of the canonical URL; 0 for none.
        born: the generations in which they appeared.
    """

    keys: Array
    contents: Array
    urls: Array
    born: Array

    def chosen(self, mask: Array) -> Documents:
        """Some of them."""
        return Documents(self.keys[mask], self.contents[mask], self.urls[mask], self.born[mask])

    def ids(self, source: str) -> list[str]:
        """The ids of the documents."""
        pairs = zip(self.keys.tolist(), self.born.tolist(), strict=True)
        mark = f"{hash_key(source):016x}"
        return [document_id(key, mark, born) for key, born in pairs]


_NONE = np.empty(0, np.uint64)
NO_DOCUMENTS = Documents(_NONE, _NONE, _NONE, np.empty(0, np.int64))


def document_id(key: int, mark: str, born: int) -> str:
    """The id of a document.

    Args:
        key: the hash of the article's id.
        mark: the hash of its source, in hexadecimal digits.
        born: the generation in which it appears.
    """
    return f"{key:016x}-{mark}.{born}"


def count(cluster: Cluster, index: str, query: Mapping[str, Any]) -> int:
    """How many documents a query finds. `_count` would leave out shards that do not answer."""
    body = {"size": 0, "track_total_hits": True, "query": query}
    params = {"allow_partial_search_results": "false"}
    answer = cluster.ask("POST", f"/{index}/_search", body, params)
    return int(answer["hits"]["total"]["value"])


def refresh(cluster: Cluster, index: str) -> None:
    """Let searches find all documents that were written.

    Raises:
        EngineError: a shard did not do so, even when it was asked again.
    """
    pause = 0.2
    for _ in range(_ATTEMPTS):
        answer = cluster.ask("POST", f"/{index}/_refresh")
        if not answer["_shards"].get("failed", 1):
            return
        time.sleep(pause)
        pause *= 2
    raise EngineError(
        f"{cluster.place}: part of the index is on no node that runs; check the nodes and try again"
    )


def pages(cluster: Cluster, index: str, body: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
    """All hits of a search without scores, page by page. Its sort must be ascending and have no ties."""
    params = {"allow_partial_search_results": "false"}
    search = partial(cluster.ask, "POST", f"/{index}/_search", params=params)
    return pages_of(cluster, search, {"size": _PAGE, **body})


def pages_of(
    cluster: Cluster, search: Callable[[Mapping[str, Any]], Any], body: Mapping[str, Any]
) -> Iterator[list[Mapping[str, Any]]]:
    """The same, given what answers a search, and its body with the size of a page.

    Raises:
        IndexCorrupt: a column that was asked for, or a value of the sort, is damaged.
        EngineError: the pages do not move forward, or have more hits than they say.
    """
    columns, sort = body.get("docvalue_fields", ()), [name for by in body["sort"] for name in by]
    after, most, read = body.get("search_after"), inf, 0
    request = {**body, "track_total_hits": False}
    while True:
        found = search(request)["hits"]
        hits: list[Mapping[str, Any]] = found["hits"]
        if request["track_total_hits"]:
            # Only what takes a second page is counted. What was read before may be gone since.
            most = read + found["total"]["value"]
        read += len(hits)
        if hits:
            if damaged := damaged_column(hits, columns, sort):
                raise cluster.damaged(*damaged)
            if read > most or not _is_further(after, hits):
                raise cluster.unexpected()
            yield hits
        if len(hits) < request["size"]:
            return
        after = hits[-1]["sort"]
        request = {**body, "track_total_hits": most == inf, "search_after": after}


def _is_further(after: Sequence[Any] | None, hits: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all of a page is behind what was read before it."""
    first, last = hits[0]["sort"], hits[-1]["sort"]
    try:
        return bool((after is None or after < first) and first <= last)
    except TypeError:
        return False


def documents_of(
    cluster: Cluster, index: str, filters: Sequence[Mapping[str, Any]], source: str
) -> Documents:
    """The documents of a source for which some filters hold, at most one for each article."""
    keys: list[int] = []
    contents: list[int] = []
    urls: list[int] = []
    born: list[int] = []
    none = -(1 << 63)
    body = {
        "query": {"bool": {"filter": [*filters, {"term": {"source": source}}]}},
        "sort": [{"key": "asc"}],
        # No document is read, only the columns.
        "stored_fields": "_none_",
        "docvalue_fields": ["content", "url", "born"],
    }
    for hits in pages(cluster, index, body):
        for hit in hits:
            fields = hit["fields"]
            keys.append(hit["sort"][0])
            contents.append(fields["content"][0])
            urls.append(fields["url"][0] if "url" in fields else none)
            born.append(fields["born"][0])
    return Documents(unsigned(keys), unsigned(contents), unsigned(urls), np.array(born, np.int64))


class OpenSearchHeld:
    """What an index already holds. Implements `Held`.

    Args:
        base: the published generation; None if there is none.
        index: where an interrupted run has written; empty if it is not resumed.
        number: the generation that the interrupted run was making.
        states: the states of the sources as far as its articles cover them.
    """

    def __init__(
        self,
        cluster: Cluster,
        base: Generation | None,
        index: str = "",
        number: int = 0,
        states: Mapping[str, SourceState] | None = None,
    ) -> None:
        self._cluster = cluster
        self._base = base
        self._index = index
        self._number = number
        self._states = dict(states or {})
        self._committed: dict[str, Documents] = {}
        self._ahead: dict[str, Documents] = {}

    @property
    def articles_ahead(self) -> int:
        """How many articles an interrupted run has indexed."""
        return self._count(self._index, self._is_ahead()) if self._index else 0

    def sources_ahead(self) -> list[str]:
        """The sources of the articles that an interrupted run has indexed."""
        body = {
            "size": 0,
            "query": {"bool": {"filter": self._is_ahead()}},
            "aggs": {"sources": {"terms": {"field": "source", "size": _SOURCES}}},
        }
        params = {"allow_partial_search_results": "false"}
        found = self._cluster.ask("POST", f"/{self._index}/_search", body, params)
        return sorted(bucket["key"] for bucket in found["aggregations"]["sources"]["buckets"])

    def ledger(self, source: str) -> Ledger:
        """A ledger that compares the held articles of a source with its current ones."""
        committed, ahead = self.committed(source), self.ahead(source)
        return Ledger(
            Rows(
                committed.keys,
                committed.contents,
                partial(self._committed_ids, committed, source),
                partial(self._committed_articles, committed, source),
            ),
            Rows(ahead.keys, ahead.contents, lambda at: [], lambda at: []),
        )

    def state(self, source: str) -> SourceState | None:
        """The state of the files of a source when they were last read; None if unknown."""
        for entry in self._base.sources if self._base else ():
            if entry.location == source and entry.state:
                return read_state(self._cluster, entry.state)
        return None

    def state_ahead(self, source: str) -> SourceState:
        """The state of the files of a source whose articles an interrupted run has indexed."""
        return self._states.get(source, SourceState((), ()))

    def count(self, source: str) -> int:
        """How many articles of a source are published."""
        if self._base is None:
            return 0
        return self._count(self._base.index, [*self._base.kept(), {"term": {"source": source}}])

    def committed(self, source: str) -> Documents:
        """The published documents of a source, including hidden ones."""
        if source not in self._committed:
            base = self._base
            known = base is not None and source in base.locations
            self._committed[source] = (
                documents_of(self._cluster, base.index, base.kept(), source)
                if base and known
                else NO_DOCUMENTS
            )
        return self._committed[source]

    def ahead(self, source: str) -> Documents:
        """The documents of a source that an interrupted run has written."""
        if source not in self._ahead:
            self._ahead[source] = (
                documents_of(self._cluster, self._index, self._is_ahead(), source)
                if self._index
                else NO_DOCUMENTS
            )
        return self._ahead[source]

    def _is_ahead(self) -> list[dict[str, Any]]:
        return [{"term": {"born": self._number}}]

    def _count(self, index: str, filters: Sequence[Mapping[str, Any]]) -> int:
        return count(self._cluster, index, {"bool": {"filter": list(filters)}})

    def _committed_ids(self, documents: Documents, source: str, at: list[int]) -> list[str]:
        return [hit["_source"]["id"] for hit in self._read(documents, source, at, "id")]

    def _committed_articles(self, documents: Documents, source: str, at: list[int]) -> list[Article]:
        return [article_of(self._cluster, hit) for hit in self._read(documents, source, at, "article")]

    def _read(
        self, documents: Documents, source: str, at: list[int], field: str
    ) -> Iterator[Mapping[str, Any]]:
        """The documents at some positions, with one field each."""
        if not at:
            return
        assert self._base
        wanted = documents.chosen(np.array(at, np.int64)).ids(source)
        path, params = f"/{self._base.index}/_mget", {"_source_includes": field}
        for start in range(0, len(wanted), _READ):
            body = {"ids": wanted[start : start + _READ]}
            yield from self._cluster.sound(self._cluster.ask("POST", path, body, params)["docs"], [field])
