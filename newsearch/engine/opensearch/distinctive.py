"""Which exact forms are most distinctive for the matches of a search?"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from newsearch import ranking
from newsearch.engine.opensearch.searches import Requests, counted, counting, counts_of, most_frequent
from newsearch.engine.optional import FormCount

Query: TypeAlias = dict[str, Any]

_FIRST = 2000
"""Forms that are asked for first; four times as many, until the rarest of them is too rare."""

_COUNTED = 5000
"""Forms that one request counts."""


def distinctive(
    requests: Requests, chosen: Query, visible: list[Query], limit: int, least: int
) -> list[FormCount]:
    """See `CountsForms.forms`.

    Args:
        chosen: a filter for the matches.
        visible: filters for all findable articles.
    """
    most = _FIRST
    while True:
        found = most_frequent(requests, [chosen], {"field": "exact"}, most)
        if len(found) < most or found[-1][1] < least:
            break
        most *= 4
    here = {form: count for form, count in sorted(found) if count >= least}
    forms = list(here)
    total: dict[str, int] = {}
    for at in range(0, len(forms), _COUNTED):
        total |= counts_of(requests, visible, forms[at : at + _COUNTED])
    matches, every = map(counted, requests.searches([counting([chosen]), counting(visible)]))
    counts = np.array(list(here.values()), np.int64)
    totals = np.array([total.get(form, 0) for form in forms], np.int64)
    score = ranking.log_likelihoods(counts, matches, totals, every)
    best = np.lexsort((np.arange(len(forms)), -score))[:limit]
    return [FormCount(forms[i], int(counts[i]), int(totals[i])) for i in best.tolist() if score[i] > 0]
