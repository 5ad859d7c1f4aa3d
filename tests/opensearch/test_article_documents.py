"""A document holds the article whole, and the codes of its words as ranking defines them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle
from strategies import articles, protections

from newsearch.articles.article import Article
from newsearch.engine.opensearch import schema
from newsearch.engine.opensearch.coding import best_form
from newsearch.engine.opensearch.documents import documents as written
from newsearch.engine.opensearch.stored import article
from newsearch.stories.signatures import article_signature

WRITERS = {"key", "content", "source", "url", "born", "died", "hidden"}
"""The fields that a writer fills."""


def documents(given: list[Article], protected: frozenset[str]) -> list[dict[str, Any]]:
    return list(map(json.loads, written(given, protected)))


def coded(text: str) -> dict[str, int]:
    return {token: int(code) for token, _, code in (pair.rpartition("|") for pair in text.split())}


@examples(60)
@given(st.lists(articles, max_size=5), protections)
def test_an_article_comes_back_as_it_was(given: list[Article], protected: frozenset[str]) -> None:
    made = documents(given, protected)
    assert list(map(article, made)) == given
    for document in made:
        assert document.keys() <= schema.FIELDS.keys() - WRITERS


@examples(60)
@given(st.lists(articles, min_size=1, max_size=4), protections)
def test_codes_are_those_of_ranking(given: list[Article], protected: frozenset[str]) -> None:
    oracle = Oracle(given, protected=protected)
    for number, document in enumerate(documents(given, protected)):
        text = oracle.texts[number]
        assert document["language"] == text.language
        exact, stems = coded(document["exact"]), coded(document["stem"])
        assert exact.keys() == {term for _, _, term in text.words}
        for term, code in exact.items():
            assert code == oracle._codes(oracle._everywhere({term}))[number]
            kin, token = oracle._kin(term), f"{text.language}:{oracle.stemmings[text.language].stem(term)}"
            if len(term) > 1 or term.isascii():
                assert stems[token] == oracle._united(kin)[number]
                assert stems.get(best_form(token), stems[token]) == oracle._best_codes(kin, None)[number]
        for name, length in text.lengths.items():
            words = [term for _, where, term in text.words if where == name]
            assert document.get(f"x_{name}", "").split() == words
            assert len(document.get(f"s_{name}", "").split()) == length == document.get(f"length_{name}", 0)


def test_documents_do_not_depend_on_their_batch() -> None:
    several = [Article(id=str(i), title=f"ban banned number {i}", body="bans " * i) for i in range(40)]
    assert documents(several, frozenset()) == [documents([one], frozenset())[0] for one in several]


def test_fields_of_a_writer_are_added() -> None:
    given = [Article(id=str(i), title=f"ban {i}") for i in range(3)]
    own = [{"born": i, "source": 'a "b"'} for i in range(3)]
    for document, bare, added in zip(
        written(given, frozenset(), own), documents(given, frozenset()), own, strict=True
    ):
        assert json.loads(document) == bare | added


def test_signatures_are_those_of_the_articles() -> None:
    one = Article(id="1", title="Court bans cameras", excerpt="A court has banned cameras in the park. " * 3)
    document = documents([one], frozenset())[0]
    held = [document["signature_1"] % (1 << 64), document["signature_2"] % (1 << 64)]
    assert held == list(article_signature(one.title, one.excerpt, one.body))


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        documents([Article(id="1", title="bad \ud800")], frozenset())


@pytest.mark.parametrize(
    "stored", ["{}", "[]", "null", "not JSON", '{"id": "1", "title": "x", "date": "today"}']
)
def test_a_damaged_document_is_an_error(stored: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # of Python, in its words
        article({"article": stored})


def test_fields_have_no_doc_values_that_nobody_reads() -> None:
    """The mapping is closed, and its longest fields are not stored twice."""
    body = schema.index_body(3, 1)
    assert body["mappings"]["dynamic"] == "strict"
    assert body["settings"]["index"]["number_of_shards"] == 3
    properties = body["mappings"]["properties"]
    assert len(properties) < 50
    for name in ("article", "urls", "keys"):
        assert properties[name]["doc_values"] is False
