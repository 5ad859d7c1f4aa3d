"""The measures are those of the textbooks, and of rankings as they are shown."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from math import log2
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Boosts, EngineError
from newsearch.evaluation import MEASURES, Evaluation, evaluate, measure, plain_words
from newsearch.query import parse
from newsearch.query.tree import All, Everything, Not, Word

JUDGEMENTS = {"1": {"a": 3, "b": 1, "c": 0}}
IDS = ("a", "b", "c", "d", "e", "f")


def test_the_values_are_those_worked_out_by_hand() -> None:
    found = measure({"1": ["c", "a", "d", "b"]}, JUDGEMENTS)
    gain = 3 / log2(3) + 1 / log2(5)
    assert found.queries["1"]["nDCG@10"] == pytest.approx(gain / (3 + 1 / log2(3)))
    assert found.queries["1"]["MAP"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found.queries["1"]["MRR"] == pytest.approx(1 / 2)
    assert found.queries["1"]["R@100"] == 1


@given(
    runs=st.lists(st.permutations(IDS), min_size=1, max_size=4),
    grades=st.lists(st.integers(0, 3), min_size=6, max_size=6).filter(any),
)
def test_every_value_is_what_its_definition_gives(runs: list[list[str]], grades: list[int]) -> None:
    judged = dict(zip(IDS, grades, strict=True))
    found = measure({str(n): ids for n, ids in enumerate(runs)}, {str(n): judged for n in range(len(runs))})
    best = sum(grade / log2(rank + 1) for rank, grade in enumerate(sorted(grades, reverse=True), 1))
    for number, ids in enumerate(runs):
        values = found.queries[str(number)]
        ranks = [rank for rank, id in enumerate(ids, 1) if judged[id]]
        gain = sum(judged[id] / log2(rank + 1) for rank, id in enumerate(ids, 1))
        assert values["nDCG@10"] == pytest.approx(gain / best)
        assert values["MAP"] == pytest.approx(sum(n / rank for n, rank in enumerate(ranks, 1)) / len(ranks))
        assert values["MRR"] == pytest.approx(1 / ranks[0])


def test_a_query_that_found_nothing_counts_as_nothing() -> None:
    found = measure({"1": ["a", "b"]}, {**JUDGEMENTS, "2": {"a": 1}, "3": {"a": 1}})
    assert found.queries["2"] == dict.fromkeys(MEASURES, 0.0)
    assert found.means["nDCG@10"] == pytest.approx(1 / 3)
    assert found.run["3"] == ()


def test_without_judgements_there_is_nothing_to_measure() -> None:
    with pytest.raises(ValueError, match="no judgements"):
        measure({}, {})


def test_what_to_install_is_said_where_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(EngineError, match=r"pip install 'newsearch\[eval\]'"):
        measure({"1": ["a"]}, JUDGEMENTS)


@pytest.fixture
def index(tmp_path: Path) -> newsearch.Index:
    source = tmp_path / "news.jsonl"
    source.write_text(
        '{"_id": "cold", "title": "Storm at sea", "text": "", "heat": 1}\n'
        '{"_id": "hot", "title": "Storm at sea", "text": "", "heat": 99}\n'
        '{"_id": "half", "title": "A storm", "text": "", "heat": 99}\n'
        '{"_id": "storm", "title": "Storm at sea", "text": "", "heat": 50}\n'
    )
    newsearch.build(source, index=tmp_path / "index")
    return newsearch.open(tmp_path / "index")


def _ask(index: newsearch.Index, text: str = "storm at sea", **options: object) -> Evaluation:
    return evaluate(index, {"storm": text}, {"storm": {"hot": 1}}, **options)  # type: ignore[arg-type]


def test_the_order_is_that_of_the_page(index: newsearch.Index) -> None:
    """A hot article that lacks a word can have the higher score, and still comes after those that hold all."""
    assert _ask(index).run["storm"] == ("hot", "storm", "cold", "half")


def test_the_weights_are_those_that_are_given(index: newsearch.Index) -> None:
    assert _ask(index).means["MRR"] == 1
    assert _ask(index, boosts=Boosts(heat=0, quality=0)).means["MRR"] < 1


def test_the_article_that_is_the_query_can_be_left_out(index: newsearch.Index) -> None:
    assert _ask(index, skip_own=True, depth=2).run["storm"] == ("hot", "cold")


def test_a_query_without_a_word_finds_nothing(index: newsearch.Index) -> None:
    assert _ask(index, "***").run["storm"] == ()


def test_a_query_is_plain_words_unless_its_syntax_is_asked_for(index: newsearch.Index) -> None:
    assert len(_ask(index, "storm -sea").run["storm"]) == 4
    assert _ask(index, "storm -sea", syntax=True).run["storm"] == ("half",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PERSONS IN THE COUP AND AFTER .", "PERSONS IN THE COUP and AFTER ."),
        ('He said: "never" (again)', "He said never again"),
        ("AT&T C++ C# COVID-19 G-20 U.S.", "AT&T C++ C# COVID-19 G-20 U.S."),
        ("-not #tag a* b~2 c^3 x OR NEAR/3", "not tag a b 2 c 3 x or near/3"),
    ],
)
def test_plain_words_keep_the_words_and_lose_the_syntax(text: str, words: str) -> None:
    assert plain_words(text) == words


@examples(50)
@given(st.text(st.sampled_from("abAND ORT-+#\"“(:*~^2/.'|&<=\n"), max_size=40) | st.text(max_size=40))
def test_plain_words_hold_no_syntax(text: str) -> None:
    parsed = parse(plain_words(text), now=datetime(2020, 9, 9, tzinfo=UTC), tz=UTC)
    nodes = parsed.tree.children if isinstance(parsed.tree, All) else (parsed.tree,)
    assert all(isinstance(node, Word) and node.field is None and node.weight == 1 for node in nodes) or (
        parsed.tree in (Everything(), All((Everything(), Not(Everything()))))
    )
