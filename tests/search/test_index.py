"""The library as its users see it: build, open, search, get, refresh, reindex, forget."""

from __future__ import annotations

import gzip
import json
import random
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.engine.base import MAX_PAGE
from newsearch.errors import EngineError, IndexMissing, QueryError, SourceError
from newsearch.indexing.gate import Wanted
from newsearch.search.index import Index
from newsearch.sources.json_lines import JsonStream

BBC, CNN, POST = (
    {"name": name, "domain": domain}
    for name, domain in (("BBC News", "bbc.co.uk"), ("CNN", "edition.cnn.com"), ("The Post", "post.com"))
)
RECORDS: list[dict[str, Any]] = [
    {
        "id": "1",
        "title": "Portland bans facial recognition",
        "publishedDateTime": "2020-09-29T21:05:00Z",
        "heat": 90,
        "quality": 80,
        "topics": ["AI", "Privacy"],
        "provider": BBC,
        "category": "Tech",
        "webUrl": "https://bbc.co.uk/news/1",
    },
    {
        "id": "2",
        "title": "A ban on facial recognition",
        "publishedDateTime": "2020-09-30",
        "heat": 10,
        "quality": 20,
        "topics": ["AI"],
        "provider": CNN,
        "type": "video",
    },
    {
        "id": "3",
        "title": "Recognition of a state",
        "publishedDateTime": "2020-10-01T00:00:00Z",
        "heat": 50,
        "provider": POST,
        "category": "World",
    },
    {"id": "4", "title": "An unpublished ban", "published": False, "heat": 1000},
    {"id": "5", "title": "Undated"},
]


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "news.jsonl", RECORDS)


@pytest.fixture
def index(source: Path, tmp_path: Path) -> Index:
    newsearch.build(source, index=tmp_path / "index")
    return newsearch.open(tmp_path / "index")


def found(index: Index, query: str = "", **options: Any) -> list[str]:
    return [hit.id for hit in index.search(query, **options)]


def test_articles_with_every_word_come_before_those_with_some(index: Index) -> None:
    results = index.search("facial recognition ban")
    assert [(hit.id, hit.complete) for hit in results] == [("1", True), ("2", True), ("3", False)]
    assert (results.total, results.counts.complete, results.counts.partial) == (3, 2, 1)


def test_a_hit_tells_its_article_and_why_it_is_there(index: Index) -> None:
    hit = index.search("portland")[0]
    assert (hit.id, hit.title, hit.url) == (
        "1",
        "Portland bans facial recognition",
        "https://bbc.co.uk/news/1",
    )
    assert hit.article == index.get("1")
    text, boost = hit.explanation.details
    assert hit.score == hit.explanation.value == text.value * boost.value


def test_an_empty_query_finds_every_published_article(index: Index) -> None:
    assert sorted(found(index)) == ["1", "2", "3", "5"]
    assert sorted(found(index, unpublished=True)) == ["1", "2", "3", "4", "5"]


EST = timezone(timedelta(hours=-5))

FILTERS: list[tuple[Mapping[str, Any], str]] = [
    ({"after": "2020-09-30"}, "2 3"),
    ({"after": date(2020, 9, 30)}, "2 3"),
    ({"after": datetime(2020, 9, 30, 12, tzinfo=UTC)}, "2 3"),
    # Where the query is read, the day of article 2 is not over yet.
    ({"after": datetime(2020, 9, 30, 21), "tz": EST}, "2"),
    ({"after": datetime(2020, 10, 1), "tz": EST}, ""),
    ({"after": date(2020, 9, 30), "tz": EST}, "2 3"),
    ({"before": "2020-09-30"}, "1"),
    ({"before": datetime(2020, 9, 29, 21, 5, tzinfo=UTC)}, ""),
    ({"after": "2020-09", "before": "2020-10"}, "1 2"),
    ({"after": "2d", "as_of": datetime(2020, 10, 2, 12, tzinfo=UTC)}, "2 3"),
    ({"topics": ["ai"]}, "1 2"),
    ({"topics": ["ai", "PRIVACY"]}, "1"),
    ({"providers": ["bbc", "post.com"]}, "1 3"),
    ({"providers": ["cnn.com"]}, "2"),
    ({"categories": ["tech"]}, "1"),
    ({"types": ["video", "article"], "min_heat": 50}, "1 3"),
    ({"min_quality": 20}, "1 2"),
    ({"min_heat": -5}, "1 2 3"),
]


@pytest.mark.parametrize(("options", "expected"), FILTERS)
def test_options_filter(index: Index, options: dict[str, Any], expected: str) -> None:
    assert sorted(found(index, **options)) == expected.split()
    assert sorted(found(index, "recognition OR undated", **options)) == expected.split()


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("newest", "3 2 1 5"), ("oldest", "1 2 3 5"), ("heat", "1 3 2 5"), ("quality", "1 2 3 5")],
)
def test_sorts_put_what_is_unknown_last(index: Index, sort: str, expected: str) -> None:
    assert found(index, sort=sort) == expected.split()


def test_pages_follow_one_another(index: Index) -> None:
    whole = found(index, sort="newest")
    assert [found(index, sort="newest", limit=1, offset=i) for i in range(5)] == [[id] for id in whole] + [[]]
    assert found(index, limit=0) == []
    assert index.search(limit=0).total == 4


@pytest.mark.parametrize(
    "wrong",
    [{"limit": -1}, {"offset": -1}, {"limit": 1, "offset": MAX_PAGE}, {"sort": "best"}, {"after": "soon"}],
)
def test_options_out_of_range_are_query_errors(index: Index, wrong: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        index.search("ban", **wrong)


def test_facets_count_the_complete_matches(index: Index) -> None:
    results = index.search("facial recognition")
    assert results.facet("topic") == [("AI", 2), ("Privacy", 1)]
    assert results.facet("topic", 1) == [("AI", 2)]
    assert results.facet("month") == [("2020-09", 2)]
    assert index.search().facet("month", 1) == [("2020-10", 1)]
    for name in ("topic", "month"):
        assert index.search().facet(name, 0) == []
    with pytest.raises(QueryError):
        results.facet("colour")


def test_recency_counts_from_the_newest_visible_article(index: Index) -> None:
    recent = newsearch.Boosts(heat=0, quality=0, half_life=1)
    assert found(index, "recognition", boosts=recent)[0] == "3"
    same = index.search("recognition", boosts=recent, as_of=datetime(2020, 10, 1, tzinfo=UTC))
    assert [hit.score for hit in same] == [hit.score for hit in index.search("recognition", boosts=recent)]


def test_stats_tell_what_the_index_holds(index: Index, source: Path) -> None:
    stats = index.stats()
    assert (stats.articles, stats.unpublished, stats.deleted, stats.segments, stats.generation) == (
        5,
        1,
        0,
        1,
        1,
    )
    assert (stats.oldest, stats.newest) == (
        datetime(2020, 9, 29, 21, 5, tzinfo=UTC),
        datetime(2020, 10, 1, tzinfo=UTC),
    )
    assert (stats.median_heat, stats.median_quality) == (70, 50)
    assert stats.sources == (str(source),)
    assert stats.size > 0
    assert stats.created.tzinfo is not None


@pytest.mark.parametrize("stored", ["https://www.cnn.com/a/1", "http://cnn.com/a/1/"])
@pytest.mark.parametrize(
    "typed",
    [
        "https://www.cnn.com/a/1",
        "http://CNN.com/a/1?fbclid=2",
        "www.cnn.com/a/1",
        "url:cnn.com/a/1",
        "url:www.cnn.com/a/1",
        "url:https://www.cnn.com/a/1/",
    ],
)
def test_an_address_finds_its_article_with_www_and_without(tmp_path: Path, stored: str, typed: str) -> None:
    write(tmp_path / "n.jsonl", [{"id": "1", "title": "a", "webUrl": stored}, {"id": "2", "title": "cnn"}])
    gate = newsearch.Gate(queries=(Wanted("a", typed.removeprefix("url:")),) if "://" in typed else ())
    newsearch.build(tmp_path / "n.jsonl", index=tmp_path / "index", gate=gate)
    with newsearch.open(tmp_path / "index") as opened:
        assert [hit.id for hit in opened.search(typed)] == ["1"]


def test_building_again_replaces_what_changed_and_deletes_what_is_gone(index: Index, source: Path) -> None:
    changed = {**RECORDS[1], "title": "Changed"}
    write(source, [RECORDS[0], changed, {"id": "9", "title": "New"}])
    report = newsearch.build(source, index=index.path)
    assert (report.read, report.added, report.replaced, report.unchanged) == (3, 1, 1, 1)
    assert (report.deleted, report.articles) == (3, 3)
    assert index.get("9") is None
    assert found(index, "undated") == ["5"]
    assert index.refresh()
    assert not index.refresh()
    article = index.get("2")
    assert article is not None
    assert article.title == "Changed"
    assert index.get("5") is None
    assert found(index, "undated") == []


def test_results_outlive_a_refresh_and_a_close(index: Index, source: Path) -> None:
    results = index.search("portland")
    write(source, [{"id": "9", "title": "New"}])
    newsearch.build(source, index=index.path)
    index.refresh()
    index.close()
    assert results[0].article.title == "Portland bans facial recognition"
    assert results.facet("topic") == [("AI", 1), ("Privacy", 1)]


def test_broken_articles_are_reported_and_the_rest_goes_in(tmp_path: Path) -> None:
    source = write(
        tmp_path / "news.jsonl",
        [{"id": "1", "title": "Good"}, {"id": "2"}, {"id": "3", "title": "x", "heat": "hot"}],
    )
    report = newsearch.build(source, index=tmp_path / "index")
    assert (report.read, report.broken, report.articles, len(report.errors)) == (1, 2, 1, 2)


def test_reindexing_reads_the_sources_again(index: Index, source: Path) -> None:
    write(source, RECORDS[:2])
    report = newsearch.reindex(index.path)
    assert (report.articles, report.deleted, report.unchanged) == (2, 3, 2)
    assert newsearch.reindex(index.path, full=True).added == 2
    index.refresh()
    assert sorted(article.id for article in index.articles()) == ["1", "2"]


def test_reindexing_without_a_source_changes_nothing(index: Index, source: Path) -> None:
    source.unlink()
    with pytest.raises(SourceError):
        newsearch.reindex(index.path)
    assert not index.refresh()
    assert len(list(index.articles())) == 5


def test_reindexing_repairs_a_damaged_segment(index: Index) -> None:
    (segment,) = index.path.glob("*.seg")
    segment.write_bytes(segment.read_bytes()[:100])
    with pytest.raises(newsearch.IndexCorrupt):
        newsearch.open(index.path)
    assert newsearch.reindex(index.path).articles == 5
    assert len(found(newsearch.open(index.path))) == 4


def test_progress_is_told(source: Path, tmp_path: Path) -> None:
    told: list[newsearch.Progress] = []
    newsearch.build(source, index=tmp_path / "index", progress=told.append)
    assert told == [newsearch.Progress(5, 0)]


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "md"])
def test_progress_tells_the_share_that_is_done(tmp_path: Path, form: str) -> None:
    news = tmp_path / f"news.{form}"
    # What hardly compresses, so that a compressed file takes more than one look, too.
    noise = random.Random(1)
    lines = [json.dumps({"id": f"{n}", "title": noise.randbytes(300).hex()}) for n in range(1600)]
    if form == "md":
        news.mkdir()
        for n in range(1600):
            (news / f"{n}.md").write_text("---\ntitle: ban\n---\n")
    else:
        text = "\n".join(lines).encode()
        news.write_bytes(gzip.compress(text) if form.endswith("gz") else text)
    told: list[newsearch.Progress] = []
    newsearch.build(news, index=tmp_path / "index", progress=told.append)
    assert [(progress.read, progress.source) for progress in told] == [
        (512, str(news)),
        (1024, str(news)),
        (1536, str(news)),
        (1600, ""),
    ]
    first, second, third = (progress.done or 0 for progress in told[:3])
    # How far ahead a decompressor reads differs between releases of Python.
    assert 0.2 < first < second < third <= 1
    assert first < 0.6


def test_nobody_knows_the_share_of_a_stream_that_is_done(tmp_path: Path) -> None:
    lines = b"".join(b'{"id": %d, "title": "ban"}\n' % n for n in range(600))
    told: list[newsearch.Progress] = []
    newsearch.build(JsonStream(BytesIO(lines)), index=tmp_path / "index", progress=told.append)
    assert told == [newsearch.Progress(512, 0, 0, "-"), newsearch.Progress(600, 0)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": 0},
        {"workers": "2"},
        {"workers": 1.5},
        {"workers": True},
        {"memory": 0},
        {"memory": 1},
        {"memory": "32M"},
        {"wait": -1.0},
        {"wait": float("nan")},
        {"wait": "long"},
        {"wait": None},
        {"progress": True},
        {"dry_run": "no"},
        {"gate": "gate.json"},
        {"resume": 1},
        {"protected": 5},
        {"index": 5},
        {"index": None},
        {"full": "no"},
    ],
)
def test_an_argument_that_makes_no_sense_is_named(
    source: Path, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    (name,) = wrong
    options = {"index": tmp_path / "index"} | wrong
    with pytest.raises(ValueError, match=f"^{name}: "):
        newsearch.reindex(**options)
    if name != "full":
        with pytest.raises(ValueError, match=f"^{name}: "):
            newsearch.build(source, **options)
    assert not (tmp_path / "index").exists()


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("sources", lambda index: newsearch.build([index], index=index)),
        ("sources", lambda index: newsearch.build(5, index=index)),  # type: ignore[arg-type]
        ("sources", lambda index: newsearch.forget(["news"], index=index)),  # type: ignore[arg-type]
        ("workers", lambda index: newsearch.forget("news", index=index, workers=0)),
        ("wait", lambda index: newsearch.forget("news", index=index, wait=-1)),
        ("index", lambda _: newsearch.forget("news", index=5)),  # type: ignore[arg-type]
        ("path", lambda _: newsearch.open(5)),  # type: ignore[arg-type]
        ("synonyms", lambda index: newsearch.open(index, synonyms=5)),  # type: ignore[arg-type]
        ("prefix", lambda index: newsearch.open(index).ids(5)),  # type: ignore[arg-type]
        ("id", lambda index: newsearch.open(index).get(None)),  # type: ignore[arg-type]
        ("index", lambda _: newsearch.verify(5)),  # type: ignore[arg-type]
        ("index", lambda _: newsearch.compact(5)),  # type: ignore[arg-type]
        ("wait", lambda index: newsearch.compact(index, wait="1")),  # type: ignore[arg-type]
        ("index", lambda _: newsearch.export(5, "file")),  # type: ignore[arg-type]
        ("file", lambda index: newsearch.export(index, 5)),  # type: ignore[arg-type]
        ("index", lambda _: newsearch.backup(5, "file")),  # type: ignore[arg-type]
        ("file", lambda index: newsearch.backup(index, 5)),  # type: ignore[arg-type]
        ("file", lambda index: newsearch.restore(5, index)),  # type: ignore[arg-type]
        ("index", lambda index: newsearch.restore(index, 5)),  # type: ignore[arg-type]
        ("wait", lambda index: newsearch.restore(index, index, wait=-1)),
        ("replace", lambda index: newsearch.restore(index, index, replace="no")),  # type: ignore[arg-type]
        ("queries", lambda _: newsearch.Gate(queries=5)),  # type: ignore[arg-type]
        ("queries", lambda _: newsearch.Gate(queries=("ban",))),  # type: ignore[arg-type]
        ("within", lambda _: Wanted("ban", "id", within=0)),
        ("finds", lambda _: Wanted("ban", 5)),  # type: ignore[arg-type]
        ("path", lambda _: newsearch.read_gate(5)),  # type: ignore[arg-type]
        ("heat", lambda _: newsearch.Boosts(heat="1")),  # type: ignore[arg-type]
        ("half_life", lambda _: newsearch.Boosts(half_life="7d")),  # type: ignore[arg-type]
        ("path", lambda _: newsearch.Boosts.load(5)),  # type: ignore[arg-type]
        ("path", lambda _: newsearch.Boosts().save(5)),  # type: ignore[arg-type]
    ],
)
def test_every_function_names_the_argument_that_is_of_a_wrong_kind(
    index: Index, name: str, use: Callable[[Path], object]
) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        use(index.path)


def test_places_without_an_index(tmp_path: Path, source: Path) -> None:
    with pytest.raises(IndexMissing):
        newsearch.open(tmp_path)
    with pytest.raises(IndexMissing):
        newsearch.reindex(tmp_path)
    with pytest.raises(EngineError):
        newsearch.build(source, index=source)


def torn(path: Path, records: int, share: float = 0.5) -> Path:
    """A compressed file that ends early, as a download may."""
    lines = "".join(
        json.dumps({"id": str(n), "title": str(hash(f"title {n}"))}) + "\n" for n in range(records)
    )
    whole = gzip.compress(lines.encode())
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def test_a_source_that_breaks_off_deletes_nothing(tmp_path: Path) -> None:
    path, index = tmp_path / "news.jsonl.gz", tmp_path / "index"
    newsearch.build(torn(path, 3000, share=1), index=index)
    report = newsearch.build(torn(path, 3000), index=index)
    assert 0 < report.read < 3000
    assert (report.deleted, report.articles, report.incomplete) == (0, 3000, (str(path),))
    with pytest.raises(SourceError, match=r"nothing was changed.*newsearch forget"):
        newsearch.reindex(index)
    assert newsearch.open(index).stats().articles == 3000


def test_a_source_that_breaks_off_gives_what_can_be_read(tmp_path: Path) -> None:
    report = newsearch.build(torn(tmp_path / "news.jsonl.gz", 3000), index=tmp_path / "index")
    assert 0 < report.articles < 3000
    assert (report.broken, report.errors[0].hides_articles) == (1, True)


@pytest.mark.parametrize(("files", "workers"), [(2, 1), (300, 2)])
def test_a_directory_that_cannot_be_listed_deletes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, workers: int
) -> None:
    from newsearch.sources import directory as walk

    news = tmp_path / "news"
    (news / "old").mkdir(parents=True)
    for number in range(files):
        (news / f"{number}.md").write_text("---\ntitle: new\n---\n")
    (news / "old" / "1.md").write_text("---\ntitle: old\n---\n")
    newsearch.build(news, index=tmp_path / "index")
    shutil.rmtree(news / "old")
    (news / "0.md").unlink()
    (news / "old").mkdir()
    list_directory = walk.listed

    def failing(directory: str, suffixes: tuple[str, ...], now: int) -> list[tuple[str, int, int]]:
        if directory != str(news):
            raise OSError(5, "Input/output error")
        return list_directory(directory, suffixes, now)

    monkeypatch.setattr(walk, "listed", failing)
    report = newsearch.build(news, index=tmp_path / "index", workers=workers)
    assert (report.incomplete, report.articles, report.replaced) == ((str(news),), files + 1, 0)
    assert report.errors[0].location == str(news / "old")


@pytest.mark.parametrize("content", ["", "garbage\n"])
def test_a_source_that_gives_nothing_any_more_changes_nothing(
    index: Index, source: Path, content: str
) -> None:
    source.write_text(content)
    with pytest.raises(
        SourceError, match=r"no articles now.* 5 articles from it; nothing was changed.*newsearch forget"
    ):
        newsearch.build(source, index=index.path)
    with pytest.raises(SourceError, match=r"no articles now.* 5 articles from it; nothing was changed"):
        newsearch.reindex(index.path)
    with pytest.raises(SourceError, match=r"no articles now.* has articles from it; nothing was changed"):
        newsearch.reindex(index.path, full=True)
    assert not index.refresh()


def test_a_new_source_without_articles_is_reported(tmp_path: Path, source: Path) -> None:
    (tmp_path / "nothing").mkdir()
    report = newsearch.build(source, tmp_path / "nothing", index=tmp_path / "index")
    assert (report.empty, report.articles) == ((str(tmp_path / "nothing"),), 5)
    assert newsearch.open(tmp_path / "index").stats().sources == (str(source),)


def test_forgetting_a_source_deletes_its_articles_though_it_is_gone(index: Index, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", [{"id": "1", "title": "Other"}])
    newsearch.build(other, index=index.path)
    other.unlink()
    with pytest.raises(SourceError, match=r"no such file.*newsearch forget \S*other.jsonl --index "):
        newsearch.reindex(index.path)
    report = newsearch.forget(other, index=index.path)
    assert (report.deleted, report.articles) == (1, 5)
    assert newsearch.open(index.path).stats().sources == (str(tmp_path / "news.jsonl"),)
    assert newsearch.reindex(index.path).articles == 5


def test_forgetting_every_source_leaves_an_index_that_can_be_filled_again(index: Index, source: Path) -> None:
    assert newsearch.forget(source, index=index.path).articles == 0
    assert newsearch.open(index.path).stats().sources == ()
    assert newsearch.build(source, index=index.path).articles == 5


def test_forgetting_an_unknown_source_names_those_that_there_are(index: Index, source: Path) -> None:
    with pytest.raises(SourceError, match=r"its sources: \S*news\.jsonl$"):
        newsearch.forget(source, "elsewhere", index=index.path)
    assert not index.refresh()
    with pytest.raises(IndexMissing):
        newsearch.forget(source, index=source.parent / "nowhere")


def test_forgetting_in_an_index_that_cannot_be_read_builds_it_anew(index: Index, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", [{"id": "1", "title": "Other"}])
    newsearch.build(other, index=index.path)
    other.unlink()
    for segment in index.path.glob("*.seg"):
        segment.write_bytes(b"")
    assert newsearch.forget(other, index=index.path).articles == 5


def test_no_source_is_an_error(index: Index) -> None:
    for call in (newsearch.build, newsearch.forget):
        with pytest.raises(SourceError, match="no source"):
            call(index=index.path)
        with pytest.raises(SourceError, match="is empty"):
            call("", index=index.path)


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_lost_segment_asks_for_a_reindex_which_helps(index: Index, source: Path, damage: str) -> None:
    (segment,) = index.path.glob("*.seg")
    segment.write_bytes(segment.read_bytes()[:100])
    if damage == "missing":
        segment.unlink()
    with pytest.raises(newsearch.IndexCorrupt, match="run `newsearch reindex`"):
        newsearch.build(source, index=index.path)
    assert newsearch.reindex(index.path).articles == 5


def test_damaged_contents_ask_for_a_new_start_which_helps(index: Index, source: Path) -> None:
    (index.path / "toc.json").write_text("{")
    for call in (lambda: newsearch.build(source, index=index.path), lambda: newsearch.reindex(index.path)):
        with pytest.raises(
            newsearch.IndexCorrupt, match=f"delete the directory {index.path} and index again"
        ):
            call()
    shutil.rmtree(index.path)
    assert newsearch.build(source, index=index.path).articles == 5


def test_articles_that_are_repeated_in_a_source_are_counted(index: Index, source: Path) -> None:
    write(source, [*RECORDS, RECORDS[0], {"id": "9", "title": "a"}, {"id": "9", "title": "b"}])
    report = newsearch.build(source, index=index.path)
    assert (report.read, report.added, report.unchanged, report.repeated) == (8, 1, 5, 2)
