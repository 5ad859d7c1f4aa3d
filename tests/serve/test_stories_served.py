"""Stories, copies, related articles and saved searches, on pages, in the API, and as OPML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from test_pages import Reader, read

import newsearch

BODY = (
    "The old bridge over the Lenne closes on Monday for nine months, the city said. Buses take the long way."
)
COPIED = [
    {"id": "first", "hour": "08:00", "provider": "Lenne Post", "excerpt": f"(AP) - {BODY}"},
    {"id": "second", "hour": "09:35", "provider": "Harbour Gazette", "excerpt": BODY},
    {"id": "third", "hour": "10:00", "provider": "Evening Star", "excerpt": BODY},
]
SAVED = """
[[search]]
name = "Bans <b>"
query = "ban"
topics = ["Privacy"]

[[search]]
name = "Bridge"
query = "bridge"
sort = "newest"
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("copied")
    articles = [
        {
            "id": one["id"],
            "title": "Old bridge over the Lenne closes for nine months",
            "excerpt": one["excerpt"],
            "provider": one["provider"],
            "webUrl": f"https://{one['id']}.example/bridge",
            "publishedDateTime": f"2020-09-09T{one['hour']}:00Z",
        }
        for one in COPIED
    ]
    articles.append(
        {
            "id": "ferry",
            "title": "Ferry replaces the bridge over the Lenne",
            "excerpt": "A ferry takes people across the Lenne while the old bridge is closed.",
            "publishedDateTime": "2020-09-20T10:00:00Z",
            "related": [{"title": "Elsewhere", "webUrl": "https://elsewhere.example/1"}],
        }
    )
    articles.append({"id": "draft", "title": "Draft on the bridge over the Lenne", "published": False})
    (place / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    newsearch.build(place / "news.jsonl", index=place / "index")
    return place / "index"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "saved.toml").write_text(SAVED)
    return tmp_path / "saved.toml"


def hrefs(page: Reader) -> list[str]:
    return [link["href"] or "" for link in page.all("a")]


def test_the_page_shows_copies_as_one_hit(serve: Any, copied: Path) -> None:
    client = serve(copied)
    page = read(client, "/", query="bridge nine months")
    assert len(page.all("article")) == 2
    assert "+2 outlets" in page.text
    target = next(link for link in hrefs(page) if link.endswith("#copies"))
    assert urlsplit(target).path == "/article"
    every = read(client, "/", query="bridge nine months", collapse="none")
    assert len(every.all("article")) == 4
    assert "outlets" not in every.text.replace("Outlets", "")


def test_the_way_of_folding_stays_on_all_links(serve: Any, copied: Path) -> None:
    client = serve(copied)
    for collapse in ("none", "stories"):
        page = read(client, "/", query="bridge", collapse=collapse, limit=1)
        following = next(link["href"] for link in page.all("a") if link.get("rel") == "next")
        assert parse_qs(urlsplit(following or "").query)["collapse"] == [collapse]
    following = next(
        link["href"]
        for link in read(client, "/", query="bridge", limit=1).all("a")
        if link.get("rel") == "next"
    )
    assert "collapse" not in (following or "")


@pytest.mark.parametrize("collapse", ["copies", "stories"])
def test_every_page_that_a_program_is_led_to_has_hits(serve: Any, copied: Path, collapse: str) -> None:
    client = serve(copied)
    address = f"/api/v1/search?query=bridge&limit=1&collapse={collapse}"
    pages = []
    while address:
        answer = client.get(address)
        pages.append(answer.json())
        address = answer.links.get("next", {}).get("url")
    assert [len(page["hits"]) for page in pages] == [1] * pages[0]["folded"]["hits"]
    past = client.get(f"/api/v1/search?query=bridge&limit=1&collapse={collapse}&offset=90")
    assert client.get(past.links["prev"]["url"]).json()["hits"] == pages[-1]["hits"]


@pytest.mark.parametrize(
    "parameters", [{}, {"collapse": "none"}, {"collapse": "stories"}, {"offset": "1500"}]
)
def test_every_link_of_a_page_is_answered(serve: Any, copied: Path, parameters: dict[str, str]) -> None:
    client = serve(copied)
    page = read(client, "/", query="bridge", **parameters)
    for link in hrefs(page):
        if link.startswith("/"):
            assert client.get(link).status_code == 200, link


def test_an_unknown_way_of_folding_is_refused(client: Any) -> None:
    answer = client.get("/", params={"query": "ban", "collapse": "x"})
    assert answer.status_code == 400
    assert "collapse: " in answer.text


def test_an_article_says_who_published_it_first(serve: Any, copied: Path) -> None:
    page = read(serve(copied), "/article", id="second")
    assert page.text.index("Lenne Post 9 September 2020, 08:00 first by AP") < page.text.index(
        "Harbour Gazette 9"
    )
    assert "1 h 35 min later this one" in page.text
    assert "2 h later" in page.text


def test_an_article_leads_to_others_on_its_subject(serve: Any, copied: Path) -> None:
    page = read(serve(copied), "/article", id="ferry")
    assert page.text.count("Old bridge over the Lenne closes") == 1
    assert "https://elsewhere.example/1" in hrefs(page)
    assert "Draft" not in page.text


def test_the_front_page_leads_to_stories(serve: Any, copied: Path, tmp_path: Path) -> None:
    newsearch.build(copied.parent / "news.jsonl", index=tmp_path)
    client = serve(tmp_path)
    stories = newsearch.open(tmp_path).stories(after="2020-09-08", before="2020-09-12")
    assert stories[0].id == "first"
    page = read(client, "/story", id="first", after="2020-09-08", before="2020-09-12")
    assert "3 articles" in page.text
    assert "Harbour Gazette 9 September 2020, 09:35 1 h 35 min later" in page.text
    # Any report leads to its story.
    assert read(client, "/story", id="third", after="2020-09-08", before="2020-09-12").text == page.text
    assert read(client, "/story/third", after="2020-09-08", before="2020-09-12").text == page.text
    assert client.get("/story", params={"id": "nothing"}).status_code == 404
    assert client.get("/story/nothing").status_code == 404
    # Without a window, it is that around the article.
    assert "3 articles" in read(client, "/story/third").text


def test_the_front_page_has_stories_with_several_reports(serve: Any, copied: Path, tmp_path: Path) -> None:
    lines = (copied.parent / "news.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "news.jsonl").write_text("".join(lines[:3]))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    client = serve(tmp_path / "index")
    page = read(client, "/")
    assert "Top stories" in page.text
    story = next(link for link in hrefs(page) if link.startswith("/story?"))
    assert "Reports, the earliest first" in Reader(client.get(story).text).text
    assert "Top stories" not in read(client, "/", query="bridge").text


def test_the_api_has_stories_copies_and_related(serve: Any, copied: Path) -> None:
    client = serve(copied)
    stories = client.get("/api/v1/stories?after=2020-09-08&before=2020-09-12&limit=1").json()
    for report in COPIED:
        told = client.get("/api/v1/stories", params={"id": report["id"]}).json()
        assert [story["id"] for story in told["stories"]] == [stories["stories"][0]["id"]]
        assert len(told["stories"][0]["articles"]) == len(COPIED)
    outside = client.get("/api/v1/stories?id=ferry&before=2020-09-12&after=2020-09-08")
    assert (outside.status_code, outside.json()["stories"]) == (200, [])
    assert client.get("/api/v1/stories?id=nowhere").status_code == 404
    assert [story["id"] for story in stories["stories"]] == ["first"]
    assert stories["stories"][0]["outlets"] == ["Lenne Post", "Harbour Gazette", "Evening Star"]
    copies = client.get("/api/v1/copies?id=second").json()
    assert [(one["id"], one["seconds_after"]) for one in copies["copies"]] == [
        ("first", 0.0),
        ("second", 5700.0),
        ("third", 7200.0),
    ]
    related = client.get("/api/v1/related?id=ferry&limit=5").json()
    assert len(related["related"]) == 1
    assert related["related"][0]["path"] in ("first", "second", "third")


@pytest.mark.parametrize(
    "path", [f"{what}?id={id}" for what in ("related", "copies", "stories") for id in ("draft", "no")]
)
def test_what_is_not_shown_is_not_compared_either(serve: Any, copied: Path, path: str) -> None:
    assert serve(copied).get(f"/api/v1/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("stories?limit=0", "limit"),
        ("stories?after=x", "after"),
        ("stories?sort=newest", "sort"),
        ("coverage?by=hour", "by"),
        ("coverage?limit=3", "limit"),
        ("words?limit=1001", "limit"),
        ("related?limit=2", "id"),
        ("related?id=first&limit=5000", "limit"),
        ("copies", "id"),
        ("saved?id=1", "id"),
    ],
)
def test_what_cannot_be_asked_is_a_problem(serve: Any, copied: Path, path: str, parameter: str) -> None:
    answer = serve(copied).get(f"/api/v1/{path}")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == parameter


def test_the_api_says_how_much_each_outlet_published_and_in_which_words(serve: Any, copied: Path) -> None:
    client = serve(copied)
    found = client.get("/api/v1/coverage?query=bridge&after=2020-09&before=2020-10&by=month").json()
    rows = [(one["outlet"], one["articles"], one["total"]) for one in found["outlets"]]
    assert ("Lenne Post", 1, 1) in rows
    assert found["periods"] == ["2020-09"]
    words = client.get("/api/v1/words?query=ferry&limit=3").json()
    assert words["query"] == "ferry"
    assert len(words["words"]) <= 3


def test_an_article_shows_what_changed(serve: Any, tmp_path: Path) -> None:
    place = tmp_path / "news.jsonl"
    for title in ("Old <bridge> closes", "Old <bridge> opens again"):
        place.write_text(json.dumps({"id": "a", "title": title}) + "\n")
        newsearch.build(place, index=tmp_path / "index", keep_history=True)
    answer = serve(tmp_path / "index").get("/article?id=a")
    assert "Earlier versions" in answer.text
    assert "<del>closes</del>" in answer.text
    assert "<ins>opens again</ins>" in answer.text
    assert "<bridge>" not in answer.text


def test_saved_searches_are_listed(serve: Any, index: Path, saved: Path) -> None:
    client = serve(index, saved=saved)
    page = read(client, "/saved")
    assert "Bans <b> 1 article Feed" in page.text
    assert "/saved" in hrefs(read(client, "/"))
    listed = client.get("/api/v1/saved").json()["saved"]
    assert [one["name"] for one in listed] == ["Bans <b>", "Bridge"]
    assert listed[0]["request"] == {"request": 1, "query": "ban", "topics": ["Privacy"]}
    for one in listed:
        assert client.get(one["url"]).status_code == 200
        assert client.get(one["feed"]).status_code == 200


def test_a_server_without_saved_searches_says_so(client: Any) -> None:
    assert "none yet" in read(client, "/saved").text
    assert "/saved" not in hrefs(read(client, "/"))
    assert client.get("/api/v1/saved").json()["saved"] == []


def test_the_feeds_of_saved_searches_are_opml(serve: Any, index: Path, saved: Path) -> None:
    client = serve(index, saved=saved)
    answer = client.get("/saved.opml")
    assert answer.headers["content-type"].startswith("text/x-opml")
    outlines = list(ElementTree.fromstring(answer.text).iter("outline"))  # noqa: S314 (it is our own)
    assert [outline.get("text") for outline in outlines] == ["Bans <b>", "Bridge"]
    feed = outlines[0].get("xmlUrl")
    assert feed
    assert feed.startswith("http://localhost/search.atom?")
    assert client.get(feed).status_code == 200


def test_a_saved_search_for_unpublished_articles_is_not_shown(
    serve: Any, index: Path, tmp_path: Path
) -> None:
    (tmp_path / "saved.toml").write_text('[[search]]\nname = "Drafts"\nquery = "is:unpublished"\n' + SAVED)
    names = [
        one["name"]
        for one in serve(index, saved=tmp_path / "saved.toml").get("/api/v1/saved").json()["saved"]
    ]
    assert names == ["Bans <b>", "Bridge"]


def test_the_seeds_have_a_front_page(serve: Any, seeds_index: Path) -> None:
    assert serve(seeds_index).get("/").status_code == 200
