"""One hit for all copies of a text, or for all reports of a story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

import newsearch
from newsearch import Index, QueryError

FERRY = (
    "Ferries between Westmere and the islands of the northern sound are running again, two days after a fire in the"
    " harbour destroyed the old customs house. Nobody was hurt."
)
OUTLETS = ("Herald", "Courier", "Gazette", "Tribune")


def record(id: str, title: str, text: str, outlet: str, hour: int | None, heat: int = 50) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": id,
        "title": title,
        "excerpt": text,
        "provider": {"name": outlet, "domain": f"{outlet.lower()}.example"},
        "heat": heat,
    }
    if hour is not None:
        made["publishedDateTime"] = f"2024-05-01T{hour:02}:00:00Z"
    return made


FERRIES = [
    record(f"ferry-{i}", "Ferry service resumes after harbour fire", FERRY, outlet, 9 + i, 90 - 20 * i)
    for i, outlet in enumerate(OUTLETS)
]
SUBJECTS = ("school roof", "apple prize", "library tax", "chess final", "zebra crossing", "opera strike")
OTHERS = [
    record(f"other-{i}", f"Harbour {subject}", f"All about the {subject} near the harbour.", "Herald", i)
    for i, subject in enumerate(SUBJECTS)
]


def index_of(place: Path, records: list[dict[str, Any]]) -> Index:
    (place / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    newsearch.build(place / "news.jsonl", index=place / "index")
    return newsearch.open(place / "index")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return index_of(tmp_path_factory.mktemp("news"), FERRIES + OTHERS)


def test_copies_are_one_hit_that_has_the_others_the_earliest_first(index: Index) -> None:
    results = index.search("ferry harbour", collapse="copies")
    assert results[0].id == "ferry-0"
    assert [(copy.id, copy.outlet, str(copy.date)[11:13]) for copy in results[0].copies] == [
        ("ferry-1", "Courier", "10"),
        ("ferry-2", "Gazette", "11"),
        ("ferry-3", "Tribune", "12"),
    ]
    assert [hit.copies for hit in results[1:]] == [()] * len(OTHERS)


def test_articles_are_counted_whether_folded_or_not(index: Index) -> None:
    plain, folded = index.search("harbour"), index.search("harbour", collapse="copies")
    assert folded.counts == plain.counts
    assert folded.facet("provider") == plain.facet("provider")
    assert folded.folding is not None
    assert (folded.folding.candidates, folded.folding.groups, folded.folding.exact) == (10, 7, True)
    assert plain.folding is None


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("best", "ferry-0"),
        ("first", "ferry-0"),
        ("last", "ferry-3"),
        ("gazette", "ferry-2"),
        ("Courier.example", "ferry-1"),
        ("Nobody", "ferry-0"),
    ],
)
def test_which_article_is_shown_is_chosen(index: Index, show: str, shown: str) -> None:
    hit = index.search("ferry", collapse="copies", show=show)[0]
    assert hit.id == shown
    assert {hit.id, *(copy.id for copy in hit.copies)} == {record["id"] for record in FERRIES}


def test_undated_copies_are_compared_with_each_other(tmp_path: Path) -> None:
    title = "Ferry service resumes after harbour fire"
    undated = [record(f"undated-{i}", title, FERRY, OUTLETS[i], None, 99 - 60 * i) for i in range(2)]
    opened = index_of(tmp_path, [*FERRIES[1:3], *undated])
    for show in ("best", "first", "last"):
        hits = opened.search("ferry", collapse="copies", show=show)
        assert [[copy.id for copy in hit.copies] for hit in hits if hit.id == "undated-0"] == [["undated-1"]]
        assert len(hits) == 2


def test_reports_of_an_event_are_one_hit(tmp_path: Path) -> None:
    told = [
        record(
            "a", "Volcano erupts near Lundmark", "Ash from the Lundmark volcano closed the airport.", "A", 1
        ),
        record(
            "b",
            "Lundmark volcano: airport closed by ash",
            "Flights are off as the volcano spews ash.",
            "B",
            5,
        ),
        record("c", "Volcano museum opens in Karst", "Visitors see lava of long ago in Karst.", "C", 6),
    ]
    opened = index_of(tmp_path, told + OTHERS)
    grouped = {
        hit.id: {copy.id for copy in hit.copies} for hit in opened.search("volcano", collapse="stories")
    }
    assert grouped in ({"a": {"b"}, "c": set()}, {"b": {"a"}, "c": set()})


@pytest.mark.parametrize("collapse", [None, "copies", "stories"])
@pytest.mark.parametrize("per_outlet", [None, 1, 2])
@pytest.mark.parametrize("limit", [1, 3, 4])
def test_pages_follow_each_other_and_lose_nothing(
    index: Index, collapse: str | None, per_outlet: int | None, limit: int
) -> None:
    seen: list[str] = []
    for offset in range(0, 12, limit):
        for hit in index.search(
            "harbour", collapse=collapse, per_outlet=per_outlet, limit=limit, offset=offset
        ):
            seen += [hit.id, *(copy.id for copy in hit.copies)]
    assert sorted(seen) == sorted(record["id"] for record in FERRIES + OTHERS)


def test_an_outlet_does_not_fill_the_page_while_others_have_hits(index: Index) -> None:
    first = [hit.article.provider for hit in index.search("harbour", per_outlet=1, limit=4)]
    assert {provider.name for provider in first if provider} == set(OUTLETS)
    only = index.search("harbour", providers="Herald", per_outlet=1, limit=4)
    assert len(only) == 4


@examples(8)
@given(st.permutations(FERRIES + OTHERS))
def test_the_order_of_articles_and_batches_never_shows(tmp_path_factory: Any, records: Any) -> None:
    place = tmp_path_factory.mktemp("batches")
    for half in (records[:5], records[5:]):
        (place / "news.jsonl").write_text("".join(json.dumps(record) + "\n" for record in half))
        (place / "news.jsonl").rename(place / f"{half[0]['id']}.jsonl")
        newsearch.build(place / f"{half[0]['id']}.jsonl", index=place / "index")
    with newsearch.open(place / "index") as opened:
        found = opened.search("harbour", collapse="copies")
        groups = sorted(sorted([hit.id, *(copy.id for copy in hit.copies)]) for hit in found)
    assert groups == [[record["id"] for record in FERRIES], *([record["id"]] for record in OTHERS)]


def test_a_copy_that_is_deleted_leaves_its_group(tmp_path: Path) -> None:
    index_of(tmp_path, FERRIES + OTHERS).close()
    with index_of(tmp_path, FERRIES[1:] + OTHERS) as opened:
        hit = opened.search("ferry", collapse="copies")[0]
        assert {hit.id, *(copy.id for copy in hit.copies)} == {"ferry-1", "ferry-2", "ferry-3"}


def test_what_cannot_be_folded_is_refused_by_name(index: Index) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("collapse", {"collapse": "topics"}),
        ("collapse", {"collapse": "stories", "limit": 2_001}),
        ("count", {"count": "stories"}),
        ("per_outlet", {"per_outlet": 0}),
        ("per_outlet", {"per_outlet": True}),
        ("show", {"show": " "}),
    ]
    for name, options in wrong:
        with pytest.raises(QueryError, match=f"^{name}:"):
            index.search("harbour", **options)


def test_a_folded_search_has_its_own_fingerprint(index: Index) -> None:
    requests = [
        newsearch.Request("harbour"),
        newsearch.Request("harbour", collapse="copies"),
        newsearch.Request("harbour", collapse="copies", show="last"),
        newsearch.Request("harbour", per_outlet=1),
    ]
    assert len({index.fingerprint(request) for request in requests}) == len(requests)
