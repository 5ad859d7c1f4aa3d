"""Damaged and hostile files: an index gives results or one of newsearch's errors, and runs nobody's code."""

from __future__ import annotations

import ast
import gc
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import Commit, Tuning, make

import newsearch
from newsearch.articles.article import Article, Image, Provider
from newsearch.engine.arrays.files.toc import toc_checksum
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.engine.base import FACETS, SORTS, Answer, Options
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, IndexMissing, NewsearchError
from newsearch.query.tree import All, DateRange, Everything, Fuzzy, Match, Near, Phrase, Prefix, Range, Word

ARTICLES = [
    Article(
        id=f"news/{number}.md",
        title=f"Portland bans facial recognition {number}",
        excerpt="a ban, banned banning COVID-19",
        body="the ban " * (number % 3),
        topics=("AI", "Ban")[: number % 3],
        date=(None, date(2020, 9, 29), datetime(2020, 9, 30, 1, 2, 3, 4, tzinfo=UTC))[number % 3],
        web_url=f"https://x.org/{number}",
        category="Tech",
        language=(None, "de")[number % 4 == 0],
        heat=number,
        quality=None if number % 2 else 50.5,
        published=number != 7,
        provider=Provider("X", "x.org", (Image("https://x.org/1.png", 1, 2),)),
        images=(Image("https://x.org/1.png"),) * (number % 2),
        related=(Article(id="", title="other"),) * (number % 2),
        extra={"author": "A. B."} if number % 2 else {},
    )
    for number in range(12)
]
TREES = [
    Everything(),
    Word("ban"),
    All((Word("bans"), Word("portland"), Word("absent"))),
    Word("ban", field="title"),
    Phrase("facial recognition"),
    Near(("ban", "banned"), 3),
    Prefix("b"),
    Fuzzy("bams", 2),
    All(
        (
            Word("ban"),
            Match("topic", "ai"),
            Match("provider", "x"),
            Match("url", "x.org"),
            Match("id", "news/1.md"),
        )
    ),
    All((Range("heat", 1, 5), DateRange(datetime(2020, 1, 1, tzinfo=UTC)))),
]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two segments, one of which has deleted articles."""
    directory = tmp_path_factory.mktemp("pristine")
    again = tuple(("/a", replace(article, heat=99)) for article in (ARTICLES[1], ARTICLES[8]))
    with Tuning().applied():
        make(directory, [Commit(frozenset(), tuple(("/a", a) for a in ARTICLES)), Commit(frozenset(), again)])
    assert sorted(path.suffix for path in directory.iterdir()) == [
        ".del",
        ".json",
        ".lock",
        ".seg",
        ".seg",
        ".toc",
    ]
    return directory


def tried(use: Callable[..., object], *given: Any) -> Any:
    """What this gives, or None where it raises one of newsearch's own errors. Any other error gets out."""
    try:
        return use(*given)
    except NewsearchError as error:
        cause: BaseException | None = error
        while cause := cause.__cause__ or cause.__context__:
            assert not isinstance(cause, MemoryError), f"asked for too much memory: {cause}"
        return None if "\n" not in str(error) else pytest.fail("a message of several lines")


def survives(directory: Path) -> None:
    """Use the index in every way; anything but results and newsearch's own errors gets out."""
    reader: ArraysReader | None = tried(ArraysReader, directory)
    if reader is None:
        return
    tried(reader.stats)
    tried(reader.prepare)
    for article in ARTICLES[::4]:
        tried(reader.get, article.id)
    tried(lambda: list(reader.articles()))
    for number, tree in enumerate(TREES):
        answer: Answer | None = tried(reader.search, tree, Options(limit=20, sort=SORTS[number % len(SORTS)]))
        if answer is not None:
            tried(answer.counts)
            tried(answer.hits)
            for name in FACETS:
                tried(answer.facet, name, 3)
            tried(answer.json, range(len(answer)), 1, [])
            for hit in range(len(answer)):
                tried(answer.article, hit)
                tried(answer.json, [hit], 1, [])
                tried(answer.explain, hit)
    tried(make, directory, [Commit(frozenset(), tuple(("/a", article) for article in ARTICLES[:8]))])


def damaged(pristine: Path, suffix: str, change: Callable[[bytearray], bytearray]) -> None:
    with tempfile.TemporaryDirectory() as name, Tuning(merge_factor=2).applied():
        directory = Path(name, "index")
        shutil.copytree(pristine, directory)
        for path in sorted(directory.glob(f"*{suffix}")):
            path.write_bytes(change(bytearray(path.read_bytes())))
        survives(directory)


suffixes = st.sampled_from([".seg", ".seg", ".seg", ".json", ".del"])
places = st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=4)


@examples(120)
@given(suffixes, places, st.integers(1, 255))
def test_flipped_bits(pristine: Path, suffix: str, places: list[float], bits: int) -> None:
    def flip(data: bytearray) -> bytearray:
        for place in places:
            data[int(place * len(data))] ^= bits
        return data

    damaged(pristine, suffix, flip)


@examples(40)
@given(suffixes, st.floats(0, 1), st.floats(0, 1))
def test_zeroed_pages(pristine: Path, suffix: str, start: float, length: float) -> None:
    def zero(data: bytearray) -> bytearray:
        first = int(start * len(data))
        last = int(first + length * (len(data) - first))
        return data[:first] + bytes(last - first) + data[last:]

    damaged(pristine, suffix, zero)


@examples(40)
@given(suffixes, st.floats(0, 1, exclude_max=True))
@example(".seg", 0.0)
@example(".json", 0.0)
@example(".del", 0.0)
def test_truncated_files(pristine: Path, suffix: str, length: float) -> None:
    damaged(pristine, suffix, lambda data: data[: int(length * len(data))])


@pytest.mark.parametrize("suffix", [".seg", ".del"])
def test_a_missing_file_is_corruption(pristine: Path, tmp_path: Path, suffix: str) -> None:
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    next(tmp_path.glob(f"*{suffix}")).unlink()
    with pytest.raises(IndexCorrupt, match=f"{suffix}: missing"):
        ArraysReader(tmp_path)
    with pytest.raises(IndexCorrupt, match=f"{suffix}: missing"):
        ArraysWriter(tmp_path)
    ArraysWriter(tmp_path, fresh=True).cancel()


@pytest.mark.parametrize("suffix", [".seg", ".del", "toc.json"])
def test_a_directory_in_the_place_of_a_file_cannot_be_read(
    pristine: Path, tmp_path: Path, suffix: str
) -> None:
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    path = next(tmp_path.glob(f"*{suffix}"))
    path.unlink()
    path.mkdir()
    with pytest.raises(EngineError, match="cannot be read"):
        ArraysReader(tmp_path)


def test_a_merge_does_not_give_damaged_arrays_good_checksums(pristine: Path, tmp_path: Path) -> None:
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("*.seg"):
        data = path.read_bytes()
        path.write_bytes(data[:-64] + bytes(byte ^ 1 for byte in data[-64:]))
    before = sorted(path.name for path in tmp_path.iterdir())
    with Tuning(merge_factor=2).applied(), ArraysWriter(tmp_path) as writer:
        writer.add(ARTICLES[0], "/b")
        with pytest.raises(IndexCorrupt, match="damaged"):
            writer.commit()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def rewrite_toc(directory: Path, place: str, value: object) -> None:
    """Put another value at a place of the table of contents, and a checksum that fits."""
    path = directory / "toc.json"
    data = _with(json.loads(path.read_text()), place, value)
    path.write_text(json.dumps({**data, "checksum": toc_checksum(data)}))


def _with(data: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """A copy in which the value at a place, such as `segments.0.name`, is another one."""
    copy = json.loads(json.dumps(data))
    *way, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    inner = copy
    for step in way:
        inner = inner[step]
    inner[last] = value
    return dict(copy)


@pytest.mark.parametrize("place", ["segments.0.name", "segments.0.deleted"])
@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "..", "a/b", "a\\b", "a\0b", "", "x" * 65, "é", "a\n", 7, None, [], {}]
)
def test_a_name_in_the_table_of_contents_does_not_lead_out_of_the_index(
    pristine: Path, tmp_path: Path, place: str, name: object
) -> None:
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    rewrite_toc(tmp_path, place, name)
    if place.endswith("deleted") and name == "":
        ArraysReader(tmp_path)
        return
    with pytest.raises(IndexCorrupt):
        ArraysReader(tmp_path)


WRONG: list[object] = [
    None,
    "x",
    [],
    {},
    [1],
    -1,
    10**30,
    1e999,
    float("nan"),
    "9" * 5000,
    True,
    {"heat": 1},
    [[]],
    "2020-99-99",
]


@pytest.mark.parametrize("value", WRONG, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize(
    "place",
    [
        "newsearch",
        "analysis",
        "generation",
        "created",
        "pivots",
        "pivots.heat",
        "pivots.quality",
        "sources",
        "segments",
        "segments.0",
        "segments.0.articles",
    ],
)
def test_a_wrong_value_in_the_table_of_contents(pristine: Path, place: str, value: object) -> None:
    with tempfile.TemporaryDirectory() as name, Tuning().applied():
        directory = Path(name, "index")
        shutil.copytree(pristine, directory)
        rewrite_toc(directory, place, value)
        survives(directory)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "5", "{}", "[" * 100_000, '{"a":' * 50_000, "\0", '{"newsearch": 1}', "\ud800"]
)
def test_a_table_of_contents_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "toc.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    # Where recursion is at its limit, a collection could not run what other tests have left to run.
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(IndexCorrupt):
            ArraysReader(tmp_path)
    finally:
        gc.enable()


def test_an_index_of_another_version_is_told_from_a_damaged_one(pristine: Path, tmp_path: Path) -> None:
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "toc.json").read_text()
    for place, version, said in (
        ("newsearch", 99, "a newer"),
        ("analysis", 0, "another"),
        ("newsearch", "x", "another"),
    ):
        (tmp_path / "toc.json").write_text(json.dumps(_with(json.loads(text), place, version)))
        with pytest.raises(
            IndexIncompatible, match=f"made by {said} newsearch .*run `newsearch reindex`"
        ) as caught:
            ArraysReader(tmp_path)
        assert caught.value.found == version


def test_an_index_of_a_version_that_tells_other_things_is_not_damaged(pristine: Path, tmp_path: Path) -> None:
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    toc = json.loads((tmp_path / "toc.json").read_text())
    toc["sources"][0]["settings"] = {"pace": "slow"}
    (tmp_path / "toc.json").write_text(json.dumps({**toc, "newsearch": 99}))
    for run in (newsearch.verify, newsearch.reindex):
        with pytest.raises(IndexIncompatible, match=r"made by a newer newsearch .*update newsearch"):
            run(tmp_path)


def test_no_index_is_not_a_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(IndexMissing):
            ArraysReader(path)


FORBIDDEN = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def test_nothing_of_newsearch_unpickles_or_evaluates() -> None:
    root = Path(newsearch.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert FORBIDDEN.isdisjoint(alias.name.split(".")[0] for alias in node.names), path
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in FORBIDDEN, path
            elif isinstance(node, ast.Call):
                assert not (isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")), path
                assert "allow_pickle" not in [word.arg for word in node.keywords], path


def test_a_search_needs_neither_whoosh_nor_pickle(pristine: Path) -> None:
    code = (
        "import sys; sys.modules['whoosh'] = None\n"
        "import newsearch\n"
        f"hits = newsearch.open({str(pristine)!r}).search('\"facial recognition\" ban~ port*')\n"
        "assert hits[0].article.title and hits[0].explanation and hits.facet('topic')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
