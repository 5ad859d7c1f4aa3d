"""The inner loops of a search, as pure functions over sorted lists of articles.

The numpy versions here and in `forms` are the reference. If a compiler was available when newsearch was installed, the
functions of the same names in `_kernel.c` replace them. Those return the same articles and bit-identical scores. They
avoid numpy's overhead of about a microsecond per call. The tests check both against the same oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._compiled import compiled
from newsearch.engine.arrays.loops import positions
from newsearch.engine.arrays.loops.forms import begun as begun
from newsearch.engine.arrays.loops.forms import by_length as by_length
from newsearch.engine.arrays.loops.forms import exact as exact
from newsearch.engine.arrays.loops.forms import merged as merged
from newsearch.engine.arrays.loops.forms import near as near
from newsearch.engine.arrays.loops.forms import one_edit as one_edit
from newsearch.engine.arrays.loops.forms import scan as scan
from newsearch.engine.arrays.loops.forms import similar as similar
from newsearch.engine.arrays.loops.lists import BLOCK as BLOCK
from newsearch.engine.arrays.loops.lists import CHUNK as CHUNK
from newsearch.engine.arrays.loops.lists import COMPARED as COMPARED
from newsearch.engine.arrays.loops.lists import Best
from newsearch.engine.arrays.loops.lists import Boost as Boost
from newsearch.engine.arrays.loops.lists import Codes as Codes
from newsearch.engine.arrays.loops.lists import Every as Every
from newsearch.engine.arrays.loops.lists import InPlace as InPlace
from newsearch.engine.arrays.loops.lists import Mask as Mask
from newsearch.engine.arrays.loops.lists import Occurrences as Occurrences
from newsearch.engine.arrays.loops.lists import Part as Part
from newsearch.engine.arrays.loops.lists import Passes as Passes
from newsearch.engine.arrays.loops.lists import Row as Row
from newsearch.engine.arrays.loops.lists import Slot as Slot
from newsearch.engine.arrays.loops.lists import from_place as from_place
from newsearch.engine.arrays.loops.lists import has_bit as has_bit
from newsearch.engine.arrays.loops.lists import listed as listed
from newsearch.engine.arrays.loops.lists import looked_up as looked_up
from newsearch.engine.arrays.loops.lists import passed as passed
from newsearch.engine.arrays.loops.lists import shortest_first as shortest_first
from newsearch.engine.arrays.loops.lists import tops_of as tops_of
from newsearch.engine.arrays.loops.spread import Spread, Table

Array: TypeAlias = NDArray[Any]


_HEAD = 1024


_SLACK = 1 + 1e-9
"""Bounds are raised by this factor: they are summed in another order than scores."""


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
    best = Best(boost, visible, passes, wanted)
    parts = listed(parts)
    rarest, others = parts[0], parts[1:]
    elsewhere = sum(part.best for part in others)
    docs, values = rarest.doc, rarest.value
    if len(docs) > 4 * _HEAD:
        # The first articles of a long list have the highest boosts. They set the threshold that prunes the rest.
        _add_complete(best, docs[:_HEAD], values[:_HEAD], rarest.unit, others)
        docs, values = rarest.at_least(best.threshold / (float(boost.ceiling.max()) * _SLACK) - elsewhere)
        start = docs.searchsorted(rarest.doc[_HEAD])
        docs, values = docs[start:], values[start:]
    _add_complete(best, docs, values, rarest.unit, others)
    return best.rows(first)


def _add_complete(best: Best, docs: Array, values: Array, unit: float, others: Sequence[Part]) -> None:
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
        parts, boost, visible, passes, wanted, first: as in `best_complete`.

    Returns:
        As `best_complete`.
    """
    best = Best(boost, visible, passes, wanted)
    parts = listed(parts)
    numbers = range(len(parts))
    if any(required):
        lead = min((i for i in numbers if required[i]), key=lambda i: len(parts[i].doc))
        _add_partial(best, parts, required, also_complete, parts[lead].doc, ())
        return best.rows(first)
    highest = float(boost.ceiling.max(initial=0.0)) or 1.0
    queue = sorted(numbers, key=lambda i: -parts[i].best)
    for turn, lead in enumerate(queue):
        # A sum from which others are taken could be wrong by more than the last parts have.
        later = sum(parts[i].best for i in queue[turn + 1 :])
        docs, _ = parts[lead].at_least(best.threshold / (highest * _SLACK) - later)
        if len(docs):
            _add_partial(best, parts, required, also_complete, docs, queue[:turn])
    return best.rows(first)


def _add_partial(
    best: Best,
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


SORTED_CHUNK = 64
"""The number of articles that share one ceiling in an order other than relevance."""


def sort_keys(
    docs: Array, values: Spread, flags: Spread, known: int, least: float, falling: bool
) -> ranking.Floats:
    """The keys of some articles in an order other than relevance, see `foremost`. The highest comes first."""
    found = values.take(docs).astype(np.float64)
    is_known = ((flags.take(docs) & known) != 0) & (found >= least)
    return np.where(is_known, found if falling else -found, -np.inf)


def foremost(
    docs: Array,
    visible: Array | None,
    passes: Passes | None,
    values: Spread,
    flags: Spread,
    known: int,
    least: float,
    falling: bool,
    ceilings: Array | None,
    wanted: int,
    first: int,
) -> tuple[Any, Any, int]:
    """The first of some articles in an order other than relevance.

    Args:
        docs: the articles to choose from, sorted, uint32.
        visible, passes, wanted, first: as in `best_complete`.
        values, flags: of each article of the index, in the same segments.
        known: the bit of a flag that is set if there is a value.
        least: smaller values count as unknown. Articles with an unknown value come last.
        falling: whether the highest values come first.
        ceilings: the highest key of every SORTED_CHUNK articles of the index, float64, or None. What they rule out is
            not read.

    Returns:
        Buffers of the article numbers, uint32, as `best_complete` returns articles, and of their keys, float64; and how
        many come before them.
    """
    if visible is not None:
        docs = docs[has_bit(visible, docs)]
    if passes is not None:
        docs = docs[passed(passes, docs)]
    keys = sort_keys(docs, values, flags, known, least, falling)
    kept = ranking.top(keys, wanted)
    shown = kept.take(from_place(keys.take(kept), first))
    return docs.take(shown), keys.take(shown), len(kept) - len(shown)


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
    found = np.unique(start[in_one_field(start, end, field, lengths)] >> 16).astype(np.uint32)
    score = np.zeros(len(found))
    for slot in slots:
        score += slot.code.take(slot.doc.searchsorted(found)) * slot.unit if len(found) else 0
    return found, score


def in_one_field(start: Array, end: Array, field: int, lengths: Table) -> NDArray[np.bool_]:
    """Which windows of text, from one key to another, lie within one article and one field; within this one, unless it
    is negative."""
    good: NDArray[np.bool_] = start >> 16 == end >> 16
    at, first, last = good.nonzero()[0], start[good], end[good]
    limits = np.cumsum(lengths.take(first >> 16), axis=1, dtype=np.int64)
    fields = (limits <= (first & 0xFFFF)[:, None]).sum(axis=1)
    good[at] = (last & 0xFFFF) < limits[np.arange(len(first)), fields]
    if field >= 0:
        good[at] &= fields == field
    return good


def in_field(
    forms: list[Occurrences], field: int, weight: ranking.FieldWeight, lengths: Table
) -> tuple[Any, Any]:
    """Articles in which a word occurs in one text field.

    Args:
        forms: those of the word, by rising start.
        field: the number of the field.
        weight: the parameters of the field.
        lengths: the number of words in each text field of every article.

    Returns:
        A buffer of the article numbers, sorted, uint32, and a buffer of the word's code in each, uint8: computed from
        that field alone.
    """
    first = [_numbered(form.doc, form.start) << 16 | form.pos for form in forms]
    more = [_numbered(form.more_doc, form.start) << 16 | form.more_pos for form in forms]
    keys = np.concatenate([np.empty(0, np.int64), *first, *more])
    docs, places = keys >> 16, keys & 0xFFFF
    *before, own = lengths.columns[: field + 1]
    start = np.zeros(len(docs), np.int64)
    for column in before:
        start += column.take(docs)
    is_within = (places >= start) & (places < start + own.take(docs))
    doc, count = np.unique(docs[is_within], return_counts=True)
    of_one = weight.weight / (1 - weight.b + weight.b * (own.take(doc) / weight.pivot))
    return doc.astype(np.uint32), ranking.saturate(of_one * count)


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


def count_any(parts: list[Part], visible: Array | None) -> int:
    """The number of visible articles in any part."""
    docs = np.unique(np.concatenate([part.doc.astype(np.uint32) for part in parts]))
    return len(docs) if visible is None else int(np.count_nonzero(has_bit(visible, docs)))


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


def places_of(doc: Array, among: Mask) -> Any:
    """The places in lists of articles of those that are among some.

    Args:
        doc: the articles of all lists, uint16.
        among: for each article, whether it counts.

    Returns:
        A buffer of uint32.
    """
    return np.flatnonzero(among.take(doc)).astype(np.uint32)


def numbered(tables: list[tuple[Array, Array]], names: bool) -> tuple[list[bytes], list[Any]]:
    """Number the strings of several tables.

    Args:
        tables: the concatenated strings of each, and the start of each string and the end of the last.
        names: whether the strings themselves are wanted.

    Returns:
        The distinct strings, in order of first occurrence, or none of them; and for each table a buffer of uint32, the
        numbers of its strings among these.

    Raises:
        ValueError: a string's place lies outside its table.
    """
    number: dict[bytes, int] = {}
    found = []
    for text, at in tables:
        whole, places = text.tobytes(), at.tolist()
        if places[0] < 0 or places[-1] > len(whole) or sorted(places) != places:
            raise ValueError("a string's place lies outside its table")
        own = [whole[start:end] for start, end in pairwise(places)]
        found.append(np.array([number.setdefault(name, len(number)) for name in own], np.uint32))
    return list(number) if names else [], found


def any_of(parts: list[Part], highest: bool) -> tuple[Any, Any]:
    """The articles in any of some parts.

    Args:
        parts: lists, with articles of type uint32 and values of type uint8, uint16 or float64.
        highest: whether the highest score of an article counts. Otherwise its scores are summed in the order of the
            parts.

    Returns:
        A buffer of the article numbers, sorted, uint32, and a buffer of their scores, float64.
    """
    doc, place = np.unique(np.concatenate([part.doc for part in parts]), return_inverse=True)
    scores = np.concatenate([part.value * part.unit for part in parts])
    if not highest:
        return doc, np.bincount(place, scores, len(doc)).astype(np.float64, copy=False)
    best = np.zeros(len(doc))
    np.maximum.at(best, place, scores)
    return doc, best


def counted(parts: list[Part], visible: Array | None) -> tuple[int, int]:
    """How many visible articles are in every part, and how many in any. The compiled twin takes parts of which at least
    one is an `InPlace`, and makes no list."""
    return count(parts, visible), count_any(listed(parts), visible)


def postings(segments: list[tuple[Array, Array, Array | None, int]]) -> Any:
    """The postings of all segments, held open for words that are read in place (see `InPlace`).

    Args:
        segments: of each, the articles of all postings, uint16, and their codes, uint8; the language of each article,
            uint8, or None if all articles are of one; and the number of articles.

    Returns:
        None, for only the compiled twin reads them.
    """
    return None


def give_back() -> None:
    """Give memory that was freed back to the system. Only the compiled twin can, where the C library keeps it."""


_CONSTANTS = {
    "FIELDS": len(ranking.TEXT_FIELDS),
    "BLOCK": BLOCK,
    "CHUNK": CHUNK,
    "SORTED_CHUNK": SORTED_CHUNK,
    "PARTS": ranking.PARTS,
    "K1": ranking.K1,
}

if _twin := compiled(f"{__package__}._kernel", _CONSTANTS):
    for _name in (
        "any_of",
        "begun",
        "best_codes",
        "best_complete",
        "best_partial",
        "by_length",
        "common",
        "count",
        "count_any",
        "counted",
        "exact",
        "foremost",
        "give_back",
        "held_by",
        "holds",
        "in_field",
        "merged",
        "near",
        "numbered",
        "one_edit",
        "places_of",
        "postings",
        "scan",
        "scores",
        "similar",
        "together",
        "united",
    ):
        globals()[_name] = getattr(_twin, _name)
