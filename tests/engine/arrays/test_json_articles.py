"""Articles that are written as JSON without an Article: the same bytes, or nothing."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Request
from newsearch.articles.article import article_to_mapping
from newsearch.articles.reading import article_from_mapping
from newsearch.engine.arrays.segment import json_articles
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.outputs.json_page import page_bytes, page_mapping, to_json_bytes
from newsearch.outputs.page import Page

IS_COMPILED = find_spec("newsearch.engine.arrays.segment._json_articles") is not None

texts = st.text(
    st.sampled_from("ab é日\U0001f600<&>\"\\/'\n\t\u200b\x7f\u2028\u202e") | st.characters(), max_size=12
)
dates = (
    st.datetimes().map(lambda when: f"{when.isoformat()}Z")
    | st.dates().map(str)
    | st.sampled_from(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2020-02-29", "1969-12-31T23:59:59Z"])
)
signals = (
    st.integers(-5, 200) | st.floats(-1e3, 1e3) | st.sampled_from([1e-5, 1e-4, 999_999_999, 123456.75, 0.1])
)
mappings = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "excerpt": texts,
        "body": texts,
        "topics": st.lists(texts, max_size=3),
        "publishedDateTime": dates,
        "modified": dates,
        "webUrl": st.sampled_from(["https://x.org/1", "http://日本.jp/a b"]),
        "originalUrl": st.sampled_from(["https://x.org/1", 'https://x.org/2?a="b\\']),
        "ampWebUrl": st.just("https://x.org/amp"),
        "cdnAmpWebUrl": st.just("https://cdn.org/amp"),
        "heat": signals,
        "quality": signals,
        "published": st.booleans(),
        "provider": texts
        | st.sampled_from(
            [
                {"name": "X", "domain": "x.org"},
                {"domain": "x.org"},
                {"name": "X", "images": ["https://x.org/i.png"]},
            ]
        ),
        "images": st.sampled_from([[{"url": "https://x.org/i.png", "width": 3, "isCached": True}], []]),
        "type": st.sampled_from(["video", ""]),
        "category": texts,
        "locale": st.sampled_from(["en-US", "fr"]),
        "authors": st.lists(texts, max_size=2),
        "rank": st.just("their own"),
    },
)


@examples(60)
@given(st.lists(mappings, max_size=6))
def test_the_bytes_are_those_of_the_article(given: list[dict[str, Any]]) -> None:
    articles = [
        article_from_mapping({**mapping, "title": f"t {mapping.get('title', '')}"}, id=f'"{number}".md')
        for number, mapping in enumerate(given)
    ]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        with ArraysWriter(Path(name)) as changes:
            for article in articles:
                changes.add(article, "/a")
            changes.commit()
        with newsearch.open(name) as index:
            results = index.run(Request(unpublished=True))
            assert len(results) == len(articles)
            for rank, (hit, written) in enumerate(
                zip(results, results.json([b',"copies":[]'] * len(results)), strict=True), 1
            ):
                if written is not None:
                    scored = {"rank": rank, "score": round(hit.score, 6), "complete": hit.complete}
                    named = {"id": hit.id, "url": hit.url} if hit.url else {"id": hit.id}
                    theirs = to_json_bytes(article_to_mapping(hit.article))[1:]
                    ours = to_json_bytes({**scored, **named, "copies": []})[:-1]
                    assert written == ours + b"," + theirs
            for request in (Request(unpublished=True), Request(collapse="copies"), Request("t", limit=3)):
                for explain in (False, True):
                    page = Page(index.run(request), explain=explain)
                    assert page_bytes(page) == to_json_bytes(page_mapping(page))


ORDINARY = {
    "title": 'A "ban"\non cameras',
    "excerpt": "É \\ b",
    "publishedDateTime": "2020-09-09T21:05:00Z",
    "webUrl": "https://ledger.example/ban",
    "originalUrl": "https://ledger.example/ban",
    "provider": {"name": "The Ledger", "domain": "ledger.example"},
    "topics": ["Privacy", "Law"],
    "authors": ["A. Writer"],
    "category": "news",
    "heat": 12.5,
    "quality": 70,
}


def index_of(place: Path, *mappings: dict[str, Any]) -> newsearch.Index:
    with ArraysWriter(place) as changes:
        for number, mapping in enumerate(mappings):
            changes.add(article_from_mapping(mapping, id=str(number)), "/a")
        changes.commit()
    return newsearch.open(place)


@pytest.mark.skipif(not IS_COMPILED, reason="newsearch was installed without a compiler")
def test_an_ordinary_article_needs_no_article(tmp_path: Path) -> None:
    with index_of(tmp_path, ORDINARY, {**ORDINARY, "images": ["https://x.org/i.png"]}) as index:
        ordinary, rich = sorted(index.search("ban"), key=lambda hit: hit.id)
        results = index.search("ban")
        written = dict(zip([hit.id for hit in results], results.json([]), strict=True))
        made = orjson.loads(written[ordinary.id] or b"")
        assert made == {
            "rank": [hit.id for hit in results].index(ordinary.id) + 1,
            "score": round(ordinary.score, 6),
            "complete": True,
            "id": ordinary.id,
            "url": ordinary.url,
            **article_to_mapping(ordinary.article),
        }
        assert written[rich.id] is None


def test_without_a_compiler_the_article_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_articles, "_compiled", None)
    with index_of(tmp_path, ORDINARY) as index:
        page = Page(index.search("ban"))
        assert page.results.json([]) == [None]
        assert page_bytes(page) == to_json_bytes(page_mapping(page))


@pytest.mark.skipif(not IS_COMPILED, reason="newsearch was installed without a compiler")
def test_the_hits_of_several_segments_are_those_of_their_articles(tmp_path: Path) -> None:
    for number in range(3):
        with ArraysWriter(tmp_path, min_segment=1) as changes:
            for part in range(number + 1):
                mapping = {
                    **ORDINARY,
                    "title": f"ban {number} {part}",
                    "webUrl": f"https://x.org/{number}/{part}",
                }
                changes.add(article_from_mapping(mapping, id=f"{number}/{part}"), "/a")
            changes.commit()
    with newsearch.open(tmp_path) as index:
        assert index.stats().segments > 1
        for _ in range(3):  # records are kept from the second time on
            page = Page(index.search("ban"))
            assert None not in page.results.json([])
            assert page_bytes(page) == to_json_bytes(page_mapping(page))


def _columns(**changes: Any) -> tuple[memoryview, ...]:
    names = ("flag", "date", "modified", "heat", "quality", "category", "type", "language", "provider")
    facts = {name: np.zeros(2, np.int64) for name in names}
    facts |= {"topic_at": np.zeros(3, np.int64), "topic": np.zeros(1, np.int64)}
    facts |= {"author_at": np.zeros(3, np.int64), "author": np.zeros(1, np.int64)}
    facts |= {name: np.array(values) for name, values in changes.items()}
    return tuple(map(memoryview, facts.values()))


_NO_TABLES = (np.array([0, 0]), np.empty(0, np.uint8)) * 6
_RECORD = b"id\x1ftitle" + b"\x1f" * 7


def _hit(
    doc: int = 0,
    record: bytes = _RECORD,
    tables: Any = _NO_TABLES,
    at: Any = (0, 1, 2),
    score: float = 0.5,
    **changes: Any,
) -> bytes | None:
    """One article as JSON, whose record is stored as it is."""
    from newsearch.engine.arrays.segment import _json_articles

    blob = np.frombuffer(b"\0\0", np.uint8)
    calls = (lambda frame: 1, lambda frame: record, lambda: True, lambda: None)
    opened = _json_articles.opened(_columns(**changes), tables, np.array(at), blob, calls)
    found, others = _json_articles.hits(
        *([opened], [0, 2], None, [(0.0, doc, score)], [True], 1, [], ({}, {}), bytearray(8), {})
    )
    others.decode()
    hit: bytes | None = found[0]
    return hit


@pytest.mark.skipif(not IS_COMPILED, reason="newsearch was installed without a compiler")
def test_a_record_from_before_is_put_among_the_last_again() -> None:
    from newsearch.engine.arrays.segment import _json_articles

    def fail(*_: Any) -> Any:
        raise AssertionError("a known record is read again")

    opened = _json_articles.opened(
        _columns(), _NO_TABLES, np.array((0, 1, 2)), np.zeros(2, np.uint8), (fail,) * 4
    )
    rows, read = [(0.0, doc, 0.5) for doc in (0, 1)], dict[int, bytes]()
    recent = {0: _RECORD}, {1: _RECORD}
    _json_articles.hits([opened], [0, 2], None, rows, [True, True], 1, [], recent, bytearray(8), read)
    assert read == {1: _RECORD}


@pytest.mark.skipif(not IS_COMPILED, reason="newsearch was installed without a compiler")
def test_a_segment_stays_open_while_another_thread_opens_it_again() -> None:
    from newsearch.engine.arrays.segment import _json_articles

    blob, segments, is_open = memoryview(b"\0\0"), [None], []

    def decompress(frame: memoryview) -> bytes:
        segments[0] = None  # another thread may run meanwhile
        with pytest.raises(BufferError):
            blob.release()
        is_open.append(True)
        return _RECORD

    calls = (lambda frame: 1, decompress, lambda: True, lambda: None)
    segments[0] = _json_articles.opened(_columns(), _NO_TABLES, np.array((0, 1, 2)), blob, calls)
    rows = [(0.0, doc, 0.5) for doc in (0, 1)]
    found, _ = _json_articles.hits(
        *(segments, [0, 2], None, rows, [True, True], 1, [], ({}, {}), bytearray(8), {})
    )
    assert (len(found), is_open) == (2, [True, True])


@pytest.mark.skipif(not IS_COMPILED, reason="newsearch was installed without a compiler")
def test_numbers_that_lead_nowhere_are_noticed() -> None:
    assert _hit() == (
        b'{"rank":1,"score":0.5,"complete":true,"id":"id","path":"id","title":"title","published":false}'
    )
    for wrong in (
        {"doc": 2},
        {"doc": -1},
        {"record": b""},
        {"record": b"id\x1ftitle" + b"\x1f" * 6},
        {"record": b"id\x1ftitle" + b"\x1f" * 8},
        {"record": b"id\x1f\xff" + b"\x1f" * 7},  # not UTF-8
        {"record": b"id\x1f\xc3a\xa9" + b"\x1f" * 7},  # nor this, though it is without the ASCII between
        {"at": [0, 3, 3]},
        {"at": [1, 0, 0]},
        {"at": [-1, 0, 0]},
        {"at": [0]},
        {"category": [1, 0]},
        {"provider": [-1, 0]},
        {"topic_at": [0, 2, 2]},
        {"topic_at": [1, 0, 0]},
        {"topic_at": [0]},
        {"topic_at": [0, 1, 1], "topic": [7]},
        {"flag": [2, 0], "date": [2**62, 0]},
        {"flag": [2, 0], "date": [-(2**62), 0]},
        {"tables": (np.array([0, 5]), np.empty(0, np.uint8)) * 6},
        {"tables": (np.array([0, -1]), np.empty(0, np.uint8)) * 6},
        {"tables": (np.array([0, 1]), np.array([65], np.uint8)) * 6},  # an outlet without a domain
        {"tables": (np.array([0, 1]), np.array([255], np.uint8)) * 6},  # not UTF-8
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - the reader says what is damaged
            _hit(**wrong)


@pytest.mark.skipif(not IS_COMPILED, reason="newsearch was installed without a compiler")
@given(
    st.floats(0, 1e9)
    | st.floats(0, 2e-4)
    | st.integers(0, 2_000).map(lambda number: number / 1e7)
    | st.sampled_from([-1.0, 1e300, float("inf"), float("nan"), -0.0])
)
def test_a_score_is_written_as_other_writers_do(score: float) -> None:
    hit = _hit(score=score)
    if hit is None:
        assert not 1e-4 <= score < 1e9
    else:
        assert hit.startswith(b'{"rank":1,"score":%b,"complete"' % orjson.dumps(round(score, 6)))


@pytest.mark.skipif(not IS_COMPILED, reason="newsearch was installed without a compiler")
@given(
    st.text(
        st.sampled_from('a é日\U0001f600"\\\n\t\x00\x1e\x20\x7e\x7f\u2028')
        | st.characters(codec="utf-8", exclude_characters="\x1f")  # a record is UTF-8
    )
)
def test_text_of_any_length_is_quoted(title: str) -> None:
    hit = _hit(record=b"id\x1f" + title.encode() + b"\x1f" * 7)
    assert orjson.loads(hit or b"").get("title", "") == title
    assert b'"title":%b,' % orjson.dumps(title) in (hit or b"") or not title
