"""How the command ends when memory, or whoever started it, has no more patience."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cli_collection import Command

from newsearch.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def started(code: str, *args: str, **options: Any) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("x.so: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
    ],
)
def test_exhausted_memory_is_one_line(
    run: Command, index: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("on the way") from error

    monkeypatch.setattr("newsearch.search.index.Index.run", fail)
    monkeypatch.setattr("newsearch.search.index.Index.search", fail)
    result = run("query", "ban", "--index", index)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("newsearch: there is not enough memory")
    assert len(result.err.splitlines()) == 1


def test_a_bug_does_not_look_as_if_nothing_was_found(tmp_path: Path) -> None:
    code = (
        "from newsearch.cli import main\n"
        "def fail(args=None): raise KeyError('a bug')\n"
        "main.main = fail\n"
        "main.run()\n"
    )
    with started(code, cwd=tmp_path) as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert "KeyError: 'a bug'" in err


@pytest.mark.skipif(os.name == "nt", reason="there, signals are other ones")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_again_and_again_is_told_once(tmp_path: Path, workers: str) -> None:
    news = tmp_path / "news"
    news.mkdir()
    for number in range(4000):
        (news / f"{number}.md").write_text(f"---\ntitle: a ban {number}\n---\n")
    code = "from newsearch.cli.main import run; run()"
    arguments = ["index", str(news), "--index", str(tmp_path / "index"), "--workers", workers]
    with started(code, *arguments, start_new_session=True) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "index").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(3):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.05)
        _, err = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was done before it was stopped")
    assert process.returncode == 130
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_csv_begins_no_formula(run: Command, tmp_path: Path) -> None:
    titles = ["=1+1", "＝1+1", "＠x", "x;=cmd|calc", "x;+1;-1", "a - b; c = d", "a@b"]
    lines = [json.dumps({"id": str(n), "title": title}) for n, title in enumerate(titles)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    run("index", "a.jsonl", "--index", "i")
    result = run("query", "--format", "csv", "--index", "i", "--limit", "20")
    rows = {line.split(",")[2]: line.split(",")[3] for line in result.out.splitlines()[1:]}
    assert [rows[str(n)] for n in range(7)] == [
        "'=1+1", "'＝1+1", "'＠x", "x;'=cmd|calc", "x;'+1;'-1", "a - b; c = d", "a@b",
    ]  # fmt: skip


def test_json_escapes_all_that_nobody_sees(run: Command, tmp_path: Path) -> None:
    from newsearch.text.clean import escape_unseen

    unseen = "\xad\u061c\u180e\u200b\u200d\u202e\u2066\ufeff\ufff9\ufdd0\uffff\U000e0041\U0001d173\ud800"
    written = escape_unseen(json.dumps({"a": unseen}, ensure_ascii=False))
    assert written.isascii()
    assert written.isprintable()
    assert json.loads(written) == {"a": unseen}
    assert escape_unseen("né 日本 👍🏽") == "né 日本 👍🏽"


def test_a_title_without_end_is_shortened_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "a", "title": "word " * 100_000}))
    main(["index", "a.jsonl", "--index", "i"])

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, most in ((Screen(), 10_000), (io.StringIO(), 1_000_000)):
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["query", "word", "--index", "i"]) == 0
        assert (len(stream.getvalue()) < 10_000) == (most == 10_000)
