"""Which exact forms are most distinctive for some articles? Counted in the postings of all forms."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.optional import FormCount

Array: TypeAlias = NDArray[Any]


def counted(view: View, docs: Array, limit: int, least: int, *, unpublished: bool) -> list[FormCount]:
    """See `CountsForms.forms`.

    Args:
        docs: the numbers of the articles that match.
    """
    shown = view.live if unpublished else view.visible
    matches = np.zeros(view.articles, bool)
    matches[docs] = True
    here = [view.form_counts(i, among=matches) for i in range(len(view.segments))]
    # A form in enough matches has its share of them in at least one segment.
    share = -(-least // max(len(here), 1))
    forms = {
        segment.dictionary.term(number)
        for segment, counts in zip(view.segments, here, strict=True)
        for number in np.flatnonzero(counts >= max(share, 1)).tolist()
    }
    found = sorted(forms)
    counts, totals = np.zeros(len(found), np.int64), np.zeros(len(found), np.int64)
    for i, segment in enumerate(view.segments):
        every = view.remembered(("forms", i, unpublished), partial(view.form_counts, i, among=shown))
        numbers = np.array([segment.dictionary.number(form) for form in found], np.int64)
        known = numbers >= 0
        counts[known] += here[i][numbers[known]]
        totals[known] += every[numbers[known]]
    score = ranking.log_likelihoods(counts, len(docs), totals, int(np.count_nonzero(shown)))
    score[counts < least] = 0
    best = np.lexsort((np.arange(len(found)), -score))[:limit]
    return [FormCount(found[i], int(counts[i]), int(totals[i])) for i in best.tolist() if score[i] > 0]
