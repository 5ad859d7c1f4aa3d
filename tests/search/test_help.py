"""Help for a search that finds little: the parts that are to blame, and the word that was mistyped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Index
from newsearch.search.spellings import Memory

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def seeds(seeds_index: Path) -> Iterator[Index]:
    with newsearch.open(seeds_index) as index:
        yield index


def collection(directory: Path, titles: list[str], **more: object) -> Index:
    articles = [{"id": str(i), "title": title, **more} for i, title in enumerate(titles)]
    (directory / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    newsearch.build(directory / "news.jsonl", index=directory / "index")
    return newsearch.open(directory / "index")


# Diagnosis


def test_a_part_matches_alone_what_its_other_spellings_find(tmp_path: Path) -> None:
    with collection(tmp_path, ["The health care of the town", "Shops re-open"], topics=["Trade"]) as index:
        for query in ("healthcare", "reopen", '"re open"'):
            (clause,) = index.search(f"{query} topic:Nope").diagnose()[:1]
            assert (clause.text, clause.alone) == (query, index.search(query).counts.complete)
            assert clause.alone == 1


WORDS = ("portland", "ban", "zeppelin", "vaccine", "tiktok", "title:ban", '"facial recognition"')
FILTERS = ("topic:Privacy", "site:civicwatch.example", "heat:>=80", "-police", "after:2021", "is:video")


@examples(40)
@given(
    st.lists(st.sampled_from(WORDS + FILTERS), min_size=1, max_size=5, unique=True),
    st.sampled_from([None, "2021-01", "2030"]),
)
def test_a_clause_says_what_a_search_without_it_says(
    seeds: Index, parts: list[str], after: str | None
) -> None:
    clauses = [c for c in seeds.search(" ".join(parts), after=after).diagnose() if c.text != "is:published"]
    assert [clause.text for clause in clauses] == parts + ([after] if after else [])
    assert [clause.option for clause in clauses] == [None] * len(parts) + (["after"] if after else [])
    for number, clause in enumerate(clauses):
        if clause.option:
            assert clause.without == seeds.search(" ".join(parts)).counts
            assert clause.alone == seeds.search(after=after).counts.complete
        else:
            others = " ".join(parts[:number] + parts[number + 1 :])
            assert clause.without == seeds.search(others, after=after).counts
            assert clause.alone == seeds.search(clause.text).counts.complete


def test_the_words_of_an_and_are_clauses_of_their_own(seeds: Index) -> None:
    clauses = seeds.search("portland AND zeppelin after:2020").diagnose()
    assert [(clause.text, clause.alone > 0) for clause in clauses] == [
        ("portland", True),
        ("zeppelin", False),
        ("after:2020", True),
    ]
    assert clauses[1].without.complete > 0


def test_what_was_typed_as_one_is_one_clause(seeds: Index) -> None:
    for text in ('"facial recognition" NEAR/2 zeppelin', "(zeppelin OR airship)", "-(ban zeppelin)"):
        assert seeds.search(text).diagnose()[0].text == text
        assert {clause.text for clause in seeds.search(text).diagnose()} <= {text, "is:published"}


def test_every_option_that_narrows_is_a_clause(seeds: Index) -> None:
    results = seeds.search(
        "zeppelin",
        topics=["AI", "Privacy"],
        providers=["a", "b"],
        categories="news",
        types="video",
        after="2020-09",
        before="2021",
        min_heat=30,
        min_quality=0.5,
        as_of="2022",
    )
    assert [(clause.option, clause.text) for clause in results.diagnose()] == [
        (None, "zeppelin"),
        ("topics", "AI"),
        ("topics", "Privacy"),
        ("providers", "a, b"),
        ("categories", "news"),
        ("types", "video"),
        ("after", "2020-09"),
        ("before", "2021"),
        ("min_heat", "30"),
        ("min_quality", "0.5"),
        ("as_of", "2022"),
    ]


def test_unpublished_articles_that_would_match_are_told(tmp_path: Path) -> None:
    with collection(tmp_path, ["embargoed zeppelin"], published=False) as index:
        clauses = index.search("zeppelin").diagnose()
        assert [(clause.text, clause.without.complete) for clause in clauses] == [
            ("zeppelin", 0),
            ("is:published", 1),
        ]
        assert "is:published" not in [c.text for c in index.search("airship").diagnose()]


def test_a_search_of_very_many_parts_is_diagnosed_by_the_first(seeds: Index) -> None:
    assert len(seeds.search(" ".join(f"zeppelin{i}" for i in range(100)), after="2020").diagnose()) == 16


# Misspellings


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("facial recogniton ban", "facial recognition ban"),
        ("Facial Recogniton", "Facial recognition"),
        ("vacine tiral", "vaccine trial"),
        ('"facial recogniton"', '"facial recognition"'),
        ("title:recogniton", "title:recognition"),
        ("portlnad NEAR/9 ban", "portland NEAR/9 ban"),
        ("(portlnad OR detroit) -ban", "(portland OR detroit) -ban"),
        ("recogniton -amazon topic:Privacy", "recognition -amazon topic:Privacy"),
        ("recogniton topic:Privcy", "recognition topic:Privacy"),
        ("#privcy", "#Privacy"),
        ("topic:Priv*", "topic:Privacy"),
        ("#Recogniton ban", 'topic:"Facial Recognition" ban'),
        ("topic:recognition", 'topic:"Facial Recognition"'),
        ('topic:"Facal recognition"', 'topic:"Facial Recognition"'),
        ('source:"Civic Wach" ban', 'source:"Civic Watch" ban'),
        ("topic:(Privcy OR Zeppelins)", "topic:(Privacy OR Zeppelins)"),
        ("site:x.org OR type:vidoe", "site:x.org OR type:video"),
    ],
)
def test_a_misspelt_word_is_replaced_where_it_stands(seeds: Index, typed: str, meant: str | None) -> None:
    assert seeds.search(typed).did_you_mean == meant
    if meant:
        assert seeds.search(meant).total > seeds.search(typed).counts.complete


@pytest.mark.parametrize(
    "text",
    [
        "vaccine",
        "zeppelin",
        "recogniton~",
        "recogn*",
        "-recogniton ban",
        "topic:Zeppelins",
        "-topic:Privcy",
        "id:Privcy",
        "site:civicwach.example",
        "",
        "ban OR",
        "tyk",
    ],
)
def test_nothing_is_suggested_for_what_is_right_or_unknown_or_no_word(seeds: Index, text: str) -> None:
    assert seeds.search(text).did_you_mean is None


def test_names_like_one_that_no_article_has_are_told_the_likest_first(tmp_path: Path) -> None:
    names = ["Climate", "Climate", "Climates", "US Climate", "Climbing", "Weather"]
    articles = [{"id": str(i), "title": "ban", "topics": [name]} for i, name in enumerate(names)]
    articles.append({"id": "draft", "title": "ban", "topics": ["Climat Law"], "published": False})
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    newsearch.build(tmp_path / "news.jsonl", index=tmp_path / "index")
    with newsearch.open(tmp_path / "index") as index:
        (clause,) = index.search(topics="climat").diagnose()
        assert clause.near == ("Climate", "US Climate", "Climates")
        clauses = index.search("ban topic:Climat heat:1", providers=["Climate"]).diagnose()
        assert [clause.near for clause in clauses] == [(), clause.near, (), ()]
        assert index.search("topic:Climate zeppelin").diagnose()[0].near == ()


def test_nothing_is_suggested_that_would_not_find_more(seeds: Index) -> None:
    assert seeds.search("recogniton").did_you_mean == "recognition"
    assert seeds.search("recogniton", topics="No Such Topic").did_you_mean is None


def test_of_like_words_the_one_is_meant_that_stands_with_the_others(tmp_path: Path) -> None:
    titles = ["space probe"] * 30 + ["spare parts"] * 5
    with collection(tmp_path, titles) as index:
        assert index.search("spaxe").did_you_mean == "space"
        assert index.search("spaxe parts").did_you_mean == "spare parts"


def test_a_rare_word_that_articles_hold_is_not_corrected(tmp_path: Path) -> None:
    with collection(tmp_path, ["Biden speaks"] * 60 + ["Bidet speaks"]) as index:
        assert index.search("bidet").did_you_mean is None
        assert index.search("bided").did_you_mean == "biden"


def test_a_misspelling_that_some_articles_share_is_corrected_if_hardly_any_do(tmp_path: Path) -> None:
    with collection(tmp_path, ["recognition"] * 150 + ["recogniton"]) as index:
        assert index.search("recogniton").did_you_mean == "recognition"


def test_words_of_unpublished_articles_alone_are_not_suggested(tmp_path: Path) -> None:
    with collection(tmp_path, ["recognition"], published=False) as index:
        assert index.search("recogniton", unpublished=True).did_you_mean is None


SPELT = [
    *["face book trial"] * 12,
    *["facebook trial"] * 9,
    *["healthcare workers"] * 40,
    *["health-care workers march"] * 30,
    *["24 000 workers"] * 11,
    *["24000 marches"] * 3,
    *["space probe"] * 130,
    *["spare parts trial"] * 8,
    *["wi-fi workers"] * 15,
]
TYPED = st.lists(
    st.sampled_from(
        "face book facebok facebook trail trial helthcare healthcare workrs workers march marsh 24 000 24000 space"
        " spaxe spare parts probe prove wifi wif zeppelin".split()
    ),
    min_size=2,
    max_size=4,
)


@pytest.fixture(scope="module")
def spelt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with collection(tmp_path_factory.mktemp("spelt"), SPELT) as index:
        yield index


@examples(150)
@given(TYPED, st.sampled_from([{}, {"after": "2030"}, {"unpublished": True}]))
def test_candidates_that_are_not_searched_for_could_not_have_won(
    spelt: Index, words: list[str], options: dict[str, object]
) -> None:
    text = " ".join(words)
    suggested = spelt.search(text, **options).did_you_mean  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("newsearch.search.respelling._Trial._may_exceed", lambda *_: True)
        patch.setattr(
            "newsearch.search.respelling._Trial.likely",
            lambda _, places, place, least, most=None: place.candidates[:most],
        )
        assert suggested == spelt.search(text, **options).did_you_mean  # type: ignore[arg-type]


def test_corrections_are_the_same_whatever_is_remembered(
    spelt: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {
        text: spelt.search(text).did_you_mean for text in ("spaxe probe", "helthcare workrs", "trail")
    }
    monkeypatch.setattr("newsearch.search.spellings._MAX_REMEMBERED", 3)
    monkeypatch.setattr("newsearch.search.spellings._MAX_WORDS", 2)
    with newsearch.open(spelt.path) as forgetful:
        for text, suggested in [*expected.items()] * 2:
            assert forgetful.search(text).did_you_mean == suggested
    assert expected["spaxe probe"] == "space probe"


@given(st.lists(st.integers(0, 20)), st.integers(1, 9))
def test_a_memory_is_bounded_and_keeps_what_came_last(keys: list[int], most: int) -> None:
    memory: Memory[int, int] = Memory(most)
    for number, key in enumerate(keys):
        memory[key] = number
        assert memory[key] == number
        assert len(memory) <= most
