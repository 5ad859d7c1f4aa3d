"""Which words tell the matches of a query from the rest."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_folding import index_of, record

from newsearch import Index, QueryError
from newsearch.ranking import log_likelihood

FERRY = [
    record(f"f{i}", f"Ferry news {i}", text, "Herald", i)
    for i, text in enumerate(
        (
            "The harbour master, Greta Lindqvist, closed the pier. Nobody was hurt.",
            "A statement of Greta Lindqvist says that the pier is unsafe.",
            "On Monday the pier was repaired, and Greta Lindqvist opened it.",
            "The ferry of Westmere stops at the pier again.",
        )
    )
]
OTHERS = [
    record(f"o{i}", f"Other news {i}", "The council met in the town hall, and nobody was hurt.", "Courier", i)
    for i in range(12)
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return index_of(tmp_path_factory.mktemp("words"), FERRY + OTHERS)


def test_words_and_names_are_written_as_in_the_articles(index: Index) -> None:
    found = index.words("ferry")
    texts = {word.text: (word.articles, word.total) for word in found.words}
    assert texts["pier"] == (4, 4)
    assert texts["Greta Lindqvist"] == (3, 3)
    assert found.words[0].text == "pier"
    assert (found.articles, found.total) == (4, 16)
    # neither the words of the query, nor those of a name again, nor what all articles have
    assert not {"ferry", "greta", "Lindqvist", "nobody", "news", "the"} & set(texts)


def test_the_best_come_first_and_the_limit_holds(index: Index) -> None:
    scores = [word.score for word in index.words("ferry").words]
    assert scores == sorted(scores, reverse=True)
    assert index.words("ferry", limit=1).words == index.words("ferry").words[:1]
    assert index.words("ferry", limit=0).words == ()
    with pytest.raises(QueryError, match=r"^limit:"):
        index.words("ferry", limit=-1)


@pytest.mark.parametrize("query", ["", "submarine"])
def test_all_articles_or_none_have_no_distinctive_words(index: Index, query: str) -> None:
    assert index.words(query).words == ()


def test_a_window_is_compared_with_the_whole_collection(index: Index) -> None:
    found = index.words(after="2024-05-01T10:00")
    assert (found.articles, found.total) == (2, 16)
    assert found.words == () or found.words[0].articles == 2


def test_an_engine_that_counts_no_words_estimates_them_from_a_sample(index: Index) -> None:
    expected = index.words("ferry")
    with mock.patch("newsearch.search.distinctive.CountsForms", type("NoAnswer", (), {})):
        assert index.words("ferry") == expected


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_likelihood_is_zero_for_equal_shares_and_grows_with_evidence(
    with_word: int, without: int, other_with: int, other_without: int
) -> None:
    articles, every = with_word + without, with_word + without + other_with + other_without
    if not articles or every == articles:
        return
    score = log_likelihood(with_word, articles, with_word + other_with, every)
    is_more_frequent = with_word * (other_with + other_without) > other_with * articles
    assert (score > 1e-9) == is_more_frequent or score < 1e-6
    assert (
        score <= log_likelihood(2 * with_word, 2 * articles, 2 * (with_word + other_with), 2 * every) + 1e-9
    )


def test_the_likelihood_of_a_known_table() -> None:
    # 110 of 2552 and 2442 others (Dunning 1993, table 2: A B, A ~B, ~A B, ~A ~B = 110 2442 111 29114)
    assert round(log_likelihood(110, 110 + 2442, 110 + 111, 110 + 2442 + 111 + 29114), 2) == 270.72
