"""On real news the ranking is as good as BM25 is known to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

import newsearch
from newsearch.evaluation import evaluate, read_collection

TIME = Path(__file__).resolve().parents[3] / "shared" / "data" / "relevance" / "time"


@pytest.mark.skipif(not TIME.is_dir(), reason=f"no judged collection in {TIME}")
def test_time_is_ranked_no_worse_than_a_textbook_bm25_ranks_it(tmp_path: Path) -> None:
    collection = read_collection(TIME)
    assert collection.corpus
    newsearch.build(collection.corpus, index=tmp_path)
    with newsearch.open(tmp_path) as index:
        assert collection.missing(index) == []
        means = evaluate(index, collection.queries, collection.judgements).means
    assert means["nDCG@10"] > 0.730
    assert means["MAP"] > 0.665
