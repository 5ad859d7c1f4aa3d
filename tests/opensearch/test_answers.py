"""A cluster gives the answers of the oracle, however its shards cut the index."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median

import pytest
from examples import examples
from hypothesis import given, note
from hypothesis import strategies as st
from judging import answers_alike, explains, ids
from loading import loaded
from nodes import VERSIONS, shared
from oracle import Oracle
from strategies import Commit, articles, histories, live, options, protections, trees

from newsearch.articles.article import Article
from newsearch.engine.base import Options
from newsearch.engine.opensearch import paging
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.reader import OpenSearchReader
from newsearch.engine.opensearch.settings import parse_place
from newsearch.query.tree import All, Everything, Fuzzy, Node, Not, Or, Prefix, Word

pytestmark = pytest.mark.opensearch

_numbers = count()


@pytest.fixture(scope="module", params=VERSIONS)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    nodes = shared(request.param)
    cluster = Cluster(parse_place(f"opensearch+http://{nodes.hosts}/answers"))
    yield cluster
    cluster.ask("DELETE", "/answers-*", params={"expand_wildcards": "all"}, missing=True)
    cluster.close()


def read(
    cluster: Cluster,
    given: list[Article],
    shards: int = 3,
    hidden: tuple[Article, ...] = (),
    protected: frozenset[str] = frozenset(),
) -> OpenSearchReader:
    index = f"answers-{next(_numbers)}"
    return loaded(cluster, index, [("/a", a) for a in given], [("/b", a) for a in hidden], protected, shards)


@examples(25)
@given(histories, protections, st.lists(st.tuples(trees, options), min_size=1, max_size=4), st.integers(1, 3))
def test_it_answers_as_the_oracle_does(
    cluster: Cluster,
    history: list[Commit],
    protected: frozenset[str],
    questions: list[tuple[Node, Options]],
    shards: int,
) -> None:
    held = list(live(history).values())
    reader = read(cluster, held, shards, protected=protected)
    oracle = Oracle(held, protected=protected)
    for tree, asked in questions:
        note(f"asked {tree} with {asked}")
        answers_alike(reader, oracle, tree, asked)
        explains(reader.search(tree, asked))
    cluster.ask("DELETE", f"/{reader.generation.index}")


def test_deep_pages_follow_one_another(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the window of the server, a page is reached through a point in time, in both tiers."""
    drawn = random.Random(1)
    given = [
        Article(
            id=f"{i:03}",
            title=" ".join(drawn.choices(["ban", "city", "camera", "law"], k=3)),
            heat=drawn.choice([None, 10, 50]),
            date=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=drawn.randrange(9)),
        )
        for i in range(120)
    ]
    reader = read(cluster, given)
    oracle = Oracle(given)
    tree = All((Word("ban"), Word("city"), Word("law")))
    for name, value in (("WINDOW", 20), ("_STEP", 7), ("_READ", 9)):
        monkeypatch.setattr(paging, name, value)
    for sort in ("relevance", "oldest"):
        expected = [found.article.id for found in oracle.search(tree, Options(sort=sort))]
        assert len(expected) > 60
        for first in range(0, len(expected) + 10, 17):
            asked = Options(limit=17, offset=first, sort=sort)
            assert ids(reader.search(tree, asked)) == expected[first : first + 17]
        assert ids(reader.search(tree, Options(limit=1000, sort=sort))) == expected
    assert sorted(article.id for article in reader.exported()) == [article.id for article in given]
    assert sorted(reader.ids("01")) == [f"{i:03}" for i in range(10, 20)]


def test_scores_that_agree_in_32_bits_come_in_the_order_of_doubles(cluster: Cluster) -> None:
    """The server cannot tell these apart, and sorts them by date: the other way round."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    given = [
        Article(id=f"{i:02}", title="ban", heat=50 + i * 1e-7, date=start - timedelta(days=i))
        for i in range(40)
    ]
    reader = read(cluster, given)
    expected = [f"{i:02}" for i in range(39, -1, -1)]
    for size in (1, 3, 7, 40):
        pages = [ids(reader.search(Word("ban"), Options(limit=size, offset=at))) for at in range(0, 40, size)]
        assert [id for page in pages for id in page] == expected


def test_equal_articles_come_by_date_and_id_without_reading_them_all(cluster: Cluster) -> None:
    given = [Article(id=f"{i:03}", title="ban") for i in range(300)]
    reader = read(cluster, given)
    asked: list[int] = []
    search = reader._requests.search
    reader._requests.search = lambda body: (asked.append(body.get("size", 0)), search(body))[1]  # type: ignore[method-assign]
    page = ids(reader.search(Everything(), Options(limit=10, offset=100)))
    assert page == [f"{i:03}" for i in range(100, 110)]
    assert max(asked) < 20


def test_facets_are_exact_over_all_shards(cluster: Cluster) -> None:
    """No shard has the value that is the most frequent of all among its own most frequent ones."""
    drawn = random.Random(2)
    given = [
        Article(id=f"{i}", title="ban", authors=(f"Author {drawn.randrange(400) // drawn.randrange(1, 9)}",))
        for i in range(1500)
    ]
    reader = read(cluster, given)
    expected = sorted(
        Counter(name for article in given for name in article.authors).items(),
        key=lambda item: (-item[1], item[0]),
    )
    answer = reader.search(Word("ban"), Options(limit=0))
    for limit in (1, 5, 50, None):
        assert answer.facet("author", limit) == expected[:limit]


def test_all_forms_that_are_like_a_word_are_found(cluster: Cluster) -> None:
    long = "hydroxychloroquine"
    words = "ai us u bus use sue rust jusa xx 日本 su plus greek tree rteet".split()
    words += "xxtreet reet eet etreet rtreet street ytree trees greet tte.et meets".split()
    words += [
        long,
        long[1:],
        long[2:],
        "x" + long,
        "yh" + long[2:],
        "x" + long[1:-1],
        "xy" + long,
        "xyz" + long,
    ]
    words += ["x" + long[1:7] + "x" + long[7:], long[1:8] + long[9:], "w" * 64, "v" + "w" * 62]
    words += [long[1] + long[0] + long[2:8] + long[9] + long[8] + long[10:]]
    articles = [Article(id=word, title=word) for word in words]
    reader, oracle = read(cluster, articles), Oracle(articles)
    for typed in ("us", "x", "bus", "treet", "3.5", long, "w" * 64):
        for edits in (1, 2):
            found = {article.id for article in _found(reader, Fuzzy(typed, edits))}
            assert found == {f.article.id for f in oracle.search(Fuzzy(typed, edits), Options())}


def _found(reader: OpenSearchReader, tree: Node) -> list[Article]:
    answer = reader.search(tree, Options(limit=100))
    return [answer.article(i) for i in range(len(answer))]


def test_a_prefix_of_more_forms_than_are_scored_finds_them_all(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("counts", "translate"):
        monkeypatch.setattr(f"newsearch.engine.opensearch.{module}.MAX_FORMS", 3)
    given = [Article(id=f"{i}", title=f"ban{i} " * (i % 3 + 1), heat=i) for i in range(20)]
    reader, oracle = read(cluster, given), Oracle(given)
    monkeypatch.setattr("newsearch.engine.opensearch.counts.MAX_PARTS", 1)  # so that one query is all
    for tree in (Prefix("ban"), Prefix("ban", "title")):
        answer = reader.search(tree, Options(limit=50))
        expected = {found.article.id: found.score for found in oracle.search(tree, Options())}
        assert {named.id: score for named, score, _ in answer.hits()} == pytest.approx(expected)
        assert answer.counts() == (20, 0)


@pytest.mark.parametrize("limit", [1, 4, 50])
def test_the_order_of_a_prefix_depends_on_all_its_forms(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    for module in ("counts", "translate"):
        monkeypatch.setattr(f"newsearch.engine.opensearch.{module}.MAX_FORMS", 3)
    given = [
        Article(
            id=f"{i}",
            title=f"ban{i} ban{i % 4} " * (i * 7 % 5 + 1),
            body=f"word {'other ' * (i % 3)}",
            heat=i,
        )
        for i in range(30)
    ]
    reader, oracle = read(cluster, given), Oracle(given)
    for tree in (
        Prefix("ban"),
        All((Prefix("ban"), Word("other"))),
        All((Word("word"), Prefix("ban1", None, 2.0))),
        Or((Prefix("ban"), Word("other"))),
        All((Word("word"), Not(Prefix("ban2")))),
        All((Prefix("ban"), Not(All((Prefix("ban2"), Prefix("o", "body")))))),
    ):
        for offset in (0, 3):
            asked = Options(limit=limit, offset=offset)
            answer, expected = reader.search(tree, asked), oracle.search(tree, asked)
            shown = expected[offset : offset + limit]
            assert [named.id for named, _, _ in answer.hits()] == [found.article.id for found in shown]
            assert answer.counts().complete == sum(found.complete for found in expected)


@examples(15)
@given(st.lists(st.sampled_from([-1, 0, 1, 2.5, 50, 62, 1e9]) | st.floats(0, 1e6), min_size=1, max_size=12))
def test_pivots_are_exact_medians(cluster: Cluster, heats: list[float]) -> None:
    given = [Article(id=f"{i}", title="ban", heat=heat) for i, heat in enumerate(heats)]
    reader = read(cluster, given)
    known = [heat for heat in heats if heat >= 0]
    assert reader.generation.pivots.heat == pytest.approx(median(known) if known else 0, rel=1e-15)
    assert reader.generation.pivots.quality == 0
    cluster.ask("DELETE", f"/{reader.generation.index}")


def test_hidden_and_unpublished_articles(cluster: Cluster) -> None:
    shown = Article(id="1", title="ban", web_url="https://x.org/1")
    copy = Article(id="2", title="ban", web_url="https://x.org/1")
    unpublished = Article(id="3", title="ban bans", published=False)
    reader = read(cluster, [shown, unpublished], hidden=(copy,))
    assert ids(reader.search(Word("ban"), Options())) == ["1"]
    assert sorted(ids(reader.search(Word("ban"), Options(unpublished=True)))) == ["1", "3"]
    assert [article.id for article in reader.kept("/b")] == ["2"]
    assert (reader.get("2"), reader.get("3")) == (None, unpublished)
    assert reader.begun("ba", 9) == [("ban", 1)]
    assert (reader.articles_with("bans"), reader.articles_with("ban")) == (0, 1)
    stats = reader.stats()
    assert (stats.articles, stats.unpublished, stats.hidden) == (2, 1, 1)


def test_an_empty_index_finds_nothing(cluster: Cluster) -> None:
    reader = read(cluster, [])
    for tree in (Everything(), Word("ban"), Prefix("b"), Fuzzy("ban", 2), Word("日")):
        answer = reader.search(tree, Options())
        assert (len(answer), answer.counts(), answer.facet("topic", 10)) == (0, (0, 0), [])
    assert (reader.begun("b", 3), reader.like("ban", 2), list(reader.exported())) == ([], [], [])


@examples(10)
@given(st.lists(articles, min_size=1, max_size=6, unique_by=lambda article: article.id))
def test_answers_that_are_kept_stay_the_same(cluster: Cluster, given: list[Article]) -> None:
    """A second search of a reader, which asks for no counts again, finds what the first did."""
    reader = read(cluster, given)
    for tree in (Word("ban"), Prefix("ba"), Word("covid19"), Fuzzy("bna", 1)):
        first, second = (reader.search(tree, Options(limit=9)) for _ in range(2))
        assert first.hits() == second.hits()
    cluster.ask("DELETE", f"/{reader.generation.index}")


def test_a_text_of_more_words_than_fit_in_a_query_is_answered(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of so many words the rarest find the page, and all count in its scores."""
    monkeypatch.setattr("newsearch.engine.opensearch.translation.MAX_TERMS", 12)
    words = [f"word{i}" for i in range(20)]
    given = [Article(id=f"{i:02}", title=" ".join(words[i : i + 4])) for i in range(17)]
    given += [Article(id=f"common{i}", title=words[0]) for i in range(9)]
    reader, oracle = read(cluster, given), Oracle(given)
    tree = All(tuple(map(Word, words)))
    answer = reader.search(tree, Options(limit=10))
    expected = {found.article.id: found.score for found in oracle.search(tree, Options())}
    assert {named.id: score for named, score, _ in answer.hits()} == pytest.approx(
        {named.id: expected[named.id] for named, _, _ in answer.hits()}
    )
    assert answer.counts() == (0, len(given))


def test_thousands_of_words_are_answered(cluster: Cluster) -> None:
    words = [f"word{i}" for i in range(3000)]
    reader = read(
        cluster, [Article(id="1", title=" ".join(words[:50])), Article(id="2", title="word2999 word7")]
    )
    answer = reader.search(All(tuple(map(Word, words))), Options())
    assert ids(answer) == ["1", "2"]
    assert answer.counts() == (0, 2)
