"""What the workers of a server share goes with it, and what a killed server left goes with the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from documents import ROOT
from running import serving

from newsearch.serve import scratch
from newsearch.serve.scratch import scratch_directory

pytestmark = pytest.mark.skipif(os.name != "posix", reason="nothing is shared here")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(scratch, "_IN_MEMORY", tmp_path)
    return tmp_path


def test_the_directory_is_private_and_goes(base: Path) -> None:
    with scratch_directory() as made:
        assert made is not None
        assert Path(made).parent == base
        assert Path(made).stat().st_mode & 0o777 == 0o700
        (Path(made) / "some.lists").write_bytes(b"x")
    assert list(base.iterdir()) == []


def test_what_killed_servers_left_is_removed_and_nothing_else(base: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left, running, other = (
        base / f"newsearch-serve-{ended.pid}-abc",
        base / f"newsearch-serve-{os.getpid()}-abc",
        base / "newsearch-serve-notes",
    )
    for directory in (left, running, other):
        directory.mkdir()
    with scratch_directory():
        assert not left.exists()
        assert running.exists()
        assert other.exists()


def test_what_a_worker_of_a_killed_server_still_uses_stays(base: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = base / f"newsearch-serve-{ended.pid}-abc"
    left.mkdir()
    script = (
        "import sys; from newsearch.serve.scratch import hold; hold(sys.argv[1]); print(flush=True); input()"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, left], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with worker:
        assert worker.stdout
        worker.stdout.readline()
        with scratch_directory():
            assert left.exists()
        worker.kill()
    with scratch_directory():
        assert not left.exists()


def test_without_a_place_for_it_there_is_none(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> str:
        raise OSError("read-only")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with scratch_directory() as made:
        assert made is None


@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--shared-cache", "0")])
def test_a_server_leaves_nothing(index: Path, options: tuple[str, ...]) -> None:
    base = scratch._IN_MEMORY if os.access(scratch._IN_MEMORY, os.W_OK) else None
    with serving(index, *options) as (server, address):
        with urlopen(f"{address}api/v1/search?query=ban", timeout=20) as answer:  # noqa: S310 - the address is ours
            assert b"tech/ban.md" in answer.read()
        made = list(base.glob(f"newsearch-serve-{server.pid}-*")) if base else []
        assert len(made) == (1 if base and "0" not in options else 0)
        assert [file.suffix for one in made for file in one.iterdir()] == [".lists"] * len(made)
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
        assert not any(one.exists() for one in made)
