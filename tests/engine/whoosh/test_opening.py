"""Whoosh's own functions open an index of newsearch, see what is published, and leave nothing of theirs in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from whoosh import index as whoosh_index
from whoosh import qparser, scoring, sorting
from whoosh.fields import TEXT, Schema, UnknownFieldError
from whoosh.filedb.filestore import ReadOnlyError
from whoosh.index import LockError
from whoosh.query import DateRange, Every, Term
from whoosh.writing import CLEAR, AsyncWriter, BufferedWriter, IndexingError, SegmentWriter

import newsearch
from newsearch.articles.article import Article, Image
from newsearch.engine.arrays.files.whoosh_stub import STUB, STUB_NAME
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.errors import IndexLocked, SourceError
from newsearch.sources.base import ADDED
from newsearch.whoosh import exists_in, open_dir

SEEDS = Path(__file__).resolve().parents[3] / "seeds"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    directory = tmp_path_factory.mktemp("built")
    source = directory / "source"
    source.mkdir()
    for path in sorted(SEEDS.rglob("*.md"))[:12]:
        (source / path.name).write_bytes(path.read_bytes())
    newsearch.build(source, index=directory / "index")
    return directory


@pytest.fixture
def directory(built, tmp_path):
    """A copy of an index of twelve articles; its source is `source` beside it."""
    shutil.copytree(built / "source", tmp_path / "source")
    newsearch.build(tmp_path / "source", index=tmp_path / "index")
    return tmp_path / "index"


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def ids(index, query=None) -> list[str]:
    with index.searcher() as searcher:
        return sorted(hit["id"] for hit in searcher.search(query or Every(), limit=None))


@pytest.mark.parametrize("statement", ["open_dir(d)", "FileStorage(d).open_index()"])
def test_a_process_that_knows_only_whoosh_opens_an_index(directory, statement) -> None:
    program = (
        "import sys; from whoosh.index import exists_in, open_dir\n"
        "from whoosh.filedb.filestore import FileStorage\n"
        f"d = sys.argv[1]; print(exists_in(d), {statement}.doc_count())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, directory], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True 12\n"


def test_the_stub_is_constant_and_newsearch_never_reads_it(directory) -> None:
    assert (directory / STUB_NAME).read_bytes() == STUB
    (directory / STUB_NAME).write_bytes(b"anything")
    assert open_dir(directory).doc_count() == 12
    assert exists_in(directory)
    assert newsearch.open(directory).stats().articles == 12


def test_where_there_is_no_index_there_is_none(tmp_path) -> None:
    assert not exists_in(tmp_path)
    assert not whoosh_index.exists_in(str(tmp_path))


@pytest.mark.parametrize("name", ["scoring.WeightLengthScorer", "reading.MultiReader"])
def test_a_whoosh_that_lacks_what_is_needed_is_an_error(name) -> None:
    program = (
        "import sys, whoosh.reading, whoosh.scoring\n"
        f"del whoosh.{name}\n"
        "from newsearch.errors import EngineError\n"
        "try: import newsearch.whoosh\n"
        "except EngineError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"whoosh.{name}" in done.stdout
    assert "pip install" in done.stdout


def test_indexes_of_whoosh_are_read_as_before(directory, tmp_path) -> None:
    whoosh_index.open_dir(str(directory))
    (tmp_path / "theirs").mkdir()
    theirs = whoosh_index.create_in(str(tmp_path / "theirs"), Schema(title=TEXT(stored=True)))
    with theirs.writer() as writer:
        writer.add_document(title="zebra")
    assert whoosh_index.open_dir(str(tmp_path / "theirs")).doc_count() == 1


def test_an_index_opened_to_read_only_is_not_written(directory) -> None:
    for index in (open_dir(directory, readonly=True), whoosh_index.open_dir(str(directory), readonly=True)):
        assert index.doc_count() == 12
        for write in (index.writer, index.optimize):
            with pytest.raises(ReadOnlyError):
                write()
    open_dir(directory).writer().cancel()


def test_what_is_published_is_seen(directory) -> None:
    index = whoosh_index.open_dir(str(directory))
    with index.searcher() as searcher:
        assert searcher.up_to_date()
        before = index.latest_generation()
        gone = ids(index)[0]
        with index.writer() as writer:
            assert writer.delete_by_term("id", gone) == 1
        assert index.latest_generation() == before + 1
        assert not searcher.up_to_date()
        newer = searcher.refresh()
        assert newer.up_to_date()
        assert newer.doc_count() == 11
        assert newer.refresh() is newer
    assert gone not in ids(index)


def test_whoosh_leaves_no_segments(directory) -> None:
    before = files(directory)
    index = whoosh_index.open_dir(str(directory))
    with pytest.raises(IndexingError):
        SegmentWriter(index)
    with pytest.raises(IndexingError):
        index.writer(procs=2)
    with pytest.raises(IndexingError):
        whoosh_index.TOC(index.schema, [], 2).write(index.storage, index.indexname)
    with pytest.raises(whoosh_index.IndexError):
        whoosh_index.create_in(str(directory), Schema(title=TEXT))
    assert files(directory) == before
    with index.writer() as writer:
        writer.add_document(title="Zebra crossing")
    assert not [name for name in files(directory) if name.startswith("MAIN")]


@pytest.mark.parametrize(
    "text", ["zebra", '"zebra crossing"', "topic:AI", 'topic:"Animal Rights"', "author:JO"]
)
def test_what_is_typed_finds_what_is_stored(directory, text) -> None:
    index = open_dir(directory)
    with index.writer() as writer:
        writer.add_document(id="z", title="Zebra crossing", topic=["AI", "Animal Rights"], author=["Jo"])
    for parser in (
        qparser.QueryParser("title", index.schema),
        qparser.MultifieldParser(["title", "body"], index.schema),
    ):
        assert "z" in ids(index, parser.parse(text))


def test_urls_are_found_as_they_were_typed(directory) -> None:
    index = open_dir(directory)
    url = "https://www.Example.org/a/?utm_source=x"
    with index.writer() as writer:
        writer.add_document(id="z", title="Zebra", url=url)
    assert ids(index, Term("url", url)) == ["z"]
    with index.searcher() as searcher:
        assert [found["id"] for found in searcher.documents(url=url)] == ["z"]
    with index.writer() as writer:
        assert writer.delete_by_term("url", url) == 1


def test_stems_of_every_language_are_found_by_the_analyzer_of_the_field(tmp_path) -> None:
    with ArraysWriter(tmp_path) as writer:
        writer.add(Article(id="fr", title="Les élections nationales", language="fr"), "/a")
        writer.add(Article(id="en", title="Zebras", language="en"), "/a")
        writer.commit()
    index = open_dir(tmp_path)
    parse = qparser.QueryParser("stem", index.schema).parse
    assert ids(index, parse("national")) == ["fr"]
    assert ids(index, parse("zebra")) == ["en"]


def test_facets_reverse_and_functions_score(directory) -> None:
    index = open_dir(directory)
    with index.searcher(weighting=scoring.FunctionWeighting(lambda s, f, t, m: m.weight())) as searcher:
        results = searcher.search(Term("text", "the"), limit=3)
        assert [hit.score for hit in results] == sorted((hit.score for hit in results), reverse=True)
        query = Every("heat")
        rising = [hit["heat"] for hit in searcher.search(query, sortedby="heat", limit=None)]
        facet = sorting.FieldFacet("heat", reverse=True)
        falling = [hit["heat"] for hit in searcher.search(query, sortedby=facet, limit=None)]
        assert rising == sorted(rising)
        assert falling == rising[::-1]


def test_dates_are_found_to_the_second_and_stored_with_the_fraction(tmp_path) -> None:
    moments = {
        id_: datetime(2021, 5, 1, 12, 0, second, fraction)
        for id_, second, fraction in (("a", 0, 750_000), ("b", 0, 0), ("c", 1, 250_000), ("d", 9, 0))
    }
    with ArraysWriter(tmp_path) as writer:
        writer.commit()
    index = open_dir(tmp_path)
    with index.writer() as writer:
        for id_, moment in moments.items():
            writer.add_document(id=id_, title="Zebra", date=moment, modified=moment)
        writer.add_document(id="e", title="Zebra")
    with index.searcher() as searcher:
        assert {hit["id"]: hit.get("date") for hit in searcher.documents(title="zebra")} == moments | {
            "e": None
        }
        for field in ("date", "modified"):
            assert sorted(found["id"] for found in searcher.documents(**{field: moments["a"]})) == ["a", "b"]
            assert ids(index, DateRange(field, moments["c"], None)) == ["c", "d"]
            assert ids(index, DateRange(field, None, moments["c"])) == ["a", "b", "c"]
            assert ids(index, DateRange(field, moments["b"], moments["d"], startexcl=True)) == ["c", "d"]
            newest = searcher.search(Every(), sortedby=[sorting.FieldFacet(field, reverse=True), "id"])
            assert [hit["id"] for hit in newest][-4:] == ["d", "c", "a", "b"]
            groups = searcher.search(Every(), groupedby=field, maptype=sorting.Count).groups(field)
            whole = {moment.replace(microsecond=0) for moment in moments.values()}
            assert groups == dict.fromkeys(whole, 1) | {moments["b"]: 2, None: 1}
        zoned = datetime(2021, 5, 1, 14, 0, 9, tzinfo=timezone(timedelta(hours=2)))
        assert ids(index, Term("date", zoned)) == ["d"]
        assert ids(index, qparser.QueryParser("date", index.schema).parse("20210501120001")) == ["c"]


def test_what_is_added_stays(directory) -> None:
    index = open_dir(directory)
    with index.writer() as writer:
        writer.add_document(title="Zebra")
        writer.add_document(title="Zebra")
        writer.add_document(id="z", title="Okapi")
    assert index.doc_count() == 15
    newsearch.reindex(directory)
    newsearch.reindex(directory, full=True)
    newsearch.compact(directory)
    assert index.doc_count() == 15
    assert ADDED in newsearch.open(directory).stats().sources
    newsearch.forget(ADDED, index=directory)
    assert index.doc_count() == 12


def test_what_is_added_is_exported_and_backed_up(directory, tmp_path) -> None:
    index = open_dir(directory)
    with index.writer() as writer:
        writer.add_document(id="z", title="Zebra", topic=["AI"], date=datetime(2020, 5, 1, tzinfo=UTC))
    newsearch.export(directory, tmp_path / "all.jsonl")
    newsearch.build(tmp_path / "all.jsonl", index=tmp_path / "again")
    newsearch.backup(directory, tmp_path / "index.tar")
    newsearch.restore(tmp_path / "index.tar", tmp_path / "restored")
    for copy in (tmp_path / "again", tmp_path / "restored"):
        assert whoosh_index.exists_in(str(copy))
        with open_dir(copy).searcher() as searcher:
            assert searcher.document(id="z")["date"] == datetime(2020, 5, 1)


def test_whoosh_and_newsearch_write_in_turns(directory) -> None:
    index = whoosh_index.open_dir(str(directory))
    for number in range(3):
        with index.writer(timeout=5) as writer:
            writer.add_document(id=f"{number}", title=f"Zebra {number}")
        (directory.parent / "source" / "new.md").write_text(f"---\ntitle: Okapi {number}\n---\n")
        newsearch.reindex(directory, wait=5)
        newsearch.build(directory.parent / "source", index=directory, wait=5)
    assert index.doc_count() == 16
    writer = index.writer()
    with pytest.raises(IndexLocked):
        newsearch.reindex(directory)
    writer.cancel()
    assert newsearch.verify(directory).ok


def test_updating_by_what_is_stored_loses_nothing(directory) -> None:
    article = Article(
        id="a",
        title="Zebra crossing",
        excerpt="Stripes",
        topics=("A b", "c"),
        authors=("Jane Doe",),
        images=(Image("https://example.org/1.png", 3, 4),),
        heat=2.5,
        web_url="https://example.org/a?x=1",
        amp_web_url="https://example.org/amp",
        extra={"key": [1]},
        body="One.\n\nTwo.",
        language="en",
    )
    with ArraysWriter(directory) as writer:
        writer.add(article, "/a")
        writer.commit()
    index = open_dir(directory)
    with index.searcher() as searcher, index.writer() as writer:
        writer.update_document(**searcher.document(id="a"))
    assert index.doc_count() == 13
    kept = next(iter(newsearch.open(directory).search("zebra")))
    assert kept.article == article


def test_locks_are_whooshs_and_newsearchs(directory) -> None:
    index = open_dir(directory)
    writer = index.writer()
    for kind in (LockError, IndexLocked):
        with pytest.raises(kind):
            index.writer()
    later = AsyncWriter(index, delay=0.01)
    later.add_document(id="later", title="Later")
    later.commit()
    threading.Timer(0.05, writer.cancel).start()
    later.join()
    assert "later" in ids(index)


def test_a_buffered_writer_adds_updates_and_deletes(directory) -> None:
    index = open_dir(directory)
    writer = BufferedWriter(index, period=None, limit=100)
    writer.add_document(id="a", title="Zebra", topic=["AI"])
    writer.update_document(id="a", title="Zebras", topic=["AI"])
    with writer.searcher() as searcher:
        assert searcher.doc_count() == 13
    writer.close()
    with index.searcher() as searcher:
        assert searcher.document(id="a")["title"] == "Zebras"


def test_writers_merge_clear_and_delete_as_whooshs_docs_say(directory) -> None:
    index = open_dir(directory)
    with index.writer() as writer:
        writer.add_document(id="a", title="Zebra")
    writer = index.writer()
    assert writer.delete_by_query(Term("title", "zebra")) == 1
    writer.commit(optimize=True)
    assert index.doc_count_all() == index.doc_count() == 12
    index.optimize()
    writer = index.writer()
    writer.add_document(id="b", title="Okapi")
    writer.commit(mergetype=CLEAR)
    assert ids(index) == ["b"]
    with open_dir(directory).reader() as reader, index.writer() as writer:
        writer.add_reader(reader)
    assert ids(index) == ["b"]


def test_a_writer_takes_its_options_as_attributes_too(directory) -> None:
    index = open_dir(directory)
    with index.writer() as writer:
        assert writer.delete_by_term("id", ids(index)[0]) == 1
        writer.optimize = True
        writer.merge = False
    assert index.doc_count_all() == index.doc_count() == 11
    with index.writer(procs=0) as writer:
        writer.add_document(id="b", title="Okapi")
        writer.mergetype = CLEAR
    assert ids(index) == ["b"]


def test_a_writer_sees_what_it_deletes(directory) -> None:
    index = open_dir(directory)
    writer = index.writer()
    number = index.doc_count_all()
    assert not writer.has_deletions()
    writer.delete_document(0)
    writer.add_document(title="Zebra")
    assert writer.has_deletions()
    assert (writer.deleted_count(), writer.doc_count()) == (1, 1)
    assert writer.is_deleted(0)
    assert not writer.is_deleted(1)
    with writer.searcher() as searcher:
        assert searcher.doc_count() == number - 1
        assert 0 not in searcher.docs_for_query(Every())
    assert writer.delete_by_query(Every()) == number - 1
    for missing in (number, -1):
        with pytest.raises(IndexingError):
            writer.delete_document(missing)
    assert index.doc_count() == number
    writer.commit()
    assert index.doc_count() == 1


def test_a_buffered_writer_replaces_what_it_wrote_before(directory) -> None:
    index = open_dir(directory)
    writer = BufferedWriter(index, period=None, limit=2)
    for number in range(5):
        for id_ in ("a", "b", "c"):
            writer.update_document(id=id_, title=f"Zebra {number}")
    with writer.reader() as reader:
        zebras = [stored["title"] for stored in reader.all_stored_fields() if "Zebra" in stored["title"]]
    assert zebras == ["Zebra 4"] * 3
    writer.close()
    assert index.doc_count() == 15


def test_a_searcher_of_a_buffered_writer_keeps_its_buffer_when_refreshed(directory) -> None:
    with BufferedWriter(open_dir(directory), period=None, limit=100) as writer:
        writer.add_document(id="a", title="Zebra")
        searcher = writer.searcher().refresh()
        assert [found["title"] for found in searcher.documents(id="a")] == ["Zebra"]
        writer.commit()
        searcher = searcher.refresh()
        assert [found["title"] for found in searcher.documents(id="a")] == ["Zebra"]
        searcher.close()


@pytest.mark.parametrize("field", ["date", "modified", "url", "language", "category"])
def test_an_error_in_a_document_names_the_field(directory, field) -> None:
    writer = open_dir(directory).writer()
    with pytest.raises(IndexingError, match=rf"\b{field}\b"):
        writer.add_document(title="a", **{field: {"no": "value"}})
    writer.commit()
    assert open_dir(directory).doc_count() == 12


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"title": "a", "colour": "red"}, UnknownFieldError),
        ({"title": "a", "_boost": 2.0}, IndexingError),
        ({"title": "a", "_title_boost": 2.0}, IndexingError),
        ({"title": "a", "text": "b"}, IndexingError),
        ({"title": "a", "heat": "warm"}, IndexingError),
        ({"title": "a", "heat": "warm"}, SourceError),
        ({}, IndexingError),
        ({"title": "a", "date": "someday"}, IndexingError),
        ({"title": "a", "url": "not a url"}, IndexingError),
        ({"title": "a", "author": 5}, IndexingError),
    ],
)
def test_what_is_no_article_is_an_error(directory, document, kind) -> None:
    writer = open_dir(directory).writer()
    with pytest.raises(kind):
        writer.add_document(**document)
    writer.cancel()


def test_what_cannot_be_is_an_error(directory) -> None:
    index = open_dir(directory)
    with pytest.raises(IndexingError):
        index.add_field("colour", TEXT)
    writer = index.writer()
    with pytest.raises(IndexingError):
        writer.add_field("colour", TEXT)
    with pytest.raises(IndexingError), writer.group():
        pass
    with pytest.raises(IndexingError):
        writer.delete_document(0, delete=False)
    with pytest.raises(IndexingError):
        sorting.add_sortable(writer, "category", sorting.FieldFacet("category"))
    writer.commit()
    for late in (
        writer.commit,
        writer.cancel,
        writer.searcher,
        writer.reader,
        lambda: writer.add_document(title="a"),
        lambda: writer.update_document(title="a"),
        lambda: writer.delete_document(0),
        lambda: writer.delete_by_term("id", "a"),
        lambda: writer.add_reader(index.reader()),
    ):
        with pytest.raises(IndexingError):
            late()
