"""How a source is read, and which of its articles stay, as every engine remembers it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from contract.news import RECORDS, changed, write

import newsearch
from newsearch.engine import open_engine
from newsearch.engine.base import SourceSettings
from newsearch.errors import SourceError

FEED = """<rss version="2.0"><channel><title>Gazette</title><link>https://gazette.example</link>{}</channel></rss>"""
ITEM = "<item><title>{0}</title><guid>https://gazette.example/{0}</guid><pubDate>{1}</pubDate></item>"


def feed(path: Path, *titles: str, days_ago: float = 0) -> Path:
    when = datetime.now(UTC) - timedelta(days_ago)
    items = (ITEM.format(title, when.strftime("%a, %d %b %Y %H:%M:%S GMT")) for title in titles)
    path.write_text(FEED.format("".join(items)))
    return path


def titles(place: str) -> set[str]:
    with newsearch.open(place) as index:
        return {article.title for article in index.articles()}


def dates(place: str) -> set[object]:
    with newsearch.open(place) as index:
        return {article.date for article in index.articles()}


def remembered(place: str) -> list[SourceSettings]:
    with newsearch.open(place) as index:
        return list(index.stats().sources_settings)


@pytest.fixture
def dated(tmp_path: Path) -> Path:
    return write(tmp_path / "news.jsonl", [{"id": "1", "title": "x", "publishedDateTime": "03/04/2020"}])


MARCH, APRIL = {date(2020, 3, 4)}, {date(2020, 4, 3)}


def test_the_order_of_day_and_month_is_remembered_until_it_is_given_again(place: str, dated: Path) -> None:
    newsearch.build(dated, index=place, day_first=True)
    assert dates(place) == APRIL
    write(dated, [{"id": "1", "title": "y", "publishedDateTime": "03/04/2020"}])
    newsearch.reindex(place)
    assert (titles(place), dates(place)) == ({"y"}, APRIL)
    newsearch.build(dated, index=place, day_first=False)  # its file has not changed
    assert dates(place) == MARCH
    newsearch.reindex(place, full=True)
    assert remembered(place) == [SourceSettings(day_first=False)]
    newsearch.reindex(place, defaults=True)
    assert remembered(place) == [SourceSettings()]
    assert open_engine(place).recipe().settings == {}


def test_the_format_is_remembered(place: str, tmp_path: Path) -> None:
    pytest.importorskip("feedparser")
    source = feed(tmp_path / "news.dat", "One")
    source.write_text("\n\n <!-- of a program -->" + source.read_text())
    newsearch.build(source, index=place, format="xml")
    assert remembered(place) == [SourceSettings("xml", window=True)]
    feed(source, "Two")
    newsearch.reindex(place)
    newsearch.reindex(place, full=True)
    assert titles(place) == {"One", "Two"}
    assert remembered(place) == [SourceSettings("xml", window=True)]


def test_each_source_has_its_own_and_loses_it_when_it_is_forgotten(
    place: str, dated: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other.jsonl", [{"id": "2", "title": "x", "publishedDateTime": "03/04/2020"}])
    newsearch.build(dated, index=place, day_first=True)
    newsearch.build(other, index=place)
    assert dates(place) == MARCH | APRIL
    newsearch.reindex(place, full=True)
    assert dates(place) == MARCH | APRIL
    newsearch.forget(dated, index=place)
    newsearch.build(dated, index=place)
    assert dates(place) == MARCH


def test_a_dry_run_remembers_nothing(place: str, dated: Path) -> None:
    newsearch.build(dated, index=place)
    newsearch.build(dated, index=place, day_first=True, dry_run=True)
    assert remembered(place) == [SourceSettings()]


def test_what_drops_out_of_a_feed_in_a_file_stays(place: str, tmp_path: Path) -> None:
    pytest.importorskip("feedparser")
    source = feed(tmp_path / "feed.xml", "One", "Two")
    newsearch.build(source, index=place)
    feed(source, "Two", "Three")
    report = newsearch.build(source, index=place)
    assert (report.added, report.deleted) == (1, 0)
    feed(source)  # empty
    assert newsearch.reindex(place).changed == 0
    newsearch.reindex(place, full=True)
    assert titles(place) == {"One", "Two", "Three"}
    newsearch.forget(source, index=place)
    assert titles(place) == set()


def test_a_json_feed_is_a_window_and_another_document_is_not(place: str, tmp_path: Path) -> None:
    def save(name: str, version: dict[str, str], *titles: str) -> Path:
        items = [{"id": title, "title": title, "content_text": title} for title in titles]
        path = tmp_path / name
        path.write_text(json.dumps({**version, "items": items}))
        return path

    version = {"version": "https://jsonfeed.org/version/1.1", "title": "Gazette"}
    save("feed.json", version, "One", "Two"), save("other.json", {}, "Three", "Four")
    newsearch.build(tmp_path / "feed.json", tmp_path / "other.json", index=place)
    save("feed.json", version, "Two"), save("other.json", {}, "Four")
    newsearch.reindex(place)
    assert titles(place) == {"One", "Two", "Four"}


def test_keep_is_remembered_and_ends_what_has_dropped_out(place: str, tmp_path: Path) -> None:
    pytest.importorskip("feedparser")
    source = feed(tmp_path / "feed.xml", "Old", days_ago=40)
    newsearch.build(source, index=place)
    feed(source, "New", "Middle", days_ago=20)
    newsearch.build(source, index=place, keep=timedelta(30))
    assert titles(place) == {"New", "Middle"}
    assert remembered(place) == [SourceSettings(keep=30 * 86400, window=True)]
    feed(source, "Old", days_ago=40)
    assert newsearch.reindex(place).changed == 0
    newsearch.reindex(place, keep=timedelta(10))  # the file is as it was
    assert titles(place) == set()


@pytest.mark.parametrize("more", [{"keep": timedelta(60)}, {"defaults": True}])
def test_what_was_too_old_is_read_when_more_is_kept(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, object]
) -> None:
    pytest.importorskip("feedparser")
    monkeypatch.setattr("newsearch.sources.files.UNSETTLED", 0)  # the file is as it was
    source = feed(tmp_path / "feed.xml", "Old", days_ago=40)
    newsearch.build(source, index=place, keep=timedelta(30))
    assert titles(place) == set()
    newsearch.reindex(place, **more)  # type: ignore[arg-type]
    assert titles(place) == {"Old"}


def test_a_window_that_fails_is_reported_and_stops_nothing(place: str, tmp_path: Path) -> None:
    pytest.importorskip("feedparser")
    source = feed(tmp_path / "feed.xml", "One")
    other = write(tmp_path / "news.jsonl", RECORDS[:1])
    newsearch.build(source, other, index=place)
    for number, text in enumerate(("<!DOCTYPE html><html><body>503</body></html>", "", "{}", "<rss")):
        source.write_text(text)
        write(other, changed("1", title=f"After {number}")[:1])
        report = newsearch.reindex(place)
        assert (report.incomplete, report.broken) == ((str(source),), 1)
        assert titles(place) == {"One", f"After {number}"}
    assert newsearch.reindex(place, full=True).incomplete == (str(source),)
    assert titles(place) == {"One", "After 3"}
    feed(source, "Two")
    assert newsearch.reindex(place).incomplete == ()
    assert titles(place) == {"One", "Two", "After 3"}


def test_a_window_may_be_any_file_and_a_feed_may_be_none(place: str, tmp_path: Path) -> None:
    pytest.importorskip("feedparser")
    source, news = feed(tmp_path / "feed.xml", "One"), write(tmp_path / "news.jsonl", RECORDS[:2])
    newsearch.build(source, index=place, window=False)
    newsearch.build(news, index=place, window=True)
    feed(source, "Two"), write(news, RECORDS[2:3])
    newsearch.reindex(place)
    assert titles(place) == {"Two", *(record["title"] for record in RECORDS[:3])}
    newsearch.reindex(place, full=True)
    assert titles(place) == {"Two", *(record["title"] for record in RECORDS[:3])}
    newsearch.build(news, index=place, window=False)
    write(news, RECORDS[1:3])
    newsearch.reindex(place)
    assert titles(place) == {"Two", *(record["title"] for record in RECORDS[1:3])}


def test_a_directory_may_be_a_window(place: str, tmp_path: Path) -> None:
    news = tmp_path / "news"
    news.mkdir()
    for name in "ab":
        (news / f"{name}.md").write_text(f"---\ntitle: {name}\n---\n")
    newsearch.build(news, index=place, window=True)
    (news / "a.md").unlink()
    newsearch.reindex(place)
    assert titles(place) == {"a", "b"}
    newsearch.build(news, index=place, window=False)
    assert titles(place) == {"b"}


def test_the_export_of_a_whole_site_is_no_window(place: str, tmp_path: Path) -> None:
    pytest.importorskip("feedparser")
    source = feed(tmp_path / "site.xml", "One", "Two")
    head = '<rss xmlns:wp="http://wordpress.org/export/1.2/" version'
    source.write_text(source.read_text().replace("<rss version", head))
    newsearch.build(source, index=place)
    feed(source, "Two")
    newsearch.reindex(place, window=None)
    assert "Two" in titles(place)
    assert remembered(place)[0].window is True  # it has become a feed
    assert titles(place) == {"One", "Two"}


def test_a_format_that_nobody_reads_any_more_is_an_error(
    place: str, dated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsearch.build(dated, index=place, format="json-lines")
    monkeypatch.setattr("newsearch.indexing.running.format_names", lambda: ("markdown",))
    with pytest.raises(SourceError, match="json-lines"):
        newsearch.reindex(place)
