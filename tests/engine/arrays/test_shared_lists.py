"""Lists that processes share are read as they were written, never change, and change no answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from documents import ROOT
from hypothesis import given
from hypothesis import strategies as st
from many_questions import assert_alike, make_index

import newsearch
from newsearch.engine.arrays.loops.kernel import Part
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.searching import shared_lists
from newsearch.engine.arrays.searching.shared_lists import LEAST, SharedLists
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import LEAST_CACHE

pytestmark = pytest.mark.skipif(
    shared_lists.flock is None or not hasattr(os, "posix_fallocate"), reason="nothing can be shared here"
)


def part(length: int, *, bits: int = 0) -> Part:
    draw = np.random.default_rng(length)
    return Part(
        np.sort(draw.integers(0, 1 << 32, length, np.uint32)),
        draw.integers(0, 1 << 16, length, np.uint16),
        0.1 * length,
        2.5 * length,
        draw.integers(0, 1 << 63, bits, np.uint64) if bits else None,
        draw.integers(0, 1 << 32, bits, np.uint32) if bits else None,
        length,
    )


def is_same(one: Part | None, other: Part | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(
        np.array_equal(left, right) and (left is None or left.dtype == right.dtype)
        if isinstance(left, np.ndarray)
        else left == right
        for left, right in zip(one, other, strict=True)
    )


@given(st.lists(st.tuples(st.text(), st.integers(0, 300), st.integers(0, 9)), max_size=30))
def test_every_process_reads_what_was_written_first(
    tmp_path_factory: pytest.TempPathFactory, given: list[tuple[str, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("shared") / "some.lists"
    one, other = SharedLists(path, LEAST), SharedLists(path, 2 * LEAST)
    known: dict[str, Part] = {}
    for number, (term, length, bits) in enumerate(given):
        first = known.setdefault(term, part(length, bits=bits))
        writer = (one, other)[number % 2]
        assert is_same(writer.put(term, part(length, bits=bits)), first)
    for lists in (one, other, SharedLists(path, LEAST)):
        for term, written in known.items():
            assert is_same(lists.get(term), written)
        assert lists.get("something else") is None


def test_what_is_shared_cannot_be_changed(tmp_path: Path) -> None:
    shared = SharedLists(tmp_path / "some.lists", LEAST).put("word", part(9, bits=2))
    assert shared is not None
    for array in (shared.doc, shared.value, shared.bits, shared.ranks):
        assert array is not None
        assert not array.flags.writeable


def test_a_full_file_stays_as_it_is(tmp_path: Path) -> None:
    lists = SharedLists(tmp_path / "some.lists", LEAST)
    written: dict[str, Part] = {}
    while lists.has_room:
        term = f"word{len(written)}"
        if (shared := lists.put(term, part(5000 + len(written)))) is not None:
            written[term] = shared
    assert 20 < len(written) <= LEAST // 30_000
    assert lists.put("more", part(1)) is None
    assert all(is_same(lists.get(term), shared) for term, shared in written.items())
    assert os.path.getsize(tmp_path / "some.lists") == LEAST


def test_a_file_has_no_more_lists_than_it_has_places_for(tmp_path: Path) -> None:
    lists, count = SharedLists(tmp_path / "some.lists", LEAST), 0
    while lists.put(str(count), part(1)) is not None:
        count += 1
    assert count == LEAST // 4096 * 3 // 4
    assert all(is_same(lists.get(str(number)), part(1)) for number in range(count))


def test_a_full_disk_leaves_each_process_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = SharedLists(tmp_path / "some.lists", 16 << 20)

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "posix_fallocate", full)
    assert lists.put("word", part(9)) is None
    assert not lists.has_room


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("index"))


@pytest.mark.parametrize("limit", [1, LEAST, 64 << 20])
def test_answers_are_the_same_whoever_made_the_lists(index: Path, tmp_path: Path, limit: int) -> None:
    readers = [ArraysReader(index, memory=LEAST_CACHE) for _ in range(3)]
    for reader in readers[1:]:
        reader.share_lists(tmp_path, limit)
    assert_alike(readers)


ASK = """
import json, sys
import newsearch

with newsearch.open(sys.argv[1]) as index:
    index.share_lists(sys.argv[2], 8 << 20)
    words = json.loads(sys.argv[3])
    if sys.argv[4] == "back":
        words.reverse()
    found = {text: [[hit.id, hit.score] for hit in index.search(text)] for text in words}
print(json.dumps(found, sort_keys=True))
"""


def test_processes_that_share_lists_answer_as_one_that_does_not(index: Path, tmp_path: Path) -> None:
    words = [f"{a}{b}in {c}ol" for a in ("ba", "co", "ma") for b in "lnrst" for c in ("bal", "tren")]
    told = json.dumps(words)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(index), str(tmp_path), told, way],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for way in ("on", "back", "on")
    ]
    answers = [json.loads(process.communicate()[0]) for process in processes]
    with newsearch.open(index) as alone:
        expected = {text: [[hit.id, hit.score] for hit in alone.search(text)] for text in words}
    assert answers == [expected] * 3
    assert any(expected.values())


def test_a_newer_generation_has_lists_of_its_own(tmp_path: Path) -> None:
    place, shared = tmp_path / "index", tmp_path / "shared"
    place.mkdir()
    shared.mkdir()
    for number in (1, 2):
        with ArraysWriter(place) as changes:
            changes.add_all([newsearch.Article(id=f"a{number}", title="ban")], f"source {number}")
            changes.commit()
        with newsearch.open(place) as index:
            index.share_lists(shared, LEAST)
            assert index.search("ban").total == number
    assert len(list(shared.iterdir())) == 1


def test_without_the_directory_nothing_is_shared(index: Path, tmp_path: Path) -> None:
    with newsearch.open(index) as opened:
        opened.share_lists(tmp_path / "missing", LEAST)
        assert opened.search("balin").total
