"""The pages, as they come from the server: everything works without JavaScript, and nothing of an article is obeyed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

import newsearch
from newsearch import Request
from newsearch.serve.pages import EXAMPLES
from newsearch.serve.parameters import REQUEST_PARAMETERS, read_request
from newsearch.serve.results_page import page_address, period_links

HOSTILE = "odd/?a=b&c=d#<script>alert('x')</script>/../../etc"


class Reader(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(client: Any, path: str, **parameters: Any) -> Reader:
    answer = client.get(path, params=parameters or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return Reader(answer.text)


def test_what_is_found_is_marked_and_leads_to_where_it_was_published(client: Any) -> None:
    page = read(client, "/", query="ban")
    assert "1 article" in page.text
    assert "City council votes for a facial recognition ban" in page.text
    assert page.all("mark")
    links = [link["href"] for link in page.all("a")]
    assert "https://ledger.example/2020/09/ban" in links
    assert "/article?id=tech%2Fban.md&query=ban" in links
    assert re.findall(r"heat 90|quality 80", page.text) == ["heat 90", "quality 80"]


def test_an_article_leads_back_to_the_search_with_its_filters(client: Any) -> None:
    asked = "/?query=recognition&sort=newest&topics=Privacy&min_heat=1"
    hit = next(link["href"] for link in read(client, asked).all("a") if link["href"].startswith("/article"))
    article = read(client, hit)
    assert asked in [link["href"] for link in article.all("a")]
    assert next(field["value"] for field in article.all("input") if field["name"] == "query") == "recognition"
    first = next(link["href"] for link in read(client, "/").all("a") if link["href"].startswith("/article"))
    assert "/" in [link["href"] for link in read(client, first).all("a")]
    odd = read(client, "/article", id="tech/ban.md", query='"><script>', nothing="1")
    assert "/?query=%22%3E%3Cscript%3E&nothing=1" in [link["href"] for link in odd.all("a")]


def test_the_front_page_shows_the_latest(client: Any) -> None:
    page = read(client, "/")
    assert "Latest news" in page.text
    assert page.text.index("Vaccin contre") < page.text.index("Facial recognition cameras")


def test_the_front_page_says_that_there_is_nothing_yet(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(json.dumps({"id": "a", "title": "A draft", "published": False}))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    page = read(serve(tmp_path / "index"), "/")
    assert "There are no articles here yet" in page.text
    assert "copies" not in page.text


def test_facets_are_checkboxes_of_the_form(client: Any) -> None:
    page = read(client, "/", query="recognition", topics="Privacy")
    boxes = [box for box in page.all("input") if box.get("type") == "checkbox" and box["name"] == "topics"]
    assert {box["value"] for box in boxes if "checked" in box} == {"Privacy"}
    assert all(box["form"] == "search" for box in boxes)
    assert "topic: Privacy" in page.text
    chip = next(link["href"] for link in page.all("a") if link["href"] == "/?query=recognition")
    assert chip


def test_the_timeline_leads_to_a_period(client: Any) -> None:
    september = {"after": "2020-09", "before": "2020-11"}
    for narrowed, period, following in (({}, "2020-09", "2020-10"), (september, "2020-09-09", "2020-09-10")):
        page = read(client, "/", sort="oldest", **narrowed)
        bars = [link for link in page.all("a") if link.get("aria-label") == f"{period}: 1 article"]
        parameters = parse_qs(urlsplit(bars[0]["href"] or "").query)
        assert (parameters["after"], parameters["before"]) == ([period], [following])
        assert "1 article" in Reader(client.get(bars[0]["href"]).text).text


def test_what_a_form_leaves_empty_and_what_others_add_changes_nothing(client: Any) -> None:
    full = read(client, "/", query="ban", after="", before="", min_heat="", utm_source="x")
    assert full.text == read(client, "/", query="ban").text


def test_a_misspelling_is_answered(client: Any) -> None:
    page = read(client, "/", query="recogniton")
    assert "Did you mean recognition?" in page.text
    assert "/?query=recognition" in [link["href"] for link in page.all("a")]


def test_where_nothing_is_found_the_page_says_why(client: Any) -> None:
    page = read(client, "/", query="ban", topics="Privcy")
    assert "Why nothing was found" in page.text
    assert "perhaps Privacy" in page.text
    links = [link["href"] for link in page.all("a")]
    assert "/?query=ban" in links
    assert "/?query=ban&topics=Privacy" in links


@pytest.mark.parametrize(
    ("query", "without"),
    [
        ("recognition AND cog AND council", "recognition AND council"),
        ("recognition AND cog", "recognition"),
        ("cog && council", "council"),
        ('"facial recognition" "cog" title:council', '"facial recognition" title:council'),
        ("(council AND cog)", "(council )"),
    ],
)
def test_the_part_that_excludes_everything_can_be_left_out(client: Any, query: str, without: str) -> None:
    page = read(client, "/", query=query)
    assert "Nothing found" in page.text
    [link] = [link["href"] for link in page.all("a") if link["href"] == f"/?{urlencode({'query': without})}"]
    assert "Why nothing was found" not in Reader(client.get(link).text).text


def test_why_an_article_ranks_where_it_does_is_told_when_asked(client: Any) -> None:
    assert "Why it ranks here" not in read(client, "/", query="ban").text
    page = read(client, "/", query="ban", explain="true")
    assert "heat 90, median" in page.text


def test_pages_follow_each_other(client: Any) -> None:
    first = read(client, "/", sort="oldest", limit=2)
    following = next(link["href"] for link in first.all("a") if link.get("rel") == "next")
    second = Reader(client.get(following).text)
    assert "3 to 4 of 5 articles" in second.text
    assert [link for link in second.all("a") if link.get("rel") == "prev"]


def test_a_page_past_the_last_leads_back_to_it(client: Any) -> None:
    past = read(client, "/", sort="oldest", limit=2, offset=90)
    assert "Past the last of 5 articles" in past.text
    last = next(link["href"] for link in past.all("a") if link.get("rel") == "prev")
    assert "5 to 5 of 5 articles" in Reader(client.get(last).text).text
    assert "Past" not in read(client, "/", query="nothingofthis", offset=90).text


def test_an_article_has_a_page(client: Any) -> None:
    page = read(client, "/article", id="tech/ban.md", query="ban")
    assert "Members voted late at night." in page.text
    assert "Read it at The Ledger" in page.text
    links = [link["href"] for link in page.all("a")]
    assert "/?providers=The+Ledger" in links
    assert "/?topics=Privacy" in links
    assert "/?query=ban" in links


def test_an_article_names_its_authors(serve: Any, tmp_path: Path) -> None:
    articles = [
        {"id": "a", "title": "One", "authors": ["Ana Ruiz", "J. O'Neil <b>"]},
        {"id": "b", "title": "Two", "authors": ["Ana Ruiz"]},
        {"id": "c", "title": "Three"},
    ]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, articles)))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    client = serve(tmp_path / "index")
    page = read(client, "/article", id="a")
    assert "by Ana Ruiz, J. O'Neil" in page.text
    link = next(link["href"] for link in page.all("a") if (link["href"] or "").startswith("/?authors=Ana"))
    assert "2 articles" in read(client, link).text
    assert " by " not in read(client, "/article", id="c").text


def test_a_long_text_without_spaces_is_shown_to_its_limit(serve: Any, tmp_path: Path) -> None:
    body = "東京 " + "記事" * 1_000
    (tmp_path / "news.jsonl").write_text(json.dumps({"id": "a", "title": "東京", "body": body}))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    assert body[:1_500] + "…" in read(serve(tmp_path / "index"), "/article", id="a").text


def test_an_article_is_read_in_its_own_language_and_direction(serve: Any, tmp_path: Path) -> None:
    article = {
        "id": "a",
        "title": "مجلس المدينة",
        "excerpt": "صوت المجلس اليوم.",
        "body": "نص المقال.",
        "locale": "ar-EG",
        "provider": "الجريدة",
        "topics": ["الخصوصية", "Privacy"],
        "webUrl": "https://news.example/a",
        "publishedDateTime": "2020-09-01",
    }
    (tmp_path / "news.jsonl").write_text(json.dumps(article))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    client = serve(tmp_path / "index")
    for path, spoken in (("/?query=المجلس", ["h2", "p", "bdi"]), ("/article?id=a", ["h1", "p", "p"])):
        page = read(client, path)
        named = [
            (tag, one["lang"], one.get("dir")) for tag, one in page.tags if one.get("lang", "en") != "en"
        ]
        assert named == [(tag, "ar-eg", "auto") for tag in spoken]
    found, about = client.get("/?query=المجلس").text, client.get("/article?id=a").text
    assert '<b dir="auto">الجريدة</b>' in found
    assert '<span dir="auto">الخصوصية</span>' in found
    assert 'dir="auto">الجريدة</a>' in about
    assert "at <bdi>الجريدة</bdi>" in about
    assert 'dir="auto">الخصوصية</a>' in about
    wrong = client.get("/", params={"topics": "الخصوصية", "after": "soon"})
    assert 'value="الخصوصية" dir="auto"' in wrong.text
    saved = tmp_path / "saved.toml"
    saved.write_text('[[search]]\nname = "الوجوه"\nquery = "a"\n')
    kept = serve(tmp_path / "index", saved=saved).get("/saved").text
    assert 'dir="auto">الوجوه</a>' in kept
    assert "of <bdi>الوجوه</bdi>" in kept


def test_help_has_examples_that_run(client: Any) -> None:
    page = read(client, "/help")
    examples = [link["href"] for link in page.all("a") if (link["href"] or "").startswith("/?query=")]
    assert len(examples) > 10
    for example in examples:
        answer = client.get(example)
        assert answer.status_code == 200
        assert 'class="note"' not in answer.text, example


def test_examples_of_exact_queries_find_only_what_they_say(seeds_index: Path) -> None:
    with newsearch.open(seeds_index) as index:
        for query, _ in dict(EXAMPLES)["Exactly"]:
            assert index.search(query).counts.partial == 0, query


@pytest.mark.parametrize(
    "path", ["/?query=hostile", "/", f"/article?id={HOSTILE.replace('&', '%26').replace('#', '%23')}"]
)
def test_nothing_of_an_article_is_obeyed(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    page = Reader(answer.text)
    assert {tag for tag, _ in page.tags if tag in ("script", "img", "iframe")} == {"script"}
    assert [script["src"].partition("?")[0] for script in page.all("script") if script["src"]] == [
        "/static/app.js"
    ]
    assert "<script>alert" not in answer.text
    assert "\u202e" not in answer.text
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action"):
            assert re.match(r"https?://|/|#|$", attributes.get(name) or "")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"after": "<b>soon"}, "after: &#39;&lt;b&gt;soon&#39; is not a date"),
        ({"limit": "x"}, "limit: "),
        ({"unpublished": "true"}, "only published articles"),
        ({"limit": "100000"}, "limit: "),
    ],
)
def test_what_cannot_be_asked_is_said_on_a_page(client: Any, parameters: dict[str, str], said: str) -> None:
    answer = client.get("/", params={"query": "ban", **parameters})
    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="ban"' in answer.text


def test_errors_are_pages_for_people_and_problems_for_programs(client: Any) -> None:
    people = {"Accept": "text/html,*/*"}
    for path in ("/nowhere", "/article?id=nowhere", "/article?id=drafts/recognition.md"):
        answer = client.get(path, headers=people)
        assert answer.status_code == 404
        assert "<h1>Not Found</h1>" in answer.text
        assert client.get(path).headers["content-type"] == "application/problem+json"
    assert client.get("/api/v1/nowhere", headers=people).headers["content-type"] == "application/problem+json"


def test_a_request_that_is_refused_is_answered_with_a_page_for_people(serve: Any) -> None:
    client = serve(base_path="/news", token="secret")
    people = {"Accept": "text/html,*/*"}
    long = f"?query={'a' * 9_000}"
    for path, status, headers in (
        (f"/news/{long}", 414, {}),
        ("/news/", 421, {"Host": "elsewhere.example"}),
        ("/news/", 403, {"Origin": "https://elsewhere.example"}),
        ("/news/", 401, {}),
    ):
        answer = client.get(path, headers={**people, **headers})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "Search the news" in Reader(answer.text).text
        problem = client.get(path, headers=headers)
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.json()["detail"][1:] in Reader(answer.text).text
        assert problem.headers.get("www-authenticate") == answer.headers.get("www-authenticate")
    api = client.get(f"/news/api/v1/search{long}", headers=people)
    assert api.headers["content-type"] == "application/problem+json"


def test_a_page_is_small_and_asks_for_two_files(client: Any) -> None:
    answer = client.get("/", params={"query": "recognition", "explain": "true"})
    page = Reader(answer.text)
    assert len(answer.content) < 60_000
    styles = [link for link in page.all("link") if link["rel"] == "stylesheet"]
    assert (len(styles), len(page.all("script"))) == (1, 1)
    for address in (styles[0]["href"], page.all("script")[0]["src"]):
        file = client.get(address)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
        assert file.headers["etag"]
        assert len(file.content) < 12_000
    assert client.get("/static/site.py").status_code == 404
    assert client.get("/static/../site.py").status_code == 404


def test_a_search_names_its_feeds_for_feed_readers(client: Any) -> None:
    page = read(client, "/", query="recognition", topics="Privacy", offset="0")
    feeds = [link for link in page.all("link") if link["rel"] == "alternate"]
    assert [urlsplit(feed["href"] or "").path for feed in feeds] == [
        "/search.atom",
        "/search.rss",
        "/search.json",
    ]
    for feed in feeds:
        answer = client.get(feed["href"])
        assert answer.headers["content-type"].partition(";")[0] == feed["type"]
        assert "facial recognition ban" in answer.text
        assert "cameras" not in answer.text


def test_a_page_that_the_browser_has_is_not_sent_again(client: Any) -> None:
    tag = client.get("/", params={"query": "ban"}).headers["etag"]
    assert client.get("/", params={"query": "ban"}, headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/", params={"query": "bans"}, headers={"If-None-Match": tag}).status_code == 200


def test_every_link_of_a_page_stays_under_the_base_path(serve: Any) -> None:
    client = serve(base_path="/news")
    for path in ("/news/", "/news/?query=recognition&limit=1", "/news/article?id=tech/ban.md", "/news/help"):
        page = Reader(client.get(path).text)
        for tag, attributes in page.tags:
            for name in ("href", "src", "action"):
                target = attributes.get(name) or "#"
                assert re.match("https?://|#|/news/", target), (tag, target)
                if target.startswith("/news/"):
                    assert client.get(target).status_code == 200, target


def test_the_page_of_the_api_names_paths_that_clients_can_ask(serve: Any) -> None:
    client = serve(base_path="/news")
    page = client.get("/news/api").text
    paths = re.findall("<code>GET (.*?)</code>", page)
    assert "/news/api/v1/search" in paths
    for path in paths:
        assert client.get(path).status_code in (200, 400), path


@pytest.mark.parametrize(
    "request_",
    [
        Request("a b", collapse="copies"),
        Request("", limit=7, offset=3, sort="newest", topics=("A&B", "C"), collapse="stories"),
        Request("é", after="2020-01", before="2021", min_heat=3.5, tz="Europe/Paris", providers=("X",)),
    ],
)
def test_a_period_is_linked_as_any_other_search(request_: Request) -> None:
    wanted = page_address("/news/", replace(request_, offset=0, after="2020-02", before="2020-03"))
    assert period_links("/news/", request_)("2020-02", "2020-03") == wanted


KEPT: dict[str, str | list[str]] = {
    "query": "recognition",
    "sort": "newest",
    "after": "2019",
    "before": "2022",
    "as_of": "2021-06-01",
    "tz": "Europe/Paris",
    "collapse": "stories",
    "show": "first",
    "count": "texts",
    "topics": ["Facial Recognition", "Privacy"],
    "providers": ["The Ledger", "Planes & People"],
    "authors": ["Nobody"],
    "categories": ["news"],
    "types": ["video"],
    "languages": ["fr"],
    "request": "1",
    "limit": "7",
    "per_outlet": "2",
    "min_heat": "10.5",
    "min_quality": "20",
    "unpublished": "true",
    "expand": "false",
    "boosts.heat": "0.5",
    "boosts.quality": "0.25",
    "boosts.recency": "0.75",
    "boosts.half_life": "30",
}
"""A value for each parameter of a request that another search keeps: for all but the place of the page."""


def sent(page: Reader) -> list[tuple[str, str]]:
    """What a browser without JavaScript sends when the form of a page is submitted."""
    pairs: list[tuple[str, str]] = []
    for tag, box in page.tags:
        name, value = box.get("name") or "", box.get("value") or ""
        if tag == "select":
            chosen = name
        elif tag == "option" and "selected" in box:
            pairs.append((chosen, value))
        elif tag == "input" and (box.get("form") == "search" or box.get("id") == "query"):
            pairs += [(name, value)] if box.get("type") != "checkbox" or "checked" in box else []
    return [(name, value) for name, value in pairs if value]


def asked(pairs: Iterable[tuple[str, str]]) -> Request:
    return read_request(pair for pair in pairs if pair[0] not in ("explain", "more"))


def test_every_parameter_survives_the_form_and_the_links(serve: Any) -> None:
    assert KEPT.keys() == {*REQUEST_PARAMETERS} - {"offset"}
    client = serve(unpublished=True)
    page = read(client, "/", **KEPT, offset=1, explain="true", more="topic")
    pairs = sent(page)
    wanted = asked((name, one) for name, given in KEPT.items() for one in listed(given))
    assert asked(pairs) == wanted
    assert {("explain", "true"), ("more", "topic")} <= set(pairs)
    addresses = [link["href"] or "" for link in page.all("a")]
    chip = next(one for one in addresses if one.startswith("/?") and "min_heat" not in one)
    linked = parse_qsl(urlsplit(chip).query)
    assert asked(linked) == replace(wanted, min_heat=None)
    assert {("explain", "true"), ("more", "topic")} <= set(linked)


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"after": "soon"}, "after"),
        ({"topics": ["A", "B"], "min_heat": "hot", "tz": "Europe/Paris"}, "min_heat"),
        ({"limit": "5000", "offset": "3"}, "limit"),
        ({"sort": "best", "before": "2021"}, "sort"),
        ({"per_outlet": ["1", "2"]}, "per_outlet"),
        ({"boosts.heat": "-1", "languages": ["fr"]}, "boosts.heat"),
    ],
)
def test_what_is_wrong_can_be_corrected_in_its_field(
    client: Any, parameters: dict[str, Any], wrong: str
) -> None:
    answer = client.get("/", params={"query": "ban", **parameters})
    assert answer.status_code == 400
    page = Reader(answer.text)
    given = [(name, one) for name, values in parameters.items() for one in listed(values)]
    kept = [("query", "ban"), *(pair for pair in given if pair[0] != "offset")]
    assert sent(page) == kept
    fields = [field for field in page.all("input") if field.get("form") == "search"]
    assert all(field.get("type") != "hidden" for field in fields)
    assert {field["name"] for field in fields if field.get("aria-invalid") == "true"} == {wrong}
    others = [pair for pair in kept if pair[0] != wrong]
    assert f"/?{urlencode(others)}" in [link["href"] for link in page.all("a")]
    assert client.get("/", params=others).status_code == 200


def listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_explanations_can_be_left(client: Any) -> None:
    page = read(client, "/", query="ban", explain="true")
    assert "Without explanations" in page.text
    assert "/?query=ban" in [link["href"] for link in page.all("a")]
