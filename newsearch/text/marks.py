"""Limits the number of combining marks on one letter.

Normalisation sorts the marks after a letter in quadratic time. Unicode calls a text stream-safe if no more than 30
marks follow each other (UAX 15, section 13). No language needs more.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from newsearch._patterns import pattern

_MOST: Final = 30
_FEW: Final = 16
_SHORT: Final = 256

_SUSPECT: Final = pattern(
    f"[^\x00-\u02ff\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\ue000-\ufa0d]{{{_FEW}}}"
)


def limit_marks(text: str) -> str:
    """A text with no more than 30 marks on one letter; the marks after these are removed."""
    if text.isascii() or _has_few(text) or not _SUSPECT.search(text):
        return text
    return _runs().sub(_limited, text)


def _has_few(text: str) -> bool:
    """Whether a short text has too few letters beyond ASCII. To compile the expression takes far longer."""
    return len(text) < _SHORT and len(text.encode("utf-8", "surrogatepass")) - len(text) < _FEW


def _limited(run: re.Match[str]) -> str:
    kept = marks = 0
    for character in run[0]:
        marks += len(unicodedata.normalize("NFKD", character))
        if marks > _MOST:
            break
        kept += 1
    return run[0][:kept]


@lru_cache(maxsize=1)
def _runs() -> re.Pattern[str]:
    """Long runs of characters that, once decomposed, join the character before them; none is more than two marks."""
    marks = [c for c in map(chr, range(0x300, 0x1F000)) if _joins(c)]
    ranges: list[list[int]] = []
    for code in map(ord, marks):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    kind = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
    return re.compile(f"[{kind}]{{{_MOST // 2 + 1},}}")


def _joins(character: str) -> bool:
    if character < "\u0300" or "\u3400" <= character <= "\u9fff" or "\uac00" <= character <= "\udfff":
        return False
    if not unicodedata.combining(character) and not unicodedata.decomposition(character):
        return False
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0
