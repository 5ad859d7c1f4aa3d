"""The bundled collection parses, is invented throughout, and shows every trait that it is kept for."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import frontmatter
import pytest

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
MAIN_ARTICLE = "technology/2020-09-09-amazon-lobbied-against-portland-facial-recognition-ban.md"
ARTICLE_AT_TWO_ADDRESSES = "Amazon pauses police use of its face-matching service for a year"


@dataclass(frozen=True)
class Seed:
    name: str
    raw: str  # exactly as stored, line ends included
    meta: dict[str, Any]
    body: str


@cache
def seeds() -> tuple[Seed, ...]:
    found = []
    for path in sorted(SEEDS.rglob("*.md")):
        raw = path.read_bytes().decode("utf-8")
        post = frontmatter.loads(raw)
        found.append(Seed(path.relative_to(SEEDS).as_posix(), raw, post.metadata, post.content))
    return tuple(found)


def seed(name: str) -> Seed:
    return next(s for s in seeds() if s.name == name)


def count(trait: Callable[[Seed], object]) -> int:
    return sum(bool(trait(s)) for s in seeds())


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


def test_collection_holds_72_articles_and_nothing_else() -> None:
    others = {
        path.name
        for path in SEEDS.rglob("*")
        if path.is_file() and path.suffix != ".md" and "__pycache__" not in path.parts
    }
    assert len(seeds()) == 72
    assert others == {"__init__.py"}


@pytest.mark.parametrize("name", [s.name for s in seeds()])
def test_article_has_what_every_article_needs(name: str) -> None:
    meta = seed(name).meta
    assert isinstance(meta["title"], str)
    assert meta["title"].strip()
    assert meta["excerpt"].strip()
    assert meta["type"] in {"article", "video"}
    assert isinstance(meta["published"], bool)
    assert 1 <= len(meta["topics"]) <= 4
    assert len(set(meta["topics"])) == len(meta["topics"])
    assert "secured" not in meta


@pytest.mark.parametrize("name", [s.name for s in seeds()])
def test_date_is_in_the_file_name_and_agrees_with_the_front_matter(name: str) -> None:
    found = re.match(r"(\d{4}-\d{2}-\d{2})-[a-z0-9-]+\.md$", name.rpartition("/")[2])
    assert found
    named = date.fromisoformat(found[1])
    assert date(2019, 5, 1) <= named <= date(2021, 6, 30)
    stated = seed(name).meta.get("publishedDateTime", named)
    assert isinstance(stated, date)
    if isinstance(stated, datetime):
        assert stated.tzinfo is not None
        stated = stated.date()
    assert abs((stated - named).days) <= 1


@pytest.mark.parametrize("name", [s.name for s in seeds()])
def test_every_domain_is_under_the_reserved_name_example(name: str) -> None:
    article = seed(name)
    text = [*strings(article.meta), article.body]
    hosts = [host for part in text for host in re.findall(r"https?://([^/\"\s]+)", part)]
    providers = [a["provider"] for a in (article.meta, *article.meta.get("related", [])) if "provider" in a]
    domains = [*hosts, *(provider["domain"] for provider in providers)]
    assert domains
    assert [domain for domain in domains if not domain.endswith(".example")] == []


def test_only_the_article_at_two_addresses_shares_its_title() -> None:
    titles = Counter(s.meta["title"] for s in seeds())
    assert {title: n for title, n in titles.items() if n > 1} == {ARTICLE_AT_TWO_ADDRESSES: 2}


def test_article_at_two_addresses_differs_only_in_tracking_parameters() -> None:
    urls = [s.meta["webUrl"] for s in seeds() if s.meta["title"] == ARTICLE_AT_TWO_ADDRESSES]
    assert len(set(urls)) == 2
    assert len({urlunsplit(urlsplit(url)._replace(query="")) for url in urls}) == 1
    parameters = [key for url in urls for key, _ in parse_qsl(urlsplit(url).query)]
    assert parameters
    assert all(key.startswith("utm_") for key in parameters)


def test_other_articles_have_addresses_of_their_own() -> None:
    urls = Counter(s.meta["originalUrl"].partition("?utm_")[0] for s in seeds())
    assert [n for n in urls.values() if n > 1] == [2]


TRAITS: dict[str, tuple[int, Callable[[Seed], object]]] = {
    "heat missing": (4, lambda s: "heat" not in s.meta),
    "heat above 100": (18, lambda s: s.meta.get("heat", 0) > 100),
    "heat -1 with quality 42": (2, lambda s: (s.meta.get("heat"), s.meta.get("quality")) == (-1, 42)),
    "quality missing": (2, lambda s: "quality" not in s.meta),
    "unpublished": (5, lambda s: s.meta["published"] is False),
    "video": (5, lambda s: s.meta["type"] == "video"),
    "originalUrl only": (3, lambda s: s.meta["type"] == "video" and "webUrl" not in s.meta),
    "HTML entity in excerpt": (6, lambda s: re.search(r"&(#\d+|[a-z]+);", s.meta["excerpt"])),
    "excerpt ends in a line end": (3, lambda s: s.meta["excerpt"].endswith("\r\n")),
    "excerpt cut short": (3, lambda s: s.meta["excerpt"].endswith("...")),
    "excerpt in outer spaces": (1, lambda s: s.meta["excerpt"] == f"  {s.meta['excerpt'].strip()}  "),
    "CRLF line ends": (3, lambda s: "\r\n" in s.raw and not re.search(r"(?<!\r)\n", s.raw)),
    "date with offset": (6, lambda s: re.search(r"^publishedDateTime: \S+[+-]\d\d:\d\d\s*$", s.raw, re.M)),
    "date without time": (1, lambda s: type(s.meta.get("publishedDateTime")) is date),
    "date only in the file name": (1, lambda s: "publishedDateTime" not in s.meta),
    "language stated": (4, lambda s: "locale" in s.meta or "lang" in s.meta),
    "AMP addresses": (7, lambda s: "ampWebUrl" in s.meta and "cdnAmpWebUrl" in s.meta),
    "no provider": (1, lambda s: "provider" not in s.meta),
    "no images": (1, lambda s: "images" not in s.meta),
    "related articles": (12, lambda s: s.meta.get("related")),
    "body": (9, lambda s: s.body),
    "body of five paragraphs or more": (1, lambda s: s.body.count("\n\n") >= 4),
    "unknown key": (1, lambda s: "featuredContent" in s.meta),
    "both quotes and a colon in title": (1, lambda s: {'"', "'", ":"} <= set(s.meta["title"])),
}


@pytest.mark.parametrize("trait", TRAITS)
def test_trait_is_shown_by_as_many_articles_as_intended(trait: str) -> None:
    expected, holds = TRAITS[trait]
    assert count(holds) == expected


def test_topics_and_outlets_are_few_enough_to_be_facets() -> None:
    topics = Counter(topic for s in seeds() for topic in s.meta["topics"])
    outlets = {s.meta["provider"]["domain"] for s in seeds() if "provider" in s.meta}
    assert 20 <= len(topics) <= 32
    assert topics["Facial Recognition"] == 11
    assert 12 <= len(outlets) <= 18


def test_main_article_is_the_natural_answer_to_facial_recognition_ban() -> None:
    words = re.compile(r"(?i)(?=.*\bfacial\b)(?=.*\brecognition\b)(?=.*\bban\b)")
    main = seed(MAIN_ARTICLE).meta
    story = [s for s in seeds() if "Facial Recognition" in s.meta["topics"]]
    assert words.match(main["excerpt"])
    assert [s.name for s in seeds() if words.match(s.meta["title"])] == [MAIN_ARTICLE]
    assert (main["heat"], main["quality"]) == (99, 89)
    assert all(s.meta["heat"] < 99 for s in story if s.name != MAIN_ARTICLE)
    outlets = [related["provider"]["domain"] for related in main["related"]]
    assert len(set(outlets) - {main["provider"]["domain"]}) == 3
    assert any("Detroit" in related["title"] for related in main["related"])


def test_some_hotter_articles_hold_only_part_of_those_words() -> None:
    hot = [s.meta["title"].lower() for s in seeds() if s.meta.get("heat", 0) > 99]
    assert [t for t in hot if re.search(r"\bban\b", t)]
    assert [t for t in hot if re.search(r"\brecognition\b", t)]
    assert not [t for t in hot if "facial" in t]
