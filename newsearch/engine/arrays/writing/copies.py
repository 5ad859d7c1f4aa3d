"""Hides the copies of an article. A search finds only the copy from the source that was indexed first.

Copies are articles with the same canonical URL in different sources. Hidden copies stay in the index: when the first
is deleted, or its source is forgotten, the next one becomes findable.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newsearch.engine.arrays.segment.segment import Segment


def hide_copies(segments: Sequence[Segment], sources: Sequence[str]) -> None:
    """Hide every article that has a copy in an earlier source, and show all others.

    Args:
        sources: locations, in the order in which they were first indexed.
    """
    if len(sources) < 2 and not any(len(segment.hidden) for segment in segments):
        return
    rank = {source: number for number, source in enumerate(sources)}
    urls, ranks = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for segment in segments:
        names = np.array([rank.get(name, len(rank)) for name in segment.names("source")], np.int64)
        # 0 means no URL. Deleted articles get it, because they must not count as copies.
        urls.append(np.where(segment.kept, segment.column("url_hash"), 0).astype(np.uint64))
        ranks.append(names[segment.column("source")])
    url, of_source = np.concatenate(urls), np.concatenate(ranks)
    order = np.lexsort((of_source, url))
    begins = np.diff(url[order], prepend=np.uint64(0)) != 0
    first = np.maximum.accumulate(np.where(begins, np.arange(len(url)), 0))
    hidden = np.zeros(len(url), bool)
    hidden[order] = (of_source[order] > of_source[order[first]]) & (url[order] != 0)
    start = 0
    for segment in segments:
        segment.hide(hidden[start : start + segment.articles])
        start += segment.articles
