"""Compiled twins: one that is missing is fine, and one that is not of this newsearch is refused, never passed over."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import newsearch
from newsearch import _compiled

TWINS = {
    "newsearch.articles.reading": "newsearch.articles._reading",
    "newsearch.engine.arrays.loops.kernel": "newsearch.engine.arrays.loops._kernel",
    "newsearch.engine.arrays.loops.sieve": "newsearch.engine.arrays.loops._sieve",
    "newsearch.engine.arrays.searching.lookup": "newsearch.engine.arrays.searching._lookup",
    "newsearch.engine.arrays.segment.json_articles": "newsearch.engine.arrays.segment._json_articles",
    "newsearch.engine.arrays.segment.stored": "newsearch.engine.arrays.segment._stored",
    "newsearch.engine.arrays.writing.building": "newsearch.engine.arrays.writing._building",
    "newsearch.sources.listing": "newsearch.sources._listing",
    "newsearch.engine.opensearch.coding": "newsearch.engine.opensearch._coding",
    "newsearch.stories.likeness": "newsearch.stories._likeness",
    "newsearch.stories.linkage": "newsearch.stories._linkage",
    "newsearch.stories.smoothing": "newsearch.stories._smoothing",
}


def built(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        pytest.skip("newsearch was installed without a compiler")


def sources_of(name: str) -> list[str]:
    built(name)
    files = _compiled.sources(str(Path(newsearch.__file__).parent.parent.joinpath(*name.split("."))))
    return files or pytest.skip("newsearch was installed without its sources")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_every_source_belongs_to_a_module_that_is_built() -> None:
    root = Path(newsearch.__file__).parent.parent
    own = {
        file for name in _compiled.MODULES for file in _compiled.sources(str(root / name.replace(".", "/")))
    }
    assert {str(file) for file in root.glob("newsearch/**/*.c")} <= own
    assert set(TWINS.values()) <= set(_compiled.MODULES)


def test_a_missing_twin_is_silent() -> None:
    assert _compiled.compiled("newsearch.engine.arrays.loops._absent", {}) is None


@pytest.mark.parametrize("name", TWINS.values())
def test_each_twin_has_constants_and_is_refused_where_one_differs(name: str) -> None:
    constants: dict[str, float] = built(name).CONSTANTS
    assert constants
    assert _compiled.compiled(name, constants) is built(name)
    for constant, value in constants.items():
        with pytest.raises(newsearch.StaleBuild, match=rf"{name}: .*\({constant}\); run `pip install"):
            _compiled.compiled(name, {**constants, constant: value + 1})
        with pytest.raises(newsearch.StaleBuild, match=constant):
            _compiled.compiled(name, {key: number for key, number in constants.items() if key != constant})
    with pytest.raises(newsearch.StaleBuild, match="ANOTHER"):
        _compiled.compiled(name, {**constants, "ANOTHER": 1})


@pytest.mark.parametrize("name", TWINS.values())
def test_a_twin_of_other_sources_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    constants: Any = built(name).CONSTANTS
    assert sources_of(name)
    monkeypatch.setattr(built(name), "SOURCE", 1)
    with pytest.raises(newsearch.StaleBuild, match="sources have changed"):
        _compiled.compiled(name, constants)


def test_a_fingerprint_tells_every_change_of_every_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("_a.c", "_a_part.c", "_a.h")]
    for file in files:
        file.write_text("int a;\n")
    assert [Path(file).name for file in _compiled.sources(str(tmp_path / "_a"))[:3]] == [
        "_a.c",
        "_a.h",
        "_a_part.c",
    ]
    seen = {_compiled.fingerprint([str(file) for file in files])}
    for file in files:
        file.write_text("int b;\n")
        seen.add(_compiled.fingerprint([str(file) for file in files]))
    files[0].write_text("int b;\nint b;\n")
    files[1].write_text("")
    seen.add(_compiled.fingerprint([str(file) for file in files]))
    assert len(seen) == 5


@pytest.mark.parametrize(
    "code",
    [
        "raise ImportError('no PyInit')",
        "import newsearch.absent",
        "raise TypeError('a slot')",
        "CONSTANTS = {}",
    ],
)
def test_a_twin_that_is_there_but_does_not_load_is_refused(code: str, package: Path) -> None:
    (package / "_twin_of_tests.py").write_text(code)
    with pytest.raises(newsearch.StaleBuild, match="_twin_of_tests"):
        _compiled.compiled("_twin_of_tests", {"ONE": 1})


def test_a_build_with_the_name_of_another_is_refused(package: Path) -> None:
    # As after a module was renamed, and the file that was built before was renamed with it.
    file = Path(str(built("newsearch.engine.arrays.loops._sieve").__file__))
    shutil.copy(file, package / file.name.replace("_sieve", "_renamed_twin"))
    with pytest.raises(newsearch.StaleBuild, match="_renamed_twin"):
        _compiled.compiled("_renamed_twin", {})


def test_the_command_says_in_one_line_what_to_run(tmp_path: Path) -> None:
    sources_of("newsearch.engine.arrays.loops._kernel")
    (tmp_path / "a.md").write_text("---\ntitle: A ban\n---\n")
    code = (
        "from newsearch import _compiled\n"
        "_compiled.fingerprint = lambda files: 1\n"
        "import sys\n"
        "from newsearch.cli.main import main\n"
        f"sys.exit(main(['index', {str(tmp_path)!r}, '--index', {str(tmp_path / 'index')!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "run `pip install" in done.stderr
