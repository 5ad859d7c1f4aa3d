"""Searches as feeds, and the description that a browser reads."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import newsearch

ATOM = "{http://www.w3.org/2005/Atom}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def test_a_search_is_an_atom_feed(client: Any) -> None:
    answer = client.get("/search.atom", params={"query": "recognition"})
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 - it is ours
    assert feed.findtext(f"{ATOM}title") == "recognition – newsearch"
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links["self"] == "http://localhost/search.atom?query=recognition&limit=30&sort=newest"
    assert client.get(links["alternate"]).status_code == 200
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [
        "urn:newsearch:tech%2Fban.md",
        "urn:newsearch:tech%2Fcameras.md",
    ]
    assert [entry.find(f"{ATOM}link").get("href") for entry in entries] == [  # type: ignore[union-attr]
        "https://ledger.example/2020/09/ban",
        "https://planes.example/cameras",
    ]
    assert [entry.findtext(f"{ATOM}published") for entry in entries] == [
        "2020-09-09T21:05:00Z",
        "2020-08-01T00:00:00Z",
    ]
    for element in (feed, *entries):
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated", ""))
    assert entries[0].findtext(f"{ATOM}author/{ATOM}name") == "The Ledger"


def test_a_search_is_an_rss_feed(client: Any) -> None:
    answer = client.get("/search.rss", params={"query": "recognition", "sort": "oldest"})
    channel = ElementTree.fromstring(answer.content).find("channel")  # noqa: S314
    assert channel is not None
    items = channel.findall("item")
    assert [item.findtext("link") for item in items] == [
        "https://planes.example/cameras",
        "https://ledger.example/2020/09/ban",
    ]
    assert parsedate_to_datetime(items[1].findtext("pubDate", "")).hour == 21
    assert channel.findtext("title")
    assert channel.findtext("description")


def test_a_search_is_a_json_feed(client: Any) -> None:
    answer = client.get("/search.json", params={"query": "nothing"})
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = feed["items"]
    assert (item["id"], item["title"]) == ("urn:newsearch:nothing.md", "Nothing but a title")
    assert item["url"] == "http://localhost/article?id=nothing.md"


@pytest.mark.parametrize("path", ["/search.atom", "/search.rss", "/search.json"])
def test_a_feed_of_hostile_articles_is_well_formed(client: Any, path: str) -> None:
    answer = client.get(path, params={"query": "hostile \x00\ud7ff \ufffe <&>"})
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace("\\u003c", "") or path.endswith("json")
    if not path.endswith("json"):
        assert ElementTree.fromstring(answer.content) is not None  # noqa: S314


def test_a_feed_that_has_not_changed_is_not_sent_again(client: Any) -> None:
    tag = client.get("/search.atom").headers["etag"]
    assert client.get("/search.atom", headers={"If-None-Match": tag}).status_code == 304


def items(client: Any, **parameters: Any) -> list[list[tuple[str, str, str]]]:
    """The entries of a search in each form: id, link, time of the last change."""
    atom = ElementTree.fromstring(client.get("/search.atom", params=parameters).content)  # noqa: S314
    rss = ElementTree.fromstring(client.get("/search.rss", params=parameters).content)  # noqa: S314
    return [
        [
            (entry.findtext(f"{ATOM}id", ""), link.get("href", ""), entry.findtext(f"{ATOM}updated", ""))
            for entry in atom.findall(f"{ATOM}entry")
            for link in entry.findall(f"{ATOM}link[@rel='alternate']")
        ],
        [(item.findtext("guid", ""), item.findtext("link", ""), "") for item in rss.iter("item")],
        [
            (item["id"], item["url"], item.get("date_modified", ""))
            for item in client.get("/search.json", params=parameters).json()["items"]
        ],
    ]


@pytest.fixture
def changed(serve: Any, tmp_path: Path) -> Any:
    """A client of a server with articles that were changed, share an address, or have none to follow."""
    articles = [
        {"id": "a/1", "webUrl": "https://one.example/live", "modifiedDateTime": "2020-05-01T10:00:00Z"},
        {"id": "a/2", "webUrl": "https://one.example/live", "modifiedDateTime": "2020-04-01"},
        {"id": "b&c", "excerpt": "A ban without an address."},
        {"id": "odd", "webUrl": "javascript:alert(1)"},
    ]
    with (tmp_path / "news.jsonl").open("w") as lines:
        for article in articles:
            common = {"title": "A ban", "publishedDateTime": "2020-03-01T00:00:00Z"}
            lines.write(json.dumps({**common, **article}) + "\n")
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    return serve(tmp_path / "index", base_path="/news")


def test_each_entry_has_an_id_of_its_own_that_stays(changed: Any) -> None:
    for everything, alone in zip(
        items(changed, query="ban"), items(changed, query="ban", limit=1), strict=True
    ):
        ids = [id for id, _, _ in everything]
        assert sorted(ids) == [f"urn:newsearch:{id}" for id in ("a%2F1", "a%2F2", "b%26c", "odd")]
        assert alone == everything[:1]


def test_each_entry_leads_somewhere(changed: Any) -> None:
    here = "http://localhost/news/article?id="
    for form in items(changed, query="ban"):
        links = {id.removeprefix("urn:newsearch:"): link for id, link, _ in form}
        assert links["a%2F1"] == links["a%2F2"] == "https://one.example/live"
        assert (links["b%26c"], links["odd"]) == (f"{here}b%26c", f"{here}odd")
        assert changed.get(links["b%26c"]).status_code == 200


def test_the_last_change_of_an_article_is_that_of_its_entry(changed: Any) -> None:
    atom, _, feed = items(changed, query="ban", sort="modified")
    changes = ["2020-05-01T10:00:00Z", "2020-04-01T00:00:00Z"]
    assert [moment for _, _, moment in feed] == [*changes, "", ""]
    assert [moment for _, _, moment in atom] == [*changes, "2020-03-01T00:00:00Z", "2020-03-01T00:00:00Z"]


def test_an_article_without_a_date_is_not_changed_by_an_update_of_the_index(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    news, index = tmp_path / "news.jsonl", tmp_path / "index"
    undated = '{"id": "undated", "title": "A ban"}\n'
    news.write_text(undated)
    newsearch.build(news, index=index)
    client = serve(index)
    before, rss, feed = items(client, query="ban")
    assert (before[0][2], rss[0][2], feed[0][2]) == ("1970-01-01T00:00:00Z", "", "")
    news.write_text(undated + '{"id": "other", "title": "Rain"}\n')
    newsearch.build(news, index=index)
    assert client.get("/api/v1/stats").json()["generation"] == 2
    assert items(client, query="ban")[0] == before


def test_articles_of_several_sources_with_one_id_are_entries_of_their_own(serve: Any, tmp_path: Path) -> None:
    """A reader that knows the oldest one is told of the others, and of the oldest one only once."""
    index = tmp_path / "index"
    told = set()
    for day, url in enumerate(("https://one.example/1", "https://two.example/1", "", ""), 1):
        article = {"id": "1", "title": "A ban", "publishedDateTime": f"2020-03-0{day}", "webUrl": url}
        source = tmp_path / f"{day}.jsonl"
        source.write_text(json.dumps(article) + "\n")
        newsearch.build(source, index=index)
        client = serve(index)
        atom, rss, feed = [[id for id, _, _ in form] for form in items(client, query="ban")]
        assert atom == rss == feed
        assert len(set(atom)) == day
        assert atom[-1] == "urn:newsearch:1"
        assert told < set(atom)
        told = set(atom)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/search.atom?limit=x", "limit"),
        ("/search.atom?explain=true", "explain"),
        ("/search.json?facet_limit=3", "facet_limit"),
        ("/search.json?facets=topic", "facets"),
        ("/search.rss?x=1", "x"),
    ],
)
def test_what_a_feed_cannot_do_is_a_problem(client: Any, path: str, parameter: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["parameter"] == parameter


def test_a_browser_can_search_here(serve: Any) -> None:
    client = serve(base_path="/news")
    description = ElementTree.fromstring(client.get("/news/opensearch.xml").content)  # noqa: S314
    templates = {url.get("type"): url.get("template", "") for url in description.findall(f"{SEARCH}Url")}
    assert templates["text/html"] == "http://localhost/news/?query={searchTerms}"
    for template in templates.values():
        assert client.get(template.replace("{searchTerms}", "recog")).status_code == 200
    suggested = client.get(
        templates["application/x-suggestions+json"].replace("{searchTerms}", "recog")
    ).json()
    assert suggested == ["recog", ["recognition"]]


def test_an_entry_links_to_a_valid_address(tmp_path: Path) -> None:
    testclient = pytest.importorskip("starlette.testclient")
    from newsearch.serve import app

    news = tmp_path / "news.jsonl"
    given = "https://a.example/müll?a=<b>&c={d|e}^`f"
    news.write_text(json.dumps({"id": "a", "title": "Odd", "webUrl": given}) + "\n")
    newsearch.build(news, index=tmp_path / "index")
    expected = "https://a.example/müll?a=%3Cb%3E&c=%7Bd%7Ce%7D%5E%60f"
    with testclient.TestClient(app(tmp_path / "index"), base_url="http://localhost") as client:
        entry = ElementTree.fromstring(client.get("/search.atom").content)  # noqa: S314
        assert entry.find(f"{ATOM}entry/{ATOM}link").get("href") == expected  # type: ignore[union-attr]
        item = ElementTree.fromstring(client.get("/search.rss").content)  # noqa: S314
        assert item.findtext("channel/item/link") == expected
        assert client.get("/search.json").json()["items"][0]["url"] == expected
