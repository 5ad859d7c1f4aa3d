"""Marks and snippets."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.query import parse
from newsearch.query.tree import Fuzzy, Node, Word
from newsearch.search import snippets
from newsearch.search.snippets import Span, marks, snippet
from newsearch.text import analysis


def marked(text: str, query: str, field: str | None = None) -> list[str]:
    tree = parse(query, now=datetime(2020, 9, 29, tzinfo=UTC), tz=UTC).tree
    return [text[start:end] for start, end in marks(text, tree, field)]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("A ban, two bans; banned!", "ban", ["ban", "bans", "banned"]),
        ("Portland's mayor", "portland", ["Portland"]),
        ("(Covid-19) and covid", "COVID-19", ["Covid", "19"]),
        ("Covid19, covid-19 and covid", "covid-19", ["Covid19", "covid", "19"]),
        ("Covid19, covid-19 and covid", "COVID19", ["Covid19", "covid", "19"]),
        ("Covid19, covid-19 and covid", '"covid19"', ["Covid19"]),
        ("AT&T, ATT and T", "at&t", ["AT&T"]),
        ("In the U.S. and for us", "U.S.", ["U.S", "us"]),
        ("It cost $24,000.", "24000", ["24,000"]),
        ("São Paulo, SAO", "sao", ["São", "SAO"]),
        ("今日は日本語です", "日本語", ["日本語"]),
        ("the ban on bans", '"ban"', ["ban"]),
        ("a “ban”, the “ban’s” and ban’s", "ban", ["ban", "ban", "ban"]),
        ("l’amour, “qu’un” amour", "amour", ["amour", "amour"]),
        ("ʻOumuamua. It", "oumuamua", ["Oumuamua"]),
        ("facial ban, facial recognition", '"facial recognition"', ["facial", "recognition"]),
        ("recognition of the ban", '"recognition ban"~1', []),
        ("recognition of the ban", '"recognition ban"~2', ["recognition", "ban"]),
        ("ban it, and recognition far away from a ban", "recognition NEAR/2 ban", ["ban", "recognition"]),
        ("white paint, a ban on a white house", '"white house" NEAR/2 ban', ["ban", "white", "house"]),
        ("a house near a white house", '"white house" NEAR/2 house', ["house", "white", "house"]),
        ("elect, election and select", "elect*", ["elect", "election"]),
        ("the Biden-Xi call", "biden-x*", ["Biden", "Xi"]),
        ("vacine or vaccine or vaccines", "vaccine~", ["vacine", "vaccine", "vaccines"]),
        ("recieve", "receive~", ["recieve"]),
        ("amazon ban", "ban -amazon", ["ban"]),
        ("police or not", "(police OR sheriff) topic:police", ["police"]),
        ("title words", "title:words", []),
        ("nothing", "", []),
        ("", "ban", []),
    ],
)
def test_marks_are_what_the_query_finds(text: str, query: str, expected: list[str]) -> None:
    assert marked(text, query) == expected


def test_a_part_that_is_narrowed_to_a_field_marks_that_field_alone() -> None:
    assert marked("a ban", "title:ban", "title") == ["ban"]
    assert marked("a ban", "title:ban", "excerpt") == []


@given(st.text(max_size=60))
def test_marks_are_in_order_apart_and_inside(text: str) -> None:
    for word in text.split():
        spans = marks(text, Word(word))
        assert bool(spans) == bool(analysis.terms(word))
        ends = [0, *(end for _, end in spans)]
        assert all(before <= start < end for before, (start, end) in zip(ends, spans, strict=False))
        assert ends[-1] <= len(text)


@given(st.text("abc", min_size=4, max_size=8), st.integers(1, 2), st.data())
def test_a_word_so_many_edits_away_is_marked(word: str, distance: int, data: st.DataObject) -> None:
    text = word
    for _ in range(distance):
        at = data.draw(st.integers(0, len(text) - 1))
        edits = [text[:at] + text[at + 1 :], text[:at] + "x" + text[at:], text[:at] + "x" + text[at + 1 :]]
        if distance == 1:
            edits.append(text[:at] + text[at : at + 2][::-1] + text[at + 2 :])
        text = data.draw(st.sampled_from(edits))
    assert marks(text, Fuzzy(word, distance)) == [(0, len(text))]
    assert marks(word + "x" * (distance + 1), Fuzzy(word, distance)) == []


@given(st.lists(st.sampled_from(["ban", "bans,", "the", "a-ban", "X"]), max_size=60), st.integers(3, 80))
def test_a_snippet_fits_and_keeps_marks_on_their_words(words: list[str], width: int) -> None:
    text = " ".join(words)
    spans = marks(text, Word("ban"))
    part, inside = snippet(text, spans, width)
    assert len(part) <= width
    assert all(part[start:end] in "bans" for start, end in inside)
    assert bool(inside) == bool(spans)
    assert part.strip("…") in text


def test_a_snippet_shows_the_most_different_words() -> None:
    text = "ban " * 20 + "far " * 40 + "facial recognition ban " + "near " * 40
    part, inside = snippet(text, marks(text, parse_words("facial recognition ban")), 60)
    assert "facial recognition ban" in part
    assert [part[start:end] for start, end in inside] == ["facial", "recognition", "ban"]


def test_a_short_text_is_its_own_snippet() -> None:
    spans: list[Span] = [(0, 1)]
    assert snippet("short", spans, 5) == ("short", spans)


def test_a_long_text_without_marks_is_shown_from_its_beginning() -> None:
    assert snippet("one two three four", [], 10) == ("one two…", [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京 " + "記" * 99, "東京 " + "記" * 15 + "…"),
        ("กรุงเทพ " + "ที่" * 33, "กรุงเทพ " + "ที่" * 3 + "…"),
        ("서울에서 열린 회의에서 대통령은", "서울에서 열린 회의에서…"),
        ("Москва " + "д" * 99, "Москва…"),
    ],
)
def test_a_snippet_ends_within_a_run_of_a_script_without_spaces(text: str, expected: str) -> None:
    assert snippet(text, [], 20 if len(text) > 20 else 16) == (expected, [])


def parse_words(query: str) -> Node:
    return parse(query, now=datetime(2020, 9, 29, tzinfo=UTC), tz=UTC).tree


@given(st.text("ab1.'’“-&é–_ ", max_size=20))
def test_marks_of_plain_letters_are_those_of_all_letters(text: str) -> None:
    tree = parse_words("a b ab a1 b-a é")
    found = marks(text, tree)
    snippets._pieces_of.cache_clear()
    with mock.patch.object(analysis, "has_plain_letters", return_value=False):
        assert marks(text, tree) == found
    snippets._pieces_of.cache_clear()
