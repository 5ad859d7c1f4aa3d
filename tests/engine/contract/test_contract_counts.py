"""An engine that counts outlets and words itself counts them as from the articles."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from unittest import mock

import pytest
from engines import ENGINES
from hypothesis import strategies as st
from oracle import Oracle
from strategies import Commit, histories, live, options, trees
from test_contract_questions import made, of_every_engine

from newsearch.articles.article import Article
from newsearch.engine.base import Options
from newsearch.engine.optional import CountsForms, CountsOutlets
from newsearch.query.plan import asks_for_unpublished
from newsearch.query.tree import Node
from newsearch.ranking import log_likelihood
from newsearch.search.coverage import outlets_of


def counted(oracle: Oracle, tree: Node, asked: Options) -> list[Article]:
    """The articles that a facet counts."""
    found = oracle.search(tree, replace(asked, also=()))
    complete = [one.article for one in found if one.complete]
    return complete or [one.article for one in found]


@of_every_engine(40, histories, trees, options, st.sampled_from([None, "day", "week", "month", "year"]))
def test_outlets_are_counted_as_from_the_articles(
    engine: str, history: list[Commit], tree: Node, asked: Options, by: str | None
) -> None:
    with ENGINES[engine]() as place, mock.patch("os.fsync"):
        answer = made(place, history).search(tree, asked)
        if not isinstance(answer, CountsOutlets):
            pytest.skip("this engine leaves it to the search")
        oracle = Oracle(list(live(history).values()))
        expected = outlets_of(counted(oracle, tree, asked), by, asked.tz)
        assert sorted(answer.outlets(by), key=str) == sorted(expected, key=str)


@of_every_engine(40, histories, trees, options, st.integers(0, 8), st.integers(1, 3))
def test_forms_are_counted_as_from_the_articles(
    engine: str, history: list[Commit], tree: Node, asked: Options, limit: int, least: int
) -> None:
    with ENGINES[engine]() as place, mock.patch("os.fsync"):
        answer = made(place, history).search(tree, asked)
        if not isinstance(answer, CountsForms):
            pytest.skip("this engine leaves it to the search")
        oracle = Oracle(list(live(history).values()))
        unpublished = asked.unpublished or asks_for_unpublished(tree)
        findable = [article for article in oracle.articles if article.published or unpublished]
        matches = counted(oracle, tree, asked)
        here, total = forms_of(oracle, matches), forms_of(oracle, findable)
        scores = {
            form: log_likelihood(count, len(matches), total[form], len(findable))
            for form, count in here.items()
            if count >= least
        }
        best = sorted((form for form in scores if scores[form] > 0), key=lambda form: (-scores[form], form))
        expected = [(form, here[form], total[form]) for form in best[:limit]]
        assert [tuple(one) for one in answer.forms(limit, least)] == expected


def forms_of(oracle: Oracle, articles: list[Article]) -> Counter[str]:
    texts = {id(article): text for article, text in zip(oracle.articles, oracle.texts, strict=True)}
    return Counter(form for article in articles for form in {term for _, _, term in texts[id(article)].words})
