"""Whoosh's writers beside the commands of newsearch, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from roles import ROLES

import newsearch
from newsearch.engine.arrays.files.whoosh_stub import STUB_NAME
from newsearch.whoosh import open_dir

ROUNDS = 4
STUCK = 1200
"""Seconds after which a process counts as stuck, on the slowest machine."""


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_stuck_with_many_writers(tmp_path) -> None:
    source, index = tmp_path / "source", tmp_path / "index"
    source.mkdir()
    for number in range(12):
        (source / f"seed-{number}.md").write_text(f"---\ntitle: Zebra seed {number}\n---\n")
    newsearch.build(source, index=index)
    program = Path(__file__).with_name("roles.py")
    processes = {
        role: subprocess.Popen(
            [sys.executable, program, role, index, source, str(ROUNDS)], stderr=subprocess.PIPE, text=True
        )
        for role in ROLES
    }
    try:
        for role, process in processes.items():
            _, errors = process.communicate(timeout=STUCK)
            assert process.returncode == 0, f"{role}: {errors}"
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
    numbers = range(ROUNDS)
    expected = {f"seed-{number}.md": f"Zebra seed {number}" for number in range(12)}
    expected |= {"changing.md": "Zebra"}
    for number in numbers:
        title = f"Zebra {number}"
        expected |= {f"{number}.md": title, f"plain/{number}": title}
        expected |= {f"async/{number}-{part}": title for part in range(2)}
        expected |= {f"buffered/{number}-{part}": title for part in range(3)}
    ix = open_dir(index)
    with ix.searcher() as searcher:
        assert {found["id"]: found["title"] for found in searcher.documents()} == expected
        assert searcher.doc_count() == len(expected)
        assert all(searcher.document(id=f"plain/{number}")["excerpt"] == "updated" for number in numbers)
    assert newsearch.verify(index).ok
    ix.writer().cancel()
    assert [path.name for path in index.iterdir() if "MAIN" in path.name] == [STUB_NAME]
    assert newsearch.reindex(index).articles == len(expected)
