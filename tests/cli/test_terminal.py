"""What a terminal is given."""

from __future__ import annotations

import io
import threading
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_collection import Command
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch.articles.article import Article, Provider
from newsearch.cli import terminal
from newsearch.cli.formats import as_text
from newsearch.cli.terminal import Terminal, cells, explained_if_slow, wrap
from newsearch.engine.arrays.writer import ArraysWriter
from newsearch.outputs.page import Page
from newsearch.text.clean import one_line

NOW = datetime(2026, 9, 10, tzinfo=UTC)
SCREEN = Terminal(interactive=True, color=True, width=60)


def page(index: Path, query: str) -> Page:
    with newsearch.open(index) as opened:
        return Page(opened.search(query, limit=2, as_of=NOW))


def test_a_terminal_shows_styles_links_and_ages(index: Path, golden: Callable[[str, str], None]) -> None:
    lines = as_text(page(index, "recognition ban"), SCREEN)
    golden("terminal.txt", "".join(f"{line}\n" for line in lines).replace("\x1b", "␛"))


def test_lines_keep_to_the_width(index: Path) -> None:
    plain = Terminal(interactive=True, width=40)
    lines = [line for line in as_text(page(index, "recognition ban"), plain) if "://" not in line]
    assert lines
    assert all(cells(line) <= 40 for line in lines)


def test_colours_are_a_matter_of_the_terminal_and_of_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert Terminal.of(Screen()).color
    assert not Terminal.of(Screen(), "never").color
    assert not Terminal.of(io.StringIO()).color
    assert Terminal.of(io.StringIO(), "always").color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Terminal.of(Screen()).color
    assert Terminal.of(Screen(), "always").color
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not Terminal.of(Screen()).color


def test_wide_characters_take_two_columns() -> None:
    assert [cells(text) for text in ("ban", "日本語", "e\u0301", "\uff41")] == [3, 6, 1, 2]


@given(st.text(alphabet="ab 日é-", max_size=200), st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = [line for line, _ in wrap(text, (), width)]
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(alphabet="ab 日", max_size=80), st.integers(2, 10), st.data())
def test_spans_stay_on_their_characters(text: str, width: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    marked = "".join(line[a:b] for line, spans in wrap(text, [(start, end)], width) for a, b in spans)
    assert marked.replace(" ", "") == text[start:end].replace(" ", "")


@given(st.text())
def test_clean_text_is_one_line_that_says_nothing_to_a_terminal(text: str) -> None:
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in one_line(text))


HOSTILE = "\x1b]0;owned\x07ban \x9b31m\u202egnab\nnew line\r"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that somebody made to harm whoever reads its articles: nothing in it was cleaned."""
    directory = tmp_path_factory.mktemp("hostile")
    article = Article(
        id=HOSTILE,
        title=HOSTILE,
        excerpt=HOSTILE,
        body=HOSTILE,
        topics=(HOSTILE,),
        web_url=f"https://x.example/{HOSTILE}",
        provider=Provider(HOSTILE),
        extra={HOSTILE: HOSTILE},
    )
    with ArraysWriter(directory) as writer:
        writer.add(article, HOSTILE)
        writer.commit()
    return directory


@pytest.mark.parametrize("name", ["text", "json", "csv", "urls"])
def test_a_hostile_index_does_not_reach_the_terminal(hostile: Path, run: Command, name: str) -> None:
    more = ("--facet", "topic", "--facet", "provider", "--explain") if name in ("text", "json") else ()
    result = run("query", "ban", "--index", hostile, "--format", name, *more)
    assert result.code == 0
    assert "ban" in result.out
    assert result.out.replace("\n", "").isprintable()


@pytest.mark.parametrize("command", [("show", HOSTILE), ("show", HOSTILE, "--format", "json"), ("stats",)])
def test_nor_does_it_by_the_other_commands(hostile: Path, run: Command, command: tuple[str, ...]) -> None:
    result = run(*command, "--index", hostile)
    assert result.code == 0
    assert result.out.replace("\n", "").isprintable()


def test_a_url_that_hides_something_is_no_hyperlink(hostile: Path) -> None:
    assert not any("\x1b]8" in line for line in as_text(page(hostile, "ban"), SCREEN))


@pytest.mark.parametrize("interactive", [True, False])
def test_what_takes_long_is_explained_on_a_terminal_only(
    interactive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    said = threading.Event()

    def complain(reason: str) -> None:
        told.append(reason)
        said.set()

    monkeypatch.setattr(Terminal, "of", classmethod(lambda cls, *_: cls(interactive=interactive)))
    monkeypatch.setattr(terminal, "complain", complain)
    monkeypatch.setattr(terminal, "_PATIENCE", 0.0)
    with explained_if_slow("comparing"):
        if interactive:
            assert said.wait(60)
    assert told == ["comparing"] * interactive
    monkeypatch.setattr(terminal, "_PATIENCE", 3600.0)
    with explained_if_slow("comparing"):
        pass
    assert told == ["comparing"] * interactive
