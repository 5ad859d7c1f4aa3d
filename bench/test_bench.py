"""That the bench compares what it says: the same articles, the same matches, the tables where they belong.

No test asserts a time. Run with `pytest bench`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import newsearch
from bench import corpus, hostile, report
from bench.corpus import Corpus, Record
from bench.measure import BenchRun, Latency, PeerFigures
from bench.peers import NAMES, make
from bench.peers.base import Searcher
from bench.queries import BenchQuery

PLACES = ("harbour", "valley", "island", "station")
EVENTS = ("storm", "festival", "strike", "match", "election")
COUNT = BenchQuery(group="test", text="harbour storm", count=True)


def _record(number: int) -> Record:
    place, event = PLACES[number % len(PLACES)], EVENTS[number % len(EVENTS)]
    return {
        "title": f"The {place} {event} of week {number}",
        "excerpt": f"People at the {place} spoke of a {event}.",
        "publishedDateTime": f"2020-{4 + number % 2:02}-{1 + number % 28:02}T08:00:00Z",
        "webUrl": f"https://example.org/{number}",
        "originalUrl": f"https://example.org/{number}",
        "type": "article",
        "category": "news",
        "quality": 40 + number % 30,
        "heat": 30 + number % 50,
        "published": True,
        "provider": {"name": "Example Post" if number % 3 else "Example Times", "domain": "example.org"},
        "topics": ["Weather"] if event == "storm" else ["General"],
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "made.jsonl"
    path.write_text("".join(json.dumps(_record(number)) + "\n" for number in range(200)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def articles(source: Path) -> Corpus:
    return corpus.prepare(source, 200, source.parent)


@pytest.fixture(scope="module", params=NAMES)
def searcher(
    request: pytest.FixtureRequest, articles: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Searcher]:
    try:
        peer = make(request.param)
    except ImportError as error:
        pytest.skip(f"{error}; it is in the extra bench")
    if not peer.answers(COUNT):
        pytest.skip(f"{peer.name} does not match every word")
    index = tmp_path_factory.mktemp(peer.name)
    peer.build(articles, index)
    with closing(peer.open(index)) as opened:
        yield opened


def _expected(*words: str) -> int:
    return sum(all(word in _record(number)["title"] for word in words) for number in range(200))


def test_a_peer_counts_the_articles_that_hold_every_word(searcher: Searcher) -> None:
    assert _expected("harbour", "storm") == searcher.search(COUNT).total


def test_a_peer_shows_ten_distinct_hits_of_its_index_best_first(searcher: Searcher) -> None:
    hits = searcher.search(COUNT).hits
    scores = [hit.score for hit in hits]

    assert len({hit.url for hit in hits}) == 10
    assert all("harbour storm" in hit.title for hit in hits)
    assert sorted(scores, reverse=True) == scores


def test_a_peer_finds_a_phrase_in_its_order_only(searcher: Searcher) -> None:
    def total(text: str) -> int | None:
        return searcher.search(BenchQuery(group="test", text=text, kind="phrase", count=True)).total

    assert _expected("harbour", "storm") == total("harbour storm")
    assert total("storm harbour") == 0


def test_a_peer_finds_the_words_that_begin_with_a_prefix(searcher: Searcher) -> None:
    query = BenchQuery(group="test", text="harb", kind="prefix", count=True)

    assert _expected("harbour") == searcher.search(query).total


def test_a_peer_filters_by_date_and_provider(searcher: Searcher) -> None:
    start, end = (corpus.published({"publishedDateTime": f"2020-0{month}-01T00:00:00Z"}) for month in (4, 5))
    query = BenchQuery(group="test", text="storm", start=start, end=end, provider="Example Times", count=True)
    records = [_record(number) for number in range(200)]
    expected = sum(
        "storm" in record["title"]
        and record["provider"]["name"] == "Example Times"
        and start <= corpus.published(record) < end
        for record in records
    )

    assert expected == searcher.search(query).total


def test_a_peer_counts_by_topic(searcher: Searcher) -> None:
    query = BenchQuery(group="test", text="storm", facets=True, count=True)

    assert {"Weather": _expected("storm")} == dict(searcher.search(query).facets["topic"])


def test_a_larger_corpus_is_the_same_each_time_and_has_no_address_twice(source: Path, tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(list(corpus.read(corpus.prepare(source, 700, tmp_path / name).path)))

    assert made[0] == made[1]
    assert len({record["webUrl"] for record in made[0]}) == 700


def test_the_middle_article_has_no_boost_and_an_unknown_signal_is_neutral() -> None:
    middle = Corpus(Path(), 1, heat=50, quality=60)

    assert middle.boost({"heat": 50, "quality": 60}) == 1
    assert middle.boost({"heat": -1, "quality": None}) == 1


def _run() -> BenchRun:
    run = BenchRun(size=200, rounds=1, machine={"python": "3.11", "system": "Linux", "cores": 2})
    for name in ("newsearch", "tantivy"):
        run.peers[name] = PeerFigures("1", "as it is", 1, 1, 1, 1, 1, 1, 1)
    run.latencies = [
        Latency("newsearch", "news", False, 1, median_us=50, p95_us=90),
        Latency("tantivy", "news", False, 1, median_us=200, p95_us=300),
        Latency("tantivy", "news", True, 1, median_us=100, p95_us=300),
    ]
    return run


def test_the_ratio_is_to_the_fastest_way_of_tantivy() -> None:
    (row,) = [
        line for line in report.as_text(_run()).splitlines() if line.startswith("news ") and "(90)" in line
    ]

    assert row.split()[-1] == "0.50"


def test_documentation_is_rewritten_between_its_markers_only(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench 200 -->\nold\n<!-- end bench 200 -->\nafter\n")

    report.update_docs(page, _run())
    once = page.read_text()
    report.update_docs(page, _run())

    assert once == page.read_text()
    assert "old" not in once
    assert once.startswith("before\n<!-- bench 200 -->\n")
    assert once.endswith("\n<!-- end bench 200 -->\nafter\n")


def test_documentation_without_markers_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")

    with pytest.raises(ValueError, match="bench 200"):
        report.update_docs(page, _run())


def test_hostile_queries_are_answered_and_compared_with_a_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text("".join(json.dumps(_record(number)) + "\n" for number in range(20)))
    newsearch.build(path, index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        said = list(hostile.lines(index, rounds=1))
    names = [line[:34].strip() for line in said]
    assert names[1] == hostile.PLAIN
    assert set(hostile.HOSTILE) <= set(names)
    assert said[-1].startswith("search with did_you_mean")
