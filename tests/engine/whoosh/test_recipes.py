"""What people do with Whoosh beyond searching: recipes that give the same with newsearch's index as with Whoosh's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from plain import plain_index
from whoosh import collectors, highlight, qparser, query, scoring, sorting
from whoosh.query import Every, Term, spans

import newsearch
from newsearch.whoosh import open_dir

SEEDS = Path(__file__).resolve().parents[3] / "seeds"
RECIPES: dict[str, Callable[[Any], Any]] = {}

THE = Term("text", "the")
BAN = Term("text", "ban")
CITY = Term("text", "city")


def recipe(function: Callable[[Any], Any]) -> None:
    RECIPES[function.__name__] = function


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The seeds in an index of newsearch, and the same in one of Whoosh's own, which has the same document numbers."""
    directory = tmp_path_factory.mktemp("recipes")
    newsearch.build(SEEDS, index=directory / "index")
    ours = open_dir(directory / "index")
    return ours, plain_index(ours)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_gives_the_same(both, name) -> None:
    # Whoosh rounds the lengths of fields, so no score here depends on one.
    ours, plain = (index.searcher(weighting=scoring.BM25F(B=0)) for index in both)
    with ours, plain:
        found = RECIPES[name](ours)
        assert found == RECIPES[name](plain)
        assert found


def parse(searcher: Any, text: str, field: str = "text", **options: Any) -> query.Query:
    return qparser.QueryParser(field, searcher.schema, **options).parse(text)


def ids(results: Any) -> list[str]:
    return sorted(hit["id"] for hit in results)


def scores(results: Any) -> list[Any]:
    return [pytest.approx(hit.score) for hit in results]


@recipe
def suggestions(searcher):
    return [
        searcher.suggest("text", "portlnd", limit=3),
        searcher.suggest("title", "recogniton"),
        searcher.suggest("topic", "facial recogntion"),
        searcher.corrector("text").suggest("goverment", limit=2, maxdist=1, prefix=2),
        sorted(searcher.reader().terms_within("text", "bann", 1)),
    ]


@recipe
def corrections(searcher):
    corrections = [
        searcher.correct_query(parse(searcher, text), text, **options)
        for text, options in (
            ("portlnd recogniton ban", {}),
            ("potlnd OR citi", {"maxdist": 1}),
            ('"facial recogniton"', {"prefix": 2}),
        )
    ]
    formatter = highlight.HtmlFormatter()
    return [(found.string, str(found.query), found.format_string(formatter)) for found in corrections]


@recipe
def matched_terms(searcher):
    one = parse(searcher, "portland ban zzz", group=qparser.OrGroup)
    results = searcher.search(one, terms=True, limit=None)
    return results.matched_terms(), sorted((hit["id"], sorted(hit.matched_terms())) for hit in results)


@recipe
def pages(searcher):
    found = [searcher.search_page(THE, number, pagelen=5) for number in (1, 2, 100)]
    return [
        (page.pagenum, page.pagecount, page.total, page.offset, page.is_last_page(), page.pagelen)
        for page in found
    ]


@recipe
def combined_results(searcher):
    def search(one):
        return searcher.search(one, limit=None)

    extended, upgraded, filtered, mixed = search(BAN), search(CITY), search(CITY), search(CITY)
    extended.extend(search(CITY))
    upgraded.upgrade(search(BAN))
    filtered.filter(search(BAN))
    mixed.upgrade_and_extend(search(BAN))
    return [(len(results), ids(results)) for results in (extended, upgraded, filtered, mixed)]


@recipe
def filters_and_masks(searcher):
    facial = Term("topic", "Facial Recognition")
    found = [
        searcher.search(THE, limit=None, **options)
        for options in (
            {"filter": facial},
            {"mask": facial},
            {"filter": facial, "mask": BAN},
            {"filter": set(searcher.docs_for_query(facial))},
            {"filter": searcher.search(facial, limit=None)},
            {"mask": query.Not(facial)},
        )
    ]
    return [(ids(results), len(results), results.has_exact_length()) for results in found]


@recipe
def groups(searcher):
    results = searcher.search(
        Every(),
        groupedby=["category", "provider", sorting.FieldFacet("topic", allow_overlap=True)],
        maptype=sorting.Count,
        limit=3,
    )
    return {name: dict(results.groups(name)) for name in results.facet_names()}


@recipe
def facets(searcher):
    start, end = dt.datetime(2020, 1, 1), dt.datetime(2021, 6, 1)
    results = searcher.search(
        Every(),
        groupedby={
            "query": sorting.QueryFacet({"ban": BAN, "city": CITY}, other="neither"),
            "range": sorting.RangeFacet("heat", 0, 100, 25),
            "date": sorting.DateRangeFacet("date", start, end, dt.timedelta(days=90)),
            "stored": sorting.StoredFieldFacet("provider"),
            "function": sorting.FunctionFacet(lambda searcher, docnum: docnum % 3),
        },
        maptype=sorting.Count,
    )
    return {name: dict(results.groups(name)) for name in results.facet_names()}


@recipe
def the_best_of_each_group(searcher):
    facet = sorting.FieldFacet("category", maptype=sorting.Best)
    results = searcher.search(THE, groupedby=facet, limit=None)
    return dict(results.groups())


@recipe
def sorts(searcher):
    orders = [
        "date",
        "heat",
        "provider",
        sorting.FieldFacet("date", reverse=True),
        [sorting.FieldFacet("category"), sorting.FieldFacet("date", reverse=True)],
        sorting.TranslateFacet(lambda heat: -heat, sorting.FieldFacet("heat")),
        sorting.MultiFacet(["quality", "id"]),
        sorting.StoredFieldFacet("title"),
    ]
    results = [searcher.search(THE, sortedby=order, limit=10) for order in orders]
    return [[hit["id"] for hit in found] for found in results]


@recipe
def collapsed(searcher):
    newest = sorting.FieldFacet("date", reverse=True)
    results = [
        searcher.search(THE, collapse="provider", collapse_order=newest, limit=None, collapse_limit=limit)
        for limit in (1, 2)
    ]
    return [(ids(found), len(found), dict(found.collapsed_counts)) for found in results]


@recipe
def collectors_of_all_kinds(searcher):
    found = []
    for wrap in (
        lambda inner: collectors.TimeLimitCollector(inner, timelimit=600),
        lambda inner: collectors.TermsCollector(inner),
        lambda inner: collectors.FilterCollector(inner, allow=set(range(20))),
        lambda inner: collectors.FacetCollector(inner, "category"),
        lambda inner: collectors.CollapseCollector(
            inner, "category", limit=3, order=sorting.FieldFacet("date")
        ),
    ):
        collector = wrap(searcher.collector(limit=None))
        searcher.search_with_collector(THE, collector)
        found.append(ids(collector.results()))
    return found


@recipe
def every_class_of_query(searcher):
    moment = dt.datetime(2020, 9, 1)
    asked = [
        query.Prefix("text", "por"),
        query.Prefix("url", "https://www."),
        query.Prefix("topic", "facial"),
        query.Wildcard("text", "p?rt*"),
        query.Wildcard("id", "tech*"),
        query.Regex("text", "por.*"),
        query.FuzzyTerm("text", "portlad", maxdist=2, prefixlength=1),
        query.Variations("text", "ban"),
        query.TermRange("text", "a", "b"),
        query.TermRange("topic", "a", "c", startexcl=True, endexcl=True),
        query.NumericRange("heat", 1, 50, startexcl=True),
        query.DateRange("date", moment, None),
        query.DateRange("date", None, moment, endexcl=True),
        query.Every(),
        query.Every("heat"),
        query.Every("author"),
        query.Phrase("text", ["facial", "recognition"]),
        query.Phrase("text", ["facial", "ban"], slop=4),
        query.Ordered([Term("text", "facial"), BAN]),
        query.Sequence([Term("text", "facial"), Term("text", "recognition")]),
        query.Or([BAN, CITY, THE], minmatch=2),
        query.Or([BAN, CITY], scale=0.9),
        query.DisjunctionMax([Term("title", "ban"), Term("excerpt", "ban")], tiebreak=0.5),
        query.AndMaybe(BAN, CITY),
        query.AndNot(THE, CITY),
        query.Require(BAN, CITY),
        query.Otherwise(Term("text", "zzz"), BAN),
        query.ConstantScoreQuery(BAN, 2.0),
        query.And([THE, query.Not(BAN)]),
        spans.SpanFirst(Term("title", "amazon"), limit=2),
        spans.SpanNear(Term("text", "facial"), BAN, slop=5),
        spans.SpanNear2([Term("text", "facial"), BAN, CITY], slop=50, ordered=False),
        spans.SpanNot(Term("text", "facial"), BAN),
        spans.SpanOr([Term("text", "facial"), BAN]),
        spans.SpanContains(spans.SpanNear(Term("text", "facial"), BAN, slop=9), Term("text", "recognition")),
        spans.SpanBefore(Term("text", "facial"), BAN),
        spans.SpanCondition(Term("text", "facial"), BAN),
        query.And([]),
        query.NullQuery,
    ]
    return [(repr(one), scored(searcher, one)) for one in asked]


def scored(searcher: Any, one: query.Query) -> list[tuple[str, Any]]:
    return sorted((hit["id"], pytest.approx(hit.score)) for hit in searcher.search(one, limit=None))


@recipe
def parsers_with_plugins(searcher):
    parser = qparser.QueryParser("text", searcher.schema)
    for plugin in (
        qparser.FuzzyTermPlugin,
        qparser.GtLtPlugin,
        qparser.SequencePlugin,
        qparser.PlusMinusPlugin,
    ):
        parser.add_plugin(plugin())
    texts = (
        "portlnd~",
        "heat:>20",
        "heat:[1 to 50]",
        "date:2020",
        "date:[20200101 to 20200601]",
        "date:[2020 to]",
        "topic:Facial*",
        'topic:"Facial Recognition"',
        "published:no",
        "title:ban^2",
        "(ban OR city) AND NOT facial",
        '"facial recognition"~3',
        "+ban -city",
        "U.S.",
        "C++ OR AT&T",
        "COVID-19",
        "stem:banned",
    )
    return [(str(one), scored(searcher, one)) for one in map(parser.parse, texts)]


@recipe
def highlights(searcher):
    found = []
    one = parse(searcher, "title:facial title:recognition excerpt:police", group=qparser.OrGroup)
    for fragmenter in (
        highlight.ContextFragmenter(surround=10),
        highlight.SentenceFragmenter(),
        highlight.WholeFragmenter(),
        highlight.PinpointFragmenter(),
    ):
        for formatter in (highlight.UppercaseFormatter(), highlight.HtmlFormatter(tagname="em")):
            results = searcher.search(one, limit=None, terms=True)
            results.fragmenter, results.formatter = fragmenter, formatter
            results.order = highlight.SCORE
            found.append(
                sorted(
                    (hit["id"], hit.highlights("title"), hit.highlights("excerpt", top=2)) for hit in results
                )
            )
    return found


@recipe
def statistics(searcher):
    reader = searcher.reader()
    return [
        reader.doc_count_all(),
        reader.most_frequent_terms("text", 5),
        reader.most_distinctive_terms("title", 5),
        list(reader.field_terms("topic")),
        list(reader.expand_prefix("text", "por")),
        reader.first_id("text", "ban"),
        reader.frequency("text", "the"),
        reader.field_length("text"),
        searcher.idf("text", "ban"),
        searcher.avg_field_length("title"),
        sorted(parse(searcher, "ban port*").existing_terms(reader)),
        [term for term, _ in zip(reader.terms_from("text", "ban"), range(20), strict=False)],
        [
            (info.weight(), info.doc_frequency(), info.max_weight())
            for info in [reader.term_info("text", "the")]
        ],
    ]


@recipe
def documents(searcher):
    return [
        [
            list(searcher.documents(**asked))
            for asked in ({"category": "NEWS"}, {"topic": "facial recognition"}, {})
        ],
        searcher.document(id="nowhere") is None,
        sorted(searcher.document_numbers(published=False)),
        sorted(searcher.docs_for_query(THE)),
        list(searcher.reader().all_doc_ids()),
    ]


@recipe
def key_terms(searcher):
    return [
        searcher.key_terms(searcher.docs_for_query(BAN), "text", numterms=5),
        searcher.key_terms_from_text("title", "portland facial recognition ban", numterms=2),
        [sorted(term for term, _ in searcher.search(BAN, limit=None).key_terms("stem", docs=100))],
    ]


@recipe
def more_like_this(searcher):
    [docnum] = searcher.document_numbers(
        id="technology/2020-09-09-amazon-lobbied-against-portland-facial-recognition-ban.md"
    )
    return [ids(searcher.more_like(docnum, field, top=100)) for field in ("title", "excerpt", "text", "stem")]


def weight(searcher: Any, field: str, text: bytes, matcher: Any) -> float:
    found: float = matcher.weight()
    return found


@pytest.mark.parametrize(
    ("weighting", "same"),
    [
        # Whoosh's own matchers fail with a FunctionWeighting in a composite query.
        (scoring.FunctionWeighting(weight), scoring.Frequency()),
        (scoring.MultiWeighting(scoring.Frequency(), title=scoring.TF_IDF()), None),
        (scoring.ReverseWeighting(scoring.TF_IDF()), None),
        (scoring.DebugModel(), scoring.Frequency()),
    ],
    ids=lambda weighting: type(weighting).__name__,
)
def test_composite_queries_are_scored_alike(both, weighting, same) -> None:
    asked = [
        query.And([THE, query.Or([BAN, CITY])]),
        query.Or([query.And([THE, BAN]), query.DisjunctionMax([CITY, Term("title", "ban")])]),
        query.AndMaybe(THE, query.Phrase("text", ["facial", "recognition"])),
        query.AndNot(THE, BAN),
        spans.SpanNear2([Term("text", "facial"), BAN], slop=9, ordered=False),
    ]
    with (
        both[0].searcher(weighting=weighting) as ours,
        both[1].searcher(weighting=same or weighting) as plain,
    ):
        for one in asked:
            # A page of Whoosh's own is empty if scores are reversed.
            expected = plain.search(one, limit=None)
            for limit in (3, None):
                found = ours.search(one, limit=limit)
                assert scores(found) == [hit.score for hit in expected][:limit], one
                assert len(found) == len(expected)
