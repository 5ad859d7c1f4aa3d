"""Measures ranking quality: runs judged queries on an index, and computes the measures with a maintained library.

The library is ir-measures. It uses pytrec_eval, which wraps the code of TREC's own trec_eval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Final, TypeAlias

from newsearch.errors import EngineError
from newsearch.evaluation.collection import Judgements, Queries
from newsearch.ranking import Boosts
from newsearch.search.index import Index

Run: TypeAlias = Mapping[str, Sequence[str]]
"""Query id -> the ids of the articles that were found, the best first."""

MEASURES: Final = {"nDCG@10": "nDCG@10", "MAP": "AP", "R@100": "R@100", "MRR": "RR"}
"""The measures, and what ir-measures calls them for one query.

nDCG@10 (Jaervelin and Kekaelaeinen, 2002, with gains equal to the grades) looks at the first ten articles and heeds
grades; MAP, mean average precision, at all that were found; R@100 is the share of the relevant ones among the first
hundred; MRR is the mean of 1 / rank of the first relevant one. All lie in [0, 1].
"""

DEPTH: Final = 1000
"""Articles of a ranking that are looked at, as usual at TREC."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The quality of the results of queries.

    Attributes:
        queries: query id -> measure -> value, in [0, 1].
        run: the results.
    """

    queries: Mapping[str, Mapping[str, float]]
    run: Run

    def of(self, measure: str) -> dict[str, float]:
        """The values of one measure by query id."""
        return {id: values[measure] for id, values in self.queries.items()}

    @property
    def means(self) -> dict[str, float]:
        """The mean of each measure over the queries."""
        return {name: sum(self.of(name).values()) / len(self.queries) for name in MEASURES}


def evaluate(
    index: Index,
    queries: Queries,
    judgements: Judgements,
    *,
    boosts: Boosts | None = None,
    depth: int = DEPTH,
    syntax: bool = False,
    skip_own: bool = False,
    expand: bool | None = None,
    related: bool = True,
) -> Evaluation:
    """Run every query, and measure the results against the judgements.

    Args:
        index: the index to search.
        queries, judgements: see `read_collection`; each query needs a relevant article.
        boosts: weights of heat, quality and recency.
        depth: the number of articles of each ranking that are considered.
        syntax: read the queries as newsearch's query language; by default they are plain words, see `plain_words`.
        skip_own: leave out the article whose id is the query's, where articles themselves serve as queries.
        expand: as in `Index.search`.
        related: whether `related` articles count as found, after the hits.

    Raises:
        EngineError: the extra `eval` is not installed, or the index is closed.
    """
    run: dict[str, list[str]] = {}
    for query, text in queries.items():
        asked = text if syntax else plain_words(text)
        if not asked:
            run[query] = []
            continue
        if skip_own and expand is not False:
            asked = (
                f'-id:"{query}" {asked}'  # or it would be the best article, and its words those of the query
            )
        hits = index.search(asked, limit=depth + skip_own, boosts=boosts, expand=expand)
        ids = [hit.id for hit in (*hits, *(hits.related if related else ()))]
        run[query] = [id for id in ids if not (skip_own and id == query)][:depth]
    return measure(run, judgements)


def plain_words(text: str) -> str:
    """The words of a text without characters and words that the query language would read as syntax.

    Judged queries are mostly sentences from other sources. Their quotes, colons and capital ANDs are not operators.
    """
    seen = "".join(letter if letter.isprintable() else " " for letter in text)
    pieces = (piece.lstrip(_SIGNS) for piece in seen.translate(_SYNTAX).split())
    return " ".join(piece.lower() if _OPERATOR.fullmatch(piece) else piece for piece in pieces if piece)


_SYNTAX: Final = str.maketrans(dict.fromkeys('"“”„«»():*~^|', " "))
_SIGNS: Final = "-+#&<>="
_OPERATOR: Final = re.compile(r"AND|OR|NOT|NEAR/\d+")


def measure(run: Run, judgements: Judgements) -> Evaluation:
    """Measure rankings of newsearch or of another engine. A query missing from the run has no results.

    Raises:
        EngineError: the extra `eval` is not installed.
        ValueError: there is no judgement.
    """
    if not judgements:
        raise ValueError("there are no judgements")
    ir_measures = library()
    names = {ir_measures.parse_measure(theirs): ours for ours, theirs in MEASURES.items()}
    # Scores count down, because trec_eval sorts by them and would break ties by its own rule.
    scored = {
        query: {id: float(len(ids) - place) for place, id in enumerate(ids)} for query, ids in run.items()
    }
    values = {query: dict.fromkeys(MEASURES, 0.0) for query in judgements}
    for metric in ir_measures.iter_calc(list(names), judgements, scored):
        values[metric.query_id][names[metric.measure]] = metric.value
    return Evaluation(values, {query: tuple(run.get(query, ())) for query in judgements})


def library() -> ModuleType:
    """The library that computes the measures.

    Raises:
        EngineError: it is not installed.
    """
    try:
        import ir_measures
    except ImportError as error:
        raise EngineError("measuring needs the extra `eval`: pip install 'newsearch[eval]'") from error
    found: ModuleType = ir_measures
    return found
