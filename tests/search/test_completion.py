"""Completing a query that is being typed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Article, Completion, Index
from newsearch.text import analysis

ROOT = Path(__file__).resolve().parents[2]

TYPED = ("", "t", "th", "re", "the re", "city re", "the city c", "city zzz r", '"the c', "zz", "\u00fc", "1")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The seeds in several segments, with articles that were replaced."""
    directory = tmp_path_factory.mktemp("seeds")
    for source in ("seeds/local", "seeds", "seeds/local"):
        newsearch.build(ROOT / source, index=directory)
    with newsearch.open(directory) as index:
        assert index.stats().segments > 1
        yield index


def words(article: Article) -> set[str]:
    texts = (article.title, article.excerpt, *article.topics, article.body)
    return {term for text in texts for term in analysis.terms(text)}


def texts(found: list[Completion]) -> list[str]:
    return [completion.text for completion in found]


def plain(found: list[Completion]) -> list[Completion]:
    return [completion for completion in found if completion.articles is not None]


@examples(60)
@given(prefix=st.text("abcdefiorst", min_size=1, max_size=4), limit=st.integers(1, 12))
def test_words_come_with_how_many_articles_hold_them(seeds: Index, prefix: str, limit: int) -> None:
    held = Counter(word for article in seeds.articles() if article.published for word in words(article))
    expected = sorted(
        ((word, count) for word, count in held.items() if word.startswith(prefix)),
        key=lambda item: (-item[1], item[0]),
    )
    found = plain(seeds.complete(prefix, limit))
    assert found == expected[: len(found)]
    names = len(seeds.complete(prefix, limit)) - len(found)
    assert len(found) == min(limit - names, len(expected))


@examples(30)
@given(
    first=st.sampled_from(["facial", "vaccine", "portland"]),
    prefix=st.text("abcefrst", min_size=1, max_size=2),
)
def test_words_before_are_heeded(seeds: Index, first: str, prefix: str) -> None:
    stem = analysis.Stemming().stem
    among = [a for a in seeds.articles() if a.published and stem(first) in map(stem, words(a))]
    held = Counter(word for article in among for word in words(article) if word.startswith(prefix))
    found = plain(seeds.complete(f"{first} {prefix}", 5))
    if held:
        expected = sorted(held.items(), key=lambda item: (-item[1], item[0]))
        assert found == [(f"{first} {word}", count) for word, count in expected[: len(found)]]


def test_words_before_that_never_stand_together_are_not(seeds: Index) -> None:
    assert texts(seeds.complete("zeppelin rec", 1)) == ["zeppelin recognition"]


@pytest.mark.parametrize(
    ("before", "heeded"),
    [
        ("facial AND ", "facial "),
        ("(facial AND ", "facial "),
        ("facial NOT ", "facial "),
        ("facial NEAR/5 ", '"facial" '),
        ("facial OR ", ""),
        ("facial | ", ""),
    ],
)
def test_an_operator_before_is_not_taken_for_a_word(seeds: Index, before: str, heeded: str) -> None:
    expected = [(before + text.removeprefix(heeded), count) for text, count in seeds.complete(heeded + "re")]
    assert seeds.complete(before + "re") == expected


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("FAC", "facial"),
        ("facial rec", "facial recognition"),
        ('"facial rec', '"facial recognition'),
        ("(portland OR detr", "(portland OR detroit"),
        ("ban -tik", "ban -tiktok"),
        ("title:recog", "title:recognition"),
        ("ban title:recog", "ban title:recognition"),
        ("COVID-1", "COVID-19"),
        ("topic:fac", 'topic:"Facial Recognition"'),
        ("topic:reco", 'topic:"Facial Recognition"'),
        ('topic:"facial r', 'topic:"Facial Recognition"'),
        ("ban -topic:priv", "ban -topic:Privacy"),
        ("#priv", "#Privacy"),
        ("#facial", 'topic:"Facial Recognition"'),
        ("provider:civic", 'provider:"Civic Watch"'),
        ("type:vid", "type:video"),
        ("lang:p", "lang:pt-br"),
        ("has:im", "has:image"),
        ("is:u", "is:unpublished"),
    ],
)
def test_the_last_word_is_completed_as_what_it_is(seeds: Index, typed: str, first: str) -> None:
    assert texts(seeds.complete(typed))[0].casefold() == first.casefold()


def test_words_with_signs_and_scripts_without_spaces_are_completed(tmp_path: Path) -> None:
    articles = [
        {"id": "1", "title": "C++ and C# at AT&T", "body": "Q&A"},
        {"id": "2", "title": "日本語の記事", "body": "日本語 हिन्दी"},
        {"id": "3", "title": "日本経済", "body": "日本語 서울시"},
        {"id": "4", "title": "日本大学", "published": False},
    ]
    (tmp_path / "n.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    newsearch.build(tmp_path / "n.jsonl", index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        for typed, expected in [
            ("c+", ["c++"]),
            ("c++", ["c++"]),
            ("C#", ["c#"]),
            ("title:c++", ["title:c++"]),
            ('"c++', ['"c++']),
            ("at&", ["at&t"]),
            ("a,c+", ["a,c++"]),
            ("हिन्दी", ["हिन्दी"]),
            ("日", ["日本"]),
            ("日本", ["日本", "日本語", "日本経"]),
            ("日本語", ["日本語", "日本語の"]),
            ("title:日本", ["title:日本", "title:日本経", "title:日本語"]),
            ("서울시 日本", ["서울시 日本", "서울시 日本経", "서울시 日本語"]),
            ("日本大", []),
            ("c+++", []),
            ("ban,", []),
        ]:
            assert texts(index.complete(typed)) == expected
        assert index.complete("日本", 2) == [("日本", 2), ("日本語", 2)]


def test_names_of_fields_come_after_words(seeds: Index) -> None:
    found = seeds.complete("to", 6)
    assert [completion.text for completion in found if completion.articles is None] == ["topics:", "topic:"]
    assert found[-1].articles is None
    assert seeds.complete("qual")[-1] == Completion("quality:", None)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "facial ", "foo:b", "heat:8", "after:20", "is:x", "zqzq", '"a b"', "a)", "#", "date:"],
)
def test_where_there_is_nothing_to_complete_nothing_is(seeds: Index, typed: str) -> None:
    assert plain(seeds.complete(typed)) == [] or typed == "#"


def test_an_empty_value_offers_the_commonest(seeds: Index) -> None:
    assert seeds.complete("topic:", 3) == [
        (f'topic:"{name}"' if " " in name else f"topic:{name}", count)
        for name, count in seeds.search().facet("topic", 3)
    ]


@given(st.text(max_size=30) | st.text('ab"(): -#', max_size=12), st.integers(0, 5))
def test_any_text_can_be_completed(seeds: Index, text: str, limit: int) -> None:
    assert len(seeds.complete(text, limit)) <= limit


def test_an_index_that_has_completed_much_completes_the_same(seeds: Index) -> None:
    def answers(index: Index) -> dict[tuple[str, int], list[Completion]]:
        return {(typed, limit): index.complete(typed, limit) for typed in TYPED for limit in (1, 3, 10, 1000)}

    first = {}
    for typed, limit in answers(seeds):
        with newsearch.open(str(seeds.path)) as new:
            first[typed, limit] = new.complete(typed, limit)
    assert answers(seeds) == first


def test_unpublished_words_and_values_are_not_given_away(tmp_path: Path) -> None:
    articles = [
        {"id": "1", "title": "embargoed merger", "topics": ["Mergers"], "published": False},
        {"id": "2", "title": "embassy reopens", "topics": ["Merlins"]},
    ]
    (tmp_path / "n.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    newsearch.build(tmp_path / "n.jsonl", index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        assert texts(index.complete("emb")) == ["embassy"]
        assert texts(index.complete("topic:mer")) == ["topic:Merlins"]


def test_a_newer_generation_completes_from_its_own_words(tmp_path: Path) -> None:
    def build(title: str) -> None:
        (tmp_path / "n.jsonl").write_text(json.dumps({"id": "1", "title": title, "topics": [title]}) + "\n")
        newsearch.build(tmp_path / "n.jsonl", index=tmp_path / "index")

    build("zebra")
    with newsearch.open(tmp_path / "index") as index:
        assert texts(index.complete("topic:ze")) == ["topic:zebra"]
        build("zeppelin")
        index.refresh()
        assert texts(index.complete("ze")) == ["zeppelin"]
        assert texts(index.complete("topic:ze")) == ["topic:zeppelin"]
