"""Containers: which format a file has, what is broken in it, and what may mean harm."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources import json_document
from newsearch.sources.base import ReadingOptions
from newsearch.sources.explaining import explained
from newsearch.sources.opml import subscriptions
from newsearch.sources.registry import open_source

needs_feeds = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("feedparser"), reason="needs newsearch[feeds]"
)
needs_pages = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("selectolax"), reason="needs newsearch[pages]"
)
needs_crawls = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("warcio"), reason="needs newsearch[web-archives]"
)

PAGE = """<html lang="en"><head><title>{title}</title></head><body><article><h1>{title}</h1>
<p>The council met on Monday to talk about the bridge, and will meet again.</p>
<p>It asks who is to pay for the works, which took longer than anybody thought, and what became of the old ferry.</p>
</article></body></html>"""
NITF = """<nitf><body><body.head><hedline><hl1>{title}</hl1></hedline></body.head>
<body.content><p>Text.</p></body.content></body></nitf>"""


def rss(*items: str, more: str = "") -> str:
    return f'<rss version="2.0"><channel><title>Gazette</title>{more}{"".join(items)}</channel></rss>'


def item(title: str, more: str = "") -> str:
    return f"<item><title>{title}</title>{more}</item>"


def shown(path: Path, **options: Any) -> list[str]:
    """Each result in a few words; the error of a source that cannot be read at all comes last."""
    results: list[str] = []
    try:
        for result in open_source(path, ReadingOptions(**options)).articles():
            results.append(result.title if isinstance(result, Article) else result.reason)
    except SourceError as error:
        results.append(error.reason)
    return results


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@needs_feeds
@needs_pages
def test_a_directory_may_mix_formats(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "---\ntitle: Markdown\n---\n")
    write(tmp_path / "b" / "feed.xml", rss(item("Feed 1"), item("Feed 2")))
    write(tmp_path / "c.jsonl", '{"title": "Line"}\n{"title": \n')
    write(tmp_path / "d.html", PAGE.format(title="Page"))
    write(tmp_path / "e.json.gz", gzip.compress(b'[{"title": "Packed"}]'))
    write(tmp_path / "f.nitf", NITF.format(title="Wire"))
    write(tmp_path / "style.css", "p {}")
    assert shown(tmp_path) == [
        "Markdown",
        "Page",
        "Feed 1",
        "Feed 2",
        "Line",
        "not JSON at column 10",
        "Packed",
        "Wire",
    ]


@needs_feeds
def test_what_a_file_gave_goes_with_it(tmp_path: Path) -> None:
    news, index = tmp_path / "news", tmp_path / "index"
    write(news / "a.md", "---\ntitle: Stays\n---\n")
    feed = write(news / "feed.xml", rss(item("Goes", "<guid>7</guid>")))
    assert newsearch.build(news, index=index).articles == 2
    feed.unlink()
    assert newsearch.build(news, index=index).deleted == 1


@pytest.mark.parametrize(
    ("name", "content", "titles"),
    [
        ("lines.json", '{"title": "one"}\n{"title": "two"}\n', ["one", "two"]),
        ("list.jsonl", '[{"title": "one"},\n{"title": "two"}]\n', ["one", "two"]),
        ("pretty.jsonl", '{\n "title": "one"\n}\n', ["one"]),
        ("noname", '[{"title": "one"}]', ["one"]),
        ("page", "---\ntitle: one\n---\n", ["one"]),
        ("wire", NITF.format(title="one"), ["one"]),
    ],
)
def test_first_bytes_tell_what_a_name_does_not(
    tmp_path: Path, name: str, content: str, titles: list[str]
) -> None:
    assert shown(write(tmp_path / name, content)) == titles


def test_a_format_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path / "dump", '{"headline": {"main": "Not ours"}, "web_url": "https://nyt.example/1"}')
    assert shown(path, format="nyt") == ["Not ours"]
    assert shown(write(tmp_path / "a.dump", "---\ntitle: one\n---\n"), format="markdown") == ["one"]


@pytest.mark.parametrize(
    ("document", "titles"),
    [
        ({"title": "Gazette", "items": [{"title": "one"}]}, ["one"]),
        ({"articles": [{"title": "one"}, {"title": "two"}]}, ["one", "two"]),
        ({"articles": []}, []),
        (
            {"response": {"docs": [{"headline": {"main": "one"}, "web_url": "u", "pub_date": "2020-01-01"}]}},
            ["one"],
        ),
        ({"odd": [{"title": "one"}], "other": [1]}, ["one"]),
        ({"title": "one", "body": "An article.", "items": [{"title": "no"}]}, ["one"]),
        ({"status": "error", "message": "no key"}, ["not articles but a service's error: no key"]),
        ({"name": "package", "version": "1"}, ["no article in it"]),
        ({"a": [{"title": 1}], "b": [{"title": 2}]}, ["no article in it; there are lists under 'a', 'b'"]),
    ],
)
def test_the_articles_of_a_document_are_found(tmp_path: Path, document: Any, titles: list[str]) -> None:
    assert shown(write(tmp_path / "a.json", json.dumps(document, indent=1))) == titles


@pytest.mark.parametrize("key", ["value", "articles", ""])
def test_a_long_document_is_read_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    records = [{"title": f"é {n}", "body": "x" * 100} for n in range(50)]
    document = {"status": "ok", key: records, "last": 1} if key else records
    path = write(tmp_path / "a.json", json.dumps(document, ensure_ascii=False))
    whole = list(open_source(path).articles())
    monkeypatch.setattr(json_document, "WHOLE", 101)
    assert list(open_source(path).articles()) == whole
    assert len(whole) == 50
    write(path, json.dumps(document, ensure_ascii=False)[:-3000])
    *titles, error = shown(path)
    assert titles[0] == "é 0"
    assert error.startswith(("ends in the middle", "not JSON"))


def test_a_document_without_articles_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_document, "MAX_BROKEN", 10)
    path = write(tmp_path / "bomb.json.gz", gzip.compress(b"[" + b"[]," * 4_000_000 + b"[]]"))
    results = shown(path)
    assert len(results) == 11
    assert results[-1] == "none of the first 10 records is an article"


def test_integers_keep_their_digits(tmp_path: Path) -> None:
    number = "123456789012345678901234567890"
    for name in ("a.json", "a.jsonl"):
        path = write(tmp_path / name, f'{{"id": {number}, "title": "big", "ref": {number}}}\n')
        [article] = open_source(path).articles()
        assert isinstance(article, Article)
        assert (article.id, article.extra) == (number, {"ref": int(number)})


@needs_feeds
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"/>', "defines entities of its own"),
        (
            '<!DOCTYPE nitf [<!ENTITY x SYSTEM "file:///etc/passwd">]><nitf>&x;</nitf>',
            "defines entities of its own",
        ),
        ("<nitf>" + "<a>" * 500 + "</a>" * 500 + "</nitf>", "nested deeper than 200 levels"),
        (rss("<item>" + "<a>" * 500 + "</a>" * 500 + "</item>"), "nested deeper than 200 levels"),
        ("<!DOCTYPE html><html><body>502</body></html>", "an HTML page where XML was expected"),
        ("<svg/>", "XML of <svg>, which newsearch does not read"),
        ("", "not XML"),
        ("<nitf><body>", "not well-formed at line 1"),
    ],
)
def test_xml_that_is_harmful_or_another_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    [said] = shown(write(tmp_path / "a.xml", content))
    assert said.startswith(reason)


@needs_feeds
@pytest.mark.parametrize("opening", ["<![CDATA[", "<!--"])
def test_sections_without_an_end_are_read_once(tmp_path: Path, opening: str) -> None:
    # To look for the end of each would take minutes.
    endless = opening * 50_000
    feed = rss(item("A & B", "</item><item>")).replace("</channel></rss>", endless)
    shown(write(tmp_path / "a.rss", feed))
    [said] = shown(write(tmp_path / "a.xml", f"<nitf>& {endless}"))
    assert said.startswith("not well-formed at line 1")


@needs_feeds
def test_elements_are_counted_beside_sections(tmp_path: Path) -> None:
    deep = "<a>" * 150 + "<!-- <a> --><![CDATA[<a>]]><b/>" + "<a>" * 60
    assert shown(write(tmp_path / "a.rss", rss(item("One", deep)))) == ["nested deeper than 200 levels"]
    flat = "<!-- <a> --><![CDATA[<a>]]><b/>" * 300
    assert shown(write(tmp_path / "b.rss", rss(item("One", flat)))) == ["One"]
    hidden = "<!-- <a> " + "<a>" * 250
    assert shown(write(tmp_path / "c.rss", rss(item("One", hidden)))) == ["nested deeper than 200 levels"]


@needs_feeds
def test_hostile_entries_of_a_feed_become_clean(tmp_path: Path) -> None:
    link = "<link>javascript:alert(1)</link><guid isPermaLink='false'>7</guid>"
    title = "&lt;b&gt;Bold&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;\x00one"
    [article] = open_source(write(tmp_path / "a.rss", rss(item(title, link)))).articles()
    assert isinstance(article, Article)
    assert (article.title, article.url) == ("Bold one", None)


@needs_feeds
@pytest.mark.parametrize(
    ("declared", "written"),
    [("utf-8", "latin-1"), ("iso-8859-1", "utf-8"), ("utf-16", "utf-8"), ("windows-1252", "cp1252")],
)
def test_a_wrong_encoding_is_seen_through(tmp_path: Path, declared: str, written: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>{rss(item("Café"))}'
    assert shown(write(tmp_path / "a.rss", text.encode(written))) == ["Café"]


@needs_feeds
@pytest.mark.parametrize("declaration", ['<?xml version="1.0" encoding="utf-8"?>', ""])
def test_a_character_that_is_cut_in_two_leaves_the_others(tmp_path: Path, declaration: str) -> None:
    text = (declaration + rss(item("Café à Zürich"), item("Coupé|"))).encode()
    assert shown(write(tmp_path / "a.rss", text.replace("é|".encode(), b"\xc3"))) == [
        "Café à Zürich",
        "Coup\ufffd",
    ]


@needs_pages
@pytest.mark.parametrize("declaration", ["", '<meta charset="utf-8">'])
def test_a_page_that_is_not_in_utf_8_is_read_as_browsers_read_it(tmp_path: Path, declaration: str) -> None:
    text = PAGE.format(title="Café “Zürich”").replace("<head>", f"<head>{declaration}")
    [article] = open_source(write(tmp_path / "a.html", text.encode("windows-1252"))).articles()
    assert isinstance(article, Article)
    assert article.title == "Café “Zürich”"


@needs_feeds
def test_one_id_survives_reordering_and_tracking(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    index = tmp_path / "index"
    one = item("One", "<link>https://gazette.example/1?utm_source=rss</link>")
    two = item("Two", "<guid isPermaLink='false'>2</guid><link>https://gazette.example/2</link>")
    three = item("Three", "<description>Without any.</description>")
    site = "<link>https://gazette.example/</link>"
    write(path, rss(one, two, three, more=site))
    ids = [a.id for a in open_source(path).articles() if isinstance(a, Article)]
    assert ids[:2] == ["https://gazette.example/1", "gazette.example#2"]
    newsearch.build(path, index=index)
    write(path, rss(three, two, one.replace("utm_source=rss", "utm_source=atom"), more=site))
    report = newsearch.build(path, index=index)
    assert (report.added, report.deleted) == (0, 0)


@needs_pages
def test_pages_keep_their_text_alone(tmp_path: Path) -> None:
    menu = "<nav><p>A menu that is longer than any of the paragraphs of this page.</p></nav>"
    more = '<div class="related-posts"><p>Another article, about something else, and rather long as well.</p></div>'
    text = PAGE.format(title="Bridge reopens").replace("<article>", f"{menu}<article>")
    text = text.replace("</article>", f"{more}</article>")
    [article] = open_source(write(tmp_path / "a.html", text)).articles()
    assert isinstance(article, Article)
    assert "council met on Monday" in article.body
    assert "menu" not in article.body
    assert "Another article" not in article.body
    assert shown(write(tmp_path / "deep.html", "<div>" * 9000)) == ["nested deeper than 5,000 levels"]


def crawl(*pages: tuple[str, str, bytes, str]) -> list[bytes]:
    """The records of a crawl, each packed by itself."""
    records = []
    for url, status, body, kind in pages:
        http = f"HTTP/1.0 {status}\r\nContent-Type: {kind}\r\n\r\n".encode() + body
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
        )
        records.append(gzip.compress(head.encode() + http + b"\r\n\r\n"))
    return records


@needs_crawls
def test_a_crawl_gives_its_pages_and_passes_over_what_is_broken(tmp_path: Path) -> None:
    html = [PAGE.format(title=f"Page {n}").encode() for n in range(4)]
    records = crawl(
        ("https://a.example/0", "200 OK", html[0], "text/html"),
        ("https://a.example/gone", "404 Not Found", html[1], "text/html"),
        ("https://a.example/1", "200 OK", html[1], "text/html; charset=utf-8"),
        ("https://a.example/robots.txt", "200 OK", b"no", "text/plain"),
        ("https://a.example/2", "200 OK", html[2], "text/html"),
        ("https://a.example/3", "200 OK", html[3], "text/html"),
    )
    path = write(tmp_path / "a.warc.gz", b"".join(records))
    articles = [a for a in open_source(path).articles() if isinstance(a, Article)]
    assert [(a.title, a.id) for a in articles] == [(f"Page {n}", f"https://a.example/{n}") for n in range(4)]
    records[2] = records[2][:20] + b"\xff" * 60 + records[2][80:]
    write(path, b"".join(records))
    assert [title for title in shown(path) if title.startswith("Page")] == ["Page 0", "Page 2", "Page 3"]
    assert "a broken record; reading goes on with the next" in shown(path)
    write(path, b"".join(records[3:])[:-200])
    assert shown(path)[-1] in ("a record that is cut off", "ends in the middle of a record")


@needs_crawls
@needs_pages
def test_a_page_of_a_crawl_that_is_nested_too_deeply_is_broken_alone(tmp_path: Path) -> None:
    pages = [PAGE.format(title="Page 0").encode(), b"<div>" * 9000, PAGE.format(title="Page 2").encode()]
    records = crawl(
        *((f"https://a.example/{n}", "200 OK", page, "text/html") for n, page in enumerate(pages))
    )
    path = write(tmp_path / "a.warc.gz", b"".join(records))
    assert shown(path) == ["Page 0", "nested deeper than 5,000 levels", "Page 2"]
    report = newsearch.build(path, index=tmp_path / "index")
    assert (report.added, report.broken, report.incomplete) == (2, 1, ())
    assert report.errors[0].location == f"{path}:{len(records[0])}"


@pytest.mark.parametrize(
    ("package", "name", "content", "extra"),
    [
        ("feedparser", "a.rss", rss(item("x")), "feeds"),
        ("selectolax.lexbor", "a.html", PAGE, "pages"),
        ("warcio.recordloader", "a.warc", "WARC/1.0\r\n\r\n", "web-archives"),
    ],
)
def test_a_file_that_needs_an_extra_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str, content: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "newsearch.sources.html_tree", raising=False)
    [said] = shown(write(tmp_path / name, content))
    assert f"pip install 'newsearch[{extra}]'" in said


def test_a_list_of_feeds_is_read_with_its_folders() -> None:
    data = b"""<opml version="2.0"><body><outline text="News"><outline text="Gazette &amp; Co" type="rss"
        xmlUrl="https://gazette.example/feed?a=1&b=2" htmlUrl=""/></outline><outline xmlUrl="https://b.example/"/></body></opml>"""
    first, second = subscriptions(data, "x")
    assert first == ("Gazette & Co", "https://gazette.example/feed?a=1&b=2", "", ("News",))
    assert (second.title, second.folders) == ("https://b.example/", ())
    with pytest.raises(SourceError, match="no OPML"):
        subscriptions(b"<rss/>", "x")


def test_two_runs_of_standard_input_add_up(tmp_path: Path) -> None:
    from newsearch.sources.json_lines import JsonStream

    for title in ("Monday: bridge reopens", "Tuesday: ferry strike ends"):
        line = json.dumps({"title": title}).encode()
        report = newsearch.build(JsonStream(io.BytesIO(line)), index=tmp_path / "index")
        assert report.added == 1
    assert report.articles == 2


@pytest.mark.parametrize("name", ["a.md", "a.json", "a.xml", "a.html", "a.txt"])
@pytest.mark.parametrize("content", ["", " \n\t\n"])
def test_an_empty_file_is_called_empty(tmp_path: Path, name: str, content: str) -> None:
    pytest.importorskip("selectolax", reason="needs the extra pages")
    assert "the file is empty" in shown(write(tmp_path / name, content))[0]


@pytest.mark.parametrize("name", ["page", "page.txt", "page.php", "page.html.gz"])
def test_a_page_is_known_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    pytest.importorskip("selectolax", reason="needs the extra pages")
    page = b"<!DOCTYPE html><title>Bridge reopens</title><article><p>Traffic flows again.</p></article>"
    path = tmp_path / name
    path.write_bytes(gzip.compress(page) if name.endswith(".gz") else page)
    report = newsearch.build(path, index=tmp_path / "index")
    assert (report.added, report.broken) == (1, 0)


def test_compressed_markdown_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.md.gz"
    path.write_bytes(gzip.compress(b"---\ntitle: Bridge\n---\n"))
    report = newsearch.build(path, index=tmp_path / "index")
    assert [error.reason for error in report.errors] == [
        "compressed, as Markdown must not be; decompress it: gunzip"
    ]


def test_a_link_that_leads_nowhere_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to(tmp_path / "gone")
    with pytest.raises(SourceError, match="a link that leads nowhere"):
        open_source(tmp_path / "a.md")


def test_records_are_explained_beside_broken_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"title": "Bridge"}\n{bad\n\n[1]\n{"title": "Ferry"}\n')
    found = list(explained(path, ReadingOptions(), 9))
    assert [record.place for record in found] == [":1", ":2", ":4", ":5"]
    assert [isinstance(record.outcome, SourceError) for record in found] == [False, True, True, False]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("ftp://gazette.example/feed.xml", "only http:// and https:// can be fetched"),
        ("file:///feed.xml", "only http:// and https:// can be fetched"),
        ("http://", "a URL without a host"),
        ("http://[", "a URL without a host"),
        ("http://[::1/feed.xml", "a URL without a host"),
        ("https:///feed.xml", "a URL without a host"),
    ],
)
def test_an_address_that_cannot_be_fetched_is_not_taken_for_a_file(address: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        open_source(address)
