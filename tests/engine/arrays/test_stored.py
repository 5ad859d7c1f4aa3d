"""Articles made in C are those made in Python, of sound and of damaged files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.engine.arrays.segment import columns, stored
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.arrays.segment.stored import StoredArticles

ARTICLES = 3
INTEGERS = ("u1", "u2", "u4", "i2", "i4", "i8", "u8")

_names = st.lists(
    st.sampled_from([b"", b"Sport", b"World \xc3\x84", b"Wire\x1fwire.test\x1f", b"\xff", b"[\x1f]\x1f["]),
    min_size=1,
    max_size=4,
)
_numbers = st.one_of(
    st.integers(-2, 6),
    st.sampled_from(
        [86399, 86400, 951782400, 1590969599, 253402300799, 253402300800, -62135596800, -62135596801]
    ),
    st.integers(-(2**63), 2**63 - 1),
)
_texts = st.sampled_from(["", "a", "Ä story", "https://news.test/1"])
_rests = st.sampled_from(["", "", "", '{"microsecond":5}', "{", '{"extra":{"a":1}}'])


def _column(draw: Any, length: int, signal: bool) -> Any:
    kind = draw(st.sampled_from([*INTEGERS, "f8"] if signal else INTEGERS))
    if kind == "f8":
        numbers = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 50.0, 50.5, 2.0**31, 1e15, 1e16]))
        return np.array(draw(st.lists(numbers, min_size=length, max_size=length)), "f8")
    given_numbers = draw(st.lists(_numbers, min_size=length, max_size=length))
    return np.array(given_numbers, "i8").astype(kind)


@st.composite
def _segments(draw: Any) -> dict[str, Any]:
    """The columns and tables of a segment, most of them sound."""
    arrays: dict[str, Any] = {
        "flag": np.array(draw(st.lists(st.integers(0, 2047), min_size=3, max_size=3)), "u2")
    }
    for name in ("date", "modified", "heat", "quality"):
        arrays[name] = _column(draw, ARTICLES, signal=name in ("heat", "quality"))
    for table in ("category", "type", "language", "provider", "topic", "author"):
        names = draw(_names)
        arrays[f"{table}_name_bytes"] = np.frombuffer(b"".join(names), "u1")
        arrays[f"{table}_name_at"] = np.cumsum([0, *map(len, names)]).astype(draw(st.sampled_from(INTEGERS)))
        sound = st.lists(st.integers(0, len(names) - 1), min_size=ARTICLES, max_size=ARTICLES)
        arrays[table] = np.array(draw(sound), draw(st.sampled_from(["u1", "u2"])))
        if draw(st.integers(0, 9)) == 0:
            arrays[table] = _column(draw, ARTICLES, signal=False)
        if draw(st.integers(0, 9)) == 0:
            arrays[f"{table}_name_at"] = _column(draw, len(names) + 1, signal=False)
    for table in ("topic", "author"):
        arrays[f"{table}_at"] = np.array(
            draw(st.sampled_from([[0, 1, 1, 3], [0, 0, 3, 3], [0, 2, 1, 9]])), "u1"
        )
    return arrays


def _made(make: Any, doc: int, record: Record) -> object:
    try:
        article = make(doc, record)
    except Exception as error:
        return type(error)
    # The representation tells 1 from 1.0 and from True.
    return repr(article), type(article)


@given(_segments(), st.builds(Record, *[_texts] * 8, _rests, _texts), st.integers(0, ARTICLES))
def test_an_article_is_the_same_in_c_and_in_python(arrays: dict[str, Any], record: Record, doc: int) -> None:
    if stored._twin is None:
        pytest.skip("newsearch was installed without a compiler")
    articles = StoredArticles(arrays.__getitem__)
    for _ in range(2):  # the second time from what was kept
        assert _made(articles.article, doc, record) == _made(articles.uncompiled, doc, record)


def test_ordinary_articles_are_made_in_c() -> None:
    if stored._twin is None:
        pytest.skip("newsearch was installed without a compiler")
    usual = columns.PUBLISHED | columns.DATED | columns.MODIFIED | columns.HAS_HEAT | columns.HAS_QUALITY
    arrays = {
        "flag": np.array([0, usual | columns.TAGGED, usual | columns.DATE_ONLY], "u2"),
        "date": np.array([0, 1590969599, -951782400]),
        "modified": np.array([0, 86399, 4102444800]),
        "heat": np.array([1.5, 3.0, 0.0]),
        "quality": np.array([1, 2, 3], "u1"),
    }
    for table in ("category", "type", "language", "provider", "topic", "author"):
        arrays |= {f"{table}_name_bytes": np.empty(0, "u1"), f"{table}_name_at": np.array([0, 0])}
        arrays |= {table: np.zeros(ARTICLES, "u1"), f"{table}_at": np.array([0, 1, 1, 3])}
    articles = StoredArticles(arrays.__getitem__)
    record = Record("1", "Title", "Excerpt", "", "", "", "", "Body", "", "")
    assert all(articles._make and articles._make(doc, record) is not None for doc in range(ARTICLES))
