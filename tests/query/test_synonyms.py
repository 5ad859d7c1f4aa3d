"""Files of synonyms, and what they make of a query."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.errors import WordListError
from newsearch.query import describe, parse
from newsearch.query.synonyms import MAX_ADDED, Synonyms, read_synonyms
from newsearch.query.tree import Node

FILE = """\
# Medicine.
vaccine, jab, inoculation   # what is given
uk => united kingdom, Britain

heart attack, myocardial infarction
COVID-19, coronavirus
São Paulo, Sampa
"""


@pytest.fixture
def synonyms(tmp_path: Path) -> Synonyms:
    path = tmp_path / "synonyms.txt"
    path.write_text(FILE, encoding="utf-8")
    return read_synonyms(path)


def parsed(query: str) -> Node:
    return parse(query, now=datetime(2020, 9, 29, tzinfo=UTC), tz=UTC).tree


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("vaccine", "or\n  word 'vaccine'\n  word 'jab' weight 0.3\n  word 'inoculation' weight 0.3"),
        ("Jabs", "or\n  word 'Jabs'\n  word 'vaccine' weight 0.3\n  word 'inoculation' weight 0.3"),
        ("UK", "or\n  word 'UK'\n  phrase 'united kingdom' weight 0.15\n  word 'Britain' weight 0.3"),
        ("U.K.", "or\n  word 'U.K.'\n  phrase 'united kingdom' weight 0.15\n  word 'Britain' weight 0.3"),
        ("britain", "word 'britain'"),
        ("coronavirus", "or\n  word 'coronavirus'\n  word 'COVID-19' weight 0.15"),
        ("covid-19", "or\n  word 'covid-19'\n  word 'coronavirus' weight 0.3"),
        ("jab^2", "or\n  word 'jab' weight 2\n  word 'vaccine' weight 0.6\n  word 'inoculation' weight 0.6"),
        # Several words side by side: each has the synonyms of them all.
        (
            "heart attack",
            "all\n  or\n    word 'heart'\n    phrase 'myocardial infarction' weight 0.075"
            "\n  or\n    word 'attack'\n    phrase 'myocardial infarction' weight 0.075",
        ),
        (
            "sao paulo",
            "all\n  or\n    word 'sao'\n    word 'Sampa' weight 0.15"
            "\n  or\n    word 'paulo'\n    word 'Sampa' weight 0.15",
        ),
        ("heart OR attack", "or\n  word 'heart'\n  word 'attack'"),
        ("heart title:attack", "all\n  word 'heart'\n  word 'attack' in title"),
        # A word that is narrowed to a field has to be there, and so has one of these.
        (
            "uk title:jab",
            "all\n  or\n    word 'uk'\n    phrase 'united kingdom' weight 0.15\n    word 'Britain' weight 0.3"
            "\n  and\n    or\n      word 'jab' in title\n      word 'vaccine' in title weight 0.3"
            "\n      word 'inoculation' in title weight 0.3",
        ),
    ],
)
def test_words_are_asked_for_with_their_synonyms(synonyms: Synonyms, query: str, expected: str) -> None:
    assert describe(synonyms.expand(parsed(query))) == expected


@pytest.mark.parametrize(
    "query",
    [
        '"vaccine"',
        "-vaccine",
        "ban -(vaccine OR mask)",
        "vaccin*",
        "vaccine~",
        "vaccine NEAR/2 trial",
        "",
        "topic:uk",
        "...",
    ],
)
def test_what_was_typed_with_care_is_left_as_it_is(synonyms: Synonyms, query: str) -> None:
    assert synonyms.expand(parsed(query)) == parsed(query)


def test_groups_of_several_lines_add_up_and_do_not_chain(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text("a, b\nb, c\n")
    found = read_synonyms(path)
    assert describe(found.expand(parsed("b"))).split("'")[1::2] == ["b", "a", "c"]
    assert describe(found.expand(parsed("a"))).split("'")[1::2] == ["a", "b"]


def test_a_query_is_given_so_many_synonyms_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text(", ".join(f"w{i}" for i in range(60)))
    tree = read_synonyms(path).expand(parsed(" ".join(f"w{i}" for i in range(20))))
    assert describe(tree).count("weight") == MAX_ADDED


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (b"vaccine, jab\nlonely\n", 2, "has no synonyms"),
        (b"# a comment\n\nvaccine,, jab\n", 3, "a word is missing"),
        (b"vaccine, ...\n", 1, "'...' is not a word"),
        (b"vaccine =>\n", 1, "a word is missing"),
        (b"=> vaccine\n", 1, "a word is missing"),
        (b"uk => britain => england\n", 1, "has more than one =>"),
        (b"vaccine, jab\rlonely\r", 2, "has no synonyms"),
        (b"a, b\n\xff, c\n", 2, "not UTF-8"),
        (b"a b c d e f g h i, j\n", 1, "more than 8 words"),
        (b",".join(b"w%d" % i for i in range(65)), 1, "more than 64"),
    ],
)
def test_an_error_names_the_file_and_the_line(tmp_path: Path, text: bytes, line: int, reason: str) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_bytes(text)
    with pytest.raises(WordListError) as caught:
        read_synonyms(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert reason in str(caught.value)


def test_a_file_that_is_missing_or_too_large_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WordListError, match="cannot be read"):
        read_synonyms(tmp_path / "none.txt")
    (tmp_path / "large.txt").write_bytes(b"#" * ((4 << 20) + 1))
    with pytest.raises(WordListError, match="larger than 4 MiB"):
        read_synonyms(tmp_path / "large.txt")


def test_a_file_as_some_editors_save_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.txt"
    for end in ("\n", "\r\n", "\r"):
        path.write_bytes(f"vaccine,\tjab{end}ban, bar{end}".encode("utf-8-sig"))
        assert describe(read_synonyms(path).expand(parsed("vaccine"))).split("'")[1::2] == ["vaccine", "jab"]


lists = st.lists(st.text(max_size=10) | st.sampled_from(["a", "b c", "=>", ",", "\n", "# "]), max_size=8).map(
    " ".join
)


@given(lists, st.text(max_size=20))
def test_any_text_is_a_list_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str, query: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "synonyms.txt"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused = []
    try:
        tree = read_synonyms(path).expand(parsed(query))
    except WordListError as error:
        refused = str(error).splitlines()
    else:
        assert describe(tree)
    assert len(refused) < 2
