"""The project is what it says of itself: its map, its packages, its dependencies, its public names."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest
from documents import ROOT, named, text

import newsearch
from newsearch import errors
from newsearch._compiled import MODULES as MODULES_IN_C

PACKAGE = ROOT / "newsearch"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
HEAVY = {
    "click",
    "dateutil",
    "feedparser",
    "frontmatter",
    "httpx",
    "ir_measures",
    "jinja2",
    "mcp",
    "numpy",
    "orjson",
    "selectolax",
    "starlette",
    "Stemmer",
    "uvicorn",
    "warcio",
    "whoosh",
    "yaml",
    "zstandard",
}


@cache
def setup_cfg() -> ConfigParser:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def lines(section: str, key: str) -> list[str]:
    return setup_cfg()[section][key].split("\n")[1:]


# The map


def _is_path(name: str) -> bool:
    return bool(re.fullmatch(r"[\w./-]*/[\w./-]*|\w+\.(py|cfg|toml|md|typed)", name))


def _rooms() -> dict[str, set[str]]:
    """The files of each room on the map, both as paths within the package."""
    rooms: dict[str, set[str]] = {}
    entries = re.findall(
        r"^- \*\*`newsearch/([\w/]*)`\*\*: (.*(?:\n  .*)*)", text("ARCHITECTURE.md"), re.MULTILINE
    )
    for room, entry in entries:
        names = re.findall(r"`(\w+(?:\.[ch])?)`", entry)
        rooms[room] = {room + (name if "." in name else f"{name}.py") for name in names}
    return rooms


def _files_on_the_map() -> set[str]:
    listed = {path for paths in _rooms().values() for path in paths}
    return listed | {name.removeprefix("newsearch/") for name in named("ARCHITECTURE.md")}


def test_every_path_in_the_map_exists() -> None:
    paths = [name for name in named("ARCHITECTURE.md") if _is_path(name)]
    assert len(paths) > 40
    assert [p for p in paths if not (ROOT / p).exists() and not (PACKAGE / p).exists()] == []


def test_every_module_is_on_the_map_in_its_room() -> None:
    packages = {f"{path.parent.relative_to(PACKAGE).as_posix()}/" for path in PACKAGE.rglob("*/__init__.py")}
    assert [p for p in packages if p not in _rooms()] == []
    assert [m for m in MODULES if not m.endswith("__init__.py") and m not in _files_on_the_map()] == []


def test_every_file_in_c_is_on_the_map_in_its_room() -> None:
    files = [path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.[ch]")]
    assert [name for name in files if name not in _files_on_the_map()] == []


def test_a_room_on_the_map_lists_no_file_that_is_missing() -> None:
    """A public function that is named beside a module is no file, and is defined in the room."""
    missing = {
        (room, path) for room, paths in _rooms().items() for path in paths if not (PACKAGE / path).exists()
    }
    for room, path in missing:
        name = Path(path).stem
        sources = "".join(module.read_text(encoding="utf-8") for module in (PACKAGE / room).glob("*.py"))
        assert re.search(rf"^(?:def|class) {name}\b", sources, re.MULTILINE), path


# Packages and dependencies


def test_every_package_is_named_in_setup() -> None:
    folders = {path.parent.relative_to(ROOT) for path in PACKAGE.rglob("__init__.py")}
    packages = {".".join(folder.parts) for folder in folders}
    assert sorted(lines("options", "packages")) == sorted(packages | {"newsearch.seeds"})


def test_every_folder_of_modules_is_a_package() -> None:
    assert [m for m in MODULES if not (PACKAGE / m).with_name("__init__.py").exists()] == []


@pytest.mark.parametrize("extra", ["", "eval", "test", "web", "dev", "bench"])
def test_contributing_says_why_of_every_dependency(extra: str) -> None:
    section, key = ("options.extras_require", extra) if extra else ("options", "install_requires")
    names = {re.split(r"[ \[<>=]", line)[0] for line in lines(section, key)} - {"newsearch"}
    reasons = dict(re.findall(r"^- `([\w-]+)`: (.+)$", text("CONTRIBUTING.md"), re.MULTILINE))
    assert names
    assert [name for name in names if name not in reasons] == []


def test_contributing_gives_reasons_for_dependencies_only() -> None:
    sections = [lines("options", "install_requires")]
    sections += [lines("options.extras_require", extra) for extra in setup_cfg()["options.extras_require"]]
    names = {re.split(r"[ \[<>=]", line)[0] for section in sections for line in section}
    reasons = re.findall(r"^- `([\w-]+)`: ", text("CONTRIBUTING.md"), re.MULTILINE)
    assert sorted(reasons) == sorted(names - {"newsearch"})


def test_contributing_lists_every_compiled_module() -> None:
    listed = text("CONTRIBUTING.md").partition("## The compiled loops")[2]
    assert [name for name in MODULES_IN_C if f"{name.rpartition('.')[2]}.c`" not in listed] == []


def test_ci_runs_the_commands_of_the_readme() -> None:
    set_up, run_tests = re.findall(r"^    (\S*python.*)$", text("README.md"), re.MULTILINE)
    assert set_up.startswith("python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && ")
    assert run_tests == ".venv/bin/python -m pytest"
    assert "README.md" in text(".ci/run")


def test_imports_keep_the_contracts() -> None:
    pytest.importorskip("importlinter", reason="import-linter is in the extra dev")
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


# Public names


def test_the_namespace_offers_what_it_promises() -> None:
    assert [name for name in newsearch.__all__ if not hasattr(newsearch, name)] == []
    assert set(newsearch.__all__) <= set(dir(newsearch))
    assert len(set(newsearch.__all__)) == len(newsearch.__all__)


def test_every_public_name_is_a_class_or_a_function_of_ours() -> None:
    for name in newsearch.__all__:
        value = getattr(newsearch, name)
        assert inspect.isclass(value) or inspect.isfunction(value), name
        assert value.__module__.startswith("newsearch.")
        assert value.__doc__


def test_types_see_the_same_names() -> None:
    """What is imported for type checkers alone is what is imported lazily."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname: imported.module
        for imported in block.body
        if isinstance(imported, ast.ImportFrom)
        for alias in imported.names
    }
    assert seen == {name: getattr(newsearch, name).__module__ for name in newsearch.__all__}


@pytest.mark.parametrize("first", ["Article", "Boosts", "Report", "Results", "build", "open", "reindex"])
def test_a_public_name_means_the_same_whichever_was_used_before(first: str) -> None:
    script = f"import newsearch as n; n.{first}; assert callable(n.reindex) and callable(n.open)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def _loaded(script: str, *arguments: str) -> set[str]:
    """The dependencies that a script has imported when it ends."""
    script += "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    return HEAVY & set(run.stdout.split())


def test_importing_newsearch_imports_no_dependency() -> None:
    assert _loaded("import newsearch") == set()


def test_searching_imports_only_what_a_search_needs(seeds_index: Path) -> None:
    script = (
        "import newsearch, sys; index = newsearch.open(sys.argv[1]);"
        "assert index.search('facial recognition ban', after='2020-09')[0].article.title"
    )
    assert _loaded(script, str(seeds_index)) <= {"numpy", "Stemmer", "zstandard"}


# Errors


def test_every_error_stands_in_the_tree_that_is_drawn() -> None:
    drawn = dict(re.findall(r"^    (?:[│ ]*[├└]── )?(\w+)( {2,}\S.*)?$", errors.__doc__ or "", re.MULTILINE))
    classes = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert set(drawn) == classes
    assert all(issubclass(getattr(errors, name), errors.NewsearchError) for name in classes)
    assert classes <= set(newsearch.__all__)


# What the library never does


def _nodes(module: str) -> Iterator[ast.AST]:
    return ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8")))


def _imported(module: str) -> set[str]:
    names: set[str] = set()
    for node in _nodes(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _called(module: str) -> set[str]:
    return {ast.unparse(node.func) for node in _nodes(module) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_unpickles_nothing_and_runs_no_text(module: str) -> None:
    assert not _imported(module) & {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib"}
    assert not _called(module) & {
        "eval",
        "exec",
        "compile",
        "__import__",
        "os.system",
        "yaml.load",
        "np.load",
    }


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith("cli/")])
def test_a_module_of_the_library_reads_no_environment_and_talks_to_nobody(module: str) -> None:
    used = {ast.unparse(node) for node in _nodes(module) if isinstance(node, ast.Attribute)}
    assert not used & {"os.environ", "os.getenv", "os.environb", "os.getcwd", "Path.cwd", "Path.home"}
    assert not used & {"os.path.expanduser", "sys.argv", "sys.stdout", "sys.stderr", "sys.stdin"}
    assert not _called(module) & {"print", "input"}
    assert not _imported(module) & {"logging", "getpass"}


def test_no_two_modules_of_tests_share_a_name() -> None:
    """pytest cannot collect both where they are in directories without `__init__.py`."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
