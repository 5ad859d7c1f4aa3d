"""Short searches are answered on the loop, with the same answers, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import newsearch
from newsearch import Index, QueryError, Request
from newsearch.outputs.page import Page
from newsearch.serve.parameters import View, read_plain, read_request, write_request, write_view
from newsearch.serve.searches import SEARCH, page_of
from newsearch.serve.shortcut import Shortcut

Serve = Callable[..., Any]
WORDS = ("ban", "storm", "vaccine", "harbour")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index in which some searches find many articles, and others few."""
    folder = tmp_path_factory.mktemp("short")
    lines = [
        json.dumps({"id": str(number), "title": f"{WORDS[number % 3]} {WORDS[number % 2]} {number}"})
        for number in range(60)
    ]
    lines.append(json.dumps({"id": "one", "title": "harbour festival"}))
    (folder / "news.jsonl").write_text("\n".join(lines))
    newsearch.build(folder / "news.jsonl", index=folder / "index")
    return folder / "index"


@pytest.fixture(autouse=True)
def whatever_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine, a generation would have to be looked for again, and nothing would be short."""
    monkeypatch.setattr("newsearch.serve.live._EVERY", 3_600.0)
    monkeypatch.setattr("newsearch.serve.shortcut._SLOW", 1_000.0)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads in which searches ran."""
    names: list[str] = []
    run = Index.run

    def noted(index: Index, request: Request) -> Any:
        names.append(current_thread().name)
        return run(index, request)

    monkeypatch.setattr(Index, "run", noted)
    return names


def prepared(serve: Serve, place: Path, **settings: Any) -> Any:
    """A client of a server that has answered its first search."""
    client = serve(place, **settings)
    client.get(SEARCH, params={"query": "storm"})
    return client


def is_on_loop(names: list[str]) -> bool:
    return not any(name.startswith("newsearch") for name in names)


@pytest.mark.parametrize(
    ("params", "is_short"),
    [
        ({"query": "ban"}, True),
        ({"query": "ban vaccine", "limit": "5", "offset": "5"}, True),
        ({"query": "banns storm"}, True),
        ({"query": "ban", "limit": "51"}, False),
        ({"query": "ban storm vaccine harbour one two three"}, False),
        ({"query": "\u65b0\u805e" * 150}, False),
        ({"query": '"ban storm"'}, False),
        ({"query": "ba*"}, False),
        ({"query": ""}, False),
        ({"query": "ban", "facets": "topic"}, False),
        ({"query": "ban", "sort": "newest"}, False),
        ({"query": "ban", "explain": "true"}, False),
        ({"query": "ban", "expand": "true"}, False),
    ],
)
def test_what_is_short_is_searched_on_the_loop(
    serve: Serve, place: Path, ran: list[str], params: dict[str, str], is_short: bool
) -> None:
    client = prepared(serve, place)
    ran.clear()
    assert client.get(SEARCH, params=params).status_code == 200
    assert ran
    assert is_on_loop(ran) == is_short


@pytest.mark.parametrize(
    ("query", "complete", "is_short"),
    [("festival", 1, True), ("harbour festival", 1, True), ("harbour music festival", 0, False)],
)
def test_what_needs_many_other_searches_is_finished_in_a_thread(
    serve: Serve,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    ran: list[str],
    query: str,
    complete: int,
    is_short: bool,
) -> None:
    made: list[str] = []

    def noted(*given: Any, **more: Any) -> Any:
        made.append(current_thread().name)
        return page_of(*given, **more)

    for module in ("api", "shortcut"):
        monkeypatch.setattr(f"newsearch.serve.{module}.page_of", noted)
    client = prepared(serve, place)
    ran.clear()
    made.clear()
    answer = client.get(SEARCH, params={"query": query}).json()
    assert answer["total"]["complete"] == complete
    assert sum(answer["total"].values()) == 1
    assert len(ran) == 1
    assert is_on_loop(made) == is_short


def test_the_first_search_of_an_index_prepares_the_others(serve: Serve, place: Path, ran: list[str]) -> None:
    client = serve(place)
    client.get(SEARCH, params={"query": "ban"})
    assert not is_on_loop(ran)
    ran.clear()
    client.get(SEARCH, params={"query": "storm"})
    assert is_on_loop(ran)


def test_two_searches_that_took_long_after_all_shut_the_way_for_a_while(
    serve: Serve, place: Path, ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = prepared(serve, place)
    took, now = iter([2_000.0, 2_000.0, 0.0, 2_000.0, 0.0]), 1_000.0
    times = (at for seconds in took for at in (0.0, seconds))
    monkeypatch.setattr("newsearch.serve.shortcut.thread_time", lambda: next(times))
    monkeypatch.setattr("newsearch.serve.shortcut.monotonic", lambda: now)

    def is_short(query: str) -> bool:
        ran.clear()
        assert client.get(SEARCH, params={"query": query}).status_code == 200
        return is_on_loop(ran)

    assert is_short("ban")
    assert is_short("vaccine")
    assert not is_short("storm ban")
    now += 100_000
    assert is_short("ban storm")
    assert is_short("ban vaccine")
    now += 100
    assert is_short("vaccine ban")


def test_short_searches_do_not_wait_for_long_ones(
    serve: Serve, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = prepared(serve, place, threads=1, waiting=0)
    begun, ended, run = Event(), Event(), Index.run

    def slow(index: Index, request: Request) -> Any:
        if request.sort == "newest":
            begun.set()
            ended.wait(60)
        return run(index, request)

    monkeypatch.setattr(Index, "run", slow)
    long: list[int] = []
    thread = Thread(
        target=lambda: long.append(client.get(SEARCH, params={"query": "ban", "sort": "newest"}).status_code)
    )
    thread.start()
    try:
        assert begun.wait(60)
        # The only thread is taken, and nobody may wait for it.
        assert client.get(SEARCH, params={"query": "ban", "sort": "heat"}).status_code == 503
        for query in ("ban", "vaccine", "storm vaccine"):
            assert client.get(SEARCH, params={"query": query}).status_code == 200
        assert not long
    finally:
        ended.set()
        thread.join(60)
    assert long == [200]


def test_the_short_way_answers_as_the_long_one(
    serve: Serve, place: Path, monkeypatch: pytest.MonkeyPatch, ran: list[str]
) -> None:
    asked = [
        {"query": query, **page}
        for query in ("ban", "vacine storm", "harbour", "Ban storm VACCINE", "nowhere", "unpublished", "bän")
        for page in ({}, {"limit": "3", "offset": "3"}, {"limit": "0"}, {"limit": "1", "offset": "0"})
    ]
    sent = [
        {"Accept-Encoding": "identity"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "gzip;q=0"},
        {"If-None-Match": "*"},
        {"If-None-Match": '"x", "y-gzip"'},
    ]

    def answers(client: Any) -> list[Any]:
        found = []
        for params in asked:
            for headers in sent:
                for method in ("GET", "HEAD"):
                    answer = client.request(method, SEARCH, params=params, headers=headers)
                    found.append((answer.status_code, list(answer.headers.items()), answer.content))
        return found

    short = prepared(serve, place, kept=0)
    ran.clear()
    found = answers(short)
    assert sum(not name.startswith("newsearch") for name in ran) > len(ran) / 2
    long = prepared(serve, place, kept=0)
    monkeypatch.setattr(Shortcut, "__call__", lambda *_: None)
    assert found == answers(long)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["query", "limit", "offset", "token", "sort"]),
            st.sampled_from(["", "ban", "a b", "7", "0", "-1", "x", "99999", "newest", "ä", "%"]),
        ),
        max_size=4,
    )
)
@example([("query", ""), ("offset", ""), ("limit", "")])
def test_a_plain_request_is_read_as_any_other(pairs: list[tuple[str, str]]) -> None:
    def read(make: Callable[[], Request | None]) -> Request | str | None:
        try:
            return make()
        except QueryError as error:
            return str(error)

    plain = read(lambda: read_plain(urlencode(pairs).encode()))
    if plain is not None:
        others = [pair for pair in pairs if pair[0] != "token"]
        assert plain == read(lambda: read_request(others))


@pytest.mark.parametrize("query", ["ban", "", "ban & storm", "date:2020"])
@pytest.mark.parametrize("offset", [0, 3, 20, 59])
@pytest.mark.parametrize("changes", [{}, {"limit": 7}, {"sort": "newest", "topics": ("A", "B")}])
def test_links_are_the_addresses_of_other_pages(
    serve: Serve, place: Path, query: str, offset: int, changes: dict[str, Any]
) -> None:
    site = serve(place, base_path="/news").app._at_once._site
    view = View(("topic",), 3, True) if offset == 3 else View()
    with newsearch.open(place) as index:
        request = Request(query, offset=offset, **changes)
        results = index.run(request)
        places = {}
        if offset + request.limit < results.total:
            places["next"] = offset + request.limit
        if offset:
            last = (results.total - 1) // request.limit * request.limit
            places |= {"prev": max(0, min(offset - request.limit, last)), "first": 0}
        wanted = []
        for relation, at in places.items():
            pairs = [*write_request(replace(request, offset=at)), *write_view(view)]
            wanted.append(f'</news{SEARCH}{"?" if pairs else ""}{urlencode(pairs)}>; rel="{relation}"')
        body = page_of(site, results, view, linked=True)
        assert body.headers.get("Link", "") == ", ".join(wanted)
        assert not page_of(site, results, view, linked=False).headers
        assert len(json.loads(body.text)["hits"]) == len(Page(results).results)
