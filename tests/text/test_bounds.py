"""No text takes more than its length accounts for. An alarm, not a clock, tells what would take minutes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hangs import no_hang
from hypothesis import example, given
from hypothesis import strategies as st

from newsearch.articles.reading import article_from_mapping, article_from_record
from newsearch.text import analysis
from newsearch.text.clean import clean_body, clean_text
from newsearch.text.marks import limit_marks


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    with no_hang():
        yield


LONG = 1_000_000
PIECES = ["&", "&#", "&a", "<", "<a", "</", "<!--", "<script>", "½", "ﷺ"]
MARKS = [
    "\u0301\u0323",
    "a\u0323\u0301",
    "\u0344",
    "\uff9e\u0323",
    "\u05b0\u05b4",
    "\u0f73\u0f72",
    "\u3099\u0323",
    "\U0001d165\u0323",
]


@pytest.mark.parametrize("piece", [*PIECES, *MARKS])
@pytest.mark.parametrize("clean", [clean_text, clean_body, analysis.fold])
def test_text_of_one_piece_is_read(piece: str, clean: Any) -> None:
    clean(piece * (LONG // 10))


@pytest.mark.parametrize("space", [" ", "\t", "\u2028", "\r\n", " \u2003"])
@pytest.mark.parametrize("before", ["<a", "<a x=", "</script", "<script>x</script", "<!doctype", "&", "<!--"])
@pytest.mark.parametrize("after", ["", "<", ">"])
def test_space_in_what_is_no_tag_is_read(space: str, before: str, after: str) -> None:
    clean_text(before + space * (LONG // 5) + after)


@pytest.mark.parametrize(
    "key", ["title", "excerpt", "body", "category", "topics", "provider", "webUrl", "id"]
)
def test_ampersands_in_any_field_are_read(key: str) -> None:
    value: Any = "&" * (4 * LONG)
    record = {"id": "a", "title": "t", "publishedDateTime": "2020-01-01T00:00:00Z", key: value}
    article = article_from_record(record, "f#", "f", 1)
    assert article == article_from_mapping(record, id=article.id)
    if key == "title":
        assert article.title == value
    half = "&" * LONG + ";" + "&" * LONG
    assert article_from_record({**record, "title": half}, "f#", "f", 1).title == half


def test_an_entity_is_decoded_wherever_it_stands() -> None:
    for text, meant in (
        ("&amp; & x", "& & x"),
        ("& x &amp;", "& x &"),
        ("AT&T; R&D", "AT&T; R&D"),
        ("a & b; c & d", "a & b; c & d"),
    ):
        record = {"id": "a", "title": text, "publishedDateTime": "2020-01-01T00:00:00Z"}
        assert article_from_record(record, "f#", "f", 1).title == meant


@pytest.mark.parametrize("kept", [1, 30])
def test_marks_of_real_text_stay(kept: int) -> None:
    text = "a" + "\u0301\u0323" * (kept // 2) + "\u0301" * (kept % 2) + "b"
    assert limit_marks(text) == text
    assert clean_text(text) == unicodedata.normalize("NFC", text)


def test_no_letter_keeps_more_than_thirty_marks() -> None:
    for marks in ("\u0301", "\u0301\u0323", "\u05b0\u05b4", "\u0f71\u0f73", "\uff9e"):
        for letter in ("", "a", "א", "か"):
            text = letter + marks * 40 + "b"
            kept = limit_marks(text).removeprefix(letter).removesuffix("b")
            assert (marks * 40).startswith(kept)
            assert 29 <= len(unicodedata.normalize("NFKD", kept)) <= 30
            assert clean_text(clean_text(text)) == clean_text(text)


@given(st.text(st.sampled_from("aé日가 \u0301\u0323\u0344\u05b0\u0f73\uff9e\u200d<&;"), max_size=200))
@example("\u0301\u0f73\u200d\u0f73")
def test_limiting_marks_keeps_all_else(text: str) -> None:
    limited = limit_marks(text)
    assert limit_marks(limited) == limited
    assert [c for c in limited if not _joins(c)] == [c for c in text if not _joins(c)]
    run = longest = 0
    for character in limited:
        run = run + len(unicodedata.normalize("NFKD", character)) if _joins(character) else 0
        longest = max(longest, run)
    assert longest <= 30
    assert clean_text(clean_text(text)) == clean_text(text)


def _joins(character: str) -> bool:
    return unicodedata.combining(unicodedata.normalize("NFKD", character)[0]) != 0
