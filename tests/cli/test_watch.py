"""Watching sources: the command goes on, and what is written is found."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from cli_collection import Command

import newsearch
from newsearch.cli import watching
from newsearch.errors import EngineError

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def watching_command(source: Path, index: Path) -> Iterator[subprocess.Popen[str]]:
    """The command while it watches a source; the first line of its output is still to be read."""
    command = [sys.executable, "-m", "newsearch", "index", str(source), "--index", str(index), "--watch"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Whoever runs the tests in the background may have them ignore Ctrl-C.
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear if os.name == "posix" else None,
    ) as process:
        too_late = threading.Timer(60, process.kill)
        too_late.start()
        try:
            assert process.stderr is not None
            assert "watching" in process.stderr.readline()
            time.sleep(0.5)  # until the system has been asked to tell
            yield process
        finally:
            too_late.cancel()
            process.kill()  # a test that fails does not wait for it


def test_what_is_written_while_it_watches_is_found(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles", reason="watchfiles is in the extra watch")
    news, index = tmp_path / "news", tmp_path / "index"
    news.mkdir()
    (news / "a.md").write_text("---\ntitle: first\n---\n")
    with watching_command(news, index) as process:
        assert process.stdout is not None
        (news / "torn.md").write_text("---\ntitle: torn")
        (news / "b.md").write_text("---\ntitle: second\n---\n")
        first, second = (process.stdout.readline() for _ in range(2))
        assert first.startswith("indexed 1 article (1 new, 0 replaced, 0 deleted) in ")
        assert second.startswith("indexed 1 article (1 new, 0 replaced, 0 deleted, 1 unchanged)")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    with newsearch.open(index) as opened:
        assert sorted(hit.title for hit in opened.search("")) == ["first", "second"]


def _replace_file(source: Path, title: str) -> None:
    other = source.with_name(f"{title}.md")
    other.write_text(f"---\ntitle: {title}\n---\n")
    other.replace(source)


def _replace_directory(source: Path, title: str) -> None:
    shutil.rmtree(source)
    source.mkdir()
    (source / "a.md").write_text(f"---\ntitle: {title}\n---\n")


def _replace_link(source: Path, title: str) -> None:
    release, link = source.with_name(title), source.with_name("link")
    release.mkdir()
    (release / "a.md").write_text(f"---\ntitle: {title}\n---\n")
    link.symlink_to(release)
    link.replace(source)


@pytest.mark.parametrize("replace", [_replace_file, _replace_directory, _replace_link])
def test_a_source_that_is_replaced_is_still_watched(
    tmp_path: Path, replace: Callable[[Path, str], None]
) -> None:
    pytest.importorskip("watchfiles", reason="watchfiles is in the extra watch")
    source, index = tmp_path / "news.md", tmp_path / "index"
    if replace is _replace_directory:
        source.mkdir()
    replace(source, "first")
    with watching_command(source, index) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("indexed 1 article (1 new, ")
        for title in ("second", "third"):
            replace(source, title)
            assert process.stdout.readline().startswith("indexed 1 article (0 new, 1 replaced, ")
        written = source / "a.md" if source.is_dir() else source
        written.write_text("---\ntitle: fourth\n---\n")
        assert process.stdout.readline().startswith("indexed 1 article (0 new, 1 replaced, ")


def test_without_the_package_it_says_what_to_install(
    run: Command, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = run("index", source, "--watch")
    assert (result.code, result.out) == (2, "")
    assert result.err.endswith("pip install 'newsearch[watch]'\n")
    assert not Path("index").exists()


@pytest.mark.parametrize("command", ["index", "reindex"])
def test_to_watch_without_writing_is_refused(run: Command, source: Path, command: str) -> None:
    result = run(*[command, *([source] if command == "index" else []), "--watch", "--dry-run"])
    assert result.code == 2
    assert "--watch and --dry-run cannot be used together" in result.err


def test_standard_input_cannot_be_watched(run: Command) -> None:
    result = run("index", "-", "--watch")
    assert (result.code, result.out) == (2, "")
    assert "standard input cannot be watched" in result.err


def test_a_time_between_visits_needs_watching_and_is_some_time(run: Command, source: Path) -> None:
    assert "add --watch" in run("index", source, "--every", "15min").err
    assert run("index", source, "--watch", "--every", "soon").code == 2
    assert run("index", source, "--watch", "--every", "0min").code == 2


def test_feeds_are_visited_again_and_rarer_when_they_fail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: clock[0])
    visits: list[float] = []
    codes = iter([0, 2, 2, 0, 0])

    def once(given: Sequence[str]) -> int:
        assert given == ["https://gazette.example/feed.xml"]
        visits.append(clock[0])
        code = next(codes, None)
        if code is None:
            raise KeyboardInterrupt
        return code

    def ticks(paths: Sequence[str], *, but: str, also: Callable[[], bool]) -> Iterator[int]:
        assert list(paths) == []
        while True:
            clock[0] += 1
            if also():
                yield 0

    monkeypatch.setattr(watching, "bursts", ticks)
    with pytest.raises(KeyboardInterrupt):
        watching.run_again(
            once, ["-", "https://gazette.example/feed.xml"], str(tmp_path), timedelta(minutes=1)
        )
    assert [later - before for before, later in pairwise([1000, *visits])] == [60, 60, 120, 240, 60, 60]


def test_what_is_watched_is_listed_without_passwords_and_tokens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "bursts", lambda *_, **__: ())
    watching.run_again(lambda _: 0, ["https://ann:hush@gazette.example/feed?token=hush"], "index", None)
    assert "watching https://***@gazette.example/feed?token=***; Ctrl-C" in capsys.readouterr().err


def test_files_are_read_at_once_and_feeds_only_when_they_are_due(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: clock[0])
    read: list[list[str]] = []

    def once(given: Sequence[str]) -> int:
        read.append(list(given))
        if len(read) == 2:
            raise EngineError("locked")
        return 0

    def changes(paths: Sequence[str], *, but: str, also: Callable[[], bool]) -> Iterator[int]:
        for moment in (1001, 1061, 1062, 1063):  # the second is a visit, which fails and is tried again
            clock[0] = moment
            yield 1

    monkeypatch.setattr(watching, "bursts", changes)
    sources = ["news", "list.opml"]
    watching.run_again(once, sources, str(tmp_path), timedelta(minutes=1))
    assert read == [["news"], sources, sources, ["news"]]
