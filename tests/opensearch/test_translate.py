"""Query trees become JSON without a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import orjson
import pytest
from hypothesis import given
from strategies import DAY, MIDNIGHT, ZONES, options, trees

from newsearch import ranking
from newsearch.engine.base import SORTS, Options
from newsearch.engine.opensearch import filters, scripts, translate
from newsearch.engine.opensearch.filters import Shifts
from newsearch.engine.opensearch.queries import terms_in
from newsearch.engine.opensearch.translation import Translation
from newsearch.query.tree import All, DateRange, Everything, Match, Node, Not, Or, Phrase, Prefix, Range, Word
from newsearch.ranking import Boosts, Pivots

SCRIPTS = {
    scripts.BOOST,
    scripts.BOOST_WITH_RECENCY,
    scripts.MOMENT,
    scripts.CODE_OF_FIELD,
    scripts.CODE_DIVIDED,
}
LIVE: list[dict[str, Any]] = [{"range": {"born": {"lte": 7}}}]


@dataclass
class Told:
    """Facts that a test tells. Every word is in ten of a hundred articles."""

    articles: int = 100
    languages: Sequence[str] = ("en",)
    protected: frozenset[str] = frozenset()
    pivots: Pivots = Pivots(50.0, 60.0)
    live: list[dict[str, Any]] = field(default_factory=lambda: LIVE)
    forms: Sequence[str] = ("ban", "bans")

    def count(self, query: dict[str, Any]) -> int:
        return 10

    def spoken(self, query: dict[str, Any]) -> Sequence[str]:
        return self.languages

    def begun(self, prefix: str) -> Sequence[str]:
        return self.forms

    def pairs(self, half: str) -> Sequence[str]:
        return self.forms

    def like(self, term: str, edits: int) -> Sequence[tuple[int, str]]:
        return [(0, self.forms[0]), (1, self.forms[-1])]

    def shifts(self, tz: tzinfo) -> Shifts:
        return Shifts([], []) if tz is UTC else Shifts([18000], [3600])

    def newest(self, tz: tzinfo) -> float:
        return MIDNIGHT.timestamp()


def translated(tree: Node, asked: Options | None = None, facts: Told | None = None) -> Translation:
    return Translation(tree, asked or Options(), facts or Told())


def every(value: Any, name: str) -> Iterator[Any]:
    """All values under a key, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from every(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from every(inner, name)


def queries(found: Translation) -> list[Any]:
    return [
        found.complete(),
        found.any(),
        found.partial() if found.counts_partial else found.complete(),
        found.boosted(found.scored_complete()),
        found.boosted(found.scored_some(incomplete=True)) if found.has_partial else found.complete(),
        found.sort(),
    ]


@given(trees, options)
def test_every_query_is_json_within_the_generation_and_scripts_are_few(tree: Node, asked: Options) -> None:
    found = translated(tree, asked, Told(languages=("de", "en", "es")))
    for query in queries(found):
        assert orjson.loads(orjson.dumps(query)) == query
        assert {script["source"] for script in every(query, "script")} <= SCRIPTS
    for query in queries(found)[:-1]:
        assert LIVE[0] in [
            inner
            for filters in every(query, "filter")
            for inner in (filters if isinstance(filters, list) else [filters])
        ]


def test_a_word_is_found_by_its_stem_and_scored_by_stem_and_form() -> None:
    (clause,) = translated(Word("bans")).optional
    unit = ranking.CODE_SCALE * ranking.word_weight(100, 10) / 4
    assert clause.found == {"term": {"stem": "en:ban"}}
    assert clause.scored == {
        "bool": {
            "must": [{"term": {"stem": {"value": "en:ban", "boost": 3 * unit}}}],
            "should": [{"term": {"exact": {"value": "bans", "boost": unit}}}],
        }
    }


def test_a_word_has_a_stem_in_every_language_of_the_index() -> None:
    (clause,) = translated(Word("houses"), facts=Told(languages=("de", "en"))).optional
    assert clause.found == {"terms": {"stem": ["de:hous", "en:hous"]}}


def test_a_phrase_stands_in_any_one_field() -> None:
    (clause,) = translated(Phrase("stock market")).required
    (stands,) = clause.found["bool"]["filter"]
    assert stands["bool"]["should"] == [
        {"match_phrase": {f"x_{name}": {"query": "stock market"}}} for name in ranking.TEXT_FIELDS
    ]
    (narrow,) = translated(Phrase("stock market", "title", 2)).required
    (stands,) = narrow.found["bool"]["filter"]
    assert stands["intervals"]["x_title"]["all_of"]["max_gaps"] == 2


def test_incomplete_articles_have_any_but_not_every_word() -> None:
    found = translated(All((Word("ban"), Word("city"), Match("topic", "AI"))))
    query = found.scored_some(incomplete=True)["bool"]
    assert query["minimum_should_match"] == 1
    assert query["must_not"] == [
        {"bool": {"filter": [{"term": {"stem": "en:ban"}}, {"term": {"stem": "en:citi"}}]}}
    ]
    assert {"term": {"keys": "topic:ai"}} in query["filter"]
    assert not translated(Word("ban")).has_partial


def test_unpublished_articles_are_found_only_if_asked_for() -> None:
    published = {"term": {"published": True}}
    assert published in translated(Word("ban")).complete()["bool"]["filter"]
    assert published not in translated(Word("ban"), Options(unpublished=True)).complete()["bool"]["filter"]
    assert published not in translated(Match("is", "unpublished")).complete()["bool"]["filter"]


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_ends_with_date_and_id(sort: str) -> None:
    order = translated(Everything(), Options(sort=sort)).sort()
    assert order[-1] == {"id": {"order": "asc"}}
    assert any("date" in key for key in order)


def test_days_in_other_zones_are_shifted_by_a_script() -> None:
    order = translated(Everything(), Options(sort="newest", tz=ZONES[1])).sort()
    assert order[0]["_script"]["script"]["params"]["shifts"] == [3600]


def test_boosts_without_weight_need_no_script() -> None:
    plain = Options(boosts=Boosts(heat=0, quality=0))
    query = {"match_all": {}}
    assert translated(Word("ban"), plain).boosted(query) is query
    assert translated(Word("ban"), facts=Told(pivots=Pivots())).boosted(query) is query
    recent = Options(boosts=Boosts(heat=0, quality=0, half_life=2), as_of=MIDNIGHT)
    params = translated(Word("ban"), recent).boosted(query)["script_score"]["script"]["params"]
    assert (params["half_life"], params["as_of"]) == (2.0, MIDNIGHT.timestamp())


def test_a_prefix_of_many_forms_stays_within_the_limit_of_clauses() -> None:
    forms = [f"ban{i}" for i in range(translate.MAX_FORMS)]
    (clause,) = translated(Prefix("ban"), facts=Told(forms=forms)).optional
    assert clause.found == {"prefix": {"exact": {"value": "ban"}}}
    assert len(list(every(clause.scored, "term"))) == translate.MAX_FORMS
    assert clause.scored["dis_max"]["queries"][-1]["constant_score"]["filter"] == clause.found


def test_several_prefixes_share_the_limit_of_clauses() -> None:
    forms = [f"ban{i}" for i in range(translate.MAX_FORMS)]
    found = translated(
        All((Prefix("ban"), Or((Prefix("b", "title"), Word("日"))), Prefix("19-b"))), facts=Told(forms=forms)
    )
    assert terms_in(found.scored_complete()) < 1000
    assert terms_in(found.scored_some(incomplete=True)) < 1000


@pytest.mark.parametrize("tz", ZONES)
def test_a_range_of_dates_holds_a_day_if_any_instant_of_it_does(tz: tzinfo) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC).date()
    start = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=tz)
    day = (DAY - epoch).days

    def days(**bounds: Any) -> Any:
        return filters.dated(DateRange(**bounds), tz)["bool"]["should"][1]

    assert days(start=start) == {"range": {"day": {"gte": day}}}
    # Without a start the day must be over; with `begun` it is enough that it has begun.
    assert days(end=start) == {"range": {"day": {"lte": day - 1}}}
    assert days(end=start, begun=True) == {"range": {"day": {"lte": day}}}
    assert days(start=start, end=start + timedelta(hours=1)) == {"range": {"day": {"gte": day, "lte": day}}}
    assert days() == {"exists": {"field": "day"}}


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Range("heat", None, 9), {"range": {"heat": {"gte": 0.0, "lte": 9}}}),
        (Match("url", "a*b"), {"wildcard": {"urls": {"value": "*a\\*b*"}}}),
        (Match("domain", "www.CNN.com"), {"term": {"keys": "domain:cnn.com"}}),
        (Match("has", "wings"), {"match_none": {}}),
        (Match("author", "José  NÚÑEZ"), {"match_phrase": {"author_words": {"query": "jose nunez"}}}),
    ],
)
def test_filters_look_up_what_is_indexed(node: Match | Range, expected: dict[str, Any]) -> None:
    assert filters.looked_up(node) == expected
    assert translated(Not(node)).complete()["bool"]["filter"][-2] == {"bool": {"must_not": [expected]}}


def test_filters_among_words_hardly_score() -> None:
    (clause,) = translated(Or((Match("topic", "ai"), Word("ban")))).optional
    boosts = [score["boost"] for score in every(clause.scored, "constant_score")]
    assert boosts == [1e-9]
