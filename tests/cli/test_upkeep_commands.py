"""newsearch verify, compact, backup, restore, export, stats --fields; and what is said where the disk is bad."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_collection import ARTICLES, Command

from newsearch import _durable as durable
from newsearch.engine.arrays.files.lock import WriteLock


@pytest.fixture
def mine(index: Path, tmp_path: Path) -> Path:
    """An index that may be spoiled."""
    shutil.copytree(index, tmp_path / "mine")
    return tmp_path / "mine"


def plain(text: str) -> str:
    """Machine output without what differs from run to run."""
    return re.sub(r'("(?:seconds|size|size_before)"): [\d.]+', r"\1: 0", text)


def test_verify_says_that_all_is_well(run: Command, mine: Path, golden: Callable[[str, str], None]) -> None:
    result = run("verify", "--index", mine)
    assert (result.code, result.err) == (0, "")
    assert re.fullmatch(
        r"all is well: 5 articles in 3 files, 0\.0 MB, generation 1, in \d+\.\d s\n", result.out
    )
    golden("verify.json", plain(run("verify", "--index", mine, "--format", "json").out))


def test_verify_names_what_is_wrong(run: Command, mine: Path) -> None:
    segment = next(mine.glob("*.seg"))
    segment.write_bytes(segment.read_bytes()[:-100])
    result = run("verify", "--index", mine)
    assert (result.code, result.out) == (2, "")
    assert re.fullmatch(
        rf"newsearch: {segment}: the array '\w+' is .*; run `newsearch reindex`\n", result.err
    )
    document = json.loads(run("verify", "--index", mine, "--format", "json").out)
    assert not document["ok"]
    assert len(document["problems"]) == 1


def test_compact_says_what_it_did(run: Command, mine: Path, golden: Callable[[str, str], None]) -> None:
    (mine / "9_0123456789abcdef.seg").write_bytes(b"x" * 1_000_000)
    result = run("verify", "--index", mine)
    assert result.err == (
        "newsearch: 1 unused file of a writer that is at work, or was stopped;"
        " newsearch compact deletes what was left\n"
    )
    result = run("compact", "--index", mine)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("1 segment to 1, 1.0 MB to 0.0, 0 deleted articles dropped, in ")
    golden("compact.json", plain(run("compact", "--index", mine, "--format", "json").out))


def test_a_backup_and_back(run: Command, mine: Path, tmp_path: Path) -> None:
    result = run("backup", "saved", "--index", mine)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("backed up 5 articles of generation 1 to saved, ")
    result = run("restore", "saved")
    assert (result.code, result.out) == (0, "restored 5 articles to index, generation 2\n")
    assert run("query", "plastic").code == 0
    result = run("restore", "saved")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "newsearch: index: there is already an index; restore to another directory, or use --replace\n"
    )
    assert run("restore", "saved", "--replace").code == 0
    assert run("restore", "nowhere", "--replace").err == (
        f"newsearch: nowhere: cannot be read: {os.strerror(errno.ENOENT)}\n"
    )


def test_export_writes_what_index_reads(run: Command, mine: Path, tmp_path: Path) -> None:
    result = run("export", "news.jsonl.gz", "--index", mine)
    assert (result.code, result.out) == (0, "exported 5 articles to news.jsonl.gz\n")
    assert run("index", "news.jsonl.gz", "--index", "again").code == 0
    written = [
        subprocess.run(
            [sys.executable, "-m", "newsearch", "export", "--index", str(index)],
            capture_output=True,
            check=True,
        ).stdout
        for index in (mine, tmp_path / "again")
    ]
    assert written[0] == written[1]
    assert {json.loads(line)["path"] for line in written[0].splitlines()} == {a["path"] for a in ARTICLES}


def test_stats_count_the_words_of_fields(run: Command, index: Path) -> None:
    out = run("stats", "--index", index, "--fields").out
    assert "field       title: 35 exact forms in 41 words\n" in out
    assert "field       category: 2 values\n" in out
    assert "field" not in run("stats", "--index", index).out
    document = json.loads(run("stats", "--index", index, "--fields", "--format", "json").out)
    assert document["fields"][0] == {"name": "title", "terms": 35, "words": 41}


# A bad disk


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_full_disk_is_one_line_and_the_index_stays(
    run: Command, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("new.jsonl").write_text('{"id": "new", "title": "New"}\n')
    with monkeypatch.context() as broken:
        broken.setattr(durable, "open", failing(errno.ENOSPC), raising=False)
        for command in (
            ["index", "new.jsonl", "--index", mine],
            ["backup", "b", "--index", mine],
            ["export", "e", "--index", mine],
        ):
            result = run(*command)
            assert result.code == 2
            reason = re.escape(os.strerror(errno.ENOSPC))
            advice = "free some disk space and try again"
            assert re.fullmatch(rf"newsearch: .*{reason}; {advice}\n", result.err)
    assert run("verify", "--index", mine).code == 0


def test_a_read_only_disk_is_one_line_and_can_be_searched(
    run: Command, mine: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, "open", failing(errno.EROFS))
        for command in (["index", source], ["compact"], ["forget", source]):
            result = run(*command, "--index", mine)
            assert result.code == 2
            assert result.err == (
                f"newsearch: {mine}: cannot be written: Read-only file system;"
                " use an account with permission, or another directory\n"
            )
        assert run("query", "ban", "--index", mine).code == 0


@pytest.mark.parametrize("how", ["gone", "torn", "empty", "flipped"])
def test_a_bad_segment_is_one_line_that_says_what_to_do(run: Command, mine: Path, how: str) -> None:
    segment = next(mine.glob("*.seg"))
    data = segment.read_bytes()
    if how == "gone":
        segment.unlink()
    else:
        segment.write_bytes(
            {"torn": data[: len(data) // 2], "empty": b"", "flipped": b"\xff" + data[1:]}[how]
        )
    for command in (["query", "ban"], ["verify"], ["compact"], ["export"], ["backup", "b"], ["stats"]):
        result = run(*command, "--index", mine)
        assert (result.code, result.out) == (2, "")
        assert re.fullmatch(r"newsearch: .*\.seg: .*; run `newsearch reindex`\n", result.err)
    assert run("reindex", "--index", mine).code == 0
    assert run("verify", "--index", mine).code == 0


@pytest.mark.parametrize(("version", "said"), [(99, "a newer"), (1, "another")])
def test_an_index_of_another_version_says_what_to_run(
    run: Command, mine: Path, version: int, said: str
) -> None:
    toc = json.loads((mine / "toc.json").read_text())
    (mine / "toc.json").write_text(json.dumps({**toc, "newsearch": version}))
    for command in (["query", "ban"], ["verify"], ["compact"], ["export"], ["backup", "b"], ["stats"]):
        result = run(*command, "--index", mine)
        assert (result.code, result.out) == (2, "")
        assert f"made by {said} newsearch" in result.err
        assert result.err.endswith("run `newsearch reindex`\n")
    assert run("reindex", "--index", mine).code == 0
    assert run("stats", "--index", mine).out.count("generation  2,")


def test_wait_takes_a_number_or_none(run: Command, mine: Path, source: Path) -> None:
    assert run("compact", "--index", mine, "--wait").code == 0
    lock = WriteLock(mine)
    result = run("compact", "--index", mine, "--wait", "0.1")
    assert result.code == 2
    assert f"being written by process {os.getpid()} on " in result.err
    lock.release()
    assert run("index", source, "--index", mine, "--wait=0.1").code == 0
