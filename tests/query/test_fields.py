"""Fields: what may stand before a colon, and what its value asks for."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from newsearch.query import Parsed, describe, parse
from newsearch.query.tree import (
    KEYWORD_FIELDS,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    All,
    Everything,
    Fuzzy,
    Match,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
)

NOW = datetime(2020, 9, 30, 15, 0, tzinfo=UTC)
ABOVE_80 = math.nextafter(80, math.inf)
BELOW_80 = math.nextafter(80, -math.inf)
NOTHING = All((Everything(), Not(Everything())))


def read(text: str) -> Parsed:
    return parse(text, now=NOW, tz=UTC)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("title:ban", Word("ban", "title")),
        ("intitle:ban", Word("ban", "title")),
        ("Title:ban", Word("ban", "title")),
        ("excerpt:ban", Word("ban", "excerpt")),
        ("body:ban", Word("ban", "body")),
        ("topics:vision", Word("vision", "topics")),
        ('title:"a b"', Phrase("a b", "title")),
        ('title:"a b"~3^2', Phrase("a b", "title", 3, 2)),
        ("title:“a b”", Phrase("a b", "title")),
        ("title:elect*", Prefix("elect", "title")),
        ("title:ban~2", Fuzzy("ban", 2, "title")),
        ("title:ban^3", Word("ban", "title", 3)),
        ("title:AT&T", Word("AT&T", "title")),
        ("title:-ban", Word("-ban", "title")),
        ("title:#ban", Word("#ban", "title")),
        ("title:f(x)", Word("f(x)", "title")),
        ("title:url:x", Word("url:x", "title")),
        ("title:(ban)", Word("ban", "title")),
        ("title:(a b)", All((Word("a", "title"), Word("b", "title")))),
        ("title:(a OR b)", Or((Word("a", "title"), Word("b", "title")))),
        ("title:(a -b)", All((Word("a", "title"), Not(Word("b", "title"))))),
        ("title:(a body:b c)", All((Word("a", "title"), Word("b", "body"), Word("c", "title")))),
        ("title:a OR title:b", Or((Word("a", "title"), Word("b", "title")))),
        ("(title:a)", Word("a", "title")),
        ("a title:b", All((Word("a"), Word("b", "title")))),
    ],
)
def test_a_text_field_narrows_where_words_are_looked_for(text: str, tree: Node) -> None:
    assert read(text) == Parsed(text, tree, ())


@pytest.mark.parametrize(
    ("text", "filter_"),
    [
        ('topic:"Computer Vision"', Match("topic", "Computer Vision")),
        ("topic:“Computer Vision”", Match("topic", "Computer Vision")),
        ("topic:AI", Match("topic", "AI")),
        ("topic:C#", Match("topic", "C#")),
        ("topic:(AI OR Privacy)", Or((Match("topic", "AI"), Match("topic", "Privacy")))),
        ("#MeToo", Match("topic", "MeToo")),
        ("#5G", Match("topic", "5G")),
        ("#COVID-19,", Match("topic", "COVID-19")),
        ("#C#", Match("topic", "C#")),
        ("#日本", Match("topic", "日本")),
        ("provider:CNN", Match("provider", "CNN")),
        ('source:"The Wire"', Match("provider", "The Wire")),
        ("site:cnn.com", Match("domain", "cnn.com")),
        ("domain:cnn.com", Match("domain", "cnn.com")),
        ("site:www.cnn.com", Match("domain", "cnn.com")),
        ("site:https://www.cnn.com/", Match("domain", "cnn.com")),
        ("site:.gov", Match("domain", "gov")),
        ("site:*.gov", Match("domain", "gov")),
        ("site:https://cnn.com/politics", Match("url", "cnn.com/politics")),
        ("category:news", Match("category", "news")),
        ("type:video", Match("type", "video")),
        ("url:2020/09", Match("url", "2020/09")),
        ("url:www.cnn.com/politics", Match("url", "cnn.com/politics")),
        ("url:www.", Match("url", "www.")),
        ("inurl:politics", Match("url", "politics")),
        ("url:https://x.example/a?b=c", Match("url", "https://x.example/a?b=c")),
        ("lang:pt-BR", Match("language", "pt-BR")),
        ("language:de", Match("language", "de")),
        ("id:a/b.md", Match("id", "a/b.md")),
        ("has:image", Match("has", "image")),
        ("has:images", Match("has", "image")),
        ("has:related", Match("has", "related")),
        ("is:unpublished", Match("is", "unpublished")),
        ("is:Published", Match("is", "published")),
        ("is:video", Match("is", "video")),
        ("heat:80", Range("heat", 80, 80)),
        ("heat:=80", Range("heat", 80, 80)),
        ("heat:>=80", Range("heat", 80, None)),
        ("heat:<=80", Range("heat", None, 80)),
        ("heat:>80", Range("heat", ABOVE_80, None)),
        ("heat:<80", Range("heat", None, BELOW_80)),
        ("heat:80..", Range("heat", 80, None)),
        ("heat:..20", Range("heat", None, 20)),
        ("heat:-1..1.5", Range("heat", -1, 1.5)),
        ("quality:50..90", Range("quality", 50, 90)),
        ("quality:50..50", Range("quality", 50, 50)),
        ("heat:(80 OR 90)", Or((Range("heat", 80, 80), Range("heat", 90, 90)))),
        ("-heat:80", Not(Range("heat", 80, 80))),
    ],
)
def test_a_filter_field_lets_articles_through(text: str, filter_: Node) -> None:
    assert read(text) == Parsed(text, All((Everything(), filter_)), ())
    assert read(f"{text} ban").tree == All((filter_, Word("ban")))
    assert read(f"(ban {text})").tree == All((Word("ban"), filter_))


@pytest.mark.parametrize(
    ("quoted", "plain"),
    [
        ('date:"sep 2020".."oct 2020"', "date:2020-09..2020-10"),
        ('date:"sep 2020"..2020-10', "date:2020-09..2020-10"),
        ("date:2020-09..“oct 2020”", "date:2020-09..2020-10"),
        ('date:"sep 2020"..', "date:2020-09.."),
        ('date:.."sep 2020"', "date:..2020-09"),
        ('modified:"sep 2020".."oct 2020"', "modified:2020-09..2020-10"),
        ('heat:"50".."90"', "heat:50..90"),
    ],
)
def test_the_ends_of_a_range_may_be_in_quotes(quoted: str, plain: str) -> None:
    assert read(quoted).tree == read(plain).tree
    assert read(f"(-{quoted}) ban").tree == read(f"(-{plain}) ban").tree
    assert read(quoted).notes == ()


def test_dots_between_quotes_join_no_phrases() -> None:
    assert read('title:"a b".."c"').tree == read('title:"a b" .."c"').tree


@pytest.mark.parametrize(
    ("text", "pointed_at", "hint"),
    [
        ("heat:hot", "hot", ">=80"),
        ("heat:..", "..", "50..90"),
        ("heat:5...9", "5...9", "50..90"),
        ("heat:nan", "nan", "number"),
        ("heat:" + "9" * 400, "9" * 400, "too large"),
        ("quality:90..50", "90..50", "ends before it begins"),
        ("has:legs", "legs", "image, related, body, excerpt"),
        ("is:good", "good", "published, unpublished, video"),
        ('topic:""', '""', "no value"),
        ('topic:" "', '" "', "no value"),
        ("date:2020-13", "2020-13", "calendar"),
        ("after:whenever", "whenever", "2020-09-29"),
        ("when:7m", "7m", "7min or 7mo"),
    ],
)
def test_a_value_that_means_nothing_filters_nothing_and_is_noted(
    text: str, pointed_at: str, hint: str
) -> None:
    for query, tree in [
        (f"ban {text}", Word("ban")),
        (f"ban OR {text}", Word("ban")),
        (f"ban -{text}", Word("ban")),
        (f"ban ({text})", Word("ban")),
    ]:
        parsed = read(query)
        assert parsed.tree == tree
        (note,) = parsed.notes
        assert hint in note.message
        assert query[slice(*note.span)] == pointed_at


@pytest.mark.parametrize("text", ["heat:hot", "date:2020-13 has:legs", "-is:good", "(heat:hot)"])
def test_a_query_of_nothing_but_such_values_finds_nothing(text: str) -> None:
    """To find everything would hide that the one thing that was asked for was not understood."""
    assert read(text).tree == NOTHING
    assert "nothing is found" in read(text).notes[-1].message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("foo:bar", "foo: is not a field"),
        ("titel:ban", "did you mean title:?"),
        ("qualty:50", "did you mean quality:?"),
        ("befor:2020", "did you mean before:?"),
    ],
)
def test_an_unknown_field_is_text_with_a_suggestion(text: str, hint: str) -> None:
    parsed = read(text)
    assert parsed.tree == Word(text)
    (note,) = parsed.notes
    assert hint in note.message
    assert text[slice(*note.span)] == text[: text.index(":") + 1]


@pytest.mark.parametrize(
    "text",
    [
        "Trump: we",
        "title: ban",
        "carry on:",
        "a cause:' x",
        "strains:...",
        "Foo:bar",
        "foo: bar",
        "https://x.example y",
        "10:30",
        "a1:b",
        "x-y:z",
        "foo:",
    ],
)
def test_a_colon_that_does_not_look_like_a_field_is_no_matter(text: str) -> None:
    assert read(text).notes == ()


def test_a_field_whose_value_stands_apart_is_text() -> None:
    assert read("title: ban").tree == All((Word("title:"), Word("ban")))


def test_every_field_of_the_tree_can_be_asked_for() -> None:
    values = {"has": "image", "is": "video"}
    for field in KEYWORD_FIELDS:
        value = values.get(field, "x")
        assert read(f"{field}:{value}").tree == All((Everything(), Match(field, value)))
    for field in TEXT_FIELDS:
        assert read(f"{field}:x").tree == Word("x", field)
    for field in NUMBER_FIELDS:
        assert read(f"{field}:1").tree == All((Everything(), Range(field, 1, 1)))


def test_a_field_alone_is_text_with_a_note() -> None:
    parsed = read(" title: ")
    assert [(note.message, note.span) for note in parsed.notes] == [
        ("title: has no value, so it is searched as text", (1, 7))
    ]
    assert parsed.tree == Word("title:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("heat:>3", "above 3"),
        ("heat:>0", "above 0"),
        ("heat:>0.1", "above 0.1"),
        ("heat:<3", "below 3"),
        ("heat:<0", "below 0"),
        ("heat:>=3", "from 3 to any"),
        ("heat:<=2.5", "from any to 2.5"),
        ("heat:1..2.5", "from 1 to 2.5"),
    ],
)
def test_a_number_is_described_as_it_was_typed(text: str, said: str) -> None:
    assert describe(read(text).tree).splitlines()[-1].strip() == f"range heat {said}"
