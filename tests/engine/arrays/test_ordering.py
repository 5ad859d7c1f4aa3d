"""Orders other than relevance look at the articles of the highest values first, and find what all articles give."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch import Article, Index
from newsearch.engine.arrays.searching import ordering
from newsearch.engine.arrays.writer import ArraysWriter

START = datetime(2020, 4, 1, tzinfo=UTC)
ARTICLES = 400
UNKNOWN = float("-inf")


def _made(valued: bool) -> list[Article]:
    chance = random.Random(7)
    made = []
    for number in range(ARTICLES):
        values: dict[str, Any] = {}
        if valued and chance.random() < 0.8:
            values["heat"] = float(chance.randrange(40))
        if valued and chance.random() < 0.3:
            values["modified"] = START + timedelta(hours=chance.randrange(900))
        if chance.random() < 0.9:
            values["date"] = START + timedelta(hours=chance.randrange(300))
        words = " ".join(word for word, share in (("ban", 1.0), ("law", 0.5)) if chance.random() < share)
        made.append(Article(id=f"{number:04}", title=f"A {words}", quality=50.0, **values))
    return made


VALUED, BARE = _made(True), _made(False)


def _seconds(moment: date | None) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else UNKNOWN


KEYS: dict[str, Callable[[Article], float]] = {
    "newest": lambda article: _seconds(article.date),
    "oldest": lambda article: -_seconds(article.date) if article.date else UNKNOWN,
    "modified": lambda article: _seconds(article.modified),
    "heat": lambda article: UNKNOWN if article.heat is None else article.heat,
    "quality": lambda article: UNKNOWN if article.quality is None else article.quality,
}


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Index]]:
    """Some articles with heat and dates of changes, and the same without."""
    opened = {}
    for name, articles in (("valued", VALUED), ("bare", BARE)):
        place = tmp_path_factory.mktemp(name) / "index"
        for part in range(0, ARTICLES, 150):
            with ArraysWriter(place) as changes:
                for article in articles[part : part + 150]:
                    changes.add(article, "/a")
                changes.commit()
        opened[name] = newsearch.open(place)
    yield opened
    for index in opened.values():
        index.close()


@pytest.mark.parametrize("sort", KEYS)
@pytest.mark.parametrize("query", ["ban", "law", "", "law quality:>=10"])
@pytest.mark.parametrize("name", ["valued", "bare"])
def test_the_first_are_those_of_the_highest_values(
    indexes: dict[str, Index], monkeypatch: pytest.MonkeyPatch, name: str, query: str, sort: str
) -> None:
    limits = ("_AT_ONCE", 64), ("_SAMPLED", 100), ("_PER_TOP", 8), ("_SURELY", 1), ("_FEW", 1)
    for limit, value in limits:
        monkeypatch.setattr(ordering, limit, value)
    found = [a for a in (VALUED if name == "valued" else BARE) if query[:3] in a.title]
    found.sort(key=lambda a: (-KEYS[sort](a), -_seconds(a.date), a.id))
    for offset in (0, 0, 0, 3, 20, 300):
        hits = indexes[name].search(query, sort=sort, limit=10, offset=offset)
        assert [hit.id for hit in hits] == [a.id for a in found[offset : offset + 10]]


def test_the_first_of_all_depend_on_the_zone_and_on_who_sees_them(tmp_path: Path) -> None:
    articles = [
        Article(id="day", title="A", date=date(2020, 4, 1)),
        Article(id="instant", title="A", date=START + timedelta(hours=3)),
        Article(id="draft", title="A", date=START + timedelta(hours=2), published=False),
    ]
    with ArraysWriter(tmp_path / "index") as changes:
        for article in articles:
            changes.add(article, "/a")
        changes.commit()
    with newsearch.open(tmp_path / "index") as index:

        def found(**options: Any) -> str:
            return " ".join(hit.id for hit in index.search("", sort="newest", **options))

        for _ in range(2):
            assert found() == "instant day"
            # A day begins four hours later there.
            assert found(tz="America/New_York") == "day instant"
            assert found(unpublished=True) == "instant draft day"
            assert found(tz="America/New_York", unpublished=True) == "day instant draft"
            assert found(tz="Europe/Paris", offset=1) == "day"


@pytest.mark.parametrize(
    ("asked", "robots"),
    [
        ("(topic:A OR robots) (topic:B OR cars) (topic:D OR planes) (topic:C OR ships)", 4),
        ("(topic:A OR robots) (topic:D OR cars) (topic:B OR ships) (topic:C OR boats)", 2),
    ],
)
def test_articles_that_only_pass_filters_keep_their_order_behind_those_with_words(
    tmp_path: Path, asked: str, robots: int
) -> None:
    words = ["robots"] * robots + ["cars"] * (robots + 1) + ["planes"] * (robots + 4)
    articles = [
        Article(
            id=f"{199 - number:03}",
            title=words[number] if number < len(words) else "ban",
            topics=("A", "B", "C", "D") if number < 35 or number % 2 else ("B", "C"),
        )
        for number in range(200)
    ]
    for part in (articles[:100], articles[100:]):
        with ArraysWriter(tmp_path) as changes:
            changes.add_all(part, "source")
            changes.commit()
    index = newsearch.open(tmp_path)
    every = [hit.article.id for hit in index.search(asked, limit=200)]
    for limit in (40, 90, 130, 170):
        assert [hit.article.id for hit in index.search(asked, limit=limit)] == every[:limit]
