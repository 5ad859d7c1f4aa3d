"""Detects the languages of many articles at once, as `languages.of` and `languages.detected` do one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.segment.columns import ranges
from newsearch.text import languages
from newsearch.text.analysis import LANGUAGES

Array: TypeAlias = NDArray[Any]

_NUMBERS = {code: number for number, code in enumerate(LANGUAGES)}

CODES = ("", *languages.KNOWN)
"""The codes that `Spoken.detected` indexes."""


class Spoken(NamedTuple):
    """The languages of some articles.

    Attributes:
        stemmed: the language used to stem each article, as an index into LANGUAGES (see `languages.of`).
        detected: the language detected from its words, as an index into CODES (see `languages.detected`). It is
            meaningless for an article whose tag names a language.
    """

    stemmed: Array
    detected: Array


def languages_of(
    tags: Sequence[str], tag: Array, terms: Mapping[str, int], tokens: Array, lengths: Array, foreign: Array
) -> Spoken:
    """The language of every article.

    Args:
        tags: the distinct language tags; an empty one means no tag.
        tag: for each article, the index of its tag.
        terms: the number of each term.
        tokens: the term numbers of all articles, concatenated.
        lengths: the number of tokens of each article.
        foreign: for each term, the result of `languages.is_foreign`.
    """
    known = [_NUMBERS.get(languages.tagged(name or None) or "", -1) for name in tags]
    found: Array = np.array(known, np.int64)[tag]
    untagged = np.flatnonzero(found < 0)
    detected = np.full(len(found), CODES.index(languages.ENGLISH))
    if not len(untagged):
        return Spoken(found, detected)
    # The number of each term that is a function word, from 1; and by that number, the languages that have the word.
    function_word = np.zeros(len(terms), np.uint16)
    codes: list[tuple[str, ...]] = [()]
    for word, languages_of_word in languages.function_words().items():
        if (term := terms.get(word)) is not None:
            function_word[term] = len(codes)
            codes.append(languages_of_word)
    words = function_word.take(tokens)
    ends = np.concatenate(([0], np.cumsum(lengths)))
    latin = lengths - _sums(foreign.take(tokens), ends) if foreign.any() else lengths
    # A text without words has no language.
    detected[2 * latin <= lengths] = 0
    is_english = np.array([languages.ENGLISH in of_word for of_word in codes])
    english = _sums(is_english.take(words), ends)
    others = _sums(words > 0, ends) - english
    # Articles that can only be English need no further checks.
    found[untagged] = 0
    maybe = untagged[((others >= languages.FEWEST) & (others > 2 * english))[untagged]]
    words = words[ranges(ends[maybe], lengths[maybe])]
    article = np.repeat(np.arange(len(maybe)), lengths[maybe])
    # A function word counts for every language that has it.
    number = np.array([languages.KNOWN.index(code) for of_word in codes for code in of_word], np.int64)
    several = np.array(list(map(len, codes)))
    first = np.cumsum(several) - several
    counted = number[ranges(first[words], several[words])]
    size = len(languages.KNOWN)
    cells = np.repeat(article, several[words]) * size + counted
    counts = np.bincount(cells, minlength=len(maybe) * size).reshape(-1, size)
    likeliest, is_certain = _likeliest(counts, lengths[maybe])
    numbers = np.array([_NUMBERS.get(code, 0) for code in languages.KNOWN])
    found[maybe] = np.where(is_certain, numbers[likeliest], 0)
    # CODES starts with "", for no language.
    detected[maybe[is_certain]] = likeliest[is_certain] + 1
    return Spoken(found, detected)


def _likeliest(counts: Array, totals: Array) -> tuple[Array, Array]:
    """For each article, the likeliest of languages.KNOWN other than English, and whether it is certain enough.

    Args:
        counts: function words of each language in each article, shape (articles, languages.KNOWN).
        totals: the number of words in each article.
    """
    english = languages.KNOWN.index(languages.ENGLISH)
    others = counts.copy()
    others[:, english] = 0
    most = others.max(axis=1, initial=0)
    is_certain: Array = (
        (most >= languages.FEWEST)
        & (most * languages.SHARE >= totals)
        & (most > 2 * counts[:, english])
        & (np.count_nonzero(others == most[:, None], axis=1) == 1)
    )
    return others.argmax(axis=1), is_certain


def _sums(counted: Array, ends: Array) -> Array:
    """The number of counted tokens in each article."""
    before = np.zeros(len(counted) + 1, np.int32)
    np.cumsum(counted, out=before[1:])
    sums: Array = np.diff(before[ends])
    return sums
