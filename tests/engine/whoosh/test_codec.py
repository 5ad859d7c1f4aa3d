"""Whoosh's own queries, run through matchers on the arrays, find what the vector search finds."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import MOMENTS, WORDS, articles, histories, make, tunings
from whoosh import query as whoosh_query
from whoosh.query import spans
from whoosh.writing import IndexWriter

from newsearch import ranking
from newsearch.articles.article import Provider
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import Options
from newsearch.engine.whoosh.compatible import open_index
from newsearch.errors import IndexLocked
from newsearch.query.tree import And, DateRange, Match, Near, Node, Not, Or, Phrase, Prefix, Range, Word
from newsearch.text import analysis

LANGUAGES = ("en", "de", "es", "no")
single_words = st.sampled_from([word for word in WORDS if len(analysis.terms(word)) == 1])
text_fields = st.sampled_from([None, *ranking.TEXT_FIELDS])
leaves = st.one_of(
    st.builds(Word, single_words),
    st.builds(
        Phrase, st.lists(single_words, min_size=2, max_size=3).map(" ".join), text_fields, st.integers(0, 2)
    ),
    st.builds(Prefix, st.sampled_from(["ban", "port", "b", "x"]), st.none()),
    st.builds(Match, st.just("topic"), st.sampled_from(["AI", "ban", "facial recognition", "none"])),
    st.builds(Match, st.just("type"), st.sampled_from(["video", "article"])),
    st.builds(
        Range, st.sampled_from(["heat", "quality"]), st.sampled_from([0, 1, 50]), st.sampled_from([50, 100])
    ),
    st.builds(DateRange, st.sampled_from(MOMENTS), st.none()),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, inner),
    ),
    max_leaves=5,
)


def as_whoosh(node: Node) -> whoosh_query.Query:
    """The plain Whoosh query that means the same."""
    match node:
        case Word(text):
            stems = {code: analysis.Stemming(code).stem(analysis.terms(text)[0]) for code in LANGUAGES}
            return whoosh_query.Or(
                [whoosh_query.Term("stem", s if code == "en" else f"{code}:{s}") for code, s in stems.items()]
            )
        case Phrase(text, field, slop):
            terms = [whoosh_query.Term(field or "text", term) for term in analysis.terms(text)]
            return spans.SpanNear2(terms, slop=1, ordered=True) if slop == 0 else _within(terms, slop)
        case Prefix(text):
            return whoosh_query.Prefix("text", text)
        case Match(field, value):
            return whoosh_query.Term(field, value.casefold())
        case Range(field, low, high):
            return whoosh_query.NumericRange(field, float(low), float(high))
        case DateRange(start, _):
            assert start is not None
            return whoosh_query.DateRange("date", start.replace(tzinfo=None), None)
        case And(children):
            return whoosh_query.And([as_whoosh(child) for child in children])
        case Or(children):
            return whoosh_query.Or([as_whoosh(child) for child in children])
        case Not(child):
            return whoosh_query.And([whoosh_query.Every(), whoosh_query.Not(as_whoosh(child))])
    raise AssertionError(node)


def _within(terms: list[whoosh_query.Query], slop: int) -> whoosh_query.Query:
    # A window of two words with at most `slop` others between them is exactly Whoosh's slop of slop + 1.
    return spans.SpanNear2(terms, slop=slop + 1, ordered=True)


def is_comparable(node: Node) -> bool:
    """Whether Whoosh can mean the same: its slop is allowed between any two words of a phrase, ours over all; it knows
    one spelling of a word; it does not find one character of a script without spaces in a pair; and its dates are whole
    seconds."""
    match node:
        case Word(text):
            return analysis.other_spelling(text) is None and not any(
                map(analysis.is_half, analysis.terms(text))
            )
        case Phrase(text, _, slop):
            terms = analysis.terms(text)
            return (slop == 0 or len(terms) == 2) and not any(map(analysis.is_half, terms))
        case DateRange(start, end):
            return not any(moment and moment.microsecond for moment in (start, end))
        case And(children) | Or(children):
            return all(map(is_comparable, children))
        case Not(child):
            return is_comparable(child)
    return True


@given(histories, tunings, st.lists(trees.filter(is_comparable), min_size=1, max_size=6))
def test_whoosh_finds_the_same_articles(history, tuning, queries) -> None:
    # A date without a time is a whole day to newsearch and its midnight to Whoosh.
    timed = [
        type(commit)(commit.dropped, tuple((s, a) for s, a in commit.added if type(a.date) is not dt.date))
        for commit in history
    ]
    with tempfile.TemporaryDirectory() as name, tuning.applied():
        make(Path(name), timed)
        reader = ArraysReader(Path(name))
        with open_index(name).searcher() as searcher:
            for tree in queries:
                answer = reader.search(And((tree,)), Options(limit=1000, unpublished=True))
                found = searcher.search(as_whoosh(tree), limit=None)
                assert sorted(hit["id"] for hit in found) == sorted(
                    named.id for named, _, _ in answer.hits()
                ), tree


@pytest.fixture
def index(tmp_path):
    from newsearch.sources.registry import open_source

    seeds = Path(__file__).resolve().parents[3] / "seeds"
    with ArraysWriter(tmp_path) as writer:
        for article in open_source(seeds).articles():
            writer.add(article, "seeds")
        writer.commit()
    return open_index(tmp_path)


def titles(index, query: whoosh_query.Query) -> list[str]:
    with index.searcher() as searcher:
        return sorted(hit["title"] for hit in searcher.search(query, limit=None))


def test_whoosh_query_classes_run(index) -> None:
    with index.searcher() as searcher:
        everything = searcher.doc_count()
    assert len(titles(index, whoosh_query.Every())) == everything
    banned = titles(index, whoosh_query.Term("title", "ban"))
    assert banned
    assert set(banned) <= set(titles(index, whoosh_query.Wildcard("title", "*ba?*")))
    assert set(banned) <= set(
        titles(index, whoosh_query.FuzzyTerm("title", "bann", maxdist=1, prefixlength=0))
    )
    assert set(banned) <= set(titles(index, whoosh_query.Regex("title", "^b")))
    assert set(banned) <= set(titles(index, whoosh_query.TermRange("title", "baa", "bz")))
    assert set(banned) <= set(titles(index, whoosh_query.Variations("title", "ban")))
    near = spans.SpanNear2(
        [whoosh_query.Term("text", "recognition"), whoosh_query.Term("text", "facial")], slop=5, ordered=False
    )
    first = spans.SpanFirst(whoosh_query.Term("title", "amazon"), limit=0)
    assert titles(index, near)
    assert all(title.startswith("Amazon") for title in titles(index, first))
    assert (
        len(titles(index, whoosh_query.Term("published", False)))
        + len(titles(index, whoosh_query.Term("published", True)))
        == everything
    )


def test_whoosh_parses_scores_and_sorts(index) -> None:
    from whoosh.qparser import MultifieldParser
    from whoosh.scoring import BM25F

    query = MultifieldParser(["title", "excerpt"], index.schema).parse("facial recognition ban")
    with index.searcher(weighting=BM25F()) as searcher:
        best = searcher.search(query, limit=3)
        assert best[0]["title"].startswith("Amazon lobbied")
        assert best[0].score > best[-1].score > 0
        heats = [
            hit["heat"] for hit in searcher.search(whoosh_query.Every("heat"), sortedby="heat", reverse=True)
        ]
    assert heats == sorted(heats, reverse=True)


def test_documents_are_added_updated_and_deleted_through_whoosh(index) -> None:
    def write(change) -> None:
        writer: IndexWriter = index.writer()
        change(writer)
        writer.commit()

    document = {"id": "x.md", "title": "Zebra crossing", "url": "https://a.example/x", "heat": 12}
    write(lambda writer: writer.add_document(**document))
    assert titles(index, whoosh_query.Term("title", "zebra")) == ["Zebra crossing"]
    write(lambda writer: writer.update_document(**document | {"title": "Zebra crossings"}))
    assert titles(index, whoosh_query.Term("title", "zebra")) == ["Zebra crossings"]
    write(lambda writer: writer.delete_by_term("id", "x.md"))
    assert titles(index, whoosh_query.Term("title", "zebra")) == []


def test_one_writer_at_a_time_whoosh_or_not(index) -> None:
    writer = index.writer()
    with pytest.raises(IndexLocked):
        index.writer()
    writer.cancel()
    index.writer().cancel()


@given(articles)
def test_stored_fields_are_those_of_the_article(article) -> None:
    with tempfile.TemporaryDirectory() as name:
        with ArraysWriter(Path(name)) as writer:
            writer.add(article, "a")
            writer.commit()
        with open_index(name).searcher() as searcher:
            stored = searcher.stored_fields(0)
    provider = article.provider or Provider("", "")
    expected = {
        "id": article.id,
        "title": article.title,
        "excerpt": article.excerpt,
        "topics": " ".join(article.topics),
        "topic": list(article.topics),
        "body": article.body,
        "author": list(article.authors),
        "date": without_zone(article.date),
        "modified": without_zone(article.modified),
        "url": article.url,
        "provider": provider.name,
        "domain": provider.domain,
        "category": article.category,
        "type": article.type,
        "language": article.language,
        "heat": article.heat,
        "quality": article.quality,
        "published": article.published,
    }
    assert stored == {name: value for name, value in expected.items() if value or value == 0}


def without_zone(when: dt.datetime | dt.date | None) -> dt.datetime | None:
    if isinstance(when, dt.datetime):
        return when.replace(tzinfo=None)
    return when and dt.datetime(when.year, when.month, when.day)


def test_near_is_no_concern_of_the_reader_alone(index) -> None:
    # Near has its own oracle; here only that both engines know the same neighbourhood.
    ours = ArraysReader(index._directory).search(
        Near(("facial", "recognition"), 0), Options(1000, unpublished=True)
    )
    near = spans.SpanNear2(
        [whoosh_query.Term("text", "facial"), whoosh_query.Term("text", "recognition")], slop=1, ordered=False
    )
    assert sorted(named.title for named, _, _ in ours.hits()) == titles(index, near)
