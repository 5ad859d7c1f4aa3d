"""Fits the weights of the boosts to judged queries, and tests whether they are better than the defaults."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from newsearch.errors import QueryError
from newsearch.evaluation.collection import Judgements, Queries
from newsearch.evaluation.comparison import Difference, difference
from newsearch.evaluation.measures import evaluate
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.search.index import Index

Progress = Callable[[int], None]
"""Called after each set of weights that was tried, with how many that makes."""

SIGNIFICANT: Final = 0.05
"""A gain that chance would give less often than this is more than luck."""

_WEIGHTS: Final = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
_GRID: Final[dict[str, tuple[Any, ...]]] = {
    "heat": _WEIGHTS,
    "quality": _WEIGHTS,
    "half_life": (None, 1.0, 7.0, 30.0, 90.0, 365.0),
    "recency": (0.125, 0.25, 0.5, 1.0, 2.0),
}
_TOP: Final = 10
_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Tuning:
    """The result of fitting the weights.

    Attributes:
        boosts: the best weights for all queries.
        folds: for each fold, the best weights for the queries outside of it.
        defaults: mean nDCG@10 of the default weights over all queries.
        held_out: nDCG@10 if each query is ranked with the weights of its fold, which were fitted without the query.
        gain: the difference between `held_out` and `defaults`, with its uncertainty.
    """

    boosts: Boosts
    folds: tuple[Boosts, ...]
    defaults: float
    held_out: float
    gain: Difference

    @property
    def recommended(self) -> bool:
        """Whether fitted weights beat the defaults significantly on queries that they were not fitted to."""
        return self.gain.mean > 0 and self.gain.p < SIGNIFICANT


def tune(
    index: Index,
    queries: Queries,
    judgements: Judgements,
    *,
    folds: int = 5,
    syntax: bool = False,
    skip_own: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tuning:
    """Fit the weights of heat, quality and recency to judged queries, by nDCG@10, with cross-validation.

    The search starts from the defaults and changes one weight at a time on a grid, until no step is better. Changes
    without a gain are not made.

    Args:
        index, queries, judgements, syntax, skip_own: see `evaluate`.
        folds: the number of parts that the queries are split into; each is held out once.
        seed: the seed of the split; the same seed gives the same result.
        progress: called after each set of weights.

    Raises:
        QueryError: there are fewer queries than folds, or fewer folds than two.
        EngineError: see `evaluate`.
    """
    if not 2 <= folds <= len(queries):
        raise QueryError(
            f"{folds} folds: give 2 or more, and at most one for each of the {len(queries)} queries"
        )
    known: dict[Boosts, dict[str, float]] = {}

    def values(boosts: Boosts) -> dict[str, float]:
        if boosts.half_life is None:
            boosts = replace(boosts, recency=DEFAULT_BOOSTS.recency)  # it has no effect
        if boosts not in known:
            # Related articles take most of the time, and come last with any weights.
            asked = evaluate(
                index,
                queries,
                judgements,
                boosts=boosts,
                depth=_TOP,
                syntax=syntax,
                skip_own=skip_own,
                related=False,
            )
            known[boosts] = asked.of("nDCG@10")
            if progress:
                progress(len(known))
        return known[boosts]

    ids = [str(id) for id in np.random.default_rng(seed).permutation(sorted(queries))]
    parts = [ids[number::folds] for number in range(folds)]
    fitted = [_fit(values, [id for id in ids if id not in part]) for part in map(frozenset, parts)]
    held_out = {id: values(boosts)[id] for part, boosts in zip(parts, fitted, strict=True) for id in part}
    defaults = values(DEFAULT_BOOSTS)
    return Tuning(
        _fit(values, ids),
        tuple(fitted),
        sum(defaults.values()) / len(ids),
        sum(held_out.values()) / len(ids),
        difference(defaults, held_out),
    )


def _fit(values: Callable[[Boosts], dict[str, float]], ids: Collection[str]) -> Boosts:
    """The best weights for these queries that single steps on the grid can reach."""

    def worth(boosts: Boosts) -> float:
        measured = values(boosts)
        return sum(measured[id] for id in ids) / len(ids)

    best, reached = DEFAULT_BOOSTS, worth(DEFAULT_BOOSTS)
    is_better = True
    while is_better:
        is_better = False
        for name, steps in _GRID.items():
            if name == "recency" and best.half_life is None:
                continue
            for step in steps:
                candidate = replace(best, **{name: step})
                if (value := worth(candidate)) > reached + _LEAST:
                    best, reached, is_better = candidate, value, True
    return best
