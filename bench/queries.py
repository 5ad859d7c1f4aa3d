"""The queries: what people looked for in the news of spring 2020, in the classes that cost differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["words", "phrase", "prefix", "fuzzy", "typed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchQuery:
    """One query, in terms that every peer can translate.

    Attributes:
        group: the class it is reported under.
        text: plain words; for a phrase its words, for a prefix without the star; as it is typed, in newsearch's own
            syntax, where a class has no equivalent in most peers.
        every: whether an article must hold every word, or only some.
        count: whether the number of all matches is asked for beside the top 10.
        start, end: publication dates to lie in, [start, end).
        provider: the name of the outlet, exactly.
        facets: whether matches are also counted by topic and by month.
        articles: whether the article of every hit is read, too.
    """

    group: str
    text: str
    kind: Kind = "words"
    every: bool = True
    count: bool = False
    start: datetime | None = None
    end: datetime | None = None
    provider: str | None = None
    facets: bool = False
    articles: bool = False


NEWS = """
coronavirus; lockdown; trump; brexit; kim jong un; stimulus check; elon musk baby name; michael
jordan last dance; boris johnson hospital; unemployment claims; oil price crash; murder hornets;
vaccine trial oxford; remdesivir; nba season return; nfl draft; premier league restart; spacex
launch astronauts; ps5 reveal; iphone se review; zoom security; contact tracing app; face masks;
meghan markle harry; joe biden; tara reade allegation; wisconsin primary; antibody test; small
business loans; animal crossing; captain tom moore; asteroid flyby earth; wuhan lab; harvey
weinstein; bundesliga
"""
ONE_WORD = """
hospital; election; football; nasa; netflix; apple; china; vaccine; weather; climate; google; tesla;
children; economy; hydroxychloroquine
"""
THREE_WORDS = """
white house briefing; new york governor; premier league clubs; social distancing rules; care home
deaths; stock market futures; black hole discovery; prime minister johnson; disney plus series;
samsung galaxy phone; stay at home; nursing home residents; lunar surface nasa; how to watch; royal
family prince
"""
PHRASES = """
white house; new york city; social distancing; prime minister; world health organization; first
time; climate change; star wars; stay at home; queen elizabeth; black hole; manchester united;
mental health; according to a new study; grand theft auto
"""
PREFIXES = (
    "corona; vacc; hosp; astro; micro; quaran; bund; footb; pand; anti; elect; samsu; hydrox; cryp; tele"
)
MISSPELT = """
coronavirs; trunp; bidn; vaccin; lockdwn; facebok; microsft; samsng; netflx; amazn; brexitt;
elction; googel; spacx; quarantin
"""
PROVIDERS = ("Fox News", "BBC News", "CNN", "Hindustantimes.com", "The Times of India")
TYPED = {
    "compound": "covid-19; covid19; AT&T; U.S.; 5G; stay-at-home; covid-19 testing shortage; stay-at-home order",
    "field": "title:trump; title:covid-19; excerpt:lockdown; title:vaccine trial",
    "or": "covid-19 OR coronavirus; trump OR biden; (vaccine OR jab) trial",
    "exclusion": "covid-19 -trump; coronavirus -trump; election -biden",
    "filter-alone": "topic:Sports; heat:>=100; provider:CNN; date:2020-05",
    "url": "url:coronavirus; trump url:politics",
}
"""What is typed in newsearch's own syntax, by class."""

GROUPS = (
    "news",
    "news-any",
    "one-word",
    "three-word",
    "three-any",
    "phrase",
    "prefix",
    "fuzzy",
    "filtered",
    "faceted",
    "articles",
    *TYPED,
)
"""The classes. `-any` asks for some of the words instead of every one."""


def _list(text: str) -> list[str]:
    return [" ".join(query.split()) for query in text.split(";")]


def queries(groups: tuple[str, ...] = GROUPS) -> list[BenchQuery]:
    """Every query of these classes: first the top 10 alone, then with the number of all matches."""
    return [query for query in _queries() if query.group in groups]


def _queries() -> Iterator[BenchQuery]:
    for count in (False, True):
        for group, texts in (("news", NEWS), ("one-word", ONE_WORD), ("three-word", THREE_WORDS)):
            for text in _list(texts):
                yield BenchQuery(group=group, text=text, count=count)
        for group, texts in (("news-any", NEWS), ("three-any", THREE_WORDS)):
            for text in _list(texts):
                yield BenchQuery(group=group, text=text, every=False, count=count)
        for text in _list(PHRASES):
            yield BenchQuery(group="phrase", text=text, kind="phrase", count=count)
        for text in _list(PREFIXES):
            yield BenchQuery(group="prefix", text=text, kind="prefix", count=count)
        for text in _list(MISSPELT):
            yield BenchQuery(group="fuzzy", text=text, kind="fuzzy", count=count)
        for number, text in enumerate(_list(ONE_WORD)):
            yield BenchQuery(
                group="filtered",
                text=text,
                start=datetime(2020, 4, 20 + number % 5, tzinfo=UTC),
                end=datetime(2020, 5, 4 + number, tzinfo=UTC),
                provider=PROVIDERS[number % len(PROVIDERS)],
                count=count,
            )
        for group, texts in TYPED.items():
            for text in _list(texts):
                yield BenchQuery(group=group, text=text, kind="typed", count=count)
    for text in _list(ONE_WORD):
        yield BenchQuery(group="faceted", text=text, facets=True, count=True)
    for text in _list(THREE_WORDS):
        yield BenchQuery(group="articles", text=text, kind="typed", articles=True)
