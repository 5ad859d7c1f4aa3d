"""What holds for every text: it is read, quickly, and its tree points back into it."""

from __future__ import annotations

import gzip
import inspect
import json
import re
import sys
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from newsearch.query import (
    MAX_CLAUSES,
    MAX_COST,
    MAX_DEPTH,
    MAX_QUERY_LENGTH,
    Parsed,
    describe,
    parse,
    tokens,
)
from newsearch.query.tokens import tokenize
from newsearch.query.tree import (
    All,
    And,
    DateRange,
    Everything,
    Match,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
    replace,
)

NOW = datetime(2020, 9, 30, 15, 0, tzinfo=UTC)
LA = ZoneInfo("America/Los_Angeles")

PIECES = [
    "-", "--", "(", ")", "-(", "f(", ":)", '"', "“", "”", "„", "«", "»", '"~2', '"^2', "*", "~",
    "~2", "^2", "^", "a*", "a~", "OR", "AND", "NOT", "NEAR/3", "NEAR/", "|", "||", "&&", "#", "#a",
    "#1", ":", "title:", "title:(", "TITLE:", "topic:", "heat:", "heat:>", "..", "80", "80..",
    "date:", "date:..", "after:", "2020", "2020-09", "7d", "7m", "last-week", "-title:", "foo:",
    "is:", "has:", "image", "site:", "url:", "https://", "www.x", "y", "COVID-19", "AT&T", "C++",
    "a", "b", "ban", "日本", "🚀", "é",
]  # fmt: skip
SYNTAX = st.sampled_from(PIECES)
QUERIES = st.one_of(
    st.text(),
    st.lists(st.one_of(SYNTAX, st.text(max_size=3)), max_size=40).map(" ".join),
    st.lists(st.one_of(SYNTAX, st.just(" ")), max_size=60).map("".join),
)

NAUGHTY = [
    "", " ", "\t\r\n", "\x00", "\x00\x01\x1f\x7f", "\ufeff", "\u200f\u200e", "\u202eabc\u202c",
    "\ud800", "a\udfffb", '"', '""', '"""', "“", "”“", "«»", "'", "''", "(", ")", ")(", "(()", "())",
    "((((", "))))", "-", "--", "- -", "-(", "-)", '-"', '-""', "*", "**", "*a*", "~", "~~", "^", "^^",
    "^2", "#", "##", "#-", ":", "::", ":::", "title:", "title::", "title:(", "title:)", 'title:"',
    "title:-", "title:*", "heat:", "heat:(", "date:", "date:(", "date:..", "OR", "OR OR OR",
    "AND OR NOT NEAR/1", "NOT", "NOT NOT", "NOT (", "NOT )", "NEAR/", "NEAR/1 NEAR/1", "a NEAR/1 -b",
    "a NEAR/1 NOT b", "a NEAR/1 (", "- OR - AND - NOT -",
    "| & || && ! ? + = < > @ % $ ; , . / \\ { } [ ]", "a OR (b AND (c NOT (d", "🚀", "👩‍👩‍👧", "é" * 50,
    "e\u0301" * 50, "İ", "ﬁ", "０", "٣٤", "heat:٣٤", "date:٢٠٢٠", "a^٢", "<script>alert(1)</script>",
    "'; DROP TABLE articles; --", "../../etc/passwd", "%00", "${x}", "{{x}}", "a\\", "\\\"",
    "[a TO z]", "+a -b", "a && || b", "field:value:more", "http://", "https://[::1]/", "site:",
    "site:/", "site:https://", "x" * 70, "has: is:", "date:9999-12-31..0001-01-01", "NaN",
    "heat:1e999", "a~99999999999999999999",
]  # fmt: skip

ENDLESS = {
    "a megabyte of words": "word " * 200_000,
    "one word of a megabyte": "x" * 1_000_000,
    "a megabyte of spaces": " " * 1_000_000,
    "a megabyte of control characters": "\x00" * 1_000_000,
    "a URL of a megabyte": "https://" + "x" * 1_000_000,
    "parentheses": "(" * 10_000 + "a" + ")" * 10_000,
    "parentheses apart": "( " * 1_300 + "a" + " )" * 700,
    "exclusions of groups": "-(" * 10_000,
    "groups of fields": "title:(" * 10_000,
    "parentheses in a word": "f(" * 10_000,
    "ORs": "a OR " * 10_000,
    "ANDs": "a AND " * 10_000,
    "NOTs": "NOT " * 10_000,
    "neighbours": "a NEAR/5 " * 10_000,
    "quotes": '"' * 10_000,
    "quotes apart": '" ' * 10_000,
    "opening quotes": "“ " * 10_000,
    "unequal quotes": "„« " * 10_000,
    "colons": ":" * 10_000,
    "fields": "title:" * 10_000,
    "unknown fields": "foo:bar " * 10_000,
    "stars": "*" * 10_000,
    "tildes": "a~" * 10_000,
    "weights": "a^2" * 10_000,
    "dashes": "-" * 10_000,
    "dashes apart": "- " * 10_000,
    "number signs": "#" * 10_000,
    "points": "heat:" + "." * 10_000,
    "digits": "date:" + "9" * 10_000,
    "dashes in a date": 'date:"' + "a-" * 2_000 + '"',
}


def read(text: str) -> Parsed:
    return parse(text, now=NOW, tz=LA)


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, All | And | Or):
        return node.children
    return (node.child,) if isinstance(node, Not) else ()


def leaves(node: Node) -> int:
    return sum(map(leaves, children(node))) or 1


def depth(node: Node) -> int:
    return 1 + max(map(depth, children(node)), default=0)


def check(text: str) -> None:
    parsed = read(text)
    assert parsed.text == text
    assert len(describe(parsed.tree).splitlines()) >= leaves(parsed.tree)
    for note in parsed.notes:
        assert 0 <= note.span[0] < note.span[1] <= len(text)
        assert note.message
    check_node(parsed.tree, (0, len(text)))
    assert depth(parsed.tree) <= 6 * (MAX_DEPTH + 1)


def check_node(node: Node, within: tuple[int, int]) -> None:
    assert within[0] <= node.span[0] <= node.span[1] <= within[1]
    if isinstance(node, All | And | Or):
        assert len(node.children) > 1
        assert not any(isinstance(child, Everything) for child in node.children[1:])
    if isinstance(node, DateRange):
        for bound in (node.start, node.end):
            assert bound is None or bound.tzinfo is UTC
    starts = [child.span[0] for child in children(node)]
    assert starts == sorted(starts)
    for child in children(node):
        check_node(child, node.span)


@given(QUERIES)
@example("a NEAR/3 b NEAR/3 c")
@example('a NEAR/3 "b c" NEAR/3 d')
def test_any_text_is_read_and_its_spans_are_nested(text: str) -> None:
    check(text)


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_texts_are_read(text: str) -> None:
    for query in (
        text,
        text * 2,
        f"a {text} b",
        f"({text})",
        f'"{text}"',
        f"title:{text}",
        f"-{text}",
        f"{text} OR {text}",
    ):
        check(query)


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS.keys())
def test_endless_texts_are_read_at_once(text: str) -> None:
    began = time.perf_counter()
    parsed = read(text)
    assert time.perf_counter() - began < 0.5
    assert leaves(parsed.tree) <= 3 * MAX_CLAUSES
    assert len(text) <= MAX_QUERY_LENGTH or parsed.notes
    check(text)


def test_reading_needs_little_of_the_stack() -> None:
    deepest = "a b AND c OR NOT (" * 400
    limit, used = sys.getrecursionlimit(), len(inspect.stack(0))
    sys.setrecursionlimit(used + 400)
    try:
        parsed = read(deepest)
        assert describe(parsed.tree)
    finally:
        sys.setrecursionlimit(limit)
    assert depth(parsed.tree) > 4 * MAX_DEPTH


@given(
    st.text(st.characters(exclude_characters='"“”„«»*', exclude_categories=["Cs"])).filter(
        lambda t: re.search(r"[^\W_]", t)
    )
)
def test_quoted_text_is_the_phrase_of_it(text: str) -> None:
    for quoted in (f'"{text}"', f"“{text}”", f"„{text}“", f"«{text}»"):
        assert read(quoted) == Parsed(quoted, Phrase(text), ())


@given(
    st.lists(st.from_regex(r"[a-zA-Z0-9é日]{1,5}", fullmatch=True), min_size=1, max_size=10),
    st.sampled_from(["  ", " AND ", " AND  ", " OR "]),
    st.sampled_from(["", " AND", " AND x y", " NOT x"]),
)
@example(["KIM", "JONG", "UN"] * 3, " AND ", "")
@example(["AND", "AND", "x"], " AND ", "")
def test_words_mean_the_same_with_and_without_something_that_is_nothing(
    words: list[str], between: str, after: str
) -> None:
    text = between.join(words) + after
    plain, general = read(text), read(text + " \u200b")
    assert plain.tree == general.tree
    assert [node.span for node in children(plain.tree)] == [node.span for node in children(general.tree)]


@given(QUERIES)
@example("-0-")
def test_parentheses_around_a_whole_query_change_nothing(text: str) -> None:
    balanced = re.sub(r"""[()"“”„«»]|https?://|www\.""", "", text)
    assume(balanced.strip())  # in parentheses, nothing is not everything
    assert read(f"({balanced})").tree == read(balanced).tree


HEADLINES = Path(__file__).resolve().parents[3] / "shared" / "data" / "scale" / "news-120k.jsonl.gz"


@pytest.mark.skipif(not HEADLINES.exists(), reason="the collection of real headlines is not here")
def test_headlines_pasted_as_queries_are_hardly_ever_misread() -> None:
    with gzip.open(HEADLINES, "rt", encoding="utf-8") as lines:
        titles = [json.loads(line)["title"] for line in islice(lines, 4000)]
    trees = [read(title) for title in titles]
    noted = [title for title, parsed in zip(titles, trees, strict=True) if parsed.notes]
    restricted = [
        title
        for title, parsed in zip(titles, trees, strict=True)
        if any(isinstance(node, Not | Match | Range | DateRange) for node in children(parsed.tree))
    ]
    assert len(noted) <= 8
    assert len(restricted) <= 12


PAGE = Path(__file__).resolve().parents[2] / "docs" / "query-syntax.md"
EXAMPLES = re.findall(r"^\| `(.+?)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_in_the_documentation_is_read_without_a_note(text: str) -> None:
    parsed = read(text)
    assert parsed.notes == ()
    assert parsed.tree != Everything()


def test_the_documentation_names_the_limits() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len(EXAMPLES) > 40
    for limit in (
        f"{MAX_QUERY_LENGTH:,} characters",
        f"{MAX_CLAUSES} words",
        f"{MAX_DEPTH} parentheses",
        f"{MAX_COST} words with",
    ):
        assert limit in page


def test_nodes_are_values() -> None:
    word = Word("ban", "title", span=(3, 6))
    assert word == Word("ban", field="title") == replace(Word("bans", "title"), text="ban")
    assert hash(word) == hash(Word("ban", "title"))
    assert word != Prefix("ban", "title")
    assert word != Word("ban")
    assert repr(word) == "Word(text='ban', field='title', weight=1.0, span=(3, 6))"
    for change in (lambda: setattr(word, "text", "x"), lambda: delattr(word, "text")):
        with pytest.raises(AttributeError, match="cannot be changed"):
            change()
    for wrong in ((), ("a", None, 1.0, (0, 0), 5)):
        with pytest.raises(TypeError, match="Word takes text, field, weight, span"):
            Word(*wrong)
    with pytest.raises(TypeError, match="Word takes"):
        Word("a", colour="red")


@given(QUERIES.map(lambda text: text.encode("ascii", "ignore").decode()))
def test_ascii_is_read_by_the_rules_of_all_texts(text: str) -> None:
    found = tokenize(text)
    with mock.patch.object(tokens, "_ASCII", tokens._ANY):
        assert tokenize(text) == found
