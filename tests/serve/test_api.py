"""The API: the library's answers over HTTP."""

from __future__ import annotations

import gzip
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from documents import ROOT
from hangs import no_hang
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import newsearch
from newsearch import Request
from newsearch.search import fronts
from newsearch.serve.live import Busy, Live
from newsearch.serve.parameters import read_request, write_request
from newsearch.serve.settings import Settings
from newsearch.serve.shelf import read_offered

PAGE = Draft202012Validator(json.loads((ROOT / "docs/page.schema.json").read_text(encoding="utf-8")))
SEARCH = "/api/v1/search"


def test_a_search_answers_with_the_page_of_the_library(client: Any, index: Path) -> None:
    answer = client.get(SEARCH, params={"query": "facial recognition", "sort": "newest", "facets": "topic"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    PAGE.validate(answer.json())
    with newsearch.open(index) as opened:
        expected = opened.search("facial recognition", sort="newest")
    assert [hit["id"] for hit in answer.json()["hits"]] == [hit.id for hit in expected]
    assert answer.json()["facets"]["topic"][0] == {"value": "Facial Recognition", "count": 2}


def test_a_posted_request_answers_as_the_same_parameters_do(client: Any) -> None:
    request = {"request": 1, "query": "recognition", "topics": ["Privacy"], "boosts": {"heat": 0}}
    posted = client.post(SEARCH, json=request, params={"explain": "true"})
    got = client.get(
        SEARCH, params={"query": "recognition", "topics": "Privacy", "boosts.heat": "0", "explain": "true"}
    )
    assert posted.status_code == got.status_code == 200
    assert posted.json() == got.json()
    assert "explanation" in posted.json()["hits"][0]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        (f"{SEARCH}?limt=5", "limt"),
        (f"{SEARCH}?limit=-1", "limit"),
        (f"{SEARCH}?limit=1.5", "limit"),
        (f"{SEARCH}?limit=%D9%A3", "limit"),
        (f"{SEARCH}?limit=1001", "limit"),
        (f"{SEARCH}?limit=5&limit=6", "limit"),
        (f"{SEARCH}?offset=100000", "offset"),
        (f"{SEARCH}?after=soon", "after"),
        (f"{SEARCH}?min_heat=hot", "min_heat"),
        (f"{SEARCH}?min_heat=nan", "min_heat"),
        (f"{SEARCH}?tz=Mars", "tz"),
        (f"{SEARCH}?sort=best", "sort"),
        (f"{SEARCH}?expand=maybe", "expand"),
        (f"{SEARCH}?unpublished=true", "unpublished"),
        (f"{SEARCH}?query=is:unpublished", "query"),
        (f"{SEARCH}?facets=colour", "facets"),
        (f"{SEARCH}?facet_limit=0", "facet_limit"),
        (f"{SEARCH}?boosts.heat=11", "boosts.heat"),
        (f"{SEARCH}?boosts.quality=0&boosts.half_life=inf", "boosts.half_life"),
        (f"{SEARCH}?request=2", "request"),
        ("/api/v1/timeline?unit=century", "unit"),
        ("/api/v1/complete?text=a&limit=0", "limit"),
        ("/api/v1/complete?query=a", "query"),
        ("/api/v1/article", "id"),
        ("/api/v1/stats?x=1", "x"),
    ],
)
def test_a_problem_names_its_parameter(client: Any, path: str, parameter: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["title"], problem["type"]) == (400, "Bad Request", "about:blank")
    assert problem["parameter"] == parameter
    assert problem["detail"].startswith(f"{parameter}: ")


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/v1/timeline?unit=day&unit=month", "unit: given twice"),
        (
            f"{SEARCH}?collapse=none",
            "collapse: 'none' is unknown: one of copies, stories; leave it out to show every article",
        ),
        (f"{SEARCH}?facet_limit=3&facet_limit=4", "facet_limit: given twice"),
        (f"{SEARCH}?explain=true&explain=false", "explain: given twice"),
    ],
)
def test_a_problem_says_what_is_wrong(client: Any, path: str, detail: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (400, detail)


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b'{"query": ', 400, {"position": 10}),
        (b"\xff{}", 400, {"position": 0}),
        (b'{"limit": %s}' % (b"1" * 5_000), 400, {"position": 0}),
        (b"[" * 60_000, 400, {}),
        (b'{"min_heat": NaN}', 400, {}),
        (b'{"query": "ban", "query": "cameras"}', 400, {"detail": "query: given twice"}),
        (b"[]", 400, {}),
        (b'{"topics": [1]}', 400, {"parameter": "topics"}),
        (b'{"request": 9}', 400, {"parameter": "request"}),
    ],
)
def test_a_body_that_is_no_request_is_a_problem(
    client: Any, body: bytes, status: int, named: dict[str, Any]
) -> None:
    answer = client.post(SEARCH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert named.items() <= answer.json().items()


def test_a_body_of_another_type_is_refused(client: Any) -> None:
    answer = client.post(SEARCH, content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_pages_are_linked(client: Any) -> None:
    first = client.get(SEARCH, params={"query": "", "limit": 2, "facets": "topic"})
    following = first.links["next"]["url"]
    assert "prev" not in first.links
    seen = [hit["id"] for hit in first.json()["hits"]]
    while following:
        answer = client.get(following)
        assert answer.json()["facets"]
        seen += [hit["id"] for hit in answer.json()["hits"]]
        following = answer.links.get("next", {}).get("url")
    assert len(seen) == len(set(seen)) == 5
    assert answer.links["first"]["url"].endswith("limit=2&facets=topic")


def test_an_answer_that_the_client_has_is_not_sent_again(client: Any) -> None:
    plain = {"Accept-Encoding": "identity"}
    answer = client.get(SEARCH, params={"query": "ban"}, headers=plain)
    tag = answer.headers["etag"]
    assert tag.startswith('"')
    again = client.get(SEARCH, params={"query": "ban"}, headers={**plain, "If-None-Match": f'"x", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for other in ({"query": "bans"}, {"query": "ban", "limit": 1}, {"query": "ban", "facets": "topic"}):
        assert client.get(SEARCH, params=other, headers=plain).headers["etag"] != tag


@pytest.mark.parametrize(
    ("path", "more"),
    [(SEARCH, {"limit": 2}), (SEARCH, {"topics": "Privcy"}), ("/api/v1/facets", {"after": "2050"})],
)
def test_a_relative_date_shares_no_answer_with_the_day_that_it_means(
    client: Any, path: str, more: dict[str, Any]
) -> None:
    day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    relative = client.get(path, params={"before": "1d", **more})
    absolute = client.get(path, params={"before": day, **more})
    assert absolute.headers["etag"] != relative.headers["etag"]
    for answer, asked, other in ((relative, "1d", day), (absolute, day, "1d")):
        told = answer.text + answer.headers.get("link", "")
        assert asked in told
        assert other not in told


def test_an_answer_with_other_synonyms_is_another(serve: Any, tmp_path: Path) -> None:
    tags = []
    for words in ("ban, prohibition\n", "ban, boycott\n"):
        (tmp_path / "synonyms.txt").write_text(words)
        client = serve(synonyms=tmp_path / "synonyms.txt")
        tags.append(client.get(SEARCH, params={"query": "ban"}).headers["etag"])
    assert tags[0] != tags[1]


def test_a_compressed_answer_has_a_tag_of_its_own(client: Any) -> None:
    parameters = {"query": ""}
    plain = client.get(SEARCH, params=parameters, headers={"Accept-Encoding": "identity"})
    with client.stream("GET", SEARCH, params=parameters, headers={"Accept-Encoding": "gzip"}) as packed:
        data = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(data) == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    for accepted, encoding in (("gzip;q=0", None), ("gzip; Q=0.0, br", None), ("GZip;q=0.5", "gzip")):
        answer = client.get(SEARCH, params=parameters, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding, accepted
    held = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}
    assert client.get(SEARCH, params=parameters, headers=held).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        f"{SEARCH}?query=",
        f"{SEARCH}?query=zzz&limit=1",
        f"{SEARCH}?query=ban&sort=newest",
        "/api/v1/stats",
        "/api/v1/complete?text=fac",
        "/",
        "/help",
        "/search.atom",
        "/saved.opml",
        "/suggest?query=fac",
        "/openapi.json",
        "/api",
        "/opensearch.xml",
        "/static/app.js",
        "/static/icon.svg",
    ],
)
def test_what_the_client_has_is_told_with_the_headers_of_what_it_would_get(client: Any, path: str) -> None:
    tags = []
    for encoding in ("identity", "gzip"):
        whole = client.get(path, headers={"Accept-Encoding": encoding})
        tags.append(whole.headers["etag"])
        for held in (tags[0], tags[-1], "*"):
            asked = {"Accept-Encoding": encoding, "If-None-Match": held}
            again = client.get(path, headers=asked)
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "vary"):
                assert again.headers[name] == whole.headers[name]
    assert not tags[0].startswith("W/")
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    "path", [f"{SEARCH}?query=ban", "/openapi.json", "/healthz", "/api/v1/stats", "/metrics", "/nowhere"]
)
def test_head_is_get_without_a_body(client: Any, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.content == b""
    assert head.status_code == got.status_code
    for name in ("content-type", "etag"):
        assert head.headers.get(name) == got.headers.get(name)


def test_an_article_is_given_by_its_id(client: Any) -> None:
    answer = client.get("/api/v1/article", params={"id": "tech/ban.md"})
    assert answer.json()["article"]["title"] == "City council votes for a facial recognition ban"
    assert client.get("/api/v1/article", params={"id": "tech"}).status_code == 404


def test_what_nobody_published_is_shown_to_those_alone_who_are_let(client: Any, serve: Any) -> None:
    draft = {"id": "drafts/recognition.md"}
    assert client.get("/api/v1/article", params=draft).status_code == 404
    editor = serve(unpublished=True)
    assert editor.get("/api/v1/article", params=draft).status_code == 200
    assert editor.get(SEARCH, params={"query": "is:unpublished"}).json()["total"]["complete"] == 1
    assert client.get(SEARCH, params={"query": "drafts unpublished"}).status_code == 200


def test_completions_facets_timeline_and_stats(client: Any) -> None:
    assert client.get("/api/v1/complete", params={"text": "fac"}).json()["completions"][0] == {
        "text": "facial",
        "articles": 2,
    }
    facets = client.get("/api/v1/facets", params={"query": "recognition"}).json()
    assert facets["facets"]["type"] == [{"value": "article", "count": 1}, {"value": "video", "count": 1}]
    assert "hits" not in facets
    timeline = client.get("/api/v1/timeline", params={"query": "recognition", "unit": "month"}).json()
    assert timeline["values"] == [{"value": "2020-08", "count": 1}, {"value": "2020-09", "count": 1}]
    stats = client.get("/api/v1/stats").json()
    assert (stats["articles"], stats["unpublished"]) == (6, 1)
    assert "sources" not in stats


def test_operators_are_told_how_it_is(client: Any) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    client.get(SEARCH, params={"query": "ban"})
    client.get("/nowhere")
    lines = client.get("/metrics").text.splitlines()
    assert f'newsearch_requests_total{{route="{SEARCH}",status="200"}} 1' in lines
    assert 'newsearch_requests_total{route="other",status="404"} 1' in lines
    assert "newsearch_index_articles 6" in lines
    assert "newsearch_index_up 1" in lines


def test_without_an_index_nothing_is_found_but_the_server_stands(serve: Any, tmp_path: Path) -> None:
    client = serve(tmp_path / "nowhere")
    for path in (SEARCH, "/healthz", "/api/v1/stats"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert str(tmp_path) not in answer.text


def test_a_new_generation_is_followed(serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    news = tmp_path / "news.jsonl"
    news.write_text('{"id": "a", "title": "first"}\n')
    newsearch.build(news, index=tmp_path / "index")
    client = serve(tmp_path / "index")
    before = client.get(SEARCH)
    news.write_text('{"id": "a", "title": "first"}\n{"id": "b", "title": "second"}\n')
    newsearch.build(news, index=tmp_path / "index")
    held = {"If-None-Match": before.headers["etag"]}
    after = client.get(SEARCH, headers=held)
    assert [answer.json()["total"]["complete"] for answer in (before, after)] == [1, 2]
    assert client.get("/healthz").json()["generation"] == 2
    # What is damaged later does not take away what can still be read.
    (tmp_path / "index" / "toc.json").write_text("{")
    assert client.get(SEARCH).json()["total"]["complete"] == 2
    assert client.get("/healthz").status_code == 503
    assert "newsearch_index_up 0" in client.get("/metrics").text


def test_changed_synonyms_are_followed(
    serve: Any, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    synonyms = tmp_path / "synonyms.txt"
    client = serve(index, synonyms=synonyms)
    for line, query in (
        ("zeppelin, ban", "zeppelin"),
        ("airship, ban", "airship"),
        ("airship, ban", "airship"),
    ):
        synonyms.write_text(f"{line}\n")
        found = client.get(SEARCH, params={"query": query}).json()
        assert found["total"] == client.get(SEARCH, params={"query": "ban"}).json()["total"]
        assert found["hits"]
    synonyms.unlink()
    assert client.get(SEARCH, params={"query": "airship"}).json()["hits"]
    assert client.get("/healthz").status_code == 503
    synonyms.write_text("blimp, ban\n")
    assert client.get(SEARCH, params={"query": "blimp"}).json()["hits"]
    assert client.get("/healthz").status_code == 200


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes among files")
def test_a_pipe_in_the_place_of_a_file_blocks_nobody(
    serve: Any, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    monkeypatch.setattr("newsearch.serve.shelf._EVERY", 0.0)
    synonyms, saved = tmp_path / "synonyms.txt", tmp_path / "saved.toml"
    synonyms.write_text("zeppelin, ban\n")
    saved.write_text('[[search]]\nname = "Bans"\n')
    client = serve(index, synonyms=synonyms, saved=saved)
    assert client.get(SEARCH, params={"query": "zeppelin"}).json()["hits"]
    for path in (synonyms, saved):
        path.unlink()
        os.mkfifo(path)
    with no_hang():
        assert client.get(SEARCH, params={"query": "zeppelin"}).json()["hits"]
        assert client.get("/healthz").status_code == 503
        assert [search["name"] for search in client.get("/api/v1/saved").json()["saved"]] == ["Bans"]
    for path, text in ((synonyms, "airship, ban\n"), (saved, '[[search]]\nname = "Rules"\n')):
        path.unlink()
        path.write_text(text)
    assert client.get(SEARCH, params={"query": "airship"}).json()["hits"]
    assert client.get("/healthz").status_code == 200
    assert [search["name"] for search in client.get("/api/v1/saved").json()["saved"]] == ["Rules"]


def test_of_many_saved_searches_that_are_left_out_a_few_are_named(tmp_path: Path) -> None:
    saved = tmp_path / "saved.toml"
    for count, more in ((5, ""), (1_000, "; and 995 more")):
        saved.write_text("".join(f'[[search]]\nname = "{n}"\nlimit = 5000\n' for n in range(count)))
        offered, said = read_offered(saved, Settings())
        assert offered == ()
        assert said.startswith(f"{saved}: left out: 0 (limit: ")
        assert said.count("limit: ") == 5
        assert said.endswith(f"4 (limit: 5,000 is too many here: at most 1,000){more}")


def test_saved_searches_that_cannot_be_used_are_left_out(tmp_path: Path) -> None:
    saved = tmp_path / "saved.toml"
    saved.write_text(
        '[[search]]\nname = "Bans"\n[[search]]\nquery = "ban"\n[[search]]\nname = "x"\nlimit = "1"\n'
    )
    offered, said = read_offered(saved, Settings())
    assert [search.name for search in offered] == ["Bans"]
    assert said == (
        f"{saved}: left out: search 2 (a search needs a name: one line of at most 200 characters);"
        " x (limit: '1' is not a whole number from 0 to 100,000)"
    )


def test_synonyms_that_cannot_be_read_from_the_start_are_told_once_and_read_later(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    synonyms, told = tmp_path / "synonyms.txt", []
    synonyms.write_text("ban\n")
    live = Live(index, Settings(), synonyms, tell=told.append)
    for _ in range(3):
        with pytest.raises(newsearch.WordListError, match="'ban' has no synonyms"):
            live.snapshot()
    synonyms.write_text("zeppelin, ban\n")
    assert len(live.snapshot().index.search("zeppelin"))
    assert [line.partition(":")[0] for line in told] == [
        "the index cannot be opened",
        "the index can be opened again",
    ]
    live.close()


def test_a_new_generation_is_searched_once_its_front_page_is_ready(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    monkeypatch.setattr("newsearch.serve.live._PATIENCE", 60.0)
    is_let = Event()
    done: list[int] = []

    def warm_up(index: newsearch.Index) -> None:
        done.append(index.stats().generation)
        if done[1:]:
            is_let.wait(60)

    monkeypatch.setattr("newsearch.serve.pages.warm_up", warm_up)
    news = tmp_path / "news.jsonl"
    news.write_text('{"id": "a", "title": "first"}\n')
    newsearch.build(news, index=tmp_path / "index")
    client = serve(tmp_path / "index", warm_up=True)
    assert client.get(SEARCH).json()["total"]["complete"] == 1
    while any(thread.name == "newsearch-opening" for thread in threading.enumerate()):
        sleep(0.01)
    news.write_text('{"id": "a", "title": "first"}\n{"id": "b", "title": "second"}\n')
    newsearch.build(news, index=tmp_path / "index")
    for _ in range(3):
        assert client.get(SEARCH).json()["total"]["complete"] == 1
    is_let.set()
    # However long the thread takes.
    while client.get(SEARCH).json()["total"]["complete"] == 1:
        sleep(0.01)
    assert done == [1, 2]
    assert client.get("/healthz").json()["generation"] == 2


def test_a_new_generation_does_not_wait_long_for_its_front_page(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsearch.serve.live._EVERY", 0.0)
    is_let, started = Event(), []

    def warm_up(index: newsearch.Index) -> None:
        started.append(1)
        is_let.wait(60)

    monkeypatch.setattr("newsearch.serve.pages.warm_up", warm_up)
    client = serve(tmp_path / "index", warm_up=True)
    for number in range(1, 4):
        lines = [json.dumps({"id": str(i), "title": f"Ban {i}"}) + "\n" for i in range(number)]
        (tmp_path / "news.jsonl").write_text("".join(lines))
        newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
        while client.get(SEARCH).json()["total"]["complete"] < number:
            sleep(0.01)
    assert started == [1]
    is_let.set()


def test_the_first_request_after_a_pause_is_answered_from_the_newest_generation(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_let = Event()
    monkeypatch.setattr("newsearch.serve.pages.warm_up", lambda index: is_let.wait(60))
    for name in ("_EVERY", "_PAUSE"):
        monkeypatch.setattr(f"newsearch.serve.live.{name}", 0.0)
    client = serve(tmp_path / "index", warm_up=True)
    for number in range(1, 4):
        lines = [json.dumps({"id": str(i), "title": f"Ban {i}"}) + "\n" for i in range(number)]
        (tmp_path / "news.jsonl").write_text("".join(lines))
        newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
        assert client.get(SEARCH).json()["total"]["complete"] == number
    is_let.set()


def test_words_are_put_together_before_a_request_needs_them(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(json.dumps({"id": "1", "title": "Ban"}) + "\n")
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    client = serve(tmp_path / "index", warm_up=True)
    assert client.get(SEARCH).status_code == 200
    while not (tmp_path / "index" / "vocabulary.bin").exists():
        sleep(0.01)


def test_a_front_page_is_grouped_once_for_all_who_ask(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grouped = []
    made = fronts.Front.__init__

    def init(self: Any, *given: Any, **options: Any) -> None:
        grouped.append(1)
        sleep(0.05)
        made(self, *given, **options)

    monkeypatch.setattr(fronts.Front, "__init__", init)
    with newsearch.open(index) as opened, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: [story.id for story in opened.stories(limit=3)], range(4)))
    assert found == [found[0]] * 4
    assert len(grouped) == 1


def test_who_comes_when_too_many_wait_is_sent_away(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(*_: Any) -> Any:
        raise Busy

    monkeypatch.setattr("newsearch.serve.live.Live.run", run)
    answer = client.get(SEARCH)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


def test_an_error_of_ours_tells_nothing_of_the_inside(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(*_: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("newsearch.Index.get", get)
    answer = client.get("/api/v1/article", params={"id": "x"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    st.builds(
        Request,
        query=TEXTS,
        limit=st.integers(0, 50),
        sort=st.sampled_from(["relevance", "newest"]),
        topics=st.lists(TEXTS, max_size=2).map(tuple),
        languages=st.lists(TEXTS, max_size=2).map(tuple),
        min_heat=st.none() | st.floats(-9, 99),
        after=st.none() | st.just("7d"),
        expand=st.none() | st.booleans(),
        boosts=st.builds(newsearch.Boosts, heat=st.floats(0, 10), half_life=st.none() | st.integers(1, 9)),
    )
)
def test_a_request_goes_through_an_address_and_stays_the_same(request: Request) -> None:
    from newsearch.serve.parameters import address

    query = urlsplit(address("/", request)).query
    assert read_request(parse_qsl(query, keep_blank_values=True)) == request
    assert read_request(write_request(request)) == request
