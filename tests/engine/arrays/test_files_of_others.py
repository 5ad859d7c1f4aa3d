"""What lies in the directory of an index may be anybody's. newsearch neither harms it nor trusts it."""

from __future__ import annotations

import errno
import json
import mmap
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_hostile import rewrite

import newsearch
from newsearch import _durable as durable
from newsearch.articles.article import Article
from newsearch.engine.arrays.files import layout, lock
from newsearch.engine.arrays.files.layout import FORMAT_VERSION, ArrayFile, write_arrays
from newsearch.engine.arrays.files.lock import LOCK_NAME, WriteLock
from newsearch.engine.arrays.files.toc import read_toc, toc_checksum
from newsearch.engine.arrays.segment.form import _ARRAYS
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.arrays.writing import compaction
from newsearch.text import analysis

LAST = 10**15 - 1


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.md").write_text(f"---\ntitle: a ban {name}\n---\n")
    return folder


@pytest.fixture
def index(source: Path, tmp_path: Path) -> Path:
    newsearch.build(source, index=tmp_path / "index")
    return tmp_path / "index"


def change_toc(index: Path, **values: Any) -> None:
    data = json.loads((index / "toc.json").read_bytes()) | values
    (index / "toc.json").write_text(json.dumps({**data, "checksum": toc_checksum(data)}))


def found(index: Path) -> int:
    with newsearch.open(index) as opened:
        return len(opened.search("ban"))


# Links


@pytest.mark.parametrize("leads", ["to a file", "nowhere"])
def test_a_link_in_place_of_the_lock_is_refused(
    index: Path, source: Path, tmp_path: Path, leads: str
) -> None:
    victim = tmp_path / "victim"
    if leads == "to a file":
        victim.write_text("important")
    (index / LOCK_NAME).unlink()
    (index / LOCK_NAME).symlink_to(victim)
    for work in (
        lambda: newsearch.compact(index),
        lambda: newsearch.build(source, index=index),
        lambda: newsearch.reindex(index, full=True),
        lambda: newsearch.forget(source, index=index),
    ):
        with pytest.raises(newsearch.StorageError, match=r"write\.lock is a link"):
            work()
    assert (victim.read_text() if victim.exists() else None) == (
        "important" if leads == "to a file" else None
    )
    assert found(index) == 3


def test_what_somebody_keeps_in_the_lock_stays(index: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("important")
    (index / LOCK_NAME).unlink()
    os.link(victim, index / LOCK_NAME)
    for _ in range(2):
        held = WriteLock(index)
        with pytest.raises(newsearch.IndexLocked):
            WriteLock(index)
        held.release()
    assert victim.read_text() == "important"


def test_names_of_temporary_files_cannot_be_foreseen(
    index: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {durable.temporary_name(index / "toc.json") for _ in range(100)}
    assert len(names) == 100
    victim = tmp_path / "victim"
    victim.write_text("important")
    # Even one that was guessed is not written through.
    monkeypatch.setattr(durable, "temporary_name", lambda path: path.with_name(path.name + ".guessed"))
    for path in (index / "toc.json", tmp_path / "saved"):
        path.with_name(path.name + ".guessed").symlink_to(victim)
    (source / "d.md").write_text("---\ntitle: a ban d\n---\n")
    with pytest.raises(newsearch.StorageError):
        newsearch.build(source, index=index)
    with pytest.raises(newsearch.StorageError):
        newsearch.export(index, tmp_path / "saved")
    assert victim.read_text() == "important"
    assert found(index) == 3


def test_a_name_may_be_as_long_as_names_are(index: Path, tmp_path: Path) -> None:
    for name in ("x" * 255, "é" * 127):
        newsearch.backup(index, tmp_path / name)
        newsearch.export(index, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0


def test_a_file_is_replaced_and_not_written_through_another_name_of_it(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("important")
    os.link(tmp_path / "victim", tmp_path / "file")
    write_arrays(tmp_path / "file", {"a": np.arange(3)}, kind="backup")
    assert (tmp_path / "victim").read_text() == "important"
    assert ArrayFile(tmp_path / "file", "backup").array("a").tolist() == [0, 1, 2]


@pytest.mark.parametrize("what", ["backup", "export"])
def test_threads_that_write_one_file_do_not_disturb_each_other(
    index: Path, tmp_path: Path, what: str
) -> None:
    target, errors = tmp_path / "file", []

    def write() -> None:
        try:
            for _ in range(10):
                newsearch.backup(index, target) if what == "backup" else newsearch.export(index, target)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []
    if what == "backup":
        assert newsearch.restore(target, tmp_path / "restored").articles == 3
    else:
        assert len(target.read_text().splitlines()) == 3


# Pipes and devices


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes among files")
@pytest.mark.parametrize("kind", ["toc.json", "journal.json", LOCK_NAME, ".seg", ".src", ".del"])
def test_a_pipe_is_not_waited_for(index: Path, source: Path, kind: str) -> None:
    (source / "a.md").unlink()
    newsearch.build(source, index=index)
    path = next((p for p in index.iterdir() if p.name.endswith(kind)), index / kind)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    outcomes = []
    for work in (
        lambda: found(index),
        lambda: newsearch.verify(index).problems,
        lambda: newsearch.backup(index, index.parent / "saved"),
        lambda: newsearch.build(source, index=index).articles,
        lambda: newsearch.compact(index).articles,
    ):
        try:
            outcomes.append(work())
        except newsearch.NewsearchError as error:
            outcomes.append(str(error))
    assert any(isinstance(outcome, str) or outcome for outcome in outcomes)
    if kind in ("toc.json", ".seg", ".del"):
        assert "not a regular file" in str(outcomes[0])


# Numbers of generations


@pytest.mark.parametrize("given", ["a published generation", "a file that nobody wrote"])
def test_generations_are_numbered_from_the_start_again(index: Path, source: Path, given: str) -> None:
    if given == "a published generation":
        change_toc(index, generation=LAST)
    else:
        (index / f"{LAST}_0123456789abcdef.seg").touch()
        newsearch.reindex(index, full=True)
    (source / "d.md").write_text("---\ntitle: a ban d\n---\n")
    opened = newsearch.open(index)
    newsearch.build(source, index=index)
    assert opened.refresh()
    assert found(index) == 4
    assert 0 < read_toc(index).generation < 5
    assert newsearch.verify(index).ok


def test_a_backup_of_the_last_generation_is_restored(index: Path, tmp_path: Path) -> None:
    newsearch.backup(index, tmp_path / "good")
    change_toc(index, generation=LAST)
    newsearch.backup(index, tmp_path / "last")
    newsearch.restore(tmp_path / "good", index, replace=True)
    newsearch.restore(tmp_path / "last", index, replace=True)
    assert found(index) == 3
    newsearch.restore(tmp_path / "good", index, replace=True)
    assert found(index) == 3


# Journals


def journal(index: Path, source: Path, segments: Any, **values: Any) -> None:
    data = {
        "newsearch": FORMAT_VERSION,
        "analysis": analysis.VERSION,
        "generation": 1,
        "fresh": False,
        "sources": [str(source)],
        "protected": [],
        "segments": segments,
        "states": {},
    } | values
    (index / "journal.json").write_text(json.dumps(data))


@pytest.mark.parametrize(
    "deleted",
    [[2**70], [1e400], "12", [[1]], None, {"0": 0}, [0, 0], [1, 0], [-1], [True], [0.0], [3], [1] * 100_000],
)
def test_a_journal_with_made_up_numbers_is_ignored(
    index: Path, source: Path, tmp_path: Path, deleted: Any
) -> None:
    newsearch.build(source, index=tmp_path / "other")
    segment = next((tmp_path / "other").glob("*.seg"))
    (index / segment.name).write_bytes(segment.read_bytes())
    journal(index, source, [{"name": segment.stem, "articles": 3, "deleted": deleted}])
    (source / "d.md").write_text("---\ntitle: a ban d\n---\n")
    report = newsearch.build(source, index=index)
    assert (report.resumed, report.added, found(index)) == (0, 1, 4)


def test_a_journal_cannot_name_a_segment_twice_or_one_that_is_published(
    index: Path, source: Path, tmp_path: Path
) -> None:
    newsearch.build(source, index=tmp_path / "other")
    segment = next((tmp_path / "other").glob("*.seg"))
    (index / segment.name).write_bytes(segment.read_bytes())
    for names in ([segment.stem, segment.stem], [read_toc(index).segments[0].name]):
        journal(index, source, [{"name": name, "articles": 3, "deleted": []} for name in names])
        (source / f"{len(names)}.md").write_text("---\ntitle: a ban\n---\n")
        assert newsearch.build(source, index=index).resumed == 0
    assert found(index) == 5
    assert newsearch.verify(index).ok


@pytest.mark.parametrize(
    "failing", ["read_journal", "Held", "Collector", "published_generation", "open_segments"]
)
@pytest.mark.parametrize("error", [OverflowError, KeyboardInterrupt, OSError, MemoryError])
def test_whatever_fails_while_a_writer_opens_lets_go_of_the_lock(
    index: Path, source: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: type[BaseException]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error("on purpose")

    with monkeypatch.context() as broken:
        broken.setattr(f"newsearch.engine.arrays.writer.{failing}", fail)
        with pytest.raises((error, newsearch.StorageError)):
            ArraysWriter(index, sources=[str(source)])
    WriteLock(index).release()


def test_a_restore_that_fails_early_lets_go_of_the_lock(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsearch.backup(index, tmp_path / "saved")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("newsearch.engine.arrays.archives.last_generation", fail)
        with pytest.raises(KeyboardInterrupt):
            newsearch.restore(tmp_path / "saved", index, replace=True)
    assert found(index) == 3
    newsearch.restore(tmp_path / "saved", index, replace=True)


# Disks and memory


def test_a_full_disk_does_not_keep_anybody_from_the_lock(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(lock.os, "write", full)
        held = WriteLock(index)
        with pytest.raises(newsearch.IndexLocked):
            WriteLock(index)
        held.release()
    WriteLock(index).release()
    # What is kept in reserve there is free for whoever holds the lock.
    assert (index / LOCK_NAME).stat().st_size == 32 << 10
    held = WriteLock(index)
    assert (index / LOCK_NAME).stat().st_size < 1024
    held.release()


def test_memory_that_is_locked_stays(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked(mmap.mmap):
        def madvise(self, *_: int) -> None:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(layout.mmap, "mmap", Locked)
    assert found(index) == 3
    assert newsearch.verify(index).ok
    newsearch.compact(index)


# Arrays


@pytest.mark.parametrize("dtype", ["|u1", "|i1", "<i2", "<u8", "<f4", "<f8"])
def test_an_empty_array_may_be_of_any_type(tmp_path: Path, dtype: str) -> None:
    with ArraysWriter(tmp_path / "bare") as writer:
        writer.add(Article(id="a", title="ban"), "/a")
        writer.commit()
    path = next((tmp_path / "bare").glob("*.seg"))
    file = ArrayFile(path)
    empty = [name for name in file.names if not file.form(name)[1]]
    assert {"topic", "more_doc", "more_pos", "group_form"} <= set(empty) <= set(_ARRAYS)
    for name in empty:
        rewrite(path, "segment", name, lambda values: values.astype(dtype))
    assert newsearch.verify(tmp_path / "bare").problems == ()
    with newsearch.open(tmp_path / "bare") as opened:
        results = opened.search('ban OR bans topic:x OR ban~ OR "a ban"')
        assert (len(results), results.facet("topic"), len(opened.complete("ba"))) == (1, [], 1)
    newsearch.compact(tmp_path / "bare")


def test_a_state_without_bytes_is_damaged(index: Path, tmp_path: Path) -> None:
    next(index.glob("*.src")).write_bytes(b"")
    with pytest.raises(newsearch.IndexCorrupt, match="only 0 bytes"):
        newsearch.backup(index, tmp_path / "saved")
    assert not newsearch.verify(index).ok


@pytest.mark.parametrize("how", ["compact", "merge"])
def test_what_verify_refuses_is_not_merged(
    index: Path, source: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    (source / "d.md").write_text("---\ntitle: a ban d\n---\n")
    newsearch.build(source, index=index)
    path = max(index.glob("*.seg"), key=lambda p: p.stat().st_size)
    rewrite(path, "segment", "post_code", np.zeros_like)
    assert not newsearch.verify(index).ok
    before = read_toc(index)
    if how == "compact":
        with pytest.raises(newsearch.IndexCorrupt, match="a posting without a weight"):
            newsearch.compact(index)
    else:
        monkeypatch.setattr(compaction, "_MERGE_FACTOR", 2)
        (source / "e.md").write_text("---\ntitle: a ban e\n---\n")
        with pytest.raises(newsearch.IndexCorrupt, match="a posting without a weight"):
            newsearch.build(source, index=index)
    assert read_toc(index) == before
