"""Random collections and random queries: what Whoosh finds through our codec is what it finds through its own.

Whoosh keeps the length of a field in one byte, ours are exact; so scores are compared under weightings that know no
lengths. For a page of ten Whoosh's own codec leaves out blocks that could matter to a union; so a page may also be the
best of all that it finds.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from plain import plain_index
from whoosh import qparser, query, scoring, sorting
from whoosh.query import spans

from newsearch.articles.article import Article, Provider
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.whoosh.compatible import open_index

WORDS = (
    "ban",
    "bans",
    "banned",
    "bar",
    "portland",
    "COVID-19",
    "us",
    "U.S.",
    "news",
    "new",
    "São",
    "日本語",
    "the",
)
TERMS = (
    "ban",
    "bans",
    "banned",
    "bar",
    "portland",
    "covid",
    "19",
    "us",
    "news",
    "new",
    "sao",
    "日本",
    "the",
    "none",
)
TOPICS = ("AI", "Facial Recognition", "ban")
MOMENTS = tuple(
    dt.datetime(2020, month, 1, 0, 0, 0, fraction, tzinfo=dt.UTC)
    for month in (1, 5, 9)
    for fraction in (0, 250_000)
)
NAIVE = [moment.replace(tzinfo=None) for moment in MOMENTS]
WEIGHTINGS = (scoring.BM25F(B=0), scoring.TF_IDF(), scoring.Frequency())

texts = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)
documents = st.builds(
    dict,
    title=texts.map(lambda text: text or "untitled"),
    excerpt=texts,
    body=texts,
    topics=st.lists(st.sampled_from(TOPICS), max_size=2, unique=True).map(tuple),
    authors=st.lists(st.sampled_from(("Jane Doe", "jo")), max_size=2, unique=True).map(tuple),
    date=st.none() | st.sampled_from(MOMENTS),
    category=st.sampled_from(("", "World", "Tech")),
    type=st.sampled_from(("article", "video")),
    language=st.sampled_from((None, "en", "de")),
    provider=st.sampled_from((None, Provider("CNN", "cnn.com"), Provider("BBC News", "bbc.co.uk"))),
    heat=st.sampled_from((None, -1, 0, 2.5, 50)),
    quality=st.sampled_from((None, 10)),
    published=st.booleans(),
)
collections = st.lists(st.lists(documents, min_size=1, max_size=12), min_size=1, max_size=2)

text_fields = st.sampled_from(("title", "topics", "excerpt", "body", "text"))
terms = st.builds(query.Term, text_fields, st.sampled_from(TERMS))


def near(field: str, words: list[str], slop: int, ordered: bool) -> query.Query:
    return spans.SpanNear2([query.Term(field, word) for word in words], slop=slop, ordered=ordered)


some_words = st.lists(st.sampled_from(TERMS), min_size=2, max_size=3)
positional = st.one_of(
    st.builds(query.Phrase, text_fields, some_words, st.integers(1, 3)),
    st.builds(near, text_fields, some_words, st.integers(1, 4), st.booleans()),
    st.builds(spans.SpanFirst, terms, st.integers(0, 3)),
    st.builds(spans.SpanNot, terms, terms),
    st.builds(lambda a, b: spans.SpanOr([a, b]), terms, terms),
    st.builds(spans.SpanContains, terms, terms),
    st.builds(spans.SpanBefore, terms, terms),
    st.builds(lambda a, b: query.Sequence([a, b], slop=2), terms, terms),
    st.builds(lambda a, b: query.Ordered([a, b]), terms, terms),
)
leaves = st.one_of(
    terms,
    positional,
    st.builds(query.Term, st.just("stem"), st.sampled_from(("ban", "new", "bar", "de:ban", "de:new"))),
    st.builds(query.Prefix, text_fields, st.sampled_from(("ba", "n", "x"))),
    st.builds(query.Wildcard, text_fields, st.sampled_from(("ba*", "?an", "*s"))),
    st.builds(query.Regex, text_fields, st.just("ba[nr]")),
    st.builds(query.FuzzyTerm, text_fields, st.sampled_from(("ban", "nesw"))),
    st.builds(query.Variations, text_fields, st.just("ban")),
    st.builds(query.TermRange, text_fields, st.just("ban"), st.just("new")),
    st.builds(query.Term, st.just("topic"), st.sampled_from(("AI", "ai", "facial recognition"))),
    st.builds(query.Term, st.just("author"), st.just("Jane Doe")),
    st.builds(query.Term, st.just("provider"), st.sampled_from(("cnn", "BBC News"))),
    st.builds(query.Term, st.just("published"), st.booleans()),
    st.builds(
        query.NumericRange, st.just("heat"), st.sampled_from((None, 0, 2.5)), st.sampled_from((None, 50))
    ),
    st.builds(
        query.DateRange,
        st.just("date"),
        st.sampled_from((None, dt.datetime(2020, 2, 1), *NAIVE)),
        st.sampled_from((None, *NAIVE)),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(query.Term, st.just("date"), st.sampled_from(NAIVE)),
    st.just(query.Every()),
    st.just(query.Every("heat")),
    st.just(query.NullQuery),
)
queries = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(query.And, st.lists(inner, min_size=1, max_size=3)),
        st.builds(query.Or, st.lists(inner, min_size=1, max_size=4)),
        st.builds(query.DisjunctionMax, st.lists(inner, min_size=2, max_size=3)),
        st.builds(query.AndNot, inner, inner),
        st.builds(query.AndMaybe, inner, inner),
        st.builds(query.Require, inner, inner),
        st.builds(query.Otherwise, inner, inner),
        st.builds(query.ConstantScoreQuery, inner, st.just(2.0)),
        st.builds(lambda q: query.And([query.Every(), query.Not(q)]), inner),
        st.builds(lambda q: query.And([q, query.Term("text", "ban", boost=2.0)]), inner),
    ),
    max_leaves=5,
)
words = st.sampled_from(
    (*WORDS, '"ban bans"', '"COVID-19"', "topic:AI", 'topic:"Facial Recognition"', "ba*", "title:ban")
)
typed = st.lists(st.one_of(words, st.sampled_from(("OR", "NOT", "AND"))), min_size=1, max_size=4).map(
    " ".join
)


class Both:
    """The same articles in our index and in Whoosh's own."""

    def __init__(self, commits) -> None:
        self._directory = tempfile.TemporaryDirectory()
        number = 0
        for commit in commits:
            with ArraysWriter(Path(self._directory.name)) as writer:
                for document in commit:
                    number += 1
                    writer.add(Article(id=f"{number}.md", **document), "/a")
                writer.commit()
        self.ours = open_index(self._directory.name)
        self.plain = plain_index(self.ours)

    def __enter__(self) -> Both:
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()


def scores(results) -> list[tuple[str, float]]:
    return sorted((hit["id"], pytest.approx(hit.score)) for hit in results)


def outcome(searcher, *args, **kwargs):
    """What a search finds, or the kind of error that Whoosh raises for it."""
    try:
        return searcher.search(*args, **kwargs)
    except Exception as error:
        return type(error)


@given(collections, st.lists(queries, min_size=1, max_size=6), st.sampled_from(WEIGHTINGS))
@examples(60)
def test_queries_find_the_same_with_the_same_scores(commits, asked, weighting) -> None:
    with (
        Both(commits) as both,
        both.ours.searcher(weighting=weighting) as ours,
        both.plain.searcher(weighting=weighting) as plain,
    ):
        for one in asked:
            expected = outcome(plain, one, limit=None)
            found = outcome(ours, one, limit=None)
            if isinstance(expected, type):
                assert found is expected, one
                continue
            assert scores(found) == scores(expected), one
            best = sorted((hit.score for hit in expected), reverse=True)[:10]
            page, theirs = outcome(ours, one, limit=10), outcome(plain, one, limit=10)
            if isinstance(theirs, type):
                # What fails in Whoosh depends on what its matchers skip, and they skip other postings of our codec.
                whole = outcome(ours, one, limit=10, optimize=False)
                assert page is theirs or [hit.score for hit in whole] == pytest.approx(best), one
                continue
            on_page = [hit.score for hit in page]
            # What Whoosh itself loses of a page, its matchers may lose with our codec too.
            assert on_page in (pytest.approx(best), pytest.approx([hit.score for hit in theirs])), one
            assert counted(page) == counted(theirs), one


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("optimize", [True, False])
def test_a_page_keeps_the_best_of_a_segment_whose_union_was_read_in_advance(weighting, optimize) -> None:
    """Whoosh reads small unions to their end, and asks for their best score afterwards."""
    first = [{"title": "a", "authors": ("Jane Doe",)}] * 8 + [
        {"title": "a", "authors": ("Jane Doe",), "excerpt": "ban"}
    ] * 4
    second = [{"title": "b", "authors": ("Jane Doe",)}, {"title": "c", "excerpt": "ban banned bans"}]
    either = query.Or([query.Term("author", "Jane Doe"), query.Variations("excerpt", "ban")])
    with Both([first, second]) as both, both.ours.searcher(weighting=weighting) as searcher:
        page = searcher.search(either, limit=10, optimize=optimize)
        assert page[0]["id"] == "14.md"
        assert scores(page) == scores(searcher.search(either, limit=None)[:10])


def test_a_page_keeps_what_all_parts_of_a_query_reach_together() -> None:
    """Whoosh counts what is left of a negation as worth nothing, and asks a term for the rest of the score."""
    banned = [
        {"title": "a", "body": " ".join(["ban"] * times)} for times in (2, 2, 2, 1, 2, 2, 2, 2, 3, 1, 2, 2, 2)
    ]
    negated = query.And([query.Every(), query.Not(query.Term("stem", "bar"))])
    asked = query.And([negated, query.Term("text", "ban", boost=2.0)])
    with Both([banned[:3], banned[3:]]) as both, both.ours.searcher(weighting=WEIGHTINGS[0]) as searcher:
        page = searcher.search(asked, limit=10)
        assert page[0]["id"] == "9.md"
        assert scores(page) == scores(searcher.search(asked, limit=None)[:10])


def counted(results) -> int | None:
    """How many were found, or None where Whoosh cannot tell for this query."""
    try:
        return len(results)
    except NotImplementedError:
        return None


@given(collections, typed)
@examples(40)
def test_what_is_typed_finds_the_same(commits, text) -> None:
    with Both(commits) as both, both.ours.searcher() as ours, both.plain.searcher() as plain:
        for make in (
            lambda schema: qparser.QueryParser("title", schema),
            lambda schema: qparser.QueryParser("stem", schema, group=qparser.OrGroup),
            lambda schema: qparser.MultifieldParser(["title", "body"], schema),
            lambda schema: qparser.SimpleParser("text", schema),
            lambda schema: qparser.DisMaxParser({"title": 2.0, "body": 1.0}, schema),
        ):
            mine, theirs = make(both.ours.schema).parse(text), make(both.plain.schema).parse(text)
            assert mine == theirs
            expected = outcome(plain, theirs, limit=None)
            found = outcome(ours, mine, limit=None)
            if isinstance(expected, type):
                assert found is expected
                continue
            assert sorted(hit["id"] for hit in found) == sorted(hit["id"] for hit in expected)
            for field in ("title", "excerpt"):
                assert highlighted(found, field) == highlighted(expected, field)


def highlighted(results, field: str) -> dict[str, str]:
    """The extracts of a field. Whoosh numbers their words in the order of a set; here, in that of the extract."""
    return {hit["id"]: renumbered(hit.highlights(field)) for hit in results if field in hit}


def renumbered(extract: str) -> str:
    known: dict[str, str] = {}
    return re.sub(r"\bterm\d+", lambda found: known.setdefault(found[0], f"term{len(known)}"), extract)


@given(
    collections, st.sampled_from(("heat", "quality", "date", "provider", "category", "type")), st.booleans()
)
@examples(30)
def test_articles_are_sorted_and_grouped_alike(commits, field, reverse) -> None:
    with Both(commits) as both, both.ours.searcher() as ours, both.plain.searcher() as plain:
        facet = sorting.FieldFacet(field, reverse=reverse)
        for one in (query.Every(), query.Term("text", "ban")):
            for options in (
                {"sortedby": facet},
                {"sortedby": [facet, sorting.FieldFacet("id")]},
                {"sortedby": facet, "limit": 3},
                {"sortedby": field, "reverse": reverse},
                {"groupedby": field},
                {"groupedby": sorting.FieldFacet("topic", allow_overlap=True)},
                {"collapse": "type", "collapse_order": sorting.FieldFacet("id")},
                {"filter": query.Term("published", True)},
                {"mask": query.Term("topic", "AI")},
            ):
                given_options = {"limit": None} | options
                expected = outcome(plain, one, **given_options)
                if isinstance(expected, type):  # groups by date, where an article has none
                    continue
                found = ours.search(one, **given_options)
                ids = [hit["id"] for hit in expected]
                mine = [hit["id"] for hit in found]
                assert (mine == ids) if "sortedby" in options else (sorted(mine) == sorted(ids)), options
                for name in expected.facet_names():
                    assert grouped(found, name) == grouped(expected, name)


def grouped(results, name: str) -> dict[str, list[int]]:
    # Where an article has no number, its group is not equal to itself.
    return {repr(key): sorted(docs) for key, docs in results.groups(name).items()}


@given(collections)
@examples(30)
def test_terms_and_what_is_known_of_them_are_the_same(commits) -> None:
    with Both(commits) as both, both.ours.reader() as ours, both.plain.reader() as plain:
        for field in sorted(both.ours.schema.names()):
            terms = list(plain.lexicon(field))
            assert list(ours.lexicon(field)) == terms, field
            for term in terms:
                assert ours.doc_frequency(field, term) == plain.doc_frequency(field, term)
                assert ours.frequency(field, term) == plain.frequency(field, term)
                assert values(ours.postings(field, term)) == values(plain.postings(field, term))
                assert list(ours.postings(field, term).items_as("frequency")) == list(
                    plain.postings(field, term).items_as("frequency")
                )
            if field in ("title", "topics", "excerpt", "body", "text"):
                assert ours.field_length(field) == plain.field_length(field)
                for term in terms:
                    assert list(ours.postings(field, term).items_as("positions")) == list(
                        plain.postings(field, term).items_as("positions")
                    )


def values(matcher) -> list[tuple[int, float, bytes]]:
    found = []
    while matcher.is_active():
        found.append((matcher.id(), matcher.weight(), matcher.value() or b""))
        matcher.next()
    return found


@given(collections, st.sampled_from(("title", "body", "text", "stem")))
@examples(30)
def test_the_words_of_an_article_are_the_same(commits, field) -> None:
    with Both(commits) as both, both.ours.searcher() as ours, both.plain.searcher() as plain:
        mine, theirs = numbers(ours), numbers(plain)
        for id_, docnum in mine.items():
            if not plain.reader().has_vector(theirs[id_], field):
                assert not list(ours.vector_as("weight", docnum, field))
                assert not ours.more_like(docnum, field)
                continue
            for kind in ("weight", "frequency") if field == "stem" else ("weight", "positions"):
                expected = list(plain.vector_as(kind, theirs[id_], field))
                assert list(ours.vector_as(kind, docnum, field)) == expected
            assert ours.key_terms([docnum], field) == plain.key_terms([theirs[id_]], field)
            alike = [hit["id"] for hit in ours.more_like(docnum, field, top=100)]
            assert sorted(alike) == sorted(hit["id"] for hit in plain.more_like(theirs[id_], field, top=100))


def numbers(searcher) -> dict[str, int]:
    """The number of each document, by its id."""
    return {searcher.stored_fields(n)["id"]: n for n in searcher.reader().all_doc_ids()}
