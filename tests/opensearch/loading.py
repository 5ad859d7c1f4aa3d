"""Puts articles into an index as a writer does, but at once and without one: for tests of what readers answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from newsearch.articles.article import Article
from newsearch.engine.opensearch import schema
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.documents import documents
from newsearch.engine.opensearch.filters import HALF
from newsearch.engine.opensearch.generation import Generation, SourceEntry
from newsearch.engine.opensearch.medians import medians
from newsearch.engine.opensearch.reader import OpenSearchReader
from newsearch.text.hashes import hash_key


def loaded(
    cluster: Cluster,
    index: str,
    live: Iterable[tuple[str, Article]],
    hidden: Iterable[tuple[str, Article]] = (),
    protected: frozenset[str] = frozenset(),
    shards: int = 1,
) -> OpenSearchReader:
    """A reader of a new index with these articles, each after its source."""
    cluster.ask("PUT", f"/{index}", schema.index_body(shards, 0))
    given = [(False, *item) for item in live] + [(True, *item) for item in hidden]
    own = []
    for is_hidden, source, article in given:
        fields = {
            "key": hash_key(article.id) - HALF,
            "content": 0,
            "source": source,
            "born": 1,
            "hidden": is_hidden,
        }
        if article.canonical_url:
            fields["url"] = hash_key(article.canonical_url) - HALF
        own.append(fields)
    made = documents([article for _, _, article in given], protected, own)
    head = json.dumps({"index": {"_index": index}}).encode()
    lines = [line for document in made for line in (head, document)]
    if lines:
        answer = cluster.ask("POST", "/_bulk", b"\n".join(lines) + b"\n")
        assert not answer["errors"], [i["index"]["error"] for i in answer["items"] if "error" in i["index"]][
            :3
        ]
    cluster.ask("POST", f"/{index}/_refresh")
    empty = Generation(number=1, index=index)
    generation = Generation(
        number=1,
        index=index,
        articles=sum(not is_hidden for is_hidden, _, _ in given),
        hidden=sum(is_hidden for is_hidden, _, _ in given),
        pivots=medians(cluster, index, empty.live()),
        sources=tuple(SourceEntry(source) for source in dict.fromkeys(source for _, source, _ in given)),
        protected=protected,
        created=datetime.now(UTC),
        languages=tuple(sorted({json.loads(document)["language"] for document in made})),
    )
    return OpenSearchReader(cluster, generation)
