"""Searches as feeds, and the description that a browser reads."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import pytest

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
    assert "url" not in item


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


@pytest.mark.parametrize("path", ["/search.atom?limit=x", "/search.atom?explain=true", "/search.rss?x=1"])
def test_what_a_feed_cannot_do_is_a_problem(client: Any, path: str) -> None:
    assert client.get(path).headers["content-type"] == "application/problem+json"


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
