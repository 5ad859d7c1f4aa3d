"""Where in a text is each of its terms?"""

from __future__ import annotations

from typing import Final

from newsearch.text import analysis

_MAX_CHUNK: Final = 40
"""In longer pieces nobody looks for a place: looking takes time in the square of their length, and more."""

_PUNCTUATION: Final = ".,;:!?\"'()[]…“”‘’–—|"


def locate(chunk: str, terms: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where in a chunk each of its terms is: the least of it that says the same."""
    if len(chunk) > _MAX_CHUNK or (len(terms) == 1 and chunk.isalnum()):
        return [(0, len(chunk))] * len(terms)
    if len(terms) == 1 and (bare := chunk.strip(_PUNCTUATION)).isalnum():
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
