"""Which pairs of articles may be copies? Found over a whole index from 16 bytes per article.

A signature consists of SLOTS shingles of an article: TITLE_SLOTS pairs of words of its headline, and TEXT_SLOTS runs of
three words from the first LEAD terms of its text. Each is a hash of BITS bits; 0 if there are fewer. Two articles are
candidates if they have one in common.

The chosen shingles come first in an order drawn by hashing, in which a shingle of long words draws more lots. Long
words are rare, so a shingle common to many articles is seldom chosen. This needs no statistics of the collection,
which would change with every batch. A text that is part of another keeps those of its shingles that come first.
(Bottom-k sketches: Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007; weighted sampling by lots:
Manasse, McSherry and Talwar, "Consistent weighted sampling", Microsoft Research, 2010.)
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np

from newsearch._patterns import pattern
from newsearch.stories.wording import bare_title, dateline, repaired
from newsearch.text.analysis import PAIRED, chunk_terms

SLOTS: Final = 6
TITLE_SLOTS: Final = 2
TEXT_SLOTS: Final = SLOTS - TITLE_SLOTS
BITS: Final = 21
LEAD: Final = 64
"""Number of terms of a text that are sampled."""

Signatures: TypeAlias = "np.ndarray[Any, np.dtype[np.uint64]]"

_MASK: Final = (1 << 64) - 1
_SLOT: Final = (1 << BITS) - 1
STEP: Final = 0x9E3779B97F4A7C15
TITLE_SHINGLE: Final = 2
TEXT_SHINGLE: Final = 3
_LETTERS: Final = 9
"""Letters of a term that count towards its lots, less _FREE: one lot per three letters of a shingle."""
_FREE: Final = 2
_PAIR: Final = 3


def signature(title: Sequence[str], text: Sequence[str]) -> tuple[int, int]:
    """The signature of an article, as two 64-bit numbers.

    Args:
        title: terms of its headline, without the publisher's suffix.
        text: terms of its excerpt and body; the first LEAD are used.
    """
    lead = text[:LEAD]
    return signature_of(list(map(_hash, title)), term_lots(title), list(map(_hash, lead)), term_lots(lead))


def signature_of(
    title: Sequence[int], title_lots: Sequence[int], text: Sequence[int], text_lots: Sequence[int]
) -> tuple[int, int]:
    """The same, given the `term_hashes` and the `term_lots` of the terms; `text` has at most LEAD of them."""
    slots = _lowest(title, title_lots, TITLE_SHINGLE, TITLE_SLOTS)
    slots += _lowest(text, text_lots, TEXT_SHINGLE, TEXT_SLOTS)
    first, second = (sum(slot << BITS * i for i, slot in enumerate(half)) for half in (slots[:3], slots[3:]))
    return first, second


def article_signature(title: str, excerpt: str, body: str) -> tuple[int, int]:
    """The signature that an index stores for an article."""
    headline = _terms(bare_title(repaired(title).split()))
    first, rest = repaired(excerpt).split(), repaired(body).split()
    lead, more = _terms(first[dateline(first) :]), _terms(rest)
    if not _terms(first):
        lead, more = [], _terms(rest[dateline(rest) :])
    text = lead + more
    return signature(headline, text[len(headline) :] if text[: len(headline)] == headline else text)


def _terms(chunks: Sequence[str]) -> list[str]:
    return [term for chunk in chunks for term in chunk_terms(chunk)]


def signatures(articles: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Signatures:
    """The signatures of articles, each given as the terms of title and text: an n x 2 array."""
    return signatures_array([signature(title, text) for title, text in articles])


def signatures_array(found: Sequence[tuple[int, int]]) -> Signatures:
    """Convert signatures to the form that `candidates` takes: an n x 2 array."""
    return np.array(found, np.uint64).reshape(-1, 2)


def _lowest(hashes: Sequence[int], sizes: Sequence[int], length: int, count: int) -> list[int]:
    """The hashes of the shingles that come first, without duplicates, padded with 0."""
    draws: dict[int, int] = {}
    for at in range(len(hashes) - length + 1):
        lots = sum(sizes[at : at + length]) // 3
        if not lots:
            continue
        shingle = 0
        for value in hashes[at : at + length]:
            shingle = _mix((shingle * 3 + value) & _MASK)
        slot = shingle & _SLOT or 1
        draw = min(_mix((shingle + lot * STEP) & _MASK) for lot in range(lots))
        if draw < draws.get(slot, _MASK + 1):
            draws[slot] = draw
    chosen = sorted(draws, key=lambda slot: (draws[slot], slot))[:count]
    return chosen + [0] * (count - len(chosen))


def term_hashes(terms: Sequence[str]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """The 64-bit hash of each term."""
    sums = [zlib.crc32(term.encode("utf-8", "surrogatepass")) for term in terms]
    found: np.ndarray[Any, np.dtype[np.uint64]] = _mix(np.array(sums, np.uint64) + np.uint64(STEP))
    return found


@lru_cache(maxsize=1 << 16)
def _hash(term: str) -> int:
    return int(_mix((zlib.crc32(term.encode("utf-8", "surrogatepass")) + STEP) & _MASK))


def term_lots(terms: Sequence[str]) -> bytes:
    """Thirds of lots that each term draws for its shingles."""
    return bytes([max(0, min(len(term), _LETTERS) - _FREE) or _lots_of_pair(term) for term in terms])


def _lots_of_pair(term: str) -> int:
    """The lots of two characters of a script without spaces, of which one may be a word."""
    return _PAIR if len(term) == 2 and not term.isascii() and _PAIRED.fullmatch(term) else 0


_PAIRED = pattern(f"{PAIRED}{{2}}")


def _mix(value: Any) -> Any:
    # splitmix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
