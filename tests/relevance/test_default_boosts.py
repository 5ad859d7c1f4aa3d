"""The default boosts earn their place on the judged queries of README.md beside this file."""

from __future__ import annotations

from pathlib import Path

import pytest

import newsearch
from newsearch import Boosts, Index
from newsearch.evaluation import Collection, Evaluation, compare, evaluate, read_collection

HERE = Path(__file__).parent
SEEDS = HERE.parents[1] / "seeds"
COLLECTION = read_collection(HERE)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    directory = tmp_path_factory.mktemp("index")
    newsearch.build(SEEDS, index=directory)
    return newsearch.open(directory)


def _ask(index: Index, boosts: Boosts | None = None) -> Evaluation:
    collection: Collection = COLLECTION
    return evaluate(index, collection.queries, collection.judgements, boosts=boosts)


def test_there_are_enough_queries_and_their_articles_are_found_in_the_seeds(index: Index) -> None:
    assert len(COLLECTION.queries) >= 40
    assert COLLECTION.missing(index) == []
    grades = {grade for grades in COLLECTION.judgements.values() for grade in grades.values()}
    assert grades == {1, 2, 3}
    hidden = [article.id for article in index.articles() if not article.published]
    assert not set(hidden) & set(COLLECTION.relevant())


def test_the_default_boosts_put_better_articles_first_and_cost_no_more_than_luck(index: Index) -> None:
    changes = compare(_ask(index, Boosts(heat=0, quality=0)), _ask(index)).differences
    assert changes["nDCG@10"].mean > 0
    assert changes["nDCG@10"].p < 0.05
    for name in ("MAP", "MRR"):
        assert changes[name].mean >= 0 or changes[name].p > 0.05


def test_boosts_out_of_all_proportion_cost_relevance(index: Index) -> None:
    assert _ask(index, Boosts(heat=10, quality=10)).means["nDCG@10"] < _ask(index).means["nDCG@10"]
