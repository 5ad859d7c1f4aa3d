"""The command on a real collection."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_collection import Command

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real collections are not beside this checkout")


@pytest.fixture
def site(run: Command) -> None:
    """An index of a whole site in ./index."""
    result = run("index", DATA / "smartable" / "articles", "--workers", "1")
    assert result.code == 0
    assert "indexed 192 articles" in result.out


@pytest.mark.usefixtures("site")
def test_a_site_is_indexed_whole_and_its_published_articles_are_found(run: Command) -> None:
    assert json.loads(run("stats", "--format", "json").out)["unpublished"] == 60
    query = ("query", "--limit", "1000", "--format", "jsonl")
    assert len(run(*query).out.splitlines()) == 132
    assert len(run(*query, "--unpublished").out.splitlines()) == 192


@pytest.mark.usefixtures("site")
def test_what_holds_every_word_comes_first(run: Command) -> None:
    hits = [
        json.loads(line) for line in run("query", "power apps portals", "--format", "jsonl").out.splitlines()
    ]
    assert hits[0]["complete"]
    assert [hit["complete"] for hit in hits] == sorted((hit["complete"] for hit in hits), reverse=True)
    said = " ".join(str(hits[0].get(key)) for key in ("title", "excerpt", "topics")).lower()
    assert all(re.search(rf"\b{word}", said) for word in ("power", "app", "portal"))


@pytest.mark.usefixtures("site")
def test_an_article_among_others_is_found_by_its_title_excerpt_and_topics(run: Command) -> None:
    run("index", DATA / "seed", "--index", "alone")
    article = json.loads(run("query", "--format", "jsonl", "--index", "alone").out)
    run("index", DATA / "seed")
    for text in (article["title"], article["excerpt"], " ".join(article["topics"])):
        words = " ".join(re.findall(r"[A-Za-z]{4,}", text)[:6])
        assert run("query", words, "--limit", "1", "--format", "urls").out == f"{article['url']}\n", words
