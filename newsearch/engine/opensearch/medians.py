"""The exact medians of signals, found by counting in ever narrower ranges. Percentiles of the server are estimates."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from newsearch.engine.opensearch.searches import WHOLE, counted, counting
from newsearch.ranking import Pivots

if TYPE_CHECKING:
    from newsearch.engine.opensearch.connection import Cluster

Query: TypeAlias = dict[str, Any]

_SPLITS = 64


def medians(cluster: Cluster, index: str, filters: list[Query]) -> Pivots:
    """The exact medians of the signals over some articles; 0 if none of them has the signal.

    Args:
        index: the index that holds the articles.
        filters: what the articles pass.

    Raises:
        EngineError: the answers do not lead to a median.
    """

    def search(body: Query) -> Any:
        return cluster.ask("POST", f"/{index}/_search", body, WHOLE)

    try:
        return Pivots(_median(search, "heat", filters), _median(search, "quality", filters))
    except (ValueError, LookupError, TypeError) as error:
        raise cluster.unexpected() from error


def _median(search: Callable[[Query], Any], name: str, filters: list[Query]) -> float:
    given = [*filters, {"exists": {"field": name}}]
    bounds = {"low": {"min": {"field": name}}, "high": {"max": {"field": name}}}
    answer = search(counting(given) | {"aggs": bounds})
    total = counted(answer)
    if not total:
        return 0.0
    low, high = (float(answer["aggregations"][at]["value"]) for at in ("low", "high"))
    ranks = ((total - 1) // 2, total // 2)
    found = {rank: _of_rank(search, name, given, rank, low, high) for rank in set(ranks)}
    return (found[ranks[0]] + found[ranks[1]]) / 2


def _of_rank(
    search: Callable[[Query], Any], name: str, filters: list[Query], rank: int, low: float, high: float
) -> float:
    """The value at a rank, counted from 0, of the sorted values between two bounds, which are included.

    Raises ValueError, LookupError or TypeError if an answer has no narrower bounds.
    """
    while low < high:
        # Cut the range into parts, and go on in the one with the wanted rank.
        step = (high - low) / _SPLITS
        cuts = sorted({low + step * i for i in range(1, _SPLITS)} - {low, high})
        if not cuts:
            cuts = [high]
        edges = [low, *cuts, float(np.nextafter(high, np.inf))]
        ranges = [{"from": a, "to": b} for a, b in pairwise(edges)]
        parts = {"range": {"field": name, "ranges": ranges}}
        inner = {"low": {"min": {"field": name}}, "high": {"max": {"field": name}}}
        below = counting([*filters, {"range": {name: {"lt": low}}}])
        before = counted(search(below))
        answer = search(counting(filters) | {"aggs": {"parts": {**parts, "aggs": inner}}})
        for bucket in answer["aggregations"]["parts"]["buckets"]:
            before += int(bucket["doc_count"])
            if before > rank:
                break
        else:
            raise ValueError(name)
        inside = float(bucket["low"]["value"]), float(bucket["high"]["value"])
        if not low <= inside[0] <= inside[1] <= high or inside == (low, high):
            raise ValueError(name)
        low, high = inside
    return low
