"""Small random collections, the ways to cut them into commits, and random query trees over their words."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from newsearch import ranking
from newsearch.articles.article import Article, Image, Provider
from newsearch.engine.arrays.loops import kernel, matches, sieve
from newsearch.engine.arrays.searching import (
    all_forms,
    all_matches,
    boosts,
    clauses,
    column_view,
    filters,
    form_counts,
    ordering,
    page_filters,
    query_clauses,
    search,
    view,
    vocabulary,
    word_view,
)
from newsearch.engine.arrays.searching import facets as facet_counts
from newsearch.engine.arrays.searching import lookup as lookup
from newsearch.engine.arrays.segment import dictionary
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.arrays.writing import builder, compaction
from newsearch.engine.base import CACHE, FACETS, SORTS, Options
from newsearch.query import plan
from newsearch.query.tree import (
    All,
    And,
    DateRange,
    Everything,
    Fuzzy,
    Match,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
)
from newsearch.ranking import Boosts


def without_compiler(module: ModuleType) -> ModuleType:
    """A module as it is where newsearch was installed without a compiler: kernel.py has its loops in _kernel.c."""
    spec = importlib.util.find_spec(module.__name__)
    assert spec is not None
    assert spec.loader is not None
    package, _, name = module.__name__.rpartition(".")
    again = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {f"{package}._{name}": None}):
        spec.loader.exec_module(again)
    return again


in_numpy = without_compiler(kernel)
sieve_in_numpy = without_compiler(sieve)

WORDS = [
    "ban",
    "bans",
    "banned",
    "banning",
    "bar",
    "bat",
    "portland",
    "Portland's",
    "portlands",
    "COVID-19",
    "covid19",
    "covid",
    "19",
    "AT&T",
    "U.S.",
    "us",
    "news",
    "new",
    "don't",
    "São",
    "日本語",
    "日本",
    "本",
    "新日",
    "recognition",
    "recognise",
    "organ",
    # Stems of these depend on the language, and the last ones tell it.
    "Häuser",
    "Haus",
    "house",
    "elección",
    "elecciones",
    "election",
    "elections",
    "und die nicht",
    "que los del",
    "the",
    "WHO",
    "Italian",
    "Italy",
]
SOURCES = ("/a", "/b", "/c")
TOPICS = ("AI", "ai", "Facial Recognition", "ban", "日本")
PROVIDERS = (
    Provider("BBC News", "bbc.co.uk"),
    Provider("CNN", "edition.cnn.com"),
    Provider("CNN", "cnn.com", (Image("https://cnn.com/logo.png", 10, 20),)),
    Provider("", "post.com"),
    Provider("The Post"),
)
URLS = (
    "https://cnn.com/2020/Ban",
    "https://edition.cnn.com/a?utm_source=x",
    "http://bbc.co.uk/1/",
    "https://www.post.com/2",
    "https://x.org/ban",
)
DAY = date(2020, 9, 29)
MIDNIGHT = datetime(2020, 9, 29, tzinfo=UTC)
DATES = (
    DAY,
    MIDNIGHT,
    MIDNIGHT + timedelta(hours=12, microseconds=700_000),
    MIDNIGHT + timedelta(days=1, seconds=-1),
    MIDNIGHT + timedelta(days=1),
    date(2020, 10, 1),
    datetime(1700, 1, 1, 3, tzinfo=UTC),
    datetime(2150, 1, 1, tzinfo=UTC),
)
MOMENTS = (*(when for when in DATES if isinstance(when, datetime)), MIDNIGHT + timedelta(hours=5))
SIGNALS = (-1, 0, 1, 2.5, 50, 50.0, 100, 10_000)

texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
urls = st.none() | st.sampled_from(URLS)
ZONES = (
    UTC,
    ZoneInfo("America/Los_Angeles"),
    ZoneInfo("Asia/Kathmandu"),
    # Here, clocks change at midnight, and a day was left out.
    ZoneInfo("America/Havana"),
    ZoneInfo("Pacific/Apia"),
    timezone(timedelta(hours=14)),
)
AUTHORS = ("Jane Doe", "jane doe", "José Núñez", "Doe", "BBC")
signals = st.none() | st.sampled_from(SIGNALS)
articles = st.builds(
    Article,
    id=st.sampled_from([f"{letter}.md" for letter in "abcdefgh"]),
    title=texts,
    excerpt=texts,
    body=st.just("") | texts,
    topics=st.lists(st.sampled_from(TOPICS), max_size=3, unique=True).map(tuple),
    date=st.none() | st.sampled_from(DATES),
    modified=st.none() | st.sampled_from(DATES),
    authors=st.lists(st.sampled_from(AUTHORS), max_size=2, unique=True).map(tuple),
    web_url=urls,
    original_url=urls,
    category=st.sampled_from(["", "Tech", "tech"]),
    type=st.sampled_from(["article", "video"]),
    language=st.sampled_from([None, None, "en", "en-us", "eng", "de", "de-at", "es", "nb", "ja", "und"]),
    heat=signals,
    quality=signals,
    published=st.sampled_from([True, True, True, False]),
    provider=st.none() | st.sampled_from(PROVIDERS),
    images=st.sampled_from([(), (Image("https://x.org/1.png"),)]),
    related=st.sampled_from([(), (Article(id="", title="other"),)]),
)


@dataclass(frozen=True, slots=True)
class Commit:
    """Articles of sources that are added together, after some sources were dropped."""

    dropped: frozenset[str]
    added: tuple[tuple[str, Article], ...]


additions = st.tuples(st.sampled_from(SOURCES), articles).map(
    # An id of two sources at once would leave the order of equals open.
    lambda pair: (pair[0], _renamed(pair[1], f"{pair[0]}/{pair[1].id}"))
)
commits = st.builds(
    Commit,
    dropped=st.frozensets(st.sampled_from(SOURCES), max_size=1),
    added=st.lists(additions, max_size=10).map(tuple),
)
histories = st.lists(commits, min_size=1, max_size=5)
protections = st.sampled_from([frozenset[str](), frozenset(("ban", "hauser", "portland", "us"))])


def _renamed(article: Article, id: str) -> Article:
    from dataclasses import replace

    return replace(article, id=id)


def live(history: list[Commit]) -> dict[tuple[str, str], Article]:
    """What can be found in an index after these commits: (source, id) -> article."""
    held: dict[tuple[str, str], Article] = {}
    for commit in history:
        held = {key: article for key, article in held.items() if key[0] not in commit.dropped}
        for source, article in commit.added:
            held.pop((source, article.id), None)
            held[source, article.id] = article
    return {key: article for key, article in held.items() if not _is_hidden(key[0], article, history, held)}


def _is_hidden(
    source: str, article: Article, history: list[Commit], held: dict[tuple[str, str], Article]
) -> bool:
    """Whether a source that was named earlier has an article of the same URL."""
    named = [name for commit in history for name, _ in commit.added]
    earlier = named[: named.index(source)]
    url = article.canonical_url
    return url is not None and any(
        other.canonical_url == url for (name, _), other in held.items() if name in earlier
    )


def make(directory: Path, history: list[Commit], protected: frozenset[str] = frozenset()) -> None:
    """Commit it all to an index."""
    for commit in history:
        with ArraysWriter(directory, protected=protected) as changes:
            for source in commit.dropped:
                changes.delete_source(source)
            for source, article in commit.added:
                changes.add(article, source)
            changes.commit()


@dataclass(frozen=True, slots=True)
class Tuning:
    """Limits made so small that a few articles go past them."""

    max_articles: int = 1 << 16
    merge_factor: int = 8
    max_fuzzy_forms: int = 64
    kernel: ModuleType = kernel
    sieve: ModuleType = sieve
    compiled_words: Any = lookup._compiled
    head: int = 1024
    sample: int = 1024
    bits_share: int = 64
    few: int = 7
    complete_words: int = 6
    scans: int = 16
    memory: int = CACHE
    uncoded: int = 1 << 16
    list_share: int = 128
    listed_share: int = 128
    uses: int = 8
    per_top: int = 64

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The engine with these limits; nothing is synced to disk, for speed."""
        with ExitStack() as stack:
            for module, name, value in (
                (builder, "MAX_ARTICLES", self.max_articles),
                (compaction, "MAX_ARTICLES", self.max_articles),
                (compaction, "_MERGE_FACTOR", self.merge_factor),
                (clauses, "MAX_FUZZY_FORMS", self.max_fuzzy_forms),
                (lookup, "kernel", self.kernel),
                (dictionary, "kernel", self.kernel),
                (search, "kernel", self.kernel),
                (query_clauses, "kernel", self.kernel),
                (all_matches, "kernel", self.kernel),
                (word_view, "kernel", self.kernel),
                (column_view, "kernel", self.kernel),
                (form_counts, "kernel", self.kernel),
                (vocabulary, "kernel", self.kernel),
                (matches, "kernel", self.kernel),
                (ordering, "kernel", self.kernel),
                (clauses, "sieve", self.sieve),
                (filters, "sieve", self.sieve),
                (all_matches, "sieve", self.sieve),
                (matches, "sieve", self.sieve),
                (facet_counts, "sieve", self.sieve),
                (page_filters, "sieve", self.sieve),
                (view, "sieve", self.sieve),
                (word_view, "sieve", self.sieve),
                (lookup, "_compiled", self.compiled_words),
                (self.kernel, "_HEAD", self.head),
                (plan, "_FEW", self.few),
                (ranking, "_SAMPLE", self.sample),
                (plan, "COMPLETE_WORDS", self.complete_words),
                (word_view, "_BITS_SHARE", self.bits_share),
                (all_forms, "_SCANS", self.scans),
                (word_view, "_LIST_SHARE", self.list_share),
                (word_view, "_USES", self.uses),
                (page_filters, "_LISTED_SHARE", self.listed_share),
                (page_filters, "_BESIDE", 2 if self.listed_share > 1 else 0),
                (boosts, "_FEW", self.uncoded),
                (ordering, "_PER_TOP", self.per_top),
                (ordering, "_SURELY", 0 if self.per_top < 64 else 2),
                (ordering, "_FEW", 0 if self.per_top < 64 else 16),
            ):
                stack.enter_context(mock.patch.object(module, name, value))
            stack.enter_context(mock.patch("os.fsync"))
            yield


tunings = st.builds(
    Tuning,
    max_articles=st.sampled_from([2, 5, 1 << 16]),
    merge_factor=st.sampled_from([2, 3, 8]),
    max_fuzzy_forms=st.sampled_from([1, 3, 64]),
    kernel=st.sampled_from([kernel, in_numpy]),
    sieve=st.sampled_from([sieve, sieve_in_numpy]),
    compiled_words=st.sampled_from([lookup._compiled, None]),
    head=st.sampled_from([1, 2, 1024]),
    sample=st.sampled_from([2, 1024]),
    bits_share=st.sampled_from([1, 2, 64]),
    few=st.sampled_from([1, 7]),
    complete_words=st.sampled_from([1, 2, 6]),
    scans=st.sampled_from([0, 16]),
    memory=st.sampled_from([0, 20_000, CACHE]),
    uncoded=st.sampled_from([0, 1 << 16]),
    list_share=st.sampled_from([128, CACHE, CACHE]),
    listed_share=st.sampled_from([1, 128]),
    uses=st.sampled_from([1, 2, 8]),
    per_top=st.sampled_from([1, 2, 64]),
)

fields = st.sampled_from([None, None, None, *ranking.TEXT_FIELDS])
weights = st.sampled_from([1.0, 1.0, 0.5, 3.0])
words = st.sampled_from([*WORDS, "covid", "absent", "Facial", "who"])
moments = st.none() | st.sampled_from(MOMENTS)
bounds = st.none() | st.sampled_from([-1.0, 0.0, 1.0, 50.0, 99.5])

MATCHES = {
    "id": ["/a/a.md", "/b/c.md", "a.md"],
    "topic": ["ai", "Facial recognition", "facial"],
    "provider": ["bbc", "BBC news", "post", "www.cnn.com", "cnn.com", "ost", "domain cnn.com", "//["],
    "author": ["jane doe", "DOE", "jose nunez", "nunez jose", "ane"],
    "domain": ["cnn.com", "edition.cnn.com", "nn.com", "bbc.co.uk"],
    "category": ["TECH", "sport"],
    "type": ["video", "Article"],
    "url": ["cnn.com/2020/ban", "ban", "https://edition.cnn.com/a", "https://cnn.com/2020/ban"],
    "language": ["en", "en-US", "e", "de", "es", "ja"],
    "has": ["image", "related", "body", "excerpt"],
    "is": ["published", "unpublished", "video"],
}
narrowing = st.one_of(
    st.sampled_from([Match(name, value) for name, values in MATCHES.items() for value in values]),
    st.builds(Range, field=st.sampled_from(["heat", "quality"]), low=bounds, high=bounds),
    st.builds(
        DateRange,
        start=moments,
        end=moments,
        field=st.sampled_from(["date", "date", "modified"]),
        begun=st.booleans(),
    ),
)
leaves = st.one_of(
    st.builds(Word, text=words, field=fields, weight=weights),
    st.builds(Word, text=words),
    st.builds(
        Phrase,
        text=st.lists(words, min_size=1, max_size=3).map(" ".join),
        field=fields,
        slop=st.integers(0, 3),
        weight=weights,
    ),
    st.builds(
        Near,
        words=st.lists(
            words | st.lists(words, min_size=2, max_size=3).map(" ".join), min_size=2, max_size=3
        ).map(tuple),
        distance=st.integers(0, 4),
        field=fields,
    ),
    st.builds(
        Prefix,
        text=st.sampled_from(["ba", "ban", "por", "co", "日", "COVID-1", "rec", "x"]),
        field=fields,
        weight=weights,
    ),
    st.builds(
        Fuzzy,
        text=st.sampled_from(["ban", "bna", "portlnd", "bams", "covid-19", "日本"]),
        distance=st.integers(1, 2),
        field=fields,
        weight=weights,
    ),
    st.just(Everything()),
    narrowing,
    narrowing.map(Not),
    st.builds(Word, text=words).map(Not),
)


def _any_of(children: tuple[Node, ...], best: bool) -> Or:
    return Or(children, best=best)


def _groups(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, min_size=1, max_size=4).map(tuple)
    return st.one_of(
        several.map(All), several.map(And), st.builds(_any_of, several, st.booleans()), children.map(Not)
    )


nested = st.recursive(leaves, _groups, max_leaves=6)
# What most queries are: some words side by side, some of them narrowed.
trees: st.SearchStrategy[Node] = st.one_of(
    nested, st.lists(leaves | nested, min_size=2, max_size=4).map(lambda c: All(tuple(c)))
)

options = st.builds(
    Options,
    limit=st.sampled_from([0, 1, 2, 3, 50]),
    offset=st.sampled_from([0, 0, 1, 3]),
    sort=st.sampled_from(["relevance", "relevance", *SORTS]),
    unpublished=st.booleans(),
    boosts=st.builds(
        Boosts,
        heat=st.sampled_from([0, 0.5, 3]),
        quality=st.sampled_from([0, 0.5, 1]),
        recency=st.sampled_from([0, 1, 2]),
        half_life=st.sampled_from([None, None, 0.5, 365]),
    ),
    as_of=st.sampled_from([MIDNIGHT, MIDNIGHT + timedelta(days=400)]),
    also=st.just(()) | st.lists(st.builds(Word, text=words, weight=weights), max_size=3).map(tuple),
    also_finds=st.booleans(),
    tz=st.sampled_from(ZONES),
)
facets = st.sampled_from(list(FACETS))
