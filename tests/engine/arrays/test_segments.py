"""How articles are cut into commits and segments changes nothing, and nothing of an article is lost."""

from __future__ import annotations

import random
import tempfile
import tracemalloc
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    SOURCES,
    Commit,
    Tuning,
    articles,
    histories,
    live,
    make,
    options,
    trees,
    tunings,
    words,
)

from newsearch import _durable as durable
from newsearch import ranking
from newsearch.articles.article import Article, Image, Provider
from newsearch.engine.arrays.files import layout
from newsearch.engine.arrays.files.layout import Array, ArrayFile, Spool, write_arrays
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.segment import columns, postings
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.writing import merge
from newsearch.engine.arrays.writing.builder import SegmentBuilder, TermTable
from newsearch.engine.arrays.writing.content import records_of
from newsearch.engine.arrays.writing.merge import merge_segments
from newsearch.engine.base import Options
from newsearch.query.tree import All, Everything, Node, Phrase, Word
from newsearch.ranking import DEFAULT_BOOSTS, Pivots


@examples(40)
@given(histories, tunings, st.lists(st.tuples(trees, options), min_size=1, max_size=8))
def test_many_commits_rank_as_one(
    history: list[Commit], tuning: Tuning, questions: list[tuple[Node, Options]]
) -> None:
    once = Commit(frozenset(), tuple((source, article) for (source, _), article in live(history).items()))
    with tempfile.TemporaryDirectory() as name, tuning.applied():
        make(Path(name, "many"), history)
        make(Path(name, "one"), [once])
        many, one = ArraysReader(Path(name, "many")), ArraysReader(Path(name, "one"))
        for tree, asked in questions:
            left, right = many.search(tree, asked), one.search(tree, asked)
            assert left.counts() == right.counts()
            scores = [(score, complete) for _, score, complete in left.hits()]
            assert scores == [pytest.approx(hit[1:], rel=1e-9) for hit in right.hits()]


@examples(60)
@given(histories, tunings, st.tuples(words, words))
def test_words_and_pairs_of_words_are_counted_as_a_search_finds_them(
    history: list[Commit], tuning: Tuning, pair: tuple[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as name, tuning.applied():
        make(Path(name), history)
        reader = ArraysReader(Path(name))
        for node in (Phrase(" ".join(pair)), *map(Word, pair)):
            found = reader.search(node, Options(limit=0))
            assert reader.count(node) == found.complete() == found.counts().complete
        for some in (pair, pair[:1], pair[1:]):
            both = All(tuple(map(Word, some)))
            assert reader.bound(some) >= reader.search(both, Options(limit=0)).complete()


collected = st.lists(
    st.tuples(st.sampled_from(SOURCES), articles), max_size=8, unique_by=lambda pair: (pair[0], pair[1].id)
)
pivots = st.builds(Pivots, heat=st.sampled_from([0.0, 50.0]), quality=st.sampled_from([0.0, 50.0]))

TABLES = {name for table in columns.TABLES for name in (table, f"{table}_name_bytes", f"{table}_name_at")}


def built(pairs: Sequence[tuple[str, Article]], median: Pivots) -> dict[str, Array]:
    builder = SegmentBuilder(TermTable())
    for source, article in pairs:
        builder.add_all([article], records_of([article]), source)
    return builder.build(median)


def written(path: Path, arrays: Mapping[str, Array | Spool], articles: int) -> dict[str, Array]:
    """The arrays as they come back from a file."""
    write_arrays(path, arrays, kind="segment", articles=articles, analysis=1)
    file = ArrayFile(path)
    file.verify()
    return {name: file.array(name) for name in file.names}


@examples(60)
@given(st.lists(collected, min_size=1, max_size=4), pivots, st.data())
def test_a_merge_gives_the_arrays_of_a_build_of_the_same_articles(
    groups: list[list[tuple[str, Article]]], median: Pivots, data: st.DataObject
) -> None:
    segments, kept = [], []
    with tempfile.TemporaryDirectory() as name, Tuning().applied(), pytest.MonkeyPatch.context() as patch:
        for number, group in enumerate(group for group in groups if group):
            path = Path(name, f"{number}.seg")
            written(path, built(group, Pivots()), len(group))
            deleted = sorted(data.draw(st.sets(st.integers(0, len(group) - 1))))
            segment = Segment(path, deleted)
            segments.append(segment)
            for doc in np.flatnonzero(segment.live).tolist():
                kept.append((segment.names("source")[segment.column("source")[doc]], segment.article(doc)))
        if not kept:
            return
        # Articles equal in boost, date and id come in the order in which they came.
        patch.setattr(merge, "_RANGE", data.draw(st.sampled_from([1, 20, 1 << 18])))
        patch.setattr(merge, "_BLOCK", data.draw(st.sampled_from([1, 512])))
        count, arrays = merge_segments(segments, median)
        merged = written(Path(name, "merged.seg"), arrays, count)
        fresh = written(Path(name, "fresh.seg"), built(kept, median), len(kept))
        assert count == len(kept)
        assert merged.keys() == fresh.keys()
        for array in fresh.keys() - TABLES:
            assert np.array_equal(merged[array], fresh[array]), array
        for table in columns.TABLES:
            assert _named(merged, table) == _named(fresh, table)


@pytest.mark.parametrize("words", [500, 2000])
def test_a_merge_takes_no_memory_for_the_length_of_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    monkeypatch.setattr(merge, "_RANGE", 1 << 12)
    monkeypatch.setattr(merge, "_BLOCK", 16)
    monkeypatch.setattr(durable, "_HELD", 1 << 16)
    monkeypatch.setattr(layout, "_CHUNK", 1 << 16)
    chosen = random.Random(words)
    for number in range(4):
        bodies = (" ".join(f"w{chosen.randrange(999)}" for _ in range(words)) for _ in range(50))
        pairs = [("/a", Article(id=f"{number} {i}", title="a", body=body)) for i, body in enumerate(bodies)]
        written(tmp_path / f"{number}.seg", built(pairs, Pivots()), len(pairs))
    segments = [Segment(path) for path in sorted(tmp_path.iterdir())]
    tracemalloc.start()
    try:
        _, arrays = merge_segments(segments, Pivots())
        write_arrays(tmp_path / "merged", arrays, kind="segment", articles=200)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 << 20


def _named(arrays: dict[str, Array], table: str) -> list[str]:
    """A column of numbers as the strings that they stand for."""
    at, blob = arrays[f"{table}_name_at"].tolist(), arrays[f"{table}_name_bytes"].tobytes()
    return [blob[at[i] : at[i + 1]].decode() for i in arrays[table].tolist()]


text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
url = st.none() | text.map(lambda path: f"https://x.org/{path}")
number = st.none() | st.integers(-(10**12), 10**12) | st.floats(-1e12, 1e12)
when = (
    st.none()
    | st.dates(date(1600, 1, 1), date(2200, 12, 31))
    | st.datetimes(datetime(1600, 1, 1), datetime(2200, 12, 31), timezones=st.just(UTC))
)
image = st.builds(
    Image,
    text.filter(bool),
    st.none() | st.integers(1, 9999),
    st.none() | st.integers(1, 9999),
    st.booleans(),
)
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
whole = st.builds(
    Article,
    id=text.filter(bool),
    title=text,
    excerpt=text,
    topics=st.lists(text.filter(bool), max_size=3).map(tuple),
    body=st.lists(text, max_size=3).map("\n".join),
    date=when,
    original_url=url,
    web_url=url,
    amp_web_url=url,
    cdn_amp_web_url=url,
    category=text,
    type=text,
    language=st.sampled_from([None, "en", "pt-br"]),
    heat=number,
    quality=number,
    published=st.booleans(),
    provider=st.none() | st.builds(Provider, text, text, st.lists(image, max_size=2).map(tuple)),
    images=st.lists(image, max_size=2).map(tuple),
    related=st.sampled_from(
        [
            (),
            (
                Article(id="", title="Other", heat=3, date=date(2020, 1, 1)),
                Article(id="a/b.md", title="Third"),
            ),
        ]
    ),
    extra=st.dictionaries(st.text(max_size=5).map("x-{}".format), json, max_size=3),
)


@examples(60)
@given(st.lists(whole, min_size=1, max_size=5, unique_by=lambda article: article.id), st.integers(1, 5))
def test_an_article_comes_out_as_it_went_in(given: list[Article], commits: int) -> None:
    with tempfile.TemporaryDirectory() as name, Tuning(merge_factor=2).applied():
        make(
            Path(name),
            [Commit(frozenset(), tuple(("/a", a) for a in given[i::commits])) for i in range(commits)],
        )
        reader = ArraysReader(Path(name))
        assert {article.id: article for article in reader.articles()} == {
            article.id: article for article in given
        }
        for article in given:
            assert reader.get(article.id) == article
        answer = reader.search(Everything(), Options(limit=10, unpublished=True))
        for i, (named, _, _) in enumerate(answer.hits()):
            found = answer.article(i)
            assert found in given
            assert (named.id, named.title, named.url) == (found.id, found.title, found.url or "")


def test_whole_signals_stay_whole_numbers_across_merges(tmp_path: Path) -> None:
    day = timedelta(days=1)
    given = [
        Article(id="old", title="a", heat=5, date=datetime(1950, 1, 1, tzinfo=UTC)),
        Article(id="late", title="b", heat=10**12, date=datetime(2199, 1, 1, tzinfo=UTC) + day),
        Article(id="unknown", title="c", heat=-1),
    ]
    with Tuning(merge_factor=2).applied():
        make(tmp_path, [Commit(frozenset(), (("/a", article),)) for article in given])
    reader = ArraysReader(tmp_path)
    assert reader.stats().segments == 1
    # Equal is not enough: a whole number is shown without a point.
    assert {repr(reader.get(article.id)) for article in given} == {repr(article) for article in given}


@pytest.mark.parametrize("heats", [(10**20, 1), (2**63, -1), (2**63 + 1, 0.5), (10**300, -(10**300))])
def test_signals_beyond_the_format_are_kept_as_near_as_a_float_is(
    tmp_path: Path, heats: tuple[float, ...]
) -> None:
    make(tmp_path, [Commit(frozenset(), tuple(("/a", Article(id=f"{h}", title="a", heat=h)) for h in heats))])
    assert sorted(a.heat for a in ArraysReader(tmp_path).articles() if a.heat) == pytest.approx(sorted(heats))


def test_words_beyond_the_last_position_are_not_found_and_stay_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "MAX_POSITIONS", 4)
    article = Article(id="a", title="one two", body="three four five six")
    make(tmp_path, [Commit(frozenset(), (("/a", article), ("/a", Article(id="b", title="five"))))])
    reader = ArraysReader(tmp_path)
    for tree, count in (
        (Word("four"), 1),
        (Phrase("three four"), 1),
        (Word("five"), 1),
        (Word("six", field="body"), 0),
    ):
        assert reader.search(tree, Options()).counts().complete == count
    assert reader.get("a") == article


def test_an_id_of_two_sources_is_two_articles_and_get_gives_the_later_one(tmp_path: Path) -> None:
    first, second = Article(id="x", title="first"), Article(id="x", title="second")
    make(tmp_path, [Commit(frozenset(), (("/a", first),)), Commit(frozenset(), (("/b", second),))])
    reader = ArraysReader(tmp_path)
    assert reader.search(Everything(), Options()).counts().complete == 2
    assert reader.get("x") == second


def test_the_first_generation_numbers_articles_by_falling_boost(tmp_path: Path) -> None:
    draw = random.Random(3)
    articles_ = [
        Article(id=str(n), title="word", heat=draw.choice([None, n % 90]), quality=draw.randrange(100))
        for n in range(200)
    ]
    make(tmp_path, [Commit(frozenset(), tuple(("a", article) for article in articles_))])
    reader = ArraysReader(tmp_path)
    (segment,) = reader.segments
    exponent = sum(
        weight * ranking.signal(segment.signal(name), getattr(reader.toc.pivots, name))
        for name, weight in (("heat", DEFAULT_BOOSTS.heat), ("quality", DEFAULT_BOOSTS.quality))
    )
    assert np.ptp(exponent) > 0
    assert (np.diff(exponent) <= 1e-12).all()
