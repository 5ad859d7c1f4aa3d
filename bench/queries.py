"""The queries: what people looked for in the news of spring 2020, in the classes that cost differently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["words", "phrase", "prefix", "fuzzy", "typed"]
Sort: TypeAlias = Literal["newest", "heat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchQuery:
    """One query, in terms that every peer can translate.

    Attributes:
        group: the class it is reported under.
        text: plain words; for a phrase its words, for a prefix without the star; as it is typed, in newsearch's own
            syntax, where a class has no equivalent in most peers. Empty where only filters are asked for.
        every: whether an article must hold every word, or only some.
        count: whether the number of all matches is asked for beside the top 10.
        field: title or excerpt, where the words must stand in it.
        either: words of which some do as well as those of the text.
        more: words that an article must hold, too.
        without: a word that an article must not hold.
        start, end: publication dates to lie in, [start, end).
        provider: the name of the outlet, exactly.
        topic: one of the article's topics, exactly.
        heat: the least heat.
        sort: newest or heat; by score otherwise.
        offset: how many hits come before the ten.
        facets: whether matches are also counted by topic and by month.
        articles: whether the article of every hit is read, too.
    """

    group: str
    text: str
    kind: Kind = "words"
    every: bool = True
    count: bool = False
    field: str | None = None
    either: str | None = None
    more: str | None = None
    without: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    provider: str | None = None
    topic: str | None = None
    heat: int | None = None
    sort: Sort | None = None
    offset: int = 0
    facets: bool = False
    articles: bool = False

    @property
    def is_filtered(self) -> bool:
        """Whether anything but words decides which articles match."""
        return (self.start, self.provider, self.topic, self.heat) != (None, None, None, None)

    @property
    def is_compound(self) -> bool:
        """Whether more than one kind of words is asked for, or another order than by score."""
        beside = (self.field, self.either, self.more, self.without, self.sort)
        return any(beside) or bool(self.offset)


PLAIN = BenchQuery(group="plain", text="coronavirus vaccine trial", every=False)
"""What is asked first where a library has to be warm."""

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
COMPOUNDS = """
covid-19; covid19; AT&T; U.S.; 5G; stay-at-home; covid-19 testing shortage; stay-at-home order
"""
COMMON_PHRASES = "one of the; the end of the; according to a new study; stay at home; at the same time"
PASTED = """
The president said on Tuesday that the country would halt funding for the World Health Organization over its handling
of the coronavirus pandemic while its response to the outbreak is reviewed. Officials in several countries criticised
the decision, and scientists warned that it would make it harder to track the spread of the disease in poor regions
where hospitals have few ventilators and tests are scarce. The agency needs money for vaccine research, laboratory
supplies and the training of nurses, and asked donors to give more before the summer, when harvest workers travel
between countries and many schools open again for children
"""
URLS = "url:coronavirus; trump url:politics; url:bbc.co.uk/news; site:bbc.co.uk trump"
"""As typed: no other peer finds the parts of an address."""

_MAY = {"start": datetime(2020, 5, 1, tzinfo=UTC), "end": datetime(2020, 6, 1, tzinfo=UTC)}
_FEW_WORDS = 10


def _list(text: str) -> list[str]:
    return [" ".join(query.split()) for query in text.split(";")]


def _made(group: str, *queries: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"group": group, "text": "", **query} for query in queries]


MADE = (
    *_made("compound", *({"text": text, "every": False} for text in _list(COMPOUNDS))),
    *_made(
        "field",
        {"text": "trump", "field": "title"},
        {"text": "covid-19", "field": "title"},
        {"text": "lockdown", "field": "excerpt"},
        {"text": "vaccine", "field": "title", "more": "trial"},
    ),
    *_made(
        "or",
        {"text": "covid-19", "either": "coronavirus"},
        {"text": "trump", "either": "biden"},
        {"text": "vaccine", "either": "jab", "more": "trial"},
    ),
    *_made(
        "exclusion",
        {"text": "covid-19", "without": "trump"},
        {"text": "coronavirus", "without": "trump"},
        {"text": "election", "without": "biden"},
    ),
    *_made("common-phrase", *({"text": text, "kind": "phrase"} for text in _list(COMMON_PHRASES))),
    *_made(
        "prefix-words",
        {"text": "corona", "kind": "prefix", "more": "vaccine"},
        {"text": "quarantin", "kind": "prefix", "more": "hotel"},
        {"text": "elect", "kind": "prefix", "more": "trump"},
    ),
    *_made(
        "fuzzy-words",
        {"text": "coronavirs", "kind": "fuzzy", "more": "vaccine"},
        {"text": "trunp", "kind": "fuzzy", "more": "biden"},
        {"text": "lockdwn", "kind": "fuzzy", "more": "protest"},
    ),
    *_made("date", {"text": "trump", **_MAY}, {"text": "hospital", **_MAY}, {"text": "vaccine", **_MAY}),
    *_made("range", *({"text": text, "heat": 100} for text in ("trump", "election", "covid-19"))),
    *_made("filter-alone", {"topic": "Sports"}, {"heat": 100}, {"provider": "CNN"}, _MAY),
    *_made(
        "filter-words", *({"text": text, "topic": "Sports"} for text in ("coronavirus", "trump", "season"))
    ),
    *_made("sort", {"text": "trump", "sort": "newest"}, {"text": "trump", "sort": "heat"}),
    *_made("deep-page", *({"text": text, "offset": 5000} for text in ("trump", "coronavirus"))),
    *_made("pasted-10", {"text": " ".join(PASTED.replace(",", "").split()[:_FEW_WORDS]), "every": False}),
    *_made("pasted-100", {"text": " ".join(re.findall(r"[A-Za-z]+", PASTED)), "every": False}),
    *_made("empty", {}),
    *_made("url", *({"text": text, "kind": "typed"} for text in _list(URLS))),
)
"""What is asked beside words, phrases, prefixes and misspellings, as arguments of a BenchQuery."""

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
    *dict.fromkeys(made["group"] for made in MADE),
)
"""The classes. `-any` asks for some of the words instead of every one."""


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
        for made in MADE:
            yield BenchQuery(**made, count=count)
    for text in _list(ONE_WORD):
        yield BenchQuery(group="faceted", text=text, facets=True, count=True)
    for text in _list(THREE_WORDS):
        yield BenchQuery(group="articles", text=text, kind="typed", articles=True)
