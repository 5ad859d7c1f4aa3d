"""While the articles of an index are compared for the first time, a server answers what does not need copies."""

from __future__ import annotations

from threading import Event
from time import sleep
from typing import Any

import pytest

import newsearch
from newsearch.engine.arrays.searching import groups

SEARCH = "/api/v1/search?query=ban"


@pytest.fixture
def let(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Articles are compared when this is set."""
    is_let, compared = Event(), groups.groups_of

    def waits(*given: Any) -> Any:
        assert is_let.wait(60)
        return compared(*given)

    monkeypatch.setattr(groups, "groups_of", waits)
    monkeypatch.setattr("newsearch.engine.arrays.searching.slow._PATIENCE", 0.01)
    return is_let


def test_pages_show_every_article_until_copies_are_known(serve: Any, let: Event) -> None:
    client = serve(warm_up=True)
    early = client.get("/?query=ban")
    assert early.status_code == 200
    assert "still being found out" in early.text
    assert "collapse=none" not in early.text
    assert client.get("/").status_code == 200
    chosen = client.get("/?query=ban&collapse=none")
    assert "still being found out" not in chosen.text
    assert chosen.headers["etag"] != early.headers["etag"]
    let.set()
    while "still being found out" in (later := client.get("/?query=ban")).text:
        sleep(0.01)
    assert later.headers["etag"] != early.headers["etag"]
    assert client.get("/?query=ban", headers={"If-None-Match": early.headers["etag"]}).status_code == 200


def test_requests_for_copies_are_told_to_come_back(serve: Any, let: Event) -> None:
    client = serve(warm_up=True)
    plain = client.get(SEARCH)
    id = plain.json()["hits"][0]["id"]
    paths = [f"{SEARCH}&collapse=copies", f"{SEARCH}&per_outlet=1&collapse=copies", f"/api/v1/copies?id={id}"]
    for path in paths:
        told = client.get(path)
        assert (told.status_code, told.headers["retry-after"]) == (503, "5")
        assert told.headers["content-type"] == "application/problem+json"
        assert "compared" in told.json()["detail"]
    early = client.get("/article", params={"id": id})
    assert (plain.status_code, early.status_code) == (200, 200)
    let.set()
    for path in paths:
        while client.get(path).status_code == 503:
            sleep(0.01)
        assert client.get(path).status_code == 200
    assert client.get("/article", params={"id": id}).headers["etag"] != early.headers["etag"]
    assert client.get(SEARCH).content == plain.content


def test_the_library_waits_unless_copies_are_deferred(serve: Any, index: Any, let: Event) -> None:
    with newsearch.open(index) as one:
        assert not one.are_copies_pending
        compare = one.defer_copies()
        assert one.are_copies_pending
        assert one.search("ban").total
        with pytest.raises(newsearch.NotReady):
            one.search("ban", collapse="copies")
        # Whoever defers them a second time has nothing to do.
        one.defer_copies()()
        assert one.are_copies_pending
        let.set()
        compare()
        assert not one.are_copies_pending
        assert one.search("ban", collapse="copies").folding
