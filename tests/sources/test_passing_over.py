"""Files of a directory that hold no article are passed over; files of news that are broken are broken."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import newsearch
from newsearch.sources.base import ReadingOptions
from newsearch.sources.registry import open_source

MENU = '<ul><li><a href="/a">About</a></li><li><a href="/b">Contact</a></li></ul>'
LONG = "<p>The council met on Monday to talk about the bridge, and it will meet again next week.</p>" * 6


def page(head: str = "", body: str = "<p>Some words.</p>") -> str:
    return f"<!DOCTYPE html><html><head><title>Gazette</title>{head}</head><body>{MENU}{body}</body></html>"


def write(directory: Path, name: str, content: str) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(content, encoding="utf-8")
    return directory / name


def report_of(directory: Path) -> newsearch.Report:
    write(directory, "good.md", "---\ntitle: Good\n---\n")
    return newsearch.build(directory, index=directory.parent / "index")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package.json", '{"name": "site", "description": "x", "scripts": {"build": "hugo"}}'),
        ("tsconfig.json", "{ // comments\n}"),
        ("settings.json", '{"editor.tabSize": 4, "theme": "dark"}'),
        ("schema.json", '{"$schema": "https://json-schema.org/draft", "title": "Page", "type": "object"}'),
        ("prices.json", '[{"id": 1, "price": 3}, {"id": 2, "price": 4}]'),
        ("names.json", '["Ann", "Bob"]'),
        ("number.json", "3"),
        ("places.json", '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}}]}'),
        ("rows.json", '{"data": [{"id": 1}], "total": 1}'),
        (
            "sitemap.xml",
            '<?xml version="1.0"?><urlset><url><loc>https://gazette.example/</loc></url></urlset>',
        ),
        ("sitemap_index.xml", "<sitemapindex><sitemap/></sitemapindex>"),
        ("logo.xml", "<svg/>"),
        ("list.xml", "<newsMessage><itemSet/></newsMessage>"),
        (
            "picture.xml",
            '<newsItem><itemMeta><itemClass qcode="ninat:picture"/></itemMeta><contentMeta>'
            "<headline>The bridge</headline></contentMeta></newsItem>",
        ),
        ("build.xml", "<!DOCTYPE project [<!ENTITY a 'b'>]><project/>"),
        ("feeds.xml", '<opml version="2.0"><body/></opml>'),
        ("about.html", page()),
        ("search.html", page('<meta property="og:type" content="website">')),
        ("shop.html", page('<meta property="og:type" content="product">', LONG)),
        ("tag.html", page('<script type="application/ld+json">{"@type": "CollectionPage"}</script>', LONG)),
    ],
)
def test_what_is_no_news_is_counted_and_breaks_nothing(tmp_path: Path, name: str, content: str) -> None:
    pytest.importorskip("selectolax")
    write(tmp_path / "site", name, content)
    report = report_of(tmp_path / "site")
    assert (report.broken, report.not_news, report.articles) == (0, 1, 1)
    assert report.incomplete == report.empty == ()
    [file] = report.passed_over
    assert file.location == str(tmp_path / "site" / name)
    assert file.reason


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("torn.json", '{"title": "A", "body": "The'),
        ("answer.json", '{"status": "error", "code": "apiKeyInvalid", "message": "no key"}'),
        ("untitled.json", '[{"title": ""}]'),
        ("lists.json", '{"a": [{"title": "x"}], "b": [{"title": "y"}]}'),
        ("feed.xml", "<!DOCTYPE html><html><body>502</body></html>"),
        ("empty.xml", ""),
        ("bomb.xml", "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss>&a;</rss>"),
        ("wire.xml", "<newsMessage><itemSet>"),
        ("deep.html", "<div>" * 9000),
        ("torn.md", "---\ntitle: x"),
    ],
)
def test_news_that_is_broken_stays_so(tmp_path: Path, name: str, content: str) -> None:
    pytest.importorskip("selectolax")
    write(tmp_path / "site", name, content)
    report = report_of(tmp_path / "site")
    assert (report.broken, report.not_news, report.articles) == (1, 0, 1)


@pytest.mark.parametrize(
    "head",
    [
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "x"}</script>',
        '<meta property="og:type" content="article">',
        '<meta property="article:published_time" content="2024-03-01">',
        '<meta name="date" content="2024-03-01">',
    ],
)
def test_a_page_is_an_article_if_something_in_it_says_so(tmp_path: Path, head: str) -> None:
    pytest.importorskip("selectolax")
    write(tmp_path / "site", "a.html", page(head))
    assert report_of(tmp_path / "site").articles == 2


@pytest.mark.parametrize("body", [LONG, "<article><p>Short.</p></article>"])
def test_a_page_is_an_article_by_its_body(tmp_path: Path, body: str) -> None:
    pytest.importorskip("selectolax")
    write(tmp_path / "site", "a.html", page(body=body))
    assert report_of(tmp_path / "site").articles == 2


def test_who_names_a_page_or_its_format_has_it_read(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    path = write(tmp_path / "site", "about.html", page())
    assert [type(result) for result in open_source(path).articles()] == [newsearch.Article]
    directory = open_source(path.parent, ReadingOptions("html"))
    assert [type(result) for result in directory.articles()] == [newsearch.Article]


def test_a_page_that_is_no_article_any_more_is_deleted(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    path = write(tmp_path / "site", "a.html", page(body=LONG))
    assert report_of(tmp_path / "site").articles == 2
    time.sleep(0.01)
    path.write_text(page())
    report = report_of(tmp_path / "site")
    assert (report.not_news, report.deleted, report.articles) == (1, 1, 1)


def test_a_file_that_breaks_deletes_none_of_its_articles(tmp_path: Path) -> None:
    site, index = tmp_path / "site", tmp_path / "index"
    news = write(site, "news.json", json.dumps([{"title": "One", "id": 1}, {"title": "Two", "id": 2}]))
    other = write(site, "other.json", json.dumps([{"title": "Three", "id": 3}]))
    assert newsearch.build(site, index=index).articles == 3
    news.write_text("[{")
    other.write_text(json.dumps([{"title": "Four", "id": 4}]))
    for _ in range(2):
        report = newsearch.build(site, index=index)
        assert (report.broken, report.deleted, report.articles) == (1, 0, 4)
    news.write_text(json.dumps([{"title": "One", "id": 1}]))
    report = newsearch.build(site, index=index)
    assert (report.broken, report.deleted, report.articles) == (0, 2, 2)


_COMPRESSED = (
    "a.jsonl.zst",
    "a.json.bz2",
    "A.XML.XZ",
    "a.md.gz",
    "a.html.gz",
    "2024.warc.zst",
    "caf\xe9.md.xz",
)
_ARCHIVES = "2019.zip", "a.TAR", "a.tgz", "a.tar.gz", "a.md.tar.xz", "news.7z", "a.rar"


@pytest.mark.parametrize(
    ("name", "advice", "alone"),
    [
        *((name, "decompress it", "compress") for name in _COMPRESSED),
        *((name, "unpack it", "unpack it") for name in _ARCHIVES),
    ],
)
def test_news_packed_in_a_way_that_is_not_read_is_passed_over_by_name(
    tmp_path: Path, name: str, advice: str, alone: str
) -> None:
    write(tmp_path / "news", name, "(")
    report = report_of(tmp_path / "news")
    assert (report.read, report.broken, report.not_news) == (1, 0, 1)
    assert [error.location for error in report.passed_over] == [str(tmp_path / "news" / name)]
    assert advice in report.passed_over[0].reason
    again = newsearch.build(tmp_path / "news", index=tmp_path / "index")
    assert (again.unchanged, again.not_news) == (1, 1)
    with pytest.raises(newsearch.SourceError, match=alone):
        newsearch.build(tmp_path / "news" / name, index=tmp_path / "other")


@pytest.mark.parametrize("name", ["base.sql.zst", "photo.jpg.bz2", "a.zst", ".hidden.md.gz", ".a.zip"])
def test_other_compressed_files_are_not_counted(tmp_path: Path, name: str) -> None:
    write(tmp_path / "news", name, "(")
    assert report_of(tmp_path / "news").not_news == 0
