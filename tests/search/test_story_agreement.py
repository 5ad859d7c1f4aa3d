"""A set of articles has one grouping into stories, however somebody asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from test_folding import FERRIES, OTHERS, record
from test_fronts import REPORTS, SINGLE

import newsearch
from newsearch import Index
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.searching import events, folded

WORDS = "harbour fires ferry ferries regatta rowers council 12 14 2024 storm bridges".split()
words = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
ENDINGS = ("", "", " - Herald", " - The Daily Herald", " | Courier", " from the Westmere Gazette")
STARTS = ("", "", "WESTMERE (Reuters) - ", "The ")

articles = st.builds(
    lambda title, ending, start, text, outlet, hour: {
        "title": title + ending,
        "excerpt": start + text,
        "provider": {"name": outlet, "domain": f"{outlet.replace(' ', '').lower()}.example"}
        if outlet
        else None,
        "publishedDateTime": hour if hour is None else f"2024-05-{1 + hour // 24:02}T{hour % 24:02}:00:00Z",
    },
    words,
    st.sampled_from(ENDINGS),
    st.sampled_from(STARTS),
    words,
    st.sampled_from(["", "Herald", "The Daily Herald", "Courier", "Star"]),
    st.none() | st.sampled_from([0, 0, 0, 1, 30, 80]),
)
PUBLISHED = [
    record(f"{i}", f"{title} - The Lundmark Westmere Courier", "", "Courier" if i % 2 else "Herald", i)
    for i, title in enumerate(
        (
            "Opera singers strike again",
            "Chess final drawn today",
            "Library tax passes",
            "Zebra crossing painted",
        )
        * 2
    )
]
known = st.sampled_from([*REPORTS, *SINGLE, *FERRIES, *OTHERS])


@contextmanager
def indexed(records: list[dict[str, Any]]) -> Iterator[Index]:
    with TemporaryDirectory() as place, mock.patch("os.fsync"):
        file = Path(place) / "news.jsonl"
        lines = [json.dumps({**record, "id": f"{i}", "webUrl": None}) for i, record in enumerate(records)]
        file.write_text("".join(line + "\n" for line in lines))
        newsearch.build(file, index=f"{place}/index")
        with newsearch.open(f"{place}/index") as index:
            yield index


Groups = set[frozenset[str]]


def front(index: Index) -> Groups:
    stories = index.stories(after="2020", limit=100)
    return {frozenset(report.id for report in story.articles) for story in stories}


def folding(index: Index, **options: Any) -> Groups:
    hits = index.search("", collapse="stories", limit=100, **options)
    return {frozenset((hit.id, *(copy.id for copy in hit.copies))) for hit in hits}


def without_engine() -> Any:
    """Lets articles be read, as for an engine that groups none."""
    return mock.patch.multiple(
        "newsearch.search.fronts", GroupsStories=type("None_", (), {})
    ), mock.patch.multiple("newsearch.search.index", FoldsStories=type("None_", (), {}))


@examples(40)
@given(st.lists(articles | known, min_size=1, max_size=16))
def test_the_front_page_and_the_hits_of_a_search_have_the_same_stories(records: list[dict[str, Any]]) -> None:
    dated = [record for record in records if record.get("publishedDateTime")]
    with indexed(dated or FERRIES) as index:
        assert folding(index) == front(index)


@examples(40)
@given(st.lists(articles | known, min_size=1, max_size=24))
@example(PUBLISHED)
def test_postings_and_articles_tell_the_same_stories(records: list[dict[str, Any]]) -> None:
    fronts, folds = without_engine()
    with indexed(records) as index:
        expected = front(index), folding(index)
    with indexed(records) as index, fronts, folds:
        assert (front(index), folding(index)) == expected


def test_every_page_and_every_order_has_the_same_stories() -> None:
    with indexed([*REPORTS, *SINGLE, *FERRIES, *OTHERS]) as index:
        whole = folding(index)
        assert folding(index, sort="oldest") == whole
        pages = [index.search("", collapse="stories", limit=2, offset=offset) for offset in range(0, 20, 2)]
        found = [frozenset((hit.id, *(copy.id for copy in hit.copies))) for page in pages for hit in page]
        assert len(found) == len(set(found))
        assert set(found) == whole
        folding_ = pages[0].folding
        assert folding_ is not None
        assert (folding_.groups, folding_.candidates, folding_.exact) == (len(whole), pages[0].total, True)


def test_stories_of_the_first_hits_only_are_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "MAX_REPORTS", 5)
    with indexed([*REPORTS, *SINGLE, *FERRIES, *OTHERS]) as index:
        best = [hit.id for hit in index.search("", limit=5)]
        results = index.search("", collapse="stories")
        shown = {id for hit in results for id in (hit.id, *(copy.id for copy in hit.copies))}
        assert shown == set(best)
        assert results.folding is not None
        assert (results.folding.candidates, results.folding.exact) == (5, False)
        assert results.folding.groups == len(results)
        assert results.total == index.search("").total


def test_a_search_without_a_page_counts_its_stories() -> None:
    with indexed([*REPORTS, *SINGLE, *FERRIES, *OTHERS]) as index:
        results = index.search("", collapse="stories", limit=0)
        assert results.folding is not None
        assert results.folding.groups == len(folding(index))


@examples(30)
@given(
    st.lists(st.tuples(st.sampled_from(["en", "fr", "de"]), words, words), min_size=2, max_size=12),
    st.data(),
)
def test_how_rare_a_stem_is_does_not_depend_on_how_articles_came_and_went(
    told: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    """A form has a stem in each language; segments have different languages, and deleted articles others still."""
    lines = [
        json.dumps({"id": str(i), "lang": language, "title": f"{title} nations", "excerpt": text}) + "\n"
        for i, (language, title, text) in enumerate(told)
    ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=3)))
    added = json.dumps({"id": "x", "lang": "fr", "title": "harbour nations storm bridges"}) + "\n"
    with TemporaryDirectory() as place, mock.patch("os.fsync"):
        file = Path(place) / "news.jsonl"
        for batch in ([added, *lines[:1]], *(lines[:cut] for cut in cuts if cut), lines):
            file.write_text("".join(batch))
            newsearch.build(file, index=f"{place}/grown")
        newsearch.build(file, index=f"{place}/fresh")
        grown, fresh = stem_rarities(f"{place}/grown"), stem_rarities(f"{place}/fresh")
        assert {hash_: grown[hash_] for hash_ in fresh} == fresh


def stem_rarities(path: str) -> dict[int, float]:
    """How rare each stem of an index is, by its hash."""
    found = events._stems(ArraysReader(Path(path))._view)
    return dict(zip(found.hashes.tolist(), found.rarity.tolist(), strict=True))
