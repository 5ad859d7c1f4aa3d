"""verify, compact, backup, restore and export: what they find, keep and refuse."""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch.articles.reading import article_from_mapping
from newsearch.engine.arrays import archives
from newsearch.engine.arrays.files.layout import FORMAT_VERSION, ArrayFile, write_arrays
from newsearch.engine.arrays.files.toc import toc_checksum
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.arrays.writing import builder, compaction
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, IndexMissing, StorageError
from newsearch.evaluation.collection import write_run
from newsearch.sources.files import printable


def make(directory: Path, *batches: list[dict[str, Any]]) -> Path:
    """An index in which each batch of articles was committed by itself."""
    for batch in batches:
        with ArraysWriter(directory) as changes:
            for mapping in batch:
                changes.add(article_from_mapping(mapping, id=mapping["path"]), "/a")
            changes.commit()
    return directory


def news(*names: str) -> list[dict[str, Any]]:
    return [{"path": name, "title": f"A ban in {name}", "heat": len(name)} for name in names]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of three segments, one of them with deleted articles."""
    changed = [{**mapping, "excerpt": "As of today."} for mapping in news("rome", "bonn")]
    return make(tmp_path / "index", news("oslo", "rome", "paris", "kyiv"), news("lima"), changed)


def ids(index: Path) -> list[str]:
    with newsearch.open(index) as opened:
        return sorted(article.id for article in opened.articles())


def answers(index: Path) -> list[tuple[str, float]]:
    with newsearch.open(index) as opened:
        return [(hit.id, hit.score) for words in ("ban", "rome ban") for hit in opened.search(words)]


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


# verify


def test_a_whole_index_has_no_problems(index: Path) -> None:
    found = newsearch.verify(index)
    assert found.ok
    assert (found.generation, found.files, found.articles, found.unused) == (3, 5, 6, ())
    assert found.size == sum(path.stat().st_size for path in index.iterdir() if path.name != "write.lock")
    assert found.searches == 5


def test_every_damaged_file_is_named(index: Path) -> None:
    broken, gone, _ = sorted(index.glob("*.seg"))
    damage(broken)
    gone.unlink()
    found = newsearch.verify(index)
    assert not found.ok
    assert [str(broken) in text for text in found.problems].count(True) == 1
    assert f"{gone}: missing; run `newsearch reindex`" in found.problems
    assert len(found.problems) == 2


def test_a_flipped_bit_anywhere_is_found(tmp_path: Path) -> None:
    sources = [tmp_path / name for name in ("one.jsonl", "two.jsonl")]
    for source in sources:
        source.write_text(
            '{"id": "1", "title": "A ban", "webUrl": "https://x.org/1"}\n{"id": "2", "title": "é"}\n'
        )
    index = tmp_path / "index"
    newsearch.build(*sources, index=index)
    with ArraysWriter(index) as changes:
        ledger = changes.held.ledger(str(sources[0]))
        ledger.drop(["2"])
        changes.delete_dropped(str(sources[0]), ledger)
        changes.commit()
    assert newsearch.verify(index).ok
    files = [path for path in index.iterdir() if path.name != "write.lock"]
    assert {path.suffix for path in files} == {".json", ".seg", ".del", ".hid", ".src", ".toc"}
    for path in files:
        data = path.read_bytes()
        # Of the many bytes of a segment every 97th: all of its arrays, and what is between them.
        for place in range(0, len(data), 97 if path.suffix == ".seg" else 1):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
            assert [line for line in problems(index) if line.startswith(f"{path}: ")], place
        path.write_bytes(data)
    assert newsearch.verify(index).ok


def problems(index: Path) -> tuple[str, ...]:
    """What verify finds wrong with an index, or why it cannot read it."""
    try:
        return newsearch.verify(index).problems
    except (IndexCorrupt, IndexIncompatible) as error:
        return (str(error),)


def test_a_table_of_contents_that_says_something_twice_is_named(index: Path) -> None:
    path = index / "toc.json"
    path.write_text(path.read_text().replace('"sources":', '"sources": [],\n "sources":'))
    assert newsearch.verify(index).problems == (
        f"{path}: not as newsearch writes it; run `newsearch reindex`",
    )


def test_a_damaged_table_of_contents_is_an_error(index: Path) -> None:
    text = (index / "toc.json").read_text()
    (index / "toc.json").write_text(text.replace('"heat": ', '"heat": 1'))
    with pytest.raises(IndexCorrupt):
        newsearch.verify(index)
    with pytest.raises(IndexMissing):
        newsearch.verify(index / "none")


def test_files_that_nobody_uses_are_named_and_compacting_deletes_them(index: Path) -> None:
    names = ["9_0123456789abcdef.seg", "0123456789abcdef.7.del", "toc.json.1.tmp"]
    for name in [*names, "notes.txt", "0123456789ABCDEF.seg"]:
        (index / name).touch()
    found = newsearch.verify(index)
    assert found.ok
    assert sorted(found.unused) == sorted(names)
    newsearch.compact(index)
    assert newsearch.verify(index).unused == ()
    assert (index / "notes.txt").exists()
    assert (index / "0123456789ABCDEF.seg").exists()


# compact


def test_files_that_cannot_be_deleted_still_count_after_compacting(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsearch.compact(index)
    (index / "9_0123456789abcdef.seg").write_bytes(bytes(1000))

    def refused(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refused)
    done = newsearch.compact(index)
    assert newsearch.verify(index).unused == ("9_0123456789abcdef.seg",)
    assert done.size_before == done.size


@pytest.mark.parametrize("work", [newsearch.verify, newsearch.compact])
def test_a_directory_that_cannot_be_listed_cannot_be_read(
    index: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[Path], object]
) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refused)
    with pytest.raises(StorageError, match=f"{index}: cannot be read: Permission denied"):
        work(index)


def test_compacting_leaves_one_segment_and_the_same_answers(index: Path) -> None:
    before = answers(index)
    done = newsearch.compact(index)
    assert (done.segments_before, done.segments, done.dropped, done.articles) == (3, 1, 1, 6)
    assert answers(index) == before
    assert newsearch.open(index).stats().deleted == 0
    assert newsearch.verify(index).ok


def test_compacting_what_is_compact_writes_nothing(index: Path) -> None:
    first = newsearch.compact(index)
    files = sorted(index.iterdir())
    again = newsearch.compact(index)
    assert again.generation == first.generation == 4
    assert sorted(index.iterdir()) == files


@examples(25)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=6), min_size=1, max_size=5), st.integers(1, 4))
def test_compacting_fills_segments(batches: list[list[str]], most: int) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder, "MAX_ARTICLES", most)
        patch.setattr(compaction, "MAX_ARTICLES", most)
        patch.setattr("os.fsync", lambda handle: None)
        directory = make(Path(name), *(news(*batch) for batch in batches))
        before = ids(directory)
        done = newsearch.compact(directory)
        assert ids(directory) == before
        assert done.segments == -(-len(before) // most)
        assert newsearch.verify(directory).ok


def test_compacting_no_index_makes_none(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        newsearch.compact(tmp_path / "none")
    assert not (tmp_path / "none").exists()


# backup and restore


def test_a_backup_restores_to_the_same_answers(index: Path, tmp_path: Path) -> None:
    saved = newsearch.backup(index, tmp_path / "saved")
    assert (saved.generation, saved.articles, saved.size) == (3, 6, (tmp_path / "saved").stat().st_size)
    made = newsearch.restore(tmp_path / "saved", tmp_path / "new" / "index")
    assert (made.articles, made.generation) == (6, 4)
    assert answers(tmp_path / "new" / "index") == answers(index)
    assert newsearch.verify(tmp_path / "new" / "index").ok


def test_a_commit_in_the_middle_of_a_backup_takes_nothing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, index = tmp_path / "news", tmp_path / "index"
    source.mkdir()
    (source / "oslo.md").write_text("---\ntitle: A ban in oslo\n---\n")
    newsearch.build(source, index=index)
    verify_segments = archives.verify_segments

    def after_a_commit(segments: Any) -> None:
        (source / "oslo.md").rename(source / "rome.md")
        newsearch.build(source, index=index)
        verify_segments(segments)

    monkeypatch.setattr(archives, "verify_segments", after_a_commit)
    newsearch.backup(index, tmp_path / "saved")
    monkeypatch.undo()
    newsearch.restore(tmp_path / "saved", tmp_path / "restored")
    assert (ids(tmp_path / "restored"), ids(index)) == (["oslo.md"], ["rome.md"])


def test_a_backup_and_compacting_keep_protected_words_and_languages(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("swift\n")
    texts = [("a", "Swift builds", "en"), ("b", "Swifts nest", "en"), ("c", "Viele Häuser", "de")]
    for name, title, lang in texts:
        source = tmp_path / f"{name}.jsonl"
        source.write_text(json.dumps({"path": name, "title": title, "lang": lang}))
        newsearch.build(source, index=tmp_path / "index", protected=tmp_path / "words")
    newsearch.backup(tmp_path / "index", tmp_path / "saved")
    newsearch.restore(tmp_path / "saved", tmp_path / "new")
    newsearch.compact(tmp_path / "new")
    assert newsearch.verify(tmp_path / "new").ok
    with newsearch.open(tmp_path / "new") as index:
        found = {query: [hit.id for hit in index.search(query)] for query in ("swift", "swifts", "Haus")}
    assert found == {"swift": ["a"], "swifts": ["b"], "Haus": ["c"]}


def test_restoring_over_an_index_asks_first(index: Path, tmp_path: Path) -> None:
    newsearch.backup(index, tmp_path / "saved")
    make(index, news("new"))
    reader = newsearch.open(index)
    with pytest.raises(EngineError, match="use --replace"):
        newsearch.restore(tmp_path / "saved", index)
    assert "new" in ids(index)
    newsearch.restore(tmp_path / "saved", index, replace=True)
    assert "new" not in ids(index)
    assert reader.get("new")
    assert reader.refresh()
    assert newsearch.verify(index).unused == ()


def test_a_damaged_index_is_restored_in_its_place(index: Path, tmp_path: Path) -> None:
    newsearch.backup(index, tmp_path / "saved")
    damage(next(index.glob("*.seg")))
    with pytest.raises(IndexCorrupt):
        newsearch.backup(index, tmp_path / "saved")
    newsearch.restore(tmp_path / "saved", index, replace=True)
    (index / "toc.json").write_text("{")
    newsearch.restore(tmp_path / "saved", index, replace=True)
    assert newsearch.verify(index).ok
    assert newsearch.open(index).stats().generation == 5


@pytest.mark.parametrize("place", [0, 9, 13, 20, 300])
def test_a_damaged_backup_is_refused_and_changes_nothing(index: Path, tmp_path: Path, place: int) -> None:
    saved = tmp_path / "saved"
    newsearch.backup(index, saved)
    data = bytearray(saved.read_bytes())
    data[place] ^= 1
    (tmp_path / "flipped").write_bytes(data)
    damage(saved)
    before = sorted(index.iterdir())
    for backup in (saved, tmp_path / "flipped"):
        with pytest.raises(IndexCorrupt, match="use another backup"):
            newsearch.restore(backup, index, replace=True)
    assert sorted(index.iterdir()) == before


@pytest.mark.parametrize("length", [0, 15, 100, -1, -65])
def test_a_torn_backup_is_refused(index: Path, tmp_path: Path, length: int) -> None:
    newsearch.backup(index, tmp_path / "saved")
    (tmp_path / "torn").write_bytes((tmp_path / "saved").read_bytes()[:length])
    with pytest.raises(IndexCorrupt, match="use another backup"):
        newsearch.restore(tmp_path / "torn", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def hostile(saved: Path, change: Any) -> None:
    """Write a backup anew with other files in it, and checksums that fit."""
    file = ArrayFile(saved, "backup")
    files = {name: file.array(name).tobytes() for name in file.names}
    change(files)
    arrays = {name: np.frombuffer(data, np.uint8) for name, data in files.items()}
    write_arrays(saved, arrays, kind="backup")


def rename(files: dict[str, bytes], name: str) -> None:
    toc = json.loads(files["toc.json"])
    old = toc["segments"][0]["name"]
    toc["segments"][0]["name"] = name
    files["toc.json"] = json.dumps({**toc, "checksum": toc_checksum(toc)}).encode()
    files[f"{name}.seg"] = files.pop(f"{old}.seg")


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/b", "..", "escaped\0", "C:escaped"])
def test_a_backup_writes_nowhere_but_into_the_index(index: Path, tmp_path: Path, name: str) -> None:
    newsearch.backup(index, tmp_path / "saved")
    hostile(tmp_path / "saved", lambda files: rename(files, name))
    with pytest.raises(IndexCorrupt, match="use another backup"):
        newsearch.restore(tmp_path / "saved", tmp_path / "new" / "index")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "saved"]


def test_a_backup_holds_what_its_contents_name_and_no_more(index: Path, tmp_path: Path) -> None:
    def more(files: dict[str, bytes]) -> None:
        files["1_0123456789abcdef.seg"] = b"x" * 99

    def fewer(files: dict[str, bytes]) -> None:
        del files[next(name for name in files if name.endswith(".del"))]

    def huge(files: dict[str, bytes]) -> None:
        files[next(name for name in files if name.endswith(".del"))] = b"x" * (1 << 20)

    def other(files: dict[str, bytes]) -> None:
        files[next(name for name in files if name.endswith(".seg"))] = b"none " * 99

    def none(files: dict[str, bytes]) -> None:
        files.clear()

    for change in (more, fewer, huge, other, none):
        newsearch.backup(index, tmp_path / "saved")
        hostile(tmp_path / "saved", change)
        with pytest.raises(IndexCorrupt, match="use another backup"):
            newsearch.restore(tmp_path / "saved", tmp_path / "new")
        assert not list((tmp_path / "new").glob("*.*[!k]"))


def test_a_backup_of_another_version_says_so(index: Path, tmp_path: Path) -> None:
    newsearch.backup(index, tmp_path / "saved")
    data = (tmp_path / "saved").read_bytes()
    length = int.from_bytes(data[8:12], "little")
    head = data[16 : 16 + length].replace(f'"format":{FORMAT_VERSION}'.encode(), b'"format":9')
    (tmp_path / "saved").write_bytes(
        data[:12] + zlib.crc32(head).to_bytes(4, "little") + head + data[16 + length :]
    )
    with pytest.raises(IndexIncompatible, match="restore it with the version of newsearch that made it"):
        newsearch.restore(tmp_path / "saved", tmp_path / "new")


def test_a_backup_that_cannot_be_written_leaves_the_one_before(index: Path, tmp_path: Path) -> None:
    newsearch.backup(index, tmp_path / "saved")
    before = (tmp_path / "saved").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.replace", _full)
        with pytest.raises(StorageError, match="cannot be written"):
            newsearch.backup(index, tmp_path / "saved")
        with pytest.raises(StorageError, match="cannot be written"):
            newsearch.export(index, tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "saved"]
    with pytest.raises(StorageError):
        newsearch.backup(index, tmp_path / "nowhere" / "saved")
    with pytest.raises(StorageError):
        newsearch.restore(tmp_path / "nowhere", tmp_path / "new")


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


# export

texts = st.text(st.sampled_from("ab é日<&>\"'\n\u200b\x7f"), max_size=12)
mappings = st.fixed_dictionaries(
    {"title": texts.map(lambda text: f"t {text}")},
    optional={
        "excerpt": texts,
        "body": texts,
        "topics": st.lists(texts, max_size=3),
        "publishedDateTime": st.sampled_from(
            ["2020-09-29", "2020-09-29T12:00:00.25Z", "2020-09-29T12:00:00-07:00"]
        ),
        "webUrl": st.sampled_from(["https://x.org/1", "https://x.org/1?utm_source=x", "http://日本.jp/a b"]),
        "originalUrl": st.just("https://x.org/2"),
        "heat": st.sampled_from([-1, 0, 12, 12.5, 9999]),
        "quality": st.integers(-1, 200),
        "published": st.booleans(),
        "provider": st.sampled_from(
            ["X", {"name": "X", "domain": "x.org", "images": ["https://x.org/i.png"]}]
        ),
        "images": st.sampled_from([[{"url": "https://x.org/i.png", "width": 3, "isCached": True}], []]),
        "related": st.sampled_from([[{"title": "other", "path": "o.md", "heat": 3}], [{"title": "more"}]]),
        "type": st.sampled_from(["video", "article"]),
        "locale": st.sampled_from(["en-US", "fr"]),
        "categories": st.lists(texts, max_size=2),
        "author": st.sampled_from(["A. B.", {"name": ["x", 1, 2.5, None]}]),
    },
)


@examples(40)
@given(st.lists(mappings, max_size=6))
def test_what_is_exported_indexes_back_to_the_same(given: list[dict[str, Any]]) -> None:
    articles = [article_from_mapping(mapping, id=f"{number}.md") for number, mapping in enumerate(given)]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        first, second = Path(name, "first"), Path(name, "second")
        with ArraysWriter(first) as changes:
            for article in articles:
                changes.add(article, "/a")
            changes.commit()
        assert newsearch.export(first, Path(name, "1.jsonl")) == len(articles)
        report = newsearch.build(Path(name, "1.jsonl"), index=second)
        assert (report.added, report.broken) == (len(articles), 0)
        newsearch.export(second, Path(name, "2.jsonl"))
        assert Path(name, "1.jsonl").read_bytes() == Path(name, "2.jsonl").read_bytes()
        with newsearch.open(second) as opened:
            assert {a.id: a for a in opened.articles()} == {a.id: a for a in articles}


@examples(40)
@given(st.sets(st.text(max_size=8) | st.sampled_from(["e\u0301.md", " a  b.md", "a&amp;b", "<b>", "\u212b"])))
def test_ids_that_were_exported_index_back_to_the_same(names: set[str]) -> None:
    ids_before = {name for name in map(printable, names) if name.strip()}
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        make(Path(name, "first"), [{"path": id_, "title": "a"} for id_ in ids_before])
        newsearch.export(Path(name, "first"), Path(name, "1.jsonl"))
        newsearch.build(Path(name, "1.jsonl"), index=Path(name, "second"))
        assert ids(Path(name, "second")) == sorted(ids_before)


def test_whole_numbers_are_exported_as_they_came_whatever_stands_beside_them(tmp_path: Path) -> None:
    make(
        tmp_path / "index",
        [{"path": "a", "title": "a", "heat": -1}, {"path": "b", "title": "b", "heat": 0.5}],
    )
    newsearch.export(tmp_path / "index", tmp_path / "file")
    heats = [json.loads(line)["heat"] for line in (tmp_path / "file").read_text().splitlines()]
    assert sorted(map(repr, heats)) == ["-1", "0.5"]


def test_the_order_of_an_export_depends_on_the_ids_alone(tmp_path: Path) -> None:
    names = [f"{number}" for number in range(20)]
    one = make(tmp_path / "one", news(*names))
    two = make(tmp_path / "two", news(*names[10:]), news(*reversed(names[:10])))
    for index, file in ((one, "1"), (two, "2")):
        newsearch.export(index, tmp_path / file)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_an_export_is_compressed_where_its_name_says_so(index: Path, tmp_path: Path) -> None:
    newsearch.export(index, tmp_path / "news.jsonl")
    newsearch.export(index, tmp_path / "news.jsonl.gz")
    packed = (tmp_path / "news.jsonl.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "news.jsonl").read_bytes()
    newsearch.export(index, tmp_path / "again.jsonl.gz")
    assert (tmp_path / "again.jsonl.gz").read_bytes() == packed


# Fields


def test_fields_count_words_and_values(tmp_path: Path) -> None:
    mapping = {"path": "a", "title": "a ban, a ban", "topics": ["AI", "Ban"], "body": "the ban"}
    make(tmp_path, [mapping, {**mapping, "path": "b"}])
    with newsearch.open(tmp_path) as opened:
        fields = {field.name: (field.terms, field.words) for field in opened.fields()}
    assert fields["title"] == (2, 8)
    assert fields["topics"] == (2, 4)
    assert fields["excerpt"] == (0, 0)
    assert fields["body"] == (2, 4)
    assert fields["topic"] == (2, None)
    assert fields["provider"] == (0, None)


# Generations


@pytest.mark.parametrize("lost", ["damaged", "gone"])
def test_a_number_of_a_generation_never_comes_again(index: Path, lost: str) -> None:
    if lost == "damaged":
        (index / "toc.json").write_text("{")
    else:
        (index / "toc.json").unlink()
    with ArraysWriter(index, fresh=True) as changes:
        changes.add(article_from_mapping({"title": "a"}, id="a"), "/a")
        changes.commit()
    assert newsearch.open(index).stats().generation == 4


def test_an_index_that_was_deleted_and_made_again_is_a_newer_one(index: Path, tmp_path: Path) -> None:
    reader = newsearch.open(index)
    shutil.rmtree(index)
    make(index, news("a"), news("b"), news("c"))
    assert newsearch.open(index).stats().generation == reader.stats().generation
    assert reader.refresh()
    assert not reader.refresh()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("write", [newsearch.export, newsearch.backup])
def test_what_is_no_file_is_not_replaced(index: Path, tmp_path: Path, write: Callable[..., object]) -> None:
    pipe, link, file = tmp_path / "pipe", tmp_path / "link", tmp_path / "file"
    os.mkfifo(pipe)
    link.symlink_to(file)
    for place in (pipe, tmp_path, Path()):
        with pytest.raises(StorageError, match="no file that could be replaced"):
            write(index, place)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write(index, link)
    assert link.is_symlink()
    assert file.stat().st_size


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="open files have no names here")
def test_an_open_pipe_is_written_to_or_refused_by_name(index: Path) -> None:
    """As a shell passes one: `--run >(gzip > run.gz)`, or /dev/stdout before a pipe."""
    end, start = os.pipe()
    try:
        name = Path(f"/dev/fd/{start}")
        write_run(name, {"1": ["a"]})
        assert os.read(end, 100) == b"1 Q0 a 1 1 newsearch\n"
        for write in (newsearch.export, newsearch.backup):
            with pytest.raises(StorageError, match="no file that could be replaced"):
                write(index, name)
    finally:
        os.close(start)
        os.close(end)


def _write_run(_: Path, file: Path) -> None:
    write_run(file, {"1": ["a", "b"]})


@pytest.mark.skipif(os.name != "posix", reason="files have other permissions here")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
@pytest.mark.parametrize(
    "write",
    [newsearch.export, newsearch.backup, lambda _, file: newsearch.Boosts().save(file), _write_run],
    ids=["export", "backup", "profile", "run"],
)
def test_a_file_that_is_replaced_keeps_who_may_read_it(
    index: Path, tmp_path: Path, write: Callable[[Path, Path], object], mode: int
) -> None:
    file = tmp_path / "file.gz"
    file.write_text("old")
    file.chmod(mode)
    write(index, file)
    assert file.read_bytes() != b"old"
    assert stat.S_IMODE(file.stat().st_mode) == mode
    new = tmp_path / "new"
    write(index, new)
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE((index / "toc.json").stat().st_mode)


def test_bytes_that_nobody_wrote_are_found(index: Path) -> None:
    segment = next(index.glob("*.seg"))
    with segment.open("ab") as file:
        file.write(b"more")
    assert not newsearch.verify(index).ok
