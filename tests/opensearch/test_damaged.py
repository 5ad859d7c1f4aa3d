"""A document that is damaged inside a sound answer is told in one line that names it, whatever is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from fakes import FakeCluster, Json, document_of
from proxy import Proxy

import newsearch
from newsearch import Request
from newsearch.articles.article import Article, Provider
from newsearch.engine import open_engine
from newsearch.engine.opensearch.bulk import Bulk, index_item
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.settings import parse_place
from newsearch.engine.opensearch.shape import damaged_column, damaged_field
from newsearch.errors import EngineError, IndexCorrupt

pytest.importorskip("opensearchpy", reason="needs the extra newsearch[opensearch]")

GIVEN = Article(
    id="a",
    title="ban vaccine",
    excerpt="a city",
    topics=("law",),
    date=datetime(2024, 1, 1, tzinfo=UTC),
    heat=5,
    provider=Provider("CNN", "cnn.com"),
)

ASKS: dict[str, Callable[[newsearch.Index], object]] = {
    "search": lambda index: [hit.article for hit in index.search("ban")],
    "phrase": lambda index: list(index.search('"ban vaccine" title:ban ba*')),
    "newest": lambda index: list(index.run(Request("ban", sort="newest"))),
    "copies": lambda index: list(index.run(Request("ban", collapse="copies"))),
    "get": lambda index: index.get("a"),
    "articles": lambda index: list(index.articles()),
    "copies of one": lambda index: index.copies("a"),
}


@contextmanager
def opened(fake: FakeCluster) -> Iterator[str]:
    with Proxy(answer=fake) as proxy:
        yield f"opensearch+http://{proxy.host}/news?retries=0"


def told(document: Any, asks: Callable[[newsearch.Index], object]) -> str:
    """What is said when this is the second document."""
    other = document_of(Article(id="b", title="ban"), key=-(1 << 63))
    with opened(FakeCluster(other, document)) as place, pytest.raises(IndexCorrupt) as raised:
        asks(newsearch.open(place))
    text = str(raised.value)
    assert text.isprintable()
    assert text.endswith("; run `newsearch reindex --full`")
    return text


@pytest.mark.parametrize("document", [None, 5, [], {}])
@pytest.mark.parametrize("asked", ["search", "phrase", "newest", "get", "articles"])
def test_a_document_that_is_none_is_told(document: Any, asked: str) -> None:
    assert "the document 'document 1' is damaged" in told(document, ASKS[asked])


ABSENT = object()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[(name, ABSENT) for name in ("key", "source", "language", "exact", "stem", "article")],
        *[(name, 5) for name in ("source", "language", "exact", "stem", "article", "x_title", "s_title")],
        *[(name, "x") for name in ("key", "date", "heat", "length_title")],
        ("key", 1 << 70),
        ("date", 1 << 60),
        ("heat", {}),
        ("language", "xx"),
    ],
)
@pytest.mark.parametrize("asked", ["search", "get", "articles"])
def test_a_field_that_is_damaged_is_told(field: str, value: Any, asked: str) -> None:
    document = document_of(GIVEN) | {field: value}
    if value is ABSENT:
        del document[field]
    assert f"the article 'a' is damaged (its field {field});" in told(document, ASKS[asked])


@pytest.mark.parametrize("article", ["{", "[" * 100_000, "5", "null", "{}"])
@pytest.mark.parametrize("asked", ["search", "articles"])
def test_an_article_that_cannot_be_decoded_is_told(article: str, asked: str) -> None:
    assert "the article 'a' is damaged (its field article);" in told(
        document_of(GIVEN, article=article), ASKS[asked]
    )


@pytest.mark.parametrize("code", ["ban|", "ban|x", "ban|-1", "ban|" + "9" * 5000])
def test_a_code_that_is_no_number_is_told(code: str) -> None:
    assert "(its field exact)" in told(document_of(GIVEN, exact=code), ASKS["search"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 5),
        ("title", None),
        ("excerpt", []),
        ("topics", 5),
        ("topics", [5]),
        ("date", 5),
        ("date", "x"),
        ("heat", "x"),
        ("published", "x"),
        ("provider", [5, 6]),
        ("provider", "x"),
        ("images", [[5, 6, 7, 8]]),
        ("related", [5]),
        ("history", [["a"]]),
        ("extra", 5),
        ("web_url", 5),
    ],
)
def test_a_value_of_a_stored_article_is_told(name: str, value: Any) -> None:
    document = document_of(GIVEN)
    document["article"] = json.dumps(json.loads(document["article"]) | {name: value})
    assert "the article 'a' is damaged (its field article);" in told(document, ASKS["articles"])


@pytest.mark.parametrize(
    ("field", "value", "ask"),
    [
        ("outlet", 5, lambda index: index.coverage("ban")),
        ("date", "x", lambda index: index.coverage("ban")),
        ("date", 1 << 60, lambda index: index.coverage("ban")),
        ("day", 1 << 30, lambda index: index.coverage("ban")),
        ("signature_1", "x", ASKS["copies"]),
        ("signature_1", ABSENT, ASKS["copies"]),
        ("born", None, ASKS["copies of one"]),
        ("id", 5, lambda index: list(index.ids(""))),
    ],
)
def test_a_column_that_is_damaged_is_told(field: str, value: Any, ask: Callable[[Any], object]) -> None:
    document = document_of(GIVEN) | {field: value}
    if value is ABSENT:
        del document[field]
    assert f"is damaged (its field {field});" in told(document, ask)


def test_what_a_writer_writes_is_sound() -> None:
    full = document_of(GIVEN, url=5, hidden=False)
    for document in (full, document_of(Article(id="", title=""))):
        assert damaged_field({"_source": document}) == ""
        hit = {"fields": {name: [value] for name, value in document.items()}, "sort": [document["key"]]}
        assert damaged_column([hit, hit], ["content", "born", "date", "outlet"], ["key"]) is None


def test_verify_names_what_is_damaged_and_goes_on() -> None:
    damaged: list[Any] = [None, 5, document_of(GIVEN, article="{", key=1)]
    with opened(FakeCluster(*damaged, document_of(Article(id="b", title="ban"), key=2))) as place:
        problems = newsearch.verify(place).problems
    assert [problem for problem in problems if "article 'document 0' cannot be read" in problem]
    assert [problem for problem in problems if "article 'document 1' cannot be read" in problem]
    (named,) = [problem for problem in problems if "article 'a' cannot be read" in problem]
    assert named.endswith("run `newsearch reindex --full`")
    assert [problem for problem in problems if "article 'b' is not as it was written" in problem]


@pytest.mark.parametrize("field", ["content", "born"])
def test_a_writer_tells_what_is_damaged(field: str) -> None:
    with opened(FakeCluster(document_of(GIVEN) | {field: "x"})) as place:
        held = open_engine(place).held()
        with pytest.raises(
            IndexCorrupt, match=rf"the document 'document 0' is damaged \(its field {field}\)"
        ):
            held.ledger("/a")


@pytest.mark.parametrize("part", ["store,segments,docs", "news--7", "_segments"])
def test_figures_of_another_form_are_told(part: str) -> None:
    fake = FakeCluster(document_of(GIVEN))

    def answer(method: str, path: str, body: bytes) -> Any:
        is_asked = path.partition("?")[0].endswith(part) and method == "GET"
        found: Json = {"indices": {"news--7": {"shards": {"0": [5]}}}, "_all": 5}
        return (200, found) if is_asked else fake(method, path, body)

    with Proxy(answer=answer) as proxy:
        place = f"opensearch+http://{proxy.host}/news?retries=0"
        asks = newsearch.open(place).stats if part.startswith("store") else lambda: newsearch.verify(place)
        with pytest.raises(EngineError, match="in another form than a cluster does"):
            asks()


@pytest.mark.parametrize("answer", [{}, {"suggest": {"like": []}}, {"suggest": {"like": [{"options": [5]}]}}])
def test_suggestions_of_another_form_are_told(answer: Json) -> None:
    class Suggesting(FakeCluster):
        def searched(self, body: Json) -> Json:
            return super().searched(body) | (answer if "suggest" in body else {})

    with (
        opened(Suggesting(document_of(GIVEN))) as place,
        pytest.raises(EngineError, match="in another form than a cluster does"),
    ):
        newsearch.open(place).search("vacine~")


def test_days_that_no_calendar_has_are_told() -> None:
    class Dating(FakeCluster):
        def searched(self, body: Json) -> Json:
            buckets = [{"key": {"value": 1 << 50}, "doc_count": 1}]
            is_asked = "composite" in body.get("aggs", {}).get("values", {})
            return super().searched(body) | (
                {"aggregations": {"values": {"buckets": buckets}}} if is_asked else {}
            )

    with (
        opened(Dating(document_of(GIVEN))) as place,
        pytest.raises(EngineError, match="in another form than a cluster does"),
    ):
        newsearch.open(place).search("ban").facet("month")


@pytest.mark.parametrize(
    "item",
    [
        None,
        5,
        {},
        {"index": 5},
        {"index": {}},
        {"index": {"status": "x"}},
        {"index": {"status": 400, "error": 5}},
    ],
)
def test_an_answer_to_a_bulk_request_of_another_form_is_told(item: Any) -> None:
    with Proxy(answer=lambda *_: (200, {"errors": True, "items": [item]})) as proxy:
        bulk = Bulk(Cluster(parse_place(f"opensearch+http://{proxy.host}/news?retries=0")), "news")
        bulk.add([index_item("a", b"{}", "a")])
        with pytest.raises(EngineError, match="in another form than a cluster does"):
            bulk.wait()
        bulk.close()
