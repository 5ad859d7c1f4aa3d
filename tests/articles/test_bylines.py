"""Which names are in a by-line? A table of what outlets and programs write."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.articles.values import authors

LEE, RAY, DAY = "Ann Lee", "Bob Ray", "Cy Day"


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("Ann Lee", [LEE]),
        ("By Ann Lee", [LEE]),
        ("BY ANN LEE", ["ANN LEE"]),
        ("by: Ann Lee", [LEE]),
        ("Written by Ann Lee", [LEE]),
        ("Words by Ann Lee", [LEE]),
        ("Von Ann Lee", [LEE]),
        ("Par Ann Lee et Bob Ray", [LEE, RAY]),
        ("By Ann Lee and Bob Ray", [LEE, RAY]),
        ("Ann Lee & Bob Ray", [LEE, RAY]),
        ("Ann Lee &amp; Bob Ray", [LEE, RAY]),
        ("By Ann Lee, Bob Ray and Cy Day", [LEE, RAY, DAY]),
        ("Ann Lee, Bob Ray, and Cy Day", [LEE, RAY, DAY]),
        ("Ann Lee; Bob Ray", [LEE, RAY]),
        ("Ann Lee, Bob Ray", [LEE, RAY]),
        # roles
        ("Ann Lee, STAFF WRITER", [LEE]),
        ("ANN LEE, Staff Writer", ["ANN LEE"]),
        ("Ann Lee, Political Correspondent", [LEE]),
        ("Ann Lee, Bob Ray, Staff Writers", [LEE, RAY]),
        ("By Ann Lee and Bob Ray, Staff Reporters", [LEE, RAY]),
        ("Ann Lee, editor-in-chief", [LEE]),
        ("Ann Lee, Contributor", [LEE]),
        ("Ann Lee, Special to the Gazette", [LEE]),
        ("Ann Lee | Staff Writer", [LEE]),
        ("Ann Lee (Redaktion)", [LEE]),
        # agencies and outlets
        ("Ann Lee, Reuters", [LEE]),
        ("Ann Lee and Bob Ray, Reuters", [LEE, RAY]),
        ("By Ann Lee, Associated Press", [LEE]),
        ("Ann Lee, The Associated Press", [LEE]),
        ("Ann Lee, CNN", [LEE]),
        ("Ann Lee, dpa", [LEE]),
        ("Ann Lee, WGBH", [LEE]),
        ("TC & Ann Lee", ["TC", LEE]),
        ("Ann Lee (AP)", [LEE]),
        ("Ann Lee/AFP", [LEE]),
        ("AP/Ann Lee", [LEE]),
        ("Ann Lee | Harbour Gazette", [LEE]),
        ("Ann Lee | The Ledger", [LEE]),
        ("By Ann Lee | Reuters", [LEE]),
        ("Ann Lee and Bob Ray | Quai", [LEE, RAY]),
        ("Ann Lee | Bob Ray", [LEE, RAY]),
        ("Ann Lee • Harbour News", [LEE]),
        ("Ann Lee for the Harbour Gazette", [LEE]),
        ("Ann Lee, Harbour Gazette", [LEE]),
        ("Ann Lee, The Harbour Post", [LEE]),
        ("Ann Lee, gazette.example", [LEE]),
        # places
        ("Ann Lee in London", [LEE]),
        ("Ann Lee in New York and Bob Ray in Paris", [LEE, RAY]),
        ("Ann Lee in London, Bob Ray in Paris", [LEE, RAY]),
        ("Ann Lee in Washington, D.C.", [LEE]),
        ("Ann Lee in Springfield, IL", [LEE]),
        ("By Ann Lee in London, Reuters", [LEE]),
        # addresses
        ("jane@gazette.example (Jane Doe)", ["Jane Doe"]),
        ("Jane Doe <jane@gazette.example>", ["Jane Doe"]),
        ("Jane Doe, jane@gazette.example", ["Jane Doe"]),
        ("jane@gazette.example", ["jane@gazette.example"]),
        ("https://gazette.example/jane", []),
        ("[[Jane Doe]]", ["Jane Doe"]),
        ("[Jane Doe](https://gazette.example/jane)", ["Jane Doe"]),
        # what is the only author there is stays
        ("Reuters", ["Reuters"]),
        ("Reuters Staff", ["Reuters Staff"]),
        ("The Associated Press", ["The Associated Press"]),
        ("Staff Writer", ["Staff Writer"]),
        ("Harbour Gazette", ["Harbour Gazette"]),
        ("AFP", ["AFP"]),
        # names that only look like something else
        ("Doe, Jane", ["Doe, Jane"]),
        ("Kaur, M., Shukla, A.", ["Kaur, M., Shukla, A."]),
        ("Smith, Jr.", ["Smith, Jr."]),
        ("Martin Luther King, Jr.", ["Martin Luther King, Jr."]),
        ("Emily Post, Ann Lee", ["Emily Post", LEE]),
        ("Von Miller", ["Von Miller"]),
        ("Byron Lee", ["Byron Lee"]),
        ("Luigi Di Maio", ["Luigi Di Maio"]),
        ("Iñaki Ó Briain", ["Iñaki Ó Briain"]),
        ("李明", ["李明"]),
        ("Andy Holland", ["Andy Holland"]),
        ("Ivo of Bruges", ["Ivo of Bruges"]),
        (["Ann Lee", "Political Correspondent"], [LEE]),
        (["Ann Lee", "Bob Ray"], [LEE, RAY]),
        ([{"name": "By Ann Lee, Reuters"}, {"name": "Bob Ray"}], [LEE, RAY]),
        (["Ann Lee", "Ann Lee"], [LEE]),
        ("By Ann Lee and by Bob Ray", [LEE, RAY]),
        ("By By Ann Lee and By By Bob Ray", [LEE, RAY]),
        ("Ann Lee; By By and Bob Ray", [LEE, "and Bob Ray"]),
        ("Reuters; Staff Writer", ["Reuters"]),
        ("", []),
        (" , ", []),
        ("By ", ["By"]),
        ([], []),
    ],
)
def test_the_names_in_a_byline(byline: Any, names: list[str]) -> None:
    assert list(authors(byline)) == names


@given(
    st.lists(
        st.sampled_from(
            "Ann Lee,Bob Ray, and ,;,|,By ,in London,Reuters,Staff Writer,(AP),/,Jr.,Doe".split(",")
        )
    )
)
def test_names_are_read_again_as_they_are(parts: list[str]) -> None:
    names = authors("".join(parts))
    assert authors(list(names)) == names or len(names) == 1
    assert all(name == name.strip() and name for name in names)
