"""How are parts of a record without a place in an article kept, and within which limits?"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Collection, Mapping
from typing import Any, Final

from newsearch.articles.vocabularies.names import is_endless
from newsearch.text.clean import strip_invisible

UNUSABLE: Final = "unusable"
"""The key for unusable values of known fields, each under its own key."""

AMBIGUOUS: Final = "ambiguous"
"""The key for a list of keys with ambiguous dates."""

_MAX_DEPTH: Final = 6
_MAX_CHARACTERS: Final = 64 * 1024
_MAX_UNUSABLE_CHARACTERS: Final = 1000


def extra(mapping: Mapping[str, Any], known: Collection[str], unusable: Mapping[str, Any]) -> dict[str, Any]:
    """The record's values under unknown keys, JSON-able, and the unusable values of known ones.

    Values that are too deep, or too long to be kept whole, are left out; unusable values are shortened.
    """
    rest = {key: value for key, value in mapping.items() if key not in known}
    if unusable:
        # An exported record already has some.
        before = rest.pop(UNUSABLE, None)
        aside = {key: _shortened(value) for key, value in unusable.items()}
        rest = {UNUSABLE: {**(before if isinstance(before, dict) else {}), **aside}, **rest}
    kept: dict[str, Any] = _plain(rest, 0)
    room = _MAX_CHARACTERS
    for key, value in list(kept.items()):
        size = len(json.dumps({key: value}, ensure_ascii=False))
        if size > room or key in known:
            del kept[key]
        else:
            room -= size
    return kept


def _shortened(value: object) -> Any:
    plain = _plain(value, 2)
    text = json.dumps(plain, ensure_ascii=False)
    return plain if len(text) <= _MAX_UNUSABLE_CHARACTERS else f"{text[:_MAX_UNUSABLE_CHARACTERS]}…"


def _plain(value: object, depth: int) -> Any:
    """A JSON-able copy of the value, or None if there is none."""
    if isinstance(value, str):
        return strip_invisible(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int):
        return None if is_endless(value) else value
    if isinstance(value, dt.date):
        return value.isoformat()
    if depth == _MAX_DEPTH or not isinstance(value, dict | list | tuple):
        return None
    if isinstance(value, dict):
        pairs = ((strip_invisible(str(key)), _plain(item, depth + 1)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not None and key != "secured"}
    return [item for item in (_plain(item, depth + 1) for item in value) if item is not None]
