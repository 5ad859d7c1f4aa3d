"""Writing to a cluster that refuses, breaks off, or is written by somebody else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from news import RECORDS, changed, write
from nodes import Nodes, Unavailable
from proxy import Answer, Proxy, error

import newsearch
from newsearch.articles.article import Article
from newsearch.engine import open_engine
from newsearch.engine.opensearch import bulk
from newsearch.engine.writing import SourceState
from newsearch.errors import EngineError, IndexCorrupt, IndexLocked, IndexMissing

pytest.importorskip("opensearchpy", reason="needs the extra newsearch[opensearch]")


def articles(count: int, words: int = 20) -> list[Article]:
    """Articles of so many words."""
    return [
        Article(
            id=f"a{i}", title=f"Title {i}", body=" ".join(f"word{(i * 7 + k) % 500}" for k in range(words))
        )
        for i in range(count)
    ]


def ids(place: str) -> list[str]:
    """The ids of all articles in an index."""
    with newsearch.open(place) as index:
        return sorted(article.id for article in index.articles())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "news.jsonl")


# Room


@pytest.fixture(
    scope="module",
    params=[
        {"thread_pool.write.queue_size": "1", "thread_pool.write.size": "1"},
        {"indexing_pressure.memory.limit": "1mb"},
    ],
    ids=["queue of 1", "pressure of 1 MB"],
)
def narrow(request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """A node that takes little at a time."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        try:
            nodes = Nodes(Path(directory), settings=request.param)
        except Unavailable as reason:
            pytest.skip(str(reason))
        with nodes:
            yield nodes


@pytest.mark.opensearch
def test_a_cluster_with_little_room_gets_all_articles(narrow: Nodes) -> None:
    place = f"opensearch+http://{narrow.hosts}/news?replicas=0&shards=3&flights=8&batch=4000000"
    added = articles(1000, words=200)
    with open_engine(place).writer() as writer:
        for at in range(0, len(added), 100):
            writer.add_all(added[at : at + 100], "/a")
        assert writer.commit().added == len(added)
    assert ids(place) == sorted(article.id for article in added)


@pytest.mark.opensearch
def test_what_stays_refused_is_an_error_that_names_it(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PATIENCE", 0.5)
    refused = {"type": "rejected_execution_exception", "reason": "no room"}

    def answer(method: str, path: str, body: bytes) -> Answer | None:
        if not path.startswith("/refusing--1--write-"):
            return None
        lines = body.splitlines()[::2]
        items = [
            {"index": {"status": 429, "error": refused} if b"a7" in body else {"status": 201}} for _ in lines
        ]
        return 200, {"errors": True, "items": items}

    with Proxy(nodes.urls[0], answer=answer) as proxy:
        place = f"opensearch+http://{proxy.host}/refusing"
        with open_engine(place).writer() as writer:
            writer.add_all(articles(9), "/a")
            with pytest.raises(EngineError, match=r"refused 9 articles .* a0: rejected"):
                writer.commit()
        with pytest.raises(IndexMissing):
            newsearch.open(place)
    nodes.get("/refusing--*", method="DELETE")


@pytest.mark.opensearch
@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        (error(413, "x"), "smaller"),
        (
            error(403, "cluster_block_exception", "blocked by: [FORBIDDEN/12/x]"),
            "disk of the cluster is full",
        ),
        (error(400, "mapper_parsing_exception"), "mapper_parsing_exception"),
    ],
)
def test_a_refusal_that_will_stay_is_told_at_once(
    nodes: Nodes, place: str, refusal: Answer, says: str
) -> None:
    def answer(method: str, path: str, body: bytes) -> Answer | None:
        return refusal if "/_bulk" in path else None

    with Proxy(nodes.urls[0], answer=answer) as proxy:
        through = place.replace(nodes.hosts, proxy.host)
        with open_engine(through).writer() as writer:
            writer.add_all(articles(1), "/a")
            with pytest.raises(EngineError, match=says):
                writer.commit()


@pytest.mark.opensearch
def test_an_article_that_is_refused_is_named(nodes: Nodes, place: str) -> None:
    def answer(method: str, path: str, body: bytes) -> Answer | None:
        if "/_bulk" not in path:
            return None
        problem = {"type": "mapper_parsing_exception", "reason": "odd"}
        items = [{"index": {"status": 201}}, {"index": {"status": 400, "error": problem}}]
        return 200, {"errors": True, "items": items}

    with Proxy(nodes.urls[0], answer=answer) as proxy:
        through = place.replace(nodes.hosts, proxy.host)
        with open_engine(through).writer() as writer:
            writer.add_all(articles(2), "/a")
            with pytest.raises(EngineError, match="the article is a1"):
                writer.commit()


@pytest.mark.opensearch
def test_a_full_disk_is_told_and_searches_go_on(nodes: Nodes, place: str, source: Path) -> None:
    newsearch.build(source, index=place)
    block = {"index.blocks.read_only_allow_delete": True}
    nodes.get("/*--1/_settings", method="PUT", body=json.dumps(block).encode())
    write(source, changed("1", title="Other words"))
    with pytest.raises(EngineError, match="a disk of the cluster is full"):
        newsearch.build(source, index=place)
    with newsearch.open(place) as index:
        assert len(index.search("portland")) == 1
    nodes.get("/*--1/_settings", method="PUT", body=json.dumps(dict.fromkeys(block)).encode())
    assert newsearch.build(source, index=place).replaced == 1


@pytest.mark.opensearch
def test_an_index_that_is_gone_does_not_come_back_by_writing(nodes: Nodes, place: str, source: Path) -> None:
    newsearch.build(source, index=place)
    alias = place.rpartition("/")[2]
    with open_engine(place).writer() as writer:
        nodes.get(f"/{alias}--1", method="DELETE")
        writer.add_all(articles(1), "/a")
        with pytest.raises((EngineError, IndexMissing)):
            writer.commit()
    found: Any = nodes.get("/_cat/indices?format=json")
    assert f"{alias}--1" not in [index["index"] for index in found]


# One writer


@pytest.mark.opensearch
def test_a_writer_that_is_gone_is_no_obstacle_and_its_work_is_not_lost(
    nodes: Nodes, place: str, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(_INTERRUPTED)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), place]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(IndexLocked, match=f"process {child.pid}"):
            open_engine(place).writer(sources=["/a"])
        child.send_signal(signal.SIGKILL)
        child.wait()
    with open_engine(place).writer(sources=["/a"]) as writer:
        assert writer.held.articles_ahead == 300
        assert writer.held.state_ahead("/a").names == ["first", "second"]
        ledger = writer.held.ledger("/a")
        assert [article.id for article in ledger.differing(articles(302))] == ["a300", "a301"]
        writer.add_all(articles(302)[300:], "/a")
        assert writer.commit().added == 302
    assert len(ids(place)) == 302


_INTERRUPTED = """
import sys, time
from test_writing import articles
from newsearch.engine import open_engine
from newsearch.engine.writing import SourceState
from newsearch.engine.opensearch import writer as module
module._NOTE_SECONDS = 0
writer = open_engine(sys.argv[1]).writer(sources=["/a"])
writer._note_pause = 0
state = SourceState(["first", "second"], [1, 2])
writer.add_all(articles(300), "/a")
writer.add_all([], "/a", lambda: state)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.opensearch
def test_another_run_starts_over(place: str) -> None:
    first = open_engine(place).writer(sources=["/a"])
    first.add_all(articles(5), "/a", lambda: SourceState((), ()))
    with pytest.raises(KeyboardInterrupt), first:
        raise KeyboardInterrupt
    with open_engine(place).writer(sources=["/b"]) as second:
        assert second.held.articles_ahead == 0
        second.add_all(articles(3)[2:], "/b")
        assert second.commit().articles == 1
    assert ids(place) == ["a2"]


@pytest.mark.opensearch
def test_an_interrupted_run_leaves_what_is_published_as_it_is(place: str, source: Path) -> None:
    newsearch.build(source, index=place)
    before = ids(place)
    first = open_engine(place).writer(sources=["/a"])
    first.add_all(articles(5), "/a")
    with pytest.raises(KeyboardInterrupt), first:
        raise KeyboardInterrupt
    assert ids(place) == before
    with open_engine(place).writer(sources=["/a"]) as second:
        assert second.held.articles_ahead == 5
        assert second.commit().added == 5
    assert ids(place) == sorted([*before, *(article.id for article in articles(5))])


@pytest.mark.opensearch
def test_a_writer_that_was_taken_for_dead_publishes_nothing(place: str) -> None:
    slow = open_engine(f"{place}?lease=5").writer()
    slow.add_all(articles(1), "/a")
    lease = slow._lease  # type: ignore[attr-defined]
    lease._stop()  # as if its machine had slept
    lock = slow._cluster.ask("GET", lease._path)["_source"]  # type: ignore[attr-defined]
    lock |= {"renewed": "2020-01-01T00:00:00+00:00", "machine": "another"}
    slow._cluster.ask("PUT", lease._path, lock)  # type: ignore[attr-defined]
    with open_engine(place).writer() as other:
        other.add_all(articles(3)[1:], "/b")
        with pytest.raises(IndexLocked, match="another writer has taken the index over"):
            slow.commit()
        assert other.commit().articles == 2
    assert ids(place) == ["a1", "a2"]


# Generations


@pytest.mark.opensearch
def test_a_reader_keeps_its_generation(place: str, source: Path) -> None:
    newsearch.build(source, index=place)
    with newsearch.open(place) as old:
        write(source, changed("1", title="Somewhere else"))
        newsearch.build(source, index=place)
        assert len(old.search("portland")) == 1
        newsearch.reindex(place, full=True)
        assert len(old.search("portland")) == 1
        assert old.refresh()
        assert len(old.search("portland")) == 0


@pytest.mark.opensearch
def test_a_commit_that_breaks_off_is_undone_by_the_next_writer(
    nodes: Nodes, place: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsearch.build(source, index=place)
    write(source, [*changed("1", title="Other words")[:4], {"id": "6", "title": "A new portland"}])

    def answer(method: str, path: str, body: bytes) -> Answer | None:
        if path.startswith("/_aliases") and b"--write-" not in body:
            broken.append(path)
        return (500, {}) if broken and not path.endswith("/lock") and "/lock?" not in path else None

    broken: list[str] = []
    with Proxy(nodes.urls[0], answer=answer) as proxy, pytest.raises(EngineError):
        newsearch.build(source, index=f"{place.replace(nodes.hosts, proxy.host)}?lease=5")
    with newsearch.open(place) as index:
        assert sorted(article.title for article in index.articles()) == sorted(r["title"] for r in RECORDS)
        assert len(index.search("portland")) == 1
    report = newsearch.build(source, index=place)
    assert (report.added, report.replaced, report.deleted) == (1, 1, 1)
    with newsearch.open(place) as index:
        assert [hit.id for hit in index.search("portland")] == ["6"]


@pytest.mark.opensearch
def test_documents_that_have_died_are_removed_when_no_reader_needs_them(
    nodes: Nodes, place: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long to wait until their space can be freed is the matter of the next test.
    monkeypatch.setattr("newsearch.engine.opensearch.upkeep._HISTORY_SECONDS", 0.0)
    alias = place.rpartition("/")[2]
    for step in range(6):
        write(source, changed("1", title=f"Step {step}"))
        newsearch.build(source, index=place)
    nodes.get(f"/{alias}--1/_refresh", method="POST")
    counted: Any = nodes.get(f"/{alias}--1/_count")
    assert 5 < counted["count"] < 10
    assert newsearch.compact(place).dropped == counted["count"] - 5
    assert newsearch.verify(place).ok


@pytest.mark.opensearch
def test_compacting_frees_what_dead_articles_take(nodes: Nodes, place: str, tmp_path: Path) -> None:
    source = tmp_path / "news.jsonl"
    records = [{"id": a.id, "title": a.title, "body": a.body} for a in articles(1000, words=200)]
    write(source, records)
    newsearch.build(source, index=f"{place}?replicas=0")
    whole = newsearch.verify(place).size
    write(source, records[:100])
    newsearch.build(source, index=place)
    done = newsearch.compact(place)
    index = f"{place.rpartition('/')[2]}--1"
    found: Any = nodes.get(f"/{index}/_segments")
    (copy,) = found["indices"][index]["shards"]["0"]
    assert [(s["num_docs"], s["deleted_docs"]) for s in copy["segments"].values()] == [(100, 0)]
    assert done.size < whole / 4
    assert done.size == newsearch.verify(place).size


@pytest.mark.opensearch
def test_an_index_without_its_description_can_be_replaced_as_the_error_says(
    nodes: Nodes, place: str, source: Path
) -> None:
    alias = place.rpartition("/")[2]
    newsearch.build(source, index=place)
    nodes.get(f"/{alias}--meta/_doc/generation-1?refresh=true", method="DELETE")
    for asked in (newsearch.open, newsearch.reindex, newsearch.verify):
        with pytest.raises(IndexCorrupt, match=rf"is missing; delete the indexes {alias}--\*"):
            asked(place)
    for index in (f"{alias}--1", f"{alias}--meta"):
        nodes.get(f"/{index}", method="DELETE")
    assert newsearch.build(source, index=place).added == len(RECORDS)


@pytest.mark.opensearch
def test_a_name_that_somebody_else_uses_is_left_alone(nodes: Nodes, place: str, source: Path) -> None:
    alias = place.rpartition("/")[2]
    nodes.get(f"/{alias}", method="PUT")
    try:
        with pytest.raises(IndexCorrupt, match="an index has this name"):
            newsearch.build(source, index=place)
        assert nodes.get(f"/_cat/indices/{alias}--*?format=json&expand_wildcards=all") == []
    finally:
        nodes.get(f"/{alias}", method="DELETE")


@pytest.mark.opensearch
def test_verify_finds_an_article_that_is_lost_or_changed(nodes: Nodes, place: str, source: Path) -> None:
    newsearch.build(source, index=place)
    alias = place.rpartition("/")[2]
    found: Any = nodes.get(f"/{alias}--1/_search?size=100")
    id, document = next((h["_id"], h["_source"]) for h in found["hits"]["hits"] if h["_source"]["id"] == "1")
    document["article"] = document["article"].replace("Portland", "Boston")
    path = f"/{alias}--1/_doc/{id}?refresh=true"
    nodes.get(path, method="PUT", body=json.dumps(document).encode())
    assert "is not as it was written" in " ".join(newsearch.verify(place).problems)
    nodes.get(path, method="DELETE")
    assert "holds 4 articles, but" in " ".join(newsearch.verify(place).problems)


@pytest.mark.opensearch
def test_verify_reads_all_pages(place: str, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newsearch.build(source, index=place)
    monkeypatch.setattr("newsearch.engine.opensearch.upkeep._PAGE", 2)
    verified = newsearch.verify(place)
    assert (verified.articles, verified.problems) == (5, ())
