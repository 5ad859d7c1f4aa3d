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

BYTES: Final = 16
SLOTS: Final = 6
TITLE_SLOTS: Final = 2
TEXT_SLOTS: Final = SLOTS - TITLE_SLOTS
BITS: Final = 21
LEAD: Final = 64
"""Number of terms of a text that are sampled."""

NEIGHBOURS: Final = 64
"""Number of later articles with the same shingle that each article is paired with, in order of time."""

Signatures: TypeAlias = "np.ndarray[Any, np.dtype[np.uint64]]"
Pairs: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
Slots: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

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


def candidates(
    signatures: Signatures,
    times: Sequence[float] | np.ndarray[Any, Any],
    window: float,
    fresh: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
    once_crowded: tuple[Sequence[int], ...] = ((), ()),
) -> Pairs:
    """The pairs of articles with a common shingle, at most `window` seconds apart.

    Args:
        signatures: n x 2.
        times: publication time of each article, in seconds; NaN if unknown. Unknown times count as close to each other.
        window: in seconds.
        fresh: for each article, whether it has not been paired before. Only pairs with such an article are returned,
            and those that share a crowded shingle: whether these are paired depends on the other articles.
        once_crowded: shingles of headlines, and of texts, that were crowded when the others were paired.

    Returns:
        m x 2 indices of articles, the smaller first, in ascending order, each pair once.
    """
    found = []
    count = len(signatures)
    when = np.nan_to_num(np.asarray(times, np.float64), nan=-1e18)
    for columns, once in zip(_slots(signatures), once_crowded, strict=True):
        articles = np.repeat(np.arange(count), columns.shape[1])
        values = columns.ravel()
        kept = values > 0
        if fresh is not None:
            is_crowded = _crowded(columns)
            is_crowded[np.asarray(once, np.int64)] = True
            is_wanted = is_crowded.copy()
            is_wanted[columns[fresh].ravel()] = True
            kept &= is_wanted[values]
        articles, values = articles[kept], values[kept]
        # an article has each of its shingles once, so the articles of one value are distinct
        order = np.lexsort((articles, when[articles], values))
        articles, values = articles[order], values[order]
        at = np.arange(len(values))
        for step in range(1, NEIGHBOURS + 1):
            at = at[at < len(values) - step]
            at = at[values[at] == values[at + step]]
            if not len(at):
                break
            one, other = articles[at], articles[at + step]
            near = np.abs(when[other] - when[one]) <= window
            if fresh is not None:
                near &= fresh[one] | fresh[other] | is_crowded[values[at]]
            one, other = one[near], other[near]
            found.append(np.minimum(one, other) * count + np.maximum(one, other))
    keys = np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    return np.stack([keys // max(1, count), keys % max(1, count)], axis=1)


def crowded(signatures: Signatures) -> tuple[Slots, Slots]:
    """The shingles of headlines, and those of texts, that more articles have than can all be paired with each other."""
    titles, texts = (np.flatnonzero(_crowded(columns)[1:]) + 1 for columns in _slots(signatures))
    return titles, texts


def _crowded(columns: Slots) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each value of a shingle, whether more articles have it than can all be paired with each other."""
    return np.bincount(columns.ravel(), minlength=1 << BITS) > NEIGHBOURS + 1


def still_paired(signatures: Signatures, pairs: Pairs) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether pairs that were candidates once share a shingle that is not crowded, and so are candidates still."""
    return _sharing(signatures, pairs, is_crowded=False)


def sharing_crowded(signatures: Signatures, pairs: Pairs) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether pairs share a crowded shingle."""
    return _sharing(signatures, pairs, is_crowded=True)


def _sharing(
    signatures: Signatures, pairs: Pairs, *, is_crowded: bool
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    found = np.zeros(len(pairs), bool)
    for columns in _slots(signatures):
        one, other = columns[pairs[:, 0]], columns[pairs[:, 1]]
        counts = (one > 0) & (_crowded(columns)[one] == is_crowded)
        for slot in range(columns.shape[1]):
            found |= ((one == other[:, slot : slot + 1]) & counts).any(axis=1)
    return found


def _slots(signatures: Signatures) -> tuple[Slots, Slots]:
    """The shingles of each headline, n x TITLE_SLOTS, and of each text, n x TEXT_SLOTS."""
    shifts = np.array([0, BITS, 2 * BITS], np.uint64)
    found = ((signatures[:, :, None] >> shifts) & np.uint64(_SLOT)).reshape(len(signatures), SLOTS)
    slots = found.astype(np.int64)
    return slots[:, :TITLE_SLOTS], slots[:, TITLE_SLOTS:]


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
