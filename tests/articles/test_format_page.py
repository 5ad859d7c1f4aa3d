"""docs/article-format.md names every key that is read, and says what happens to a value that cannot be used."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from documents import blocks, text

from newsearch.articles.article import Article, article_to_mapping
from newsearch.articles.reading import article_from_record
from newsearch.errors import SourceError

ROWS = re.findall(
    r"^\| (`.+?) \| (.*?) ?\| (.*?) ?\| (.*?) ?\|$", text("docs/article-format.md"), re.MULTILINE
)
KEYS = [(key, fate) for keys, _, _, fate in ROWS for key in re.findall(r"`(\w+)`", keys)]
NAMES = [name for keys, others, _, _ in ROWS for name in re.findall(r"`(\w+)`", keys + others)]

A_LIST = [{"no": "name"}]
UNUSABLE: dict[str, Any] = {"published": "perhaps", "locale": "not a tag", "images": ["no address"]}


def read(record: object) -> Article:
    return article_from_record(record, "page:", "page", 1)


@pytest.mark.parametrize("key", sorted(set(NAMES) - {"title", "text", "unusable"}))
def test_a_key_on_the_page_is_read_and_not_kept_as_a_stranger(key: str) -> None:
    assert read({"title": "Bridge reopens", key: "", "stranger": ""}).extra == {"stranger": ""}


def test_every_key_that_an_article_is_written_with_is_on_the_page() -> None:
    article = read(json.loads(blocks("docs/article-format.md", "json")[1]))
    assert set(article_to_mapping(article)) <= set(NAMES)
    assert article.extra == {}


@pytest.mark.parametrize(("key", "fate"), [row for row in KEYS if row[1]])
def test_a_value_that_cannot_be_used_meets_the_fate_on_the_page(key: str, fate: str) -> None:
    record = {"title": "Bridge reopens", key: UNUSABLE.get(key, A_LIST)}
    if fate.startswith("is an error"):
        with pytest.raises(SourceError, match=key):
            read(record)
        return
    extra = read(record).extra
    assert (key in extra.get("unusable", {})) == fate.startswith("is set aside")
    assert fate.startswith("is set aside") or extra == {}


def test_an_article_is_read_back_as_it_was_written() -> None:
    for record in blocks("docs/article-format.md", "json"):
        article = read(json.loads(record))
        assert read(article_to_mapping(article)) == article
