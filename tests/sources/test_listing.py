"""What is in a directory: the compiled twin says the same as the reference, of everything that a file system holds."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from newsearch.sources import files, listing
from newsearch.sources.formats import SUFFIXES
from newsearch.sources.listing import DIRECTORY, FILE, LINK, OTHER, listed


@pytest.fixture(params=["compiled", "reference"])
def twin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "reference":
        monkeypatch.setattr(listing, "_compiled", None)
    elif listing._compiled is None:
        pytest.skip("newsearch was installed without a compiler")
    monkeypatch.setattr(files, "UNSETTLED", -(10**9))
    return str(request.param)


def _concerned(directory: Path) -> dict[str, int]:
    """Kinds by name, without files that may be left out."""
    entries = listed(str(directory), SUFFIXES, time.time_ns())
    return {name: kind for name, kind, _ in entries if kind != FILE or name.lower().endswith(SUFFIXES)}


def test_everything_has_its_kind_in_the_order_of_names(twin: str, tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.md")
    named = [
        "b.md",
        "A.MD",
        "Z.jSoN",
        "\u00e9t\u00e9.md",
        "\U0001f600.md",
        "x.jsonl.gz",
        "a b\n.md",
        ".md.md",
        odd,
    ]
    for name in [*named, ".hidden.md", "image.png", "README", "md"]:
        (tmp_path / name).write_text("")
    (tmp_path / "dir.md").mkdir()
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "link.md").symlink_to("b.md")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "inner").symlink_to("dir.md")

    expected = dict.fromkeys((name for name in named if name[0] != "."), FILE)
    expected |= {"dir.md": DIRECTORY, "pipe.md": OTHER, "link.md": LINK, "dangling": LINK, "inner": LINK}
    found = _concerned(tmp_path)

    assert found == expected
    assert list(found) == sorted(found)


def test_a_file_is_stamped_as_by_its_status(twin: str, tmp_path: Path) -> None:
    for number, when in enumerate((0, 1, 10**18 + 7, 1_600_000_000 * 10**9)):
        (tmp_path / f"{number}.md").write_text("x" * number)
        os.utime(tmp_path / f"{number}.md", ns=(when, when))
    now = time.time_ns()

    for name, _, stamped in listed(str(tmp_path), SUFFIXES, now):
        assert stamped == files.stamp((tmp_path / name).stat(), now) != 0


def test_a_file_that_changed_a_moment_ago_has_no_stamp(
    twin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.md").write_text("")
    monkeypatch.setattr(files, "UNSETTLED", 10**15)

    assert [(name, kind, stamp) for name, kind, stamp in listed(str(tmp_path), SUFFIXES, time.time_ns())] == [
        ("a.md", FILE, 0)
    ]


def test_letters_that_become_ascii_in_lower_case_are_not_left_out(twin: str, tmp_path: Path) -> None:
    name = "a.mar\u212adown"  # the Kelvin sign
    (tmp_path / name).write_text("")
    expected = {name: FILE} if name.lower().endswith(SUFFIXES) else {}

    assert _concerned(tmp_path) == expected


@pytest.mark.parametrize("name", ["missing", "file.md"])
def test_what_cannot_be_listed_is_an_error_that_names_it(twin: str, tmp_path: Path, name: str) -> None:
    (tmp_path / "file.md").write_text("")

    with pytest.raises(OSError, match=name):
        listed(str(tmp_path / name), SUFFIXES, 0)


def test_a_path_with_a_zero_is_refused(twin: str) -> None:
    with pytest.raises(ValueError, match="null"):
        listed("a\0b", SUFFIXES, 0)
