"""Evaluation of rankings with judged queries: measurement, comparison, and tuning of weights.

See docs/relevance.md for the user documentation. Measuring needs the extra `eval`.
"""

from __future__ import annotations

from newsearch.evaluation.collection import Collection, Judgements, Queries, read_collection, write_run
from newsearch.evaluation.comparison import Comparison, Difference, compare, difference
from newsearch.evaluation.measures import MEASURES, Evaluation, Run, evaluate, measure, plain_words
from newsearch.evaluation.tuning import Tuning, tune

__all__ = [
    "MEASURES",
    "Collection",
    "Comparison",
    "Difference",
    "Evaluation",
    "Judgements",
    "Queries",
    "Run",
    "Tuning",
    "compare",
    "difference",
    "evaluate",
    "measure",
    "plain_words",
    "read_collection",
    "tune",
    "write_run",
]
