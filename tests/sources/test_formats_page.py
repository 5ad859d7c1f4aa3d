"""docs/formats.md: its examples are read as the page says, and its names are the real ones."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from newsearch.articles.article import Article
from newsearch.sources import html_bounds
from newsearch.sources.formats import BY_SUFFIX, FORMATS, format_names
from newsearch.sources.front_matter import MAX_SIZE
from newsearch.sources.json_document import MAX_BROKEN, WHOLE
from newsearch.sources.registry import open_source
from newsearch.sources.xml_document import MAX_SIZE as MAX_XML
from newsearch.sources.xml_tree import MAX_DEPTH, MAX_ELEMENTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^(?:A |An )?([\w ]+?)(?: with TOML)?:\n\n```(\w+)\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL
)
SUFFIXES = {"markdown": "2024-03-01-a.md", "xml": "a.xml", "json": "a.json", "html": "a.html"}

JANE = ("Jane Doe",)
UTC = dt.UTC
EXPECTED = {
    "Jekyll post": (
        "Ferry strike ends",
        dt.datetime(2024, 3, 2, 6, 30, tzinfo=UTC),
        JANE,
        ("ferries", "harbour"),
        True,
    ),
    "Hugo or Zola": ("Bridge reopens", dt.date(2024, 3, 1), (), ("traffic",), False),
    "clip of Obsidian": ("Storm hits coast", dt.date(2024, 5, 6), JANE, ("clippings",), True),
    "RSS": ("Bridge reopens", dt.datetime(2024, 3, 1, 7, tzinfo=UTC), JANE, ("traffic",), True),
    "JSON Feed": ("Bridge reopens", dt.datetime(2024, 3, 1, 7, tzinfo=UTC), JANE, ("traffic",), True),
    "NewsAPI": ("Bridge reopens", dt.datetime(2024, 3, 1, 7, tzinfo=UTC), JANE, (), True),
    "ninjs": ("Bridge reopens", dt.datetime(2024, 3, 1, 7, tzinfo=UTC), JANE, ("traffic",), False),
    "NITF": ("Bridge reopens", dt.datetime(2024, 3, 1, 7, tzinfo=UTC), JANE, (), True),
    "web page": ("Bridge reopens", dt.datetime(2024, 3, 1, 7, tzinfo=UTC), JANE, (), True),
}


@pytest.mark.parametrize(("name", "kind", "text"), EXAMPLES, ids=[name for name, _, _ in EXAMPLES])
def test_each_example_is_read_as_it_says(tmp_path: Path, name: str, kind: str, text: str) -> None:
    if name == "RSS":
        pytest.importorskip("feedparser", reason="needs newsearch[feeds]")
    if kind == "html":
        pytest.importorskip("selectolax", reason="needs newsearch[pages]")
    path = tmp_path / SUFFIXES[kind]
    path.write_text(text, encoding="utf-8")
    [article] = open_source(path).articles()
    assert isinstance(article, Article), article
    title, date, authors, topics, published = EXPECTED[name]
    assert (article.title, article.date, article.authors) == (title, date, authors)
    assert (article.topics, article.published) == (topics, published)
    assert "again" in article.body + article.excerpt or "Waves" in article.body


def test_every_format_has_an_example_or_a_row() -> None:
    assert {name for name, _, _ in EXAMPLES} == EXPECTED.keys()
    assert all(f"`{name}`" in PAGE for name in format_names())
    assert all(f"`{suffix}`" in PAGE for suffix in BY_SUFFIX)
    assert len(FORMATS) == len(re.findall(r"^\| `[\w-]+` \|", PAGE, re.MULTILINE))


def test_the_bounds_are_the_real_ones() -> None:
    assert f"{MAX_SIZE >> 10} KiB" in PAGE
    assert f"{MAX_XML // 1_000_000} MB, {MAX_DEPTH} levels, a million" in PAGE
    assert MAX_ELEMENTS == 1_000_000
    assert (
        f"{html_bounds.MAX_DEPTH:,} levels, or fewer if the levels times the tags exceed 100 million" in PAGE
    )
    assert html_bounds.MAX_STEPS == 100_000_000
    assert f"{html_bounds.MAX_ATTRIBUTES:,} attributes of an element. If it" in PAGE
    assert f"more than {html_bounds.MAX_OPTIONS:,} options" in PAGE
    assert f"from {WHOLE // 1_000_000} MB on" in PAGE
    assert f"after {MAX_BROKEN:,} records" in PAGE
