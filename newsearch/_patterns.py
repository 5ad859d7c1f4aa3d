"""Regular expressions that are compiled when they are first used.

A query of plain words needs hardly one of those that read queries, dates and values, and to compile them all takes
longer than to answer it.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        # Asked for once: what is found is kept where attributes are looked for first.
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, but compiled later."""
    return cast(re.Pattern[str], _Pattern(text, flags))
