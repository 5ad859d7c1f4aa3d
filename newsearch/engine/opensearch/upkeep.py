"""Maintenance of an index in a cluster: verification and compaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
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
from newsearch.errors import IndexCorrupt, NewsearchError, without_secrets
from newsearch.query.tree import All, Match, Word
from newsearch.text import analysis
from newsearch.text.hashes import hash_key

_MAX_WORDS = 32
"""The most words of a title that `verify` searches for. Queries are limited too."""

_ANEW = "run `newsearch reindex --full`"
"""What mends an article that is damaged. Otherwise what has not changed in its source is not written again."""

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

    def note(reason: str, advice: str = "run `newsearch reindex`") -> None:
        if len(problems) < _MAX_PROBLEMS:
            problems.append(str(IndexCorrupt(cluster.place, reason, advice)))

    reader = OpenSearchReader(cluster, generation)
    kept = live = searches = 0
    for hits in _documents(cluster, generation):
        sample = None
        for hit, article, reason in _checked(hits):
            kept += 1
            is_live = not _document(hit).get("hidden")
            live += is_live
            if reason:
                note(f"article {str(_document(hit).get('id') or hit.get('_id'))!r:.200} {reason}", _ANEW)
            if is_live and article and not sample:
                sample = article
        if sample and searches < _SEARCHES:
            searches += 1
            if not _is_found(reader, sample):
                note(f"a search does not find article {sample.id!r:.200}", _ANEW)
    if live != generation.articles or kept - live != generation.hidden:
        note(f"holds {live:,} articles, but its description says {generation.articles:,}")
    for entry in generation.sources:
        if entry.state and read_state(cluster, entry.state) is None:
            note(f"the state of the source {without_secrets(entry.location)} is missing or damaged")
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
    return pages(cluster, generation.index, body)


def _document(hit: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document of a hit; empty if it is not an object."""
    document = hit.get("_source")
    return document if isinstance(document, Mapping) else {}


def _checked(
    hits: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[Mapping[str, Any], Article | None, str]]:
    """Each hit with its article, unless that cannot be read, and with what is wrong with it."""
    sound, articles = [], []
    for hit in hits:
        try:
            articles.append(parse_article(_document(hit)))
            sound.append(hit)
        except ValueError:
            yield hit, None, "cannot be read"
    facts = facts_of(articles, records_of(articles))
    contents = signed(np.frombuffer(facts.content_hash, np.uint64))
    for hit, article, content in zip(sound, articles, contents, strict=True):
        key, document = hash_key(article.id) - (1 << 63), _document(hit)
        is_same = document.get("content") == content and document.get("key") == key
        yield hit, article, "" if is_same else "is not as it was written"


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
    with cluster.expecting():
        shards = health["indices"].get(generation.index, {}).get("shards", {})
        return [number for number, shard in shards.items() if not shard["primary_active"]]


def _shards(cluster: Cluster, generation: Generation) -> tuple[int, int]:
    """The number of segments of an index, and its size in bytes; both without replicas."""
    # The sizes in `_stats` are up to ten seconds old.
    answer = cluster.ask("GET", f"/{generation.index}/_segments")
    with cluster.expecting():
        segments = [
            segment
            for copies in answer["indices"].get(generation.index, {}).get("shards", {}).values()
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
    answer = cluster.ask("GET", f"/{index}/_stats/docs", params={"level": "shards"})
    with cluster.expecting():
        for copies in answer["indices"].get(index, {}).get("shards", {}).values():
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
