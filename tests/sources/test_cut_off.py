"""A file that was cut off, by a full disk or a broken connection, deletes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import newsearch
from newsearch.errors import SourceError
from newsearch.sources.registry import open_source

LINES = "".join(
    json.dumps({"id": f"n{number}", "title": f"Ferry {number} \u00e9\\ \U0001f600", "heat": 10 * number})
    + "\n"
    for number in range(1, 4)
)
RSS = "<rss version='2.0'><channel><title>Gazette</title>{}</channel></rss>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Gazette</title>{}</feed>"
RDF = (
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
    "<channel rdf:about='https://gazette.example/'><title>Gazette</title></channel>{}</rdf:RDF>"
)
ITEM = "<item rdf:about='{0}'><title>Ferry {0}</title><link>https://gazette.example/{0}</link></item>"
ENTRY = "<entry><title>Ferry {0}</title><id>https://gazette.example/{0}</id></entry>"


def _feed(frame: str, entry: str) -> str:
    return frame.format("".join(entry.format(number) for number in range(1, 4)))


FEEDS = {"rss": _feed(RSS, ITEM), "atom": _feed(ATOM, ENTRY), "rdf": _feed(RDF, ITEM)}


def _read(path: Path) -> tuple[list[str], list[SourceError]]:
    found = list(open_source(path).articles())
    errors = [result for result in found if isinstance(result, SourceError)]
    return [result.title for result in found if not isinstance(result, SourceError)], errors


@given(size=st.integers(2, len(LINES.encode()) - 1))
def test_lines_that_end_in_the_middle_of_one_hide_articles(
    tmp_path_factory: pytest.TempPathFactory, size: int
) -> None:
    data = LINES.encode()[:size]
    assume(not data.endswith(b"{"))  # too little to tell from a broken line
    path = tmp_path_factory.mktemp("cut") / "news.jsonl"
    path.write_bytes(data)
    titles, errors = _read(path)
    whole = sum(line.endswith(b"}") for line in data.split(b"\n"))
    assert len(titles) == whole
    assert [error.hides_articles for error in errors] == [True] * (data[-1:] not in b"}\n")


@pytest.mark.parametrize(
    "last",
    [
        "{bad",
        '{"title": tru}',
        '{"id": "n4"}',
        "[1, 2",
        '{"title": "x"}}',
        f'{{"title": "x", "heat": {"1" * 5_000}}}',
    ],
)
def test_a_broken_last_line_hides_nothing(tmp_path: Path, last: str) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text(LINES + last)
    titles, [error] = _read(path)
    assert len(titles) == 3
    assert not error.hides_articles


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize(
    "end", ["</item>", "</entry>", "Ferry 3", "Ferry 2<", "https://gazette.example/2", "<channel", "<item"]
)
def test_of_a_feed_that_was_cut_off_the_whole_entries_are_read(tmp_path: Path, name: str, end: str) -> None:
    pytest.importorskip("feedparser", reason="needs the extra feeds")
    text = FEEDS[name]
    at = text.find(end)
    if at < 0:
        pytest.skip(f"there is no {end} in this feed")
    path = tmp_path / "feed.xml"
    path.write_text(text[: at + len(end)])
    titles, [error] = _read(path)
    whole = text[: at + len(end)].count("</item>") + text[: at + len(end)].count("</entry>")
    assert titles == [f"Ferry {number}" for number in range(1, whole + 1)]
    assert error.hides_articles
    assert error.reason.startswith("ends in the middle: there is no </")


@pytest.mark.parametrize("name", FEEDS)
def test_a_whole_feed_hides_nothing_whatever_follows_it(tmp_path: Path, name: str) -> None:
    pytest.importorskip("feedparser", reason="needs the extra feeds")
    path = tmp_path / "feed.xml"
    for text in (
        FEEDS[name],
        f"{FEEDS[name]}\n<!-- made in 3 ms -->\n",
        FEEDS[name].replace("Ferry 2", "A & B"),
    ):
        path.write_text(text)
        titles, errors = _read(path)
        assert (len(titles), errors) == (3, [])


@pytest.mark.parametrize(("file", "text"), [("news.jsonl", LINES), ("feed.xml", FEEDS["rss"])])
@pytest.mark.parametrize("is_named", [True, False])
def test_a_cut_deletes_and_changes_nothing(tmp_path: Path, file: str, text: str, is_named: bool) -> None:
    pytest.importorskip("feedparser", reason="needs the extra feeds")
    folder, index = tmp_path / "news", tmp_path / "index"
    folder.mkdir()
    (folder / file).write_text(text)
    source = folder / file if is_named else folder
    assert newsearch.build(source, index=index).added == 3
    (folder / file).write_text(text[: text.index("Ferry 2") + 5])
    report = newsearch.build(source, index=index)
    assert (report.deleted, report.added, report.replaced, report.broken) == (0, 0, 0, 1)
    assert report.incomplete == (str(source),)
    with newsearch.open(index) as opened:
        assert opened.search("ferry").total == 3
