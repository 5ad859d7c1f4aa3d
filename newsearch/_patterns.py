"""Regular expressions that are compiled on first use.

A query of plain words needs hardly any of the expressions for queries, dates and values. Compiling all of them takes
longer than answering it.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        # Runs once for each name: the value is stored where attribute lookup finds it first.
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Like `re.compile`, but compiles on first use."""
    return cast(re.Pattern[str], _Pattern(text, flags))
