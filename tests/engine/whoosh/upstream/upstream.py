"""Run Whoosh's own tests over newsearch: `python tests/engine/whoosh/upstream/upstream.py [options of pytest]`.

The tests are those of Whoosh's source distribution that create an index. They are downloaded to a temporary directory
and run against the Whoosh in that distribution. The plugin `laid` puts newsearch under the indexes they create. All
tests must pass except those in `known`, and those must fail. If the distribution cannot be downloaded, nothing is run,
and the exit code is 0.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from known import KNOWN, RELEASE

HERE = Path(__file__).resolve().parent

_MAKES_INDEX = re.compile(r"\b(TempIndex|TempStorage|RamStorage|create_in|create_index|FileIndex)\b")
_NEEDS_MORE = re.compile(r"\bexamples?\W+\w+\.py\b|\"examples\"")
"""Tests of programs that are not in the distribution."""


def download(directory: Path) -> Path | None:
    """Unpack Whoosh's source distribution. None if it is not to be had, after saying why."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"),
            *("--dest", str(directory), f"whoosh3=={RELEASE}"),
        ],
        capture_output=True,
        text=True,
    )
    archives = list(directory.glob("*.tar.gz"))
    if done.returncode or not archives:
        lines = done.stderr.strip().splitlines() or ["pip found no archive"]
        print(f"Skipped: whoosh3 {RELEASE} cannot be downloaded: {lines[-1]}")
        return None
    with tarfile.open(archives[0]) as archive:
        archive.extractall(directory, filter="data")
    return next(path for path in directory.iterdir() if (path / "tests").is_dir())


def chosen(tests: Path) -> list[Path]:
    """The files of tests that create an index."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(tests.glob("test_*.py"))}
    missing = [
        name
        for name in KNOWN
        for file, _, test in [name.partition("::")]
        if not re.search(rf"^\s*def {test}\(", texts.get(tests / file, ""), re.MULTILINE)
    ]
    if missing:
        sys.exit(f"known.py names tests that are not there: {', '.join(missing)}")
    return [
        path for path, text in texts.items() if _MAKES_INDEX.search(text) and not _NEEDS_MORE.search(text)
    ]


def main(options: list[str]) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        whoosh = download(Path(temporary))
        if whoosh is None:
            return 0
        paths = [str(HERE), str(whoosh / "src"), os.environ.get("PYTHONPATH", "")]
        command = [sys.executable, "-m", "pytest", "-p", "laid", "-p", "no:cacheprovider", "-n", "auto", "-q"]
        return subprocess.run(
            [*command, *map(str, chosen(whoosh / "tests")), *options],
            cwd=whoosh,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "TMPDIR": temporary},
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
