"""Which names are in a by-line, or in a list of persons and things?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Final


def plain(value: object) -> str:
    """A scalar as text; any other value as an empty text."""
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or isinstance(value, bool | list | dict) else str(value)


def name_of(value: object) -> str:
    """The name of a text, or of an object with a name."""
    if not isinstance(value, Mapping):
        return plain(value)
    for key in ("name", "value", "term", "label", "title", "webTitle", "literal"):
        found = value.get(key)
        if name := plain(found[0] if isinstance(found, list) and found else found):
            return name
    return ""


def names_of(value: object) -> list[str]:
    """The persons in a list of names or objects; one text may contain several."""
    if isinstance(value, str):
        return split_names(value)
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        return []
    return [name for item in value for name in _names_of_one(item)]


def _names_of_one(item: object) -> list[str]:
    names = item.get("name") if isinstance(item, Mapping) else None
    if isinstance(names, list):
        return [name for given in names for name in split_names(plain(given))]
    return split_names(name_of(item))


def split_names(text: str) -> list[str]:
    """Split a by-line into its names: "By Ann Lee, Bob Ray and Cy Day" has three.

    A comma splits only if each part looks like a whole name. "Kaur, M., Shukla, A." and "Smith, Jr." are kept.
    """
    text = _BY.sub("", " ".join((unescape(text) if "&" in text else text).split()))
    if not text or is_address(text):
        return [text] if text else []
    parts = [part.strip() for part in _AND.split(text)]
    if len(parts) == 1 and ";" not in text:
        parts = [part.strip() for part in text.split(",")]
    else:
        parts = [piece.strip() for part in parts for piece in part.split(",")]
    parts = [part for part in parts if part]
    if len(parts) < 2 or not all(map(_is_whole_name, parts)):
        pieces = [piece.strip() for piece in text.split(";") if piece.strip()]
        return pieces if len(pieces) > 1 else [text]
    return parts


# "Von Miller" and "Di Maio" are names; "by" in other languages is followed by a whole name.
_BY: Final = re.compile(r"^(?:by[ :]+(?=\S)|(?:von|par|por|di|door|av|af)[ :]+(?=\S+ \S))", re.IGNORECASE)
_AND: Final = re.compile(r"\s*(?:,\s*(?:and|und|et|y|&)\s|\s(?:and|und|et|y)\s|\s&\s|;)\s*", re.IGNORECASE)
_ACRONYM: Final = re.compile(r"[A-Z]{2,4}")


def _is_whole_name(part: str) -> bool:
    words = part.split()
    return bool(_ACRONYM.fullmatch(part)) or (2 <= len(words) <= 5 and not any(c.isdigit() for c in part))


def is_address(text: str) -> bool:
    """Whether a text is the address of a page."""
    return text[:8].lower().startswith(("http://", "https://")) and " " not in text.strip()
