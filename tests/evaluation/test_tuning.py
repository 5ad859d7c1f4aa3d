"""Fitting finds what there is to find, and does not recommend what is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import newsearch
from newsearch import Boosts, QueryError
from newsearch.evaluation import tune

WORDS = ("storm", "vote", "ban", "trial", "launch", "strike", "truce", "auction", "merger", "rain")


@pytest.fixture
def index(tmp_path: Path) -> newsearch.Index:
    """For each word, an article that says it often and one that says it once and is much read."""
    lines = []
    for word in WORDS:
        lines.append({"_id": f"{word}-often", "title": f"{word} {word}", "text": word, "heat": 40})
        lines.append({"_id": f"{word}-read", "title": "so", "text": f"on the {word}", "heat": 90})
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, lines)))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    return newsearch.open(tmp_path / "index")


QUERIES = {word: word for word in WORDS}


def test_weights_that_help_are_found_and_recommended(index: newsearch.Index) -> None:
    tried: list[int] = []
    found = tune(index, QUERIES, {word: {f"{word}-read": 1} for word in WORDS}, progress=tried.append)
    assert found.recommended
    assert found.boosts.heat > Boosts().heat
    assert found.held_out == pytest.approx(1)
    assert found.held_out - found.defaults == pytest.approx(found.gain.mean)
    assert len(found.folds) == 5
    assert tried == list(range(1, len(tried) + 1))


def test_where_nothing_is_gained_the_defaults_stay(index: newsearch.Index) -> None:
    found = tune(index, QUERIES, {word: {f"{word}-often": 1, f"{word}-read": 1} for word in WORDS})
    assert not found.recommended
    assert found.boosts == Boosts()
    assert set(found.folds) == {Boosts()}


def test_what_suits_single_queries_only_is_not_recommended(index: newsearch.Index) -> None:
    judgements = {
        word: {f"{word}-{'read' if number % 2 else 'often'}": 1} for number, word in enumerate(WORDS)
    }
    assert not tune(index, QUERIES, judgements, folds=10).recommended


def test_the_same_seed_gives_the_same_answer(index: newsearch.Index) -> None:
    judgements = {word: {f"{word}-read": 1} for word in WORDS}
    assert tune(index, QUERIES, judgements, folds=3) == tune(index, QUERIES, judgements, folds=3)


@pytest.mark.parametrize("folds", [1, 11])
def test_folds_that_cannot_be_cut_are_refused(index: newsearch.Index, folds: int) -> None:
    with pytest.raises(QueryError, match=f"{folds} folds"):
        tune(index, QUERIES, {word: {f"{word}-read": 1} for word in WORDS}, folds=folds)
