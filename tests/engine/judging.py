"""A reader held to the oracle: the same articles, order, scores, pages, counts and facets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oracle import Found, Oracle

from newsearch.engine.base import FACETS, Answer, Options, Reader
from newsearch.query.tree import Node


def ids(answer: Answer) -> list[str]:
    return [named.id for named, _, _ in answer.hits()]


def answers_alike(reader: Reader, oracle: Oracle, tree: Node, asked: Options) -> None:
    """Assert that a reader gives the set, tiers, scores, order, pages, counts and facets of the oracle."""
    expected = oracle.search(tree, asked)
    answer = reader.search(tree, replace(asked, limit=1000, offset=0))
    by_id = {found.article.id: found for found in expected}
    assert sorted(ids(answer)) == sorted(by_id)

    scored: list[Found] = []
    for i, (named, score, complete) in enumerate(answer.hits()):
        found = by_id[named.id]
        assert complete == found.complete
        assert score == pytest.approx(found.score, rel=1e-9)
        assert answer.article(i) == found.article
        scored.append(replace(found, score=score))
    # Scores that differ in their last bit may come in either order, but what is equal must score equally.
    assert scored == oracle.ordered(scored, tree, asked)
    of_cause: dict[tuple[float, ...], float] = {}
    for found in scored:
        assert of_cause.setdefault(found.cause, found.score) == found.score

    page = ids(reader.search(tree, asked))
    assert page == ids(answer)[asked.offset : asked.offset + asked.limit]
    if size := asked.limit:
        pages = range(0, len(expected) + 1, size)
        joined = [id for at in pages for id in ids(reader.search(tree, replace(asked, offset=at)))]
        assert joined == ids(answer)

    complete = sum(found.complete for found in expected)
    expected = oracle.search(tree, replace(asked, also=()))  # only these are counted
    counts = reader.search(tree, replace(asked, limit=0)).counts()
    assert (counts.complete, counts.partial) == (complete, len(expected) - complete)
    for name in FACETS:
        for limit in (1, 10):
            assert answer.facet(name, limit) == oracle.facet(expected, name, limit, asked.tz), name


def explains(answer: Answer) -> None:
    """Assert that the explanation of every hit multiplies to its score exactly, and its text adds up."""
    for i, (_, score, _) in enumerate(answer.hits()):
        root = answer.explain(i)
        text, boost = root.details
        assert root.value == score == text.value * boost.value
        product = 1.0
        for factor in boost.details:
            product *= factor.value
        assert product == boost.value
        assert sum(part.value for part in text.details) == pytest.approx(text.value, rel=1e-9)
