"""The command as a process of its own: pipes, signals, what it imports."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "newsearch"]
posix = pytest.mark.skipif(os.name == "nt", reason="signals and pseudo-terminals are POSIX matters")


def test_a_query_in_a_pipe_is_plain_and_silent_on_stderr(index: Path) -> None:
    done = subprocess.run([*COMMAND, "query", "ban", "--index", index], capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout


def test_output_is_utf_8_or_escaped_where_it_cannot_be(index: Path) -> None:
    query = [*COMMAND, "query", "vaccin", "--index", index, "--format", "jsonl"]
    titles = []
    for encoding in ("utf-8", "ascii", "latin-1"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        out = subprocess.run(query, capture_output=True, check=True, env=environment).stdout
        titles.append(json.loads(out.decode(encoding))["title"])
    assert titles == ["Vaccin contre la COVID-19 : São Paulo commence"] * 3


def test_text_that_the_output_cannot_hold_is_escaped(index: Path) -> None:
    query = [*COMMAND, "query", "vaccin", "--index", index]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    out = subprocess.run(query, capture_output=True, check=True, env=environment).stdout
    assert b"S\\xe3o Paulo commence" in out


@posix
@pytest.mark.parametrize(("day", "start"), [("2020-07-01", "2020-06-30T22"), ("2020-01-01", "2019-12-31T23")])
def test_days_begin_in_the_zone_of_the_system(index: Path, day: str, start: str) -> None:
    environment = {**os.environ, "TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}

    def output(*args: str | Path) -> str:
        command = [*COMMAND, *args]
        return subprocess.run(command, capture_output=True, check=True, text=True, env=environment).stdout

    assert f"from {start}:00:00Z" in output("query", "--parse", f"after:{day}")
    assert "2020-09-09 23:05+02:00" in output("show", "tech/ban.md", "--index", index)


@posix
def test_a_reader_that_goes_away_is_no_error(index: Path) -> None:
    query = [*COMMAND, "query", "--index", index, "--format", "json"]
    reading, writing = os.pipe()
    with subprocess.Popen(query, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        os.close(reading)
        _, errors = process.communicate(timeout=120)
    assert errors == b""
    assert process.returncode == 141


has_full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def redirected(
    redirection: str, *command: str, index: Path, unbuffered: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the command under a shell that redirects its streams; without PYTHONUNBUFFERED, as users do."""
    arguments = [str(index) if part == "INDEX" else part for part in command]
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND]
    return subprocess.run(
        [*shell, *arguments],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""},
    )


@has_full_disk
@pytest.mark.parametrize(
    "arguments",
    [
        "query --index INDEX",
        "query --index INDEX --format jsonl",
        "query --parse ban",
        "export --index INDEX",
        "stats --index INDEX",
        "verify --index INDEX --format json",
        "query --help",
        "--help",
        "--version",
        "",
    ],
)
def test_output_to_a_full_disk_is_one_line(index: Path, arguments: str) -> None:
    done = redirected(">/dev/full", *arguments.split(), index=index)
    assert done.stderr == f"newsearch: the output cannot be written: {os.strerror(errno.ENOSPC)}\n"
    assert done.returncode == 2


@has_full_disk
@pytest.mark.parametrize("arguments", ["query --index INDEX", "--help"])
def test_output_to_a_full_disk_is_one_line_without_a_buffer(index: Path, arguments: str) -> None:
    done = redirected(">/dev/full", *arguments.split(), index=index, unbuffered=True)
    assert done.stderr == f"newsearch: the output cannot be written: {os.strerror(errno.ENOSPC)}\n"
    assert done.returncode == 2


@posix
@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("arguments", ["query ban --index INDEX", "stats --index INDEX", "--help"])
def test_a_closed_output_is_one_line(index: Path, arguments: str, unbuffered: bool) -> None:
    done = redirected(">&-", *arguments.split(), index=index, unbuffered=unbuffered)
    assert done.stderr == "newsearch: the output cannot be written: it is closed\n"
    assert done.returncode == 2


@has_full_disk
@posix
@pytest.mark.parametrize(("query", "code"), [("ban after:soon", 0), ("nowhere", 1), ("--nonsense", 2)])
def test_messages_that_reach_nobody_change_neither_results_nor_exit_code(
    index: Path, query: str, code: int
) -> None:
    command = ("query", query, "--index", "INDEX", "--format", "urls")
    told = redirected("", *command, index=index)
    assert told.stderr
    assert told.returncode == code
    for redirection in ("2>&-", "2>/dev/full", "<&- 2>&-"):
        untold = redirected(redirection, *command, index=index)
        assert (untold.stdout, untold.stderr, untold.returncode) == (told.stdout, "", code)


@posix
def test_a_reader_of_messages_that_goes_away_is_no_error(index: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    query = [*COMMAND, "query", "ban after:soon", "--index", index, "--format", "urls"]
    done = subprocess.run(query, stdout=subprocess.PIPE, stderr=writing, check=False)
    os.close(writing)
    assert done.returncode == 0
    assert done.stdout


@posix
def test_a_closed_stream_is_not_given_to_the_files_of_an_index(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text('{"title": "news", "id": 1}\n')
    run = [*COMMAND, "index", "news.jsonl", "--index", "index", "--format", "json"]
    silenced = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *run]
    assert subprocess.run(silenced, cwd=tmp_path, check=False).returncode == 2  # nobody was told
    verify = [*COMMAND, "verify", "--index", "index"]
    assert subprocess.run(verify, cwd=tmp_path, check=False, capture_output=True).returncode == 0


@posix
def test_ctrl_c_is_130_and_leaves_no_index(tmp_path: Path) -> None:
    from newsearch.engine.arrays.files.lock import WriteLock

    # A search that is about to build the index waits for another writer, and is interrupted there.
    directory = tmp_path / "index"
    directory.mkdir()
    lock = WriteLock(directory)
    # Whoever runs the tests in the background may have them ignore Ctrl-C.
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        [*COMMAND, "query", "ban"], stderr=subprocess.PIPE, cwd=tmp_path, preexec_fn=hear
    ) as process:
        assert process.stderr
        os.read(process.stderr.fileno(), 1)  # the announcement begins: from here on all errors are caught
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    lock.release()
    assert process.returncode == 130
    assert errors.endswith(b"newsearch: interrupted\n")
    assert b"Traceback" not in errors
    assert not (directory / "toc.json").exists()


@posix
def test_on_a_terminal_there_are_colours_and_a_count(index: Path) -> None:
    import pty

    screen, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    query = [*COMMAND, "query", "facial", "ban", "--index", index]
    subprocess.run(query, stdout=theirs, check=True, env=environment, timeout=120)
    shown = os.read(screen, 100_000).decode()
    os.close(screen)
    os.close(theirs)
    assert "\x1b[1;33mban\x1b[0m" in shown
    assert "\x1b]8;;https://ledger.example/2020/09/ban\x1b\\" in shown
    assert "3 of 3 articles (1 with every word)" in re.sub(r"\x1b\[\d*m", "", shown)


def test_a_query_imports_nothing_that_only_indexing_needs(index: Path) -> None:
    query = [sys.executable, "-X", "importtime", *COMMAND[1:], "query", "facial ban", "--index", index]
    imports = subprocess.run(query, capture_output=True, check=True, text=True).stderr
    imported = {line.split("|")[2].strip().split(".")[0] for line in imports.splitlines() if "|" in line}
    assert {"newsearch", "numpy", "click"} <= imported
    assert not {"whoosh", "dateutil", "yaml", "frontmatter", "multiprocessing", "csv", "difflib"} & imported


def test_help_does_not_import_numpy() -> None:
    helped = [sys.executable, "-X", "importtime", *COMMAND[1:], "--help"]
    imports = subprocess.run(helped, capture_output=True, check=True, text=True).stderr
    assert "numpy" not in imports


@posix
def test_on_a_terminal_indexing_shows_how_it_goes_and_what_to_do_next(tmp_path: Path) -> None:
    import pty

    (tmp_path / "news.jsonl").write_text('{"title": "news", "id": 1}\n' * 1001)
    screen, theirs = pty.openpty()
    subprocess.run([*COMMAND, "index", "news.jsonl"], stdout=theirs, stderr=theirs, check=True, timeout=120)
    shown = os.read(screen, 100_000).decode()
    os.close(screen)
    os.close(theirs)
    assert "512 articles, " in shown
    *_, summary, hint = shown.splitlines()
    assert summary.rpartition("\r")[2].startswith("indexed 1 article (1 new, ")
    assert hint == "search it: newsearch query WORDS"
