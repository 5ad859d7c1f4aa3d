"""A word that is looked up in all segments at once is what it is in each of them."""

from __future__ import annotations

import importlib
import importlib.util
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsearch import ranking
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
        "start": 0,
        "articles": 5,
    }
    return tuple((arrays | changed).values())


def find(*segments: tuple[Any, ...], term: bytes = b"ban", stems: Any = None, dead: Any = NO_ONE) -> Any:
    def is_stem(language: int, form: bytes) -> bool:
        return form.startswith(b"ban")

    docs, codes, most, alive = compiled.find(
        compiled.opened(list(segments)), term, stems or [(0, HASH)], is_stem, dead
    )
    return np.frombuffer(docs, np.uint32).tolist(), np.frombuffer(codes, np.uint16).tolist(), most, alive


def test_articles_are_numbered_through_and_the_form_that_was_asked_for_is_worth_more() -> None:
    docs, codes, most, alive = find(
        lookup_arrays(), lookup_arrays(start=5), dead=np.arange(4, 10, dtype=np.uint32)
    )
    assert docs == [0, 1, 2, 3, 5, 6, 7, 8]
    assert codes == [10 * PARTS, *(code * (PARTS - 1) for code in (11, 12, 13))] * 2
    assert (most, alive) == (max(codes), 4)


def test_a_form_that_is_not_there_has_the_stem_that_others_have() -> None:
    assert find(lookup_arrays(), term=b"bann")[0] == [0, 1, 2, 3]
    assert find(lookup_arrays(), term=b"bann", stems=[(0, HASH + 1)])[0] == []
    assert find(lookup_arrays(), term=b"bann", stems=[(1, HASH)])[0] == []
    assert find()[0] == []


@settings(max_examples=60, deadline=None)
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
    docs, codes, most, _ = find(
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


def test_what_is_no_list_of_dead_articles_is_an_error() -> None:
    for dead in (np.ones(2, bool), np.ones(5), "text", None):
        with pytest.raises((ValueError, TypeError)):
            find(lookup_arrays(), dead=dead)


def test_what_goes_wrong_over_a_stem_is_raised() -> None:
    def fails(language: int, form: bytes) -> bool:
        raise KeyError(form)

    with pytest.raises(KeyError):
        compiled.find(compiled.opened([lookup_arrays()]), b"bann", [(0, HASH)], fails, NO_ONE)
