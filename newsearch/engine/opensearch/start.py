"""What do changes start from? The published generation, and whether its articles fit."""

from __future__ import annotations

from contextlib import suppress

from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.generation import Generation, published, shown
from newsearch.errors import IndexMissing, WordListError


def base_generation(cluster: Cluster, fresh: bool, protected: frozenset[str] | None) -> Generation | None:
    """The generation that changes start from; None for an empty index.

    Raises:
        WordListError: it has articles that were indexed with other protected terms.
        IndexIncompatible, IndexCorrupt: it cannot be read.
    """
    if fresh:
        return None
    try:
        base = published(cluster)
    except IndexMissing:
        return None
    protecting(cluster, base, protected)
    return base


def protecting(cluster: Cluster, base: Generation | None, protected: frozenset[str] | None) -> frozenset[str]:
    """The protected terms of the next generation."""
    known = base.protected if base else frozenset()
    if protected is None or protected == known:
        return known
    if base and base.articles + base.hidden:
        # The indexed articles have other stems, and searches would miss them.
        raise WordListError(
            f"{cluster.place}: its articles were indexed with other protected words; "
            f"run `newsearch reindex --protected FILE --index {cluster.place}`"
        )
    return protected


def last_number(cluster: Cluster, base: Generation | None) -> int:
    """The number of the published generation, even if it cannot be read; 0 if there is none."""
    if base:
        return base.number
    try:
        return shown(cluster).number
    except IndexMissing:
        return 0


def shown_index(cluster: Cluster) -> str:
    with suppress(IndexMissing):
        return shown(cluster).index
    return ""
