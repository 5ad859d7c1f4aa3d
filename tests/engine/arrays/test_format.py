"""docs/index-format.md is the format: its versions, its keys, its arrays."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

import newsearch
from newsearch.articles.article import Article
from newsearch.engine.arrays.files import layout, toc
from newsearch.engine.arrays.files.layout import FORMAT_VERSION, ArrayFile
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.columns import TABLES
from newsearch.engine.arrays.segment.form import _ARRAYS
from newsearch.engine.arrays.writing import journal
from newsearch.text import analysis

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "index-format.md").read_text(encoding="utf-8")


def first_column(heading: str) -> list[str]:
    part = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", part, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("index")
    newsearch.build(ROOT / "seeds", index=directory)
    return directory


def test_the_page_is_about_this_version() -> None:
    assert f"It describes format {FORMAT_VERSION}." in " ".join(PAGE.split())
    assert f"the version of the format, {FORMAT_VERSION} |" in PAGE


@pytest.mark.parametrize("module", [layout, toc, journal])
def test_heads_that_show_a_format_show_this_one(module: ModuleType) -> None:
    head = module.__doc__ or ""
    formats = re.findall(r'"(?:format|newsearch)": (\d+)', head)
    analyses = re.findall(r'"analysis": (\d+)', head)
    assert set(formats) == {str(FORMAT_VERSION)}
    assert set(analyses) == {str(analysis.VERSION)}


def test_every_column_is_in_the_head_of_its_module_and_on_the_page() -> None:
    head = columns.__doc__ or ""
    for column in columns.COLUMNS:
        assert re.search(rf"\b{column.name}\b", head)
        assert column.name in first_column("Segments")


def test_the_columns_of_the_table_are_all_that_an_article_has() -> None:
    """A new attribute of Article has a column, or a place in its record."""
    stored = {"title", "excerpt", "body", "original_url", "web_url", "amp_web_url", "cdn_amp_web_url", "id"}
    stored |= {"images", "related", "extra", "history", "published"}
    kept = {column.attribute or column.name for column in columns.COLUMNS}
    assert set(Article.__slots__) - stored <= kept


def test_the_keys_of_the_table_of_contents_are_on_the_page(index: Path) -> None:
    toc = json.loads((index / "toc.json").read_text())
    keys = first_column("toc.json")
    assert sorted(keys) == sorted(toc)
    assert (toc["newsearch"], toc["analysis"]) == (FORMAT_VERSION, analysis.VERSION)


def test_the_keys_of_the_journal_are_on_the_page_and_in_the_head_of_its_module(tmp_path: Path) -> None:
    journal.write_journal(tmp_path, journal.JournalRun(0, False, ["/data/news"]), [], {})
    keys = json.loads((tmp_path / "journal.json").read_text())
    assert sorted(first_column("journal.json")) == sorted(keys)
    assert all(f'"{key}": ' in str(journal.__doc__) for key in keys)


def test_the_arrays_of_a_segment_are_on_the_page_and_in_the_table_that_checks_them(index: Path) -> None:
    named = set(first_column("Segments"))
    named |= {f"{table}_name_{part}" for table in TABLES for part in ("at", "bytes")}
    written = set(ArrayFile(next(index.glob("*.seg"))).names)
    assert named == set(_ARRAYS)
    assert written <= named
    assert named - written <= {"url_hash"}


def test_the_files_of_an_index_are_of_the_forms_on_the_page(index: Path) -> None:
    forms = [
        re.sub("[0-9a-f]{16}", "#", re.sub(r"^\d+_", "", name)) for name in first_column("The directory")
    ]
    for path in index.iterdir():
        assert re.sub("[0-9a-f]{16}", "#", re.sub(r"^\d+_", "", path.name)) in forms


@pytest.mark.skipif(sys.byteorder != "little", reason="reads bytes as they come")
def test_a_reader_of_twenty_lines_reads_a_segment(index: Path) -> None:
    """What the page says is enough to find the words of an index."""
    data = next(index.glob("*.seg")).read_bytes()
    assert data[:8] == b"newsSEG\0"
    length = int.from_bytes(data[8:12], "little")
    head = json.loads(data[16 : 16 + length])
    start = (16 + length + 63) // 64 * 64

    def array(name: str) -> list[int]:
        dtype, length, kept, offset, _ = head["arrays"][name]
        size = int(dtype[2:])
        at = start + offset
        found = [int.from_bytes(data[i : i + size], "little") for i in range(at, at + kept * size, size)]
        return found if kept == length else found * length

    places, text = array("term_at"), bytes(array("term_bytes"))
    words = [text[a:b].decode() for a, b in pairwise(places)]
    number = words.index("rover")
    posts = array("post_at")[number : number + 2]
    docs = array("post_doc")[posts[0] : posts[1]]
    with newsearch.open(index) as opened:
        assert len(docs) == opened.search('"rover"', unpublished=True).counts.complete
