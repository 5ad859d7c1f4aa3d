"""How many examples hypothesis tries for a test that needs more or fewer than others."""

from __future__ import annotations

from hypothesis import settings

_USUAL = 100


def examples(number: int) -> settings:
    """Settings for so many examples by default, and as many times more or fewer as the profile has (see conftest)."""
    return settings(max_examples=max(1, number * settings.default.max_examples // _USUAL))
