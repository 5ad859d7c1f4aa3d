"""Markdown files and directories of them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources import directory
from newsearch.sources.base import Source
from newsearch.sources.files import MAX_ARTICLE_SIZE
from newsearch.sources.registry import open_source


def write(path: Path, title: str = "A title", more: str = "", body: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\ntitle: {title}\n{more}---\n{body}", encoding="utf-8", newline="")
    return path


def one(path: Path) -> Article:
    [article] = open_source(path).articles()
    assert isinstance(article, Article), article
    return article


def ids(source: Source) -> list[str]:
    return [result.id for result in source.articles() if isinstance(result, Article)]


def test_a_file_is_a_source_of_one_article_named_after_it(tmp_path: Path) -> None:
    path = write(tmp_path / "2020-09-29-a.md", body="\nFirst  line.\n\n\n\nSecond.\n")
    article = one(path)
    assert (article.id, article.body) == ("2020-09-29-a.md", "First line.\n\nSecond.")
    assert str(article.date) == "2020-09-29"
    assert open_source(path).location == str(path)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("2020", "2020"),
        ("007", "007"),
        ("1e3", "1e3"),
        ("0x10", "0x10"),
        ("1.50", "1.50"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2020-09-29", "2020-09-29"),
        ("2020-09-29T10:00:00Z", "2020-09-29T10:00:00Z"),
        ("No", "No"),
        ("true", "true"),
        ("'null'", "null"),
        ("99999999999999999999999", "99999999999999999999999"),
        ("!!python/name:os.system whoami", "whoami"),
        ('"one\\ttwo"', "one two"),
        (">\n  folded\n  title", "folded title"),
    ],
)
def test_a_title_is_what_was_typed(tmp_path: Path, typed: str, title: str) -> None:
    assert one(write(tmp_path / "a.md", typed)).title == title


def test_plain_null_true_false_and_numbers_keep_their_types(tmp_path: Path) -> None:
    more = "a: null\nb: ~\nc: true\nd: 12\ne: 1.5\nf: '12'\ng: [1, x]\nh: {1: y}\nlang: no\nheat: 12\n"
    article = one(write(tmp_path / "a.md", more=more))
    assert article.extra == {"c": True, "d": 12, "e": 1.5, "f": "12", "g": [1, "x"], "h": {"1": "y"}}
    assert article.language == "no"
    assert isinstance(article.heat, int)


def test_crlf_bom_and_blank_lines_before_the_fence_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    plain = b"---\ntitle: Caf\xc3\xa9\nheat: 3\n---\n\nOne.\n\nTwo.\n"
    path.write_bytes(plain)
    expected = one(path)
    for data in (
        plain.replace(b"\n", b"\r\n"),
        plain.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + plain,
        b"\n" + plain,
    ):
        path.write_bytes(data)
        assert one(path) == expected


def test_asterisks_that_are_no_aliases_are_text(tmp_path: Path) -> None:
    article = one(write(tmp_path / "a.md", '"A *star* is born"', "excerpt: 2 * 3 & 4\n"))
    assert (article.title, article.excerpt) == ("A *star* is born", "2 * 3 & 4")


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", body="x" * MAX_ARTICLE_SIZE)
    [error] = open_source(path).articles()
    assert isinstance(error, SourceError)
    assert error.reason == "larger than 10 MB"


def test_a_directory_is_read_sorted_with_what_is_under_it(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.markdown", "a/b/c.TXT", "a/a.md", "c.css", ".hidden.md", ".git/d.md", "e.md~"):
        write(tmp_path / name)
    source = open_source(tmp_path)
    assert source.location == str(tmp_path)
    assert ids(source) == ["a/a.md", "a/b/c.TXT", "a/z.markdown", "b.md"]


def test_links_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "a.md")
    root = tmp_path / "root"
    write(root / "b.md")
    (root / "in").symlink_to(tmp_path / "elsewhere")
    (root / "link.md").symlink_to(root / "b.md")
    (root / "up").symlink_to(root)
    (root / "self.md").symlink_to(root / "self.md")
    (root / "nowhere.md").symlink_to(root / "missing.md")
    (root / "unmounted").symlink_to(root / "missing")
    results = list(open_source(root).articles())
    assert [result.id for result in results if isinstance(result, Article)] == ["b.md", "in/a.md"]
    assert [(e.location, e.reason) for e in results if isinstance(e, SourceError)] == [
        (f"{root}/nowhere.md", "a link that leads nowhere"),
        (f"{root}/self.md", "a link that leads nowhere"),
    ]


def test_a_link_that_sorts_first_does_not_take_the_id_of_what_it_leads_to(tmp_path: Path) -> None:
    write(tmp_path / "world" / "storm.md")
    (tmp_path / "archive").symlink_to("world")
    (tmp_path / "world" / "a.md").symlink_to("storm.md")
    assert ids(open_source(tmp_path)) == ["world/storm.md"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    for source in (tmp_path, tmp_path / "pipe.md"):
        [error] = open_source(source).articles()
        assert isinstance(error, SourceError)
        assert error.reason == "not a file"


def test_a_file_that_is_gone_before_it_is_looked_at_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a.md")
    write(tmp_path / "b.md")
    listed = directory.listed

    def listing(path: str, suffixes: tuple[str, ...], now: int) -> list[tuple[str, int, int]]:
        entries = listed(path, suffixes, now)
        (tmp_path / "a.md").unlink()
        return entries

    monkeypatch.setattr(directory, "listed", listing)
    first, second = open_source(tmp_path).articles()
    assert isinstance(first, SourceError)
    assert first.reason == "no such file"
    assert isinstance(second, Article)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "a.md").chmod(0)
    write(tmp_path / "b" / "c.md")
    write(tmp_path / "d.md")
    (tmp_path / "b").chmod(0)
    try:
        first, second, third = open_source(tmp_path).articles()
    finally:
        (tmp_path / "b").chmod(0o700)
    assert isinstance(first, SourceError)
    assert isinstance(second, SourceError)
    assert (first.reason, second.reason) == (f"cannot be read: {os.strerror(errno.EACCES)}",) * 2
    assert isinstance(third, Article)


def test_odd_bytes_in_a_file_name_give_an_id_that_can_be_stored(tmp_path: Path) -> None:
    write(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.md")))
    [name] = ids(open_source(tmp_path))
    assert name == "caf\\xe9\\n.md"


@pytest.fixture
def _processes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even few files are read by processes, and none while they start."""
    monkeypatch.setattr(directory, "_WORTH_PROCESSES", 1)
    monkeypatch.setattr(directory, "_FEW", 0)


@pytest.mark.usefixtures("_processes_at_once")
@pytest.mark.parametrize("few", [0, 16])
def test_more_workers_read_the_same_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(directory, "_FEW", few)
    for number in range(600):
        write(tmp_path / f"{number % 7}" / f"{number}.md", f"Title {number}", "provider: {name: P}\nx: [1]\n")
    (tmp_path / "3" / "broken.md").write_text("no fence")
    source = open_source(tmp_path)
    alone, together = list(source.articles()), list(source.articles(workers=2))
    assert len(alone) == 601
    assert [str(result) for result in together] == [str(result) for result in alone]
    assert [r for r in together if isinstance(r, Article)] == [r for r in alone if isinstance(r, Article)]


@pytest.mark.usefixtures("_processes_at_once")
def test_reading_can_be_left_in_the_middle(tmp_path: Path) -> None:
    for number in range(600):
        write(tmp_path / f"{number}.md")
    articles = open_source(tmp_path).articles(workers=2)
    next(articles)
    articles.close()  # type: ignore[attr-defined]
    assert list(articles) == []


def test_yaml_is_loaded_only_when_needed() -> None:
    code = (
        "import sys, newsearch.articles.article, newsearch.sources;"
        "print([name for name in ('yaml', 'frontmatter') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_environment()
    )
    assert run.stdout == "[]\n"


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / "news" / f"{number}.md")
    script = """
import multiprocessing, sys, time
from newsearch.sources import directory
if __name__ == "__main__":
    directory._WORTH_PROCESSES = 1
    articles = directory.Directory(directory.Path(sys.argv[1])).articles(workers=2)
    next(articles)
    print(*(process.pid for process in multiprocessing.active_children()), flush=True)
    time.sleep(60)
"""
    (tmp_path / "main.py").write_text(script)
    command = [sys.executable, str(tmp_path / "main.py"), str(tmp_path / "news")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment()) as parent:
        assert parent.stdout
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    deadline = time.monotonic() + 30
    while any(map(_lives, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, children))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("written", "name"),
    [("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32-le", "UTF-32"), ("utf-32-be", "UTF-32")],
)
def test_another_encoding_of_unicode_is_named(tmp_path: Path, written: str, name: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("\ufeff---\ntitle: Bridge reopens\n---\n".encode(written))
    with pytest.raises(SourceError, match=f"{name}, not UTF-8; convert it: iconv -f {name} -t UTF-8"):
        raise next(error for error in open_source(path).articles() if isinstance(error, SourceError))
