"""The compiled loops of indexing and those in Python make the same arrays."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import without_compiler

from newsearch.articles.article import Article, Image, Provider
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.records import encode_record
from newsearch.engine.arrays.writing import building
from newsearch.engine.arrays.writing.builder import TermTable
from newsearch.engine.arrays.writing.content import facts_of, records_of, signatures_of
from newsearch.stories.signatures import article_signature
from newsearch.text import analysis
from newsearch.text.addresses import canonical_url
from newsearch.text.hashes import hash_key

in_python = without_compiler(building)

compiled = pytest.mark.skipif(
    importlib.util.find_spec("newsearch.engine.arrays.writing._building") is None,
    reason="newsearch was installed without a compiler",
)

SIGNS = """' ’ ‘ “ ” – — … • & . , - + # 's ’s _ / ( ) $ % @ ẞ İ ǿ ﬁ ™ € 日本 है। 🚀 1 24,000 3.5 U.S. C++ l' d’a ban
    Bans PORTLAND x\u0301 ʼ"""
SPACES = " \n\t\x1c\x85\xa0\u1680\u2003\u2028\u202f\u205f\u3000\0"
PIECES = st.sampled_from([*SIGNS.split(), *SPACES])
texts = st.text() | st.lists(PIECES | st.text(max_size=2), max_size=10).map("".join)


def numbered(module: Any, batches: list[list[str]]) -> list[list[list[str]]]:
    """The terms of texts, as they are told from their numbers."""
    terms: dict[str, int] = {}
    words = module.TermNumbering(terms, analysis.chunk_terms)
    found = []
    for batch in batches:
        numbers, counts = (np.frombuffer(part, np.int32).tolist() for part in words.numbered(batch)[:2])
        names = list(terms)
        told = iter(names[number] for number in numbers)
        found.append([[next(told) for _ in range(count)] for count in counts])
        assert not list(told)
    assert len(words) <= sum(len(text.split()) + text.count("-") for batch in batches for text in batch) * 8
    return found


@pytest.mark.parametrize("module", [building, in_python], ids=["compiled", "in Python"])
@examples(400)
@given(st.lists(st.lists(texts, max_size=3), max_size=3))
@example([["Portland’s COVID-19 “ban”—wait… don't", "l's x's_y 'tis dogs' a.-b U...S 3…4 c…+"]])
@example(
    [["O‘Brien don`t `code` ‛tis O‛Neil .5 $.5 ...5 a.5 '.22' 2½ Lipitor™ J&J Marks&Spencer S&P500 Khan‘s"]]
)
@example([["\ud800 lone surrogates \udfff"], ["a" * 70 + "-" + "b" * 65, "é" * 70]])
def test_the_numbers_of_a_text_are_those_of_its_terms(module: Any, batches: list[list[str]]) -> None:
    assert numbered(module, batches) == [[analysis.terms(text) for text in batch] for batch in batches]


@pytest.mark.parametrize("module", [building, in_python], ids=["compiled", "in Python"])
def test_many_words_keep_their_numbers(module: Any) -> None:
    words = [f"word{i}" for i in range(5000)] + [f"{'long' * 8}{i}" for i in range(5000)]
    batches = [[" ".join(words)], [" ".join(words[::-1])]]
    assert numbered(module, batches) == [[words], [words[::-1]]]


@compiled
def test_words_with_every_character_have_the_terms_that_analysis_tells() -> None:
    around = ("{}", "a{}b", "{}b-c", "{}'s", "a{}\u0301")
    chosen = [chr(i) for i in range(0x3001)]
    batches = [[form.format(character) for form in around] for character in chosen]
    assert numbered(building, batches) == [[analysis.terms(text) for text in batch] for batch in batches]


@compiled
@given(st.lists(st.text() | st.text("ab", max_size=20), unique=True))
def test_texts_are_sorted_in_the_same_way(texts: list[str]) -> None:
    found = building.SortedTexts(*building.sorted_texts(texts))
    assert found == in_python.sorted_texts(texts)
    assert [texts[i] for i in np.frombuffer(found.numbers, np.int64).tolist()] == sorted(texts)


@compiled
@examples(100)
@given(
    st.integers(0, 2**32 - 1).map(np.random.default_rng),
    st.integers(0, 300),
    st.integers(1, 50),
    st.sampled_from([3, 65_536]),
)
def test_postings_are_the_same(random: np.random.Generator, articles: int, forms: int, most: int) -> None:
    lengths = random.integers(0, 5, articles * 4).astype(np.int32)
    # Some terms are in no article any more, and every form has one term.
    tokens = random.integers(0, forms, int(lengths.sum())).astype(np.int32) * 2
    place = np.repeat(random.permutation(forms), 2).astype(np.int32)
    order = random.permutation(articles)
    weights = random.random(len(lengths))
    given = (tokens, place, lengths, order, weights, forms, most)
    assert list(building.inverted(*given)) == list(in_python.inverted(*given))


@compiled
@pytest.mark.parametrize(
    "wrong",
    [
        {0: np.array([9, 0, 0], np.int32)},
        {0: np.array([0], np.int32)},
        {1: np.array([5], np.int32)},
        {2: np.array([-1, 4, 0, 0], np.int32)},
        {2: np.array([3, 0, 0], np.int32)},
        {3: np.array([1])},
        {4: np.zeros(3)},
        {5: -1},
        {6: 70_000},
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_together_are_refused(wrong: dict[int, Any]) -> None:
    sound: list[Any] = [
        np.zeros(3, np.int32),
        np.zeros(1, np.int32),
        np.array([3, 0, 0, 0], np.int32),
        np.array([0]),
        np.ones(4),
        1,
        65_536,
    ]
    assert building.inverted(*sound)
    for place, value in wrong.items():
        sound[place] = value
    with pytest.raises(ValueError, match="do not fit together"):
        building.inverted(*sound)


CHUNKS = st.sampled_from(
    """Ferry harbour returns tonight evacuated LONDON (Reuters) (AP): New Delhi, April 18 - – — -- >> | · • : a- cafÃ©
    â€™s Été ÉTÉ, (IANS): Herald The covid-19 U.S. … ½ and of""".split()
)
headlines = st.lists(CHUNKS, max_size=14).map(" ".join)


@pytest.mark.parametrize("module", [building, in_python], ids=["compiled", "in Python"])
@examples(300)
@given(st.lists(st.tuples(headlines, headlines, headlines | st.text(max_size=30)), max_size=4), st.booleans())
@example([("Ferry returns - The Herald", "LONDON (Reuters) - Ferry returns to the harbour", "")], False)
@example([("Ferry returns to the - Harbour - The Herald -", "", "LONDON - the harbour cafÃ© returns")], True)
def test_signatures_are_those_of_the_texts(
    module: Any, texts: list[tuple[str, str, str]], repeats: bool
) -> None:
    if repeats:  # feeds repeat the headline
        texts = [(title, f"{title} {excerpt}", body) for title, excerpt, body in texts]
    batch = [Article(id="", title=title, excerpt=excerpt, body=body) for title, excerpt, body in texts]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TermNumbering", "signatures"):
            patch.setattr(building, name, getattr(module, name))
        table = TermTable()
        fields = [text for a in batch for text in (a.title, " ".join(a.topics), a.excerpt, a.body)]
        words = building.Numbered(*(np.frombuffer(part, np.int32) for part in table.numbered(fields)))
        found = signatures_of(batch, words, table.draws())
    assert found.view("<u8").tolist() == [list(article_signature(*three)) for three in texts]


@compiled
@pytest.mark.parametrize(
    "wrong", [{0: [9] * 4}, {1: [4, 0, 0]}, {1: [5, 0, 0, -1]}, {2: [5]}, {3: [1]}, {4: []}]
)
def test_words_that_do_not_fit_together_have_no_signatures(wrong: dict[int, list[int]]) -> None:
    given: list[Any] = [[0] * 4, [4, 0, 0, 0], [4], [0], [7], [9]]
    kinds = [np.int32] * 4 + [np.uint64, np.uint8]
    sound = [np.array(values, kind) for values, kind in zip(given, kinds, strict=True)]
    assert len(building.signatures(*sound)) == 16
    for place, values in wrong.items():
        sound[place] = np.array(values, kinds[place])
    with pytest.raises(ValueError, match="do not fit together"):
        building.signatures(*sound)


names = st.text("aé日\ud800-", max_size=4)
lines = st.text("aé日 -", max_size=300)
urls = st.none() | st.sampled_from(
    [
        "https://a.example/b",
        "https://a.example/b/",
        "https://a.example//",
        "https://a.example",
        "http://a.example/b",
        "https://A.example/b#c",
        "https://a.example/b?utm_source=x&d=1",
        "https://a.example/b?c=1",
        "https://a.example/b/?c=1",
        "https://a.example?c=1&Fbclid=2",
        "https://a.example/b?c&&d",
        "https://a.example/b?c&",
        "https://a.example/b?",
        "https://a.example/b?1=2&x=?",
        "https://a..example/b",
        "https://localhost/b",
        "https://a.example:443/é",
    ]
)
articles = st.builds(
    Article,
    id=lines | urls.filter(bool),
    title=lines,
    excerpt=lines,
    topics=st.lists(lines, max_size=3).map(tuple),
    body=lines,
    date=st.none()
    | st.dates(date(1600, 1, 1))
    | st.datetimes(datetime(1600, 1, 2), timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))])),
    original_url=urls,
    web_url=urls,
    amp_web_url=urls,
    category=names,
    type=names,
    language=st.none() | names,
    quality=st.none() | st.integers(-5, 200) | st.floats(-5, 200),
    heat=st.none() | st.integers(-5, 200) | st.floats(-5, 200),
    modified=st.none()
    | st.dates(date(1600, 1, 1))
    | st.datetimes(datetime(1600, 1, 2), timezones=st.sampled_from([UTC, timezone(timedelta(hours=5))])),
    authors=st.lists(lines, max_size=2).map(tuple),
    published=st.booleans(),
    provider=st.none() | st.builds(Provider, name=names, domain=names),
    images=st.just(()) | st.just((Image("https://a.example/i.png"),)),
    related=st.just(()) | st.just((Article(id="", title="Other"),)),
    extra=st.just({}) | st.just({"note": 1}),
)


@compiled
@examples(500)
@given(st.from_regex(r"https://[ab.]{1,4}/?[a/%4é]{0,5}(\?[ab&=uU_g?%4]{0,8})?(#a?)?", fullmatch=True))
def test_addresses_are_the_same_in_their_canonical_form(url: str) -> None:
    batch = [Article(id="", title="", web_url=url)]
    records = [encode_record(article) for article in batch]
    assert building.facts(batch, records, canonical_url) == in_python.facts(batch, records, canonical_url)


@compiled
@examples(300)
@given(st.lists(articles, max_size=3))
@example([Article(id="a", title="A", heat=-0.0)])
def test_what_the_columns_keep_is_the_same(batch: list[Article]) -> None:
    records = [encode_record(article) for article in batch]
    assert building.facts(batch, records, canonical_url) == in_python.facts(batch, records, canonical_url)
    assert records_of(batch) == records
    keys = [article.id for article in batch]
    assert building.hash_keys(keys) == in_python.hash_keys(keys)
    assert facts_of(batch, records).id_hash == building.hash_keys(keys)


def test_the_facts_are_the_columns_of_that_kind() -> None:
    assert building.Facts._fields == columns.of_kind(columns.FACT)


def test_what_an_index_shows_is_in_the_hash_of_the_content() -> None:
    article = Article(id="a", title="A", topics=("x", "y"), authors=("z",), date=date(2020, 9, 29))
    changes: list[dict[str, Any]] = [
        {},
        {"topics": ("x",), "authors": ("y", "z")},
        {"topics": ("x", "y", "z"), "authors": ()},
        {"modified": date(2020, 9, 29)},
        {"modified": datetime(2020, 9, 29, tzinfo=UTC)},
        {"date": None, "modified": date(2020, 9, 29)},
        {"language": "en"},
    ]
    batch = [replace(article, **change) for change in changes]
    hashes = np.frombuffer(facts_of(batch, records_of(batch)).content_hash, np.uint64)
    assert len(set(hashes.tolist())) == len(changes)


@compiled
@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 255, 256, 257, 1000])
def test_texts_of_any_length_have_their_hash(length: int) -> None:
    text = ("0123456789é" * 100)[:length]
    assert np.frombuffer(building.hash_keys([text]), np.uint64).tolist() == [hash_key(text)]


@compiled
@pytest.mark.parametrize("title", ["a\x1fb", "a\0b", "\ud800"])
def test_what_no_record_can_hold_is_refused(title: str) -> None:
    with pytest.raises(ValueError, match=r"control characters|surrogates"):
        records_of([Article(id="a", title=title)])
