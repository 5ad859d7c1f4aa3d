"""What all tests share: an index of the seeds, and how hypothesis looks for counterexamples.

By default hypothesis tries the same examples every time, so that the outcome is the same on every machine. With
HYPOTHESIS_PROFILE=random it tries others each time, as .ci/run does, and with HYPOTHESIS_PROFILE=thorough ten
times as many. With HYPOTHESIS_PROFILE=few it tries a quarter of the same examples: enough to see that another Python
or another dependency works. A test that needs more or fewer than others says so with `examples`.

With --not-passed, pytest runs the tests that did not pass in the last run, and all tests of hypothesis: once extras are
installed and other examples are tried, the others would show nothing new.
"""

from __future__ import annotations

import os
from itertools import compress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import newsearch

settings.register_profile(
    "random", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("default", settings.get_profile("random"), derandomize=True, database=None)
settings.register_profile("thorough", settings.get_profile("random"), max_examples=1000)
settings.register_profile("few", settings.get_profile("default"), max_examples=25)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


_PASSED = "newsearch/passed"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--not-passed", action="store_true", help="leave out what passed in the last run")


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    cache = getattr(session.config, "cache", None)
    if reporter is not None and cache is not None:  # the processes of xdist have no reporter
        cache.set(_PASSED, sorted(report.nodeid for report in reporter.stats.get("passed", ())))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--not-passed"):
        return
    assert config.cache is not None
    passed = frozenset(config.cache.get(_PASSED, ()))
    is_left_out = [item.nodeid in passed and not _has_examples(item) for item in items]
    config.hook.pytest_deselected(items=list(compress(items, is_left_out)))
    items[:] = [item for item, is_out in zip(items, is_left_out, strict=True) if not is_out]


def _has_examples(item: pytest.Item) -> bool:
    """Whether hypothesis chooses the examples of a test."""
    return bool(getattr(getattr(item, "function", None), "is_hypothesis_test", False))


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the bundled articles, which no test changes."""
    directory = tmp_path_factory.mktemp("seeds")
    newsearch.build(Path(__file__).resolve().parents[1] / "seeds", index=directory)
    return directory
