"""On real news the ranking is better than BM25 is known to be there, however the queries are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

import newsearch
from newsearch.evaluation import evaluate, read_collection

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "relevance"


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no judged collections in {DATA}")
@pytest.mark.parametrize("syntax", [False, True])
@pytest.mark.parametrize(
    ("name", "skip_own", "ndcg", "map"), [("time", False, 0.775, 0.725), ("lee2005", True, 0.685, 0.635)]
)
def test_real_news_is_ranked_better_than_a_textbook_bm25_ranks_it(
    tmp_path: Path, name: str, skip_own: bool, ndcg: float, map: float, syntax: bool
) -> None:
    collection = read_collection(DATA / name)
    assert collection.corpus
    newsearch.build(collection.corpus, index=tmp_path)
    with newsearch.open(tmp_path) as index:
        assert collection.missing(index) == []
        means = evaluate(
            index, collection.queries, collection.judgements, syntax=syntax, skip_own=skip_own
        ).means
    assert means["nDCG@10"] > ndcg
    assert means["MAP"] > map
