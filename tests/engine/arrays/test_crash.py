"""Stopped at any instant, by a kill, a full disk or a crash of the machine, an index is one committed generation whole.

Each attempt runs in a forked process on a copy of an index, and is stopped at one more call to the system than the one
before, until it gets through. HYPOTHESIS_PROFILE=thorough kills at ten times as many random instants.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from strategies import Commit, make

import newsearch
from newsearch import _durable as durable
from newsearch.articles.article import Article
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.arrays.writing import builder, compaction
from newsearch.errors import StorageError
from newsearch.indexing import updating
from newsearch.sources import files

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process for every attempt")

BEFORE = [f"{number}" for number in range(6)]
ADDED = [f"new {number}" for number in range(5)]


def add(directory: Path, names: list[str], source: str = "/a") -> None:
    articles = tuple((source, Article(id=name, title=f"a ban {name}")) for name in names)
    make(directory, [Commit(frozenset(), articles)])


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What survives a crash of the machine is worked out here, from the calls that are made."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of several segments, lists of deleted and of hidden articles, and states of sources.

    Beside it are two sources with copies of each other's articles, which have both changed since, and one that only
    looks as if it had.
    """
    place = tmp_path_factory.mktemp("start")
    directory = place / "index"
    add(directory, [*BEFORE, "gone"])
    add(directory, BEFORE[:2], "/b")
    with ArraysWriter(directory) as changes:
        changes.delete_ids(["gone"])
        changes.commit()
    write(place / "one", [1, 2, 3])
    write(place / "two", [3, 4])
    write(place / "same", [9])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "UNSETTLED", 0)
        newsearch.build(place / "one", place / "two", place / "same", index=directory)
    os.utime(place / "same" / "9.md", (1, 1))
    (place / "one" / "3.md").unlink()
    write(place / "one", [1, 4, 5, 6, 7], "changed")
    write(place / "two", [8])
    for kind in ("del", "hid", "src"):
        assert list(directory.glob(f"*.{kind}"))
    return place


def write(source: Path, numbers: list[int], title: str = "a ban") -> None:
    """Files whose articles are copies where their numbers are equal."""
    source.mkdir(exist_ok=True)
    for number in numbers:
        text = f"---\ntitle: {title} {number}\nwebUrl: https://example.org/{number}\n---\n"
        (source / f"{number}.md").write_text(text)


def commit(directory: Path) -> None:
    """Several segments, a merge, a list of deleted articles, and files to be deleted."""
    builder.MAX_ARTICLES = 2
    compaction._MERGE_FACTOR = 3
    with ArraysWriter(directory) as changes:
        for name in [*ADDED, BEFORE[0]]:
            changes.add(Article(id=name, title=f"a ban {name}"), "/a")
        changes.commit()


def rebuild(directory: Path) -> None:
    """Everything anew."""
    builder.MAX_ARTICLES = 4
    with ArraysWriter(directory, fresh=True) as changes:
        for name in [*BEFORE, *ADDED]:
            changes.add(Article(id=name, title=f"a ban {name}"), "/a")
        for name in BEFORE[:2]:
            changes.add(Article(id=name, title=f"a ban {name}"), "/b")
        changes.commit()


def compact(directory: Path) -> None:
    newsearch.compact(directory)


def restore(directory: Path) -> None:
    newsearch.restore(directory.parent / "backup", directory, replace=True)


def update(directory: Path) -> None:
    """What changed in two sources, with a journal, new states, and copies that step in or are hidden."""
    builder.MAX_ARTICLES = 2
    updating._BATCH = 1
    newsearch.build(directory.parent / "one", directory.parent / "two", index=directory)


def look_again(directory: Path) -> None:
    """A state that is replaced in its place, without a generation."""
    files.UNSETTLED = 0  # type: ignore[misc]
    newsearch.build(directory.parent / "same", index=directory)


BEFORE_ALL = sorted([*BEFORE, *BEFORE[:2], "1.md", "2.md", "3.md", "4.md", "9.md"])

WORK = {
    commit: sorted([*BEFORE_ALL, *ADDED]),
    rebuild: sorted([*BEFORE, *BEFORE[:2], *ADDED]),
    update: sorted([*BEFORE, *BEFORE[:2], *(f"{number}.md" for number in range(1, 10))]),
    compact: BEFORE_ALL,
    look_again: BEFORE_ALL,
    restore: ["from the backup"],
}
"""What is done to an index, and the ids that it holds afterwards."""


@pytest.fixture
def place(start: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes a fresh copy of the index, with a backup of another one beside it."""
    add(tmp_path / "other", ["from the backup"])
    newsearch.backup(tmp_path / "other", start / "backup")

    def copy() -> Path:
        shutil.rmtree(start / "copy", ignore_errors=True)
        shutil.copytree(start / "index", start / "copy")
        return start / "copy"

    return copy


def run(work: Callable[[Path], None], directory: Path, prepare: Callable[[], None]) -> int | None:
    """Work in a forked process. Returns its exit code, or None where it was killed."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            prepare()
            work(directory)
            code = 0
        except StorageError as error:
            code = 4 if "unchanged" in str(error) else 5
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else None


def ids(directory: Path) -> list[str]:
    with newsearch.open(directory) as index:
        return sorted(article.id for article in index.articles())


_judged: dict[tuple[frozenset[tuple[str, bytes]], tuple[str, ...]], bool] = {}


def is_whole(directory: Path, after: list[str]) -> bool:
    """Whether the new generation is there. Anything but that one or the old one, whole, fails."""
    # Half of the attempts leave the bytes of an earlier one. Only the lock, which nobody holds, names its process.
    left = frozenset((contents(directory) | {"write.lock": b""}).items())
    held = left, tuple(after)
    if held not in _judged:
        _judged[held] = _is_whole(directory, after)
    return _judged[held]


def _is_whole(directory: Path, after: list[str]) -> bool:
    found = newsearch.verify(directory)
    assert found.problems == ()
    held = ids(directory)
    assert held in (BEFORE_ALL, after)
    if after != BEFORE_ALL:
        return held == after
    return found.generation > 4 or states(directory) != states(directory.parent / "index")


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def states(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob("*.src")}


def goes_on(directory: Path) -> None:
    """The next commit works, and leaves nothing behind of the one that was stopped."""
    held = ids(directory)
    add(directory, ["next"], "/next")
    assert ids(directory) == sorted([*held, "next"])
    assert newsearch.verify(directory).unused == ()


def kill() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


class Counted:
    """Counts calls to the system that sync, rename or delete, and kills the process before one of them."""

    def __init__(self, at: int) -> None:
        self._left = at

    def install(self) -> None:
        for name in ("fsync", "replace", "unlink"):
            setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if not self._left:
                kill()
            return call(*args, **kwargs)

        return counting


@pytest.mark.parametrize("work", WORK)
def test_a_kill_at_any_sync_rename_or_deletion(
    place: Callable[[], Path], work: Callable[[Path], None]
) -> None:
    seen = []
    for at in range(1, 200):
        directory = place()
        code = run(work, directory, Counted(at).install)
        seen.append(is_whole(directory, WORK[work]))
        if code is not None:
            assert code == 0
            break
        if at % 3 == 0:
            goes_on(directory)
    assert seen == sorted(seen), "an old generation came back"
    assert not seen[0]
    assert seen[-1]
    assert len(seen) > 3


class Disk:
    """What of a directory would survive a crash of the machine: what was synced, and little else."""

    def __init__(self, directory: Path, log: Path) -> None:
        self._directory, self._log = directory, log
        self._before = contents(directory)

    def watch(self, at: int) -> None:
        """Note in a file what is synced and renamed from now on, and die at one of these calls."""
        log = os.open(self._log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        fsync, replace = os.fsync, os.replace
        count = 0

        def note(*words: str) -> None:
            nonlocal count
            count += 1
            if count == at:
                kill()
            os.write(log, ("\t".join(words) + "\n").encode())

        def noting_fsync(handle: int) -> None:
            note("sync", os.readlink(f"/proc/self/fd/{handle}"))
            fsync(handle)

        def noting_replace(old: Path, new: Path) -> None:
            note("move", str(old), str(new))
            replace(old, new)

        os.fsync, os.replace = noting_fsync, noting_replace  # type: ignore[assignment]

    def crash(self, lost: str) -> None:
        """Take back what a crash may take back: bytes that were not synced; and maybe new names, or old ones, too."""
        names = set(self._before)
        synced = dict(self._before)
        written: dict[str, bytes] = {}
        for line in self._log.read_text().splitlines():
            kind, *paths = line.split("\t")
            path = Path(paths[0])
            if kind == "move":
                written[Path(paths[1]).name] = written[path.name]
            elif path == self._directory:
                names |= set(written)
                synced |= written
            elif path.exists():
                written[path.name] = path.read_bytes()
            else:
                # It was renamed after it was synced; what it held is under its new name, if that was not deleted.
                new = path.with_name(path.name.rsplit(".", 2)[0])
                written[path.name] = new.read_bytes() if new.exists() else b""
        for path in self._directory.iterdir():
            if path.name in self._before and lost == "all names":
                path.write_bytes(synced[path.name])
            elif path.name not in self._before and path.name not in written:
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            if path.name not in names and lost != "bytes":
                path.unlink()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks /proc which file is synced")
@pytest.mark.parametrize("lost", ["bytes", "new names", "all names"])
@pytest.mark.parametrize("work", WORK)
def test_a_crash_of_the_machine_at_any_sync_or_rename(
    place: Callable[[], Path], tmp_path: Path, work: Callable[[Path], None], lost: str
) -> None:
    seen = []
    for at in range(1, 200):
        directory = place()
        disk = Disk(directory, tmp_path / "log")
        code = run(work, directory, lambda disk=disk, at=at: disk.watch(at))  # type: ignore[misc]
        disk.crash(lost)
        seen.append(is_whole(directory, WORK[work]))
        if code is not None:
            assert code == 0
            break
    assert seen == sorted(seen)
    assert not seen[0]
    assert seen[-1]
    assert len(seen) > 3


class Full:
    """A disk that has room for so many writes: the next one gets half of its bytes down, and fails."""

    def __init__(self, writes: int) -> None:
        self._left = writes

    def install(self) -> None:
        durable.open = self._open  # type: ignore[attr-defined]

    def _open(self, path: Path, mode: str) -> Any:
        file = open(path, mode, buffering=0)  # noqa: SIM115 - handed on
        disk = self

        class File:
            def __enter__(self) -> File:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

            def write(self, data: Any) -> None:
                data = bytes(data)
                if not disk._left:
                    file.write(data[: len(data) // 2])
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                disk._left -= 1
                file.write(data)

        return File()


@pytest.mark.parametrize("work", WORK)
def test_a_disk_that_is_full_at_any_write(place: Callable[[], Path], work: Callable[[Path], None]) -> None:
    for writes in range(0, 2000, 1 + 12 * (work not in (compact, look_again))):
        directory = place()
        before = sorted(path.name for path in directory.iterdir())
        code = run(work, directory, Full(writes).install)
        published = is_whole(directory, WORK[work])
        if code == 0:
            assert published
            assert writes > 5
            return
        assert code == 4, "not the error of a disk"
        assert not published
        assert sorted(path.name for path in directory.iterdir()) == before, "room was not given back"
    pytest.fail("no end of writes")


@pytest.mark.parametrize("instants", [10, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("work", [commit, update])
def test_a_kill_at_a_random_instant(
    place: Callable[[], Path], work: Callable[[Path], None], instants: int
) -> None:
    chosen = random.Random(instants)
    started = time.monotonic()
    run(work, place(), lambda: None)
    took = time.monotonic() - started
    killed = published = 0
    for _ in range(instants):
        directory = place()
        child = os.fork()
        if child == 0:
            try:
                work(directory)
            finally:
                os._exit(0)
        time.sleep(chosen.uniform(0, took))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += not os.WIFEXITED(status)
        published += is_whole(directory, WORK[work])
        goes_on(directory)
    assert killed
