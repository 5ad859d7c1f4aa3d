"""What are the medians of the signals, which scores are boosted around?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newsearch.engine.arrays.segment.segment import Segment
from newsearch.ranking import Pivots


def pivots_of(segments: Sequence[Segment]) -> Pivots:
    """Medians of the known signals over all live articles. They do not depend on the division into segments."""
    return Pivots(*(_median(segments, name) for name in ("heat", "quality")))


def _median(segments: Sequence[Segment], name: str) -> float:
    """The median of a known signal over all live articles, or 0. Equal values are counted, and take no memory each."""
    values, counts = [np.empty(0)], [np.empty(0, np.int64)]
    for segment in segments:
        signal = segment.signal(name)[segment.live]
        found = np.unique(signal[signal >= 0], return_counts=True)
        values.append(found[0])
        counts.append(found[1])
    distinct, of_value = np.unique(np.concatenate(values), return_inverse=True)
    ends = np.bincount(of_value, np.concatenate(counts), len(distinct)).cumsum()
    if not len(ends):
        return 0.0
    total = int(ends[-1])
    middle = ends.searchsorted([(total - 1) // 2, total // 2], side="right")
    return float(distinct[middle].mean())
