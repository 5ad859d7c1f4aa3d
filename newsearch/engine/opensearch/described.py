"""Counts what a new generation holds, before it is published."""

from __future__ import annotations

from dataclasses import replace

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation
from newsearch.engine.opensearch.medians import medians
from newsearch.engine.opensearch.searches import WHOLE


def described(cluster: Cluster, generation: Generation) -> Generation:
    """A generation that is written, with all that its description says of its articles."""
    live = {"bool": {"filter": generation.live()}}
    kept = {"bool": {"filter": generation.kept()}}
    body = {
        "size": 0,
        "track_total_hits": True,
        "aggs": {
            "live": {
                "filter": live,
                "aggs": {"languages": {"terms": {"field": "language", "size": 1000}}},
            },
            "kept": {"filter": kept},
        },
    }
    answer = cluster.ask("POST", f"/{generation.index}/_search", body, WHOLE)
    found = answer["aggregations"]
    articles, all_kept = found["live"]["doc_count"], found["kept"]["doc_count"]
    return replace(
        generation,
        articles=articles,
        hidden=all_kept - articles,
        deleted=answer["hits"]["total"]["value"] - all_kept,
        pivots=medians(cluster, generation.index, generation.live()),
        languages=tuple(sorted(bucket["key"] for bucket in found["live"]["languages"]["buckets"])),
    )
