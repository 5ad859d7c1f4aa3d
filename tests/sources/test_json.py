"""JSON Lines, feeds, and how a source is chosen by its path."""

from __future__ import annotations

import codecs
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources import json_lines
from newsearch.sources.files import MAX_ARTICLE_SIZE
from newsearch.sources.formats import BY_SUFFIX
from newsearch.sources.registry import open_source


def record(title: str, **more: Any) -> bytes:
    return json.dumps({"title": title, **more}).encode()


def shown(path: Path) -> list[str]:
    """What each result of the source is, in a word or two."""
    results = open_source(path).articles()
    return [
        result.title if isinstance(result, Article) else str(result).replace(f"{path}", "")
        for result in results
    ]


def test_each_line_is_an_article_and_empty_lines_are_none(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_bytes(record("one") + b"\n\n  \r\n" + record("two") + b"\r\n" + record("three"))
    assert shown(path) == ["one", "two", "three"]


def test_a_broken_line_is_reported_with_its_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "news.ndjson"
    deep = b"[" * 100_000 + b"]" * 100_000
    lines = [record("one"), b"", b'{"title": "torn', b"[1]", b"null", record(""), b'"\xff"', deep]
    path.write_bytes(b"\n".join([*lines, b"9" * 5000, record("last")]))
    assert shown(path)[:7] == [
        "one",
        ":3: not JSON at column 11",
        ":4: an article is a JSON object, not a list",
        ":5: an article is a JSON object, not null",
        ":6: no title",
        ":7: not UTF-8: byte 1",
        ":8: not usable JSON: nested too deeply",
    ]
    assert shown(path)[7] == ":9: not usable JSON: an integer of thousands of digits"
    assert shown(path)[8:] == ["last"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_lines_in_utf_16_are_read(tmp_path: Path, mark: bytes, pack: Callable[[bytes], bytes]) -> None:
    titles = ["Ünïcode", "𝄞", *map(str, range(9000))]
    text = "".join(json.dumps({"title": title}, ensure_ascii=False) + "\r\n" for title in titles)
    path = tmp_path / "news.jsonl"
    path.write_bytes(pack(mark + text.encode("utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be")))
    assert shown(path) == titles


def test_a_line_over_the_limit_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_bytes(record("x" * (2 * MAX_ARTICLE_SIZE + 5)) + b"\n" + record("after") + b"\n")
    assert shown(path) == [":1: a line longer than 10 MB", "after"]


@given(
    lines=st.lists(
        st.sampled_from([b"", b" ", b"{", record("x"), record("y" * 40), b"[" + b" " * 60]), max_size=9
    ),
    is_ended=st.booleans(),
    block=st.integers(1, 30),
    limit=st.integers(30, 70),
    compressed=st.booleans(),
)
def test_how_much_is_read_at_a_time_changes_nothing(
    lines: list[bytes], is_ended: bool, block: int, limit: int, compressed: bool
) -> None:
    data = b"\n".join(lines) + b"\n" * (is_ended and bool(lines))
    expected = [(n, line if len(line) <= limit else None) for n, line in enumerate(data.split(b"\n"), 1)]
    if expected[-1][1] == b"":
        expected.pop()
    stream = io.BytesIO(gzip.compress(data) if compressed else data)
    file: Any = gzip.GzipFile(fileobj=stream) if compressed else io.BufferedReader(stream)
    with (
        mock.patch.object(json_lines, "_BLOCK", block),
        mock.patch.object(json_lines, "MAX_ARTICLE_SIZE", limit),
    ):
        numbered = list(json_lines.numbered_lines(file, "x"))
    assert [(n, line if isinstance(line, bytes) else None) for n, line in numbered] == expected


@pytest.mark.parametrize("name", ["news.jsonl.gz", "news.jsonl", "NEWS.NDJSON.GZ"])
def test_gzip_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(record("one")) + gzip.compress(b"\n" + record("two")))
    assert shown(path) == ["one", "two"]
    path.write_bytes(record("plain"))
    assert shown(path) == ["plain"]


def test_a_truncated_gzip_gives_what_can_be_read_and_then_an_error(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl.gz"
    whole = gzip.compress(
        b"".join(record(f"title {number} {hash(str(number))}") + b"\n" for number in range(9999))
    )
    path.write_bytes(whole[: len(whole) // 2])
    *titles, error = shown(path)
    assert len(titles) > 1000
    assert titles[0].startswith("title 0")
    assert error == f":{len(titles) + 1}: cannot be read further: ends in the middle of its compressed data"


def test_a_damaged_gzip_ends_in_an_error(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl.gz"
    whole = gzip.compress(record("one") * 100)
    path.write_bytes(whole[:12] + b"\xff" * 30 + whole[42:])
    assert shown(path)[-1].endswith(": cannot be read further: its compressed data are damaged")


@pytest.mark.parametrize(
    ("fields", "id"),
    [
        ({"path": "a/b.md", "id": "x", "webUrl": "https://a.example/1"}, "a/b.md"),
        ({"id": "x", "webUrl": "https://a.example/1"}, "x"),
        ({"_id": 7}, "7"),
        ({"id": 7.0, "webUrl": "https://a.example/1"}, "7"),
        ({"id": -0.0, "webUrl": "https://a.example/1"}, "0"),
        ({"id": 7.25, "webUrl": "https://a.example/1"}, "7.25"),
        ({"id": float("nan"), "webUrl": "https://a.example/1"}, "https://a.example/1"),
        ({"id": 0, "webUrl": "https://a.example/1"}, "0"),
        ({"id": False, "webUrl": "https://a.example/1"}, "https://a.example/1"),
        ({"webUrl": "http://A.example/1/?utm_source=x#top"}, "https://a.example/1"),
        ({"originalUrl": "https://a.example/v?id=1"}, "https://a.example/v?id=1"),
        ({"path": "", "id": None}, "news.jsonl#4adaa997fd630d62"),
    ],
)
def test_the_id_is_what_the_record_has_else_its_url_else_its_content(
    tmp_path: Path, fields: dict[str, Any], id: str
) -> None:
    path = tmp_path / "news.jsonl"
    path.write_bytes(b"\n" + record("one", **fields))
    [article] = open_source(path).articles()
    assert isinstance(article, Article)
    assert article.id == id


def test_equal_ids_are_both_given(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_bytes(record("one", id="x") + b"\n" + record("two", id="x"))
    assert shown(path) == ["one", "two"]


def test_a_json_file_is_a_feed_a_list_or_one_article(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    one, two = {"title": "one"}, {"title": "two"}
    for document in ({"page": 1, "value": [one, two], "nextPage": None}, [one, two]):
        path.write_text(json.dumps(document))
        assert shown(path) == ["one", "two"]
    path.write_text(json.dumps(one))
    assert shown(path) == ["one"]
    path.write_text(json.dumps([one, 3, {}]))
    assert shown(path) == ["one", "#2: an article is a JSON object, not a number", "#3: no title"]


def test_the_feeds_own_form_is_read(tmp_path: Path) -> None:
    value = {
        "path": "_news/2020-01-02-a.md",
        "title": "A title",
        "sourceUrl": None,
        "content": "<p>One.</p><p>Two<br>lines.</p>\r\n",
        "tags": None,
        "updatedDateTime": None,
        "locale": "en-US",
        "categories": ["news", "other"],
        "topics": ["AI"],
        "highlight": "<b>kept</b>",
        "provider": {"name": "P", "domain": "p.example", "images": None, "authors": None},
    }
    path = tmp_path / "feed.json"
    path.write_text(json.dumps({"value": [value]}))
    [article] = open_source(path).articles()
    assert isinstance(article, Article)
    assert article.id == "_news/2020-01-02-a.md"
    assert article.body == "One.\n\nTwo\nlines."
    assert (article.category, article.language, article.topics) == ("news", "en-us", ("AI",))
    assert article.extra == {"highlight": "<b>kept</b>"}
    assert str(article.date) == "2020-01-02"


def test_a_feed_that_is_not_json_cannot_be_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    path.write_text('{"value": [\n}')
    with pytest.raises(SourceError, match="not JSON at line 2 column 1"):
        list(open_source(path).articles())


def test_a_path_that_is_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or directory"):
        open_source(tmp_path / "missing.md")
    for name in ("page.pdf", "noname", "article.pdf.gz"):
        (tmp_path / name).touch()
        with pytest.raises(SourceError, match="not a kind of file newsearch reads") as error:
            open_source(tmp_path / name)
        assert all(suffix in str(error.value) for suffix in BY_SUFFIX)
