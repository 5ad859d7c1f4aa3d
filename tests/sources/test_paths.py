"""Every path that a system can have is remembered so that it can be opened again, and no other one does harm."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch.sources.files import path_of, printable
from newsearch.sources.registry import locate, open_source

ODD = [
    "News\u00a0Archive",
    "\u0646\u0627\u0645\u0647\u200c\u0647\u0627",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "two\nlines",
    "tab\tand bell\x07",
    "back\\slash",
    "looks\\xa0escaped",
    "ends\\",
    "\\\\server\\news",
    "soft\u00adhyphen",
    "bidi\u202eside",
    os.fsdecode(b"latin-\xe9"),
    os.fsdecode(b"byte-\xa0-\x80"),
]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", ODD)
def test_a_source_of_any_name_is_read_again_and_forgotten(tmp_path: Path, name: str) -> None:
    folder, index = tmp_path / name, tmp_path / "index"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("the file system has no such names")
    (folder / "a.md").write_text("---\ntitle: first\n---\n")
    newsearch.build(folder, index=index)
    (folder / "b.md").write_text("---\ntitle: second\n---\n")
    assert newsearch.reindex(index).added == 1
    with newsearch.open(index) as opened:
        (location,) = opened.stats().sources
    assert location.isprintable()
    assert path_of(location) == str(folder)
    # By its path, and as it is shown.
    assert newsearch.forget(folder, index=index).deleted == 2
    newsearch.build(folder, index=index)
    assert newsearch.forget(location, index=index).deleted == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_shown_alike_are_those_of_two_articles(tmp_path: Path) -> None:
    names = ["a\nb.md", "a\\nb.md", os.fsdecode(b"c\xff.md"), "c\\xff.md", "d\ne/f.md", "d\\ne/f.md"]
    for name in names:
        path = tmp_path / "news" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\ntitle: {printable(name)}\n---\n")
    assert newsearch.build(tmp_path / "news", index=tmp_path / "index").added == len(names)
    with newsearch.open(tmp_path / "index") as index:
        assert {hit.id for hit in index.search("")} == {printable(name) for name in names}


PIECES = ["a", "\\", "x", "a0", "n", "u", "U", "00a0", "0001f468", "\xa0", "\n", "\udcff", "\udca0", "é"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_what_is_printable_leads_back(path: str) -> None:
    shown = printable(path)
    assert shown.isprintable()
    assert path_of(shown) == path


def test_names_of_before_stay() -> None:
    for path in ("/data/news", "C:\\data", "/data/日本", os.fsdecode(b"/data/\xe9"), "/data/\u00a0"):
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        assert printable(path) == "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)


@pytest.mark.parametrize("path", ["z" * 5000, "a\ud800", "a\0b", "/" + "z/" * 5000 + "z", "a\ud800\udcff"])
def test_what_no_file_is_called_is_a_source_error(tmp_path: Path, path: str) -> None:
    index = tmp_path / "index"
    (tmp_path / "a.md").write_text("---\ntitle: first\n---\n")
    newsearch.build(tmp_path / "a.md", index=index)
    with pytest.raises(newsearch.SourceError) as caught:
        open_source(path)
    assert str(caught.value).isprintable()
    with pytest.raises(newsearch.NewsearchError):
        newsearch.build(path, index=index)
    with pytest.raises(newsearch.NewsearchError):
        newsearch.forget(path, index=index)


@pytest.mark.parametrize("path", ["z" * 5000, "a\ud800", "a\0b"])
def test_a_place_that_no_file_can_have_is_an_error_of_newsearch(tmp_path: Path, path: str) -> None:
    index = tmp_path / "index"
    (tmp_path / "a.md").write_text("---\ntitle: first\n---\n")
    newsearch.build(tmp_path / "a.md", index=index)
    newsearch.backup(index, tmp_path / "saved")
    for work in (
        lambda: newsearch.open(path),
        lambda: newsearch.open(index, synonyms=path),
        lambda: newsearch.build(tmp_path / "a.md", index=path),
        lambda: newsearch.build(tmp_path / "a.md", index=index, protected=path),
        lambda: newsearch.reindex(path),
        lambda: newsearch.verify(path),
        lambda: newsearch.compact(path),
        lambda: newsearch.backup(index, path),
        lambda: newsearch.restore(path, tmp_path / "other"),
        lambda: newsearch.restore(tmp_path / "saved", path),
        lambda: newsearch.export(index, path),
        lambda: newsearch.read_gate(path),
        lambda: newsearch.Boosts.load(path),
        lambda: newsearch.Boosts().save(path),
    ):
        with pytest.raises(newsearch.NewsearchError) as caught:
            work()
        assert str(caught.value).isprintable()


@pytest.mark.skipif(sys.platform != "linux", reason="files cannot have such names there")
@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\x1b[2J\nb", r"a\x1b[2J\nb"), (os.fsdecode(b"a\xff"), r"a\xff"), ("a\u202e", r"a\u202e")],
)
def test_an_error_names_the_very_file(tmp_path: Path, name: str, shown: str) -> None:
    """Its advice may be to delete a directory: one without the odd characters may be there, too."""
    (tmp_path / name).mkdir()
    here, named = tmp_path / name, f"{tmp_path}/{shown}"
    with pytest.raises(newsearch.IndexMissing) as missing:
        newsearch.open(here)
    assert str(missing.value).startswith(f"{named}: no index here")
    (here / "toc.json").write_text("{")
    with pytest.raises(newsearch.IndexCorrupt) as corrupt:
        newsearch.open(here)
    assert str(corrupt.value).startswith(f"{named}/toc.json: damaged; delete the directory {named} and")
    with pytest.raises(newsearch.QueryError) as profile:
        newsearch.Boosts.load(here / "profile.json")
    assert str(profile.value).startswith(f"{named}/profile.json: cannot be read: ")
    with pytest.raises(newsearch.StorageError) as storage:
        newsearch.backup(_built(tmp_path), here)
    assert str(storage.value).startswith(f"{named}: cannot be written: ")


def _built(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text("---\ntitle: first\n---\n")
    newsearch.build(tmp_path / "a.md", index=tmp_path / "index")
    return tmp_path / "index"


@pytest.mark.skipif(os.name == "nt", reason="there, nobody can delete where somebody is")
def test_without_a_working_directory_there_is_no_relative_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(newsearch.SourceError, match="no working directory"):
        locate("news")
