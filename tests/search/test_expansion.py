"""Which words are added to a query, and what they weigh."""

from __future__ import annotations

import pytest

from newsearch.articles.article import Article
from newsearch.query.tree import All, Everything, Match, Not, Phrase, Word
from newsearch.search.expansion import KEPT, TERMS, expansion

JAB = Article(id="jab", title="Jab jabs", topics=("Health",), body="a jab")
TRIAL = Article(id="trial", title="Trial")


def test_a_word_weighs_by_scores_and_its_share_of_each_article() -> None:
    query = All((Word("vaccine"), Phrase("of the trial"), Match("topic", "Health"), Not(Word("flu"))))
    words = {word.text: word.weight for word in expansion(query, [(3.0, JAB), (1.0, TRIAL)])}
    own = 1 + 0.5 + 0.5 + 1
    shares = {"jab": 0.75 * 7 / 10, "trial": 0.25, "health": 0.75 * 3 / 10}
    added = own * (1 - KEPT) / KEPT
    assert words == pytest.approx({word: added * share for word, share in shares.items()})
    assert list(words)[:2] == ["jab", "trial"]


def test_there_are_so_many_words_at_most_and_they_share_the_whole_weight() -> None:
    words = expansion(
        Word("x"), [(1.0, Article(id="long", title="", body=" ".join(f"w{i}" for i in range(500))))]
    )
    assert len(words) == TERMS
    assert sum(word.weight for word in words) == pytest.approx((1 - KEPT) / KEPT)


@pytest.mark.parametrize("query", [Everything(), All((Everything(), Match("topic", "Health"))), Word("…")])
def test_a_query_without_words_gets_none(query: Everything | All | Word) -> None:
    assert expansion(query, [(1.0, JAB)]) == ()


def test_without_answers_there_are_none() -> None:
    assert expansion(Word("x"), []) == ()
    assert expansion(Word("x"), [(1.0, Article(id="wordless", title="…"))]) == ()
