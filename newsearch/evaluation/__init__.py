"""How good a ranking is: measured on judged queries, compared with another, and fitted to them.

docs/relevance.md is the page for those who use it. Measuring needs the extra `eval`.
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
