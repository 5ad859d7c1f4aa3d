"""What a score is made of: the clauses that an article matches, and the factors of its boost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.loops.kernel import Part
from newsearch.engine.arrays.searching.clauses import ScoringClause
from newsearch.engine.arrays.searching.view import View
from newsearch.engine.base import Explanation, Options, describe_recency, describe_signal

Array: TypeAlias = NDArray[Any]


def of_text(scored: Sequence[Part], clauses: Sequence[ScoringClause], doc: int) -> Explanation:
    """The text score of an article.

    Args:
        scored: the parts of all clauses, in the order in which scores are summed.
    """
    docs = np.array([doc])
    text = sum((part.look_up(docs) * part.unit for part in scored), np.zeros(1))
    return Explanation(float(text[0]), "text", _explained(clauses, docs))


def of_signals(view: View, options: Options, doc: int, as_of: float | None) -> tuple[Explanation, ...]:
    """The factors of the boost of an article."""
    docs, boosts = np.array([doc]), options.boosts
    signals = []
    for name, weight in (("heat", boosts.heat), ("quality", boosts.quality)):
        value, pivot = view.known(name, docs), getattr(view.pivots, name)
        factor = np.exp2(weight * ranking.signal(value, pivot))
        known = float(value[0]) if value[0] >= 0 else None
        signals.append(Explanation(float(factor[0]), describe_signal(name, known, pivot, weight)))
    if boosts.half_life is not None:
        signals.append(Explanation(view.recency(doc, boosts, as_of, options.tz), describe_recency(boosts)))
    return tuple(signals)


def _explained(clauses: Sequence[ScoringClause], docs: Array) -> tuple[Explanation, ...]:
    """The contribution of each clause that an article matches, and, nested, of the clauses that it sums."""
    values = [float((clause.part.look_up(docs) * clause.part.unit)[0]) for clause in clauses]
    return tuple(
        Explanation(value, clause.name, _explained(clause.summed, docs))
        for clause, value in zip(clauses, values, strict=True)
        if value
    )
