"""How the vocabulary of recombined articles grows: as a real collection's does, after Heaps' law.

A text of n words holds about K * n**beta different ones (H. S. Heaps, Information Retrieval, 1978, section 7.5). Beta
is fitted on the real articles, and K is chosen so that the law holds for all of them together.

New words take the place of rarer ones for the length of one variant of the collection. They are therefore as frequent,
and come as much together, as the rarer words of real news: half of them stand in one article, few in more than fifty.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST = 4  # letters of a word that may be replaced: names and terms, hardly ever grammar
_COMMON = 2000  # a word that stands in more than one of so many articles is not replaced,
_RARE = 10  # unless it stands in no more than these
_POINTS = 40
_FIRST_POINT = 0.01  # of the collection: before that, the law does not hold


@dataclass(frozen=True, slots=True)
class Heaps:
    """Heaps' law: `k * n**beta` different words among n."""

    k: float
    beta: float

    def words(self, length: float) -> float:
        return float(self.k * length**self.beta)


def fit(lengths: Sequence[int], different: Sequence[int]) -> Heaps:
    """The law whose beta fits these numbers of words and of different words best, and that holds for the last.

    Least squares on the logarithms.
    """
    beta = float(np.polyfit(np.log(lengths), np.log(different), 1)[0]) if len(set(lengths)) > 1 else 1.0
    return Heaps(different[-1] / lengths[-1] ** beta, beta)


def words_of(text: str) -> list[str]:
    """The words that are counted: runs of letters, in lower case."""
    return _LETTERS.findall(text.lower())


class Growth:
    """The words of a collection, and the new ones of each of its variants.

    Args:
        texts: the text of each article.
        seed: which new words are made. Equal seeds make equal words.
    """

    def __init__(self, texts: Iterable[str], seed: int) -> None:
        frequency: dict[str, int] = {}
        steps: list[tuple[int, int]] = []
        length = articles = 0
        for text in texts:
            words = words_of(text)
            length += len(words)
            articles += 1
            for word in set(words):
                frequency[word] = frequency.get(word, 0) + 1
            steps.append((length, len(frequency)))
        self.length = length
        self.law = _fitted(steps)
        most = max(_RARE, articles // _COMMON)
        self._rarer = sorted(w for w, n in frequency.items() if n <= most and len(w) >= _SHORTEST)
        self._replaced = frozenset(self._rarer)
        self._known = set(frequency)
        self._seen_before = len(self._rarer)
        self._seed = seed

    @property
    def different(self) -> int:
        """How many different words there are by now."""
        return len(self._known)

    def variant(self, number: int) -> Variant:
        """The words of one variant of the collection; to be asked for in order, from 1 on."""
        missing = self.law.words(self.length * (number + 1)) - len(self._known)
        share = min(1.0, max(0.0, missing / max(1, self._seen_before)))
        return Variant(self, share, random.Random(self._seed + number))

    def coin(self, word: str, rng: random.Random) -> str:
        """A word that there was not before: the first half of this one and the second of another."""
        made = word[: (len(word) + 1) // 2]
        while True:
            other = rng.choice(self._rarer)
            made += other[len(other) // 2 :]
            if made not in self._known:
                self._known.add(made)
                return made

    def replaces(self, word: str) -> bool:
        return word in self._replaced

    def saw(self, rarer: int) -> None:
        """How many words of the last variant could have been replaced: the next expects as many."""
        self._seen_before = rarer


class Variant(dict[str, str]):
    """What each word, with the marks around it, is written as in one variant of the collection.

    It is decided when the word is first asked for.
    """

    def __init__(self, growth: Growth, share: float, rng: random.Random) -> None:
        super().__init__()
        self._growth = growth
        self._share = share
        self._rng = rng
        self._names: dict[str, str] = {}

    def __missing__(self, written: str) -> str:
        self[written] = made = _LETTERS.sub(self._replacement, written)
        return made

    def _replacement(self, found: re.Match[str]) -> str:
        letters = found.group()
        word = letters.lower()
        if not self._growth.replaces(word):
            return letters
        if word not in self._names:
            new = self._rng.random() < self._share
            self._names[word] = self._growth.coin(word, self._rng) if new else word
            self._growth.saw(len(self._names))
        name = self._names[word]
        if name == word:
            return letters
        return name.capitalize() if letters[0].isupper() else name


def _fitted(steps: list[tuple[int, int]]) -> Heaps:
    first = max(1.0, len(steps) * _FIRST_POINT)
    at = sorted({int(n) - 1 for n in np.geomspace(first, len(steps), _POINTS)})
    return fit([steps[n][0] for n in at], [steps[n][1] for n in at])
