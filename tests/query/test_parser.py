"""Words, phrases, operators and limits: what a query's text means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from newsearch.query import (
    MAX_CLAUSES,
    MAX_COST,
    MAX_DEPTH,
    MAX_DISTANCE,
    MAX_QUERY_LENGTH,
    Note,
    Parsed,
    describe,
    parse,
)
from newsearch.query.tree import (
    All,
    And,
    Everything,
    Fuzzy,
    Match,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Word,
)

NOW = datetime(2020, 9, 30, 15, 0, tzinfo=UTC)


def read(text: str) -> Parsed:
    return parse(text, now=NOW, tz=UTC)


def both(*children: Node) -> All:
    return All(children)


def filters(*children: Node) -> All:
    return All((Everything(), *children))


A, B, C, D = Word("a"), Word("b"), Word("c"), Word("d")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        # Words
        ("ban", Word("ban")),
        ("facial recognition ban", both(Word("facial"), Word("recognition"), Word("ban"))),
        ("  ban \t\n", Word("ban")),
        ("", Everything()),
        ("   ", Everything()),
        # Exclusion
        ("a -b", both(A, Not(B))),
        ("-a", filters(Not(A))),
        ('a -"b c"', both(A, Not(Phrase("b c")))),
        ("a -title:b", both(A, Not(Word("b", "title")))),
        ("a -topic:b", both(A, Not(Match("topic", "b")))),
        ("a -(b c)", both(A, Not(both(B, C)))),
        ("a -#b", both(A, Not(Match("topic", "b")))),
        ("a -b*", both(A, Not(Prefix("b")))),
        ("(-a b)", both(Not(A), B)),
        ("-a-b", filters(Not(Word("a-b")))),
        ("-5G", filters(Not(Word("5G")))),
        ("a NOT b", both(A, Not(B))),
        ("NOT NOT a", A),
        ("NOT -a", A),
        ("-a OR -b", filters(Or((Not(A), Not(B))))),
        # OR, AND and parentheses
        ("a OR b", Or((A, B))),
        ("a | b", Or((A, B))),
        ("a || b", Or((A, B))),
        ("a OR b OR c", Or((A, B, C))),
        ("a b OR c d", both(A, Or((B, C)), D)),
        ("a AND b", And((A, B))),
        ("a && b", And((A, B))),
        ("a AND b AND c", And((A, B, C))),
        ("a AND b c", both(And((A, B)), C)),
        ("a AND b OR c", And((A, Or((B, C))))),
        ("a OR b AND c", And((Or((A, B)), C))),
        ("a AND NOT b", And((A, Not(B)))),
        ("a OR -b", Or((A, Not(B)))),
        ("(a b) OR c", Or((both(A, B), C))),
        ("a (b OR c) d", both(A, Or((B, C)), D)),
        ("(a b)", both(A, B)),
        ("((a))", A),
        ("(a)(b)", both(A, B)),
        ("(a) b", both(A, B)),
        ("a ()", A),
        ("a OR ()", A),
        # Phrases
        ('"a b"', Phrase("a b")),
        ('"a"', Phrase("a")),
        ("“a b”", Phrase("a b")),
        ("„a b“", Phrase("a b")),
        ("„a b”", Phrase("a b")),
        ("”a b”", Phrase("a b")),
        ("«a b»", Phrase("a b")),
        ("»a b«", Phrase("a b")),
        ("»a b»", Phrase("a b")),
        ('"a b”', Phrase("a b")),
        ('"he said “yes” today"', Phrase("he said “yes” today")),
        ('"a OR -b c:d"', Phrase("a OR -b c:d")),
        ('"a b"c', both(Phrase("a b"), C)),
        ('"a"-b', both(Phrase("a"), Word("-b"))),
        ('A:"b c"', both(Word("A:"), Phrase("b c"))),
        ('"a b"~5', Phrase("a b", slop=5)),
        ('"a b"~5^2', Phrase("a b", slop=5, weight=2)),
        ('"a b"^0.5', Phrase("a b", weight=0.5)),
        ('("a b"~5)', Phrase("a b", slop=5)),
        ('"a b"~x', both(Phrase("a b"), Word("~x"))),
        ('"a b"~5x', both(Phrase("a b"), Word("~5x"))),
        # Prefix, misspelling and weight
        ("elect*", Prefix("elect")),
        ("a*", Prefix("a")),
        ("elect*^2", Prefix("elect", weight=2)),
        ("COVID-1*", Prefix("COVID-1")),
        ("covid-x*", Prefix("covid-x")),
        ("ban~", Fuzzy("ban")),
        ("ban~1", Fuzzy("ban")),
        ("ban~2", Fuzzy("ban", 2)),
        ("ban~0", Word("ban")),
        ("ban~2^3", Fuzzy("ban", 2, weight=3)),
        ("ban^2", Word("ban", weight=2)),
        ("ban^0.5", Word("ban", weight=0.5)),
        ("C++^2", Word("C++", weight=2)),
        # Neighbours
        ("a NEAR/5 b", Near(("a", "b"), 5)),
        ("a NEAR/0 b", Near(("a", "b"), 0)),
        ("a b NEAR/5 c", both(A, Near(("b", "c"), 5))),
        ("a NEAR/5 b OR c", Or((Near(("a", "b"), 5), C))),
        ("-a NEAR/5 b", filters(Not(Near(("a", "b"), 5)))),
        ("a NEAR/5 b NEAR/3 c", And((Near(("a", "b"), 5), Near(("b", "c"), 3)))),
        ("title:a NEAR/5 b", Near(("a", "b"), 5, "title")),
        ("title:(a NEAR/5 b)", Near(("a", "b"), 5, "title")),
        ('"a b" NEAR/5 c', Near(("a b", "c"), 5)),
        ('"a b"~2 NEAR/5 c', And((Near(("a", "b", "c"), 5), Phrase("a b", slop=2)))),
        (
            '"a b"~2 NEAR/5 "c d"',
            And((Near(("a", "b", "c", "d"), 5), Phrase("a b", slop=2), Phrase("c d"))),
        ),
        ("a^3 NEAR/5 b", Near(("a", "b"), 5, weight=3)),
        # Invisible marks from copied pages separate, and do not hide syntax
        ("\ufeff-a\u200e", filters(Not(A))),
        ("a\u00a0b", both(A, B)),
        ("a\x00b", both(A, B)),
    ],
)
def test_operator(text: str, tree: Node) -> None:
    parsed = read(text)
    assert parsed == Parsed(text, tree, ())


@pytest.mark.parametrize(
    "word",
    [
        "COVID-19", "Biden-Xi", "AT&T", "C++", "C#", "F#", "U.S.", "5G", "don't", "don’t", "O'Brien",
        "$24,000", "50%", "and/or", "or", "and", "not", "Or", "NEAR", "near/5", "NEAR/x", "f(x)",
        "f(x,(y))", "a)", ":D)", '5"', '6\'2"', "--help", "-Strive-", "-3%", "-1.5%,",
        "–Trump", "+1", "#1", "#24.", "f**k",
        "elect**", "**bold**", "foo.*", "~5", "20~", "a~b", "a^b", "^2", "a^",
        "a|b", "|a", "a&b", "10:30", "3:2", "::1", "https://", "C:\\x", "Re:Invent", "a/b",
        "x@y.example", "日本語", "São", "🚀", "½", "mailto:/x", "N/A", "a\u0301b", "क्षि", "I/O",
        "9/11", "don't,", "...and",
    ],
)  # fmt: skip
def test_text_that_only_looks_like_syntax_is_one_word(word: str) -> None:
    assert read(word) == Parsed(word, Word(word), ())
    assert read(f"x {word} y") == Parsed(f"x {word} y", both(Word("x"), Word(word), Word("y")), ())


@pytest.mark.parametrize(
    "nothing",
    [
        "-",
        "*",
        "–",
        "—",
        "&",
        "...",
        "- - -",
        "()",
        "?",
        "( )",
        "* - *",
        "''",
        "~",
        "$",
        "#",
        "#@",
        "*.*",
        ":)",
        ":(",
        "???",
        '"-"',
        '""',
        '"?!"',
        "_",
        "。。。",
        "、",
        "title:*",
        "title:()",
        "-(-)",
    ],
)
def test_punctuation_alone_asks_for_nothing(nothing: str) -> None:
    parsed = read(nothing)
    assert parsed.tree == All((Everything(), Not(Everything())))
    assert messages(parsed.notes).endswith("nothing is asked for, so nothing is found")
    assert read(f"a {nothing} b").tree == both(A, B)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Portland OR", both(Word("Portland"), Word("OR"))),
        ("OR a", both(Word("OR"), A)),
        ("OR", Word("OR")),
        ("a AND", both(A, Word("AND"))),
        ("Why NOT", both(Word("Why"), Word("NOT"))),
        ("(a OR) b", both(both(A, Word("OR")), B)),
        ("a OR OR b", both(A, Or((Word("OR"), B)))),
        ("| a", A),
        ("a |", A),
        ("NEAR/5 a", both(Word("NEAR/5"), A)),
        ("a NEAR/5", both(A, Word("NEAR/5"))),
        ("a OR -", A),
        ("a OR * OR b", Or((A, B))),
        ("-OR", filters(Not(Word("OR")))),
        ("title:OR", Word("OR", "title")),
    ],
)
def test_an_operator_with_nothing_to_join_is_a_word(text: str, tree: Node) -> None:
    assert read(text) == Parsed(text, tree, ())


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Trump: we will see", both(*map(Word, ["Trump:", "we", "will", "see"]))),
        ("Poll - Biden leads", both(*map(Word, ["Poll", "Biden", "leads"]))),
        ("Amazon (AMZN) rises", both(*map(Word, ["Amazon", "AMZN", "rises"]))),
        ("see https://x.example/a?b=c#d", both(Word("see"), Word("https://x.example/a?b=c#d"))),
        ("'No deal': EU's offer", both(Word("'No"), Word("deal':"), Word("EU's"), Word("offer"))),
        ("“No deal”: EU", both(Phrase("No deal"), Word("EU"))),
    ],
)
def test_a_pasted_headline_is_its_words(text: str, tree: Node) -> None:
    assert read(text) == Parsed(text, tree, ())


@pytest.mark.parametrize("url", ["https://www.x.example/a?b=c", "http://x.example", "HTTPS://X.example/"])
def test_a_pasted_url_looks_for_itself(url: str) -> None:
    assert read(f" {url}\n").tree == filters(Match("url", url))
    assert read("www.x.example/a").tree == filters(Match("url", "x.example/a"))


@pytest.mark.parametrize(
    ("text", "tree", "message", "pointed_at"),
    [
        ('a "b c', both(A, B, C), "not closed", '"'),
        ("a “b", both(A, B), "not closed", "“"),
        ("a OR (b c", Or((A, both(B, C))), "not closed", "("),
        ("-(a b", filters(Not(both(A, B))), "not closed", "("),
        ("ban~3", Fuzzy("ban", 2), "2 edits", "ban~3"),
        ("ban^1000", Word("ban", weight=100), "weight", "ban^1000"),
        ("ban^0", Word("ban", weight=0.01), "weight", "ban^0"),
        ("a* NEAR/5 b", And((Prefix("a"), B)), "NEAR", "NEAR/5"),
        ("title:a NEAR/5 body:b", And((Word("a", "title"), Word("b", "body"))), "NEAR", "NEAR/5"),
        ("(a b) NEAR/5 c", And((both(A, B), C)), "NEAR", "NEAR/5"),
    ],
)
def test_what_was_perhaps_meant_otherwise_is_noted(
    text: str, tree: Node, message: str, pointed_at: str
) -> None:
    parsed = read(text)
    assert parsed.tree == tree
    (note,) = parsed.notes
    assert message in note.message
    assert text[slice(*note.span)] == pointed_at


def test_spans_point_into_the_text() -> None:
    text = 'x -"a b"~2 title:(c OR d*) heat:>80'
    root = read(text).tree
    assert isinstance(root, All)
    spans = [text[slice(*child.span)] for child in root.children]
    assert spans == ["x", '-"a b"~2', "title:(c OR d*)", "heat:>80"]


@pytest.mark.parametrize("wrong", [None, b"a", 7, ["a"]])
def test_a_query_that_is_no_text_is_a_type_error(wrong: object) -> None:
    with pytest.raises(TypeError, match="a query is a str"):
        read(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["date", "when", "on", "after", "before", "modified"])
def test_a_relative_date_counts_from_the_moment_of_each_parse(field: str) -> None:
    first, second = (
        read(f"{field}:yesterday news"),
        parse(f"{field}:yesterday news", now=NOW + timedelta(3), tz=UTC),
    )
    assert first.tree != second.tree
    assert first == read(f"{field}:yesterday news")


def test_a_day_begins_in_the_zone_of_each_parse() -> None:
    zone = timezone(timedelta(hours=5))
    assert read("date:2020-05-01").tree != parse("date:2020-05-01", now=NOW, tz=zone).tree


def messages(notes: tuple[Note, ...]) -> str:
    return "\n".join(note.message for note in notes)


def test_characters_beyond_the_limit_are_ignored_from_the_last_whole_word() -> None:
    words = "word " * 100 + "x" * MAX_QUERY_LENGTH
    parsed = read(words)
    assert parsed.text == words
    assert parsed.tree == both(*[Word("word")] * 100)
    assert str(MAX_QUERY_LENGTH) in messages(parsed.notes)
    assert parsed.notes[0].span == (499, len(words))
    assert read("x" * 1_000_000).tree == Word("x" * MAX_QUERY_LENGTH)
    assert read("x" * MAX_QUERY_LENGTH).notes == ()
    pasted = "東京 " + "記事" * MAX_QUERY_LENGTH
    assert read(pasted).tree == both(Word("東京"), Word(pasted[3:MAX_QUERY_LENGTH]))
    assert read(pasted).notes[0].span == (MAX_QUERY_LENGTH, len(pasted))


def test_words_beyond_the_limit_are_ignored() -> None:
    assert read("a " * MAX_CLAUSES).notes == ()
    assert read("(" + "a " * MAX_CLAUSES + ")").notes == ()
    for text in ("a " * (MAX_CLAUSES + 1), "a, " * (MAX_CLAUSES + 1)):
        parsed = read(text)
        assert isinstance(parsed.tree, All)
        assert len(parsed.tree.children) == MAX_CLAUSES
        assert str(MAX_CLAUSES) in messages(parsed.notes)
    assert read("a OR " * 400).tree == Or((A,) * MAX_CLAUSES)


def test_parentheses_beyond_the_limit_are_ignored_but_not_the_words_in_them() -> None:
    deep = "(" * (MAX_DEPTH + 5) + "a -b" + ")" * (MAX_DEPTH + 5) + " OR c"
    parsed = read(deep)
    assert parsed.tree == Or((both(A, Not(B)), C))
    assert str(MAX_DEPTH) in messages(parsed.notes)
    assert read("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH).notes == ()


def test_slow_parts_beyond_the_limit_are_read_as_quick_ones() -> None:
    assert read("a* " * MAX_COST).notes == ()
    parsed = read("aa* " * MAX_COST + "bb* cc~ a NEAR/2 b url:x site:x.org/y site:x.org d")
    assert isinstance(parsed.tree, All)
    assert parsed.tree.children[MAX_COST:] == (
        Word("bb"),
        Word("cc"),
        And((A, B)),
        Match("domain", "x.org"),
        Word("d"),
    )
    (note,) = parsed.notes
    assert "too many" in note.message


def test_parts_of_urls_are_the_slowest() -> None:
    parsed = read("url:a url:b url:c url:d url:e ban")
    assert parsed.tree == All((*(Match("url", part) for part in "abcd"), Word("ban")))
    assert "this part of a URL is ignored" in messages(parsed.notes)


def test_a_short_word_may_not_change_altogether() -> None:
    assert [read(f"{word}~2").tree for word in ("a", "ab", "abc")] == [
        Fuzzy("a", 1),
        Fuzzy("ab", 1),
        Fuzzy("abc", 2),
    ]
    assert "1 edit at most" in messages(read("ab~2").notes)


def test_a_distance_is_bounded() -> None:
    assert read('"a b"~99999').tree == Phrase("a b", slop=MAX_DISTANCE)
    assert read("a NEAR/99999 b").tree == Near(("a", "b"), MAX_DISTANCE)


def test_describe_shows_every_kind_of_node() -> None:
    text = (
        'ban "a b"~2^3 c NEAR/5 d elect*^2 title:word~2 -topic:AI heat:>=80 quality:..7 '
        "(x OR y AND z) after:2020-09-29 (e f)"
    )
    assert describe(read(text).tree).splitlines() == [
        "all",
        "  word 'ban'",
        "  phrase 'a b' with 2 between weight 3",
        "  near 'c' 'd' with 5 between",
        "  prefix 'elect' weight 2",
        "  fuzzy 'word' within 2 in title",
        "  not",
        "    match topic 'AI'",
        "  range heat from 80 to any",
        "  range quality from any to 7",
        "  and",
        "    or",
        "      word 'x'",
        "      word 'y'",
        "    word 'z'",
        "  dates from 2020-09-29T00:00:00Z to any",
        "  all",
        "    word 'e'",
        "    word 'f'",
    ]
    assert describe(Everything()) == "everything"
    assert describe(Range("heat", 0.5, None)) == "range heat from 0.5 to any"


@pytest.mark.parametrize(
    "text",
    [
        "*tion",
        "elec*ion",
        "*elect*",
        "title:*tion",
        "a*b~1",
        "2020*",
        "5*",
        '"facial recog*"',
        "topic:Priv*",
        "provider:CN*",
    ],
)
def test_a_star_elsewhere_than_at_the_end_of_a_word_is_text_with_a_note(text: str) -> None:
    (note,) = read(f"ban {text}").notes
    assert note.message.startswith("a star works only at the end of a word")
    assert note.span[1] == len(f"ban {text}")


@pytest.mark.parametrize("text", ["elect*", "5*3", "* item", "ban* x", "U.S.*", "wow!*", "#a*b", "2*pi"])
def test_other_stars_are_no_matter(text: str) -> None:
    assert read(text).notes == ()


SHOUTED = "EFFORTS OF THE AMBASSADOR AND HIS AIDES TO STOP THE WAR OR NOT"


def texts_of(tree: Node) -> list[str]:
    assert isinstance(tree, All)
    return [child.text for child in tree.children if isinstance(child, Word)]


def test_in_a_text_in_capitals_operators_are_words_and_a_note_says_so() -> None:
    parsed = read(SHOUTED)
    assert texts_of(parsed.tree) == SHOUTED.split()
    assert [SHOUTED[slice(*note.span)] for note in parsed.notes] == ["AND"]


@pytest.mark.parametrize(
    ("text", "joins"),
    [
        ("NASA OR ESA OR JAXA OR ISRO OR CNSA", Or),
        (SHOUTED.replace("AIDES", "aides"), And),
        ("日本 OR 中国 韓国 台湾 香港 米国 英国 仏国 独国 伊国", Or),
    ],
)
def test_otherwise_they_are_operators(text: str, joins: type[Node]) -> None:
    tree = read(text).tree
    found = tree.children if isinstance(tree, All) else (tree,)
    assert any(isinstance(child, joins) for child in found)
    assert read(text).notes == ()


TEN = " ".join("abcdefghij")


def test_a_text_asks_for_nothing_by_its_quotes_and_parentheses() -> None:
    parsed = read(f'{TEN} k "axis of evil" (PUK), (north of (Iraq) and Iran)')
    assert isinstance(parsed.tree, All)
    quoted = Or((Phrase("axis of evil"), Word("axis"), Word("of"), Word("evil")))
    assert quoted in parsed.tree.children
    assert not any(isinstance(child, Phrase | All | And) for child in parsed.tree.children)
    assert {"PUK", "north", "of", "Iraq", "and", "Iran"} < set(texts_of(parsed.tree))


def test_words_of_a_text_are_parted_by_dashes() -> None:
    assert texts_of(read(f"{TEN} leader--a — shock–move -- k").tree)[10:] == [
        "leader",
        "a",
        "shock",
        "move",
        "k",
    ]
    assert read("leader--a").tree == Word("leader--a")


@pytest.mark.parametrize("text", ['"axis of evil"', f'{TEN} "axis of evil"', f'"{TEN} k l m n o p"'])
def test_a_phrase_is_asked_for_in_a_query_of_up_to_ten_words(text: str) -> None:
    tree = read(text).tree
    children = tree.children if isinstance(tree, All) else (tree,)
    assert any(isinstance(child, Phrase) for child in children)


def test_a_text_keeps_what_it_excludes_and_what_it_asks_of_fields() -> None:
    tree = read(
        f'{TEN} k -amazon -"axis of evil" title:"axis of evil" topic:AI "axis of evil" NEAR/5 us'
    ).tree
    assert isinstance(tree, All)
    assert tree.children[-5:] == (
        Not(Word("amazon")),
        Not(Phrase("axis of evil")),
        Phrase("axis of evil", "title"),
        Match("topic", "AI"),
        Near(("axis of evil", "us"), 5),
    )


def test_however_long_its_quotes_a_text_has_no_more_words_than_any_query() -> None:
    tree = read(f'{TEN} k "{"x " * 1500}"').tree
    assert isinstance(tree, All)
    quoted = tree.children[-1]
    assert isinstance(quoted, Or)
    assert len(tree.children) - 1 + len(quoted.children) - 1 <= MAX_CLAUSES


@pytest.mark.parametrize(
    "text",
    [
        "Coronavirus: ministers should NOT yet tell the public to wear masks - Daily Herald",
        "Harbor malware gang named most prolific #FluSeason threat - Secure Weekly",
        "Startup builds a Shopify -like platform for coaching centers to accept fees digitally",
        "A total of 877 people have recovered from Covid -19 so far in the capital",
        "Why a vote −at last− on seven bridges matters",
        "Mayor -elect promises seven new bridges next year",
        "We asked seven mayors about #Bridges and #Roads",
        "This is NOT a drill",
        "Don't do it: NOT a joke",
        "Why you should NOT panic",
        "It can NOT be",
    ],
)
def test_a_pasted_text_excludes_nothing_and_asks_for_no_topic(text: str) -> None:
    children = read(text).tree
    assert isinstance(children, All)
    assert all(isinstance(child, Word) for child in children.children)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("facial recognition ban -amazon", Not(Word("amazon"))),
        ("facial recognition ban −amazon", Not(Word("amazon"))),
        ("facial recognition ban －amazon", Not(Word("amazon"))),
        ("facial recognition ban in portland oregon -amazon", Not(Word("amazon"))),
        ('cheap flights from london to rome in may -ryanair -"easy jet"', Not(Phrase("easy jet"))),
        ("recognition ban NOT amazon", Not(Word("amazon"))),
        ("recognition ban NOT IT", Not(Word("IT"))),
        ("vitamin deficiency NOT a", Not(Word("a"))),
        ("facial recognition #Privacy", Match("topic", "Privacy")),
        (f"{' '.join('abcdefghijkl')} after:2020 -amazon", Not(Word("amazon"))),
        ("a OR b OR c OR d OR e OR f OR g NOT h", Not(Word("h"))),
        (f"{' '.join('abcdefghijkl')} -topic:AI", Not(Match("topic", "AI"))),
    ],
)
def test_what_is_typed_still_excludes_and_asks_for_topics(text: str, last: Node) -> None:
    tree = read(text).tree
    found = tree.children if isinstance(tree, All) else (tree,)
    assert found[-1] == last or (isinstance(found[-1], Or) and found[-1].children[-1] == last)


def test_a_note_says_that_an_operator_was_a_word() -> None:
    text = "seven mayors say that masks do NOT work -yet in a crowd of people"
    assert [text[slice(*note.span)] for note in read(text).notes] == ["NOT", "-"]
    assert all("in a text" in note.message for note in read(text).notes)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("topic:'Facial Recognition'", "Facial Recognition"),
        ("topic:‘Facial Recognition’", "Facial Recognition"),
        ("topic:`Facial Recognition`", "Facial Recognition"),
        ("topic:'Valentine's Day'", "Valentine's Day"),
        ("topic:’Facial", "’Facial"),
        ("topic:'tis", "'tis"),
    ],
)
def test_single_quotes_hold_a_value(text: str, value: str) -> None:
    assert read(text) == Parsed(text, filters(Match("topic", value)), ())
    assert read(f"-{text}").tree == filters(Not(Match("topic", value)))
    assert read(f"({text})").tree == filters(Match("topic", value))


def test_single_quotes_in_a_text_field_are_a_phrase_and_elsewhere_words() -> None:
    assert read("title:'facial recognition'~2 ban").tree == both(
        Phrase("facial recognition", "title", 2), Word("ban")
    )
    assert read("'facial recognition'").tree == both(Word("'facial"), Word("recognition'"))


def test_an_exclamation_mark_excludes_nothing_which_a_note_says() -> None:
    assert read("recognition !amazon").tree == both(Word("recognition"), Word("!amazon"))
    assert "write a minus" in messages(read("recognition !amazon").notes)
    assert read("stop!now it!").notes == ()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("NOT(a)", "NOT (a)"),
        ("b NOT(a)", "b NOT (a)"),
        ("a OR(b c)", "a OR (b c)"),
        ("(a)OR(b)", "(a) OR (b)"),
        ("(a)AND b", "(a) AND b"),
        ('a AND"b c"', 'a AND "b c"'),
        ('"a b"OR"b c"', '"a b" OR "b c"'),
        ("a NEAR/5(b)", "a NEAR/5 (b)"),
    ],
)
def test_an_operator_needs_no_space_beside_a_group_or_a_phrase(text: str, same: str) -> None:
    assert read(text).tree == read(same).tree
    assert not read(text).notes


@pytest.mark.parametrize("text", ["f(OR)", "NOTE(a)", "nor(a)", "aOR(b)", 'b"OR"', "NOT:(a)"])
def test_a_word_that_holds_an_operator_is_a_word(text: str) -> None:
    assert read(text).tree == Word(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"a b"~1001', "at most 1,000 words can be in between"),
        ("a NEAR/999999 b", "at most 1,000 words can be in between"),
        ("a^99999", "a weight is between 0.01 and 100"),
        ("-title:", "title: has no value, so it is searched as text"),
        ("date:2020-W54 a", "date:2020-W54 is ignored: there is no date '2020-W54' in the calendar"),
        ("on:2020-09-10T25:00 a", "there is no date '2020-09-10T25:00' in the calendar"),
    ],
)
def test_a_note_says_what_is_limited_and_repeats_what_was_typed(text: str, said: str) -> None:
    assert said in messages(read(text).notes)
    assert not read('"a b"~1000').notes
