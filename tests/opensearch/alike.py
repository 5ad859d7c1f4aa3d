"""Compares the answers of two indexes, to random queries of the whole syntax among others."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from newsearch import Boosts, Index, Results
from newsearch.engine.base import FACETS, SORTS
from newsearch.errors import NewsearchError

NEAR = 1e-6


def assert_alike(one: Results, other: Results) -> None:
    """The same hits in the same order, but for neighbours within NEAR; the same scores, counts and facets."""
    first, second = (
        {hit.id: (hit.score, hit.complete, hit.title, hit.url) for hit in r} for r in (one, other)
    )
    assert first.keys() == second.keys()
    for id, (score, *told) in first.items():
        assert second[id][0] == pytest.approx(score, rel=1e-9)
        assert list(second[id][1:]) == told
    scores = [first[hit.id][0] for hit in one]
    for place, hit in enumerate(other):
        assert first[hit.id][0] == pytest.approx(scores[place], rel=NEAR)
    assert one.counts == other.counts
    for name in FACETS:
        assert one.facet(name) == other.facet(name)


def queries(index: Index, number: int) -> Iterator[str]:
    """Random queries of the whole syntax, over words, names and dates of the collection."""
    drawn = random.Random(18)
    held = sorted(index.articles(), key=lambda article: article.id)

    def text() -> list[str]:
        article = drawn.choice(held)
        return (article.title if drawn.random() < 0.6 else f"{article.excerpt} {article.body}").split()

    def word() -> str:
        return drawn.choice(text() or ["the"]).strip('.,:;!?"()“”‘’')

    def phrase(most: int) -> str:
        words = text()
        at = drawn.randrange(max(1, len(words) - most))
        return " ".join(words[at : at + drawn.randint(2, most)]).replace('"', "")

    def some() -> str:
        article = drawn.choice(held)
        outlet = article.provider.name if article.provider else "BBC"
        return drawn.choice(
            [
                word,
                word,
                lambda: f'"{phrase(3)}"',
                lambda: f'"{phrase(4)}"~{drawn.randint(1, 4)}',
                lambda: f"{word()} NEAR/{drawn.randint(1, 9)} {word()}",
                lambda: f"{word()[: drawn.randint(1, 4)]}*",
                lambda: f"{word()[1:] or 'ban'}~{drawn.randint(1, 2)}",
                lambda: f"{word()} OR {word()}",
                lambda: f"({phrase(3)}) OR {word()}",
                lambda: f"{word()} AND {word()}",
                lambda: f"-{word()}",
                lambda: f'-"{phrase(2)}"',
                lambda: f"{drawn.choice(['title', 'excerpt', 'body', 'topics'])}:{word()}",
                lambda: f"title:{word()[:3]}*",
                lambda: f"{word()}^{drawn.randint(2, 5)}",
                lambda: f'topic:"{drawn.choice(article.topics or ("AI",))}"',
                lambda: f'provider:"{outlet}"',
                lambda: (
                    f"{drawn.choice(['after', 'before', 'date'])}:{drawn.randint(2019, 2021)}-0{drawn.randint(1, 9)}"
                ),
                lambda: f"{drawn.choice(['heat', 'quality'])}:>{drawn.randint(0, 99)}",
                lambda: drawn.choice(["has:image", "has:body", "is:video", "language:en", "-has:excerpt"]),
                lambda: f"url:{word().lower()}",
                lambda: phrase(12),
            ]
        )()

    for _ in range(number):
        yield " ".join(some() for _ in range(drawn.choice([1, 1, 2, 2, 3])))


def variants() -> Iterator[dict[str, Any]]:
    """Options, a few at a time."""
    drawn = random.Random(81)
    while True:
        given: dict[str, Any] = {"limit": drawn.choice([3, 10, 100]), "offset": drawn.choice([0, 0, 0, 4])}
        given["sort"] = drawn.choice(["relevance", "relevance", "relevance", *SORTS])
        if drawn.random() < 0.3:
            given["boosts"] = Boosts(heat=drawn.choice([0, 2]), half_life=drawn.choice([None, 30]))
        if drawn.random() < 0.3:
            given["tz"] = drawn.choice(["America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
        if drawn.random() < 0.2:
            given["as_of"] = datetime(2020, drawn.randint(1, 12), 1, tzinfo=UTC)
        if drawn.random() < 0.2:
            given["expand"] = True
        if drawn.random() < 0.1:
            given["unpublished"] = True
        yield given


def assert_random_queries_alike(one: Index, other: Index, number: int) -> None:
    """So many queries of both, with all kinds of options."""
    for query, given in zip(queries(one, number), variants(), strict=False):
        try:
            assert_alike(one.search(query, **given), other.search(query, **given))
        except (AssertionError, NewsearchError) as error:
            raise AssertionError(f"{query!r} with {given}: {error}") from error
