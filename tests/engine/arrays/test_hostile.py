"""An index made to hurt, with good checksums: it gives results or newsearch's errors, soon and in little memory."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples import examples
from hangs import no_hang
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import Commit, Tuning, commits, make
from test_damage import ARTICLES, survives

import newsearch
from newsearch.engine.arrays.files.layout import Array, ArrayFile, write_arrays
from newsearch.engine.arrays.segment.form import _ARRAYS
from newsearch.engine.arrays.segment.generation import open_generation
from newsearch.engine.arrays.segment.structure import check_articles
from newsearch.engine.arrays.segment.structure import verify as verify_segments
from newsearch.errors import IndexCorrupt


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments, one of which has deleted articles."""
    directory = tmp_path_factory.mktemp("good")
    again = tuple(("/a", article) for article in (ARTICLES[1], ARTICLES[8]))
    with Tuning().applied():
        make(directory, [Commit(frozenset(), tuple(("/a", a) for a in ARTICLES)), Commit(frozenset(), again)])
    return directory


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    """No more than 1 GB beyond what the process has: whatever asks for more fails, and is noticed."""
    resource = pytest.importorskip("resource", reason="the system has no limits of memory")
    now = int(Path("/proc/self/statm").read_text().split()[0]) * 4096 if Path("/proc").exists() else 1 << 33
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + (1 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def copied(good: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name, Tuning(merge_factor=2).applied():
        directory = Path(name, "index")
        shutil.copytree(good, directory)
        with no_hang():
            yield directory


def rewrite(path: Path, kind: str, name: str, change: Any) -> None:
    """Write a file of arrays again with one array changed, and checksums that fit."""
    file = ArrayFile(path, kind)
    arrays = {other: np.array(file.array(other)) for other in file.names}
    arrays[name] = change(arrays[name])
    write_arrays(path, arrays, kind=kind, articles=file.articles, analysis=file.analysis)


def rewrite_head(path: Path, change: Any) -> None:
    """Change the directory of a file of arrays, and give it a checksum that fits."""
    data = path.read_bytes()
    length = int.from_bytes(data[8:12], "little")
    start = -(-(16 + length) // 64) * 64
    head = json.loads(data[16 : 16 + length])
    change(head)
    text = json.dumps(head).encode()
    new = data[:8] + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little") + text
    path.write_bytes(new + bytes(-len(new) % 64) + data[start:])


names = st.sampled_from(sorted(_ARRAYS))
EXTREMES = (0, 1, 2, 255, 65535, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 63) - 1)


def _replace(values: Array, random: Any, number: int) -> Array:
    found = values.astype(np.uint64 if values.dtype.kind == "u" else np.int64)
    for _ in range(min(len(found), random.randint(1, 3))):
        found[random.randrange(len(found))] = number
    return found


def _all(values: Array, random: Any, number: int) -> Array:
    return np.full(len(values), number, np.uint64)


def _shuffled(values: Array, random: Any, number: int) -> Array:
    found = values.copy()
    np.random.default_rng(random.randrange(1 << 30)).shuffle(found)
    return found


def _reversed(values: Array, random: Any, number: int) -> Array:
    return values[::-1].copy()


def _raised(values: Array, random: Any, number: int) -> Array:
    return values.astype(np.int64) + random.choice([1, 2, 100, 65000])


def _same_type(values: Array, random: Any, number: int) -> Array:
    if values.dtype.kind == "f":
        return np.array([random.choice([np.nan, np.inf, -1e308])] * len(values))
    info = np.iinfo(values.dtype)
    return np.array([random.randint(info.min, info.max) for _ in values], values.dtype)


changes = st.sampled_from([_replace, _replace, _all, _shuffled, _reversed, _raised, _same_type, _same_type])


@examples(80)
@given(names, changes, st.sampled_from(EXTREMES), st.randoms(use_true_random=False))
@example("topic", _all, 1 << 31, None)
@example("provider_name_at", _all, 100, None)
@example("group_form", _all, (1 << 63) - 1, None)
@example("stem_ref", _all, (1 << 63) - 1, None)
def test_numbers_of_any_size_in_any_array(
    good: Path, name: str, change: Any, number: int, random: Any
) -> None:
    with copied(good) as directory:
        for path in directory.glob("*.seg"):
            rewrite_if_there(path, name, lambda values: change(values, random, number))
        survives(directory)


def rewrite_if_there(path: Path, name: str, change: Any) -> None:
    if name in ArrayFile(path):
        rewrite(path, "segment", name, change)


lengths = st.sampled_from(
    [0, 1, 2, 3, 11, 12, 13, 65536, 65537, 1 << 20, 1 << 24, 1 << 31, 1 << 40, -1, 1.5, "x", None]
)


@examples(60)
@given(names, st.integers(0, 4), lengths, st.booleans())
def test_any_length_type_and_place(good: Path, name: str, place: int, value: Any, all_counted: bool) -> None:
    """With all that are counted alike changed alike, so that they agree with each other."""
    alike = [other for other in _ARRAYS if all_counted and _ARRAYS[other][0] == _ARRAYS[name][0]] or [name]

    def change(head: dict[str, Any]) -> None:
        for other in alike:
            if other in head["arrays"]:
                head["arrays"][other][place] = value
                if place == 1 and all_counted:
                    head["arrays"][other][2] = 1

    with copied(good) as directory:
        for path in directory.glob("*.seg"):
            rewrite_head(path, change)
        survives(directory)


@pytest.mark.parametrize("articles", [0, 1, 11, 13, 65536, 65537, 1 << 40, -1, "12", None, 1e400])
def test_any_number_of_articles(good: Path, articles: Any) -> None:
    with copied(good) as directory:
        for path in directory.glob("*.seg"):
            rewrite_head(path, lambda head: head.update(articles=articles))
        survives(directory)


@pytest.mark.parametrize("numbers", [[], [0, 0], [3, 1], [12], [1 << 40], list(range(12)), list(range(99))])
def test_any_list_of_deleted_articles(good: Path, numbers: list[int]) -> None:
    with copied(good) as directory:
        for path in directory.glob("*.del"):
            rewrite(path, "deleted", "deleted", lambda _: np.array(numbers, np.int64))
        survives(directory)


RECORDS = [
    "", "\x1f" * 7, "\x1f" * 8, "\x1f" * 9, "a" + "\x1f" * 8 + "{", "a" + "\x1f" * 8 + "[]", "\ud800",
    *("a" + "\x1f" * 8 + text for text in (
        '{"images": 5}', '{"images": [[5, 5, 5, 5]]}', '{"images": [["u"]]}', '{"related": [5]}',
        '{"related": [{"title": "x", "path": 5}]}', '{"extra": 5}', '{"extra": {"a": 1e999}}', '{"extra": {"a": NaN}}',
        '{"microsecond": "x"}', '{"microsecond": 1e300}', '{"microsecond": -1}', "[" * 100_000, "9" * 5000, "null",
    )),
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: repr(record)[:30])
def test_any_stored_record(good: Path, record: str) -> None:
    import zstandard

    packed = zstandard.ZstdCompressor().compress(record.encode("utf-8", "surrogatepass"))
    with copied(good) as directory:
        for path in directory.glob("*.seg"):
            count = ArrayFile(path).articles
            rewrite(path, "segment", "records", lambda _, n=count: np.frombuffer(packed * n, np.uint8))
            rewrite(path, "segment", "record_dictionary", lambda _: np.empty(0, np.uint8))
            rewrite(path, "segment", "record_at", lambda _, n=count: np.arange(n + 1) * len(packed))
        survives(directory)
        for words in (["query", "ban"], ["query", "ban", "--format", "json"], ["export"], ["verify"]):
            from newsearch.cli.main import main

            assert main([*words, "--index", str(directory)]) in (0, 1, 2)


def test_a_file_of_another_kind_is_none(good: Path) -> None:
    with copied(good) as directory:
        for path in directory.glob("*.seg"):
            rewrite_head(path, lambda head: head.update(kind="backup"))
        with pytest.raises(IndexCorrupt, match="not a segment"):
            newsearch.open(directory)


@examples(30)
@given(st.lists(commits, min_size=1, max_size=3))
def test_what_newsearch_writes_is_sound(history: list[Commit]) -> None:
    with tempfile.TemporaryDirectory() as name, Tuning(max_articles=5, merge_factor=2).applied():
        make(Path(name), history)
        _, segments = open_generation(Path(name))
        verify_segments(segments)
        for segment in segments:
            check_articles(segment)


TOLD_BY_OTHERS = [
    "term_bytes",
    "term_at",
    "stem_hash",
    "stem_ref",
    "group_form_at",
    "group_form",
    "id_hash",
    "record_at",
]
"""Arrays in which nothing can change without contradicting another one."""


@examples(60)
@given(st.sampled_from(TOLD_BY_OTHERS), changes, st.sampled_from(EXTREMES), st.randoms(use_true_random=False))
def test_arrays_that_contradict_each_other_are_found_out(
    good: Path, name: str, change: Any, number: int, random: Any
) -> None:
    with copied(good) as directory:
        path = max(directory.glob("*.seg"), key=lambda path: path.stat().st_size)
        before = ArrayFile(path).array(name).copy()
        rewrite(path, "segment", name, lambda values: change(values, random, number))
        if not np.array_equal(ArrayFile(path).array(name), before):
            assert newsearch.verify(directory).problems
