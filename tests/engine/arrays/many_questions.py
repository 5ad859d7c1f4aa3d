"""An index of many words, and queries of many kinds, for what must not change an answer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from newsearch import Article
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import Options
from newsearch.query.tree import All, And, Fuzzy, Match, Node, Not, Or, Phrase, Prefix, Range, Word

WORDS = [f"{a}{b}{c}" for a in ("ba", "co", "ma", "tre") for b in "lnrst" for c in ("in", "ol", "ub", "ets")]


def articles(count: int) -> list[Article]:
    """Articles of common and rare words, with outlets, topics and signals."""
    draw = random.Random(1)
    return [
        Article(
            id=f"a{number}",
            title=" ".join(draw.choices(WORDS, k=6)),
            excerpt=" ".join(draw.choices(WORDS[:30], k=25)),
            topics=(draw.choice(WORDS),),
            heat=draw.randrange(200),
            web_url=f"https://{draw.choice(WORDS)}.example/{number}",
        )
        for number in range(count)
    ]


def questions(count: int) -> list[Node]:
    """Different queries of many kinds."""
    draw = random.Random(2)

    def word() -> Word:
        return Word(draw.choice(WORDS))

    def text(length: int) -> str:
        return " ".join(draw.choices(WORDS[:30], k=length))

    kinds = (
        word,
        lambda: All((word(), word(), word())),
        lambda: Phrase(text(2)),
        lambda: Prefix(draw.choice(WORDS)[: draw.randint(1, 4)]),
        lambda: Fuzzy(draw.choice(WORDS)),
        lambda: Or((word(), word())),
        lambda: Word(draw.choice(WORDS), "title"),
        lambda: And((word(), Range("heat", float(draw.randrange(200))))),
        lambda: And((word(), Not(Match("topic", draw.choice(WORDS))))),
        lambda: Word(text(2).replace(" ", "-")),
        lambda: All(tuple(Word(part) for part in text(20).split())),
    )
    return [draw.choice(kinds)() for _ in range(count)]


def make_index(directory: Path) -> Path:
    """Make an index of many articles in a directory, which is returned."""
    with ArraysWriter(directory) as changes:
        changes.add_all(articles(4000), "source")
        changes.commit()
    return directory


def assert_alike(readers: Sequence[ArraysReader]) -> None:
    """Every reader answers every query as the first one does, first and again."""
    for tree in questions(150) * 2:
        answers = [reader.search(tree, Options(limit=5)) for reader in readers]
        rows = [[(named.id, score) for named, score, _ in answer.hits()] for answer in answers]
        counts = [answer.counts() for answer in answers]
        facets = [answer.facet("topic", 5) for answer in answers]
        for found in (rows, counts, facets):
            assert found == [found[0]] * len(readers)
