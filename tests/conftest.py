"""What all tests share: an index of the seeds, and how hypothesis looks for counterexamples.

By default hypothesis tries the same examples every time, so that the outcome is the same on every machine. With
HYPOTHESIS_PROFILE=random it tries others each time, as .ci/run does, and with HYPOTHESIS_PROFILE=thorough ten
times as many. With HYPOTHESIS_PROFILE=few it tries a quarter of the same examples: enough to see that another Python
or another dependency works. A test that needs more or fewer than others says so with `examples`.
"""

from __future__ import annotations

import os
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


@pytest.fixture(scope="session")
def seeds_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the bundled articles, which no test changes."""
    directory = tmp_path_factory.mktemp("seeds")
    newsearch.build(Path(__file__).resolve().parents[1] / "seeds", index=directory)
    return directory
