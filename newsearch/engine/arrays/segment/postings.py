"""Build the term arrays of a segment, without running Python code for each posting.

    term_bytes, term_at[n+1]         the n exact forms, sorted by their UTF-8 bytes and concatenated
    post_at[n+1]                     start of each form's postings in:
    post_doc, post_code, post_pos    article, saturated weight (ranking.saturate), first position
    more_at[n+1]                     start of each form's further positions, for articles that have any, in:
    more_doc, more_pos               article, position

Forms that share a stem are a group. The postings of a group are those of its forms (see searching/lookup.py):

    stem_hash, stem_ref              crc32 of every stem, sorted; the number of its only form, or -1 - its group's
    group_form_at[g+1], group_form   numbers of the forms of a group

Forms do not depend on a language, but stems do. If not all articles are English, each language has its own stems over
its own articles, one language after the other:

    stem_language[articles]          the language of every article, as an index into analysis.LANGUAGES
    stem_at[l+1]                     start of each language's stems in stem_hash and stem_ref

A form can then be in one group for each language. The postings of a stem are those of its forms that are in articles of
its language.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.text.analysis import LANGUAGES, Stemming

Array: TypeAlias = NDArray[Any]


class Postings(NamedTuple):
    """Postings sorted by term and article, and the further positions of postings that have any."""

    term: Array
    doc: Array
    code: Array
    pos: Array
    more_term: Array
    more_doc: Array
    more_pos: Array


MAX_POSITIONS = 1 << 16
"""Words of an article beyond this many are not indexed. They remain in its record."""


class Stems:
    """The stems of one language, numbered in order of first use."""

    def __init__(self, stemming: Stemming) -> None:
        self._stemming = stemming
        self._numbers: dict[str, int] = {}
        self._hashes = array("I")

    def numbered(self, forms: Iterable[str]) -> list[int]:
        """The number of the stem of each form."""
        numbers = self._numbers
        found = [numbers.setdefault(stem, len(numbers)) for stem in self._stemming.stems(forms)]
        new = islice(numbers, len(self._hashes), None)
        self._hashes.extend(zlib.crc32(stem.encode()) for stem in new)
        return found

    def with_hashes(self, numbers: Array) -> FormStems:
        """Stems that have been numbered, with their hashes."""
        return FormStems(numbers, np.array(self._hashes, np.int64).take(numbers))


class FormStems(NamedTuple):
    """The stems of some forms: the number and the crc32 of each."""

    numbers: Array
    hashes: Array


StemLookup: TypeAlias = Callable[[int, Array], FormStems]
"""Returns the stems of forms, given a language and the numbers of the forms."""


def form_stems(stemming: Stemming, forms: Iterable[str]) -> FormStems:
    """The stems of some forms, with numbers that are local to this call."""
    stems = Stems(stemming)
    return stems.with_hashes(np.array(stems.numbered(forms), np.int64))


def stem_lookup(terms: Sequence[str], stemmings: Sequence[Stemming]) -> StemLookup:
    """A function that returns the stems of terms given by their numbers."""
    return lambda language, forms: form_stems(stemmings[language], [terms[i] for i in forms.tolist()])


def term_arrays(
    forms: int,
    languages: Array,
    stems: StemLookup,
    postings: Postings,
) -> dict[str, Array]:
    """All arrays listed at the top of this file except the texts of the exact forms.

    Args:
        forms: the number of exact forms.
        languages: the language number of every article.
        stems: returns the stems of the forms.
        postings: the postings of the exact forms. `term` is the number of the form in sorted order.
    """
    numbers = np.arange(forms + 1, dtype=postings.term.dtype)
    return {
        "post_at": np.searchsorted(postings.term, numbers),
        "post_doc": postings.doc,
        "post_code": postings.code,
        "post_pos": postings.pos,
        "more_at": np.searchsorted(postings.more_term, numbers),
        "more_doc": postings.more_doc,
        "more_pos": postings.more_pos,
        **stem_arrays(*words_of(forms, languages, postings), languages, stems),
    }


def stem_arrays(form: Array, language: Array, languages: Array, stems: StemLookup) -> dict[str, Array]:
    """The arrays of the stems and groups listed at the top of this file.

    Args:
        form, language: the form and the language of every word, as `words_of` returns them.
        languages, stems: see `term_arrays`.
    """
    present = _present(language)
    found = [stems(tongue, form[language == tongue]) for tongue in present]
    numbers = [tongue << 32 | of_tongue.numbers for tongue, of_tongue in zip(present, found, strict=True)]
    # Number the groups in the order of their first forms, to make them independent of the numbering of the stems.
    _, first, stem, forms = np.unique(
        np.concatenate([np.empty(0, np.int64), *numbers]),
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    is_group = forms > 1
    by_first = np.argsort(first[is_group])
    group_of_stem = np.full(len(first), -1)
    group_of_stem[np.flatnonzero(is_group)[by_first]] = np.arange(len(by_first))
    group_of = group_of_stem[stem]
    grouped_words = np.flatnonzero(group_of >= 0)
    group_form = form[grouped_words[np.argsort(group_of[grouped_words], kind="stable")]]

    ref = np.where(is_group, -1 - group_of_stem, form[first])
    hashed = np.concatenate([np.empty(0, np.int64), *(of_tongue.hashes for of_tongue in found)])[first]
    by_hash = np.lexsort((ref, hashed, language[first]))
    arrays = {
        "stem_hash": hashed[by_hash],
        "stem_ref": ref[by_hash],
        "group_form_at": np.concatenate(([0], np.cumsum(forms[is_group][by_first]))),
        "group_form": group_form,
    }
    if languages.any():
        arrays["stem_language"] = languages
        arrays["stem_at"] = np.searchsorted(np.sort(language[first]), np.arange(len(LANGUAGES) + 1))
    return arrays


def words_of(forms: int, languages: Array, postings: Postings) -> tuple[Array, Array]:
    """The (form, language) pairs that occur, sorted by language and form.

    Returns:
        The form and the language of each pair.
    """
    if not languages.any():
        return np.arange(forms), np.zeros(forms, np.int64)
    of_posting = languages[postings.doc]
    found: list[Array] = []
    for language in _present(languages):
        used = np.zeros(forms, bool)
        used[postings.term[of_posting == language]] = True
        found.append(np.flatnonzero(used))
    return np.concatenate(found), np.repeat(_present(languages), list(map(len, found)))


def _present(languages: Array) -> list[int]:
    present: list[int] = np.flatnonzero(np.bincount(languages)).tolist()
    return present
