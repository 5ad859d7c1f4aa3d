"""Where does the name of a publisher begin at the end of a title, given only its words?

A title may end in the name of its outlet ("Ash closes airport - The Courier"). The separator is lost in an index of
words. The name is found if it is the name of the outlet, or if most titles of the outlet end in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from newsearch.stories.likeness import Places
from newsearch.text import analysis
from newsearch.text.analysis import Stemming

ENDING: Final = 5
"""The maximum number of words in the name of a publisher at the end of a title."""
KEPT: Final = 3
"""Words of a title that are kept in any case."""
ENDED: Final = 3
"""Titles of an outlet that must end alike for the ending to be the publisher's name, and half of its titles."""


def publishers(titles: Sequence[Sequence[str]], names: Sequence[str], outlets: Sequence[str]) -> list[int]:
    """The number of words at the end of each title that name its publisher.

    Args:
        titles: their words, as stems.
        names: the names of their publishers.
        outlets: what identifies their outlets; empty if unknown.
    """
    numbers: dict[str, int] = {}
    last = np.full((len(titles), ENDING), -1, np.int64)
    named = np.full((len(titles), ENDING + 1), -1, np.int64)
    stemming = Stemming()
    for i, title in enumerate(titles):
        ending = title[max(KEPT, len(title) - ENDING) :][::-1]
        last[i, : len(ending)] = [numbers.setdefault(stem, len(numbers)) for stem in ending]
    for i, name in enumerate(names):
        terms = analysis.terms(name)
        if len(terms) <= ENDING:
            named[i, : len(terms)] = [numbers.get(stem, -2) for stem in stemming.stems(terms)[::-1]]
    known = {"": 0}
    numbered = np.array([known.setdefault(outlet, len(known)) for outlet in outlets], np.int64)
    found: list[int] = endings(last, named, numbered).tolist()
    return found


def endings(last: Places, names: Places, outlets: Places) -> Places:
    """The number of words at the end of each title that name its publisher.

    Args:
        last: the numbers of the last ENDING words of each title, the last one first, n x ENDING; -1 where there is
            none, and for the first KEPT words of the title.
        names: the numbers of the words of the outlet's name, the last one first, n x (ENDING + 1); -1 beyond them, and
            for a longer name. -2 for a word that is in no title.
        outlets: the number of the outlet of each title; 0 if unknown.
    """
    found = np.zeros(len(last), np.int64)
    of_outlet = np.bincount(outlets, minlength=1)
    words = int(last.max(initial=-1)) + 2
    key = outlets
    for size in range(1, ENDING + 1):
        at = last[:, size - 1]
        # equal numbers for equal endings of one outlet
        _, key = np.unique(key * words + at + 1, return_inverse=True)
        count = np.bincount(key, minlength=1).take(key)
        is_usual = (count >= ENDED) & (2 * count >= of_outlet.take(outlets)) & (outlets > 0)
        is_name = (
            (names[:, size - 1] >= 0)
            & (names[:, :size] == last[:, :size]).all(axis=1)
            & (names[:, size] == -1)
        )
        found[(is_usual | is_name) & (at >= 0)] = size
    return found
