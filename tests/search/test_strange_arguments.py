"""Whatever is passed to a search, it gives results or one of newsearch's errors, and takes no longer than it should."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hangs import no_hang

import newsearch

HUGE = [10**400, -(10**400), 10**5000, 2**63, 2**64, Fraction(10**400), Fraction(1, 10**400), float("nan")]
FORMS = [
    "%s", "url:%s", "url:www.%s.x", "site:%s", "site:%s/x", "-url:%s", "id:%s", "%s*", "%s~", '"%s a"', "#%s",
    "title:%s", "-site:%s/x", "provider:%s", "lang:%s",
]  # fmt: skip
MOMENTS: list[Any] = [
    dt.datetime.max, dt.datetime.min, dt.date.max, dt.date.min, "9999-12-31", "0001-01-01", "99999-01-01",  # noqa: DTZ901
    f"last {'9' * 400} days", f"{'9' * 400}d", 10**400, float("nan"), b"2020", "\ud800",
]  # fmt: skip
PIECES = ["½", "ﷺ", "a.b", "x/", "日", "a&", '"', "(", "a ", "#a ", "a:", "\u0301\u0323", "C++"]
TEXTS = ["\ud800", "a\udcffb", "\x00", "a\x00b", "x" * 5000, "\n", "\U0010ffff", "é" * 300]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> newsearch.Index:
    place = tmp_path_factory.mktemp("strange")
    (place / "news").mkdir()
    for number in range(3):
        (place / "news" / f"{number}.md").write_text(
            f"---\ntitle: a ban {number}\nwebUrl: https://e.example/{number}\nheat: {number}\ntopics: [Cities]\n---\n"
        )
    newsearch.build(place / "news", index=place / "index")
    return newsearch.open(place / "index")


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    with no_hang():
        yield


def everything(results: newsearch.Results) -> int:
    results.diagnose()
    assert results.did_you_mean is None or isinstance(results.did_you_mean, str)
    return len([hit.article for hit in results])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", FORMS)
def test_any_text_is_a_query_and_can_be_completed(index: newsearch.Index, text: str, form: str) -> None:
    query = form % text
    everything(index.search(query))
    index.complete(query)
    assert everything(index.search(f"ban OR {query}")) >= (0 if form.startswith("-") else 1)


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_a_value(index: newsearch.Index, text: str) -> None:
    for name in ("topics", "providers", "categories", "types"):
        # White space alone stands for articles without an outlet.
        assert everything(index.search("ban", **{name: text})) == (
            3 if name == "providers" and text == "\n" else 0
        )
    assert index.get(text) is None
    assert index.ids(text) == []


@pytest.mark.parametrize("number", HUGE, ids=range(len(HUGE)))
@pytest.mark.parametrize("name", ["limit", "offset", "min_heat", "min_quality"])
def test_a_number_beyond_all_bounds_is_a_query_error(index: newsearch.Index, name: str, number: Any) -> None:
    fits = name.startswith("min_") and number in (2**63, 2**64, Fraction(1, 10**400))
    if fits:
        everything(index.search("ban", **{name: number}))
        return
    with pytest.raises(newsearch.QueryError, match=name):
        index.search("ban", **{name: number})


@pytest.mark.parametrize("number", HUGE, ids=range(len(HUGE)))
@pytest.mark.parametrize("name", ["heat", "quality", "recency", "half_life"])
def test_weights_are_numbers_that_scores_are_made_of(index: newsearch.Index, name: str, number: Any) -> None:
    if 0 < number < 1 and name != "half_life":
        assert everything(index.search("ban", boosts=newsearch.Boosts(**{name: number}))) == 3
    else:
        with pytest.raises(ValueError, match=name.replace("_", "[-_]")):
            newsearch.Boosts(**{name: number})
    assert everything(index.search("ban", boosts=newsearch.Boosts(**{name: Fraction(1, 3)}))) == 3


@pytest.mark.parametrize("name", ["after", "before", "as_of"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_moments_at_the_ends_of_time(index: newsearch.Index, name: str, zone: str) -> None:
    for moment in MOMENTS:
        problem = ""
        try:
            everything(index.search("ban", tz=zone, **{name: moment}))
        except newsearch.QueryError as error:
            problem = str(error)
        assert not problem or name in problem


@pytest.mark.parametrize("piece", PIECES)
def test_a_text_as_long_as_a_query_may_be_is_completed(index: newsearch.Index, piece: str) -> None:
    text = piece * (4096 // len(piece))
    assert len(index.complete(text)) <= 10
    assert index.complete(text + piece * 10) == []


def test_the_last_term_of_a_long_word_is_completed(index: newsearch.Index) -> None:
    long = "x-" * 500
    assert [completion.text for completion in index.complete(f"{long}ba")] == [f"{long}ban"]


def test_a_search_names_a_thousand_values_at_most(index: newsearch.Index) -> None:
    values = [f"City {number}" for number in range(999)] + ["Cities"]
    for name in ("topics", "providers", "categories", "types"):
        everything(index.search("ban", **{name: values}))
        with pytest.raises(newsearch.QueryError, match=f"{name}: 1,001 values"):
            index.search("ban", **{name: [*values, "one more"]})


def test_arguments_of_thousands_of_digits_are_refused_by_name(index: newsearch.Index, tmp_path: Path) -> None:
    with pytest.raises(newsearch.QueryError, match="limit: this int"):
        index.search("ban", limit=10**5000)
    with pytest.raises(ValueError, match="workers"):
        newsearch.build(tmp_path, index=tmp_path / "index", workers=-(10**5000))


@pytest.mark.parametrize("wrong", [5, None, ["topic"], {"topic": 1}])
def test_what_is_no_request_and_no_facet_is_refused(index: newsearch.Index, wrong: Any) -> None:
    for asked in (index.run, index.fingerprint):
        with pytest.raises(newsearch.QueryError, match=r"is not a newsearch\.Request"):
            asked(wrong)
    with pytest.raises(newsearch.QueryError, match="unknown facet"):
        index.search("ban").facet(wrong)


@pytest.mark.parametrize("keys", [5, [-1], [2**64], ["x"], [1.0], [None], "key"])
def test_what_is_not_keys_is_a_query_error(index: newsearch.Index, keys: Any) -> None:
    with pytest.raises(newsearch.QueryError, match=r"^known: "):
        index.keys(newsearch.Request("ban"), keys)
    with pytest.raises(newsearch.QueryError, match=r"^keys: "):
        index.run_among(newsearch.Request("ban"), keys)


def test_keys_may_be_in_any_collection(index: newsearch.Index) -> None:
    request = newsearch.Request("ban")
    keys = index.keys(request)
    for kind in (list, set, tuple, iter):
        assert len(index.run_among(request, kind(keys))) == 3
        assert not index.keys(request, kind(keys))


@pytest.mark.parametrize(("directory", "limit"), [(5, 2**20), ("lists", "1M"), ("lists", -1)])
def test_lists_are_shared_in_a_path_up_to_a_number(
    index: newsearch.Index, directory: Any, limit: Any
) -> None:
    with pytest.raises(ValueError, match=r"^(directory|limit): "):
        index.share_lists(directory, limit)
