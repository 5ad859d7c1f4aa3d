"""Comparison of two rankings, with a test of whether the difference is due to chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from newsearch.evaluation.measures import MEASURES, Evaluation

TRIALS: Final = 10_000
"""Random trials of a test; with one seed, so that the same values give the same answer."""

_SEED: Final = 2020
_BATCH: Final = 100
_EXACT: Final = 13
"""Among so few queries that differ, every assignment of signs is tried."""

_SAME: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference between two paired series of values.

    Attributes:
        mean: the mean of the second minus that of the first.
        low, high: its 95 % interval, from the percentiles of a bootstrap over the queries.
        p: the two-sided probability of a mean at least as far from 0 if the two were alike.
    """

    mean: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a ranking B with a ranking A on the same queries.

    Attributes:
        differences: for each measure, B minus A.
        wins, losses: query id -> gain, or loss, of B in nDCG@10; the largest change first.
        ties: queries with the same nDCG@10.
    """

    differences: Mapping[str, Difference]
    wins: Mapping[str, float]
    losses: Mapping[str, float]
    ties: int


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Compare two evaluations of the same queries.

    Raises:
        ValueError: the queries are not the same.
    """
    if a.queries.keys() != b.queries.keys():
        raise ValueError("only evaluations of the same queries can be compared")
    first, second = a.of("nDCG@10"), b.of("nDCG@10")
    changes = {id: second[id] - first[id] for id in first}
    ordered = sorted(changes, key=lambda id: (-abs(changes[id]), id))
    return Comparison(
        {name: difference(a.of(name), b.of(name)) for name in MEASURES},
        {id: changes[id] for id in ordered if changes[id] > _SAME},
        {id: changes[id] for id in ordered if changes[id] < -_SAME},
        sum(abs(change) <= _SAME for change in changes.values()),
    )


def difference(a: Mapping[str, float], b: Mapping[str, float]) -> Difference:
    """Test the difference of two series of values with the same keys, at least one.

    The test is the paired randomisation test: if A and B did not differ, the difference for each query would be equally
    likely to have the other sign (Smucker, Allan and Carterette, CIKM 2007, who recommend it for comparing rankings).
    """
    changes = np.array([b[id] - a[id] for id in a])
    random = np.random.default_rng(_SEED)
    means = [random.choice(changes, (_BATCH, len(changes))).mean(axis=1) for _ in range(TRIALS // _BATCH)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Difference(float(changes.mean()), float(low), float(high), _p(changes, random))


def _p(changes: np.typing.NDArray[np.float64], random: np.random.Generator) -> float:
    moved = changes[np.abs(changes) > _SAME]
    observed = abs(moved.sum()) - _SAME
    if len(moved) <= _EXACT:
        signs = 1 - 2 * ((np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1)
        return float((np.abs(signs @ moved) >= observed).mean())
    sums = np.array([random.choice((-1, 1), (_BATCH, len(moved))) @ moved for _ in range(TRIALS // _BATCH)])
    # The observed assignment is one of the possible ones.
    return float(((np.abs(sums) >= observed).sum() + 1) / (TRIALS + 1))
