"""The pages tell the truth: their examples run, and print what they say."""

from __future__ import annotations

import doctest
import inspect
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT, blocks, first_column, text

import newsearch
from newsearch import Index
from newsearch.engine.writing import MEMORY
from newsearch.indexing.options import RunArguments
from newsearch.ranking import FIELD_WEIGHTS, K1, PARTS, FieldWeight

LATE_IN_THE_SEEDS = datetime(2021, 6, 13, 12, tzinfo=UTC)
"""A moment at which the examples with relative dates have something to find, and nothing is yet to come."""


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with nothing but the seeds in it."""
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def index(seeds_index: Path) -> Index:
    return newsearch.open(seeds_index)


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/alerts.md",
        "docs/article-format.md",
        "docs/library.md",
        "docs/relevance.md",
        "docs/request.md",
        "docs/stories.md",
    ],
)
def test_sessions_print_what_the_page_shows(page: str) -> None:
    sessions = "\n".join(blocks(page, "pycon"))
    found = doctest.DocTestParser().get_doctest(sessions, {}, page, page, 0)
    said: list[str] = []
    outcome = doctest.DocTestRunner().run(found, out=said.append)
    assert outcome.attempted > 2
    assert outcome.failed == 0, "".join(said)


@pytest.mark.usefixtures("workplace")
def test_sessions_of_the_whoosh_page_print_what_it_shows() -> None:
    newsearch.build("seeds", index="index")
    sessions = "\n".join(blocks("docs/whoosh.md", "pycon"))
    found = doctest.DocTestParser().get_doctest(sessions, {}, "docs/whoosh.md", "docs/whoosh.md", 0)
    said: list[str] = []
    outcome = doctest.DocTestRunner().run(found, out=said.append)
    assert outcome.attempted > 10
    assert outcome.failed == 0, "".join(said)


def test_the_schema_in_the_whoosh_page_is_that_of_every_index() -> None:
    from newsearch.engine.whoosh.schema import make_schema

    rows = re.findall(r"^\| (`.+?) \|", text("docs/whoosh.md"), re.MULTILINE)
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(
        make_schema().names()
    )


@pytest.mark.usefixtures("workplace")
def test_the_example_in_the_package_docstring_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"\n\n((?:    .*\n|\n)+)", newsearch.__doc__ or "")
    assert example
    exec(re.sub(r"^    ", "", example[1], flags=re.MULTILINE), {})  # noqa: S102 - that is the test
    assert capsys.readouterr().out.startswith("Amazon lobbied")


@pytest.mark.parametrize("example", first_column("docs/query-syntax.md"))
def test_an_example_of_the_query_syntax_finds_something_and_is_understood(example: str, index: Index) -> None:
    results = index.search(example, as_of=LATE_IN_THE_SEEDS)
    assert results.counts.complete > 0
    assert results.notes == ()


def test_the_names_in_the_library_page_are_all_public_names() -> None:
    assert sorted(first_column("docs/library.md", "All names")) == newsearch.__all__


def test_the_options_in_the_library_page_are_those_of_search() -> None:
    cells = re.findall(r"^\| (`.+?`) \|", text("docs/library.md").partition("## All names")[0], re.MULTILINE)
    options = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    parameters = newsearch.Index.search.__kwdefaults__
    assert sorted(options) == sorted(parameters)
    assert options


def _described(value: object, section: str) -> str:
    """A section of a docstring on one line: line breaks depend on how far it is indented."""
    return " ".join((inspect.getdoc(value) or "").partition(section)[2].partition("\n\n")[0].split())


def test_a_search_has_the_options_of_a_request_with_the_same_defaults_and_descriptions() -> None:
    search, request = inspect.signature(newsearch.Index.search), inspect.signature(newsearch.Request)
    options = {name: option.default for name, option in search.parameters.items() if name != "self"}
    assert options["boosts"] is None
    options["boosts"] = newsearch.Boosts()
    assert list(options.items()) == [(name, option.default) for name, option in request.parameters.items()]
    described = _described(newsearch.Index.search, "Args:")
    assert described == _described(newsearch.Request, "Attributes:")
    assert [name for name in options if not re.search(rf"\b{name}[,:]", described)] == []


def test_the_library_page_and_help_give_each_option_of_build_with_its_default() -> None:
    shown = re.search(r"^`build\((.*)\)`$", text("docs/library.md"), re.MULTILINE)
    assert shown
    options = [option.replace("...", str(MEMORY)) for option in shown[1].split(", ")]
    build = inspect.signature(newsearch.build)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in build.parameters.values()]
    assert [str(parameter).replace("'", '"') for parameter in bare] == options


@pytest.mark.parametrize("function", [newsearch.build, newsearch.reindex])
def test_the_docstring_of_a_run_names_each_option_that_help_shows(function: Callable[..., Any]) -> None:
    arguments = (inspect.getdoc(function) or "").partition("Args:")[2].partition("Raises:")[0]
    options = set(inspect.signature(function).parameters)
    assert options >= {"protected", *RunArguments.__annotations__}
    assert [option for option in options if not re.search(rf"\b{option}[,:]", arguments)] == []


def test_the_formula_has_the_weights_that_the_relevance_page_gives() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", text("docs/relevance.md"), re.MULTILINE)
    given = {name: FieldWeight(float(weight), float(b), float(pivot)) for name, weight, b, pivot in rows}
    assert given == FIELD_WEIGHTS
    assert f"k1 = {K1}." in text("docs/relevance.md")
    assert PARTS == 4
    assert f"default weights, {newsearch.Boosts().heat} each" in text("docs/relevance.md")


@pytest.mark.parametrize(
    "page", [str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))]
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if "://" not in target:
            name, _, anchor = target.partition("#")
            path = (ROOT / page).parent / name if name else ROOT / page
            assert path.exists(), target
            assert not anchor or anchor in _anchors(str(path.resolve().relative_to(ROOT))), target


def _prose(page: str) -> str:
    return re.sub(r"^```.*?^```", "", text(page), flags=re.MULTILINE | re.DOTALL)


def _anchors(page: str) -> set[str]:
    """The anchors that are written in a page, and those that its headings have on GitHub."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', _prose(page)))


def test_the_readme_links_to_every_page() -> None:
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert pages - set(re.findall(r"\]\(([^)#]+)\)", text("README.md"))) == set()


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## (.+)$", text("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", heading) for heading in headings[1:])
    kinds = set(re.findall(r"^### (.+)$", text("CHANGELOG.md"), re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.usefixtures("workplace")
def test_commands_print_what_the_readme_shows() -> None:
    """White space aside, since the page wraps lines, and whatever time a run took."""
    newsearch.build("seeds", index="index")
    session = "".join(blocks("README.md", "console"))
    steps = re.findall(r"^\$ newsearch (.+)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    assert len(steps) == session.count("$ newsearch")
    for command, shown in steps:
        printed = subprocess.run(
            [sys.executable, "-m", "newsearch", *shlex.split(command)], capture_output=True, check=True
        ).stdout.decode()
        assert _timeless(shown) == _timeless(printed)


def _timeless(output: str) -> list[str]:
    return re.sub(r" in [\d.]+ s$", " in 0.1 s", output, flags=re.MULTILINE).split()
