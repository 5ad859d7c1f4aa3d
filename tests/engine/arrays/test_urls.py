"""A part of a URL is found through the parts that a segment has of its URLs, as by reading all of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import sieve_in_numpy, without_compiler

import newsearch
from newsearch import Article
from newsearch.engine.arrays.loops import sieve
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.segment import segment as segments
from newsearch.engine.arrays.segment.records import RecordReader, urls_of
from newsearch.engine.arrays.upkeep import verify
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.arrays.writing import builder, building
from newsearch.engine.base import Options
from newsearch.query.tree import And, Match, Word
from newsearch.text.addresses import canonical_url, clean_url

letters = st.text("ab1/.-É日", max_size=9)
urls = st.builds("https://{}.example/{}".format, st.sampled_from(["a", "www.ab", "b-1"]), letters)
asked = letters | st.sampled_from([".example/a", "a.example", "https", "s://a", "example/b", "ample"])


plain = st.text("aB1/.-~_?&=É日K#", max_size=9)
escapes = [
    "%61",
    "%41",
    "%2dban",
    "%2D",
    "%7Eban-",
    "%C3%A9",
    "%2F",
    "%",
    "%6",
    "ban/",
    "baÉ",
    "utm_a=b&",
    "%31",
]
coded = st.lists(plain | st.sampled_from(escapes), max_size=5).map("".join)
addresses = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["https", "http", "HTTPS"]),
    st.sampled_from(["a.example/", "www.aB1.example:443/", "u@b-1/", "É.example./", "a%41/", "a?"]),
    coded,
)


def write(directory: Path, rows: list[tuple[str, str | None]]) -> None:
    """An index in two commits, which become one segment or two."""
    articles = [
        Article(id=f"{number}", title="ban", web_url=web, original_url=original)
        for number, (web, original) in enumerate(rows)
    ]
    middle = len(articles) // 2
    for part in (articles[:middle], articles[middle:]):
        with ArraysWriter(directory) as changes:
            changes.add_all(part, "source")
            changes.commit()


@examples(150)
@given(
    st.lists(st.tuples(addresses, st.sampled_from(["web_url", "original_url", "amp_web_url"])), max_size=12),
    st.lists(coded | addresses, max_size=3),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 40)), max_size=5),
    st.sampled_from([sieve, sieve_in_numpy]),
    st.sampled_from([0, 32]),
)
@example([("https://a.example/x%2Dban/y", "web_url")], [], [(0, 24)], sieve, 0)
@example([("https://a.example/banÉ/y", "web_url")], [], [(0, 24)], sieve, 0)
def test_ids_are_found_by_their_beginnings_as_by_reading_all(
    rows: list[tuple[str, str]],
    names: list[str],
    cuts: list[tuple[int, int]],
    loops: Any,
    few: int,
) -> None:
    known = {canonical_url(url): {name: clean_url(url)} for url, name in rows if clean_url(url)}
    known |= {name: {"web_url": clean_url(name)} for name in names if name}
    articles = [Article(id=id, title="ban", **urls) for id, urls in known.items()]
    ids = sorted(known)
    asked = [ids[number % len(ids)][:length] for number, length in cuts if ids] + names + ["HTTPS://a.ex"]
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch("os.fsync"),
        mock.patch("newsearch.engine.arrays.segment.urls.sieve", loops),
        mock.patch("newsearch.engine.arrays.segment.urls._FEW", few),
    ):
        with ArraysWriter(Path(name)) as changes:
            changes.add_all(articles, "source")
            changes.commit()
        reader = ArraysReader(Path(name))
        for prefix in asked:
            assert sorted(reader.ids(prefix)) == [id for id in ids if id.startswith(prefix)]


def test_few_records_are_read_to_find_an_id_by_its_beginning(tmp_path: Path) -> None:
    articles = [
        Article(
            id=f"https://a.example/{day}/ban-{number}",
            title="ban",
            web_url=f"http://a.example/{day}/ban-{number}/",
        )
        for number in range(20)
        for day in range(20, 30)
    ]
    with ArraysWriter(tmp_path) as changes:
        changes.add_all(articles, "source")
        changes.commit()
    index = newsearch.open(tmp_path)
    with mock.patch.object(RecordReader, "raw", autospec=True, side_effect=RecordReader.raw) as read:
        assert index.ids("https://a.example/24/ban-17") == ["https://a.example/24/ban-17"]
    assert read.call_count <= 40


def found(reader: ArraysReader, part: str) -> list[str]:
    """The ids that pages of a search show, and those of all; the first pages read only the URLs that may reach them."""
    for tree in (And((Match("url", part),)), And((Word("ban"), Match("url", part)))):
        small = [
            named.id
            for offset in range(3)
            for named, _, _ in reader.search(tree, Options(limit=1, offset=offset)).hits()
        ]
        answer = reader.search(tree, Options(limit=100))
        shown = [named.id for named, _, _ in answer.hits()]
        assert small == shown[:3]
        assert (
            answer.counts().complete == reader.search(tree, Options(limit=0)).counts().complete == len(shown)
        )
    return sorted(shown)


@examples(60)
@given(
    st.lists(st.tuples(urls, st.none() | urls), min_size=1, max_size=8),
    st.lists(asked.filter(lambda part: part and "://" not in part), min_size=1, max_size=5),
    st.sampled_from([1, 65_536]),
    st.sampled_from([sieve, sieve_in_numpy]),
)
def test_the_parts_of_urls_find_what_reading_all_of_them_finds(
    rows: list[tuple[str, str | None]], parts: list[str], most: int, loops: Any
) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch("os.fsync"),
        mock.patch.object(builder, "MAX_ARTICLES", most),
        mock.patch("newsearch.engine.arrays.segment.urls.sieve", loops),
    ):
        write(Path(name), rows)
        verify(Path(name))
        reader = ArraysReader(Path(name))
        with mock.patch.object(segments, "NAMES", ("absent",)):
            without = ArraysReader(Path(name))
            for part in parts:
                texts = [" ".join(filter(None, (web, own if own != web else None))) for web, own in rows]
                expected = [f"{i}" for i, text in enumerate(texts) if part.casefold() in text.casefold()]
                assert found(without, part) == sorted(expected)
        for part in parts:
            assert found(reader, part) == found(without, part)


@given(st.lists(st.tuples(urls, st.none() | urls), max_size=12))
def test_the_parts_are_the_same_without_a_compiler(rows: list[tuple[str, str | None]]) -> None:
    articles = [
        Article(id=f"{i}", title="ban", web_url=web, original_url=own) for i, (web, own) in enumerate(rows)
    ]
    records = building.plain_records(articles)
    known = without_compiler(building).url_arrays(records)
    for name, array in building.url_arrays(records).items():
        assert array.tolist() == known[name].tolist()
    # A merge gives the URLs alone.
    for name, array in building.url_arrays([urls_of(record) for record in records]).items():
        assert array.tolist() == known[name].tolist()


def test_parts_are_found_beside_words_and_after_a_merge(tmp_path: Path) -> None:
    write(tmp_path, [(f"https://a.example/news-{number}/ban", None) for number in range(30)])
    reader = ArraysReader(tmp_path)
    answer = reader.search(And((Word("ban"), Match("url", "news-1"))), Options(limit=50))
    assert sorted(named.id for named, _, _ in answer.hits()) == sorted(["1", *map(str, range(10, 20))])
    assert found(reader, "news-7/") == ["7"]


def test_a_small_segment_without_parts_is_read(tmp_path: Path) -> None:
    """Of the segments of an index, only some may lack the parts."""
    articles = [
        Article(id=f"{number}", title="ban", web_url=f"https://a.example/{number}") for number in range(500)
    ]
    with ArraysWriter(tmp_path) as changes:
        changes.add_all(articles, "source")
        changes.commit()
    late = Article(id="late", title="ban", web_url="https://a.example/news-late")
    with mock.patch.object(building, "url_arrays", return_value={}), ArraysWriter(tmp_path) as changes:
        changes.add_all([late], "source")
        changes.commit()
    reader = ArraysReader(tmp_path)
    assert found(reader, "news-late") == ["late"]
    assert found(reader, "example/77") == ["77"]
    assert reader.ids("la") == ["late"]


def test_a_part_of_most_urls_is_kept_as_a_bit_of_each_article(tmp_path: Path) -> None:
    articles = 5_000
    write(tmp_path, [(f"https://a.example/{number}", None) for number in range(articles)])
    reader = ArraysReader(tmp_path)
    before = reader.cached
    assert reader.search(And((Match("url", "a"),)), Options(limit=0)).counts().complete == articles
    assert reader.cached - before < articles


@pytest.mark.parametrize(
    "find",
    [
        lambda *arrays: sieve.with_part(*arrays, b"ban", False, False),
        lambda *arrays: sieve.beginning(*arrays, [b"ba"], False),
    ],
)
@pytest.mark.parametrize(
    "changed",
    [
        {"post_doc": [9]},
        {"post_at": [0, 5]},
        {"at": [0, 99]},
        {"at": [9, 3]},
        {"at": [2, 1]},
        {"at": [99, 99]},
    ],
)
def test_what_is_damaged_is_an_error_or_finds_nothing(changed: dict[str, list[int]], find: Any) -> None:
    arrays = {"text": b"ban", "at": [0, 3], "post_at": [0, 1], "post_doc": [0]} | changed
    text = np.frombuffer(bytes(arrays["text"]), np.uint8)
    at, post_at = (np.array(arrays[name], np.uint32) for name in ("at", "post_at"))
    post_doc = np.array(arrays["post_doc"], np.uint16)
    try:
        bits = np.frombuffer(find(text, at, post_at, post_doc, 5), np.uint64)
    except ValueError:
        return
    assert bits.tolist() in ([0], [1])
