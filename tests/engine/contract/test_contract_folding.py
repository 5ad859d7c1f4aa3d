"""One hit for all copies of a text, on every engine: beside a slow way that knows by construction what are copies."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch import Index
from newsearch.engine import open_engine
from newsearch.engine.optional import FoldingReader
from newsearch.errors import EngineError

SUBJECTS = "school roof,apple prize,library tax,chess final,zebra crossing,opera strike,river bridge".split(
    ","
)
OUTLETS = ("Herald", "Courier", "Gazette", "Tribune", "Star", "")
END = "near the harbour of {} was the talk of the whole town when the council met on {} evening"
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def record(i: int, j: int) -> dict[str, Any]:
    outlet = OUTLETS[(i * 2 + j) % len(OUTLETS)]
    made: dict[str, Any] = {
        "id": f"{i}-{j}",
        "title": f"Harbour {SUBJECTS[i]}",
        "excerpt": f"All about the {SUBJECTS[i]} {END.format(SUBJECTS[i][::-1], DAYS[i])}.",
        "heat": (i * 37 + j * 53) % 90,
        "topics": ["Town", "Sport"][: 1 + (i + j) % 2],
        "publishedDateTime": f"2024-05-0{1 + (i + 3 * j) % 3}T{(5 * i + 7 * j) % 24:02}:{i:02}:{j:02}Z",
    }
    if outlet:
        made["provider"] = {"name": outlet, "domain": f"www.{outlet.lower()}.example"}
    if j % 3 == 2:
        made["title"] += " - The Daily Wire"
    return made


RECORDS = {(one := record(i, j))["id"]: one for i in range(len(SUBJECTS)) for j in range(i + 1)}


def text_of(id: str) -> str:
    return id.split("-")[0]


@pytest.fixture
def index(place: str, tmp_path: Path) -> Iterator[Index]:
    for number in range(2):  # in two batches
        path = tmp_path / f"{number}.jsonl"
        some = list(RECORDS.values())[number::2]
        path.write_text("".join(json.dumps(one) + "\n" for one in some))
        newsearch.build(path, index=place)
    with newsearch.open(place) as opened:
        yield opened


def date_of(id: str) -> str:
    return str(RECORDS[id]["publishedDateTime"])


def outlet_of(id: str) -> str:
    provider: dict[str, str] = RECORDS[id].get("provider", {})
    return provider.get("name", "")


def groups(hits: list[str], show: str) -> list[tuple[str, list[str]]]:
    """The shown article of each group, and the others by date."""
    found = []
    for text in dict.fromkeys(map(text_of, hits)):
        members = [id for id in hits if text_of(id) == text]
        chosen = members[0]
        if show in ("first", "last"):
            chosen = (min if show == "first" else max)(members, key=date_of)
        elif show != "best":
            chosen = next((id for id in members if outlet_of(id) == show.title()), chosen)
        found.append((chosen, sorted({*members} - {chosen}, key=date_of)))
    return found


def spread(
    found: list[tuple[str, list[str]]], limit: int, most: int | None
) -> Iterator[list[tuple[str, list[str]]]]:
    """Page by page, at most so many of an outlet on each while there are others."""
    waiting = found
    while waiting:
        counts: Counter[str] = Counter()
        page, later = [], []
        for one in waiting:
            outlet = outlet_of(one[0])
            if len(page) == limit or (most is not None and outlet and counts[outlet] == most):
                later.append(one)
            else:
                counts[outlet] += 1
                page.append(one)
        page += later[: limit - len(page)]
        waiting = [one for one in waiting if one not in page]
        yield page


@pytest.mark.parametrize("show", ["best", "first", "last", "gazette"])
@pytest.mark.parametrize("most", [None, 1, 2])
def test_pages_are_those_of_the_slow_way(index: Index, show: str, most: int | None) -> None:
    for query, options in (
        ("harbour", {}),
        ("harbour roof prize", {}),
        ("", {"sort": "newest"}),
        ("", {"sort": "heat", "providers": ("Herald", "Star", "Gazette")}),
        ("council", {"sort": "oldest", "topics": "Sport"}),
    ):
        hits = [hit.id for hit in index.search(query, limit=1000, **options)]
        expected = spread(groups(hits, show), 3, most)
        for number, page in enumerate(expected):
            results = index.search(
                query, collapse="copies", show=show, per_outlet=most, limit=3, offset=3 * number, **options
            )
            assert [(hit.id, [copy.id for copy in hit.copies]) for hit in results] == page
        assert results.total == len(hits)
        assert results.folding is not None
        assert (results.folding.groups, results.folding.exact) == (len(set(map(text_of, hits))), True)


@pytest.mark.parametrize("most", [1, 2])
def test_an_outlet_has_its_share_of_a_page_without_folding_too(index: Index, most: int) -> None:
    hits = [hit.id for hit in index.search("harbour", limit=1000)]
    for number, page in enumerate(spread([(id, []) for id in hits], 4, most)):
        results = index.search("harbour", per_outlet=most, limit=4, offset=4 * number)
        assert [hit.id for hit in results] == [id for id, _ in page]


def test_texts_are_counted_over_all_matches(place: str, index: Index) -> None:
    if not isinstance(open_engine(place).reader(), FoldingReader):
        with pytest.raises(EngineError, match="texts"):
            _ = index.search("harbour").texts
        with pytest.raises(EngineError, match="texts"):
            index.search("harbour", count="texts").facet("topic")
        return
    for query in ("harbour", "harbour roof prize", "roof", "nothing"):
        results = index.search(query, count="texts", limit=1000)
        held = {text_of(hit.id) for hit in results if hit.complete}
        every = {text_of(hit.id) for hit in results}
        assert (results.texts.complete, results.texts.partial) == (len(held), len(every) - len(held))
        counted = [hit.id for hit in results if hit.complete] or [hit.id for hit in results]
        for name, values in (
            ("topic", lambda id: RECORDS[id]["topics"]),
            ("provider", lambda id: [outlet_of(id)] if outlet_of(id) else []),
            ("day", lambda id: [date_of(id)[:10]]),
        ):
            pairs = {(text_of(id), value) for id in counted for value in values(id)}
            assert dict(results.facet(name, None)) == Counter(value for _, value in pairs)
        plain = index.search(query, limit=1)
        assert index.search(query, count="texts", limit=1).counts == plain.counts


def test_all_copies_of_an_article_are_told_by_date(index: Index) -> None:
    for id in ("0-0", "3-1", "6-5"):
        expected = sorted((other for other in RECORDS if text_of(other) == text_of(id)), key=date_of)
        assert [one.copy.id for one in index.copies(id)] == expected
    assert index.copies("missing") == []


@pytest.mark.parametrize("show", ["best", "first", "last"])
def test_copies_that_only_added_words_find_are_told(index: Index, show: str) -> None:
    # Only the articles with the name of the agency contain the word. Those without it are copies of them.
    options: dict[str, Any] = {"expand": True, "limit": 100}
    hits = [hit.id for hit in index.search("daily", **options)]
    assert {text_of(id) for id in hits if "Daily" not in RECORDS[id]["title"]} & {
        text_of(id) for id in hits if "Daily" in RECORDS[id]["title"]
    }
    results = index.search("daily", collapse="copies", show=show, **options)
    assert [(hit.id, [copy.id for copy in hit.copies]) for hit in results] == groups(hits, show)
