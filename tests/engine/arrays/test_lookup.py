"""A word that is looked up in all segments at once is what it is in each of them."""

from __future__ import annotations

import importlib
import importlib.util
import zlib
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from newsearch import ranking
from newsearch.engine.arrays.loops import kernel
from newsearch.engine.arrays.loops.kernel import InPlace, Slot
from newsearch.engine.arrays.loops.spread import Spread, Table
from newsearch.engine.arrays.searching import lookup
from newsearch.engine.arrays.searching.lookup import MAX_POSTINGS
from newsearch.ranking import PARTS

if importlib.util.find_spec("newsearch.engine.arrays.searching._lookup") is None:
    pytest.skip("newsearch was installed without a compiler", allow_module_level=True)
compiled: Any = importlib.import_module("newsearch.engine.arrays.searching._lookup")

seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)

FORMS = ["ban", "banned", "banning", "bans", "bar"]
HASH = zlib.crc32(b"ban")
NO_ONE = np.empty(0, np.uint32)


def lookup_arrays(**changed: Any) -> tuple[Any, ...]:
    """The arrays of a segment of five articles, each of which holds one of FORMS; all but the last share a stem."""
    encoded = [form.encode() for form in FORMS]
    arrays = {
        "term_bytes": np.frombuffer(b"".join(encoded), np.uint8),
        "term_at": np.cumsum([0, *map(len, encoded)]).astype(np.uint32),
        "stem_hash": np.array([HASH, HASH], np.uint32),
        # The second stem only has the same hash.
        "stem_ref": np.array([4, -1], np.int32),
        "stem_at": None,
        "group_form_at": np.array([0, 4], np.uint32),
        "group_form": np.arange(4, dtype=np.uint32),
        "post_at": np.arange(6, dtype=np.uint32),
        "post_doc": np.arange(5, dtype=np.uint16),
        "post_code": np.arange(10, 15, dtype=np.uint8),
        "stem_language": None,
        "dead": NO_ONE.astype(np.uint16),
        "start": 0,
        "articles": 5,
    }
    return tuple((arrays | changed).values())


def in_place(segments: Any, asked: Any, docs: Any, codes: Any, most: int, alive: int) -> None:
    """The same word in place has the same articles, and its codes are read as those of the list."""
    ranges, held, limit, live = compiled.in_place(*asked)
    assert (held, live) == (len(docs) // 4, alive)
    assert most <= limit <= PARTS * 255
    postings = compiled.bound(*asked)
    assert compiled.where(*asked) == (ranges, postings)
    assert postings >= held
    articles = sum(segment[-1] for segment in segments)
    opened = kernel.postings([(*segment[-6:-3], segment[-1]) for segment in segments])
    word = InPlace(range(held), ranges, 1.0, float(limit), opened)  # type: ignore[arg-type]
    expected = np.zeros(articles)
    expected[np.frombuffer(docs, np.uint32)] = np.frombuffer(codes, np.uint16)
    every = np.arange(articles, dtype=np.uint32)
    for order in (every, every[::-1].copy()):
        assert np.array_equal(np.frombuffer(kernel.scores([word], order)), expected[order])


def find(*segments: tuple[Any, ...], term: bytes = b"ban", stems: Any = None) -> Any:
    def is_stem(language: int, form: bytes) -> bool:
        return form.startswith(b"ban")

    asked = compiled.opened(list(segments)), term, stems or [(0, HASH)], is_stem
    docs, codes, most, alive = compiled.find(*asked, MAX_POSTINGS)
    assert compiled.find(*asked, len(docs) // 4 - 1) is None
    assert compiled.live(*asked) == alive
    in_place(segments, asked, docs, codes, most, alive)
    return np.frombuffer(docs, np.uint32).tolist(), np.frombuffer(codes, np.uint16).tolist(), most, alive


def test_articles_are_numbered_through_and_the_form_that_was_asked_for_is_worth_more() -> None:
    docs, codes, most, alive = find(
        lookup_arrays(dead=np.array([4], np.uint16)),
        lookup_arrays(start=5, dead=np.arange(5, dtype=np.uint16)),
    )
    assert docs == [0, 1, 2, 3, 5, 6, 7, 8]
    assert codes == [10 * PARTS, *(code * (PARTS - 1) for code in (11, 12, 13))] * 2
    assert (most, alive) == (max(codes), 4)


def test_a_form_that_is_not_there_has_the_stem_that_others_have() -> None:
    assert find(lookup_arrays(), term=b"bann")[0] == [0, 1, 2, 3]
    assert find(lookup_arrays(), term=b"bann", stems=[(0, HASH + 1)])[0] == []
    assert find(lookup_arrays(), term=b"bann", stems=[(1, HASH)])[0] == []
    assert find()[0] == []


@examples(30)
@given(seeds)
def test_after_many_words_the_same_stems_are_found(random: np.random.Generator) -> None:
    """By then it is noted which languages have which stems; two hashes that begin alike are told apart."""
    known = [zlib.crc32(b"ban%d" % number) for number in range(20)]
    segments = []
    for start in (0, 5):
        of_each = [sorted(random.choice(known, random.integers(0, 5), replace=False)) for _ in range(3)]
        hashes = np.concatenate([np.empty(0, np.uint32), *of_each]).astype(np.uint32)
        segments.append(
            lookup_arrays(
                start=start,
                stem_hash=hashes,
                stem_ref=random.integers(0, 5, len(hashes)).astype(np.int32),
                stem_at=np.cumsum([0, *map(len, of_each)]),
                stem_language=random.integers(0, 3, 5).astype(np.uint8),
            )
        )
    opened = compiled.opened(segments)
    for hash_ in [*known, *(hash_ ^ 1 for hash_ in known)] * 4:
        stems = [(language, hash_) for language in range(3)]
        asked = b"ban", stems, lambda *_: True, MAX_POSTINGS
        assert compiled.find(opened, *asked) == compiled.find(compiled.opened(segments), *asked)


@examples(60)
@given(seeds, st.integers(1, 6), st.booleans())
def test_forms_are_added_up_in_the_languages_in_which_they_are_one(
    random: np.random.Generator, count: int, several: bool
) -> None:
    articles = int(random.choice([1, 63, 64, 3000, 1 << 16]))
    postings = []
    for _ in range(count):
        doc = np.flatnonzero(random.random(articles) < random.choice([0.001, 0.3, 1.0]))
        postings.append((doc, random.integers(int(random.choice([1, 250])), 256, len(doc))))
    language = random.integers(0, 3 if several else 1, articles)
    # In each language, some of the forms share a stem; that which is asked for does in all of them.
    groups = [sorted({0, *random.choice(count, count).tolist()}) for _ in range(3)]
    encoded = [b"ban%d" % number for number in range(count)]
    dead = np.flatnonzero(random.random(articles) < random.choice([0, 0.001, 0.1]))
    docs, codes, most, alive = find(
        lookup_arrays(
            term_bytes=np.frombuffer(b"".join(encoded), np.uint8),
            term_at=np.arange(count + 1) * 4,
            stem_hash=np.array([HASH] * 3),
            stem_ref=np.array([-1, -2, -3], np.int32),
            stem_at=np.arange(4),
            group_form_at=np.cumsum([0, *map(len, groups)]),
            group_form=np.concatenate(groups),
            post_at=np.cumsum([0, *(len(doc) for doc, _ in postings)]),
            post_doc=np.concatenate([doc for doc, _ in postings]).astype(np.uint16),
            post_code=np.concatenate([code for _, code in postings]).astype(np.uint8),
            stem_language=language.astype(np.uint8),
            dead=dead.astype(np.uint16),
            articles=articles,
        ),
        term=encoded[0],
        stems=[(number, HASH) for number in range(3)],
    )
    weight, exact = np.zeros(articles), np.zeros(articles, np.int64)
    for number, (doc, code) in enumerate(postings):
        spoken = np.array([number in group for group in groups])[language[doc]]
        weight[doc[spoken]] += ranking.unsaturate(code[spoken])
        exact[doc] += code if number == 0 else 0
    held = weight.nonzero()[0]
    expected = ranking.saturate(weight[held]).astype(np.int64) * (PARTS - 1) + exact[held]
    assert docs == held.tolist()
    assert codes == expected.tolist()
    assert most == expected.max(initial=0)
    assert alive == len(np.setdiff1d(held, dead))


@pytest.mark.parametrize(
    "damage",
    [
        {"articles": 3},
        {"stem_ref": np.array([9, 9], np.int32)},
        {"stem_ref": np.array([-9, -9], np.int32)},
        {"stem_ref": np.zeros(1, np.int32)},
        {"stem_hash": np.full(300, HASH), "stem_ref": np.full(300, 4, np.int32)},
        {"stem_at": np.array([0, 9])},
        {"stem_at": np.array([5])},
        {"group_form_at": np.array([0, 9])},
        {"group_form_at": np.array([3, 1])},
        {"group_form": np.array([0, 1, 1, 3])},
        {"group_form": np.array([0, 1, 2, 5])},
        {"term_at": np.array([0, 3, 99, 99, 99, 99])},
        {"term_at": np.array([3, 0, 3, 0, 3, 0])},
        {"post_at": np.array([0, 1, 2, 3, 4, 9])},
        {"post_at": np.array([0, 5, 2, 3, 4, 5])},
        {"post_at": np.array([0, 5])},
        {"post_code": np.ones(1, np.uint8)},
        {"post_doc": np.arange(5)},
        {"stem_language": np.zeros(2, np.uint8)},
        {"articles": 1 << 17},
        {"start": -1},
        {"term_bytes": None},
    ],
)
def test_what_leads_out_of_a_segment_is_an_error(damage: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        find(lookup_arrays(**damage))
    with pytest.raises((ValueError, TypeError)):
        compiled.in_place(
            compiled.opened([lookup_arrays(**damage)]),
            b"ban",
            [(0, HASH)],
            lambda _, form: form.startswith(b"ban"),
            NO_ONE,
        )


def test_what_is_no_list_of_dead_articles_is_an_error() -> None:
    for dead in (np.ones(2, bool), np.ones(5), "text", None):
        with pytest.raises((ValueError, TypeError)):
            find(lookup_arrays(dead=dead))


def test_what_goes_wrong_over_a_stem_is_raised() -> None:
    def fails(language: int, form: bytes) -> bool:
        raise KeyError(form)

    with pytest.raises(KeyError):
        compiled.find(compiled.opened([lookup_arrays()]), b"bann", [(0, HASH)], fails, MAX_POSTINGS)


# Exact forms

LENGTHS = {f"length_{number}": np.full(5, 4, np.uint8) for number in range(4)}


def position_arrays(**changed: Any) -> tuple[Any, ...]:
    """The positions in the segment of `lookup_arrays`: one of each posting, at 2."""
    arrays = {
        "post_pos": np.full(5, 2, np.uint8),
        "more_at": np.zeros(6, np.uint8),
        "more_doc": np.empty(0, np.uint16),
        "more_pos": np.empty(0, np.uint8),
        **LENGTHS,
    }
    return tuple((arrays | changed).values())


def neighbours(dictionary: Any, positions: Any, left: bytes, right: bytes, gone: Any = NO_ONE) -> int:
    opened = compiled.opened([dictionary])
    found: int = compiled.neighbours(opened, compiled.placed(opened, [positions]), left, right, gone)
    return found


def together(dictionary: Any, positions: Any, words: Any = None, width: int = 1) -> Any:
    opened = compiled.opened([dictionary])
    placed = compiled.placed(opened, [positions])
    word = (b"ban", [(0, HASH)], lambda _, form: form.startswith(b"ban"))
    return compiled.together(opened, placed, words or [word, word], width, False, -1)


class Texts:
    """Random articles of three words, which share a stem: "a0", "a1" and "a2"."""

    def __init__(self, random: np.random.Generator, start: int, languages: int) -> None:
        self.start, self.articles = start, int(random.choice([1, 70, 900]))
        self.sizes = random.integers(0, 4, (4, self.articles))
        # Lists, because a call of numpy takes longer than a text of a few words.
        said = random.integers(0, 3, self.sizes.sum()).tolist()
        ends = np.cumsum(self.sizes.sum(axis=0)).tolist()
        self.texts = [said[begin:end] for begin, end in pairwise([0, *ends])]
        self.words = [b"a%d" % number for number in range(3)]
        self.language = random.integers(0, languages, self.articles).astype(np.uint8)
        # The languages in which each word has the stem.
        self.spoken = [sorted({0, *random.integers(0, 2, 1).tolist()}) for _ in range(3)]
        self.codes: list[list[int]] = random.integers(1, 256, (self.articles, 3)).tolist()
        posts: list[list[tuple[int, int]]] = [[] for _ in self.words]
        more: list[list[tuple[int, int]]] = [[] for _ in self.words]
        for doc, text in enumerate(self.texts):
            for form in range(3):
                at = [position for position, word in enumerate(text) if word == form]
                posts[form] += [(doc, position) for position in at[:1]]
                more[form] += [(doc, position) for position in at[1:]]

        def flat(lists: list[list[tuple[int, int]]], part: int) -> Any:
            return np.array([pair[part] for pairs in lists for pair in pairs], np.uint16)

        groups = [[form for form in range(3) if number in self.spoken[form]] for number in range(languages)]
        self.dictionary = lookup_arrays(
            term_bytes=np.frombuffer(b"".join(self.words), np.uint8),
            term_at=np.arange(4) * 2,
            stem_hash=np.array([HASH] * languages),
            stem_ref=np.array([-1 - number for number in range(languages)], np.int32),
            stem_at=np.arange(languages + 1),
            group_form_at=np.cumsum([0, *map(len, groups)]),
            group_form=np.concatenate(groups),
            post_at=np.cumsum([0, *map(len, posts)]),
            post_doc=flat(posts, 0),
            post_code=np.array(
                [self.codes[doc][form] for form in range(3) for doc, _ in posts[form]], np.uint8
            ),
            stem_language=self.language,
            start=start,
            articles=self.articles,
        )
        self.positions = position_arrays(
            post_pos=flat(posts, 1),
            more_at=np.cumsum([0, *map(len, more)]),
            more_doc=flat(more, 0),
            more_pos=flat(more, 1),
            **{f"length_{number}": self.sizes[number] for number in range(4)},
        )

    def neighbouring(self, doc: int) -> set[tuple[int, int]]:
        """The pairs of words that stand side by side in a field of an article."""
        ends = np.cumsum(self.sizes[:, doc]).tolist()
        fields = [self.texts[doc][begin:end] for begin, end in pairwise([0, *ends])]
        return {pair for field in fields for pair in pairwise(field)}


@examples(80)
@given(seeds, st.sampled_from([0, 5]))
def test_pairs_are_counted_where_one_word_follows_the_other_in_a_field(
    random: np.random.Generator, start: int
) -> None:
    made = Texts(random, start, 1)
    gone = np.flatnonzero(random.random(made.articles) < random.choice([0.0, 0.3])) + start
    kept = sorted({*range(made.articles)} - {*(gone - start).tolist()})
    neighbouring = {doc: made.neighbouring(doc) for doc in kept}
    gone = gone.astype(np.uint32)
    for left in range(3):
        held = compiled.held(compiled.opened([made.dictionary]), [made.words[left], b"b"], gone)
        assert held == [sum(left in made.texts[doc] for doc in kept), 0]
        for right in range(3):
            expected = sum((left, right) in neighbouring[doc] for doc in kept)
            words = made.words[left], made.words[right]
            assert neighbours(made.dictionary, made.positions, *words, gone) == expected


@examples(150)
@given(seeds, st.integers(1, 2), st.booleans(), st.booleans(), st.integers(-1, 3))
def test_words_stand_together_where_the_slots_of_their_forms_do(
    random: np.random.Generator, languages: int, any_form: bool, ordered: bool, field: int
) -> None:
    first = Texts(random, 0, languages)
    both = [first, Texts(random, first.articles, languages)]
    opened = compiled.opened([made.dictionary for made in both])
    placed = compiled.placed(opened, [made.positions for made in both])
    stems = [(number, HASH) for number in range(languages)] if any_form else []
    asked = [
        (b"a%d" % number, float(random.random())) for number in random.integers(0, 3, random.integers(1, 4))
    ]
    width = len(asked) - 1 + int(random.integers(-1, 2))
    lengths = Table([Spread([made.sizes[number] for made in both]) for number in range(4)])
    slots = [slot_of(both, word, any_form)._replace(unit=unit) for word, unit in asked]
    docs, scores = kernel.together(slots, max(width, 0), ordered, field, lengths)
    found = compiled.together(
        opened,
        placed,
        [(word, stems, lambda language, form: form in both[0].words) for word, _ in asked],
        max(width, 0),
        ordered,
        field,
    )
    assert np.frombuffer(found[0], np.uint32).tolist() == np.frombuffer(docs, np.uint32).tolist()
    units = [unit for _, unit in asked]
    assert (
        np.frombuffer(compiled.weighed(found[1], np.array(units))).tolist() == np.frombuffer(scores).tolist()
    )
    codes = np.frombuffer(found[1], np.uint8).reshape(-1, len(asked))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lookup, "_compiled", None)
        assert lookup.weighed(codes, units).tolist() == np.frombuffer(scores).tolist()


def slot_of(all_texts: list[Texts], word: bytes, any_form: bool) -> Slot:
    """The occurrences of a word, told from the texts."""
    rows: list[tuple[int, int, int]] = []
    further: list[tuple[int, int]] = []
    for made in all_texts:
        asked = made.words.index(word)
        for doc, (text, language) in enumerate(zip(made.texts, made.language.tolist(), strict=True)):
            said = [
                form for form in range(3) if form == asked or (any_form and language in made.spoken[form])
            ]
            at = [position for position, form in enumerate(text) if form in said]
            if at:
                code = max(made.codes[doc][form] for form in said if form in text)
                rows.append((doc + made.start, code, at[0]))
                further += [(doc + made.start, position) for position in at[1:]]
    doc, code, pos = np.array(rows, np.int64).reshape(-1, 3).T
    more_doc, more_pos = np.array(further, np.int64).reshape(-1, 2).T
    return Slot(
        doc.astype(np.uint32),
        code.astype(np.uint8),
        pos.astype(np.uint16),
        more_doc.astype(np.uint32),
        more_pos.astype(np.uint16),
        0.0,
    )


@pytest.mark.parametrize(
    "damage",
    [
        {"post_pos": np.zeros(4, np.uint8)},
        {"post_pos": np.zeros(5)},
        {"post_pos": None},
        {"more_at": np.zeros(5, np.uint8)},
        {"more_at": np.arange(6)},
        {"more_at": np.array([0, -1, 0, 0, 0, 0])},
        {"more_doc": np.zeros(1, np.uint16)},
        {"more_doc": np.zeros(1, np.uint32), "more_pos": np.zeros(1, np.uint8)},
        {"length_2": np.ones(4, np.uint8)},
        {"length_2": np.ones(5)},
    ],
)
def test_positions_that_lead_out_of_a_segment_are_an_error(damage: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        neighbours(lookup_arrays(), position_arrays(**damage), b"ban", b"bans")
    with pytest.raises((ValueError, TypeError)):
        together(lookup_arrays(), position_arrays(**damage))


def test_what_are_no_words_is_an_error() -> None:
    for words in (["ban"], [(b"ban", [])], [None], [("ban", [], None, "")], [(b"ban", None, None)]):
        with pytest.raises((ValueError, TypeError)):
            together(lookup_arrays(), position_arrays(), words)
    with pytest.raises(TypeError):
        together(lookup_arrays(), position_arrays(), width=-1)


def test_words_together_outside_of_a_segment_are_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        together(lookup_arrays(post_doc=np.full(5, 7, np.uint16)), position_arrays())


def test_neighbours_outside_of_a_segment_are_an_error() -> None:
    outside = lookup_arrays(post_doc=np.full(5, 7, np.uint16))
    positions = position_arrays(post_pos=np.arange(5, dtype=np.uint8))
    assert neighbours(lookup_arrays(), positions, b"ban", b"banned") == 0
    with pytest.raises(ValueError, match="outside"):
        neighbours(outside, positions, b"ban", b"banned")


def test_positions_of_other_segments_are_an_error() -> None:
    opened = compiled.opened([lookup_arrays()])
    for others in ([], [position_arrays()] * 2):
        with pytest.raises(ValueError, match="other segments"):
            compiled.placed(opened, others)
    two = compiled.opened([lookup_arrays(), lookup_arrays(start=5)])
    with pytest.raises(ValueError, match="other segments"):
        compiled.neighbours(two, compiled.placed(opened, [position_arrays()]), b"ban", b"bans", NO_ONE)


def test_what_is_no_list_of_forms_or_of_articles_is_an_error() -> None:
    opened = compiled.opened([lookup_arrays()])
    for forms, gone in (([1], NO_ONE), ("ban", NO_ONE), ([b"ban"], np.ones(2)), ([b"ban"], None)):
        with pytest.raises((ValueError, TypeError)):
            compiled.held(opened, forms, gone)
    with pytest.raises((ValueError, TypeError)):
        neighbours(lookup_arrays(), position_arrays(), b"ban", b"bans", np.ones(2))
    for damage in ({"term_at": np.array([0, 3, 99, 99, 99, 99])}, {"term_at": np.array([3, 0, 3, 0, 3, 0])}):
        with pytest.raises(ValueError, match="dictionary"):
            compiled.held(compiled.opened([lookup_arrays(**damage)]), [b"bans"], NO_ONE)


def test_a_bound_is_the_number_of_all_postings() -> None:
    def bound(term: bytes, *segments: Any) -> int:
        found: int = compiled.bound(
            compiled.opened(list(segments)), term, [(0, HASH)], lambda _, form: form.startswith(b"ban")
        )
        return found

    assert bound(b"ban", lookup_arrays(), lookup_arrays(start=5)) == 8
    assert bound(b"bar", lookup_arrays()) == 1
    with pytest.raises(ValueError, match="damaged"):
        bound(b"bann", lookup_arrays(stem_ref=np.array([9, 9], np.int32)))
