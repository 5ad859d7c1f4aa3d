"""The compiled loops and those in numpy give the same articles and the same scores, on lists long enough to skip in."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import in_numpy

from newsearch import ranking
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import Boost, Codes, Every, InPlace, Occurrences, Part, Slot
from newsearch.engine.arrays.loops.spread import Spread, Table

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("newsearch.engine.arrays.loops._kernel") is None,
    reason="newsearch was installed without a compiler",
)

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
like = st.text("abcé日", min_size=1, max_size=6)


def some(random: np.random.Generator, articles: int, share: float, dtype: type) -> Any:
    return np.flatnonzero(random.random(articles) < share).astype(dtype)


def make_part(random: np.random.Generator, articles: int) -> Part:
    if random.random() < 0.1:
        return Every(articles)
    doc = some(
        random, articles, random.choice([0.001, 0.02, 0.3, 1.0]), random.choice([np.uint16, np.uint32])
    )
    kind = random.choice([np.uint8, np.uint16, np.float64])
    # Few values, so that many articles tie, and now and then one that stands out.
    value = np.where(random.random(len(doc)) < 0.01, 200, random.integers(1, 4, len(doc))).astype(kind)
    unit = float(random.choice([0.25, 1 / 3, 2.0]))
    part = Part(doc, value, unit, unit * float(value.max(initial=0)))
    if kind is np.float64 and len(doc) and random.random() < 0.5:
        part = part._replace(tops=kernel.tops_of(value))
    if random.random() < 0.5:
        return part
    held = np.zeros(articles, bool)
    held[doc] = True
    bits = bits_of(held)
    counts = np.bitwise_count(bits).astype(np.uint32)
    return part._replace(bits=bits, ranks=np.cumsum(counts, dtype=np.uint32) - counts)


def bits_of(held: Any) -> Any:
    padded = np.concatenate((held, np.zeros(-len(held) % 64, bool)))
    return np.packbits(padded, bitorder="little").view(np.uint64)


def make_boost(random: np.random.Generator, articles: int) -> Boost:
    factors, codes = np.exp2(random.random(articles) * random.choice([0, 1])), None
    of_article = factors
    if random.random() < 0.5:
        factors, codes = np.exp2(random.random(1 << 16)), random.integers(0, 9, articles).astype(np.uint16)
        of_article = factors[codes]
    return Boost(factors, codes, np.maximum.reduceat(of_article, np.arange(0, articles, kernel.CHUNK)))


def table_of(random: np.random.Generator, lengths: Any) -> Table:
    """The lengths of articles in several segments."""
    bounds = np.sort(random.integers(0, len(lengths) + 1, 3))
    return Table([spread_of(random, column, bounds, ["u1", "u2"]) for column in lengths.T])


def spread_of(random: np.random.Generator, column: Any, bounds: Any, kinds: list[str]) -> Spread:
    """A column in several segments, in any of these types."""
    return Spread([part.astype(random.choice(kinds)) for part in np.split(column, bounds)])


def odd(docs: Any) -> Any:
    """A filter that passes articles of odd numbers."""
    return np.frombuffer(docs, np.uint32) % 2 == 1


def alike(found: tuple[list[Any], int], expected: tuple[list[Any], int]) -> None:
    assert (sorted(found[0]), found[1]) == (sorted(expected[0]), expected[1])


@examples(60)
@given(seeds, st.sampled_from([1, 10, 100, 5000]), st.floats(0, 1), st.booleans(), st.booleans())
def test_the_best_articles_are_the_same(
    random: np.random.Generator, wanted: int, skipped: float, hides: bool, filters: bool
) -> None:
    articles = int(random.choice([1, 70, 3000, 40_000]))
    parts = sorted(
        (make_part(random, articles) for _ in range(random.integers(1, 5))), key=lambda p: len(p.doc)
    )
    boost = make_boost(random, articles)
    visible = bits_of(random.random(articles) < 0.7) if hides else None
    passing = odd if filters else None
    docs = random.permutation(articles)[:wanted].astype(np.uint32)
    scores = np.frombuffer(kernel.scores(parts, docs)).tolist()
    assert scores == in_numpy.scores(parts, docs).tolist()
    for every in (False, True):
        among = np.frombuffer(kernel.holds(parts, docs, every), bool).tolist()
        assert among == in_numpy.holds(parts, docs, every).tolist()
    passes = bits_of(random.random(articles) < 0.3) if filters and random.random() < 0.5 else passing
    held = np.frombuffer(kernel.common(parts, visible), np.uint32).tolist()
    assert held == in_numpy.common(parts, visible).tolist()
    assert kernel.count(parts, visible) == in_numpy.count(parts, visible) == len(held)
    ranked = boost, visible, passes, wanted, int(skipped * wanted)
    alike(kernel.best_complete(parts, *ranked), in_numpy.best_complete(parts, *ranked))
    for required in (bytes(len(parts)), bytes(random.integers(0, 2, len(parts)).tolist())):
        for all_too in (False, True):
            asked = parts, required, all_too, *ranked
            alike(kernel.best_partial(*asked), in_numpy.best_partial(*asked))


@examples(40)
@given(seeds, st.sampled_from([1, 10, 300]), st.booleans(), st.booleans())
def test_the_best_articles_of_many_words_are_the_same(
    random: np.random.Generator, wanted: int, hides: bool, filters: bool
) -> None:
    articles = int(random.choice([70, 3000, 10_000]))
    parts = [make_part(random, articles) for _ in range(random.integers(10, 30))]
    boost = make_boost(random, articles)
    visible = bits_of(random.random(articles) < 0.7) if hides else None
    passing = odd if filters else None
    passes = bits_of(random.random(articles) < 0.3) if filters and random.random() < 0.5 else passing
    for all_too in (False, True):
        asked = parts, bytes(len(parts)), all_too, boost, visible, passes, wanted, 0
        alike(kernel.best_partial(*asked), in_numpy.best_partial(*asked))


@examples(60)
@given(seeds, st.integers(1, 14), st.sampled_from([1, 40, 300]))
def test_the_least_scores_are_told_apart_beside_the_highest(
    random: np.random.Generator, count: int, wanted: int
) -> None:
    """A filter beside words has a thousand millionth of their score."""
    articles, least = 200, 1e-9
    parts = []
    for _ in range(count):
        doc = np.flatnonzero(random.random(articles) < random.choice([0.9, 1])).astype(np.uint32)
        is_word = random.random(len(doc)) < random.choice([0, 0.05])
        value = np.where(is_word, random.random() * 9, least)
        parts.append(Part(doc, value, 1.0, float(value.max(initial=0))))
    boost = Boost(np.ones(articles), None, np.ones(1))
    ranked = boost, None, None, wanted, 0
    alike(kernel.best_complete(parts, *ranked), in_numpy.best_complete(parts, *ranked))
    for required in (bytes(count), bytes([1] + [0] * (count - 1))):
        for all_too in (False, True):
            asked = parts, required, all_too, *ranked
            alike(kernel.best_partial(*asked), in_numpy.best_partial(*asked))


FORM_RANGE = np.dtype(
    [
        ("segment", "u4"),
        ("times", "u4"),
        ("first", "u4"),
        ("last", "u4"),
        ("spoken", "u8"),
        ("before", "u2", 32),
    ]
)
"""FormRange of `_postings.h`."""


def words_in_place(random: np.random.Generator, sizes: list[int], count: int) -> list[InPlace]:
    """Words of one or two forms in segments of these sizes, which all lie in the same postings."""
    ranges: list[list[Any]] = [[] for _ in range(count)]
    segments = []
    for number, articles in enumerate(sizes):
        lists, end = [np.empty(0, np.uint16)], 0
        for of_word in ranges:
            for form in range(random.integers(0, 3)):
                lists.append(some(random, articles, random.choice([0.001, 0.05, 0.5]), np.uint16))
                first, end = end, end + len(lists[-1])
                steps = lists[-1].searchsorted(np.arange(32) * 2048)
                times = ranking.PARTS - form
                spoken = (1, 3, 2**64 - 1)[random.integers(3)]
                of_word.append((number, times, first, end, spoken, steps))
        doc = np.concatenate(lists)
        code = random.integers(1, 1 + int(random.choice([3, 255])), len(doc)).astype(np.uint8)
        segments.append((doc, code, random.integers(0, 2, articles).astype(np.uint8), articles))
    opened = kernel.postings(segments)
    units = random.choice([0.25, 1 / 3, 2.0], count).tolist()
    return [
        InPlace(range(1), np.array(of_word, FORM_RANGE).tobytes(), unit, unit * 255 * ranking.PARTS, opened)  # type: ignore[arg-type]
        for of_word, unit in zip(ranges, units, strict=True)
    ]


def as_list(word: InPlace, articles: int) -> Part:
    values = np.frombuffer(
        kernel.scores([word._replace(unit=1.0)], np.arange(articles, dtype=np.uint32))
    ).astype(np.uint16)
    doc = np.flatnonzero(values).astype(np.uint32)
    return Part(doc, values[doc], word.unit, word.unit * float(values.max(initial=0)))


@examples(60)
@given(seeds, st.sampled_from([1, 10, 300]), st.booleans(), st.booleans(), st.booleans())
def test_words_that_are_read_in_place_find_what_their_lists_find(
    random: np.random.Generator, wanted: int, hides: bool, filters: bool, requires: bool
) -> None:
    sizes = [int(random.choice([1, 70, 3000, 10_000])) for _ in range(random.integers(1, 4))]
    articles = sum(sizes)
    words = words_in_place(random, sizes, int(random.choice([1, 3, 12, 30])))
    lists = [as_list(word, articles) for word in words]
    further = [make_part(random, articles) for _ in range(max(random.integers(0, 3), requires))]
    boost = make_boost(random, articles)
    visible = bits_of(random.random(articles) < 0.7) if hides else None
    required = bytes([requires] + [0] * (len(further) + len(words) - 1))
    for all_too in (False, True):
        asked = required, all_too, boost, visible, odd if filters else None, wanted, 0
        expected = in_numpy.best_partial([*further, *lists], *asked)
        alike(kernel.best_partial([*further, *words], *asked), expected)
        # A word may also be the one that an article must hold.
        any_one = bytes(random.permutation([1, *bytes(len(further) + len(words) - 1)]).tolist())
        asked = any_one, *asked[1:]
        expected = in_numpy.best_partial([*further, *lists], *asked)
        alike(kernel.best_partial([*further, *words], *asked), expected)
    few = random.permutation(len(words) + len(further))[:3].tolist()
    parts, expected_parts = ([[*further, *some][i] for i in few] for some in (words, lists))
    ranked = boost, visible, odd if filters else None, wanted, int(random.integers(wanted))
    alike(kernel.best_complete(parts, *ranked), in_numpy.best_complete(expected_parts, *ranked))
    if any(isinstance(part, InPlace) for part in parts):
        assert kernel.counted(parts, visible) == in_numpy.counted(expected_parts, visible)
    if ordered := kernel.looked_up(parts, 1 << 32):
        assert kernel.count(ordered, visible) == in_numpy.count(expected_parts, visible)
    docs = random.permutation(articles)[:100].astype(np.uint32)
    for every in (False, True):
        held = np.frombuffer(kernel.holds(list(words), docs, every), bool).tolist()
        assert held == in_numpy.holds(lists, docs, every).tolist()


def test_ranges_that_lead_out_of_a_segment_are_an_error() -> None:
    doc, code = np.arange(3, dtype=np.uint16), np.ones(3, np.uint8)
    opened = kernel.postings([(doc, code, None, 3)])
    docs = np.arange(3, dtype=np.uint32)
    for row in ((1, 3, 0, 3), (0, 3, 0, 4), (0, 3, 2, 1)):
        ranges = np.array([(*row, 2**64 - 1, np.zeros(32))], FORM_RANGE).tobytes()
        with pytest.raises(ValueError, match="leads out"):
            kernel.scores([InPlace(range(3), ranges, 1.0, 1.0, opened)], docs)  # type: ignore[arg-type]
    for wrong in (
        (doc, code, None, -1),
        (doc, code[:2], None, 3),
        (doc, code, code[:2], 3),
        (code, code, None, 3),
    ):
        with pytest.raises(ValueError, match="not those of a segment"):
            kernel.postings([wrong])


@examples(60)
@given(
    seeds,
    st.sampled_from([1, 10, 100, 5000]),
    st.floats(0, 1),
    st.booleans(),
    st.sampled_from([-np.inf, 0.0]),
)
def test_the_first_articles_by_a_value_are_the_same(
    random: np.random.Generator, wanted: int, skipped: float, falling: bool, least: float
) -> None:
    articles = int(random.choice([1, 70, 3000, 40_000]))
    docs = some(random, articles, random.choice([0.0, 0.02, 0.3, 1.0]), np.uint32)
    kinds = [["u1", "u2", "u4"], ["i4", "i8"], ["i4", "f8"]][random.integers(3)]
    bounds = np.sort(random.integers(0, articles + 1, 3))
    numbers = random.integers(0 if "u1" in kinds else -100, 100, articles)
    values = spread_of(random, numbers, bounds, kinds)
    flags = spread_of(random, random.integers(0, 8, articles), bounds, ["u1", "u2"])
    visible = bits_of(random.random(articles) < 0.7) if random.random() < 0.5 else None
    passes = [None, bits_of(random.random(articles) < 0.4), odd][random.integers(3)]
    column = values, flags, 2, least, falling
    every = in_numpy.sort_keys(np.arange(articles, dtype=np.uint32), *column)
    ceilings = np.maximum.reduceat(every, np.arange(0, articles, kernel.SORTED_CHUNK))
    ceilings = [None, ceilings][random.integers(2)]
    asked = docs, visible, passes, *column, ceilings, wanted, int(skipped * wanted)
    found, keys, before = kernel.foremost(*asked)
    expected, keys_expected, before_expected = in_numpy.foremost(*asked)
    rows = zip(np.frombuffer(found, np.uint32).tolist(), np.frombuffer(keys).tolist(), strict=True)
    assert sorted(rows) == sorted(zip(expected.tolist(), keys_expected.tolist(), strict=True))
    assert before == before_expected


def test_what_lies_outside_the_index_is_refused() -> None:
    docs, flags = np.array([1, 3], np.uint32), Spread([np.ones(2, np.uint8), np.ones(1, np.uint8)])
    values = Spread([np.arange(2), np.arange(1)])
    with pytest.raises(ValueError, match="outside"):
        kernel.foremost(docs, None, None, values, flags, 1, 0.0, True, None, 1, 0)
    with pytest.raises(TypeError):
        kernel.foremost(docs, None, None, Spread([np.arange(3)]), flags, 1, 0.0, True, None, 1, 0)


@examples(60)
@given(seeds, st.booleans())
def test_forms_are_united_to_the_same_occurrences(random: np.random.Generator, limits: bool) -> None:
    forms: list[Occurrences] = []
    for start in (0, 5000, 70_000):
        for _ in range(random.integers(0, 4)):
            share, most = random.choice([0.002, 0.4]), int(random.choice([1, 3]))
            doc, times = some(random, 5000, share, np.uint16), random.integers(1, most + 1, 5000)
            more_doc = np.repeat(doc, times[doc] - 1)
            dtype = random.choice([np.uint8, np.uint16])
            # No two forms stand at one place, as in any text.
            own = random.permuted(np.tile(np.arange(9), (5000, 1)), axis=1) + 9 * len(forms)
            seen = np.concatenate([np.arange(1, count) for count in times[doc]] or [np.empty(0, int)])
            own = np.sort(own[:, :3], axis=1)
            forms.append(
                Occurrences(
                    doc,
                    random.integers(1, 256, len(doc)).astype(np.uint8),
                    own[doc, 0].astype(dtype),
                    more_doc,
                    own[more_doc, seen.astype(int)].astype(dtype),
                    start,
                    False,
                )
            )
    among = some(random, 75_000, random.choice([0.001, 0.5]), np.uint32) if limits else None
    found, expected = kernel.united(forms, among), in_numpy.united(forms, among)
    types = np.uint32, np.uint8, np.uint16, np.uint32, np.uint16
    for data, array, dtype in zip(found, expected, types, strict=True):
        assert np.frombuffer(data, dtype).tolist() == array.tolist()


@given(seeds, st.sampled_from([0.001, 0.01, 0.6]))
def test_the_articles_with_a_word_in_a_field_are_the_same(random: np.random.Generator, share: float) -> None:
    articles = 3000
    lengths = random.choice([0, 1, 5, 40, 300], (articles, len(ranking.TEXT_FIELDS)))
    table = table_of(random, lengths)
    starts = [0, *np.cumsum([len(part) for part in table.columns[0]._parts]).tolist()]
    forms = []
    for start, end in pairwise(starts):
        for _ in range(random.integers(0, 4)):
            doc, more = (some(random, end - start, share, np.uint16) for _ in range(2))
            more_doc = np.repeat(more, random.integers(1, 12, len(more)))
            dtype = random.choice([np.uint8, np.uint16])
            pos, more_pos = (random.integers(0, 256, len(docs)).astype(dtype) for docs in (doc, more_doc))
            code = np.ones(len(doc), np.uint8)
            forms.append(Occurrences(doc, code, pos, more_doc, more_pos, start, bool(random.integers(2))))
    for number, weight in enumerate(ranking.FIELD_WEIGHTS.values()):
        docs, codes = kernel.in_field(forms, number, weight, table)
        expected_docs, expected_codes = in_numpy.in_field(forms, number, weight, table)
        assert np.frombuffer(docs, np.uint32).tolist() == expected_docs.tolist()
        assert np.frombuffer(codes, np.uint8).tolist() == expected_codes.tolist()
    with pytest.raises(ValueError, match="no such field"):
        kernel.in_field(forms, len(ranking.TEXT_FIELDS), ranking.FIELD_WEIGHTS["title"], table)
    if forms and len(forms[0].doc):
        with pytest.raises(ValueError, match="outside"):
            kernel.in_field([forms[0]._replace(start=7777)], 0, ranking.FIELD_WEIGHTS["title"], table)


@given(seeds, st.booleans())
def test_the_articles_of_any_list_are_the_same(random: np.random.Generator, highest: bool) -> None:
    def part() -> Part:
        doc = some(random, 200, random.choice([0.0, 0.1, 0.9]), np.uint32)
        values = random.random(len(doc)), random.integers(1, 256, len(doc)).astype(np.uint8)
        value = random.choice([0, 1, 2])
        of_type = values[value] if value < 2 else values[1].astype(np.uint16) * 3
        return Part(doc, of_type, random.choice([1.0, random.random()]), 1e9)

    parts = [part() for _ in range(random.integers(1, 5))]
    docs, scores = kernel.any_of(parts, highest)
    expected_docs, expected_scores = in_numpy.any_of(parts, highest)
    assert np.frombuffer(docs, np.uint32).tolist() == expected_docs.tolist()
    assert np.frombuffer(scores).tolist() == expected_scores.tolist()


@given(seeds)
def test_as_many_articles_of_each_list_are_among_some(random: np.random.Generator) -> None:
    doc, first = random.integers(0, 99, 200).astype(np.uint16), int(random.integers(0, 9))
    at = first + np.sort(random.integers(0, 201, 20))
    among = random.random(99) < 0.5
    found = np.frombuffer(kernel.held_by(doc[at[0] - first :], at, among), np.int64)
    assert found.tolist() == in_numpy.held_by(doc[at[0] - first : at[-1] - first], at, among).tolist()


@given(seeds, st.sampled_from([0, 200, 200_000]))
def test_the_places_of_some_articles_are_found(random: np.random.Generator, count: int) -> None:
    doc, among = (
        random.integers(0, 99, count).astype(np.uint16),
        random.random(99) < random.choice([0, 0.1, 1]),
    )
    found = np.frombuffer(kernel.places_of(doc, among), np.uint32)
    assert found.tolist() == in_numpy.places_of(doc, among).tolist()


@pytest.mark.parametrize(("doc", "among"), [([3], 3), ([0, 70_000 % 65_536], 4_464), ([*range(9), 9], 9)])
def test_places_of_articles_outside_of_the_index_are_refused(doc: list[int], among: int) -> None:
    with pytest.raises((ValueError, IndexError)):
        kernel.places_of(np.array(doc, np.uint16), np.ones(among, bool))


@given(st.lists(st.lists(st.binary(max_size=20))))
def test_strings_get_the_same_numbers(tables: list[list[bytes]]) -> None:
    arrays = [
        (np.frombuffer(b"".join(names), np.uint8), np.cumsum([0, *map(len, names)]).astype(np.uint32))
        for names in tables
    ]
    names, numbers = kernel.numbered(arrays, True)
    expected_names, expected_numbers = in_numpy.numbered(arrays, True)
    assert kernel.numbered(arrays, False) == ([], numbers)
    assert names == expected_names
    assert [np.frombuffer(own, np.uint32).tolist() for own in numbers] == [
        n.tolist() for n in expected_numbers
    ]


@examples(40)
@given(seeds)
def test_the_best_codes_are_the_same(random: np.random.Generator) -> None:
    articles = int(random.choice([2500, 2503, 5000]))
    postings = []
    for _ in range(random.integers(0, 6)):
        start = int(random.choice([0, articles - 2500]))
        doc = some(
            random, min(articles - start, articles - 2500 or 2500), random.choice([0.001, 0.5]), np.uint16
        )
        postings.append(
            Codes(doc, random.integers(1, 256, len(doc)).astype(np.uint8), start, int(random.integers(1, 4)))
        )
    live = random.random(articles) < 0.5 if random.random() < 0.5 else None
    docs, codes, alive = kernel.best_codes(postings, articles, live)
    expected_docs, expected_codes, expected_alive = in_numpy.best_codes(postings, articles, live)
    assert alive == expected_alive
    assert np.frombuffer(docs, np.uint32).tolist() == expected_docs.tolist()
    assert np.frombuffer(codes, np.uint8).tolist() == expected_codes.tolist()


@examples(60)
@given(seeds, st.booleans(), st.integers(0, 4), st.integers(-1, 3))
def test_words_stand_together_in_the_same_articles(
    random: np.random.Generator, ordered: bool, slop: int, field: int
) -> None:
    articles = 300
    lengths = random.integers(0, 8, (articles, 4))
    ends = np.cumsum(lengths, axis=1, dtype=np.int32)
    # Words of an article, one at each of its positions.
    text = [random.integers(0, 3, end).tolist() for end in ends[:, -1].tolist()]
    slots = []
    for word in random.integers(0, 3, random.integers(1, 4)).tolist():
        places = [[at for at, found in enumerate(words) if found == word] for words in text]
        doc = np.array([number for number, at in enumerate(places) if at], np.uint16)
        more = [(number, position) for number, at in enumerate(places) for position in at[1:]]
        slots.append(
            Slot(
                doc,
                random.integers(1, 256, len(doc)).astype(np.uint8),
                np.array([places[number][0] for number in doc.tolist()], np.uint16),
                np.array([number for number, _ in more], np.uint16),
                np.array([position for _, position in more], np.uint8),
                float(random.random()),
            )
        )
    asked = slots, len(slots) - 1 + slop, ordered, field, table_of(random, lengths)
    docs, scores = kernel.together(*asked)
    expected_docs, expected_scores = in_numpy.together(*asked)
    assert np.frombuffer(docs, np.uint32).tolist() == expected_docs.tolist()
    assert np.frombuffer(scores).tolist() == expected_scores.tolist()


@given(st.lists(like, min_size=1), like, st.integers(1, 2))
def test_the_same_forms_are_similar(forms: list[str], term: str, edits: int) -> None:
    encoded = [form.encode() for form in forms]
    asked = (
        term,
        edits,
        0,
        np.zeros(len(forms), np.uint32),
        np.arange(len(forms), dtype=np.uint32),
        np.frombuffer(b"".join(encoded) + b"\0", np.uint8),
        np.cumsum([0, *map(len, encoded)]).astype(np.uint32),
    )
    assert sorted(kernel.similar(*asked)) == sorted(in_numpy.similar(*asked))


@given(st.lists(like | st.text("abc日", min_size=7, max_size=20)), like, st.integers(0, 2))
def test_a_scan_finds_the_same_forms_as_the_forms_by_length(forms: list[str], term: str, edits: int) -> None:
    bits = np.zeros(256, np.uint32)
    bits[97:123] = 1 << np.arange(26)
    text = np.frombuffer("".join(forms).encode(), np.uint8)
    at = np.cumsum([0, *(len(form.encode()) for form in forms)]).astype(np.uint32)
    numbers, letters, starts = kernel.by_length(bits, text, at)
    expected_numbers, expected_letters, expected_starts = in_numpy.by_length(bits, text, at)
    assert np.frombuffer(numbers, np.uint32).tolist() == expected_numbers.tolist()
    assert np.frombuffer(letters, np.uint32).tolist() == expected_letters.tolist()
    assert starts == expected_starts
    found = sorted(kernel.scan(term, edits, bits, text, at))
    assert found == sorted(in_numpy.scan(term, edits, bits, text, at))
    assert [form for distance, form, _ in found if not distance] == [form for form in forms if form == term]


@given(st.sets(st.text("abcé日", max_size=9)), st.text("abcé日", min_size=2, max_size=8), st.data())
def test_the_forms_one_edit_away_are_found_by_their_halves(
    forms: set[str], term: str, data: st.DataObject
) -> None:
    for _ in range(4):
        at = data.draw(st.integers(0, len(term)))
        kept, added = data.draw(st.sampled_from([(0, "b"), (1, ""), (1, "é"), (2, term[at : at + 2][::-1])]))
        forms |= {term[:at] + added + term[at + kept :]}
    encoded = sorted(form.encode() for form in forms)
    bits = np.zeros(256, np.uint32)
    bits[97:123] = 1 << np.arange(26)
    text = np.frombuffer(b"".join(encoded) + b"\0", np.uint8)
    starts_at = np.cumsum([0, *map(len, encoded)]).astype(np.uint32)
    numbers, letters, starts = kernel.by_length(bits, text, starts_at)
    mask = int(np.bitwise_or.reduce(bits[np.frombuffer(term.encode(), np.uint8)]))
    arrays = np.frombuffer(letters, np.uint32), np.frombuffer(numbers, np.uint32), starts, text, starts_at
    found = sorted(kernel.near(term, mask, *arrays))
    assert found == sorted(in_numpy.near(term, mask, *arrays))
    assert found == sorted(kernel.scan(term, 1, bits, text, starts_at))
    assert found == sorted(kernel.one_edit(term, bits, text, starts_at))


@given(st.lists(st.dictionaries(like, st.integers(0, 300)), max_size=5))
def test_dictionaries_are_merged_with_the_counts_of_each_form(given: list[dict[str, int]]) -> None:
    dictionaries = []
    for forms in given:
        ordered = sorted(forms, key=str.encode)
        text = np.frombuffer("".join(ordered).encode() + b"\0", np.uint8)[:-1]
        at = np.cumsum([0, *(len(form.encode()) for form in ordered)]).astype(np.uint32)
        dictionaries.append((text, at, np.array([forms[form] for form in ordered], np.int64)))
    text, at, counts = kernel.merged(dictionaries)
    expected = in_numpy.merged(dictionaries)
    assert bytes(text) == bytes(expected[0])
    assert np.frombuffer(at, np.uint32).tolist() == expected[1].tolist()
    assert np.frombuffer(counts, np.uint32).tolist() == expected[2].tolist()
    assert int(np.frombuffer(counts, np.uint32).sum()) == sum(sum(forms.values()) for forms in given)


@given(st.lists(like, min_size=1, unique=True), like, st.sampled_from([np.uint8, np.uint32]))
def test_the_same_forms_begin_so(forms: list[str], prefix: str, dtype: type) -> None:
    encoded = sorted(form.encode() for form in forms)
    text = np.frombuffer(b"".join(encoded), np.uint8)
    at = np.cumsum([0, *map(len, encoded)])
    at = at.astype(dtype if at[-1] < 256 else np.uint32)
    first, last = kernel.begun(text, at, prefix.encode())
    assert (first, last) == in_numpy.begun(text, at, prefix.encode())
    assert encoded[first:last] == [form for form in encoded if form.startswith(prefix.encode())]


@given(st.lists(like, min_size=1, unique=True), st.lists(like))
def test_the_same_forms_have_the_same_numbers(forms: list[str], wanted: list[str]) -> None:
    encoded = sorted(form.encode() for form in forms)
    text, at = np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([0, *map(len, encoded)])
    asked = [form.encode() for form in (*wanted, *forms)]
    found = kernel.exact(text, at, asked)
    assert found == in_numpy.exact(text, at, asked)
    assert found == [encoded.index(form) if form in encoded else -1 for form in asked]


@pytest.mark.parametrize("doc", [[5], [0, 9], [2**32 - 1]])
def test_an_article_outside_the_index_is_an_error(doc: list[int]) -> None:
    docs, codes = np.array(doc, np.uint32), np.ones(len(doc), np.uint8)
    part, boost = Part(docs, codes, 1.0, 1.0), Boost(np.ones(5), None, np.ones(1))
    coded = Boost(np.ones(1 << 16), np.zeros(5, np.uint16), np.ones(1))
    lengths = Table([Spread([np.ones(2, np.uint8), np.ones(3, np.uint8)])] * 4)
    slot = Slot(docs, codes, np.zeros(len(doc), np.uint8), docs[:0], docs[:0], 1.0)
    for call in (
        lambda: kernel.best_complete([part], boost, None, None, 10, 0),
        lambda: kernel.best_complete([part], coded, None, None, 10, 0),
        lambda: kernel.best_partial([part, part], b"\0\0", False, boost, None, None, 10, 0),
        lambda: kernel.best_codes([Codes(docs, codes, 0, 1)], 5, None),
        lambda: kernel.together([slot], 0, True, -1, lengths),
    ):
        with pytest.raises(ValueError, match="outside the index"):
            call()


@pytest.mark.parametrize(
    "short", [np.empty(0, np.uint8), np.ones(3, "<f4"), np.ones(6, np.uint8)[::2], "text", None]
)
def test_what_is_no_fitting_array_is_an_error(short: Any) -> None:
    docs = np.arange(3, dtype=np.uint32)
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernel.best_complete(
            [Part(docs, short, 1.0, 1.0)], Boost(np.ones(5), None, np.ones(1)), None, None, 10, 0
        )
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernel.best_codes([Codes(docs, short, 0, 1)], 5, None)


@pytest.mark.parametrize("tops", [np.ones(1), np.ones(2, np.uint16), "text"])
def test_what_are_no_tops_of_every_block_is_an_error(tops: Any) -> None:
    docs = np.arange(65, dtype=np.uint32)
    part = Part(docs, np.ones(65), 1.0, 1.0, tops=tops)
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernel.best_complete([part], Boost(np.ones(65), None, np.ones(1)), None, None, 10, 0)


def test_tops_are_the_highest_values_of_blocks() -> None:
    values = np.random.default_rng(1).random(200)
    assert kernel.tops_of(values).tolist() == [max(values[at : at + 64]) for at in range(0, 200, 64)]


ONES = np.ones(1)


@pytest.mark.parametrize(
    "boost",
    [
        Boost(np.ones(5, np.uint16), None, ONES),  # type: ignore[arg-type]
        Boost(np.ones(5), None, ONES[:0]),
        Boost(np.ones(9), np.zeros(5, np.uint16), ONES),
        Boost(np.ones(1 << 16), np.zeros(5, np.uint8), ONES),
        (np.ones(5), None),
    ],
)
def test_what_is_no_boost_of_every_article_is_an_error(boost: Any) -> None:
    part = Part(np.arange(3, dtype=np.uint32), np.ones(3, np.uint8), 1.0, 1.0)
    with pytest.raises(TypeError):
        kernel.best_complete([part], boost, None, None, 10, 0)


@pytest.mark.parametrize(
    "lengths",
    [
        Table([Spread([np.ones(5, np.uint8)])] * 3),
        Table([Spread([np.ones(5)])] * 4),
        Table([Spread([np.ones(5, np.uint8)])] * 3 + [Spread([np.ones(2, np.uint8), np.ones(3, np.uint8)])]),
    ],
)
def test_what_are_no_lengths_of_every_field_is_an_error(lengths: Table) -> None:
    docs, codes = np.zeros(1, np.uint32), np.ones(1, np.uint8)
    slot = Slot(docs, codes, np.zeros(1, np.uint8), docs[:0], docs[:0], 1.0)
    with pytest.raises(TypeError):
        kernel.together([slot], 0, True, -1, lengths)
