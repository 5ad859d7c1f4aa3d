"""Finds the positions of terms in a text, and the ends of words."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

from newsearch._patterns import pattern
from newsearch.text import analysis

MAX_CHUNK: Final = 40
"""In longer pieces nobody looks for a place: looking takes time in the square of their length, and more."""

_PAIRED = pattern(analysis.PAIRED)
_FIRST_PAIRED: Final = "\u0e00"
_CHARACTER = pattern(r".[\uff9e\uff9f\u3099\u309a]?", re.DOTALL)
_PUNCTUATION: Final = ".,;:!?\"'()[]…“”‘’–—|"
# Korean is indexed in pairs, but written with spaces.
_UNSPACED = pattern(rf"(?![\uac00-\ud7af]){analysis.PAIRED}")


def _pairs(run: str) -> list[tuple[int, int]] | None:
    """The positions of the pairs in a run of a script without spaces; None if characters cannot be separated."""
    starts: list[int] = []
    ends: list[int] = []
    folded = ""
    for match in _CHARACTER.finditer(run):
        said = analysis.fold(match[0])
        folded += said
        # Where one character becomes several, each of these is all of it.
        starts += [match.start()] * len(said)
        ends += [match.end()] * len(said)
    if not folded or folded != analysis.fold(run):
        return None
    return [(starts[i], ends[min(i + 1, len(ends) - 1)]) for i in range(max(len(ends) - 1, 1))]


def locate(chunk: str, terms: tuple[str, ...]) -> list[tuple[int, int]]:
    """The position of each term in a chunk: the smallest part of the chunk that gives the same term."""
    if (
        chunk[:1] >= _FIRST_PAIRED
        and _PAIRED.match(chunk)
        and (pairs := _pairs(chunk))
        and len(pairs) == len(terms)
    ):
        return pairs
    if len(chunk) > MAX_CHUNK or (len(terms) == 1 and chunk.isalnum()):
        return [(0, len(chunk))] * len(terms)
    if len(terms) == 1 and (bare := chunk.strip(_PUNCTUATION)).isalnum() and bare.isascii():
        start = chunk.index(bare)
        return [(start, start + len(bare))]
    spans = []
    end = 0
    for number, term in enumerate(terms, 1):
        # Neighbouring pairs of letters share one, so a term can begin before the last one's end.
        earliest, wanted = max(end - 1, 0), terms[:number]
        ends = range(end + 1, len(chunk) + 1)
        end = next((e for e in ends if analysis.chunk_terms(chunk[:e])[:number] == wanted), len(chunk))
        starts = range(end - 1, earliest - 1, -1)
        start = next((s for s in starts if analysis.chunk_terms(chunk[s:end]) == (term,)), earliest)
        spans.append((start, end))
    return spans


def end_of_word(text: str, most: int, least: int = 1) -> int:
    """Where to cut a text that is longer than `most` characters, so that no word is parted.

    In a script that is written without spaces, a word may end after any character.

    Args:
        least: the smallest acceptable place.

    Returns:
        The last such place; `most` if there is none.
    """
    space = text.rfind(" ", least, most + 1)
    earliest = max(space, least - 1)
    if not text[earliest + 1 : most + 1].isascii():
        for at in range(most, max(earliest, 0), -1):
            # A mark belongs to the letter before it.
            if _UNSPACED.search(text, at - 1, at + 1) and category(text[at]) not in ("Mn", "Mc"):
                return at
    return space if space >= 0 else most
