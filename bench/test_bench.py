"""That the bench compares what it says: the same articles, the same matches, the tables where they belong.

No test asserts a time. Run with `pytest bench`.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import newsearch
from bench import corpus, hostile, report, vocabulary
from bench.corpus import Corpus, Record
from bench.measure import BenchRun, Latency, PeerFigures
from bench.peers import NAMES, make
from bench.peers.base import Answer, Peer, Searcher
from bench.queries import GROUPS, BenchQuery, queries

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


class Asked:
    """A searcher that skips the test when its library cannot do what is asked."""

    def __init__(self, peer: Peer, index: Path) -> None:
        self._peer = peer
        self._opened = peer.open(index)

    def search(self, query: BenchQuery) -> Answer:
        if not self._peer.answers(query):
            pytest.skip(f"{self._peer.name} cannot answer {query}")
        return self._opened.search(query)

    def close(self) -> None:
        self._opened.close()


def _param(name: str) -> Any:
    return pytest.param(name, marks=[pytest.mark.java] if name == "lucene" else [])


@pytest.fixture(scope="module", params=map(_param, NAMES))
def searcher(
    request: pytest.FixtureRequest, articles: Corpus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Searcher]:
    try:
        peer = make(request.param)
    except ImportError as error:
        pytest.skip(f"{error}; it is in the extra bench")
    index = tmp_path_factory.mktemp(peer.name)
    peer.build(articles, index)
    with closing(Asked(peer, index)) as opened:
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


@pytest.mark.parametrize(
    ("expected", "asked"),
    [
        (("storm",), {"text": "storm", "field": "title"}),
        (("harbour", "storm"), {"text": "harbour", "kind": "prefix", "more": "storm"}),
    ],
)
def test_a_peer_asks_for_more_than_words(
    searcher: Searcher, expected: tuple[str, ...], asked: dict[str, Any]
) -> None:
    assert searcher.search(BenchQuery(group="test", count=True, **asked)).total == _expected(*expected)


def test_a_peer_finds_either_word_and_leaves_a_word_out(searcher: Searcher) -> None:
    either = BenchQuery(group="test", text="storm", either="strike", count=True)
    without = BenchQuery(group="test", text="storm", without="harbour", count=True)

    assert searcher.search(either).total == _expected("storm") + _expected("strike")
    assert searcher.search(without).total == _expected("storm") - _expected("harbour", "storm")


def test_a_peer_finds_a_word_of_an_outlet_a_topic_and_a_heat(searcher: Searcher) -> None:
    records = [_record(number) for number in range(200)]
    hot = sum("storm" in record["title"] and record["heat"] >= 60 for record in records)

    assert searcher.search(BenchQuery(group="test", text="storm", heat=60, count=True)).total == hot
    weather = BenchQuery(group="test", text="storm", topic="Weather", count=True)
    assert searcher.search(weather).total == _expected("storm")


def test_a_peer_sorts_by_heat_and_turns_pages(searcher: Searcher) -> None:
    first = searcher.search(BenchQuery(group="test", text="storm", sort="heat")).hits
    second = searcher.search(BenchQuery(group="test", text="storm", sort="heat", offset=5)).hits
    heats = {record["webUrl"]: record["heat"] for record in map(_record, range(200))}

    assert heats[first[0].url] == max(
        _record(n)["heat"] for n in range(200) if "storm" in _record(n)["title"]
    )
    assert [heats[hit.url] for hit in first[5:]] == [heats[hit.url] for hit in second[:5]]


def test_a_peer_ranks_articles_with_both_words_first(searcher: Searcher) -> None:
    hits = searcher.search(BenchQuery(group="test", text="harbour storm", every=False)).hits
    both = {record["webUrl"] for record in map(_record, range(200)) if "harbour storm" in record["title"]}

    assert len({hit.url for hit in hits}) == 10
    assert {hit.url for hit in hits} <= both


def test_every_class_has_a_query_that_newsearch_answers(articles: Corpus, tmp_path: Path) -> None:
    peer = make("newsearch")
    peer.build(articles, tmp_path)
    with closing(peer.open(tmp_path)) as opened:
        asked = {query.group for query in queries() if opened.search(query) is not None}

    assert asked == set(GROUPS)


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


def test_a_growing_vocabulary_grows_as_heaps_law_says_and_is_the_same_each_time(tmp_path: Path) -> None:
    names = itertools.product("bdfgklmnprst", "aeiou", "bdfgklmnprst", "aeiou", "lnrst")
    rng = random.Random(1)
    words = ["".join(name) for name in rng.sample(list(names), 4000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    source = tmp_path / "made.jsonl"
    with source.open("w", encoding="utf-8") as out:
        for number in range(2000):
            excerpt = " ".join(rng.choices(words, weights, k=12))
            out.write(json.dumps({**_record(number), "excerpt": f"{excerpt.capitalize()}."}) + "\n")

    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(list(corpus.read(corpus.prepare(source, 10_000, tmp_path / name, "growing").path)))
    texts = [vocabulary.words_of(f"{record['title']} {record['excerpt']}") for record in made[0]]
    law = vocabulary.Growth((f"{record['title']} {record['excerpt']}" for record in made[0][:2000]), 1).law
    different = {word for text in texts for word in text}

    assert made[0] == made[1]
    assert made[0][:2000] == list(corpus.read(source))
    assert len(different) == pytest.approx(law.words(sum(map(len, texts))), rel=0.1)
    assert len({word for text in texts[:2000] for word in text}) < 0.9 * len(different)


def test_heaps_law_is_found_where_it_holds() -> None:
    lengths = [10, 100, 1000, 10_000]
    law = vocabulary.fit(lengths, [round(7 * length**0.5) for length in lengths])

    assert law.beta == pytest.approx(0.5, abs=0.01)
    assert law.words(10_000) == pytest.approx(700)


def test_the_middle_article_has_no_boost_and_an_unknown_signal_is_neutral() -> None:
    middle = Corpus(Path(), 1, heat=50, quality=60)

    assert middle.boost({"heat": 50, "quality": 60}) == 1
    assert middle.boost({"heat": -1, "quality": None}) == 1


def _run() -> BenchRun:
    run = BenchRun(size=200, rounds=1, machine={"python": "3.11", "system": "Linux", "cores": 2})
    for name in ("newsearch", "tantivy"):
        run.peers[name] = PeerFigures("1", "as it is", 1, 1, 1, 1, 1, 1, 1)
    run.latencies = [
        Latency("newsearch", "news", False, 1, median_us=50, mean_us=60, p95_us=90),
        Latency("tantivy", "news", False, 1, median_us=200, mean_us=400, p95_us=300),
        Latency("tantivy", "news", True, 1, median_us=100, mean_us=80, p95_us=300),
    ]
    return run


def test_the_ratios_of_medians_and_means_are_to_the_fastest_way_of_tantivy() -> None:
    (row,) = [
        line for line in report.as_text(_run()).splitlines() if line.startswith("news ") and "(90)" in line
    ]

    assert row.split()[-2:] == ["0.50", "0.75"]


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
