"""No file takes more time than its length accounts for. An alarm, not a clock, tells what would take minutes."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hangs import no_hang

from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources.html_bounds import bounded
from newsearch.sources.registry import open_source

LONG = 1_000_000


def _beginning(page: object) -> str:
    """The name of an example, which would otherwise be the whole page."""
    return str(page)[:40]


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    with no_hang(30):
        yield


def read(path: Path, text: str) -> list[Article | SourceError]:
    path.write_text(text, encoding="utf-8")
    return list(open_source(path).articles())


def article(path: Path, text: str) -> Article:
    [found] = read(path, text)
    assert isinstance(found, Article)
    return found


def of_json(path: Path, record: Any) -> Article:
    return article(path / "x.json", json.dumps(record))


@pytest.mark.parametrize(
    "value",
    ["&x y" + " " * 200_000 + "z", "*x* y" + " " * 200_000 + "z", "!x y" + " " * 200_000 + "z"],
    ids=_beginning,
)
def test_space_in_a_value_with_a_sign_of_yaml(tmp_path: Path, value: str) -> None:
    found = article(tmp_path / "x.md", f"---\ntitle: t\ncategory: {value}\n---\n")
    assert found.category == " ".join(value.split())


def test_space_before_a_value_that_is_no_yaml(tmp_path: Path) -> None:
    [error] = read(tmp_path / "x.md", f"---\ntitle: t\nb: a: {' ' * 200_000}b\n---\n")
    assert "line 3: a value that contains ': ' needs quotation marks" in str(error)
    [error] = read(tmp_path / "x.md", f"---\ntitle: t\nb: {' ' * 200_000}@\n---\n")
    assert "line 3: a value that begins with @ needs quotation marks" in str(error)


@pytest.mark.parametrize("piece", ["/", "a/", "|", "a|"])
def test_an_author_in_the_brackets_of_a_wiki(tmp_path: Path, piece: str) -> None:
    assert of_json(tmp_path, {"title": "t", "authors": ["[[" + piece * LONG + "x"]}).authors
    assert of_json(tmp_path, {"title": "t", "authors": ["[[" + piece * 9 + "Ann Lee]]"]}).authors == (
        "Ann Lee",
    )


def test_an_author_with_an_at_sign(tmp_path: Path) -> None:
    name = "x" * LONG
    assert of_json(tmp_path, {"title": "t", "authors": [f"{name} @"]}).authors == (f"{name} @",)


def test_space_before_the_count_of_newsapi(tmp_path: Path) -> None:
    record = {"title": "t", "url": "https://x.org/1", "publishedAt": "2020-01-01T00:00:00Z"}
    space = " " * LONG
    assert of_json(tmp_path, {**record, "content": f"a{space}b"}).body == "a b"
    assert of_json(tmp_path, {**record, "content": f"a{space}… {space}[+12 chars] "}).body == "a…"
    assert of_json(tmp_path, {**record, "content": f"a...{space}[12 chars]"}).body == "a…"


def test_tags_of_nitf_without_end_in_ninjs(tmp_path: Path) -> None:
    record = {
        "uri": "x",
        "type": "text",
        "versioncreated": "2020-01-01T00:00:00Z",
        "headlines": [{"value": "t"}],
    }

    def body(text: str) -> str:
        return of_json(tmp_path, {**record, "bodies": [{"value": text}]}).body

    unended = "<body.content>" * (LONG // 10)
    assert body(unended) == unended
    assert body("<nitf><body.content id='1'><p>a</p></body.content></nitf>") == "a"


@pytest.mark.parametrize("piece", ["\\\\", "\\", "\\u00"])
def test_escapes_before_the_end_of_a_line_that_is_cut_off(tmp_path: Path, piece: str) -> None:
    [error] = read(tmp_path / "x.jsonl", '{"title": "t' + piece * LONG)
    assert isinstance(error, SourceError)
    assert error.reason == "ends in the middle of an article"
    [error] = read(tmp_path / "x.jsonl", '{"title": "t' + piece * LONG + "x")
    assert isinstance(error, SourceError)


@pytest.mark.parametrize("piece", ["<![CDATA[", "<!--"])
def test_what_hides_text_without_end_in_a_feed(tmp_path: Path, piece: str) -> None:
    feed = f"<rss><channel><item><title>t</title><description>{piece * (LONG // 5)}"
    assert read(tmp_path / "x.rss", feed)
    assert read(tmp_path / "x.rss", f"{feed}</description></item></channel></rss>")


@pytest.mark.parametrize("name", ["punycode", "Punycode", "unicode_escape", "raw-unicode-escape"])
def test_an_encoding_that_is_none_of_texts_counts_as_unknown(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.rss"
    feed = "<rss><channel><item><title>caf\xe9 \\u0041</title><description>-%s</description></item></channel></rss>"
    text = f'<?xml version="1.0" encoding="{name}"?>' + feed % ("a" * LONG)
    path.write_bytes(text.encode("windows-1252"))
    [found] = open_source(path).articles()
    assert isinstance(found, Article)
    assert found.title == "caf\xe9 \\u0041"


def test_depth_is_counted_after_what_hides_nothing(tmp_path: Path) -> None:
    for start in ("<![CDATA[", "<!--"):
        with pytest.raises(SourceError, match="nested deeper than 200 levels"):
            read(tmp_path / "x.rss", f"<rss>{start}{'<b>' * 300}</rss>")


SCRIPTS = {
    "numbers": "[" + "0," * LONG + "0]",
    # Each is looked at in Python: so many take a second, and would take an hour if each looked at all others.
    "objects": "[" + "{}," * (LONG // 5) + "{}]",
    "quotation marks": '"' + '\\"' * LONG,
    "comments": "/* " * LONG,
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_of_a_page(tmp_path: Path, script: str) -> None:
    good = '{"@type": "NewsArticle", "headline": "t", "articleBody": "x"} // the end'
    texts = "".join(f'<script type="application/ld+json">{text}</script>' for text in (script, good))
    assert article(tmp_path / "x.html", f"<html><head>{texts}</head><body>").title == "t"


def test_the_first_object_of_a_script_is_the_first(tmp_path: Path) -> None:
    def thing(title: str, **more: Any) -> dict[str, Any]:
        return {"@type": "NewsArticle", "headline": title, **more}

    script = json.dumps([[], [{"@graph": [thing("a")], "mainEntity": thing("b")}], thing("c")])
    page = f'<script type="application/ld+json">{script}</script>'
    assert article(tmp_path / "x.html", page).title == "a"


def test_signs_of_tags_in_the_text_of_a_script(tmp_path: Path) -> None:
    text = "<" * LONG
    script = json.dumps({"@type": "NewsArticle", "headline": "t", "articleBody": text})
    page = f'<script type="application/ld+json">{script}</script><p>a</p>'
    assert article(tmp_path / "x.html", page).body == text


@pytest.mark.parametrize("line", [b"a: b\r\n", b" b\r\n", b"x"])
@pytest.mark.parametrize(
    "before", [b"", b"Content-Type: application/http\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n"]
)
def test_headers_without_end_in_a_crawl(tmp_path: Path, before: bytes, line: bytes) -> None:
    pytest.importorskip("warcio", reason="needs newsearch[web-archives]")
    start = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x.org/\r\n"
    path = tmp_path / "x.warc.gz"
    path.write_bytes(
        gzip.compress(start + before.replace(b": 5", b": 5000000") + b"a: b\r\n" + line * 3 * LONG)
    )
    [error] = open_source(path).articles()
    assert isinstance(error, SourceError)
    assert "a broken record" in error.reason


def feed(item: str) -> str:
    return (
        '<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>G</title>'
        f"<item><title>t</title>{item}</item></channel></rss>"
    )


@pytest.mark.parametrize("signs", ["a", "-", "a.", "a@"])
@pytest.mark.parametrize("name", ["author", "itunes:author"])
def test_an_endless_author_of_a_feed(tmp_path: Path, name: str, signs: str) -> None:
    pytest.importorskip("feedparser", reason="needs newsearch[feeds]")
    assert article(tmp_path / "x.rss", feed(f"<{name}>{signs * 200_000}</{name}>")).authors
    assert article(tmp_path / "x.rss", feed(f"<{name}>a@b.org (Ann Lee)</{name}>")).authors == ("Ann Lee",)


def test_topics_of_a_feed_without_number(tmp_path: Path) -> None:
    pytest.importorskip("feedparser", reason="needs newsearch[feeds]")
    many = "".join(f"<category>topic {number}</category>" for number in range(50_000))
    assert len(article(tmp_path / "x.rss", feed(many)).topics) == 1000
    keywords = ",".join(f"topic {number}" for number in range(50_000))
    assert (
        len(article(tmp_path / "x.rss", feed(f"<itunes:keywords>{keywords}</itunes:keywords>")).topics)
        == 1000
    )


def test_attributes_of_a_feed_without_number(tmp_path: Path) -> None:
    pytest.importorskip("feedparser", reason="needs newsearch[feeds]")
    attributes = " ".join(f'a{number}="1"' for number in range(50_000))
    with pytest.raises(SourceError, match="an element with more than 1,000 attributes"):
        read(tmp_path / "x.rss", feed(f"<guid {attributes}>x</guid>"))
    assert article(tmp_path / "x.rss", feed(f"<guid {attributes[:5000]}>x</guid>")).title == "t"


# Pages that are short, and take the parser or the search for their text far too long

START = "<html><head><title>Bridge reopens</title></head><body><article>"
PARAGRAPH = "<p>Traffic has been flowing again since early in the morning, in both directions.</p>"
TEXT = "Traffic has been flowing again since early in the morning, in both directions."
NAMES = " ".join(f"a{number}" for number in range(300_000))
VALUES = " ".join(f"a{number}='>'" for number in range(300_000))


@pytest.mark.parametrize(
    "element",
    [
        f"<p {NAMES}>x</p>",
        f"<p {VALUES}>x</p>",
        f'<!-- <p a=" --><p {NAMES} b="">',
        f"<!-- <p a=' --><p {NAMES} b='\"'>",
        f"<script><p a='</script><p {NAMES} b='\"'>",
    ],
    ids=["names", "values", "behind a comment", "behind another", "behind a script"],
)
def test_an_element_of_a_page_with_attributes_without_number(tmp_path: Path, element: str) -> None:
    [error] = read(tmp_path / "x.html", f"{START}{PARAGRAPH}{element}")
    assert str(error).endswith("x.html: an element with more than 1,000 attributes")


@pytest.mark.parametrize(
    "start", ["<a ", "<a b='>", "<a b=\"<c d='", "<a b='<c ", "<a =", "<b a", "<option a", "<a b=c/"]
)
def test_tags_of_a_page_without_end(tmp_path: Path, start: str) -> None:
    assert read(tmp_path / "x.html", START + PARAGRAPH + start * (LONG // len(start)))
    assert read(tmp_path / "x.html", f"{START}{PARAGRAPH}{start * (LONG // 10)}='>{'x' * LONG}")


def test_what_looks_like_many_attributes_is_none(tmp_path: Path) -> None:
    words = " ".join(f"word{number}" for number in range(50_000))
    code = "".join(f"if (i<n{number}) {{ f(i, 'it'); }}\n" for number in range(500))
    page = f'{START}<div data-state=\'{{"text": "{words}"}}\' title="{words}">{PARAGRAPH}</div><script>{code}</script>'
    assert article(tmp_path / "x.html", page).body == TEXT
    few = " ".join(f"a{number}=1" for number in range(990))
    assert article(tmp_path / "x.html", f"{START}<p {few}>{PARAGRAPH}").body == TEXT


@pytest.mark.parametrize("option", ["<option>x", "<OPTION value=x>x</OPTION>", "<optgroup><option>x"])
def test_options_of_a_page_without_number(tmp_path: Path, option: str) -> None:
    page = f"{START}{PARAGRAPH}<select>{option * (2 * LONG // len(option))}</select></article>"
    assert article(tmp_path / "x.html", page).body == TEXT


def test_styles_of_a_page_that_never_end(tmp_path: Path) -> None:
    styles = "".join(f"<b a={number}>" for number in range(2000))
    page = f"{START}{PARAGRAPH}<p>{styles}</p>" + "<p>Bri<i>dge</i>s reopen.</p>" * 20_000
    found = article(tmp_path / "x.html", page)
    assert found.body.splitlines()[:3] == [TEXT, "", "Bridges reopen."]
    assert not re.search("<(?:b|i)[ >]", bounded(f"{page}<<b>b>"))
    # Few at a time change nothing, however many there are.
    usual = f"{START}{'<p><b>a</b> <i class=x>b</i></p>' * 20_000}"
    assert bounded(usual) == usual


@pytest.mark.parametrize(
    "page",
    [
        "<blockquote>" * 300 + "<a>x</a>" * (LONG // 8),
        "<div>" * 380 + "<a>x</a>" * (LONG // 8),
        "<div class='sidebar x'>" * 380 + "<p>x" * (LONG // 4),
        "<div itemprop=author>" * 2000 + "x" * LONG,
        "<div class=author-name>" * 2000 + "x" * LONG,
        "<div itemprop=articleBody>" * 2000 + "x " * (LONG // 2),
        "<h1><div>" * 2000 + "x " * (LONG // 2),
        "<div><span>" * 2000 + "x " * (LONG // 2),
        "<div class=comments>" + PARAGRAPH * (LONG // len(PARAGRAPH)),
    ],
    ids=_beginning,
)
def test_the_text_of_a_page_is_sought_for_a_limited_time(tmp_path: Path, page: str) -> None:
    with no_hang(10):
        assert article(tmp_path / "x.html", START + page).title


def test_comments_on_a_page_are_left_out_however_many_they_are(tmp_path: Path) -> None:
    comments = f"<div class=comments>{'<p>A comment that is long enough to be a paragraph.</p>' * 4000}</div>"
    body = article(tmp_path / "x.html", f"{START}{comments}{PARAGRAPH * 8000}").body
    assert ("comment" in body, body.count(TEXT)) == (False, 8000)


def test_a_page_with_many_tags_at_a_great_depth(tmp_path: Path) -> None:
    [error] = read(tmp_path / "x.html", START + "<span>" * 4000 + "</p>" * 250_000)
    assert "nested as deep as 4," in str(error)
