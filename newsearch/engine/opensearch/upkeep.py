"""Maintenance of an index in a cluster: verification and compaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from newsearch.articles.article import Article
from newsearch.engine.arrays.writing.content import facts_of, records_of
from newsearch.engine.base import Options
from newsearch.engine.figures import Compaction, Verification
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation, describe, published
from newsearch.engine.opensearch.held import count, pages, refresh, signed
from newsearch.engine.opensearch.lease import Lease
from newsearch.engine.opensearch.reader import OpenSearchReader
from newsearch.engine.opensearch.removal import purge
from newsearch.engine.opensearch.states import read_state
from newsearch.engine.opensearch.stored import article as parse_article
from newsearch.errors import IndexCorrupt, NewsearchError
from newsearch.query.tree import All, Match, Word
from newsearch.text import analysis
from newsearch.text.hashes import hash_key

_MAX_WORDS = 32
"""The most words of a title that `verify` searches for. Queries are limited too."""

_SEARCHES = 20
_MAX_PROBLEMS = 100
_PAGE = 500

_COMPACT_SECONDS = 24 * 3600.0

_HISTORY_SECONDS = 60.0
"""OpenSearch looks every 30 seconds whether a copy of a shard still needs its history. The history for a copy that is
gone is kept for hours: that is not waited for."""

_HISTORY_POLL = 0.5


def verify(cluster: Cluster) -> Verification:
    """Read and check a whole index; see `newsearch.verify`."""
    generation = published(cluster)
    problems: list[str] = []

    def note(reason: str) -> None:
        if len(problems) < _MAX_PROBLEMS:
            problems.append(str(IndexCorrupt(cluster.place, reason)))

    reader = OpenSearchReader(cluster, generation)
    kept = live = searches = 0
    for documents in _documents(cluster, generation):
        for document, reason in _checked(documents):
            kept += 1
            live += not document.get("hidden")
            if reason:
                note(f"article {str(document.get('id'))!r:.200} {reason}")
        samples = [d for d in documents if not d.get("hidden")][:1] if searches < _SEARCHES else []
        for document in samples:
            searches += 1
            article = parse_article(document)
            if not _is_found(reader, article):
                note(f"a search does not find article {article.id!r:.200}")
    if live != generation.articles or kept - live != generation.hidden:
        note(f"holds {live:,} articles, but its description says {generation.articles:,}")
    for entry in generation.sources:
        if entry.state and read_state(cluster, entry.state) is None:
            note(f"the state of the source {entry.location} is missing or damaged")
    for number in _lost_shards(cluster, generation):
        note(f"shard {number} is on no node")
    files, size = _shards(cluster, generation)
    return Verification(generation.number, files, size, live, searches, (), tuple(problems))


def _documents(cluster: Cluster, generation: Generation) -> Iterator[list[Mapping[str, Any]]]:
    body = {
        "size": _PAGE,
        "query": {"bool": {"filter": generation.kept()}},
        "sort": [{"key": "asc"}, {"source": "asc"}],
        "_source": ["article", "id", "key", "content", "hidden", "url"],
    }
    for hits in pages(cluster, generation.index, body):
        yield [hit["_source"] for hit in hits]


def _checked(documents: list[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each document with what is wrong with it."""
    sound, articles = [], []
    for document in documents:
        try:
            articles.append(parse_article(document))
            sound.append(document)
        except ValueError:
            yield document, "cannot be read"
    facts = facts_of(articles, records_of(articles))
    contents = signed(np.frombuffer(facts.content_hash, np.uint64))
    for document, article, content in zip(sound, articles, contents, strict=True):
        key = hash_key(article.id) - (1 << 63)
        is_same = document.get("content") == content and document.get("key") == key
        yield document, "" if is_same else "is not as it was written"


def _is_found(reader: OpenSearchReader, article: Article) -> bool:
    words = tuple(map(Word, analysis.terms(article.title)[:_MAX_WORDS]))
    tree = All((*words, Match("id", article.id)))
    try:
        return bool(reader.search(tree, Options(unpublished=True)).counts().complete)
    except NewsearchError:
        return False


def _lost_shards(cluster: Cluster, generation: Generation) -> list[str]:
    """The numbers of the shards whose primary is on no node."""
    params = {"level": "shards"}
    health = cluster.ask("GET", f"/_cluster/health/{generation.index}", params=params)
    shards = health["indices"].get(generation.index, {}).get("shards", {})
    return [number for number, shard in shards.items() if not shard["primary_active"]]


def _shards(cluster: Cluster, generation: Generation) -> tuple[int, int]:
    """The number of segments of an index, and its size in bytes; both without replicas."""
    # The sizes in `_stats` are up to ten seconds old.
    found = cluster.ask("GET", f"/{generation.index}/_segments")["indices"].get(generation.index, {})
    segments = [
        segment
        for copies in found.get("shards", {}).values()
        for copy in copies
        if copy["routing"]["primary"]
        for segment in copy["segments"].values()
    ]
    return sum(bool(segment["search"]) for segment in segments), sum(s["size_in_bytes"] for s in segments)


def _forget_history(cluster: Cluster, index: str) -> None:
    """Wait until merging removes deleted documents from the disk.

    Each shard keeps them for copies that may have missed the deletion. It notices only now and then that none has, and
    keeps all that is not yet in a commit.
    """
    end = time.monotonic() + _HISTORY_SECONDS
    while _is_history_needed(cluster, index) and time.monotonic() < end:
        time.sleep(_HISTORY_POLL)
    cluster.ask("POST", f"/{index}/_flush", params={"force": "true"}, timeout=_COMPACT_SECONDS)


def _is_history_needed(cluster: Cluster, index: str) -> bool:
    """Whether a shard keeps documents that are deleted."""
    found = cluster.ask("GET", f"/{index}/_stats/docs", params={"level": "shards"})["indices"]
    for copies in found.get(index, {}).get("shards", {}).values():
        for copy in copies:
            last = copy.get("seq_no", {}).get("max_seq_no", -1)
            leases = copy.get("retention_leases", {}).get("leases", ())
            if copy["docs"]["deleted"] and any(lease["retaining_seq_no"] <= last for lease in leases):
                return True
    return False


def compact(cluster: Cluster, wait: float) -> Compaction:
    """Merge all segments and remove deleted articles; see `newsearch.compact`.

    Readers of earlier generations lose the articles that have died.
    """
    published(cluster)  # before a lock is taken, so that nothing is created for an index that is missing
    lease = Lease(cluster, wait)
    try:
        generation = published(cluster)
        index = generation.index
        segments_before, size_before = _shards(cluster, generation)
        dropped = count(cluster, index, {"range": {"died": {"lte": generation.number}}})
        purge(cluster, index, generation.number)
        _forget_history(cluster, index)
        params = {"max_num_segments": "1"}
        cluster.ask("POST", f"/{index}/_forcemerge", params=params, timeout=_COMPACT_SECONDS, again=False)
        refresh(cluster, index)
        lease.check()
        if generation.deleted:
            describe(cluster, replace(generation, deleted=0))
        segments, size = _shards(cluster, generation)
    finally:
        lease.release()
    return Compaction(
        generation.articles,
        dropped,
        segments_before,
        segments,
        size_before,
        size,
        generation.number,
    )
