"""One writer at a time; a generation is published whole or not at all; readers keep the one they opened."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from strategies import Commit, make

from newsearch import _durable as durable
from newsearch.articles.article import Article, Image
from newsearch.engine.arrays.archives import backup, restore
from newsearch.engine.arrays.files.lock import WriteLock
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.upkeep import verify
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import Options
from newsearch.engine.writing import Changes
from newsearch.errors import IndexCorrupt, IndexLocked, StorageError
from newsearch.query.tree import All, Everything, Fuzzy, Match, Node, Phrase, Prefix, Word
from newsearch.ranking import Boosts


def article(name: str, title: str = "a ban") -> Article:
    return Article(id=name, title=title)


def add(directory: Path, *names: str, source: str = "/a") -> None:
    make(directory, [Commit(frozenset(), tuple((source, article(name)) for name in names))])


def held(directory: Path) -> list[str]:
    return sorted(found.id for found in ArraysReader(directory).articles())


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# Changes


def test_changes_count_articles_that_are_new_replaced_and_deleted(tmp_path: Path) -> None:
    add(tmp_path, "a", "b", "c")
    with ArraysWriter(tmp_path) as changes:
        changes.delete_source("/a")
        changes.add(article("a", "another"), "/a")
        changes.add(article("new"), "/a")
        changes.add(article("new", "once more"), "/a")
        assert changes.commit() == Changes(added=1, replaced=1, deleted=2, articles=2)
    assert held(tmp_path) == ["a", "new"]
    found = ArraysReader(tmp_path).get("new")
    assert found is not None
    assert found.title == "once more"


def test_the_same_id_in_another_source_is_another_article(tmp_path: Path) -> None:
    add(tmp_path, "a", source="/a")
    add(tmp_path, "a", source="/b")
    assert held(tmp_path) == ["a", "a"]
    with ArraysWriter(tmp_path) as changes:
        changes.delete_source("/b")
        changes.commit()
    assert held(tmp_path) == ["a"]


def test_a_fresh_writer_begins_with_nothing_and_counts_generations_on(tmp_path: Path) -> None:
    add(tmp_path, "a")
    with ArraysWriter(tmp_path, fresh=True) as changes:
        changes.add(article("b"), "/b")
        changes.commit()
    assert held(tmp_path) == ["b"]
    assert ArraysReader(tmp_path).stats().generation == 2
    assert ArraysReader(tmp_path).stats().sources == ("/b",)


def test_an_index_of_nothing_answers_with_nothing(tmp_path: Path) -> None:
    add(tmp_path)
    reader = ArraysReader(tmp_path)
    trees: list[Node] = [
        Everything(),
        Word("a"),
        Word("a", field="title"),
        Phrase("a b"),
        Prefix("a"),
        Fuzzy("a"),
        Match("url", "a"),
    ]
    for tree in [*trees, All(tuple(trees))]:
        assert len(reader.search(tree, Options())) == 0
        assert reader.search(tree, Options(sort="newest")).facet("month", 3) == []
    assert reader.get("a") is None
    assert reader.stats().articles == 0


def test_an_article_that_is_added_as_it_was_is_no_change(tmp_path: Path) -> None:
    add(tmp_path, "a", "b")
    before = files(tmp_path)
    with ArraysWriter(tmp_path) as changes:
        changes.delete_source("/a")
        changes.add(article("a", "another"), "/a")
        changes.add(replace(article("a"), images=(Image("https://x.org/1.png"),)), "/a")
        changes.add(article("b"), "/a")
        changes.add(article("a"), "/a")
        assert changes.commit() == Changes(added=0, replaced=0, deleted=0, articles=2)
    assert files(tmp_path) == before
    assert ArraysReader(tmp_path).toc.generation == 1


def test_of_two_sources_with_one_url_the_first_is_found_and_the_other_steps_in(tmp_path: Path) -> None:
    def copy(name: str, title: str) -> Article:
        return Article(id=name, title=title, web_url=f"https://x.org/{name}?utm_source=me")

    make(tmp_path, [Commit(frozenset(), (("/a", copy("1", "first")), ("/b", copy("1", "second"))))])
    assert [found.title for found in ArraysReader(tmp_path).articles()] == ["first"]
    make(tmp_path, [Commit(frozenset(), (("/b", copy("1", "third")), ("/b", copy("2", "own"))))])
    assert sorted(found.title for found in ArraysReader(tmp_path).articles()) == ["first", "own"]
    with ArraysWriter(tmp_path) as changes:
        changes.forget_source("/a")
        assert changes.commit() == Changes(added=0, replaced=0, deleted=1, articles=2)
    assert sorted(found.title for found in ArraysReader(tmp_path).articles()) == ["own", "third"]


# Failure


@pytest.mark.parametrize("leave", ["raise", "return"])
def test_a_writer_that_is_left_without_a_commit_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: str
) -> None:
    add(tmp_path, "a")
    before = files(tmp_path)
    monkeypatch.setattr("newsearch.engine.arrays.writing.builder.MAX_ARTICLES", 1)

    def fail() -> None:
        with ArraysWriter(tmp_path) as changes:
            changes.add(article("b"), "/a")
            changes.add(article("c"), "/a")
            deadline = time.monotonic() + 30
            while files(tmp_path) == before and time.monotonic() < deadline:
                time.sleep(0.01)  # another thread writes the segments
            assert files(tmp_path) != before
            if leave == "raise":
                raise KeyError("of the caller")

    if leave == "raise":
        with pytest.raises(KeyError, match="of the caller"):
            fail()
    else:
        fail()
    assert files(tmp_path) == before
    assert held(tmp_path) == ["a"]
    add(tmp_path, "d")


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_full_disk_leaves_the_published_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    add(tmp_path, "a")
    before = files(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(durable if call == "open" else os, call, full, raising=False)
        with pytest.raises(StorageError, match=r"the index is unchanged.*; free some disk space") as caught:
            add(tmp_path, "b")
    assert caught.value.errno == errno.ENOSPC
    assert files(tmp_path) == before
    assert held(tmp_path) == ["a"]
    add(tmp_path, "c")


def test_an_error_after_the_commit_takes_nothing_back(tmp_path: Path) -> None:
    def fail_late() -> None:
        with ArraysWriter(tmp_path) as changes:
            changes.add(article("a"), "/a")
            changes.commit()
            raise KeyError("late")

    with pytest.raises(KeyError, match="late"):
        fail_late()
    assert held(tmp_path) == ["a"]


def test_a_fresh_writer_over_a_damaged_index_can_be_cancelled(tmp_path: Path) -> None:
    add(tmp_path, "a")
    (tmp_path / "toc.json").write_text("{")
    before = files(tmp_path)
    with pytest.raises(IndexCorrupt):
        ArraysWriter(tmp_path)
    with pytest.raises(KeyError, match="of the caller"), ArraysWriter(tmp_path, fresh=True):
        raise KeyError("of the caller")
    assert files(tmp_path) == before
    with ArraysWriter(tmp_path, fresh=True) as changes:
        changes.add(article("b"), "/a")
        changes.commit()
    assert held(tmp_path) == ["b"]


def test_a_directory_that_cannot_be_made_is_an_engine_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be created"):
        ArraysWriter(tmp_path / "file" / "index")


def test_a_commit_leaves_no_file_of_an_earlier_generation(tmp_path: Path) -> None:
    add(tmp_path, "a", "b")
    make(tmp_path, [Commit(frozenset(), (("/a", article(name, "another")),)) for name in "ab"])
    stats = ArraysReader(tmp_path).stats()
    assert len(list(tmp_path.glob("*.seg"))) == stats.segments
    assert (stats.articles, stats.generation) == (2, 3)


# The lock


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    told = f"process {os.getpid()} on {socket.gethostname()} since 20"
    with ArraysWriter(tmp_path), pytest.raises(IndexLocked, match=told) as caught:
        ArraysWriter(tmp_path)
    assert (caught.value.pid, caught.value.host) == (os.getpid(), socket.gethostname())
    assert datetime.fromisoformat(caught.value.since)
    ArraysWriter(tmp_path).cancel()


def test_a_writer_whose_lock_was_deleted_publishes_nothing(tmp_path: Path) -> None:
    index = tmp_path / "index"
    add(index, "old")
    for meddle in (lambda: (index / "write.lock").unlink(), lambda: shutil.rmtree(index)):
        for again in (False, True):
            with ArraysWriter(index) as changes:
                changes.add(article("old" if again else "lost"), "/a")
                meddle()
                add(index, "new")
                with pytest.raises(StorageError, match=r"write\.lock was deleted or replaced during the run"):
                    changes.commit()
            assert held(index)[0] == "new"
            assert verify(index).problems == ()


def test_nothing_is_restored_where_the_lock_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tmp_path / "index", "old")
    backup(tmp_path / "index", tmp_path / "backup")

    def meddling(path: Path, chunks: list[bytes]) -> int:
        if (tmp_path / "index" / "write.lock").exists():
            shutil.rmtree(tmp_path / "index")
            (tmp_path / "index").mkdir()
        return durable.write_file(path, chunks)

    monkeypatch.setattr("newsearch.engine.arrays.archives.write_file", meddling)
    with pytest.raises(StorageError, match=r"write\.lock was deleted or replaced during the run"):
        restore(tmp_path / "backup", tmp_path / "index", replace=True)
    assert files(tmp_path / "index") == []


def test_a_writer_waits_for_another(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path)
    threading.Timer(0.15, lock.release).start()
    started = time.monotonic()
    ArraysWriter(tmp_path, wait=10).cancel()
    assert 0.1 < time.monotonic() - started < 5


def test_the_lock_of_a_writer_that_was_killed_is_free(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from newsearch.articles.article import Article\n"
        "from newsearch.engine.arrays.writing import builder\n"
        "from newsearch.engine.arrays.writer import ArraysWriter\n"
        "builder.MAX_ARTICLES = 1\n"
        f"writer = ArraysWriter(pathlib.Path({str(tmp_path)!r}))\n"
        "writer.add(Article(id='b', title='b'), '/a')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    add(tmp_path, "a")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(IndexLocked, match=f"process {holder.pid} "):
            ArraysWriter(tmp_path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert held(tmp_path) == ["a"]
    add(tmp_path, "c")
    assert held(tmp_path) == ["a", "c"]
    assert len(list(tmp_path.glob("*.seg"))) == ArraysReader(tmp_path).stats().segments


# Readers


def test_a_reader_keeps_its_generation(tmp_path: Path) -> None:
    add(tmp_path, "a", "b")
    reader = ArraysReader(tmp_path)
    with ArraysWriter(tmp_path, fresh=True) as changes:
        changes.add(article("c"), "/c")
        changes.commit()
    assert sorted(found.id for found in reader.articles()) == ["a", "b"]
    assert [named.id for named, _, _ in reader.search(Word("ban"), Options()).hits()] == ["a", "b"]
    assert reader.stats().articles == 2
    assert held(tmp_path) == ["c"]


def test_readers_open_while_commits_happen(tmp_path: Path) -> None:
    add(tmp_path, "0")
    done = threading.Event()

    def commit() -> None:
        for number in range(1, 30):
            add(tmp_path, "0", str(number))
        done.set()

    with ThreadPoolExecutor(1) as pool:
        committing = pool.submit(commit)
        while not done.is_set() and not committing.done():
            reader = ArraysReader(tmp_path)
            assert reader.stats().articles == reader.stats().generation
        committing.result()


def test_threads_that_share_a_reader_get_the_answers_of_one(tmp_path: Path) -> None:
    words = ("ban", "bans", "portland", "covid-19", "recognition")
    given = tuple(
        (
            "/a",
            Article(
                id=f"{i}",
                title=" ".join(words[: i % 5 + 1]),
                body="the ban " * (i % 7),
                heat=i % 11,
                topics=("AI",) * (i % 2),
            ),
        )
        for i in range(600)
    )
    make(tmp_path, [Commit(frozenset(), given[:300]), Commit(frozenset(), given[300:])])
    questions: list[tuple[Node, Options]] = [
        (tree, Options(sort=sort, boosts=Boosts(heat=heat)))
        for tree in (
            Word("ban"),
            All((Word("bans"), Word("portland"))),
            Phrase("the ban"),
            Prefix("b"),
            Match("topic", "ai"),
        )
        for sort in ("relevance", "heat")
        for heat in (0.0, 0.5, 2.0)
    ]

    def answered(reader: ArraysReader, tree: Node, asked: Options) -> object:
        answer = reader.search(tree, asked)
        hits = [(answer.article(i), hit, answer.explain(i)) for i, hit in enumerate(answer.hits())]
        return hits, answer.counts(), answer.facet("topic", 5)

    alone = ArraysReader(tmp_path)
    expected = [answered(alone, *question) for question in questions]
    shared = ArraysReader(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert list(pool.map(lambda question: answered(shared, *question), questions)) == expected
