"""The Article, and the door that every record comes through."""

from __future__ import annotations

import dataclasses
import json
import pickle
import time
import unicodedata
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from newsearch.articles import reading
from newsearch.articles.article import Article, Image, Provider, article_to_mapping
from newsearch.articles.reading import article_from_mapping, article_from_record
from newsearch.errors import SourceError
from newsearch.text.addresses import canonical_url
from newsearch.text.clean import clean_text


def article(id: str = "a.md", body: str = "", **fields: Any) -> Article:
    return article_from_mapping({"title": "A title", **fields}, id=id, body=body)


def reason(**fields: Any) -> str:
    with pytest.raises(SourceError) as error:
        article(**fields)
    assert error.value.location == "a.md"
    return error.value.reason


# Text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Plain", "Plain"),
        ("  outer  and \t inner\r\nspaces\u00a0\u2009here\u3000", "outer and inner spaces here"),
        ("&quot;Yes&quot; &#39;no&#x27; &amp; &eacute;&nbsp;&hellip;", "\"Yes\" 'no' & é …"),
        ("&amp;quot;twice&amp;quot; &amp;amp;amp; more", '"twice" & more'),
        ("AT&T, R&D, Q&A; ?a=1&copy=2 &unknown; & &;", "AT&T, R&D, Q&A; ?a=1&copy=2 &unknown; & &;"),
        ("a < b", "a < b"),
        ("x<3 and 3>x", "x<3 and 3>x"),
        ("if a <b and c> d", "if a <b and c> d"),
        ("List<String> and <your name>", "List<String> and <your name>"),
        ("<p>One</p><p>two <b>bo</b>ld<br/>H<sub>2</sub>O</p>", "One two bold H2O"),
        ("&lt;p&gt;escaped&lt;/p&gt;", "escaped"),
        ('<a href="x" title="a > b">link</a>', "link"),
        ("<a title='it's'>link</a>", "link"),
        ("<IMG src=x.png />picture<o:p></o:p>", "picture"),
        ("kept<!-- a <b>comment</b> -->text", "kept text"),
        ("a<script type='x'>if (a < b) {}</script>b<style>p {}</style>c", "a b c"),
        ("How the <script> tag works", "How the tag works"),
        ("<![CDATA[inside]]> <!DOCTYPE html><?xml version='1'?>", "inside"),
        ('cut off in a <a href="https://a.exam', "cut off in a"),
        ("&am<b></b>p;", "&"),
        ("<<b>b>bold", "bold"),
        ("e\u0301", "é"),
        ("zero\u200bwidth\ufeff \u202eoverride\u202c soft\u00adhyphen", "zerowidth override softhyphen"),
        ("bell\x07 null\x00 escape\x1b[31m", "bell null escape[31m"),
        ("lone \ud83d surrogate", "lone surrogate"),
        ("joined\u200d words\u200c", "joined words"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        ("日本語 C++ 50% $24,000 “quoted”", "日本語 C++ 50% $24,000 “quoted”"),
    ],
)
def test_text_is_cleaned(raw: str, clean: str) -> None:
    read = article(title=raw + "!", excerpt=raw, topics=[raw], category=raw, provider={"name": raw})
    assert read.excerpt == clean
    assert read.topics == (clean,)
    assert read.category == clean
    assert read.provider == Provider(clean)


def test_a_body_keeps_its_lines_and_paragraphs() -> None:
    body = "First  line \r\nsecond &amp; last.\r\n\r\n\n \nNew   paragraph.<p>Another</p>\u200b"
    assert article(body=body).body == "First line\nsecond & last.\n\nNew paragraph.\n\nAnother"


@given(st.text())
@example("&#38;#38;#38;#38;#38;#38;#38;lt;b>")
@example("<<<<<<<<b>b>b>b>b>b>b>b>")
@example("&amp\u037e")
@example("\u0915 \u200d\u0937")
def test_clean_text_is_left_alone_and_holds_nothing_unseen(raw: str) -> None:
    read = article(excerpt=raw, body=raw)
    again = article(excerpt=read.excerpt, body=read.body)
    assert (again.excerpt, again.body) == (read.excerpt, read.body)
    assert unicodedata.is_normalized("NFC", read.excerpt)
    assert read.excerpt == " ".join(read.excerpt.split())
    assert not _unseen(read.excerpt)
    assert not _unseen(read.body.replace("\n", ""))


def _unseen(text: str) -> list[str]:
    return [
        c
        for c in text
        if unicodedata.category(c) in ("Cc", "Cs") or c in "\u200b\u200e\u200f\u202e\u2066\ufeff"
    ]


@pytest.mark.parametrize(
    "piece", ["<!--", "<script>", "<a '", '<a b="', "&amp;", "&#38;", "<", "\u200d", "</p"]
)
def test_hostile_text_takes_no_longer_than_its_length(piece: str) -> None:
    start = time.perf_counter()
    article(excerpt=piece * 40_000)
    assert time.perf_counter() - start < 5  # quadratic time would be minutes


# Fields


def test_values_of_another_type_are_read_as_meant() -> None:
    read = article(
        title=2020,
        excerpt=1.5,
        topics="AI",
        category=["no"],
        provider="The Courier",
        images="https://a.example/i.png",
        heat="99",
        quality=" 87.5 ",
        type=None,
    )
    assert (read.title, read.excerpt, read.topics, read.category) == ("2020", "1.5", ("AI",), "")
    assert read.provider == Provider("The Courier")
    assert read.images == (Image("https://a.example/i.png"),)
    assert (read.heat, read.quality, read.type) == (99, 87.5, "article")


@pytest.mark.parametrize("absent", [{}, {"title": None}, {"title": ""}, {"title": "\u200b <i></i>"}])
def test_an_article_has_a_title(absent: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match=r"^news\.jsonl:3: no title$"):
        article_from_mapping({"webUrl": "https://a.example/", **absent}, id="x", location="news.jsonl:3")


def test_a_title_that_is_no_text_is_an_error() -> None:
    assert reason(title=["a", "b"]) == "title is not a text"
    assert reason(title={"a": "b"}) == "title is not a text"


def test_a_record_that_is_no_mapping_is_an_error() -> None:
    with pytest.raises(SourceError, match="not a mapping"):
        article_from_mapping([], id="x")  # type: ignore[arg-type]


def test_a_record_with_text_needs_no_title() -> None:
    read = article_from_mapping({"_id": "d1", "title": "", "text": "Some text."}, id="d1")
    assert (read.title, read.body, read.extra) == ("", "Some text.", {})
    with pytest.raises(SourceError, match="no title"):
        article_from_mapping({"title": "", "text": "<br>"}, id="d1")


@pytest.mark.parametrize(
    ("fields", "topics"),
    [
        ({"topics": ["AI", "Health", "AI", " AI "]}, ("AI", "Health")),
        ({"topics": ["AI", None, "", ["x"], 5, True, {"name": "Space"}]}, ("AI", "5", "true", "Space")),
        ({"topics": None, "tags": ["a", "b"]}, ("a", "b")),
        ({"topics": ["AI"], "tags": "b"}, ("AI", "b")),
        ({"topics": "R&D, and more"}, ("R&D", "and more")),
        ({"topics": ["R&D, and more"]}, ("R&D, and more",)),
    ],
)
def test_topics_are_distinct_texts_in_order(fields: dict[str, Any], topics: tuple[str, ...]) -> None:
    assert article(**fields).topics == topics


def test_topics_that_compare_equal_but_read_differently_stay_apart() -> None:
    assert article(topics=["1"]).topics == article(topics=[1]).topics == ("1",)
    assert article(topics=[True]).topics == ("true",)


@pytest.mark.parametrize("name", ["heat", "quality"])
@pytest.mark.parametrize(
    ("value", "number"),
    [(None, None), ("", None), (-1, -1), (189, 189), (0.5, 0.5), ("42", 42), ("-1", -1), ("1e2", 100.0)],
)
def test_signals_are_numbers_or_absent(name: str, value: Any, number: float | None) -> None:
    signal = getattr(article(**{name: value}), name)
    assert signal == number
    assert type(signal) is type(number)


@pytest.mark.parametrize("value", ["hot", "nan", float("nan"), True, [1], "1_000", {"a": 1}])
def test_a_signal_that_is_no_number_is_an_error(value: object) -> None:
    assert reason(heat=value).startswith("heat is not a number: ")


@pytest.mark.parametrize(
    "value",
    [
        float("inf"),
        float("-inf"),
        10**400,
        pytest.param(10**5000, id="huge"),
        "1e30",
        "1e500",
        "9" * 16,
        "-" + "9" * 5000,
    ],
)
def test_a_signal_out_of_all_bounds_is_an_error(value: object) -> None:
    assert reason(quality=value).startswith("quality is out of range: ")


@pytest.mark.parametrize(
    ("value", "published"),
    [
        *((value, True) for value in (True, None, "", "true", "Yes", 1)),
        *((value, False) for value in (False, "false", "NO", " off ", 0)),
    ],
)
def test_published_is_yes_or_no_in_many_spellings(value: object, published: bool) -> None:
    assert article(published=value).published is published


def test_published_can_hold_the_date() -> None:
    read = article(published=date(2020, 9, 29))
    assert (read.published, read.date) == (True, date(2020, 9, 29))
    read = article(published="2020-09-29T10:00:00Z", publishedDateTime="2020-01-01")
    assert (read.published, read.date) == (True, date(2020, 1, 1))
    assert reason(published="perhaps") == "published is neither true, false nor a date: 'perhaps'"
    assert reason(published=[]).startswith("published is neither")


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2020-09-29T21:05:00Z", datetime(2020, 9, 29, 21, 5, tzinfo=UTC)),
        ("2020-09-29T14:05:00-07:00", datetime(2020, 9, 29, 21, 5, tzinfo=UTC)),
        ("2020-09-29 21:05:00", datetime(2020, 9, 29, 21, 5, tzinfo=UTC)),
        ("2020-09-29T21:05:00.25Z", datetime(2020, 9, 29, 21, 5, 0, 250_000, tzinfo=UTC)),
        ("Tue, 29 Sep 2020 14:05:00 PDT", datetime(2020, 9, 29, 21, 5, tzinfo=UTC)),
        ("29 September 2020 21:05 +0000", datetime(2020, 9, 29, 21, 5, tzinfo=UTC)),
        ("2020-09-29", date(2020, 9, 29)),
        ("20200929", date(2020, 9, 29)),
        (20200929, date(2020, 9, 29)),
        ("Sept 29, 2020", date(2020, 9, 29)),
        ("03/04/2020", date(2020, 3, 4)),
        (date(2020, 9, 29), date(2020, 9, 29)),
        (datetime(2020, 9, 29, 21, 5), datetime(2020, 9, 29, 21, 5, tzinfo=UTC)),
        (
            datetime(2020, 9, 29, 14, 5, tzinfo=timezone(timedelta(hours=-7))),
            datetime(2020, 9, 29, 21, 5, tzinfo=UTC),
        ),
    ],
)
def test_dates_are_in_utc_and_a_day_stays_a_day(value: object, moment: date) -> None:
    read = article(publishedDateTime=value).date
    assert read == moment
    assert type(read) is type(moment)
    assert not isinstance(read, datetime) or read.tzinfo is UTC


@pytest.mark.parametrize("value", ["soon", "10:30", "2020", "September", [1], {"a": 1}, True, "9" * 200])
def test_what_is_no_whole_date_is_set_aside_and_the_article_goes_in(value: object) -> None:
    read = article(publishedDateTime=value, modified=value)
    assert (read.date, read.modified) == (None, None)
    assert read.extra["unusable"].keys() == {"publishedDateTime", "modified"}


@pytest.mark.parametrize(
    ("value", "said"), [(["2020-09-29"], "a list"), ([], "a list"), ({"day": 1}, "a mapping")]
)
def test_what_is_no_date_is_named_by_its_kind(value: object, said: str) -> None:
    assert reason(published=value or ["x"]).endswith(f"nor a date: {said}")


@pytest.mark.parametrize(
    "value", ["1599-12-31", "2201-01-01", "0001-01-01T00:00:00+10:00", "1600-01-01T00:00+01:00"]
)
def test_a_date_in_an_absurd_year_is_set_aside(value: str) -> None:
    assert article(publishedDateTime=value).extra == {"unusable": {"publishedDateTime": value}}


@pytest.mark.parametrize(
    ("id", "day"),
    [
        ("news/2020-09-29-a-ban.md", date(2020, 9, 29)),
        ("2020-09-29.md", date(2020, 9, 29)),
        ("2020-13-29-a.md", None),
        ("0000-01-01-a.md", None),
        ("2020-09-290.md", None),
        ("a-2020-09-29.md", None),
        ("2020-09-29/a.md", None),
    ],
)
def test_a_missing_date_is_read_from_the_files_name(id: str, day: date | None) -> None:
    assert article(id=id).date == day
    assert article(id=id, publishedDateTime="2019-01-01").date == date(2019, 1, 1)


# URLs


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://a.example/b?c=d&e#f", "https://a.example/b?c=d&e#f"),
        ("  HTTP://A.example \n", "HTTP://A.example"),
        ("https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&b=2"),
        ("https://a.example/a b", "https://a.example/a%20b"),
        ("https://a.example/日本", "https://a.example/日本"),
        ("https://a.example/" + "x" * 4078, "https://a.example/" + "x" * 4078),
        ("https://a.example/" + "x" * 4079, None),
        ("https://a.example/500\u00a0000\u3000x", "https://a.example/500%C2%A0000%E3%80%80x"),
        ("https://a.example/\x1b[31m", None),
        ("https://a.example/\nb", None),
        ("https://a.example/\u202e", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.example/b", None),
        ("https://", None),
        ("https:///b", None),
        ("a.example", None),
        (["https://a.example"], None),
        (7, None),
    ],
)
def test_only_http_urls_are_kept(value: object, url: str | None) -> None:
    read = article(
        webUrl=value, originalUrl=value, ampWebUrl=value, cdnAmpWebUrl=value, images=[{"url": value}]
    )
    assert {read.web_url, read.original_url, read.amp_web_url, read.cdn_amp_web_url} == {url}
    assert read.images == ((Image(url),) if url else ())


def test_the_url_is_the_first_there_is() -> None:
    web, original, amp = (f"https://{name}.example/x" for name in ("web", "original", "amp"))
    assert article(webUrl=web, originalUrl=original, ampWebUrl=amp).url == web
    assert article(webUrl="ftp://x", originalUrl=original, ampWebUrl=amp).url == original
    assert article(ampWebUrl=amp).url == amp
    assert article(ampWebUrl=amp + "/?fbclid=1").canonical_url == amp
    assert article().url is None
    assert article().canonical_url is None


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://a.example/b", "https://a.example/b"),
        ("http://A.Example:80/B/?utm_source=x&id=1&UTM_medium=y&gclid#part", "https://a.example/B?id=1"),
        ("https://a.example:443/", "https://a.example"),
        ("https://a.example.:8080/b?", "https://a.example:8080/b"),
        ("https://a.example./b", "https://a.example/b"),
        ("https://a.example/v?v=Ab_c&utm=1", "https://a.example/v?v=Ab_c&utm=1"),
        ("https://name@a.example/b/", "https://name@a.example/b/"),
        ("https://a.example/%7ejane/caf%c3%a9", "https://a.example/~jane/caf%C3%A9"),
        ("https://a.example/~jane/café", "https://a.example/~jane/caf%C3%A9"),
        ("https://a.example/a%2fb%2Dc?q=%41%20b&%75tm_source=x", "https://a.example/a%2Fb-c?q=A%20b"),
        ("https://a.example/100%/%zz/%%341", "https://a.example/100%/%zz/%%341"),
        ("not a url", "not a url"),
    ],
)
def test_a_canonical_url_is_without_what_makes_no_difference(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@given(st.from_regex(r"https?://[a-zA-Z.:0-9]{1,9}[a-z/.?#&=_%23é]{0,20}", fullmatch=True))
def test_a_canonical_url_is_its_own_canonical_url(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


# Providers, images, related articles, the rest


def test_a_provider_is_read_from_what_there_is() -> None:
    logo = {"url": "https://a.example/l.png", "width": 50, "height": "50"}
    provider = {"name": " The&nbsp;Courier ", "domain": "Courier.Example", "images": [logo], "authors": ["x"]}
    expected = Provider("The Courier", "courier.example", (Image("https://a.example/l.png", 50, 50),))
    assert article(provider=provider).provider == expected
    assert article(provider={"domain": "https://a.example/x"}).provider == Provider("", "a.example")
    assert article(provider={"name": "", "domain": None}).provider is None
    assert article(provider=["One", "Two"]).provider == Provider("One")
    assert article(provider=[]).provider is None


def test_images_without_a_url_are_dropped_and_odd_sizes_are_unknown() -> None:
    images = [
        {"url": "https://a.example/1", "width": 5037, "height": 2829, "isCached": True, "title": "x"},
        {"url": "https://a.example/2", "width": -1, "height": "tall", "isCached": "false"},
        {"width": 5},
        None,
        "https://a.example/3",
    ]
    assert article(images=images).images == (
        Image("https://a.example/1", 5037, 2829, True),
        Image("https://a.example/2"),
        Image("https://a.example/3"),
    )


def test_related_articles_are_articles_and_broken_ones_are_dropped() -> None:
    related = [
        {"title": "One &amp; two", "heat": 5},
        {"title": ""},
        {"title": "x", "heat": "hot"},
        "text",
        None,
    ]
    read = article(related=[*related, {"title": "Three", "path": "c.md", "secured": "x"}])
    assert read.related == (
        Article(id="", title="One & two", heat=5),
        Article(id="c.md", title="Three"),
    )


def test_related_articles_go_two_levels_deep() -> None:
    deep: dict[str, Any] = {"title": "0"}
    for level in range(1, 500):
        deep = {"title": str(level), "related": [deep]}
    read = article_from_mapping(deep, id="x")
    assert read.related[0].related[0].title == "497"
    assert read.related[0].related[0].related == ()


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("en-US", "en-us"),
        ("de", "de"),
        ("pt_BR.UTF-8", "pt-br"),
        ("", None),
        ("English!", None),
        (["en"], None),
    ],
)
def test_the_language_is_a_lower_case_tag(value: Any, language: str | None) -> None:
    for name in ("locale", "lang", "language"):
        assert article(**{name: value}).language == language


def test_unknown_keys_are_kept_and_secured_never_is() -> None:
    read = article(
        secured="s",
        featuredContent="<iframe src='x'></iframe>\r\n\x1b\u202e",
        since=date(2020, 1, 2),
        rating=float("nan"),
        nothing=None,
        raw=b"bytes",
        nested={1: [1.5, None, {"secured": "s", "a": True}]},
    )
    assert read.extra == {
        "featuredContent": "<iframe src='x'></iframe>\n",
        "since": "2020-01-02",
        "nested": {"1": [1.5, {"a": True}]},
    }


def test_what_is_kept_of_unknown_keys_is_bounded() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    read = article(deep=deep, small=1, large="x" * 70_000, last=2)
    assert "large" not in read.extra
    assert (read.extra["small"], read.extra["last"]) == (1, 2)
    assert len(json.dumps(read.extra["deep"])) < 20


def test_no_spelling_of_a_known_key_comes_in_as_an_unknown_one() -> None:
    fields: dict[str, Any] = {"exce\u200brpt": "x", "secu\u200bred": "s", "\u200b": 1}
    assert article(**fields).extra == {"": 1}


# The Article itself


def test_an_article_cannot_be_changed_and_can_be_hashed_and_pickled() -> None:
    read = article(topics=["AI"], provider="P", note={"a": [1]})
    with pytest.raises(dataclasses.FrozenInstanceError):
        read.title = "Another"  # type: ignore[misc]
    assert type(read) is Article
    assert read == Article(
        id="a.md", title="A title", topics=("AI",), provider=Provider("P"), extra={"note": {"a": [1]}}
    )
    assert hash(read) == hash(dataclasses.replace(read))
    assert pickle.loads(pickle.dumps(read)) == read
    assert read.path == "a.md"


def test_the_mapping_has_the_formats_keys_and_nothing_that_is_absent() -> None:
    fields = {
        "path": "a.md",
        "category": "news",
        "title": "A title",
        "excerpt": "An excerpt",
        "publishedDateTime": "2020-09-29T21:05:00Z",
        "originalUrl": "https://a.example/o",
        "webUrl": "https://a.example/w",
        "ampWebUrl": "https://a.example/a",
        "cdnAmpWebUrl": "https://a.example/c",
        "type": "video",
        "locale": "en-us",
        "quality": 89,
        "heat": 0,
        "published": False,
        "provider": {"name": "P", "domain": "p.example", "images": [{"url": "https://a.example/l"}]},
        "topics": ["AI"],
        "images": [{"url": "https://a.example/i", "width": 1, "height": 2, "isCached": True}],
        "related": [{"title": "R", "type": "article", "published": True}],
        "body": "One.\n\nTwo.",
        "note": {"a": [1]},
    }
    assert article_to_mapping(article_from_mapping(fields, id="a.md")) == fields
    assert article_to_mapping(article()) == {
        "path": "a.md",
        "title": "A title",
        "type": "article",
        "published": True,
    }
    assert article_to_mapping(article(publishedDateTime="2020-09-29"))["publishedDateTime"] == "2020-09-29"


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_URLS = st.from_regex(r"https?://[a-z]{1,3}\.example/\S{0,5}") | st.text()
_RECORDS = st.fixed_dictionaries(
    {"title": st.text()},
    optional={
        "excerpt": st.text() | _JUNK,
        "topics": st.lists(st.text()) | _JUNK,
        "tags": _JUNK,
        "body": st.text(),
        "text": st.text() | _JUNK,
        "publishedDateTime": st.datetimes(timezones=st.timezones()) | st.dates().map(str) | st.none(),
        "published": st.sampled_from([True, False, None, "yes", date(2020, 1, 2)]),
        "webUrl": _URLS,
        "originalUrl": _URLS,
        "heat": st.integers(-5, 200) | st.floats(-5, 200) | st.just("12"),
        "quality": st.integers(-5, 200) | st.none(),
        "provider": st.dictionaries(st.sampled_from(["name", "domain", "images"]), st.text() | _JUNK) | _JUNK,
        "images": st.lists(st.fixed_dictionaries({"url": _URLS, "width": _JUNK, "isCached": _JUNK})) | _JUNK,
        "related": st.lists(st.fixed_dictionaries({"title": st.text(), "path": st.text()})) | _JUNK,
        "locale": st.text() | st.sampled_from(["en-US", "de"]),
        "category": st.text() | _JUNK,
        "categories": _JUNK,
        "type": st.text(),
        "note": _JUNK,
    },
)


@pytest.mark.parametrize(
    ("fields", "unusable"),
    [
        ({"webUrl": "javascript:alert(1)"}, {"webUrl": "javascript:alert(1)"}),
        ({"originalUrl": 7, "ampWebUrl": "/amp", "cdnAmpWebUrl": ["x"]}, None),
        ({"images": ["data:x", "https://a.example/i", {"width": 3}]}, {"images": ["data:x", {"width": 3}]}),
        ({"related": [5, {"excerpt": "no title", "secured": "x"}, {"title": "R"}]}, None),
        ({"locale": "the King's English"}, {"locale": "the King's English"}),
        ({"excerpt": ["one", "two"], "category": {"a": 1}}, None),
        ({"topics": ["AI", ["x"], {"name": "Law"}, {"id": 5}]}, {"topics": [["x"], {"id": 5}]}),
        ({"provider": {"id": 5}}, {"provider": {"id": 5}}),
        ({"provider": {"name": "P", "images": ["x"]}}, {"provider": {"images": ["x"]}}),
        ({"provider": {"name": ["P"], "domain": "p.example"}}, {"provider": {"name": ["P"]}}),
        ({"webUrl": "ftp:" + "x" * 2000}, {"webUrl": '"ftp:' + "x" * 995 + "…"}),
        ({"webUrl": "x", "unusable": {"images": [1]}}, {"images": [1], "webUrl": "x"}),
        ({"webUrl": "x", "unusable": "a word"}, {"webUrl": "x"}),
    ],
)
def test_what_cannot_be_used_is_set_aside(fields: dict[str, Any], unusable: dict[str, Any] | None) -> None:
    if unusable is None:
        unusable = fields
    made = article(publishedDateTime="2020-09-29T10:00:00Z", **fields)
    if "related" in fields:
        unusable = {"related": [5, {"excerpt": "no title"}]}
        assert [related.title for related in made.related] == ["R"]
    assert made.extra == {"unusable": unusable}
    assert "javascript" not in (made.url or "")
    with mock.patch.object(reading, "_reader", None):
        assert article(publishedDateTime="2020-09-29T10:00:00Z", **fields) == made


def test_a_related_article_has_what_of_it_cannot_be_used() -> None:
    made = article(related=[{"title": "R", "webUrl": "javascript:x"}])
    assert (made.extra, made.related[0].extra) == ({}, {"unusable": {"webUrl": "javascript:x"}})


@pytest.mark.parametrize(
    "fields",
    [
        {
            "webUrl": "",
            "originalUrl": " ",
            "ampWebUrl": None,
            "images": [],
            "related": [None, {}],
            "locale": "",
        },
        {"images": [None, "", {}], "provider": {"name": "", "domain": None}, "topics": [None, "", [], {}]},
        {"excerpt": [], "type": {}, "provider": [], "category": "<b></b>"},
    ],
)
def test_what_is_empty_is_not_set_aside(fields: dict[str, Any]) -> None:
    assert article(**fields).extra == {}


@given(_RECORDS)
def test_an_article_written_out_and_read_again_is_the_same(record: dict[str, Any]) -> None:
    try:
        first = article_from_mapping(record, id="2020-01-02-a.md")
    except SourceError:
        return
    text = json.dumps(article_to_mapping(first), allow_nan=False)
    assert article_from_mapping(json.loads(text), id=first.id) == first


@given(
    _JUNK,
    st.dictionaries(st.sampled_from(["title", "heat", "published", "topics", "publishedDateTime"]), _JUNK),
)
def test_any_record_gives_an_article_that_json_can_hold_or_a_source_error(
    record: Any, fields: dict[str, Any]
) -> None:
    for mapping in (record, fields, {"title": "T", **fields}):
        with suppress(SourceError):
            assert json.dumps(article_to_mapping(article_from_mapping(mapping, id="x")), allow_nan=False)


# A record as most are, whose values are now and then something else.
_ORDINARY = st.fixed_dictionaries(
    {
        "title": st.sampled_from(
            ["A title", " A  title", "“Ban” – wait…", "Ça & là", "<b>x</b>", "日本", "x\u0301"]
        )
        | st.text(),
        "publishedDateTime": st.sampled_from(
            [
                "2020-09-29T10:00:00Z",
                "2020-09-29T10:00:00+02:00",
                "2020-09-29",
                "1200-01-01T00:00:00Z",
                "soon",
                "",
            ]
        )
        | st.datetimes().map(lambda when: f"{when:%Y-%m-%dT%H:%M:%SZ}")
        | _JUNK,
    },
    optional={
        "id": st.sampled_from(["a.md", " a", "", 7, 0, True, None]),
        "path": st.none() | st.text(max_size=3),
        "excerpt": st.text("ab &;<é’Ž€\xa0\u2009\x85\n\xad\u200b\u0301", max_size=9) | _JUNK,
        "webUrl": _URLS
        | st.sampled_from(["https://a.example/b/", "https://a.example", "https://é.example/", "no"]),
        "originalUrl": _URLS | st.none(),
        "ampWebUrl": _URLS,
        "topics": st.lists(st.sampled_from(["Privacy", "A &amp; B", 7, None])) | _JUNK,
        "tags": st.none() | st.just(["x"]),
        "provider": st.fixed_dictionaries({"name": st.sampled_from(["AP", "", None, 7, []])}) | _JUNK,
        "heat": st.integers(-5, 200) | st.sampled_from([True, "12", 1e13, float("nan"), 10**400, None]),
        "quality": st.integers(-5, 200) | st.floats(),
        "published": st.sampled_from([True, False, None, "no", "2020-01-02", 3]),
        "category": st.sampled_from(["News", "", None, ["x"]]),
        "categories": st.just(["Culture"]),
        "type": st.sampled_from(["video", "", None]),
        "body": st.text("ab <p>\n", max_size=9) | st.none(),
        "content": st.sampled_from(["x", "", None, ["x"]]),
        "text": st.text(max_size=3) | st.sampled_from([7, [["x"]]]),
        "locale": st.just("en-US"),
        "note": _JUNK,
    },
)


@pytest.mark.skipif(reading._reader is None, reason="newsearch was installed without a compiler")
@examples(500)
@given(_ORDINARY | _RECORDS | _JUNK, st.text("ab<p>", max_size=3))
def test_the_compiled_reader_only_makes_articles_sooner(record: Any, body: str) -> None:
    def made(reader: Any) -> list[Any]:
        results: list[Any] = []
        with mock.patch.object(reading, "_reader", reader):
            for make in (
                lambda: article_from_record(record, "feed.jsonl:", "feed", 3),
                lambda: article_from_mapping(record, id="2020-01-02-a.md", body=body),
            ):
                try:
                    article = make()
                    # Equal numbers can be of two types, and one that is no number equals nothing.
                    results.append((repr(article), type(article.heat), type(article.quality)))
                except SourceError as error:
                    results.append(str(error))
        return results

    assert made(reading._reader) == made(None)


@pytest.mark.parametrize("body", ["", "Given."])
@pytest.mark.parametrize(
    ("key", "value"), [("content", ["x"]), ("text", [["x"]]), ("text", {"a": 1}), ("body", ["x"])]
)
def test_a_collection_beside_the_body_is_set_aside_by_both_readers(
    key: str, value: object, body: str
) -> None:
    record = {"title": "T", "publishedDateTime": "2020-09-29T10:00:00Z", "body": "It rains.", key: value}
    for reader in (reading._reader, None):
        with mock.patch.object(reading, "_reader", reader):
            article = article_from_mapping(record, id="a.md", body=body)
        assert article.extra == {"unusable": {key: value}}


@pytest.mark.skipif(reading._reader is None, reason="newsearch was installed without a compiler")
def test_the_compiled_reader_cleans_every_character_as_python_does() -> None:
    record = {"id": "a", "publishedDateTime": "2020-09-29T10:00:00Z"}
    for character in map(chr, range(1, 0x3001)):
        for text in (f"a{character}b", f"{character}{character}a", f"&{character};", f"e{character}\u0301"):
            if article := reading._reader.read({**record, "title": f"x{text}", "excerpt": text}, None, ""):
                assert (article.title, article.excerpt) == (clean_text(f"x{text}"), clean_text(text))


@pytest.mark.skipif(reading._reader is None, reason="newsearch was installed without a compiler")
def test_the_compiled_reader_makes_ordinary_articles_itself() -> None:
    record = {
        "title": "A title",
        "webUrl": "https://a.example/b",
        "publishedDateTime": "2020-09-29T10:00:00Z",
    }
    with mock.patch.object(reading, "_article", side_effect=AssertionError):
        assert article_from_record(record, "", "", 1).id == "https://a.example/b"
        assert article_from_record({**record, "images": [{"url": "https://a.example/i"}]}, "", "", 1).images
        with pytest.raises(AssertionError):
            article_from_record({**record, "title": ""}, "", "", 1)


@pytest.mark.parametrize(
    ("key", "value", "ours"),
    [
        (spelling, value, ours)
        for spellings, value, ours in (
            ("pubDate pub_date PubDate datePublished publishDate publishedAt".split(), "2021-03-04", "date"),
            (
                "dateModified date_modified lastModified updatedAt modifiedDateTime".split(),
                "2021-03-04",
                "modified",
            ),
            ("articleBody article_body fullText".split(), "It rains.", "body"),
            ("sourceUrl source_url canonicalUrl".split(), "https://gazette.example/1", "web_url"),
            ("authorName author_name author-name Author".split(), "Jane Doe", "authors"),
        )
        for spelling in spellings
    ],
)
def test_other_names_of_a_key_are_read_however_they_are_spelt(key: str, value: str, ours: str) -> None:
    article = article_from_mapping({"title": "Bridge reopens", key: value}, id="a")
    assert getattr(article, ours)
    assert article.extra == {}


def test_a_post_without_a_title_gets_the_beginning_of_its_text() -> None:
    def title(text: str) -> str:
        return article_from_record({"id": "a", "content_text": text}, "feed.json#", "feed.json", 1).title

    assert title("The town " + "meets " * 20) == "The town " + "meets " * 11 + "meets…"
    assert title("東京 " + "記事" * 50) == "東京 " + "記事" * 38 + "記…"


ENDLESS = 10**5000  # Python refuses to convert it to text


@pytest.mark.parametrize(
    "value", [ENDLESS, [ENDLESS], {"name": ENDLESS}, {"a": ENDLESS}, [[ENDLESS]]], ids=range(5)
)
@pytest.mark.parametrize(
    "key", [*sorted(reading._KNOWN - {"heat", "quality", "published", "title"}), "other"]
)
def test_an_endless_integer_is_left_out(key: str, value: Any) -> None:
    record = {"title": "t", key: value}
    for article in (article_from_mapping(record, id="a"), article_from_record(record, "x#", "x", 1)):
        assert article.title == "t"
        assert json.dumps(article_to_mapping(article))


@pytest.mark.parametrize("key", ["heat", "quality", "published", "title"])
def test_an_endless_integer_is_refused_where_it_decides(key: str) -> None:
    with pytest.raises(SourceError) as error:
        article_from_record({"title": "t", key: ENDLESS}, "x#", "x", 1)
    assert str(error.value).isprintable()
