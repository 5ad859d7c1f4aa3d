"""Every engine answers as the oracle does, and knows the words and articles that it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from engines import ENGINES, MARKS, engine_params
from examples import examples
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st
from judging import answers_alike, explains
from oracle import Oracle, edits
from strategies import Commit, histories, live, options, protections, trees

from newsearch.engine import open_engine
from newsearch.engine.base import Options, Reader
from newsearch.query.tree import Everything, Node, Word


def made(place: str, history: list[Commit], protected: frozenset[str] = frozenset()) -> Reader:
    """A reader of an index after these commits."""
    for commit in history:
        with open_engine(place).writer(protected=protected) as changes:
            for source in commit.dropped:
                changes.delete_source(source)
            for source, article in commit.added:
                changes.add(article, source)
            changes.commit()
    return open_engine(place).reader()


def of_every_engine(number: int, *strategies: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """A test that is asked of every engine: with so many examples, or with a few if an example takes seconds."""

    def decorate(body: Callable[..., None]) -> Any:
        def test(engine: str) -> None:
            is_slow = engine in MARKS
            phases = (Phase.generate,) if is_slow else tuple(Phase)

            @settings(examples(_FEW if is_slow else number), phases=phases)
            @given(st.tuples(*strategies))
            def ask(values: tuple[Any, ...]) -> None:
                body(engine, *values)

            ask()

        test.__name__ = test.__qualname__ = body.__name__
        return pytest.mark.parametrize("engine", engine_params())(test)

    return decorate


_FEW = 6


@of_every_engine(40, histories, protections, st.lists(st.tuples(trees, options), min_size=1, max_size=4))
def test_it_answers_as_the_oracle_does(
    engine: str,
    history: list[Commit],
    protected: frozenset[str],
    questions: list[tuple[Node, Options]],
) -> None:
    with ENGINES[engine]() as place, mock.patch("os.fsync"):
        reader = made(place, history, protected)
        oracle = Oracle(list(live(history).values()), protected=protected)
        for tree, asked in questions:
            note(f"asked {tree} with {asked}")
            answers_alike(reader, oracle, tree, asked)
            explains(reader.search(tree, asked))


@of_every_engine(
    30, histories, st.sampled_from(["", "ba", "co", "po", "x"]), st.sampled_from(["ban", "bna", "portlnd"])
)
def test_it_knows_its_articles_and_their_words(
    engine: str, history: list[Commit], prefix: str, typed: str
) -> None:
    with ENGINES[engine]() as place, mock.patch("os.fsync"):
        reader = made(place, history)
        held = {article.id: article for article in live(history).values()}
        assert {article.id: article for article in reader.articles()} == held
        assert sorted(reader.ids("/a/")) == sorted(id for id in held if id.startswith("/a/"))
        for id, article in held.items():
            assert reader.get(id) == article
        assert reader.get("/a/nothing") is None

        oracle = Oracle([article for article in held.values() if article.published])
        counts = Counter(form for text in oracle.texts for form in {term for _, _, term in text.words})
        begun = [item for item in counts.items() if item[0].startswith(prefix)]
        assert reader.begun(prefix, 5) == sorted(begun, key=lambda item: (-item[1], item[0]))[:5]
        for form in ("ban", "covid", "nothing", "日本"):
            assert reader.articles_with(form) == counts[form]
        for distance in (1, 2):
            like = {(form, n, edits(typed, form)) for form, n in counts.items() if form != typed}
            for least in (1, 2, 3):
                assert {tuple(found) for found in reader.like(typed, distance, least)} == {
                    found for found in like if found[2] <= distance and found[1] >= least
                }


@of_every_engine(30, histories)
def test_it_counts_what_it_holds(engine: str, history: list[Commit]) -> None:
    with ENGINES[engine]() as place, mock.patch("os.fsync"):
        reader = made(place, history)
        held = list(live(history).values())
        stats = reader.stats()
        assert stats.articles == len(held)
        assert stats.unpublished == sum(not article.published for article in held)
        named = [source for commit in history for source, _ in commit.added]
        assert stats.sources == tuple(dict.fromkeys(named))
        for source in set(named):
            ids = {article.id for article in reader.kept(source)}
            assert ids >= {article.id for (name, _), article in live(history).items() if name == source}
            assert all(id.startswith(source) for id in ids)
        assert stats.hidden == sum(len(list(reader.kept(source))) for source in set(named)) - len(held)


@of_every_engine(30, histories)
def test_the_order_of_an_export_depends_on_the_ids_alone(engine: str, history: list[Commit]) -> None:
    by_arrays, by_engine = [], []
    with mock.patch("os.fsync"):
        for name, ids in (("arrays", by_arrays), (engine, by_engine)):
            with ENGINES[name]() as place:
                ids += [article.id for article in made(place, history).exported()]
    assert by_engine == by_arrays


def test_words_that_stand_with_others_are_counted_among_these(place: str) -> None:
    from newsearch.articles.article import Article

    texts = ["portland ban", "portland bar", "paris bar", "paris bar"]
    added = tuple(("/a", Article(id=str(i), title=text)) for i, text in enumerate(texts))
    reader = made(place, [Commit(frozenset(), added)])
    assert reader.begun("ba", 9) == [("bar", 3), ("ban", 1)]
    assert reader.begun("ba", 9, Word("portland")) == [("ban", 1), ("bar", 1)]
    assert reader.begun("ba", 9, Word("absent")) == [("bar", 3), ("ban", 1)]
    assert reader.begun("ba", 1, Everything()) == [("bar", 3)]
