"""The inner loops of a search, as pure functions over sorted lists of articles.

The numpy versions here are the reference. If a compiler was available when newsearch was installed, the functions of
the same names in `_kernel.c` replace them. Those return the same articles and bit-identical scores. They avoid numpy's
overhead of about a microsecond per call. The tests check both against the same oracle.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import ceil
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._compiled import compiled
from newsearch.engine.arrays.loops import positions
from newsearch.engine.arrays.loops.spread import Spread, Table

Array: TypeAlias = NDArray[Any]
Mask: TypeAlias = NDArray[np.bool_]

Row: TypeAlias = tuple[float, int, float]
"""A candidate: its sort key, its article number, its score."""

Passes: TypeAlias = Callable[[Any], Any] | Any
"""A filter: maps article numbers (a buffer of uint32, never empty) to one byte for each, whether it passes. Or a bitmap
of the articles that pass, as sieve.union returns it."""

CHUNK = 1024
"""The number of articles that share a boost ceiling: those whose numbers differ only in the last ten bits."""

COMPARED = frozenset(map(np.dtype, ("u1", "u2", "u4", "i4", "i8", "f8")))
"""The types of numbers that compiled loops read. Few files have others: small numbers below 0, or huge ones."""

_ENDING = 3
"""The number of last bytes by which a dictionary's forms of one length are ordered."""

_HEAD = 1024


def has_bit(bits: Array, docs: Array) -> Mask:
    """For each of some articles, whether its bit is set (see sieve.union)."""
    found: Mask = (bits.take(docs >> 6) >> (docs & 63).astype(np.uint64)) & np.uint64(1) != 0
    return found


def passed(passes: Passes, docs: Array) -> Mask:
    """For each of some articles (uint32), whether it passes a filter."""
    return np.frombuffer(passes(docs), bool) if callable(passes) else has_bit(passes, docs)


class Part(NamedTuple):
    """Sorted articles, each with a score of value * unit. Scores are above 0 and at most `best`.

    Long lists also have a bitmap. `bits` has one bit for each article of the index, set if it is in the list, in words
    of 64 bits, uint64 (see sieve.union). `ranks` is the number of listed articles before each word, uint32.
    """

    doc: Array
    value: Array
    unit: float
    best: float
    bits: Array | None = None
    ranks: Array | None = None

    def look_up(self, docs: Array) -> Array:
        """The values of these articles, 0 for those not in the list."""
        if not len(self.doc):
            return np.zeros(len(docs), np.uint8)
        found: Array
        if self.bits is not None and self.ranks is not None:
            below = (np.uint64(1) << (docs & 63).astype(np.uint64)) - np.uint64(1)
            at = self.ranks.take(docs >> 6) + np.bitwise_count(self.bits.take(docs >> 6) & below)
            found = self.value.take(at, mode="clip") * has_bit(self.bits, docs)
            return found
        at = self.doc.searchsorted(docs)
        found = self.value.take(at, mode="clip") * (self.doc.take(at, mode="clip") == docs)
        return found

    def at_least(self, score: float) -> tuple[Array, Array]:
        """All articles with at least this score, and their values. May include some with a marginally lower score."""
        if score <= 0:
            return self.doc, self.value
        least = score / self.unit * (1 - 1e-9)
        if score > self.best * (1 + 1e-9):
            return self.doc[:0], self.value[:0]
        # Comparing codes as small integers is many times faster than scoring them.
        kept = (
            self.value >= (self.value.dtype.type(ceil(least)) if self.value.dtype.kind == "u" else least)
        ).nonzero()[0]
        return self.doc.take(kept), self.value.take(kept)


class Every(Part):
    """Every article of an index of so many, each with a score of 1. The compiled loops need no list of them."""

    __slots__ = ()

    def __new__(cls, articles: int) -> Every:
        # The range has the length of the list, and tells the compiled loops that there is none.
        return super().__new__(cls, range(articles), np.empty(0, np.uint8), 1.0, 1.0)  # type: ignore[arg-type]

    def look_up(self, docs: Array) -> Array:
        return np.ones(len(docs), np.uint8)


def listed(parts: Sequence[Part]) -> list[Part]:
    """The same parts, all of them as lists."""
    return [_listed(part) if isinstance(part.doc, range) else part for part in parts]


def _listed(every: Part) -> Part:
    docs = np.arange(len(every.doc), dtype=np.uint32)
    return Part(docs, np.ones(len(docs), np.uint8), every.unit, every.best)


class Boost(NamedTuple):
    """The boost factor of every article (see ranking).

    Attributes:
        factors: of each article or, if they have codes, of each of 65,536 codes. float64.
        codes: the code of each article, uint16. They take a quarter of the memory.
        ceiling: the highest factor in each CHUNK of articles.
    """

    factors: ranking.Floats
    codes: Array | None
    ceiling: ranking.Floats

    @property
    def articles(self) -> int:
        """The number of articles."""
        return len(self.factors if self.codes is None else self.codes)

    def take(self, docs: Array) -> ranking.Floats:
        """The factors of some articles."""
        return self.factors.take(docs if self.codes is None else self.codes.take(docs))


class Slot(NamedTuple):
    """The occurrences of a word at one place of a phrase.

    Sorted articles, with the word's code and first position in each. Further positions follow, article by article.
    `unit` is the score of a code of 1.
    """

    doc: Array
    code: Array
    pos: Array
    more_doc: Array
    more_pos: Array
    unit: float

    def parts(self, articles: int) -> Iterator[Slot]:
        """The same occurrences in slots of at most so many articles, at least one slot."""
        if len(self.doc) <= articles:
            yield self
            return
        for start in range(0, len(self.doc), articles):
            first = slice(start, start + articles)
            doc = self.doc[first]
            more = slice(
                int(self.more_doc.searchsorted(doc[0])), int(self.more_doc.searchsorted(doc[-1], "right"))
            )
            yield Slot(
                doc, self.code[first], self.pos[first], self.more_doc[more], self.more_pos[more], self.unit
            )

    def keys(self) -> Array:
        """Every occurrence as article << 16 | position, sorted."""
        first = (self.doc.astype(np.int64) << 16) | self.pos
        if not len(self.more_doc):
            return first
        keys = np.concatenate((first, (self.more_doc.astype(np.int64) << 16) | self.more_pos))
        keys.sort()
        return keys


class Codes(NamedTuple):
    """Postings of exact forms in one segment, whose articles are numbered from `start`. Codes are divided by `divisor`,
    but count for at least 1."""

    doc: Array
    code: Array
    start: int
    divisor: int


class Occurrences(NamedTuple):
    """The occurrences of exact forms in one segment, whose articles are numbered from `start`. See `Slot`.

    `several` tells whether there may be more than one form. Their postings then follow each other form by form.
    """

    doc: Array
    code: Array
    pos: Array
    more_doc: Array
    more_pos: Array
    start: int
    several: bool


class _Best:
    """The best candidates so far, by score, including all that tie with the last of them.

    Attributes:
        threshold: the lowest score with which a candidate is kept.
    """

    def __init__(self, boost: Boost, visible: Array | None, passes: Passes | None, wanted: int) -> None:
        self._boost, self._visible, self._passes, self._wanted = boost, visible, passes, wanted
        self._doc: Array = np.empty(0, np.uint32)
        self._score: ranking.Floats = np.empty(0)
        self.threshold = -np.inf

    def add(self, doc: Array, text: ranking.Floats) -> None:
        score = text * self._boost.take(doc)
        kept = score >= self.threshold
        if self._visible is not None:
            kept &= has_bit(self._visible, doc)
        doc, score = doc[kept].astype(np.uint32, copy=False), score[kept]
        if self._passes is not None and len(doc):
            is_passing = passed(self._passes, doc)
            doc, score = doc[is_passing], score[is_passing]
        if len(self._doc):
            doc, score = np.concatenate((self._doc, doc)), np.concatenate((self._score, score))
        if len(doc) > self._wanted:
            best = ranking.top(score, self._wanted)
            doc, score = doc.take(best), score.take(best)
        if len(doc) >= self._wanted:
            self.threshold = float(score.min())
        self._doc, self._score = doc, score

    def rows(self, first: int) -> tuple[list[Row], int]:
        """The candidates but for those before place `first` that do not tie with the one there, and their number."""
        kept = from_place(self._score, first)
        scores = self._score.take(kept).tolist()
        return list(zip(scores, self._doc.take(kept).tolist(), scores, strict=True)), len(self._doc) - len(
            kept
        )


def from_place(keys: ranking.Floats, first: int) -> Array:
    """The positions of keys, but for those that come before place `first` (highest first) without a tie."""
    if first >= len(keys):
        return np.empty(0, np.intp)
    found: Array = (keys <= np.sort(keys)[::-1][max(first, 0)]).nonzero()[0]
    return found


def best_complete(
    parts: list[Part],
    boost: Boost,
    visible: Array | None,
    passes: Passes | None,
    wanted: int,
    first: int,
) -> tuple[list[Row], int]:
    """The best articles that are in every part.

    Args:
        parts: in the order in which their scores are summed. The first one should be the shortest.
        visible: a bitmap of the articles that may be found at all. None means all.
        passes: a further filter, or None.
        wanted: the number of articles to find, at least 1.
        first: the place of the first article to return, counted from 0.

    Returns:
        These articles and all that tie with the first or the last of them, in no particular order; and how many
        articles come before them.
    """
    best = _Best(boost, visible, passes, wanted)
    parts = listed(parts)
    rarest, others = parts[0], parts[1:]
    elsewhere = sum(part.best for part in others)
    docs, values = rarest.doc, rarest.value
    if len(docs) > 4 * _HEAD:
        # The first articles of a long list have the highest boosts. They set the threshold that prunes the rest.
        _add_complete(best, docs[:_HEAD], values[:_HEAD], rarest.unit, others)
        docs, values = rarest.at_least(best.threshold / float(boost.ceiling.max()) - elsewhere)
        start = docs.searchsorted(rarest.doc[_HEAD])
        docs, values = docs[start:], values[start:]
    _add_complete(best, docs, values, rarest.unit, others)
    return best.rows(first)


def _add_complete(best: _Best, docs: Array, values: Array, unit: float, others: Sequence[Part]) -> None:
    score = values * unit
    for part in others:
        values = part.look_up(docs)
        kept = values.nonzero()[0]
        docs = docs.take(kept)
        score = score.take(kept) + values.take(kept) * part.unit
    best.add(docs, score)


def best_partial(
    parts: list[Part],
    required: bytes,
    also_complete: bool,
    boost: Boost,
    visible: Array | None,
    passes: Passes | None,
    wanted: int,
    first: int,
) -> tuple[list[Row], int]:
    """The best articles that are in every required part and in at least one part, but not in all parts.

    Without required parts, the parts are processed in order of falling best score, and each article is scored at the
    first part that contains it. Its score is then bounded by the best scores of that part and all later ones together.

    Args:
        required: one byte for each part, 1 if it is required, otherwise 0.
        also_complete: include the articles that are in all parts.
    """
    best = _Best(boost, visible, passes, wanted)
    parts = listed(parts)
    numbers = range(len(parts))
    if any(required):
        lead = min((i for i in numbers if required[i]), key=lambda i: len(parts[i].doc))
        _add_partial(best, parts, required, also_complete, parts[lead].doc, ())
        return best.rows(first)
    highest = float(boost.ceiling.max(initial=0.0)) or 1.0
    queue = sorted(numbers, key=lambda i: -parts[i].best)
    later = sum(part.best for part in parts)
    for turn, lead in enumerate(queue):
        later -= parts[lead].best
        docs, _ = parts[lead].at_least(best.threshold / highest - later)
        if len(docs):
            _add_partial(best, parts, required, also_complete, docs, queue[:turn])
    return best.rows(first)


def _add_partial(
    best: _Best,
    parts: Sequence[Part],
    required: bytes,
    also_complete: bool,
    docs: Array,
    earlier: Sequence[int],
) -> None:
    for i in earlier:
        docs = docs.take((parts[i].look_up(docs) == 0).nonzero()[0])
    score, wanted = np.zeros(len(docs)), np.ones(len(docs), bool)
    is_complete = np.full(len(docs), not (also_complete or earlier))
    for i, part in enumerate(parts):
        if i in earlier:
            continue
        values = part.look_up(docs)
        score += values * part.unit
        is_complete &= values != 0
        if required[i]:
            wanted &= values != 0
    kept = (wanted & ~is_complete).nonzero()[0]
    best.add(docs.take(kept), score.take(kept))


def foremost(
    docs: Array,
    values: Spread,
    flags: Spread,
    known: int,
    least: float,
    falling: bool,
    wanted: int,
    first: int,
) -> tuple[Any, int]:
    """The first of some articles in an order other than relevance.

    Args:
        docs: uint32.
        values, flags: of each article of the index, in the same segments.
        known: the bit of a flag that tells that there is a value.
        least: a value below it is unknown. Unknown ones come last.
        falling: whether the highest values come first.
        wanted, first: as in `best_complete`.

    Returns:
        A buffer of the article numbers, uint32, as `best_complete` returns articles; and how many come before them.
    """
    found = values.take(docs).astype(np.float64)
    is_known = ((flags.take(docs) & known) != 0) & (found >= least)
    keys = np.where(is_known, found if falling else -found, -np.inf)
    kept = ranking.top(keys, wanted)
    shown = from_place(keys.take(kept), first)
    return docs.take(kept.take(shown)), len(kept) - len(shown)


def best_codes(postings: list[Codes], articles: int, live: Mask | None) -> tuple[Any, Any, int]:
    """Merge several forms into one word: the articles that contain any of them, with the highest code in each.

    Args:
        articles: the number of articles in the whole index.
        live: which of them are live. None means all.

    Returns:
        A buffer of the article numbers, sorted, uint32; a buffer of the codes, uint8; and the number of these articles
        that are live.
    """
    table = np.zeros(articles, np.uint8)
    for doc, code, start, divisor in postings:
        numbers = doc.astype(np.uint32) + np.uint32(start)
        np.maximum.at(table, numbers, np.maximum(code // divisor, 1).astype(np.uint8))
    found = table.nonzero()[0]
    alive = len(found) if live is None else int(np.count_nonzero(live.take(found)))
    return found.astype(np.uint32), table.take(found), alive


def united(forms: list[Occurrences], among: Array | None) -> tuple[Any, Any, Any, Any, Any]:
    """Unite the occurrences of some forms, as those of one word.

    Args:
        forms: by rising start.
        among: the articles to which the result is limited, sorted, uint32. None means all.

    Returns:
        Buffers of the first five attributes of a `Slot`, of types uint32, uint8, uint16, uint32 and uint16. In an
        article with several of the forms, the highest code counts.
    """
    postings = [Codes(form.doc, form.code, form.start, 1) for form in forms]
    doc, code, _ = best_codes(postings, forms[-1].start + (1 << 16) if forms else 0, None)
    doc, code = np.frombuffer(doc, np.uint32), np.frombuffer(code, np.uint8)
    first = [_numbered(form.doc, form.start) << 16 | form.pos for form in forms]
    more = [_numbered(form.more_doc, form.start) << 16 | form.more_pos for form in forms]
    keys = np.sort(np.concatenate([np.empty(0, np.int64), *first, *more]))
    if among is not None:
        is_wanted = np.isin(doc, among)
        doc, code, keys = doc[is_wanted], code[is_wanted], keys[np.isin(keys >> 16, among)]
    docs, pos = (keys >> 16).astype(np.uint32), (keys & 0xFFFF).astype(np.uint16)
    is_first = np.append(True, docs[1:] != docs[:-1]) if len(docs) else np.empty(0, bool)
    return doc, code, pos[is_first], docs[~is_first], pos[~is_first]


def _numbered(doc: Array, start: int) -> NDArray[np.int64]:
    return doc.astype(np.int64) + start


def together(slots: list[Slot], width: int, ordered: bool, field: int, lengths: Table) -> tuple[Any, Any]:
    """Articles in which words occur together in one text field.

    Args:
        width: the maximum distance from the first to the last word, in positions.
        ordered: whether the words must occur in the order of the slots.
        field: the number of the required field. Any field if negative.
        lengths: the number of words in each text field of every article.

    Returns:
        A buffer of the article numbers, sorted, uint32, and a buffer of their scores, float64: the sum over the slots.
    """
    docs = min((slot.doc for slot in slots), key=len)
    for slot in slots:
        at = slot.doc.searchsorted(docs)
        docs = docs[slot.doc.take(at, mode="clip") == docs] if len(slot.doc) else docs[:0]
    start, end = positions.windows([slot.keys() for slot in slots], width - len(slots) + 1, ordered=ordered)
    good = start >> 16 == end >> 16
    start, end = start[good], end[good]
    limits = np.cumsum(lengths.take(start >> 16), axis=1, dtype=np.int64)
    fields = (limits <= (start & 0xFFFF)[:, None]).sum(axis=1)
    good = (end & 0xFFFF) < limits[np.arange(len(start)), fields]
    if field >= 0:
        good &= fields == field
    found = np.unique(start[good] >> 16).astype(np.uint32)
    score = np.zeros(len(found))
    for slot in slots:
        score += slot.code.take(slot.doc.searchsorted(found)) * slot.unit if len(found) else 0
    return found, score


def common(parts: list[Part], visible: Array | None) -> Any:
    """The visible articles in every part, sorted: a buffer of uint32. The first part should be the shortest."""
    parts = listed(parts)
    docs = parts[0].doc
    if visible is not None:
        docs = docs[has_bit(visible, docs)]
    for part in parts[1:]:
        docs = docs[part.look_up(docs) != 0]
    return docs.astype(np.uint32, copy=False)


def holds(parts: list[Part], docs: Array, every: bool) -> Any:
    """Whether each of some articles (uint32) is in every part, or in any of them: a buffer of one byte for each."""
    found = np.full(len(docs), every)
    for part in parts:
        held = part.look_up(docs) != 0
        found = found & held if every else found | held
    return found


def scores(parts: list[Part], docs: Array) -> Any:
    """The scores of some articles (uint32), float64: the sum over the parts in their order."""
    found = np.zeros(len(docs))
    for part in parts:
        found += part.look_up(docs) * part.unit
    return found


def count(parts: list[Part], visible: Array | None) -> int:
    """The number of articles that `common` returns."""
    return len(common(parts, visible))


def held_by(doc: Array, at: Array, among: Mask) -> Any:
    """How many articles of each list are among some.

    Args:
        doc: the articles of all lists, one list after the other, uint16.
        at: the start of each list and the end of the last, counted from any number.
        among: for each article, whether it counts.

    Returns:
        A buffer of int64.
    """
    before = np.concatenate(([0], np.cumsum(among.take(doc))))
    counts: Any = np.diff(before[at - at[0]])
    return counts


def numbered(tables: list[tuple[Array, Array]]) -> tuple[list[bytes], list[Any]]:
    """Number the strings of several tables.

    Args:
        tables: the concatenated strings of each, and the start of each string and the end of the last.

    Returns:
        The distinct strings, in order of first occurrence; and for each table a buffer of uint32, the numbers of its
        strings among these.

    Raises:
        ValueError: a string's place lies outside its table.
    """
    number: dict[bytes, int] = {}
    found = []
    for text, at in tables:
        whole, places = text.tobytes(), at.tolist()
        if places[0] < 0 or places[-1] > len(whole) or sorted(places) != places:
            raise ValueError("a string's place lies outside its table")
        names = [whole[start:end] for start, end in pairwise(places)]
        found.append(np.array([number.setdefault(name, len(number)) for name in names], np.uint32))
    return list(number), found


def any_of(lists: list[tuple[Array, Array]], highest: bool) -> tuple[Any, Any]:
    """The articles in any of some lists.

    Args:
        lists: the articles of each, sorted, uint32, and their scores, float64.
        highest: whether the highest score of an article counts. Otherwise its scores are summed in the order of the
            lists.

    Returns:
        A buffer of the article numbers, sorted, uint32, and a buffer of their scores, float64.
    """
    doc, place = np.unique(
        np.concatenate([np.empty(0, np.uint32), *(doc for doc, _ in lists)]), return_inverse=True
    )
    scores = np.concatenate([np.empty(0), *(score for _, score in lists)])
    if not highest:
        return doc, np.bincount(place, scores, len(doc)).astype(np.float64, copy=False)
    best = np.zeros(len(doc))
    np.maximum.at(best, place, scores)
    return doc, best


def begun(text: Array, at: Array, prefix: bytes) -> tuple[int, int]:
    """The numbers [first, last) of a dictionary's forms with this prefix.

    If there are none, both are the number at which such a form would be inserted.

    Args:
        text, at: the concatenated forms in UTF-8, and the start of each.
    """

    def beginning(number: int) -> bytes:
        # Convert to int, because sums in a narrow type would overflow.
        start, end = int(at[number]), int(at[number + 1])
        return text[start : min(end, start + len(prefix))].tobytes()

    forms = range(len(at) - 1)
    first = bisect_left(forms, prefix, key=beginning)
    return first, bisect_right(forms, prefix, first, key=beginning)


def similar(
    term: str, edits: int, mask: int, letters: Array, numbers: Array, text: Array, at: Array
) -> list[tuple[int, str, int]]:
    """The exact forms within `edits` edits of a term: for each its edit distance, the form, and its number.

    Args:
        mask: the letter mask of the term, a bit for every letter in it (see Dictionary).
        letters: the letter masks of the candidates, the forms of a suitable length.
        numbers: the numbers of the candidates.
        text, at: the dictionary's concatenated forms in UTF-8, and the start of each.
    """
    wanted = np.uint32(mask)
    # One edit adds at most one letter and removes at most one.
    near = (np.bitwise_count(letters & ~wanted) <= edits) & (np.bitwise_count(~letters & wanted) <= edits)
    maybe = numbers[near].tolist()
    forms = [text[at[number] : at[number + 1]].tobytes().decode() for number in maybe]
    distances = _edit_distances(term, forms, edits)
    return [found for found in zip(distances, forms, maybe, strict=True) if found[0] <= edits]


def near(
    term: str, mask: int, letters: Array, numbers: Array, starts: list[int], text: Array, at: Array
) -> list[tuple[int, str, int]]:
    """What `similar` finds within one edit of a term of two letters or more, in no particular order.

    Takes a tenth of the time, because one edit changes only one half of the term: the dictionary, which must be sorted,
    tells which forms have the first half, and the order of `by_length` which end like the second.

    Args:
        letters, numbers, starts: what `by_length` returns.
    """
    shortest, longest = max(len(term) - 1, 0), min(len(term) + 2, len(starts) - 1)
    fitting = slice(starts[min(shortest, longest)], starts[longest])
    return similar(term, 1, mask, letters[fitting], numbers[fitting], text, at)


def merged(
    dictionaries: list[tuple[Array, Array, Array, Array, int]], shown: Mask | None
) -> tuple[Any, Any, Any]:
    """The forms of several sorted dictionaries as one, each form once.

    Args:
        dictionaries: for each its text, the start of each form, the start of each form's postings, the articles of the
            postings, and the number of the first article.
        shown: which articles count; None means all.

    Returns:
        Buffers of the text, of the start of each form (uint32), and of the number of its articles (uint32).
    """
    counts: dict[bytes, int] = {}
    for text, at, post_at, docs, start in dictionaries:
        places = zip(pairwise(at.tolist()), pairwise(post_at.tolist()), strict=False)
        for (begin, end), (first, last) in places:
            form = text[begin:end].tobytes()
            held = last - first if shown is None else int(shown[start:].take(docs[first:last]).sum())
            counts[form] = counts.get(form, 0) + held
    forms = sorted(counts)
    ends = np.cumsum([0, *map(len, forms)]).astype(np.uint32)
    return b"".join(forms), ends, np.array([counts[form] for form in forms], np.uint32)


def scan(term: str, edits: int, bits: Array, text: Array, at: Array) -> list[tuple[int, str, int]]:
    """What `similar` finds among all forms of a dictionary, in no particular order. Needs no masks of the forms, and is
    faster for one term than making them.

    Args:
        bits: the letter mask of every byte, uint32.
    """
    numbers, letters, starts = by_length(bits, text, at)
    shortest, longest = max(len(term) - edits, 0), min(len(term) + edits + 1, len(starts) - 1)
    fitting = slice(starts[min(shortest, longest)], starts[longest])
    mask = int(np.bitwise_or.reduce(bits[np.frombuffer(term.encode(), np.uint8)]))
    letters, numbers = np.frombuffer(letters, np.uint32), np.frombuffer(numbers, np.uint32)
    return similar(term, edits, mask, letters[fitting], numbers[fitting], text, at)


def by_length(bits: Array, text: Array, at: Array) -> tuple[Any, Any, list[int]]:
    """The forms of a dictionary by length in letters, and those of one length by their last bytes.

    Args:
        bits: the letter mask of every byte, uint32. Bytes beyond ASCII have none.

    Returns:
        Buffers of the numbers and of the letter masks of the forms, uint32, and where each length starts.
    """
    at = at.astype(np.int64)
    if len(at) < 2:
        return np.empty(0, np.uint32), np.empty(0, np.uint32), [0]
    # Count the letters: every byte that is not a UTF-8 continuation byte starts one.
    before = np.concatenate(([0], np.cumsum((text & 0xC0) != 0x80)))
    lengths = np.diff(before[at])
    sizes = np.diff(at)
    ending = [np.where(back < sizes, text[np.maximum(at[1:] - 1 - back, 0)], 0) for back in range(_ENDING)]
    order = np.lexsort((*reversed(ending), lengths)).astype(np.uint32)
    starts = np.searchsorted(lengths[order], np.arange(lengths.max() + 2)).tolist()
    return order, np.bitwise_or.reduceat(bits[text], at[:-1])[order], starts


def _edit_distances(term: str, forms: Sequence[str], most: int) -> list[int]:
    """The edit distances from some forms to a term, computed for all at once. Any value above `most` means too far.

    An edit inserts, deletes or replaces one letter, or swaps two adjacent letters. No letter is edited twice (optimal
    string alignment).
    """
    if not forms:
        return []
    width = max(map(len, forms))
    letters = np.array(forms, dtype=f"<U{width}").view(np.uint32).reshape(len(forms), width).T
    wanted = [ord(letter) for letter in term]
    rows, beyond = len(wanted), most + 1
    before = np.full((width + 1, len(forms)), beyond, np.int8)
    above = before.copy()
    above[: most + 1] = np.arange(min(most, width) + 1)[:, None]
    for i in range(1, rows + 1):
        row = np.full((width + 1, len(forms)), beyond, np.int8)
        if i <= most:
            row[0] = i
        # Only cells in a band around the diagonal can be within `most` edits.
        for j in range(max(1, i - most), min(width, i + most) + 1):
            same = letters[j - 1] == wanted[i - 1]
            cost = np.minimum(np.minimum(above[j], row[j - 1]) + 1, above[j - 1] + ~same)
            if i > 1 and j > 1:
                swapped = (letters[j - 1] == wanted[i - 2]) & (letters[j - 2] == wanted[i - 1])
                cost = np.where(swapped, np.minimum(cost, before[j - 2] + 1), cost)
            row[j] = cost
        before, above = above, row
    lengths = np.fromiter(map(len, forms), np.int64, len(forms))
    distances: list[int] = above[lengths, np.arange(len(forms))].tolist()
    return distances


def give_back() -> None:
    """Give memory that was freed back to the system. Only the compiled twin can, where the C library keeps it."""


if _twin := compiled(f"{__package__}._kernel", {"FIELDS": len(ranking.TEXT_FIELDS), "CHUNK": CHUNK}):
    for _name in (
        "any_of",
        "begun",
        "best_codes",
        "by_length",
        "common",
        "best_complete",
        "count",
        "foremost",
        "give_back",
        "best_partial",
        "held_by",
        "holds",
        "merged",
        "near",
        "numbered",
        "scan",
        "scores",
        "similar",
        "together",
        "united",
    ):
        globals()[_name] = getattr(_twin, _name)
