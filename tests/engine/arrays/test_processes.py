"""Several processes at one index: readers while others commit, writers one after the other, holders that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from newsearch.articles.article import Article
from newsearch.engine.arrays.files.lock import LOCK_NAME, WriteLock
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.errors import IndexLocked, StorageError

READER = """
import pathlib, sys
from newsearch.engine.base import Options
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.query.tree import Word
directory, last = pathlib.Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    reader = ArraysReader(directory)
    generation = reader.toc.generation
    assert generation >= last, "an old generation came back"
    # Every commit adds an article and deletes one in ten.
    expected = {str(n) for n in range(generation) if n % 10 or n == generation - 1}
    assert {article.id for article in reader.articles()} == expected
    answer = reader.search(Word("ban"), Options(limit=100))
    assert {named.id for named, _, _ in answer.hits()} == expected, "a search and the articles differ"
    last = generation
    if generation >= int(sys.argv[2]):
        break
"""


def python(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def commit(directory: Path, number: int) -> None:
    with ArraysWriter(directory, wait=60) as changes:
        if number > 1 and (number - 2) % 10 == 0:
            changes.delete_ids([str(number - 2)])
        changes.add(Article(id=str(number - 1), title="a ban"), "/a")
        changes.commit()


def test_readers_in_other_processes_see_whole_generations_while_commits_happen(tmp_path: Path) -> None:
    commit(tmp_path, 1)
    readers = [python(READER, tmp_path, 60) for _ in range(3)]
    for reader in readers:
        assert reader.stdout
        assert reader.stdout.readline() == b"ready\n"
    for number in range(2, 61):
        commit(tmp_path, number)
    for reader in readers:
        _, errors = reader.communicate(timeout=60)
        assert (reader.returncode, errors) == (0, b"")


WRITER = """
import pathlib, sys
from newsearch.articles.article import Article
from newsearch.engine.arrays.writer import ArraysWriter
for number in range(5):
    with ArraysWriter(pathlib.Path(sys.argv[1]), wait=60) as changes:
        changes.add(Article(id=f"{sys.argv[2]} {number}", title="a ban"), "/a")
        changes.commit()
"""


def test_writers_in_several_processes_come_one_after_the_other(tmp_path: Path) -> None:
    writers = [python(WRITER, tmp_path, name) for name in range(3)]
    for writer in writers:
        assert writer.communicate(timeout=60) == (b"", b"")
    reader = ArraysReader(tmp_path)
    assert reader.toc.generation == 15
    assert len(list(reader.articles())) == 15


HOLDER = """
import os, pathlib, sys
from newsearch.engine.arrays.files.lock import WriteLock
lock = WriteLock(pathlib.Path(sys.argv[1]))
if sys.argv[2] == "with a child" and os.fork() == 0:
    # A worker that outlives the writer, as one does that waits for more to do.
    sys.stdin.read()
    os._exit(0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("kind", ["alone", "with a child"])
def test_the_lock_of_a_process_that_died_is_taken_over(tmp_path: Path, kind: str) -> None:
    holder = python(HOLDER, tmp_path, kind)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(IndexLocked) as caught:
        WriteLock(tmp_path)
    assert caught.value.pid == holder.pid
    with pytest.raises(IndexLocked):
        WriteLock(tmp_path, wait=0.1)
    waiting = python(WRITER, tmp_path, "waiting")
    with suppress(subprocess.TimeoutExpired):
        waiting.wait(1)
    assert waiting.poll() is None
    holder.send_signal(signal.SIGKILL)
    assert waiting.communicate(timeout=60) == (b"", b"")
    assert len(list(ArraysReader(tmp_path).articles())) == 5
    holder.communicate()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '{"pid": "x"}', "[" * 10_000, "\0" * 5000, '{"pid": 1e999}']
)
def test_whatever_stands_in_the_lock_is_only_said(tmp_path: Path, text: str) -> None:
    lock = WriteLock(tmp_path)
    (tmp_path / LOCK_NAME).write_text(text)
    with pytest.raises(IndexLocked, match="another process") as caught:
        WriteLock(tmp_path)
    assert caught.value.pid is None
    lock.release()
    lock.release()
    WriteLock(tmp_path).release()


def test_waiting_ends_when_it_was_to(tmp_path: Path) -> None:
    lock = WriteLock(tmp_path)
    started = time.monotonic()
    with pytest.raises(IndexLocked):
        WriteLock(tmp_path, wait=0.2)
    assert time.monotonic() - started >= 0.2
    lock.release()


def test_a_lock_that_cannot_be_made_is_the_disks_fault(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        WriteLock(tmp_path)
